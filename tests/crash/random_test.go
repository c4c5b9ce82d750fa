package crash

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/decide/triage"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/respond/escalation"
)

// start is when the random life begins: the evening before the clocks go back in Berlin.
var start = time.Date(2026, 10, 24, 18, 0, 0, 0, time.UTC)

// life is the whole program in this process, and what people remember of it.
type life struct {
	t    *testing.T
	a    *app.App
	clk  *clock.Clock
	rng  *rand.Rand
	as   map[string]who.Identity
	open []string // incidents that people still work on
	all  int
	// breach is the incident that most of those outside are told about.
	breach string
	mem    []moment
	done   map[string]int // what was taken, by name
	no     int            // what was refused
}

// moment is an incident as it was known at a time.
type moment struct {
	at time.Time
	st incident.State
}

// TestRandomCommands lives through many random commands with every room in it: signals,
// triage, incidents, duties, calls and their timers, and what is told to those outside.
// Replay of the ledger gives the same
// tables, and as_of gives the states that were true then.
func TestRandomCommands(t *testing.T) {
	t.Parallel()
	commands := 2000
	if long() {
		commands = 100_000
	}
	engines(t, func(t *testing.T, _ store.Engine, database string) {
		cfg := app.Config{Dir: filepath.Join(t.TempDir(), "data"), Database: database, TestClock: true, Clock: clock.NewTest(start)}
		cfg.Mail = mail.Config{Host: "127.0.0.1", Port: newSink(t, 0).port, TLS: mail.NoTLS, From: "bell@lumenhof.example"}
		l := newLife(t, cfg)
		for i := range commands {
			l.step()
			if i%20 == 19 {
				l.pass()
			}
		}
		l.remembered()
		if err := l.a.Stop(clock.Background()); err != nil {
			t.Error(err)
		}
		rep, err := app.VerifyData(t.Context(), cfg, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d commands, %d refused, %d incidents, %d moments remembered: %v", commands, l.no, l.all, len(l.mem), l.done)
		for _, table := range rep.Tables.Tables {
			t.Logf("%s: %d rows", table.Table, table.Rows)
			if table.Rows == 0 {
				t.Errorf("nothing was written to %s", table.Table)
			}
		}
		look(t, cfg.Dir, database, func(r store.Reader) error {
			calls, alarms := once(t, r)
			t.Logf("%d entries, %d calls, %d alarms", rep.Tables.Entries, calls, alarms)
			return nil
		})
	})
}

func newLife(t *testing.T, cfg app.Config) *life {
	t.Helper()
	a, err := app.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.LoadDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	seed := uint64(clock.System().Now().UnixNano())
	t.Logf("seed %d", seed)
	l := &life{t: t, a: a, clk: cfg.Clock, rng: rand.New(rand.NewPCG(seed, 2)), as: map[string]who.Identity{}, done: map[string]int{}}
	for _, p := range []string{"incident-manager", "analyst", "portal-lead", "counsel", "chief-executive", "it-operation", "communications-lead", "communications-2", "privacy-officer"} {
		_, secret, err := a.People.CreateToken(t.Context(), who.Engine("test"), who.TokenInput{Name: "test", Person: p})
		if err != nil {
			t.Fatal(err)
		}
		if l.as[p], err = a.People.Authenticate(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
	}
	l.leak()
	return l
}

func pick[T any](l *life, list ...T) T { return list[l.rng.IntN(len(list))] }

func (l *life) by() who.Identity {
	return l.as[pick(l, "incident-manager", "incident-manager", "incident-manager", "analyst", "portal-lead", "counsel", "chief-executive")]
}

// took counts an outcome; only a fault of the program itself ends the test.
func (l *life) took(what string, err error) bool {
	l.t.Helper()
	if err == nil {
		l.done[what]++
		return true
	}
	if fault.KindOf(err) == fault.Internal || fault.KindOf(err) == fault.Unavailable {
		l.t.Fatalf("%s: %v", what, err)
	}
	l.no++
	return false
}

// step does one random thing.
func (l *life) step() {
	l.t.Helper()
	switch p := l.rng.IntN(100); {
	case p < 14:
		l.alert()
	case p < 17:
		_, err := l.a.Intake.Report(l.t.Context(), l.by(), intake.ReportInput{
			Title: "A colleague called", Service: pick(l, "", "identity", "nothing"), DiscoveredAt: l.clk.Now().Add(-pick(l, 0, time.Minute, time.Hour)), Drill: l.rng.IntN(8) == 0,
		})
		l.took("report", err)
	case p < 24:
		l.triage()
	case p < 27 || len(l.open) == 0:
		l.declare()
	case p < 40:
		l.duty()
	case p < 48:
		l.answer()
	case p < 50:
		l.attach()
	case p < 72:
		l.outward()
	default:
		l.command()
	}
	if err := l.clk.Advance(time.Second); err != nil {
		l.t.Fatal(err)
	}
}

// pass lets time go by and the timers do their work.
func (l *life) pass() {
	l.t.Helper()
	err := l.a.Jobs.Forward(l.t.Context(), l.clk.Now().Add(pick(l, time.Second, time.Second, time.Minute, time.Minute, time.Minute, time.Minute, 6*time.Minute, 25*time.Minute)))
	if err != nil {
		l.t.Fatal(err)
	}
	// Incidents of yesterday are over: nobody is called about them for ever.
	for len(l.open) > 6 {
		ref := l.open[0]
		l.open = l.open[1:]
		for _, c := range []incident.Command{&incident.Reopen{Reason: "to end it"}, &incident.Dismiss{Reason: "it was nothing"}} {
			_, err := l.a.Incidents.Execute(l.t.Context(), l.as["incident-manager"], ref, c, 0)
			l.took(c.Type(), err)
		}
	}
	if signals, _, err := l.a.Intake.List(l.t.Context(), l.as["analyst"], intake.Filter{State: intake.Open, Limit: 200}, ""); err != nil {
		l.t.Fatal(err)
	} else if len(signals) > 15 {
		for _, s := range signals[15:] {
			_, err := l.a.Triage.Decide(l.t.Context(), l.as["analyst"], s.ID, triage.Input{Verdict: intake.FalsePositive, Reason: "noise"})
			l.took("triage", err)
		}
	}
}

func (l *life) alert() {
	finger := fmt.Sprintf("f%d", l.rng.IntN(200))
	body, err := json.Marshal(map[string]any{"alerts": []any{map[string]any{
		"status": pick(l, "firing", "firing", "firing", "resolved"), "fingerprint": finger, "startsAt": l.clk.Now().Add(-time.Minute),
		"labels":      map[string]string{"alertname": "Random", "service": pick(l, "customer-portal", "identity", "unknown"), "drill": pick(l, "", "", "", "true")},
		"annotations": map[string]string{"summary": "something " + finger},
	}}})
	if err != nil {
		l.t.Fatal(err)
	}
	if l.rng.IntN(20) == 0 {
		body = body[:len(body)/2] // cut off on the way
	}
	_, err = l.a.Alerts.Ingest(l.t.Context(), l.as["incident-manager"], "alertmanager", body)
	l.took("alert", err)
}

func (l *life) triage() {
	signals, _, err := l.a.Intake.List(l.t.Context(), l.as["analyst"], intake.Filter{Limit: 40}, "")
	if err != nil {
		l.t.Fatal(err)
	}
	if len(signals) == 0 {
		return
	}
	s := signals[l.rng.IntN(len(signals))]
	if s.State == intake.Decided && l.rng.IntN(3) == 0 {
		_, err := l.a.Triage.Undo(l.t.Context(), l.by(), s.ID, "second thoughts")
		l.took("triage undone", err)
		return
	}
	in := triage.Input{Verdict: pick(l, intake.FalsePositive, intake.Event, intake.Incident, intake.Incident), Reason: "looked at it"}
	if in.Verdict == intake.Incident && len(l.open) > 0 {
		in.Incident = pick(l, l.open...)
	}
	out, err := l.a.Triage.Decide(l.t.Context(), l.by(), s.ID, in)
	if l.took("triage", err) && out.Incident != nil && in.Incident == "" {
		l.begin(out.Incident.Ref)
	}
}

func (l *life) begin(ref string) { l.open, l.all = append(l.open, ref), l.all+1 }

func (l *life) declare() {
	st, err := l.a.Incidents.Declare(l.t.Context(), l.by(), incident.Declare{
		Title: "random", Service: pick(l, "", "customer-portal", "identity"), DiscoveredAt: l.clk.Now().Add(-pick(l, 0, time.Minute, 2*time.Hour)),
		Kind: pick(l, incident.Real, incident.Real, incident.Drill), Nature: pick(l, incident.Security, incident.Security, incident.Operational),
	})
	if l.took("declare", err) {
		l.begin(st.Ref)
	}
}

// command changes an incident and remembers what it then was.
func (l *life) command() {
	l.t.Helper()
	ref := pick(l, l.open...)
	before, err := l.a.Incidents.GetTx(l.a.DB, ref)
	if err != nil {
		l.t.Fatal(err)
	}
	c := l.draw(before)
	by := l.by()
	if incident.PermissionOf(c) == who.PermIncidentDecide {
		by = l.as[pick(l, "counsel", "chief-executive")]
	}
	st, err := l.a.Incidents.Execute(l.t.Context(), by, ref, c, pick(l, 0, 0, 0, before.Version))
	if l.took(c.Type(), err) && l.rng.IntN(8) == 0 {
		l.mem = append(l.mem, moment{l.clk.Now(), st})
	}
}

// attach adds a file to an incident, or withdraws or erases one.
func (l *life) attach() {
	l.t.Helper()
	ref, by := pick(l, l.open...), l.by()
	list, _, err := l.a.Files.List(l.t.Context(), l.as["incident-manager"], ref, "", 20)
	if err != nil {
		l.t.Fatal(err)
	}
	if len(list) > 0 && l.rng.IntN(3) == 0 {
		what, end := "file withdrawn", l.a.Files.Withdraw
		if l.rng.IntN(3) == 0 {
			what, end = "file erased", l.a.Files.Erase
		}
		_, err := end(l.t.Context(), by, ref, list[l.rng.IntN(len(list))].ID, "not needed")
		l.took(what, err)
		return
	}
	held, err := l.a.Files.Put(l.t.Context(), by, ref, strings.NewReader(pick(l, "one", "another", "a third", l.clk.Now().String())))
	if !l.took("file kept", err) {
		return
	}
	defer func() {
		if err := held.Close(); err != nil {
			l.t.Error(err)
		}
	}()
	_, err = l.a.Files.Add(l.t.Context(), by, ref, file.Addition{Drops: []file.Drop{{Name: "log.txt", Held: held}}, Note: "random"})
	l.took("file added", err)
}

// draw makes any command, most of them valid.
func (l *life) draw(st incident.State) incident.Command {
	reason := pick(l, "because", "the log says so", "a customer called", "a colleague asked", "it was so", "")
	person := pick(l, "analyst", "incident-manager", "portal-lead", "counsel", "nobody")
	now := l.clk.Now()
	value := func(v any) json.RawMessage {
		b, err := json.Marshal(v)
		if err != nil {
			l.t.Fatal(err)
		}
		return b
	}
	fact := func(n incident.FactName, v any) incident.Command {
		return &incident.RecordFact{Fact: n, Value: value(v), Remark: reason, Entity: map[bool]string{true: pick(l, "lumenhof-gmbh", "lumenhof-ireland")}[n == incident.Aware]}
	}
	task := "none"
	if n := len(st.Tasks); n > 0 {
		task = st.Tasks[l.rng.IntN(n)].ID
	}
	sev, bil := l.rng.IntN(5), 1+l.rng.IntN(4)
	switch l.rng.IntN(23) {
	case 21:
		return fact(pick(l, incident.FactName("law.acquired"), "law.malicious", "law.weather"), pick[any](l, true, false, nil, "perhaps"))
	case 22:
		return pick(l, fact("law.data_categories", pick(l, []string{"social_security"}, []string{"health", "contact"}, []string{})),
			fact("law.encryption", pick(l, "all", "none")), fact("law.key", pick(l, "safe", "exposed")), fact("law.at.determined", now.Add(-time.Minute)))
	case 0, 1:
		return &incident.Confirm{Reason: reason}
	case 2, 3:
		return &incident.Grade{Severity: &sev, BIL: &bil, Reason: reason}
	case 4:
		return fact(incident.FactPersonalData, pick(l, "unknown", "no", "yes"))
	case 5:
		return fact(incident.Aware, now.Add(-time.Hour))
	case 6:
		return fact(incident.FactScope, map[string]any{
			"customers": []string{pick(l, "alpenwerk", "juno-media", "moon")}, "partners": []string{"marktplatz-nord"}[:l.rng.IntN(2)],
			"entities": []string{pick(l, "lumenhof-gmbh", "lumenhof-ireland")}, "confidence": "guessed",
			"persons": []map[string]any{{"country": pick(l, "DE", "US-CA", "US-TX", "BR", "GB"), "min": 1, "estimate": pick(l, 5, 250, 501), "max": 1000}},
		})
	case 7:
		return fact(pick(l, incident.Contained, incident.Recovered, incident.Discovered, incident.Occurred), now.Add(-pick(l, time.Minute, time.Hour)))
	case 8:
		return fact(incident.FactRisk, pick(l, "none", "high"))
	case 9:
		return &incident.Assign{Function: pick(l, "manager", "legal", "analyst", incident.Function("king")), Person: person}
	case 10:
		return &incident.Unassign{Function: pick(l, "manager", "legal", incident.Function("analyst")), Person: person}
	case 11, 12:
		return &incident.Note{Text: reason}
	case 13:
		return &incident.MakeDecision{Decision: pick(l, incident.OutsideHelp, incident.OtherDecision), Answer: pick(l, incident.Yes, incident.No), Text: reason, Reason: reason}
	case 14:
		return &incident.AddTask{Text: reason, Owner: person}
	case 15:
		return pick[incident.Command](l, &incident.FinishTask{Task: task}, &incident.ReopenTask{Task: task, Reason: reason})
	case 16:
		return &incident.EnterPhase{Phase: pick(l, incident.Phases[:]...), Reason: reason}
	case 17:
		return &incident.SendSitrep{Text: reason}
	case 18:
		return &incident.SetNature{Nature: pick(l, incident.Security, incident.Operational), Reason: reason}
	case 19:
		if n := len(st.Signals); n > 0 {
			return &incident.UnlinkSignals{Signals: st.Signals[:1], Reason: reason}
		}
		return &incident.Edit{Title: "random, with another title"}
	}
	if st.Open() && l.rng.IntN(4) > 0 {
		return &incident.Edit{Summary: reason + "."}
	}
	return pick[incident.Command](l, &incident.Close{Reason: reason, FilingsPending: true}, &incident.Reopen{Reason: reason}, &incident.Reopen{Reason: reason},
		&incident.Merge{Into: l.open[0], Reason: reason})
}

// duty meets, waives, assigns or undoes one.
func (l *life) duty() {
	l.t.Helper()
	st, err := l.a.Incidents.GetTx(l.a.DB, pick(l, l.open...))
	if err != nil {
		l.t.Fatal(err)
	}
	list, err := l.a.Duties.ForIncident(l.t.Context(), l.a.DB, st.ID)
	if err != nil {
		l.t.Fatal(err)
	}
	if len(list) == 0 {
		return
	}
	d := list[l.rng.IntN(len(list))]
	if d.State != duty.Open {
		_, err = l.a.Duties.Undo(l.t.Context(), l.by(), d.ID, pick(l, "a mistake", ""))
		l.took("duty undone", err)
		return
	}
	switch l.rng.IntN(5) {
	case 0:
		_, err = l.a.Duties.Assign(l.t.Context(), l.by(), d.ID, pick(l, "", "analyst", "nobody"))
		l.took("duty assigned", err)
	case 1:
		_, err = l.a.Duties.Waive(l.t.Context(), l.as[pick(l, "counsel", "chief-executive", "incident-manager")], d.ID, "agreed")
		l.took("duty waived", err)
	default:
		_, err = l.a.Duties.Meet(l.t.Context(), l.by(), d.ID, duty.Evidence{With: d.MetBy[l.rng.IntN(len(d.MetBy))], Remark: "done", LateReason: pick(l, "", "it took longer")})
		l.took("duty met", err)
	}
}

// answer acknowledges one of the newest calls.
func (l *life) answer() {
	l.t.Helper()
	page, err := l.a.Escalation.List(l.t.Context(), l.as["incident-manager"], escalation.Filter{State: escalation.Waiting}, "", 20)
	if err != nil {
		l.t.Fatal(err)
	}
	if len(page.Items) == 0 {
		return
	}
	_, err = l.a.Escalation.Acknowledge(l.t.Context(), l.by(), page.Items[l.rng.IntN(len(page.Items))].ID)
	l.took("call acknowledged", err)
}

// remembered asks for every remembered moment again.
func (l *life) remembered() {
	l.t.Helper()
	for _, m := range l.mem {
		got, err := l.a.Incidents.Get(l.t.Context(), l.as["incident-manager"], m.st.ID, m.at)
		if err != nil {
			l.t.Fatal(err)
		}
		if diff := cmp.Diff(m.st, got, cmpopts.EquateEmpty()); diff != "" {
			l.t.Fatalf("%s as of %s: %s", m.st.Ref, m.at, diff)
		}
	}
}
