package api

import (
	"context"
	"net/http"
	"time"

	"github.com/wakebell/wakebell/internal/respond/escalation"
)

// callOnWire is one person told once.
type callOnWire struct {
	ID             string     `json:"id"`
	State          string     `json:"state" enum:"open,acknowledged,expired,withdrawn,skipped,told"`
	Kind           string     `json:"kind" enum:"call,reminder"`
	Purpose        string     `json:"purpose" example:"duty"`
	Of             *string    `json:"of" doc:"the call a reminder repeats"`
	Incident       *string    `json:"incident" doc:"reference of the incident"`
	Reference      string     `json:"reference" doc:"of the incident, else the first signal's id"`
	Duty           *string    `json:"duty"`
	Rule           *string    `json:"rule"`
	Duties         []string   `json:"duties" nullable:"false" doc:"of an alarm: all it is about; duty is the first due"`
	With           *string    `json:"with" doc:"the call whose message says this one too"`
	Signals        int        `json:"signals" doc:"how many waited when it was made"`
	Team           *string    `json:"team"`
	Person         string     `json:"person"`
	PersonName     string     `json:"person_name"`
	As             string     `json:"as" doc:"why this person: team, manager, executive, holder or admin"`
	Round          int        `json:"round"`
	Drill          bool       `json:"drill"`
	Reason         *string    `json:"reason"`
	MadeAt         *time.Time `json:"made_at"`
	ExpiresAt      *time.Time `json:"expires_at" doc:"when the next person is called"`
	DueAt          *time.Time `json:"due_at"`
	AcknowledgedAt *time.Time `json:"acknowledged_at"`
	AcknowledgedBy *string    `json:"acknowledged_by"`
	Via            *string    `json:"via" doc:"link or self"`
	Deliveries     []delivery `json:"deliveries" nullable:"false"`
}

type delivery struct {
	Channel    string     `json:"channel" enum:"email,webhook"`
	State      string     `json:"state" doc:"queued, sending, sent, failed, dropped, or kept where no mail server is set"`
	Mail       *string    `json:"mail" doc:"id in the outbox"`
	Attempts   int        `json:"attempts"`
	MaybeTwice bool       `json:"maybe_twice"`
	LastError  *string    `json:"last_error"`
	UpdatedAt  *time.Time `json:"updated_at"`
}

func wireCall(it escalation.Item, name string) callOnWire {
	out := callOnWire{
		ID: it.ID, State: string(it.State), Kind: string(it.Kind), Purpose: string(it.Purpose), Of: orNull(it.Of), Reference: it.Ref,
		Duty: orNull(it.Duty), Rule: orNull(it.Rule), Duties: append([]string{}, it.Duties...),
		With: orNull(it.With), Signals: it.Signals, Team: orNull(it.Team), Person: it.Person, PersonName: name,
		As: string(it.As), Round: it.Round, Drill: it.Drill, Reason: orNull(it.Reason), MadeAt: stamp(it.CalledAt), ExpiresAt: stamp(it.ExpiresAt),
		DueAt: stamp(it.DueAt), AcknowledgedAt: stamp(it.AnsweredAt), AcknowledgedBy: orNull(it.AnsweredBy), Via: orNull(it.Via),
		Deliveries: make([]delivery, 0, len(it.Deliveries)),
	}
	if it.Incident != "" {
		out.Incident = orNull(it.Ref)
	}
	for _, d := range it.Deliveries {
		out.Deliveries = append(out.Deliveries, delivery{
			string(d.Channel), d.State, orNull(d.Mail), d.Attempts, d.MaybeTwice, orNull(d.LastError), stamp(d.UpdatedAt),
		})
	}
	return out
}

// names resolves person ids, each once; an id without a person is shown as it is.
func (f *face) names(ctx context.Context) func(id string) string {
	known := map[string]string{}
	return func(id string) string {
		if n, ok := known[id]; ok {
			return n
		}
		n := id
		if p, err := f.People.PersonTx(ctx, f.DB, id); err == nil && p.Name != "" {
			n = p.Name
		}
		known[id] = n
		return n
	}
}

// CallFilter holds the parameters of the list of calls.
type CallFilter struct {
	Page
	Incident string `query:"incident" maxLength:"100" doc:"reference or id of an incident"`
	Signal   string `query:"signal" maxLength:"200"`
	Person   string `query:"person" maxLength:"300"`
	Team     string `query:"team" maxLength:"300"`
	State    string `query:"state" enum:"open,acknowledged,expired,withdrawn,skipped,told"`
	Drill    string `query:"drill" enum:"true,false"`
}

func (f *face) listCalls(ctx context.Context, c *call, filter escalation.Filter, p Page) (list[callOnWire], error) {
	page, err := f.Escalation.List(ctx, c.by, filter, p.Cursor, p.Limit)
	if err != nil {
		return list[callOnWire]{}, err
	}
	name := f.names(ctx)
	return listOf(page.Items, page.Next, func(it escalation.Item) callOnWire { return wireCall(it, name(it.Person)) }), nil
}

func (f *face) calls() {
	const tag = "Calls"
	handle(f, op{
		method: http.MethodGet, path: base + "/calls", id: "list-calls", tag: tag, summary: "List calls",
		text: "Who was told what, when, by which channel, and who answered; newest first. Needs call.read.",
	}, func(ctx context.Context, c *call, p *CallFilter) (list[callOnWire], error) {
		of, err := f.incidentID(ctx, c, p.Incident)
		if err != nil {
			return list[callOnWire]{}, err
		}
		return f.listCalls(ctx, c, escalation.Filter{
			Incident: of, Signal: p.Signal, Person: p.Person, Team: p.Team, State: escalation.CallState(p.State), Drill: yesNo(p.Drill),
		}, p.Page)
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/calls/{id}", id: "get-call", tag: tag, summary: "Read one call", text: "Needs call.read.",
	}, func(ctx context.Context, c *call, p *ID) (callOnWire, error) {
		it, err := f.Escalation.Get(ctx, c.by, p.ID)
		if err != nil {
			return callOnWire{}, err
		}
		return wireCall(it, f.names(ctx)(it.Person)), nil
	})
	take(f, op{
		method: http.MethodPost, path: base + "/calls/{id}/acknowledge", id: "acknowledge-call", tag: tag, summary: "Acknowledge a call", optional: true,
		text: "\"I have it.\" Needs call.acknowledge, and to be the person called, one of the called team, or a manager.",
	}, func(ctx context.Context, c *call, p *ID, _ *none) (callOnWire, error) {
		k, err := f.Escalation.Acknowledge(ctx, c.by, p.ID)
		if err != nil {
			return callOnWire{}, err
		}
		return wireCall(escalation.Item{Call: k}, f.names(ctx)(k.Person)), nil
	})
}
