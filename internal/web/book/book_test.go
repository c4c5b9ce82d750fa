package book_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/register/audit"
	"github.com/wakebell/wakebell/internal/web/book/about"
	"github.com/wakebell/wakebell/ledger"
)

// breach is a confirmed incident with everything an entry can hold.
func (g *rig) breach() incident.State {
	g.t.Helper()
	one := 1
	st := g.declare("Export read by a stranger", "")
	st = g.run(who.Manager, st.Ref, &incident.Confirm{Reason: "seen in the log"}, &incident.Grade{Severity: &one, BIL: &one, Reason: "many customers"},
		fact(incident.FactPersonalData, `"yes"`), fact(incident.FactCause, `"a public bucket <script>"`), fact(incident.FactRisk, `"high"`),
		fact(incident.FactHarm, `[{"property":"confidentiality","asset":"customer_data","timing":"existing"}]`),
		fact(incident.FactScope, `{"customers":["alpenwerk"],"data_kinds":["names"],"persons":[{"country":"DE","min":100,"estimate":1200,"max":4000}],"confidence":"estimated"}`),
		fact(incident.Contained, `"2026-11-21T14:00:01Z"`), &incident.AddTask{Text: "Close the bucket"})
	g.run(who.Manager, st.Ref, &incident.FinishTask{Task: st.Tasks[0].ID})
	return g.run(who.Legal, st.Ref, &incident.MakeDecision{Decision: incident.DoNotNotify, Rule: "authority_gdpr", Reason: "the data were worthless"},
		&incident.MakeDecision{Decision: incident.PressTeam, Answer: incident.No, Reason: "nobody asked"})
}

func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.breach()
	for _, role := range g.roles {
		by := as(role)
		reads, exports, checks := by.Has(who.PermRegisterRead), by.Has(who.PermRegisterExport), by.Has(who.PermLedgerRead)
		for path, may := range map[string]bool{
			"/register": reads, "/register/print": reads, "/register/" + st.Ref: reads, "/register/export.csv": exports, "/register/export.json?told=no": exports,
			"/register/" + st.Ref + "/bundle": exports, "/ledger": checks, "/ledger/entries": checks, "/ledger/entries/1": checks,
			"/ledger/checkpoint.txt": checks, "/ledger/bundle.json": checks && exports, "/about": true, "/about/licences": true, "/about/licences/0": true,
		} {
			g.get(role, path, status(may))
		}
		if reads {
			for _, path := range []string{"/register", "/register/" + st.Ref} {
				body := g.get(role, path, http.StatusOK)
				for part, may := range map[string]bool{`/register/export.csv`: exports && path == "/register", "Bundle with proofs": exports && path != "/register"} {
					if strings.Contains(body, part) != may {
						t.Errorf("%s sees %q on %s: %v", role, part, path, !may)
					}
				}
			}
		}
		if checks {
			if body := g.get(role, "/ledger", http.StatusOK); strings.Contains(body, "The whole ledger") != exports {
				t.Errorf("%s is offered the bundle: %v", role, !exports)
			}
		} else {
			g.post(role, "/ledger/verify", http.StatusForbidden)
		}
	}
}

func TestRegister(t *testing.T) {
	t.Parallel()
	g := open(t)
	g.has(g.get(who.Auditor, "/register", http.StatusOK), "The register is empty", "appears here by itself", "No breach and no open question.")
	g.has(g.get(who.Auditor, "/register/print", http.StatusOK), "Nothing stands in the register")
	st := g.breach()
	open, drill := g.declare("Laptop lost", ""), g.declare("Exercise", incident.Drill)
	gone := g.declare("A test ran", "")
	g.run(who.Manager, gone.Ref, &incident.Dismiss{Reason: "it was a test"})
	body := g.get(who.Auditor, "/register", http.StatusOK)
	g.has(body, "2 entries.", "1 waits for the answer", st.Ref, open.Ref, "Suspected", "About 1,200 (100 to 4,000) persons", "SEV 1", "1 decided not to tell")
	g.lacks(body, drill.Ref, gone.Ref)
	body = g.get(who.Auditor, "/register?show=drills", http.StatusOK)
	g.has(body, drill.Ref, "This is an exercise")
	g.lacks(body, st.Ref)
	for query, want := range map[string][]string{
		"year=2026": {st.Ref, open.Ref}, "year=2025": nil, "data=yes": {st.Ref}, "data=unknown": {open.Ref}, "severity=1": {st.Ref}, "bil=2": nil,
		"told=yes": nil, "told=no": {st.Ref, open.Ref}, "role=controller": {st.Ref, open.Ref}, "entity=none": nil,
	} {
		body := g.get(who.Auditor, "/register?"+query, http.StatusOK)
		for _, ref := range []string{st.Ref, open.Ref} {
			if strings.Contains(body, `href="/register/`+ref) != slices.Contains(want, ref) {
				t.Errorf("%s: %s", query, ref)
			}
		}
		if len(want) == 0 {
			g.has(body, "No entry matches", "Show all")
		}
		csv := "/register/export.csv?" + query
		if !strings.Contains(body, csv) {
			t.Errorf("%s: the export does not follow the filter", query)
		}
	}
	for _, query := range []string{"severity=9", "year=x", "role=boss", "data=perhaps"} {
		g.get(who.Auditor, "/register?"+query, http.StatusUnprocessableEntity)
	}
	g.has(g.get(who.Auditor, "/register/print?data=yes", http.StatusOK), "Only: personal data: yes.", st.Ref, "SHA-256 of the key", "data-print")
	res, text := g.do(who.Auditor, httptest.NewRequest(http.MethodGet, "/register/export.csv?data=yes", nil))
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 2 || !strings.Contains(res.Header.Get("Content-Disposition"), `filename="register.csv"`) {
		t.Errorf("%v %v %v", err, rows, res.Header)
	}
}

