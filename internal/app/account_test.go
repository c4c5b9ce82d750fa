package app

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/account"
)

// The way in, from the first start to a forgotten passphrase, with what follows from
// each step elsewhere in the product.
func TestTheWayIn(t *testing.T) {
	t.Parallel()
	h := &house{t: t, cfg: empty(t, store.SQLite)}
	h.start()
	link, err := h.app.SetUpLink(t.Context())
	if err != nil || !strings.HasPrefix(link, "http://"+DefaultListen+"/welcome/") {
		t.Fatalf("%q %v", link, err)
	}
	ada, err := h.app.Accounts.Begin(t.Context(), account.Client{}, filepath.Base(link), account.FirstAdmin{
		Name: "Ada Smith", Email: "ada@example.com", Passphrase: "ferry umbrella tax",
	})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := h.app.SetUpLink(t.Context()); again != "" || err != nil {
		t.Errorf("a second set-up link: %v", err)
	}

	// Through the socket the operator makes links; over the network nobody does.
	ask := func(handler http.Handler, email string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/api/v1/sign-in-link", strings.NewReader(`{"email":"`+email+`"}`)))
		return w
	}
	local := h.app.asOperator(h.app.Handler())
	if w := ask(h.app.Handler(), "ada@example.com"); w.Code != http.StatusUnauthorized && w.Code != http.StatusNotFound {
		t.Errorf("over the network: %d", w.Code)
	}
	if w := ask(local, "nobody@example.com"); w.Code != http.StatusNotFound {
		t.Errorf("for nobody: %d %s", w.Code, w.Body)
	}
	w := ask(local, "Ada@example.com")
	_, secret, found := strings.Cut(w.Body.String(), "/welcome/")
	if w.Code != http.StatusOK || !found {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if _, err := h.app.Accounts.Redeem(t.Context(), account.Client{}, secret[:43], "harbour lantern grocer"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.app.Accounts.Identify(t.Context(), ada.Session, true); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("the old session lives: %v", err)
	}
	items, _, err := h.app.Outbox.List(t.Context(), operator(), mail.Filter{}, "", 10)
	if err != nil || len(items) != 1 || items[0].To[0] != "ada@example.com" || !strings.Contains(items[0].Subject, "passphrase was set") {
		t.Errorf("the person is told: %+v %v", items, err)
	}

	// A cookie opens screens, never the API.
	in, err := h.app.Accounts.SignIn(t.Context(), account.Client{}, "ada@example.com", "harbour lantern grocer")
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/api/v1/people", nil)
	r.Header.Set("Cookie", h.app.Accounts.CookieName()+"="+in.Session)
	rec := httptest.NewRecorder()
	h.app.Handler().ServeHTTP(rec, r)
	if rec.Code != http.StatusUnauthorized {
		t.Errorf("the API took a cookie: %d", rec.Code)
	}

	// Whoever is made inactive is out, wherever the change comes from. Somebody else administers meanwhile.
	if _, err := h.app.People.CreatePerson(t.Context(), operator(), who.Person{Name: "Eve Long", Email: "eve@example.com", Roles: []who.Role{who.Admin}, Active: true}); err != nil {
		t.Fatal(err)
	}
	p := who.Person{ID: ada.Identity.Person, Name: "Ada Smith", Email: "ada@example.com", Roles: []who.Role{who.Admin}}
	if _, err := h.app.People.UpdatePerson(t.Context(), operator(), p, 0); err != nil {
		t.Fatal(err)
	}
	p.Active = true
	if _, err := h.app.People.UpdatePerson(t.Context(), operator(), p, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := h.app.Accounts.Identify(t.Context(), in.Session, true); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("a return revived a session: %v", err)
	}
	h.stop()
}

// A backup may hold sessions that were revoked after it was made.
func TestRestoreSignsEverybodyOut(t *testing.T) {
	t.Parallel()
	h := &house{t: t, cfg: empty(t, store.SQLite)}
	h.start()
	link, err := h.app.SetUpLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	in, err := h.app.Accounts.Begin(t.Context(), account.Client{}, filepath.Base(link), account.FirstAdmin{
		Name: "Ada Smith", Email: "ada@example.com", Passphrase: "ferry umbrella tax",
	})
	if err != nil {
		t.Fatal(err)
	}
	h.stop()
	file := filepath.Join(t.TempDir(), "backup.wakebell")
	if _, err := Backup(t.Context(), h.cfg, file); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), h.cfg, file, ""); err != nil {
		t.Fatal(err)
	}
	h.start()
	if _, err := h.app.Accounts.Identify(t.Context(), in.Session, true); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("a session came back with the backup: %v", err)
	}
	if _, err := h.app.Accounts.SignIn(t.Context(), account.Client{}, "ada@example.com", "ferry umbrella tax"); err != nil {
		t.Errorf("the account did not: %v", err)
	}
	h.stop()
}
