package body

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// A verification decodes every entry there is, and encoding/json, which looks at each
// byte twice, costs more there than to read and hash the entry. quick decodes what Encode
// writes in one look: text, whole numbers, yes and no, times, and structs and lists of
// them. It gives up at the first thing that is in any way unusual, and encoding/json does
// it all again: what comes out is always what encoding/json says.

// plan says how the members of an object go into a struct.
type plan struct {
	fields []field
	known  bool // false: quick cannot know, encoding/json decodes it
	flat   bool // there is nothing in it that one try leaves and the next would find
}

type field struct {
	name string
	path []int
	form *form
}

// form is how a type is decoded.
type form struct {
	kind reflect.Kind // String, Int64, Bool, Struct, Slice; others go to encoding/json
	time bool         // a struct that is a time
	plan plan         // of a struct
	elem *form        // of a list
}

var plans sync.Map // reflect.Type -> plan

func planOf(t reflect.Type) plan {
	if p, ok := plans.Load(t); ok {
		return p.(plan)
	}
	p := plan{flat: true}
	p.known = t.Kind() == reflect.Struct && !special(t) && p.read(t, nil, nil)
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

// read gathers the fields of a struct, at a path, inside of others.
func (p *plan) read(t reflect.Type, at []int, inside []reflect.Type) bool {
	for i := range t.NumField() {
		f := t.Field(i)
		path := append(slices.Clone(at), i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
			continue
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct && !special(f.Type):
			if !p.read(f.Type, path, inside) {
				return false
			}
			continue
		case f.Anonymous || strings.Contains(options, "string"):
			return false
		case !f.IsExported():
			continue
		case name == "":
			name = f.Name
		}
		if slices.ContainsFunc(p.fields, func(o field) bool { return o.name == name }) {
			return false // which one counts is for encoding/json to say
		}
		x := formOf(f.Type, append(inside, t))
		p.flat = p.flat && (x.kind == reflect.String || x.kind == reflect.Int64 || x.kind == reflect.Bool || x.time)
		p.fields = append(p.fields, field{name, path, x})
	}
	return true
}

func formOf(t reflect.Type, inside []reflect.Type) *form {
	x := &form{kind: t.Kind()}
	switch {
	case t == reflect.TypeFor[time.Time]():
		x.time = true
	case special(t) || slices.Contains(inside, t):
		x.kind = reflect.Invalid
	case x.kind == reflect.Int:
		x.kind = reflect.Int64
	case x.kind == reflect.Struct:
		x.plan = plan{flat: true}
		if !x.plan.read(t, nil, inside) {
			x.kind = reflect.Invalid
		}
	case x.kind == reflect.Slice:
		x.elem = formOf(t.Elem(), inside)
		if t.Elem().Kind() == reflect.Uint8 {
			x.kind = reflect.Invalid // bytes are written as base64
		}
	}
	return x
}

// quick decodes an object into the struct behind a pointer and reports whether it could.
// When it could not, flat fields may be set already: all of them come again.
func quick(data []byte, into any) bool {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return false
	}
	v = v.Elem()
	p := planOf(v.Type())
	if !p.known {
		return false
	}
	to := v
	if !p.flat { // a list that is half done would be found by the next try
		to = reflect.New(v.Type()).Elem()
		to.Set(v)
	}
	rest, ok := p.object(to, data)
	if ok = ok && len(rest) == 0; ok && !p.flat {
		v.Set(to)
	}
	return ok
}

// object takes one object off the text.
func (p plan) object(v reflect.Value, data []byte) (rest []byte, ok bool) {
	if len(data) < 2 || data[0] != '{' {
		return nil, false
	}
	if data[1] == '}' {
		return data[2:], true
	}
	for at, rest := 0, data[1:]; len(p.fields) > 0; {
		name, after, ok := cutText(rest)
		if !ok || len(after) == 0 || after[0] != ':' {
			return nil, false
		}
		// Members come in the order of the fields.
		n := 0
		for n < len(p.fields) && p.fields[at].name != string(name) {
			n, at = n+1, (at+1)%len(p.fields)
		}
		if n == len(p.fields) {
			return nil, false // perhaps written with other capitals
		}
		f := &p.fields[at]
		if rest, ok = f.form.set(v.FieldByIndex(f.path), after[1:]); !ok || len(rest) == 0 {
			return nil, false
		}
		switch {
		case rest[0] == '}':
			return rest[1:], true
		case rest[0] != ',':
			return nil, false
		}
		rest = rest[1:]
	}
	return nil, false
}

// set takes one value off the text.
func (x *form) set(to reflect.Value, from []byte) (rest []byte, ok bool) {
	switch {
	case x.time:
		n := extent(from)
		return from[n:], n > 2 && from[0] == '"' && to.Addr().Interface().(*time.Time).UnmarshalJSON(from[:n]) == nil
	case x.kind == reflect.String:
		text, rest, ok := cutText(from)
		if ok {
			to.SetString(string(text))
		}
		return rest, ok
	case x.kind == reflect.Int64:
		n, rest, ok := cutInt(from)
		if ok {
			to.SetInt(n)
		}
		return rest, ok
	case x.kind == reflect.Bool:
		if rest, ok := cutWord(from, "true"); ok {
			to.SetBool(true)
			return rest, true
		}
		to.SetBool(false)
		return cutWord(from, "false")
	case x.kind == reflect.Struct:
		return x.plan.object(to, from)
	case x.kind == reflect.Slice && to.Cap() == 0 && len(from) > 0 && from[0] == '[':
		return x.list(to, from[1:])
	}
	n := extent(from)
	if n == 0 || json.Unmarshal(from[:n], to.Addr().Interface()) != nil {
		return nil, false
	}
	return from[n:], true
}

// list takes the elements of a list off the text, and its end.
func (x *form) list(to reflect.Value, from []byte) (rest []byte, ok bool) {
	to.Set(reflect.MakeSlice(to.Type(), 0, 0))
	if len(from) > 0 && from[0] == ']' {
		return from[1:], true
	}
	for i := 0; ; i++ {
		to.Grow(1)
		to.SetLen(i + 1)
		if from, ok = x.elem.set(to.Index(i), from); !ok || len(from) == 0 {
			return nil, false
		}
		switch {
		case from[0] == ']':
			return from[1:], true
		case from[0] != ',':
			return nil, false
		}
		from = from[1:]
	}
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
