package api

import (
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wakebell/wakebell/internal/base/fault"
)

const docsPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// docs serves the OpenAPI document and the page made from it. The page loads one style sheet of ours and nothing else.
func (f *face) docs() {
	open := []map[string][]string{}
	text := &huma.Schema{Type: huma.TypeString}
	serve := func(path, media, summary, id string, body func() []byte) {
		f.plain("GET "+path, func(_ http.ResponseWriter, r *http.Request) {
			c := callOf(r.Context())
			if media == "text/html" {
				c.html(http.StatusOK, string(body()), docsPolicy)
				return
			}
			c.w.Header().Set("Content-Type", media+"; charset=utf-8")
			c.WriteHeader(http.StatusOK)
			_, _ = c.Write(body())
		}, &huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: path, Tags: []string{"Operation"}, Summary: summary, Security: open,
			Responses: f.responses(http.StatusOK, media, text),
		})
	}
	made := sync.OnceValues(f.writeDocument)
	part := func(pick func(written) []byte) func() []byte {
		return func() []byte {
			w, err := made()
			if err != nil {
				panic("the OpenAPI document cannot be written: " + err.Error()) // the caller gets a problem
			}
			return pick(w)
		}
	}
	serve("/api/openapi.json", "application/json", "This document as OpenAPI 3.1", "openapi-json", part(func(w written) []byte { return w.json }))
	serve("/api/openapi.yaml", "application/yaml", "This document as YAML", "openapi-yaml", part(func(w written) []byte { return w.yaml }))
	serve("/api/docs", "text/html", "The documentation, readable", "docs", part(func(w written) []byte { return w.page }))
	serve("/api/docs.css", "text/css", "Style of the documentation", "docs-css", func() []byte { return []byte(docsStyle) })
}

// written is the document in its three forms. It is made when somebody asks: a start need not wait for it.
type written struct{ json, yaml, page []byte }

func (f *face) writeDocument() (w written, err error) {
	if w.json, err = json.Marshal(f.document); err != nil {
		return w, err
	}
	if w.yaml, err = f.document.YAML(); err != nil {
		return w, err
	}
	w.page = []byte(f.writePage())
	return w, nil
}

const docsStyle = `:root{color-scheme:light dark}
body{font:1rem/1.55 system-ui,sans-serif;margin:0 auto;max-width:62rem;padding:1.5rem 1rem 4rem;color:#16202b;background:#fff}
h1{font-size:1.8rem;margin:.2rem 0}h2{margin:2.5rem 0 .5rem;border-bottom:2px solid #cbd5e1;padding-bottom:.3rem}
h3{font-size:1.05rem;margin:1.6rem 0 .3rem}a{color:#1d4ed8}a:focus-visible,summary:focus-visible{outline:3px solid #1d4ed8;outline-offset:2px}
code{font:.9em ui-monospace,monospace}.m{display:inline-block;min-width:4.2rem;font-weight:700}
.p{color:#475569;margin:.2rem 0 .5rem}table{border-collapse:collapse;width:100%;margin:.4rem 0 .8rem;font-size:.94rem}
th,td{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;border-bottom:1px solid #e2e8f0}
th{color:#475569;font-weight:600}nav ul{columns:3;padding-left:1.1rem}nav li{break-inside:avoid}summary{cursor:pointer}
@media(max-width:40rem){nav ul{columns:1}}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}a{color:#93c5fd}h2{border-color:#334155}th,.p{color:#94a3b8}th,td{border-color:#1f2937}}
`

// page writes the documentation. Everything but the tags is escaped.
type page struct {
	strings.Builder
	schemas map[string]*huma.Schema
}

func (p *page) say(format string, args ...any) {
	for i, a := range args {
		args[i] = html.EscapeString(fmt.Sprint(a))
	}
	fmt.Fprintf(p, format, args...)
}

type entryOfPage struct {
	method, path string
	op           *huma.Operation
}

func (f *face) writePage() string {
	doc := f.document
	p := &page{schemas: doc.Components.Schemas.Map()}
	byTag := map[string][]entryOfPage{}
	for path, item := range doc.Paths {
		for _, e := range []entryOfPage{{"GET", path, item.Get}, {"POST", path, item.Post}, {"PUT", path, item.Put}, {"DELETE", path, item.Delete}} {
			if e.op != nil {
				byTag[e.op.Tags[0]] = append(byTag[e.op.Tags[0]], e)
			}
		}
	}
	tags := slices.Sorted(maps.Keys(byTag))
	p.say(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">` +
		`<title>Wakebell API</title><link rel="stylesheet" href="/api/docs.css"></head><body><header>`)
	p.say(`<h1>Wakebell API</h1><p>%s</p>`, doc.Info.Description)
	p.say(`<p>Version %s. The same as <a href="/api/openapi.json">OpenAPI 3.1 (JSON)</a> or <a href="/api/openapi.yaml">YAML</a>.</p></header><nav aria-label="Contents">`, f.Version)
	for _, t := range tags {
		p.say(`<p><a href="#tag-%s"><strong>%s</strong></a></p><ul>`, t, t)
		slices.SortFunc(byTag[t], func(a, b entryOfPage) int { return strings.Compare(a.path+a.method, b.path+b.method) })
		for _, e := range byTag[t] {
			p.say(`<li><a href="#%s">%s</a></li>`, e.op.OperationID, e.op.Summary)
		}
		p.say(`</ul>`)
	}
	p.say(`<p><a href="#tag-problems"><strong>Problems</strong></a> · <a href="#tag-schemas"><strong>Shapes</strong></a></p></nav><main>`)
	for _, t := range tags {
		p.say(`<section><h2 id="tag-%s">%s</h2>`, t, t)
		for _, e := range byTag[t] {
			p.operation(e)
		}
		p.say(`</section>`)
	}
	p.problems()
	p.say(`<section><h2 id="tag-schemas">Shapes</h2>`)
	for _, name := range slices.Sorted(maps.Keys(p.schemas)) {
		p.say(`<h3 id="schema-%s"><code>%s</code></h3>`, name, name)
		p.shape(p.schemas[name])
	}
	p.say(`</section></main></body></html>`)
	return p.String()
}

