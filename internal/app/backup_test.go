package app

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/archive"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/ledger"
)

var start = time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)

// house is the product on one data directory, with a token for every role.
type house struct {
	t     *testing.T
	cfg   Config
	token string
	app   *App
}

// empty makes the configuration of a product that was never started.
func empty(t *testing.T, e store.Engine) Config {
	t.Helper()
	cfg := storetest.Empty(t, e)
	return Config{Dir: cfg.Dir, Database: cfg.URL, TestClock: true, Clock: clock.NewTest(start), Version: "1.2.3"}
}

func (h *house) start() {
	h.t.Helper()
	a, err := New(h.t.Context(), h.cfg)
	if err != nil {
		h.t.Fatal(err)
	}
	h.app = a
}

func (h *house) stop() {
	h.t.Helper()
	if err := errors.Join(h.app.Ledger.LeaveCheckpoint(h.t.Context()), h.app.Stop(h.t.Context())); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) do(method, path, body string) (int, string) {
	h.t.Helper()
	r := httptest.NewRequestWithContext(h.t.Context(), method, "/api/v1"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+h.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	h.app.Handler().ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func (h *house) post(path, body string) map[string]any {
	h.t.Helper()
	code, text := h.do("POST", path, body)
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); code >= 300 || err != nil {
		h.t.Fatalf("POST %s: %d %s", path, code, text)
	}
	return m
}

// inhabited is a running product with an incident in the middle of its life.
func inhabited(t *testing.T, e store.Engine) *house {
	t.Helper()
	h := &house{t: t, cfg: empty(t, e)}
	h.start()
	ctx := t.Context()
	if err := h.app.LoadDemo(ctx); err != nil {
		t.Fatal(err)
	}
	var err error
	roles := strings.Fields("reporter responder manager analyst siht legal privacy_officer communications executive liaison auditor admin")
	if h.token, err = h.app.OperatorToken(ctx, "all", roles, "", nil); err != nil {
		t.Fatal(err)
	}
	sig := h.post("/reports", `{"title":"Export at night — „Größe“","summary":"Somebody exported the customers","discovered_at":"2026-11-21T13:55:00Z"}`)
	h.post("/reports", `{"title":"Strange mail","discovered_at":"2026-11-21T13:59:00Z"}`)
	out := h.post("/signals/"+sig["id"].(string)+"/triage", `{"verdict":"incident","reason":"customers are concerned"}`)
	ref := out["incident"].(map[string]any)["ref"].(string)
	h.post("/incidents/"+ref+"/commands", `{"type":"confirm"}`)
	h.post("/incidents/"+ref+"/commands", `{"type":"grade","severity":1,"bil":1,"reason":"many customers"}`)
	h.post("/incidents/"+ref+"/commands", `{"type":"note","text":"The account was locked: <b>nothing</b> else"}`)
	if err := h.app.Forward(ctx, 70*time.Minute); err != nil {
		t.Fatal(err)
	}
	return h
}

// reads are answers that must be the same after a restore.
func (h *house) reads() map[string]string {
	h.t.Helper()
	out := map[string]string{}
	get := func(path string) string {
		code, text := h.do("GET", path, "")
		if code != 200 {
			h.t.Fatalf("GET %s: %d %s", path, code, text)
		}
		out[path] = text
		return text
	}
	for _, path := range []string{
		"/signals", "/duties", "/calls", "/directory/people", "/directory/teams", "/directory/export", "/directory/readiness",
		"/plan", "/plan/versions", "/register", "/register/export?format=csv", "/outbox", "/jobs",
		"/search?q=export", "/search?q=locked", "/ledger/proof?seq=5&size=20",
	} {
		get(path)
	}
	var list struct {
		Items []struct{ Ref string }
	}
	if err := json.Unmarshal([]byte(get("/incidents")), &list); err != nil || len(list.Items) != 1 {
		h.t.Fatalf("%d incidents, %v", len(list.Items), err)
	}
	for _, part := range []string{"", "/timeline", "/facts", "/duties", "/calls", "/signals"} {
		get("/incidents/" + list.Items[0].Ref + part)
	}
	return out
}

func backup(t *testing.T, cfg Config) (string, BackupReport) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "wakebell.backup")
	rep, err := Backup(t.Context(), cfg, file)
	if err != nil {
		t.Fatal(err)
	}
	return file, rep
}

