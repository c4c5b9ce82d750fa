// Package chain is the ledger in the browser: its signed end, verifications, its entries with
// their proofs, and the files to take away. Question: is what stands here what was recorded?
// It carries out "evidence must not be altered" (policies 001 and 003) for the people who have
// to believe it. It must not import another screen.
package chain

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/notify/register/audit"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/web/book/send"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/numeral"
)

// Deps are the rooms these screens ask.
type Deps struct {
	Audit     *audit.Service
	Views     *view.Service
	Incidents *incident.Service
	Directory *directory.Service
	DB        *store.DB
}

type screen struct{ Deps }

const (
	home    = "/ledger"
	entries = home + "/entries"
)

// Mount registers the screens.
func Mount(w *page.Web, d Deps) {
	s := screen{d}
	w.Show(home, s.ledger)
	w.Post(home+"/verify", s.verify, s.ledger)
	w.Show(entries, s.entries)
	w.Show(entries+"/{seq}", s.entry)
	w.Download(home+"/checkpoint.txt", s.checkpoint)
	w.Download(home+"/bundle.json", s.bundleAll)
	w.Download(home+"/bundle", s.bundleOf)
}

// seal is the first page.
type seal struct {
	audit.Head
	Runs []audit.Verification
	Dir  directory.Snapshot
}

// running is the run that goes on now, if there is one.
func (v seal) running() (run audit.Verification, on bool) {
	if len(v.Runs) > 0 && v.Runs[0].State == audit.Running {
		return v.Runs[0], true
	}
	return run, false
}

// last is the newest run that came to an end.
func (v seal) last() (run audit.Verification, ended bool) {
	for _, r := range v.Runs {
		if r.State != audit.Running {
			return r, true
		}
	}
	return run, false
}

// share guesses from the last complete run how far the running one is; 0 cannot be guessed.
func (v seal) share() float64 {
	now, on := v.running()
	if !on {
		return 0
	}
	for _, r := range v.Runs {
		if r.State == audit.Valid && r.Size > 0 && r.Took > 0 {
			whole := float64(r.Took) * float64(now.Size) / float64(r.Size)
			return min(float64(now.Took)/whole, .95)
		}
	}
	return 0
}

func (s screen) ledger(r *page.Request) (page.Page, error) {
	h, err := s.Audit.Head(r.Context(), r.By)
	if err != nil {
		return page.Page{}, err
	}
	v := seal{Head: h}
	if v.Runs, err = s.Audit.Verifications(r.Context(), r.By); err != nil {
		return page.Page{}, err
	}
	if v.Dir, err = s.Directory.Snapshot(s.DB); err != nil {
		return page.Page{}, err
	}
	lead := page.Region{Name: "glance", On: page.Any(page.On("ledger"), page.On("verification")), Body: glance(r, v)}
	runs := page.Region{Name: "runs", On: page.On("verification"), Body: runsCard(r, v)}
	end := page.Region{Name: "end", On: page.On("ledger"), Body: endCard(v)}
	return page.Page{
		Title: "Ledger", Nav: home, Lead: lead.Place(), Actions: page.Links(page.Action{Label: "Browse the entries", Icon: page.IconScrollText, Href: entries}),
		Regions: []page.Region{lead, runs, end}, Body: ledgerPage(r, v, runs, end),
	}, nil
}

func (s screen) verify(r *page.Request) (page.Done, error) {
	if _, err := s.Audit.Verify(r.Context(), r.By, r.Text("against")); err != nil {
		return page.Done{}, err
	}
	return page.Done{Say: "The verification has begun. Its result will stand here."}, nil
}

func (s screen) checkpoint(out http.ResponseWriter, r *page.Request) error {
	h, err := s.Audit.Head(r.Context(), r.By)
	if err != nil {
		return err
	}
	name := "checkpoint-" + strconv.FormatInt(h.Checkpoint.Size, 10) + ".txt"
	return send.File(out, "text/plain; charset=utf-8", name, func(w io.Writer) error {
		_, err := io.WriteString(w, h.Signed)
		return err
	})
}

func (s screen) bundleAll(out http.ResponseWriter, r *page.Request) error {
	return send.File(out, "application/json", "ledger.json", func(w io.Writer) error { return s.Audit.BundleAll(r.Context(), r.By, w) })
}

// bundleOf leads to the bundle of the incident that was asked for.
func (s screen) bundleOf(_ http.ResponseWriter, r *page.Request) error {
	if err := who.Check(r.By, who.PermRegisterExport); err != nil {
		return err
	}
	ref := r.Query("ref")
	if ref == "" {
		return fault.InvalidField("ref", "is missing: type the reference of an incident, such as INC-2026-0001")
	}
	return page.Elsewhere("/register/" + url.PathEscape(ref) + "/bundle")
}

const perPage = 50

// filters are what the address asks for, as it stands there.
type filters struct{ About, Kind, Actor, From, Until string }

func (f filters) any() bool { return f != filters{} }

// log is the list of entries.
type log struct {
	filters
	Page  audit.Page
	Lines map[int64]view.Line // of what the viewer may see, by position
	Refs  map[string]string   // of incidents, by subject
	More  string
	Dir   directory.Snapshot
	Kinds []string // beginnings the viewer may ask for
}

