package pace

import (
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)
	p := New(10, 2)
	if w := p.Take(now, "a.example"); w != 0 {
		t.Fatalf("the first waits %s", w)
	}
	if w := p.Take(now, "b.example"); w != 100*time.Millisecond {
		t.Errorf("the server's rate: %s", w)
	}
	now = now.Add(100 * time.Millisecond)
	if w := p.Take(now, "a.example"); w != 400*time.Millisecond {
		t.Errorf("the domain's rate: %s", w)
	}
	if w := p.Take(now, "b.example"); w != 0 {
		t.Errorf("another domain waits %s for the first", w)
	}
	if p.ServerWait(now) == 0 {
		t.Error("the server is free at once")
	}
	free := New(0, 0)
	for range 100 {
		if w := free.Take(now, "a.example"); w != 0 {
			t.Fatalf("without a rate: %s", w)
		}
	}
	// A long silence saves nothing up.
	now = now.Add(time.Hour)
	if p.Take(now, "a.example") != 0 || p.Take(now, "a.example") == 0 {
		t.Error("turns were saved up")
	}
}
