package incident_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/decide/incident"
)

// choose draws an index below n; rapid and the long test share the generator.
type choose func(n int) int

func pick[T any](c choose, list ...T) T { return list[c(len(list))] }

// meta is what the service would stamp; it stamps its own.
func meta(now time.Time) incident.Meta {
	return incident.Meta{Now: now, By: "ann", NewID: fmt.Sprint("id", now.UnixMicro())}
}

// draw makes any command, valid or not.
func draw(c choose, st incident.State, now time.Time) incident.Command {
	reason := pick(c, "because", "it was so", "a customer called", "a colleague asked", "the log says so", "", "x\x00", "\xff")
	base := incident.Base{
		Meta:    meta(now),
		At:      pick(c, time.Time{}, time.Time{}, time.Time{}, time.Time{}, now.Add(-time.Hour), now.Add(-time.Minute), now.Add(time.Hour), time.Unix(-5, 0)),
		KnownAt: pick(c, time.Time{}, time.Time{}, now.Add(-time.Minute)),
	}
	person := pick(c, "ann", "bob", "cyd", "nobody", "")
	entity := pick(c, "", "", "acme-de", "acme-us", "moon")
	function := pick(c, "manager", "legal", "analyst", incident.Function("king"))
	task, signals := "none", []string{pick(c, "s1", "s2", "drill", "none"), pick(c, "s1", "s2")}
	if n := len(st.Tasks); n > 0 {
		task = st.Tasks[c(n)].ID
	}
	switch c(22) {
	case 0:
		return &incident.Edit{Base: base, Title: pick(c, "", "Another title"), Summary: pick(c, "", "Another summary")}
	case 1, 2:
		return &incident.Confirm{Base: base, Reason: reason}
	case 3:
		if c(4) > 0 {
			return &incident.Note{Base: base, Text: reason}
		}
		return &incident.Dismiss{Base: base, Reason: reason}
	case 4:
		return &incident.SetNature{Base: base, Nature: pick(c, incident.Security, incident.Operational, "odd"), Reason: reason}
	case 5:
		return &incident.Grade{Base: base, Severity: pick(c, ptr(0), ptr(1), ptr(3), ptr(9), nil), BIL: pick(c, ptr(1), ptr(2), ptr(3), ptr(0), nil), Reason: reason}
	case 6, 7, 8, 9:
		name := pick(c, append(incident.FactNames(), "weather")...)
		return &incident.RecordFact{Base: base, Fact: name, Entity: entity, Value: value(c, name, now), Remark: reason, SaidBy: pick(c, "", "a guard")}
	case 10:
		return &incident.Assign{Base: base, Function: function, Person: person}
	case 11:
		return &incident.Unassign{Base: base, Function: function, Person: person}
	case 12:
		return &incident.Note{Base: base, Text: reason}
	case 13:
		return &incident.MakeDecision{
			Base: base, Decision: pick(c, incident.OutsideHelp, incident.DoNotNotify, incident.OtherDecision, "odd"),
			Answer: pick(c, incident.Yes, incident.No, ""), Text: reason, Reason: reason, DecidedBy: person, Rule: pick(c, "", "authority_gdpr"), Entity: entity,
		}
	case 14:
		return &incident.AddTask{Base: base, Text: reason, Owner: person, Due: pick(c, time.Time{}, now.Add(time.Hour))}
	case 15:
		return &incident.FinishTask{Base: base, Task: task}
	case 16:
		return &incident.ReopenTask{Base: base, Task: task, Reason: reason}
	case 17:
		return &incident.EnterPhase{Base: base, Phase: pick(c, append(incident.Phases[:], "odd")...), Reason: reason}
	case 18:
		return &incident.SendSitrep{Base: base, Text: reason}
	case 19:
		return &incident.LinkSignals{Base: base, Signals: signals}
	case 20:
		return pick[incident.Command](c, &incident.UnlinkSignals{Base: base, Signals: signals, Reason: reason},
			&incident.UnlinkSignals{Base: base, Signals: signals[1:], Reason: reason}, &incident.UnlinkSignals{Base: base, Signals: signals[1:], Reason: reason},
			&incident.Merge{Base: base, Into: pick(c, "INC-2026-0002", "INC-2026-0001", st.ID, "none"), Reason: reason})
	}
	if c(4) > 0 {
		return &incident.Reopen{Base: base, Reason: reason}
	}
	return pick[incident.Command](c, &incident.Close{Base: base, Reason: reason, FilingsPending: c(2) == 0},
		&incident.Reopen{Base: base, Reason: reason}, &incident.Reopen{Base: base, Reason: reason}, &incident.Reopen{Base: base, Reason: reason})
}

