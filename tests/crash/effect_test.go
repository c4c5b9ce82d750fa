package crash

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/store"
)

// counted compares the alerts in the database with what was acknowledged.
func (b *book) counted(t *testing.T, r store.Reader) {
	t.Helper()
	ids, counts := map[string]string{}, map[string]int64{}
	each(t, r, `SELECT s.id, s.fingerprint, c.count FROM signal s JOIN signal_counter c ON c.signal_id = s.id`, nil, func(scan func(...any) error) error {
		var id, finger string
		var n int64
		if err := scan(&id, &finger, &n); err != nil {
			return err
		}
		if ids[finger] != "" {
			t.Errorf("the alert %s became two signals", finger)
		}
		ids[finger], counts[finger] = id, n
		return nil
	})
	for finger, s := range b.alerts {
		n := counts[finger]
		if s.id != "" && ids[finger] != s.id {
			t.Errorf("the acknowledged alert %s is signal %q, was %s", finger, ids[finger], s.id)
		}
		if n < s.acked || n < s.seen || n > s.acked+s.unknown {
			t.Errorf("the alert %s is counted %d times; %d were acknowledged (count %d), %d had no answer", finger, n, s.acked, s.seen, s.unknown)
		}
	}
}

// made is the part of a call's entry that is looked at.
type made struct {
	Chain *struct {
		ID      string `json:"id"`
		Minutes int    `json:"minutes"`
	} `json:"chain"`
	Calls []struct {
		ID       string    `json:"id"`
		Person   string    `json:"person"`
		Round    int       `json:"round"`
		Channels []string  `json:"channels"` // none: another call's message says it too
		CalledAt time.Time `json:"called_at"`
	} `json:"calls"`
}

// once checks in the ledger that timed work took effect once: each call, each alarm,
// each signal's call; and that each call left one delivery per channel.
func once(t *testing.T, r store.Reader) (calls, alarms int) {
	t.Helper()
	seen := map[string]int64{}
	first := func(what string, seq int64) {
		if was, twice := seen[what]; twice {
			t.Errorf("%s happened twice: entries %d and %d", what, was, seq)
		}
		seen[what] = seq
	}
	ways, last := map[string]bool{}, map[string]time.Time{}
	each(t, r, `SELECT seq, kind, facts FROM ledger_entry WHERE kind IN ('call.made/1', 'call.reminded/1', 'call.exhausted/1', 'call.extended/1',
		'duty.alarmed/1', 'signal.called/1', 'signal.overdue/1') ORDER BY seq`, nil, func(scan func(...any) error) error {
		var seq int64
		var kind string
		var facts []byte
		if err := scan(&seq, &kind, &facts); err != nil {
			return err
		}
		switch kind {
		case "duty.alarmed/1":
			var b struct {
				Duty  string `json:"duty"`
				Alarm string `json:"alarm"`
				Due   string `json:"due_at"`
				Next  string `json:"next"`
			}
			if err := json.Unmarshal(facts, &b); err != nil {
				return err
			}
			alarms++
			first(fmt.Sprint("alarm of duty ", b), seq)
		case "signal.called/1", "signal.overdue/1":
			var b struct {
				Step string   `json:"step"`
				IDs  []string `json:"ids"`
			}
			if err := json.Unmarshal(facts, &b); err != nil {
				return err
			}
			for _, id := range b.IDs {
				first(kind+" "+b.Step+" "+id, seq)
			}
		default:
			var b made
			if err := json.Unmarshal(facts, &b); err != nil {
				return err
			}
			for _, k := range b.Calls {
				if _, known := seen["call "+k.ID]; known && kind == "call.extended/1" {
					continue // it says more than before
				}
				calls++
				first("call "+k.ID, seq)
				for _, way := range k.Channels {
					ways[k.ID+" by "+way] = true
				}
				if b.Chain == nil || kind == "call.reminded/1" {
					continue
				}
				// Nobody is called twice in a round, unless a newer alarm asks for it the
				// plan's minutes later.
				turn := fmt.Sprint(k.Person, " in round ", k.Round, " of ", b.Chain.ID)
				if was, again := last[turn]; again && k.CalledAt.Sub(was) < time.Duration(b.Chain.Minutes)*time.Minute {
					t.Errorf("%s was called at %s and at %s (entry %d)", turn, was, k.CalledAt, seq)
				}
				last[turn] = k.CalledAt
			}
		}
		return nil
	})
	delivered(t, r, ways)
	return calls, alarms
}

