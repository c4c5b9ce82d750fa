package script

import (
	"testing"
	"time"
	"fmt"
	"sort"

	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
)

func TestMeasure(t *testing.T) {
	ctx := t.Context()
	clk := clock.NewTest(start)
	a, err := app.New(ctx, app.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0", TestClock: true, Clock: clk})
	if err != nil { t.Fatal(err) }
	if err := a.LoadDemo(ctx); err != nil { t.Fatal(err) }
	defer a.Stop(clock.Background())
	if _, err := a.Incidents.Declare(ctx, who.Engine("x"), incident.Declare{Title: "x", Service: "customer-portal", DiscoveredAt: start}); err != nil { t.Fatal(err) }
	if err := a.Forward(ctx, 80*time.Minute); err != nil { t.Fatal(err) }
	n := 0
	per := map[string]int{}
	same := map[string]int{}
	for cursor := ""; ; {
		items, next, err := a.Outbox.List(ctx, who.Engine("s"), mail.Filter{}, cursor, 200)
		if err != nil { t.Fatal(err) }
		for _, m := range items { n++; per[m.To[0]]++; same[m.To[0]+m.CreatedAt.Format(" 15:04")]++
		 if testing.Verbose() { fmt.Println(m.CreatedAt.Sub(start), m.To[0], m.Subject, len(m.Text)) } }
		if cursor = next; next == "" { break }
	}
	doubles := 0
	for _, c := range same { if c > 1 { doubles += c-1 } }
	var names []string
	for k, c := range per { names = append(names, fmt.Sprintf("%3d %s", c, k)) }
	sort.Strings(names)
	for _, l := range names { t.Log(l) }
	t.Log("messages", n, "surplus in the same minute", doubles)
}
