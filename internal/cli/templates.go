package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

type textsCmd struct {
	Ls     *templatesLs     `arg:"subcommand:ls" help:"List the templates of notices."`
	Show   *templatesShow   `arg:"subcommand:show" help:"Show a template in every language it has."`
	Fields *templatesFields `arg:"subcommand:fields" help:"List the fields a text may hold."`
	Check  *templatesCheck  `arg:"subcommand:check" help:"Check a folder of your own templates."`
}

// templatesFlag names the operator's folder.
type templatesFlag struct {
	Templates string `arg:"--templates" help:"Folder with your own templates ($WAKEBELL_TEMPLATES); they win over the shipped ones by id and language." placeholder:"DIR"`
}

func (f templatesFlag) all(e *env) ([]text.Template, error) {
	own, err := ownTemplates(cmp.Or(f.Templates, e.Getenv("WAKEBELL_TEMPLATES")))
	if err != nil {
		return nil, err
	}
	return text.Override(text.Templates(), own), nil
}

// ownTemplates reads a folder; the error joins everything that is wrong in it.
func ownTemplates(dir string) ([]text.Template, error) {
	files, err := folder(dir)
	if err != nil || files == nil {
		return nil, err
	}
	list, wrong := text.LoadTemplates(files, "")
	var errs []error
	for _, p := range wrong {
		errs = append(errs, p)
	}
	return list, errors.Join(errs...)
}

type templatesLs struct {
	templatesFlag
	Audience string `arg:"--audience" help:"customer, data_subject, employee, partner, vendor, authority, law_enforcement, insurer, personnel or press."`
	Purpose  string `arg:"--purpose" help:"first, update, correction, withdrawal or resolved." enum:"first,update,correction,withdrawal,resolved"`
	Lang     string `arg:"--lang" help:"Language, such as de."`
}

// Run lists the templates.
func (c *templatesLs) Run(e *env) error {
	if c.Audience != "" && !slices.Contains(text.Audiences(), c.Audience) {
		return fault.InvalidField("audience", "must be one of "+strings.Join(text.Audiences(), ", "))
	}
	all, err := c.all(e)
	if err != nil {
		return problems(e, err)
	}
	list := slices.DeleteFunc(all, func(t text.Template) bool {
		return c.Audience != "" && t.Audience != c.Audience || c.Purpose != "" && t.Purpose != c.Purpose || c.Lang != "" && !strings.EqualFold(t.Lang, c.Lang)
	})
	if e.root.JSON {
		return e.printJSON(map[string]any{"templates": append([]text.Template{}, list...)})
	}
	var rows [][]string
	for _, t := range list {
		whose := "shipped"
		if t.Own {
			whose = "yours"
		}
		rows = append(rows, []string{t.ID, t.Lang, t.Version, whose, t.Title})
	}
	return e.table([]string{"ID", "LANG", "VERSION", "WHOSE", "TITLE"}, 4, rows)
}

type templatesShow struct {
	templatesFlag
	ID   string `arg:"positional,required" help:"Id of the template, as templates ls prints it."`
	Lang string `arg:"--lang" help:"Only this language."`
}

// Run shows a template.
func (c *templatesShow) Run(e *env) error {
	all, err := c.all(e)
	if err != nil {
		return problems(e, err)
	}
	list := slices.DeleteFunc(all, func(t text.Template) bool { return t.ID != c.ID || c.Lang != "" && !strings.EqualFold(t.Lang, c.Lang) })
	if len(list) == 0 {
		return fault.New(fault.NotFound, "there is no such template; wakebell templates ls lists them")
	}
	if e.root.JSON {
		return e.printJSON(map[string]any{"id": c.ID, "templates": list})
	}
	for i, t := range list {
		if i > 0 {
			fmt.Fprintln(e.Out)
		}
		if _, err := fmt.Fprintf(e.Out, "%s, %s, version %s: %s\nSubject: %s\n\n%s", t.ID, t.Lang, t.Version, t.Title, t.Subject, t.Body); err != nil {
			return err
		}
	}
	return nil
}

type templatesFields struct{}

// Run lists the fields.
func (c *templatesFields) Run(e *env) error {
	if e.root.JSON {
		return e.printJSON(map[string]any{"fields": text.Fields()})
	}
	var rows [][]string
	for _, f := range text.Fields() {
		rows = append(rows, []string{"{{" + f.Name + "}}", string(f.Kind), string(f.Scope), f.Help})
	}
	return e.table([]string{"FIELD", "KIND", "FILLED BY", "MEANS"}, 3, rows)
}

type templatesCheck struct {
	Dir string `arg:"positional,required" help:"The folder."`
}

// Run says everything that is wrong, a line each, and exits 1; else what the folder brings.
func (c *templatesCheck) Run(e *env) error {
	own, err := ownTemplates(c.Dir)
	if err != nil {
		return problems(e, err)
	}
	if len(own) == 0 {
		return fmt.Errorf("%s holds no template; a template is a file that ends in .md", c.Dir)
	}
	replaced := len(text.Templates()) + len(own) - len(text.Override(text.Templates(), own))
	if e.root.JSON {
		return e.printJSON(map[string]any{"templates": len(own), "replaced": replaced})
	}
	_, err = fmt.Fprintf(e.Out, "All right: %d templates, %d of them in place of shipped ones.\n", len(own), replaced)
	return err
}
