package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/triage"
	"github.com/wakebell/wakebell/internal/detect/intake"
)

// signal is an alert or a report on the wire. Times are null where there is none.
type signal struct {
	ID             string     `json:"id"`
	Kind           string     `json:"kind" enum:"alert,report"`
	State          string     `json:"state" enum:"open,decided"`
	Title          string     `json:"title"`
	Summary        string     `json:"summary"`
	Contact        *string    `json:"contact" doc:"how to reach the reporter"`
	Source         string     `json:"source" example:"alertmanager"`
	Count          int64      `json:"count" doc:"how often it was seen"`
	FirstSeen      *time.Time `json:"first_seen_at"`
	LastSeen       *time.Time `json:"last_seen_at"`
	DiscoveredAt   time.Time  `json:"discovered_at" doc:"every deadline runs from here"`
	ReceivedAt     time.Time  `json:"received_at"`
	TriageDueAt    *time.Time `json:"triage_due_at" doc:"the product team must have it by then"`
	ClassifyDueAt  *time.Time `json:"classify_due_at" doc:"it must be decided by then"`
	CalledAt       *time.Time `json:"called_at"`
	AcknowledgedAt *time.Time `json:"acknowledged_at"`
	AcknowledgedBy *string    `json:"acknowledged_by"`
	ResolvedAt     *time.Time `json:"resolved_at" doc:"the sender said it is over; a verdict is still owed"`
	Service        *string    `json:"service"`
	Team           *string    `json:"team"`
	Drill          bool       `json:"drill"`
	Fingerprint    *string    `json:"fingerprint"`
	Malformed      bool       `json:"malformed" doc:"the body could not be read; the raw bytes are kept"`
	Warning        *string    `json:"warning"`
	ReportedBy     *string    `json:"reported_by"`
	Verdict        *string    `json:"verdict" doc:"false_positive, event or incident"`
	Reason         *string    `json:"reason"`
	DecidedAt      *time.Time `json:"decided_at"`
	DecidedBy      *string    `json:"decided_by"`
	Incident       *tie       `json:"incident"`
}

// tie names an incident another thing belongs to.
type tie struct {
	Ref string `json:"ref" example:"INC-2026-0142"`
	ID  string `json:"id"`
}

func wireSignal(g intake.Signal, of *tie) signal {
	return signal{
		ID: g.ID, Kind: string(g.Kind), State: string(g.State), Title: g.Title, Summary: g.Summary, Contact: orNull(g.Contact),
		Source: g.Source, Count: g.Count, FirstSeen: stamp(g.FirstSeen), LastSeen: stamp(g.LastSeen), DiscoveredAt: g.DiscoveredAt,
		ReceivedAt: g.ReceivedAt, TriageDueAt: stamp(g.TriageDueAt), ClassifyDueAt: stamp(g.ClassifyDueAt),
		CalledAt: stamp(g.CalledAt), AcknowledgedAt: stamp(g.AcknowledgedAt), AcknowledgedBy: orNull(g.AcknowledgedBy),
		ResolvedAt: stamp(g.ResolvedAt), Service: orNull(g.Service), Team: orNull(g.Team), Drill: g.Drill,
		Fingerprint: orNull(g.Fingerprint), Malformed: g.Malformed, Warning: orNull(g.Warning), ReportedBy: orNull(g.ReportedBy),
		Verdict: orNull(g.Verdict), Reason: orNull(g.Reason), DecidedAt: stamp(g.DecidedAt), DecidedBy: orNull(g.DecidedBy),
		Incident: of,
	}
}

// signalsOnWire adds the references of their incidents. A reference is no secret: it goes out by mail too.
func (f *face) signalsOnWire(items []intake.Signal, next string) (list[signal], error) {
	ties := map[string]*tie{}
	for _, g := range items {
		if err := f.tie(ties, g.Incident); err != nil {
			return list[signal]{}, err
		}
	}
	return listOf(items, next, func(g intake.Signal) signal { return wireSignal(g, ties[g.Incident]) }), nil
}

func (f *face) tie(known map[string]*tie, id string) error {
	if id == "" || known[id] != nil {
		return nil
	}
	st, err := f.Incidents.GetTx(f.DB, id)
	if err != nil {
		return err
	}
	known[id] = &tie{Ref: st.Ref, ID: id}
	return nil
}

func (f *face) oneSignal(g intake.Signal) (signal, error) {
	ties := map[string]*tie{}
	if err := f.tie(ties, g.Incident); err != nil {
		return signal{}, err
	}
	return wireSignal(g, ties[g.Incident]), nil
}

// ID is the parameter of everything that is named by its id.
type ID struct {
	ID string `path:"id" maxLength:"200"`
}

// SignalFilter holds the parameters of the lists of signals.
type SignalFilter struct {
	Page
	State string `query:"state" enum:"open,decided"`
	Team  string `query:"team" maxLength:"300" doc:"directory id of the product team"`
	Drill string `query:"drill" enum:"true,false"`
	Q     string `query:"q" maxLength:"300" doc:"words that must all occur"`
	Order string `query:"order" enum:"newest,due" doc:"due: open signals, soonest due first"`
}

// AnySignals adds what only the list of all signals narrows by.
type AnySignals struct {
	SignalFilter
	Kind     string `query:"kind" enum:"alert,report"`
	Incident string `query:"incident" maxLength:"100" doc:"reference or id of an incident"`
}