// delivered checks that each way of each call has its one row, and each mail its one message.
// Mails that ask for a yes to a notice, or tell what became of it, lead to the notice and
// belong to no call.
func delivered(t *testing.T, r store.Reader, ways map[string]bool) {
	t.Helper()
	mails := map[string]bool{}
	each(t, r, `SELECT call_id, channel, mail_id FROM call_delivery`, nil, func(scan func(...any) error) error {
		var id, way, mail string
		if err := scan(&id, &way, &mail); err != nil {
			return err
		}
		if key := id + " by " + way; !ways[key] {
			t.Errorf("call %s is delivered and not recorded", key)
		} else {
			delete(ways, key)
		}
		if mail != "" {
			if mails[mail] {
				t.Errorf("mail %s belongs to two calls", mail)
			}
			mails[mail] = true
		}
		return nil
	})
	for key := range ways {
		t.Errorf("call %s is recorded and left no delivery", key)
	}
	each(t, r, `SELECT id FROM mail_outbox WHERE body NOT LIKE '%/notices/%'`, nil, func(scan func(...any) error) error {
		var id string
		if err := scan(&id); err != nil {
			return err
		}
		if !mails[id] {
			t.Errorf("mail %s belongs to no call", id)
		}
		delete(mails, id)
		return nil
	})
	for id := range mails {
		t.Errorf("mail %s of a call is not in the outbox", id)
	}
}

// sent counts what went out.
type sent struct {
	mails, doubles, named, waiting int
	posts                          int64
}

// outgoing compares the outbox with what the sink got: what is marked as sent came, and
// what came twice is named.
func (s *sink) outgoing(t *testing.T, r store.Reader) sent {
	t.Helper()
	got := s.messages()
	var out sent
	each(t, r, `SELECT message_id, state, maybe_twice, attempts FROM mail_outbox`, nil, func(scan func(...any) error) error {
		var id, state string
		var twice, attempts int
		if err := scan(&id, &state, &twice, &attempts); err != nil {
			return err
		}
		n := got[id]
		delete(got, id)
		out.mails += n
		out.named += twice
		switch {
		case state == "sent" && n == 0:
			t.Errorf("mail %s is marked sent and never came", id)
		case n > 1 && twice == 0:
			t.Errorf("mail %s came %d times and is not named", id, n)
		case n > attempts:
			t.Errorf("mail %s came %d times in %d attempts", id, n, attempts)
		case state == "failed":
			t.Errorf("mail %s failed", id)
		case state != "sent":
			out.waiting++
		}
		if n > 1 {
			out.doubles++
		}
		return nil
	})
	for id, n := range got {
		t.Errorf("mail %s came %d times and is not in the outbox", id, n)
	}
	// A webhook carries no id of its own: its posts are compared in sum.
	var most, least int64
	each(t, r, `SELECT state, attempts, maybe_twice FROM call_delivery WHERE channel = 'webhook'`, nil, func(scan func(...any) error) error {
		var state string
		var attempts, twice int64
		if err := scan(&state, &attempts, &twice); err != nil {
			return err
		}
		if twice == 0 {
			most += min(attempts, 1)
		} else {
			most += attempts
		}
		if state == "sent" {
			least++
		}
		if state != "sent" && state != "dropped" {
			out.waiting++
		}
		return nil
	})
	if out.posts = s.posts.Load(); out.posts < least || out.posts > most {
		t.Errorf("%d webhook posts came; by the record at least %d and at most %d", out.posts, least, most)
	}
	return out
}
