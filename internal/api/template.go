package api

import (
	"context"
	"net/http"

	stock "github.com/wakebell/wakebell/internal/notify/notice/shelf"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

// TemplateQuery holds the parameters of the list of templates.
type TemplateQuery struct {
	Audience string `query:"audience" enum:"customer,data_subject,employee,partner,vendor,authority,law_enforcement,insurer,personnel,press"`
	Purpose  string `query:"purpose" enum:"first,update,correction,withdrawal,resolved"`
	Lang     string `query:"lang" maxLength:"35" doc:"language tag" example:"de"`
	Own      bool   `query:"own" doc:"only the operator's own"`
}

// templateOnWire is one template in one language.
type templateOnWire struct {
	ID       string   `json:"id" example:"customer.first"`
	Audience string   `json:"audience" enum:"customer,data_subject,employee,partner,vendor,authority,law_enforcement,insurer,personnel,press"`
	Purpose  string   `json:"purpose" enum:"first,update,correction,withdrawal,resolved"`
	Lang     string   `json:"lang" example:"de"`
	Version  string   `json:"version"`
	Title    string   `json:"title"`
	Subject  string   `json:"subject" doc:"with fields, such as {{incident.reference}}"`
	Body     string   `json:"body" doc:"Markdown with fields"`
	Fields   []string `json:"fields" nullable:"false" doc:"the fields it holds"`
	Own      bool     `json:"own" doc:"the operator's, not shipped"`
}

// fieldOnWire is one merge field a text may hold.
type fieldOnWire struct {
	Name  string `json:"name" example:"incident.persons"`
	Kind  string `json:"kind" enum:"text,number,date,moment,list,link"`
	Scope string `json:"scope" enum:"incident,notice,recipient" doc:"recipient: another value for each who is told"`
	Title string `json:"title"`
	Help  string `json:"help"`
}

func wireTemplate(t text.Template) templateOnWire {
	out := templateOnWire{
		ID: t.ID, Audience: t.Audience, Purpose: t.Purpose, Lang: t.Lang, Version: t.Version, Title: t.Title,
		Subject: t.Subject, Body: t.Body, Fields: []string{}, Own: t.Own,
	}
	if x, err := text.Parse(t.Source()); err == nil { // it was read at the start
		out.Fields = append(out.Fields, x.Fields()...)
	}
	return out
}

func (f *face) templates() {
	const tag = "Notices"
	handle(f, op{
		method: http.MethodGet, path: base + "/templates", id: "list-templates", tag: tag, summary: "List the templates of notices",
		text: "By audience, purpose, id and language; all in one answer. Needs notice.read.",
	}, func(_ context.Context, c *call, p *TemplateQuery) (list[templateOnWire], error) {
		items, err := f.Templates.List(c.by, stock.Filter{Audience: p.Audience, Purpose: p.Purpose, Lang: p.Lang, Own: p.Own})
		if err != nil {
			return list[templateOnWire]{}, err
		}
		return listOf(items, "", wireTemplate), nil
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/templates/{id}", id: "get-template", tag: tag, summary: "Read one template in every language it has",
		text: "Needs notice.read.",
	}, func(_ context.Context, c *call, p *ID) (list[templateOnWire], error) {
		items, err := f.Templates.Find(c.by, p.ID)
		if err != nil {
			return list[templateOnWire]{}, err
		}
		return listOf(items, "", wireTemplate), nil
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/merge-fields", id: "list-merge-fields", tag: tag, summary: "List the fields a notice may hold",
		text: "A field is written {{name}}, or {{name|words}} with the words to say while it is not known. Any signed-in caller.",
	}, func(context.Context, *call, *none) (list[fieldOnWire], error) {
		return listOf(text.Fields(), "", func(x text.Field) fieldOnWire {
			return fieldOnWire{Name: x.Name, Kind: string(x.Kind), Scope: string(x.Scope), Title: x.Title, Help: x.Help}
		}), nil
	})
}
