package api

import (
	"context"
	"net/http"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/rule/deadline"
)

// dutyOnWire is a duty; its state is computed at the moment of the answer: missed is open and past its due time.
type dutyOnWire struct {
	ID         string      `json:"id"`
	Incident   string      `json:"incident" doc:"reference of the incident" example:"INC-2026-0142"`
	IncidentID string      `json:"incident_id"`
	Drill      bool        `json:"drill"`
	Rule       string      `json:"rule" example:"sirt"`
	Key        string      `json:"key" doc:"rule:recipient[@entity]:ordinal, unique in the incident"`
	Ordinal    int         `json:"ordinal"`
	Title      string      `json:"title"`
	Entity     *string     `json:"entity" doc:"the legal entity that owes it"`
	Recipient  partyRef    `json:"recipient"`
	Holder     partyRef    `json:"holder"`
	Taken      bool        `json:"taken" doc:"a person took it or was assigned"`
	Outward    bool        `json:"outward"`
	Statutory  bool        `json:"statutory" doc:"owed under law or contract"`
	Filing     bool        `json:"filing"`
	NeedsAck   bool        `json:"needs_acknowledgement"`
	MetBy      []string    `json:"met_by" nullable:"false" doc:"what meets it: one of these is given as with"`
	Start      string      `json:"start"`
	StartAt    *time.Time  `json:"start_at"`
	DueAt      *time.Time  `json:"due_at"`
	State      string      `json:"state" enum:"open,met,missed,waived,withdrawn"`
	Late       bool        `json:"late" doc:"met after its due time"`
	MetAt      *time.Time  `json:"met_at"`
	MetWith    *string     `json:"met_with"`
	MetRef     *string     `json:"met_ref"`
	MetByActor *string     `json:"met_actor"`
	Remark     *string     `json:"remark" doc:"of meeting, withdrawing or undoing"`
	LateReason *string     `json:"late_reason"`
	Ground     *string     `json:"ground" doc:"of a waiver"`
	WaivedBy   []consent   `json:"waived_by" nullable:"false"`
	Alarms     []alarm     `json:"alarms" nullable:"false" doc:"raised; they stay when the due time moves"`
	Basis      basis       `json:"basis"`
	Candidates []candidate `json:"candidates" nullable:"false" doc:"every due time that was weighed; the one that wins is the duty's"`
	Version    int64       `json:"version"`
}

// partyRef names who holds or receives a duty.
type partyRef struct {
	Kind string  `json:"kind" example:"customer"`
	ID   *string `json:"id"`
	Name string  `json:"name"`
}

type basis struct {
	Text   string  `json:"text" doc:"the sentence, in our words"`
	Source string  `json:"source" doc:"policy, contract clause or article"`
	Sure   *string `json:"sure" doc:"for law: read, partly or remembered"`
	Law    *string `json:"law" doc:"id of the rule of the law, see GET /rules/{id}"`
	Pack   *string `json:"pack" doc:"rule pack and its version" example:"eu-gdpr 1"`
	Own    bool    `json:"own" doc:"the operator's own rule, in place of a shipped one"`
	Unsure bool    `json:"unverified" doc:"nobody has checked the rule against its text"`
	Plan   int     `json:"plan" doc:"plan version it was derived with"`
	Why    string  `json:"why" doc:"what in this incident triggered it"`
}

type consent struct {
	Person string    `json:"person"`
	As     string    `json:"as" doc:"legal, executive or superior"`
	At     time.Time `json:"at"`
}

type alarm struct {
	Kind string    `json:"kind" enum:"reminder,missed"`
	At   time.Time `json:"at"`
	Due  time.Time `json:"due" doc:"the due time it was raised for"`
}

type candidate struct {
	Name    string     `json:"name"`
	Start   string     `json:"start"`
	StartAt *time.Time `json:"start_at"`
	Period  string     `json:"period" example:"24 h"`
	DueAt   *time.Time `json:"due_at"`
	Reason  string     `json:"reason"`
	Wins    bool       `json:"wins"`
}

