package alert_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
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
	"github.com/wakebell/wakebell/internal/detect/alert"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

var (
	start   = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	machine = who.Identity{Actor: "tok-1", Roles: []who.Role{who.Reporter}}
	analyst = who.Identity{Actor: "ann", Person: "ann", Roles: []who.Role{who.Analyst}}
)

const sample = `{"receiver":"wakebell","status":"firing","alerts":[{"status":"firing",
 "labels":{"alertname":"SSHBruteForce","instance":"bastion-1","severity":"critical"},
 "annotations":{"summary":"286 failed logins from 183.62.140.253"},
 "startsAt":"2026-11-20T10:12:03.123Z","endsAt":"0001-01-01T00:00:00Z",
 "generatorURL":"http://prom.example:9090/graph?g0.expr=x","fingerprint":"0f5ddcbe6e4f5a6b"}],"version":"4","truncatedAlerts":0}`

func build(t testing.TB, db *store.DB, clk *clock.Clock) (*alert.Service, *intake.Service, *directory.Service) {
	t.Helper()
	tmp := t.TempDir()
	kinds := append(append(append(who.Kinds(), plan.Kinds()...), directory.Kinds()...), intake.Kinds()...)
	led, err := record.New(t.Context(), db, clk, record.Config{KeyFile: filepath.Join(tmp, "key"), CheckpointDir: tmp}, kinds)
	if err != nil {
		t.Fatal(err)
	}
	plans := plan.New(db, led, clk)
	dir := directory.New(db, led, who.New(db, led, clk), plans, clk)
	in := intake.New(db, led, clk, plans, dir)
	return alert.New(db, in), in, dir
}

func TestDenied(t *testing.T) {
	t.Parallel()
	whotest.DenyEmpty(t, (*alert.Service)(nil))
}

func TestIngest(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s, in, dir := build(t, db, clock.NewTest(start))
		ctx := t.Context()
		admin := who.Engine("test")
		if _, err := dir.PutTeam(ctx, admin, directory.Team{ID: "payments", Name: "Payments", Kind: directory.TeamProduct}, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := dir.PutITService(ctx, admin, directory.ITService{ID: "checkout", Name: "Checkout API", Team: "payments"}, 0); err != nil {
			t.Fatal(err)
		}
		ingest := func(body string) alert.Result {
			t.Helper()
			r, err := s.Ingest(ctx, machine, "alertmanager", []byte(body))
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		r := ingest(sample)
		if r.New != 1 || len(r.Signals) != 1 || r.Warnings != nil {
			t.Fatalf("%+v", r)
		}
		sig := r.Signals[0]
		if sig.Title != "SSHBruteForce: 286 failed logins from 183.62.140.253" || sig.Fingerprint != "0f5ddcbe6e4f5a6b" ||
			!sig.DiscoveredAt.Equal(time.Date(2026, 11, 20, 10, 12, 3, 123e6, time.UTC)) || !sig.ReceivedAt.Equal(start) {
			t.Errorf("%+v", sig)
		}
		raw, ct, err := in.Raw(ctx, analyst, sig.ID)
		if err != nil || string(raw) != sample || ct != "application/json" {
			t.Errorf("raw: %s %v", ct, err)
		}
		if r := ingest(sample); r.New != 0 || r.Repeated != 1 || r.Signals[0].Count != 2 {
			t.Errorf("%+v", r)
		}
		if r := ingest(strings.ReplaceAll(sample, `"firing"`, `"resolved"`)); r.Resolved != 1 || r.Signals[0].ResolvedAt.IsZero() {
			t.Errorf("%+v", r)
		}
		if r := ingest(strings.ReplaceAll(sample, `"firing"`, `"resolved"`)); r.Resolved != 0 || len(r.Warnings) != 1 {
			t.Errorf("%+v", r)
		}
		r = ingest(`{"alerts":[{"labels":{"alertname":"A","service":"checkout api"}},{"labels":{"alertname":"B","job":"CHECKOUT","drill":"true"}},{"labels":{"alertname":"C","job":"x","team":"Payments"}}]}`)
		if r.New != 3 || r.Signals[0].Service != "checkout" || r.Signals[0].Team != "payments" || r.Signals[1].Service != "checkout" || !r.Signals[1].Drill ||
			r.Signals[2].Service != "" || r.Signals[2].Team != "payments" {
			t.Errorf("%+v", r.Signals)
		}
	})
}

