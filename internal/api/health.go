package api

import (
	"context"
	"net/http"
	"time"

	"github.com/wakebell/wakebell/internal/respond/escalation/ready"
	"github.com/wakebell/wakebell/internal/respond/escalation/trial"
)

// health is the answer to: would an alarm at three in the morning reach someone?
type health struct {
	Answer  string        `json:"answer" enum:"good,warn,bad" doc:"good: yes; warn: yes, with a weakness; bad: no"`
	At      time.Time     `json:"at"`
	Version string        `json:"version"`
	Checks  []healthCheck `json:"checks" nullable:"false" doc:"what is bad first"`
}

// healthCheck is one thing that was looked at.
type healthCheck struct {
	Key    string  `json:"key" example:"mail"`
	Title  string  `json:"title"`
	State  string  `json:"state" enum:"good,warn,bad"`
	Text   string  `json:"text"`
	Remedy *string `json:"remedy"`
}

// testCall is a call to oneself by every way, and what is known to have arrived.
type testCall struct {
	ID     string        `json:"id"`
	MadeAt time.Time     `json:"made_at"`
	Ways   []testCallWay `json:"ways" nullable:"false"`
}

type testCallWay struct {
	Channel   string     `json:"channel" enum:"email,webhook"`
	State     string     `json:"state" enum:"waiting,kept,sent,failed,arrived" doc:"arrived: its link was opened and confirmed"`
	Error     *string    `json:"error"`
	SentAt    *time.Time `json:"sent_at"`
	ArrivedAt *time.Time `json:"arrived_at"`
}

func wireHealth(r ready.Report) health {
	out := health{Answer: string(r.Answer), At: r.At, Version: r.Version, Checks: []healthCheck{}}
	for _, c := range r.Checks {
		out.Checks = append(out.Checks, healthCheck{c.Key, c.Title, string(c.State), c.Text, orNull(c.Remedy)})
	}
	return out
}

func wireTrial(t trial.Trial) testCall {
	out := testCall{ID: t.ID, MadeAt: t.MadeAt, Ways: []testCallWay{}}
	for _, w := range t.Ways {
		out.Ways = append(out.Ways, testCallWay{string(w.Channel), string(w.State), orNull(w.Error), stamp(w.SentAt), stamp(w.ArrivedAt)})
	}
	return out
}

func (f *face) health() {
	const tag = "Operation"
	if f.Health != nil {
		handle(f, op{
			method: http.MethodGet, path: base + "/health", id: "get-health", tag: tag, summary: "Would an alarm reach someone?",
			text: "One answer with every check behind it. Needs system.read and directory.read.",
		}, func(ctx context.Context, c *call, _ *none) (health, error) {
			r, err := f.Health.Report(ctx, c.by)
			return wireHealth(r), err
		})
	}
	if f.Trials == nil {
		return
	}
	take(f, op{
		method: http.MethodPost, path: base + "/test-calls", id: "make-test-call", tag: tag, summary: "Call yourself, as a test", status: http.StatusCreated,
		optional: true, text: "By every way there is to you; the link in each message says that it arrived. Needs call.acknowledge or job.manage, and a token of a person.",
	}, func(ctx context.Context, c *call, _ *none, _ *none) (testCall, error) {
		t, err := f.Trials.Make(ctx, c.by)
		return wireTrial(t), err
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/test-calls", id: "list-test-calls", tag: tag, summary: "Your last test call",
		text: "One item, or none. Needs what making one needs.",
	}, func(ctx context.Context, c *call, _ *none) (list[testCall], error) {
		t, found, err := f.Trials.Last(ctx, c.by)
		if err != nil || !found {
			return listOf([]trial.Trial{}, "", wireTrial), err
		}
		return listOf([]trial.Trial{t}, "", wireTrial), nil
	})
}
