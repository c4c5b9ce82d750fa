package mail_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
)

func (f fixture) urgent(t *testing.T) string {
	t.Helper()
	var id string
	_, err := f.db.Write(t.Context(), store.Op{Name: "test", Actor: "t"}, func(tx *store.Tx) (err error) {
		id, err = f.EnqueueUrgent(tx, call())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// The message goes out while no job runs, and the job that runs later does not repeat it.
func TestSendNow(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := serve(t, mail.NoTLS, "")
		f := open(t, db, s.config(mail.NoTLS))
		id := f.urgent(t)
		f.drain(t)
		if n := len(s.messages()); n != 0 {
			t.Errorf("%d messages: the job has not waited", n)
		}
		for range 2 { // sent before is no error
			if err := f.SendNow(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.clk.Advance(3 * time.Minute); err != nil {
			t.Fatal(err)
		}
		f.drain(t)
		if i := f.item(t, id); len(s.messages()) != 1 || i.State != mail.Sent || i.Attempts != 1 || i.MaybeTwice {
			t.Errorf("%d messages, %+v", len(s.messages()), i)
		}
	})
}

// What fails for now is left to the job; what is refused for good is not; what may
// have arrived is named a possible double.
func TestSendNowFails(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := serve(t, mail.NoTLS, "")
		f := open(t, db, s.config(mail.NoTLS))
		for name, c := range map[string]struct {
			code   int
			hangUp bool
			now    mail.State
			later  mail.State
			twice  bool
		}{
			"later please": {451, false, mail.Queued, mail.Sent, false},
			"for good":     {550, false, mail.Failed, mail.Failed, false},
			"no answer":    {0, true, mail.Sending, mail.Sent, true},
		} {
			s.set(func(at, _ string) error {
				if c.code != 0 && at == "rcpt" {
					return answer(c.code, name)
				}
				return nil
			}, c.hangUp)
			id := f.urgent(t)
			if err := f.SendNow(t.Context(), id); err == nil {
				t.Errorf("%s: no error", name)
			}
			if i := f.item(t, id); i.State != c.now {
				t.Errorf("%s: %+v", name, i)
			}
			s.set(nil, false)
			if err := f.clk.Advance(3 * time.Minute); err != nil {
				t.Fatal(err)
			}
			f.drain(t)
			if i := f.item(t, id); i.State != c.later || i.MaybeTwice != c.twice {
				t.Errorf("%s: after the job: %+v", name, i)
			}
			if err := f.SendNow(t.Context(), id); c.later == mail.Failed && fault.KindOf(err) != fault.Conflict {
				t.Errorf("%s: a failed message is not sent by this: %v", name, err)
			}
		}
		if err := f.SendNow(t.Context(), "none"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("unknown message: %v", err)
		}
	})
}

func TestSendWithoutServer(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, mail.Config{})
		if err := f.SendNow(t.Context(), f.urgent(t)); fault.KindOf(err) != fault.Conflict {
			t.Error(err)
		}
		if err := f.SendUnrecorded(t.Context(), call()); fault.KindOf(err) != fault.Conflict {
			t.Error(err)
		}
	})
}

func TestSendUnrecorded(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := serve(t, mail.NoTLS, "")
		f := open(t, db, s.config(mail.NoTLS))
		m := call()
		m.Drill = true
		if err := f.SendUnrecorded(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		got := s.messages()
		if len(got) != 1 || !strings.HasPrefix(decodeHeader(t, got[0].header.Get("Subject")), "DRILL: ") {
			t.Errorf("%+v", got)
		}
		m.Subject = "x\ny"
		if err := f.SendUnrecorded(t.Context(), m); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a header in the subject: %v", err)
		}
	})
}

// A message is amended until the first attempt, and goes out as it was amended last.
func TestAmend(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := serve(t, mail.NoTLS, "")
		f := open(t, db, s.config(mail.NoTLS))
		id := f.must(t, call())
		amend := func(subject string) error {
			_, err := db.Write(t.Context(), store.Op{Name: "test", Actor: "t"}, func(tx *store.Tx) error {
				return f.Amend(tx, id, subject, "two things")
			})
			return err
		}
		if err := amend("x\ny"); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a header in the subject: %v", err)
		}
		if err := amend("both"); err != nil {
			t.Fatal(err)
		}
		f.drain(t)
		got := s.messages()
		if len(got) != 1 || decodeHeader(t, got[0].header.Get("Subject")) != "both" || !strings.Contains(decodeBody(t, got[0]), "two things") {
			t.Errorf("%+v", got)
		}
		if free, err := f.Untouched(t.Context(), db, id); err != nil || free {
			t.Errorf("untouched %v, %v after it was sent", free, err)
		}
		if err := amend("late"); fault.KindOf(err) != fault.Conflict {
			t.Errorf("amended after it was sent: %v", err)
		}
	})
}
