package duty_test

import (
	"context"
	"io/fs"
	"log/slog"
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
	"github.com/wakebell/wakebell/internal/decide/duty/story"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

// counsel is the reading of a company's lawyer: KE has its own hours, and a rule the shipped packs lack.
func counsel(version, within string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(`
pack: counsel
title: Counsel's reading
version: "` + version + `"
jurisdiction: EEA
instrument: Our counsel's reading of the GDPR
source: a letter of 2 November 2026
sure: read
rules:
  - id: eu-gdpr-33-1
    article: "33(1)"
    owes: [controller]
    to: authority
    to_name: the supervisory authority
    when: [personal_data_breach]
    start: aware
    deadline: ` + within + `
`)}
}

// office is an incident with everything that derives its duties.
type office struct {
	t      *testing.T
	clk    *clock.Clock
	db     *store.DB
	led    *record.Ledger
	jobs   *job.Runner
	duties *duty.Service
	inc    *incident.Service
	dirs   *directory.Service
	law    *assessment.Service
	ref    string
	id     string
}

func openOffice(t *testing.T, db *store.DB, packs fs.FS) *office {
	t.Helper()
	o := &office{t: t, db: db, clk: clock.NewTest(time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC))}
	var kinds []record.Kind
	for _, k := range [][]record.Kind{who.Kinds(), plan.Kinds(), directory.Kinds(), incident.Kinds(), duty.Kinds()} {
		kinds = append(kinds, k...)
	}
	var err error
	o.led, err = record.New(t.Context(), db, o.clk, record.Config{}, kinds)
	o.must(err)
	people := who.New(db, o.led, o.clk)
	plans := plan.New(db, o.led, o.clk)
	o.dirs = directory.New(db, o.led, people, plans, o.clk)
	o.inc = incident.New(db, o.led, o.clk, plans, o.dirs, people)
	o.jobs = job.New(db, o.clk, slog.New(slog.DiscardHandler), job.Config{})
	law, err := assessment.NewLaw(packs)
	o.must(err)
	o.duties = duty.New(db, o.led, o.clk, plans, o.dirs, o.inc, o.jobs, law)
	o.inc.Observe(o.duties.OnIncident)
	o.law = assessment.New(db, o.clk, law, o.inc, o.dirs, plans,
		func(context.Context, store.Reader, string) (assessment.Sent, error) { return nil, nil }, o.duties.TakePacks)
	return o
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) declare(personal string) {
	o.t.Helper()
	st, err := o.inc.Declare(o.t.Context(), engine, incident.Declare{Title: "Export", DiscoveredAt: o.clk.Now()})
	o.must(err)
	_, err = o.inc.Execute(o.t.Context(), engine, st.Ref, &incident.RecordFact{Fact: incident.FactPersonalData, Value: []byte(personal)}, 0)
	o.must(err)
	o.ref, o.id = st.Ref, st.ID
}

var engine = who.Engine("test")

// take has the packs read anew as a person and does what was enqueued.
func (o *office) take() bool {
	o.t.Helper()
	changed, err := o.law.Reload(o.t.Context(), who.Identity{Actor: "petra", Person: "petra", Roles: []who.Role{who.Admin}})
	o.must(err)
	o.must(o.jobs.Drain(o.t.Context(), o.clk.Now()))
	return changed
}

func (o *office) last() duty.Repacked {
	o.t.Helper()
	r, err := o.duties.LastPacks(o.t.Context(), engine, o.id, time.Time{})
	o.must(err)
	return r
}

// tale is the newest entry of the incident in words.
func (o *office) tale() string {
	o.t.Helper()
	list, err := o.led.SubjectBack(o.t.Context(), o.db, o.id, 0, 1)
	o.must(err)
	return story.Tell(list[0], func(id string) string {
		if id == "petra" {
			return "Petra"
		}
		return id
	})
}