// value draws a value that mostly fits the fact.
func value(c choose, name incident.FactName, now time.Time) json.RawMessage {
	answers := []string{`"unknown"`, `"yes"`, `"no"`}
	fits := map[incident.FactName][]string{
		incident.FactHarm: {`[]`, `[{"property":"integrity","asset":"our_data","timing":"existing"}]`}, incident.FactCause: {`"a word"`},
		incident.FactPlace: {`"a word"`}, incident.FactPersonalData: answers, incident.FactLaw: answers, incident.FactRisk: {`"high"`, `"none"`},
		incident.FactProtected: {`[]`, `["trade_secret"]`}, incident.FactIndicators: {`{}`, `{"total_outage":"yes","customers_affected":12}`},
		incident.FactScope: {`{}`, `{"customers":["north"],"entities":["acme-de"],"persons":[{"country":"DE","min":1,"estimate":2,"max":3}],"confidence":"guessed"}`},
	}[name]
	if fits == nil {
		fits = []string{fmt.Sprintf("%q", now.Add(-2*time.Hour).In(time.FixedZone("", 3600)).Format(time.RFC3339Nano))}
	}
	if c(4) > 0 {
		return json.RawMessage(pick(c, fits...))
	}
	return json.RawMessage(pick(c, `"high"`, `null`, `[]`, `{}`, `{`, `7`, `"0000-01-01T00:00:00+01:00"`, `[{"property":"beauty"}]`,
		`{"customers":["moon"],"persons":[{"country":"12","min":3,"estimate":2,"max":1}]}`, `{"total_outage":"perhaps"}`))
}

// TestDecide: Decide never panics, answers with events or a fault but never both, and
// the events, through JSON and back, fold to the same state twice.
func TestDecide(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		c := func(n int) int { return rapid.IntRange(0, n-1).Draw(rt, "choice") }
		now := start
		st, entries := incident.State{}, []record.Entry{}
		for step := range rapid.IntRange(1, 60).Draw(rt, "steps") {
			now = now.Add(time.Minute)
			cmd := draw(c, st, now)
			if step == 0 {
				cmd = &incident.Declare{Base: incident.Base{Meta: meta(now)}, Ref: "INC-2026-0001", Title: "t", Kind: incident.Real, Nature: incident.Security, DiscoveredAt: now}
			}
			events, err := incident.Decide(st, cmd)
			if err != nil {
				if len(events) > 0 || fault.KindOf(err) == fault.Internal {
					rt.Fatalf("%s: %v with %d events", cmd.Type(), err, len(events))
				}
				continue
			}
			for _, e := range events {
				facts, private, err := record.Encode(e)
				if err != nil {
					rt.Fatalf("%s: %v", e.Kind(), err)
				}
				entry := record.Entry{Seq: int64(len(entries) + 1), Kind: e.Kind(), Subject: "i1", Actor: "ann", At: now, KnownAt: now, RecordedAt: now, Facts: facts, Private: private}
				entries = append(entries, entry)
				st = incident.Apply(st, e, incident.Stamp{Subject: "i1", Actor: "ann", At: now, KnownAt: now, RecordedAt: now})
			}
		}
		a, err := incident.Fold(incident.State{}, entries)
		b, err2 := incident.Fold(incident.State{}, entries)
		if err = errors.Join(err, err2); err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(a, b) + cmp.Diff(st, a, cmpopts.EquateEmpty()); diff != "" {
			rt.Fatal(diff)
		}
		doc, err := json.Marshal(a)
		var back incident.State
		if err = errors.Join(err, json.Unmarshal(doc, &back)); err != nil || cmp.Diff(a, back, cmpopts.EquateEmpty()) != "" {
			rt.Fatalf("the state does not survive JSON: %v %s", err, cmp.Diff(a, back, cmpopts.EquateEmpty()))
		}
	})
}

