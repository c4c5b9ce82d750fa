package api

import (
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/respond/escalation"
)

// ackPage is what stands behind the link of a call: a page that works on a phone without anything else. Opening it
// answers nothing, because mail scanners open links; its one button does. It shows the reference and the due time,
// which the message said too, and nothing of the matter.
func (f *face) ackPage() {
	const path = escalation.AckPath + "{token}"
	page := f.responses(http.StatusOK, "text/html", &huma.Schema{Type: huma.TypeString})
	token := []*huma.Param{{Name: "token", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}}}
	f.plain("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		k, err := f.Escalation.ByToken(r.Context(), r.PathValue("token"))
		callOf(r.Context()).ack(k, err, false)
	}, &huma.Operation{
		OperationID: "show-call-link", Method: http.MethodGet, Path: path, Tags: []string{"Calls"}, Parameters: token, Responses: page,
		Summary: "Page behind the link of a call", Description: "Shows the reference and a button. Opening it acknowledges nothing.",
		Security: []map[string][]string{},
	})
	f.plain("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		k, err := f.Escalation.AcknowledgeByToken(r.Context(), r.PathValue("token"))
		callOf(r.Context()).ack(k, err, true)
	}, &huma.Operation{
		OperationID: "acknowledge-by-link", Method: http.MethodPost, Path: path, Tags: []string{"Calls"}, Parameters: token, Responses: page,
		Summary: "Acknowledge by link", Description: "The button of the page. The link is the permission and opens nothing else.",
		Security: []map[string][]string{},
	})
}

// ackStyle is part of the page and allowed by its hash only.
const ackStyle = `body{font:1.125rem/1.5 system-ui,sans-serif;max-width:30rem;margin:2rem auto;padding:0 1rem;color:#16202b;background:#fff}` +
	`h1{font-size:1.5rem}button{font:inherit;font-weight:600;width:100%;padding:.9rem;border:0;border-radius:.5rem;background:#14532d;color:#fff;cursor:pointer}` +
	`button:focus-visible{outline:3px solid #1d4ed8;outline-offset:3px}.drill{font-weight:700;border:2px solid;padding:.25rem .5rem;display:inline-block}` +
	`@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}button{background:#86efac;color:#052e16}}`

func (c *call) ack(k escalation.Linked, err error, answered bool) {
	status, title, lines := http.StatusOK, "You are called", []string{}
	done := answered || k.State == escalation.Acknowledged
	switch {
	case err != nil:
		p := c.problemOf(err)
		status, title = p.Status, p.Title
		lines = append(lines, p.Detail, "Reference "+p.Reference+". Nothing was acknowledged by this link.")
		if fault.KindOf(err) == fault.NotFound {
			lines[0] = "This link is not known. Copy the whole link of the message, or sign in."
		}
	case done:
		title = "Acknowledged"
		lines = append(lines, "The call about "+k.Ref+" is acknowledged.")
	default:
		lines = append(lines, "Call about "+k.Ref+".")
		if n := len(k.Asked); n > 1 {
			lines = append(lines, strconv.Itoa(n)+" things wait for your answer; the button answers all of them.")
		}
		for _, k := range k.Asked {
			if !k.DueAt.IsZero() {
				lines = append(lines, "Due "+k.DueAt.UTC().Format("2 January 2006, 15:04")+" UTC.")
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">`+
		`<meta name="robots" content="noindex,nofollow"><title>%s · Wakebell</title><style>%s</style></head><body><main>`, html.EscapeString(title), ackStyle)
	if k.Drill && err == nil {
		b.WriteString(`<p class="drill">DRILL</p>`)
	}
	fmt.Fprintf(&b, `<h1>%s</h1>`, html.EscapeString(title))
	for _, l := range lines {
		fmt.Fprintf(&b, `<p>%s</p>`, html.EscapeString(l))
	}
	if err == nil && !done {
		b.WriteString(`<form method="post"><button type="submit">I have it</button></form>`)
	}
	b.WriteString(`</main></body></html>`)
	c.html(status, b.String(), "default-src 'none'; style-src '"+styleHash(ackStyle)+"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
}
