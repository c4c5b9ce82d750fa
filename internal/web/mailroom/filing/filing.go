// Package filing is the forms of authorities in the browser: which duties want one, the form
// filled in by section with what is missing first, approval, filing, a page to copy from
// into a portal, and the form on paper. Question: what is still empty? It carries out policy
// 000 ("Winmore must use available notification forms provided by competent authorities").
// It must not import another screen.
package filing

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/form"
	"github.com/wakebell/wakebell/internal/notify/notice/form/filing"
	"github.com/wakebell/wakebell/internal/notify/notice/form/output"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/web/page"
)

// Deps are the rooms these screens ask.
type Deps struct {
	Filings   *filing.Service
	Incidents *incident.Service
	Directory *directory.Service
	DB        *store.DB
}

type screen struct{ Deps }

// Mount registers the screens.
func Mount(w *page.Web, d Deps) {
	s := screen{d}
	const list = "/incidents/{ref}/filings"
	const one = list + "/{no}"
	w.Show(list, s.list)
	w.Post(list+"/start", s.start, s.list)
	w.Show(one, s.show)
	w.Show(one+"/copy", s.copy)
	w.Show(one+"/print", s.paper)
	w.Show(one+"/versions", s.versions)
	w.Download(one+"/form.pdf", s.download("pdf"))
	w.Download(one+"/form.json", s.download("json"))
	w.Post(one+"/save", s.save, s.show)
	w.Post(one+"/refill", s.refill, s.show)
	w.Post(one+"/submit", s.submit, s.show)
	w.Post(one+"/approve", s.approve, s.show)
	w.Post(one+"/return", s.giveBack, s.show)
	w.Post(one+"/discard", s.discard, s.show)
	w.PostFiles(one+"/file", s.file, s.show, s.put)
	w.PostFiles(one+"/receipt", s.receipt, s.show, s.put)
}

// room is one incident as these screens see it.
type room struct {
	incident.State
	R   *page.Request
	Dir directory.Snapshot
}

func (s screen) enter(r *page.Request) (m room, err error) {
	m.R = r
	if err := who.Check(r.By, who.PermNoticeRead); err != nil {
		return m, err
	}
	if m.State, err = s.Incidents.Get(r.Context(), r.By, r.PathValue("ref"), time.Time{}); err != nil {
		return m, err
	}
	m.Dir, err = s.Directory.Snapshot(s.DB)
	return m, err
}

func (m room) path(below ...string) string {
	out := "/incidents/" + url.PathEscape(m.Ref) + "/filings"
	for _, b := range below {
		out += "/" + url.PathEscape(b)
	}
	return out
}

func (m room) person(id string) string {
	return m.Dir.ActorName(id)
}

func (m room) page(p page.Page, crumbs ...page.Crumb) page.Page {
	p.Nav, p.Drill = "/", m.Kind == incident.Drill
	p.Crumbs = append([]page.Crumb{{Label: "Now", Href: "/"}, {Label: m.Ref, Href: "/incidents/" + url.PathEscape(m.Ref)}}, crumbs...)
	p.Crumbs = append(p.Crumbs, page.Crumb{Label: p.Title})
	return p
}

// listed is the list of an incident's duties and forms.
type listed struct {
	room
	Wants  []filing.Want
	All    []filing.Filing
	Stages map[int]string // titles by number of the filing
}

// loose are filings that belong to no duty: follow-ups, withdrawals.
func (v listed) loose() (out []filing.Filing) {
	for _, f := range v.All {
		if !slices.ContainsFunc(v.Wants, func(w filing.Want) bool { return w.Duty.ID == f.Duty }) {
			out = append(out, f)
		}
	}
	return out
}

func (s screen) list(r *page.Request) (page.Page, error) {
	m, err := s.enter(r)
	if err != nil {
		return page.Page{}, err
	}
	v := listed{room: m, Stages: map[int]string{}}
	if v.Wants, err = s.Filings.Wanted(r.Context(), r.By, m.Ref); err != nil {
		return page.Page{}, err
	}
	if v.All, err = s.Filings.List(r.Context(), r.By, m.Ref); err != nil {
		return page.Page{}, err
	}
	for _, f := range v.All {
		v.Stages[f.No] = strings.ReplaceAll(f.Stage, "_", " ")
		if _, st, err := s.Filings.FormOf(f); err == nil { // a form that is gone has no titles
			v.Stages[f.No] = st.Title
		}
	}
	all := page.Region{Name: "filings", On: page.Any(page.On("filing", m.ID), page.On("duty", m.ID)), Body: listBody(v)}
	return m.page(page.Page{
		Title: "Forms for authorities", Lead: page.Text("Which duties want a form, which form fits, and where each stands."),
		Regions: []page.Region{all}, Body: all.Place(),
	}), nil
}

