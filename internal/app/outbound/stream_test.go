package outbound_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
)

// hears reads a live stream until the end of the test.
func (h *house) hears(ctx context.Context, base, secret string) func() string {
	h.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/events", http.NoBody)
	h.must(err)
	req.Header.Set("Authorization", "Bearer "+secret)
	res, err := http.DefaultClient.Do(req)
	h.must(err)
	if res.StatusCode != http.StatusOK {
		h.t.Fatalf("a stream: %d", res.StatusCode)
	}
	var mu sync.Mutex
	var all strings.Builder
	go func() {
		defer res.Body.Close()
		for s := bufio.NewScanner(res.Body); s.Scan(); {
			mu.Lock()
			all.WriteString(s.Text() + "\n")
			mu.Unlock()
		}
	}()
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return all.String()
	}
}

// A live stream tells what may have changed, never a word of it; a draft of a statement to the
// press is read by nobody without notice.read, on no page and in no answer.
func TestStreamsAndDraftsLeakNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.Live.Start(t.Context())
	srv := httptest.NewServer(h.Handler())
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(func() { cancel(); h.Live.Stop(); srv.Close() })
	_, machine, err := h.People.CreateToken(ctx, who.Engine("operator"), who.TokenInput{Name: "monitor", Roles: []who.Role{who.Reporter}})
	h.must(err)
	secrets := map[string]string{"machine": machine}
	heard := map[string]func() string{"machine": h.hears(ctx, srv.URL, machine)}
	for _, id := range []string{"rita", "rob", "adam", "liz", "cora"} {
		secrets[id] = h.token(id)
		heard[id] = h.hears(ctx, srv.URL, secrets[id])
	}
	st, n := h.released("name,email\nSecretname Ltd,secretname@north.example\n", nil)
	h.drain(time.Second)
	list, _, err := h.Dispatch.Recipients(ctx, h.as["cora"], n.Release.List, dispatch.Filter{}, "", 10)
	h.must(err)
	_, err = h.Dispatch.Record(ctx, h.as["cora"], list[0].ID, dispatch.By{Channel: dispatch.Phone, Reached: true, Text: "Mrs Secretname"})
	h.must(err)
	m, err := h.Notices.Start(ctx, h.as["cora"], st.Ref, notice.Start{Audience: notice.Press, Subject: "Secretpress subject", Body: "Secretpress body.", Voluntary: true})
	h.must(err)
	_, err = h.Notices.Submit(ctx, h.as["cora"], st.Ref, m.No, 0)
	h.must(err)
	for n := 0; !strings.Contains(heard["cora"](), "dispatch") || !strings.Contains(heard["cora"](), "notice"); n++ {
		if n > 500 {
			t.Fatalf("communications hear nothing: %s", heard["cora"]())
		}
		h.must(h.Clock.Sleep(ctx, 10*time.Millisecond))
	}
	for id, said := range heard {
		if got := strings.ToLower(said()); strings.Contains(got, "secret") || strings.Contains(got, "@") || strings.Contains(got, "leak") {
			t.Errorf("%s hears %s", id, got)
		}
	}
	for _, id := range []string{"rita", "adam", "machine"} { // without notice.read
		if got := heard[id](); strings.Contains(got, "notice") || strings.Contains(got, "dispatch") || strings.Contains(got, st.ID) {
			t.Errorf("%s hears %s", id, got)
		}
		room, api := "/incidents/"+st.Ref, "/api/v1/incidents/"+st.Ref
		for _, p := range []string{
			"/", "/notices", "/search?q=subject", room, room + "/notices", room + "/notices/2", room + "/notices/2/text", room + "/files", "/settings/outbox", api, api + "/timeline", api + "/bundle", api + "/notices",
			api + "/notices/2", api + "/notices/2/texts/en", "/api/v1/search?q=subject", "/api/v1/outbox", "/api/v1/notices/waiting", "/api/v1/ledger/entries?limit=200", "/api/v1/jobs", "/api/v1/register",
		} {
			if res, body := h.asks(secrets[id], http.MethodGet, p, ""); strings.Contains(strings.ToLower(body), "secretpress") {
				t.Errorf("%s reads the draft at %s (%d)", id, p, res.StatusCode)
			}
		}
	}
	if _, body := h.asks(secrets["cora"], http.MethodGet, "/api/v1/incidents/"+st.Ref+"/notices/2", ""); !strings.Contains(body, "Secretpress body") {
		t.Errorf("communications do not read it either: %s", body)
	}
	// The mails that ask for the yes carry no word of it.
	items, _, err := h.Outbox.List(ctx, who.Engine("test"), mail.Filter{}, "", 100)
	h.must(err)
	if len(items) == 0 {
		t.Error("nobody was asked")
	}
	h.box.mu.Lock()
	defer h.box.mu.Unlock()
	for i, raw := range h.box.mail {
		if strings.Contains(string(raw), "Secretpress") {
			t.Errorf("a mail to %v holds the draft", h.box.to[i])
		}
	}
}

// What two people change at the same time is not lost without a word: not the words, not how
// it is sent, not what goes with it.
func TestNoUpdateIsLost(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx := t.Context()
	st, n, _ := h.written(incident.Real, "cora", two, nil)
	at, cora := "/api/v1/incidents/"+st.Ref+"/notices/1", h.token("cora")
	put := func(path, body string, want int, head ...string) {
		t.Helper()
		if res, got := h.asks(cora, http.MethodPut, at+path, body, head...); res.StatusCode != want {
			t.Errorf("%s %s: %d, want %d: %.200s", path, body, res.StatusCode, want, got)
		}
	}
	put("/texts/en", `{"subject":"First","body":"First.","version":1}`, http.StatusOK)
	put("/texts/en", `{"subject":"Second","body":"Second.","version":1}`, http.StatusPreconditionFailed)
	put("/texts/en", `{"subject":"Second","body":"Second."}`, http.StatusPreconditionFailed)
	put("/texts/en", `{"subject":"Second","body":"Second.","version":99}`, http.StatusPreconditionFailed)
	old := `"1"`
	put("/settings", `{"channels":["email"],"canary":3}`, http.StatusPreconditionFailed, "If-Match", old)
	put("/settings", `{"channels":["email"],"canary":3}`, http.StatusPreconditionFailed, "If-Match", `"99"`)
	if res, _ := h.asks(cora, http.MethodPost, at+"/submit", "", "If-Match", old); res.StatusCode != http.StatusPreconditionFailed {
		t.Errorf("submitted from an old state: %d", res.StatusCode)
	}
	v, err := h.Notices.Get(ctx, h.as["cora"], st.Ref, 1)
	h.must(err)
	if v.Title() != "First" || v.Settings.Canary == 3 || v.State != notice.Draft {
		t.Errorf("lost: %s %+v %s", v.Title(), v.Settings, v.State)
	}
	// Twenty at once: one wins, and each version is somebody's whole text.
	var all sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for i := range 20 {
		all.Go(func() {
			words := "Race " + strings.Repeat("x", i)
			if _, err := h.Notices.WriteText(ctx, h.as["cora"], st.Ref, 1, notice.TextInput{Lang: "en", Subject: words, Body: words, IfVersion: 2}); err == nil {
				mu.Lock()
				won++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	v, err = h.Notices.Get(ctx, h.as["cora"], st.Ref, 1)
	h.must(err)
	if won != 1 || v.Texts[0].Version != 3 || v.Texts[0].Subject != v.Texts[0].Body {
		t.Errorf("%d of twenty won, version %d", won, v.Texts[0].Version)
	}
	_ = n
}
