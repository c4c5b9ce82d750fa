package text

import (
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/markup"
)

// Value is what is known for one field. Of the parts, the one of the field's kind counts;
// Text serves every kind that has nothing else.
type Value struct {
	Known  bool                `json:"known"`
	Text   string              `json:"text,omitempty"`
	In     map[string]string   `json:"in,omitempty"` // Text by language, where it is known in more than one
	Number int64               `json:"number,omitempty"`
	At     time.Time           `json:"at,omitzero"`
	List   []string            `json:"list,omitempty"`
	ListIn map[string][]string `json:"list_in,omitempty"` // List by language
	Source string              `json:"source,omitempty"`  // the fact it comes from, in words or by its key
}

// Values are the values by name of field. What is missing is not known.
type Values map[string]Value

// Known makes a value of words; empty words are not known.
func Known(words, source string) Value {
	return Value{Known: strings.TrimSpace(words) != "", Text: words, Source: source}
}

// MaxValue is the most bytes one value may bring into a text.
const MaxValue = 20_000

// Check refuses values that are too long. The error names the fields.
func (v Values) Check() error {
	var wrong []fault.Field
	for _, name := range sortedKeys(v) {
		if v[name].size() > MaxValue {
			wrong = append(wrong, fault.Field{Field: name, Message: "is longer than 20,000 bytes; shorten it, or attach it as a file"})
		}
	}
	return fault.Invalids(wrong...)
}

func (v Value) size() int {
	n := len(v.Text)
	for _, s := range v.In {
		n = max(n, len(s))
	}
	n = max(n, listSize(v.List))
	for _, l := range v.ListIn {
		n = max(n, listSize(l))
	}
	return n
}

func listSize(list []string) int {
	n := 0
	for _, s := range list {
		n += len(s) + 2
	}
	return n
}

// Why a field could not be filled.
const (
	Unknown      = "unknown"        // nothing is recorded
	TooLong      = "too_long"       // more than MaxValue
	NotAnAddress = "not_an_address" // a link that leads nowhere safe
)

// say formats a value for readers of a language; why says what stands in the way.
func (f Field) say(v Value, l *tongue, lang string, zone *time.Location) (words, why string) {
	if !v.Known {
		return "", Unknown
	}
	if v.size() > MaxValue {
		return "", TooLong
	}
	switch f.Kind {
	case Number:
		if v.Text == "" {
			return l.number(v.Number), ""
		}
	case Date:
		if !v.At.IsZero() {
			return l.date(v.At.In(zone)), ""
		}
	case Moment:
		if !v.At.IsZero() {
			return l.moment(v.At.In(zone)), ""
		}
	case List:
		if list := v.list(lang); len(list) > 0 {
			return l.list(list), ""
		}
	case Link:
		if !markup.Address(v.Text) {
			return "", NotAnAddress
		}
		return v.Text, ""
	}
	words = strings.TrimSpace(markup.Clean(v.text(lang), f.Lines))
	if words == "" {
		return "", Unknown
	}
	return words, ""
}

// text is the text in a language, or as it was said.
func (v Value) text(lang string) string {
	if len(v.In) > 0 {
		if s := v.In[lang]; s != "" {
			return s
		}
		if s := v.In[base(lang)]; s != "" {
			return s
		}
	}
	return v.Text
}

func (v Value) list(lang string) []string {
	list := v.List
	if l := v.ListIn[lang]; len(l) > 0 {
		list = l
	} else if l := v.ListIn[base(lang)]; len(l) > 0 {
		list = l
	}
	out := make([]string, 0, len(list))
	for _, s := range list {
		if s = strings.TrimSpace(markup.Clean(s, false)); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// base is the language of a tag without its region: "de-AT" is "de".
func base(lang string) string {
	b, _, _ := strings.Cut(lang, "-")
	return strings.ToLower(b)
}