// moment is a state as it was remembered.
type moment struct {
	at time.Time
	st incident.State
}

// TestRandomCommands builds a database by many random commands: replay gives the same
// tables, and as_of the states that were true then.
func TestRandomCommands(t *testing.T) {
	t.Parallel()
	commands := 3000
	if long() {
		commands = 100_000
	}
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		if db.Engine() == store.Postgres && !long() {
			commands := commands / 3
			random(t, db, commands)
			return
		}
		random(t, db, commands)
	})
}

func random(t *testing.T, db *store.DB, commands int) {
	e := newEnv(t, db)
	e.signal(t, "s1", false)
	e.signal(t, "s2", false)
	e.signal(t, "drill", true)
	rng := rand.New(rand.NewPCG(1, 2))
	var list []incident.State
	remembered := map[string][]moment{}
	const perWrite = 50
	done := 0
	for range commands / perWrite {
		changed := map[string]incident.State{}
		_, err := db.Write(t.Context(), store.Op{Name: "test", Actor: "test"}, func(tx *store.Tx) error {
			for range perWrite {
				if len(list) == 0 || rng.IntN(40) == 0 {
					st, err := e.inc.DeclareTx(tx, manager, incident.Declare{
						Title: "random", DiscoveredAt: e.clk.Now(), Signals: []string{"s1"},
						Kind: pick(rng.IntN, incident.Real, incident.Real, incident.Drill),
					})
					if err != nil {
						return err
					}
					list, changed[st.ID], done = append(list, st), st, done+1
					continue
				}
				// The newest incidents get most commands, as in life.
				i := max(len(list)-1-rng.IntN(8), 0)
				st, err := e.inc.ExecuteTx(tx, e.eng, list[i].ID, draw(rng.IntN, list[i], e.clk.Now()))
				if err != nil {
					if fault.KindOf(err) == fault.Internal {
						return err
					}
					continue
				}
				list[i], changed[st.ID], done = st, st, done+1
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for id, st := range changed {
			if now := remembered[id]; len(now) < 5 {
				remembered[id] = append(now, moment{e.clk.Now(), st})
			}
		}
		if err := e.clk.Advance(time.Second); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d commands were valid, %d incidents", done, commands, len(list))
	for i, st := range list {
		if i%max(len(list)/200, 1) != 0 {
			continue
		}
		for _, m := range append(remembered[st.ID], moment{e.clk.Now(), st}) {
			got, err := e.inc.Get(t.Context(), manager, st.ID, m.at)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(m.st, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%s as of %s: %s", st.Ref, m.at, diff)
			}
		}
		now, err := e.inc.GetTx(db, st.ID)
		if err != nil || cmp.Diff(st, now, cmpopts.EquateEmpty()) != "" {
			t.Fatalf("%s now: %v %s", st.Ref, err, cmp.Diff(st, now, cmpopts.EquateEmpty()))
		}
	}
	var refs []string
	for _, st := range list {
		refs = append(refs, st.Ref)
	}
	if !slices.IsSorted(refs[:min(len(refs), 9999)]) || refs[len(refs)-1] != fmt.Sprintf("INC-2026-%04d", len(refs)) {
		t.Errorf("references have gaps: the last of %d is %s", len(refs), refs[len(refs)-1])
	}
	rep, err := record.RebuildCheck(t.Context(), db, []record.Projector{e.inc})
	if err != nil {
		t.Fatal(err)
	}
	if rep.Tables[0].Rows != int64(len(list)) {
		t.Errorf("rebuild compared %+v, want %d incidents", rep.Tables, len(list))
	}
}
