package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
)

const problemType = "application/problem+json"

// problem is what every refusal looks like (RFC 9457), with the wrong fields and a number to quote.
type problem struct {
	Type      string         `json:"type" doc:"names the kind of problem; explained on the documentation page" example:"/api/docs#invalid"`
	Title     string         `json:"title" example:"The input is not valid"`
	Status    int            `json:"status" example:"422"`
	Detail    string         `json:"detail"`
	Errors    []fieldProblem `json:"errors" doc:"the wrong fields, all at once"`
	Reference string         `json:"reference" doc:"quote it when asking for help; the log holds it too" example:"7QK3M2ZT4B"`

	retry int // seconds, 0: not said
}

// fieldProblem names one wrong field by its JSON path, parameter or header, and the remedy. It never holds the value.
type fieldProblem struct {
	Field   string `json:"field" example:"value.persons[0]"`
	Message string `json:"message" example:"must satisfy min <= estimate <= max"`
}

// refusal is an error the HTTP face itself makes: what is wrong before any room is asked.
type refusal struct {
	status int
	slug   string
	detail string
	fields []fault.Field
}

func (e *refusal) Error() string { return e.detail }

func malformed(detail string) error {
	return &refusal{status: http.StatusBadRequest, slug: "malformed", detail: detail}
}

// kindRow is how one kind of error looks on the wire. The table is read only.
type kindRow struct {
	status int
	slug   string
	title  string
}

// kindOf is the one switch from the kinds of errors to statuses.
func kindOf(k fault.Kind) kindRow {
	switch k {
	case fault.NotFound:
		return kindRow{http.StatusNotFound, "not-found", "Not found"}
	case fault.Invalid:
		return kindRow{http.StatusUnprocessableEntity, "invalid", "The input is not valid"}
	case fault.Conflict:
		return kindRow{http.StatusConflict, "conflict", "The present state does not allow it"}
	case fault.Denied:
		return kindRow{http.StatusForbidden, "denied", "Not permitted"}
	case fault.Unauthenticated:
		return kindRow{http.StatusUnauthorized, "unauthenticated", "Who asks is not known"}
	case fault.Gone:
		return kindRow{http.StatusGone, "gone", "It is not there any more"}
	case fault.Unavailable:
		return kindRow{http.StatusServiceUnavailable, "unavailable", "Try again later"}
	case fault.Precondition:
		return kindRow{http.StatusPreconditionFailed, "precondition", "It was changed in the meantime"}
	case fault.Reused:
		return kindRow{http.StatusUnprocessableEntity, "key-reused", "The idempotency key was used before"}
	case fault.TooLarge:
		return kindRow{http.StatusRequestEntityTooLarge, "too-large", "The body is too large"}
	case fault.Throttled:
		return kindRow{http.StatusTooManyRequests, "throttled", "Too many attempts"}
	}
	return kindRow{http.StatusInternalServerError, "internal", "Something went wrong on our side"}
}

// titles of what the face refuses itself, by slug.
var titles = map[string]string{
	"malformed":          "The body cannot be read",
	"media-type":         "The type of the body is not accepted",
	"method-not-allowed": "The address does not take this method",
}

// usualRetry is after how many seconds a client may ask again when nothing better is known.
const usualRetry = 5

// problemOf turns any error into a problem. What has no kind shows a reference number only; the cause is logged.
func (c *call) problemOf(err error) *problem {
	p := &problem{Reference: c.reference(), Errors: []fieldProblem{}}
	if r, ok := errors.AsType[*refusal](err); ok {
		p.Status, p.Title, p.Type, p.Detail = r.status, titles[r.slug], "/api/docs#"+r.slug, r.detail
		p.add(r.fields)
		c.note(slog.LevelInfo, p, nil)
		return p
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		err = fault.Wrap(fault.Unavailable, err, "The request ended before the work was done; send it again")
	}
	kind := fault.KindOf(err)
	row := kindOf(kind)
	p.Status, p.Title, p.Type, p.retry = row.status, row.title, "/api/docs#"+row.slug, fault.RetryAfterOf(err)
	if kind == fault.Unavailable && p.retry == 0 {
		p.retry = usualRetry
	}
	detail, ok := fault.MessageOf(err)
	switch {
	case kind == fault.Internal:
		p.Detail = "The cause is in the server's log under the reference " + p.Reference + "."
		c.note(slog.LevelError, p, err)
		return p
	case ok:
		p.Detail = detail
	default:
		p.Detail = row.title
	}
	p.add(fault.FieldsOf(err))
	if kind == fault.Unavailable {
		c.note(slog.LevelError, p, err)
	} else {
		c.note(slog.LevelInfo, p, nil)
	}
	return p
}

