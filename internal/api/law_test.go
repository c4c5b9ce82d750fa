package api

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAssessment(t *testing.T) {
	t.Parallel()
	g := lite(t)
	ref := g.declare("")
	path := "/incidents/" + ref
	of := func(query string) (a assessmentOnWire) {
		t.Helper()
		g.get("siht", path+"/assessment"+query).want(200).json(&a)
		return a
	}
	find := func(a assessmentOnWire, rule string) outcomeOnWire {
		t.Helper()
		i := slices.IndexFunc(a.Outcomes, func(o outcomeOnWire) bool { return o.Rule == rule })
		if i < 0 {
			t.Fatalf("%s is not judged", rule)
		}
		return a.Outcomes[i]
	}
	before := of("")
	if before.Incident == nil || *before.Incident != ref || before.Version == "" || !strings.HasPrefix(before.Notice, "Not legal advice") {
		t.Errorf("head: %+v", before)
	}
	if o := find(before, "eu-gdpr-33-1"); o.Status != "needs_facts" || !slices.Contains(o.Missing, "personal_data") || o.Due != nil {
		t.Errorf("nothing known: %+v", o)
	}
	i := slices.IndexFunc(before.Questions, func(q questionOnWire) bool { return q.Name == "personal_data" })
	if i < 0 || before.Questions[i].Fact == nil || *before.Questions[i].Fact != "personal_data" || *before.Questions[i].Type != "yes_no" || before.Questions[i].Waiting == 0 {
		t.Errorf("questions: %+v", before.Questions)
	}
	if !slices.IsSortedFunc(before.Questions, func(a, b questionOnWire) int { return b.Settles - a.Settles }) {
		t.Error("the questions are not in the order of what they settle")
	}

	g.clk.Set(start.Add(time.Hour))
	said := func(body string) { g.post("siht", path+"/commands", body).want(200) }
	said(`{"type":"record_fact","fact":"personal_data","value":"yes"}`)
	said(`{"type":"record_fact","fact":"scope","value":{"persons":[{"country":"DE","min":1,"estimate":40,"max":90},{"country":"US-CA","min":100,"estimate":600,"max":900}]}}`)
	after := of("")
	o := find(after, "eu-gdpr-33-1")
	if o.Status != "required" || o.Due == nil || o.Due.At == nil || o.Due.Start != "aware" || !strings.Contains(o.Due.Words, "72 h") || o.Recipient != "authority" || o.Sure != "read" ||
		o.Unverified || o.Pack != "eu-gdpr" || o.PackVersion == "" || o.Article == nil || !strings.Contains(o.Reason, "personal data are affected") {
		t.Errorf("required: %+v", o)
	}
	if after.Outcomes[0].Status != "required" {
		t.Error("what is required does not come first")
	}
	spread := slices.IndexFunc(after.Outcomes, func(o outcomeOnWire) bool { return o.Jurisdiction == "US-CA" && o.Spread != nil })
	if spread < 0 || after.Outcomes[spread].Spread.Persons.Max != 900 || after.Outcomes[spread].Spread.Min == after.Outcomes[spread].Spread.Max {
		t.Errorf("spread of California: %v", spread)
	}
	if o := find(of("?as_of="+start.Add(30*time.Minute).Format(time.RFC3339)), "eu-gdpr-33-1"); o.Status != "needs_facts" {
		t.Errorf("as of before: %+v", o)
	}
	g.get("siht", path+"/assessment?as_of=yesterday").want(422)
	g.get("siht", "/incidents/INC-2026-0999/assessment").want(404)
	g.get("admin", path+"/assessment").want(403)
	g.get("reporter", path+"/assessment").want(403)
	g.get("", path+"/assessment").want(401)
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	g := lite(t)
	const body = `{"at":"2026-11-21T12:00:00Z","moments":{"aware":"2026-11-20T09:00:00Z"},"known":{"personal_data":true},"persons":{"DE":40,"FR":{"min":1,"estimate":2,"max":3}},
		"entities":[{"id":"x","country":"DE","is":{"controller":true,"processor":false}}]}`
	var a assessmentOnWire
	g.post("auditor", "/assessment/evaluate", body).want(200).json(&a)
	if a.Incident != nil || len(a.Outcomes) < 280 {
		t.Errorf("incident %v, %d outcomes", a.Incident, len(a.Outcomes))
	}
	i := slices.IndexFunc(a.Outcomes, func(o outcomeOnWire) bool { return o.Rule == "eu-gdpr-33-1" })
	if due := a.Outcomes[i].Due; due == nil || !due.At.Equal(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)) || *a.Outcomes[i].Entity != "x" {
		t.Errorf("72 hours: %+v", a.Outcomes[i])
	}
	for _, c := range []struct{ body, field string }{
		{`{"known":{"mood":true}}`, "known.mood"},
		{`{"known":{"encryption":"maybe"}}`, "known.encryption"},
		{`{"moments":{"occurred":"2026-11-20T09:00:00Z","contained":"2026-11-19T09:00:00Z"}}`, "moments.contained"},
		{`{"persons":{"DE":{"min":9,"max":3}}}`, "persons.DE"},
		{`{"persons":{"Germany":3}}`, "persons.Germany"},
		{`{"zone":"Mars/Olympus"}`, "zone"},
		{`{"what":1}`, "facts"},
		{`{"at":7}`, "at"},
	} {
		p := g.post("auditor", "/assessment/evaluate", c.body).want(422).problem()
		if len(p.Errors) == 0 || p.Errors[0].Field != c.field {
			t.Errorf("%s: %+v, want the field %s", c.body, p.Errors, c.field)
		}
	}
	g.post("auditor", "/assessment/evaluate", `[]`).want(400)
	g.post("auditor", "/assessment/evaluate", ``).want(400)
	g.post("admin", "/assessment/evaluate", body).want(403)
}