func (s screen) start(r *page.Request) (page.Done, error) {
	formID, stage, _ := strings.Cut(r.Text("form"), "|")
	follows, _ := strconv.Atoi(r.Text("follows")) // a wrong number follows nothing, which the service refuses
	in := filing.Begin{Duty: r.Text("duty"), Form: formID, Stage: stage, Follows: follows}
	if c := r.Text("combines"); c != "" {
		in.Combines = strings.Split(c, ",")
	}
	f, err := s.Filings.Start(r.Context(), r.By, r.PathValue("ref"), in)
	if err != nil {
		return page.Done{}, err
	}
	return page.Done{To: "/incidents/" + url.PathEscape(f.Ref) + "/filings/" + strconv.Itoa(f.No), Say: "Begun, and filled in from the record."}, nil
}

// one is the page of one filing.
type one struct {
	room
	filing.Filing `json:"-"`
	form.Answers
	In      output.Filled
	Asked   []form.Asked
	All     form.Progress
	Section form.Section
	Groups  [][]string
	Late    bool
	Final   bool // nothing is missing
}

func (s screen) open(r *page.Request) (v one, err error) {
	if v.room, err = s.enter(r); err != nil {
		return v, err
	}
	no, err := strconv.Atoi(r.PathValue("no"))
	if err != nil {
		return v, fault.New(fault.NotFound, "There is no such filing in this incident")
	}
	if v.Filing, err = s.Filings.Get(r.Context(), r.By, v.room.Ref, no); err != nil {
		return v, err
	}
	if v.In, err = s.Filings.Filled(r.Context(), r.By, v.Filing); err != nil {
		return v, err
	}
	if v.Groups, err = s.Filings.Groups(s.DB, v.Filing); err != nil {
		return v, err
	}
	v.Answers, v.Late = v.In.Answers, v.In.Late
	v.Asked = v.In.Form.Judge(v.In.Stage, v.Answers, v.Late)
	v.All = form.ProgressOf(v.Asked, "")
	v.Final = len(v.All.Missing) == 0
	v.Section = v.pick(cmp.Or(r.Query("section"), r.PostFormValue("section")))
	return v, nil
}

// pick is the section that was asked for, else the first with something missing, else the first.
func (v one) pick(id string) form.Section {
	sections := v.sections()
	for _, s := range sections {
		if s.ID == id {
			return s
		}
	}
	for _, s := range sections {
		if len(form.ProgressOf(v.Asked, s.ID).Missing) > 0 {
			return s
		}
	}
	return sections[0]
}

// sections are those with something to answer at this stage.
func (v one) sections() (out []form.Section) {
	for _, s := range v.In.Form.Sections {
		if slices.ContainsFunc(v.Asked, func(a form.Asked) bool { return a.Section == s.ID && a.Shown }) {
			out = append(out, s)
		}
	}
	return out
}

func (v one) here(below ...string) string {
	return v.path(append([]string{strconv.Itoa(v.No)}, below...)...)
}

func (v one) at(section string) string { return v.here() + "?section=" + url.QueryEscape(section) }

// edits says whether the viewer may change the answers.
func (v one) edits() bool { return v.Filing.Open() && v.R.By.Has(who.PermFilingWork) }

func (v one) title() string { return v.In.Stage.Title + " to " + v.Recipient }

func (s screen) show(r *page.Request) (page.Page, error) {
	v, err := s.open(r)
	if err != nil {
		return page.Page{}, err
	}
	main := page.Region{Name: "form", On: page.On("filing", v.room.ID), Body: body(v)}
	side := page.Region{Name: "side", On: page.On("filing", v.room.ID), Body: side(v)}
	return v.page(page.Page{
		Title: v.title(), Lead: lead(v), Actions: actions(v), Regions: []page.Region{main, side}, Body: layout(main, side),
	}, page.Crumb{Label: "Forms", Href: v.path()}), nil
}

