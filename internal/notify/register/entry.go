package register

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/rule/deadline"
)

// Head is one line of the register. Why says what brought the incident into it:
// confirmed, or personal_data (some is touched, or nobody has said that none is).
type Head struct {
	ID           string               `json:"id"`
	Ref          string               `json:"ref"`
	Title        string               `json:"title"`
	Kind         incident.Kind        `json:"kind"`
	State        incident.Status      `json:"state"`
	Nature       incident.Nature      `json:"nature"`
	Phase        incident.Phase       `json:"phase"`
	Severity     *int                 `json:"severity"`
	BIL          *int                 `json:"bil"`
	PersonalData incident.Answer      `json:"personal_data"`
	Why          []string             `json:"why"`
	DiscoveredAt time.Time            `json:"discovered_at"`
	DeclaredAt   time.Time            `json:"declared_at"`
	ClosedAt     time.Time            `json:"closed_at,omitzero"`
	Service      string               `json:"service,omitempty"`
	Entities     []string             `json:"entities"` // names of our legal entities in scope, else of those that run the services in scope
	Roles        []directory.DataRole `json:"roles"`    // of our entities concerned: controller, processor
	Persons      Count                `json:"persons"`
	Duties       map[string]int       `json:"duties"` // outward duties by state: open, met, missed, waived, withdrawn
	NotNotified  int                  `json:"not_notified"`
	Version      int64                `json:"version"`
}

// Count is a number of affected natural persons.
type Count struct {
	Min      int  `json:"min"`
	Estimate int  `json:"estimate"`
	Max      int  `json:"max"`
	Known    bool `json:"known"` // false: nobody has estimated it
}

// Entry is one incident as the register shows it: the facts, its effects, the remedial
// action, the duties with their outcome, and why somebody was not told (GDPR Art. 33(5)).
type Entry struct {
	Head
	Summary     string       `json:"summary"`
	Facts       []Fact       `json:"facts"`
	Effects     Effects      `json:"effects"`
	Cause       string       `json:"cause,omitempty"`
	Place       string       `json:"place,omitempty"`
	Remedy      Remedy       `json:"remedy"`
	DutyLines   []DutyLine   `json:"duty_lines"`
	Filings     []FiledForm  `json:"filings"` // forms of authorities that were filed
	NotNotify   []NotNotify  `json:"decisions_not_to_notify"`
	Decisions   []DecisionIn `json:"decisions"`
	Verdicts    []VerdictIn  `json:"verdicts"`     // on the risk to persons, every one, oldest first
	CounselOwes []string     `json:"counsel_owes"` // decisions asked of legal or outside counsel, in words
	Signals     []string     `json:"signals"`
	GradeReason string       `json:"grade_reason,omitempty"`
	CloseReason string       `json:"close_reason,omitempty"`
	Dismissed   string       `json:"dismiss_reason,omitempty"`
	MergedInto  string       `json:"merged_into,omitempty"`
}

// Fact is one fact as it holds now; Value has the wire form of the fact's name.
type Fact struct {
	Name    incident.FactName `json:"fact"`
	Entity  string            `json:"entity,omitempty"`
	Value   any               `json:"value"`
	Remark  string            `json:"remark,omitempty"`
	SaidBy  string            `json:"said_by,omitempty"`
	KnownAt time.Time         `json:"known_at"`
	By      string            `json:"by"` // name
}

// Effects is what the incident does to data, services and people.
type Effects struct {
	Harm      []incident.Harm `json:"harm"`
	Scope     incident.Scope  `json:"scope"`
	Protected []string        `json:"protected"`
	Sensitive []string        `json:"sensitive"`      // kinds of data that ask counsel for a decision
	Risk      string          `json:"risk,omitempty"` // to persons: unknown, none, risk, high
}

// Remedy is what was done about it.
type Remedy struct {
	ContainedAt  time.Time  `json:"contained_at,omitzero"`
	EradicatedAt time.Time  `json:"eradicated_at,omitzero"`
	RecoveredAt  time.Time  `json:"recovered_at,omitzero"`
	Done         []TaskDone `json:"tasks_done"`
	OpenTasks    int        `json:"open_tasks"`
}

// TaskDone is one task that was finished.
type TaskDone struct {
	Text string    `json:"text"`
	At   time.Time `json:"at"`
	By   string    `json:"by"` // name
}

