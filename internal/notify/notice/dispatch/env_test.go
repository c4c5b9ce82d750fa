package dispatch_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment/lawtest"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

var (
	start   = time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)
	manager = who.Identity{Actor: "ann", Person: "ann", Roles: []who.Role{who.Manager}}
	comms   = who.Identity{Actor: "cora", Person: "cora", Roles: []who.Role{who.Communications}}
	legal   = who.Identity{Actor: "lea", Person: "lea", Roles: []who.Role{who.Legal}}
	liaison = who.Identity{Actor: "lou", Person: "lou", Roles: []who.Role{who.Liaison}}
	auditor = who.Identity{Actor: "aud", Person: "aud", Roles: []who.Role{who.Auditor}}
)

// sink is a mail server that answers as it is told; answer may be nil.
type sink struct {
	port   int
	answer func(to string, nth int) error // nth message to this address, from 1

	mu   sync.Mutex
	got  map[string]int // by address
	ids  map[string]int // by Message-ID
	mail map[string]string
	max  int // connections at one time
	open int
}

func newSink(t testing.TB, answer func(to string, nth int) error) *sink {
	t.Helper()
	s := &sink{answer: answer, got: map[string]int{}, ids: map[string]int{}, mail: map[string]string{}}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		s.mu.Lock()
		s.open++
		s.max = max(s.max, s.open)
		s.mu.Unlock()
		return &talk{s: s}, nil
	}))
	srv.Domain = "sink.example"
	srv.ErrorLog = log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	go srv.Serve(l) //nolint:errcheck // it ends with the test
	t.Cleanup(func() { srv.Close() })
	return s
}

type talk struct {
	s  *sink
	to string
}

func (k *talk) Mail(string, *smtp.MailOptions) error { return nil }
func (k *talk) Reset()                               {}
func (k *talk) Logout() error {
	k.s.mu.Lock()
	k.s.open--
	k.s.mu.Unlock()
	return nil
}

func (k *talk) Rcpt(to string, _ *smtp.RcptOptions) error {
	k.to = to
	if k.s.answer == nil {
		return nil
	}
	k.s.mu.Lock()
	k.s.got["asked "+to]++
	n := k.s.got["asked "+to]
	k.s.mu.Unlock()
	return k.s.answer(to, n)
}

func (k *talk) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	k.s.got[k.to]++
	k.s.ids[m.Header.Get("Message-Id")]++
	k.s.mail[k.to] = string(raw)
	return nil
}

func (s *sink) count(to string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got[to]
}

func (s *sink) messages() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.ids {
		n += c
	}
	return n
}

func (s *sink) raw(to string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mail[to]
}

func later(code int) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "come back later"}
}

func never() error {
	return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
}

type env struct {
	db   *store.DB
	clk  *clock.Clock
	led  *record.Ledger
	inc  *incident.Service
	dirs *directory.Service
	jobs *job.Runner
	*dispatch.Service
	told []dispatch.Recipient // what the observer heard
	deaf bool                 // it keeps nothing: for benchmarks
	mu   sync.Mutex
}

