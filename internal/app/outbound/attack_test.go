package outbound_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	netmail "net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/mail/bounce"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/paper"
	"github.com/wakebell/wakebell/internal/notify/notice/setting"
	"github.com/wakebell/wakebell/internal/notify/register/audit"
)

// box is a mail server that keeps what it is given, with the envelope.
type box struct {
	mu   sync.Mutex
	to   [][]string
	mail [][]byte
}

type visit struct {
	*box
	rcpt []string
}

func (*visit) Mail(string, *smtp.MailOptions) error { return nil }
func (v *visit) Reset()                             { v.rcpt = nil }
func (*visit) Logout() error                        { return nil }

func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	v.rcpt = append(v.rcpt, to)
	return nil
}

func (v *visit) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.to, v.mail = append(v.to, v.rcpt), append(v.mail, raw)
	return err
}

// letters are the copies of notices that came.
func (b *box) letters() (list []*netmail.Message, raw [][]byte, to [][]string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, m := range b.mail {
		if x, err := netmail.ReadMessage(bytes.NewReader(m)); err == nil && strings.HasPrefix(x.Header.Get("Message-Id"), "<n.") {
			list, raw, to = append(list, x), append(raw, m), append(to, b.to[i])
		}
	}
	return list, raw, to
}

// house is the whole product with people in it and a mail server outside.
type house struct {
	*app.App
	t   *testing.T
	box *box
	as  map[string]who.Identity
}

func open(t *testing.T, tune ...func(*app.Config)) *house {
	t.Helper()
	h := &house{t: t, box: &box{}, as: map[string]who.Identity{}}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &visit{box: h.box}, nil }))
	srv.Domain, srv.ErrorLog = "box.example", log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	h.must(err)
	go srv.Serve(l) //nolint:errcheck // it ends with the test
	t.Cleanup(func() { srv.Close() })
	cfg := app.Config{
		Dir: t.TempDir(), TestClock: true, Clock: clock.NewTest(time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)),
		Mail: mail.Config{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: mail.NoTLS, From: "notices@bell.example"},
	}
	for _, f := range tune {
		f(&cfg)
	}
	h.App, err = app.New(t.Context(), cfg)
	h.must(err)
	t.Cleanup(func() { h.must(h.Stop(clock.Background())) })
	for id, roles := range map[string][]who.Role{
		"mia": {who.Manager}, "cora": {who.Communications}, "lena": {who.Legal}, "ewan": {who.Executive}, "rob": {who.Responder},
		"both": {who.Communications, who.Legal}, "ada": {who.Auditor}, "rita": {who.Reporter}, "liz": {who.Liaison}, "adam": {who.Admin}, "ana": {who.Analyst},
	} {
		h.as[id] = who.Identity{Actor: id, Person: id, Roles: roles}
		_, err := h.People.CreatePerson(t.Context(), who.Engine("test"), who.Person{ID: id, Name: "Person " + id, Email: id + "@bell.example", Roles: roles, Active: true})
		h.must(err)
	}
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) fails(want fault.Kind, err error) {
	h.t.Helper()
	if err == nil || fault.KindOf(err) != want {
		h.t.Errorf("got %v (%s), want %s", err, fault.KindOf(err), want)
	}
}

func (h *house) drain(d time.Duration) {
	h.t.Helper()
	h.must(h.Clock.Advance(d))
	h.must(h.Jobs.Drain(h.t.Context(), h.Clock.Now()))
}

