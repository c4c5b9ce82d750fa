package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/queryparam"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// work is an operation that has forgotten its types: p points to its parameters, b is its body as read gave it.
type work func(ctx context.Context, c *call, p, b any) (any, error)

// types of an operation.
type types struct {
	params reflect.Type
	body   reflect.Type // nil: the operation says itself what the document holds
	out    reflect.Type // none: nothing is answered but a status
	read   func(raw []byte) (any, error)
}

// nothing, strictly, members and asSent are how bodies are read. Of an empty body each gives what it has without one.
func nothing([]byte) (any, error) { return nil, nil }

func strictly(t reflect.Type) func(raw []byte) (any, error) {
	return func(raw []byte) (any, error) {
		b := reflect.New(t).Interface()
		if len(raw) == 0 {
			return b, nil
		}
		return b, decode(raw, b)
	}
}

func members(raw []byte) (any, error) {
	if len(raw) == 0 {
		return []member(nil), nil
	}
	return object(raw)
}

func asSent(raw []byte) (any, error) { return raw, nil }

// enter registers an operation and writes it into the document. Schemas and their messages are huma's; what a request
// goes through is ours: parameters are checked, the body is read and decoded, the key handed on, the answer written,
// and every error becomes a problem.
func (f *face) enter(o op, t types, do work) {
	h := o.describe(f)
	params := f.parametersOf(t.params, h)
	silent := t.out == reflect.TypeFor[none]()
	f.answers(h, t.out, silent)
	f.document.AddOperation(h)
	f.amend(h, o, t.body)
	f.mux.HandleFunc(o.method+" "+o.path, func(_ http.ResponseWriter, r *http.Request) {
		c := callOf(r.Context())
		out, err := c.run(o, t, params, do)
		switch {
		case err != nil && c.status != 0:
			c.problemOf(err) // logs it: half an answer must not look like a whole one
			panic(http.ErrAbortHandler)
		case err != nil:
			c.refuse(err)
		case silent:
			c.WriteHeader(c.wanted(h.DefaultStatus))
		default:
			c.give(c.wanted(h.DefaultStatus), out)
		}
	})
}

func (c *call) run(o op, t types, params []parameter, do work) (any, error) {
	p := reflect.New(t.params)
	if err := c.parameters(params, p.Elem()); err != nil {
		return nil, err
	}
	ctx := c.r.Context()
	var raw []byte
	if o.method != http.MethodGet && !o.stream {
		var err error
		if raw, err = c.body(o); err != nil {
			return nil, err
		}
		if ctx, err = c.keyed(ctx, raw); err != nil {
			return nil, err
		}
	}
	b, err := t.read(raw)
	if err != nil {
		return nil, err
	}
	return do(ctx, c, p.Interface(), b)
}

// parameter is a field of the parameters of an operation.
type parameter struct {
	index    []int
	in, name string
	required bool
	schema   *huma.Schema
}

// parametersOf finds the parameters in the fields of a struct and of those it embeds, and documents them.
func (f *face) parametersOf(t reflect.Type, h *huma.Operation) []parameter {
	var out []parameter
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Anonymous {
			for _, p := range f.parametersOf(field.Type, h) {
				p.index = append([]int{i}, p.index...)
				out = append(out, p)
			}
			continue
		}
		p := parameter{index: field.Index, in: "path", name: field.Tag.Get("path"), required: true}
		if p.name == "" {
			p.in, p.name, p.required = "query", field.Tag.Get("query"), field.Tag.Get("required") == "true"
		}
		if p.name == "" {
			continue
		}
		switch field.Type.Kind() {
		case reflect.String, reflect.Int, reflect.Int64, reflect.Bool:
		default:
			panic("the parameter " + p.name + " of " + h.OperationID + " has a type that is not read from addresses")
		}
		p.schema = huma.SchemaFromField(f.document.Components.Schemas, field, "")
		out = append(out, p)
		said := &huma.Param{Name: p.name, In: p.in, Description: p.schema.Description, Required: p.required, Schema: p.schema}
		if p.in == "query" {
			said.Explode = new(bool)
		}
		h.Parameters = append(h.Parameters, said)
	}
	return out
}

