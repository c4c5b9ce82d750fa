package dispatch_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail/bounce"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

// affectedList has north (two contacts and a number), south (one contact) and the partner
// that has a number only.
func (e *env) affectedList(t *testing.T, st incident.State, notice string) dispatch.List {
	t.Helper()
	l := e.list(t, st.ID, notice, "")
	if _, err := e.AddQuery(t.Context(), comms, l.ID, dispatch.Query{Parties: []string{"north", "south", "pal"}}); err != nil {
		t.Fatal(err)
	}
	return l
}

func byParty(list []dispatch.Recipient) map[string]dispatch.Recipient {
	m := map[string]dispatch.Recipient{}
	for _, r := range list {
		m[r.Party] = r
	}
	return m
}

func TestGreylistingAndRefusal(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := newSink(t, func(to string, nth int) error {
			switch {
			case to == "sam@south.example" && nth <= 2:
				return later(451)
			case to == "nora@north.example":
				return never()
			}
			return nil
		})
		e := newEnv(t, db, s.port)
		st := e.declare(t, incident.Real)
		l := e.affectedList(t, st, "n1")
		r := e.run(t, st, l)
		e.drain(t)
		got := byParty(e.all(t, l.ID))
		if south := got["south"]; south.State != dispatch.Queued || south.Attempts != 1 || south.NextAt.Before(start.Add(5*time.Minute)) || south.Code != 451 {
			t.Fatalf("put off: %+v", south)
		}
		// Refused for good: the next contact at once, not the same again.
		if north := got["north"]; north.State != dispatch.Sent || north.Stage != 1 || north.Address != "second@north.example" || north.FailedAt.IsZero() {
			t.Fatalf("refused: %+v", north)
		}
		if s.count("asked nora@north.example") != 1 {
			t.Errorf("a refused address was asked %d times", s.count("asked nora@north.example"))
		}
		if pal := got["pal"]; pal.State != dispatch.Queued || pal.Channel != dispatch.Phone {
			t.Fatalf("by phone: %+v", pal)
		}
		e.forward(t, time.Hour)
		if south := byParty(e.all(t, l.ID))["south"]; south.State != dispatch.Sent || south.Attempts != 3 || south.MaybeTwice {
			t.Fatalf("third time: %+v", south)
		}
		if p := e.progress(t, r.ID); p.Run.State != dispatch.RunRunning {
			t.Fatalf("over while a call waits: %s", p.Run.State)
		}
		if _, err := e.Record(t.Context(), comms, got["pal"].ID, dispatch.By{Reached: true, Text: "told Mr Pal"}); err != nil {
			t.Fatal(err)
		}
		if p := e.progress(t, r.ID); p.Run.State != dispatch.RunDone || p.Tally.Delivered != 1 {
			t.Fatalf("%s %+v", p.Run.State, p.Tally)
		}
		rec := e.recorded(t, st.ID)
		if rec[got["north"].ID+" failed"] != 1 || rec[got["north"].ID+" sent"] != 1 {
			t.Errorf("the ledger does not show both ways: %v", rec)
		}
	})
}

// A server that says 421 for an hour costs nobody an attempt and loses nobody.
func TestServerAwayForAnHour(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		var mu sync.Mutex
		away := true
		s := newSink(t, func(string, int) error {
			mu.Lock()
			defer mu.Unlock()
			if away {
				return later(421)
			}
			return nil
		})
		e := newEnv(t, db, s.port)
		st := e.declare(t, incident.Real)
		l := e.list(t, st.ID, "n1", many(30))
		r := e.run(t, st, l)
		e.forward(t, time.Hour)
		p := e.progress(t, r.ID)
		if p.Tally.Queued != 30 || p.Run.State != dispatch.RunRunning || p.Run.WaitUntil.IsZero() || p.Run.Reason == "" {
			t.Fatalf("%s %+v %q", p.Run.State, p.Tally, p.Run.Reason)
		}
		for _, one := range e.all(t, l.ID) {
			if one.Attempts != 0 || one.MaybeTwice {
				t.Fatalf("%+v", one)
			}
		}
		mu.Lock()
		away = false
		mu.Unlock()
		e.forward(t, 15*time.Minute)
		if p := e.progress(t, r.ID); p.Run.State != dispatch.RunDone || p.Tally.Sent != 30 || s.messages() != 30 {
			t.Fatalf("%s %+v %d", p.Run.State, p.Tally, s.messages())
		}
	})
}