// written is a notice whose list, read from a file, is signed off by somebody.
func (h *house) written(kind incident.Kind, signer, file string, set *notice.Settings) (incident.State, notice.Notice, dispatch.List) {
	h.t.Helper()
	ctx := h.t.Context()
	st, err := h.Incidents.Declare(ctx, h.as["mia"], incident.Declare{Title: "Leak", Kind: kind, DiscoveredAt: h.Clock.Now()})
	h.must(err)
	n, err := h.Notices.Start(ctx, h.as["cora"], st.Ref, notice.Start{
		Audience: notice.Customer, Subject: "To {{recipient.name}}", Body: "Hello {{recipient.contact|you}}, of *{{recipient.name}}*: see [here]({{recipient.link}}).", Voluntary: true,
	})
	h.must(err)
	if set != nil {
		n, err = h.Notices.Set(ctx, h.as["cora"], st.Ref, n.No, *set, 0)
		h.must(err)
	}
	l, err := h.Dispatch.Create(ctx, h.as["cora"], dispatch.ListSpec{Notice: n.ID, Incident: st.ID})
	h.must(err)
	_, err = h.Dispatch.Import(ctx, h.as["cora"], l.ID, strings.NewReader(file), dispatch.Import{})
	h.must(err)
	l, err = h.Dispatch.SignOff(ctx, h.as[signer], l.ID)
	h.must(err)
	n, err = h.Notices.Submit(ctx, h.as["cora"], st.Ref, n.No, 0)
	h.must(err)
	return st, n, l
}

func (h *house) yes(st incident.State, n notice.Notice, people ...string) notice.Notice {
	h.t.Helper()
	for _, id := range people {
		var err error
		n, err = h.Notices.Approve(h.t.Context(), h.as[id], st.Ref, n.No, notice.Approve{Bound: n.Round().Bound})
		h.must(err)
	}
	return n
}

func (h *house) released(file string, set *notice.Settings) (incident.State, notice.Notice) {
	h.t.Helper()
	st, n, _ := h.written(incident.Real, "cora", file, set)
	n = h.yes(st, n, "lena", "ewan")
	n, err := h.Notices.Release(h.t.Context(), h.as["cora"], st.Ref, n.No, notice.Go{Bound: n.Round().Bound})
	h.must(err)
	return st, n
}

const two = "name,email\nNorth,n@north.example\nSouth,s@south.example\n"

// Who is told is a part of what is approved: whoever answers for the list does not approve it.
func TestSignerDoesNotApprove(t *testing.T) {
	t.Parallel()
	h := open(t)
	st, n, _ := h.written(incident.Real, "both", two, nil)
	_, err := h.Notices.Approve(t.Context(), h.as["both"], st.Ref, n.No, notice.Approve{Bound: n.Round().Bound})
	h.fails(fault.Denied, err)
	h.yes(st, n, "lena", "ewan")
}

// A hold that comes after the release holds whoever was not told yet: those behind the
// first few, those of an embargo, and those of a pause. Nobody's button goes around it.
func TestHoldAfterRelease(t *testing.T) {
	t.Parallel()
	fact := func(h *house, ref, name string) {
		h.t.Helper()
		_, err := h.Incidents.Execute(t.Context(), h.as["mia"], ref, &incident.RecordFact{
			Fact: incident.FactName(name), Value: []byte(`"` + h.Clock.Now().Format(time.RFC3339) + `"`),
		}, 0)
		h.must(err)
	}
	came := func(h *house) int { list, _, _ := h.box.letters(); return len(list) }
	for name, set := range map[string]notice.Settings{
		"canary":  {Channels: []string{"email"}, Canary: 1},
		"embargo": {Channels: []string{"email"}, EmbargoAt: time.Date(2026, 11, 21, 14, 0, 30, 0, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			if name == "embargo" { // it is over when the notice is released
				h.must(h.Clock.Advance(time.Minute))
			}
			st, n := h.released(two, &set)
			run := n.Release.Run
			first := 0
			if name == "canary" {
				h.drain(time.Second)
				if first = came(h); first != 1 {
					t.Fatalf("%d copies of the first few", first)
				}
			}
			h.must(h.Clock.Advance(time.Second))
			fact(h, st.Ref, "law.at.hold_since")
			if name == "canary" {
				h.fails(fault.Conflict, h.Dispatch.Resume(t.Context(), h.as["cora"], run))
			}
			h.drain(time.Minute)
			if got := came(h); got != first {
				t.Errorf("%d copies left under the hold", got-first)
			}
			h.fails(fault.Conflict, h.Dispatch.Resume(t.Context(), h.as["cora"], run))
			h.must(h.Clock.Advance(time.Second))
			fact(h, st.Ref, "law.at.hold_released")
			h.must(h.Dispatch.Resume(t.Context(), h.as["cora"], run))
			h.drain(time.Minute)
			if got := came(h); got != 2 {
				t.Errorf("%d copies came in all", got)
			}
		})
	}
}

