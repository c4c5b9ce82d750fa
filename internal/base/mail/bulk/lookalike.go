package bulk

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Domains are the domains that are known to be right: the company's own and those of its
// customers. They are what a look-alike pretends to be.
type Domains struct {
	names  map[string]bool
	shapes map[string]string // shape to the first name that has it
}

// KnownDomains takes names like "example.com" in ASCII or Unicode.
func KnownDomains(names ...string) *Domains {
	d := &Domains{names: make(map[string]bool, len(names)), shapes: make(map[string]string, len(names))}
	for _, n := range names {
		n = shown(n)
		d.names[n] = true
		if s := shape(n); d.shapes[s] == "" {
			d.shapes[s] = n
		}
	}
	return d
}

// Lookalike says in words why the domain of an address may pretend to be another one, or
// "": letters of scripts that are not written together in one word, letters that all look
// Latin and are not, or the shape of a known domain (UTS 39 in small). It is a warning to
// whoever imports a list; many honest domains are written in other scripts. Being known
// excuses only the shape: whoever writes to the directory could make anything known. d may
// be nil.
func (d *Domains) Lookalike(address string) string {
	domain := shown(address[strings.LastIndex(address, "@")+1:])
	for label := range strings.SplitSeq(domain, ".") {
		if why := mixed(label); why != "" {
			return why
		}
	}
	if latinOnly(domain) {
		return "letters of another script that all look like Latin ones"
	}
	if d == nil || d.names[domain] {
		return ""
	}
	if known := d.shapes[shape(domain)]; known != "" {
		return "looks like " + known + " and is not"
	}
	return ""
}

// shown is the domain as a reader sees it, in lower case.
func shown(domain string) string {
	domain = strings.ToLower(strings.Trim(domain, ". \t"))
	if u, err := idna.Punycode.ToUnicode(domain); err == nil {
		return strings.ToLower(u)
	}
	return domain
}

// scripts that letters of a label may belong to, and those that are written together.
var (
	scripts = map[string]*unicode.RangeTable{
		"Latin": unicode.Latin, "Cyrillic": unicode.Cyrillic, "Greek": unicode.Greek, "Armenian": unicode.Armenian,
		"Hebrew": unicode.Hebrew, "Arabic": unicode.Arabic, "Han": unicode.Han, "Hiragana": unicode.Hiragana,
		"Katakana": unicode.Katakana, "Hangul": unicode.Hangul, "Bopomofo": unicode.Bopomofo, "Thai": unicode.Thai,
		"Devanagari": unicode.Devanagari, "Georgian": unicode.Georgian, "Cherokee": unicode.Cherokee,
	}
	together = []string{"Latin Han Hiragana Katakana", "Latin Han Bopomofo", "Latin Han Hangul"}
)

// mixed reports a label with letters of scripts that no language writes together.
func mixed(label string) string {
	found := []string{}
	for _, r := range label {
		if r < 0x80 && (r < 'a' || r > 'z') || unicode.Is(unicode.Common, r) || unicode.Is(unicode.Inherited, r) {
			continue
		}
		name := script(r)
		if !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	if len(found) < 2 {
		return ""
	}
	for _, family := range together {
		fits := true
		for _, n := range found {
			fits = fits && slices.Contains(strings.Fields(family), n)
		}
		if fits {
			return ""
		}
	}
	return fmt.Sprintf("mixes letters of %s", strings.Join(found, " and "))
}

func script(r rune) string {
	if r < 0x80 {
		return "Latin"
	}
	for name, table := range scripts {
		if unicode.Is(table, r) {
			return name
		}
	}
	return "other"
}

// likeLatin are letters that a reader takes for the Latin ones beside them.
var likeLatin = runes(
	"а", "a", "в", "b", "с", "c", "ԁ", "d", "е", "e", "ё", "e", "һ", "h", "н", "h", "і", "i", "ї", "i", "ј", "j", "к", "k", "ӏ", "l",
	"м", "m", "п", "n", "о", "o", "р", "p", "ԛ", "q", "г", "r", "ѕ", "s", "т", "t", "ц", "u", "ѵ", "v", "ԝ", "w", "х", "x", "у", "y",
	"ү", "y", "з", "3", "α", "a", "β", "b", "ϲ", "c", "ε", "e", "η", "n", "ι", "i", "κ", "k", "μ", "u", "ν", "v", "ο", "o", "ρ", "p",
	"σ", "o", "τ", "t", "υ", "u", "χ", "x", "γ", "y", "ω", "w", "օ", "o", "ո", "n", "ս", "u", "հ", "h", "ց", "g", "զ", "q", "յ", "j",
	"ı", "i", "ł", "l", "ø", "o", "đ", "d", "ħ", "h", "ƅ", "b", "ɑ", "a", "ɡ", "g", "ɩ", "i", "ʏ", "y",
)

func runes(pairs ...string) map[rune]rune {
	m := make(map[rune]rune, len(pairs)/2)
	for n := 0; n+1 < len(pairs); n += 2 {
		m[[]rune(pairs[n])[0]] = []rune(pairs[n+1])[0]
	}
	return m
}

// latinOnly reports a domain below a Latin top level with a label that has no Latin letter
// and none that could not be taken for one.
func latinOnly(domain string) bool {
	dot := strings.LastIndex(domain, ".")
	if dot < 0 || !ascii(domain[dot:]) {
		return false
	}
	for label := range strings.SplitSeq(domain[:dot], ".") {
		foreign, all := false, true
		for _, r := range label {
			like, known := likeLatin[r]
			foreign = foreign || known && like < 0x80 && !unicode.Is(unicode.Latin, r)
			all = all && (known || r < 0x80)
		}
		if foreign && all {
			return true
		}
	}
	return false
}

var pairs = strings.NewReplacer("rn", "m", "vv", "w", "cl", "d", "0", "o", "1", "l", "i", "l", "5", "s", "-", "")

// shape is what stays of a domain for a quick eye: two domains of one shape look alike.
func shape(domain string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(domain) {
		if unicode.Is(unicode.Mn, r) { // accents
			continue
		}
		if like, ok := likeLatin[r]; ok {
			r = like
		}
		b.WriteRune(r)
	}
	return pairs.Replace(b.String())
}
