package duty

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/assessment/lawtest"
	"github.com/wakebell/wakebell/internal/decide/duty/policy"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

var t0 = time.Date(2026, 10, 24, 18, 0, 0, 0, time.UTC)

func company() directory.Snapshot {
	return directory.Snapshot{
		Teams: map[string]directory.Team{
			"web": {ID: "web", Name: "Web", Kind: directory.TeamProduct}, "sirt": {ID: "sirt", Name: "SIRT", Kind: directory.TeamSIRT},
			"siht": {ID: "siht", Name: "SIHT", Kind: directory.TeamSIHT}, "top": {ID: "top", Name: "Leadership", Kind: directory.TeamLeadership},
			"board": {ID: "board", Name: "Board", Kind: directory.TeamBoard}, "legal": {ID: "legal", Name: "Legal", Kind: directory.TeamLegal},
		},
		Entities: map[string]directory.Entity{
			"de": {ID: "de", Name: "Acme GmbH", Country: "DE", Authority: "dpa", Processings: []directory.Processing{{Name: "hr", Role: directory.RoleController}, {Name: "app", Role: directory.RoleProcessor}}},
		},
		ITServices: map[string]directory.ITService{"shop": {ID: "shop", Team: "web", Entity: "de", Customers: []string{"c1", "c2"}}},
		Parties: map[string]directory.Party{
			"c1": {ID: "c1", Name: "One", Kind: directory.PartyCustomer, Contract: &directory.Contract{Hours: 12, Start: directory.FromAware, Clause: "§ 7"}},
			"c2": {ID: "c2", Name: "Two", Kind: directory.PartyCustomer, Contract: &directory.Contract{Hours: 72, Acknowledge: true}},
			"c3": {ID: "c3", Name: "Three", Kind: directory.PartyCustomer}, "dpa": {ID: "dpa", Name: "DPA", Kind: directory.PartyAuthority},
		},
	}
}

// world is an incident under test: events go in, duties are derived as live code does.
type world struct {
	st     incident.State
	duties map[string]Duty
	plan   plan.Plan
	dir    directory.Snapshot
	now    time.Time
	n      int
	law    *assessment.Law
}

func declared(t lawtest.TB, nature incident.Nature) *world {
	t.Helper()
	w := &world{duties: map[string]Duty{}, plan: plan.Default(), dir: company(), now: t0, law: lawtest.Shipped(t)}
	w.apply(incident.Declared{Ref: "INC-2026-0001", Incident: incident.Real, Nature: nature, DiscoveredAt: t0, PlanVersion: 1, Service: "shop", Title: "x"})
	return w
}

func (w *world) apply(e incident.Event) {
	w.st = incident.Apply(w.st, e, incident.Stamp{Subject: "i1", Actor: "p1", At: w.now, KnownAt: w.now, RecordedAt: w.now})
	w.derive()
}

func (w *world) derive() Difference {
	var have, lean []Duty
	for _, k := range slices.Sorted(maps.Keys(w.duties)) {
		d := w.duties[k]
		have = append(have, d)
		if d.State == Met && slices.Contains(policy.Apiece(), any(d.Rule)) {
			d = Duty{Key: d.Key, Rule: d.Rule, Entity: d.Entity, State: Met, MetAt: d.MetAt, Basis: Basis{Law: policy.Law(d.Rule)}}
		}
		lean = append(lean, d)
	}
	n := w.n
	from := func(existing []Duty) Difference {
		w.n = n
		diff, err := Derive(Input{Law: w.law.Book(), Now: w.now, Incident: w.st, Plan: w.plan, Dir: w.dir, Existing: existing, NewID: func() string { w.n++; return fmt.Sprint("d", w.n) }})
		if err != nil {
			panic(err)
		}
		return diff
	}
	diff := from(have)
	if other := cmp.Diff(diff, from(lean)); other != "" { // what live code reads must be enough
		panic(other)
	}
	for _, d := range append(diff.Added, diff.Changed...) {
		w.duties[d.Key] = d
	}
	for _, x := range diff.Withdrawn {
		d := w.duties[x.Key]
		d.State, d.Remark = Withdrawn, x.Reason
		w.duties[x.Key] = d
	}
	return diff
}

func (w *world) confirmGrade(bil, sev int) {
	w.apply(incident.StatusChanged{Status: incident.Confirmed})
	w.apply(incident.Graded{Severity: sev, BIL: bil})
}

func (w *world) personal(a incident.Answer) {
	w.apply(incident.FactRecorded{ID: "f", Name: incident.FactPersonalData, Value: incident.Value{Answer: a}})
}

