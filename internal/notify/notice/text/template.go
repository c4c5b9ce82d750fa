package text

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// Template is the reusable start of a master text.
type Template struct {
	ID       string `json:"id"` // "customer.first"; with the language it names one text
	Audience string `json:"audience"`
	Purpose  string `json:"purpose"`
	Lang     string `json:"lang"`
	Version  string `json:"version"`
	Title    string `json:"title"`
	Subject  string `json:"subject"`
	Body     string `json:"body"`
	File     string `json:"file"`
	Own      bool   `json:"own"` // the operator's, not shipped
}

// Source is the text a notice begins with.
func (t Template) Source() Source { return Source{Lang: t.Lang, Subject: t.Subject, Body: t.Body} }

// Audiences are the families of readers a master text is written for.
func Audiences() []string { return slices.Clone(audiences[:]) }

// Purposes are the kinds of notice, in the order they follow each other.
func Purposes() []string { return slices.Clone(purposes[:]) }

var (
	audiences = [...]string{
		"customer", "data_subject", "employee", "partner", "vendor", "authority", "law_enforcement", "insurer", "personnel", "press",
	}
	purposes = [...]string{"first", "update", "correction", "withdrawal", "resolved"}
)

//go:embed builtin/*.md
var builtin embed.FS

// Templates are those that come with the program, in English and German, one for each
// audience and purpose, sorted. Each call reads their files anew: keep the result.
func Templates() []Template {
	list, problems := load(builtin, "builtin", false)
	if len(problems) > 0 { // a test holds that there are none
		panic("built-in templates: " + problems[0].Error())
	}
	return list
}

// TemplateProblem is what is wrong in the file of a template, and where.
type TemplateProblem struct {
	File    string
	Line    int // from 1; 0: the file as a whole
	Message string
}

func (p TemplateProblem) Error() string {
	if p.Line == 0 {
		return p.File + ": " + p.Message
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message)
}

// maxFile bounds the file of a template, in bytes.
const maxFile = MaxBody + 10_000

// LoadTemplates reads every .md file of a folder: a head between two lines of --- in YAML,
// then the text. It returns what can be used and what is wrong with the rest.
func LoadTemplates(files fs.FS, folder string) ([]Template, []TemplateProblem) {
	return load(files, folder, true)
}

// load leaves the texts of the shipped templates unread: a test has read them.
func load(files fs.FS, folder string, check bool) ([]Template, []TemplateProblem) {
	names, err := fs.Glob(files, cmp.Or(folder, ".")+"/*.md")
	if folder == "" || folder == "." {
		names, err = fs.Glob(files, "*.md")
	}
	if err != nil {
		return nil, []TemplateProblem{{File: folder, Message: "cannot be read"}}
	}
	var out []Template
	var problems []TemplateProblem
	at := map[string]string{}
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			problems = append(problems, TemplateProblem{File: name, Message: "cannot be read"})
			continue
		}
		list, wrong := readTemplate(name, raw, check)
		problems = append(problems, wrong...)
		for _, t := range list {
			key := t.key()
			if at[key] != "" {
				problems = append(problems, TemplateProblem{File: name, Message: fmt.Sprintf("%s in %s is also in %s", t.ID, t.Lang, at[key])})
				continue
			}
			at[key] = name
			out = append(out, t)
		}
	}
	sortTemplates(out)
	return out, problems
}

func (t Template) key() string { return t.ID + " " + strings.ToLower(t.Lang) }

// Override puts the operator's templates in the place of those with the same id and
// language, and adds the others.
func Override(shipped, own []Template) []Template {
	var out []Template
	for _, t := range own {
		t.Own = true
		out = append(out, t)
	}
	for _, t := range shipped {
		if !slices.ContainsFunc(own, func(o Template) bool { return o.key() == t.key() }) {
			out = append(out, t)
		}
	}
	sortTemplates(out)
	return out
}

func sortTemplates(list []Template) {
	slices.SortStableFunc(list, func(a, b Template) int {
		return cmp.Or(
			cmp.Compare(slices.Index(audiences[:], a.Audience), slices.Index(audiences[:], b.Audience)),
			cmp.Compare(slices.Index(purposes[:], a.Purpose), slices.Index(purposes[:], b.Purpose)),
			cmp.Compare(a.ID, b.ID), cmp.Compare(a.Lang, b.Lang))
	})
}

// Pick finds the template for an audience and purpose: the language itself, the language
// without its region, English.
func Pick(list []Template, audience, purpose, lang string) (Template, bool) {
	for _, l := range []string{lang, base(lang), "en"} {
		for _, t := range list {
			if t.ID == audience+"."+purpose && strings.EqualFold(t.Lang, l) {
				return t, true
			}
		}
	}
	return Template{}, false
}

// head is what stands between the lines of ---.
type head struct {
	ID       string    `yaml:"id"`
	Audience yaml.Node `yaml:"audience"` // one, or a list
	Purpose  string    `yaml:"purpose"`
	Lang     string    `yaml:"lang"`
	Version  string    `yaml:"version"`
	Title    string    `yaml:"title"`
	Subject  string    `yaml:"subject"`
}

