package text

import (
	"slices"
	"strings"
	"time"
)

// Doubt is the kind of a finding.
type Doubt string

// The kinds of finding.
const (
	LeftOut      Doubt = "left_out"     // the master says it, the variant does not
	OnlyHere     Doubt = "only_here"    // the variant says it, the master does not
	Untranslated Doubt = "untranslated" // words of the record stand in texts of several languages
	NowOther     Doubt = "changed"      // a fact changed after approval
	TypedIn      Doubt = "typed"        // the old value of a changed fact was typed by hand
)

// Finding is something to look at before a text is approved or sent.
type Finding struct {
	Doubt    Doubt
	Text     string // name of the text it was found in
	Field    string // the field, where there is one
	Fact     string // in words: the title of the field, or the date or number itself
	Line     int    // of the source; 0 is the subject
	Sentence string // as it is read
	Was, Now string // of a changed fact; "" = not known
}

// Named is a text with the name people know it by: "master, German".
type Named struct {
	Name string
	*Text
}

// Consistent compares the facts of each variant with the master: days, times, numbers,
// kinds of data and of persons, services, countries, and the fields themselves while they
// have no value (policy 003, "the same or similar message delivered to each"). Differences
// in wording are no finding.
func Consistent(master Named, variants []Named, common Values, zone *time.Location) []Finding {
	if zone == nil {
		zone = time.UTC
	}
	var out []Finding
	list := master.Sentences()
	told := mentions(list, master.Lang(), common, zone)
	for _, v := range variants {
		own := v.Sentences()
		has := mentions(own, v.Lang(), common, zone)
		out = append(out, without(told, has, own, LeftOut, v.Name)...)
		out = append(out, without(has, told, list, OnlyHere, v.Name)...)
		out = append(out, untranslated(master, v, own, common)...)
	}
	return out
}

// without lists what one text says and the other does not, each fact once.
func without(one, other []mention, words []Sentence, kind Doubt, name string) []Finding {
	var out []Finding
	seen := map[string]bool{}
	for _, m := range one {
		if seen[m.key] || says(other, words, m.key) {
			continue
		}
		seen[m.key] = true
		field := ""
		if n, ok := strings.CutPrefix(m.key, "field "); ok {
			field = n
		}
		out = append(out, Finding{Doubt: kind, Text: name, Field: field, Fact: m.words, Line: m.at.Line, Sentence: m.at.Words})
	}
	return out
}

// untranslated finds words of the record that a text of another language repeats as they are.
func untranslated(master, v Named, list []Sentence, common Values) []Finding {
	if base(master.Lang()) == base(v.Lang()) {
		return nil
	}
	var out []Finding
	held := master.Fields()
	for _, s := range list {
		for _, name := range fieldsIn(s.Words) {
			f, _ := FieldOf(name)
			value := common[name]
			if !f.Lines || !value.Known || !slices.Contains(held, name) || value.text(v.Lang()) != value.text(master.Lang()) {
				continue
			}
			out = append(out, Finding{Doubt: Untranslated, Text: v.Name, Field: name, Fact: f.Title, Line: s.Line, Sentence: s.Words})
		}
	}
	return out
}

// Changed lists the facts that are other now than when the text was approved, each with
// the sentence it stands in: by its field, or typed by hand.
func Changed(approved, now Values, t *Text) []Finding {
	var out []Finding
	list := t.Sentences()
	lang, l := t.Lang(), tongueOf(t.Lang())
	for i := range fields {
		f := fields[i]
		if f.Scope == OfRecipient {
			continue
		}
		was, _ := f.say(approved[f.Name], l, lang, time.UTC)
		is, _ := f.say(now[f.Name], l, lang, time.UTC)
		if was == is {
			continue
		}
		finding := Finding{Field: f.Name, Fact: f.Title, Was: was, Now: is}
		for _, s := range list {
			finding.Line, finding.Sentence = s.Line, filled(s.Words, approved, lang, time.UTC)
			switch {
			case slices.Contains(fieldsIn(s.Words), f.Name):
				finding.Doubt = NowOther
			case typed(f, approved[f.Name], was, s.Words, lang):
				finding.Doubt = TypedIn
			default:
				continue
			}
			out = append(out, finding)
		}
	}
	return out
}

// typed says whether a sentence holds the value of a field without the field. Small
// numbers are left alone: they stand in a sentence for many reasons.
func typed(f Field, v Value, said, words, lang string) bool {
	if said == "" || f.Scope != OfIncident {
		return false
	}
	words = inBraces.ReplaceAllString(words, " ")
	const small = 10
	switch f.Kind {
	case Number:
		return v.Number >= small && overlap(found(words), found(said))
	case Moment, Date:
		in := found(words)
		return overlap(in, found(tongueOf(lang).date(v.At.UTC()))) || overlap(in, found(v.At.UTC().Format(time.DateOnly)))
	case List:
		low := strings.ToLower(words)
		return slices.ContainsFunc(v.list(lang), func(item string) bool { return wordIn(low, strings.ToLower(item)) })
	}
	const short = 8
	return len(said) >= short && strings.Contains(strings.ToLower(words), strings.ToLower(said))
}

func overlap(a, b [][2]string) bool {
	return slices.ContainsFunc(a, func(x [2]string) bool {
		return slices.ContainsFunc(b, func(y [2]string) bool { return x[0] == y[0] || sameDay(x[0], y[0]) })
	})
}
