package api

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/ledger"
)

// TestPermissions walks each role over one operation of each kind: 2xx, or 403 and nothing else.
func TestPermissions(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, g *rig) {
		ref := g.declare("")
		all := []string{
			"reporter", "responder", "manager", "analyst", "siht", "legal", "privacy_officer", "communications", "executive", "liaison", "auditor", "admin", "machine",
		}
		for _, c := range []struct {
			method, path, body string
			may                string // roles, or "" for those of the permission
			need               who.Permission
		}{
			{"POST", "/reports", `{"title":"x","discovered_at":"2026-11-21T14:00:00Z"}`, "", who.PermReportCreate},
			{"GET", "/signals", "", "reporter responder manager analyst siht legal privacy_officer communications executive liaison auditor admin machine", ""},
			{"POST", "/alerts/raw", `{"title":"x"}`, "responder manager analyst machine", ""},
			{"POST", "/incidents", `{"title":"x","discovered_at":"2026-11-21T14:00:00Z"}`, "", who.PermIncidentDeclare},
			{"GET", "/incidents", "", "", who.PermIncidentRead},
			{"GET", "/incidents/" + ref, "", "", who.PermIncidentRead},
			{"GET", "/incidents/" + ref + "/timeline", "", "", who.PermIncidentRead},
			{"GET", "/incidents/" + ref + "/facts", "", "", who.PermIncidentRead},
			{"GET", "/incidents/" + ref + "/bundle", "", "", who.PermRegisterExport},
			{"POST", "/incidents/" + ref + "/commands", `{"type":"note","text":"x"}`, "", who.PermIncidentWork},
			{"POST", "/incidents/" + ref + "/commands", `{"type":"grade","severity":3,"bil":3,"reason":"x"}`, "", who.PermIncidentManage},
			{"POST", "/incidents/" + ref + "/commands", `{"type":"decision","decision":"press_team","answer":"no","reason":"x"}`, "", who.PermIncidentDecide},
			{"GET", "/incidents/" + ref + "/contacts", "", "", who.PermContactRead},
			{"POST", "/incidents/" + ref + "/contacts", `{"side":"authority","step":"in","channel":"phone","name":"X","subject":"x"}`, "", who.PermContactWork},
			{"GET", "/duties", "", "", who.PermDutyRead},
			{"GET", "/calls", "", "", who.PermCallRead},
			{"GET", "/directory/people", "", "", who.PermDirectoryRead},
			{"GET", "/directory/export", "", "", who.PermDirectoryRead},
			{"GET", "/directory/readiness", "", "", who.PermDirectoryRead},
			{"PUT", "/directory/parties/new-ROLE", `{"name":"X","kind":"vendor"}`, "", who.PermDirectoryEdit},
			{"GET", "/plan", "", "", who.PermPlanRead},
			{"GET", "/plan/versions", "", "", who.PermPlanRead},
			{"GET", "/plan/sources", "", "", who.PermPlanRead},
			{"GET", "/register", "", "", who.PermRegisterRead},
			{"GET", "/register/export?format=csv", "", "", who.PermRegisterExport},
			{"GET", "/outbox", "", "", who.PermOutboxRead},
			{"GET", "/jobs", "", "", who.PermJobRead},
			{"POST", "/tokens", `{"name":"x","roles":["reporter"]}`, "", who.PermTokenManage},
			{"GET", "/tokens", "", "", who.PermTokenManage},
			{"POST", "/directory/people", `{"name":"X","email":"ROLE@example.org"}`, "", who.PermPersonManage},
			{"GET", "/ledger/checkpoint", "", "", who.PermLedgerRead},
			{"GET", "/ledger/entries", "", "", who.PermLedgerRead},
			{"GET", "/ledger/verifications", "", "", who.PermLedgerRead},
			{"GET", "/ledger/bundle", "", "manager privacy_officer auditor", ""},
			{"GET", "/ledger/key", "", "", who.PermLedgerRead},
			{"GET", "/ledger/proof?seq=1", "", "", who.PermLedgerRead},
			{"GET", "/search?q=export", "", "", who.PermOwnRead},
			{"GET", "/me", "", strings.Join(all, " "), ""},
		} {
			for _, role := range all {
				by, err := g.f.People.Authenticate(t.Context(), g.tokens[role])
				must(t, err)
				may := by.Has(c.need)
				if c.may != "" {
					may = strings.Contains(" "+c.may+" ", " "+role+" ")
				}
				fill := strings.NewReplacer("ROLE", strings.ReplaceAll(role, "_", "-"))
				res := g.do(role, c.method, fill.Replace(c.path), fill.Replace(c.body))
				if may && res.code >= 300 || !may && res.code != 403 {
					t.Errorf("%s %s as %s: %d, allowed: %v: %.200s", c.method, c.path, role, res.code, may, res.body)
				}
				if !may {
					res.problem()
				}
			}
			if res := g.do("", c.method, c.path, c.body); res.code != 401 {
				t.Errorf("%s %s as nobody: %d", c.method, c.path, res.code)
			}
		}
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	g := lite(t)
	for _, h := range []string{"Bearer wbl_nonsense", "Bearer", "Basic abc", "wbl_x", "Bearer " + g.tokens["admin"] + "x"} {
		res := g.do("", "GET", "/me", "", header{"Authorization", h}).want(401)
		res.problem()
		if bytes.Contains(res.body, []byte("nonsense")) {
			t.Errorf("the token comes back: %s", res.body)
		}
	}
	made := g.post("admin", "/tokens", `{"name":"ci","roles":["reporter"]}`, header{"Idempotency-Key", "one"}).want(201)
	secret, id := made.object()["token"].(string), made.object()["id"].(string)
	if made.head.Get("Location") != base+"/tokens/"+id {
		t.Errorf("location %q", made.head.Get("Location"))
	}
	g.post("admin", "/tokens", `{"name":"ci","roles":["reporter"]}`, header{"Idempotency-Key", "one"}).want(409).problem()
	g.tokens["new"] = secret
	g.get("new", "/me").want(200)
	if res := g.get("admin", "/tokens/"+id).want(200); bytes.Contains(res.body, []byte(secret)) {
		t.Error("the secret can be read again")
	}
	g.do("admin", "DELETE", "/tokens/"+id, "").want(204)
	g.get("new", "/me").want(401)
	if strings.Contains(g.log.String(), secret) {
		t.Error("the log holds the secret")
	}
	// The identity of the local socket takes the place of a token.
	r := g.request("", "GET", base+"/tokens", "")
	r = r.WithContext(WithIdentity(r.Context(), who.Identity{Actor: "operator", Roles: []who.Role{who.Admin}}))
	g.serve(r).want(200)
}