// DutyLine is one duty with its outcome. State is missed where it is open past its due time.
type DutyLine struct {
	Key        string               `json:"key"`
	Rule       string               `json:"rule"`
	Title      string               `json:"title"`
	Recipient  duty.Ref             `json:"recipient"`
	Holder     string               `json:"holder"` // name
	Entity     string               `json:"entity,omitempty"`
	Outward    bool                 `json:"outward"`
	Statutory  bool                 `json:"statutory"`
	State      duty.State           `json:"state"`
	DueAt      time.Time            `json:"due_at,omitzero"`
	MetAt      time.Time            `json:"met_at,omitzero"`
	MetWith    string               `json:"met_with,omitempty"`
	Late       bool                 `json:"late,omitempty"`
	LateReason string               `json:"late_reason,omitempty"`
	Ground     string               `json:"ground,omitempty"`    // of a waiver
	WaivedBy   []string             `json:"waived_by,omitempty"` // names
	Remark     string               `json:"remark,omitempty"`
	Basis      duty.Basis           `json:"basis"`
	Unverified bool                 `json:"unverified"` // under a rule of the law that nobody checked against its text
	Candidates []deadline.Candidate `json:"candidates"`
}

// FiledForm is one form that was filed with an authority.
type FiledForm struct {
	Number    int       `json:"number"`
	Form      string    `json:"form"`
	Stage     string    `json:"stage"`
	Recipient string    `json:"recipient"`
	Entity    string    `json:"entity,omitempty"` // name
	FiledAt   time.Time `json:"filed_at"`
	FiledBy   string    `json:"filed_by"` // name
	Channel   string    `json:"channel"`
	Receipt   string    `json:"receipt,omitempty"` // number the authority gave
	SHA256    []string  `json:"sha256"`            // of the files that were kept
	Late      string    `json:"late_reason,omitempty"`
}

// NotNotify is one decision not to notify: which duty, whom, why and who decided.
type NotNotify struct {
	Rule      string    `json:"rule"`
	Entity    string    `json:"entity,omitempty"` // name
	Reason    string    `json:"reason"`
	Text      string    `json:"text,omitempty"`
	DecidedBy string    `json:"decided_by"` // name
	At        time.Time `json:"at"`
}

// DecisionIn is any other decision.
type DecisionIn struct {
	Kind      incident.DecisionKind `json:"decision"`
	Answer    incident.Answer       `json:"answer,omitempty"`
	Text      string                `json:"text,omitempty"`
	Reason    string                `json:"reason"`
	DecidedBy string                `json:"decided_by"`        // name
	Counsel   string                `json:"counsel,omitempty"` // outside counsel who decided
	Covers    []string              `json:"covers,omitempty"`  // kinds of data it was made for
	At        time.Time             `json:"at"`
}

func headOf(st incident.State, duties []duty.Duty, dir directory.Snapshot, now time.Time) Head {
	h := Head{
		ID: st.ID, Ref: st.Ref, Title: st.Title, Kind: st.Kind, State: st.Status, Nature: st.Nature, Phase: st.Phase,
		Severity: st.Severity, BIL: st.BIL, PersonalData: st.PersonalData, Why: []string{}, DiscoveredAt: st.DiscoveredAt,
		DeclaredAt: st.DeclaredAt, ClosedAt: st.ClosedAt, Service: st.Service, Entities: []string{}, Roles: rolesOf(st, dir), Duties: map[string]int{}, Version: st.Version,
	}
	if st.Status == incident.Confirmed {
		h.Why = append(h.Why, "confirmed")
	}
	if st.PersonalData == incident.Yes || st.PersonalData != incident.No && st.Status != incident.Dismissed {
		h.Why = append(h.Why, "personal_data")
	}
	scope := st.ScopeNow()
	for _, e := range assessment.Touched(st, dir) {
		h.Entities = append(h.Entities, cmp.Or(e.Name, e.ID))
	}
	for _, p := range scope.Persons {
		h.Persons.Min, h.Persons.Estimate, h.Persons.Max = h.Persons.Min+p.Min, h.Persons.Estimate+p.Estimate, h.Persons.Max+p.Max
		h.Persons.Known = true
	}
	for _, d := range duties {
		if d.Outward {
			h.Duties[string(d.At(now))]++
		}
	}
	for _, d := range st.Decisions {
		if d.Kind == incident.DoNotNotify {
			h.NotNotified++
		}
	}
	return h
}

