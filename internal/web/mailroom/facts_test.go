package mailroom_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/print/printtest"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/paper"
	"github.com/wakebell/wakebell/internal/web/portal"
)

// TestFactsOnPaper loads the facts behind a recipient's link: with the link alone, not with
// another, not once it is revoked, and not endlessly.
func TestFactsOnPaper(t *testing.T) {
	t.Parallel()
	g := open(t)
	portal.Mount(g.Web, portal.Deps{Dispatch: g.dispatch, Clock: g.clk, Address: func(r *http.Request) string { return r.RemoteAddr }})
	one, run := g.sending(carriedCSV, func(r *dispatch.Run) {
		r.Facts = []dispatch.Fact{{Item: "33(3)(a)", Heading: "Nature of the breach", Text: "Plans were read."}}
	})
	var file strings.Builder
	papers := paper.New(paper.Deps{Notices: g.notices, Dispatch: g.dispatch, DB: g.db, Clock: g.clk})
	if _, err := papers.Letters(t.Context(), g.as(writer), g.st.Ref, 1, paper.Choice{}, &file); err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`/n/[\w-]+`).FindString(printtest.Pages(t, []byte(file.String()))[2])
	load := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	has(t, load(link).Body.String(), link+"/facts.pdf", link+"/facts.json")
	w := load(link + "/facts.pdf")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/pdf" || !strings.Contains(w.Header().Get("X-Robots-Tag"), "noindex") {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	has(t, printtest.Text(t, w.Body.Bytes()), "Nature of the breach · Art. 33(3)(a) Plans were read.", "Southern Ltd")
	if w := load(link[:len(link)-4] + "AAAA/facts.pdf"); w.Code != http.StatusNotFound {
		t.Errorf("a wrong link: %d", w.Code)
	}
	page, _, err := g.dispatch.Recipients(t.Context(), g.as(writer), run.List, dispatch.Filter{}, "", 0)
	g.must(err)
	for _, r := range page {
		g.must(g.dispatch.RevokeLinks(t.Context(), g.as(writer), r.ID))
	}
	if w := load(link + "/facts.pdf"); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "Southern") {
		t.Errorf("a revoked link: %d", w.Code)
	}
	for range 80 {
		w = load(link + "/facts.pdf")
	}
	if w.Code != http.StatusTooManyRequests {
		t.Errorf("the 80th: %d", w.Code)
	}
	has(t, g.page(writer, one+"/sending"), "Pages opened")
}
