package audit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/whotest"
	"github.com/wakebell/wakebell/internal/notify/register/audit"
	"github.com/wakebell/wakebell/ledger"
)

var (
	start   = time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)
	auditor = who.Identity{Actor: "ann", Person: "ann", Roles: []who.Role{who.Auditor}}
)

type env struct {
	*audit.Service
	t     *testing.T
	db    *store.DB
	clk   *clock.Clock
	led   *record.Ledger
	begun chan error // each run waits for what it ends with; closed: at once
}

// open fills a ledger with forty entries of three kinds, one of which nobody may read.
func open(t *testing.T, db *store.DB) *env {
	t.Helper()
	e := &env{t: t, db: db, clk: clock.NewTest(start), begun: make(chan error)}
	var err error
	e.led, err = record.New(t.Context(), db, e.clk, record.Config{}, []record.Kind{
		{Name: "incident.noted", Version: 1}, {Name: "duty.met", Version: 1}, {Name: "secret.kept", Version: 1},
	})
	must(t, err)
	e.Service = audit.New(db, e.led, e.clk, slog.New(slog.DiscardHandler), func(ctx context.Context, against []byte) (rep record.Report, tables record.RebuildReport, err error) {
		select {
		case err = <-e.begun:
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err == nil {
			rep, err = record.Verify(ctx, db, against)
		}
		return rep, tables, err
	})
	t.Cleanup(e.Stop)
	kinds := []string{"incident.noted", "duty.met", "incident.noted", "secret.kept"}
	for i := range 40 {
		must(t, e.clk.Advance(time.Minute))
		e.add(kinds[i%4], []string{"inc-1", "inc-2"}[i/4%2], []string{"ann", "engine:duty"}[i%2])
	}
	return e
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type body struct {
	Text string `json:"text" private:"true"`
}

func (e *env) add(kind, subject, actor string) {
	e.t.Helper()
	_, err := e.db.Write(e.t.Context(), store.Op{Name: "test", Actor: actor}, func(tx *store.Tx) error {
		_, err := e.led.Append(tx, record.Draft{Kind: kind, Subject: subject, Actor: actor, Body: body{"what was said"}})
		return err
	})
	must(e.t, err)
}

func TestDenyEmpty(t *testing.T) {
	t.Parallel()
	whotest.DenyEmpty(t, &audit.Service{})
}

func TestMayRead(t *testing.T) {
	t.Parallel()
	auditor := who.Identity{Actor: "a", Roles: []who.Role{who.Auditor}}
	admin := who.Identity{Actor: "a", Roles: []who.Role{who.Admin}}
	for kind, want := range map[string][2]bool{
		"incident.graded": {true, false}, "duties.rederived": {true, false}, "duty.met": {true, false}, "call.made": {true, false},
		"signal.received": {true, false}, "plan.changed": {true, true}, "directory.changed": {true, true}, "ledger.erased": {true, false},
		"watchdog.raised": {true, false}, "account.locked": {true, false}, "session.revoked": {true, false}, "token.created": {true, false},
		"job.discarded": {true, false}, "test_call.arrived": {true, false}, "unheard.of": {false, false},
	} {
		if got := [2]bool{audit.MayRead(auditor, kind), audit.MayRead(admin, kind)}; got != want {
			t.Errorf("%s: auditor and admin may read: %v, want %v", kind, got, want)
		}
	}
}

func (e *env) seqs(f audit.Filter, limit int) (out []int64) {
	e.t.Helper()
	for cursor, more := "", true; more; more = cursor != "" {
		p, err := e.Latest(e.t.Context(), auditor, f, cursor, limit)
		must(e.t, err)
		for _, x := range p.Items {
			out = append(out, x.Seq)
			if x.Hidden != (x.Seq%4 == 0) || x.Hidden && (x.Kind != "" || x.Actor != "" || x.Private != nil || x.Hash == ledger.Hash{}) {
				e.t.Errorf("entry %d: %+v", x.Seq, x)
			}
		}
		cursor = p.Next
	}
	return out
}

func TestEntries(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := open(t, db)
		if got := e.seqs(audit.Filter{}, 7); len(got) != 40 || got[0] != 40 || got[39] != 1 {
			t.Errorf("all: %v", got)
		}
		for name, c := range map[string]struct {
			f    audit.Filter
			want func(seq int64) bool
		}{
			"kind":    {audit.Filter{Kind: "duty."}, func(n int64) bool { return n%4 == 2 }},
			"actor":   {audit.Filter{Actor: "ann"}, func(n int64) bool { return n%2 == 1 }},
			"engine":  {audit.Filter{Actor: "engine"}, func(n int64) bool { return n%4 == 2 }},
			"subject": {audit.Filter{Subject: "inc-2"}, func(n int64) bool { return (n-1)/4%2 == 1 && n%4 != 0 }},
			"time": {audit.Filter{From: start.Add(11 * time.Minute), Until: start.Add(20 * time.Minute)}, func(n int64) bool {
				return n >= 11 && n < 20 && n%4 != 0
			}},
			"both": {audit.Filter{Kind: "incident.", Actor: "ann", Subject: "inc-1"}, func(n int64) bool { return n%2 == 1 && (n-1)/4%2 == 0 }},
		} {
			var want []int64
			for n := int64(40); n > 0; n-- {
				if c.want(n) {
					want = append(want, n)
				}
			}
			if got := e.seqs(c.f, 3); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
		for _, kind := range []string{"secret.", "x' OR 1=1"} {
			if _, err := e.Latest(t.Context(), auditor, audit.Filter{Kind: kind}, "", 0); fault.KindOf(err) != fault.Invalid {
				t.Errorf("the kind %s: %v", kind, err)
			}
		}
		if x, err := e.Entry(t.Context(), auditor, 4); err != nil || !x.Hidden || x.Subject != "" {
			t.Errorf("a hidden entry: %v %+v", err, x)
		}
		if x, err := e.Entry(t.Context(), auditor, 3); err != nil || x.Hidden || !strings.Contains(string(x.Private), "what was said") {
			t.Errorf("an entry: %v %+v", err, x)
		}
		for _, seq := range []int64{-1, 0, 41} {
			if _, err := e.Entry(t.Context(), auditor, seq); fault.KindOf(err) != fault.NotFound {
				t.Errorf("entry %d: %v", seq, err)
			}
		}
	})
}

func (e *env) last() audit.Verification {
	e.t.Helper()
	list, err := e.Verifications(e.t.Context(), auditor)
	must(e.t, err)
	if len(list) == 0 {
		e.t.Fatal("no verification")
	}
	return list[0]
}

// ended waits in real time until the newest run is over.
func (e *env) ended() audit.Verification {
	e.t.Helper()
	for began := e.clk.Real(); ; {
		if v := e.last(); v.State != audit.Running {
			return v
		}
		if e.clk.Real().Sub(began) > 20*time.Second {
			e.t.Fatal("the verification does not end")
		}
		must(e.t, e.clk.Sleep(e.t.Context(), 5*time.Millisecond))
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := open(t, db)
		ctx := t.Context()
		h, err := e.Head(ctx, auditor)
		must(t, err)
		if h.Checkpoint.Size != 40 || len(h.Fingerprint) != 64 || !h.LastAt.Equal(start.Add(40*time.Minute)) {
			t.Errorf("%+v", h)
		}
		e.add("duty.met", "inc-1", "ann")
		_, err = e.Verify(ctx, auditor, strings.ReplaceAll(h.Signed, "\n", "\r\n"))
		must(t, err)
		if _, err := e.Verify(ctx, auditor, ""); fault.KindOf(err) != fault.Conflict {
			t.Errorf("a second one: %v", err)
		}
		if v := e.last(); v.State != audit.Running || v.AskedBy != "ann" || v.Size != 41 {
			t.Errorf("%+v", v)
		}
		e.begun <- nil
		if v := e.ended(); v.State != audit.Valid || v.Ledger.Entries != 41 || len(v.Ledger.Against) != 1 || v.Ledger.Against[0].Size != 40 {
			t.Errorf("%+v", v)
		}
		for text, part := range map[string]string{
			"nonsense": "is not a signed checkpoint", strings.Replace(h.Signed, h.Checkpoint.LogID, "other", 1): "of another ledger",
			h.Signed[:len(h.Signed)/3]: "is not a signed checkpoint", h.Signed + strings.Repeat("x", 5000): "is not a signed checkpoint",
		} {
			_, err := e.Verify(ctx, auditor, text)
			if f := fault.FieldsOf(err); len(f) != 1 || !strings.Contains(f[0].Message, part) {
				t.Errorf("%.40q: %v", text, err)
			}
		}
		// A checkpoint that names another root is signed by nobody here.
		_, err = e.Verify(ctx, auditor, strings.Replace(h.Signed, "\n40\n", "\n39\n", 1))
		must(t, err)
		e.begun <- nil
		if v := e.ended(); v.State != audit.Wrong || !strings.Contains(v.Finding, "not signed by a key of this ledger") {
			t.Errorf("%+v", v)
		}
		for err, state := range map[error]audit.State{
			&ledger.Wrong{Seq: 7, ID: "x", Kind: "duty.met/1", What: "its content was changed"}: audit.Wrong,
			&record.Difference{Table: "duty", Key: []string{"d-1"}, What: "is too much"}:        audit.Wrong,
			errors.New("disk: secret path"): audit.Failed,
		} {
			_, begin := e.Verify(ctx, auditor, "")
			must(t, begin)
			e.begun <- err
			if v := e.ended(); v.State != state || v.Finding == "" || strings.Contains(v.Finding, "secret") || (v.Seq == 7) != strings.Contains(v.Finding, "entry 7") {
				t.Errorf("%v: %+v", err, v)
			}
		}
	})
}

