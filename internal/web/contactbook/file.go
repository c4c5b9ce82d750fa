package contactbook

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/directory/exchange"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/differ"
	"github.com/wakebell/wakebell/internal/web/page/numeral"
)

func importCrumbs(more ...page.Crumb) []page.Crumb {
	return append([]page.Crumb{{Label: "Directory", Href: nav}}, more...)
}

// upload asks for a file.
func (s screen) upload(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermDirectoryEdit); err != nil {
		return page.Page{}, err
	}
	// Plain: the browser itself sends a large file and shows how far it is.
	f := r.Form("upload").To("/directory/import").Files().Plain()
	return page.Page{
		Title: "Import", Nav: nav, Narrow: true, Body: uploadPage(f), Crumbs: importCrumbs(page.Crumb{Label: "Import"}),
	}, nil
}

// doUpload keeps the file on the server and goes on to its preview.
func (s screen) doUpload(r *page.Request) (page.Done, error) {
	if err := who.Check(r.By, who.PermDirectoryEdit); err != nil {
		return page.Done{}, err
	}
	file, head, err := r.FormFile("file")
	if err != nil {
		return page.Done{}, fault.InvalidField("file", "must be chosen")
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, exchange.MaxFile+1))
	if err != nil {
		return page.Done{}, fault.Wrap(fault.Invalid, err, "The file did not arrive complete. Choose it again.")
	}
	id, err := s.Exchange.Keep(r.Context(), r.By, head.Filename, formatOf(head.Filename), text, r.Now)
	return page.Done{To: "/directory/import/" + id}, err
}

func formatOf(name string) exchange.Format {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv":
		return exchange.FormatCSV
	case ".yaml", ".yml":
		return exchange.FormatYAML
	}
	return ""
}

// previewed is a kept file with what its import would do.
type previewed struct {
	exchange.Kept
	r      *page.Request
	res    exchange.Result
	tell   teller
	digest string
}

func (s screen) preview(r *page.Request) (page.Page, error) {
	k, res, err := s.Exchange.Kept(r.Context(), r.By, r.PathValue("id"))
	if err != nil {
		return page.Page{}, err
	}
	dir, err := s.Directory.Snapshot(s.DB)
	if err != nil {
		return page.Page{}, err
	}
	// New items may name each other: their names are those of the file.
	var items []directory.Item
	var people []who.Person
	for _, c := range res.Changes {
		switch v := c.After.(type) {
		case directory.Team:
			items = append(items, &v)
		case directory.Entity:
			items = append(items, &v)
		case directory.ITService:
			items = append(items, &v)
		case directory.Party:
			items = append(items, &v)
		case who.Person:
			people = append(people, v)
		}
	}
	p := previewed{Kept: k, r: r, res: res, tell: teller{dir.With(items, people), r.Zone}, digest: res.Digest()}
	title := "What this import would do"
	if !k.DoneAt.IsZero() {
		title = "Imported"
	}
	return page.Page{
		Title: title, Nav: nav, Body: previewPage(p),
		Crumbs: importCrumbs(page.Crumb{Label: "Import", Href: "/directory/import"}, page.Crumb{Label: k.Name}),
	}, nil
}

func (s screen) doImport(r *page.Request) (page.Done, error) {
	_, err := s.Exchange.ImportKept(r.Context(), r.By, r.PathValue("id"), r.Text("seen"), r.Now)
	return page.Done{To: "/directory/import/" + r.PathValue("id"), Say: "Imported."}, err
}

// of lists the changes of one kind of action.
func (p previewed) of(a directory.Action) []directory.Change {
	var out []directory.Change
	for _, c := range p.res.Changes {
		if c.Action == a {
			out = append(out, c)
		}
	}
	return out
}

func (p previewed) nothing() bool {
	return p.res.Count(directory.Unchanged) == len(p.res.Changes)
}

func (p previewed) differs(c directory.Change) []differ.Change {
	return differ.Compare(p.tell.said(c.Before), p.tell.said(c.After))
}

func changeWord(kind string) string {
	for _, k := range kinds {
		if string(k.Kind) == kind {
			return k.One
		}
	}
	return kind
}

func send(out http.ResponseWriter, name, kind string, text []byte) error {
	out.Header().Set("Content-Type", kind)
	out.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, err := out.Write(text)
	return err
}

const csvType = "text/csv; charset=utf-8"

func (s screen) errorsCSV(out http.ResponseWriter, r *page.Request) error {
	_, res, err := s.Exchange.Kept(r.Context(), r.By, r.PathValue("id"))
	if err != nil {
		return err
	}
	return send(out, "errors.csv", csvType, exchange.ErrorsCSV(res.Errors))
}

func (s screen) template(out http.ResponseWriter, r *page.Request) error {
	if err := who.Check(r.By, who.PermDirectoryRead); err != nil {
		return err
	}
	return send(out, "customers-template.csv", csvType, exchange.Template())
}

func (s screen) customersCSV(out http.ResponseWriter, r *page.Request) error {
	text, err := s.Exchange.ExportCSV(r.Context(), r.By)
	if err != nil {
		return err
	}
	return send(out, "customers.csv", csvType, text)
}

func (s screen) yaml(out http.ResponseWriter, r *page.Request) error {
	text, err := s.Exchange.Export(r.Context(), r.By)
	if err != nil {
		return err
	}
	return send(out, "directory.yaml", "application/yaml; charset=utf-8", text)
}

// keptFor is how long a file waits, as the room has it.
const keptFor = exchange.KeptFor

func size(n int) string {
	if n < 10_000 {
		return numeral.Count(n, "byte", "bytes")
	}
	return numeral.Count(n/1000, "kB", "kB")
}
