package outbound_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
)

// behind opens a house with one sent notice; it gives the links of both recipients.
func behind(t *testing.T) (*house, []dispatch.Recipient, []string) {
	t.Helper()
	h := open(t, func(c *app.Config) { c.BaseURL = "http://bell.example" })
	_, n := h.released(two, &notice.Settings{Channels: []string{"email"}, SecondAfterHours: 4, Second: "phone"})
	h.drain(time.Second)
	list, _, err := h.Dispatch.Recipients(t.Context(), h.as["cora"], n.Release.List, dispatch.Filter{}, "", 10)
	h.must(err)
	var links []string
	for _, r := range list {
		link, err := h.Dispatch.NewLink(t.Context(), h.as["cora"], r.ID)
		h.must(err)
		links = append(links, strings.TrimPrefix(link, "http://bell.example"))
	}
	return h, list, links
}

var differs = regexp.MustCompile(`data-now="\d+"|As of [^<]*|/n/[^"<]*|reference [A-Z0-9]+`)

// The page of a recipient is for a browser without an account: it frames nothing, keeps
// nothing, tells nobody where the reader came from, and says nothing to a wrong link,
// whatever is wrong with it. Only a button acknowledges.
func TestPublicPage(t *testing.T) {
	t.Parallel()
	h, list, links := behind(t)
	ctx := t.Context()
	good := links[0]
	acked := func() bool {
		t.Helper()
		d, err := h.Dispatch.Recipient(ctx, h.as["cora"], list[0].ID)
		h.must(err)
		return !d.AcknowledgedAt.IsZero()
	}
	sees := func(res *http.Response) {
		t.Helper()
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			"X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got := res.Header.Get(name); !strings.Contains(got, want) {
				t.Errorf("%d: %s is %q", res.StatusCode, name, got)
			}
		}
		if got := res.Header.Values("Set-Cookie"); len(got) > 0 {
			t.Errorf("a cookie for somebody without an account: %v", got)
		}
	}
	// Neither a program that asks for the head nor a colleague who has a look is the reader.
	h.asks("", http.MethodHead, good, "")
	for _, id := range []string{"cora", "ada", "liz"} {
		for _, path := range []string{good, good + "/facts.json", good + "/facts.pdf"} {
			if res, got := h.asks(h.token(id), http.MethodGet, path, ""); res.StatusCode >= 500 || path == good && !strings.Contains(got, "North") {
				t.Errorf("%s looks at %s: %d", id, path, res.StatusCode)
			}
		}
		if res, got := h.asks(h.token(id), http.MethodPost, good, ""); res.StatusCode != http.StatusForbidden || acked() {
			t.Errorf("%s acknowledges for a customer: %d %s", id, res.StatusCode, got)
		}
	}
	if d, err := h.Dispatch.Recipient(ctx, h.as["cora"], list[0].ID); err != nil || !d.OpenedAt.IsZero() {
		t.Errorf("a look counts as read: %v %v", d.OpenedAt, err)
	}
	res, body := h.asks("", http.MethodGet, good, "")
	sees(res)
	if d, err := h.Dispatch.Recipient(ctx, h.as["cora"], list[0].ID); err != nil || d.OpenedAt.IsZero() {
		t.Errorf("the reader does not count: %v", err)
	}
	if res.StatusCode != http.StatusOK || !strings.Contains(body, "North") || strings.Contains(body, "South") || strings.Contains(body, "Leak") {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	if regexp.MustCompile(`(src|href|action)="(https?:)?//`).MatchString(strings.ReplaceAll(body, "http://bell.example/n/", "/n/")) {
		t.Errorf("something of somebody else is loaded: %s", body)
	}

	// Programs that follow links, and methods that are none of this page's.
	for _, c := range []struct {
		method, path, body string
		head               []string
	}{
		{http.MethodGet, good, "", nil},
		{http.MethodHead, good, "", nil},
		{http.MethodGet, good + "?acknowledge=1&_form=have", "", nil},
		{http.MethodPut, good, "", nil},
		{http.MethodDelete, good, "", nil},
		{http.MethodOptions, good, "", nil},
		{http.MethodGet, good, "", []string{"X-HTTP-Method-Override", "POST"}},
		{http.MethodGet, good, "_method=post", nil},
		{http.MethodPost, good, "", []string{"Origin", "https://evil.example"}},
		{http.MethodPost, good, "", []string{"Sec-Fetch-Site", "cross-site"}},
		{http.MethodPost, good, "", []string{"Origin", "null"}},
		{http.MethodPost, good + "/facts.json", "", nil},
		{http.MethodPost, good[:len(good)-2] + "AA", "", nil},
	} {
		res, got := h.asks("", c.method, c.path, c.body, c.head...)
		if acked() {
			t.Fatalf("%s %v acknowledges: %d %s", c.method, c.head, res.StatusCode, got)
		}
	}

	// Wrong, cut, grown, revoked: one answer.
	h.must(h.Dispatch.RevokeLinks(ctx, h.as["cora"], list[1].ID))
	_, want := h.asks("", http.MethodGet, "/n/"+strings.Repeat("A", 43), "")
	want = differs.ReplaceAllString(want, "")
	for name, path := range map[string]string{
		"cut": good[:len(good)-1], "grown": good + "A", "revoked": links[1], "other secret": good[:len(good)-6] + "AAAAAA", "huge": "/n/" + strings.Repeat("A", 200_000),
		"NUL": "/n/%00", "not UTF-8": "/n/%ff%fe", "a path": "/n/..%2f..%2fetc%2fpasswd", "SQL": "/n/%27%20OR%201=1--", "padded": good + "=", "other alphabet": "/n/" + strings.Repeat("+", 43),
	} {
		res, got := h.asks("", http.MethodGet, path, "")
		sees(res)
		if got = differs.ReplaceAllString(got, ""); res.StatusCode != http.StatusNotFound || got != want {
			t.Errorf("%s: %d %.600s", name, res.StatusCode, got)
		}
	}
	for _, path := range []string{good + "/../../settings", good + "/..%2f..%2fsettings", good + "/facts.json/../x", good + "/facts.pdf%00", good + "/attachments/..%2f..%2fledger.key"} {
		if res, got := h.asks("", http.MethodGet, path, ""); res.StatusCode == http.StatusOK {
			t.Errorf("%s: %s", path, got)
		}
	}
	if res, got := h.asks("", http.MethodPost, good, "", "Origin", "http://example.com"); res.StatusCode >= 400 || !acked() {
		t.Errorf("the button: %d %s", res.StatusCode, got)
	}
	h.must(h.Clock.Advance(500 * 24 * time.Hour))
	res, got := h.asks("", http.MethodGet, good, "", "X-Forwarded-For", "198.51.100.9")
	if got = differs.ReplaceAllString(got, ""); res.StatusCode != http.StatusNotFound || got != want {
		t.Errorf("expired: %d %.600s", res.StatusCode, got)
	}
}