func TestBackupAndRestoreAcrossEngines(t *testing.T) {
	t.Parallel()
	for _, from := range storetest.Engines {
		t.Run(string(from), func(t *testing.T) {
			t.Parallel()
			h := inhabited(t, from)
			want := h.reads()
			file, rep := backup(t, h.cfg) // beside the running product
			if m := rep.Manifest; m.Ledger.State != archive.Signed || m.Ledger.Size < 20 || !strings.Contains(rep.String(), "signed over it") {
				t.Errorf("%s", rep)
			}
			h.stop()
			for _, to := range storetest.Engines {
				for _, key := range []string{KeyFile(h.cfg.Dir), ""} {
					back := &house{t: t, cfg: empty(t, to), token: h.token}
					back.cfg.Clock = h.cfg.Clock
					res, err := Restore(t.Context(), back.cfg, file, key)
					if err != nil {
						t.Fatal(err)
					}
					if res.Epoch != 2 || res.NewKey != (key == "") || res.Lost != 0 || res.Replaced != "" || !strings.Contains(res.String(), "Epoch 2") {
						t.Errorf("%+v", res)
					}
					back.start()
					if d := cmp.Diff(want, back.reads()); d != "" {
						t.Errorf("%s to %s: %s", from, to, d)
					}
					back.post("/reports", `{"title":"It goes on","discovered_at":"2026-11-21T14:30:00Z"}`)
					back.verify(file)
					back.stop()
				}
			}
		})
	}
}

// verify checks everything, against the checkpoint in the backup too, and that the
// new epoch names it.
func (h *house) verify(file string) {
	h.t.Helper()
	a, err := archive.Open(file)
	if err != nil {
		h.t.Fatal(err)
	}
	defer a.Close()
	rep, err := VerifyData(h.t.Context(), h.cfg, a.Checkpoint)
	if err != nil || rep.Ledger.Epochs != 1 {
		h.t.Errorf("%+v, %v", rep.Ledger, err)
	}
	e, err := h.app.Ledger.Entries(h.t.Context(), h.app.DB, a.Manifest.Ledger.Size, 1)
	var start ledger.EpochStart
	if err != nil || len(e) != 1 || e[0].Decode(&start) != nil || start.LastCheckpoint != string(a.Checkpoint) {
		h.t.Errorf("the entry of the new epoch: %+v, %v", e, err)
	}
}

func TestRestoreOverANewerDatabase(t *testing.T) {
	t.Parallel()
	h := inhabited(t, store.SQLite)
	file, _ := backup(t, h.cfg)
	if _, err := Restore(t.Context(), h.cfg, file, ""); fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "stop the server first") {
		t.Errorf("while a server runs: %v", err)
	}
	before := h.reads()
	h.post("/reports", `{"title":"Will be lost","discovered_at":"2026-11-21T14:30:00Z"}`)
	newest, err := h.app.Ledger.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.stop()
	cfg := h.cfg
	cfg.Clock, cfg.TestClock = nil, false // the command line names neither
	rep, err := Restore(t.Context(), cfg, file, "")
	if err != nil {
		t.Fatal(err)
	}
	if rep.Lost == 0 || rep.NewKey || rep.Replaced == "" || !strings.Contains(rep.String(), "not in the backup") {
		t.Errorf("%s", rep)
	}
	h.start()
	if d := cmp.Diff(before, h.reads()); d != "" {
		t.Error(d)
	}
	// What was lost can be seen by whoever kept the newer checkpoint, and the new epoch names it.
	if _, err := VerifyData(t.Context(), h.cfg, newest); err == nil || !strings.Contains(err.Error(), "older copy was restored") {
		t.Errorf("against the newest checkpoint: %v", err)
	}
	h.stop()
	old := &house{t: t, cfg: h.cfg, token: h.token}
	old.cfg.Dir = rep.Replaced
	old.start()
	if code, text := old.do("GET", "/signals", ""); code != 200 || !strings.Contains(text, "Will be lost") {
		t.Errorf("the replaced database: %d %s", code, text)
	}
	old.stop()
}

