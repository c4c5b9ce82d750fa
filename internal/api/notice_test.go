package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

const press = `{"audience":"press","subject":"What happened","body":"We found a leak and closed it."}`

// statement is a statement to the press of an incident with a spokesperson, submitted.
func (g *rig) statement() (ref, path string, n noticeFull) {
	g.t.Helper()
	ref = g.declare("")
	g.post("manager", "/incidents/"+ref+"/commands", `{"type":"assign","function":"spokesperson","person":"communications-2"}`).want(200)
	made := g.post("communications", "/incidents/"+ref+"/notices", press).want(201)
	made.json(&n)
	if loc := made.head.Get("Location"); loc != noticePath(ref, 1) || n.State != "draft" || n.No != 1 || !n.Voluntary {
		g.t.Fatalf("made %+v at %s", n, loc)
	}
	path = "/incidents/" + ref + "/notices/1"
	g.post("communications", path+"/submit", "", header{"If-Match", fmt.Sprintf(`"%d"`, n.Version)}).want(200).json(&n)
	return ref, path, n
}

func bound(hash, more string) string { return `{"bound":"` + hash + `"` + more + `}` }

func TestNotices(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, g *rig) {
		ref, path, n := g.statement()
		var wait struct{ Items []struct{ No int } }
		g.get("legal", "/notices/waiting").want(200).json(&wait)
		if len(wait.Items) != 1 || len(n.Missing) != 2 {
			t.Errorf("waits %+v, missing %v", wait, n.Missing)
		}
		g.post("legal", path+"/return", bound(n.Bound, `,"reason":"Say what people should do"`)).want(200).json(&n)
		if n.State != "returned" || n.Rounds[0].Reason == nil {
			t.Errorf("returned: %+v", n)
		}
		write := `{"subject":"What happened","body":"We closed a leak. Change your password.","version":1}`
		g.do("communications", "PUT", path+"/texts/en", write).want(200)
		g.do("communications", "PUT", path+"/texts/en", strings.Replace(write, "closed", "found", 1)).want(http.StatusPreconditionFailed)
		var versions struct{ Items []noticeText }
		g.get("auditor", path+"/texts/en").want(200).json(&versions)
		if len(versions.Items) != 2 || versions.Items[0].Version != 2 || versions.Items[1].Body != "We found a leak and closed it." {
			t.Errorf("versions %+v", versions.Items)
		}
		g.post("communications", path+"/submit", "").want(200).json(&n)
		g.post("legal", path+"/approve", bound(n.Bound, "")).want(200)
		e := g.post("communications", path+"/release", bound(n.Bound, "")).want(409).problem()
		if len(e.Errors) != 1 || e.Errors[0].Field != "gates/approvals" || !strings.Contains(e.Errors[0].Message, "executive") {
			t.Errorf("gates %+v", e.Errors)
		}
		g.post("executive", path+"/approve", bound(n.Bound, "")).want(200)
		g.post("siht", path+"/release", bound(n.Bound, "")).want(403) // may release, but does not speak in public
		got := g.post("communications", path+"/release", bound(n.Bound, "")).want(200)
		got.json(&n)
		if n.State != "done" || n.Released == nil || n.Released.Bound != n.Bound || n.Released.By != "communications-2" {
			t.Errorf("released %+v", n.Released)
		}
		g.do("communications", "PUT", path+"/texts/en", strings.Replace(write, `:1}`, `:2}`, 1)).want(409) // it has left
		var list struct{ Items []noticeHead }
		g.get("liaison", "/incidents/"+ref+"/notices").want(200).json(&list)
		if len(list.Items) != 1 || list.Items[0].Title != "What happened" {
			t.Errorf("list %+v", list.Items)
		}
		line := string(g.get("auditor", "/incidents/"+ref+"/timeline").want(200).body)
		for _, want := range []string{"notice.returned", "notice.submitted", "notice.approved", "notice.released"} {
			if !strings.Contains(line, want) {
				t.Errorf("the timeline lacks %q", want)
			}
		}
		g.post("communications", "/incidents/"+ref+"/notices", `{"audience":"press","purpose":"correction","follows":1,"subject":"Correction","body":"It was two."}`).want(201).json(&n)
		if n.Follows == nil || *n.Follows != 1 {
			t.Errorf("follows %v", n.Follows)
		}
	})
}