func TestWithoutAServerARunWaitsForAPerson(t *testing.T) {
	t.Parallel()
	e := newEnv(t, storetest.Open(t, store.SQLite), 0)
	st := e.declare(t, incident.Real)
	l := e.list(t, st.ID, "n1", many(3))
	r := e.run(t, st, l)
	e.forward(t, 48*time.Hour)
	if p := e.progress(t, r.ID); p.Run.State != dispatch.RunPaused || p.Tally.Queued != 3 || !strings.Contains(p.Run.Reason, "mail server") {
		t.Fatalf("%s %+v %q", p.Run.State, p.Tally, p.Run.Reason)
	}
}

func TestBounceGoesToTheSecondWay(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := newSink(t, nil)
		e := newEnv(t, db, s.port)
		st := e.declare(t, incident.Real)
		l := e.affectedList(t, st, "n1")
		r := e.run(t, st, l)
		e.drain(t)
		north := byParty(e.all(t, l.ID))["north"]
		rep := bounce.Report{Kind: bounce.Bounce, Action: bounce.Failed, MessageID: north.MessageID, Status: "5.1.1", Diagnostic: "550 no such user\r\nX-Evil: 1", At: e.clk.Now()}
		if err := e.OnReport(t.Context(), rep); err != nil {
			t.Fatal(err)
		}
		if err := e.OnReport(t.Context(), bounce.Report{Kind: bounce.Bounce, Action: bounce.Failed, MessageID: "<x@y.example>"}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a report about nothing of ours: %v", err)
		}
		if heard := e.told[len(e.told)-1]; !heard.CameBack() || heard.Party != "north" {
			t.Errorf("the other rooms hear %+v", heard)
		}
		e.drain(t)
		second := byParty(e.all(t, l.ID))["north"]
		if second.CameBack() {
			t.Error("a copy that was sent another way has not come back")
		}
		if second.State != dispatch.Sent || second.Stage != 1 || second.BouncedAt.IsZero() || s.count("second@north.example") != 1 || second.MessageID == north.MessageID {
			t.Fatalf("%+v", second)
		}
		// The same report again, about the first way, does nothing; one about the second leads to a call.
		if err := e.OnReport(t.Context(), rep); err != nil {
			t.Fatal(err)
		}
		if got := byParty(e.all(t, l.ID))["north"]; got.Stage != 1 || got.State != dispatch.Sent {
			t.Fatalf("an old report moved it: %+v", got)
		}
		rep.MessageID = second.MessageID
		if err := e.OnReport(t.Context(), rep); err != nil {
			t.Fatal(err)
		}
		e.drain(t)
		called := byParty(e.all(t, l.ID))["north"]
		if called.Channel != dispatch.Phone || called.State != dispatch.Queued || called.Address != "+49 30 1" {
			t.Fatalf("%+v", called)
		}
		if err := e.OnReport(t.Context(), bounce.Report{Kind: bounce.Bounce, Action: bounce.Delivered, MessageID: byParty(e.all(t, l.ID))["south"].MessageID}); err != nil {
			t.Fatal(err)
		}
		if got := byParty(e.all(t, l.ID))["south"]; got.State != dispatch.Delivered {
			t.Errorf("%+v", got)
		}
		d, err := e.Recipient(t.Context(), comms, north.ID)
		if err != nil || len(d.History) < 4 {
			t.Fatalf("history %+v %v", d.History, err)
		}
		for _, h := range d.History {
			if strings.ContainsAny(h.Detail, "\r\n") {
				t.Errorf("%q", h.Detail)
			}
		}
		_ = r
	})
}