// rolesOf names each role once, the controller first.
func rolesOf(st incident.State, dir directory.Snapshot) []directory.DataRole {
	out := []directory.DataRole{}
	for _, roles := range assessment.ConcernedBy(st, dir) {
		out = append(out, roles...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func entryOf(st incident.State, duties []duty.Duty, dir directory.Snapshot, now time.Time) Entry {
	e := Entry{
		Head: headOf(st, duties, dir, now), Summary: st.Summary, Facts: []Fact{}, DutyLines: []DutyLine{}, Filings: []FiledForm{}, NotNotify: []NotNotify{},
		Decisions: []DecisionIn{}, Signals: append([]string{}, st.Signals...), GradeReason: st.GradeReason, CloseReason: st.CloseReason,
		Dismissed: st.DismissReason, Cause: st.Facts[string(incident.FactCause)].Text, Place: st.Facts[string(incident.FactPlace)].Text,
	}
	for _, key := range slices.Sorted(maps.Keys(st.Facts)) {
		f := st.Facts[key]
		line := Fact{Name: f.Name, Entity: f.Entity, Value: incident.WireValue(f), SaidBy: f.SaidBy, KnownAt: f.KnownAt, By: dir.PersonName(f.By)}
		if !fact.IsText(f.Name) {
			line.Remark = f.Text
		}
		e.Facts = append(e.Facts, line)
	}
	e.Effects = Effects{
		Harm: append([]incident.Harm{}, st.Facts[string(incident.FactHarm)].Value.Harm...), Scope: st.ScopeNow(),
		Protected: append([]string{}, st.Facts[string(incident.FactProtected)].Value.Kinds...), Risk: worstRisk(st),
	}
	e.Remedy = Remedy{
		ContainedAt: st.Moment(incident.Contained, ""), EradicatedAt: st.Moment(incident.Eradicated, ""),
		RecoveredAt: st.Moment(incident.Recovered, ""), Done: []TaskDone{},
	}
	for _, t := range st.Tasks {
		if t.DoneAt.IsZero() {
			e.Remedy.OpenTasks++
			continue
		}
		e.Remedy.Done = append(e.Remedy.Done, TaskDone{Text: t.Text, At: t.DoneAt, By: dir.PersonName(t.DoneBy)})
	}
	for _, d := range duties {
		e.DutyLines = append(e.DutyLines, dutyLine(d, dir, now))
	}
	for _, d := range st.Decisions {
		by := dir.PersonName(d.DecidedBy)
		switch d.Kind {
		case incident.Second:
			continue // stands with its verdict
		case incident.DoNotNotify:
		default:
			e.Decisions = append(e.Decisions, DecisionIn{Kind: d.Kind, Answer: d.Answer, Text: d.Text, Reason: d.Reason, DecidedBy: by, Counsel: d.Counsel, Covers: d.Covers, At: d.At})
			continue
		}
		e.NotNotify = append(e.NotNotify, NotNotify{
			Rule: d.Rule, Entity: entityName(dir, d.Entity), Reason: d.Reason, Text: d.Text, DecidedBy: by, At: d.At,
		})
	}
	return e
}

// entityName: a decision not to notify names one of our entities or a recipient.
func entityName(dir directory.Snapshot, id string) string {
	if _, ok := dir.Entities[id]; ok {
		return dir.Name(directory.KindEntity, id)
	}
	return dir.Name(directory.KindParty, id)
}

func dutyLine(d duty.Duty, dir directory.Snapshot, now time.Time) DutyLine {
	l := DutyLine{
		Key: d.Key, Rule: d.Rule, Title: d.Title, Recipient: d.Recipient, Holder: d.Holder.Name, Entity: entityName(dir, d.Entity),
		Outward: d.Outward, Statutory: d.Statutory, State: d.At(now), DueAt: d.DueAt, MetAt: d.MetAt, MetWith: d.MetWith,
		Late: d.Late(), LateReason: d.LateReason, Ground: d.Ground, Remark: d.Remark, Basis: d.Basis, Unverified: d.Basis.Unverified(), Candidates: d.Candidates,
	}
	for _, c := range d.WaivedBy {
		l.WaivedBy = append(l.WaivedBy, dir.PersonName(c.Person)+" ("+c.As+")")
	}
	return l
}

// worstRisk is the highest risk to persons recorded in general or for an entity.
func worstRisk(st incident.State) string {
	order := []string{"", "none", "unknown", "risk", "high"}
	worst := 0
	for _, f := range st.Facts {
		if f.Name == incident.FactRisk {
			worst = max(worst, slices.Index(order, f.Value.Risk))
		}
	}
	return order[worst]
}
