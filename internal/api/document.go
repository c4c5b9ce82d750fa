package api

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"path"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wakebell/wakebell/internal/rule/deadline"
)

// newDocument begins the OpenAPI document.
func newDocument(version string) *huma.OpenAPI {
	reg := huma.NewMapRegistry("#/components/schemas/", schemaName)
	reg.RegisterTypeAlias(reflect.TypeFor[deadline.Candidate](), reflect.TypeFor[candidate]())
	return &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Wakebell", Version: version,
			Description: "Security incidents and data breaches, from the first alert to a record that can be verified. " +
				"Times are RFC 3339 with a zone; answers are in UTC. Unknown fields and parameters are refused by name. " +
				"Every create and command takes an Idempotency-Key; the first answer is given again. " +
				"Lists give a cursor in next, null at the end. Refusals are application/problem+json and name the wrong fields.",
			License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
		},
		Servers: []*huma.Server{{URL: "/"}},
		Components: &huma.Components{
			Schemas: reg,
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"token": {Type: "http", Scheme: "bearer", BearerFormat: "wbl_…", Description: "An API token: wakebell token create"},
			},
		},
		Security: []map[string][]string{{"token": {}}},
	}
}

// schemaName names a Go type in the document; types of other rooms carry the room's name, so that none meet.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	room := path.Base(t.PkgPath())
	if t.PkgPath() == "" || room == "api" || strings.EqualFold(room, name) {
		return strings.TrimSuffix(strings.TrimSuffix(name, "OnWire"), "Full")
	}
	return strings.ToUpper(room[:1]) + room[1:] + name
}

// plain registers a handler outside huma and describes it.
func (f *face) plain(pattern string, h func(http.ResponseWriter, *http.Request), o *huma.Operation) {
	f.mux.HandleFunc(pattern, h)
	f.document.AddOperation(o)
}

func schemaOf[T any](f *face) *huma.Schema {
	return f.document.Components.Schemas.Schema(reflect.TypeFor[T](), true, "")
}

func (f *face) problemResponse() *huma.Response {
	return &huma.Response{
		Description: "A problem: what is wrong, which fields, and a reference to quote",
		Content:     map[string]*huma.MediaType{problemType: {Schema: schemaOf[problem](f)}},
	}
}

func (f *face) responses(status int, media string, s *huma.Schema) map[string]*huma.Response {
	return map[string]*huma.Response{
		strconv.Itoa(status): {Description: http.StatusText(status), Content: map[string]*huma.MediaType{media: {Schema: s}}},
		"default":            f.problemResponse(),
	}
}

// html answers with a page that loads nothing but what the policy names.
func (c *call) html(status int, text, policy string) {
	h := c.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Length", strconv.Itoa(len(text)))
	if c.status != 0 {
		return
	}
	c.status = status
	c.w.WriteHeader(status)
	n, _ := c.w.Write([]byte(text))
	c.size += int64(n)
}

// styleHash names one style sheet in a content security policy.
func styleHash(css string) string {
	sum := sha256.Sum256([]byte(css))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