func readTemplate(name string, raw []byte, check bool) ([]Template, []TemplateProblem) {
	var problems []TemplateProblem
	wrong := func(line int, msg string) {
		problems = append(problems, TemplateProblem{File: name, Line: line, Message: msg})
	}
	if len(raw) > maxFile {
		wrong(0, fmt.Sprintf("is larger than %d bytes", maxFile))
		return nil, problems
	}
	raw = bytes.ReplaceAll(bytes.TrimPrefix(raw, []byte("\ufeff")), []byte("\r\n"), []byte("\n"))
	front, rest, ok := bytes.Cut(bytes.TrimPrefix(raw, []byte("---\n")), []byte("\n---\n"))
	if !ok || !bytes.HasPrefix(raw, []byte("---\n")) {
		wrong(1, "begins with a line of ---, then the head (audience, purpose, lang, version, title, subject), then another line of ---")
		return nil, problems
	}
	var h head
	d := yaml.NewDecoder(bytes.NewReader(front))
	d.KnownFields(true)
	if err := d.Decode(&h); err != nil {
		line, msg := yamlProblem(err)
		wrong(line, msg)
		return nil, problems
	}
	lineOf := func(key string) int {
		for i, l := range strings.Split(string(front), "\n") {
			if strings.HasPrefix(l, key+":") {
				return i + 2
			}
		}
		return 1
	}
	readers := h.readers()
	if len(readers) == 0 {
		wrong(lineOf("audience"), "audience: one or a list of "+strings.Join(audiences[:], ", "))
	}
	for _, a := range readers {
		if !slices.Contains(audiences[:], a) {
			wrong(lineOf("audience"), "audience: one or a list of "+strings.Join(audiences[:], ", "))
		}
	}
	if !slices.Contains(purposes[:], h.Purpose) {
		wrong(lineOf("purpose"), "purpose: one of "+strings.Join(purposes[:], ", "))
	}
	if h.Version == "" || h.Title == "" {
		wrong(1, "version and title are needed: the version is said wherever the template is used")
	}
	if h.ID != "" && (len(readers) != 1 || !named(h.ID)) {
		wrong(lineOf("id"), "id: small letters, digits, dots and hyphens, for one audience only; leave it out to replace the shipped text")
	}
	if check {
		src := Source{Lang: h.Lang, Subject: h.Subject, Body: string(rest)}
		before := 2 + bytes.Count(front, []byte("\n")) + 1 // lines above the body
		for _, p := range textProblems(src, before, lineOf) {
			wrong(p.Line, p.Message)
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	var out []Template
	for _, a := range readers {
		out = append(out, Template{
			ID: cmp.Or(h.ID, a+"."+h.Purpose), Audience: a, Purpose: h.Purpose, Lang: h.Lang, Version: h.Version,
			Title: h.Title, Subject: h.Subject, Body: strings.TrimSpace(string(rest)) + "\n", File: name,
		})
	}
	return out, nil
}

// textProblems are those of the text, with the lines of the file.
func textProblems(src Source, before int, lineOf func(string) int) (out []TemplateProblem) {
	_, err := Parse(src)
	for _, f := range fault.FieldsOf(err) {
		line, msg := place(f.Message)
		if f.Field == "body" {
			line += before
		} else {
			line, msg = lineOf(f.Field), f.Field+": "+msg
		}
		out = append(out, TemplateProblem{Line: line, Message: msg})
	}
	return out
}

func (h head) readers() (list []string) {
	if h.Audience.Kind == yaml.SequenceNode {
		for _, n := range h.Audience.Content {
			list = append(list, n.Value)
		}
		return list
	}
	if h.Audience.Value != "" {
		return []string{h.Audience.Value}
	}
	return nil
}

func named(id string) bool {
	const longest = 60
	return len(id) <= longest && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789.-_") == ""
}

// place takes the line out of a message of Parse: "line 3: …".
func place(msg string) (line int, rest string) {
	if n, err := fmt.Sscanf(msg, "line %d:", &line); n == 1 && err == nil {
		_, rest, _ = strings.Cut(msg, ": ")
		return line, rest
	}
	return 0, msg
}

// yamlProblem takes the line out of an error of the YAML reader; the head begins on line 2.
func yamlProblem(err error) (int, string) {
	msg := err.Error()
	if e, ok := errors.AsType[*yaml.TypeError](err); ok && len(e.Errors) > 0 {
		msg = e.Errors[0]
	}
	msg = strings.TrimPrefix(strings.TrimPrefix(msg, "yaml: "), "unmarshal errors:\n  ")
	line, rest := place(msg)
	if line == 0 {
		return 1, "the head is not YAML: " + msg
	}
	return line + 1, "the head: " + strings.ReplaceAll(rest, " in type text.head", "")
}