// TestNoticeTampering tries to move an approval to other bytes.
func TestNoticeTampering(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, g *rig) {
		_, path, n := g.statement()
		other := strings.Map(func(r rune) rune {
			if r == 'a' {
				return 'b'
			}
			return r
		}, n.Bound)
		g.post("legal", path+"/approve", bound(other, "")).want(http.StatusPreconditionFailed)
		g.post("legal", path+"/approve", bound("", "")).want(422)
		g.post("legal", path+"/approve", "{}").want(422)
		g.post("legal", path+"/approve", bound(n.Bound, `,"roles":["executive"]`)).want(422)
		g.post("legal", path+"/approve", bound(n.Bound, "")).want(200)
		g.post("executive", path+"/approve", bound(n.Bound, "")).want(200)
		g.post("communications", path+"/release", bound(other, "")).want(http.StatusPreconditionFailed)
		// Each change voids both approvals, and the old hash approves nothing any more.
		for _, change := range []struct{ method, path, body string }{
			{"PUT", "/texts/en", `{"subject":"What happened","body":"Nothing.","version":1}`},
			{"PUT", "/texts/de", `{"subject":"Was geschah","body":"Nichts."}`},
			{"PUT", "/settings", `{"channels":["handed_over"],"embargo_at":"2026-11-21T15:00:00Z"}`},
			{"DELETE", "/texts/de", ""},
		} {
			var after noticeFull
			g.do("communications", change.method, path+change.path, change.body).want(200).json(&after)
			if after.State != "draft" || after.Bound == n.Bound || len(after.Missing) != 2 {
				t.Errorf("%s %s: %s, missing %v", change.method, change.path, after.State, after.Missing)
			}
			g.post("communications", path+"/release", bound(n.Bound, "")).want(409)
			was := n.Bound
			g.post("communications", path+"/submit", "").want(200).json(&n)
			g.post("legal", path+"/approve", bound(was, "")).want(http.StatusPreconditionFailed)
			g.post("legal", path+"/approve", bound(n.Bound, "")).want(200)
			g.post("executive", path+"/approve", bound(n.Bound, "")).want(200)
		}
		p := g.post("communications", path+"/release", bound(n.Bound, "")).want(409).problem()
		if !slices.ContainsFunc(p.Errors, func(f fieldProblem) bool { return f.Field == "gates/embargo" }) {
			t.Errorf("the embargo does not hold: %+v", p.Errors)
		}
	})
}

func TestNoticesDenied(t *testing.T) {
	t.Parallel()
	g := lite(t)
	ref, path, n := g.statement()
	for _, as := range []string{"reporter", "machine", "admin"} {
		g.get(as, path).want(403)
		g.get(as, "/incidents/"+ref+"/notices").want(403)
		g.get(as, path+"/texts/en").want(403)
		g.get(as, "/notices/waiting").want(403)
	}
	g.get("", path).want(401)
	for _, as := range []string{"auditor", "responder", "liaison", "executive"} {
		g.post(as, "/incidents/"+ref+"/notices", press).want(403)
		g.do(as, "PUT", path+"/texts/en", `{"subject":"a","body":"b","version":1}`).want(403)
		g.post(as, path+"/withdraw", `{"reason":"no"}`).want(403)
		g.post(as, path+"/submit", "").want(403)
	}
	for _, as := range []string{"auditor", "responder", "liaison", "siht", "communications"} {
		g.post(as, path+"/approve", bound(n.Bound, "")).want(403)
		g.post(as, path+"/return", bound(n.Bound, `,"reason":"no"`)).want(403)
	}
	g.post("manager", "/incidents/"+ref+"/hold", `{"text":"no"}`).want(403)
	g.post("legal", "/incidents/"+ref+"/hold", `{"text":"nobody asked for it"}`).want(409)
	g.get("auditor", "/incidents/"+ref+"/notices/2").want(404)
	p := g.post("communications", "/incidents/"+ref+"/notices", `{"audience":"everybody","purpose":"update","subject":"a\nb","body":""}`).want(422).problem()
	if len(p.Errors) < 2 {
		t.Errorf("errors %+v", p.Errors)
	}
	head := header{"Idempotency-Key", "one"}
	a := g.post("communications", "/incidents/"+ref+"/notices", press, head).want(201).object()
	b := g.post("communications", "/incidents/"+ref+"/notices", press, head).want(201).object()
	if a["no"] != b["no"] {
		t.Errorf("repeated with one key: %v and %v", a["no"], b["no"])
	}
}
