package api

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// bad is one request that must be refused without any change.
type bad struct {
	name   string
	as     string // default manager
	method string // default POST
	path   string // REF and DUTY are filled in
	body   string
	heads  []header
	code   int
	fields []string // that the problem names
	says   string   // a part of the detail or of a message
}

const (
	badReports = "/reports"
	badCommand = "/incidents/REF/commands"
)

func badInput() []bad {
	long := strings.Repeat("x", 301)
	return []bad{
		// Unknown fields, wrong types, duplicates.
		{name: "unknown field", path: badReports, body: `{"title":"x","discovered_at":"2026-11-21T14:00:00Z","colour":"red"}`, code: 422, fields: []string{"colour"}, says: "Known are"},
		{name: "two unknown fields and a wrong type", path: "/incidents", body: `{"title":7,"colour":"red","shape":{}}`, code: 422, fields: []string{"title", "colour", "shape"}},
		{name: "another case of letters", path: "/incidents", body: `{"Title":"x"}`, code: 422, fields: []string{"Title"}},
		{name: "a field twice", path: "/incidents", body: `{"title":"a","title":"b","discovered_at":"2026-11-21T14:00:00Z"}`, code: 422, fields: []string{"title"}, says: "twice"},
		{name: "unknown field in a command", path: badCommand, body: `{"type":"note","text":"x","colour":1}`, code: 422, fields: []string{"colour"}},
		{name: "unknown field deep in a fact", path: badCommand, body: `{"type":"record_fact","fact":"scope","value":{"colour":[],"persons":[{"min":"x"}]}}`, code: 422, fields: []string{"value.colour", "value.persons[0].min"}},
		{name: "unknown field in a directory item", path: "/directory/teams/x-team", method: "PUT", body: `{"name":"X","kind":"product","members":[{"person":"analyst","chief":true}]}`, code: 422, fields: []string{"members[0].chief"}},
		{name: "unknown field in the plan", as: "manager", path: "/plan", method: "PUT", body: `{"plan":{"sitrep_days":1},"reason":"x"}`, code: 422, fields: []string{"plan.sitrep_days"}},
		{name: "list instead of object", path: "/incidents", body: `[]`, code: 400, says: "object"},
		{name: "text instead of list", path: "/tokens", as: "admin", body: `{"name":"x","roles":"manager"}`, code: 422, fields: []string{"roles"}, says: "list"},
		{name: "fraction instead of number", path: badCommand, body: `{"type":"grade","severity":1.5,"bil":1}`, code: 422, fields: []string{"severity"}, says: "whole"},
		{name: "NUL in a text", path: badCommand, body: `{"type":"note","text":"a\u0000b"}`, code: 422, fields: []string{"text"}, says: "NUL"},
		// Wrong enumerations.
		{name: "wrong kind", path: "/incidents", body: `{"title":"x","kind":"test","discovered_at":"2026-11-21T14:00:00Z"}`, code: 422, fields: []string{"kind"}, says: "real, drill"},
		{name: "wrong nature", path: "/incidents", body: `{"title":"x","nature":"human","discovered_at":"2026-11-21T14:00:00Z"}`, code: 422, fields: []string{"nature"}},
		{name: "wrong verdict", path: "/signals/none/triage", body: `{"verdict":"maybe","reason":"x"}`, code: 422, fields: []string{"verdict"}},
		{name: "wrong command", path: badCommand, body: `{"type":"explode"}`, code: 422, fields: []string{"type"}, says: "record_fact"},
		{name: "no command", path: badCommand, body: `{"text":"x"}`, code: 422, fields: []string{"type"}},
		{name: "declare as a command", path: badCommand, body: `{"type":"declare","title":"x"}`, code: 422, fields: []string{"type"}},
		{name: "wrong phase", path: badCommand, body: `{"type":"enter_phase","phase":"party"}`, code: 422, fields: []string{"phase"}},
		{name: "wrong answer", path: badCommand, body: `{"type":"record_fact","fact":"personal_data","value":"perhaps"}`, code: 422, fields: []string{"value"}, says: "unknown"},
		{name: "wrong fact", path: badCommand, body: `{"type":"record_fact","fact":"weather","value":"fine"}`, code: 422, fields: []string{"fact"}},
		{name: "no value", path: badCommand, body: `{"type":"record_fact","fact":"personal_data"}`, code: 422, fields: []string{"value"}},
		{name: "wrong function", path: badCommand, body: `{"type":"assign","function":"king","person":"analyst"}`, code: 422, fields: []string{"function"}},
		{name: "unknown person", path: badCommand, body: `{"type":"assign","function":"manager","person":"nobody-here"}`, code: 422, fields: []string{"person"}},
		{name: "severity out of range", path: badCommand, body: `{"type":"grade","severity":4,"bil":0,"reason":"x"}`, code: 422, fields: []string{"severity", "bil"}},
		{name: "filter with a wrong state", method: "GET", path: "/incidents?state=lost", code: 422, fields: []string{"state"}},
		{name: "unknown parameter", method: "GET", path: "/incidents?colour=red", code: 422, fields: []string{"colour"}},
		{name: "limit out of range", method: "GET", path: "/signals?limit=1000", code: 422, fields: []string{"limit"}},
		{name: "limit no number", method: "GET", path: "/signals?limit=many", code: 422, fields: []string{"limit"}},
		// Times.
		{name: "time without zone", path: badReports, body: `{"title":"x","discovered_at":"2026-11-21T14:00:00"}`, code: 422, fields: []string{"discovered_at"}, says: "zone"},
		{name: "date alone", path: badReports, body: `{"title":"x","discovered_at":"2026-11-21"}`, code: 422, fields: []string{"discovered_at"}, says: "zone"},
		{name: "no time", path: badReports, body: `{"title":"x"}`, code: 422, fields: []string{"discovered_at"}},
		{name: "number as time", path: badReports, body: `{"title":"x","discovered_at":1795269600}`, code: 422, fields: []string{"discovered_at"}},
		{name: "fact's time without zone", path: badCommand, body: `{"type":"record_fact","fact":"contained","value":"2026-11-21T14:00:00"}`, code: 422, fields: []string{"value"}, says: "zone"},
		{name: "command's time without zone", path: badCommand, body: `{"type":"note","text":"x","at":"2026-11-21 14:00"}`, code: 422, fields: []string{"at"}, says: "zone"},
		{name: "as_of without zone", method: "GET", path: "/incidents/REF?as_of=2026-11-21T14:00:00", code: 422, fields: []string{"as_of"}, says: "zone"},
		{name: "reported in the future", path: badReports, body: `{"title":"x","discovered_at":"2026-11-21T14:05:01Z"}`, code: 422, fields: []string{"discovered_at"}, says: "future"},
		{name: "declared in the future", path: "/incidents", body: `{"title":"x","discovered_at":"2026-11-21T14:06:00Z"}`, code: 422, fields: []string{"discovered_at"}, says: "future"},
		{name: "contained in the future", path: badCommand, body: `{"type":"record_fact","fact":"contained","value":"2027-01-01T00:00:00Z"}`, code: 422, fields: []string{"value"}, says: "future"},
		{name: "met in the future", path: "/duties/DUTY/meet", body: `{"at":"2026-11-22T14:00:00Z"}`, code: 422, fields: []string{"at"}, says: "future"},
		// Ranges.
		{name: "negative persons", path: badCommand, body: `{"type":"record_fact","fact":"scope","value":{"persons":[{"country":"DE","min":-1,"estimate":2,"max":3}]}}`, code: 422, fields: []string{"value.persons[0]"}, says: "negative"},
		{name: "reversed range", path: badCommand, body: `{"type":"record_fact","fact":"scope","value":{"persons":[{"country":"DE","min":1,"estimate":2,"max":3},{"country":"FR","min":5,"estimate":2,"max":3}]}}`, code: 422, fields: []string{"value.persons[1]"}, says: "min <= estimate <= max"},
		{name: "reversed times of the register", method: "GET", path: "/register?from=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z", code: 422, fields: []string{"until"}},
		{name: "negative contract", path: "/directory/parties/x-party", method: "PUT", body: `{"name":"X","kind":"customer","contract":{"hours":-3}}`, code: 422, fields: []string{"contract.hours"}},
		{name: "negative plan", path: "/plan", method: "PUT", body: `{"plan":{"sirt_minutes":-1},"reason":"x"}`, code: 422, fields: []string{"plan.sirt_minutes"}},
		// Bodies.
		{name: "broken JSON", path: badReports, body: "{\"title\":\"x\",\n  \"discovered_at\": oops}", code: 400, says: "line 2, character 20"},
		{name: "JSON cut off", path: badReports, body: `{"title":"x"`, code: 400, says: "line 1"},
		{name: "something after the JSON", path: badReports, body: `{"title":"x"} {}`, code: 400, says: "line 1, character 15"},
		{name: "invalid UTF-8", path: badReports, body: "{\"title\":\"\xff\"}", code: 400, says: "line 1, character 11"},
		{name: "invalid UTF-8 in a file", as: "admin", path: "/directory/import?format=yaml", body: "people:\n - \xff", heads: []header{{"Content-Type", "application/yaml"}}, code: 400, says: "line 2"},
		{name: "empty body", path: badReports, code: 400, says: "empty"},
		{name: "form instead of JSON", path: badReports, body: `title=x`, heads: []header{{"Content-Type", "application/x-www-form-urlencoded"}}, code: 415, fields: []string{"Content-Type"}},
		{name: "unknown encoding", path: badReports, body: `{}`, heads: []header{{"Content-Encoding", "br"}}, code: 400, says: "Content-Encoding"},
		{name: "more than 1 MiB", path: badCommand, body: `{"type":"note","text":"` + strings.Repeat("x", 1<<20) + `"}`, code: 413},
		{name: "title too long", path: "/incidents", body: `{"title":"` + long + `","discovered_at":"2026-11-21T14:00:00Z"}`, code: 422, fields: []string{"title"}},
		{name: "empty title", path: "/incidents", body: `{"title":"  ","discovered_at":"2026-11-21T14:00:00Z"}`, code: 422, fields: []string{"title"}},
		{name: "wrong lines of a file", as: "admin", path: "/directory/import", body: "people:\n- {id: x1, name: '', email: nonsense}\n", heads: []header{{"Content-Type", "application/yaml"}}, code: 422, fields: []string{"line 2: people[0].name", "line 2: people[0].email"}},
		// Duplicates and references.
		{name: "a team's id twice", path: "/directory/teams", body: `{"id":"sirt","name":"Another","kind":"sirt","members":[{"person":"analyst"}]}`, code: 409},
		{name: "a person's id twice", as: "admin", path: "/directory/people", body: `{"id":"analyst","name":"X","email":"x@example.org"}`, code: 409},
		{name: "an e-mail address twice", as: "admin", path: "/directory/people", body: `{"name":"X","email":"tomasz.wierzba@lumenhof.example"}`, code: 409},
		{name: "another id in the body", path: "/directory/teams/sirt", method: "PUT", body: `{"id":"siht","name":"X","kind":"sirt"}`, code: 422, fields: []string{"id"}},
		{name: "team of nobody known", path: "/directory/teams/x-team", method: "PUT", body: `{"name":"X","kind":"product","members":[{"person":"ghost"}]}`, code: 422, fields: []string{"members[0].person"}},
		{name: "unknown incident", path: "/incidents/INC-2026-9999/commands", body: `{"type":"confirm"}`, code: 404},
		{name: "unknown incident in a filter", method: "GET", path: "/duties?incident=INC-2026-9999", code: 422, fields: []string{"incident"}},
		{name: "unknown duty", path: "/duties/none/meet", body: `{}`, code: 404},
		{name: "unknown signal", path: "/signals/none/triage", body: `{"verdict":"event","reason":"x"}`, code: 404},
		{name: "unknown evidence", path: "/duties/DUTY/meet", body: `{"with":"telepathy"}`, code: 422, fields: []string{"with"}},
		// States that do not allow it.
		{name: "reopen what is open", path: badCommand, body: `{"type":"reopen","reason":"x"}`, code: 409},
		{name: "undo what is open", path: "/duties/DUTY/undo", body: `{"reason":"x"}`, code: 409},
		{name: "dismiss without a reason", path: badCommand, body: `{"type":"dismiss"}`, code: 422, fields: []string{"reason"}},
		{name: "waive without a ground", path: "/duties/DUTY/waive", body: `{}`, code: 422, fields: []string{"ground"}},
		{name: "retry a job that is not there", as: "admin", path: "/jobs/none/retry", code: 404},
		// Headers.
		{name: "If-Match no version", path: badCommand, body: `{"type":"confirm"}`, heads: []header{{"If-Match", "soon"}}, code: 422, fields: []string{"If-Match"}},
		{name: "old version", path: badCommand, body: `{"type":"confirm"}`, heads: []header{{"If-Match", `"99"`}}, code: 412},
		{name: "long key", path: "/incidents", body: `{"title":"x","discovered_at":"2026-11-21T14:00:00Z"}`, heads: []header{{"Idempotency-Key", strings.Repeat("k", 201)}}, code: 422, fields: []string{"Idempotency-Key"}},
		{name: "empty key", path: "/incidents", body: `{"title":"x","discovered_at":"2026-11-21T14:00:00Z"}`, heads: []header{{"Idempotency-Key", ""}}, code: 422, fields: []string{"Idempotency-Key"}},
		{name: "token in the past", as: "admin", path: "/tokens", body: `{"name":"x","roles":["admin"],"person":"it-operation","expires_at":"2020-01-01T00:00:00Z"}`, code: 422, fields: []string{"expires_at"}},
		{name: "role that is none", as: "admin", path: "/tokens", body: `{"name":"x","roles":["god"]}`, code: 422, fields: []string{"roles"}},
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, g *rig) {
		ref := g.declare("")
		var duties list[dutyOnWire]
		g.get("manager", "/duties?incident="+ref).want(200).json(&duties)
		fill := strings.NewReplacer("REF", ref, "DUTY", duties.Items[0].ID)
		before := g.size()
		for _, c := range badInput() {
			as, method := c.as, c.method
			if as == "" {
				as = "manager"
			}
			if method == "" {
				method = "POST"
			}
			res := g.do(as, method, fill.Replace(c.path), c.body, c.heads...)
			if res.code != c.code {
				t.Errorf("%s: status %d, want %d: %s", c.name, res.code, c.code, res.body)
				continue
			}
			p := res.problem()
			for _, want := range c.fields {
				if !slices.ContainsFunc(p.Errors, func(f fieldProblem) bool { return f.Field == want && f.Message != "" }) {
					t.Errorf("%s: the field %s is not named: %s", c.name, want, res.body)
				}
			}
			if !strings.Contains(string(bytes.ReplaceAll(bytes.ReplaceAll(res.body, []byte(`\u003c`), []byte("<")), []byte(`\u003e`), []byte(">"))), c.says) {
				t.Errorf("%s: does not say %q: %s", c.name, c.says, res.body)
			}
			for _, value := range []string{"oops", "telepathy", "explode", "perhaps", "nonsense", "many"} {
				if strings.Contains(c.body+c.path, value) && bytes.Contains(res.body, []byte(value)) {
					t.Errorf("%s: echoes the value: %s", c.name, res.body)
				}
			}
		}
		if after := g.size(); after != before {
			t.Errorf("the ledger grew from %d to %d entries", before, after)
		}
	})
}

