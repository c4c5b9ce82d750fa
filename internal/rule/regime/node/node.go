// Package node says where something stands in a YAML file, and which key of it no
// field is for, so that an error in a rule pack names file and line. It serves
// policy 000 as part of the rules of the law. Pure: it must not import anything of
// this program.
package node

import (
	"reflect"

	"go.yaml.in/yaml/v3"
)

// Wire is a type that reads itself from YAML: Wire returns a value of the form it is
// written in.
type Wire interface{ Wire() any }

// Line is the line of the value at a path of keys and indexes; that of the closest
// parent where there is none.
func Line(n *yaml.Node, path ...any) int {
	line := n.Line
	for _, step := range path {
		var next *yaml.Node
		switch step := step.(type) {
		case string:
			for i := 0; i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == step {
					next, line = n.Content[i+1], n.Content[i].Line
				}
			}
		case int:
			if step < len(n.Content) {
				next, line = n.Content[step], n.Content[step].Line
			}
		}
		if next == nil {
			return line
		}
		n = next
	}
	return line
}

// Alias is the first anchor or alias in a node; nil when there is none. A rule is read
// by people: what it says stands in its place, and nothing multiplies unseen.
func Alias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return n
	}
	for _, c := range n.Content {
		if found := Alias(c); found != nil {
			return found
		}
	}
	return nil
}

// Unknown finds the first key that the type of v has no field for; nil when all
// are known. Types that read themselves are asked by their wire form.
//
// yaml.v3 has a strict mode for documents only, not for nodes.
// An alias is followed once, so that one that holds itself, or thousands of the same,
// cost nothing; decoding refuses those.
func Unknown(n *yaml.Node, v any) *yaml.Node {
	w := walk{seen: map[*yaml.Node]bool{}}
	return w.unknown(n, reflect.TypeOf(v))
}

// walk remembers the aliases it has followed.
type walk struct{ seen map[*yaml.Node]bool }

func (w walk) unknown(n *yaml.Node, t reflect.Type) *yaml.Node {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if n.Kind == yaml.AliasNode {
		if n = n.Alias; w.seen[n] {
			return nil
		}
		w.seen[n] = true
	}
	if wire, ok := reflect.Zero(t).Interface().(Wire); ok {
		t = reflect.TypeOf(wire.Wire())
	}
	switch {
	case t == reflect.TypeFor[yaml.Node](): // read later
	case n.Kind == yaml.SequenceNode && t.Kind() == reflect.Slice:
		for _, c := range n.Content {
			if bad := w.unknown(c, t.Elem()); bad != nil {
				return bad
			}
		}
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Map:
		for i := 1; i < len(n.Content); i += 2 {
			if bad := w.unknown(n.Content[i], t.Elem()); bad != nil {
				return bad
			}
		}
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Struct:
		for i := 0; i+1 < len(n.Content); i += 2 {
			field, ok := fieldOf(t, n.Content[i].Value)
			if !ok {
				return n.Content[i]
			}
			if bad := w.unknown(n.Content[i+1], field); bad != nil {
				return bad
			}
		}
	}
	return nil
}

func fieldOf(t reflect.Type, key string) (reflect.Type, bool) {
	for f := range t.Fields() {
		if f.Tag.Get("yaml") == key && key != "-" {
			return f.Type, true
		}
	}
	return nil, false
}