func (f *face) signals() {
	const tag = "Signals"
	handle(f, op{
		method: http.MethodGet, path: base + "/signals", id: "list-signals", tag: tag, summary: "List alerts and reports",
		text: "Newest first. Who may not read all signals sees the own reports. Needs signal.read or own.read.",
	}, func(ctx context.Context, c *call, p *AnySignals) (list[signal], error) {
		return f.listSignals(ctx, c, p.SignalFilter, intake.Kind(p.Kind), p.Incident)
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/alerts", id: "list-alerts", tag: tag, summary: "List alerts",
		text: "Signals of the kind alert. Needs signal.read.",
	}, func(ctx context.Context, c *call, p *SignalFilter) (list[signal], error) {
		return f.listSignals(ctx, c, *p, intake.Alert, "")
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/signals/{id}", id: "get-signal", tag: tag, summary: "Read one signal",
		text: "Needs signal.read, or own.read for an own report.",
	}, func(ctx context.Context, c *call, p *ID) (signal, error) {
		g, err := f.Intake.Get(ctx, c.by, p.ID)
		if err != nil {
			return signal{}, err
		}
		return f.oneSignal(g)
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/signals/{id}/raw", id: "get-signal-raw", tag: tag, media: "application/octet-stream",
		summary: "Download the bytes an alert came in",
		text:    "As they were received, as a download. 410 when they were erased. Needs signal.read.",
	}, func(ctx context.Context, c *call, p *ID) ([]byte, error) {
		body, contentType, err := f.Intake.Raw(ctx, c.by, p.ID)
		if err != nil {
			return nil, err
		}
		name := "signal-" + fileName(p.ID) + ".bin"
		if strings.HasPrefix(contentType, "application/json") {
			name = "signal-" + fileName(p.ID) + ".json"
		}
		c.download(name, "application/octet-stream", len(body))
		return body, nil
	})
	take(f, op{
		method: http.MethodPost, path: base + "/signals/{id}/triage", id: "triage-signal", tag: tag, summary: "Decide what a signal is",
		text: "The verdict incident declares a new incident, or ties the signal to the one named. Needs signal.triage, and incident.declare or incident.work.",
	}, func(ctx context.Context, c *call, p *ID, b *verdict) (signal, error) {
		out, err := f.Triage.Decide(ctx, c.by, p.ID, triage.Input{
			Verdict: intake.Verdict(b.Verdict), Incident: b.Incident, Nature: incident.Nature(b.Nature), Title: b.Title, Reason: b.Reason,
		})
		return decided(out, err)
	})
	take(f, op{
		method: http.MethodPost, path: base + "/signals/{id}/reopen", id: "reopen-signal", tag: tag, summary: "Take a verdict back",
		text: "The signal is open again and untied from its incident, which stays. Needs signal.triage.",
	}, func(ctx context.Context, c *call, p *ID, b *because) (signal, error) {
		out, err := f.Triage.Undo(ctx, c.by, p.ID, b.Reason)
		return decided(out, err)
	})
}

// verdict is the body of a triage.
type verdict struct {
	Verdict  string `json:"verdict" enum:"false_positive,event,incident"`
	Incident string `json:"incident,omitempty" doc:"reference of a known incident; without it a new one is declared"`
	Nature   string `json:"nature,omitempty" enum:"security,operational" doc:"of a new incident, default security"`
	Title    string `json:"title,omitempty" doc:"of a new incident, default the signal's"`
	Reason   string `json:"reason"`
}

// because is the body of what asks for a reason only.
type because struct {
	Reason string `json:"reason"`
}

func decided(out triage.Outcome, err error) (signal, error) {
	if err != nil {
		return signal{}, err
	}
	var of *tie
	if out.Incident != nil {
		of = &tie{Ref: out.Incident.Ref, ID: out.Incident.ID}
	}
	return wireSignal(out.Signal, of), nil
}

func (f *face) listSignals(ctx context.Context, c *call, p SignalFilter, kind intake.Kind, of string) (list[signal], error) {
	filter := intake.Filter{
		State: intake.State(p.State), Kind: kind, Team: p.Team, Drill: yesNo(p.Drill), Words: p.Q, Order: intake.Order(p.Order), Limit: p.Limit,
	}
	var err error
	if filter.Incident, err = f.incidentID(ctx, c, of); err != nil {
		return list[signal]{}, err
	}
	items, next, err := f.Intake.List(ctx, c.by, filter, p.Cursor)
	if err != nil {
		return list[signal]{}, err
	}
	return f.signalsOnWire(items, next)
}

// incidentID turns the parameter incident, a reference or an id, into an id.
func (f *face) incidentID(ctx context.Context, c *call, ref string) (string, error) {
	if ref == "" {
		return "", nil
	}
	st, err := f.Incidents.Get(ctx, c.by, ref, time.Time{})
	if fault.KindOf(err) == fault.NotFound {
		return "", fault.InvalidField("incident", "there is no such incident; give its reference, such as INC-2026-0142")
	}
	return st.ID, err
}

// download makes an answer a file that no browser shows or runs.
func (c *call) download(name, contentType string, size int) {
	h := c.w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Content-Length", strconv.Itoa(size))
}

// fileName keeps what is harmless in a header and in a file's name.
func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}, s)
}
