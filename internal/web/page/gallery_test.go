package page

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/web/page/asset"
)

// gallery is a page with every component, for the tests and for the eye: WAKEBELL_GALLERY=127.0.0.1:9000 with
// -run TestGallery serves it until the test is stopped.
func gallery(assets *asset.Set) *Web {
	by := who.Identity{Actor: "incident-manager", Person: "incident-manager", Name: "Jonas Wiesinger", Roles: []who.Role{who.Manager}}
	w := New(Config{
		SignedIn: func(*http.Request) (who.Identity, bool) { return by, true }, Clock: clock.NewTest(noon), Assets: assets,
		Menu: []Item{{Label: "Now", Path: "/", Icon: IconSiren}, {Label: "Gallery", Path: "/gallery", Icon: IconLayers}}, Demo: true,
	})
	show := func(r *Request) (Page, error) {
		list := Region{Name: "list", On: On("duty"), Body: galleryClocks(noon)}
		return Page{
			Title: "Every component", Nav: "/gallery", Drill: true, Lead: Text("What the screens are made of."),
			Crumbs: []Crumb{{"Now", "/"}, {Label: "INC-2026-0142"}}, Actions: Links(Action{Label: "Situation report", Icon: IconFileText, Href: "#r"}, Action{Label: "Post update", Icon: IconPencilLine, Href: "#u", Main: true, Key: "u"}),
			Thumb:   []Action{{Label: "Update", Icon: IconPencilLine, Href: "#u"}, {Label: "Report", Icon: IconFileText, Href: "#r"}, {Label: "Call", Icon: IconPhone, Href: "#c"}},
			Regions: []Region{list}, Body: galleryBody(r, list),
		}, nil
	}
	w.Show("/gallery", show)
	w.Show("/", show)
	w.Post("/gallery/form", func(r *Request) (Done, error) {
		if r.Text("title") == "" {
			return Done{}, fault.Invalids(fault.Field{Field: "title", Message: "is missing"}, fault.Field{Field: "sev", Message: "must be chosen"})
		}
		return Done{Say: "Saved."}, nil
	}, show)
	w.Post("/gallery/text", func(*Request) (Done, error) {
		return Done{}, &Stale{Field: "text", Theirs: "The token is revoked.", By: "Ingrid Solberg", At: noon, Version: "8"}
	}, show)
	return w
}

func TestGallery(t *testing.T) {
	t.Parallel()
	assets, err := asset.Read(os.DirFS("../dist"))
	if err != nil {
		t.Fatal(err)
	}
	w := gallery(assets)
	if addr := os.Getenv("WAKEBELL_GALLERY"); addr != "" {
		t.Log(http.ListenAndServe(addr, w))
	}
	body := get(t, w, "/gallery", nil).Body.String()
	for _, want := range []string{
		`<h1>Every component</h1>`, `href="#main"`, `data-sev="0"`, `Missed`, `role="timer"`, `role="log"`, `role="columnheader"`,
		`data-label="Owner"`, `aria-current="step"`, `title="21 Nov 2026 13:25:00 UTC"`, `DRILL`, `Demo company`, `class="thumb"`,
		`datetime-local`, `name="at.zone"`, `(optional)`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the gallery lacks %q", want)
		}
	}
	if strings.Contains(body, "style=") || strings.Contains(body, "onclick") {
		t.Error("the policy of the page forbids inline style and script")
	}
	if n := strings.Count(body, "<h1"); n != 1 {
		t.Errorf("want one h1, got %d", n)
	}
}

var noon = time.Date(2026, 11, 21, 13, 25, 0, 0, time.UTC)

func get(t *testing.T, h http.Handler, path string, header map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
