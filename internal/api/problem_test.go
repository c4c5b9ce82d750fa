package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
)

func TestProblems(t *testing.T) {
	t.Parallel()
	log := &lockedBuffer{}
	f := &face{Deps: Deps{Clock: clock.NewTest(start), Log: slog.New(slog.NewTextHandler(log, nil))}}
	cause := errors.New("the cause with secret-7")
	for _, c := range []struct {
		err    error
		status int
		slug   string
	}{
		{fault.New(fault.NotFound, "x"), 404, "not-found"},
		{fault.InvalidField("a.b[0]", "must be c"), 422, "invalid"},
		{fault.New(fault.Conflict, "x"), 409, "conflict"},
		{fault.New(fault.Denied, "x"), 403, "denied"},
		{fault.New(fault.Unauthenticated, "x"), 401, "unauthenticated"},
		{fault.New(fault.Gone, "x"), 410, "gone"},
		{fmt.Errorf("op: %w", fault.Wrap(fault.Unavailable, cause, "The disk is full")), 503, "unavailable"},
		{fault.New(fault.Precondition, "x"), 412, "precondition"},
		{fault.New(fault.Reused, "x"), 422, "key-reused"},
		{fault.New(fault.TooLarge, "x"), 413, "too-large"},
		{fmt.Errorf("op: %w", fault.TooMany(1500*time.Millisecond, "x")), 429, "throttled"},
		{cause, 500, "internal"},
		{context.Canceled, 503, "unavailable"},
		{malformed("x"), 400, "malformed"},
	} {
		w := httptest.NewRecorder()
		one := &call{face: f, w: w, r: httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)}
		one.refuse(c.err)
		p := reply{t, w.Code, w.Header(), w.Body.Bytes()}.want(c.status).problem()
		if !strings.HasSuffix(p.Type, "#"+c.slug) {
			t.Errorf("%v: type %s, want %s", c.err, p.Type, c.slug)
		}
		if strings.Contains(w.Body.String(), "secret-7") {
			t.Errorf("the cause is told: %s", w.Body)
		}
		if again := map[int]string{http.StatusServiceUnavailable: "5", http.StatusTooManyRequests: "2"}[c.status]; again != w.Header().Get("Retry-After") {
			t.Errorf("%v: Retry-After %q", c.err, w.Header().Get("Retry-After"))
		}
		if c.status >= 500 && !strings.Contains(log.String(), p.Reference) {
			t.Errorf("%v: the log lacks the reference", c.err)
		}
	}
	if !strings.Contains(log.String(), "secret-7") {
		t.Error("the log lacks the cause")
	}
}

func TestSafeNames(t *testing.T) {
	t.Parallel()
	if got := short("a\r\nb\x00" + strings.Repeat("é", 200)); strings.ContainsAny(got, "\r\n\x00") || len([]rune(got)) > 101 {
		t.Errorf("%q", got)
	}
	if got := fileName(`../"; x`); strings.ContainsAny(got, `./"; `) {
		t.Errorf("%q", got)
	}
}
