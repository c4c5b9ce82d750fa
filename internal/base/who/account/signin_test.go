package account_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/account"
	"github.com/wakebell/wakebell/internal/base/who/passphrase"
)

type ctx = context.Context

// Whether somebody exists, is active or has a passphrase cannot be told from
// the answer, nor from the brake.
func TestNoEnumeration(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, account.Config{})
		f.person(t, "anna")
		f.bare(t, "bert") // without a passphrase
		carl := f.person(t, "carl")
		carl.Active = false
		if _, err := f.people.UpdatePerson(t.Context(), admin, carl, 0); err != nil {
			t.Fatal(err)
		}
		answers := map[string][]string{}
		for _, email := range []string{"anna@example.com", "bert@example.com", "carl@example.com", "nobody@example.com", "no address", ""} {
			for range 7 {
				_, err := f.SignIn(t.Context(), account.Client{}, email, "not the passphrase")
				text, shown := fault.MessageOf(err)
				if !shown {
					t.Fatalf("%s: %v", email, err)
				}
				answers[email] = append(answers[email], fmt.Sprint(fault.KindOf(err), text, fault.FieldsOf(err)))
			}
		}
		for email, got := range answers {
			if d := cmp.Diff(answers["anna@example.com"], got); d != "" {
				t.Errorf("%s is answered otherwise: %s", email, d)
			}
		}
		if last := answers["anna@example.com"][6]; !strings.Contains(last, "Too many attempts") {
			t.Errorf("the seventh: %s", last)
		}
	})
}

func TestAccountBrakeGrows(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, account.Config{})
		p := f.person(t, "anna")
		try := func(n int, text string) error {
			// Each time from elsewhere, so that only the account is braked.
			_, err := f.SignIn(t.Context(), account.Client{Address: fmt.Sprintf("10.0.0.%d", n)}, p.Email, text)
			return err
		}
		n := 0
		for ; n < 5; n++ {
			wantKind(t, "free attempts", try(n, "wrong"), fault.Unauthenticated, "")
		}
		for _, want := range []time.Duration{2, 4, 8, 16} {
			err := try(n, good)
			if wait, ok := throttled(err); !ok || wait != want*time.Second {
				t.Errorf("wait %v, want %d s: %v", wait, want, err)
			}
			wantKind(t, "also with the right passphrase", err, fault.Throttled, "")
			f.later(t, want*time.Second)
			wantKind(t, "after the wait", try(n, "wrong"), fault.Unauthenticated, "")
			n++
		}
		f.later(t, time.Hour)
		if err := try(n, good); err != nil {
			t.Fatal(err)
		}
		wantKind(t, "a success clears the brake", try(n, "wrong"), fault.Unauthenticated, "")
	})
}

func TestAddressBrake(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, account.Config{})
		p := f.person(t, "anna")
		for n := range 20 {
			at := account.Client{Address: fmt.Sprintf("2001:db8::%x", n)} // one /64
			if n == 10 {
				f.signIn(t, at, p.Email) // a success there takes back only itself
				continue
			}
			_, err := f.SignIn(t.Context(), at, fmt.Sprintf("guess%d@example.com", n), "wrong")
			wantKind(t, "free attempts", err, fault.Unauthenticated, "")
		}
		_, err := f.SignIn(t.Context(), account.Client{Address: "2001:db8::1"}, "other@example.com", "wrong")
		wantKind(t, "the twentieth wrong one", err, fault.Unauthenticated, "")
		_, err = f.SignIn(t.Context(), account.Client{Address: "2001:db8::ffff"}, p.Email, good)
		if wait, ok := throttled(err); !ok || wait != 2*time.Second {
			t.Errorf("wait %v: %v", wait, err)
		}
		f.signIn(t, account.Client{Address: "2001:db8:1::1"}, p.Email) // from elsewhere
		f.later(t, 24*time.Hour)
		f.signIn(t, account.Client{Address: "2001:db8::ffff"}, p.Email)
	})
}

