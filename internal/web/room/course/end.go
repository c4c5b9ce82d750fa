package course

import (
	"cmp"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/duty/policy"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/room/head"
)

// ending is the page of the close.
type ending struct {
	head.Room
	Refused string          // why it cannot be closed now, "" when it can
	Blocks  []duty.Duty     // what must be met or waived first
	Pending bool            // with filings pending it could be closed
	Left    []duty.Duty     // open and in nobody's way
	Told    []notice.Notice // audiences that were told, and not yet that it is resolved
}

func (s Screen) showClose(r *page.Request) (page.Page, error) {
	m, err := s.now(r)
	if err != nil {
		return page.Page{}, err
	}
	v := ending{Room: m}
	if m.Open() {
		if err := s.whatBlocks(r, &v); err != nil {
			return page.Page{}, err
		}
	}
	if m.Open() && r.By.Has(who.PermNoticeRead) {
		if v.Told, err = s.Notices.Unresolved(r.Context(), r.By, m.Ref); err != nil {
			return page.Page{}, err
		}
	}
	stand := page.Region{Name: "blocks", On: page.Any(m.On("incident"), m.On("duty"), m.On("notice")), Body: blocks(v)}
	title := "Close"
	if !m.Open() {
		title = "Reopen"
	}
	return m.Sub(page.Page{Title: title, Regions: []page.Region{stand}, Body: closeBody(v, stand)}), nil
}

// whatBlocks asks the incident what its close would be refused for, and finds the duties.
func (s Screen) whatBlocks(r *page.Request, v *ending) error {
	refused, err := s.Incidents.Closable(r.Context(), r.By, v.Ref, false)
	if err != nil {
		return err
	}
	open, err := s.Duties.OpenDuties(r.Context(), s.DB, v.ID)
	if err != nil {
		return err
	}
	keys := map[string]bool{}
	for _, f := range fault.FieldsOf(refused) {
		keys[strings.TrimPrefix(f.Field, "duties/")] = true
	}
	for _, d := range open {
		if keys[d.Key] {
			v.Blocks = append(v.Blocks, d)
		} else {
			v.Left = append(v.Left, d)
		}
	}
	if refused == nil {
		return nil
	}
	v.Refused, _ = fault.MessageOf(refused)
	if len(v.Blocks) > 0 {
		pending, err := s.Incidents.Closable(r.Context(), r.By, v.Ref, true)
		if err != nil {
			return err
		}
		v.Pending = pending == nil
	}
	return nil
}

func (s Screen) close(r *page.Request) (page.Done, error) {
	done, err := s.run(r, &incident.Close{Reason: r.Text("reason"), FilingsPending: r.Ticked("filings_pending")}, toRoom, "Closed. It can be reopened.")
	if fault.KindOf(err) == fault.Conflict && len(fault.FieldsOf(err)) > 0 { // they name duties, which stand as links above the form
		msg, _ := fault.MessageOf(err)
		err = fault.New(fault.Conflict, msg+". They stand above the form.")
	}
	return done, err
}

func (s Screen) reopen(r *page.Request) (page.Done, error) {
	return s.run(r, &incident.Reopen{Reason: r.Text("reason")}, toRoom, "Reopened. Its duties run again.")
}

// outward are the rules a decision not to notify can be about; one of the law first.
func outward(law *regime.Rule) []page.Option {
	var out []page.Option
	if law != nil {
		out = append(out, page.Option{Value: law.ID, Label: "Tell " + assessment.Recipient(law) + " (" + law.Basis() + ")"})
	}
	for _, r := range policy.Rules() {
		if r.Outward {
			title := strings.TrimSpace(strings.ReplaceAll(r.Title, "%s", head.Spaced(r.Recipient)))
			out = append(out, page.Option{Value: r.ID, Label: title + " (" + r.Source + ")"})
		}
	}
	return out
}

// told are who a decision not to notify can be about: our entities, then the parties outside.
func told(m head.Room) []page.Option {
	out := []page.Option{{Value: "", Label: "Nobody in particular"}}
	var ours, parties []page.Option
	for id, e := range m.Dir.Entities {
		if !e.Retired {
			ours = append(ours, page.Option{Value: id, Label: e.Name + " (our entity)"})
		}
	}
	for id, p := range m.Dir.Parties {
		if !p.Retired {
			parties = append(parties, page.Option{Value: id, Label: p.Name + " (" + head.Spaced(string(p.Kind)) + ")"})
		}
	}
	for _, l := range [][]page.Option{ours, parties} {
		slices.SortFunc(l, func(a, b page.Option) int { return cmp.Compare(a.Label, b.Label) })
		out = append(out, l...)
	}
	return out
}

// The edit of title and summary.

func (s Screen) showEdit(r *page.Request) (page.Page, error) {
	m, err := s.now(r)
	if err != nil {
		return page.Page{}, err
	}
	return m.Sub(page.Page{Title: "Edit what we know", Narrow: true, Body: editBody(m)}), nil
}

// base marks the text an edit began with: a note that was added meanwhile is no conflict.
const base = "base"

func (s Screen) edit(r *page.Request) (page.Done, error) {
	cmd := &incident.Edit{Title: r.Text("title"), Summary: r.Text("summary")}
	const tries = 3
	for i := range tries {
		m, err := s.Enter(r)
		if err != nil {
			return page.Done{}, err
		}
		if r.By.Has(incident.PermissionOf(cmd)) && r.Text("version") != number(m.Version) && r.Text(base) != stamp(m) {
			return page.Done{}, s.stale(r, m)
		}
		st, err := s.Incidents.Execute(r.Context(), r.By, m.Ref, cmd, m.Version)
		if fault.KindOf(err) == fault.Precondition && i < tries-1 {
			continue // something was added between reading and writing; look again whether it is this text
		}
		if err != nil {
			return page.Done{}, err
		}
		return page.Done{To: head.Room{State: st}.Path(), Say: "Saved."}, nil
	}
	return page.Done{}, nil
}

// stale shows whose text stands there now, and from when.
func (s Screen) stale(r *page.Request, m head.Room) error {
	out := &page.Stale{Field: "summary", Theirs: m.Title + "\n\n" + m.Summary, By: "Somebody", At: m.UpdatedAt, Version: number(m.Version)}
	lines, _, err := s.Views.Latest(r.Context(), r.By, m.Ref, view.Facts, m.AsOf, "", 0)
	if err != nil {
		return err
	}
	for _, l := range lines {
		if l.Kind == (incident.Edited{}).Kind() {
			out.By, out.At = l.ActorName, l.RecordedAt
			break
		}
	}
	return out
}
