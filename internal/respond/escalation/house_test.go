package escalation_test

import (
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment/lawtest"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/triage"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/respond/escalation"
)

var (
	start   = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	engine  = who.Engine("test")
	machine = who.Identity{Actor: "tok-1", Roles: []who.Role{who.Reporter}}
)

// staff are the people of the tests and their roles.
var staff = map[string][]who.Role{
	"otto": {who.Responder}, "petra": {who.Responder}, "paul": {who.Responder}, "pia": {who.Reporter},
	"sam": {who.Analyst}, "sue": {who.Analyst}, "dora": {who.Analyst},
	"mona": {who.Manager}, "eva": {who.Executive}, "lea": {who.Legal}, "hans": {who.SIHT}, "ada": {who.Admin}, "stray": {who.Responder},
}

func as(person string) who.Identity {
	return who.Identity{Actor: person, Person: person, Roles: staff[person]}
}

type house struct {
	*escalation.Service
	t         *testing.T
	db        *store.DB
	led       *record.Ledger
	clk       *clock.Clock
	people    *who.Service
	dirs      *directory.Service
	plans     *plan.Service
	in        *intake.Service
	incidents *incident.Service
	triage    *triage.Service
	duties    *duty.Service
	box       *mail.Outbox
	jobs      *job.Runner
}

func build(t *testing.T, db *store.DB) *house {
	t.Helper()
	h := &house{t: t, db: db, clk: clock.NewTest(start)}
	var kinds []record.Kind
	for _, k := range [][]record.Kind{
		who.Kinds(), plan.Kinds(), directory.Kinds(), intake.Kinds(), incident.Kinds(), duty.Kinds(), escalation.Kinds(),
	} {
		kinds = append(kinds, k...)
	}
	var err error
	h.led, err = record.New(t.Context(), db, h.clk, record.Config{KeyFile: filepath.Join(t.TempDir(), "key")}, kinds)
	h.must(err)
	h.people = who.New(db, h.led, h.clk)
	h.plans = plan.New(db, h.led, h.clk)
	h.dirs = directory.New(db, h.led, h.people, h.plans, h.clk)
	h.in = intake.New(db, h.led, h.clk, h.plans, h.dirs)
	h.rebuild(mail.Config{})
	h.hire()
	return h
}

// rebuild makes the rooms above the directory anew.
func (h *house) rebuild(cfg mail.Config) {
	h.t.Helper()
	var err error
	h.jobs = job.New(h.db, h.clk, nil, job.Config{PauseFirst: time.Millisecond})
	h.incidents = incident.New(h.db, h.led, h.clk, h.plans, h.dirs, h.people)
	h.triage = triage.New(h.db, h.in, h.incidents)
	h.duties = duty.New(h.db, h.led, h.clk, h.plans, h.dirs, h.incidents, h.jobs, lawtest.Shipped(h.t))
	h.box, err = mail.New(h.db, h.clk, h.jobs, nil, cfg)
	h.must(err)
	h.Service = escalation.New(h.db, h.led, h.clk, h.dirs, h.plans, h.people, h.duties, h.in, h.box, h.jobs, escalation.Config{BaseURL: "https://w.example/"})
	h.incidents.Observe(h.duties.OnIncident)
	h.duties.Observe(h.OnDuty)
	h.incidents.Observe(h.OnIncident)
}

// breakLedger has every entry refused from here on.
func (h *house) breakLedger() {
	h.t.Helper()
	h.db.SetJournal(broken{})
}

type broken struct{}

