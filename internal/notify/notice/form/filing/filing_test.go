package filing_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/print/printtest"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/assessment/lawtest"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/notify/notice/form"
	"github.com/wakebell/wakebell/internal/notify/notice/form/filing"
	"github.com/wakebell/wakebell/internal/notify/notice/form/pack"
	"github.com/wakebell/wakebell/internal/notify/notice/form/prefill"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

var start = time.Date(2026, 11, 16, 9, 0, 0, 0, time.UTC) // a Monday

type env struct {
	t       *testing.T
	db      *store.DB
	led     *record.Ledger
	clk     *clock.Clock
	inc     *incident.Service
	duties  *duty.Service
	filings *filing.Service
	st      incident.State
}

func as(id string, roles ...who.Role) who.Identity {
	return who.Identity{Actor: id, Person: id, Name: id, Roles: roles}
}

var (
	mia = as("mia", who.Manager)
	leo = as("leo", who.Legal)
	dee = as("dee", who.PrivacyOfficer)
)

func newEnv(t *testing.T, db *store.DB, kind incident.Kind, own ...fs.FS) *env {
	t.Helper()
	e := &env{t: t, db: db, clk: clock.NewTest(start)}
	kinds := slices.Concat(who.Kinds(), incident.Kinds(), plan.Kinds(), directory.Kinds(), file.Kinds(), duty.Kinds(), filing.Kinds())
	var err error
	e.led, err = record.New(t.Context(), db, e.clk, record.Config{}, kinds)
	e.must(err)
	people, plans := who.New(db, e.led, e.clk), plan.New(db, e.led, e.clk)
	dirs := directory.New(db, e.led, people, plans, e.clk)
	jobs := job.New(db, e.clk, slog.New(slog.DiscardHandler), job.Config{})
	e.inc = incident.New(db, e.led, e.clk, plans, dirs, people)
	law := lawtest.Shipped(t)
	for _, x := range own {
		law, err = assessment.NewLaw(x)
		e.must(err)
	}
	e.duties = duty.New(db, e.led, e.clk, plans, dirs, e.inc, jobs, law)
	e.inc.Observe(e.duties.OnIncident)
	blobs, err := blob.New(blob.Config{Dir: t.TempDir(), Max: 1 << 20})
	e.must(err)
	files := file.New(db, e.led, e.inc, jobs, blobs)
	book, err := form.Load(prefill.Names(), form.Source{FS: pack.Files})
	e.must(err)
	e.filings = filing.New(db, e.led, e.clk, plans, dirs, e.inc, e.duties, files, law, book)
	e.led.OnErase(func(_ context.Context, tx *store.Tx, entries []record.Entry) error {
		return e.filings.Reproject(tx, entries[0].Subject)
	})
	_, err = dirs.PutEntity(t.Context(), mia, directory.Entity{
		ID: "bank", Name: "Bank AG", Country: "DE", Zone: "Europe/Berlin", Kinds: map[string]bool{"financial_entity": true, "credit_institution": true},
	}, 0)
	e.must(err)
	e.st, err = e.inc.Declare(t.Context(), mia, incident.Declare{Title: "Payments down", DiscoveredAt: start, Kind: kind})
	e.must(err)
	return e
}

func (e *env) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

func (e *env) fact(name, value, entity string) {
	e.t.Helper()
	_, err := e.inc.Execute(e.t.Context(), mia, e.st.Ref, &incident.RecordFact{Fact: incident.FactName(name), Value: json.RawMessage(value), Entity: entity}, 0)
	e.must(err)
}

// major makes it a major incident under DORA.
func (e *env) major() {
	e.t.Helper()
	e.fact("scope", `{"entities":["bank"]}`, "")
	e.fact("law.major_ict_incident", `true`, "")
	e.fact("law.at.classified_major", `"2026-11-16T09:00:00Z"`, "")
}