// Whoever guesses on purpose cannot keep the owner's own browser out.
func TestKnownBrowserIsCountedApart(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, account.Config{})
		p := f.person(t, "anna")
		mine := f.signIn(t, account.Client{Address: "10.0.0.1"}, p.Email)
		for n := range 6 {
			f.SignIn(t.Context(), account.Client{Address: fmt.Sprintf("10.1.0.%d", n)}, p.Email, "wrong")
		}
		_, err := f.SignIn(t.Context(), account.Client{Address: "10.0.0.2"}, p.Email, good)
		if _, ok := throttled(err); !ok {
			t.Errorf("a strange browser: %v", err)
		}
		again := f.signIn(t, account.Client{Address: "10.0.0.1", Browser: mine.Browser}, p.Email)
		if again.Browser != mine.Browser {
			t.Error("the browser got another name")
		}
		// A browser is known to its account only, and has a brake of its own.
		other := f.person(t, "bert")
		for range 5 {
			_, err := f.SignIn(t.Context(), account.Client{Browser: mine.Browser}, p.Email, "wrong")
			wantKind(t, "known browser", err, fault.Unauthenticated, "")
			_, err = f.SignIn(t.Context(), account.Client{}, other.Email, "wrong")
			wantKind(t, "other account", err, fault.Unauthenticated, "")
		}
		for name, email := range map[string]string{"own": p.Email, "other's": other.Email} {
			_, err = f.SignIn(t.Context(), account.Client{Browser: mine.Browser}, email, good)
			if _, ok := throttled(err); !ok {
				t.Errorf("%s account: %v", name, err)
			}
		}
	})
}

// A hundred consecutive failures are the most that SP 800-63B-4 allows.
func TestLock(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, account.Config{})
		p := f.person(t, "anna")
		mine := f.signIn(t, account.Client{}, p.Email)
		_, err := db.Write(t.Context(), store.Op{Name: "test", Actor: "x"}, func(tx *store.Tx) error {
			_, err := tx.Exec("UPDATE account SET failures=98 WHERE person=?", p.ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		f.SignIn(t.Context(), account.Client{}, p.Email, "wrong")
		f.SignIn(t.Context(), account.Client{}, p.Email, "wrong")
		_, err = f.SignIn(t.Context(), account.Client{}, p.Email, good)
		wantKind(t, "locked", err, fault.Unauthenticated, "")
		if st, err := f.Statuses(t.Context(), admin, []string{p.ID}); err != nil || !st[p.ID].Locked {
			t.Errorf("%+v %v", st, err)
		}
		if n := count(f.kinds(t, p.ID), "account.locked"); n != 1 {
			t.Errorf("%d entries say that the account was locked", n)
		}
		if _, err := f.Identify(t.Context(), mine.Session, true); err != nil {
			t.Errorf("an open session goes on: %v", err)
		}
		f.signIn(t, account.Client{Browser: mine.Browser}, p.Email) // the known browser opens it
		f.signIn(t, account.Client{}, p.Email)
	})
}

func count(list []string, of string) int {
	n := 0
	for _, s := range list {
		if s == of {
			n++
		}
	}
	return n
}

// Parallel guesses do not slip through between the look and the count.
func TestParallelGuessesAreCounted(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, account.Config{})
		p := f.person(t, "anna")
		kinds := make(chan fault.Kind)
		for range 12 {
			go func() {
				_, err := f.SignIn(t.Context(), account.Client{}, p.Email, "wrong")
				kinds <- fault.KindOf(err)
			}()
		}
		looked := 0
		for range 12 {
			if <-kinds == fault.Unauthenticated {
				looked++
			}
		}
		if looked != 5 {
			t.Errorf("%d guesses were looked at, want 5", looked)
		}
	})
}

func TestChangePassphrase(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, account.Config{})
		p := f.person(t, "anna", who.Manager)
		here, there := f.signIn(t, account.Client{}, p.Email), f.signIn(t, account.Client{}, p.Email)
		cur, err := f.Identify(t.Context(), here.Session, true)
		if err != nil {
			t.Fatal(err)
		}
		const next = "harbour lantern grocer"
		err = f.ChangePassphrase(t.Context(), cur.Identity, cur.Session.ID, "wrong", next)
		wantKind(t, "wrong old one", err, fault.Invalid, "current_passphrase")
		err = f.ChangePassphrase(t.Context(), cur.Identity, cur.Session.ID, good, "short")
		wantKind(t, "bad new one", err, fault.Invalid, "passphrase")
		if err := f.ChangePassphrase(t.Context(), cur.Identity, cur.Session.ID, good, next); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Identify(t.Context(), here.Session, true); err != nil {
			t.Errorf("this session goes on: %v", err)
		}
		_, err = f.Identify(t.Context(), there.Session, true)
		wantKind(t, "the other session ends", err, fault.Unauthenticated, "")
		_, err = f.SignIn(t.Context(), account.Client{}, p.Email, good)
		wantKind(t, "the old passphrase", err, fault.Unauthenticated, "")
		if _, err = f.SignIn(t.Context(), account.Client{}, p.Email, next); err != nil {
			t.Error(err)
		}
		for range 5 {
			err = f.ChangePassphrase(t.Context(), cur.Identity, "", "wrong", good)
		}
		wantKind(t, "guesses from an open session", err, fault.Invalid, "current_passphrase")
		err = f.ChangePassphrase(t.Context(), cur.Identity, "", next, good)
		if _, ok := throttled(err); !ok {
			t.Errorf("guesses from an open session are not braked: %v", err)
		}
	})
}

