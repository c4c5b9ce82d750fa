package crash

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

// TestNoticeKillNine kills the server at random moments while a notice goes to 20,000
// recipients. At the end nobody is lost, no more copies came twice than connections were
// open at the kills, each of those is named, and the ledger holds one outcome for each.
func TestNoticeKillNine(t *testing.T) {
	t.Parallel()
	kills, recipients := 2, 2000
	if long() {
		kills, recipients = 30, 20_000
	}
	const connections = 8
	engines(t, func(t *testing.T, e store.Engine, database string) {
		if e == store.Postgres && long() {
			kills := min(kills, 5) // each waits half a minute for the lease of the dead
			killWhileSending(t, database, kills, recipients, connections)
			return
		}
		killWhileSending(t, database, kills, recipients, connections)
	})
}

func killWhileSending(t *testing.T, database string, kills, recipients, connections int) {
	t.Helper()
	seed := uint64(clock.System().Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	s := newSink(t, 2*time.Millisecond)
	dir := t.TempDir()
	list, run := prepareNotice(t, dir, database, s.port, recipients)
	flags := append(s.flags("bell@wake.example"), "--mail-connections", fmt.Sprint(connections))
	limit := 30 * time.Second
	if database != "" {
		limit += lease // that of the killed process must run out first
	}
	for i := range kills {
		n := serve(t, "serve", dir, database, flags...)
		at := len(s.messages())
		target := at + 1 + r.IntN(max(1, 2*(recipients-at)/(kills-i+1)))
		eventually(t, limit+60*time.Second, "some copies go out", func() bool { return len(s.messages()) >= min(target, recipients) })
		_ = clock.System().Sleep(t.Context(), time.Duration(r.IntN(20))*time.Millisecond)
		n.kill()
		n.verified(t)
		t.Logf("kill %d after %d of %d", i+1, len(s.messages()), recipients)
	}
	n := serve(t, "serve", dir, database, flags...)
	eventually(t, limit+5*time.Minute, "the run ends", func() bool {
		state := ""
		look(t, dir, database, func(v store.Reader) error {
			return v.QueryRow(t.Context(), `SELECT state FROM dispatch_run WHERE id = ?`, run).Scan(&state)
		})
		return state == string(dispatch.RunDone)
	})
	if code := n.stop(t); code != 0 {
		t.Errorf("stop: exit %d\n%s", code, n.out)
	}
	n.verified(t)
	judge(t, dir, database, list, run, s.messages(), recipients, kills*connections)
}

// prepareNotice starts a run in a data directory without sending anything of it.
func prepareNotice(t *testing.T, dir, database string, port, recipients int) (list, run string) {
	t.Helper()
	a, err := app.New(t.Context(), app.Config{Dir: dir, Database: database, Mail: mail.Config{Host: "127.0.0.1", Port: port, TLS: mail.NoTLS, From: "bell@wake.example"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Stop(clock.Background()); err != nil {
			t.Error(err)
		}
	}()
	engine := who.Engine("test")
	comms := who.Identity{Actor: "cora", Person: "cora", Roles: []who.Role{who.Communications}}
	_, err = a.People.CreatePerson(t.Context(), engine, who.Person{ID: "cora", Name: "Cora", Email: "cora@wake.example", Roles: comms.Roles, Active: true})
	if err != nil {
		t.Fatal(err)
	}
	st, err := a.Incidents.Declare(t.Context(), engine, incident.Declare{Title: "Orders read", Kind: incident.Real, DiscoveredAt: a.Clock.Now()})
	if err != nil {
		t.Fatal(err)
	}
	n, err := a.Notices.Start(t.Context(), comms, st.Ref, notice.Start{
		Audience: notice.Customer, Purpose: notice.First, Lang: "en", Subject: "Orders read", Body: "Orders were read.", Voluntary: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := a.Dispatch.Create(t.Context(), comms, dispatch.ListSpec{Notice: n.ID, Incident: st.ID})
	if err != nil {
		t.Fatal(err)
	}
	var csv strings.Builder
	csv.WriteString("name,email\n")
	for i := range recipients {
		fmt.Fprintf(&csv, "Customer %d,c%d@customer.example\n", i, i)
	}
	if _, err := a.Dispatch.Import(t.Context(), comms, l.ID, strings.NewReader(csv.String()), dispatch.Import{}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Dispatch.SignOff(t.Context(), comms, l.ID); err != nil {
		t.Fatal(err)
	}
	in := dispatch.Run{ID: "run-1", Notice: n.ID, List: l.ID, Texts: []text.Source{{Lang: "en", Subject: "To {{recipient.name}}", Body: "Read [your page]({{recipient.link}})."}}}
	_, err = a.DB.Write(t.Context(), store.Op{Name: "test", Actor: "test"}, func(tx *store.Tx) error { return a.Dispatch.StartTx(t.Context(), tx, comms, in) })
	if err != nil {
		t.Fatal(err)
	}
	return l.ID, in.ID
}

// judge compares what the mail server got with what the rows and the ledger say.
func judge(t *testing.T, dir, database, list, run string, got map[string]int, recipients, most int) {
	t.Helper()
	look(t, dir, database, func(v store.Reader) error {
		lost, doubles, unnamed, named, unsent := 0, 0, 0, 0, 0
		rows := 0
		sent := map[string]bool{}
		each(t, v, `SELECT id, state, maybe_twice FROM dispatch_recipient WHERE list_id = ?`, []any{list}, func(scan func(...any) error) error {
			var id, state string
			var twice bool
			if err := scan(&id, &state, &twice); err != nil {
				return err
			}
			rows++
			if state != string(dispatch.Sent) {
				unsent++
			}
			sent[id] = true
			n := got["<n."+id+"@wake.example>"]
			if n == 0 {
				lost++
			}
			if n > 1 {
				doubles += n - 1
				if !twice {
					unnamed++
				}
			}
			if twice {
				named++
			}
			return nil
		})
		if rows != recipients || lost > 0 || unsent > 0 || unnamed > 0 || doubles > most || named > most {
			t.Errorf("%d rows, %d lost, %d not sent, %d doubles (%d not named), %d named; at most %d may be", rows, lost, unsent, doubles, unnamed, named, most)
		}
		recorded := outcomes(t, v, run)
		for id := range sent {
			if recorded[id] != 1 {
				t.Errorf("the ledger holds %d outcomes of %s", recorded[id], id)
				break
			}
		}
		var tally int
		if err := v.QueryRow(t.Context(), `SELECT sent FROM dispatch_tally WHERE list_id = ?`, list).Scan(&tally); err != nil || tally != recipients {
			t.Errorf("the counts say %d sent (%v)", tally, err)
		}
		t.Logf("%d recipients, lost %d, doubles %d (at most %d), each named: %d names", rows, lost, doubles, most, named)
		return nil
	})
}

// outcomes counts the "sent" of each recipient in the ledger.
func outcomes(t *testing.T, v store.Reader, run string) map[string]int {
	t.Helper()
	out := map[string]int{}
	each(t, v, `SELECT facts FROM ledger_entry WHERE kind = 'dispatch.outcomes/1'`, nil, func(scan func(...any) error) error {
		var facts []byte
		if err := scan(&facts); err != nil {
			return err
		}
		var b struct {
			Run      string `json:"run"`
			Outcomes []struct {
				R string `json:"r"`
				S string `json:"s"`
			} `json:"outcomes"`
		}
		if err := json.Unmarshal(facts, &b); err != nil {
			return err
		}
		for _, o := range b.Outcomes {
			if b.Run == run && o.S == "sent" {
				out[o.R]++
			}
		}
		return nil
	})
	return out
}
