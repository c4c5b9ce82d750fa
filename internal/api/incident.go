package api

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
)

// incidentHead is what every telling of an incident begins with. Times are null where there is none.
type incidentHead struct {
	ID           string     `json:"id"`
	Ref          string     `json:"ref" example:"INC-2026-0142"`
	Title        string     `json:"title"`
	Summary      string     `json:"summary"`
	Kind         string     `json:"kind" enum:"real,drill"`
	State        string     `json:"state" enum:"suspected,confirmed,dismissed"`
	ClosedAt     *time.Time `json:"closed_at"`
	Phase        string     `json:"phase" enum:"detect,assess,contain,eradicate,recover,notify,review"`
	Nature       string     `json:"nature" enum:"security,operational"`
	Severity     *int       `json:"severity" minimum:"0" maximum:"3" doc:"0 crisis to 3 minor; null: not graded"`
	BIL          *int       `json:"bil" minimum:"1" maximum:"3" doc:"business impact level; null: not graded"`
	PersonalData string     `json:"personal_data" enum:"unknown,no,yes"`
	DiscoveredAt time.Time  `json:"discovered_at"`
	DeclaredAt   time.Time  `json:"declared_at"`
	UpdatedAt    time.Time  `json:"updated_at"`
	Service      *string    `json:"service"`
	Team         *string    `json:"team"`
	Version      int64      `json:"version" doc:"the ETag"`
}

// incidentLine is one incident in a list.
type incidentLine struct {
	incidentHead
	OpenDuties int        `json:"open_duties"`
	Missed     bool       `json:"missed" doc:"an open duty is past its due time"`
	NextDueAt  *time.Time `json:"next_due_at"`
}

// incidentFull is one incident with all that holds now.
type incidentFull struct {
	incidentHead
	DeclaredBy     string              `json:"declared_by"`
	ConfirmedAt    *time.Time          `json:"confirmed_at"`
	ClassifiedAt   *time.Time          `json:"classified_at"`
	DismissedAt    *time.Time          `json:"dismissed_at"`
	DismissReason  *string             `json:"dismiss_reason"`
	CloseReason    *string             `json:"close_reason"`
	GradeReason    *string             `json:"grade_reason"`
	FilingsPending bool                `json:"filings_pending" doc:"closed while dated filings run on"`
	MergedInto     *string             `json:"merged_into" doc:"reference of the incident it became part of"`
	PlanVersion    int                 `json:"plan_version"`
	TeamToldAt     *time.Time          `json:"team_told_at"`
	Facts          []factOnWire        `json:"facts" nullable:"false"`
	Assignments    map[string][]string `json:"assignments" doc:"function in this incident to person ids"`
	Tasks          []task              `json:"tasks" nullable:"false"`
	Decisions      []decision          `json:"decisions" nullable:"false"`
	Signals        []string            `json:"signals" nullable:"false"`
	Phases         []phaseStep         `json:"phases" nullable:"false"`
	Sitreps        int                 `json:"sitreps"`
	LastSitrepAt   *time.Time          `json:"last_sitrep_at"`
}

// factOnWire is one fact with its provenance. Value has the shape that record_fact takes.
type factOnWire struct {
	ID      string    `json:"id"`
	Fact    string    `json:"fact" example:"personal_data"`
	Entity  *string   `json:"entity"`
	Value   any       `json:"value"`
	Remark  *string   `json:"remark"`
	SaidBy  *string   `json:"said_by"`
	KnownAt time.Time `json:"known_at"`
	By      string    `json:"by"`
}

type task struct {
	ID     string     `json:"id"`
	Text   string     `json:"text"`
	Owner  *string    `json:"owner"`
	Due    *time.Time `json:"due"`
	DoneAt *time.Time `json:"done_at"`
	DoneBy *string    `json:"done_by"`
}

type decision struct {
	ID        string    `json:"id"`
	Decision  string    `json:"decision"`
	Answer    *string   `json:"answer"`
	Text      *string   `json:"text"`
	Reason    string    `json:"reason"`
	DecidedBy string    `json:"decided_by"`
	Counsel   *string   `json:"counsel" doc:"outside counsel who decided, of disclosure and retention"`
	Rule      *string   `json:"rule"`
	Entity    *string   `json:"entity"`
	About     *string   `json:"about" doc:"risk_verdict: id of the verdict it speaks of"`
	As        []string  `json:"as" nullable:"false" doc:"risk_verdict: roles the person held"`
	Covers    []string  `json:"covers" nullable:"false" doc:"disclosure, retention: kinds of data that were known then"`
	At        time.Time `json:"at"`
}

type phaseStep struct {
	Phase  string    `json:"phase"`
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Reason *string   `json:"reason"`
}