func TestSessionLife(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, account.Config{})
		p := f.person(t, "anna", who.Manager)
		alive := func(secret string, want bool) {
			t.Helper()
			if _, err := f.Identify(t.Context(), secret, true); (err == nil) != want {
				t.Errorf("alive: %v, want %v", err, want)
			}
		}
		one := f.signIn(t, account.Client{}, p.Email)
		two := f.signIn(t, account.Client{Session: one.Session}, p.Email)
		alive(one.Session, false) // a sign-in takes the place of the old session
		alive(two.Session, true)

		f.later(t, 12*time.Hour-time.Minute)
		alive(two.Session, true) // and seen
		f.later(t, 12*time.Hour-time.Minute)
		alive(two.Session, true)
		f.later(t, 12*time.Hour)
		alive(two.Session, false) // idle

		three := f.signIn(t, account.Client{}, p.Email)
		for range 15 { // 165 h
			f.later(t, 11*time.Hour)
			alive(three.Session, true)
		}
		f.later(t, 3*time.Hour) // 168 h = 7 d
		alive(three.Session, false)

		// What a page does by itself keeps nothing alive.
		four := f.signIn(t, account.Client{}, p.Email)
		f.later(t, 11*time.Hour)
		if _, err := f.Identify(t.Context(), four.Session, false); err != nil {
			t.Error(err)
		}
		f.later(t, time.Hour)
		alive(four.Session, false)
		for _, bad := range []string{"", "x", strings.Repeat("A", 43), four.Session + "x"} {
			alive(bad, false)
		}
	})
}

// Roles are read with each request: what changed counts at once, on this node
// and on another one.
func TestSessionFollowsThePerson(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, account.Config{})
		node := account.New(db, f.led, f.clk, who.New(db, f.led, f.clk), account.Config{})
		p := f.person(t, "anna", who.Manager)
		in := f.signIn(t, account.Client{}, p.Email)
		if cur, err := node.Identify(t.Context(), in.Session, true); err != nil || !cur.Identity.Is(who.Manager) {
			t.Fatalf("%+v %v", cur, err)
		}
		p.Roles = []who.Role{who.Auditor}
		if _, err := f.people.UpdatePerson(t.Context(), admin, p, 0); err != nil {
			t.Fatal(err)
		}
		if cur, err := node.Identify(t.Context(), in.Session, true); err != nil || cur.Identity.Is(who.Manager) || !cur.Identity.Is(who.Auditor) {
			t.Fatalf("%+v %v", cur, err)
		}
		for _, active := range []bool{false, true} {
			p.Active = active
			if _, err := f.people.UpdatePerson(t.Context(), admin, p, 0); err != nil {
				t.Fatal(err)
			}
			_, err := node.Identify(t.Context(), in.Session, true)
			wantKind(t, fmt.Sprintf("active %v: a return revives nothing", active), err, fault.Unauthenticated, "")
		}
		if !slices.Contains(f.kinds(t, p.ID), "session.revoked") {
			t.Error("the ledger does not say that the sessions ended")
		}
		in = f.signIn(t, account.Client{}, p.Email)
		ses, err := f.Sessions(t.Context(), admin, p.ID)
		if err != nil || len(ses) != 1 {
			t.Fatalf("%+v %v", ses, err)
		}
		if err := f.Revoke(t.Context(), admin, p.ID, ses[0].ID); err != nil {
			t.Fatal(err)
		}
		_, err = node.Identify(t.Context(), in.Session, true)
		wantKind(t, "revoked on the other node, at once", err, fault.Unauthenticated, "")
	})
}

