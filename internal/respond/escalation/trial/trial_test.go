package trial_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/whotest"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
	"github.com/wakebell/wakebell/internal/respond/escalation/trial"
)

var start = time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)

// pager is a webhook that keeps what it gets.
type pager struct {
	*httptest.Server
	mu     sync.Mutex
	got    []call.Post
	answer int
}

func newPager(t *testing.T) *pager {
	p := &pager{answer: http.StatusOK}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		raw, _ := io.ReadAll(r.Body)
		var m call.Post
		if json.Unmarshal(raw, &m) == nil {
			p.got = append(p.got, m)
		}
		w.WriteHeader(p.answer)
	}))
	t.Cleanup(p.Close)
	return p
}

type rig struct {
	*trial.Service
	db   *store.DB
	led  *record.Ledger
	clk  *clock.Clock
	jobs *job.Runner
	box  *mail.Outbox
	ppl  *who.Service
	by   who.Identity
}

func open(t *testing.T, db *store.DB, cfg mail.Config, webhook string, role who.Role) rig {
	t.Helper()
	clk := clock.NewTest(start)
	led, err := record.New(t.Context(), db, clk, record.Config{}, slices.Concat(who.Kinds(), trial.Kinds()))
	if err != nil {
		t.Fatal(err)
	}
	people := who.New(db, led, clk)
	jobs := job.New(db, clk, nil, job.Config{PauseFirst: time.Millisecond, PauseMost: time.Millisecond})
	box, err := mail.New(db, clk, jobs, nil, cfg)
	if err != nil {
		t.Fatal(err)
	}
	p, err := people.CreatePerson(t.Context(), who.Engine("test"), who.Person{
		Name: "Nora", Email: "nora@example.com", Webhook: webhook, Active: true, Roles: []who.Role{role},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := trial.New(db, led, clk, people, box, jobs, trial.Config{BaseURL: "https://bell.example/"})
	return rig{s, db, led, clk, jobs, box, people, who.Identity{Actor: p.ID, Person: p.ID, Roles: p.Roles}}
}

func (g rig) drain(t *testing.T) {
	t.Helper()
	if err := g.jobs.Drain(t.Context(), g.clk.Now()); err != nil {
		t.Fatal(err)
	}
}

func (g rig) state(t *testing.T, ch call.Channel) trial.Way {
	t.Helper()
	last, found, err := g.Last(t.Context(), g.by)
	if err != nil || !found {
		t.Fatalf("%v %v", found, err)
	}
	for _, w := range last.Ways {
		if w.Channel == ch {
			return w
		}
	}
	t.Fatalf("no way %s in %+v", ch, last)
	return trial.Way{}
}

func TestDenyEmpty(t *testing.T) {
	t.Parallel()
	whotest.DenyEmpty(t, &trial.Service{})
}

// The whole way: asked for, sent by the job loop, confirmed by the link that only the receiver has.
func TestTestCallByEveryWay(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		p := newPager(t)
		g := open(t, db, mail.Config{}, p.URL, who.Responder)
		made, err := g.Make(t.Context(), g.by)
		if err != nil || len(made.Ways) != 2 || made.Ways[0].State != trial.Waiting {
			t.Fatalf("%+v %v", made, err)
		}
		if _, err := g.Make(t.Context(), g.by); fault.KindOf(err) != fault.Throttled || fault.RetryAfterOf(err) != 30 {
			t.Errorf("at once again: %v", err)
		}
		g.drain(t)
		if w := g.state(t, call.Webhook); w.State != trial.Sent || w.SentAt.IsZero() || !w.ArrivedAt.IsZero() {
			t.Errorf("webhook %+v", w)
		}
		if w := g.state(t, call.Email); w.State != trial.Kept { // no mail server is set
			t.Errorf("e-mail %+v", w)
		}
		if len(p.got) != 1 || p.got[0].Kind != "test" || !strings.Contains(p.got[0].Text, "TEST CALL") {
			t.Fatalf("the pager got %+v", p.got)
		}
		token := strings.TrimPrefix(p.got[0].Link, "https://bell.example"+trial.Path)
		if w, err := g.ByLink(t.Context(), token); err != nil || w.Channel != call.Webhook || w.State != trial.Sent {
			t.Errorf("the page behind the link: %+v %v", w, err)
		}
		for range 2 { // twice is no error
			if w, err := g.Arrive(t.Context(), token); err != nil || w.State != trial.Arrived {
				t.Errorf("%+v %v", w, err)
			}
		}
		if w := g.state(t, call.Webhook); w.State != trial.Arrived || !w.ArrivedAt.Equal(start) {
			t.Errorf("%+v", w)
		}
		g.recorded(t, made.ID)
		if n, err := g.Proven(t.Context(), db, []string{g.by.Person, "other"}, start.Add(-time.Hour)); err != nil || n != 1 {
			t.Errorf("proven %d %v", n, err)
		}
		g.hidden(t)
		if _, err := g.Arrive(t.Context(), "wrong"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("an unknown link: %v", err)
		}
		if err := g.clk.Advance(trial.LinkLife + time.Second); err != nil {
			t.Fatal(err)
		}
		if _, err := g.ByLink(t.Context(), token); fault.KindOf(err) != fault.Gone {
			t.Errorf("an old link: %v", err)
		}
	})
}