// digest names what lies in a data directory and what the database holds.
func digest(t *testing.T, cfg Config) string {
	t.Helper()
	var b strings.Builder
	list, err := os.ReadDir(cfg.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if e.Name() == "lock" || strings.HasPrefix(e.Name(), "wakebell.db") {
			continue
		}
		text, _ := os.ReadFile(filepath.Join(cfg.Dir, e.Name()))
		fmt.Fprintf(&b, "%s %s\n", e.Name(), text)
	}
	db, err := store.OpenSnapshot(t.Context(), store.Config{Dir: cfg.Dir, URL: cfg.Database})
	if fault.KindOf(err) == fault.NotFound {
		return b.String()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var n int
	if err := db.QueryRow(t.Context(), "SELECT COUNT(*) FROM ledger_entry").Scan(&n); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "%d entries", n)
	return b.String()
}

// forge copies an archive with some files changed and a manifest that says so.
func forge(t *testing.T, file string, m archive.Manifest, changed map[string]string) string {
	t.Helper()
	in, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	path := filepath.Join(t.TempDir(), "forged")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range in.File {
		w, err := z.Create(e.Name)
		if err != nil {
			t.Fatal(err)
		}
		switch now, ok := changed[e.Name]; {
		case e.Name == "manifest.json":
			w.Write(text)
		case ok:
			io.WriteString(w, now)
		default:
			r, err := e.Open()
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(w, r)
		}
	}
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func content(t *testing.T, file, name string) string {
	t.Helper()
	in, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	r, err := in.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestForgedBackup changes the ledger in a backup, and the manifest with it: what the
// hashes cannot show, the ledger does.
func TestForgedBackup(t *testing.T) {
	t.Parallel()
	h := inhabited(t, store.SQLite)
	early, earlyRep := backup(t, h.cfg)
	h.post("/reports", `{"title":"One more","discovered_at":"2026-11-21T14:30:00Z"}`)
	file, rep := backup(t, h.cfg)
	h.stop()
	const entries = "tables/ledger_entry.ndjson"
	lines := strings.SplitAfter(strings.TrimSuffix(content(t, file, entries), "\n"), "\n")
	lines[len(lines)-1] += "\n"
	with := func(change func(m *archive.Manifest)) archive.Manifest {
		m := rep.Manifest
		m.Tables = append([]archive.Content(nil), m.Tables...)
		change(&m)
		return m
	}
	table := func(text string) archive.Manifest {
		return with(func(m *archive.Manifest) {
			for i := range m.Tables {
				if m.Tables[i].Name == "ledger_entry" {
					m.Tables[i].Bytes, m.Tables[i].Rows, m.Tables[i].SHA256 = int64(len(text)), int64(strings.Count(text, "\n")), sum(text)
				}
			}
		})
	}
	cut := strings.Join(lines[:len(lines)-1], "")
	byteChanged := strings.Replace(strings.Join(lines, ""), "operator", "operatox", 1)
	oldCheckpoint := content(t, early, "checkpoint.txt")
	cases := map[string]struct{ file, says string }{
		"one byte, manifest as it was": {forge(t, file, rep.Manifest, map[string]string{entries: byteChanged}), "ledger_entry.ndjson"},
		"one byte":                     {forge(t, file, table(byteChanged), map[string]string{entries: byteChanged}), "does not verify"},
		"the last entry":               {forge(t, file, table(cut), map[string]string{entries: cut}), "does not verify"},
		"older checkpoint": {forge(t, file, with(func(m *archive.Manifest) { m.Ledger.SHA256 = sum(oldCheckpoint) }),
			map[string]string{"checkpoint.txt": oldCheckpoint}), "its checkpoint is over"},
		"older checkpoint and its numbers": {forge(t, file, with(func(m *archive.Manifest) { m.Ledger = earlyRep.Manifest.Ledger }),
			map[string]string{"checkpoint.txt": oldCheckpoint}), "not the one its manifest names"},
	}
	for _, e := range storetest.Engines {
		to := empty(t, e)
		if e == store.SQLite {
			to = h.cfg
		}
		before := digest(t, to)
		for name, c := range cases {
			_, err := Restore(t.Context(), to, c.file, "")
			if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v", name, err)
			}
			if d := cmp.Diff(before, digest(t, to)); d != "" {
				t.Errorf("%s changed something: %s", name, d)
			}
		}
	}
}

func TestNoPrivateKeyInABackup(t *testing.T) {
	t.Parallel()
	h := inhabited(t, store.SQLite)
	file, _ := backup(t, h.cfg)
	secret, err := os.ReadFile(KeyFile(h.cfg.Dir))
	if err != nil {
		t.Fatal(err)
	}
	seed := strings.SplitN(string(secret), "+", 5)[4]
	in, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for _, f := range in.File {
		text := content(t, file, f.Name)
		for _, not := range []string{"PRIVATE", strings.TrimSpace(seed), h.token} {
			if strings.Contains(text, not) {
				t.Errorf("%s holds a secret", f.Name)
			}
		}
	}
	h.stop()
}

func TestBackupWithoutTheKey(t *testing.T) {
	t.Parallel()
	h := inhabited(t, store.SQLite)
	if err := h.app.Ledger.LeaveCheckpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(KeyFile(h.cfg.Dir), KeyFile(h.cfg.Dir)+".away"); err != nil {
		t.Fatal(err)
	}
	left, rep := backup(t, h.cfg)
	if rep.Manifest.Ledger.State != archive.Left || !strings.Contains(rep.String(), "no key was at hand") {
		t.Errorf("%s", rep)
	}
	if err := os.Remove(filepath.Join(h.cfg.Dir, "checkpoint.txt")); err != nil {
		t.Fatal(err)
	}
	none, rep := backup(t, h.cfg)
	if rep.Manifest.Ledger.State != archive.None {
		t.Errorf("%s", rep)
	}
	if err := h.app.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{left, none} {
		to := empty(t, store.SQLite)
		to.Clock = h.cfg.Clock
		res, err := Restore(t.Context(), to, file, "")
		if err != nil || (len(res.Notes) == 1) != (file == none) {
			t.Errorf("%s, %v", res, err)
		}
	}
}

func TestKeyOfARestore(t *testing.T) {
	t.Parallel()
	h := inhabited(t, store.SQLite)
	file, rep := backup(t, h.cfg)
	h.stop()
	other := inhabited(t, store.SQLite)
	other.stop()
	broken := filepath.Join(t.TempDir(), "broken")
	if err := os.WriteFile(broken, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for key, kind := range map[string]fault.Kind{KeyFile(other.cfg.Dir): fault.Invalid, broken: fault.Invalid, broken + ".not": fault.NotFound} {
		to := empty(t, store.SQLite)
		if _, err := Restore(t.Context(), to, file, key); fault.KindOf(err) != kind {
			t.Errorf("%s: %v", key, err)
		}
	}
	// Into the directory of another ledger: its files are kept, a new key is made.
	other.cfg.Clock = h.cfg.Clock
	res, err := Restore(t.Context(), other.cfg, file, "")
	if err != nil || !res.NewKey || res.Key == rep.Manifest.Ledger.VerifierKey || len(res.Notes) != 1 || res.Lost != 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	other.start()
	other.stop()
	// A rotation that was cut off is ended before the restored key takes the name.
	h.start()
	if _, err := h.app.Ledger.RotateKey(context.WithoutCancel(t.Context()), "test"); err != nil {
		t.Fatal(err)
	}
	h.stop()
	if err := os.Rename(KeyFile(h.cfg.Dir), KeyFile(h.cfg.Dir)+".next"); err != nil {
		t.Fatal(err)
	}
	res, err = Restore(t.Context(), h.cfg, file, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(res.Replaced, "ledger.key")); err != nil {
		t.Errorf("the rotated key is not kept: %v", err)
	}
	h.start()
	h.stop()
}

func sum(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }
