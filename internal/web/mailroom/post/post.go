// Package post is what people carry for a notice: the letters that are printed and posted,
// and the calls that are made from a list. It carries out policy 003 (liaisons speak
// "according to the message", notification in a timely manner) for a browser. Every rule
// stands in notify/notice/paper and notify/notice/dispatch. It must not import another
// screen.
package post

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/paper"
	"github.com/wakebell/wakebell/internal/web/page"
)

// Deps are the rooms these screens read and command.
type Deps struct {
	Papers   *paper.Service
	Dispatch *dispatch.Service
}

type screen struct{ Deps }

// Mount registers the pages.
func Mount(w *page.Web, d Deps) {
	s := screen{d}
	const sending = "/incidents/{ref}/notices/{no}/sending"
	w.Show(sending+"/letters", s.letters)
	w.Post(sending+"/letters", s.print, s.letters)
	w.Show(sending+"/calls", s.calls)
	w.Post(sending+"/calls/{id}", s.called, s.calls)
	w.Download(sending+"/calls.pdf", s.callsFile)
	w.Download(sending+"/report.pdf", s.reportFile)
}

// at is one notice that is being sent, as one viewer sees it.
type at struct {
	R *page.Request
	paper.Sent
}

func (s screen) enter(r *page.Request) (at, error) {
	no, err := strconv.Atoi(r.PathValue("no"))
	if err != nil {
		return at{}, fault.New(fault.NotFound, "There is no such notice in this incident")
	}
	if err := who.Check(r.By, who.PermRecipientRead); err != nil {
		return at{}, err
	}
	sent, err := s.Papers.Of(r.Context(), r.By, r.PathValue("ref"), no)
	return at{r, sent}, err
}

func (a at) path(below ...string) string {
	out := "/incidents/" + url.PathEscape(a.Notice.Ref) + "/notices/" + strconv.Itoa(a.Notice.No)
	for _, b := range below {
		out += "/" + url.PathEscape(b)
	}
	return out
}

func (a at) may() bool { return a.R.By.Has(who.PermRecipientWork) }

func (a at) page(p page.Page) page.Page {
	p.Nav, p.Drill = "/notices", a.Notice.Drill
	room := "/incidents/" + url.PathEscape(a.Notice.Ref)
	p.Crumbs = []page.Crumb{
		{Label: "Now", Href: "/"},
		{Label: a.Notice.Ref, Href: room},
		{Label: "Notices", Href: room + "/notices"},
		{Label: strconv.Itoa(a.Notice.No), Href: a.path()},
		{Label: "Sending", Href: a.path("sending")},
		{Label: p.Title},
	}
	return p
}

const perPage = 50

// lines are a page of letters.
type lines struct {
	Items []dispatch.Recipient
	Next  string
	All   bool // also those that were posted
}

func (s screen) letters(r *page.Request) (page.Page, error) {
	a, err := s.enter(r)
	if err != nil {
		return page.Page{}, err
	}
	l := lines{All: r.Query("all") != ""}
	f := dispatch.Filter{Channel: dispatch.Letter}
	if !l.All {
		f.State = dispatch.Queued
	}
	if l.Items, l.Next, err = s.Dispatch.Recipients(r.Context(), r.By, a.List.ID, f, r.Query("cursor"), perPage); err != nil {
		return page.Page{}, err
	}
	if l.Next != "" {
		l.Next = r.Path("cursor", l.Next)
	}
	list := page.Region{Name: "letters", Body: letters(a, l)}
	return a.page(page.Page{
		Title: "Letters", Lead: page.Text(a.Number() + ". Print them, post them, then say so: a letter counts as sent once it is posted."),
		Regions: []page.Region{list}, Body: list.Place(),
	}), nil
}

