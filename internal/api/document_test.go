package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestDocument(t *testing.T) {
	t.Parallel()
	g := lite(t)
	res := g.get("", "/api/openapi.json").want(200)
	var doc struct {
		OpenAPI    string
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Schemas map[string]json.RawMessage }
	}
	res.json(&doc)
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("openapi %q, want 3.1", doc.OpenAPI)
	}
	if len(g.f.mux.patterns) < 60 {
		t.Errorf("only %d routes", len(g.f.mux.patterns))
	}
	seen := map[string]bool{}
	for _, pattern := range g.f.mux.patterns {
		method, path, _ := strings.Cut(pattern, " ")
		if doc.Paths[path][strings.ToLower(method)] == nil {
			t.Errorf("%s is not in the document", pattern)
		}
		seen[path+" "+strings.ToLower(method)] = true
	}
	for path, item := range doc.Paths {
		for method := range item {
			if !seen[path+" "+method] {
				t.Errorf("%s %s is documented and not served", method, path)
			}
		}
	}
	for _, m := range regexp.MustCompile(`"#/components/schemas/([^"]+)"`).FindAllSubmatch(res.body, -1) {
		if doc.Components.Schemas[string(m[1])] == nil {
			t.Errorf("the schema %s is named and not there", m[1])
		}
	}
	var choice struct {
		OneOf         []any
		Discriminator struct {
			PropertyName string
			Mapping      map[string]string
		}
	}
	if err := json.Unmarshal(doc.Components.Schemas["IncidentCommand"], &choice); err != nil {
		t.Fatal(err)
	}
	if choice.Discriminator.PropertyName != "type" || len(choice.OneOf) != len(commandTypes) {
		t.Errorf("commands in the document: %+v", choice)
	}
	for name := range commandTypes {
		if choice.Discriminator.Mapping[name] == "" {
			t.Errorf("the command %s is not in the document", name)
		}
	}
	if bytesHave(res.body, "huma", "$schema", "ErrorModel", "OnWire") {
		t.Errorf("the document still holds what is not ours: %v", slices.Sorted(maps.Keys(doc.Components.Schemas)))
	}
	if got := g.get("", "/api/openapi.yaml").want(200); !strings.HasPrefix(got.head.Get("Content-Type"), "application/yaml") {
		t.Errorf("YAML comes as %q", got.head.Get("Content-Type"))
	}
}

func bytesHave(b []byte, words ...string) bool {
	for _, w := range words {
		if strings.Contains(string(b), w) {
			return true
		}
	}
	return false
}

func TestDocsPage(t *testing.T) {
	t.Parallel()
	g := lite(t)
	res := g.get("", "/api/docs").want(200)
	if csp := res.head.Get("Content-Security-Policy"); csp != docsPolicy {
		t.Errorf("policy %q", csp)
	}
	for _, m := range regexp.MustCompile(`(?:href|src|action)="([^"]*)"`).FindAllSubmatch(res.body, -1) {
		if link := string(m[1]); !strings.HasPrefix(link, "/api/") && !strings.HasPrefix(link, "#") {
			t.Errorf("the page points outside: %s", link)
		}
	}
	for _, word := range []string{"<script", "http://", "https://", "//cdn", "@import", "style=\""} {
		if bytesHave(res.body, word) {
			t.Errorf("the page holds %q", word)
		}
	}
	for _, want := range []string{`id="command-incident"`, `id="schema-CommandGrade"`, `id="invalid"`, `Idempotency-Key`, `lang="en"`, `id="schema-Duty"`} {
		if !bytesHave(res.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllSubmatch(res.body, -1) {
		if ids[string(m[1])] {
			t.Errorf("the id %s stands twice", m[1])
		}
		ids[string(m[1])] = true
	}
	for _, m := range regexp.MustCompile(`href="#([^"]+)"`).FindAllSubmatch(res.body, -1) {
		if !ids[string(m[1])] {
			t.Errorf("nothing has the id %s", m[1])
		}
	}
	css := g.get("", "/api/docs.css").want(200)
	if !strings.HasPrefix(css.head.Get("Content-Type"), "text/css") || bytesHave(css.body, "url(", "@import", "http") {
		t.Errorf("style sheet: %s %.80s", css.head.Get("Content-Type"), css.body)
	}
}

func TestUnknownAddresses(t *testing.T) {
	t.Parallel()
	g := lite(t)
	for _, c := range []struct {
		as, method, path string
		code             int
	}{
		{"manager", "GET", "/nothing", 404},
		{"manager", "GET", "/api/v1", 404},
		{"manager", "PATCH", "/incidents", 405},
		{"manager", "DELETE", "/alerts/alertmanager", 405},
		{"", "GET", "/nothing", 401},
		{"", "GET", "/api/v1", 401},
		{"", "GET", "/api/nothing", 404},
		{"", "POST", "/healthz", 405},
	} {
		res := g.do(c.as, c.method, c.path, "")
		if res.code != c.code {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, res.code, c.code)
		}
		res.problem()
		if c.code == 405 && res.head.Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", c.method, c.path)
		}
		if c.code == 401 && !strings.HasPrefix(res.head.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s %s: no WWW-Authenticate", c.method, c.path)
		}
	}
	if res := g.serve(g.request("", "GET", "http://x/", "")); res.code != 404 {
		t.Errorf("/: %d", res.code)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	g := lite(t)
	for _, path := range []string{"/me", "/api/docs", "/healthz", "/incidents", "/nothing"} {
		res := g.get("manager", path)
		for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
			if got := res.head.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		if !strings.Contains(res.head.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: policy %q", path, res.head.Get("Content-Security-Policy"))
		}
	}
}

func TestPanicBecomesProblem(t *testing.T) {
	t.Parallel()
	g := lite(t)
	g.f.mux.HandleFunc("GET /boom", func(http.ResponseWriter, *http.Request) { panic("the cause is secret") })
	p := g.serve(g.request("", "GET", "http://x/boom", "")).want(500).problem()
	if !strings.Contains(g.log.String(), p.Reference) || !strings.Contains(g.log.String(), "the cause is secret") {
		t.Error("the log does not hold the reference and the cause")
	}
	if strings.Contains(p.Detail, "secret") {
		t.Errorf("the answer tells the cause: %+v", p)
	}
}