func (w *world) scope(s incident.Scope) {
	w.apply(incident.FactRecorded{ID: "s", Name: incident.FactScope, Value: incident.Value{Scope: &s}})
}

// open lists the open duties as "key due", due relative to t0.
func (w *world) open() map[string]string {
	out := map[string]string{}
	for k, d := range w.duties {
		if d.State == Open {
			out[k] = d.DueAt.Sub(t0).String()
		}
	}
	return out
}

func check(t *testing.T, got, want map[string]string) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("open duties (-want +got):\n%s", d)
	}
}

func TestDeclaredOwesTeamAndClassification(t *testing.T) {
	t.Parallel()
	w := declared(t, incident.Security)
	w.personal(incident.No)
	check(t, w.open(), map[string]string{"product_team:web:1": "20m0s", "classify:1": "1h0m0s"})
}

func TestOperationalOwesNoSIRT(t *testing.T) {
	t.Parallel()
	w := declared(t, incident.Operational)
	w.confirmGrade(1, 0)
	w.scope(incident.Scope{Services: []string{}})
	check(t, w.open(), map[string]string{"product_team:web:1": "20m0s"})
	w.apply(incident.NatureChanged{Nature: incident.Security})
	if _, ok := w.open()["sirt:sirt:1"]; !ok {
		t.Error("found to be security: the SIRT is not called")
	}
}

func TestSIRTWithin60MinutesElseNow(t *testing.T) {
	t.Parallel()
	w := declared(t, incident.Security)
	w.personal(incident.No)
	w.now = t0.Add(30 * time.Minute)
	w.confirmGrade(2, 1)
	if got := w.open()["sirt:sirt:1"]; got != "1h0m0s" {
		t.Errorf("graded in time: SIRT due %s after discovery, want 1h", got)
	}
	late := declared(t, incident.Security)
	late.now = t0.Add(90 * time.Minute)
	late.confirmGrade(2, 1)
	if got := late.open()["sirt:sirt:1"]; got != "1h30m0s" {
		t.Errorf("graded late: SIRT due %s after discovery, want at once (1h30m)", got)
	}
	d := late.duties["sirt:sirt:1"]
	if len(d.Candidates) != 2 || d.Candidates[0].Wins || !d.Candidates[1].Wins {
		t.Errorf("candidates do not show why: %+v", d.Candidates)
	}
	if late.duties["classify:1"].State != Met || !late.duties["classify:1"].Late() {
		t.Error("the late classification is not shown as met late")
	}
}

func TestSitrepEverySecondHourFromTheLast(t *testing.T) {
	t.Parallel()
	w := declared(t, incident.Security)
	w.personal(incident.No)
	w.now = t0.Add(30 * time.Minute)
	w.confirmGrade(3, 3)
	if got := w.open()["sitrep:siht:1"]; got != "2h30m0s" {
		t.Fatalf("BIL 3: first report due %s, want 2h30m", got)
	}
	if h := w.duties["sitrep:siht:1"].Holder.ID; h != "web" {
		t.Errorf("BIL 3: held by %q, want the product team", h)
	}
	w.now = t0.Add(100 * time.Minute)
	w.apply(incident.SitrepSent{Number: 1})
	if w.duties["sitrep:siht:1"].State != Met {
		t.Error("the report does not meet its duty")
	}
	if got := w.open()["sitrep:siht:2"]; got != "3h40m0s" {
		t.Errorf("second report due %s, want two hours after the first", got)
	}
	w.apply(incident.FactRecorded{Name: incident.Recovered, Value: incident.Value{At: w.now}})
	if d := w.duties["sitrep:siht:2"]; d.State != Withdrawn || d.Remark == "" {
		t.Errorf("recovered: %s %q, want withdrawn with a reason", d.State, d.Remark)
	}
}

func TestCustomerShortestWins(t *testing.T) {
	t.Parallel()
	w := declared(t, incident.Security)
	w.scope(incident.Scope{Customers: []string{"c1", "c2", "c3"}})
	aware := t0.Add(time.Hour)
	w.apply(incident.FactRecorded{Name: incident.Aware, Value: incident.Value{At: aware}})
	o := w.open()
	for key, want := range map[string]string{"customer:c1:1": "13h0m0s", "customer:c2:1": "24h0m0s", "customer:c3:1": "24h0m0s"} {
		if o[key] != want {
			t.Errorf("%s due %s, want %s", key, o[key], want)
		}
	}
	w.personal(incident.No)
	o = w.open()
	for key, want := range map[string]string{"customer:c1:1": "13h0m0s", "customer:c2:1": "48h0m0s", "customer:c3:1": "48h0m0s"} {
		if o[key] != want {
			t.Errorf("no personal data: %s due %s, want %s", key, o[key], want)
		}
	}
	if !w.duties["customer:c2:1"].NeedsAck || !w.duties["customer:c2:1"].Statutory {
		t.Error("a contract that asks for acknowledgement is not shown")
	}
}

