package plan_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/whotest"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func setup(t *testing.T, db *store.DB) (*plan.Service, *record.Ledger) {
	t.Helper()
	clk := clock.NewTest(noon)
	led, err := record.New(t.Context(), db, clk, record.Config{}, plan.Kinds())
	if err != nil {
		t.Fatal(err)
	}
	return plan.New(db, led, clk), led
}

func TestDenyEmpty(t *testing.T) {
	t.Parallel()
	whotest.DenyEmpty(t, &plan.Service{})
}

func TestChange(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s, led := setup(t, db)
		ctx, by := t.Context(), who.Identity{Actor: "irm", Person: "irm", Roles: []who.Role{who.Manager}}
		p, err := s.Current(ctx, by)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(plan.Default(), p); diff != "" {
			t.Fatalf("an empty database has another plan: %s", diff)
		}
		told := 0
		s.Observe(func(_ context.Context, tx *store.Tx, _ who.Identity) error {
			told++
			now, err := s.CurrentTx(tx)
			if err == nil && now.SitrepHours != 1 {
				t.Errorf("the observer sees %d hours", now.SitrepHours)
			}
			return err
		})
		p.SitrepHours, p.ReviewedAt = 1, noon.Add(-time.Hour)
		next, err := s.Change(ctx, by, p, 1, "every hour is better")
		if err != nil {
			t.Fatal(err)
		}
		if next.Version != 2 || told == 0 {
			t.Errorf("version %d, told %d", next.Version, told)
		}
		if now, err := s.CurrentTx(db); err != nil || now.SitrepHours != 1 || !now.ReviewedAt.Equal(p.ReviewedAt) {
			t.Errorf("now %+v, %v", now, err)
		}
		if old, err := s.At(db, 1); err != nil || old.SitrepHours != 2 {
			t.Errorf("version 1 is %+v, %v", old, err)
		}
		entries, err := led.Subject(ctx, db, plan.Subject, 0, 10)
		if err != nil || len(entries) != 1 {
			t.Fatalf("entries %v, %v", entries, err)
		}
		var e plan.Entry
		if err := entries[0].Decode(&e); err != nil {
			t.Fatal(err)
		}
		if e.Before.SitrepHours != 2 || e.After.SitrepHours != 1 || e.Reason == "" || e.Version != 2 {
			t.Errorf("entry %+v", e)
		}
		if diff := cmp.Diff([]string{"sitrep_hours", "reviewed_at"}, e.Fields); diff != "" {
			t.Error(diff)
		}
		list, more, err := s.History(ctx, by, 0, 0)
		if err != nil || more != 0 || len(list) != 2 || list[0].Version != 2 || list[0].ChangedBy != "irm" || list[1].Version != 1 {
			t.Errorf("history %+v, %d, %v", list, more, err)
		}
	})
}

func TestChangeRefuses(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s, _ := setup(t, db)
		ctx, by := t.Context(), who.Engine("test")
		stale, future, team := plan.Default(), plan.Default(), plan.Default()
		stale.SitrepHours, future.TestedAt, team.DefaultTeam = 1, noon.Add(time.Hour), "nowhere"
		for name, c := range map[string]struct {
			p      plan.Plan
			ver    int
			reason string
			by     who.Identity
			kind   fault.Kind
		}{
			"stale":     {stale, 2, "x", by, fault.Precondition},
			"reason":    {stale, 1, " ", by, fault.Invalid},
			"same":      {plan.Default(), 1, "x", by, fault.Conflict},
			"future":    {future, 1, "x", by, fault.Invalid},
			"no team":   {team, 1, "x", by, fault.Invalid},
			"not yours": {stale, 1, "x", who.Identity{Actor: "a", Roles: []who.Role{who.Auditor}}, fault.Denied},
		} {
			if _, err := s.Change(ctx, c.by, c.p, c.ver, c.reason); fault.KindOf(err) != c.kind {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := s.Version(ctx, by, 9); fault.KindOf(err) != fault.NotFound {
			t.Errorf("version 9: %v", err)
		}
	})
}

// A version that was rolled back must not stay in memory under the number of the next one.
func TestRolledBackPlanIsForgotten(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s, _ := setup(t, db)
		ctx, by, fail := t.Context(), who.Engine("test"), true
		s.Observe(func(_ context.Context, tx *store.Tx, _ who.Identity) error {
			if _, err := s.CurrentTx(tx); err != nil {
				return err
			}
			if fail {
				return errors.New("observer refuses")
			}
			return nil
		})
		p := plan.Default()
		p.SitrepHours = 1
		if _, err := s.Change(ctx, by, p, 1, "x"); err == nil {
			t.Fatal("the observer was not heard")
		}
		fail, p.SitrepHours = false, 3
		if _, err := s.Change(ctx, by, p, 1, "x"); err != nil {
			t.Fatal(err)
		}
		if now, err := s.CurrentTx(db); err != nil || now.SitrepHours != 3 || now.Version != 2 {
			t.Errorf("now %d hours, version %d, %v", now.SitrepHours, now.Version, err)
		}
	})
}

func TestChangeOnce(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s, _ := setup(t, db)
		ctx := store.WithKey(t.Context(), "key-1", [32]byte{1})
		p := plan.Default()
		p.SitrepHours = 1
		for range 2 {
			got, err := s.Change(ctx, who.Engine("test"), p, 1, "x")
			if err != nil || got.Version != 2 || got.SitrepHours != 1 {
				t.Fatalf("%+v, %v", got.Version, err)
			}
		}
	})
}