func TestIdempotency(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, g *rig) {
		key := header{"Idempotency-Key", "a key with spaces and ümlauts"}
		for _, c := range []struct{ as, path, body, other, of string }{
			{"reporter", "/reports", `{"title":"x","discovered_at":"2026-11-21T14:00:00Z"}`, `{"title":"y","discovered_at":"2026-11-21T14:00:00Z"}`, "id"},
			{"manager", "/incidents", `{"title":"x","discovered_at":"2026-11-21T14:00:00Z"}`, `{"title":"y","discovered_at":"2026-11-21T14:00:00Z"}`, "ref"},
			{"manager", "/directory/teams", `{"id":"new-team","name":"New","kind":"other","members":[{"person":"analyst"}]}`, `{"id":"other-team","name":"New","kind":"other","members":[{"person":"analyst"}]}`, "id"},
			{"admin", "/directory/people", `{"name":"X","email":"x@example.org"}`, `{"name":"Y","email":"y@example.org"}`, "id"},
		} {
			one := g.post(c.as, c.path, c.body, key).want(201)
			size := g.size()
			again := g.post(c.as, c.path, c.body, key).want(201)
			if one.object()[c.of] != again.object()[c.of] || one.head.Get("Location") != again.head.Get("Location") {
				t.Errorf("%s: the replay answers something else: %s", c.path, again.body)
			}
			if p := g.post(c.as, c.path, c.other, key).want(422).problem(); !strings.HasSuffix(p.Type, "#key-reused") {
				t.Errorf("%s: another body under the key: %+v", c.path, p)
			}
			if g.size() != size {
				t.Errorf("%s: the replay wrote something", c.path)
			}
		}
		a, b := g.declare(""), g.declare("")
		note := `{"type":"note","text":"once"}`
		g.post("manager", "/incidents/"+a+"/commands", note, key).want(200)
		size := g.size()
		if got := g.post("manager", "/incidents/"+a+"/commands", note, key).want(200).object()["ref"]; got != a {
			t.Errorf("the replay answers %v", got)
		}
		// The same key and body for another incident are another thing.
		g.post("manager", "/incidents/"+b+"/commands", note, key).want(422)
		if g.size() != size {
			t.Error("the replay wrote something")
		}
		// Another person's key is another key.
		g.post("analyst", "/incidents/"+a+"/commands", note, key).want(200)

		body := `{"title":"x","fingerprint":"f1"}`
		one := g.post("machine", "/alerts/raw", body, key).want(200)
		again := g.post("machine", "/alerts/raw", body, key).want(200)
		if again.head.Get("Idempotency-Replayed") != "true" || one.head.Get("Idempotency-Replayed") != "" {
			t.Error("the replay of alerts does not say so")
		}
		var got taken
		again.json(&got)
		if len(got.Signals) != 1 || got.Signals[0].Count != 1 || got.Signals[0].New {
			t.Errorf("the replay counted: %s", again.body)
		}
	})
}