func TestSecondWayWithoutAcknowledgement(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := newSink(t, nil)
		e := newEnv(t, db, s.port)
		st := e.declare(t, incident.Real)
		l := e.affectedList(t, st, "n1")
		e.run(t, st, l, func(r *dispatch.Run) { r.NeedsAck, r.SecondAfter = true, 6*time.Hour })
		e.drain(t)
		got := byParty(e.all(t, l.ID))
		token := e.token(t, s, "sam@south.example")
		if err := e.Acknowledge(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		e.forward(t, 7*time.Hour)
		after := byParty(e.all(t, l.ID))
		if north := after["north"]; north.Stage != 1 || s.count("second@north.example") != 1 {
			t.Fatalf("nobody else was tried: %+v", north)
		}
		if south := after["south"]; south.Stage != 0 || south.AcknowledgedAt.IsZero() || south.AcknowledgedBy != "page" || s.count("sam@south.example") != 1 {
			t.Fatalf("%+v", south)
		}
		e.forward(t, 24*time.Hour)
		if north := byParty(e.all(t, l.ID))["north"]; north.Channel != dispatch.Phone || north.State != dispatch.Queued {
			t.Fatalf("at the end somebody calls: %+v", north)
		}
		acked, err := e.Record(t.Context(), liaison, got["north"].ID, dispatch.By{Reached: true, Acknowledged: true, Text: "Nora read it back"})
		if err != nil || acked.AcknowledgedBy != "lou" || acked.State != dispatch.Delivered {
			t.Fatalf("%+v %v", acked, err)
		}
		if _, err := e.Record(t.Context(), liaison, got["south"].ID, dispatch.By{Reached: true}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a liaison records for another's customer: %v", err)
		}
		mine, _, err := e.Mine(t.Context(), liaison, "", 0)
		if err != nil || len(mine) != 1 || mine[0].Party != "north" || mine[0].Ref != st.Ref {
			t.Errorf("%+v %v", mine, err)
		}
	})
}

