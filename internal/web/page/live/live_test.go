package live

import (
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
