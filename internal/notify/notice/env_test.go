package notice_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/shelf"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

var start = time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)

// env is a company with people of each role, two customers and an incident that
// affects them.
type env struct {
	t       *testing.T
	db      *store.DB
	clk     *clock.Clock
	led     *record.Ledger
	dirs    *directory.Service
	inc     *incident.Service
	duties  *duty.Service
	plans   *plan.Service
	people  *who.Service
	outbox  *mail.Outbox
	notices *notice.Service
	files   *file.Service
	post    *post
	st      incident.State
}

// post keeps the lists of a test in memory and notes what it was given.
type post struct {
	lists    map[string]notice.List
	sent     []notice.Handover
	rerouted []string
	others   []notice.Told
	carried  []string
	fail     error
}

func (p *post) List(_ context.Context, _ store.Reader, id string) (notice.List, error) {
	return p.lists[id], nil
}

func (p *post) Reroute(_ context.Context, _ *store.Tx, _ who.Identity, n notice.Notice) error {
	p.rerouted = append(p.rerouted, n.ID)
	return nil
}

func (p *post) Others(context.Context, store.Reader, notice.Notice, []string) ([]notice.Told, error) {
	return p.others, nil
}

func (p *post) Carry(_ context.Context, _ *store.Tx, _ who.Identity, earlier, next notice.Notice) error {
	p.carried = append(p.carried, earlier.ID+">"+next.ID)
	return nil
}

func (p *post) Send(_ context.Context, _ *store.Tx, _ who.Identity, h notice.Handover) error {
	if h.Notice.Drill {
		return errors.New("a drill was handed over")
	}
	if p.fail == nil {
		p.sent = append(p.sent, h)
	}
	return p.fail
}

// staff are the people: id and role, "-" for the deputy of the one before.
var staff = []struct {
	id, deputy string
	roles      []who.Role
}{
	{"cora", "", []who.Role{who.Communications}},
	{"lena", "lars", []who.Role{who.Legal}},
	{"lars", "", []who.Role{who.Responder}},
	{"ewan", "", []who.Role{who.Executive}},
	{"mia", "", []who.Role{who.Manager}},
	{"sara", "", []who.Role{who.SIHT}},
	{"both", "", []who.Role{who.Legal, who.Executive}},
	{"dora", "", []who.Role{who.Responder}}, // the plan's deputy of legal
	{"dirk", "", []who.Role{who.Responder}}, // the plan's deputy of executive
	{"ada", "", []who.Role{who.Auditor}},
}

func newEnv(t *testing.T, db *store.DB) *env {
	t.Helper()
	e := &env{t: t, db: db, clk: clock.NewTest(start), post: &post{lists: map[string]notice.List{}}}
	var kinds []record.Kind
	for _, k := range [][]record.Kind{who.Kinds(), incident.Kinds(), plan.Kinds(), directory.Kinds(), file.Kinds(), duty.Kinds(), notice.Kinds()} {
		kinds = append(kinds, k...)
	}
	var err error
	e.led, err = record.New(t.Context(), db, e.clk, record.Config{}, kinds)
	e.must(err)
	e.people, e.plans = who.New(db, e.led, e.clk), plan.New(db, e.led, e.clk)
	e.dirs = directory.New(db, e.led, e.people, e.plans, e.clk)
	e.inc = incident.New(db, e.led, e.clk, e.plans, e.dirs, e.people)
	jobs := job.New(db, e.clk, nil, job.Config{})
	e.outbox, err = mail.New(db, e.clk, jobs, nil, mail.Config{})
	e.must(err)
	law, err := assessment.NewLaw(nil)
	e.must(err)
	e.duties = duty.New(db, e.led, e.clk, e.plans, e.dirs, e.inc, jobs, law)
	e.inc.Observe(e.duties.OnIncident)
	blobs, err := blob.New(blob.Config{Dir: t.TempDir(), Max: 1000})
	e.must(err)
	e.files = file.New(db, e.led, e.inc, jobs, blobs)
	e.notices = notice.New(notice.Deps{
		DB: db, Ledger: e.led, Clock: e.clk, Plans: e.plans, Directory: e.dirs, Incidents: e.inc, Duties: e.duties, Files: e.files,
		Outbox: e.outbox, Templates: e.shelf(), BaseURL: "https://wakebell.example.com",
	})
	e.notices.Deliver(e.post)
	e.company()
	return e
}

func (e *env) shelf() *shelf.Shelf {
	e.t.Helper()
	s, err := shelf.New(nil)
	e.must(err)
	return s
}

