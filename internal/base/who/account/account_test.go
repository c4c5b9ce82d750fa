package account_test

import (
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/account"
	"github.com/wakebell/wakebell/internal/base/who/passphrase"
	"github.com/wakebell/wakebell/internal/base/who/whotest"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const good = "ferry umbrella tax"

type fixture struct {
	*account.Service
	db     *store.DB
	led    *record.Ledger
	clk    *clock.Clock
	people *who.Service
}

func open(t testing.TB, db *store.DB, cfg account.Config) fixture {
	t.Helper()
	clk := clock.NewTest(start)
	led, err := record.New(t.Context(), db, clk, record.Config{}, append(who.Kinds(), account.Kinds()...))
	if err != nil {
		t.Fatal(err)
	}
	people := who.New(db, led, clk)
	f := fixture{account.New(db, led, clk, people, cfg), db, led, clk, people}
	f.SetCost(passphrase.Cost{Memory: 64, Passes: 1, Lanes: 1})
	people.Observe(f.OnPerson)
	return f
}

var admin = who.Identity{Actor: "admin-1", Person: "admin-1", Roles: []who.Role{who.Admin}}

// person makes somebody with the passphrase good.
func (f fixture) person(t testing.TB, name string, roles ...who.Role) who.Person {
	t.Helper()
	p := f.bare(t, name, roles...)
	_, secret, err := f.MakeLink(t.Context(), admin, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Redeem(t.Context(), account.Client{}, secret, good); err != nil {
		t.Fatal(err)
	}
	return p
}

func (f fixture) bare(t testing.TB, name string, roles ...who.Role) who.Person {
	t.Helper()
	p, err := f.people.CreatePerson(t.Context(), admin, who.Person{Name: name, Email: name + "@example.com", Roles: roles, Active: true})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (f fixture) signIn(t testing.TB, c account.Client, email string) account.Issued {
	t.Helper()
	in, err := f.SignIn(t.Context(), c, email, good)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func (f fixture) later(t testing.TB, d time.Duration) {
	t.Helper()
	if err := f.clk.Advance(d); err != nil {
		t.Fatal(err)
	}
}

func (f fixture) kinds(t testing.TB, subject string) []string {
	t.Helper()
	entries, err := f.led.Subject(t.Context(), f.db, subject, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if e.Kind != "person.created" && e.Kind != "person.changed" && len(e.Private) > 0 && string(e.Private) != "null" {
			t.Errorf("%s has a private part: %s", e.Kind, e.Private)
		}
		if strings.Contains(string(e.Facts), "@") || strings.Contains(string(e.Facts), "10.0") {
			t.Errorf("facts of %s hold personal data: %s", e.Kind, e.Facts)
		}
		out = append(out, e.Kind)
	}
	return out
}

func wantKind(t testing.TB, what string, err error, kind fault.Kind, field string) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind {
		t.Errorf("%s: got %v (%v), want %v", what, err, fault.KindOf(err), kind)
		return
	}
	if field == "" {
		return
	}
	if !slices.ContainsFunc(fault.FieldsOf(err), func(f fault.Field) bool { return f.Field == field }) {
		t.Errorf("%s: %v does not name %s", what, err, field)
	}
}

func TestZeroIdentityIsDenied(t *testing.T) {
	t.Parallel()
	whotest.DenyEmpty(t, (*account.Service)(nil))
}

func TestFirstSetUp(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, account.Config{})
		_, err := f.SetUpLink(t.Context(), admin)
		wantKind(t, "a person asks for the set-up link", err, fault.Denied, "")
		engine := who.Engine("start")
		one, err := f.SetUpLink(t.Context(), engine)
		if err != nil || len(one) != 43 {
			t.Fatalf("%q %v", one, err)
		}
		two, err := f.SetUpLink(t.Context(), engine) // the next start, or another node
		if err != nil || two == one {
			t.Fatalf("%q %v", two, err)
		}
		if l, err := f.Open(t.Context(), one); err != nil || l.Purpose != account.SetUp || !l.ExpiresAt.Equal(start.Add(24*time.Hour)) {
			t.Errorf("%+v %v", l, err)
		}
		_, err = f.Begin(t.Context(), account.Client{}, one, account.FirstAdmin{Email: "x", Passphrase: "short"})
		for _, field := range []string{"name", "email", "passphrase"} {
			wantKind(t, "an empty form", err, fault.Invalid, field)
		}
		_, err = f.Redeem(t.Context(), account.Client{}, one, good)
		wantKind(t, "the set-up link as a person's", err, fault.Gone, "")

		f.later(t, 24*time.Hour)
		in := account.FirstAdmin{Name: "Ada Smith", Email: "ada@example.com", Zone: "Europe/Berlin", Passphrase: good}
		_, err = f.Begin(t.Context(), account.Client{}, one, in)
		wantKind(t, "after 24 hours", err, fault.Gone, "")

		three, err := f.SetUpLink(t.Context(), engine)
		if err != nil {
			t.Fatal(err)
		}
		four, err := f.SetUpLink(t.Context(), engine)
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Begin(t.Context(), account.Client{Address: "10.0.0.1"}, three, in)
		if err != nil || !got.Identity.Is(who.Admin) {
			t.Fatalf("%+v %v", got, err)
		}
		cur, err := f.Identify(t.Context(), got.Session, true)
		if err != nil || cur.Person.Zone != "Europe/Berlin" || cur.Identity.Actor != cur.Person.ID {
			t.Errorf("%+v %v", cur, err)
		}
		for name, secret := range map[string]string{"used": three, "the other one": four} {
			_, err = f.Begin(t.Context(), account.Client{}, secret, in)
			wantKind(t, name, err, fault.Gone, "")
		}
		if s, err := f.SetUpLink(t.Context(), engine); s != "" || err != nil {
			t.Errorf("a link although an account exists: %v", err)
		}
		f.signIn(t, account.Client{}, "ADA@example.com")
		if got := f.kinds(t, cur.Person.ID); !slices.Equal(got, []string{"person.created", "account.passphrase_set"}) {
			t.Errorf("ledger %v", got)
		}
	})
}