// asked names the actor of the filter, as the entries found do.
func (v log) asked() string {
	for _, l := range v.Lines {
		if l.Actor == v.Actor {
			return l.ActorName
		}
	}
	return ""
}

func (s screen) entries(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermLedgerRead); err != nil {
		return page.Page{}, err
	}
	v := log{filters: filters{About: r.Query("about"), Kind: r.Query("kind"), Actor: r.Query("actor"), From: r.Query("from"), Until: r.Query("until")}}
	if n, err := strconv.ParseInt(v.About, 10, 64); err == nil {
		return page.Page{}, page.Elsewhere(entries + "/" + strconv.FormatInt(n, 10))
	}
	f, err := s.filter(r, v.filters)
	if err != nil {
		return page.Page{}, err
	}
	if v.Page, err = s.Audit.Latest(r.Context(), r.By, f, r.Query("after"), perPage); err != nil {
		return page.Page{}, err
	}
	if v.Page.Next != "" {
		v.More = r.Path("after", v.Page.Next)
	}
	if v.Dir, err = s.Directory.Snapshot(s.DB); err != nil {
		return page.Page{}, err
	}
	v.Kinds, v.Lines = audit.Prefixes(r.By), map[int64]view.Line{}
	var seen []record.Entry
	for _, e := range v.Page.Items {
		if !e.Hidden {
			seen = append(seen, e.Entry)
		}
	}
	for _, l := range s.Views.Lines(r.Context(), seen) {
		v.Lines[l.Seq] = l
	}
	v.Refs = s.refs(seen)
	list := page.Region{Name: "rows", On: page.On("ledger"), Body: logRows(r, v)}
	return page.Page{
		Title: "Ledger entries", Nav: home, Crumbs: []page.Crumb{{Label: "Ledger", Href: home}, {Label: "Entries"}},
		Regions: []page.Region{list}, Body: logPage(r, v, list),
	}, nil
}

// filter reads what was asked for. Days are those of the viewer's zone; the last one counts whole.
func (s screen) filter(r *page.Request, v filters) (audit.Filter, error) {
	f := audit.Filter{Kind: v.Kind, Actor: v.Actor, Subject: v.About}
	if v.About != "" && r.By.Has(who.PermIncidentRead) {
		st, err := s.Incidents.GetTx(s.DB, strings.ToUpper(v.About))
		switch {
		case err == nil:
			f.Subject = st.ID
		case fault.KindOf(err) != fault.NotFound:
			return f, err
		}
	}
	var wrong []fault.Field
	day := func(name, text string) time.Time {
		if text == "" {
			return time.Time{}
		}
		t, err := time.ParseInLocation(time.DateOnly, text, r.Zone)
		if err != nil {
			wrong = append(wrong, fault.Field{Field: name, Message: "must be a day, such as 2026-11-21"})
		}
		return t
	}
	f.From, f.Until = day("from", v.From).UTC(), day("until", v.Until)
	if !f.Until.IsZero() {
		f.Until = f.Until.AddDate(0, 0, 1).UTC()
	}
	if v.From == "" {
		f.From = time.Time{}
	}
	return f, fault.Invalids(wrong...)
}

// refs names the incidents among the subjects.
func (s screen) refs(list []record.Entry) map[string]string {
	out := map[string]string{}
	for _, e := range list {
		if !strings.HasPrefix(e.Kind, "incident.") && !strings.HasPrefix(e.Kind, "dut") && !strings.HasPrefix(e.Kind, "call.") {
			continue
		}
		if _, known := out[e.Subject]; known {
			continue
		}
		out[e.Subject] = ""
		if st, err := s.Incidents.GetTx(s.DB, e.Subject); err == nil {
			out[e.Subject] = st.Ref
		}
	}
	return out
}

// leaf is one entry with its proof.
type leaf struct {
	audit.Entry
	Line  view.Line
	Ref   string
	Proof record.Proof
}

func (s screen) entry(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermLedgerRead); err != nil {
		return page.Page{}, err
	}
	seq, err := strconv.ParseInt(r.PathValue("seq"), 10, 64)
	if err != nil {
		return page.Page{}, fault.New(fault.NotFound, "There is no such entry in the ledger")
	}
	v := leaf{}
	if v.Entry, err = s.Audit.Entry(r.Context(), r.By, seq); err != nil {
		return page.Page{}, err
	}
	if v.Proof, err = s.Audit.Proof(r.Context(), r.By, seq, 0); err != nil {
		return page.Page{}, err
	}
	if !v.Hidden {
		v.Line = s.Views.Lines(r.Context(), []record.Entry{v.Entry.Entry})[0]
		v.Ref = s.refs([]record.Entry{v.Entry.Entry})[v.Subject]
	}
	// An entry never changes but by an erasure.
	body := page.Region{Name: "leaf", On: page.On("ledger", v.Subject), Body: leafBody(r, v)}
	if v.Hidden {
		body.On = nil
	}
	return page.Page{
		Title: "Entry " + numeral.Thousands(seq), Nav: home, Crumbs: []page.Crumb{{Label: "Ledger", Href: home}, {Label: "Entries", Href: entries}, {Label: numeral.Thousands(seq)}},
		Actions: neighbours(v), Regions: []page.Region{body}, Body: body.Place(),
	}, nil
}
