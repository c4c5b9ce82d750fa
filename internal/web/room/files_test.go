package room_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/detect/intake"
)

// drop posts the composer with files, as a browser without script does.
func (g *rig) drop(person string, st incident.State, words string, files ...string) (int, string) {
	g.t.Helper()
	at := "/incidents/" + st.Ref
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range [][2]string{{"_form", "note"}, {"_key", words}, {"_page", at}, {"text", words}} {
		g.must(w.WriteField(f[0], f[1]))
	}
	for i := 0; i+1 < len(files); i += 2 {
		p, err := w.CreateFormFile("files", files[i])
		g.must(err)
		_, err = io.WriteString(p, files[i+1])
		g.must(err)
	}
	g.must(w.Close())
	r := httptest.NewRequest(http.MethodPost, at+"/notes", &b)
	r.Header.Set("X-Test-Person", person)
	r.Header.Set("Content-Type", w.FormDataContentType())
	out := httptest.NewRecorder()
	g.ServeHTTP(out, r)
	if to := out.Header().Get("Location"); to != "" {
		return out.Code, to
	}
	return out.Code, out.Body.String()
}

func (g *rig) file(st incident.State, n int) string {
	g.t.Helper()
	list, _, err := g.files.List(g.t.Context(), g.as(manager), st.Ref, "", 0)
	g.must(err)
	if len(list) <= n {
		g.t.Fatalf("%d files", len(list))
	}
	return list[n].ID
}

func TestFiles(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	at := "/incidents/" + st.Ref
	has(t, g.get(analyst, at), `enctype="multipart/form-data"`, "Attach files", "No files yet", "Each at most 4 kB")
	if code, to := g.drop(analyst, st, "The login page", "login <1>.png", "\x89PNG\r\n\x1a\n", "mail.eml", "From: x"); code != http.StatusSeeOther || to != at {
		t.Fatalf("%d %s", code, to)
	}
	id := g.file(st, 1)
	body := g.get(liaison, at)
	has(t, body, "login &lt;1&gt;.png", "mail.eml", "The login page", at+"/files/"+id)
	hasNot(t, body, "<img", "Attach files", "/content")

	// Twice pressed, once done; larger than allowed, refused with the words kept.
	g.drop(analyst, st, "The login page", "login <1>.png", "\x89PNG\r\n\x1a\n", "mail.eml", "From: x")
	if all, _, err := g.files.List(t.Context(), g.as(manager), st.Ref, "", 0); err != nil || len(all) != 2 {
		t.Errorf("%d files, %v", len(all), err)
	}
	code, body := g.drop(analyst, st, "A long log", "a.log", strings.Repeat("x", 5000))
	if code != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", code)
	}
	has(t, body, "A long log", "data-errors", "--max-file")
	code, body = g.drop(analyst, st, "Nothing in it", "a.log", "")
	if code != http.StatusUnprocessableEntity {
		t.Errorf("empty: %d", code)
	}
	has(t, body, "Nothing in it", "The file is empty")
	for _, person := range []string{liaison, reporter} {
		if code, _ := g.drop(person, st, "Not mine to do", "a", "b"); code != http.StatusForbidden {
			t.Errorf("%s adds a file: %d", person, code)
		}
	}

	// The page of a file, and the bytes: never shown by the browser in our name.
	page := at + "/files/" + id
	has(t, g.get(liaison, page), "login &lt;1&gt;.png", "image/png", page+"/content", "May be an attack"[4:])
	hasNot(t, g.get(liaison, page), "/withdraw", "/erase")
	r := httptest.NewRequest(http.MethodGet, page+"/content", nil)
	r.Header.Set("X-Test-Person", liaison)
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	h := w.Header()
	if w.Body.String() != "\x89PNG\r\n\x1a\n" || h.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment;") ||
		h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%q %v", w.Body, h)
	}
	if code, _ := g.send(reporter, "GET", page+"/content", nil); code != http.StatusForbidden {
		t.Errorf("a reporter downloads: %d", code)
	}
	other := g.declare(incident.Declare{Title: "Another"})
	if code, _ := g.send(manager, "GET", "/incidents/"+other.Ref+"/files/"+id+"/content", nil); code != http.StatusNotFound {
		t.Errorf("through another incident: %d", code)
	}
}