func (e *env) duty(rule string) duty.Duty {
	e.t.Helper()
	list, err := e.duties.ForIncident(e.t.Context(), e.db, e.st.ID)
	e.must(err)
	for _, d := range list {
		if d.Basis.Law == rule {
			return d
		}
	}
	e.t.Fatalf("no duty under %s", rule)
	return duty.Duty{}
}

// complete answers everything a stage asks, as long as something is asked.
func (e *env) complete(f filing.Filing) filing.Filing {
	e.t.Helper()
	for range 6 {
		in, err := e.filings.Filled(e.t.Context(), mia, f)
		e.must(err)
		changes := form.Answers{}
		for _, a := range in.Form.Judge(in.Stage, in.Answers, in.Late) {
			if a.Missing() {
				changes[a.ID] = sample(a)
			}
		}
		if len(changes) == 0 {
			return f
		}
		f, err = e.filings.Save(e.t.Context(), mia, f.Ref, f.No, f.Version, changes)
		e.must(err)
	}
	e.t.Fatal("the form never becomes complete")
	return f
}

func sample(a form.Asked) form.Answer {
	switch a.Type {
	case form.Choice:
		return form.Answer{Text: a.Offered[0].ID}
	case form.Choices:
		return form.Answer{List: []string{a.Offered[0].ID}}
	case form.YesNo:
		return form.Answer{Text: "no"}
	case form.Moment:
		return form.Answer{Text: "2026-11-16T09:00:00Z"}
	case form.Number, form.Percent, form.Money:
		return form.Answer{Text: "1"}
	case form.Duration:
		return form.Answer{Text: "00:01:00"}
	case form.LEI:
		return form.Answer{Text: "5493001KJTIIGC8Y1R12"}
	case form.Currency:
		return form.Answer{Text: "EUR"}
	case form.Countries:
		return form.Answer{List: []string{"DE"}}
	}
	return form.Answer{Text: "said"}
}

func (e *env) approved(f filing.Filing) filing.Filing {
	e.t.Helper()
	f, err := e.filings.Submit(e.t.Context(), mia, f.Ref, f.No)
	e.must(err)
	f, err = e.filings.Approve(e.t.Context(), leo, f.Ref, f.No, f.Bound)
	e.must(err)
	return f
}

func (e *env) fails(want fault.Kind, err error, says string) {
	e.t.Helper()
	if fault.KindOf(err) != want || !strings.Contains(errText(err), says) {
		e.t.Errorf("got %v, want %v with %q", err, want, says)
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func (e *env) rebuilt() {
	e.t.Helper()
	_, err := record.RebuildCheck(e.t.Context(), e.db, []record.Projector{new(filing.Service)})
	e.must(err)
	if _, err := record.Verify(e.t.Context(), e.db); err != nil {
		e.t.Error(err)
	}
}

// The way of a DORA report: initial, intermediate with what changed, final; each meets its duty.
func TestStages(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db, incident.Real)
		ctx := t.Context()
		e.major()
		f, err := e.filings.Start(ctx, mia, e.st.Ref, filing.Begin{Duty: e.duty("eu-dora-initial").ID})
		e.must(err)
		if f.Form != "eu-dora-2025-302" || f.Stage != "initial" || f.Entity != "bank" || f.State != filing.Draft {
			t.Fatalf("begun %+v", f)
		}
		v, err := e.filings.Newest(ctx, mia, f)
		e.must(err)
		if a := v.Answers["2.3"]; a.Text != "2026-11-16T09:00:00Z" || a.Source != "moment.classified_major" || v.Answers["1.1"].Text != "initial notification" {
			t.Errorf("filled in %+v", v.Answers)
		}
		_, err = e.filings.Submit(ctx, mia, e.st.Ref, 1)
		e.fails(fault.Invalid, err, "1.3")
		f = e.approved(e.complete(f))
		_, err = e.filings.File(ctx, mia, e.st.Ref, 1, filing.Sending{Channel: "pigeon"})
		e.fails(fault.Invalid, err, "channel")
		f, err = e.filings.File(ctx, mia, e.st.Ref, 1, filing.Sending{Channel: "secure_channel", Receipt: "BF-1"})
		e.must(err)
		if f.State != filing.Filed || len(f.Sent.Documents) != 2 || f.Reference() != "BF-1" || e.duty("eu-dora-initial").State != duty.Met {
			t.Errorf("filed %+v, duty %s", f, e.duty("eu-dora-initial").State)
		}
		_, pdf, err := e.filings.Render(ctx, mia, e.st.Ref, 1, "pdf")
		e.must(err)
		for _, want := range []string{"Initial notification to", "Bank AG", "2.3 Date and time of classification", "2026-11-16T09:00:00Z", "Filed 16 November 2026", "leo (legal)", "2025/302"} {
			if text := printtest.Text(t, pdf); !strings.Contains(text, want) {
				t.Errorf("the PDF lacks %q:\n%s", want, text)
			}
		}
		next, err := e.filings.Start(ctx, mia, e.st.Ref, filing.Begin{Duty: e.duty("eu-dora-intermediate").ID, Follows: 1})
		e.must(err)
		_, b, err := e.filings.Render(ctx, mia, e.st.Ref, next.No, "json")
		e.must(err)
		var out struct {
			Stage   string
			Fields  map[string]any
			Changed []string
		}
		e.must(json.Unmarshal(b, &out))
		if out.Stage != "intermediate" || out.Fields["3.1"] != "BF-1" || out.Fields["1.15"] != "EUR" || !slices.Contains(out.Changed, "1.1") || slices.Contains(out.Changed, "1.15") {
			t.Errorf("carried over: %s", b)
		}
		e.rebuilt()
	})
}