func TestSessionsAreListedAndRevoked(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, account.Config{})
		p := f.person(t, "anna", who.Manager)
		if err := f.RevokeAll(t.Context(), admin, p.ID, ""); err != nil {
			t.Fatal(err)
		}
		one := f.signIn(t, account.Client{Address: "10.0.0.9", Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}, p.Email)
		f.later(t, time.Minute)
		two := f.signIn(t, account.Client{Agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"}, p.Email)
		me := two.Identity
		list, err := f.Sessions(t.Context(), me, p.ID)
		if err != nil || len(list) != 2 {
			t.Fatalf("%+v %v", list, err)
		}
		if list[0].Agent != "Safari on iPhone" || list[1].Agent != "Firefox on Linux" || list[1].Address != "10.0.0.9" || !list[1].CreatedAt.Equal(start) {
			t.Errorf("%+v", list)
		}
		other := f.person(t, "eve", who.Manager)
		eve := who.Identity{Actor: other.ID, Person: other.ID, Roles: other.Roles}
		_, err = f.Sessions(t.Context(), eve, p.ID)
		wantKind(t, "others' sessions", err, fault.Denied, "")
		wantKind(t, "revoke others'", f.Revoke(t.Context(), eve, p.ID, list[1].ID), fault.Denied, "")
		wantKind(t, "revoke through the own list", f.Revoke(t.Context(), eve, other.ID, list[1].ID), fault.NotFound, "")
		wantKind(t, "revoke all of others", f.RevokeAll(t.Context(), eve, p.ID, ""), fault.Denied, "")

		if err := f.Revoke(t.Context(), me, p.ID, list[1].ID); err != nil {
			t.Fatal(err)
		}
		_, err = f.Identify(t.Context(), one.Session, true)
		wantKind(t, "revoked", err, fault.Unauthenticated, "")
		three := f.signIn(t, account.Client{}, p.Email)
		cur, err := f.Identify(t.Context(), three.Session, true)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.RevokeAll(t.Context(), me, p.ID, cur.Session.ID); err != nil {
			t.Fatal(err)
		}
		_, err = f.Identify(t.Context(), two.Session, true)
		wantKind(t, "everywhere else", err, fault.Unauthenticated, "")
		if _, err := f.Identify(t.Context(), three.Session, true); err != nil {
			t.Error(err)
		}
		if err := f.SignOut(t.Context(), three.Session); err != nil {
			t.Fatal(err)
		}
		_, err = f.Identify(t.Context(), three.Session, true)
		wantKind(t, "signed out", err, fault.Unauthenticated, "")
		if err := f.SignOut(t.Context(), "unknown"); err != nil {
			t.Error(err)
		}
		if n := count(f.kinds(t, p.ID), "session.revoked"); n != 3 {
			t.Errorf("%d entries, want 3: a plain sign-out is none", n)
		}
	})
}

func TestAddress(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, store.SQLite)
	f := open(t, db, account.Config{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	for _, c := range []struct{ peer, forwarded, want string }{
		{"192.0.2.7:1234", "", "192.0.2.7"},
		{"192.0.2.7:1234", "198.51.100.1", "192.0.2.7"}, // nobody we know
		{"10.1.1.1:99", "198.51.100.1", "198.51.100.1"},
		{"127.0.0.1:99", "203.0.113.9, 198.51.100.1, 10.2.2.2", "198.51.100.1"}, // what stands left of it may be invented
		{"[::1]:99", "2001:db8::1", "2001:db8::1"},
		{"[::ffff:192.0.2.7]:99", "", "192.0.2.7"},
		{"127.0.0.1:99", "rubbish", "127.0.0.1"},
		{"@", "198.51.100.1", ""},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := f.Address(r); got != c.want {
			t.Errorf("%s with %q: %q, want %q", c.peer, c.forwarded, got, c.want)
		}
	}
}

func TestOwnRequestsOfAPage(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, store.SQLite)
	f := open(t, db, account.Config{})
	p := f.person(t, "anna")
	in := f.signIn(t, account.Client{}, p.Email)
	f.later(t, 6*time.Hour)
	seen := func(method, header, value string) time.Time {
		r := httptest.NewRequest(method, "/", nil)
		r.Header.Set("Cookie", f.CookieName()+"="+in.Session)
		r.Header.Set(header, value)
		cur, err := f.Current(r)
		if err != nil {
			t.Fatal(err)
		}
		return cur.Session.SeenAt
	}
	if at := seen("GET", "X-Regions", "timeline"); !at.Equal(start) {
		t.Errorf("regions: %v", at)
	}
	if at := seen("GET", "Accept", "text/event-stream"); !at.Equal(start) {
		t.Errorf("stream: %v", at)
	}
	if at := seen("POST", "X-Regions", "timeline"); !at.Equal(f.clk.Now()) {
		t.Errorf("a form: %v", at)
	}
}

// A sign-in renews a hash that was made when less work was enough.
func TestSignInRenewsAnOldHash(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, account.Config{})
		p := f.person(t, "anna")
		stored := func() (hash string) {
			if err := db.QueryRow(t.Context(), "SELECT hash FROM account WHERE person=?", p.ID).Scan(&hash); err != nil {
				t.Fatal(err)
			}
			return hash
		}
		before := stored()
		f.signIn(t, account.Client{}, p.Email)
		if stored() != before {
			t.Error("renewed without need")
		}
		next := passphrase.Cost{Memory: 128, Passes: 1, Lanes: 1}
		f.SetCost(next)
		f.signIn(t, account.Client{}, p.Email)
		if fits, cost, err := passphrase.Verify(stored(), good); err != nil || !fits || cost != next {
			t.Errorf("%v %v %v", fits, cost, err)
		}
		f.signIn(t, account.Client{}, p.Email)
	})
}
