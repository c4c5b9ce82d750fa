// Package desk is where trouble comes in and where what is owed is watched: reporting, the own reports, triage and
// the deadlines of all incidents. Its questions: did I say enough, and who is awake now? Which signal must be
// verified in the next 20 minutes? Which duty has no owner? It carries out "everybody ... shall report" (policy 001),
// "the product team shall verify and classify the incident" within the minutes of policy 003, and "oversees and
// prioritizes actions" (policy 003). It must not import another screen.
package desk

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/decide/triage"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/respond/escalation"
	"github.com/wakebell/wakebell/internal/web/page"
)

// Deps are the rooms these screens ask.
type Deps struct {
	Plans      *plan.Service
	Directory  *directory.Service
	Intake     *intake.Service
	Triage     *triage.Service
	Incidents  *incident.Service
	Views      *view.Service
	Duties     *duty.Service
	Escalation *escalation.Service
	DB         *store.DB
}

type screen struct{ Deps }

// Mount registers the screens.
func Mount(w *page.Web, d Deps) {
	s := screen{d}
	w.Show("/report", s.report)
	w.Post("/report", s.doReport, s.report)
	w.Show("/declare", s.declare)
	w.Post("/declare", s.doDeclare, s.declare)
	w.Show("/reports", s.reports)
	w.Show("/reports/{id}", s.mine)

	w.Show("/triage", s.triage)
	w.Show("/triage/{id}", s.signal)
	w.Download("/triage/{id}/raw", s.raw)
	w.Post("/triage/{id}/take", s.doTake, s.signal)
	w.Post("/triage/{id}/verdict", s.doVerdict, s.signal)
	w.Post("/triage/{id}/undo", s.doUndo, s.signal)

	w.Show("/deadlines", s.deadlines)
	w.Show("/deadlines/{id}", s.duty)
	w.Post("/deadlines/{id}/assign", s.doAssign, s.deadlines)
}

// perPage keeps the first answer small; the rest comes by scrolling.
const perPage = 25

// person names who did something. Tokens without a person and the system itself have no name in the directory.
func person(dir directory.Snapshot, id string) string {
	switch p, ok := dir.People[id]; {
	case ok:
		return p.Name
	case id == "":
		return "nobody"
	case strings.HasPrefix(id, "engine:"):
		return "Wakebell"
	}
	return "a machine"
}

// unsure is the answer of somebody who does not know which service it is.
const unsure = "unknown"

// services are the answers to "which service": none yet, "I do not know", and every service that runs.
func services(dir directory.Snapshot, none ...page.Option) []page.Option {
	var list []page.Option
	for _, it := range dir.ITServices {
		if !it.Retired {
			list = append(list, page.Option{Value: it.ID, Label: it.Name})
		}
	}
	return append(none, byLabel(list)...)
}

// teams are the product teams, which verify what comes in.
func teams(dir directory.Snapshot, none string) []page.Option {
	var list []page.Option
	for _, t := range dir.TeamsOf(directory.TeamProduct) {
		list = append(list, page.Option{Value: t.ID, Label: t.Name})
	}
	return append([]page.Option{{Value: "", Label: none}}, byLabel(list)...)
}

func byLabel(list []page.Option) []page.Option {
	slices.SortFunc(list, func(a, b page.Option) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label)), strings.Compare(a.Value, b.Value))
	})
	return list
}

// needed collects the fields a form must have and lacks, with those an error names already.
func needed(err error, r *page.Request, names ...string) error {
	fields := slices.Clone(fault.FieldsOf(err))
	if err != nil && len(fields) == 0 {
		return err
	}
	for i := 0; i+1 < len(names); i += 2 {
		if r.Text(names[i]) == "" {
			fields = append(fields, fault.Field{Field: names[i], Message: names[i+1]})
		}
	}
	return fault.Invalids(fields...)
}

// nextMinutes is what "in the next 20 minutes" means.
const nextMinutes = 20 * time.Minute

// The minutes left from which the displays of a signal are amber and red.
const (
	soonTake, criticalTake     = 10 * time.Minute, 5 * time.Minute
	soonDecide, criticalDecide = 20 * time.Minute, 10 * time.Minute
)

// taking is the display of the minutes in which somebody says "we have it".
func taking(sig intake.Signal, whose string) page.Clock {
	met := sig.AcknowledgedAt
	if met.IsZero() {
		met = sig.DecidedAt
	}
	return page.Clock{
		ID: "take-" + sig.ID, Name: "Somebody takes it", Icon: page.IconHand, Whose: whose,
		Basis:   "The product team is told at most " + page.Span(sig.TriageDueAt.Sub(sig.DiscoveredAt)) + " after discovery (policy 003)",
		StartAt: sig.DiscoveredAt, DueAt: sig.TriageDueAt, MetAt: met, Soon: soonTake, Critical: criticalTake,
	}
}

// deciding is the display of the minutes in which somebody says what it is.
func deciding(sig intake.Signal, whose string) page.Clock {
	return page.Clock{
		ID: "decide-" + sig.ID, Name: "Verified and classified", Icon: page.IconGauge, Whose: whose,
		Basis:   "It is verified and classified within " + page.Span(sig.ClassifyDueAt.Sub(sig.DiscoveredAt)) + " of discovery, in time to call the SIRT (policy 003)",
		StartAt: sig.DiscoveredAt, DueAt: sig.ClassifyDueAt, MetAt: sig.DecidedAt, Soon: soonDecide, Critical: criticalDecide,
	}
}

// next is what an open signal owes first.
func next(sig intake.Signal, whose string) page.Clock {
	if sig.AcknowledgedAt.IsZero() {
		return taking(sig, whose)
	}
	return deciding(sig, whose)
}

func teamName(dir directory.Snapshot, id string) string {
	if id == "" {
		return "no team yet"
	}
	return dir.Name(directory.KindTeam, id)
}

// verdictTag says what a signal was found to be.
func verdictTag(v intake.Verdict) page.Tag {
	switch v {
	case intake.FalsePositive:
		return page.Tag{Text: "False positive", Icon: page.IconBan}
	case intake.Event:
		return page.Tag{Text: "Event, no incident", Icon: page.IconCircleCheck}
	case intake.Incident:
		return page.Tag{Text: "Incident", Icon: page.IconSiren, Tone: page.Danger}
	}
	return page.Tag{Text: "Not decided yet", Icon: page.IconCircleDashed, Tone: page.Warn}
}

// drillTag marks what is an exercise wherever it stands among real things.
func drillTag() page.Tag {
	return page.Tag{Text: "DRILL", Icon: page.IconFlaskConical, Tone: page.Warn}
}

func kindIcon(k intake.Kind) page.IconName {
	if k == intake.Report {
		return page.IconMegaphone
	}
	return page.IconRadar
}

// yesNo reads a filter of three states: "", "yes" and "no".
func yesNo(s string) *bool {
	yes := s == "yes"
	if s != "yes" && s != "no" {
		return nil
	}
	return &yes
}

// own narrows an identity to what a reporter may see: the own reports. Everybody may see those.
func own(by who.Identity) who.Identity {
	by.Roles = []who.Role{who.Reporter}
	return by
}