func (s screen) copy(r *page.Request) (page.Page, error) {
	v, err := s.open(r)
	if err != nil {
		return page.Page{}, err
	}
	return v.page(page.Page{
		Title: "Copy into the portal", Lead: page.Text("In the order of the form. Press a button, or click into a field and press Ctrl A, Ctrl C."), Narrow: true, Body: copyBody(v),
	}, page.Crumb{Label: "Forms", Href: v.path()}, page.Crumb{Label: strconv.Itoa(v.No), Href: v.here()}), nil
}

func (s screen) paper(r *page.Request) (page.Page, error) {
	v, err := s.open(r)
	if err != nil {
		return page.Page{}, err
	}
	return v.page(page.Page{
		Title: v.In.Form.Title, Lead: page.Text(v.title() + ", " + v.In.State), Actions: paperActions(v), Body: paperBody(v),
	}, page.Crumb{Label: "Forms", Href: v.path()}, page.Crumb{Label: strconv.Itoa(v.No), Href: v.here()}), nil
}

func (s screen) versions(r *page.Request) (page.Page, error) {
	v, err := s.open(r)
	if err != nil {
		return page.Page{}, err
	}
	list, err := s.Filings.Versions(r.Context(), r.By, v.room.Ref, v.No)
	if err != nil {
		return page.Page{}, err
	}
	return v.page(page.Page{
		Title: "Versions", Lead: page.Text("Who saved which answers, and what changed."), Body: versionsBody(v, list),
	}, page.Crumb{Label: "Forms", Href: v.path()}, page.Crumb{Label: strconv.Itoa(v.No), Href: v.here()}), nil
}

func (s screen) download(kind string) func(out http.ResponseWriter, r *page.Request) error {
	return func(out http.ResponseWriter, r *page.Request) error {
		no, err := strconv.Atoi(r.PathValue("no"))
		if err != nil {
			return fault.New(fault.NotFound, "There is no such filing in this incident")
		}
		f, b, err := s.Filings.Render(r.Context(), r.By, r.PathValue("ref"), no, kind)
		if err != nil {
			return err
		}
		blob.Serve(out, r.Request, filing.Name(f, kind), bytes.NewReader(b))
		return nil
	}
}

// number is the filing's number of the address; 0 is none.
func number(r *page.Request) int {
	n, _ := strconv.Atoi(r.PathValue("no"))
	return n
}

func (s screen) put(r *page.Request, in io.Reader) (*blob.Held, error) {
	return s.Filings.Take(r.Context(), r.By, in)
}

// save takes one section's answers. The page goes on to what is still missing.
func (s screen) save(r *page.Request) (page.Done, error) {
	v, err := s.open(r)
	if err != nil {
		return page.Done{}, err
	}
	at, _ := strconv.Atoi(r.Text("version")) // a wrong one is no version, which the service says
	answers := form.Answers{}
	for _, a := range v.Asked {
		if a.Section == v.Section.ID && a.Shown {
			answers[a.ID] = typed(r, a)
		}
	}
	f, err := s.Filings.Save(r.Context(), r.By, v.room.Ref, v.No, at, answers)
	if fault.KindOf(err) == fault.Conflict && v.Filing.Open() && at != v.Version {
		newest, nerr := s.Filings.Newest(r.Context(), r.By, v.Filing)
		if nerr != nil {
			return page.Done{}, nerr
		}
		return page.Done{}, &page.Stale{By: v.person(newest.By), At: newest.At, Version: strconv.Itoa(v.Version), Body: theirs(v, answers)}
	}
	if err != nil {
		return page.Done{}, named(err)
	}
	next, err := s.next(r, v, f)
	if err != nil {
		return page.Done{}, err
	}
	return page.Done{To: next, Say: "Saved."}, nil
}

// next is where to go on: the same section while something in it is missing, else the next
// one with something missing.
func (s screen) next(r *page.Request, v one, f filing.Filing) (string, error) {
	in, err := s.Filings.Filled(r.Context(), r.By, f)
	if err != nil {
		return "", err
	}
	v.Asked = in.Form.Judge(in.Stage, in.Answers, in.Late)
	sections := v.sections()
	start := max(0, slices.IndexFunc(sections, func(x form.Section) bool { return x.ID == v.Section.ID }))
	for i := range sections {
		x := sections[(start+i)%len(sections)]
		if len(form.ProgressOf(v.Asked, x.ID).Missing) > 0 {
			return v.at(x.ID), nil
		}
	}
	return v.at(v.Section.ID), nil
}

