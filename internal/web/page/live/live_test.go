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
	c, err := l.Listen(t.Context(), who.Identity{Actor: "slow", Roles: []who.Role{who.Manager}})
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
		c, err := l.Listen(t.Context(), who.Identity{Actor: id, Person: id, Roles: []who.Role{role}})
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
