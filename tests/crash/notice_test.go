package crash

import (
	"encoding/json"
	"errors"
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
	"github.com/wakebell/wakebell/internal/prepare/directory/exchange"
)

// TestNoticeKillNine kills the server at random moments while a notice goes to 20,000
// recipients. At the end nobody is lost, no more copies came twice than connections were
// open at the kills, each of those is named, and the ledger holds one outcome for each.
func TestNoticeKillNine(t *testing.T) {
	t.Parallel()
	kills, recipients := 2, 2000
	if long() { // on PostgreSQL each kill waits half a minute for the lease of the dead
		kills, recipients = 30, 20_000
	}
	const connections = 8
	engines(t, func(t *testing.T, _ store.Engine, database string) {
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

// prepareNotice releases a notice in a data directory without sending anything of it. Half
// of its recipients are customers to whom it is owed, as long as an incident can name them.
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
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	as := map[who.Role]who.Identity{}
	for _, role := range []who.Role{who.Manager, who.Admin, who.Communications, who.Legal, who.Executive} {
		id := "the-" + string(role)
		as[role] = who.Identity{Actor: id, Person: id, Roles: []who.Role{role}}
		_, err := a.People.CreatePerson(ctx, who.Engine("test"), who.Person{ID: id, Name: id, Email: id + "@wake.example", Roles: as[role].Roles, Active: true})
		must(err)
	}
	owed := min(recipients/2, mostOwed)
	var book, more strings.Builder
	book.WriteString("id,name,country,language,contract_hours,contract_start,contract_condition,acknowledge,clause,contact_name,contact_email\n")
	more.WriteString("name,email\n")
	var ids []string
	for i := range recipients {
		if i >= owed {
			fmt.Fprintf(&more, "Customer %d,c%d@customer.example\n", i, i)
			continue
		}
		ids = append(ids, fmt.Sprintf("owed-%05d", i))
		fmt.Fprintf(&book, "owed-%05d,Customer %d,DE,en,48,discovered,any,no,DPA 7,Customer %d,c%d@customer.example\n", i, i, i, i)
	}
	_, err = a.Exchange.Import(ctx, as[who.Admin], exchange.FormatCSV, []byte(book.String()))
	must(err)
	st, err := a.Incidents.Declare(ctx, as[who.Manager], incident.Declare{Title: "Orders read", Kind: incident.Real, DiscoveredAt: a.Clock.Now()})
	must(err)
	scope, err := json.Marshal(map[string]any{"customers": ids})
	must(err)
	_, err = a.Incidents.Execute(ctx, as[who.Manager], st.ID, &incident.RecordFact{Fact: incident.FactScope, Value: scope}, 0)
	must(err)
	comms := as[who.Communications]
	n, err := a.Notices.Start(ctx, comms, st.Ref, notice.Start{
		Audience: notice.Customer, Subject: "To {{recipient.name}}", Body: "Read [your page]({{recipient.link}}).",
	})
	must(err)
	l, err := a.Dispatch.Create(ctx, comms, dispatch.ListSpec{Notice: n.ID, Incident: st.ID})
	must(err)
	_, err = a.Dispatch.AddQuery(ctx, comms, l.ID, dispatch.Query{Affected: true})
	must(err)
	_, err = a.Dispatch.Import(ctx, comms, l.ID, strings.NewReader(more.String()), dispatch.Import{})
	must(err)
	_, err = a.Dispatch.SignOff(ctx, comms, l.ID)
	must(err)
	n, err = a.Notices.Submit(ctx, comms, st.Ref, n.No, 0)
	must(err)
	for _, role := range []who.Role{who.Legal, who.Executive} {
		n, err = a.Notices.Approve(ctx, as[role], st.Ref, n.No, notice.Approve{Bound: n.Round().Bound})
		must(err)
	}
	n, err = a.Notices.Release(ctx, comms, st.Ref, n.No, notice.Go{Bound: n.Round().Bound})
	must(err)
	return l.ID, n.Release.Run
}

// mostOwed is how many customers an incident can name.
const mostOwed = 10_000

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
		var met, open int
		const customers = `SELECT COUNT(*) FROM duty WHERE recipient_kind = 'customer' AND state = ?`
		if err := errors.Join(v.QueryRow(t.Context(), customers, "met").Scan(&met), v.QueryRow(t.Context(), customers, "open").Scan(&open)); err != nil {
			return err
		}
		if met != min(recipients/2, mostOwed) || open > 0 {
			t.Errorf("%d duties to customers are met, %d open", met, open)
		}
		var tally int
		if err := v.QueryRow(t.Context(), `SELECT sent FROM dispatch_tally WHERE list_id = ?`, list).Scan(&tally); err != nil || tally != recipients {
			t.Errorf("the counts say %d sent (%v)", tally, err)
		}
		t.Logf("%d recipients, lost %d, doubles %d (at most %d), each named: %d names; %d duties met", rows, lost, doubles, most, named, met)
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
