package page

import (
	"bytes"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
)

// desk is a face with one screen that has a form, for the tests of the frame.
type desk struct {
	*Web
	signedIn bool
	notes    []string
	log      bytes.Buffer
	fail     error
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{signedIn: true}
	d.Web = New(Config{
		SignedIn: func(*http.Request) (who.Identity, bool) {
			return who.Identity{Actor: "ann", Name: "Ann", Roles: []who.Role{who.Manager}}, d.signedIn
		},
		SignIn: "/sign-in", Clock: clock.NewTest(noon), Log: slog.New(slog.NewTextHandler(&d.log, nil)),
	})
	show := func(r *Request) (Page, error) {
		if r.Query("gone") != "" {
			return Page{}, fault.New(fault.NotFound, "There is no such incident.")
		}
		f := r.Form("note").To("/room/"+r.PathValue("ref")+"/notes").With("version", "7")
		form := Region{Name: "write", On: On("incident", "x"), Body: in(f.Body(), Area(f, Field{Name: "text", Label: "Update"}), Submit("Post", IconSend))}
		list := Region{Name: "list", On: On("incident", "x"), Body: Text(strings.Join(d.notes, ","))}
		return Page{Title: "Room " + r.PathValue("ref"), Regions: []Region{form, list}, Body: in(div("x"), form.Place(), list.Place())}, nil
	}
	d.Show("/room/{ref}", show)
	d.Post("/room/{ref}/notes", func(r *Request) (Done, error) {
		if d.fail != nil {
			return Done{}, d.fail
		}
		if r.Text("text") == "" {
			return Done{}, fault.InvalidField("text", "is missing")
		}
		d.notes = append(d.notes, r.Text("text"))
		return Done{Say: "Noted."}, nil
	}, show)
	d.Show("/panic", func(*Request) (Page, error) { panic("oh") })
	d.Show("/broken", func(*Request) (Page, error) { return Page{}, errors.New("secret detail") })
	d.Show("/away", func(*Request) (Page, error) { return Page{}, Elsewhere("/room/1") })
	return d
}

func post(t *testing.T, h http.Handler, path string, values url.Values, header map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func has(t *testing.T, w *httptest.ResponseRecorder, status int, texts ...string) {
	t.Helper()
	if w.Code != status {
		t.Errorf("want status %d, got %d", status, w.Code)
	}
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) {
			t.Errorf("%q is missing in %s", text, w.Body)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	w := get(t, newDesk(t), "/room/1", nil)
	has(t, w, http.StatusOK, "<title>Room 1 · Wakebell</title>", "make assets")
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
	} {
		if got := w.Header().Get(name); !strings.HasPrefix(got, want) {
			t.Errorf("%s: want %q, got %q", name, want, got)
		}
	}
	if !strings.Contains(w.Header().Get("Content-Security-Policy"), "require-trusted-types-for 'script'; trusted-types wakebell") {
		t.Error("the policy lacks trusted types")
	}
}

