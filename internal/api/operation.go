package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
)

// The largest bodies taken, in bytes.
const (
	maxBody = 1 << 20
	maxFile = 16 << 20
)

// Page holds the parameters of every list.
type Page struct {
	Cursor string `query:"cursor" doc:"place in the list: next of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" doc:"items on a page, default 50"`
}

// list is the answer of every list. Next is null on the last page.
type list[T any] struct {
	Items []T     `json:"items" nullable:"false"`
	Next  *string `json:"next" doc:"cursor of the next page, null at the end"`
}

func listOf[A, B any](items []A, next string, wire func(A) B) list[B] {
	out := list[B]{Items: make([]B, 0, len(items))}
	for _, it := range items {
		out.Items = append(out.Items, wire(it))
	}
	if next != "" {
		out.Next = &next
	}
	return out
}

func same[T any](v T) T { return v }

// none is the parameters of an operation without any, and the answer of one that says nothing.
type none struct{}

// op describes an operation; more is done to the document's entry after registration.
type op struct {
	method, path, id, tag, summary, text string

	status   int          // default 200
	limit    int64        // of the body, default maxBody
	media    string       // of the answer when it is not JSON
	optional bool         // the body may be missing
	creates  bool         // answers 201 with Location
	body     *huma.Schema // of the body when it is not a Go type
	bodies   []string     // media types of the body when it is not JSON
	json     bool         // the body is JSON
	stream   bool         // the operation reads the body and the key itself
	open     func(o *huma.Operation)
}

// The four ways to register an operation. They are all that is made anew for each type: what follows knows its types
// by reflection (see route.go), for a copy of it per operation was a tenth of the program.

// handle registers an operation without a body. The parameters P are read and checked before.
func handle[P, O any](f *face, o op, fn func(ctx context.Context, c *call, p *P) (O, error)) {
	f.enter(o, types{params: reflect.TypeFor[P](), out: reflect.TypeFor[O](), read: nothing},
		func(ctx context.Context, c *call, p, _ any) (any, error) { return fn(ctx, c, p.(*P)) })
}

// take registers an operation with a JSON body B, read strictly.
func take[P, B, O any](f *face, o op, fn func(ctx context.Context, c *call, p *P, b *B) (O, error)) {
	o.json = true
	body := reflect.TypeFor[B]()
	f.enter(o, types{params: reflect.TypeFor[P](), body: body, out: reflect.TypeFor[O](), read: strictly(body)},
		func(ctx context.Context, c *call, p, b any) (any, error) { return fn(ctx, c, p.(*P), b.(*B)) })
}

// takeMembers registers an operation with a JSON object it reads itself.
func takeMembers[P, O any](f *face, o op, fn func(ctx context.Context, c *call, p *P, b []member) (O, error)) {
	o.json = true
	f.enter(o, types{params: reflect.TypeFor[P](), out: reflect.TypeFor[O](), read: members},
		func(ctx context.Context, c *call, p, b any) (any, error) { return fn(ctx, c, p.(*P), b.([]member)) })
}

// takeBytes registers an operation with a body that is not JSON.
func takeBytes[P, O any](f *face, o op, fn func(ctx context.Context, c *call, p *P, b []byte) (O, error)) {
	f.enter(o, types{params: reflect.TypeFor[P](), out: reflect.TypeFor[O](), read: asSent},
		func(ctx context.Context, c *call, p, b any) (any, error) { return fn(ctx, c, p.(*P), b.([]byte)) })
}

// describe makes huma's operation.
func (o op) describe(f *face) *huma.Operation {
	h := &huma.Operation{
		OperationID: o.id, Method: o.method, Path: o.path, Summary: o.summary, Description: o.text,
		Tags: []string{o.tag}, DefaultStatus: o.status,
		Responses: map[string]*huma.Response{"default": f.problemResponse()},
	}
	switch {
	case h.DefaultStatus == 0 && o.creates:
		h.DefaultStatus = http.StatusCreated
	case h.DefaultStatus == 0:
		h.DefaultStatus = http.StatusOK
	}
	if o.media != "" {
		h.Responses[strconv.Itoa(h.DefaultStatus)] = &huma.Response{
			Description: http.StatusText(h.DefaultStatus),
			Content:     map[string]*huma.MediaType{o.media: {Schema: &huma.Schema{Type: huma.TypeString}}},
		}
	}
	return h
}

// amend writes into the document what is said of the body, the key and the address of what was made.
func (f *face) amend(h *huma.Operation, o op, body reflect.Type) {
	if o.method != http.MethodGet && o.method != http.MethodDelete {
		h.Parameters = append(h.Parameters, &huma.Param{
			Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: huma.TypeString},
			Description: "1 to 200 characters of your choice. The same request again gives the first answer and does nothing twice.",
		})
	}
	content := map[string]*huma.MediaType{}
	switch {
	case o.body != nil && len(o.bodies) == 0:
		content["application/json"] = &huma.MediaType{Schema: o.body}
	case body != nil && body != reflect.TypeFor[none]():
		content["application/json"] = &huma.MediaType{Schema: f.document.Components.Schemas.Schema(body, true, o.id)}
	}
	for _, m := range o.bodies {
		content[m] = &huma.MediaType{Schema: o.body}
	}
	if len(content) > 0 {
		h.RequestBody = &huma.RequestBody{Required: !o.optional, Content: content}
	}
	if o.creates {
		created := h.Responses[strconv.Itoa(http.StatusCreated)]
		if created.Headers == nil {
			created.Headers = map[string]*huma.Param{}
		}
		created.Headers["Location"] = &huma.Param{Description: "address of what was made", Schema: &huma.Schema{Type: huma.TypeString}}
	}
	if o.open != nil {
		o.open(h)
	}
}