func wireRef(r duty.Ref) partyRef { return partyRef{Kind: r.Kind, ID: orNull(r.ID), Name: r.Name} }

func wireCandidate(c deadline.Candidate) candidate {
	return candidate{
		Name: c.Name, Start: c.Start, StartAt: stamp(c.StartAt), Period: c.Period.String(), DueAt: stamp(c.DueAt), Reason: c.Reason, Wins: c.Wins,
	}
}

func wireBasis(b duty.Basis) basis {
	return basis{b.Text, b.Source, orNull(b.Sure), orNull(b.Law), orNull(b.Pack), b.Own, b.Unverified(), b.Plan, b.Why}
}

func wireDuty(d duty.Duty, now time.Time) dutyOnWire {
	out := dutyOnWire{
		ID: d.ID, Incident: d.Ref, IncidentID: d.Incident, Drill: d.Drill, Rule: d.Rule, Key: d.Key, Ordinal: d.Ordinal, Title: d.Title,
		Entity: orNull(d.Entity), Recipient: wireRef(d.Recipient), Holder: wireRef(d.Holder), Taken: d.Taken, Outward: d.Outward,
		Statutory: d.Statutory, Filing: d.Filing, NeedsAck: d.NeedsAck, MetBy: append([]string{}, d.MetBy...), Start: d.Start,
		StartAt: stamp(d.StartAt), DueAt: stamp(d.DueAt), State: string(d.At(now)), Late: d.Late(), MetAt: stamp(d.MetAt), MetWith: orNull(d.MetWith),
		MetRef: orNull(d.MetRef), MetByActor: orNull(d.MetActor), Remark: orNull(d.Remark), LateReason: orNull(d.LateReason), Ground: orNull(d.Ground),
		WaivedBy: make([]consent, 0, len(d.WaivedBy)), Alarms: make([]alarm, 0, len(d.Alarms)), Version: d.Version,
		Basis:      wireBasis(d.Basis),
		Candidates: make([]candidate, 0, len(d.Candidates)),
	}
	for _, y := range d.WaivedBy {
		out.WaivedBy = append(out.WaivedBy, consent{y.Person, y.As, y.At.UTC()})
	}
	for _, a := range d.Alarms {
		out.Alarms = append(out.Alarms, alarm{a.Kind, a.At.UTC(), a.Due.UTC()})
	}
	for _, k := range d.Candidates {
		out.Candidates = append(out.Candidates, wireCandidate(k))
	}
	return out
}

// DutyFilter holds the parameters of the list of duties.
type DutyFilter struct {
	Page
	State     string `query:"state" enum:"open,missed,met,waived,withdrawn"`
	Incident  string `query:"incident" maxLength:"100" doc:"reference or id of an incident"`
	Holder    string `query:"holder" maxLength:"300" doc:"id of a person or team"`
	Recipient string `query:"recipient" maxLength:"300" doc:"id of a team or party"`
	Outward   bool   `query:"outward" doc:"only those owed to the outside"`
	Drill     string `query:"drill" enum:"true,false"`
}

// meeting is the body that meets a duty.
type meeting struct {
	With       string    `json:"with,omitempty" doc:"one of the duty's met_by; default the first"`
	Ref        string    `json:"ref,omitempty" doc:"id or reference of the evidence"`
	At         time.Time `json:"at,omitzero" doc:"when it was done, with zone; default now"`
	Remark     string    `json:"remark,omitempty"`
	LateReason string    `json:"late_reason,omitempty" doc:"asked for a duty under law or contract that was met late"`
}

type waiver struct {
	Ground string `json:"ground" doc:"why it need not be done"`
}

type assignee struct {
	Person string `json:"person" doc:"person id; empty gives the duty back to its team"`
}