// Who guesses is slowed down by their address, not by what they say it is.
func TestGuessesAreCounted(t *testing.T) {
	t.Parallel()
	h := open(t)
	last := 0
	for n := range 70 {
		res, _ := h.asks("", http.MethodGet, fmt.Sprintf("/n/guess%d", n), "", "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", n), "X-Real-Ip", fmt.Sprintf("198.51.100.%d", n), "Forwarded", fmt.Sprintf("for=198.51.100.%d", n))
		last = res.StatusCode
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("seventy guesses: %d", last)
	}
}

// A form of another site does nothing, whoever is signed in here; a cookie opens no API.
func TestForeignForms(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx := t.Context()
	st, n, l := h.written(incident.Real, "cora", two, nil)
	n = h.yes(st, n, "lena", "ewan")
	list, _, err := h.Dispatch.Recipients(ctx, h.as["cora"], l.ID, dispatch.Filter{}, "", 10)
	h.must(err)
	at := "/incidents/" + st.Ref + "/notices/1"
	secret := h.token("cora")
	for path, form := range map[string]string{
		at + "/release": "bound=" + n.Round().Bound, at + "/withdraw": "reason=x", at + "/text": "subject=Evil&body=Evil&lang=en&version=1",
		at + "/recipients/" + list[0].ID + "/contact": "email=evil@evil.example", at + "/recipients/" + list[0].ID + "/leave-out": "reason=x", at + "/recipients/sign-off": "sure=1",
		at + "/sending/stop": "reason=x",
	} {
		for _, head := range [][]string{{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "http://example.com.evil.example"}} {
			if res, got := h.asks(secret, http.MethodPost, path, form, head...); res.StatusCode != http.StatusForbidden {
				t.Errorf("%s with %v: %d %.300s", path, head, res.StatusCode, got)
			}
		}
		if res, _ := h.asks(secret, http.MethodGet, path+"?"+form, ""); res.StatusCode == http.StatusSeeOther {
			t.Errorf("%s by GET: %d", path, res.StatusCode)
		}
	}
	v, err := h.Notices.Get(ctx, h.as["cora"], st.Ref, n.No)
	h.must(err)
	if v.State != notice.Approved || v.Version != n.Version {
		t.Errorf("changed by another site: %s", v.State)
	}
	// A browser sends no JSON across sites without asking first, and a form is no JSON.
	for _, media := range []string{"application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"} {
		res, _ := h.asks(secret, http.MethodPost, "/api/v1/incidents/"+st.Ref+"/notices/1/release", `{"bound":"`+n.Round().Bound+`"}`, "Content-Type", media)
		if res.StatusCode < 400 {
			t.Errorf("the API takes %s: %d", media, res.StatusCode)
		}
	}
	_, err = h.Notices.Release(ctx, h.as["cora"], st.Ref, n.No, notice.Go{Bound: "x"})
	h.fails(fault.Precondition, err)
}
