// Package kept shows the files of one incident: a list, and a page per file that says whose
// it is and which bytes it holds, lets it be downloaded, withdrawn and erased. It carries out
// policy 001 ("document the investigation and mitigation"). A file is never shown inside a
// page: what somebody sent may be an attack. It must not import another screen.
package kept

import (
	"io"
	"net/http"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/room/head"
)

// Screen shows files.
type Screen struct{ head.Deps }

// Mount registers the list and the page of one file.
func Mount(w *page.Web, d head.Deps) {
	s := Screen{d}
	const list = "/incidents/{ref}/files"
	w.Show(list, s.list)
	w.Show(list+"/{id}", s.show)
	w.Download(list+"/{id}/content", s.content)
	w.Post(list+"/{id}/withdraw", s.withdraw, s.show)
	w.Post(list+"/{id}/erase", s.erase, s.show)
}

// Put takes one file of the room's composer.
func (s Screen) Put(r *page.Request, body io.Reader) (*blob.Held, error) {
	return s.Files.Put(r.Context(), r.By, r.PathValue("ref"), body)
}

// perPage keeps the first answer small; the rest comes by scrolling.
const perPage = 50

// files is the list of all files.
type files struct {
	head.Room
	List []file.File
	More string
}

func (s Screen) list(r *page.Request) (page.Page, error) {
	m, err := s.Enter(r)
	if err != nil {
		return page.Page{}, err
	}
	if m.Past() {
		return page.Page{}, page.Elsewhere(m.Here())
	}
	v := files{Room: m}
	next := ""
	if v.List, next, err = s.Files.List(r.Context(), r.By, m.Ref, r.Query("after"), perPage); err != nil {
		return page.Page{}, err
	}
	if next != "" {
		v.More = r.Path("after", next)
	}
	all := page.Region{Name: "files", On: m.On("incident"), Body: table(v)}
	return m.Sub(page.Page{
		Title: "Files", Lead: page.Text("Every file, with those that were withdrawn or erased."), Regions: []page.Region{all}, Body: all.Place(),
	}), nil
}

// one is the page of a file.
type one struct {
	head.Room
	File file.File
}

// opens says whether the viewer can download it.
func (v one) opens() bool {
	return !v.File.Erased && (!v.File.Withdrawn() || v.R.By.Has(who.PermIncidentManage))
}

// withdraws says whether the viewer may hide it.
func (v one) withdraws() bool {
	own := v.File.AddedBy == v.R.By.Actor
	return !v.File.Withdrawn() && !v.File.Erased && v.R.By.Has(who.PermIncidentWork) && (own || v.R.By.Has(who.PermIncidentManage))
}

func (s Screen) show(r *page.Request) (page.Page, error) {
	m, err := s.Enter(r)
	if err != nil {
		return page.Page{}, err
	}
	if m.Past() {
		return page.Page{}, page.Elsewhere(m.Here())
	}
	v := one{Room: m}
	if v.File, err = s.Files.Get(r.Context(), r.By, m.Ref, r.PathValue("id")); err != nil {
		return page.Page{}, err
	}
	all := page.Region{Name: "file", On: m.On("incident"), Body: body(v)}
	return m.Sub(page.Page{Title: Title(v.File), Regions: []page.Region{all}, Body: all.Place()}), nil
}

func (s Screen) content(out http.ResponseWriter, r *page.Request) error {
	f, in, err := s.Files.Open(r.Context(), r.By, r.PathValue("ref"), r.PathValue("id"))
	if err != nil {
		return err
	}
	defer in.Close()
	blob.Serve(out, r.Request, f.Name, in)
	return nil
}

func (s Screen) withdraw(r *page.Request) (page.Done, error) {
	_, err := s.Files.Withdraw(r.Context(), r.By, r.PathValue("ref"), r.PathValue("id"), r.Text("reason"))
	return page.Done{Say: "Withdrawn. Its content is kept."}, err
}

func (s Screen) erase(r *page.Request) (page.Done, error) {
	_, err := s.Files.Erase(r.Context(), r.By, r.PathValue("ref"), r.PathValue("id"), r.Text("why"))
	return page.Done{Say: "Erased. The record shows that it was there."}, page.Rename(err, "reason", "why")
}

// Title is what a file is called.
func Title(f file.File) string {
	if f.Name == "" {
		return "Erased file"
	}
	return f.Name
}

// Path is the page of a file.
func Path(m head.Room, id string) string { return m.Path("files", id) }

// About is a file's line: how large it is and what its bytes look like.
func About(f file.File) string { return blob.Size(f.Size) + ", " + f.Media }
