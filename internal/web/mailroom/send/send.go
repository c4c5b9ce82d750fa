// Package send is whom a notice goes to and what became of each: the list of recipients
// with its gaps and its sign-off, the sending with its course, one recipient's history, and
// a liaison's own customers. It carries out policy 003 (notification in a timely manner;
// liaisons speak "according to the message") for a browser. Every rule stands in
// notify/notice/dispatch. It must not import another screen.
package send

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/paper"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/numeral"
)

// Deps are the rooms these screens read and command.
type Deps struct {
	Notices   *notice.Service
	Dispatch  *dispatch.Service
	Papers    *paper.Service
	Directory *directory.Service
	DB        *store.DB
}

type screen struct{ Deps }

// Mount registers the pages.
func Mount(w *page.Web, d Deps) {
	s := screen{d}
	const one = "/incidents/{ref}/notices/{no}"
	w.Show(one+"/recipients", s.showList)
	w.Post(one+"/recipients/add", s.add, s.showList)
	w.PostFiles(one+"/recipients/import", s.load, s.showList, s.put)
	w.Post(one+"/recipients/sign-off", s.signOff, s.showList)
	w.Show(one+"/recipients/{id}", s.showOne)
	w.Post(one+"/recipients/{id}/contact", s.act(s.contact), s.showOne)
	w.Post(one+"/recipients/{id}/leave-out", s.act(s.leaveOut), s.showOne)
	w.Post(one+"/recipients/{id}/outcome", s.act(s.outcome), s.showOne)
	w.Post(one+"/recipients/{id}/undo", s.act(s.undo), s.showOne)
	w.Post(one+"/recipients/{id}/next-contact", s.act(s.nextContact), s.showOne)
	w.Post(one+"/recipients/{id}/revoke", s.act(s.revoke), s.showOne)
	w.Show(one+"/sending", s.showSending)
	w.Post(one+"/sending/pause", s.turn("pause"), s.showSending)
	w.Post(one+"/sending/resume", s.turn("resume"), s.showSending)
	w.Post(one+"/sending/stop", s.turn("stop"), s.showSending)
	w.Download(one+"/sending/report.csv", s.report)
	w.Show("/customers/mine", s.showMine)
	w.Post("/customers/mine/{id}", s.mine, s.showMine)
}

// at is one notice as one viewer sees its recipients.
type at struct {
	R      *page.Request
	N      notice.View
	List   dispatch.List
	Listed bool
	P      dispatch.Progress
	Sent   bool // a run was started
	Dir    directory.Snapshot
}

func (s screen) enter(r *page.Request) (at, error) {
	a := at{R: r}
	no, err := strconv.Atoi(r.PathValue("no"))
	if err != nil {
		return a, fault.New(fault.NotFound, "There is no such notice in this incident")
	}
	if a.N, err = s.Notices.Get(r.Context(), r.By, r.PathValue("ref"), no); err != nil {
		return a, err
	}
	if a.Dir, err = s.Directory.Snapshot(s.DB); err != nil {
		return a, err
	}
	a.List, err = s.Dispatch.ListOf(r.Context(), r.By, a.N.ID)
	if missing(err) {
		return a, nil
	}
	if err != nil {
		return a, err
	}
	a.Listed = true
	run, err := s.Dispatch.RunOf(r.Context(), r.By, a.N.ID)
	if missing(err) {
		return a, nil
	}
	if err != nil {
		return a, err
	}
	a.Sent = true
	a.P, err = s.Dispatch.Progress(r.Context(), r.By, run.ID)
	return a, err
}

func missing(err error) bool { return err != nil && fault.KindOf(err) == fault.NotFound }

func (a at) path(below ...string) string {
	out := "/incidents/" + url.PathEscape(a.N.Ref) + "/notices/" + strconv.Itoa(a.N.No)
	for _, b := range below {
		out += "/" + url.PathEscape(b)
	}
	return out
}

func (a at) person(id string) string {
	return a.Dir.ActorName(id)
}

