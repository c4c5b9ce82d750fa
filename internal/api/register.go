package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/register"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// RegisterFilter holds the parameters of the register.
type RegisterFilter struct {
	Page
	Drills       bool   `query:"drills" doc:"the drills instead of the real register"`
	From         string `query:"from" maxLength:"64" doc:"declared at or after; a time with zone"`
	Until        string `query:"until" maxLength:"64" doc:"declared before; a time with zone"`
	PersonalData string `query:"personal_data" enum:"yes,no,unknown" doc:"unknown: nobody has answered"`
	Severity     string `query:"severity" enum:"0,1,2,3"`
	BIL          string `query:"bil" enum:"1,2,3"`
	Notified     string `query:"notified" enum:"true,false" doc:"whether anybody outside was told"`
	Entity       string `query:"entity" maxLength:"64" doc:"id of one of our legal entities"`
	Role         string `query:"role" enum:"controller,processor" doc:"in which one of our entities is concerned"`
}

func (f *face) register() {
	const tag, path = "Register", base + "/register"
	handle(f, op{
		method: http.MethodGet, path: path, id: "list-register", tag: tag, summary: "List the breach register",
		text: "Every confirmed incident, and every other that touches personal data, or may as long as nobody has said no or dismissed it; newest first. " +
			"A page of a narrow filter may be short and still have a next one. Needs register.read.",
	}, func(ctx context.Context, c *call, p *RegisterFilter) (list[register.Head], error) {
		filter, err := registerFilter(*p)
		if err != nil {
			return list[register.Head]{}, err
		}
		items, next, err := f.Register.List(ctx, c.by, filter, p.Cursor)
		if err != nil {
			return list[register.Head]{}, err
		}
		return listOf(items, next, same[register.Head]), nil
	})
	handle(f, op{
		method: http.MethodGet, path: path + "/{ref}", id: "get-register-entry", tag: tag, summary: "Read one entry of the register",
		text: "The facts, the effects, the remedial action, the duties with their outcome, and why somebody was not told (GDPR Art. 33(5)). Needs register.read.",
	}, func(ctx context.Context, c *call, p *Ref) (register.Entry, error) {
		return f.Register.Get(ctx, c.by, p.Ref)
	})
	text := func(name, doc string, enum ...any) *huma.Param {
		return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: huma.TypeString, Enum: enum}}
	}
	responses := f.responses(http.StatusOK, "application/json", &huma.Schema{Type: huma.TypeArray, Items: schemaOf[register.Entry](f)})
	responses["200"].Content["text/csv"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	f.plain("GET "+path+"/export", func(_ http.ResponseWriter, r *http.Request) {
		c := callOf(r.Context())
		if err := f.exportRegister(c); err != nil {
			c.refuse(err)
		}
	}, &huma.Operation{
		OperationID: "export-register", Method: http.MethodGet, Path: path + "/export", Tags: []string{tag}, Summary: "Export the whole register",
		Description: "As JSON or CSV, newest first. Needs register.export.", Responses: responses,
		Parameters: []*huma.Param{
			text("format", "default json", "json", "csv"), text("drills", "the drills instead of the real register", "true", "false"),
			text("from", "declared at or after; a time with zone"), text("until", "declared before; a time with zone"),
			text("personal_data", "unknown: nobody has answered", "yes", "no", "unknown"), text("severity", "", "0", "1", "2", "3"), text("bil", "", "1", "2", "3"),
			text("notified", "whether anybody outside was told", "true", "false"), text("entity", "id of one of our legal entities"),
			text("role", "in which one of our entities is concerned", "controller", "processor"),
		},
	})
}

func registerFilter(p RegisterFilter) (register.Filter, error) {
	out := register.Filter{
		Drills: p.Drills, PersonalData: incident.Answer(p.PersonalData), Entity: p.Entity, Role: directory.DataRole(p.Role), Limit: p.Limit,
	}
	var wrong []fault.Field
	bad := func(field, msg string) { wrong = append(wrong, fault.Field{Field: field, Message: msg}) }
	read := func(name, s string) time.Time {
		if s == "" {
			return time.Time{}
		}
		t, msg := parseTime(s)
		if msg != "" {
			bad(name, msg)
		}
		return t
	}
	level := func(name, s string) *int {
		if s == "" {
			return nil
		}
		n, err := strconv.Atoi(s)
		if err != nil {
			bad(name, "must be a number")
		}
		return &n
	}
	out.From, out.Until = read("from", p.From), read("until", p.Until)
	out.Severity, out.BIL = level("severity", p.Severity), level("bil", p.BIL)
	if p.Notified != "" {
		yes := p.Notified == "true"
		if !yes && p.Notified != "false" {
			bad("notified", "must be true or false")
		}
		out.Notified = &yes
	}
	if len(wrong) > 0 {
		return out, fault.Invalids(wrong...)
	}
	return out, out.Validate()
}

// exportRegister sends the register as it is read: it may be long. What goes wrong after the first byte cuts the
// connection, so that half a register never looks like a whole one.
func (f *face) exportRegister(c *call) error {
	q := c.r.URL.Query()
	known := []string{"format", "drills", "from", "until", "personal_data", "severity", "bil", "notified", "entity", "role"}
	for name := range q {
		if !slices.Contains(known, name) {
			return fault.InvalidField(short(name), "is not a known parameter; correct its name or leave it out")
		}
	}
	filter, err := registerFilter(RegisterFilter{
		Drills: q.Get("drills") == "true", From: q.Get("from"), Until: q.Get("until"), PersonalData: q.Get("personal_data"), Severity: q.Get("severity"),
		BIL: q.Get("bil"), Notified: q.Get("notified"), Entity: q.Get("entity"), Role: q.Get("role"),
	})
	if err != nil {
		return err
	}
	var run func(context.Context, who.Identity, register.Filter, io.Writer) error
	h := c.w.Header()
	switch q.Get("format") {
	case "", "json":
		run = f.Register.ExportJSON
		h.Set("Content-Type", "application/json")
		h.Set("Content-Disposition", `attachment; filename="register.json"`)
	case "csv":
		run = f.Register.ExportCSV
		h.Set("Content-Type", "text/csv; charset=utf-8")
		h.Set("Content-Disposition", `attachment; filename="register.csv"`)
	default:
		return fault.InvalidField("format", "must be json or csv")
	}
	err = run(c.r.Context(), c.by, filter, c)
	if err != nil && c.status != 0 {
		c.face.Log.Error("export of the register broke off", "reference", c.reference(), "error", err)
		panic(http.ErrAbortHandler)
	}
	return err
}

// bundle is the ledger's part of an incident as wakebell verify reads it.
func (f *face) bundle(ctx context.Context, c *call, p *Ref) ([]byte, error) {
	b, err := f.Register.Bundle(ctx, c.by, p.Ref)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if _, err := b.WriteTo(&out); err != nil {
		return nil, errors.Join(errors.New("write bundle"), err)
	}
	c.download("bundle-"+fileName(b.Register.Ref)+".json", "application/json", out.Len())
	return out.Bytes(), nil
}