func (g rig) recorded(t *testing.T, id string) {
	t.Helper()
	entries, err := g.led.Subject(t.Context(), g.db, id, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, e := range entries {
		told = append(told, trial.Tell(e, func(string) string { return "Nora" }))
	}
	slices.Sort(told)
	want := []string{
		"Test call of Nora by e-mail: kept, because no mail server is set", "Test call of Nora by webhook: arrived",
		"Test call of Nora by webhook: handed over", "Test call: Nora asked to be called by e-mail and webhook",
	}
	if !slices.Equal(told, want) {
		t.Errorf("told %q", told)
	}
}

// hidden: whoever reads the outbox cannot confirm in the name of the person called.
func (g rig) hidden(t *testing.T) {
	t.Helper()
	list, _, err := g.box.List(t.Context(), who.Identity{Actor: "a", Roles: []who.Role{who.Auditor}}, mail.Filter{}, "", 0)
	if err != nil || len(list) != 1 || !strings.Contains(list[0].Text, trial.Path+"(hidden)") {
		t.Errorf("%+v %v", list, err)
	}
	raw, _, err := g.box.List(t.Context(), who.Engine("test"), mail.Filter{}, "", 0)
	if err != nil || !regexp.MustCompile(trial.Path+`[\w-]{43}`).MatchString(raw[0].Text) {
		t.Errorf("%+v %v", raw, err)
	}
}

func TestTestCallThatFails(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, store.SQLite)
	p := newPager(t)
	p.answer = http.StatusNotFound
	g := open(t, db, mail.Config{Host: "127.0.0.1", Port: 1, TLS: mail.NoTLS, From: "bell@example.com"}, p.URL, who.Admin)
	if _, err := g.Make(t.Context(), g.by); err != nil {
		t.Fatal(err)
	}
	g.drain(t)
	if w := g.state(t, call.Webhook); w.State != trial.Failed || !strings.Contains(w.Error, "404") {
		t.Errorf("%+v", w)
	}
	if w := g.state(t, call.Email); w.State != trial.Failed || !strings.Contains(w.Error, "refused") {
		t.Errorf("%+v", w)
	}
}

func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, store.SQLite)
	g := open(t, db, mail.Config{}, "", who.Reporter)
	for want, by := range map[fault.Kind]who.Identity{
		fault.Denied:   g.by, // a reporter is never called
		fault.Conflict: {Actor: "token", Roles: []who.Role{who.Responder}},
	} {
		if _, err := g.Make(t.Context(), by); fault.KindOf(err) != want {
			t.Errorf("%v: %v", want, err)
		}
	}
}
