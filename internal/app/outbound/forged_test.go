package outbound_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail/bounce"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
)

// recipients of a released notice, by name.
func (h *house) recipients(list string) map[string]dispatch.Recipient {
	h.t.Helper()
	out := map[string]dispatch.Recipient{}
	all, _, err := h.Dispatch.Recipients(h.t.Context(), h.as["cora"], list, dispatch.Filter{}, "", 50)
	h.must(err)
	for _, r := range all {
		out[r.Name] = r
	}
	return out
}

// What came back is a claim. Only a mail server's token hands it in; it moves nobody but the
// copy whose whole Message-ID it names, at its present way; nothing in it acknowledges.
func TestForgedReports(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx := t.Context()
	_, n := h.released(two, nil)
	_, other := h.released("name,email\nEast,e@east.example\n", nil)
	h.drain(time.Second)
	north, east := h.recipients(n.Release.List)["North"], h.recipients(other.Release.List)["East"]
	_, domain, _ := strings.Cut(strings.Trim(north.MessageID, "<>"), "@")
	report := func(id string) string {
		return fmt.Sprintf(`{"kind":"bounce","message_id":%q,"recipient":"e@east.example","final":"","action":"failed","status":"5.1.1","diagnostic":"550 no","by":"","at":null,"from":"","subject":"","text":""}`, id)
	}
	for _, id := range []string{"", "mia", "cora", "lena", "rob", "rita", "ada", "liz"} {
		secret, want := "", http.StatusUnauthorized
		if id != "" {
			secret, want = h.token(id), http.StatusForbidden
		}
		if res, got := h.asks(secret, http.MethodPost, "/api/v1/bounces", report(north.MessageID)); res.StatusCode != want {
			t.Errorf("%q hands in a bounce: %d %s", id, res.StatusCode, got)
		}
	}
	_, server, err := h.People.CreateToken(ctx, who.Engine("operator"), who.TokenInput{Name: "mail", Roles: []who.Role{who.Reporter}})
	h.must(err)
	for name, id := range map[string]string{
		"another domain": "<n." + north.ID + "@evil.example>", "another way": "<n." + north.ID + ".7@" + domain + ">", "more behind it": "<n." + north.ID + ".x@" + domain + ">",
		"nobody": "<n.00000000-0000-7000-8000-000000000000@" + domain + ">", "none of ours": "<x@" + domain + ">", "SQL": "<n." + strings.Repeat("'", 36) + "@" + domain + ">",
	} {
		if res, got := h.asks(server, http.MethodPost, "/api/v1/bounces", report(id)); res.StatusCode >= 500 {
			t.Errorf("%s: %d %s", name, res.StatusCode, got)
		}
		if r := h.recipients(n.Release.List)["North"]; r.State != north.State || r.Stage != 0 {
			t.Fatalf("%s moves it: %+v", name, r)
		}
	}
	// A report about one recipient that says another one's address moves the one it names by id,
	// also where they are of different incidents.
	if res, got := h.asks(server, http.MethodPost, "/api/v1/bounces", report(north.MessageID)); res.StatusCode >= 300 {
		t.Errorf("%d %s", res.StatusCode, got)
	}
	if r := h.recipients(n.Release.List)["North"]; r.BouncedAt.IsZero() {
		t.Errorf("a true report moves nothing: %+v", r)
	}
	if r := h.recipients(other.Release.List)["East"]; r.State != east.State || !r.BouncedAt.IsZero() {
		t.Errorf("somebody else is moved: %+v", r)
	}
	for _, kind := range []bounce.Kind{bounce.Reply, bounce.AutoReply} {
		h.must(h.Dispatch.OnReport(ctx, bounce.Report{Kind: kind, MessageID: east.MessageID, Action: bounce.Delivered, Subject: "I acknowledge", Text: "acknowledged"}))
	}
	if r := h.recipients(other.Release.List)["East"]; !r.AcknowledgedAt.IsZero() || r.State != east.State {
		t.Errorf("a mail acknowledges: %+v", r)
	}
}