func (a at) page(p page.Page, crumbs ...page.Crumb) page.Page {
	p.Nav, p.Drill = "/notices", a.N.Drill
	room := "/incidents/" + url.PathEscape(a.N.Ref)
	p.Crumbs = append([]page.Crumb{
		{Label: "Now", Href: "/"},
		{Label: a.N.Ref, Href: room},
		{Label: "Notices", Href: room + "/notices"},
		{Label: strconv.Itoa(a.N.No), Href: a.path()},
	}, append(crumbs, page.Crumb{Label: p.Title})...)
	return p
}

// lines are a page of recipients with the way to the next.
type lines struct {
	Items []dispatch.Recipient
	Next  string
	State dispatch.State
	Words string // the beginning of a name or an address
}

const perPage = 50

func (s screen) lines(r *page.Request, a at) (lines, error) {
	l := lines{State: dispatch.State(r.Query("state")), Words: r.Query("begins")}
	if !a.Listed || !r.By.Has(who.PermRecipientRead) {
		return l, nil
	}
	f := dispatch.Filter{State: l.State, Twice: r.Query("twice") != "", Begins: l.Words}
	items, next, err := s.Dispatch.Recipients(r.Context(), r.By, a.List.ID, f, r.Query("cursor"), perPage)
	l.Items = items
	if next != "" {
		l.Next = r.Path("cursor", next)
	}
	return l, err
}

func (s screen) showList(r *page.Request) (page.Page, error) {
	a, err := s.enter(r)
	if err != nil {
		return page.Page{}, err
	}
	l, err := s.lines(r, a)
	if err != nil {
		return page.Page{}, err
	}
	on := page.On("dispatch", a.N.Incident)
	lead := page.Region{Name: "stand", On: on, Body: page.Text(listLead(a))}
	main := page.Region{Name: "recipients", On: on, Body: listBody(a, l)}
	side := page.Region{Name: "sign", On: on, Body: listSide(a)}
	return a.page(page.Page{
		Title: "Recipients", Lead: lead.Place(), Regions: []page.Region{lead, main, side}, Body: cols(main, side),
	}), nil
}

// list is the list of the notice; one is made where there is none.
func (s screen) list(ctx context.Context, r *page.Request) (at, string, error) {
	a, err := s.enter(r)
	if err != nil || a.Listed {
		return a, a.List.ID, err
	}
	l, err := s.Dispatch.Create(store.WithKey(ctx, "", [32]byte{}), r.By, dispatch.ListSpec{Notice: a.N.ID, Incident: a.N.Incident})
	return a, l.ID, err
}

func (s screen) add(r *page.Request) (page.Done, error) {
	_, id, err := s.list(r.Context(), r)
	if err != nil {
		return page.Done{}, err
	}
	q := dispatch.Query{Channel: dispatch.Channel(r.Text("channel")), KeyAccounts: r.Ticked("key"), Label: r.Text("label")}
	if k := r.Text("who"); k == "affected" {
		q.Affected = true
	} else if k != "" {
		q.Kinds = []directory.PartyKind{directory.PartyKind(k)}
	}
	got, err := s.Dispatch.AddQuery(r.Context(), r.By, id, q)
	return page.Done{Say: Added(got)}, err
}

// Added says what an addition to a list came to.
func Added(a dispatch.Added) string {
	say := fmt.Sprintf("%d added.", a.New)
	if a.Double > 0 {
		say += fmt.Sprintf(" %d stood on the list already.", a.Double)
	}
	if a.Gaps > 0 {
		say += fmt.Sprintf(" %d of them cannot be reached yet.", a.Gaps)
	}
	if a.Warned > 0 {
		say += fmt.Sprintf(" %d addresses should be looked at.", a.Warned)
	}
	if a.Refused > 0 {
		say += " " + numeral.Count(a.Refused, "line", "lines") + " could not be used."
	}
	return say
}

func (s screen) put(r *page.Request, body io.Reader) (*blob.Held, error) {
	return s.Dispatch.Hold(r.Context(), r.By, body)
}

