// Package body splits what a ledger entry says into facts and private part, by
// the tags of one struct, so that personal data can be erased later. It must not
// import any other package of this module.
package body

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
)

// Splitter splits bodies and remembers how, per type. The zero Splitter is
// ready; it is safe for concurrent use.
type Splitter struct{ shapes sync.Map } // reflect.Type -> shape

// Encode splits a body into its facts and its private part. The body is a
// struct, or a pointer to one, or nil. Fields tagged `private:"true"` go to the
// private part, all others to the facts; JSON names and options come from the
// json tags. Embedded structs without a json name are flattened, as JSON does.
// A private part without members is empty (no bytes).
func (x *Splitter) Encode(body any) (facts, private []byte, err error) {
	if body == nil {
		return []byte("{}"), []byte{}, nil
	}
	v := reflect.ValueOf(body)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	s, err := x.shapeOf(v.Type())
	if err != nil {
		return nil, nil, err
	}
	if facts, err = s.facts.encode(v); err != nil {
		return nil, nil, fmt.Errorf("encode facts of %s: %w", v.Type(), err)
	}
	if len(s.private.paths) == 0 {
		return facts, []byte{}, nil
	}
	if private, err = s.private.encode(v); err != nil {
		return nil, nil, fmt.Errorf("encode private part of %s: %w", v.Type(), err)
	}
	if string(private) == "{}" {
		private = []byte{}
	}
	return facts, private, nil
}

// Decode puts both parts back into one struct. An erased private part leaves
// its fields as they are.
func Decode(facts, private []byte, into any) error {
	if err := decode(facts, into); err != nil {
		return fmt.Errorf("decode facts into %T: %w", into, err)
	}
	if len(private) == 0 {
		return nil
	}
	if err := decode(private, into); err != nil {
		return fmt.Errorf("decode private part into %T: %w", into, err)
	}
	return nil
}

func decode(data []byte, into any) error {
	if quick(data, into) {
		return nil
	}
	return json.Unmarshal(data, into)
}

// shape is how a body type is split: two struct types made of its fields.
type shape struct{ facts, private half }

type half struct {
	typ   reflect.Type
	paths [][]int // of each field in the body
}

func (h half) encode(v reflect.Value) ([]byte, error) {
	out := reflect.New(h.typ)
	for i, path := range h.paths {
		out.Elem().Field(i).Set(v.FieldByIndex(path))
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out.Interface()); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte{'\n'}), nil
}

func (x *Splitter) shapeOf(t reflect.Type) (shape, error) {
	if s, ok := x.shapes.Load(t); ok {
		return s.(shape), nil
	}
	if t.Kind() != reflect.Struct {
		return shape{}, fmt.Errorf("encode %s: a ledger body is a struct", t)
	}
	if t.Implements(reflect.TypeFor[json.Marshaler]()) || reflect.PointerTo(t).Implements(reflect.TypeFor[json.Marshaler]()) {
		return shape{}, fmt.Errorf("encode %s: a ledger body cannot write its own JSON, it could not be split", t)
	}
	var facts, private []reflect.StructField
	var s shape
	if err := split(t, nil, &facts, &private, &s); err != nil {
		return shape{}, err
	}
	s.facts.typ, s.private.typ = reflect.StructOf(facts), reflect.StructOf(private)
	x.shapes.Store(t, s)
	return s, nil
}

func split(t reflect.Type, at []int, facts, private *[]reflect.StructField, s *shape) error {
	for i := range t.NumField() {
		f := t.Field(i)
		path := append(append([]int(nil), at...), i)
		tag := f.Tag.Get("json")
		if tag == "-" {
			continue
		}
		if f.Anonymous && tag == "" && f.Type.Kind() == reflect.Struct {
			if err := split(f.Type, path, facts, private, s); err != nil {
				return err
			}
			continue
		}
		if !f.IsExported() {
			continue
		}
		if f.Anonymous {
			return fmt.Errorf("encode %s: embedded field %s must be a plain struct", t, f.Name)
		}
		list, half := facts, &s.facts
		if f.Tag.Get("private") == "true" {
			list, half = private, &s.private
		}
		// The package path and offset belong to the old struct.
		*list = append(*list, reflect.StructField{Name: f.Name, Type: f.Type, Tag: f.Tag})
		half.paths = append(half.paths, path)
	}
	return nil
}