func TestWithdrawAndEraseFile(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	at := "/incidents/" + st.Ref
	g.drop(analyst, st, "Two", "smith.png", "his face", "b.txt", "b")
	page := at + "/files/" + g.file(st, 1)
	has(t, g.get(analyst, page), "/withdraw")
	hasNot(t, g.get(responder, page), "/withdraw")
	if code, _ := g.post(responder, page, page+"/withdraw", "withdraw", "reason", "not mine"); code != http.StatusForbidden {
		t.Errorf("somebody else's file: %d", code)
	}
	if code, body := g.post(analyst, page, page+"/withdraw", "withdraw", "reason", ""); code != http.StatusUnprocessableEntity || !strings.Contains(body, "#withdraw-reason") {
		t.Errorf("without a reason: %d", code)
	}
	g.done(analyst, page, page+"/withdraw", "withdraw", "reason", "of another incident")
	body := g.get(analyst, at)
	has(t, body, "A file that was withdrawn", "Of another incident")
	if code, _ := g.send(analyst, "GET", page+"/content", nil); code != http.StatusGone {
		t.Errorf("a withdrawn file: %d", code)
	}
	has(t, g.get(manager, page), "Withdrawn", page+"/content")
	g.done(privacy, page, page+"/erase", "erase", "why", "Mr Smith asked")
	g.must(g.jobs.Drain(t.Context(), g.clk.Now()))
	body = g.get(manager, page)
	has(t, body, "Erased", "Destroyed ")
	hasNot(t, body, "smith.png", "/content", "/erase")
	hasNot(t, g.get(manager, at), "smith.png")
	has(t, g.get(manager, at+"/files"), "Erased", "b.txt", "Kept")
}

// A time in a sentence stands in the viewer's zone; what somebody wrote stays as it is.
func TestTimesOfSentences(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	g.do(st, &incident.AddTask{Text: "Call them at 10:15 UTC", Due: start.Add(time.Hour), Owner: analyst})
	g.do(st, &incident.Grade{Severity: num(1), BIL: num(1), Reason: "Seen at 13:30 UTC"})
	g.must(g.clk.Advance(21 * time.Minute))
	g.must(g.jobs.Drain(t.Context(), g.clk.Now()))
	body := g.get(manager, "/incidents/"+st.Ref+"?show=all")
	has(t, body, "Call them at 10:15 UTC", "Seen at 13:30 UTC", "(due 15:20)", "20 Nov 2026 16:00", "Task for ")
	hasNot(t, body, "14:20 UTC", "2026-11-20 15:00")
}

func num(n int) *int { return &n }