func (s screen) load(r *page.Request) (page.Done, error) {
	if len(r.Files) == 0 {
		return page.Done{}, fault.InvalidField("file", "choose a CSV file")
	}
	a, id, err := s.list(r.Context(), r)
	if err != nil {
		return page.Done{}, err
	}
	held, how := r.Files[0].Held, dispatch.Import{Channel: dispatch.Channel(r.Text("channel"))}
	if r.Text("do") == "columns" {
		file, err := s.Dispatch.Take(r.Context(), r.By, id, held, r.Files[0].Name)
		return page.Done{To: a.path("columns", file)}, err
	}
	in, err := s.Dispatch.ImportHeld(r.Context(), r.By, id, held, how)
	return page.Done{Say: Added(in.Added) + errorSay(in.Errors)}, err
}

// errorSay names the first lines that are wrong.
func errorSay(list []dispatch.LineError) string {
	var b strings.Builder
	for n, e := range list {
		if n == 5 {
			b.WriteString(" …")
			break
		}
		b.WriteString(" Line " + strconv.Itoa(e.Line) + ": " + strings.TrimSpace(e.Column+" "+e.Message) + ".")
	}
	return b.String()
}

func (s screen) signOff(r *page.Request) (page.Done, error) {
	a, err := s.enter(r)
	if err == nil {
		_, err = s.Dispatch.SignOff(r.Context(), r.By, a.List.ID)
	}
	return page.Done{Say: "Signed off. Any change of the list voids it."}, err
}

func (s screen) showOne(r *page.Request) (page.Page, error) {
	a, err := s.enter(r)
	if err != nil {
		return page.Page{}, err
	}
	d, err := s.of(r, a)
	if err != nil {
		return page.Page{}, err
	}
	return a.page(page.Page{Title: d.Name, Lead: page.Text(stateSay(d.Recipient)), Body: one(a, d)},
		page.Crumb{Label: "Recipients", Href: a.path("recipients")}), nil
}

// of is the recipient that a path names, if it stands on the list of the notice in the path.
func (s screen) of(r *page.Request, a at) (dispatch.Detail, error) {
	d, err := s.Dispatch.Recipient(r.Context(), r.By, r.PathValue("id"))
	if err == nil && d.Notice != a.N.ID {
		err = fault.New(fault.NotFound, "There is no such recipient")
	}
	return d, err
}

// act is an act about one recipient of the notice in the path, and of no other.
func (s screen) act(fn page.Act) page.Act {
	return func(r *page.Request) (page.Done, error) {
		a, err := s.enter(r)
		if err != nil {
			return page.Done{}, err
		}
		if _, err := s.of(r, a); err != nil {
			return page.Done{}, err
		}
		return fn(r)
	}
}

func typed(r *page.Request) dispatch.Contact {
	return dispatch.Contact{Name: r.Text("name"), Email: r.Text("email"), Phone: r.Text("phone"), Postal: r.Text("postal")}
}

func (s screen) contact(r *page.Request) (page.Done, error) {
	got, err := s.Dispatch.FixContact(r.Context(), r.By, r.PathValue("id"), dispatch.Fix{Contact: typed(r), Channel: dispatch.Channel(r.Text("channel"))})
	return page.Done{Say: advised("The contact is given.", got)}, err
}

func (s screen) nextContact(r *page.Request) (page.Done, error) {
	got, err := s.Dispatch.Amend(r.Context(), r.By, r.PathValue("id"), typed(r))
	return page.Done{Say: advised("It is tried there now.", got)}, err
}

// advised says what should be looked at with the act, which it does not keep anybody from.
func advised(say string, r dispatch.Recipient) string {
	if r.Warning != "" {
		say += " Look at it again. " + r.Warning + "."
	}
	return say
}

func (s screen) leaveOut(r *page.Request) (page.Done, error) {
	return page.Done{Say: "Left out, with the reason."}, s.Dispatch.LeaveOut(r.Context(), r.By, r.PathValue("id"), r.Text("reason"))
}

func (s screen) revoke(r *page.Request) (page.Done, error) {
	return page.Done{Say: "No link leads to the page any more."}, s.Dispatch.RevokeLinks(r.Context(), r.By, r.PathValue("id"))
}

