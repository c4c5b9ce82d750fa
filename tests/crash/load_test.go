package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wakebell/wakebell/client"
	"github.com/wakebell/wakebell/internal/base/clock"
)

// ask is one write as it was sent.
type ask struct {
	kind   string // alert, declare or command
	path   string
	body   any
	key    string // idempotency key, "" for none
	finger string // of an alert
	mark   string // text that must stand in the incident's timeline once
	ref    string // of the incident
}

// sight is what is known of one alert.
type sight struct {
	id      string
	acked   int64 // sends that were acknowledged
	unknown int64 // sends without an answer and without a key
	seen    int64 // the highest count that was acknowledged
}

// book holds what was acknowledged, and what had no answer.
type book struct {
	mu      sync.Mutex
	alerts  map[string]*sight // by fingerprint
	refs    map[string]string // declaration's mark to its reference
	open    []string          // references that commands go to
	marks   map[string]string // text to the reference it stands in
	keyed   []ask             // acknowledged, with a key
	pending []ask             // no answer, with a key
	acked   int
	lost    int // without an answer
	refused []string
}

func newBook() *book {
	return &book{alerts: map[string]*sight{}, refs: map[string]string{}, marks: map[string]string{}}
}

// answer is what the faces tell that the test looks at.
type answer struct {
	Ref     string `json:"ref"`
	Signals []struct {
		ID    string `json:"id"`
		Count int64  `json:"count"`
	} `json:"signals"`
}

func (b *book) sight(finger string) *sight {
	if b.alerts[finger] == nil {
		b.alerts[finger] = &sight{}
	}
	return b.alerts[finger]
}

// send does one write and notes its outcome. It returns false when the server is gone.
func (b *book) send(ctx context.Context, c *client.Client, a ask) (answer, bool) {
	if a.key != "" {
		c = c.WithKey(a.key)
	}
	var out answer
	err := c.Do(ctx, http.MethodPost, a.path, a.body, &out)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err == nil:
		b.note(a, out)
		return out, true
	case client.StatusOf(err) != 0:
		b.refused = append(b.refused, fmt.Sprintf("%s %s: %v", a.kind, a.path, err))
		return out, true
	}
	b.lost++
	if a.key != "" {
		b.pending = append(b.pending, a)
	} else {
		b.sight(a.finger).unknown++
	}
	return out, false
}

// note keeps an acknowledged write.
func (b *book) note(a ask, out answer) {
	b.acked++
	if a.key != "" {
		b.keyed = append(b.keyed, a)
	}
	switch a.kind {
	case "alert":
		s := b.sight(a.finger)
		s.acked++
		if len(out.Signals) == 1 {
			s.id, s.seen = out.Signals[0].ID, max(s.seen, out.Signals[0].Count)
		}
	case "declare":
		b.refs[a.mark], b.marks[a.mark] = out.Ref, out.Ref
	case "command":
		b.marks[a.mark] = a.ref
	}
}

func alertOf(finger string, key string) ask {
	return ask{kind: "alert", path: "/alerts/alertmanager", key: key, finger: finger, body: map[string]any{
		"version": "4", "status": "firing", "alerts": []any{map[string]any{
			"status": "firing", "labels": map[string]string{"alertname": "Load", "service": "customer-portal"},
			"annotations": map[string]string{"summary": "load " + finger}, "startsAt": clock.System().Now(), "fingerprint": finger,
		}},
	}}
}

func declareOf(mark string, ago time.Duration) ask {
	return ask{kind: "declare", path: "/incidents", key: mark, mark: mark, body: map[string]any{
		"title": mark, "service": "customer-portal", "discovered_at": clock.System().Now().Add(-ago),
	}}
}

func commandOf(ref, mark string, body map[string]any) ask {
	return ask{kind: "command", path: "/incidents/" + ref + "/commands", key: mark, mark: mark, ref: ref, body: body}
}

// anyCommand is one that an open incident always takes.
func anyCommand(r *rand.Rand, ref, mark string) ask {
	switch r.IntN(6) {
	case 0:
		return commandOf(ref, mark, map[string]any{"type": "grade", "severity": r.IntN(4), "bil": 1 + r.IntN(3), "reason": mark})
	case 1:
		return commandOf(ref, mark, map[string]any{"type": "record_fact", "fact": "cause", "value": mark})
	case 2:
		return commandOf(ref, mark, map[string]any{
			"type": "record_fact", "fact": "personal_data", "value": []string{"unknown", "no", "yes"}[r.IntN(3)], "remark": mark,
		})
	}
	return commandOf(ref, mark, map[string]any{"type": "note", "text": mark})
}