// A machine that answers every answer, or somebody who sends ten thousand, fills neither the
// record nor the history: what is too much stays in the mailbox, and what is true after it is
// still seen.
func TestFloodOfReports(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx := t.Context()
	st, n := h.released(two, nil)
	h.drain(time.Second)
	r := h.recipients(n.Release.List)["North"]
	refused := 0
	for i := range 1500 {
		rep := bounce.Report{
			Kind: []bounce.Kind{bounce.AutoReply, bounce.Reply, bounce.Bounce}[i%3], Action: bounce.Delayed, ID: fmt.Sprintf("<%d@flood.example>", i), MessageID: r.MessageID,
			Subject: "Re: Re: Re:", Text: strings.Repeat("again ", 1000),
		}
		switch err := h.Dispatch.OnReport(ctx, rep); fault.KindOf(err) {
		case fault.Conflict:
			refused++
		default:
			h.must(err)
		}
	}
	d, err := h.Dispatch.Recipient(ctx, h.as["cora"], r.ID)
	h.must(err)
	if len(d.History) > 250 || refused < 1000 {
		t.Errorf("%d lines of history, %d refused", len(d.History), refused)
	}
	lines, _, err := h.Views.Timeline(ctx, h.as["cora"], st.Ref, view.All, "", 200)
	h.must(err)
	if len(lines) >= 200 {
		t.Errorf("%d lines of the timeline", len(lines))
	}
	h.must(h.Dispatch.OnReport(ctx, bounce.Report{Kind: bounce.Bounce, Action: bounce.Failed, ID: "<true@mx.example>", Status: "5.1.1", Diagnostic: "550 no such user", MessageID: r.MessageID}))
	d, err = h.Dispatch.Recipient(ctx, h.as["cora"], r.ID)
	h.must(err)
	if last := d.History[len(d.History)-1]; d.BouncedAt.IsZero() || last.What != "bounced" {
		t.Errorf("the true report is not seen: %s %+v", d.BouncedAt, last)
	}
	if list, _, _ := h.box.letters(); len(list) != 2 {
		t.Errorf("%d letters: an answer was answered", len(list))
	}
}

// An address to post to, read from a file that a customer sent, opens no door into our own
// network: not by a name, not in any way to write an address. Only the operator allows it.
func TestWebhooksStayOutside(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var knocks atomic.Int64
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			knocks.Add(1)
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	lines := "name,webhook,channel\n"
	for n, host := range []string{
		"127.0.0.1", "localhost", "localhost.", "[::1]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "0.0.0.0", "[::]", "[fe80::1%25lo]", "LOCALHOST", "127.0.0.1.",
		"169.254.169.254", "[fd00:ec2::254]", "10.0.0.1", "100.64.0.1", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
	} {
		lines += fmt.Sprintf("Hook %d,https://%s:%s/in,webhook\n", n, host, port)
		lines += fmt.Sprintf("Plain %d,http://%s:%s/in,webhook\n", n, host, port)
	}
	h := open(t, func(c *app.Config) { c.Sending.WebhookSecret = "a secret of sixteen and more" })
	_, n := h.released(lines, nil)
	for range 3 {
		h.drain(time.Hour)
	}
	seen := h.recipients(n.Release.List)
	for name, r := range seen {
		if r.State == dispatch.Sent || r.State == dispatch.Delivered || !r.SentAt.IsZero() {
			t.Errorf("%s was posted: %+v", name, r)
		}
	}
	if len(seen) < 20 || knocks.Load() != 0 {
		t.Errorf("%d recipients, %d connections", len(seen), knocks.Load())
	}
	// The operator's setting, and nothing else, lets it through.
	h = open(t, func(c *app.Config) {
		c.Sending.WebhookSecret, c.Sending.WebhookInside = "a secret of sixteen and more", true
	})
	h.released("name,webhook,channel\nHook,http://127.0.0.1:"+port+"/in,webhook\n", nil)
	h.drain(time.Second)
	if knocks.Load() == 0 {
		t.Error("the operator allowed it, and nobody knocked: the test sees nothing")
	}
}