// TestAlertBodiesAreNeverLost: what monitors send is kept, whatever it is.
func TestAlertBodiesAreNeverLost(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, g *rig) {
		for _, body := range []string{
			`{"version":"4","alerts":[{"labels":{"alertname":"A"},"status":"firing","surprise":{"deep":[1]}}],"more":true}`,
			`not JSON at all`, "\xff\xfe\x00", `[]`, `{"alerts":"none"}`, ``,
		} {
			res := g.post("machine", "/alerts/alertmanager", body, header{"Content-Type", "text/plain"}).want(200)
			var got taken
			res.json(&got)
			if len(got.Signals)+len(got.Warnings) == 0 {
				t.Errorf("%q left nothing behind: %s", body, res.body)
			}
		}
		g.post("machine", "/alerts/unknown", `{}`).want(404).problem()
		g.post("machine", "/alerts/raw", strings.Repeat("x", 10<<20+1)).want(413).problem()
		var signals list[signal]
		g.get("manager", "/alerts").want(200).json(&signals)
		for _, s := range signals.Items {
			if !s.Malformed {
				continue
			}
			raw := g.get("manager", "/signals/"+s.ID+"/raw").want(200)
			if !strings.HasPrefix(raw.head.Get("Content-Disposition"), "attachment") || raw.head.Get("Content-Type") != "application/octet-stream" {
				t.Errorf("raw bytes come as %q, %q", raw.head.Get("Content-Type"), raw.head.Get("Content-Disposition"))
			}
		}
	})
}

