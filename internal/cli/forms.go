package cli

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/notify/notice/form"
	"github.com/wakebell/wakebell/internal/notify/notice/form/pack"
	"github.com/wakebell/wakebell/internal/notify/notice/form/prefill"
)

type formsCmd struct {
	Ls    *formsLs    `arg:"subcommand:ls" help:"List the forms."`
	Show  *formsShow  `arg:"subcommand:show" help:"Show a form: stages, fields, what is mandatory when."`
	Facts *formsFacts `arg:"subcommand:facts" help:"List the facts of the record that fields may be filled from."`
	Check *formsCheck `arg:"subcommand:check" help:"Check a folder of your own forms over the shipped ones."`
}

type formsFlag struct {
	Forms string `arg:"--forms" help:"Folder with your own forms ($WAKEBELL_FORMS); they win over the shipped ones by id." placeholder:"DIR"`
}

func (f formsFlag) book(e *env) (*form.Book, error) {
	return loadForms(cmp.Or(f.Forms, e.Getenv("WAKEBELL_FORMS")))
}

// loadForms reads the shipped forms, and the operator's over them; dir "" is none.
func loadForms(dir string) (*form.Book, error) {
	own, err := folder(dir)
	if err != nil {
		return nil, err
	}
	sources := []form.Source{{FS: pack.Files}}
	if own != nil {
		sources = append(sources, form.Source{FS: own, Operator: true})
	}
	return form.Load(prefill.Names(), sources...)
}

// formWire is one form for --json.
type formWire struct {
	ID          string         `json:"id"`
	Title       string         `json:"title"`
	Version     string         `json:"version"`
	Official    bool           `json:"official"`
	Draft       bool           `json:"draft"`
	Operator    bool           `json:"operator"`
	Source      string         `json:"source"`
	Licence     string         `json:"licence,omitempty"`
	Attribution string         `json:"attribution,omitempty"`
	Note        string         `json:"note,omitempty"`
	File        string         `json:"file"`
	Hash        string         `json:"sha256"`
	Stages      []formStage    `json:"stages"`
	Fields      []formQuestion `json:"fields,omitempty"`
}

type formStage struct {
	ID    string   `json:"id"`
	Title string   `json:"title"`
	Kind  string   `json:"kind"`
	Rules []string `json:"rules"`
}

type formQuestion struct {
	ID        string            `json:"id"`
	Label     string            `json:"label"`
	Section   string            `json:"section"`
	Type      string            `json:"type"`
	Mandatory map[string]string `json:"mandatory"`
	When      string            `json:"when,omitempty"`
	Needed    string            `json:"needed,omitempty"`
	Options   []string          `json:"options,omitempty"`
	Fill      string            `json:"fill,omitempty"`
	Ours      bool              `json:"ours,omitempty"`
	GDPR      string            `json:"gdpr,omitempty"`
}

func wireForm(f *form.Form, fields bool) formWire {
	w := formWire{
		ID: f.ID, Title: f.Title, Version: f.Version, Official: f.Official, Draft: f.Draft, Operator: f.Operator, Source: f.Source,
		Licence: f.Licence, Attribution: f.Attribution, Note: f.Note, File: f.File, Hash: f.Hash, Stages: []formStage{},
	}
	for _, s := range f.Stages {
		w.Stages = append(w.Stages, formStage{s.ID, s.Title, string(s.Kind), append([]string{}, s.Rules...)})
	}
	if !fields {
		return w
	}
	for _, d := range f.Fields {
		q := formQuestion{
			ID: d.ID, Label: d.Label, Section: d.Section, Type: string(d.Type), Mandatory: map[string]string{}, When: d.When, Needed: d.Needed,
			Fill: d.Fill, Ours: d.Ours, GDPR: d.GDPR,
		}
		for _, s := range f.Stages {
			q.Mandatory[s.ID] = string(f.Demand(d, s))
		}
		for _, o := range d.Options {
			q.Options = append(q.Options, o.ID)
		}
		w.Fields = append(w.Fields, q)
	}
	return w
}

type formsLs struct{ formsFlag }

// Run lists the forms.
func (c *formsLs) Run(e *env) error {
	b, err := c.book(e)
	if err != nil {
		return err
	}
	list := []formWire{}
	var rows [][]string
	for _, f := range b.Forms() {
		list = append(list, wireForm(f, false))
		whose := "authority"
		switch {
		case !f.Official:
			whose = "ours"
		case f.Draft:
			whose = "authority, draft"
		}
		rows = append(rows, []string{f.ID, strconv.Itoa(len(f.Stages)), strconv.Itoa(len(f.Fields)), whose, f.Version, f.Title})
	}
	if e.root.JSON {
		return e.printJSON(map[string]any{"forms": list})
	}
	if err := e.table([]string{"ID", "STAGES", "FIELDS", "WHOSE", "VERSION", "TITLE"}, 5, rows); err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.Out, "\nEvery other duty has a form built from what its rule requires; it is ours and says so.")
	return err
}

type formsShow struct {
	formsFlag
	ID string `arg:"positional,required" help:"Id of the form, as forms ls prints it."`
}

// Run shows one form.
func (c *formsShow) Run(e *env) error {
	b, err := c.book(e)
	if err != nil {
		return err
	}
	f := b.Form(c.ID)
	if f == nil {
		return fault.Newf(fault.NotFound, "there is no form %q; wakebell forms ls lists them", c.ID)
	}
	if e.root.JSON {
		return e.printJSON(wireForm(f, true))
	}
	if _, err := fmt.Fprintf(e.Out, "%s, version %s\n%s\n%s\n%s\n\n", f.Title, f.Version, f.Source, f.Attribution, f.Note); err != nil {
		return err
	}
	head := []string{"FIELD", "TYPE"}
	for _, s := range f.Stages {
		head = append(head, s.ID)
	}
	var rows [][]string
	for _, d := range f.Fields {
		row := []string{d.ID, string(d.Type)}
		for _, s := range f.Stages {
			row = append(row, string(f.Demand(d, s)))
		}
		rows = append(rows, append(row, d.Label))
	}
	return e.table(append(head, "LABEL"), len(head), rows)
}

type formsFacts struct{}

// Run lists the facts.
func (*formsFacts) Run(e *env) error {
	list := []map[string]string{}
	var rows [][]string
	for _, f := range prefill.Facts() {
		list = append(list, map[string]string{"name": f.Name, "words": f.Words})
		rows = append(rows, []string{f.Name, f.Words})
	}
	if e.root.JSON {
		return e.printJSON(map[string]any{"facts": list})
	}
	return e.table([]string{"NAME", "WHAT IT IS"}, 1, rows)
}

type formsCheck struct {
	Dir string `arg:"positional,required" help:"The folder."`
}

// Run checks a folder; what is wrong is printed as file:line: reason, exit code 1.
func (c *formsCheck) Run(e *env) error {
	b, err := loadForms(c.Dir)
	if err != nil {
		return err
	}
	n := 0
	for _, f := range b.Forms() {
		if f.Operator {
			n++
			if _, err := fmt.Fprintf(e.Out, "%s: %s, %d fields, %d stages\n", f.File, f.ID, len(f.Fields), len(f.Stages)); err != nil {
				return err
			}
		}
	}
	_, err = fmt.Fprintf(e.Out, "%d forms, nothing wrong.\n", n)
	return err
}