func TestRegisterPages(t *testing.T) {
	t.Parallel()
	g := open(t)
	for range 53 {
		g.declare("Nobody knows yet", "")
	}
	seen := map[string]bool{}
	path := "/register"
	for n := 0; path != "" && n < 5; n++ {
		body := g.get(who.Auditor, path, http.StatusOK)
		for part := range strings.SplitSeq(body, `href="/register/INC-`) {
			ref, _, _ := strings.Cut(part, `"`)
			if len(ref) == len("2026-0001") {
				if seen[ref] {
					t.Errorf("%s stands on two pages", ref)
				}
				seen[ref] = true
			}
		}
		path = ""
		if _, rest, ok := strings.Cut(body, `<p class="pager"><a class="btn" href="`); ok {
			path, _, _ = strings.Cut(rest, `"`)
		}
	}
	if len(seen) != 53 {
		t.Errorf("%d entries", len(seen))
	}
	g.has(g.get(who.Auditor, "/register/print", http.StatusOK), "53 entries.")
}

// GDPR Art. 33(5): the facts, the effects, the remedial action; and why somebody was not told.
func TestEntry(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.breach()
	list, err := g.owed.List(t.Context(), as(who.Manager), duty.Filter{Outward: true}, "", 50)
	must(t, err)
	d := list.Items[0]
	_, err = g.owed.Meet(t.Context(), as(who.Manager), d.ID, duty.Evidence{With: d.MetBy[0], Remark: "by phone"})
	must(t, err)
	path := "/register/" + st.Ref
	body := g.get(who.Auditor, path, http.StatusOK)
	g.has(body, "a public bucket <script>", "Confidentiality of customers’ data (existing)", "A high risk", "DE: About 1,200 (100 to 4,000)", "Names", "Alpenwerk",
		"Contained", "Close the bucket", "Who was told, and when", d.Recipient.Name, "Done in time", "By phone", "Decided not to tell", "the data were worthless", "Beatrix Hohenfels",
		"Press team", "No. nobody asked", "History of this entry", "it is confirmed, and personal data is touched", `href="/incidents/`+st.Ref, "SHA-256 of the key", "Inside the company")
	g.has(g.get(who.Auditor, "/register?told=yes", http.StatusOK), st.Ref, "1 told")
	w := g.raw(who.Auditor, path)
	g.lacks(w.Body.String(), "bucket <script>")
	clean := g.declare("A false alarm", "")
	g.run(who.Manager, clean.Ref, fact(incident.FactPersonalData, `"no"`))
	g.get(who.Auditor, "/register/"+clean.Ref, http.StatusNotFound)
	g.get(who.Auditor, "/register/none", http.StatusNotFound)
	w = g.raw(who.Auditor, path+"/bundle")
	if rep, err := ledger.VerifyBundle(w.Body, g.led.VerifierKey()); err != nil || rep.Entries < 10 {
		t.Errorf("%v %+v", err, rep)
	}
}

func (g *rig) raw(role who.Role, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("X-As", string(role))
	g.ServeHTTP(w, r)
	return w
}

