// Package source reads the files of rule packs from a folder: plain UTF-8 text, one
// YAML document each, of bounded size, without anchors. What is wrong is said with file
// and line. It serves policy 000 as part of the rules of the law. Pure: it must not
// import a clock, a context, SQL, network or file access.
package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/wakebell/wakebell/internal/rule/regime/node"
)

// Bounds of packs.
const (
	maxFile  = 1 << 20  // bytes of one file
	maxBytes = 16 << 20 // of all files of a folder
	maxFiles = 500
)

// File is one file of packs.
type File struct {
	Name string
	Text []byte
	Node *yaml.Node // nil when the file is empty or wrong
}

// Problem is what is wrong in a pack, and where.
type Problem struct {
	File   string
	Line   int
	Rule   string // id, where it concerns one
	Reason string
}

// Error is "file:line: rule: reason".
func (p Problem) Error() string {
	at := p.File
	if p.Line > 0 {
		at = fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	if p.Rule != "" {
		at += ": " + p.Rule
	}
	return at + ": " + p.Reason
}

// Read reads every *.yaml file at the top of a folder, by name. A *.yml is refused: it
// was meant as a pack, and would be missed in silence.
func Read(from fs.FS) (files []File, problems []error) {
	names, err := fs.Glob(from, "*.y*ml")
	switch {
	case err != nil:
		return nil, []error{fmt.Errorf("packs: %w", err)}
	case len(names) > maxFiles:
		return nil, []error{fmt.Errorf("packs: more than %d files", maxFiles)}
	}
	left := maxBytes
	for _, name := range names {
		f := File{Name: path.Base(name)}
		if f.Text, err = text(from, name); err == nil {
			f.Node, err = document(f.Text)
		}
		if err != nil {
			problems = append(problems, Problems(f.Name, err)...)
		}
		if left -= len(f.Text); left < 0 {
			return nil, append(problems, Problem{File: f.Name, Reason: fmt.Sprintf("the files of this folder are larger than %d MB together", maxBytes>>20)})
		}
		files = append(files, f)
	}
	return files, problems
}

// Problems are the parts of an error about a file: those of YAML begin with their line.
func Problems(file string, err error) (list []error) {
	reasons := []string{strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " ")}
	if types := (*yaml.TypeError)(nil); errors.As(err, &types) {
		reasons = types.Errors
	}
	for _, reason := range reasons {
		p := Problem{File: file, Reason: reason}
		if rest, ok := strings.CutPrefix(reason, "line "); ok {
			number, rest, _ := strings.Cut(rest, ": ")
			if n, err := strconv.Atoi(number); err == nil {
				p.Line, p.Reason = n, rest
			}
		}
		list = append(list, p)
	}
	return list
}

// text reads a file, and refuses what is none before it is opened: a pipe would wait.
func text(from fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(from, name)
	switch {
	case path.Ext(name) != ".yaml":
		return nil, errors.New("a pack is a file whose name ends in .yaml")
	case err != nil:
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	case !info.Mode().IsRegular():
		return nil, errors.New("this is no file")
	case info.Size() > maxFile:
		return nil, fmt.Errorf("the file is larger than %d KB", maxFile>>10)
	}
	text, err := fs.ReadFile(from, name)
	if err != nil {
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	}
	n := 0
	for line := range bytes.Lines(text) {
		if n++; !utf8.Valid(line) {
			return nil, fmt.Errorf("line %d: the text is not UTF-8", n)
		}
	}
	return text, nil
}

// document is the one document of a text; nil when there is nothing in it.
func document(text []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("the file is empty; take it away if nothing should stand there")
	case err != nil && bytes.ContainsRune(text, '\t') && strings.Contains(err.Error(), "cannot start any token"):
		return nil, fmt.Errorf("%w; YAML is indented with spaces, not with tabs", err)
	case err != nil:
		return nil, err
	}
	if dec.Decode(&more) == nil {
		return nil, fmt.Errorf("line %d: a pack is one document; this is a second", more.Line)
	}
	if alias := node.Alias(&doc); alias != nil {
		return nil, fmt.Errorf("line %d: anchors and aliases are not read; write it out", alias.Line)
	}
	if root := doc.Content[0]; root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: a pack begins with its fields, such as pack: and rules:", root.Line)
	}
	return doc.Content[0], nil
}