func (p *problem) add(fields []fault.Field) {
	for _, f := range fields {
		p.Errors = append(p.Errors, fieldProblem{f.Field, f.Message})
	}
}

// note logs a refusal: who, where, what kind; never a body, a value or a token.
func (c *call) note(level slog.Level, p *problem, cause error) {
	if !c.face.Log.Enabled(context.WithoutCancel(c.r.Context()), level) {
		return
	}
	args := []any{
		"reference", p.Reference, "status", p.Status, "method", c.r.Method, "route", c.r.Pattern, "actor", c.by.Actor,
	}
	if cause != nil {
		args = append(args, "error", cause.Error())
	}
	c.face.Log.Log(context.WithoutCancel(c.r.Context()), level, "refused "+strings.TrimPrefix(p.Type, "/api/docs#"), args...)
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// call is one request on its way through the face, and the writer of its answer.
type call struct {
	face   *face
	w      http.ResponseWriter
	r      *http.Request
	by     who.Identity
	began  time.Time
	ref    string
	status int  // 0: nothing was answered yet
	answer int  // the status an operation wants instead of its usual one
	silent bool // the mux's own words are not sent
	size   int64
}

// reference is the number of this request; it is made when somebody needs it.
func (c *call) reference() string {
	if c.ref == "" {
		c.ref = rand.Text()[:10]
	}
	return c.ref
}

// Header, WriteHeader and Write make a call the writer of its own answer; a 404 or 405 of the mux becomes a problem.
func (c *call) Header() http.Header { return c.w.Header() }

// WriteHeader sends the status once.
func (c *call) WriteHeader(status int) {
	if c.status != 0 {
		return
	}
	if c.r.Pattern == "" && (status == http.StatusNotFound || status == http.StatusMethodNotAllowed) {
		c.silent = true
		c.unrouted(status)
		return
	}
	c.status = status
	c.w.WriteHeader(status)
}

// Write sends a part of the answer.
func (c *call) Write(b []byte) (int, error) {
	if c.silent {
		return len(b), nil
	}
	if c.status == 0 {
		c.WriteHeader(http.StatusOK)
		if c.silent {
			return len(b), nil
		}
	}
	n, err := c.w.Write(b)
	c.size += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (c *call) Unwrap() http.ResponseWriter { return c.w }

func (c *call) unrouted(status int) {
	if status == http.StatusNotFound {
		c.send(c.problemOf(fault.New(fault.NotFound, "There is nothing at this address; /api/docs lists what there is")))
		return
	}
	c.send(c.problemOf(&refusal{
		status: status, slug: "method-not-allowed", detail: "The address takes " + c.w.Header().Get("Allow"),
	}))
}

// refuse answers with the problem of an error.
func (c *call) refuse(err error) { c.send(c.problemOf(err)) }

func (c *call) send(p *problem) {
	h := c.w.Header()
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="wakebell"`)
	}
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retry))
	}
	var body bytes.Buffer
	if err := encode(&body, p); err != nil {
		body.WriteString("{}")
	}
	h.Set("Content-Type", problemType)
	h.Del("Content-Disposition")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	c.status = p.Status
	c.w.WriteHeader(p.Status)
	n, _ := c.w.Write(body.Bytes())
	c.size += int64(n)
}

// finish ends a request: a panic becomes a problem where nothing was answered yet, and the figures count it.
func (c *call) finish() {
	if v := recover(); v != nil {
		if v == http.ErrAbortHandler {
			panic(v)
		}
		c.face.Log.Error("panic while serving", "reference", c.reference(), "route", c.r.Pattern, "panic", v, "stack", string(debug.Stack()))
		if c.status != 0 {
			panic(http.ErrAbortHandler) // half an answer must not look like a whole one
		}
		c.refuse(errors.New("panic, logged before"))
	}
	c.face.figures.count(c)
}

// short makes a name that came with the request safe to show: one line, not long.
func short(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return -1
		}
		return r
	}, s)
	const most = 100
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