// listDuties resolves the incident of the filter; named says that it came as a parameter and not in the address.
func (f *face) listDuties(ctx context.Context, c *call, p *DutyFilter, named bool) (list[dutyOnWire], error) {
	filter := duty.Filter{
		State: duty.State(p.State), Holder: p.Holder, Recipient: p.Recipient, Outward: p.Outward, Drill: yesNo(p.Drill),
	}
	var err error
	if named {
		filter.Incident, err = f.incidentID(ctx, c, p.Incident)
	} else {
		filter.Incident, err = f.addressed(ctx, c, p.Incident)
	}
	if err != nil {
		return list[dutyOnWire]{}, err
	}
	page, err := f.Duties.List(ctx, c.by, filter, p.Cursor, p.Limit)
	if err != nil {
		return list[dutyOnWire]{}, err
	}
	now := f.Clock.Now()
	return listOf(page.Items, page.Next, func(d duty.Duty) dutyOnWire { return wireDuty(d, now) }), nil
}

// addressed turns the reference in an address into an id; NotFound is the answer of the whole request.
func (f *face) addressed(ctx context.Context, c *call, ref string) (string, error) {
	if ref == "" {
		return "", fault.New(fault.NotFound, "There is no such incident")
	}
	s, err := f.Incidents.Get(ctx, c.by, ref, time.Time{})
	return s.ID, err
}

func (f *face) duties() {
	const tag = "Duties"
	one := func(d duty.Duty, err error) (dutyOnWire, error) {
		if err != nil {
			return dutyOnWire{}, err
		}
		return wireDuty(d, f.Clock.Now()), nil
	}
	handle(f, op{
		method: http.MethodGet, path: base + "/duties", id: "list-duties", tag: tag, summary: "List duties",
		text: "What is owed to whom by when, the earliest due first. Needs duty.read.",
	}, func(ctx context.Context, c *call, p *DutyFilter) (list[dutyOnWire], error) {
		return f.listDuties(ctx, c, p, true)
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/duties/{id}", id: "get-duty", tag: tag, summary: "Read one duty", text: "Needs duty.read.",
	}, func(ctx context.Context, c *call, p *ID) (dutyOnWire, error) {
		return one(f.Duties.Get(ctx, c.by, p.ID))
	})
	take(f, op{
		method: http.MethodPost, path: base + "/duties/{id}/meet", id: "meet-duty", tag: tag, summary: "Record that a duty was done", optional: true,
		text: "Needs duty.work.",
	}, func(ctx context.Context, c *call, p *ID, b *meeting) (dutyOnWire, error) {
		return one(f.Duties.Meet(ctx, c.by, p.ID, duty.Evidence{With: b.With, Ref: b.Ref, At: b.At, Remark: b.Remark, LateReason: b.LateReason}))
	})
	take(f, op{
		method: http.MethodPost, path: base + "/duties/{id}/waive", id: "waive-duty", tag: tag, summary: "Agree to leave a duty undone",
		text: "One person's yes. A duty under law or contract is waived once legal and an executive, two persons, agreed. Needs duty.waive.",
	}, func(ctx context.Context, c *call, p *ID, b *waiver) (dutyOnWire, error) {
		return one(f.Duties.Waive(ctx, c.by, p.ID, b.Ground))
	})
	take(f, op{
		method: http.MethodPost, path: base + "/duties/{id}/undo", id: "undo-duty", tag: tag, summary: "Open a met or waived duty again",
		text: "Needs duty.work.",
	}, func(ctx context.Context, c *call, p *ID, b *because) (dutyOnWire, error) {
		return one(f.Duties.Undo(ctx, c.by, p.ID, b.Reason))
	})
	take(f, op{
		method: http.MethodPost, path: base + "/duties/{id}/assign", id: "assign-duty", tag: tag, summary: "Give a duty to a person",
		text: "Needs duty.work.",
	}, func(ctx context.Context, c *call, p *ID, b *assignee) (dutyOnWire, error) {
		return one(f.Duties.Assign(ctx, c.by, p.ID, b.Person))
	})
}