// token finds the link in the mail that an address got.
func (e *env) token(t *testing.T, s *sink, to string) string {
	t.Helper()
	raw := strings.ReplaceAll(s.raw(to), "=\r\n", "")
	_, rest, ok := strings.Cut(raw, "https://bell.example/n/")
	if !ok {
		t.Fatalf("no link in\n%s", raw)
	}
	end := strings.IndexFunc(rest, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	return rest[:end]
}

func TestPageBehindALink(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := newSink(t, nil)
		e := newEnv(t, db, s.port)
		st := e.declare(t, incident.Real)
		l := e.affectedList(t, st, "n1")
		r := e.run(t, st, l, func(r *dispatch.Run) {
			r.Facts = []dispatch.Fact{{Item: "33(3)(a)", Heading: "Nature", Text: "Orders were read"}}
		})
		e.drain(t)
		token := e.token(t, s, "nora@north.example")
		for range 3 {
			v, err := e.Page(t.Context(), token)
			if err != nil || v.Lang != "de" || !strings.Contains(v.Notices[0].HTML, "Hallo Nora North") || len(v.Facts) != 1 || v.Contact == "" {
				t.Fatalf("%+v %v", v, err)
			}
		}
		if p := e.progress(t, r.ID); p.Tally.Opened != 1 || p.Tally.Acknowledged != 0 {
			t.Errorf("%+v", p.Tally)
		}
		north := byParty(e.all(t, l.ID))["north"]
		// An update goes to exactly those who got the first, and shows on the same page.
		var u dispatch.List
		if err := e.write(t, func(tx *store.Tx) (err error) {
			u, err = e.CreateTx(tx, comms, dispatch.ListSpec{Notice: "n2", Incident: st.ID, Follows: l.ID})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if u.Count != 2 {
			t.Fatalf("the partner was never reached, and the update has %d", u.Count)
		}
		if _, err := e.AddQuery(t.Context(), comms, u.ID, dispatch.Query{Parties: []string{"mute"}}); err != nil {
			t.Fatal(err)
		}
		for _, one := range e.all(t, u.ID) {
			if one.State == dispatch.Gap {
				if err := e.LeaveOut(t.Context(), comms, one.ID, "told by post"); err != nil {
					t.Fatal(err)
				}
			}
		}
		e.run(t, st, u, func(r *dispatch.Run) { r.Purpose, r.NeedsAck = "update", true })
		e.drain(t)
		v, err := e.Page(t.Context(), token)
		if err != nil || len(v.Notices) != 2 || v.Notices[0].Purpose != "update" || !v.NeedsAck {
			t.Fatalf("%+v %v", v, err)
		}
		if !strings.Contains(s.raw("nora@north.example"), "In-Reply-To: "+north.MessageID) {
			t.Error("the update does not refer to the first notice")
		}
		// Wrong, revoked and expired links answer the same.
		other := token[:len(token)-4] + "AAAA"
		_, wrong := e.Page(t.Context(), other)
		if err := e.RevokeLinks(t.Context(), comms, north.ID); err != nil {
			t.Fatal(err)
		}
		_, revoked := e.Page(t.Context(), token)
		second := e.token(t, s, "sam@south.example")
		if _, err := e.Page(t.Context(), second); err != nil {
			t.Fatal(err)
		}
		if err := e.clk.Advance(401 * 24 * time.Hour); err != nil {
			t.Fatal(err)
		}
		_, expired := e.Page(t.Context(), second)
		_, garbage := e.Page(t.Context(), "x")
		for _, err := range []error{wrong, revoked, expired, garbage, e.Acknowledge(t.Context(), second)} {
			if err == nil || err.Error() != wrong.Error() || fault.KindOf(err) != fault.NotFound {
				t.Errorf("%v, want %v", err, wrong)
			}
		}
		var stored int
		if err := db.QueryRow(t.Context(), `SELECT COUNT(*) FROM dispatch_recipient WHERE CAST(links AS TEXT) LIKE ?`, "%"+token+"%").Scan(&stored); err != nil && db.Engine() == store.SQLite || stored != 0 {
			t.Errorf("the token itself is stored: %d %v", stored, err)
		}
	})
}

func TestSignedWebhook(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var sign, id string
	var body []byte
	calls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		calls++
		if calls == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		sign, id = r.Header.Get("Wakebell-Signature"), r.Header.Get("Idempotency-Key")
		body, _ = io.ReadAll(r.Body)
	}))
	t.Cleanup(srv.Close)
	const secret = "a secret of sixteen and more"
	for _, inside := range []bool{true, false} {
		e := newEnv(t, storetest.Open(t, store.SQLite), 0, func(c *dispatch.Config) { c.WebhookSecret, c.WebhookInside = secret, inside })
		st := e.declare(t, incident.Real)
		l := e.list(t, st.ID, "n1", "name,webhook,channel\nHooked Ltd,"+srv.URL+"/in,webhook\n")
		e.run(t, st, l)
		e.forward(t, time.Hour)
		one := e.all(t, l.ID)[0]
		if !inside {
			if one.State != dispatch.Failed || calls != 2 {
				t.Fatalf("an address in a private network was posted to: %+v, %d calls", one, calls)
			}
			continue
		}
		if one.State != dispatch.Sent || one.Attempts != 2 || id != item.MessageID(one, "wakebell.invalid") {
			t.Fatalf("%+v %s", one, id)
		}
		stamp, mac, _ := strings.Cut(strings.TrimPrefix(sign, "t="), ",v1=")
		h := hmac.New(sha256.New, []byte(secret))
		h.Write([]byte(stamp + "." + string(body)))
		if hex.EncodeToString(h.Sum(nil)) != mac {
			t.Errorf("the signature %q does not fit", sign)
		}
		var m map[string]any
		if err := json.Unmarshal(body, &m); err != nil || m["reference"] != st.Ref || m["subject"] == "" {
			t.Errorf("%s %v", body, err)
		}
	}
}

