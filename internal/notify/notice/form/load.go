package form

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/wakebell/wakebell/internal/rule/regime/node"
)

// Bounds of files.
const (
	MaxFile   = 1 << 20 // bytes of one file
	maxFiles  = 200
	maxFields = 2000
)

// Source is a place forms are read from. Later ones win by the id of the form.
type Source struct {
	FS       fs.FS
	Operator bool
}

// Book is all forms.
type Book struct {
	forms []*Form
}

// Problem is what is wrong in a file, and where.
type Problem struct {
	File   string
	Line   int
	Reason string
}

// Error is "file:line: reason".
func (p Problem) Error() string {
	if p.Line == 0 {
		return p.File + ": " + p.Reason
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Reason)
}

// Load reads all files that end in .yaml or .yml. facts are the names of the record a field
// may be filled from. Everything that is wrong is named at once with file, line and reason;
// then there is no book.
func Load(facts []string, sources ...Source) (*Book, error) {
	b := &Book{}
	var problems []error
	for _, src := range sources {
		names, err := files(src.FS)
		if err != nil {
			return nil, err
		}
		own := map[string]string{}
		for _, name := range names {
			f, errs := read(src.FS, name, facts)
			problems = append(problems, errs...)
			if f == nil {
				continue
			}
			if other := own[f.ID]; other != "" {
				problems = append(problems, Problem{name, 1, fmt.Sprintf("the form %q is defined in %s already", f.ID, other)})
				continue
			}
			own[f.ID], f.Operator = name, src.Operator
			b.forms = slices.DeleteFunc(b.forms, func(o *Form) bool { return o.ID == f.ID })
			b.forms = append(b.forms, f)
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	slices.SortStableFunc(b.forms, func(a, c *Form) int { return strings.Compare(a.ID, c.ID) })
	return b, nil
}

// Forms returns all forms by id.
func (b *Book) Forms() []*Form { return slices.Clone(b.forms) }

// Form returns one form, nil when there is none.
func (b *Book) Form(id string) *Form {
	for _, f := range b.forms {
		if f.ID == id {
			return f
		}
	}
	return nil
}

func files(from fs.FS) (names []string, err error) {
	err = fs.WalkDir(from, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ext := path.Ext(p); d.Type().IsRegular() && (ext == ".yaml" || ext == ".yml") {
			names = append(names, p)
		}
		if len(names) > maxFiles {
			return fmt.Errorf("more than %d forms in one folder", maxFiles)
		}
		return nil
	})
	return names, err
}

func read(from fs.FS, name string, facts []string) (*Form, []error) {
	in, err := from.Open(name)
	if err != nil {
		return nil, []error{err}
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, MaxFile+1))
	if err != nil {
		return nil, []error{err}
	}
	if len(text) > MaxFile {
		return nil, []error{Problem{name, 0, fmt.Sprintf("is larger than %d MB", MaxFile>>20)}}
	}
	return Parse(name, text, facts)
}

// Parse reads one file. Its name is for the problems.
func Parse(name string, text []byte, facts []string) (*Form, []error) {
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&doc); err != nil {
		return nil, []error{said(name, err)}
	}
	if len(doc.Content) == 0 {
		return nil, []error{Problem{name, 1, "is empty"}}
	}
	root := doc.Content[0]
	if line := aliased(root); line > 0 { // one word could stand for thousands
		return nil, []error{Problem{name, line, "anchors and aliases are not taken; write the text out"}}
	}
	f := &Form{}
	if bad := node.Unknown(root, *f); bad != nil {
		return nil, []error{Problem{name, bad.Line, fmt.Sprintf("%q is no field here", bad.Value)}}
	}
	if err := root.Decode(f); err != nil {
		return nil, []error{said(name, err)}
	}
	sum := sha256.Sum256(text)
	f.File, f.Hash = name, hex.EncodeToString(sum[:])
	for i := range f.Fields {
		f.Fields[i].Line = node.Line(root, "fields", i)
	}
	c := &checker{f: f, file: name, facts: facts, root: root}
	c.check()
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	return f, nil
}

// said puts an error of the reader in one line, with the line it names.
func said(name string, err error) error {
	words := strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " ")
	words = strings.TrimPrefix(words, "unmarshal errors: ")
	p := Problem{File: name, Reason: words}
	if rest, ok := strings.CutPrefix(words, "line "); ok {
		if n, _ := fmt.Sscanf(rest, "%d:", &p.Line); n == 1 {
			_, p.Reason, _ = strings.Cut(rest, ": ")
		}
	}
	return p
}

func aliased(n *yaml.Node) int {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return n.Line
	}
	for _, c := range n.Content {
		if line := aliased(c); line > 0 {
			return line
		}
	}
	return 0
}

// UnmarshalYAML reads one word, or one for each stage.
func (m *MustWire) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		m.All = Must(n.Value)
		return nil
	}
	return n.Decode(&m.Stages)
}

// Wire is the long form.
func (MustWire) Wire() any { return map[string]Must{} }

// UnmarshalYAML reads a label alone, whose id is the label, or the long form.
func (o *Option) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		o.ID, o.Label = n.Value, n.Value
		return nil
	}
	type plain Option
	return n.Decode((*plain)(o))
}