func TestVersions(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, g *rig) {
		ref := g.declare("")
		path := "/incidents/" + ref
		res := g.get("manager", path).want(200)
		tag := res.head.Get("ETag")
		if tag != fmt.Sprintf("%q", fmt.Sprint(res.object()["version"])) {
			t.Errorf("ETag %s", tag)
		}
		if res := g.get("manager", path, header{"If-None-Match", tag}).want(304); len(res.body) > 0 || res.head.Get("ETag") != tag {
			t.Errorf("304 with %d bytes and ETag %q", len(res.body), res.head.Get("ETag"))
		}
		confirmed := g.post("manager", path+"/commands", `{"type":"confirm","reason":"x"}`, header{"If-Match", tag}).want(200)
		if confirmed.head.Get("ETag") == tag || confirmed.object()["state"] != "confirmed" {
			t.Errorf("after the command: %q %s", confirmed.head.Get("ETag"), confirmed.body)
		}
		g.post("manager", path+"/commands", `{"type":"note","text":"x"}`, header{"If-Match", tag}).want(412).problem()
		g.post("manager", path+"/commands", `{"type":"note","text":"x"}`, header{"If-Match", "*"}).want(200)
		g.get("manager", path, header{"If-None-Match", `"0", ` + tag}).want(200)

		team := `{"name":"Response","kind":"sirt","members":[{"person":"incident-manager","lead":true},{"person":"analyst"}],"on_call":[]}`
		tag = g.get("manager", "/directory/teams/sirt").want(200).head.Get("ETag")
		g.do("manager", "PUT", "/directory/teams/sirt", team).want(409)
		changed := g.do("manager", "PUT", "/directory/teams/sirt", team, header{"If-Match", tag}).want(200)
		g.do("manager", "PUT", "/directory/teams/sirt", team, header{"If-Match", `"77"`}).want(412)
		g.do("manager", "PUT", "/directory/teams/sirt", string(changed.body)).want(200) // what was read can be sent back
		g.do("manager", "PUT", "/directory/teams/sirt", team, header{"If-Match", "*"}).want(200)
		g.do("manager", "PUT", "/directory/teams/new-one", `{"name":"N","kind":"other","members":[{"person":"analyst"}]}`).want(201)
		g.do("manager", "PUT", "/directory/teams/new-two", team, header{"If-Match", "*"}).want(404)
		g.do("manager", "DELETE", "/directory/teams/new-one", "").want(422)
		g.do("manager", "DELETE", "/directory/teams/new-one?reason=over", "", header{"If-Match", `"9"`}).want(412)
		g.do("manager", "DELETE", "/directory/teams/new-one?reason=over", "", header{"If-Match", `"1"`}).want(204)
		g.do("manager", "DELETE", "/directory/teams/sirt?reason=over", "", header{"If-Match", "*"})

		for _, path := range []string{"/directory/entities/lumenhof-gmbh", "/directory/services/customer-portal"} {
			it := g.get("manager", path)
			if it.code == 404 {
				continue
			}
			g.do("manager", "PUT", path, string(it.want(200).body), header{"If-Match", `"99"`}).want(412)
			g.do("manager", "PUT", path, string(it.body), header{"If-Match", it.head.Get("ETag")}).want(200)
		}

		one := g.get("admin", "/directory/people/analyst").want(200)
		tag = one.head.Get("ETag")
		body := strings.Replace(string(one.body), "Tomasz Wierzba", "Tomek Wierzba", 1)
		g.do("admin", "PUT", "/directory/people/analyst", body, header{"If-Match", `"55"`}).want(412)
		two := g.do("admin", "PUT", "/directory/people/analyst", body, header{"If-Match", tag}).want(200)
		if two.object()["name"] != "Tomek Wierzba" || two.head.Get("ETag") == tag {
			t.Errorf("person after the change: %s %s", two.head.Get("ETag"), two.body)
		}
		g.do("admin", "PUT", "/directory/people/analyst", body).want(412) // the version in the body is old
		if got := g.do("admin", "DELETE", "/directory/people/support-agent", "").want(200).object()["active"]; got != false {
			t.Errorf("active after DELETE: %v", got)
		}

		p := g.get("manager", "/plan").want(200)
		tag = p.head.Get("ETag")
		next := fmt.Sprintf(`{"plan":%s,"reason":"stricter"}`, strings.Replace(string(p.body), `"sitrep_hours":2`, `"sitrep_hours":1`, 1))
		g.do("manager", "PUT", "/plan", next, header{"If-Match", `"9"`}).want(412)
		after := g.do("manager", "PUT", "/plan", next, header{"If-Match", tag}).want(200)
		if after.object()["sitrep_hours"] != 1.0 || after.head.Get("ETag") == tag {
			t.Errorf("plan after the change: %s", after.head.Get("ETag"))
		}
		var versions list[revision]
		g.get("manager", "/plan/versions?limit=1").want(200).json(&versions)
		if len(versions.Items) != 1 || versions.Next == nil || versions.Items[0].Fields[0] != "sitrep_hours" {
			t.Errorf("versions: %+v", versions)
		}
		g.get("manager", "/plan/versions?cursor="+*versions.Next).want(200)
		g.get("manager", "/plan/versions/1").want(200)
		g.get("manager", "/plan/versions/99").want(404)
	})
}