// TestNewPacksAreTakenByOpenIncidents: after a reload an open incident is derived anew and says which
// packs came in and what they changed; its plan stays; replay gives the same duties.
func TestNewPacksAreTakenByOpenIncidents(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		packs := fstest.MapFS{}
		o := openOffice(t, db, packs)
		taken, err := o.law.Take(t.Context(), who.Engine("rules"))
		o.must(err)
		if !taken {
			t.Error("the first packs were not noted")
		}
		o.declare(`"yes"`)
		if again, err := o.law.Take(t.Context(), who.Engine("rules")); again || err != nil {
			t.Errorf("the same packs were taken twice: %v", err)
		}
		before, err := o.led.Size(t.Context(), db)
		o.must(err)
		if o.take() || !o.last().At.IsZero() {
			t.Error("a reload of the same packs changed something")
		}
		if after, _ := o.led.Size(t.Context(), db); after != before {
			t.Error("a reload of the same packs was recorded")
		}

		packs["counsel.yaml"] = counsel("1", "24 h")
		if !o.take() {
			t.Fatal("the new packs were not seen")
		}
		r := o.last()
		start := o.clk.Now()
		if len(r.Moved) != 1 || !r.Moved[0].Was.Equal(start.Add(72*time.Hour)) || !r.Moved[0].Due.Equal(start.Add(24*time.Hour)) {
			t.Errorf("moved: %+v", r.Moved)
		}
		if len(r.Packs.Packs) != 1 || r.Packs.Packs[0] != (assessment.PackMove{Pack: "counsel", Now: "1", Own: true}) || r.Packs.By != "petra" {
			t.Errorf("packs: %+v", r.Packs)
		}
		text := o.tale()
		for _, want := range []string{"New rule packs came in, counsel 1, read anew by Petra: ", "1 due time moved", "2026-11-23 14:00 UTC → 2026-11-21 14:00 UTC"} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is missing in %q", want, text)
			}
		}
		d := o.authority()
		if d.Basis.Pack != "counsel 1" || !d.Basis.Own || d.Basis.Plan != 1 {
			t.Errorf("basis: %+v", d.Basis)
		}

		packs["counsel.yaml"] = counsel("2", "48 h")
		o.take()
		if text := o.tale(); !strings.Contains(text, "counsel 2 (was 1)") || !strings.Contains(text, "2026-11-21 14:00 UTC → 2026-11-22 14:00 UTC") {
			t.Error(text)
		}
		// A pack that is wrong leaves those in force, and no incident hears of it.
		packs["counsel.yaml"] = counsel("3", "48")
		if _, err := o.law.Reload(t.Context(), engine); err == nil || !strings.Contains(err.Error(), "counsel.yaml") {
			t.Errorf("a deadline without unit: %v", err)
		}
		o.must(o.jobs.Drain(t.Context(), o.clk.Now()))
		if text := o.tale(); !strings.Contains(text, "counsel 2") {
			t.Error(text)
		}
		delete(packs, "counsel.yaml")
		o.take()
		if text := o.tale(); !strings.Contains(text, "counsel 2 went") || !strings.Contains(text, "→ 2026-11-23 14:00 UTC") {
			t.Error(text)
		}
		if _, err := record.RebuildCheck(t.Context(), db, []record.Projector{new(incident.Service), new(duty.Service)}); err != nil {
			t.Error(err)
		}
	})
}

// TestPacksThatChangeNothingAreNoted: which packs an incident is judged by is on record, also where no
// duty changed; a closed incident that owes nothing takes none.
func TestPacksThatChangeNothingAreNoted(t *testing.T) {
	t.Parallel()
	packs := fstest.MapFS{}
	o := openOffice(t, storetest.Open(t, store.SQLite), packs)
	o.declare(`"no"`)
	packs["counsel.yaml"] = counsel("1", "24 h")
	if !o.take() {
		t.Fatal("not seen")
	}
	if r := o.last(); !r.Empty() || r.Packs.Words() != "counsel 1" {
		t.Errorf("%+v", r)
	}
	if text := o.tale(); text != "New rule packs came in, counsel 1, read anew by Petra: no duty changed" {
		t.Error(text)
	}
	_, err := o.inc.Execute(t.Context(), engine, o.ref, &incident.Dismiss{Reason: "a false alarm"}, 0)
	o.must(err)
	size, err := o.led.Size(t.Context(), o.db)
	o.must(err)
	packs["counsel.yaml"] = counsel("2", "24 h")
	o.take()
	if now, _ := o.led.Size(t.Context(), o.db); now != size {
		t.Error("an incident that is over took new packs")
	}
	// A calendar of one's own moves due times as a rule does.
	packs["DE.ics"] = &fstest.MapFile{Data: []byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261124\nSUMMARY:A holiday\nEND:VEVENT\nEND:VCALENDAR\n")}
	if !o.take() {
		t.Error("a new calendar is no change")
	}
	if _, err := o.law.Take(t.Context(), who.Identity{Actor: "x", Person: "x", Roles: []who.Role{who.Responder}}); err == nil {
		t.Error("a responder takes new packs")
	}
}

func (o *office) authority() duty.Duty {
	o.t.Helper()
	p, err := o.duties.List(o.t.Context(), engine, duty.Filter{Rule: duty.RuleAuthority}, "", 10)
	o.must(err)
	if len(p.Items) != 1 {
		o.t.Fatalf("%d duties to tell the authority", len(p.Items))
	}
	return p.Items[0]
}

// TestCounselMayWriteAnyDeadline: the notice to the authority is owed however counsel words its time; one without
// a number is due by the plan's, days keep their day, and several limits keep the first.
func TestCounselMayWriteAnyDeadline(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)
	for within, due := range map[string]time.Time{
		"without_undue_delay": start.Add(time.Duration(plan.Default().ControllerHours) * time.Hour),
		"24 h":                start.Add(24 * time.Hour),
		"1 days":              time.Date(2026, 11, 21, 23, 59, 59, 999_999_000, time.UTC),
		"{earliest: [{within: 60 h}, {within: 30 h, from: discovered}]}": start.Add(30 * time.Hour),
		"{within: 90 h, words: without_undue_delay}":                     start.Add(time.Duration(plan.Default().AuthorityHours) * time.Hour),
	} {
		t.Run(within, func(t *testing.T) {
			t.Parallel()
			o := openOffice(t, storetest.Open(t, store.SQLite), fstest.MapFS{"counsel.yaml": counsel("1", within)})
			o.declare(`"yes"`)
			if d := o.authority(); !d.DueAt.Equal(due) || d.State != duty.Open {
				t.Errorf("%s, due %s, want %s: %+v", d.State, d.DueAt, due, d.Candidates)
			}
		})
	}
}