// TestHugeBody: 50 MB are refused without being read, and the server goes on.
func TestHugeBody(t *testing.T) {
	t.Parallel()
	g := lite(t)
	srv := httptest.NewServer(g.f)
	defer srv.Close()
	for _, known := range []bool{true, false} {
		var read countReader
		read.left = 50 << 20
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+base+"/incidents", &read)
		must(t, err)
		if known {
			req.ContentLength = 50 << 20
		}
		req.Header.Set("Authorization", "Bearer "+g.tokens["manager"])
		req.Header.Set("Content-Type", "application/json")
		res, err := srv.Client().Do(req)
		if err != nil { // the answer may be lost while the client still writes; the server must live
			if _, ok := errorsAs[*net.OpError](err); !ok {
				t.Logf("client: %v", err)
			}
		} else {
			if res.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("status %d, want 413", res.StatusCode)
			}
			res.Body.Close()
		}
		if read.given > 20<<20 {
			t.Errorf("%d bytes were taken", read.given)
		}
	}
	// The raw answer, as a client that waits for it sees it.
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	must(t, err)
	defer conn.Close()
	must(t, conn.SetDeadline(g.f.Clock.Real().Add(10*time.Second)))
	fmt.Fprintf(conn, "POST %s/incidents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 52428800\r\n\r\n", base, g.tokens["manager"])
	answer, err := io.ReadAll(conn)
	must(t, err)
	if !bytes.HasPrefix(answer, []byte("HTTP/1.1 413")) || !bytes.Contains(answer, []byte(`"status":413`)) || !bytes.Contains(answer, []byte("Connection: close")) {
		t.Errorf("answer: %s", answer)
	}
	g.get("manager", "/me").want(200)
}

func errorsAs[T error](err error) (T, bool) {
	var none T
	for err != nil {
		if e, ok := err.(T); ok {
			return e, true
		}
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return none, false
		}
		err = u.Unwrap()
	}
	return none, false
}

// countReader gives zeros and counts them.
type countReader struct{ left, given int }

func (r *countReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), r.left)
	r.left -= n
	r.given += n
	for i := range p[:n] {
		p[i] = ' '
	}
	return n, nil
}