// Every field a stage needs stands in the JSON under its number.
func TestJSONComplete(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db, incident.Real)
		ctx := t.Context()
		e.major()
		f, err := e.filings.Start(ctx, mia, e.st.Ref, filing.Begin{Duty: e.duty("eu-dora-initial").ID, Form: "eu-dora-2025-302", Stage: "final", Combines: []string{"initial", "intermediate"}})
		e.must(err)
		f = e.complete(f)
		in, err := e.filings.Filled(ctx, mia, f)
		e.must(err)
		_, b, err := e.filings.Render(ctx, mia, e.st.Ref, 1, "json")
		e.must(err)
		var out struct{ Fields map[string]any }
		e.must(json.Unmarshal(b, &out))
		for _, d := range in.Form.Fields {
			_, has := out.Fields[d.ID]
			if want := in.Form.Demand(d, in.Stage) == form.Always && !d.Ours; want && !has || d.Ours && has {
				t.Errorf("field %s: in the JSON %v", d.ID, has)
			}
		}
		if out.Fields["3.4"] != 1.0 || out.Fields["2.9"] != false {
			t.Errorf("typed: %v %v", out.Fields["3.4"], out.Fields["2.9"])
		}
		// Combined, as Art. 2 allows while all limits are met: all three duties are met at once.
		e.approved(f)
		_, err = e.filings.File(ctx, mia, e.st.Ref, 1, filing.Sending{Channel: "secure_channel"})
		e.must(err)
		for _, rule := range []string{"eu-dora-initial", "eu-dora-intermediate", "eu-dora-final"} {
			if d := e.duty(rule); d.State != duty.Met || d.MetWith != "filing" {
				t.Errorf("%s is %s", rule, d.State)
			}
		}
		// Found not to be major after all: the reasons stand in 2.10.
		g, err := e.filings.Start(ctx, mia, e.st.Ref, filing.Begin{Follows: 1, Stage: "reclassified"})
		e.must(err)
		in, err = e.filings.Filled(ctx, mia, g)
		e.must(err)
		if p := form.ProgressOf(in.Form.Judge(in.Stage, in.Answers, false), ""); len(p.Missing) != 1 || p.Missing[0].ID != "2.10" {
			t.Errorf("a reclassification asks %+v", p.Missing)
		}
	})
}