func (e *env) company() {
	e.t.Helper()
	ctx, eng := e.t.Context(), who.Engine("test")
	for _, p := range staff {
		_, err := e.people.CreatePerson(ctx, eng, who.Person{ID: p.id, Name: "Person " + p.id, Email: p.id + "@example.com", Roles: p.roles, Active: true})
		e.must(err)
	}
	for _, p := range staff {
		if p.deputy == "" {
			continue
		}
		_, err := e.people.UpdatePerson(ctx, eng, who.Person{
			ID: p.id, Name: "Person " + p.id, Email: p.id + "@example.com", Roles: p.roles, Active: true, Deputy: p.deputy,
		}, 0)
		e.must(err)
	}
	for _, p := range []directory.Party{
		{ID: "north", Name: "North", Kind: directory.PartyCustomer, Country: "DE"},
		{ID: "south", Name: "South", Kind: directory.PartyCustomer, Country: "DE", Contract: &directory.Contract{Hours: 12, Acknowledge: true, Clause: "DPA 7"}},
	} {
		_, err := e.dirs.PutParty(ctx, eng, p, 0)
		e.must(err)
	}
	p := plan.Default()
	p.EmergencyDeputies = []plan.EmergencyDeputy{{Of: "legal", Persons: []string{"dora"}}, {Of: "executive", Persons: []string{"dirk"}}}
	_, err := e.plans.Change(ctx, eng, p, 1, "deputies named")
	e.must(err)
	e.st = e.declare(incident.Real)
}

// declare starts an incident that affects both customers.
func (e *env) declare(kind incident.Kind) incident.State {
	e.t.Helper()
	st, err := e.inc.Declare(e.t.Context(), as("mia"), incident.Declare{Title: "Leak", Kind: kind, DiscoveredAt: start})
	e.must(err)
	scope, err := json.Marshal(map[string]any{"customers": []string{"north", "south"}})
	e.must(err)
	st, err = e.inc.Execute(e.t.Context(), as("mia"), st.Ref, &incident.RecordFact{Fact: "scope", Value: scope}, 0)
	e.must(err)
	return st
}

func (e *env) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

// as is a person of the company with their roles.
func as(id string) who.Identity {
	for _, p := range staff {
		if p.id == id {
			return who.Identity{Actor: id, Person: id, Name: "Person " + id, Roles: p.roles}
		}
	}
	panic("nobody is called " + id)
}

func (e *env) fails(want fault.Kind, err error) {
	e.t.Helper()
	if err == nil || fault.KindOf(err) != want {
		e.t.Errorf("got %v (%s), want %s", err, fault.KindOf(err), want)
	}
}

// started is a notice to customers with a list that is signed off.
func (e *env) started(a notice.Audience) notice.Notice {
	e.t.Helper()
	n, err := e.notices.Start(e.t.Context(), as("cora"), e.st.Ref, notice.Start{Audience: a, Subject: "What happened", Body: "We found a leak."})
	e.must(err)
	e.sign(n, "list-1")
	return n
}

func (e *env) sign(n notice.Notice, hash string) {
	e.post.lists[n.ID] = notice.List{ID: "l-" + n.ID, Hash: hash, Count: 2, SignedOffBy: "cora", SignedOffAt: e.clk.Now()}
}

// submitted is a notice whose bytes are frozen.
func (e *env) submitted(a notice.Audience) notice.Notice {
	e.t.Helper()
	n, err := e.notices.Submit(e.t.Context(), as("cora"), e.st.Ref, e.started(a).No, 0)
	e.must(err)
	return n
}

func (e *env) approve(n notice.Notice, people ...string) notice.Notice {
	e.t.Helper()
	for _, id := range people {
		var err error
		n, err = e.notices.Approve(e.t.Context(), as(id), e.st.Ref, n.No, notice.Approve{Bound: n.Round().Bound})
		e.must(err)
	}
	return n
}

// approved is a notice with all its approvals.
func (e *env) approved(a notice.Audience) notice.Notice {
	e.t.Helper()
	return e.approve(e.submitted(a), "lena", "ewan")
}

func (e *env) release(by string, n notice.Notice) (notice.Notice, error) {
	return e.notices.Release(e.t.Context(), as(by), e.st.Ref, n.No, notice.Go{Bound: n.Rounds[len(n.Rounds)-1].Bound})
}

// rebuilt proves that replay gives the same tables.
func (e *env) rebuilt() {
	e.t.Helper()
	_, err := record.RebuildCheck(e.t.Context(), e.db, []record.Projector{new(notice.Service)})
	e.must(err)
}

// mails lists who was told something with a word in its subject.
func (e *env) mails(word string) []string {
	e.t.Helper()
	rows, err := e.db.Query(e.t.Context(), `SELECT recipients FROM mail_outbox WHERE subject LIKE ? ORDER BY recipients`, "%"+word+"%")
	e.must(err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var to string
		e.must(rows.Scan(&to))
		var list []string
		e.must(json.Unmarshal([]byte(to), &list))
		out = append(out, list...)
	}
	e.must(rows.Err())
	return out
}

// file adds a file to the incident and gives its id.
func (e *env) file(name string) string {
	e.t.Helper()
	h, err := e.files.Put(e.t.Context(), as("mia"), e.st.Ref, strings.NewReader(name))
	e.must(err)
	defer h.Close()
	list, err := e.files.Add(e.t.Context(), as("mia"), e.st.Ref, file.Addition{Drops: []file.Drop{{Held: h, Name: name}}})
	e.must(err)
	return list[0].ID
}
