package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// BenchmarkFace is the cost of the face around a room that does next to nothing.
func BenchmarkFace(b *testing.B) {
	for _, c := range []struct{ name, method, path string }{{"me", "GET", base + "/me"}, {"healthz", "GET", "/healthz"}} {
		b.Run(c.name, func(b *testing.B) {
			g := benchRig(b)
			for b.Loop() {
				r := httptest.NewRequest(c.method, c.path, nil)
				r.Header.Set("Authorization", "Bearer "+g.tokens["manager"])
				w := httptest.NewRecorder()
				if g.f.ServeHTTP(w, r); w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
			}
		})
	}
}

// BenchmarkAlert is a new alert through the whole face, 64 clients at once.
func BenchmarkAlert(b *testing.B) {
	g := benchRig(b)
	var n atomic.Int64
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			body := fmt.Sprintf(`{"version":"4","alerts":[{"status":"firing","labels":{"alertname":"A","n":"%d"},"annotations":{"summary":"disk full"},"startsAt":"2026-11-21T14:00:00Z","fingerprint":"f%d"}]}`, n.Add(1), n.Load())
			r := httptest.NewRequest(http.MethodPost, base+"/alerts/alertmanager", strings.NewReader(body))
			r.Header.Set("Authorization", "Bearer "+g.tokens["machine"])
			w := httptest.NewRecorder()
			if g.f.ServeHTTP(w, r); w.Code != http.StatusOK {
				b.Fatal(w.Body.String())
			}
		}
	})
}

// BenchmarkNew is what the face adds to a start.
func BenchmarkNew(b *testing.B) {
	g := benchRig(b)
	for b.Loop() {
		build(g.f.Deps)
	}
}