func TestApproval(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db, incident.Real)
		ctx := t.Context()
		e.major()
		_, err := e.filings.Start(ctx, mia, e.st.Ref, filing.Begin{Duty: e.duty("eu-dora-initial").ID})
		e.must(err)
		f, err := e.filings.Save(ctx, dee, e.st.Ref, 1, 1, form.Answers{"1.3": {Text: "code"}})
		e.must(err)
		e.complete(f)
		_, err = e.filings.Approve(ctx, leo, e.st.Ref, 1, "")
		e.fails(fault.Conflict, err, "a draft")
		f, err = e.filings.Submit(ctx, mia, e.st.Ref, 1)
		e.must(err)
		for name, c := range map[string]struct {
			by   who.Identity
			hash string
			kind fault.Kind
			says string
		}{
			"writer":      {dee, f.Bound, fault.Denied, "Nobody approves what they wrote"},
			"other bytes": {leo, strings.Repeat("0", 64), fault.Conflict, "not those you looked at"},
			"other role":  {as("sid", who.SIHT), f.Bound, fault.Denied, "another role"},
			"no right":    {as("ann", who.Responder), f.Bound, fault.Denied, "notice.approve"},
			"machine":     {who.Identity{Actor: "token", Roles: []who.Role{who.Legal}}, f.Bound, fault.Denied, "names a person"},
		} {
			_, err := e.filings.Approve(ctx, c.by, e.st.Ref, 1, c.hash)
			if fault.KindOf(err) != c.kind || !strings.Contains(errText(err), c.says) {
				t.Errorf("%s: %v", name, err)
			}
		}
		old := f.Bound
		f, err = e.filings.Approve(ctx, leo, e.st.Ref, 1, f.Bound)
		e.must(err)
		f, err = e.filings.Save(ctx, mia, e.st.Ref, 1, f.Version, form.Answers{"2.4": {Text: "other words"}})
		e.must(err)
		if f.State != filing.Draft || !f.Voided || len(f.Approvals) != 0 {
			t.Errorf("a change left %+v", f)
		}
		f, err = e.filings.Submit(ctx, mia, e.st.Ref, 1)
		e.must(err)
		_, err = e.filings.Approve(ctx, leo, e.st.Ref, 1, old)
		e.fails(fault.Conflict, err, "not those you looked at")
		f, err = e.filings.Return(ctx, leo, e.st.Ref, 1, "say more")
		e.must(err)
		if f.State != filing.Draft || f.Returned != "say more" {
			t.Errorf("sent back: %+v", f)
		}
		e.rebuilt()
	})
}

// A drill is never filed; a hold holds where the rule allows one; late, the reason is asked.
func TestGates(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db, incident.Real)
		ctx := t.Context()
		e.major()
		f, err := e.filings.Start(ctx, mia, e.st.Ref, filing.Begin{Duty: e.duty("eu-dora-initial").ID})
		e.must(err)
		_, err = e.filings.File(ctx, mia, e.st.Ref, 1, filing.Sending{Channel: "portal"})
		e.fails(fault.Conflict, err, "a draft")
		e.approved(e.complete(f))
		e.must(e.clk.Advance(30 * time.Hour))
		_, err = e.filings.File(ctx, mia, e.st.Ref, 1, filing.Sending{Channel: "portal"})
		e.fails(fault.Invalid, err, "late_reason")
		_, err = e.filings.File(ctx, mia, e.st.Ref, 1, filing.Sending{Channel: "portal", LateReason: "the channel was down", At: e.clk.Now().Add(time.Hour)})
		e.fails(fault.Invalid, err, "future")
		_, err = e.filings.File(ctx, mia, e.st.Ref, 1, filing.Sending{Channel: "portal", LateReason: "the channel was down"})
		e.must(err)
		if d := e.duty("eu-dora-initial"); !d.Late() || d.LateReason != "the channel was down" {
			t.Errorf("late: %+v", d)
		}
		for _, err := range []error{
			second(e.filings.Save(ctx, mia, e.st.Ref, 1, 1, nil)), second(e.filings.Discard(ctx, mia, e.st.Ref, 1, "no")), second(e.filings.Refill(ctx, mia, e.st.Ref, 1)),
			second(e.filings.File(ctx, mia, e.st.Ref, 1, filing.Sending{Channel: "portal"})),
		} {
			e.fails(fault.Conflict, err, "does not change any more")
		}
	})
}