func (p *page) operation(e entryOfPage) {
	p.say(`<h3 id="%s"><span class="m">%s</span> <code>%s</code></h3><p>%s.</p>`, e.op.OperationID, e.method, e.path, e.op.Summary)
	if e.op.Description != "" {
		p.say(`<p class="p">%s</p>`, e.op.Description)
	}
	if len(e.op.Parameters) > 0 {
		p.say(`<table><thead><tr><th scope="col">Parameter</th><th scope="col">In</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead><tbody>`)
		for _, x := range e.op.Parameters {
			p.say(`<tr><td><code>%s</code>%s</td><td>%s</td><td>`, x.Name, needed(x.Required), x.In)
			p.kind(x.Schema)
			p.say(`</td><td>%s</td></tr>`, x.Description)
		}
		p.say(`</tbody></table>`)
	}
	if b := e.op.RequestBody; b != nil {
		for _, media := range slices.Sorted(maps.Keys(b.Content)) {
			p.say(`<p>Takes <code>%s</code>: `, media)
			p.kind(b.Content[media].Schema)
			p.say(`</p>`)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(e.op.Responses)) {
		if status == "default" {
			continue
		}
		r := e.op.Responses[status]
		p.say(`<p>Answers <code>%s</code> %s`, status, r.Description)
		for _, media := range slices.Sorted(maps.Keys(r.Content)) {
			p.say(`, <code>%s</code>: `, media)
			p.kind(r.Content[media].Schema)
		}
		p.say(`</p>`)
	}
}

func needed(b bool) string {
	if b {
		return " (required)"
	}
	return ""
}

// kind says in a few words what a value is, with a link to its shape.
func (p *page) kind(s *huma.Schema) {
	switch {
	case s == nil:
		p.say(`anything`)
	case s.Ref != "":
		name := s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
		p.say(`<a href="#schema-%s"><code>%s</code></a>`, name, name)
	case s.Type == huma.TypeArray:
		p.say(`list of `)
		p.kind(s.Items)
	case len(s.Enum) > 0:
		words := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			words[i] = fmt.Sprint(v)
		}
		p.say(`<code>%s</code>`, strings.Join(words, " | "))
	case s.Type == "":
		p.say(`anything`)
	case s.Format != "" && s.Type == huma.TypeString:
		p.say(`%s (%s)`, s.Type, s.Format)
	default:
		p.say(`%s`, s.Type)
	}
	if s != nil && s.Nullable {
		p.say(` or null`)
	}
}

func (p *page) shape(s *huma.Schema) {
	if s.Description != "" {
		p.say(`<p class="p">%s</p>`, s.Description)
	}
	for i, one := range s.OneOf {
		if i == 0 {
			p.say(`<p>One of: `)
		} else {
			p.say(`, `)
		}
		p.kind(one)
	}
	if len(s.OneOf) > 0 {
		p.say(`; the field <code>%s</code> says which.</p>`, s.Discriminator.PropertyName)
		return
	}
	p.say(`<table><thead><tr><th scope="col">Field</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead><tbody>`)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		x := s.Properties[name]
		p.say(`<tr><td><code>%s</code>%s</td><td>`, name, needed(slices.Contains(s.Required, name)))
		p.kind(x)
		p.say(`</td><td>%s</td></tr>`, x.Description)
	}
	p.say(`</tbody></table>`)
}

// problems lists the kinds of refusals; the type of a problem points here.
func (p *page) problems() {
	p.say(`<section><h2 id="tag-problems">Problems</h2><table><thead><tr><th scope="col">Kind</th><th scope="col">Status</th><th scope="col">Means</th></tr></thead><tbody>`)
	row := func(slug string, status int, title string) {
		p.say(`<tr id="%s"><td><code>%s</code></td><td>%s</td><td>%s</td></tr>`, slug, slug, fmt.Sprint(status), title)
	}
	for k := fault.Internal; k <= fault.Throttled; k++ {
		r := kindOf(k)
		row(r.slug, r.status, r.title)
	}
	row("malformed", http.StatusBadRequest, titles["malformed"])
	row("media-type", http.StatusUnsupportedMediaType, titles["media-type"])
	row("method-not-allowed", http.StatusMethodNotAllowed, titles["method-not-allowed"])
	example, err := json.MarshalIndent(problem{
		Type: "/api/docs#invalid", Title: "The input is not valid", Status: http.StatusUnprocessableEntity, Detail: "The input is not valid",
		Errors: []fieldProblem{{"value.persons[0]", "must satisfy min <= estimate <= max"}}, Reference: "7QK3M2ZT4B",
	}, "", "  ")
	if err == nil {
		p.say(`</tbody></table><pre><code>%s</code></pre></section>`, example)
	}
}
