package app

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
)

// attach sends a file through the API and returns its hash.
func (h *house) attach(name, text string) (sum, id string) {
	h.t.Helper()
	r := httptest.NewRequestWithContext(h.t.Context(), "POST", "/api/v1/incidents/INC-2026-0001/files?name="+name, strings.NewReader(text))
	r.Header.Set("Authorization", "Bearer "+h.token)
	w := httptest.NewRecorder()
	h.app.Handler().ServeHTTP(w, r)
	var list struct {
		Items []struct{ ID, SHA256 string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || w.Code != 201 {
		h.t.Fatalf("attach: %d %s", w.Code, w.Body)
	}
	return list.Items[0].SHA256, list.Items[0].ID
}

func place(cfg Config, sum string) string {
	return filepath.Join(cfg.Dir, "blobs", sum[:2], sum[2:4], sum)
}

// A backup holds the contents of files, and a restore brings them, also into the other
// engine; what was erased is in neither. Verification reads every one.
func TestFilesGoWithTheRecord(t *testing.T) {
	t.Parallel()
	for _, e := range storetest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			h := inhabited(t, e)
			ctx := t.Context()
			shot, _ := h.attach("shot.png", "\x89PNG\r\n\x1a\n and more")
			mail, _ := h.attach("mail.eml", "From: somebody")
			gone, id := h.attach("mr-smith.png", "his face")
			h.post("/incidents/INC-2026-0001/files/"+id+"/erase", `{"reason":"asked for"}`)
			if err := h.app.Jobs.Drain(ctx, h.app.Clock.Now()); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(place(h.cfg, gone)); !errors.Is(err, os.ErrNotExist) {
				t.Fatalf("the erased content: %v", err)
			}
			rep, err := VerifyData(ctx, h.cfg, nil)
			if err != nil || rep.Files.Contents != 2 {
				t.Fatalf("verify: %+v, %v", rep.Files, err)
			}
			out := filepath.Join(t.TempDir(), "backup.zip")
			made, err := Backup(ctx, h.cfg, out)
			if err != nil || made.Manifest.Blobs == nil || made.Manifest.Blobs.Count != 2 || len(made.Manifest.Blobs.Missing) != 0 {
				t.Fatalf("backup: %+v, %v", made.Manifest.Blobs, err)
			}
			h.stop()

			// What is missing, and what was changed, is named.
			path := place(h.cfg, shot)
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.Chmod(place(h.cfg, mail), 0o600), os.WriteFile(place(h.cfg, mail), []byte("From: nobody!!"), 0o600)); err != nil {
				t.Fatal(err)
			}
			_, err = VerifyData(ctx, h.cfg, nil)
			said := ""
			for _, f := range fault.FieldsOf(err) {
				said += f.Message + "\n"
			}
			for _, want := range []string{`INC-2026-0001 ("shot.png", SHA-256 ` + shot + ") is missing", "another hash"} {
				if !strings.Contains(said, want) {
					t.Errorf("verify does not say %q:\n%s", want, said)
				}
			}
			if err := os.Remove(place(h.cfg, mail)); err != nil {
				t.Fatal(err)
			}
			less, err := Backup(ctx, h.cfg, filepath.Join(t.TempDir(), "less.zip"))
			if err != nil || len(less.Manifest.Blobs.Missing) != 2 || !strings.Contains(less.String(), "MISSING") {
				t.Errorf("a backup without its files: %+v, %v", less.Manifest.Blobs, err)
			}

			other := store.SQLite
			if e == store.SQLite {
				other = store.Postgres
			}
			to := empty(t, other)
			to.Clock = clock.NewTest(h.cfg.Clock.Now())
			res, err := Restore(ctx, to, out, "")
			if err != nil {
				t.Fatal(err)
			}
			if rep, err := VerifyData(ctx, to, nil); err != nil || rep.Files.Contents != 2 {
				t.Errorf("verify the restored: %+v, %v; %s", rep.Files, err, res)
			}
			if b, err := os.ReadFile(place(to, shot)); err != nil || string(b) != "\x89PNG\r\n\x1a\n and more" {
				t.Errorf("restored %q, %v", b, err)
			}
			if _, err := os.Stat(place(to, gone)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the erased content came back: %v", err)
			}
		})
	}
}

// The contents of a database that is replaced stay beside it.
func TestReplacedFilesAreKept(t *testing.T) {
	t.Parallel()
	h := inhabited(t, store.SQLite)
	ctx := t.Context()
	out := filepath.Join(t.TempDir(), "backup.zip")
	if _, err := Backup(ctx, h.cfg, out); err != nil {
		t.Fatal(err)
	}
	sum, _ := h.attach("later.txt", "after the backup")
	h.stop()
	res, err := Restore(ctx, h.cfg, out, "")
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(res.Replaced, "blobs", sum[:2], sum[2:4], sum))
	if err != nil || string(b) != "after the backup" {
		t.Errorf("kept %q, %v", b, err)
	}
}

// A backup whose content was changed after it was made is refused before anything happens.
func TestChangedContentInBackup(t *testing.T) {
	t.Parallel()
	h := inhabited(t, store.SQLite)
	h.attach("a.txt", "the bytes as they came")
	out := filepath.Join(t.TempDir(), "backup.zip")
	if _, err := Backup(t.Context(), h.cfg, out); err != nil {
		t.Fatal(err)
	}
	h.stop()
	for name, change := range map[string]func(name string, b []byte) []byte{
		"changed": func(name string, b []byte) []byte {
			if strings.HasPrefix(name, "blobs/") {
				b[0] ^= 1
			}
			return b
		},
		"missing": func(name string, b []byte) []byte {
			if strings.HasPrefix(name, "blobs/") {
				return nil
			}
			return b
		},
	} {
		bad := filepath.Join(t.TempDir(), name+".zip")
		rezip(t, out, bad, change)
		to := empty(t, store.SQLite)
		if _, err := Restore(t.Context(), to, bad, ""); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "blobs/") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// rezip copies an archive; change gives the bytes of each file anew, nil leaves it out.
func rezip(t *testing.T, from, to string, change func(name string, b []byte) []byte) {
	t.Helper()
	in, err := zip.OpenReader(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	f, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for _, e := range in.File {
		b := change(e.Name, []byte(content(t, from, e.Name)))
		if b == nil {
			continue
		}
		w, err := z.Create(e.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
}