// What law enforcement holds is not filed where the rule allows the delay, until it is released.
func TestHold(t *testing.T) {
	t.Parallel()
	const own = `pack: own
title: A rule that allows a hold
version: "1"
jurisdiction: EU
instrument: Act
reach: established
zone: Europe/Brussels
source: test
sure: read
review: none
rules:
  - id: own-hold
    article: "1"
    owes: [financial_entity]
    to: regulator
    when: [dora_major]
    start: aware
    deadline: 240 h
    hold: {words: Law enforcement may ask for delay.}
    content: [dora_general]
    valid: {from: 2020-01-01}
`
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db, incident.Real, fstest.MapFS{"own.yaml": {Data: []byte(own)}})
		ctx := t.Context()
		e.major()
		f, err := e.filings.Start(ctx, mia, e.st.Ref, filing.Begin{Duty: e.duty("own-hold").ID})
		e.must(err)
		if f.Form != "rule.own-hold" {
			t.Errorf("the form of ours: %+v", f)
		}
		e.approved(e.complete(f))
		e.fact("law.at.hold_since", `"2026-11-16T09:00:00Z"`, "")
		_, err = e.filings.File(ctx, mia, e.st.Ref, 1, filing.Sending{Channel: "portal"})
		e.fails(fault.Conflict, err, "Law enforcement asked to wait")
		e.must(e.clk.Advance(time.Hour))
		e.fact("law.at.hold_released", `"2026-11-16T09:30:00Z"`, "")
		f, err = e.filings.File(ctx, mia, e.st.Ref, 1, filing.Sending{Channel: "portal"})
		e.must(err)
		if f.State != filing.Filed {
			t.Errorf("after the release %s", f.State)
		}
	})
}

func second(_ filing.Filing, err error) error { return err }

func TestDrill(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db, incident.Drill)
		ctx := t.Context()
		e.major()
		f, err := e.filings.Start(ctx, mia, e.st.Ref, filing.Begin{Duty: e.duty("eu-dora-initial").ID})
		e.must(err)
		e.approved(e.complete(f))
		_, err = e.filings.File(ctx, mia, e.st.Ref, 1, filing.Sending{Channel: "portal"})
		e.fails(fault.Conflict, err, "drill")
		_, pdf, err := e.filings.Render(ctx, mia, e.st.Ref, 1, "pdf")
		e.must(err)
		if !strings.Contains(printtest.Text(t, pdf), "DRILL: NOT A REAL NOTIFICATION") || e.duty("eu-dora-initial").State == duty.Met {
			t.Error("a drill was filed, or is not marked")
		}
	})
}