func TestForm(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	values := url.Values{"_form": {"note"}, "_page": {"/room/1?show=all"}, "_key": {"k1"}, "version": {"7"}}

	// Refused: the page again with what was typed, the status, and the summary.
	bad := url.Values{"_form": {"note"}, "_page": {"/room/1?show=all"}, "text": {"  "}}
	w := post(t, d, "/room/1/notes", bad, nil)
	has(t, w, http.StatusUnprocessableEntity, "<title>Error: Room 1", "data-errors", `href="#note-text"`, "Update is missing", `aria-invalid="true"`, `aria-describedby="note-text-wrong"`)

	// Taken: back to the page, with one sentence for it.
	values.Set("text", "half a line <b>")
	w = post(t, d, "/room/1/notes", values, nil)
	has(t, w, http.StatusSeeOther)
	if got := w.Header().Get("Location"); got != "/room/1?show=all" {
		t.Errorf("went to %q", got)
	}
	say := w.Result().Cookies()[0]
	if text, _ := base64.RawURLEncoding.DecodeString(say.Value); string(text) != "Noted." || !say.HttpOnly || say.SameSite != http.SameSiteLaxMode {
		t.Errorf("the cookie is %+v", say)
	}
	w = get(t, d, "/room/1", map[string]string{"Cookie": say.Name + "=" + say.Value})
	has(t, w, http.StatusOK, "Noted.", "half a line &lt;b&gt;")

	// A script gets the regions instead, and a fresh key.
	w = post(t, d, "/room/1/notes", values, map[string]string{"X-Regions": "*"})
	has(t, w, http.StatusOK, `<div id="write"`, `<div id="list"`)
	if strings.Contains(w.Body.String(), "<html") || w.Header().Get("X-Say") != "Noted." || w.Header().Get("X-Key") == "" {
		t.Errorf("not an answer for a script: %v", w.Header())
	}
	// From another page it is told where to go.
	values.Set("_page", "/elsewhere")
	d.Post("/go", func(*Request) (Done, error) { return Done{To: "/room/2"}, nil }, nil)
	if w = post(t, d, "/go", values, map[string]string{"X-Regions": "*"}); w.Header().Get("X-Go") != "/room/2" || w.Code != http.StatusNoContent {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
	// A page of which nothing can be drawn alone is loaded anew: it would show what was before.
	values.Set("_page", "/plain?view=checks")
	d.Show("/plain", func(*Request) (Page, error) { return Page{Title: "Plain"}, nil })
	d.Post("/plain", func(*Request) (Done, error) { return Done{Say: "Kept."}, nil }, func(*Request) (Page, error) { return Page{Title: "Plain"}, nil })
	if w = post(t, d, "/plain", values, map[string]string{"X-Regions": "*"}); w.Header().Get("X-Go") != "/plain?view=checks" || w.Code != http.StatusNoContent {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
	// Never to another site.
	values.Set("_page", "//evil.example/")
	if w = post(t, d, "/room/1/notes", values, nil); w.Header().Get("Location") != "/" {
		t.Errorf("went to %q", w.Header().Get("Location"))
	}
}

func TestStale(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fail = &Stale{Field: "text", Theirs: "their text", By: "Ingrid", At: noon, Version: "8"}
	w := post(t, d, "/room/1/notes", url.Values{"_form": {"note"}, "_page": {"/room/1"}, "text": {"my text"}, "version": {"7"}}, nil)
	has(t, w, http.StatusConflict, "their text", "my text</textarea>", `name="version" value="8"`, "Ingrid saved this before you")
}

func TestNothingTypedIsLost(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	typed := url.Values{"_form": {"note"}, "_page": {"/room/1"}, "text": {"a long text"}, "passphrase": {"not this one"}}
	for _, kind := range []fault.Kind{fault.Denied, fault.NotFound, fault.Internal} {
		d.fail = fault.New(kind, "No.")
		w := post(t, d, "/room/1/notes", typed, nil)
		has(t, w, statusOf(d.fail), "a long text</textarea>")
		if strings.Contains(w.Body.String(), "not this one") {
			t.Error("a passphrase is shown")
		}
	}
	d.fail = fault.New(fault.Unavailable, "The disk is full.")
	has(t, post(t, d, "/room/1/notes", typed, nil), http.StatusServiceUnavailable, "The disk is full.", "a long text</textarea>", `data-form="note"`)

	d.signedIn = false
	has(t, post(t, d, "/room/1/notes", typed, nil), http.StatusUnauthorized, "a long text</textarea>", "not signed in")
	if w := get(t, d, "/room/1?a=b", nil); w.Header().Get("Location") != "/sign-in?to=%2Froom%2F1%3Fa%3Db" {
		t.Errorf("went to %q", w.Header().Get("Location"))
	}
	has(t, get(t, d, "/room/1", map[string]string{"X-Regions": "list"}), http.StatusUnauthorized)
}

func TestOtherSite(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	w := post(t, d, "/room/1/notes", url.Values{"text": {"forged"}}, map[string]string{"Sec-Fetch-Site": "cross-site"})
	has(t, w, http.StatusForbidden, "from another site")
	if len(d.notes) > 0 {
		t.Error("it was done")
	}
}

func TestRegions(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.notes = []string{"one"}
	w := get(t, d, "/room/1", map[string]string{"X-Regions": "write,list,nothing"})
	has(t, w, http.StatusOK, `data-on="incident:x"`, "one", `name="_key"`)
	if w.Header().Get("X-Now") == "" || strings.Contains(w.Body.String(), "<html") {
		t.Error("not an answer of regions")
	}
	// The key of a form is no change; a note is.
	again := map[string]string{"X-Regions": "write,list,nothing", "If-None-Match": w.Header().Get("ETag")}
	has(t, get(t, d, "/room/1", again), http.StatusNotModified)
	d.notes = append(d.notes, "two")
	has(t, get(t, d, "/room/1", again), http.StatusOK, "one,two")
	keys := regexp.MustCompile(`name="_key" value="([^"]+)"`)
	if a, b := keys.FindString(w.Body.String()), keys.FindString(get(t, d, "/room/1", nil).Body.String()); a == "" || a == b {
		t.Errorf("two drawings have the keys %q and %q", a, b)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	has(t, get(t, d, "/room/1?gone=1", nil), http.StatusNotFound, "There is no such incident.", "<h1>Not found</h1>")
	has(t, get(t, d, "/nowhere", nil), http.StatusNotFound, "no page at this address")
	has(t, get(t, d, "/panic", nil), http.StatusInternalServerError, "logged under the reference")
	w := get(t, d, "/broken", nil)
	has(t, w, http.StatusInternalServerError, "logged under the reference")
	if strings.Contains(w.Body.String(), "secret detail") || !strings.Contains(d.log.String(), "secret detail") {
		t.Error("the detail belongs into the log only")
	}
	if w = get(t, d, "/away", nil); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/room/1" {
		t.Errorf("got %d %q", w.Code, w.Header().Get("Location"))
	}
}

func TestTheme(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	w := post(t, d, "/theme", url.Values{"theme": {"dark"}, "_page": {"/room/1"}}, nil)
	has(t, w, http.StatusSeeOther)
	c := w.Result().Cookies()[0]
	has(t, get(t, d, "/room/1", map[string]string{"Cookie": c.Name + "=" + c.Value}), http.StatusOK, `data-theme="dark"`, `name="theme" value=""`)
	if strings.Contains(get(t, d, "/room/1", nil).Body.String(), "data-theme") {
		t.Error("without a choice the page follows the system")
	}
}

func TestGzip(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	w := get(t, d, "/room/1", map[string]string{"Accept-Encoding": "br, gzip;q=0.5"})
	if w.Header().Get("Content-Encoding") != "gzip" || w.Body.Len() > 2500 {
		t.Errorf("%q, %d bytes", w.Header().Get("Content-Encoding"), w.Body.Len())
	}
	if get(t, d, "/room/1", map[string]string{"Accept-Encoding": "gzip;q=0"}).Header().Get("Content-Encoding") != "" {
		t.Error("gzip was not wanted")
	}
}

// A link is a permission: whoever reads the log must not find it there.
func TestTokenIsNotLogged(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.ShowAnyone("/n/{token}", func(r *Request) (Page, error) {
		if r.Query("how") == "panic" {
			panic("oh")
		}
		return Page{}, errors.New("the database is away")
	})
	d.PostAnyone("/n/{token}", func(*Request) (Done, error) { return Done{}, fault.New(fault.Unavailable, "Not now") }, func(*Request) (Page, error) {
		return Page{Title: "Again"}, nil
	})
	for _, r := range []*http.Request{
		httptest.NewRequest(http.MethodGet, "/n/SECRETLINK", http.NoBody),
		httptest.NewRequest(http.MethodGet, "/n/SECRET%4cINK?how=panic", http.NoBody),
		httptest.NewRequest(http.MethodPost, "/n/SECRETLINK", strings.NewReader("_page=%2Fn%2FSECRETLINK")),
	} {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		d.log.Reset()
		d.ServeHTTP(httptest.NewRecorder(), r)
		if got := d.log.String(); strings.Contains(got, "SECRETLINK") || !strings.Contains(got, "/n/{token}") {
			t.Errorf("%s %s: %s", r.Method, r.URL, got)
		}
	}
}
