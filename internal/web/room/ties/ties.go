// Package ties shows what an incident is tied to: the signals that led to it, and the
// incident it turns out to be a part of. It carries out policy 002 ("quickly and
// thoroughly"): what belongs together is worked on together, and nothing is counted twice.
// Every rule stands in decide/incident and decide/triage. It must not import another screen.
package ties

import (
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/numeral"
	"github.com/wakebell/wakebell/internal/web/room/head"
)

// Screen ties and unties.
type Screen struct{ head.Deps }

// Mount registers the page of signals and that of a merge.
func Mount(w *page.Web, d head.Deps) {
	s := Screen{d}
	const room = "/incidents/{ref}"
	w.Show(room+"/signals", s.signals)
	w.Post(room+"/signals/link", s.link, s.signals)
	w.Post(room+"/signals/unlink", s.unlink, s.signals)
	w.Show(room+"/merge", s.showMerge)
	w.Post(room+"/merge", s.merge, s.showMerge)
}

// perPage is how many signals one list offers.
const perPage = 50

// tied is the page of signals.
type tied struct {
	head.Room
	Linked []intake.Signal
	Open   []intake.Signal // could be linked
	Words  string
	More   bool // there are more open ones than shown
}

// ties says whether the viewer may tie and untie: the signal gets its verdict with it.
func (v tied) ties() bool {
	return v.MayOpen(who.PermIncidentWork) && v.R.By.Has(who.PermSignalTriage)
}

func (s Screen) signals(r *page.Request) (page.Page, error) {
	m, err := s.Enter(r)
	if err != nil {
		return page.Page{}, err
	}
	if m.Past() {
		return page.Page{}, page.Elsewhere(m.Here())
	}
	if err := who.Check(r.By, who.PermSignalRead); err != nil {
		return page.Page{}, err
	}
	v := tied{Room: m, Words: r.Query("q")}
	if v.Linked, err = s.Intake.Of(r.Context(), s.DB, m.ID, who.PageLimit); err != nil {
		return page.Page{}, err
	}
	if v.ties() {
		drill, next := m.Drill(), ""
		f := intake.Filter{State: intake.Open, Drill: &drill, Words: v.Words, Order: intake.Newest, Limit: perPage}
		if v.Open, next, err = s.Intake.List(r.Context(), r.By, f, ""); err != nil {
			return page.Page{}, err
		}
		v.More = next != ""
	}
	linked := page.Region{Name: "linked", On: page.Any(m.On("incident"), page.On("signal")), Body: linked(v)}
	open := page.Region{Name: "open", On: page.Any(m.On("incident"), page.On("signal")), Body: open(v)}
	return m.Sub(page.Page{
		Title: "Signals", Lead: page.Text("The alerts and reports that led to this incident. A signal that is linked counts as decided."),
		Regions: []page.Region{linked, open}, Body: signalsBody(v, linked, open),
	}), nil
}

func (s Screen) run(r *page.Request, cmd incident.Command) error {
	_, err := s.Incidents.Execute(r.Context(), r.By, r.PathValue("ref"), cmd, 0)
	return err
}

func (s Screen) link(r *page.Request) (page.Done, error) {
	ids := r.All("signals")
	err := s.run(r, &incident.LinkSignals{Signals: ids})
	return page.Done{Say: "Linked " + numeral.Count(len(ids), "signal", "signals") + "."}, err
}

func (s Screen) unlink(r *page.Request) (page.Done, error) {
	ids := r.All("linked")
	err := s.run(r, &incident.UnlinkSignals{Signals: ids, Reason: r.Text("reason")})
	return page.Done{Say: "Unlinked " + numeral.Count(len(ids), "signal", "signals") + ". They are open again."}, page.Rename(err, "signals", "linked")
}

// merging is the page of a merge.
type merging struct {
	head.Room
	Others []view.Item
}

func (s Screen) showMerge(r *page.Request) (page.Page, error) {
	m, err := s.Enter(r)
	if err != nil {
		return page.Page{}, err
	}
	if m.Past() || !m.Open() {
		return page.Page{}, page.Elsewhere(m.Here())
	}
	if err := who.Check(r.By, who.PermIncidentManage); err != nil {
		return page.Page{}, err
	}
	v, yes := merging{Room: m}, true
	v.Others, _, err = s.Views.List(r.Context(), r.By, view.Filter{Open: &yes, Kind: m.Kind, Limit: who.PageLimit}, "")
	if err != nil {
		return page.Page{}, err
	}
	return m.Sub(page.Page{
		Title: "Merge", Lead: page.Text("It is part of another incident: this one ends, the work goes on there. Reopening undoes it."), Body: mergeBody(v),
	}), nil
}

func (s Screen) merge(r *page.Request) (page.Done, error) {
	into := strings.ToUpper(r.Text("into"))
	other, err := s.Incidents.Get(r.Context(), r.By, into, time.Time{})
	if into == "" || fault.KindOf(err) == fault.NotFound {
		err = fault.InvalidField("into", "choose an open incident, or give its reference")
	}
	if err != nil {
		return page.Done{}, err
	}
	if err := s.run(r, &incident.Merge{Into: other.Ref, Reason: r.Text("reason")}); err != nil {
		return page.Done{}, err
	}
	return page.Done{To: "/incidents/" + other.Ref, Say: "Merged. The work goes on here."}, nil
}

// choices are the incidents this one can become a part of.
func (v merging) choices() []page.Option {
	out := []page.Option{{Value: "", Label: "Choose"}}
	for _, o := range v.Others {
		if o.ID != v.ID {
			out = append(out, page.Option{Value: o.Ref, Label: o.Ref + " " + o.Title})
		}
	}
	return out
}

func titleOr(s string) string {
	if s == "" {
		return "No title"
	}
	return s
}
