package who_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
)

func (f fixture) token(t *testing.T, in who.TokenInput) (who.Token, string) {
	t.Helper()
	tok, secret, err := f.CreateToken(t.Context(), admin, in)
	if err != nil {
		t.Fatal(err)
	}
	return tok, secret
}

func (f fixture) refused(t *testing.T, what, secret string) {
	t.Helper()
	i, err := f.Authenticate(t.Context(), secret)
	if fault.KindOf(err) != fault.Unauthenticated || !i.IsZero() {
		t.Errorf("%s: %+v, %v", what, i, err)
	}
}

func TestTokenLife(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db)
		tok, secret := f.token(t, who.TokenInput{Name: "prometheus", Roles: []who.Role{who.Reporter}})
		if !strings.HasPrefix(secret, "wbl_") || len(secret) != 47 || !strings.HasSuffix(secret, tok.Last4) {
			t.Errorf("secret of %d, last four %q", len(secret), tok.Last4)
		}
		for range 2 { // read, then cached
			i, err := f.Authenticate(t.Context(), secret)
			if err != nil || i.Actor != tok.ID || i.Person != "" || i.Name != "prometheus" || !i.Is(who.Reporter) {
				t.Fatalf("%+v, %v", i, err)
			}
			i.Roles[0] = who.Admin // the caller's copy
		}
		if got, err := f.Token(t.Context(), admin, tok.ID); err != nil || !got.LastUsedAt.Equal(start) {
			t.Errorf("last used %v, %v", got.LastUsedAt, err)
		}
		for _, bad := range []string{"", "wbl_", secret[:46], secret + "x", "wbl_" + strings.Repeat("A", 43), "WBL_" + secret[4:]} {
			f.refused(t, "wrong secret", bad)
		}
		var leaked int
		err := db.QueryRow(t.Context(), `SELECT COUNT(*) FROM api_token WHERE name LIKE ? OR last4 LIKE ?`, "%"+secret[4:40]+"%", "%"+secret[4:40]+"%").Scan(&leaked)
		if err != nil || leaked != 0 {
			t.Errorf("the secret is stored: %d %v", leaked, err)
		}
		if err := f.RevokeToken(t.Context(), admin, tok.ID); err != nil {
			t.Fatal(err)
		}
		f.refused(t, "revoked", secret)
		if err := f.RevokeToken(t.Context(), admin, tok.ID); err != nil {
			t.Errorf("revoke twice: %v", err)
		}
		wantKind(t, "revoke unknown", f.RevokeToken(t.Context(), admin, "none"), fault.NotFound)
		entries, err := f.led.Subject(t.Context(), db, tok.ID, 0, 10)
		if err != nil || len(entries) != 2 || entries[0].Kind != "token.created" || entries[1].Kind != "token.revoked" {
			t.Errorf("%d entries, %v", len(entries), err)
		}
		for _, e := range entries {
			if strings.Contains(string(e.Facts)+string(e.Private), secret[4:]) || strings.Contains(string(e.Facts), "prometheus") {
				t.Errorf("the entry tells too much: %s", e.Facts)
			}
		}
	})
}

func TestTokenExpiresInProductTime(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db)
		_, secret := f.token(t, who.TokenInput{Name: "short", Roles: []who.Role{who.Auditor}, ExpiresAt: start.Add(time.Hour)})
		if _, err := f.Authenticate(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
		if err := f.clk.Advance(time.Hour); err != nil {
			t.Fatal(err)
		}
		f.refused(t, "expired", secret)
		_, _, err := f.CreateToken(t.Context(), admin, who.TokenInput{Name: "late", Roles: []who.Role{who.Auditor}, ExpiresAt: start})
		wantKind(t, "expired at birth", err, fault.Invalid, "expires_at")
	})
}