// Who reads an incident and not its recipients learns no name of theirs: not from what was
// said on the telephone, what came back, what they wrote, or why one was left out.
func TestRecipientsAreNotTold(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx := t.Context()
	st, n := h.released("name,email\nSecretname Ltd,secretname@north.example\nSouth,s@south.example\n", nil)
	h.drain(time.Second)
	list, _, err := h.Dispatch.Recipients(ctx, h.as["cora"], n.Release.List, dispatch.Filter{}, "", 10)
	h.must(err)
	for _, r := range list {
		if !strings.HasPrefix(r.Name, "Secret") {
			continue
		}
		_, err = h.Dispatch.Record(ctx, h.as["cora"], r.ID, dispatch.By{Channel: dispatch.Phone, Reached: true, Text: "Spoke to Mrs Secretname"})
		h.must(err)
		for _, rep := range []bounce.Report{
			{Kind: bounce.Reply, From: "secretname@north.example", Text: "Secretname here"},
			{Kind: bounce.Bounce, Action: bounce.Failed, Status: "5.1.1", Diagnostic: "550 <secretname@north.example>: unknown", Recipient: r.Address},
		} {
			rep.MessageID, rep.At = r.MessageID, h.Clock.Now()
			h.must(h.Dispatch.OnReport(ctx, rep))
		}
	}
	see := func(by string) string {
		lines, _, err := h.Views.Timeline(ctx, h.as[by], st.Ref, view.All, "", 200)
		h.must(err)
		b, err := json.Marshal(lines)
		h.must(err)
		return strings.ToLower(string(b))
	}
	if got := see("rob"); strings.Contains(got, "secretname") || !strings.Contains(got, "not shown to you") {
		i := max(0, strings.Index(got, "secretname"))
		t.Errorf("a responder reads …%s", got[max(0, i-300):min(len(got), i+80)])
	}
	if got := see("cora"); !strings.Contains(got, "mrs secretname") {
		t.Error("communications do not read their own words")
	}
	_, _, err = h.Dispatch.Recipients(ctx, h.as["rob"], n.Release.List, dispatch.Filter{}, "", 10)
	h.fails(fault.Denied, err)
	for _, print := range []func(context.Context, who.Identity, string, int, io.Writer) (paper.Made, error){h.Papers.CSV, h.Papers.Report, h.Papers.Calls} {
		_, err = print(ctx, h.as["rob"], st.Ref, n.No, io.Discard)
		h.fails(fault.Denied, err)
	}
	_, err = h.Papers.Letters(ctx, h.as["rob"], st.Ref, n.No, paper.Choice{}, io.Discard)
	h.fails(fault.Denied, err)
	for _, r := range list {
		_, err = h.Dispatch.Recipient(ctx, h.as["rob"], r.ID)
		h.fails(fault.Denied, err)
	}
	found, err := h.Audit.Entries(ctx, h.as["ada"], 0, 200) // who reads everything reads this too
	h.must(err)
	if !slices.ContainsFunc(found, func(e audit.Entry) bool { return e.Kind == "dispatch.recorded" && !e.Hidden }) {
		t.Error("an auditor does not read what was recorded by hand")
	}
}

