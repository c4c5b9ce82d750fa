package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/respond/escalation"
)

// timelineLine is one entry of the ledger told for people.
type timelineLine struct {
	Seq        int64           `json:"seq"`
	ID         string          `json:"id"`
	Kind       string          `json:"kind" example:"incident.graded"`
	At         time.Time       `json:"at" doc:"when it was true"`
	KnownAt    time.Time       `json:"known_at" doc:"when it was said to us"`
	RecordedAt time.Time       `json:"recorded_at" doc:"when it was recorded"`
	Actor      string          `json:"actor"`
	ActorName  string          `json:"actor_name"`
	Text       string          `json:"text"`
	Erased     bool            `json:"erased"`
	Data       json.RawMessage `json:"data" doc:"the entry's body"`
}

func wireTimeline(l view.Line) timelineLine {
	return timelineLine(l)
}

// TimelineFilter holds the parameters of a timeline.
type TimelineFilter struct {
	RefAsOf
	Page
	Filter string `query:"filter" enum:"all,decisions,facts,calls,reports,notices"`
}

// FactFilter holds the parameters of the facts.
type FactFilter struct {
	RefAsOf
	Fact string `query:"fact" maxLength:"400" doc:"the whole history of one fact: its name, or name@entity" example:"aware@acme-gmbh"`
}

// factVersion is one value a fact has had.
type factVersion struct {
	factOnWire
	Seq        *int64     `json:"seq" doc:"of its ledger entry; in a history only"`
	ByName     *string    `json:"by_name" doc:"in a history only"`
	RecordedAt *time.Time `json:"recorded_at" doc:"in a history only"`
	Erased     bool       `json:"erased"`
}

// cutAsOf drops the lines recorded after t: recorded_at never falls along a timeline.
func cutAsOf(lines []view.Line, next string, t time.Time) ([]view.Line, string) {
	if t.IsZero() {
		return lines, next
	}
	for i, l := range lines {
		if l.RecordedAt.After(t) {
			return lines[:i], ""
		}
	}
	return lines, next
}

func (f *face) facts(ctx context.Context, c *call, p *FactFilter) (list[factVersion], error) {
	at, err := asOf(p.AsOf)
	if err != nil {
		return list[factVersion]{}, err
	}
	if p.Fact == "" {
		s, err := f.Incidents.Get(ctx, c.by, p.Ref.Ref, at)
		if err != nil {
			return list[factVersion]{}, err
		}
		return listOf(wireFacts(s.Facts), "", func(w factOnWire) factVersion { return factVersion{factOnWire: w} }), nil
	}
	versions, err := f.Views.FactHistory(ctx, c.by, p.Ref.Ref, p.Fact)
	if err != nil {
		return list[factVersion]{}, err
	}
	if len(versions) == 0 && !slices.ContainsFunc(incident.FactNames(), func(n incident.FactName) bool { return isKeyOf(p.Fact, n) }) {
		return list[factVersion]{}, fault.InvalidField("fact", "is not the name of a fact, or name@entity")
	}
	out := list[factVersion]{Items: []factVersion{}}
	for _, v := range versions {
		if at.IsZero() || !v.RecordedAt.After(at) {
			out.Items = append(out.Items, factVersion{wireFact(v.Fact), &v.Seq, &v.ByName, stamp(v.RecordedAt), v.Erased})
		}
	}
	return out, nil
}

func isKeyOf(key string, n incident.FactName) bool {
	return key == string(n) || len(key) > len(n) && key[:len(n)+1] == string(n)+"@"
}

// ListBelow holds the parameters of the lists below an incident.
type ListBelow struct {
	Ref
	Page
}

func (f *face) incidentParts() {
	const tag = "Incidents"
	handle(f, op{
		method: http.MethodGet, path: base + "/incidents/{ref}/timeline", id: "get-timeline", tag: tag, summary: "Read the timeline",
		text: "Everything the ledger holds of the incident, told in order, oldest first. Needs incident.read.",
	}, func(ctx context.Context, c *call, p *TimelineFilter) (list[timelineLine], error) {
		at, err := asOf(p.AsOf)
		if err != nil {
			return list[timelineLine]{}, err
		}
		lines, next, err := f.Views.Timeline(ctx, c.by, p.Ref.Ref, view.Show(p.Filter), p.Cursor, p.Limit)
		if err != nil {
			return list[timelineLine]{}, err
		}
		lines, next = cutAsOf(lines, next, at)
		return listOf(lines, next, wireTimeline), nil
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/incidents/{ref}/facts", id: "get-facts", tag: tag, summary: "Read the facts",
		text: "Those that hold now (or held at as_of), or every value one fact has had. Needs incident.read.",
	}, f.facts)
	handle(f, op{
		method: http.MethodGet, path: base + "/incidents/{ref}/duties", id: "list-incident-duties", tag: tag, summary: "List the duties of an incident",
		text: "The earliest due first. Needs incident.read and duty.read.",
	}, func(ctx context.Context, c *call, p *ListBelow) (list[dutyOnWire], error) {
		return f.listDuties(ctx, c, &DutyFilter{Page: p.Page, Incident: p.Ref.Ref}, false)
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/incidents/{ref}/calls", id: "list-incident-calls", tag: tag, summary: "List who was called",
		text: "Newest first. Needs incident.read and call.read.",
	}, func(ctx context.Context, c *call, p *ListBelow) (list[callOnWire], error) {
		s, err := f.Incidents.Get(ctx, c.by, p.Ref.Ref, time.Time{})
		if err != nil {
			return list[callOnWire]{}, err
		}
		return f.listCalls(ctx, c, escalation.Filter{Incident: s.ID}, p.Page)
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/incidents/{ref}/signals", id: "list-incident-signals", tag: tag, summary: "List the signals of an incident",
		text: "Newest first. Needs incident.read and signal.read.",
	}, func(ctx context.Context, c *call, p *ListBelow) (list[signal], error) {
		s, err := f.Incidents.Get(ctx, c.by, p.Ref.Ref, time.Time{})
		if err != nil {
			return list[signal]{}, err
		}
		items, next, err := f.Intake.List(ctx, c.by, intake.Filter{Incident: s.ID, Limit: p.Limit}, p.Cursor)
		if err != nil {
			return list[signal]{}, err
		}
		return f.signalsOnWire(items, next)
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/incidents/{ref}/bundle", id: "get-bundle", tag: tag, media: "application/json",
		summary: "Download the record with its proofs",
		text:    "The ledger entries of the incident and its signals, each with the proof that it stands in the signed tree: wakebell verify checks the file offline. It holds everything recorded. Needs register.export.",
	}, f.bundle)
}