func hand(r *page.Request) dispatch.By {
	did := r.Text("did")
	return dispatch.By{
		Channel: dispatch.Channel(r.Text("channel")), Reached: did == "reached" || did == "acknowledged", Acknowledged: did == "acknowledged", Text: r.Text("text"),
	}
}

func (s screen) outcome(r *page.Request) (page.Done, error) {
	_, err := s.Dispatch.Record(r.Context(), r.By, r.PathValue("id"), hand(r))
	return page.Done{Say: "Recorded."}, err
}

func (s screen) undo(r *page.Request) (page.Done, error) {
	_, err := s.Dispatch.Undo(r.Context(), r.By, r.PathValue("id"), r.Text("reason"))
	return page.Done{Say: "Undone. They stand as before."}, err
}

func (s screen) showSending(r *page.Request) (page.Page, error) {
	a, err := s.enter(r)
	if err != nil {
		return page.Page{}, err
	}
	l, err := s.lines(r, a)
	if err != nil {
		return page.Page{}, err
	}
	on := page.On("dispatch", a.N.Incident)
	lead := page.Region{Name: "stand", On: on, Body: page.Text(sendingLead(a))}
	main := page.Region{Name: "sending", On: on, Body: sendingBody(a, l)}
	side := page.Region{Name: "course", On: on, Body: sendingSide(a)}
	p := page.Page{Title: "Sending", Lead: lead.Place(), Regions: []page.Region{lead, main, side}, Body: cols(main, side)}
	if a.Sent && r.By.Has(who.PermNoticeRelease) {
		p.Thumb = thumb(a.P.Run.State)
	}
	return a.page(p), nil
}

func (s screen) turn(verb string) func(r *page.Request) (page.Done, error) {
	return func(r *page.Request) (page.Done, error) {
		a, err := s.enter(r)
		if err != nil {
			return page.Done{}, err
		}
		if !a.Sent {
			return page.Done{}, fault.New(fault.Conflict, "This notice is not being sent")
		}
		switch verb {
		case "pause":
			err = s.Dispatch.Pause(r.Context(), r.By, a.P.Run.ID, r.Text("reason"))
		case "resume":
			err = s.Dispatch.Resume(r.Context(), r.By, a.P.Run.ID)
		default:
			err = s.Dispatch.Stop(r.Context(), r.By, a.P.Run.ID, r.Text("reason"))
		}
		return page.Done{Say: map[string]string{"pause": "Paused.", "resume": "It goes on.", "stop": "Stopped."}[verb]}, err
	}
}

func (s screen) report(out http.ResponseWriter, r *page.Request) error {
	a, err := s.enter(r)
	if err != nil {
		return err
	}
	if !a.Sent {
		return fault.New(fault.NotFound, "This notice was not sent; there is no report yet.")
	}
	if err := who.Check(r.By, who.PermRecipientRead); err != nil {
		return err
	}
	out.Header().Set("Content-Type", "text/csv; charset=utf-8")
	out.Header().Set("Content-Disposition", `attachment; filename="delivery-`+url.PathEscape(a.N.Ref)+`-`+strconv.Itoa(a.N.No)+`.csv"`)
	_, err = s.Papers.CSV(r.Context(), r.By, a.N.Ref, a.N.No, out)
	return err
}

func (s screen) showMine(r *page.Request) (page.Page, error) {
	items, next, err := s.Dispatch.Mine(r.Context(), r.By, r.Query("cursor"), perPage)
	if err != nil {
		return page.Page{}, err
	}
	if next != "" {
		next = r.Path("cursor", next)
	}
	list := page.Region{Name: "mine", On: page.On("dispatch"), Body: mine(r, items, next)}
	return page.Page{Title: "My customers", Nav: "/customers/mine", Narrow: true, Regions: []page.Region{list}, Body: list.Place()}, nil
}

func (s screen) mine(r *page.Request) (page.Done, error) {
	_, err := s.Dispatch.Record(r.Context(), r.By, r.PathValue("id"), hand(r))
	return page.Done{Say: "Recorded."}, err
}