func TestCursors(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, g *rig) {
		for i := range 5 {
			g.post("machine", "/alerts/raw", fmt.Sprintf(`{"title":"alert %d","fingerprint":"f%d"}`, i, i)).want(200)
			g.declare("")
		}
		for _, path := range []string{"/signals", "/alerts", "/incidents", "/incidents?order=next_due", "/duties", "/calls", "/outbox", "/ledger/entries", "/register", "/search?q=alert", "/directory/people"} {
			and := "?"
			if strings.Contains(path, "?") {
				and = "&"
			}
			var all []string
			seen := map[string]bool{}
			cursor := ""
			for range 200 {
				var page struct {
					Items []map[string]any `json:"items"`
					Next  *string          `json:"next"`
				}
				g.get("manager", path+and+"limit=2&cursor="+url.QueryEscape(cursor)).want(200).json(&page)
				for _, it := range page.Items {
					id := fmt.Sprint(it["id"], it["seq"])
					if seen[id] {
						t.Errorf("%s: %s comes twice", path, id)
					}
					seen[id] = true
					all = append(all, id)
				}
				if page.Next == nil {
					break
				}
				if cursor == "" { // a cursor of the first page, shown elsewhere
					for _, other := range []string{"/signals?state=open", "/duties?state=met", "/register?drills=true"} {
						res := g.get("manager", other+"&cursor="+url.QueryEscape(*page.Next)).want(422)
						if p := res.problem(); p.Errors[0].Field != "cursor" {
							t.Errorf("%s: %s", other, res.body)
						}
					}
					g.get("auditor", path+and+"cursor="+url.QueryEscape(*page.Next)).want(422)
				}
				cursor = *page.Next
			}
			if len(all) < 5 {
				t.Errorf("%s: only %d items", path, len(all))
			}
			g.get("manager", path+and+"cursor=nonsense").want(422)
		}
	})
}