// newEnv builds the room and what it stands on; port 0: no mail server.
func newEnv(t testing.TB, db *store.DB, port int, tune ...func(*dispatch.Config)) *env {
	t.Helper()
	e := &env{db: db, clk: clock.NewTest(start)}
	var kinds []record.Kind
	for _, k := range [][]record.Kind{who.Kinds(), plan.Kinds(), directory.Kinds(), incident.Kinds(), duty.Kinds(), job.Kinds(), dispatch.Kinds()} {
		kinds = append(kinds, k...)
	}
	var err error
	if e.led, err = record.New(t.Context(), db, e.clk, record.Config{}, kinds); err != nil {
		t.Fatal(err)
	}
	people, plans := who.New(db, e.led, e.clk), plan.New(db, e.led, e.clk)
	e.dirs = directory.New(db, e.led, people, plans, e.clk)
	e.inc = incident.New(db, e.led, e.clk, plans, e.dirs, people)
	e.jobs = job.New(db, e.clk, nil, job.Config{})
	duties := duty.New(db, e.led, e.clk, plans, e.dirs, e.inc, e.jobs, lawtest.Shipped(t))
	e.inc.Observe(duties.OnIncident)
	blobs, err := blob.New(blob.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	cfg := dispatch.Config{BaseURL: "https://bell.example", Connections: 4}
	if port > 0 {
		cfg.Mail = mail.Config{Host: "127.0.0.1", Port: port, TLS: mail.NoTLS, From: "notices@acme.example"}
	}
	for _, f := range tune {
		f(&cfg)
	}
	if e.Service, err = dispatch.New(db, e.led, e.clk, e.inc, e.dirs, duties, e.jobs, blobs, cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Service.Close)
	e.Observe(func(_ context.Context, tx *store.Tx, _ dispatch.Run, changed []dispatch.Recipient) error {
		tx.AfterCommit(func() {
			e.mu.Lock()
			if e.deaf {
				changed = nil
			}
			e.told = append(e.told, changed...)
			e.mu.Unlock()
		})
		return nil
	})
	e.people(t, people)
	return e
}

func (e *env) people(t testing.TB, people *who.Service) {
	t.Helper()
	eng := who.Engine("test")
	for id, role := range map[string]who.Role{
		"ann": who.Manager, "cora": who.Communications, "lea": who.Legal, "lou": who.Liaison, "aud": who.Auditor,
	} {
		if _, err := people.CreatePerson(t.Context(), eng, who.Person{ID: id, Name: "Person " + id, Email: id + "@acme.example", Roles: []who.Role{role}, Active: true}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.dirs.PutEntity(t.Context(), eng, directory.Entity{ID: "acme", Name: "Acme GmbH", Country: "DE"}, 0); err != nil {
		t.Fatal(err)
	}
	for _, p := range []directory.Party{
		{ID: "north", Name: "North Ltd", Kind: directory.PartyCustomer, Country: "DE", Language: "de", Liaison: "lou", KeyAccount: true, Contacts: []directory.Contact{
			{Name: "Nora North", Email: "nora@north.example", Phone: "+49 30 1"}, {Name: "Second North", Email: "second@north.example"},
		}},
		{ID: "south", Name: "South Inc", Kind: directory.PartyCustomer, Country: "US", Contacts: []directory.Contact{{Name: "Sam South", Email: "sam@south.example"}}},
		{ID: "mute", Name: "Mute Co", Kind: directory.PartyCustomer, Country: "FR"},
		{ID: "pal", Name: "Pal Partner", Kind: directory.PartyPartner, Country: "DE", Contacts: []directory.Contact{{Phone: "+49 30 2"}}},
	} {
		if _, err := e.dirs.PutParty(t.Context(), eng, p, 0); err != nil {
			t.Fatal(err)
		}
	}
}

func (e *env) declare(t testing.TB, kind incident.Kind) incident.State {
	t.Helper()
	st, err := e.inc.Declare(t.Context(), manager, incident.Declare{Title: "Orders read", Kind: kind, DiscoveredAt: e.clk.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func (e *env) write(t testing.TB, fn func(tx *store.Tx) error) error {
	t.Helper()
	_, err := e.db.Write(t.Context(), store.Op{Name: "test", Actor: "test"}, fn)
	return err
}

// list makes a list with the lines of a CSV, not signed.
func (e *env) list(t testing.TB, incidentID, notice, csv string) dispatch.List {
	t.Helper()
	var l dispatch.List
	err := e.write(t, func(tx *store.Tx) (err error) {
		l, err = e.CreateTx(tx, comms, dispatch.ListSpec{Notice: notice, Incident: incidentID})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if csv != "" {
		if _, err := e.Import(t.Context(), comms, l.ID, strings.NewReader(csv), dispatch.Import{}); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// many is a CSV of n customers.
func many(n int) string {
	var b strings.Builder
	b.WriteString("name,email,contact,lang,orders\n")
	for i := range n {
		fmt.Fprintf(&b, "Customer %d,c%d@customer.example,Contact %d,%s,%d\n", i, i, i, []string{"en", "de"}[i%2], i*3)
	}
	return b.String()
}

func sources() []text.Source {
	return []text.Source{
		{Lang: "en", Subject: "Incident {{incident.reference}}", Body: "Hello {{recipient.contact}},\n\nyour {{row.orders|some}} orders were read. See [your page]({{recipient.link}}).\n"},
		{Lang: "de", Subject: "Vorfall {{incident.reference}}", Body: "Hallo {{recipient.contact}},\n\nIhre {{row.orders|einige}} Bestellungen wurden gelesen. [Ihre Seite]({{recipient.link}})\n"},
	}
}

// run signs the list off and starts to send it.
func (e *env) run(t testing.TB, st incident.State, l dispatch.List, tune ...func(*dispatch.Run)) dispatch.Run {
	t.Helper()
	if _, err := e.SignOff(t.Context(), comms, l.ID); err != nil {
		t.Fatal(err)
	}
	r := dispatch.Run{
		ID: "run-" + l.Notice, Notice: l.Notice, List: l.ID, Texts: sources(), Purpose: "first",
		Common: text.Values{"incident.reference": text.Known(st.Ref, "")}, Contact: "privacy@acme.example",
	}
	for _, f := range tune {
		f(&r)
	}
	if err := e.write(t, func(tx *store.Tx) error { return e.StartTx(t.Context(), tx, comms, r) }); err != nil {
		t.Fatal(err)
	}
	return r
}

func (e *env) drain(t testing.TB) {
	t.Helper()
	if err := e.jobs.Drain(t.Context(), e.clk.Now()); err != nil {
		t.Fatal(err)
	}
}

func (e *env) forward(t testing.TB, d time.Duration) {
	t.Helper()
	if err := e.jobs.Forward(t.Context(), e.clk.Now().Add(d)); err != nil {
		t.Fatal(err)
	}
}

func (e *env) progress(t testing.TB, run string) dispatch.Progress {
	t.Helper()
	p, err := e.Progress(t.Context(), comms, run)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// all reads a whole list and checks that the counts are those of its lines.
func (e *env) all(t testing.TB, list string) []dispatch.Recipient {
	t.Helper()
	var out []dispatch.Recipient
	cursor := ""
	for {
		page, next, err := e.Recipients(t.Context(), comms, list, dispatch.Filter{}, cursor, 200)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, page...)
		if next == "" {
			break
		}
		cursor = next
	}
	var want dispatch.Tally
	for _, r := range out {
		want.Add(r.State, 1)
		if r.MaybeTwice {
			want.MaybeTwice++
		}
		if !r.OpenedAt.IsZero() {
			want.Opened++
		}
		if !r.AcknowledgedAt.IsZero() {
			want.Acknowledged++
		}
	}
	var got dispatch.Tally
	err := e.db.View(t.Context(), func(v *store.View) error {
		return v.QueryRow(t.Context(), `SELECT queued, sending, sent, delivered, failed, bounced, stopped, gap, left_out, opened, acknowledged, twice
			FROM dispatch_tally WHERE list_id=?`, list).Scan(&got.Queued, &got.Sending, &got.Sent, &got.Delivered, &got.Failed, &got.Bounced, &got.Stopped,
			&got.Gap, &got.LeftOut, &got.Opened, &got.Acknowledged, &got.MaybeTwice)
	})
	e.compared(t, "")
	if err != nil || got != want {
		t.Errorf("the counts say %+v, the lines %+v (%v)", got, want, err)
	}
	return out
}

// compared holds the tables against the ledger; finding is what must be wrong, "" nothing.
func (e *env) compared(t testing.TB, finding string) {
	t.Helper()
	err := e.db.View(t.Context(), func(v *store.View) error {
		_, err := dispatch.Compare(t.Context(), v)
		return err
	})
	if finding == "" && err != nil || finding != "" && (err == nil || !strings.Contains(err.Error(), finding)) {
		t.Errorf("compared with the ledger: %v, want %q", err, finding)
	}
}

// recorded are the outcomes in the ledger, by recipient and state.
func (e *env) recorded(t testing.TB, incidentID string) map[string]int {
	t.Helper()
	entries, err := e.led.Subject(t.Context(), e.db, incidentID, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, en := range entries {
		if en.Kind != "dispatch.outcomes" {
			continue
		}
		var b struct {
			Outcomes []struct {
				R string `json:"r"`
				S string `json:"s"`
			} `json:"outcomes"`
		}
		if err := en.Decode(&b); err != nil {
			t.Fatal(err)
		}
		for _, o := range b.Outcomes {
			out[o.R+" "+o.S]++
		}
	}
	return out
}