func wireDecision(d incident.Decision) decision {
	return decision{
		ID: d.ID, Decision: string(d.Kind), Answer: orNull(d.Answer), Text: orNull(d.Text), Reason: d.Reason, DecidedBy: d.DecidedBy, Counsel: orNull(d.Counsel),
		Rule: orNull(d.Rule), Entity: orNull(d.Entity), About: orNull(d.About), As: append([]string{}, d.As...), Covers: append([]string{}, d.Covers...), At: d.At.UTC(),
	}
}

func wireFact(x incident.Fact) factOnWire {
	out := factOnWire{
		ID: x.ID, Fact: string(x.Name), Entity: orNull(x.Entity), Value: incident.WireValue(x), Remark: orNull(x.Text),
		SaidBy: orNull(x.SaidBy), KnownAt: x.KnownAt.UTC(), By: x.By,
	}
	if fact.IsText(x.Name) {
		out.Remark = nil // the text is the value
	}
	return out
}

func wireFacts(facts map[string]incident.Fact) []factOnWire {
	out := make([]factOnWire, 0, len(facts))
	for _, key := range slices.Sorted(maps.Keys(facts)) {
		out = append(out, wireFact(facts[key]))
	}
	return out
}

func (f *face) wireIncident(s incident.State) (incidentFull, error) {
	out := incidentFull{
		incidentHead: incidentHead{
			ID: s.ID, Ref: s.Ref, Title: s.Title, Summary: s.Summary, Kind: string(s.Kind), State: string(s.Status), ClosedAt: stamp(s.ClosedAt),
			Phase: string(s.Phase), Nature: string(s.Nature), Severity: s.Severity, BIL: s.BIL, PersonalData: string(s.PersonalData),
			DiscoveredAt: s.DiscoveredAt.UTC(), DeclaredAt: s.DeclaredAt.UTC(), UpdatedAt: s.UpdatedAt.UTC(),
			Service: orNull(s.Service), Team: orNull(s.Team), Version: s.Version,
		},
		DeclaredBy: s.DeclaredBy, ConfirmedAt: stamp(s.ConfirmedAt), ClassifiedAt: stamp(s.ClassifiedAt), DismissedAt: stamp(s.DismissedAt),
		DismissReason: orNull(s.DismissReason), CloseReason: orNull(s.CloseReason), GradeReason: orNull(s.GradeReason),
		FilingsPending: s.FilingsPending, PlanVersion: s.PlanVersion, TeamToldAt: stamp(s.TeamToldAt), Facts: wireFacts(s.Facts),
		Assignments: map[string][]string{}, Tasks: make([]task, 0, len(s.Tasks)), Decisions: make([]decision, 0, len(s.Decisions)),
		Signals: append([]string{}, s.Signals...), Phases: make([]phaseStep, 0, len(s.Phases)), Sitreps: s.Sitreps, LastSitrepAt: stamp(s.LastSitrepAt),
	}
	for fn, people := range s.Assignments {
		out.Assignments[string(fn)] = people
	}
	for _, t := range s.Tasks {
		out.Tasks = append(out.Tasks, task{t.ID, t.Text, orNull(t.Owner), stamp(t.Due), stamp(t.DoneAt), orNull(t.DoneBy)})
	}
	for _, d := range s.Decisions {
		out.Decisions = append(out.Decisions, wireDecision(d))
	}
	for _, p := range s.Phases {
		out.Phases = append(out.Phases, phaseStep{string(p.Phase), p.At.UTC(), p.By, orNull(p.Reason)})
	}
	if s.MergedInto != "" {
		into, err := f.Incidents.GetTx(f.DB, s.MergedInto)
		if err != nil {
			return incidentFull{}, err
		}
		out.MergedInto = &into.Ref
	}
	return out, nil
}

func wireLine(it view.Item) incidentLine {
	return incidentLine{
		incidentHead: incidentHead{
			ID: it.ID, Ref: it.Ref, Title: it.Title, Summary: it.Summary, Kind: string(it.Kind), State: string(it.State), ClosedAt: stamp(it.ClosedAt),
			Phase: string(it.Phase), Nature: string(it.Nature), Severity: it.Severity, BIL: it.BIL, PersonalData: string(it.PersonalData),
			DiscoveredAt: it.DiscoveredAt, DeclaredAt: it.DeclaredAt, UpdatedAt: it.UpdatedAt, Service: orNull(it.Service),
			Team: orNull(it.Team), Version: it.Version,
		},
		OpenDuties: it.OpenDuties, Missed: it.Missed, NextDueAt: stamp(it.NextDueAt),
	}
}