func TestAsOf(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, g *rig) {
		ref := g.declare("")
		path := "/incidents/" + ref
		must(t, g.clk.Advance(600e9))
		g.post("manager", path+"/commands", `{"type":"grade","severity":1,"bil":1,"reason":"x"}`).want(200)
		must(t, g.clk.Advance(600e9))
		g.post("manager", path+"/commands", `{"type":"record_fact","fact":"personal_data","value":"yes","said_by":"the operator"}`).want(200)
		for _, c := range []struct {
			at            string
			code          int
			severity      any
			personal      string
			lines, atMost int
		}{
			{"2026-11-21T14:05:00Z", 200, nil, "unknown", 1, 10},
			{"2026-11-21T15:15:00%2B01:00", 200, 1.0, "unknown", 2, 20},
			{"2026-11-21T14:25:00Z", 200, 1.0, "yes", 3, 30},
			{"2026-11-21T13:59:00Z", 404, nil, "", 0, 0},
		} {
			res := g.get("manager", path+"?as_of="+c.at).want(c.code)
			if c.code != 200 {
				continue
			}
			if m := res.object(); m["severity"] != c.severity || m["personal_data"] != c.personal {
				t.Errorf("as of %s: severity %v, personal data %v", c.at, m["severity"], m["personal_data"])
			}
			var lines list[timelineLine]
			g.get("manager", path+"/timeline?limit=200&filter=facts&as_of="+c.at).want(200).json(&lines)
			for _, l := range lines.Items {
				if l.Text == "" || l.ActorName == "" {
					t.Errorf("a line says nothing: %+v", l)
				}
			}
		}
		var before, after list[timelineLine]
		g.get("manager", path+"/timeline?limit=200&as_of=2026-11-21T14:05:00Z").want(200).json(&before)
		g.get("manager", path+"/timeline?limit=200").want(200).json(&after)
		if len(before.Items) == 0 || len(before.Items) >= len(after.Items) {
			t.Errorf("%d lines then, %d now", len(before.Items), len(after.Items))
		}
		var facts list[factVersion]
		g.get("manager", path+"/facts?fact=personal_data").want(200).json(&facts)
		if len(facts.Items) != 1 || facts.Items[0].Value != "yes" || *facts.Items[0].SaidBy != "the operator" {
			t.Errorf("history: %+v", facts.Items)
		}
		g.get("manager", path+"/facts?fact=weather").want(422)
	})
}