// Nothing that stands in a list becomes a header, a tag, a second address or a formula.
func TestHostileList(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx := t.Context()
	var file bytes.Buffer
	out := csv.NewWriter(&file)
	for _, line := range [][]string{
		{"name", "contact", "email"},
		{"Nor\r\nBcc: evil@evil.example\r\n\r\nBody", "A\r\nX-Evil: 1", "a@north.example"},
		{"<script>alert(1)</script><img src=x onerror=y>", "[click](https://evil.example) ![x](https://evil.example/p)", "b@north.example"},
		{`=HYPERLINK("https://evil.example")`, "+1+1", "c@north.example"},
		{"{{recipient.reference}} \u202egnp.exe", "-2", "d@north.example"},
		{"Two", "Two", "e@north.example, f@evil.example"},
		{"Header", "x", "g@north.example\r\nBcc: evil@evil.example"},
		{strings.Repeat("x", 10<<20), "long", "h@north.example"},
	} {
		h.must(out.Write(line))
	}
	out.Flush()
	st, n := h.released(file.String(), nil)
	h.drain(time.Second)
	letters, raw, to := h.box.letters()
	if len(letters) != 2 { // those whose cells are words at all
		t.Fatalf("%d copies", len(letters))
	}
	for i, m := range letters {
		if len(raw[i]) > 1<<20 {
			t.Errorf("a copy of %d bytes to %v", len(raw[i]), to[i])
		}
		if m.Header.Get("Bcc") != "" || m.Header.Get("X-Evil") != "" || len(to[i]) != 1 || strings.Contains(to[i][0], "evil") {
			t.Errorf("injected: %v to %v", m.Header, to[i])
		}
		for _, bad := range []string{"<script", "<img", "href=3D\"https://evil", "src=3D\"https://evil"} {
			_, html, ok := strings.Cut(strings.ReplaceAll(string(raw[i]), "=\r\n", ""), "text/html")
			if !ok || strings.Contains(html, bad) {
				t.Errorf("%s came through to %v", bad, to[i])
			}
		}
	}
	var report bytes.Buffer
	_, err := h.Papers.CSV(ctx, h.as["cora"], st.Ref, n.No, &report)
	h.must(err)
	lines, err := csv.NewReader(&report).ReadAll()
	h.must(err)
	for _, cell := range slices.Concat(lines[1:]...) {
		if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
			t.Errorf("a formula: %.40q", cell)
		}
	}
	if _, err := h.Notices.WriteText(ctx, h.as["cora"], "x", 1, notice.TextInput{Lang: "en", Subject: "s", Body: strings.Repeat("x", 10<<20)}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("10 MB of words: %v", err)
	}
}

// A drill leaves the building on no channel and by no button.
func TestDrillStays(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx := t.Context()
	for _, way := range setting.Channels() {
		st, n, l := h.written(incident.Drill, "cora", two, &notice.Settings{Channels: []string{way}})
		n = h.yes(st, n, "lena", "ewan")
		n, err := h.Notices.Release(ctx, h.as["cora"], st.Ref, n.No, notice.Go{Bound: n.Round().Bound})
		h.must(err)
		if n.State != notice.Done || !n.Release.Rehearsed || n.Release.Run != "" {
			t.Errorf("%s: %+v", way, n.Release)
		}
		list, _, err := h.Dispatch.Recipients(ctx, h.as["cora"], l.ID, dispatch.Filter{}, "", 10)
		h.must(err)
		for _, r := range list {
			_, err := h.Dispatch.Record(ctx, h.as["cora"], r.ID, dispatch.By{Channel: dispatch.Phone, Reached: true})
			h.fails(fault.Conflict, err)
			_, err = h.Dispatch.NewLink(ctx, h.as["cora"], r.ID)
			h.fails(fault.Conflict, err)
		}
		_, err = h.Dispatch.RunOf(ctx, h.as["cora"], n.ID)
		h.fails(fault.NotFound, err)
		h.drain(time.Minute)
	}
	if list, _, to := h.box.letters(); len(list) > 0 {
		t.Error(fmt.Sprint("a drill was sent to ", to))
	}
}
