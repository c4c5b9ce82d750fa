package who_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/whotest"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

type fixture struct {
	*who.Service
	db  *store.DB
	led *record.Ledger
	clk *clock.Clock
}

func open(t testing.TB, db *store.DB) fixture {
	t.Helper()
	clk := clock.NewTest(start)
	led, err := record.New(t.Context(), db, clk, record.Config{}, who.Kinds())
	if err != nil {
		t.Fatal(err)
	}
	return fixture{who.New(db, led, clk), db, led, clk}
}

var admin = who.Identity{Actor: "admin-1", Person: "admin-1", Roles: []who.Role{who.Admin}}

func anna() who.Person {
	return who.Person{
		Name: "Anna Berg", Email: "Anna@example.com", Phone: "+49 30 123456", Department: "IT",
		Function: "SIRT lead", Zone: "Europe/Berlin", Roles: []who.Role{who.Manager, who.Responder}, Active: true,
	}
}

func (f fixture) create(t *testing.T, p who.Person) who.Person {
	t.Helper()
	made, err := f.CreatePerson(t.Context(), admin, p)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func wantKind(t *testing.T, what string, err error, kind fault.Kind, fields ...string) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind {
		t.Errorf("%s: got %v (%v), want %v", what, err, fault.KindOf(err), kind)
		return
	}
	var got []string
	for _, f := range fault.FieldsOf(err) {
		got = append(got, f.Field)
	}
	for _, f := range fields {
		if !slices.Contains(got, f) {
			t.Errorf("%s: fields %v, want %s among them", what, got, f)
		}
	}
}

func TestZeroIdentityIsDenied(t *testing.T) {
	t.Parallel()
	whotest.DenyEmpty(t, (*who.Service)(nil))
}

func TestPersonLife(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db)
		made := f.create(t, anna())
		want := anna()
		want.ID, want.Version = made.ID, 1
		want.Roles = []who.Role{who.Responder, who.Manager} // in the order of Roles
		if d := cmp.Diff(want, made); d != "" {
			t.Fatal(d)
		}
		bert := f.create(t, who.Person{ID: "person-b", Name: "Bert", Email: "bert@example.com", Deputy: made.ID})
		if bert.ID != "person-b" || bert.Zone != "UTC" || bert.Active {
			t.Errorf("bert %+v", bert)
		}

		change := made
		change.Name, change.Roles, change.Deputy = "Anna Berg-Olsen", []who.Role{who.SIHT}, bert.ID
		_, err := f.UpdatePerson(t.Context(), admin, change, 7)
		wantKind(t, "stale version", err, fault.Precondition)
		got, err := f.UpdatePerson(t.Context(), admin, change, 1)
		if err != nil || got.Version != 2 || got.Name != "Anna Berg-Olsen" {
			t.Fatalf("%+v, %v", got, err)
		}
		again, err := f.UpdatePerson(t.Context(), admin, change, 2)
		if err != nil || again.Version != 2 {
			t.Errorf("a change of nothing: %+v, %v", again, err)
		}
		f.checkLedger(t, made.ID)

		_, err = f.Person(t.Context(), as(who.Reporter), made.ID)
		wantKind(t, "a reporter reads others", err, fault.Denied)
		self := who.Identity{Actor: made.ID, Person: made.ID, Roles: []who.Role{who.Reporter}}
		if _, err := f.Person(t.Context(), self, made.ID); err != nil {
			t.Errorf("one reads oneself: %v", err)
		}
		if p, err := f.PersonByEmailTx(t.Context(), db, "ANNA@EXAMPLE.COM"); err != nil || p.ID != made.ID {
			t.Errorf("by e-mail: %+v %v", p, err)
		}
		if list, err := f.ActiveByRoleTx(t.Context(), db, who.SIHT); err != nil || len(list) != 1 {
			t.Errorf("by role: %+v %v", list, err)
		}
		_, err = f.UpdatePerson(t.Context(), admin, who.Person{ID: "nobody", Name: "N", Email: "n@example.com"}, 0)
		wantKind(t, "update of nobody", err, fault.NotFound)
	})
}

// checkLedger reads what was recorded: before and after, names in private only.
func (f fixture) checkLedger(t *testing.T, id string) {
	t.Helper()
	entries, err := f.led.Subject(t.Context(), f.db, id, 0, 10)
	if err != nil || len(entries) != 2 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	if entries[0].Kind != "person.created" || entries[1].Kind != "person.changed" {
		t.Errorf("kinds %s, %s", entries[0].Kind, entries[1].Kind)
	}
	for _, e := range entries {
		if strings.Contains(string(e.Facts), "Anna") || strings.Contains(string(e.Facts), "example.com") {
			t.Errorf("facts hold personal data: %s", e.Facts)
		}
		if e.Actor != admin.Actor {
			t.Errorf("actor %q", e.Actor)
		}
	}
	changed := string(entries[1].Private)
	if !strings.Contains(changed, `"Anna Berg"`) || !strings.Contains(changed, "Berg-Olsen") {
		t.Errorf("private lacks before or after: %s", changed)
	}
	if !strings.Contains(string(entries[1].Facts), `"manager"`) || !strings.Contains(string(entries[1].Facts), `"siht"`) {
		t.Errorf("facts lack before or after: %s", entries[1].Facts)
	}
}