func TestAuthority72ElapsedHoursAcrossDST(t *testing.T) {
	t.Parallel()
	w := declared(t, incident.Security)
	w.personal(incident.Yes)
	berlin := time.FixedZone("+01:00", 3600)
	d := w.duties["authority_gdpr:dpa@de:1"]
	if want := time.Date(2026, 10, 27, 19, 0, 0, 0, berlin); !d.DueAt.Equal(want) {
		t.Errorf("due %s, want %s", d.DueAt, want)
	}
	if !d.Statutory || !d.Filing || d.Basis.Sure == "" {
		t.Errorf("law is not marked: %+v", d)
	}
	w.apply(incident.FactRecorded{ID: "f1", Name: incident.FactRisk, Value: incident.Value{Risk: "none"}})
	if d := w.duties["authority_gdpr:dpa@de:1"]; d.State != Open || !strings.Contains(d.Basis.Why, "not confirmed by a second person") {
		t.Errorf("risk excluded by one person: %s, %s", d.State, d.Basis.Why)
	}
	w.apply(incident.DecisionMade{Decision: incident.Second, About: "f1", Answer: incident.Yes, DecidedBy: "p2", As: []string{"legal"}})
	if got := w.duties["authority_gdpr:dpa@de:1"].State; got != Withdrawn {
		t.Errorf("risk excluded: %s, want withdrawn", got)
	}
	w.apply(incident.FactRecorded{ID: "f2", Name: incident.FactRisk, Value: incident.Value{Risk: "high"}})
	if got := w.duties["authority_gdpr:dpa@de:1"].State; got != Open {
		t.Errorf("a high risk, found by one person: %s, want open", got)
	}
	w.plan.Approvals = nil
	w.apply(incident.FactRecorded{ID: "f3", Name: incident.FactRisk, Value: incident.Value{Risk: "none"}})
	if got := w.duties["authority_gdpr:dpa@de:1"].State; got != Withdrawn {
		t.Errorf("risk excluded where the plan asks nobody: %s, want withdrawn", got)
	}
	if _, ok := w.duties["controller:c1@de:1"]; ok {
		t.Error("a controller is told although no customer is in scope")
	}
	w.scope(incident.Scope{Customers: []string{"c1"}})
	if got := w.open()["controller:c1@de:1"]; got != "12h0m0s" {
		t.Errorf("controller due %q, want the contract's 12 h", got)
	}
}

func TestNothingIsHiddenByAnEmptyDirectory(t *testing.T) {
	t.Parallel()
	w := declared(t, incident.Security)
	w.dir = directory.Snapshot{}
	w.personal(incident.Yes)
	if _, ok := w.open()["authority_gdpr:1"]; !ok {
		t.Errorf("no duty to an authority: %v", w.open())
	}
}

func TestMetAndWaivedAreNeverTouched(t *testing.T) {
	t.Parallel()
	w := declared(t, incident.Security)
	d := w.duties["product_team:web:1"]
	d.State, d.MetAt = Met, t0
	w.duties[d.Key] = d
	w.apply(incident.FactRecorded{Name: incident.Discovered, Value: incident.Value{At: t0.Add(-time.Hour)}})
	if diff := cmp.Diff(d, w.duties[d.Key]); diff != "" {
		t.Errorf("a met duty was changed: %s", diff)
	}
	if got := w.duties["classify:1"].DueAt; !got.Equal(t0) {
		t.Errorf("a corrected start does not recompute: %s", got)
	}
}

// Confirmed, and nobody has said who is affected: the customers of its service may be.
func TestConfirmedWithoutScopeOwesTheServicesCustomers(t *testing.T) {
	t.Parallel()
	w := declared(t, incident.Security)
	if _, ok := w.open()["customer:c1:1"]; ok {
		t.Error("a suspicion alone owes customers of the service a notice")
	}
	w.confirmGrade(3, 3)
	if _, ok := w.open()["customer:c1:1"]; !ok {
		t.Errorf("confirmed without a scope owes the service's customers nothing: %v", w.open())
	}
	w.scope(incident.Scope{Customers: []string{"c3"}})
	if d := w.duties["customer:c1:1"]; d.State != Withdrawn {
		t.Errorf("out of the recorded scope: %s, want withdrawn", d.State)
	}
}