// TestRun is the way of one incident through the API, from the alert to a bundle that verifies.
func TestRun(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, g *rig) {
		sample, err := os.ReadFile("../../testdata/alertmanager.json")
		must(t, err)
		body := strings.ReplaceAll(string(sample), "2026-01-05T09:00:00Z", "2026-11-21T14:00:00Z")
		g.post("machine", "/alerts/alertmanager", body).want(200)
		var got taken
		g.post("machine", "/alerts/alertmanager", body).want(200).json(&got)
		if len(got.Signals) != 1 || got.Signals[0].New || got.Signals[0].Count != 2 || got.Warnings == nil {
			t.Fatalf("sent twice: %+v", got)
		}
		var signals list[signal]
		g.get("manager", "/signals?state=open").want(200).json(&signals)
		s := signals.Items[0]
		if s.Kind != "alert" || s.Count != 2 || s.Incident != nil || !s.DiscoveredAt.Equal(start) {
			t.Errorf("signal: %+v", s)
		}
		if raw := g.get("manager", "/signals/"+s.ID+"/raw").want(200); !bytes.Equal(raw.body, []byte(body)) {
			t.Error("the raw bytes are not those that came")
		}
		tri := g.post("manager", "/signals/"+s.ID+"/triage", `{"verdict":"incident","reason":"export by an unknown account"}`).want(200).object()
		ref := tri["incident"].(map[string]any)["ref"].(string)
		path := "/incidents/" + ref
		command := func(body string) reply { return g.post("manager", path+"/commands", body) }
		command(`{"type":"confirm","reason":"misused"}`).want(200)
		m := command(`{"type":"grade","severity":1,"bil":1,"reason":"customer data left the house"}`).want(200).object()
		if m["severity"] != 1.0 || m["bil"] != 1.0 || m["state"] != "confirmed" || m["closed_at"] != nil {
			t.Errorf("graded: %v", m)
		}
		command(`{"type":"record_fact","fact":"scope","value":{"customers":[],"persons":[{"country":"DE","min":1,"estimate":2,"max":3}]}}`).want(200)
		var duties list[dutyOnWire]
		g.get("manager", "/duties?incident="+ref).want(200).json(&duties)
		if len(duties.Items) < 4 {
			t.Fatalf("%d duties", len(duties.Items))
		}
		for _, d := range duties.Items {
			// The customers of the service were owed a notice until the scope said that none is affected.
			stands := d.State == "open" || d.State == "met" || (d.State == "withdrawn" && d.Rule == "customer" && d.Remark != nil)
			if d.Incident != ref || d.Basis.Text == "" || d.Recipient.Kind == "" || !stands || len(d.Candidates) == 0 {
				t.Errorf("duty: %+v", d)
			}
		}
		var mails list[message]
		g.get("manager", "/outbox?state="+string(mail.Kept)).want(200).json(&mails)
		if len(mails.Items) == 0 {
			t.Fatal("nobody was called")
		}
		g.acknowledge(mails.Items)
		must(t, g.clk.Advance(3*3600e9))
		var missed list[dutyOnWire]
		g.get("manager", "/duties?state=missed&incident="+ref).want(200).json(&missed)
		if len(missed.Items) == 0 {
			t.Error("nothing is missed after three hours")
		}
		if met := g.post("manager", "/duties/"+missed.Items[0].ID+"/meet", `{"remark":"told by phone","late_reason":"busy"}`).want(200).object(); met["state"] != "met" || met["late"] != true {
			t.Errorf("met: %v", met)
		}
		g.post("manager", "/duties/"+missed.Items[0].ID+"/meet", "").want(409)
		g.get("manager", "/register/"+ref).want(200)
		if csv := g.get("manager", "/register/export?format=csv").want(200); !strings.Contains(string(csv.body), ref) || !strings.HasPrefix(csv.head.Get("Content-Type"), "text/csv") {
			t.Errorf("register as CSV: %.100s", csv.body)
		}
		bundle := g.get("manager", path+"/bundle").want(200)
		if _, err := ledger.VerifyBundle(bytes.NewReader(bundle.body), g.get("manager", "/ledger/key").want(200).object()["verifier_key"].(string)); err != nil {
			t.Errorf("the bundle does not verify: %v", err)
		}
		note := g.get("manager", "/ledger/checkpoint").want(200)
		if !strings.HasPrefix(note.head.Get("Content-Type"), "text/plain") || !bytes.Contains(note.body, []byte("\n— ")) {
			t.Errorf("checkpoint: %s", note.body)
		}
		var found list[hit]
		g.get("manager", "/search?q=export").want(200).json(&found)
		if len(found.Items) < 2 {
			t.Errorf("found: %+v", found.Items)
		}
		g.erase(ref)
	})
}

// acknowledge follows the link of a message: opening it answers nothing, its button does.
func (g *rig) acknowledge(mails []message) {
	t := g.t
	t.Helper()
	link := ""
	for _, m := range mails {
		if !strings.Contains(m.Text, "http://wakebell.example/ack/(hidden)") {
			continue // whoever reads the outbox must not be able to answer as somebody else
		}
		var sent string
		if err := g.f.DB.QueryRow(t.Context(), `SELECT body FROM mail_outbox WHERE id = ?`, m.ID).Scan(&sent); err != nil {
			t.Fatal(err)
		}
		if _, rest, ok := strings.Cut(sent, "http://wakebell.example/ack/"); ok {
			link = "/ack/" + strings.Fields(rest)[0]
			break
		}
	}
	if link == "" {
		t.Fatalf("no link in %+v", mails)
	}
	var calls list[callOnWire]
	state := func() int {
		g.get("manager", "/calls?state=acknowledged").want(200).json(&calls)
		return len(calls.Items)
	}
	before := state()
	for range 2 {
		page := g.get("", link).want(200)
		if !bytes.Contains(page.body, []byte(`<form method="post">`)) || bytes.Contains(page.body, []byte("unknown account")) || bytes.Contains(page.body, []byte("<script")) {
			t.Errorf("page: %s", page.body)
		}
		if page.head.Get("Referrer-Policy") != "no-referrer" || !strings.Contains(page.head.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Error("the page's headers")
		}
	}
	if state() != before {
		t.Fatal("opening the link acknowledged the call")
	}
	g.do("", "HEAD", link, "").want(200)
	if page := g.post("", link, "").want(200); !bytes.Contains(page.body, []byte("Acknowledged")) {
		t.Errorf("page: %s", page.body)
	}
	if state() != before+1 {
		t.Error("the button did not acknowledge the call")
	}
	g.post("", link, "").want(200)
	if page := g.get("", "/ack/unknown").want(404); bytes.Contains(page.body, []byte("<form")) || !strings.HasPrefix(page.head.Get("Content-Type"), "text/html") {
		t.Errorf("unknown link: %s", page.body)
	}
	g.post("", "/ack/unknown", "").want(404)
	if strings.Contains(g.log.String(), strings.TrimPrefix(link, "/ack/")) {
		t.Error("the log holds the link")
	}
}

