package app

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/detect/intake"
)

// storyEnd is when the stories of these tests end.
var storyEnd = time.Date(2026, 11, 21, 14, 25, 0, 0, time.UTC)

var reader = who.Engine("test")

// loadStory loads a story that ends at storyEnd and opens its database.
func loadStory(t *testing.T, engine store.Engine) (*App, Config) {
	t.Helper()
	cfg := Config{Dir: t.TempDir(), Clock: clock.NewTest(storyEnd)}
	if engine == store.Postgres {
		cfg.Database = storetest.PostgresURL(t)
	}
	loaded, err := LoadStory(t.Context(), cfg, func() {})
	if err != nil || !loaded {
		t.Fatalf("load the story: %t, %v", loaded, err)
	}
	return openStory(t, cfg), cfg
}

func openStory(t *testing.T, cfg Config) *App {
	t.Helper()
	a, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(clock.Background()); err != nil {
			t.Error(err)
		}
	})
	return a
}

func TestStory(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			a, cfg := loadStory(t, engine)
			checkNow(t, a)
			checkHistory(t, a)
			checkTimes(t, a)
			rep, err := VerifyData(t.Context(), cfg, nil)
			if err != nil || rep.Ledger.Entries < 500 {
				t.Errorf("verify: %v, %d entries", err, rep.Ledger.Entries)
			}
		})
	}
}