func TestSetUpTakesAKnownPerson(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, account.Config{})
		p := f.bare(t, "ada", who.Manager)
		secret, err := f.SetUpLink(t.Context(), who.Engine("start"))
		if err != nil {
			t.Fatal(err)
		}
		in, err := f.Begin(t.Context(), account.Client{}, secret, account.FirstAdmin{Name: "Another", Email: "Ada@example.com", Passphrase: good})
		if err != nil || in.Identity.Person != p.ID || !in.Identity.Is(who.Manager) || !in.Identity.Is(who.Admin) || in.Identity.Name != "ada" {
			t.Errorf("%+v %v", in, err)
		}
	})
}

// Two use the link at the same time; one becomes admin.
func TestSetUpHappensOnce(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, account.Config{})
		secret, err := f.SetUpLink(t.Context(), who.Engine("start"))
		if err != nil {
			t.Fatal(err)
		}
		errs := make(chan error)
		for _, name := range []string{"ada", "eve", "bob"} {
			go func() {
				_, err := f.Begin(t.Context(), account.Client{}, secret, account.FirstAdmin{Name: name, Email: name + "@example.com", Passphrase: good})
				errs <- err
			}()
		}
		won := 0
		for range 3 {
			if err := <-errs; err == nil {
				won++
			} else if fault.KindOf(err) != fault.Gone {
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d set-ups", won)
		}
	})
}

