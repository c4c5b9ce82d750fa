package page

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
)

// The numbers beside the menu are regions of every page: drawn with the viewer's rights, and alone
// without asking the screen.
func TestMenuCounts(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	n, asked := 3, 0
	var fail error
	d.Menu = []Item{
		{
			Label: "Triage", Path: "/triage", Perms: []Permission{who.PermSignalRead}, On: On("signal"),
			Count: func(_ context.Context, by who.Identity) (int, error) {
				if by.Actor != "ann" {
					t.Errorf("counted for %q", by.Actor)
				}
				return n, fail
			},
		},
		{Label: "Hidden", Path: "/hidden", Perms: []Permission{who.PermPersonManage}, Count: func(context.Context, who.Identity) (int, error) {
			t.Error("counted for somebody who may not open it")
			return 1, nil
		}},
	}
	for _, path := range []string{"/triage", "/hidden"} {
		d.Show(path, func(*Request) (Page, error) { asked++; return Page{Title: "A list"}, nil })
	}
	region := map[string]string{"X-Regions": "menu-triage"}
	has(t, get(t, d, "/triage", nil), http.StatusOK, `id="menu-triage" class="n" data-region data-on="signal"`, "3")
	asked = 0
	first := get(t, d, "/triage", region)
	has(t, first, http.StatusOK, `id="menu-triage"`, "3")
	if asked != 0 || strings.Contains(first.Body.String(), "A list") {
		t.Error("the screen was asked for a number of the menu")
	}
	tag := first.Header().Get("ETag")
	if w := get(t, d, "/triage", map[string]string{"X-Regions": "menu-triage", "If-None-Match": tag}); w.Code != http.StatusNotModified {
		t.Errorf("unchanged: %d", w.Code)
	}
	for count, want := range map[int]string{99: "99", 100: "99+", 0: ""} {
		n = count
		body := get(t, d, "/triage", region).Body.String()
		if want == "" && strings.Contains(body, "waiting") || !strings.Contains(body, want) {
			t.Errorf("%d is shown as %s", count, body)
		}
	}
	n, fail = 5, errors.New("no database")
	w := get(t, d, "/triage", nil)
	has(t, w, http.StatusOK, "A list")
	if strings.Contains(w.Body.String(), "waiting") {
		t.Error("a number that could not be read is shown")
	}
	fail = nil
	// Together with a region of the page, and for a script that wants all: both.
	has(t, get(t, d, "/room/1", map[string]string{"X-Regions": "list,menu-triage"}), http.StatusOK, `id="list"`, `id="menu-triage"`)
	has(t, get(t, d, "/room/1", map[string]string{"X-Regions": "*"}), http.StatusOK, `id="list"`, `id="menu-triage"`)
	d.signedIn = false
	if w := get(t, d, "/triage", region); w.Code != http.StatusUnauthorized {
		t.Errorf("nobody: %d", w.Code)
	}
}

// A refused form says below a time what was typed, not what stood there before.
func TestMomentAfterARefusal(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	show := func(r *Request) (Page, error) {
		f := r.Form("when").To("/when")
		return Page{Title: "When", Body: in(f.Body(), Moment(f, Field{Name: "at", Label: "Since", At: noon}))}, nil
	}
	d.Show("/when", show)
	d.Post("/when", func(*Request) (Done, error) { return Done{}, fault.InvalidField("at", "lies too far back") }, show)
	initial := noon.Format("2 Jan 2006 15:04:05") + " UTC"
	has(t, get(t, d, "/when", nil), http.StatusOK, initial)
	for typed, want := range map[string]string{"2026-01-02T03:04": "2 Jan 2026 02:04:00 UTC", "yesterday": "Time of UTC", "": "Time of UTC"} {
		w := post(t, d, "/when", url.Values{"_form": {"when"}, "at": {typed}, "at.zone": {"Europe/Berlin"}}, nil)
		has(t, w, http.StatusUnprocessableEntity, want, `value="`+typed+`"`)
		if strings.Contains(w.Body.String(), initial) {
			t.Errorf("%q: the initial time is shown", typed)
		}
	}
}

func TestTooMany(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fail = fault.TooMany(90*time.Second, "Wait a little.")
	w := post(t, d, "/room/1/notes", url.Values{"_form": {"note"}, "_page": {"/room/1"}, "text": {"a long text"}}, nil)
	has(t, w, http.StatusTooManyRequests, "Wait a little.", "a long text</textarea>")
	if w.Header().Get("Retry-After") != "90" {
		t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
	}
}
