// Package sentence puts what rules of package regime find into sentences a person
// reads: places by their names, a reference as lawyers cite it, reasons and questions
// one after the other.
//
// It carries out policy 000 ("determines … whether notification of competent
// authorities or individuals is required under law"): a reason that is misread
// determines nothing. Pure: it must not import anything of this program, a clock, SQL,
// network or file access.
package sentence

import "strings"

// Reasons joins reasons and questions. A question ends itself; the rest ends with a
// full stop.
func Reasons(parts []string) string {
	var b strings.Builder
	for i, part := range parts {
		switch {
		case part == "":
			continue
		case i > 0 && strings.HasSuffix(parts[i-1], "?"):
			part = " " + strings.ToUpper(part[:1]) + part[1:]
		case i > 0:
			part = "; " + part
		}
		b.WriteString(part)
	}
	if text := b.String(); text == "" || strings.HasSuffix(text, "?") {
		return text
	}
	return b.String() + "."
}

// Basis is a reference in one line: "GDPR (EU) 2016/679 Art. 33(1)". A number before the
// name of a code, as in "45 CFR 164.404", is no article; and the statutes of the United
// States have sections.
func Basis(instrument, article, jurisdiction string) string {
	if article == "" {
		return instrument
	}
	rest := strings.TrimLeft(article, "0123456789")
	code := len(rest) > 1 && rest[0] == ' ' && rest[1] >= 'A' && rest[1] <= 'Z'
	switch country, _, _ := strings.Cut(jurisdiction, "-"); {
	case len(rest) == len(article), code:
		return instrument + ", " + article
	case country == "US":
		return instrument + ", section " + article
	}
	return instrument + " Art. " + article
}

// Qualitative is a deadline without a number in words.
func Qualitative(word string) string {
	if word == "none" {
		return "the law names no limit"
	}
	return strings.ReplaceAll(word, "_", " ")
}