// What was missed is not wiped by a fact that came and went.
func TestMissedKeepsItsStart(t *testing.T) {
	t.Parallel()
	w := declared(t, incident.Security)
	d := w.duties["siht:siht:1"]
	d.Alarms = []Alarm{{Kind: "missed", At: d.DueAt, Due: d.DueAt}}
	w.duties[d.Key] = d
	w.now = t0.Add(5 * time.Hour)
	w.personal(incident.No)
	w.personal(incident.Yes)
	if got := w.duties[d.Key]; got.State != Open || !got.DueAt.Equal(d.DueAt) {
		t.Errorf("%s due %s, want open since %s", got.State, got.DueAt, d.DueAt)
	}
}

func TestDismissWithdrawsAll(t *testing.T) {
	t.Parallel()
	w := declared(t, incident.Security)
	w.confirmGrade(1, 0)
	w.apply(incident.StatusChanged{Status: incident.Dismissed, Reason: "test"})
	if len(w.open()) != 0 {
		t.Errorf("still open: %v", w.open())
	}
}

// A second derivation without a new fact changes nothing.
func TestDeriveSettles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := declared(rt, rapid.SampledFrom([]incident.Nature{incident.Security, incident.Operational}).Draw(rt, "nature"))
		for range rapid.IntRange(0, 12).Draw(rt, "steps") {
			w.now = w.now.Add(time.Duration(rapid.IntRange(0, 300).Draw(rt, "minutes")) * time.Minute)
			switch rapid.IntRange(0, 7).Draw(rt, "step") {
			case 0:
				w.confirmGrade(rapid.IntRange(1, 3).Draw(rt, "bil"), 1)
			case 1:
				w.personal(rapid.SampledFrom([]incident.Answer{incident.Unknown, incident.No, incident.Yes}).Draw(rt, "pd"))
			case 2:
				w.scope(incident.Scope{Customers: rapid.SliceOfDistinct(rapid.SampledFrom([]string{"c1", "c2", "c3", "gone"}), rapid.ID).Draw(rt, "customers")})
			case 3:
				w.apply(incident.SitrepSent{Number: w.st.Sitreps + 1})
			case 4:
				w.apply(incident.StatusChanged{Status: incident.Dismissed, Reason: "r"})
			case 5:
				w.apply(incident.Reopened{Reason: "r"})
			case 6:
				w.apply(incident.Assigned{Function: incident.FnManager, Person: "p9"})
			case 7:
				for _, k := range slices.Sorted(maps.Keys(w.duties)) {
					if d := w.duties[k]; d.State == Open && slices.Contains(d.MetBy, "notice") && rapid.Bool().Draw(rt, "told") {
						d.State, d.MetAt, d.MetActor, d.AlarmAt = Met, w.now, "p1", time.Time{}
						w.duties[k] = d
					}
				}
				w.derive()
			}
			if diff := w.derive(); !diff.Empty() {
				rt.Fatalf("derived again without a new fact: %+v", diff)
			}
			for k, d := range w.duties {
				if d.State == Open && d.DueAt.Before(d.StartAt) {
					rt.Fatalf("%s is due before it starts", k)
				}
			}
		}
	})
}

// A series goes on when one of its reports is left out, and a report meets the one that is
// owed, not the one that was waived.
func TestWaivedReportDoesNotEndTheSeries(t *testing.T) {
	t.Parallel()
	w := declared(t, incident.Security)
	w.confirmGrade(1, 0)
	for _, key := range []string{"sitrep:siht:1", "board:board:1"} {
		d := w.duties[key]
		d.State = Waived
		w.duties[key] = d
	}
	w.derive()
	for key, want := range map[string]string{"sitrep:siht:2": "4h0m0s", "board:board:2": "25h0m0s"} {
		if got := w.open()[key]; got != want {
			t.Errorf("%s due %q, want %s", key, got, want)
		}
	}
	w.now = t0.Add(3 * time.Hour)
	w.apply(incident.SitrepSent{Number: 1})
	if got := w.duties["sitrep:siht:2"].State; got != Met {
		t.Errorf("the report sent does not meet the one owed: %s", got)
	}
	if got := w.open()["sitrep:siht:3"]; got != "5h0m0s" {
		t.Errorf("next report due %q, want two hours after the one sent", got)
	}
}