// Two people fill in different questions at a time; the same question is a conflict.
func TestTogether(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db, incident.Real)
		ctx := t.Context()
		e.major()
		_, err := e.filings.Start(ctx, mia, e.st.Ref, filing.Begin{Duty: e.duty("eu-dora-initial").ID})
		e.must(err)
		_, err = e.filings.Save(ctx, mia, e.st.Ref, 1, 1, form.Answers{"1.3": {Text: "mine"}, "2.4": {Text: "mine"}})
		e.must(err)
		f, err := e.filings.Save(ctx, dee, e.st.Ref, 1, 1, form.Answers{"1.15": {Text: "EUR"}})
		e.must(err)
		_, err = e.filings.Save(ctx, dee, e.st.Ref, 1, 1, form.Answers{"2.4": {Text: "theirs"}})
		e.fails(fault.Conflict, err, "same question")
		v, err := e.filings.Newest(ctx, mia, f)
		e.must(err)
		if v.Answers["1.3"].Text != "mine" || v.Answers["1.15"].Text != "EUR" || v.Answers["1.3"].Source != "" {
			t.Errorf("answers %+v", v.Answers)
		}
		// What a person wrote stays when the record is read again.
		e.fact("cause", `"a bad release"`, "")
		f, err = e.filings.Refill(ctx, mia, e.st.Ref, 1)
		e.must(err)
		v, err = e.filings.Newest(ctx, mia, f)
		e.must(err)
		if v.Answers["2.4"].Text != "mine" {
			t.Errorf("the record overwrote %+v", v.Answers["2.4"])
		}
		// Erased words go from the tables; the ledger still verifies.
		list, err := e.filings.Versions(ctx, mia, e.st.Ref, 1)
		e.must(err)
		entries, err := e.led.Subject(ctx, db, e.st.ID, 0, 0)
		e.must(err)
		var ids []string
		for _, x := range entries {
			if strings.HasPrefix(x.Kind, "filing.") && len(x.Private) > 0 {
				ids = append(ids, x.ID)
			}
		}
		_, err = db.Write(ctx, store.Op{Name: "erase", Actor: "dee"}, func(tx *store.Tx) error { return e.led.Erase(tx, "dee", ids, "asked for") })
		e.must(err)
		after, err := e.filings.Versions(ctx, mia, e.st.Ref, 1)
		e.must(err)
		if len(after) != len(list) || len(after[0].Answers) != 0 || !after[0].Erased {
			t.Errorf("after the erasure %+v", after[0])
		}
		e.rebuilt()
	})
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db, incident.Real)
		ctx := t.Context()
		e.major()
		d := e.duty("eu-dora-initial").ID
		for name, c := range map[string]struct {
			in   filing.Begin
			says string
		}{
			"nothing":        {filing.Begin{}, "duty"},
			"no such duty":   {filing.Begin{Duty: "x"}, "duty"},
			"no such form":   {filing.Begin{Duty: d, Form: "x"}, "form"},
			"no such stage":  {filing.Begin{Duty: d, Form: "eu-dora-2025-302", Stage: "x"}, "stage"},
			"no such filing": {filing.Begin{Follows: 9}, "follows"},
			"combination":    {filing.Begin{Duty: d, Combines: []string{"final"}}, "combines"},
		} {
			_, err := e.filings.Start(ctx, mia, e.st.Ref, c.in)
			if fault.KindOf(err) != fault.Invalid || !strings.Contains(errText(err), c.says) {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err := e.filings.Start(ctx, mia, e.st.Ref, filing.Begin{Duty: d, Form: "rule.eu-dora-initial"})
		e.must(err)
		_, err = e.filings.Start(ctx, mia, e.st.Ref, filing.Begin{Follows: 1})
		e.fails(fault.Conflict, err, "comes after what was filed")
	})
}

// Nobody does nothing: every exported method that takes an identity denies the empty one.
func TestNobody(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db, incident.Real)
		s := reflect.ValueOf(e.filings)
		for i := range s.NumMethod() {
			m := s.Type().Method(i)
			var in []reflect.Value
			asks := false
			for j := 1; j < m.Type.NumIn(); j++ {
				switch typ := m.Type.In(j); typ {
				case reflect.TypeFor[context.Context]():
					in = append(in, reflect.ValueOf(t.Context()))
				default:
					asks = asks || typ == reflect.TypeFor[who.Identity]()
					in = append(in, reflect.Zero(typ))
				}
			}
			if !asks {
				continue
			}
			out := s.Method(i).Call(in)
			if err, _ := out[len(out)-1].Interface().(error); fault.KindOf(err) != fault.Unauthenticated {
				t.Errorf("%s lets nobody in: %v", m.Name, err)
			}
		}
	})
}
