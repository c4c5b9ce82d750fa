package live

import (
	"context"
	"log/slog"
	"testing"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
)

func TestSlowReaderIsDropped(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, store.SQLite)
	led, err := record.New(t.Context(), db, clock.System(), record.Config{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	l := New(db, led, clock.System(), slog.New(slog.DiscardHandler))
	c, err := l.Listen(t.Context(), who.Identity{Actor: "slow", Roles: []who.Role{who.Manager}}, -1)
	if err != nil {
		t.Fatal(err)
	}
	for range queueSize + 1 {
		l.tell(func(who.Identity) string { return "x" })
	}
	<-c.Gone
	if len(l.listeners) != 0 || l.position != -1 {
		t.Error("it is still listed")
	}
	l.Leave(c) // once more does no harm
}

func TestTopics(t *testing.T) {
	t.Parallel()
	var many topics
	for i := range 100 {
		many.add(record.Head{Kind: "duty.met/1", Subject: string(rune('a' + i))})
	}
	names := many.visible(who.Identity{Actor: "m", Roles: []who.Role{who.Responder}})
	if len(names) != 2 || names[0] != "duty" || names[1] != "duty:*" {
		t.Errorf("a large batch is told as %q", names)
	}
	if got := many.visible(who.Identity{Actor: "r", Roles: []who.Role{who.Reporter}}); len(got) != 0 {
		t.Errorf("a reporter is told %q", got)
	}
}

// A reporter learns that an own report changed, and nothing of any other signal.
func TestOwnReports(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, store.SQLite)
	led, err := record.New(t.Context(), db, clock.System(), record.Config{}, []record.Kind{{Name: "signal.decided", Version: 1}, {Name: "incident.noted", Version: 1}})
	if err != nil {
		t.Fatal(err)
	}
	l := New(db, led, clock.System(), slog.New(slog.DiscardHandler))
	asked := 0
	l.Own(func(context.Context, store.Reader, int64, int64) (map[string][]string, error) {
		asked++
		return map[string][]string{"rita": {"hers"}, "mia": {"managers"}}, nil
	})
	listen := func(id string, role who.Role) *Listener {
		t.Helper()
		c, err := l.Listen(t.Context(), who.Identity{Actor: id, Person: id, Roles: []who.Role{role}}, -1)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	write := func(kind string) {
		t.Helper()
		_, err := db.Write(t.Context(), store.Op{Name: "test", Actor: "t"}, func(tx *store.Tx) error {
			_, err := led.Append(tx, record.Draft{Kind: kind, Subject: "hers", Actor: "t", Body: struct{}{}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		l.read(t.Context())
	}
	heard := func(c *Listener) string {
		select {
		case m := <-c.Messages:
			return m
		default:
			return ""
		}
	}
	mia := listen("mia", who.Manager)
	write("signal.decided")
	if got := heard(mia); asked != 0 || got != Message("dirty", "ledger,signal,signal:hers") {
		t.Errorf("asked %d times, the manager hears %q", asked, got)
	}
	rita, rob := listen("rita", who.Reporter), listen("rob", who.Reporter)
	write("signal.decided")
	if got := heard(rita); got != Message("dirty", "signal:hers") {
		t.Errorf("the reporter hears %q", got)
	}
	if got := heard(rob); got != "" {
		t.Errorf("another reporter hears %q", got)
	}
	write("incident.noted")
	if got := heard(rita) + heard(rob); got != "" || asked != 1 {
		t.Errorf("of an incident reporters hear %q; asked %d times", got, asked)
	}
}

// What is written between the drawing of a page and its stream is told when the stream opens.
func TestNothingIsMissedWhileAPageLoads(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, store.SQLite)
	led, err := record.New(t.Context(), db, clock.System(), record.Config{}, []record.Kind{{Name: "dispatch.canary_done", Version: 1}})
	if err != nil {
		t.Fatal(err)
	}
	l := New(db, led, clock.System(), slog.New(slog.DiscardHandler))
	write := func() {
		t.Helper()
		_, err := db.Write(t.Context(), store.Op{Name: "test", Actor: "t"}, func(tx *store.Tx) error {
			_, err := led.Append(tx, record.Draft{Kind: "dispatch.canary_done", Subject: "i", Actor: "t", Body: struct{}{}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	heard := func(role who.Role, after int64) string {
		t.Helper()
		c, err := l.Listen(t.Context(), who.Identity{Actor: "a", Roles: []who.Role{role}}, after)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Leave(c)
		select {
		case m := <-c.Messages:
			return m
		default:
			return ""
		}
	}
	write()
	drawn := l.Position(t.Context())
	if got := heard(who.Communications, drawn); got != "" {
		t.Errorf("nothing was written, and %q is told", got)
	}
	write()
	if got := heard(who.Communications, drawn); got != Message("dirty", "dispatch,dispatch:i") {
		t.Errorf("a page that was drawn before hears %q", got)
	}
	if got := heard(who.Reporter, drawn) + heard(who.Communications, -1) + heard(who.Communications, drawn+1) + heard(who.Communications, drawn+9); got != "" {
		t.Errorf("told without a right or a reason: %q", got)
	}
	c, err := l.Listen(t.Context(), who.Identity{Actor: "a", Roles: []who.Role{who.Manager}}, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Leave(c)
	if got := l.Position(t.Context()); got != drawn+1 {
		t.Errorf("the position is %d, want %d", got, drawn+1)
	}
}