// settled waits in real time until no verification runs.
func (g *rig) settled() {
	g.t.Helper()
	for began := g.clk.Real(); ; {
		list, err := g.d.Audit.Verifications(g.t.Context(), as(who.Auditor))
		must(g.t, err)
		if len(list) > 0 && list[0].State != audit.Running {
			return
		}
		if g.clk.Real().Sub(began) > 20*time.Second {
			g.t.Fatal("the verification does not end")
		}
		must(g.t, g.clk.Sleep(g.t.Context(), 5*time.Millisecond))
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	g := open(t)
	g.breach()
	body := g.get(who.Auditor, "/ledger", http.StatusOK)
	g.has(body, "Nobody has verified it here yet.", "Verify now", "wakebell verify bundle.json --key '"+g.led.VerifierKey(), "Copy")
	kept := g.raw(who.Auditor, "/ledger/checkpoint.txt").Body.String()
	cp, err := ledger.Open([]byte(kept), g.led.VerifierKey())
	must(t, err)
	if !strings.Contains(body, kept) {
		t.Error("the checkpoint is not shown")
	}
	g.declare("One more", "")
	_, body = g.post(who.Auditor, "/ledger/verify", http.StatusUnprocessableEntity, "_form", "verify", "_page", "/ledger", "against", "what I typed")
	g.has(body, "what I typed", `href="#verify-against"`, "is not a signed checkpoint", `<details class="fold" open`)
	to, _ := g.post(who.Auditor, "/ledger/verify", http.StatusSeeOther, "_form", "verify", "_page", "/ledger", "against", kept)
	if to != "/ledger" {
		t.Errorf("leads to %s", to)
	}
	body = g.get(who.Manager, "/ledger", http.StatusOK)
	g.has(body, "A verification is running.", "so far. Asked for by", "Look again")
	g.lacks(body, "Verify now")
	g.post(who.Manager, "/ledger/verify", http.StatusConflict, "_form", "verify", "_page", "/ledger")
	g.ends <- nil
	g.settled()
	body = g.get(who.Manager, "/ledger", http.StatusOK)
	g.has(body, "Everything is as it was recorded.", "What was checked", "What this proves", "What it does not prove", "after "+strconv.FormatInt(cp.Size, 10)+" entries",
		"tables with", "held against a checkpoint that was pasted", "Verify now")
	g.post(who.Auditor, "/ledger/verify", http.StatusSeeOther, "_page", "/ledger")
	g.ends <- &ledger.Wrong{Seq: 7, ID: "x", Kind: "duty.met/1", What: "its content does not lead to its stored hash"}
	g.settled()
	body = g.get(who.Auditor, "/ledger", http.StatusOK)
	g.has(body, "Something was changed after it was recorded.", "entry 7 (duty.met/1, id x): its content does not lead", `href="/ledger/entries/7"`, "What to do now", "Earlier verifications", "Not valid")
	g.lacks(body, "Everything is as it was recorded.")
	g.post(who.Auditor, "/ledger/verify", http.StatusSeeOther, "_page", "/ledger")
	g.ends <- errors.New("disk: /secret")
	g.settled()
	body = g.get(who.Auditor, "/ledger", http.StatusOK)
	g.has(body, "It could not be carried out to its end. It says nothing about the ledger.")
	g.lacks(body, "/secret")
}

func TestEntries(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.breach()
	_, err := g.db.Write(t.Context(), store.Op{Name: "test", Actor: "x"}, func(tx *store.Tx) error {
		_, err := g.led.Append(tx, record.Draft{Kind: "secret.kept", Subject: "hidden-subject", Actor: "hidden-actor", Body: struct {
			A string `json:"a"`
		}{"hidden-words"}})
		return err
	})
	must(t, err)
	size, err := g.led.Size(t.Context(), g.db)
	must(t, err)
	last := strconv.FormatInt(size, 10)
	body := g.get(who.Auditor, "/ledger/entries", http.StatusOK)
	g.has(body, "Not yours to read", `href="/ledger/entries/`+last, st.Ref, "nobody asked", "Show more")
	g.lacks(body, "hidden-subject", "hidden-actor", "secret.kept")
	body = g.get(who.Auditor, "/ledger/entries/"+last, http.StatusOK)
	g.has(body, "You may not read what this entry is about.", "Hash of the entry", "Before")
	g.lacks(body, "hidden-", "secret.kept", ">After<")
	for _, query := range []string{"about=hidden-subject", "actor=hidden-actor", "about=inc-none", "from=2027-01-01", "until=2020-01-01"} {
		g.has(g.get(who.Auditor, "/ledger/entries?"+query, http.StatusOK), "No entry matches")
	}
	g.get(who.Auditor, "/ledger/entries?kind=secret.", http.StatusUnprocessableEntity)
	g.get(who.Auditor, "/ledger/entries?from=yesterday", http.StatusUnprocessableEntity)
	body = g.get(who.Auditor, "/ledger/entries?about="+strings.ToLower(st.Ref)+"&kind=incident.&actor=counsel&from=2026-11-21&until=2026-11-21", http.StatusOK)
	g.has(body, "nobody asked", "the data were worthless")
	g.lacks(body, "seen in the log", "Not yours to read")
	// A machine is named by its token, never by a bare id.
	tok, _, err := g.people.CreateToken(t.Context(), who.Engine("test"), who.TokenInput{Name: "siem-bridge", Roles: []who.Role{who.Manager}})
	must(t, err)
	_, err = g.d.Incidents.Execute(t.Context(), who.Identity{Actor: tok.ID, Name: tok.Name, Roles: []who.Role{who.Manager}}, st.Ref, &incident.Note{Text: "seen by a machine"}, 0)
	must(t, err)
	body = g.get(who.Auditor, "/ledger/entries?actor="+tok.ID, http.StatusOK)
	g.has(body, "Token siem-bridge", "seen by a machine")
	g.lacks(body, ">"+tok.ID+"<")
	res, _ := g.do(who.Auditor, httptest.NewRequest(http.MethodGet, "/ledger/entries?about=5", nil))
	if res.Header.Get("Location") != "/ledger/entries/5" {
		t.Errorf("a number leads to %s", res.Header.Get("Location"))
	}
	g.get(who.Auditor, "/ledger/entries/0", http.StatusNotFound)
	g.get(who.Auditor, "/ledger/entries/x", http.StatusNotFound)
	size, err = g.led.Size(t.Context(), g.db)
	must(t, err)
	g.get(who.Auditor, "/ledger/entries/"+strconv.FormatInt(size+1, 10), http.StatusNotFound)

	list, err := g.led.Subject(t.Context(), g.db, st.ID, 0, 1)
	must(t, err)
	path := "/ledger/entries/" + strconv.FormatInt(list[0].Seq, 10)
	g.has(g.get(who.Auditor, path, http.StatusOK), "Export read by a stranger", "incident.declared/1", "Root of the tree", "Change one letter", `href="/incidents/`+st.Ref, list[0].ID)
	_, err = g.db.Write(t.Context(), store.Op{Name: "test", Actor: "x"}, func(tx *store.Tx) error {
		return g.led.Erase(tx, "privacy-officer", []string{list[0].ID}, "she asked")
	})
	must(t, err)
	body = g.get(who.Auditor, path, http.StatusOK)
	g.has(body, "They were erased for good.")
	g.lacks(body, "Export read by a stranger")
}

func TestBundles(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.breach()
	res, _ := g.do(who.Auditor, httptest.NewRequest(http.MethodGet, "/ledger/bundle?ref="+st.Ref, nil))
	if to := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || to != "/register/"+st.Ref+"/bundle" {
		t.Errorf("%d to %s", res.StatusCode, to)
	}
	g.get(who.Auditor, "/ledger/bundle", http.StatusUnprocessableEntity)
	g.get(who.Reporter, "/ledger/bundle?ref="+st.Ref, http.StatusForbidden)
	w := g.raw(who.Auditor, "/ledger/bundle.json")
	rep, err := ledger.VerifyBundle(bytes.NewReader(w.Body.Bytes()), g.led.VerifierKey())
	size, _ := g.led.Size(t.Context(), g.db)
	if err != nil || int64(rep.Entries) != size || !strings.Contains(w.Header().Get("Content-Disposition"), "ledger.json") || !json.Valid(w.Body.Bytes()) {
		t.Errorf("%v %+v %v", err, rep, w.Header())
	}
}

func TestAbout(t *testing.T) {
	t.Parallel()
	g := open(t)
	g.has(g.get(who.Reporter, "/about", http.StatusOK), "1.2.3", "Not legal advice", `href="/about/licences"`)
	g.has(g.get(who.Reporter, "/about/licences", http.StatusOK), "Go, standard library and runtime", "Inter, the font", "idiomorph", "OFL-1.1", `href="/about/licences/`)
	g.get(who.Reporter, "/about/licences/9999", http.StatusNotFound)
	l, err := about.Gathered()
	must(t, err)
	for i, c := range slices.Concat(l.Modules, l.Browser) {
		if c.Name == "" || c.Licence == "" || len(c.Texts) == 0 || len(l.Texts[c.Texts[0]]) < 100 {
			t.Errorf("%d: %+v", i, c)
		}
	}
	in := l.In(&debug.BuildInfo{Deps: []*debug.Module{{Path: "golang.org/x/mod", Version: "v9"}, {Path: "example.org/new", Version: "v1"}}})
	if len(in) != 2 || in[0].Version != "v9" || in[0].Licence != "BSD-3-Clause" || in[1].Licence != "" {
		t.Errorf("%+v", in)
	}
	// Whatever is linked into the program stands in the list.
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}", "github.com/wakebell/wakebell/cmd/wakebell").Output()
	must(t, err)
	for line := range strings.Lines(string(out)) {
		path, version, ok := strings.Cut(strings.TrimSpace(line), " ")
		if ok && !slices.ContainsFunc(l.Modules, func(c about.Component) bool { return c.Name == path && c.Version == version }) {
			t.Errorf("%s %s is in the program, its licence is not gathered: run make generate", path, version)
		}
	}
}