// A run that ends with its process does not stop the next one for good.
func TestCutOff(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := open(t, db)
		_, err := e.Verify(t.Context(), auditor, "")
		must(t, err)
		e.Stop()
		if v := e.last(); v.State != audit.CutOff {
			t.Errorf("after a stop: %+v", v)
		}
		// The process was killed: the row says running and beats no more.
		_, err = db.Write(t.Context(), store.Op{Name: "test", Actor: "t"}, func(tx *store.Tx) error {
			_, err := tx.Exec("UPDATE verification SET state = 'running', beat_at = ?", clock.Micros(e.clk.Real().Add(-time.Minute)))
			return err
		})
		must(t, err)
		if v := e.last(); v.State != audit.CutOff {
			t.Errorf("after a kill: %+v", v)
		}
		_, err = e.Verify(t.Context(), auditor, "")
		must(t, err)
	})
}

func TestBundleAll(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := open(t, db)
		var buf bytes.Buffer
		list, err := e.led.Entries(t.Context(), db, 0, 1)
		must(t, err)
		_, err = db.Write(t.Context(), store.Op{Name: "test", Actor: "t"}, func(tx *store.Tx) error {
			return e.led.Erase(tx, "ann", []string{list[0].ID}, "she asked")
		})
		must(t, err)
		must(t, e.BundleAll(t.Context(), auditor, &buf))
		rep, err := ledger.VerifyBundle(bytes.NewReader(buf.Bytes()), e.led.VerifierKey())
		if err != nil || rep.Entries != 41 || rep.Erased != 1 {
			t.Errorf("%v %+v", err, rep)
		}
		if _, err := ledger.VerifyBundle(bytes.NewReader(bytes.Replace(buf.Bytes(), []byte("what was said"), []byte("what was sold"), 1)), e.led.VerifierKey()); err == nil {
			t.Error("a changed bundle verifies")
		}
		buf.Reset()
		for _, role := range who.Roles() {
			by := who.Identity{Actor: "x", Person: "x", Roles: []who.Role{role}}
			may := by.Has(who.PermLedgerRead) && by.Has(who.PermRegisterExport)
			if err := e.BundleAll(t.Context(), by, &buf); (err == nil) != may {
				t.Errorf("%s: %v", role, err)
			}
		}
	})
}