// Status of the answer, Location and ETag are set by the operation on its call.
func (c *call) created(location string) {
	c.w.Header().Set("Location", location)
	c.answer = http.StatusCreated
}

func (c *call) wanted(status int) int {
	if c.answer != 0 {
		return c.answer
	}
	return status
}

// etag sets the version as ETag, and answers 304 when the caller has it already.
func (c *call) etag(version int64) {
	tag := `"` + strconv.FormatInt(version, 10) + `"`
	c.w.Header().Set("ETag", tag)
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		return
	}
	for _, have := range strings.Split(c.r.Header.Get("If-None-Match"), ",") {
		if have = strings.TrimPrefix(strings.TrimSpace(have), "W/"); have == tag || have == "*" {
			c.answer = http.StatusNotModified
		}
	}
}

// ifMatch reads the version the caller has seen: 0 when none was sent, anyVersion for "*".
func (c *call) ifMatch() (int64, error) {
	h := strings.TrimSpace(c.r.Header.Get("If-Match"))
	switch h {
	case "":
		return 0, nil
	case "*":
		return anyVersion, nil
	}
	v, err := strconv.ParseInt(strings.Trim(strings.TrimPrefix(h, "W/"), `"`), 10, 64)
	if err != nil || v < 1 {
		return 0, fault.InvalidField("If-Match", `must be one version as the header ETag gave it, such as "7"`)
	}
	return v, nil
}

const anyVersion = -1

// maxKey is the longest idempotency key, in characters.
const maxKey = 200

// keyed hands the idempotency key on to the write. The hash covers method and address too, so that one key never
// answers for two different things.
func (c *call) keyed(ctx context.Context, body []byte) (context.Context, error) {
	values := c.r.Header.Values("Idempotency-Key")
	if len(values) == 0 {
		return ctx, nil
	}
	key := values[0]
	if n := len([]rune(key)); len(values) > 1 || n < 1 || n > maxKey || len(key) > store.MaxKey || short(key) != key {
		return ctx, fault.InvalidField("Idempotency-Key", fmt.Sprintf("must be one line of 1 to %d characters", maxKey))
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n", c.r.Method, c.r.URL.RequestURI(), c.r.Header.Get("If-Match"))
	h.Write(body)
	var sum [32]byte
	h.Sum(sum[:0])
	return store.WithKey(ctx, key, sum), nil
}

// body reads the body of an operation. Too large a one is refused before it is read where its length is known.
func (c *call) body(o op) ([]byte, error) {
	if enc := c.r.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return nil, malformed("Content-Encoding is not understood: send the body as it is")
	}
	limit := o.limit
	if limit == 0 {
		limit = maxBody
	}
	raw, err := c.readBody(limit)
	if err != nil {
		return nil, err
	}
	if len(raw) == 0 {
		if o.json && !o.optional {
			return nil, malformed("The body is empty: send a JSON object")
		}
		return nil, nil
	}
	if o.json {
		if err := isJSONType(c.r.Header.Get("Content-Type")); err != nil {
			return nil, err
		}
	}
	return raw, nil
}

func (c *call) readBody(limit int64) ([]byte, error) {
	tooLarge := fault.Newf(fault.TooLarge, "The body is larger than %d MiB", limit>>20)
	if c.r.ContentLength > limit {
		c.w.Header().Set("Connection", "close")
		return nil, tooLarge
	}
	var raw []byte
	var err error
	body := http.MaxBytesReader(c.w, c.r.Body, limit)
	if n := c.r.ContentLength; n > 0 {
		raw = make([]byte, n)
		_, err = io.ReadFull(body, raw)
	} else {
		raw, err = io.ReadAll(body)
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, tooLarge
	}
	if err != nil {
		return nil, malformed("The body ended before it was complete")
	}
	return raw, nil
}

func isJSONType(header string) error {
	if header == "" {
		return nil
	}
	t, _, err := mime.ParseMediaType(header)
	if err == nil && (t == "application/json" || strings.HasSuffix(t, "+json")) {
		return nil
	}
	return &refusal{
		status: http.StatusUnsupportedMediaType, slug: "media-type", detail: "Send JSON with the header Content-Type: application/json",
		fields: []fault.Field{{Field: "Content-Type", Message: "must be application/json"}},
	}
}

// stamp is a time on the wire: null where there is none.
func stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// orNull is a text on the wire: null where there is none.
func orNull[S ~string](s S) *string {
	if s == "" {
		return nil
	}
	t := string(s)
	return &t
}

// asOf reads the parameter as_of.
func asOf(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, msg := parseTime(s)
	if msg != "" {
		return time.Time{}, fault.InvalidField("as_of", msg)
	}
	return t, nil
}

// yesNo reads a parameter that may be left out.
func yesNo(s string) *bool {
	if s == "" {
		return nil
	}
	b := s == "true"
	return &b
}