// print answers with the letters, or marks them as posted.
func (s screen) print(r *page.Request) (page.Done, error) {
	a, err := s.enter(r)
	if err != nil {
		return page.Done{}, err
	}
	var ids []string
	if r.Text("whom") == "some" {
		if ids = r.All("r"); len(ids) == 0 {
			return page.Done{}, fault.InvalidField("whom", "tick at least one letter in the list, or choose all that wait")
		}
	}
	if r.Text("do") == "posted" {
		when, err := r.Moment("at")
		if err != nil {
			return page.Done{}, err
		}
		n, err := s.Dispatch.Posted(r.Context(), r.By, a.Run.ID, dispatch.Posting{Recipients: ids, At: when, Carrier: r.Text("carrier"), Reference: r.Text("reference")})
		return page.Done{To: a.path("sending", "letters"), Say: posted(n)}, err
	}
	c := paper.Choice{Recipients: ids, Return: r.Text("return"), Duplex: r.Ticked("duplex")}
	return page.Done{File: &page.Answer{
		Name: "letters-" + a.Notice.Ref + "-" + strconv.Itoa(a.Notice.No) + ".pdf", Media: "application/pdf",
		Write: func(w io.Writer) error {
			_, err := s.Papers.Letters(r.Context(), r.By, a.Notice.Ref, a.Notice.No, c, w)
			return err
		},
	}}, nil
}

func posted(n int) string {
	if n == 1 {
		return "One letter is posted."
	}
	return fmt.Sprintf("%d letters are posted.", n)
}

// callsOnPage is how many calls one page holds: each has its script and its form.
const callsOnPage = 20

func (s screen) calls(r *page.Request) (page.Page, error) {
	a, err := s.enter(r)
	if err != nil {
		return page.Page{}, err
	}
	items, next, err := s.Papers.CallList(r.Context(), r.By, a.Sent, r.Query("cursor"), callsOnPage)
	if err != nil {
		return page.Page{}, err
	}
	if next != "" {
		next = r.Path("cursor", next)
	}
	list := page.Region{Name: "calls", On: page.On("dispatch", a.Notice.Incident), Body: calls(a, items, next)}
	p := page.Page{Title: "Calls", Lead: page.Text(a.Number() + ". Who waits for a call, with what to say."), Narrow: true, Regions: []page.Region{list}, Body: list.Place()}
	if len(items) > 0 {
		p.Actions = page.Links(page.Action{Label: "Print the list", Icon: page.IconPrinter, Href: a.path("sending", "calls.pdf")})
	}
	return a.page(p), nil
}

func (s screen) called(r *page.Request) (page.Done, error) {
	a, err := s.enter(r)
	if err != nil {
		return page.Done{}, err
	}
	if d, err := s.Dispatch.Recipient(r.Context(), r.By, r.PathValue("id")); err != nil {
		return page.Done{}, err
	} else if d.List != a.Run.List {
		return page.Done{}, fault.New(fault.NotFound, "There is no such recipient")
	}
	again, err := r.Moment("again")
	if err != nil {
		return page.Done{}, err
	}
	_, err = s.Dispatch.Called(r.Context(), r.By, r.PathValue("id"), dispatch.Call{Outcome: dispatch.Outcome(r.Text("outcome")), Again: again, Text: r.Text("text")})
	return page.Done{Say: "Recorded."}, err
}

func (s screen) callsFile(out http.ResponseWriter, r *page.Request) error {
	return s.file(out, r, "calls", s.Papers.Calls)
}

func (s screen) reportFile(out http.ResponseWriter, r *page.Request) error {
	return s.file(out, r, "delivery", s.Papers.Report)
}

func (s screen) file(out http.ResponseWriter, r *page.Request, name string, write writer) error {
	a, err := s.enter(r)
	if err != nil {
		return err
	}
	out.Header().Set("Content-Type", "application/pdf")
	out.Header().Set("Content-Disposition", `attachment; filename="`+name+`-`+a.Notice.Ref+`-`+strconv.Itoa(a.Notice.No)+`.pdf"`)
	_, err = write(r.Context(), r.By, a.Notice.Ref, a.Notice.No, out)
	return err
}

// town is the last line of a postal address.
func town(address string) string {
	lines := strings.Split(strings.TrimSpace(address), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