func TestRules(t *testing.T) {
	t.Parallel()
	g := lite(t)
	var all []ruleOnWire
	next := ""
	for range 20 {
		var page list[ruleOnWire]
		g.get("responder", "/rules?limit=40&cursor="+next).want(200).json(&page)
		all = append(all, page.Items...)
		if page.Next == nil {
			break
		}
		next = *page.Next
	}
	if len(all) != len(g.f.Assessment.Book().Rules) {
		t.Errorf("%d rules by pages, %d in the book", len(all), len(g.f.Assessment.Book().Rules))
	}
	if !slices.IsSortedFunc(all, func(a, b ruleOnWire) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("the rules are not in the order of their ids")
	}
	var some list[ruleOnWire]
	g.get("responder", "/rules?jurisdiction=US-CA&q=general&sure=read&status=in_force").want(200).json(&some)
	for _, r := range some.Items {
		if r.Jurisdiction != "US-CA" || r.Sure != "read" || r.Status != "in_force" || !strings.Contains(strings.ToLower(r.RecipientName+r.Instrument+r.ID+r.Article0()), "general") {
			t.Errorf("does not match: %+v", r)
		}
	}
	g.get("responder", "/rules?sure=guessed").want(422)
	g.get("responder", "/rules?cursor=x").want(422)
	g.get("reporter", "/rules").want(403)

	var one ruleVersions
	g.get("admin", "/rules/eu-gdpr-33-1").want(200).json(&one)
	r := one.Versions[0]
	if one.ID != "eu-gdpr-33-1" || one.Version == "" || r.Article == nil || len(r.When) == 0 || r.When[0].If == "" || len(r.Deadline) == 0 || !strings.Contains(r.Deadline[0], "72 h after") ||
		len(r.Content) == 0 || r.Content[0].Text == "" || r.ValidFrom == nil || r.Source == "" {
		t.Errorf("one rule: %+v", one)
	}
	g.get("admin", "/rules/no-such-rule").want(404)

	var again reloaded
	g.post("admin", "/rules/reload", ``).want(200).json(&again)
	if again.Changed || again.Version != one.Version {
		t.Errorf("reloaded: %+v", again)
	}
	g.post("responder", "/rules/reload", ``).want(403)
}

// Article0 is the article, "" where there is none.
func (r ruleOnWire) Article0() string {
	if r.Article == nil {
		return ""
	}
	return *r.Article
}