func TestTokenOfAPersonFollowsThePerson(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db)
		p := f.create(t, anna())
		tok, secret := f.token(t, who.TokenInput{Name: "laptop", Person: p.ID})
		if len(tok.Roles) != 2 {
			t.Errorf("roles %v", tok.Roles)
		}
		i, err := f.Authenticate(t.Context(), secret)
		if err != nil || i.Actor != p.ID || i.Person != p.ID || i.Name != p.Name || !i.Has(who.PermIncidentManage) {
			t.Fatalf("%+v, %v", i, err)
		}
		p.Roles = []who.Role{who.Responder, who.Executive}
		if p, err = f.UpdatePerson(t.Context(), admin, p, 0); err != nil {
			t.Fatal(err)
		}
		if i, err = f.Authenticate(t.Context(), secret); err != nil || i.Is(who.Manager) || i.Is(who.Executive) || !i.Is(who.Responder) {
			t.Errorf("a token holds what both it and the person hold: %+v, %v", i, err)
		}
		p.Active = false
		if _, err = f.UpdatePerson(t.Context(), admin, p, 0); err != nil {
			t.Fatal(err)
		}
		f.refused(t, "inactive person", secret)
		_, _, err = f.CreateToken(t.Context(), admin, who.TokenInput{Name: "x", Person: p.ID})
		wantKind(t, "token of an inactive person", err, fault.Invalid, "person")
	})
}

func TestTokenInputIsValidated(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		f := open(t, db)
		p := f.create(t, anna())
		counsel := anna()
		counsel.Email, counsel.Roles = "counsel@example.com", []who.Role{who.Legal, who.Admin}
		c1 := f.create(t, counsel)
		for name, c := range map[string]struct {
			in    who.TokenInput
			field string
		}{
			"no name":                {who.TokenInput{Roles: []who.Role{who.Auditor}}, "name"},
			"no role":                {who.TokenInput{Name: "x"}, "roles"},
			"unknown role":           {who.TokenInput{Name: "x", Roles: []who.Role{"boss"}}, "roles"},
			"more than held":         {who.TokenInput{Name: "x", Person: p.ID, Roles: []who.Role{who.Executive}}, "roles"},
			"no person":              {who.TokenInput{Name: "x", Person: "nobody"}, "person"},
			"machine decide":         {who.TokenInput{Name: "x", Roles: []who.Role{who.Legal}}, "roles"},
			"in another's name":      {who.TokenInput{Name: "x", Person: c1.ID, Roles: []who.Role{who.Legal}}, "roles"},
			"all, in another's name": {who.TokenInput{Name: "x", Person: c1.ID}, "roles"},
		} {
			_, _, err := f.CreateToken(t.Context(), admin, c.in)
			wantKind(t, name, err, fault.Invalid, c.field)
		}
		_, _, err := f.CreateToken(t.Context(), who.Engine("operator"), who.TokenInput{Name: "x", Roles: []who.Role{who.Legal}})
		if err != nil {
			t.Errorf("the operator at the machine may: %v", err)
		}
		own := who.Identity{Actor: c1.ID, Person: c1.ID, Roles: c1.Roles}
		if _, _, err := f.CreateToken(t.Context(), own, who.TokenInput{Name: "mine", Person: c1.ID}); err != nil {
			t.Errorf("in the own name: %v", err)
		}
		for range 3 {
			f.token(t, who.TokenInput{Name: "m", Roles: []who.Role{who.Reporter}})
		}
		seen, cursor := 0, ""
		for {
			page, next, err := f.Tokens(t.Context(), admin, cursor, 2)
			if err != nil {
				t.Fatal(err)
			}
			seen += len(page)
			if cursor = next; next == "" {
				break
			}
		}
		if seen != 5 {
			t.Errorf("%d tokens listed, want 5", seen)
		}
	})
}

// Two services on one database are two nodes: a revocation on one reaches the
// other within two seconds.
func TestRevocationReachesTheOtherNode(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		here := open(t, db)
		there := who.New(db, here.led, here.clk)
		tok, secret := here.token(t, who.TokenInput{Name: "n", Roles: []who.Role{who.Reporter}})
		if _, err := there.Authenticate(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
		if err := here.RevokeToken(t.Context(), admin, tok.ID); err != nil {
			t.Fatal(err)
		}
		revoked := here.clk.Real()
		here.refused(t, "here at once", secret)
		for {
			if _, err := there.Authenticate(t.Context(), secret); err != nil {
				return
			}
			if here.clk.Real().Sub(revoked) > 2*time.Second {
				t.Fatal("still valid on the other node after two seconds")
			}
			if err := here.clk.Sleep(t.Context(), 20*time.Millisecond); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func BenchmarkAuthenticate(b *testing.B) {
	db := storetest.Open(b, store.SQLite)
	f := open(b, db)
	_, secret, err := f.CreateToken(b.Context(), admin, who.TokenInput{Name: "b", Roles: []who.Role{who.Reporter}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := f.Authenticate(b.Context(), secret); err != nil {
				b.Fatal(err)
			}
		}
	})
}