func (g *rig) erase(ref string) {
	t := g.t
	t.Helper()
	var lines list[timelineLine]
	g.post("manager", "/incidents/"+ref+"/commands", `{"type":"note","text":"a name that must go"}`).want(200)
	g.get("manager", "/incidents/"+ref+"/timeline?filter=reports").want(200).json(&lines)
	id := lines.Items[len(lines.Items)-1].ID
	body := fmt.Sprintf(`{"entries":[%q],"reason":"asked for"}`, id)
	g.post("manager", "/ledger/erase", body).want(403)
	g.post("privacy_officer", "/ledger/erase", `{"entries":[],"reason":""}`).want(422)
	g.post("privacy_officer", "/ledger/erase", body).want(200)
	if res := g.get("manager", "/incidents/"+ref+"/timeline?limit=200").want(200); bytes.Contains(res.body, []byte("a name that must go")) {
		t.Error("the text is still told")
	}
}

func TestClockAndHealth(t *testing.T) {
	t.Parallel()
	g := lite(t)
	forward := func(body, peer string) reply {
		r := g.request("", "POST", "/debug/clock", body)
		r.RemoteAddr = peer
		return g.serve(r)
	}
	if got := forward(`{"forward":"20m"}`, "127.0.0.1:5000").want(200).object()["now"]; got != "2026-11-21T14:20:00Z" {
		t.Errorf("now %v", got)
	}
	forward(`{"forward":"1s"}`, "[::1]:5000").want(200)
	forward(`{"forward":"20m"}`, "192.0.2.7:5000").want(404).problem()
	forward(`{"forward":"-1m"}`, "127.0.0.1:5000").want(422)
	forward(`{"forward":"soon"}`, "127.0.0.1:5000").want(422)
	forward(`{"back":"1m"}`, "127.0.0.1:5000").want(422)
	if got := g.get("manager", "/me").want(200).object()["now"]; got != "2026-11-21T14:20:01Z" {
		t.Errorf("me says %v", got)
	}
	g.get("", "/healthz").want(200)
	if m := g.get("", "/readyz").want(200).object(); m["ready"] != true {
		t.Errorf("ready: %v", m)
	}
	g.f.Ready = func(context.Context) []Check { return []Check{{"disk", "The disk is full"}} }
	if m := g.get("", "/readyz").want(503).object(); m["ready"] != false {
		t.Errorf("ready: %v", m)
	}
	g.get("", "/metrics").want(401).problem()
	g.get("analyst", "/metrics").want(403).problem()
	text := string(g.get("auditor", "/metrics").want(200).body)
	for _, want := range []string{`wakebell_http_requests_total{method="GET",route="GET /readyz",status="503"} 1`, `wakebell_jobs{state="dead"} 0`, "wakebell_duties_missed", "wakebell_db_writes_total", `wakebell_build_info{version="test"} 1`} {
		if !strings.Contains(text, want) {
			t.Errorf("metrics lack %s", want)
		}
	}

	g.f.OpenMetrics = func(r *http.Request) bool { return r.Header.Get("X-Forwarded-For") == "" }
	g.get("", "/metrics").want(200)

	d := g.f.Deps
	d.TestClock = false
	closed := *g
	closed.f = build(d)
	r := g.request("", "POST", "/debug/clock", `{"forward":"20m"}`)
	r.RemoteAddr = "127.0.0.1:5000"
	if res := closed.serve(r); res.code != http.StatusNotFound {
		t.Errorf("without a test clock: %d", res.code)
	}
}