// parameters reads and checks the parameters of a request. Unknown ones are refused first, by name.
func (c *call) parameters(params []parameter, into reflect.Value) error {
	if c.r.URL.RawQuery != "" {
		var unknown []fault.Field
		for name := range c.r.URL.Query() {
			if !known(params, name) {
				unknown = append(unknown, fault.Field{Field: short(name), Message: "is not a known parameter; correct its name or leave it out"})
			}
		}
		if len(unknown) > 0 {
			return fault.Invalids(unknown...)
		}
	}
	var wrong huma.ValidateResult
	for i := range params {
		p := &params[i]
		at := huma.NewPathBuffer([]byte(p.name), len(p.name))
		var sent string
		if p.in == "path" {
			sent = c.r.PathValue(p.name)
		} else {
			sent = queryparam.Get(c.r.URL.RawQuery, p.name)
		}
		if sent == "" {
			if p.required {
				wrong.Add(at, "", "required "+p.in+" parameter is missing")
			}
			continue
		}
		v, msg := set(into.FieldByIndex(p.index), sent)
		if msg != "" {
			wrong.Add(at, "", msg)
			continue
		}
		huma.Validate(c.face.document.Components.Schemas, p.schema, at, huma.ModeWriteToServer, v, &wrong)
	}
	var fields []fault.Field
	for _, err := range wrong.Errors {
		if e, ok := err.(*huma.ErrorDetail); ok {
			fields = append(fields, fault.Field{Field: short(e.Location), Message: e.Message})
		}
	}
	return fault.Invalids(fields...)
}

func known(params []parameter, name string) bool {
	for i := range params {
		if params[i].in == "query" && params[i].name == name {
			return true
		}
	}
	return false
}

// set reads a parameter into its field. The value is returned as the schema checks it.
func set(field reflect.Value, sent string) (v any, msg string) {
	switch field.Kind() {
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(sent, 10, 64)
		if err != nil {
			return nil, "invalid integer"
		}
		field.SetInt(n)
		return n, ""
	case reflect.Bool:
		b, err := strconv.ParseBool(sent)
		if err != nil {
			return nil, "invalid boolean"
		}
		field.SetBool(b)
		return b, ""
	}
	field.SetString(sent)
	return sent, ""
}

// answers documents what an operation answers.
func (f *face) answers(h *huma.Operation, out reflect.Type, silent bool) {
	status := strconv.Itoa(h.DefaultStatus)
	r := h.Responses[status]
	if r == nil {
		r = &huma.Response{Description: http.StatusText(h.DefaultStatus)}
		h.Responses[status] = r
	}
	if silent {
		return
	}
	schema := f.document.Components.Schemas.Schema(out, true, h.OperationID+"Response")
	if len(r.Content) == 0 {
		r.Content = map[string]*huma.MediaType{"application/json": {Schema: schema}}
	}
}

// give answers with JSON, or with bytes whose type the operation has set. The status goes out with the first byte, so
// that what cannot be written as JSON still becomes a problem.
func (c *call) give(status int, out any) {
	if raw, ok := out.([]byte); ok {
		c.WriteHeader(status)
		_, _ = c.Write(raw)
		return
	}
	if status == http.StatusNoContent || status == http.StatusNotModified {
		c.WriteHeader(status)
		return
	}
	c.Header().Set("Content-Type", "application/json")
	if err := encode(&opening{c, status}, out); err != nil && c.status == 0 {
		panic("an answer of " + c.r.Pattern + " cannot be written: " + err.Error()) // the caller gets a problem
	}
}

// encode writes JSON as all answers have it: text stays readable, and a line ends.
func encode(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// opening sends the status before the first byte of a body.
type opening struct {
	c      *call
	status int
}

func (o *opening) Write(b []byte) (int, error) {
	o.c.WriteHeader(o.status)
	return o.c.Write(b)
}