func TestLinks(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, account.Config{})
		var told []account.Source
		f.Observe(observer(&told))
		p := f.bare(t, "anna", who.Manager)
		_, _, err := f.MakeLink(t.Context(), who.Identity{Actor: p.ID, Person: p.ID, Roles: []who.Role{who.Manager}}, p.ID)
		wantKind(t, "a manager makes a link", err, fault.Denied, "")
		link, old, err := f.MakeLink(t.Context(), admin, p.ID)
		if err != nil || link.Purpose != account.Invite || link.Email != p.Email || !link.ExpiresAt.Equal(start.Add(72*time.Hour)) {
			t.Fatalf("%+v %v", link, err)
		}
		_, secret, err := f.MakeLink(t.Context(), admin, p.ID)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Open(t.Context(), old)
		wantKind(t, "a newer link ends the older", err, fault.Gone, "")
		if l, err := f.Open(t.Context(), secret); err != nil || l.Name != "anna" {
			t.Errorf("looking changes nothing: %+v %v", l, err)
		}
		_, err = f.Redeem(t.Context(), account.Client{}, secret, "anna example 2026")
		wantKind(t, "the own name", err, fault.Invalid, "passphrase")
		in, err := f.Redeem(t.Context(), account.Client{}, secret, good)
		if err != nil || in.Identity.Person != p.ID || in.Browser == "" {
			t.Fatalf("%+v %v", in, err)
		}
		_, err = f.Redeem(t.Context(), account.Client{}, secret, good)
		wantKind(t, "used twice", err, fault.Gone, "")

		link, secret, err = f.MakeLink(t.Context(), admin, p.ID)
		if err != nil || link.Purpose != account.Reset || !link.ExpiresAt.Equal(start.Add(24*time.Hour)) {
			t.Fatalf("%+v %v", link, err)
		}
		again, err := f.Redeem(t.Context(), account.Client{}, secret, "harbour lantern grocer")
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Identify(t.Context(), in.Session, true)
		wantKind(t, "a reset ends the old session", err, fault.Unauthenticated, "")
		if _, err := f.Identify(t.Context(), again.Session, true); err != nil {
			t.Error(err)
		}
		_, err = f.SignIn(t.Context(), account.Client{}, p.Email, good)
		wantKind(t, "the old passphrase", err, fault.Unauthenticated, "")

		_, secret, err = f.MakeLink(t.Context(), admin, p.ID)
		if err != nil {
			t.Fatal(err)
		}
		f.later(t, 24*time.Hour)
		_, err = f.Redeem(t.Context(), account.Client{}, secret, good)
		wantKind(t, "expired", err, fault.Gone, "")
		for _, bad := range []string{"", "x", secret + "x", strings.Repeat("A", 43)} {
			_, err = f.Open(t.Context(), bad)
			wantKind(t, "an unknown link", err, fault.Gone, "")
		}
		_, _, err = f.MakeLink(t.Context(), admin, "nobody")
		wantKind(t, "a link for nobody", err, fault.NotFound, "")
		want := []string{
			"person.created", "account.link_made", "account.link_made", "account.passphrase_set", "account.link_made",
			"account.passphrase_set", "session.revoked", "account.link_made",
		}
		if got := f.kinds(t, p.ID); !slices.Equal(got, want) {
			t.Errorf("ledger %v", got)
		}
		if !slices.Contains(told, account.ByInvite) || !slices.Contains(told, account.ByReset) {
			t.Errorf("told %v", told)
		}
	})
}

func TestSecretsAreNotStored(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, account.Config{})
		p := f.person(t, "anna", who.Manager)
		in := f.signIn(t, account.Client{}, p.Email)
		_, link, err := f.MakeLink(t.Context(), admin, p.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"account", "session", "known_browser", "sign_in_link", "sign_in_throttle"} {
			rows, err := db.Query(t.Context(), "SELECT * FROM "+table)
			if err != nil {
				t.Fatal(err)
			}
			columns, err := rows.Columns()
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
				values := make([]any, len(columns))
				for n := range values {
					values[n] = new(string)
				}
				if err := rows.Scan(values...); err != nil {
					t.Fatal(err)
				}
				for n, v := range values {
					for _, secret := range []string{good, in.Session, in.Browser, link} {
						if strings.Contains(*v.(*string), secret) {
							t.Errorf("%s.%s holds a secret", table, columns[n])
						}
					}
				}
			}
			if err := rows.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, account.Config{})
		a, b, c := f.person(t, "anna"), f.bare(t, "bert"), f.bare(t, "carl")
		if _, _, err := f.MakeLink(t.Context(), admin, b.ID); err != nil {
			t.Fatal(err)
		}
		got, err := f.Statuses(t.Context(), admin, []string{a.ID, b.ID, c.ID})
		if err != nil || len(got) != 2 {
			t.Fatalf("%+v %v", got, err)
		}
		if st := got[a.ID]; !st.HasPassphrase || st.Sessions != 1 || !st.SeenAt.Equal(start) || st.Locked || !st.LinkUntil.IsZero() {
			t.Errorf("anna %+v", st)
		}
		if st := got[b.ID]; st.HasPassphrase || !st.LinkUntil.Equal(start.Add(72*time.Hour)) {
			t.Errorf("bert %+v", st)
		}
	})
}

