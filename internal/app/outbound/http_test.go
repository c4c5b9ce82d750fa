package outbound_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
)

// journal is a log that tests read.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// token is a secret of a person, with all of their roles or with some.
func (h *house) token(person string, roles ...who.Role) string {
	h.t.Helper()
	_, secret, err := h.People.CreateToken(h.t.Context(), who.Engine("operator"), who.TokenInput{Name: "t-" + person, Person: person, Roles: roles})
	h.must(err)
	return secret
}

// asks sends one request to the whole program; "" is nobody.
func (h *house) asks(secret, method, path, body string, head ...string) (*http.Response, string) {
	h.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr = "203.0.113.9:4711"
	if strings.HasPrefix(path, "/api/") {
		r.Header.Set("Content-Type", "application/json")
	} else {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	for n := 0; n+1 < len(head); n += 2 {
		r.Header.Set(head[n], head[n+1])
	}
	w := httptest.NewRecorder()
	h.Handler().ServeHTTP(w, r)
	raw, err := io.ReadAll(w.Result().Body)
	h.must(err)
	return w.Result(), string(raw)
}

// Whoever may not read recipients finds no name of theirs on any page, in any answer, in the
// search or in a mail's subject; the log holds none for anybody, and no link either.
func TestNamesLeakNowhere(t *testing.T) {
	t.Parallel()
	said := &journal{}
	h := open(t, func(c *app.Config) {
		c.Log, c.BaseURL = slog.New(slog.NewTextHandler(said, &slog.HandlerOptions{Level: slog.LevelDebug})), "http://bell.example"
	})
	st, n := h.released("name,email,contact\nSecretname Ltd,secretname@north.example,Mrs Secretname\nSouth,s@south.example,\n", nil)
	h.drain(0)
	ctx := t.Context()
	list, _, err := h.Dispatch.Recipients(ctx, h.as["cora"], n.Release.List, dispatch.Filter{}, "", 10)
	h.must(err)
	one := list[0]
	_, err = h.Dispatch.Record(ctx, h.as["cora"], one.ID, dispatch.By{Channel: dispatch.Phone, Reached: true, Acknowledged: true, Text: "Spoke to Mrs Secretname"})
	h.must(err)
	other, err := h.Incidents.Declare(ctx, h.as["mia"], incident.Declare{Title: "Other", Kind: incident.Real, DiscoveredAt: h.Clock.Now()})
	h.must(err)
	room, api := "/incidents/"+st.Ref, "/api/v1/incidents/"+st.Ref
	paths := []string{
		"/", "/notices", "/deadlines", "/reports", "/search?q=ltd", "/search?q=mrs", "/search?q=north.example", "/customers/mine", "/settings", "/settings/account", "/settings/outbox", "/settings/jobs", "/register", "/ledger", "/triage",
		room, room + "?all=1", room + "/files", room + "/contacts", room + "/notices", room + "/notices/1", room + "/notices/1/text", room + "/notices/1/recipients", room + "/notices/1/recipients?state=sent",
		room + "/notices/1/recipients/" + one.ID, room + "/notices/1/sending", room + "/notices/1/sending/calls", room + "/notices/1/sending/letters", room + "/notices/1/sending/report.csv",
		room + "/notices/1/sending/report.pdf", room + "/filings", "/incidents/" + other.Ref + "/notices/1", "/incidents/" + other.Ref + "/notices/1/recipients/" + one.ID,
		api, api + "/timeline", api + "/bundle", api + "/files", api + "/facts", api + "/notices", api + "/notices/1", api + "/notices/1/recipients", api + "/notices/1/recipients/list", api + "/notices/1/sending",
		api + "/notices/1/sending/report", api + "/notices/1/sending/calls", api + "/contacts", api + "/duties", api + "/calls", "/api/v1/recipients/" + one.ID, "/api/v1/search?q=ltd", "/api/v1/search?q=mrs", "/api/v1/ledger/entries?limit=200",
		"/api/v1/ledger/proof?entry=1", "/api/v1/outbox", "/api/v1/jobs", "/api/v1/register", "/api/v1/me", "/api/v1/notices/waiting", "/metrics",
		"/api/v1/incidents/" + other.Ref + "/notices/1/recipients",
	}
	for _, id := range []string{"", "rita", "rob", "ana", "liz", "ewan", "adam"} {
		secret := ""
		if id != "" {
			secret = h.token(id)
		}
		for _, p := range paths {
			res, body := h.asks(secret, http.MethodGet, p, "")
			body = strings.ToLower(body)
			if i := strings.Index(body, "secretname"); i >= 0 {
				t.Errorf("%q reads at %s (%d): …%s…", id, p, res.StatusCode, body[max(0, i-200):min(len(body), i+60)])
			}
			if res.StatusCode >= 500 {
				t.Errorf("%q at %s: %d", id, p, res.StatusCode)
			}
		}
	}
	if _, body := h.asks(h.token("cora"), http.MethodGet, api+"/notices/1/recipients", ""); !strings.Contains(body, "Secretname") {
		t.Errorf("communications do not read names either: %s", body)
	}
	cut := h.token("cora", who.Communications)
	if res, body := h.asks(cut, http.MethodGet, "/api/v1/recipients/"+one.ID, ""); res.StatusCode != http.StatusOK {
		t.Error(res.StatusCode, body)
	}
	link, err := h.Dispatch.NewLink(ctx, h.as["cora"], one.ID)
	h.must(err)
	at := strings.TrimPrefix(link, "http://bell.example")
	for _, p := range []string{at, at + "/facts.json", at + "/facts.pdf", at + "x", at + "/facts.xml", "/n/" + strings.Repeat("A", 43)} {
		res, _ := h.asks("", http.MethodGet, p, "")
		if g := res.Header.Get("Referrer-Policy"); g != "no-referrer" {
			t.Errorf("%s: Referrer-Policy %q", p, g)
		}
		if g := res.Header.Get("Cache-Control"); g != "no-store" {
			t.Errorf("%s: Cache-Control %q", p, g)
		}
	}
	if g := said.String(); strings.Contains(strings.ToLower(g), "secretname") || strings.Contains(g, strings.TrimPrefix(at, "/n/")) {
		t.Errorf("the log: %s", g)
	}
	letters, _, _ := h.box.letters()
	if len(letters) != 2 {
		t.Errorf("%d letters", len(letters))
	}
}

// An approval is a person's, once, for the bytes of the round that runs: not a replay's, a
// reduced token's, or somebody's who lost the role.
func TestApprovalsOverHTTP(t *testing.T) {
	t.Parallel()
	h := open(t)
	st, n, _ := h.written(incident.Real, "cora", two, nil)
	ctx := t.Context()
	at := "/api/v1/incidents/" + st.Ref + "/notices/1/"
	do := func(secret, verb, bound string, want int, head ...string) {
		t.Helper()
		body := `{"bound":"` + bound + `"}`
		if verb == "return" {
			body = `{"bound":"` + bound + `","reason":"no"}`
		}
		if res, got := h.asks(secret, http.MethodPost, at+verb, body, head...); res.StatusCode != want {
			t.Errorf("%s: %d, want %d: %.300s", verb, res.StatusCode, want, got)
		}
	}
	given := func() int {
		t.Helper()
		v, err := h.Notices.Get(ctx, h.as["cora"], st.Ref, 1)
		h.must(err)
		if v.Round() == nil {
			return -1
		}
		return len(v.Round().Given)
	}
	first := n.Round().Bound
	lena, ewan, both := h.token("lena"), h.token("ewan"), h.token("both", who.Communications)
	_, machine, err := h.People.CreateToken(ctx, who.Engine("operator"), who.TokenInput{Name: "m", Roles: []who.Role{who.Legal}})
	h.must(err)
	for _, id := range []string{"rita", "rob", "ada", "liz", "adam", "mia", "cora"} {
		do(h.token(id), "approve", first, http.StatusForbidden)
		if id != "mia" && id != "cora" {
			do(h.token(id), "release", first, http.StatusForbidden)
		}
	}
	do("", "approve", first, http.StatusUnauthorized)
	do(both, "approve", first, http.StatusForbidden)
	do(machine, "approve", first, http.StatusForbidden) // an approval is a person's
	do(lena, "approve", strings.Repeat("0", 64), http.StatusPreconditionFailed)
	do(lena, "approve", first, http.StatusOK, "Idempotency-Key", "k1")
	do(lena, "approve", first, http.StatusOK, "Idempotency-Key", "k1") // said again, not done again
	do(lena, "approve", first, http.StatusConflict, "Idempotency-Key", "k2")
	do(lena, "approve", strings.Repeat("0", 64), http.StatusUnprocessableEntity, "Idempotency-Key", "k1")
	if given() != 1 {
		t.Fatalf("%d approvals", given())
	}
	// Another's key brings nothing.
	do(ewan, "return", first, http.StatusOK)
	do(lena, "approve", first, http.StatusOK, "Idempotency-Key", "k1") // a replay says what was; it gives nothing
	if given() != -1 {
		t.Errorf("a replay approves what was returned: %d", given())
	}
	_, err = h.Notices.WriteText(ctx, h.as["cora"], st.Ref, 1, notice.TextInput{Lang: "en", Subject: "Other {{recipient.name}}", Body: "Other words.", IfVersion: 1})
	h.must(err)
	m, err := h.Notices.Submit(ctx, h.as["cora"], st.Ref, 1, 0)
	h.must(err)
	second := m.Round().Bound
	do(lena, "approve", first, http.StatusPreconditionFailed)
	do(lena, "approve", first, http.StatusOK, "Idempotency-Key", "k1")
	if given() != 0 {
		t.Errorf("an older round's yes counts: %d", given())
	}
	do(lena, "approve", second, http.StatusOK)
	// Who lost the role gives no yes, by a token made before.
	p, err := h.People.Person(ctx, who.Engine("test"), "ewan")
	h.must(err)
	p.Roles = []who.Role{who.Responder}
	_, err = h.People.UpdatePerson(ctx, who.Engine("test"), p, p.Version)
	h.must(err)
	do(ewan, "approve", second, http.StatusForbidden)
	// Nor their deputy.
	p, err = h.People.Person(ctx, who.Engine("test"), "ewan")
	h.must(err)
	p.Deputy = "rob"
	_, err = h.People.UpdatePerson(ctx, who.Engine("test"), p, p.Version)
	h.must(err)
	do(h.token("rob"), "approve", second, http.StatusForbidden)
	if given() != 1 {
		t.Errorf("%d approvals", given())
	}
	do(h.token("cora"), "release", second, http.StatusConflict)
	do(h.token("mia"), "release", first, http.StatusPreconditionFailed)
}

// A release and a change of the words at the same moment: one of them wins, and what leaves
// is what was approved.
func TestReleaseRacesWithWords(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx := t.Context()
	left := 0
	for range 8 {
		st, n, _ := h.written(incident.Real, "cora", two, nil)
		n = h.yes(st, n, "lena", "ewan")
		bound := n.Round().Bound
		var both sync.WaitGroup
		both.Go(func() { _, _ = h.Notices.Release(ctx, h.as["mia"], st.Ref, n.No, notice.Go{Bound: bound}) })
		both.Go(func() {
			_, _ = h.Notices.WriteText(ctx, h.as["cora"], st.Ref, n.No, notice.TextInput{Lang: "en", Subject: "Changed", Body: "Changed.", IfVersion: 1})
		})
		both.Wait()
		v, err := h.Notices.Get(ctx, h.as["cora"], st.Ref, n.No)
		h.must(err)
		changed := v.Title() == "Changed"
		if released := v.Release != nil; released == changed {
			t.Errorf("released %v, changed %v", released, changed)
		} else if released {
			left++
		}
	}
	h.drain(0)
	letters, raw, _ := h.box.letters()
	if len(letters) != 2*left {
		t.Errorf("%d letters of %d releases", len(letters), left)
	}
	for _, m := range raw {
		if bytes.Contains(m, []byte("Changed")) {
			t.Error("words left that nobody approved")
		}
	}
}