// What a process left as "sending" when it was killed is sent again under the same
// Message-ID and named; what was sent and not recorded is recorded.
func TestAfterAKill(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := newSink(t, nil)
		e := newEnv(t, db, s.port)
		st := e.declare(t, incident.Real)
		l := e.list(t, st.ID, "n1", many(20))
		r := e.run(t, st, l)
		all := e.all(t, l.ID)
		err := e.write(t, func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE dispatch_run SET holder='dead' WHERE id=?`, r.ID)
			if err == nil {
				_, err = tx.Exec(`UPDATE dispatch_recipient SET state='sending', attempts=1, next_at=0 WHERE id=?`, all[3].ID)
			}
			if err == nil {
				_, err = tx.Exec(`UPDATE dispatch_recipient SET state='sent', attempts=1, next_at=0, sent_at=?, mark=1 WHERE id=?`, start.UnixMicro(), all[4].ID)
			}
			if err == nil {
				_, err = tx.Exec(`UPDATE dispatch_tally SET queued=queued-2, sending=1, sent=1 WHERE list_id=?`, l.ID)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		e.drain(t)
		rec := e.recorded(t, st.ID)
		for n, one := range e.all(t, l.ID) {
			if one.State != dispatch.Sent || one.MaybeTwice != (n == 3) || rec[one.ID+" sent"] != 1 {
				t.Fatalf("%d: %+v recorded %d", n, one, rec[one.ID+" sent"])
			}
		}
		if s.messages() != 19 || s.ids[all[3].MessageID] != 1 {
			t.Errorf("%d messages", s.messages())
		}
	})
}

// An answer is kept where it can be erased, once, whatever is read again; a bounce that names
// no message finds its recipient by the address it came to.
func TestAnswersAndMarks(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := newSink(t, nil)
		e := newEnv(t, db, s.port, func(c *dispatch.Config) { c.Returns.Address = "notices+*@acme.example" })
		st := e.declare(t, incident.Real)
		l := e.affectedList(t, st, "n1")
		e.run(t, st, l)
		e.drain(t)
		north := byParty(e.all(t, l.ID))["north"]
		mark, _, _ := strings.Cut(strings.Trim(north.MessageID, "<>"), "@")
		if raw := s.raw("nora@north.example"); !strings.Contains(raw, "Reply-To: <notices+"+mark+"@acme.example>") {
			t.Errorf("%.900s", raw)
		}
		answer := bounce.Report{
			Kind: bounce.Reply, ID: "<a1@north.example>", MessageID: north.MessageID, From: "nora@north.example", Subject: "Re: Incident", Text: "Which orders?\n\nNora",
		}
		for range 3 {
			if err := e.OnReport(t.Context(), answer); err != nil {
				t.Fatal(err)
			}
		}
		entries, err := e.led.Subject(t.Context(), db, st.ID, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, en := range entries {
			if en.Kind == "dispatch.answered" {
				if strings.Contains(string(en.Facts), "Which") || !strings.Contains(string(en.Private), "Which orders?") {
					t.Errorf("%s %s", en.Facts, en.Private)
				}
				told = append(told, dispatch.Tell(en, func(string) string { return "" }))
			}
		}
		if len(told) != 1 || told[0] != "A recipient answered the notice" {
			t.Errorf("%q", told)
		}
		d, err := e.Recipient(t.Context(), comms, north.ID)
		n := 0
		for _, h := range d.History {
			if h.What == "answered" && strings.Contains(h.Detail, "Which orders?") {
				n++
			}
		}
		if err != nil || n != 1 {
			t.Errorf("%d answers in the history, %v", n, err)
		}
		lost := bounce.Report{Kind: bounce.Bounce, Action: bounce.Failed, ID: "<b1@mx.example>", Status: "5.1.1", Mark: mark}
		if err := e.OnReport(t.Context(), lost); err != nil {
			t.Fatal(err)
		}
		if got := byParty(e.all(t, l.ID))["north"]; got.BouncedAt.IsZero() || got.Stage != 1 {
			t.Errorf("%+v", got)
		}
		lost.Mark, lost.ID = "n.00000000-0000-0000-0000-000000000000", "<b2@mx.example>"
		if err := e.OnReport(t.Context(), lost); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a guessed mark: %v", err)
		}
	})
}