func TestDemo(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		demo := open(t, db, account.Config{Demo: true})
		p := demo.bare(t, "anna", who.Manager)
		demo.bare(t, "norole")
		plain := account.New(db, demo.led, demo.clk, demo.people, account.Config{})
		_, err := plain.SignInDemo(t.Context(), account.Client{}, p.ID)
		wantKind(t, "outside the demo", err, fault.Denied, "")
		_, err = plain.DemoPeople(t.Context())
		wantKind(t, "the list outside the demo", err, fault.Denied, "")
		if list, err := demo.DemoPeople(t.Context()); err != nil || len(list) != 1 || list[0].ID != p.ID {
			t.Errorf("%+v %v", list, err)
		}
		in, err := demo.SignInDemo(t.Context(), account.Client{}, p.ID)
		if err != nil || !in.Identity.Is(who.Manager) || in.Browser != "" {
			t.Fatalf("%+v %v", in, err)
		}
		_, err = demo.SignInDemo(t.Context(), account.Client{}, "nobody")
		wantKind(t, "nobody", err, fault.NotFound, "")
		err = demo.ChangePassphrase(t.Context(), in.Identity, "", good, good)
		wantKind(t, "no passphrase to change", err, fault.Conflict, "")
		demo.person(t, "real", who.Admin)
		_, err = demo.SignInDemo(t.Context(), account.Client{}, p.ID)
		wantKind(t, "where a real account exists", err, fault.Conflict, "")
	})
}

func TestForgetOpen(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db, account.Config{})
		p := f.person(t, "anna")
		in := f.signIn(t, account.Client{}, p.Email)
		_, link, err := f.MakeLink(t.Context(), admin, p.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := account.ForgetOpen(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		_, err = f.Identify(t.Context(), in.Session, true)
		wantKind(t, "session", err, fault.Unauthenticated, "")
		_, err = f.Open(t.Context(), link)
		wantKind(t, "link", err, fault.Gone, "")
		f.signIn(t, account.Client{}, p.Email)
	})
}

func TestCookies(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, store.SQLite)
	plain := open(t, db, account.Config{})
	secure := account.New(db, plain.led, plain.clk, plain.people, account.Config{Secure: true})
	p := plain.person(t, "anna", who.Manager)
	in := plain.signIn(t, account.Client{}, p.Email)
	for _, c := range []struct {
		s      *account.Service
		name   string
		secure bool
	}{{plain.Service, "wb_session", false}, {secure, "__Host-wb_session", true}} {
		w := httptest.NewRecorder()
		c.s.SetCookies(w.Header(), in)
		r := httptest.NewRequest("GET", "/", nil)
		for _, k := range w.Result().Cookies() {
			if !k.HttpOnly || k.SameSite != 2 || k.Path != "/" || k.Domain != "" || k.Secure != c.secure || k.MaxAge <= 0 {
				t.Errorf("%+v", k)
			}
			r.AddCookie(k)
		}
		if cookies := w.Result().Cookies(); len(cookies) != 2 || cookies[0].Name != c.name || c.s.CookieName() != c.name {
			t.Errorf("cookies %v", cookies)
		}
		if id, ok := c.s.SignedIn(r); !ok || id.Person != p.ID {
			t.Errorf("%s: %+v %v", c.name, id, ok)
		}
		if got := c.s.Client(r); got.Session != in.Session || got.Browser != in.Browser {
			t.Errorf("client %+v", got)
		}
		w = httptest.NewRecorder()
		c.s.ClearCookies(w.Header())
		if k := w.Result().Cookies()[0]; k.Name != c.name || k.MaxAge >= 0 {
			t.Errorf("clear %+v", k)
		}
	}
	if _, ok := plain.SignedIn(httptest.NewRequest("GET", "/", nil)); ok {
		t.Error("signed in without a cookie")
	}
	// Over TLS a cookie without the prefix, which any neighbour could plant, does not count.
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "wb_session="+in.Session)
	if _, ok := secure.SignedIn(r); ok {
		t.Error("the plain cookie counts behind TLS")
	}
}

func observer(told *[]account.Source) account.Observer {
	return func(_ ctx, _ *store.Tx, _ who.Person, how account.Source) error {
		*told = append(*told, how)
		return nil
	}
}

func throttled(err error) (time.Duration, bool) {
	t, ok := errors.AsType[*account.Throttled](err)
	if !ok {
		return 0, false
	}
	return t.Wait, true
}
