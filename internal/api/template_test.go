package api

import (
	"slices"
	"strings"
	"testing"
)

func TestTemplates(t *testing.T) {
	t.Parallel()
	g := lite(t)
	var l list[templateOnWire]
	g.get("communications", "/templates?audience=customer&lang=de").want(200).json(&l)
	if len(l.Items) != 5 || l.Items[0].ID != "customer.first" || l.Items[0].Own || !slices.Contains(l.Items[0].Fields, "incident.discovered") || !strings.Contains(l.Items[0].Body, "{{incident.discovered}}") {
		t.Errorf("%d templates, first %+v", len(l.Items), l.Items[:min(1, len(l.Items))])
	}
	g.get("communications", "/templates/data_subject.first").want(200).json(&l)
	if len(l.Items) != 2 || l.Items[0].Lang != "de" || l.Items[1].Lang != "en" {
		t.Errorf("both languages: %+v", l.Items)
	}
	g.get("communications", "/templates/martian.first").want(404)
	g.get("communications", "/templates?audience=martian").want(422)
	g.get("communications", "/templates?own=true").want(200).json(&l)
	if len(l.Items) != 0 {
		t.Errorf("own templates nobody made: %+v", l.Items)
	}
	g.get("reporter", "/templates").want(403)
	g.get("reporter", "/templates/customer.first").want(403)
	g.get("", "/templates").want(401)

	var fields list[fieldOnWire]
	g.get("reporter", "/merge-fields").want(200).json(&fields)
	if !slices.ContainsFunc(fields.Items, func(f fieldOnWire) bool {
		return f.Name == "recipient.link" && f.Kind == "link" && f.Scope == "recipient"
	}) {
		t.Errorf("fields: %+v", fields.Items)
	}
	g.get("", "/merge-fields").want(401)
}
