package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// decode reads a JSON object into a struct, strictly: a field that is unknown, stands twice or has another type is
// wrong, all of them are named at once by their path, and no value is ever repeated. null means that a field is left
// out. Errors: a refusal 400 that names the place for broken JSON or invalid UTF-8, fault.Invalid for the rest.
func decode(body []byte, into any) error {
	members, err := object(body)
	if err != nil {
		return err
	}
	return decodeMembers(members, into)
}

// decodeMembers is decode of members that were read before.
func decodeMembers(members []member, into any) error {
	var d decoder
	d.object("", members, reflect.ValueOf(into).Elem())
	return fault.Invalids(d.fields...)
}

// member is one field of a JSON object as it was sent.
type member struct {
	name string
	raw  json.RawMessage
}

// object checks the whole body and returns the members of its top.
func object(body []byte) ([]member, error) {
	if at := invalidUTF8(body); at >= 0 {
		return nil, malformed("The body is not valid UTF-8 at " + place(body, at))
	}
	var raw json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		if se, ok := errors.AsType[*json.SyntaxError](err); ok {
			return nil, malformed("The body is not valid JSON at " + place(body, int(se.Offset)-1))
		}
		return nil, malformed("The body is not valid JSON")
	}
	if first(raw) != '{' {
		return nil, malformed("The body must be a JSON object")
	}
	return membersOf(raw), nil
}

func invalidUTF8(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// place names a byte as line and character, counted from 1.
func place(body []byte, at int) string {
	at = min(max(at, 0), len(body))
	before := body[:at]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Sprintf("line %d, character %d", line, column)
}

func first(raw json.RawMessage) byte {
	if t := bytes.TrimLeft(raw, " \t\r\n"); len(t) > 0 {
		return t[0]
	}
	return 0
}

// membersOf splits an object that is known to be valid.
func membersOf(raw json.RawMessage) []member {
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return nil
	}
	var out []member
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return out
		}
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return out
		}
		out = append(out, member{name: name.(string), raw: v})
	}
	return out
}

// decoder gathers what is wrong on its way through a value.
type decoder struct{ fields []fault.Field }

// maxProblems bounds the answer to a body that is wrong throughout.
const maxProblems = 50

func (d *decoder) wrong(path, msg string) {
	if len(d.fields) < maxProblems {
		d.fields = append(d.fields, fault.Field{Field: path, Message: msg})
	}
}

var (
	timeType = reflect.TypeFor[time.Time]()
	rawType  = reflect.TypeFor[json.RawMessage]()
)

// target is one field of a struct that JSON may name.
type target struct {
	index []int
	enum  string
}

// targets lists the fields of a struct by their JSON name, those of embedded structs included.
func targets(t reflect.Type) (map[string]target, []string) {
	byName := map[string]target{}
	var names []string
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || !f.IsExported() || (f.Anonymous && name == "") {
			continue
		}
		if name == "" {
			name = f.Name
		}
		byName[name] = target{f.Index, f.Tag.Get("enum")}
		names = append(names, name)
	}
	slices.Sort(names)
	return byName, names
}

func (d *decoder) object(path string, members []member, v reflect.Value) {
	byName, names := targets(v.Type())
	seen := map[string]bool{}
	for _, m := range members {
		at := join(path, short(m.name))
		to, known := byName[m.name]
		switch {
		case !known:
			d.wrong(at, "is not a known field; correct its name or leave it out. Known are: "+strings.Join(names, ", "))
			continue
		case seen[m.name]:
			d.wrong(at, "stands in the body twice; leave one out")
			continue
		}
		seen[m.name] = true
		before := len(d.fields)
		d.value(at, m.raw, v.FieldByIndex(to.index))
		if to.enum != "" && len(d.fields) == before {
			d.oneOf(at, v.FieldByIndex(to.index), strings.Split(to.enum, ","))
		}
	}
}

func (d *decoder) oneOf(path string, v reflect.Value, allowed []string) {
	if v.Kind() == reflect.String && v.String() != "" && !slices.Contains(allowed, v.String()) {
		d.wrong(path, "must be one of "+strings.Join(allowed, ", "))
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (d *decoder) value(path string, raw json.RawMessage, v reflect.Value) {
	if v.Type() == rawType {
		v.SetBytes(bytes.Clone(raw))
		return
	}
	kind := first(raw)
	if kind == 'n' { // null: left out
		return
	}
	if v.Kind() == reflect.Pointer {
		p := reflect.New(v.Type().Elem())
		d.value(path, raw, p.Elem())
		v.Set(p)
		return
	}
	if v.Type() == timeType {
		d.time(path, raw, v)
		return
	}
	switch v.Kind() {
	case reflect.String:
		d.text(path, raw, v)
	case reflect.Bool:
		if kind != 't' && kind != 'f' {
			d.wrong(path, "must be true or false")
			return
		}
		v.SetBool(kind == 't')
	case reflect.Int, reflect.Int64, reflect.Int32:
		d.whole(path, raw, v)
	case reflect.Float64:
		f, err := strconv.ParseFloat(string(bytes.TrimSpace(raw)), 64)
		if err != nil || math.IsInf(f, 0) {
			d.wrong(path, "must be a number")
			return
		}
		v.SetFloat(f)
	case reflect.Slice:
		d.list(path, raw, v)
	case reflect.Struct:
		if kind != '{' {
			d.wrong(path, "must be an object")
			return
		}
		d.object(path, membersOf(raw), v)
	default:
		if json.Unmarshal(raw, v.Addr().Interface()) != nil {
			d.wrong(path, "has the wrong type; see /api/docs")
		}
	}
}

func (d *decoder) text(path string, raw json.RawMessage, v reflect.Value) {
	var s string
	if first(raw) != '"' || json.Unmarshal(raw, &s) != nil {
		d.wrong(path, "must be a text")
		return
	}
	if strings.IndexByte(s, 0) >= 0 {
		d.wrong(path, "must not hold a NUL character")
		return
	}
	v.SetString(s)
}

func (d *decoder) whole(path string, raw json.RawMessage, v reflect.Value) {
	n, err := strconv.ParseInt(string(bytes.TrimSpace(raw)), 10, v.Type().Bits())
	if err != nil {
		d.wrong(path, "must be a whole number")
		return
	}
	v.SetInt(n)
}

func (d *decoder) list(path string, raw json.RawMessage, v reflect.Value) {
	if first(raw) != '[' {
		d.wrong(path, "must be a list")
		return
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		d.wrong(path, "must be a list")
		return
	}
	out := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		d.value(fmt.Sprintf("%s[%d]", path, i), item, out.Index(i))
	}
	v.Set(out)
}

func (d *decoder) time(path string, raw json.RawMessage, v reflect.Value) {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		d.wrong(path, wantTime)
		return
	}
	t, msg := parseTime(s)
	if msg != "" {
		d.wrong(path, msg)
		return
	}
	v.Set(reflect.ValueOf(t))
}

const wantTime = `must be a time with date and zone, such as "2026-11-21T14:25:00+01:00"`

// parseTime reads RFC 3339, or says in words what is wrong. A time without a zone is nobody's time.
func parseTime(s string) (time.Time, string) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err == nil {
		if t.Year() < 1 || t.UTC().Year() > 9999 {
			return time.Time{}, wantTime
		}
		return t.UTC().Truncate(time.Microsecond), ""
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if _, err := time.Parse(layout, s); err == nil {
			return time.Time{}, `has no zone; write it with one, such as "2026-11-21T14:25:00+01:00" or "…Z"`
		}
	}
	return time.Time{}, wantTime
}