func TestPersonIsValidated(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db)
		a := f.create(t, anna())
		for name, c := range map[string]struct {
			change func(p *who.Person)
			kind   fault.Kind
			field  string
		}{
			"e-mail":         {func(p *who.Person) { p.Email = "anna at example" }, fault.Invalid, "email"},
			"no name":        {func(p *who.Person) { p.Name = " " }, fault.Invalid, "name"},
			"two lines":      {func(p *who.Person) { p.Name = "A\nB" }, fault.Invalid, "name"},
			"bad UTF-8":      {func(p *who.Person) { p.Function = "\xff" }, fault.Invalid, "function"},
			"role":           {func(p *who.Person) { p.Roles = []who.Role{"boss"} }, fault.Invalid, "roles"},
			"zone":           {func(p *who.Person) { p.Zone = "Mars/Base" }, fault.Invalid, "zone"},
			"local zone":     {func(p *who.Person) { p.Zone = "Local" }, fault.Invalid, "zone"},
			"phone":          {func(p *who.Person) { p.Phone = "call me" }, fault.Invalid, "phone"},
			"webhook":        {func(p *who.Person) { p.Webhook = "file:///etc/passwd" }, fault.Invalid, "webhook"},
			"webhook secret": {func(p *who.Person) { p.Webhook = "https://u:p@h.example/" }, fault.Invalid, "webhook"},
			"id":             {func(p *who.Person) { p.ID = "Anna B" }, fault.Invalid, "id"},
			"deputy":         {func(p *who.Person) { p.Deputy = "nobody" }, fault.Invalid, "deputy"},
			"own deputy":     {func(p *who.Person) { p.ID, p.Deputy = "self", "self" }, fault.Invalid, "deputy"},
			"same e-mail":    {func(p *who.Person) { p.Email = "aNNa@example.com" }, fault.Conflict, "email"},
			"same id":        {func(p *who.Person) { p.ID = a.ID }, fault.Conflict, "id"},
		} {
			p := anna()
			p.Email = "new@example.com"
			c.change(&p)
			_, err := f.CreatePerson(t.Context(), admin, p)
			wantKind(t, name, err, c.kind, c.field)
		}
		people, _, err := f.People(t.Context(), admin, who.Filter{}, "", 0)
		if err != nil || len(people) != 1 {
			t.Errorf("refused people were kept: %d, %v", len(people), err)
		}
	})
}

func TestPeoplePages(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db)
		for _, n := range []string{"dora", "Adam", "carl", "Bea", "adam"} {
			p := who.Person{Name: n, Email: n + "." + string(n[0]) + "@example.com", Active: n != "carl", Roles: []who.Role{who.Legal}}
			if n == "adam" {
				p.Email, p.Roles = "second@example.com", []who.Role{who.Executive}
			}
			f.create(t, p)
		}
		read := func(filter who.Filter, limit int) (names []string) {
			cursor := ""
			for {
				page, next, err := f.People(t.Context(), admin, filter, cursor, limit)
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range page {
					names = append(names, p.Name)
				}
				if next == "" {
					return names
				}
				cursor = next
			}
		}
		if d := cmp.Diff([]string{"Adam", "adam", "Bea", "carl", "dora"}, read(who.Filter{}, 2)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"Adam", "Bea", "dora"}, read(who.Filter{Role: who.Legal, ActiveOnly: true}, 1)); d != "" {
			t.Error(d)
		}
		_, _, err := f.People(t.Context(), admin, who.Filter{Role: "boss"}, "", 0)
		wantKind(t, "unknown role", err, fault.Invalid, "role")
	})
}

func TestPersonCreateIsIdempotent(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db)
		ctx := store.WithKey(t.Context(), "key-1", [32]byte{1})
		one, err := f.CreatePerson(ctx, admin, anna())
		if err != nil {
			t.Fatal(err)
		}
		two, err := f.CreatePerson(ctx, admin, anna())
		if err != nil || two.ID != one.ID {
			t.Errorf("%+v, %v", two, err)
		}
		_, err = f.CreatePerson(store.WithKey(t.Context(), "key-1", [32]byte{2}), admin, anna())
		wantKind(t, "another body", err, fault.Reused)

		in := who.TokenInput{Name: "t", Roles: []who.Role{who.Reporter}}
		if _, _, err = f.CreateToken(ctx, admin, in); err != nil {
			t.Fatal(err)
		}
		_, _, err = f.CreateToken(ctx, admin, in)
		wantKind(t, "a secret is never given twice", err, fault.Conflict)
	})
}

func TestRolledBackPersonLeavesNothing(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db)
		stop := errors.New("stop")
		_, err := db.Write(t.Context(), store.Op{Name: "test", Actor: "x"}, func(tx *store.Tx) error {
			if _, err := f.CreatePersonTx(tx, admin, anna()); err != nil {
				return err
			}
			return stop
		})
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		if _, err := f.PersonByEmailTx(t.Context(), db, anna().Email); fault.KindOf(err) != fault.NotFound {
			t.Errorf("still there: %v", err)
		}
	})
}