// A lost alert is worse than an ugly one: what cannot be read is kept, answered
// without an error, and counted when it comes again.
func TestUnreadableIsKept(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s, in, _ := build(t, db, clock.NewTest(start))
		ctx := t.Context()
		for _, format := range alert.Formats() {
			for i, body := range []string{"", "{\"alerts\": [{\"labels\"", "\xff\xfe\x00not utf-8 \u202Eevil", "17"} {
				r, err := s.Ingest(ctx, machine, format, []byte(body))
				if err != nil || r.New != 1 || len(r.Warnings) != 1 || !r.Signals[0].Malformed || r.Signals[0].Warning == "" {
					t.Fatalf("%s %d: %v %+v", format, i, err, r)
				}
				got, ct, err := in.Raw(ctx, analyst, r.Signals[0].ID)
				if err != nil || !bytes.Equal(got, []byte(body)) || ct != "application/octet-stream" {
					t.Errorf("%s: raw %q %s %v", format, got, ct, err)
				}
				if strings.ContainsAny(r.Signals[0].Title, "\x00\u202E") {
					t.Errorf("title %q", r.Signals[0].Title)
				}
				if again, err := s.Ingest(ctx, machine, format, []byte(body)); err != nil || again.Repeated != 1 {
					t.Errorf("%v %+v", err, again)
				}
			}
		}
	})
}

func TestHostileStrings(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s, _, _ := build(t, db, clock.NewTest(start))
		body := `{"alerts":[{"labels":{"alertname":"a\u0000b","service":"s\u0000","team":"t\u0000"},"annotations":{"summary":"x` + "\xff" + `\u202e"},"fingerprint":"f\u0000","startsAt":"\u0000"}]}`
		r, err := s.Ingest(t.Context(), machine, "alertmanager", []byte(body))
		if err != nil || r.New != 1 || r.Signals[0].Malformed || r.Signals[0].Title != "ab: x\uFFFD" {
			t.Errorf("%v %+v", err, r)
		}
	})
}

func TestManyAlertsInOneBody(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s, _, _ := build(t, db, clock.NewTest(start))
		var b strings.Builder
		b.WriteString(`{"alerts":[`)
		const n = 2500
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"labels":{"alertname":"A","i":"%d"},"startsAt":"2099-01-01T00:00:00Z"}`, i)
		}
		b.WriteString(`]}`)
		ctx := store.WithKey(t.Context(), "k", [32]byte{7})
		r, err := s.Ingest(ctx, machine, "alertmanager", []byte(b.String()))
		if err != nil || r.New != n || len(r.Signals) != n || len(r.Warnings) != 21 {
			t.Fatalf("%v new %d, %d signals, %d warnings", err, r.New, len(r.Signals), len(r.Warnings))
		}
		var raws int
		if err := db.QueryRow(t.Context(), `SELECT COUNT(*) FROM signal_raw`).Scan(&raws); err != nil || raws != 1 {
			t.Errorf("%d raw bodies, %v: one delivery is kept once", raws, err)
		}
		again, err := s.Ingest(ctx, machine, "alertmanager", []byte(b.String()))
		if err != nil || !again.Replayed || len(again.Signals) != 1 || !cmp.Equal(again.Signals[0], r.Signals[0]) {
			t.Errorf("%v %+v", err, again)
		}
	})
}

func TestRefused(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s, _, _ := build(t, db, clock.NewTest(start))
		if _, err := s.Ingest(t.Context(), machine, "nagios", nil); fault.KindOf(err) != fault.NotFound {
			t.Error(err)
		}
		if _, err := s.Ingest(t.Context(), machine, "raw", make([]byte, alert.MaxBody+1)); fault.KindOf(err) != fault.TooLarge {
			t.Error(err)
		}
		reporter := who.Identity{Actor: "rita", Person: "rita", Roles: []who.Role{who.Reporter}}
		if _, err := s.Ingest(t.Context(), reporter, "raw", nil); fault.KindOf(err) != fault.Denied {
			t.Error(err)
		}
	})
}
