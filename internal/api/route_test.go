package api

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// Probe is the parameters of the operations below.
type Probe struct {
	ID
	N    int    `query:"n" minimum:"2"`
	Yes  bool   `query:"yes"`
	Word string `query:"word" enum:"a,b"`
}

// seen is what an operation was given.
type seen struct {
	ID   string  `json:"id"`
	N    int     `json:"n"`
	Yes  bool    `json:"yes"`
	Word string  `json:"word"`
	Not  float64 `json:"not"`
}

func TestRoute(t *testing.T) {
	t.Parallel()
	g := lite(t)
	f := &face{Deps: g.f.Deps, mux: &routes{ServeMux: http.NewServeMux()}, figures: g.f.figures, document: newDocument("test")}
	at := func(name string) op {
		return op{method: http.MethodGet, path: "/api/" + name + "/{id}", id: name, tag: "Test", summary: name}
	}
	handle(f, at("plain"), func(_ context.Context, _ *call, p *Probe) (seen, error) {
		return seen{ID: p.ID.ID, N: p.N, Yes: p.Yes, Word: p.Word}, nil
	})
	handle(f, at("endless"), func(context.Context, *call, *Probe) (seen, error) { return seen{Not: math.Inf(1)}, nil })
	handle(f, at("bytes"), func(_ context.Context, c *call, _ *Probe) ([]byte, error) {
		c.Header().Set("Content-Type", "text/csv")
		return []byte("a,b\n"), nil
	})
	handle(f, at("silent"), func(_ context.Context, c *call, _ *Probe) (none, error) {
		c.answer = http.StatusNoContent
		return none{}, nil
	})
	handle(f, at("refused"), func(context.Context, *call, *Probe) (seen, error) {
		return seen{}, fault.Newf(fault.Conflict, "a < b")
	})
	handle(f, at("half"), func(_ context.Context, c *call, _ *Probe) (none, error) {
		_, _ = c.Write([]byte("the first half"))
		return none{}, errors.New("the disk is gone")
	})
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		f.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	for _, c := range []struct {
		path string
		code int
		body string // a part of it
	}{
		{"/api/plain/7", 200, `{"id":"7","n":0,"yes":false,"word":"","not":0}` + "\n"},
		{"/api/plain/7?n=2&word=b&yes", 200, `{"id":"7","n":2,"yes":true,"word":"b","not":0}` + "\n"},
		{"/api/plain/a%2Fb?word=&n=+3", 422, `[{"field":"n","message":"invalid integer"}]`},
		{"/api/plain/7?n=1&yes=perhaps&word=c", 422, `{"field":"n","message":"expected number >= 2"},{"field":"yes","message":"invalid boolean"},{"field":"word","message":"expected value to be one of \"a, b\""}`},
		{"/api/plain/7?n=1&colour=red", 422, `[{"field":"colour","message":"is not a known parameter; correct its name or leave it out"}]`},
		{"/api/plain/7?id=8", 422, `"field":"id"`},
		{"/api/plain/" + strings.Repeat("x", 201), 422, `"field":"id"`},
		{"/api/endless/7", 500, `"/api/docs#internal"`},
		{"/api/bytes/7", 200, "a,b\n"},
		{"/api/silent/7", 204, ""},
		{"/api/refused/7", 409, `"detail":"a < b"`},
	} {
		w := get(c.path)
		if w.Code != c.code || !strings.Contains(w.Body.String(), c.body) || c.body == "" && w.Body.Len() > 0 {
			t.Errorf("%s: %d %s, want %d %s", c.path, w.Code, w.Body, c.code, c.body)
		}
	}
	if w := get("/api/bytes/7"); w.Header().Get("Content-Type") != "text/csv" {
		t.Errorf("bytes come as %q", w.Header().Get("Content-Type"))
	}
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("half an answer ends with %v", v)
		}
		if !strings.Contains(g.log.String(), "the disk is gone") {
			t.Error("the log does not hold why the answer stopped")
		}
	}()
	get("/api/half/7")
}