// load works like a busy hour until the server is gone.
func (b *book) load(ctx context.Context, n *node, token, name string, r *rand.Rand) {
	c := n.api(token)
	var fingers []string
	for i := 0; ; i++ {
		mark := fmt.Sprintf("%s-%d", name, i)
		here := true
		switch p := r.IntN(100); {
		case p < 25 || len(fingers) == 0:
			key := ""
			if r.IntN(2) == 0 {
				key = mark
			}
			fingers = append(fingers, mark)
			_, here = b.send(ctx, c, alertOf(mark, key))
		case p < 55:
			key := ""
			if r.IntN(3) == 0 {
				key = mark
			}
			_, here = b.send(ctx, c, alertOf(fingers[r.IntN(len(fingers))], key))
		case p < 65:
			here = b.incident(ctx, c, mark, r)
		default:
			b.mu.Lock()
			ref := ""
			if len(b.open) > 0 {
				ref = b.open[r.IntN(len(b.open))]
			}
			b.mu.Unlock()
			if ref != "" {
				_, here = b.send(ctx, c, anyCommand(r, ref, mark))
			}
		}
		if !here {
			return
		}
	}
}

// incident declares and confirms one. Some of its duties are due at once.
func (b *book) incident(ctx context.Context, c *client.Client, mark string, r *rand.Rand) bool {
	out, here := b.send(ctx, c, declareOf(mark, time.Duration(r.IntN(80))*time.Minute))
	if !here || out.Ref == "" {
		return here
	}
	_, here = b.send(ctx, c, commandOf(out.Ref, mark+"-confirm", map[string]any{"type": "confirm", "reason": mark + "-confirm"}))
	if here {
		b.mu.Lock()
		b.open = append(b.open, out.Ref)
		b.mu.Unlock()
	}
	return here
}

// settle sends again what had no answer, with its key: now it is there, once.
func (b *book) settle(t *testing.T, n *node, token string) {
	t.Helper()
	again := b.pending
	b.pending = nil
	for _, a := range again {
		before := b.acked
		if _, here := b.send(t.Context(), n.api(token), a); !here || b.acked == before {
			t.Errorf("%s %s with its key after the crash: %v", a.kind, a.key, b.refused)
		}
	}
}

// repeat sends acknowledged writes again, with their keys: nothing happens twice, and
// the answer is the first one's.
func (b *book) repeat(t *testing.T, n *node, token string) {
	t.Helper()
	for _, a := range b.keyed {
		var out answer
		if err := n.api(token).WithKey(a.key).Do(t.Context(), http.MethodPost, a.path, a.body, &out); err != nil {
			t.Errorf("repeat %s %s: %v", a.kind, a.key, err)
			continue
		}
		switch a.kind {
		case "alert":
			if want := b.alerts[a.finger]; len(out.Signals) != 1 || out.Signals[0].ID != want.id {
				t.Errorf("repeat alert %s: %+v, want the signal %s", a.key, out, want.id)
			}
		case "declare":
			if out.Ref != b.refs[a.mark] {
				t.Errorf("repeat declare %s: %s, want %s", a.key, out.Ref, b.refs[a.mark])
			}
		case "command":
			if out.Ref != a.ref {
				t.Errorf("repeat command %s: %s, want %s", a.key, out.Ref, a.ref)
			}
		}
	}
	b.keyed = nil
}

// recorded checks every text in the timelines: there, and once.
func (b *book) recorded(t *testing.T, n *node, token string) {
	t.Helper()
	texts := map[string]map[string]int{} // by reference
	for mark, ref := range b.marks {
		if texts[ref] == nil {
			texts[ref] = map[string]int{}
		}
		texts[ref][mark] = 0
	}
	for ref, marks := range texts {
		for cursor := ""; ; {
			var page client.Page[struct {
				Kind string          `json:"kind"`
				Data json.RawMessage `json:"data"`
			}]
			path := "/incidents/" + ref + "/timeline?limit=200"
			if cursor != "" {
				path += "&cursor=" + cursor
			}
			if err := n.api(token).Do(t.Context(), http.MethodGet, path, nil, &page); err != nil {
				t.Fatalf("timeline of %s: %v", ref, err)
			}
			for _, l := range page.Items {
				if !strings.HasPrefix(l.Kind, "incident.") {
					continue
				}
				var body map[string]any
				if err := json.Unmarshal(l.Data, &body); err != nil {
					t.Fatal(err)
				}
				for _, v := range body {
					if s, text := v.(string); text {
						if _, mine := marks[s]; mine {
							marks[s]++
						}
					}
				}
			}
			if page.Next == nil {
				break
			}
			cursor = *page.Next
		}
		for mark, n := range marks {
			if n != 1 {
				t.Errorf("%s: the acknowledged %q stands in the timeline %d times", ref, mark, n)
			}
		}
	}
	b.marks = map[string]string{}
}