// named puts the prefix of our fields before those of an error.
func named(err error) error {
	var pairs []string
	for _, f := range fault.FieldsOf(err) {
		pairs = append(pairs, f.Field, field(f.Field))
	}
	return page.Rename(err, pairs...)
}

// field is the name of a question's field on the page.
func field(id string) string { return "a-" + id }

func typed(r *page.Request, a form.Asked) form.Answer {
	name := field(a.ID)
	switch {
	case a.Type == form.Choices:
		var out []string
		for _, o := range a.Options {
			if r.Ticked(name + "." + o.ID) {
				out = append(out, o.ID)
			}
		}
		return form.Answer{List: out}
	case a.Type == form.Countries:
		return form.Answer{List: strings.FieldsFunc(strings.ToUpper(r.Text(name)), func(c rune) bool { return c == ',' || c == ' ' || c == ';' })}
	}
	if a.Type == form.Moment {
		if at, err := r.Moment(name); err == nil && !at.IsZero() {
			return form.Answer{Text: at.UTC().Format(time.RFC3339)}
		}
	}
	return form.Answer{Text: r.Text(name)}
}

func (s screen) refill(r *page.Request) (page.Done, error) {
	_, err := s.Filings.Refill(r.Context(), r.By, r.PathValue("ref"), number(r))
	return page.Done{Say: "Filled in again from the record. What people wrote stays."}, err
}

func (s screen) submit(r *page.Request) (page.Done, error) {
	_, err := s.Filings.Submit(r.Context(), r.By, r.PathValue("ref"), number(r))
	return page.Done{Say: "Handed in for approval."}, plainly(err)
}

// plainly drops the fields of an error whose fields do not stand in the form that was pressed.
func plainly(err error) error {
	msg, safe := fault.MessageOf(err)
	if err == nil || !safe || len(fault.FieldsOf(err)) == 0 {
		return err
	}
	return fault.New(fault.KindOf(err), msg)
}

func (s screen) approve(r *page.Request) (page.Done, error) {
	_, err := s.Filings.Approve(r.Context(), r.By, r.PathValue("ref"), number(r), r.Text("bound"))
	return page.Done{Say: "Approved."}, err
}

func (s screen) giveBack(r *page.Request) (page.Done, error) {
	_, err := s.Filings.Return(r.Context(), r.By, r.PathValue("ref"), number(r), r.Text("reason"))
	return page.Done{Say: "Sent back to those who wrote it."}, err
}

func (s screen) discard(r *page.Request) (page.Done, error) {
	f, err := s.Filings.Discard(r.Context(), r.By, r.PathValue("ref"), number(r), r.Text("why"))
	if err != nil {
		return page.Done{}, page.Rename(err, "reason", "why")
	}
	return page.Done{To: "/incidents/" + url.PathEscape(f.Ref) + "/filings", Say: "Discarded. The record shows that it was there."}, nil
}

func (s screen) file(r *page.Request) (page.Done, error) {
	at, err := r.Moment("at")
	if err != nil {
		return page.Done{}, err
	}
	in := filing.Sending{At: at, Channel: r.Text("channel"), LateReason: r.Text("late_reason"), Receipt: r.Text("receipt"), Note: r.Text("note")}
	if len(r.Files) > 0 {
		in.File, in.FileName = r.Files[0].Held, r.Files[0].Name
	}
	_, err = s.Filings.File(r.Context(), r.By, r.PathValue("ref"), number(r), in)
	return page.Done{Say: "Filed. The duty is met, and the form is kept as it was filed."}, err
}

func (s screen) receipt(r *page.Request) (page.Done, error) {
	var held *blob.Held
	name := ""
	if len(r.Files) > 0 {
		held, name = r.Files[0].Held, r.Files[0].Name
	}
	_, err := s.Filings.Receive(r.Context(), r.By, r.PathValue("ref"), number(r), r.Text("receipt"), held, name)
	return page.Done{Say: "Receipt recorded."}, err
}