func TestLinkAndUnlink(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	at := "/incidents/" + st.Ref + "/signals"
	sig, err := g.in.Report(t.Context(), g.as(reporter), intake.ReportInput{Title: "Night export", DiscoveredAt: g.clk.Now()})
	g.must(err)
	_, err = g.in.Report(t.Context(), g.as(reporter), intake.ReportInput{Title: "Only an exercise", DiscoveredAt: g.clk.Now(), Drill: true})
	g.must(err)
	body := g.get(analyst, at)
	has(t, body, "Night export", "No alert and no report is linked")
	hasNot(t, body, "Only an exercise")
	hasNot(t, g.get(analyst, at+"?q=nowhere"), "Night export")
	hasNot(t, g.get(liaison, at), "Night export", "/link")
	if code, body := g.post(analyst, at, at+"/link", "link"); code != http.StatusUnprocessableEntity || !strings.Contains(body, "#link-signals") {
		t.Errorf("nothing chosen: %d", code)
	}
	for _, person := range []string{liaison, reporter, counsel} {
		if code, _ := g.post(person, at, at+"/link", "link", "signals", sig.ID); code != http.StatusForbidden {
			t.Errorf("%s links: %d", person, code)
		}
	}
	g.done(analyst, at, at+"/link", "link", "signals", sig.ID)
	has(t, g.get(liaison, "/incidents/"+st.Ref), "Night export", "1 signal linked")
	if s, err := g.in.Get(t.Context(), g.as(manager), sig.ID); err != nil || s.Incident != st.ID || s.Verdict != intake.Incident {
		t.Errorf("linked: %+v, %v", s, err)
	}
	if code, body := g.post(analyst, at, at+"/unlink", "unlink", "linked", sig.ID, "reason", ""); code != http.StatusUnprocessableEntity || !strings.Contains(body, "#unlink-reason") {
		t.Errorf("without a reason: %d", code)
	}
	g.done(analyst, at, at+"/unlink", "unlink", "linked", sig.ID, "reason", "It was the nightly job")
	if s, err := g.in.Get(t.Context(), g.as(manager), sig.ID); err != nil || s.Incident != "" || s.State != intake.Open {
		t.Errorf("unlinked: %+v, %v", s, err)
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	g := open(t)
	st, other := g.declare(incident.Declare{}), g.declare(incident.Declare{Title: "The larger one"})
	drill := g.declare(incident.Declare{Title: "Fire practice", Kind: incident.Drill})
	at := "/incidents/" + st.Ref + "/merge"
	has(t, g.get(manager, "/incidents/"+st.Ref+"/close"), at)
	body := g.get(manager, at)
	has(t, body, "The larger one")
	hasNot(t, body, "Fire practice", `value="`+st.Ref+`"`)
	if code, _ := g.send(analyst, "GET", at, nil); code != http.StatusForbidden {
		t.Errorf("an analyst merges: %d", code)
	}
	if code, _ := g.post(analyst, at, at, "merge", "into", other.Ref, "reason", "same"); code != http.StatusForbidden {
		t.Errorf("an analyst merges: %d", code)
	}
	for field, pairs := range map[string][]string{"into": {"reason", "same"}, "reason": {"into", other.Ref}} {
		if code, body := g.post(manager, at, at, "merge", pairs...); code != http.StatusUnprocessableEntity || !strings.Contains(body, "#merge-"+field) {
			t.Errorf("without %s: %d", field, code)
		}
	}
	if code, _ := g.post(manager, at, at, "merge", "into", drill.Ref, "reason", "same"); code != http.StatusConflict {
		t.Errorf("into a drill: %d", code)
	}
	if to := g.done(manager, at, at, "merge", "into", strings.ToLower(other.Ref), "reason", "The same token"); to != "/incidents/"+other.Ref {
		t.Errorf("leads to %s", to)
	}
	has(t, g.get(manager, "/incidents/"+st.Ref), "It is part of another incident", "The same token", "Merged")
	if code, to := g.send(manager, "GET", at, nil); code != http.StatusSeeOther || to != "/incidents/"+st.Ref {
		t.Errorf("a merge of what is merged: %d %s", code, to)
	}
}

// An outward duty under law or contract is waived by legal and an executive, two persons.
func TestWaiveByTwo(t *testing.T) {
	t.Parallel()
	g := open(t)
	st := g.declare(incident.Declare{})
	st = g.do(st, &incident.Confirm{})
	st = g.do(st, &incident.RecordFact{Fact: incident.FactScope, Value: []byte(`{"customers":["alpenwerk"]}`)})
	at := "/incidents/" + st.Ref + "/duties/" + g.duty(st, "customer")
	body := g.get(manager, at)
	hasNot(t, body, "Agree as", "Waive it")
	if code, _ := g.post(manager, at, at+"/waive", "waive", "ground", "no"); code != http.StatusForbidden {
		t.Errorf("the manager waives: %d", code)
	}
	has(t, g.get(counsel, at), "Agree as legal")
	g.done(counsel, at, at+"/waive", "waive", "ground", "The contract ended in May")
	body = g.get(counsel, at)
	has(t, body, "An executive must agree too", "Beatrix Hohenfels", "The contract ended in May")
	hasNot(t, body, "Agree as")
	has(t, g.get(executive, at), "Waive it")
	g.done(executive, at, at+"/waive", "waive", "ground", "The contract ended in May")
	has(t, g.get(executive, at), "Waived", "Helene Brandstetter", "/undo")
}