// Back at work after a recorded recovery, reports are owed again.
func TestRecoveryIsTakenBackByGoingBack(t *testing.T) {
	t.Parallel()
	w := declared(t, incident.Security)
	w.confirmGrade(1, 0)
	w.apply(incident.FactRecorded{Name: incident.Recovered, Value: incident.Value{At: w.now}})
	check(t, map[string]string{"sitrep": string(w.duties["sitrep:siht:1"].State)}, map[string]string{"sitrep": "withdrawn"})
	w.now = t0.Add(time.Hour)
	w.apply(incident.PhaseEntered{Phase: incident.Contain, Reason: "it is back"})
	if got := w.duties["sitrep:siht:1"].State; got != Open {
		t.Errorf("contained again, and the report is %s", got)
	}
}

// An entity without a recorded processing, or named without one that is touched, owes.
func TestNothingIsHiddenByAMissingRole(t *testing.T) {
	t.Parallel()
	w := declared(t, incident.Security)
	w.dir.Entities["fr"] = directory.Entity{ID: "fr", Name: "Acme SAS", Country: "FR"}
	w.dir.Entities["ie"] = directory.Entity{ID: "ie", Name: "Acme Ltd", Processings: []directory.Processing{{Name: "pay", Role: directory.RoleController}}}
	w.scope(incident.Scope{Entities: []string{"fr", "ie"}, Processings: []string{"hr"}})
	w.personal(incident.Yes)
	for _, key := range []string{"authority_gdpr@fr:1", "authority_gdpr@ie:1"} {
		if w.duties[key].State != Open {
			t.Errorf("no duty %s: %v", key, w.open())
		}
	}
	if why := w.duties["authority_gdpr@fr:1"].Basis.Why; !strings.Contains(why, "taken for a controller") {
		t.Errorf("the assumption is not said: %s", why)
	}
}

// What the contract asks to be acknowledged can be acknowledged, whoever receives it.
func TestEveryDutyCanBeMet(t *testing.T) {
	t.Parallel()
	w := declared(t, incident.Security)
	w.scope(incident.Scope{Customers: []string{"c1", "c2", "c3"}})
	w.personal(incident.Yes)
	for k, d := range w.duties {
		if d.NeedsAck && !slices.Contains(d.MetBy, "acknowledgement") {
			t.Errorf("%s asks for an acknowledgement and cannot be met by one", k)
		}
	}
}

// A contract whose condition does not hold yet binds for the waiver: it may hold later.
func TestConditionalContractNeedsTwoPersons(t *testing.T) {
	t.Parallel()
	w := declared(t, incident.Security)
	w.dir.Parties["c4"] = directory.Party{ID: "c4", Kind: directory.PartyCustomer, Contract: &directory.Contract{Hours: 6, Condition: directory.WhenConfirmed}}
	w.scope(incident.Scope{Customers: []string{"c4"}})
	d := w.duties["customer:c4:1"]
	if len(d.Candidates) != 2 || !d.Statutory {
		t.Fatalf("before its condition holds: %+v", d)
	}
	exec := who.Identity{Actor: "e", Person: "e", Roles: []who.Role{who.Executive}}
	if _, complete, err := d.WaiverBy(exec); complete || err != nil {
		t.Errorf("one executive alone: complete %v, %v", complete, err)
	}
	machine := who.Identity{Actor: "t1", Roles: []who.Role{who.Manager, who.Executive, who.Legal}}
	for _, d := range w.duties {
		if _, _, err := d.WaiverBy(machine); err == nil {
			t.Errorf("a machine's token agreed to waive %s", d.Key)
		}
	}
}

// People's words never become facts of a derivation, and a derivation never loses them.
func TestDerivationHoldsNoWords(t *testing.T) {
	t.Parallel()
	was := Duty{ID: "d", Key: "k", State: Open, Remark: "Erika said", Ground: "Max asked", LateReason: "ill"}
	next := was
	next.DueAt = t0
	entry := rederived{Difference: Difference{Changed: []Duty{next}}.withoutWords()}
	facts, private, err := record.Encode(entry)
	if err != nil || len(private) > 0 {
		t.Fatalf("%s, %v", private, err)
	}
	for _, word := range []string{"Erika", "Max", "ill"} {
		if strings.Contains(string(facts), word) {
			t.Errorf("the facts hold %q: %s", word, facts)
		}
	}
	if got := entry.changes([]Duty{was})[0].after; got.Remark != was.Remark || got.Ground != was.Ground || got.LateReason != was.LateReason {
		t.Errorf("the words are lost: %+v", got)
	}
}