func (broken) Seal(*store.Tx, []any) error { return errors.New("the ledger takes nothing") }

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) hire() {
	h.t.Helper()
	deputies := map[string]string{"petra": "paul", "sam": "dora"}
	for _, id := range []string{"paul", "dora", "otto", "petra", "pia", "sam", "sue", "mona", "eva", "lea", "hans", "ada", "stray"} {
		_, err := h.people.CreatePerson(h.t.Context(), engine, who.Person{
			ID: id, Name: strings.ToUpper(id), Email: id + "@example.com", Roles: staff[id], Active: true, Deputy: deputies[id], Zone: "Europe/Berlin",
		})
		h.must(err)
	}
	team := func(id string, kind directory.TeamKind, onCall string, members ...string) {
		tm := directory.Team{ID: id, Name: id, Kind: kind}
		for _, m := range members {
			name, lead := strings.CutSuffix(m, "*")
			tm.Members = append(tm.Members, directory.Member{Person: name, Lead: lead})
		}
		if onCall != "" {
			tm.OnCall = []directory.Shift{{Person: onCall}}
		}
		_, err := h.dirs.PutTeam(h.t.Context(), engine, tm, 0)
		h.must(err)
	}
	team("core", directory.TeamProduct, "otto", "petra*", "otto", "pia")
	team("sirt", directory.TeamSIRT, "", "sue", "sam*")
	team("siht", directory.TeamSIHT, "", "hans*")
	team("legal", directory.TeamLegal, "", "lea*")
	team("top", directory.TeamLeadership, "", "eva*")
	_, err := h.dirs.PutParty(h.t.Context(), engine, directory.Party{
		ID: "acme", Name: "ACME Hospital", Kind: directory.PartyCustomer, Country: "DE",
		Contacts: []directory.Contact{{Name: "Jo", Email: "jo@acme.example"}},
	}, 0)
	h.must(err)
	_, err = h.dirs.PutITService(h.t.Context(), engine, directory.ITService{ID: "shop", Name: "Shop", Team: "core", Customers: []string{"acme"}}, 0)
	h.must(err)
}

func (h *house) declare(kind incident.Kind) incident.State {
	h.t.Helper()
	st, err := h.incidents.Declare(h.t.Context(), as("petra"), incident.Declare{
		Title: "ACME Hospital patient data leaks", Summary: "very secret", Kind: kind, DiscoveredAt: h.clk.Now(), Service: "shop",
	})
	h.must(err)
	return st
}

func (h *house) signal(finger string, drill bool) intake.Signal {
	h.t.Helper()
	var sig intake.Signal
	_, err := h.db.Write(h.t.Context(), store.Op{Name: "test", Actor: "test"}, func(tx *store.Tx) (err error) {
		sig, _, err = h.in.Receive(tx, machine, intake.Input{
			Kind: intake.Alert, Source: "test", Fingerprint: finger, Title: "Secret title " + finger, Team: "core", Drill: drill,
		})
		return err
	})
	h.must(err)
	return sig
}

// forward steps to each next due time and does the work, as the test clock of the
// server does.
func (h *house) forward(d time.Duration) {
	h.t.Helper()
	end := h.clk.Now().Add(d)
	for {
		at, ok, err := h.jobs.NextDue(h.t.Context())
		h.must(err)
		if !ok || at.After(end) {
			break
		}
		if at.After(h.clk.Now()) {
			h.must(h.clk.Set(at))
		}
		h.must(h.jobs.Drain(h.t.Context(), h.clk.Now()))
	}
	h.must(h.clk.Set(end))
	h.must(h.jobs.Drain(h.t.Context(), end))
}

// calls lists the calls of a filter, oldest first.
func (h *house) calls(f escalation.Filter) []escalation.Item {
	h.t.Helper()
	p, err := h.List(h.t.Context(), as("mona"), f, "", 200)
	h.must(err)
	slices.Reverse(p.Items)
	return p.Items
}

func (h *house) duty(incidentID, rule string) duty.Duty {
	h.t.Helper()
	list, err := h.duties.ForIncident(h.t.Context(), h.db, incidentID)
	h.must(err)
	for _, d := range list {
		if d.Rule == rule {
			return d
		}
	}
	h.t.Fatalf("there is no duty %s", rule)
	return duty.Duty{}
}

// mails lists what a person was sent, oldest first.
func (h *house) mails(person string) (out []mail.Item) {
	h.t.Helper()
	items, _, err := h.box.List(h.t.Context(), engine, mail.Filter{}, "", 200)
	h.must(err)
	slices.Reverse(items)
	for _, m := range items {
		if person == "" || m.To[0] == person+"@example.com" {
			out = append(out, m)
		}
	}
	return out
}

var ackLink = regexp.MustCompile(`https://w\.example/ack/([A-Za-z0-9_-]{43})\n`)

// link is the secret in the newest message to a person.
func (h *house) link(person string) string {
	h.t.Helper()
	ms := h.mails(person)
	if len(ms) == 0 {
		h.t.Fatalf("%s was sent nothing", person)
	}
	m := ackLink.FindStringSubmatch(ms[len(ms)-1].Text)
	if m == nil {
		h.t.Fatalf("no link in %q", ms[len(ms)-1].Text)
	}
	return m[1]
}

// check ends a test: a replay of the ledger gives the same tables.
func (h *house) check() {
	h.t.Helper()
	_, err := record.RebuildCheck(h.t.Context(), h.db, []record.Projector{h.in, h.incidents, h.duties, h.Service})
	h.must(err)
}
