package lawbook_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/web/lawbook"
	"github.com/wakebell/wakebell/internal/web/page"
)

// counsel's own pack: one rule of Kenya in another wording.
const own = `
pack: own-ke
title: Counsel's reading
version: "7"
jurisdiction: KE
instrument: Data Protection Act 2019
source: our counsel
sure: read
rules:
  - id: ke-breach-authority
    article: "43(1)"
    owes: [controller]
    to: authority
    when: [personal_data_breach]
    start: aware
    deadline: 24 h
`

func open(t *testing.T, packs fstest.MapFS) (get func(role who.Role, path string) (int, string), declare func()) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	db := storetest.Open(t, store.SQLite)
	clk := clock.NewTest(time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC))
	var kinds []record.Kind
	for _, k := range [][]record.Kind{who.Kinds(), plan.Kinds(), directory.Kinds(), incident.Kinds(), duty.Kinds()} {
		kinds = append(kinds, k...)
	}
	led, err := record.New(t.Context(), db, clk, record.Config{}, kinds)
	must(err)
	people := who.New(db, led, clk)
	plans := plan.New(db, led, clk)
	dirs := directory.New(db, led, people, plans, clk)
	incidents := incident.New(db, led, clk, plans, dirs, people)
	var law *assessment.Law
	if packs == nil {
		law, err = assessment.NewLaw(nil)
	} else {
		law, err = assessment.NewLaw(packs)
	}
	must(err)
	duties := duty.New(db, led, clk, plans, dirs, incidents, job.New(db, clk, nil, job.Config{}), law)
	incidents.Observe(duties.OnIncident)
	svc := assessment.New(db, clk, law, incidents, dirs, plans, func(context.Context, store.Reader, string) (assessment.Sent, error) { return nil, nil }, duties.TakePacks)
	w := page.New(page.Config{
		SignedIn: func(r *http.Request) (who.Identity, bool) {
			role := r.Header.Get("X-Test-Role")
			return who.Identity{Actor: "x", Person: "x", Name: "X", Roles: []who.Role{who.Role(role)}}, role != ""
		},
		SignIn: "/sign-in", People: people, DB: db, Clock: clk, Log: slog.New(slog.DiscardHandler),
	})
	lawbook.Mount(w, lawbook.Deps{Assessment: svc, Duties: duties})
	get = func(role who.Role, path string) (int, string) {
		t.Helper()
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("X-Test-Role", string(role))
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, r)
		body, err := io.ReadAll(rec.Result().Body)
		must(err)
		return rec.Code, string(body)
	}
	declare = func() {
		t.Helper()
		eng := who.Engine("test")
		st, err := incidents.Declare(t.Context(), eng, incident.Declare{Title: "Export", DiscoveredAt: clk.Now()})
		must(err)
		_, err = incidents.Execute(t.Context(), eng, st.Ref, &incident.RecordFact{Fact: incident.FactPersonalData, Value: []byte(`"yes"`)}, 0)
		must(err)
	}
	return get, declare
}

func has(t *testing.T, body string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(body, w) {
			t.Errorf("%q is missing", w)
		}
	}
}

func TestRulesAreFound(t *testing.T) {
	t.Parallel()
	get, _ := open(t, nil)
	for _, role := range []who.Role{who.Responder, who.Legal, who.Auditor, who.Admin} {
		code, body := get(role, "/rules")
		if code != http.StatusOK {
			t.Fatalf("%s: %d", role, code)
		}
		has(t, body, "Not legal advice", "rules are in force, version", "Show more", "Unverified")
		if may := strings.Contains(body, "Read the packs anew"); may != (role == who.Admin) {
			t.Errorf("%s may read the packs anew: %v", role, may)
		}
	}
	if code, _ := get(who.Reporter, "/rules"); code != http.StatusForbidden {
		t.Errorf("reporter: %d", code)
	}
	_, some := get(who.Legal, "/rules?q=gdpr+33&jurisdiction=EEA&sure=read&status=in_force")
	has(t, some, `href="/rules/eu-gdpr-33-1"`, "72 h after")
	if strings.Contains(some, "US-CA</small>") || strings.Contains(some, "Show more") {
		t.Error("the filter lets others through")
	}
	_, none := get(who.Legal, "/rules?q=nosuchword")
	has(t, none, "No rule matches")
	_, mine := get(who.Legal, "/rules?own=on")
	has(t, mine, "No rule of your own")
	if code, _ := get(who.Legal, "/rules?sure=guessed"); code != http.StatusUnprocessableEntity {
		t.Errorf("an unknown word in the filter: %d", code)
	}
}

func TestRuleSaysWhoOwesIt(t *testing.T) {
	t.Parallel()
	get, declare := open(t, nil)
	const path = "/rules/eu-gdpr-33-1"
	_, body := get(who.Legal, path)
	has(t, body, "Controller of the data", "72 h after: became aware", "Without undue delay", "What the notice must contain", "Likely consequences", "personal_data", "From 25 May 2018", "EUR-Lex", "No open incident owes this", "Text read")
	declare()
	_, body = get(who.Legal, path)
	has(t, body, "INC-2026-0001", "/duties/")
	_, body = get(who.Admin, path)
	has(t, body, "Those who work on incidents see here")
	if strings.Contains(body, "INC-2026-0001") {
		t.Error("who sees no incident learns of one here")
	}
	if code, _ := get(who.Legal, "/rules/none"); code != http.StatusNotFound {
		t.Errorf("no such rule: %d", code)
	}
}

func TestVersionsAndOverrides(t *testing.T) {
	t.Parallel()
	get, _ := open(t, fstest.MapFS{"own.yaml": {Data: []byte(own)}})
	_, list := get(who.Legal, "/rules?own=on")
	has(t, list, `href="/rules/ke-breach-authority"`, "Your own", "24 h after")
	_, one := get(who.Legal, "/rules/ke-breach-authority")
	has(t, one, "Your own", "own-ke 7", "our counsel")
}