// Ref is the parameter of everything below an incident: its reference or id.
type Ref struct {
	Ref string `path:"ref" maxLength:"100" doc:"reference or id of the incident" example:"INC-2026-0142"`
}

// RefAsOf adds the moment as of which it is told.
type RefAsOf struct {
	Ref
	AsOf string `query:"as_of" maxLength:"64" doc:"as the record knew it then; a time with zone" example:"2026-11-21T14:25:00Z"`
}

// IncidentFilter holds the parameters of the list of incidents.
type IncidentFilter struct {
	Page
	State        string `query:"state" enum:"suspected,confirmed,dismissed"`
	Kind         string `query:"kind" enum:"real,drill"`
	Nature       string `query:"nature" enum:"security,operational"`
	Phase        string `query:"phase" enum:"detect,assess,contain,eradicate,recover,notify,review"`
	Severity     string `query:"severity" enum:"0,1,2,3,none" doc:"none: not graded yet"`
	BIL          string `query:"bil" enum:"1,2,3,none" doc:"none: not graded yet"`
	PersonalData string `query:"personal_data" enum:"unknown,no,yes"`
	Open         string `query:"open" enum:"true,false"`
	Service      string `query:"service" maxLength:"300"`
	Team         string `query:"team" maxLength:"300"`
	Q            string `query:"q" maxLength:"300" doc:"words that must all occur"`
	Order        string `query:"order" enum:"newest,next_due"`
}

func grade(s string, ungraded int) *int {
	if s == "" {
		return nil
	}
	n := ungraded
	if s != "none" {
		n = int(s[0] - '0')
	}
	return &n
}

// declaration is the body of a declaration.
type declaration struct {
	Title        string    `json:"title"`
	Summary      string    `json:"summary,omitempty"`
	Kind         string    `json:"kind,omitempty" enum:"real,drill" doc:"default real; fixed for ever"`
	Nature       string    `json:"nature,omitempty" enum:"security,operational" doc:"default security"`
	DiscoveredAt time.Time `json:"discovered_at,omitzero" doc:"with zone; every deadline runs from it; default now"`
	Service      string    `json:"service,omitempty"`
	Team         string    `json:"team,omitempty"`
}

func (f *face) incidents() {
	const tag = "Incidents"
	take(f, op{
		method: http.MethodPost, path: base + "/incidents", id: "declare-incident", tag: tag, creates: true, summary: "Declare an incident",
		text: "It starts suspected, and its duties run from discovered_at. Needs incident.declare.",
	}, func(ctx context.Context, c *call, _ *none, b *declaration) (incidentFull, error) {
		s, err := f.Incidents.Declare(ctx, c.by, incident.Declare{
			Title: b.Title, Summary: b.Summary, Kind: cmp.Or(incident.Kind(b.Kind), incident.Real), Nature: cmp.Or(incident.Nature(b.Nature), incident.Security),
			DiscoveredAt: b.DiscoveredAt, Service: b.Service, Team: b.Team,
		})
		if err != nil {
			return incidentFull{}, err
		}
		c.created(base + "/incidents/" + url.PathEscape(s.Ref))
		c.etag(s.Version)
		return f.wireIncident(s)
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/incidents", id: "list-incidents", tag: tag, summary: "List incidents",
		text: "Newest first, or the next due first. Needs incident.read.",
	}, func(ctx context.Context, c *call, p *IncidentFilter) (list[incidentLine], error) {
		items, next, err := f.Views.List(ctx, c.by, view.Filter{
			State: incident.Status(p.State), Kind: incident.Kind(p.Kind), Nature: incident.Nature(p.Nature), Phase: incident.Phase(p.Phase),
			Severity: grade(p.Severity, -1), BIL: grade(p.BIL, 0), PersonalData: incident.Answer(p.PersonalData), Open: yesNo(p.Open),
			Service: p.Service, Team: p.Team, Q: p.Q, Order: view.Order(p.Order), Limit: p.Limit,
		}, p.Cursor)
		if err != nil {
			return list[incidentLine]{}, err
		}
		return listOf(items, next, wireLine), nil
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/incidents/{ref}", id: "get-incident", tag: tag, summary: "Read an incident",
		text: "By reference or id; with as_of, as the record knew it then. Answers with an ETag. Needs incident.read.",
	}, func(ctx context.Context, c *call, p *RefAsOf) (incidentFull, error) {
		at, err := asOf(p.AsOf)
		if err != nil {
			return incidentFull{}, err
		}
		s, err := f.Incidents.Get(ctx, c.by, p.Ref.Ref, at)
		if err != nil {
			return incidentFull{}, err
		}
		c.etag(s.Version)
		return f.wireIncident(s)
	})
}