// The open incidents stand in different phases, and exactly one duty is missed.
func checkNow(t *testing.T, a *App) {
	t.Helper()
	ctx, open := t.Context(), true
	phases := map[incident.Kind]map[string]incident.Phase{}
	items, _, err := a.Views.List(ctx, reader, view.Filter{Open: &open}, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range items {
		if phases[i.Kind] == nil {
			phases[i.Kind] = map[string]incident.Phase{}
		}
		phases[i.Kind][i.Title] = i.Phase
	}
	want := map[incident.Kind]map[string]incident.Phase{
		incident.Real: {
			"Customer portal shows another company's plan":           incident.Detect,
			"Deployment token of the build server used from outside": incident.Detect,
			"Unknown account exported customers' planning records":   incident.Contain,
			"Support desk showed tickets of one customer to another": incident.Notify,
			"Payslips of the Dublin office readable by all staff":    incident.Recover,
		},
		incident.Drill: {"A supplier's update brings a back door": incident.Assess},
	}
	if diff := cmp.Diff(want, phases); diff != "" {
		t.Errorf("open incidents (-want +got):\n%s", diff)
	}
	missed, err := a.Duties.List(ctx, reader, duty.Filter{State: duty.Missed}, "", 0)
	if err != nil || len(missed.Items) != 1 || missed.Items[0].Title != "Tell Iberia Schools SL" {
		t.Errorf("missed: %v %+v", err, missed.Items)
	}
	at := map[string]time.Duration{}
	duties, err := a.Duties.List(ctx, reader, duty.Filter{State: duty.Open}, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range duties.Items {
		at[d.Title] = d.DueAt.Sub(storyEnd)
	}
	for title, in := range map[string]time.Duration{"Call the SIRT": 11 * time.Minute, "Tell Juno Media Sp. z o.o.": 20 * time.Hour, "Notify Data Protection Commission (DPC)": 31 * time.Hour} {
		if at[title] != in {
			t.Errorf("%s is due in %s, want %s", title, at[title], in)
		}
	}
	signals, _, err := a.Intake.List(ctx, reader, intake.Filter{State: intake.Open}, "")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, s := range signals {
		kinds[string(s.Kind)]++
		if s.Malformed {
			kinds["malformed"]++
		}
	}
	if diff := cmp.Diff(map[string]int{"alert": 5, "report": 2, "malformed": 1}, kinds); diff != "" {
		t.Errorf("signals (-want +got):\n%s", diff)
	}
	news, err := a.News(ctx)
	if want := "5 incidents are open, 1 duty is missed, 7 alerts and reports wait for triage, 1 drill is running"; err != nil || news != want {
		t.Errorf("%v: %s", err, news)
	}
	dir, err := a.Directory.Snapshot(a.DB)
	if err != nil {
		t.Fatal(err)
	}
	covers := func(at time.Time) bool {
		for _, s := range dir.Teams["sirt"].OnCall {
			if s.Covers(at) {
				return true
			}
		}
		return false
	}
	if day := 24 * time.Hour; !covers(storyEnd) || covers(storyEnd.Add(13*day)) || !covers(storyEnd.Add(15*day)) {
		t.Error("the SIRT's shifts cover now and the coming weeks but for one gap")
	}
}

// A year is there to be searched: closed with lessons, decided, late and in time.
func checkHistory(t *testing.T, a *App) {
	t.Helper()
	ctx, closed := t.Context(), false
	items, _, err := a.Views.List(ctx, reader, view.Filter{Open: &closed, Kind: incident.Real}, "")
	if err != nil || len(items) < 11 {
		t.Errorf("closed: %v, %d", err, len(items))
	}
	for _, words := range []string{"ransomware", "mailbox", "backup tape", "laptop"} {
		if found, _, err := a.Views.List(ctx, reader, view.Filter{Q: words}, ""); err != nil || len(found) == 0 {
			t.Errorf("search %q: %v, %d found", words, err, len(found))
		}
	}
	late := 0
	duties, err := a.Duties.List(ctx, reader, duty.Filter{State: duty.Met}, "", who.PageLimit)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range duties.Items {
		if d.Late() && d.LateReason != "" {
			late++
		}
	}
	if late != 1 {
		t.Errorf("%d duties were met late with a reason, want 1", late)
	}
	st, err := a.Incidents.GetTx(a.DB, "INC-2025-0003")
	if err != nil || len(st.Decisions) != 3 || st.Decisions[0].Kind != incident.Second || st.Decisions[1].Kind != incident.DoNotNotify {
		t.Errorf("the stolen laptop: %v %+v", err, st.Decisions)
	}
	if _, err := a.Register.Get(ctx, reader, "INC-2025-0003"); err != nil {
		t.Error(err)
	}
}

// Nothing lies in the future, everything was done by somebody with the permission for
// it, and no message left the house.
func checkTimes(t *testing.T, a *App) {
	t.Helper()
	ctx := t.Context()
	var at, known, recorded, byEngine int64
	// What is asked of us by a date becomes a fact by itself, after a person has entered the contact.
	err := a.DB.QueryRow(ctx, `SELECT MAX(at), MAX(known_at), MAX(recorded_at),
		SUM(CASE WHEN kind LIKE 'incident.%' AND actor LIKE 'engine:%' AND actor <> 'engine:contacts' THEN 1 ELSE 0 END) FROM ledger_entry`).Scan(&at, &known, &recorded, &byEngine)
	if end := clock.Micros(storyEnd); err != nil || at > end || known > end || recorded > end || recorded < end-int64(time.Hour/time.Microsecond) {
		t.Errorf("%v: the newest entry is at %s, known %s, recorded %s", err, clock.FromMicros(at), clock.FromMicros(known), clock.FromMicros(recorded))
	}
	if byEngine != 0 {
		t.Errorf("%d entries of incidents were made by no person", byEngine)
	}
	for _, state := range []mail.State{mail.Queued, mail.Sending, mail.Sent, mail.Failed} {
		if list, _, err := a.Outbox.List(ctx, reader, mail.Filter{State: state}, "", 1); err != nil || len(list) > 0 {
			t.Errorf("messages %s: %v, %d", state, err, len(list))
		}
	}
	if list, _, err := a.Outbox.List(ctx, reader, mail.Filter{State: mail.Kept}, "", 100); err != nil || len(list) < 100 {
		t.Errorf("messages kept: %v, %d", err, len(list))
	}
}

// The story is loaded once: the second start leaves the database as it is.
func TestStoryOnce(t *testing.T) {
	t.Parallel()
	cfg := Config{Dir: t.TempDir(), Clock: clock.NewTest(storyEnd)}
	if _, err := LoadStory(t.Context(), cfg, func() {}); err != nil {
		t.Fatal(err)
	}
	before, _, err := RebuildCheck(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if loaded, err := LoadStory(t.Context(), cfg, func() { t.Error("it begins again") }); err != nil || loaded {
		t.Errorf("%t, %v", loaded, err)
	}
	after, _, err := RebuildCheck(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the second start changed the ledger:\n%s", diff)
	}
}

// A loading that was cut off is not gone on with when somebody has worked since.
func TestStoryCutOffAndUsed(t *testing.T) {
	t.Parallel()
	cfg := Config{Dir: t.TempDir(), Clock: clock.NewTest(storyEnd)}
	ctx, cancel := context.WithCancel(t.Context())
	if loaded, err := LoadStory(ctx, cfg, cancel); err == nil || loaded {
		t.Fatalf("%t, %v", loaded, err)
	}
	cfg.Clock = clock.NewTest(storyEnd.Add(time.Hour))
	a, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.LoadDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if loaded, err := LoadStory(t.Context(), cfg, func() { t.Error("it begins again") }); err != nil || loaded {
		t.Errorf("%t, %v", loaded, err)
	}
}

// A loading that is cut off, however often and wherever, ends as one that was not.
func TestStoryCutOff(t *testing.T) {
	t.Parallel()
	whole, _ := loadStory(t, store.SQLite)
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			cfg := Config{Dir: t.TempDir(), Clock: clock.NewTest(storyEnd)}
			if engine == store.Postgres {
				cfg.Database = storetest.PostgresURL(t)
			}
			cuts := 0
			for n := 1; ; n++ {
				// Longer each time, so that the last loading ends on a slow machine too.
				ctx, cancel := context.WithCancel(t.Context())
				cfg.Clock = clock.NewTest(storyEnd.Add(time.Duration(n) * time.Minute))
				loaded, err := LoadStory(ctx, cfg, func() {
					go func() {
						_ = clock.System().Sleep(ctx, time.Duration(n*n)*20*time.Millisecond)
						cancel()
					}()
				})
				cancel()
				if loaded {
					break
				}
				if cuts++; err == nil || n > 100 {
					t.Fatalf("loading %d: %t, %v", n, loaded, err)
				}
			}
			if cuts == 0 {
				t.Error("no loading was cut off")
			}
			cfg.Clock = clock.NewTest(storyEnd)
			if diff := cmp.Diff(kinds(t, whole), kinds(t, openStory(t, cfg))); diff != "" {
				t.Errorf("cut off %d times (-whole +cut):\n%s", cuts, diff)
			}
		})
	}
}

// kinds counts the entries of the ledger by kind.
func kinds(t *testing.T, a *App) map[string]int {
	t.Helper()
	out := map[string]int{}
	for after := int64(0); ; {
		list, err := a.Ledger.Entries(t.Context(), a.DB, after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return out
		}
		for _, e := range list {
			out[fmt.Sprintf("%s/%d", e.Kind, e.Version)]++
			after = e.Seq
		}
	}
}
