package body

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"unicode/utf8"
)

// A verification decodes every entry there is, and nearly all of them are flat: text,
// whole numbers, yes and no. encoding/json looks at each byte twice and costs more there
// than to read and hash the entry. quick decodes such bodies, written by Encode, in one
// look. It gives up at the first thing that is in any way unusual, and encoding/json
// does it all again: what comes out is always what encoding/json says.

// fields says how the members of an object go into a struct; nil where quick cannot know.
type fields []field

type field struct {
	name  string
	index int
	kind  reflect.Kind // String, Int64, Bool; others go to encoding/json one by one
}

var plans sync.Map // reflect.Type -> fields

func planOf(t reflect.Type) fields {
	if p, ok := plans.Load(t); ok {
		return p.(fields)
	}
	p := plan(t)
	plans.Store(t, p)
	return p
}

var (
	unmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textReader  = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func special(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(unmarshaler) || p.Implements(textReader)
}

func plan(t reflect.Type) fields {
	if t.Kind() != reflect.Struct || special(t) {
		return nil
	}
	var p fields
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || strings.Contains(options, "string") {
			return nil
		}
		if name == "-" || !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		kind := f.Type.Kind()
		switch {
		case special(f.Type):
			kind = reflect.Invalid
		case kind == reflect.Int:
			kind = reflect.Int64
		}
		p = append(p, field{name, i, kind})
	}
	return p
}

// quick decodes an object into the struct behind a pointer and reports whether it could.
// When it could not, some fields may be set already: all of them come again.
func quick(data []byte, into any) bool {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return false
	}
	v = v.Elem()
	p := planOf(v.Type())
	if len(p) == 0 || len(data) < 2 || data[0] != '{' {
		return false
	}
	if data[1] == '}' {
		return len(data) == 2
	}
	for at, rest := 0, data[1:]; ; {
		name, after, ok := cutText(rest)
		if !ok || len(after) == 0 || after[0] != ':' {
			return false
		}
		// Members come in the order of the fields.
		n := 0
		for n < len(p) && p[at].name != string(name) {
			n, at = n+1, (at+1)%len(p)
		}
		if n == len(p) {
			return false // perhaps written with other capitals
		}
		if rest, ok = p[at].set(v.Field(p[at].index), after[1:]); !ok || len(rest) == 0 {
			return false
		}
		switch {
		case rest[0] == '}':
			return len(rest) == 1
		case rest[0] != ',':
			return false
		}
		rest = rest[1:]
	}
}

// set takes one value off the text.
func (f field) set(to reflect.Value, from []byte) (rest []byte, ok bool) {
	switch f.kind {
	case reflect.String:
		text, rest, ok := cutText(from)
		if ok {
			to.SetString(string(text))
		}
		return rest, ok
	case reflect.Int64:
		n, rest, ok := cutInt(from)
		if ok {
			to.SetInt(n)
		}
		return rest, ok
	case reflect.Bool:
		if rest, ok := cutWord(from, "true"); ok {
			to.SetBool(true)
			return rest, true
		}
		to.SetBool(false)
		return cutWord(from, "false")
	}
	n := extent(from)
	if n == 0 || json.Unmarshal(from[:n], to.Addr().Interface()) != nil {
		return nil, false
	}
	return from[n:], true
}

func cutWord(b []byte, word string) ([]byte, bool) {
	if len(b) < len(word) || string(b[:len(word)]) != word {
		return nil, false
	}
	return b[len(word):], true
}

// cutInt takes a number of at most 18 digits.
func cutInt(b []byte) (n int64, rest []byte, ok bool) {
	i, minus := 0, false
	if len(b) > 0 && b[0] == '-' {
		i, minus = 1, true
	}
	start := i
	for ; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
		if i-start == 18 {
			return 0, nil, false
		}
		n = n*10 + int64(b[i]-'0')
	}
	digits := i - start
	if digits == 0 || digits > 1 && b[start] == '0' || i < len(b) && (b[i] == '.' || b[i] == 'e' || b[i] == 'E') {
		return 0, nil, false
	}
	if minus {
		n = -n
	}
	return n, b[i:], true
}

// escapes are the characters after a backslash that stand for one byte.
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// cutText takes a text in quotation marks. Without escapes it lies where it was.
func cutText(b []byte) (text, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '"' {
		return nil, nil, false
	}
	b = b[1:]
	var own []byte
	start, plain := 0, true
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			if text = b[start:i]; own != nil {
				text = append(own, text...)
			}
			return text, b[i+1:], plain || utf8.Valid(text)
		case c == '\\':
			if i+1 == len(b) || escapes[b[i+1]] == 0 {
				return nil, nil, false
			}
			own = append(append(own, b[start:i]...), escapes[b[i+1]])
			i++
			start = i + 1
		case c < ' ':
			return nil, nil, false
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
	return nil, nil, false
}

// extent is the length of the value that a text begins with; encoding/json will say
// whether it is one. 0 means that there is no end.
func extent(b []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted:
			if c == '\\' {
				i++
			}
			quoted = c != '"'
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			depth++
		case depth == 0 && (c == ',' || c == '}' || c == ']'):
			return i
		case c == '}' || c == ']':
			depth--
		}
	}
	return 0
}
