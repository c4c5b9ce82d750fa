//go:build linux || darwin || freebsd

package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
)

func open(t *testing.T, most int64) *Store {
	t.Helper()
	s, err := New(Config{Dir: filepath.Join(t.TempDir(), "blobs"), Max: most})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *Store, text string) *Held {
	t.Helper()
	h, err := s.Put(t.Context(), strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func left(t *testing.T, s *Store) (n int) {
	t.Helper()
	list, err := os.ReadDir(filepath.Join(s.dir, tmpName))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return len(list)
}

func TestPut(t *testing.T) {
	t.Parallel()
	s := open(t, 0)
	h := put(t, s, "\x89PNG\r\n\x1a\nnot much of a picture")
	defer h.Close()
	if h.Media != "image/png" || h.Size != 29 {
		t.Errorf("media %q, size %d", h.Media, h.Size)
	}
	sum := sha256.Sum256([]byte("\x89PNG\r\n\x1a\nnot much of a picture"))
	if want := hex.EncodeToString(sum[:]); h.SHA256 != want {
		t.Errorf("hash %s, want %s", h.SHA256, want)
	}
	info, err := os.Stat(filepath.Join(s.dir, h.SHA256[:2], h.SHA256[2:4], h.SHA256))
	if err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("lies there as %v, %v", info, err)
	}
	if n := left(t, s); n != 0 {
		t.Errorf("%d temporary files are left", n)
	}
	f, err := s.Open(h.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := io.ReadAll(f); err != nil || !bytes.HasPrefix(b, []byte("\x89PNG")) {
		t.Errorf("read %q, %v", b, err)
	}
}

func TestPutRefuses(t *testing.T) {
	t.Parallel()
	s := open(t, 10)
	full := open(t, 10)
	full.reserve = math.MaxUint64 / 2
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for name, c := range map[string]struct {
		s    *Store
		ctx  context.Context
		in   io.Reader
		want fault.Kind
		says string
	}{
		"too large": {s, t.Context(), strings.NewReader("01234567890"), fault.TooLarge, "--max-file"},
		"empty":     {s, t.Context(), strings.NewReader(""), fault.Invalid, "empty"},
		"cut off":   {s, t.Context(), io.MultiReader(strings.NewReader("0123"), iotest.ErrReader(io.ErrUnexpectedEOF)), fault.Internal, ""},
		"given up":  {s, stopped, strings.NewReader("0123"), fault.Internal, ""},
		"disk full": {full, t.Context(), strings.NewReader("0123"), fault.Unavailable, "make room"},
	} {
		h, err := c.s.Put(c.ctx, c.in)
		if h != nil || err == nil || fault.KindOf(err) != c.want || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v", name, h, err)
		}
	}
	if n := left(t, s) + left(t, full); n != 0 {
		t.Errorf("%d temporary files are left", n)
	}
	if all, err := s.Older(farAway); err != nil || len(all) != 0 {
		t.Errorf("contents %v, %v", all, err)
	}
}

// A content cannot be deleted while somebody is about to name it, and the other way round.
func TestHold(t *testing.T) {
	t.Parallel()
	s := open(t, 0)
	h := put(t, s, "held")
	if _, err := s.Alone(); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("deleting beside a holder: %v", err)
	}
	release, err := s.Share()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Alone(); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("deleting beside a backup: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	a, err := s.Alone()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is not there
		if err := a.Delete(h.SHA256); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Delete("../../etc/passwd"); err == nil {
		t.Error("a path was taken for a hash")
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(h.SHA256); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("deleted content: %v", err)
	}
}

func TestCheckAndHeal(t *testing.T) {
	t.Parallel()
	s := open(t, 0)
	h := put(t, s, "as it was")
	defer h.Close()
	check := func(want string) {
		t.Helper()
		if got, err := s.Check(t.Context(), h.Blob); err != nil || !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("check says %q, %v; want %q", got, err, want)
		}
	}
	check("")
	path := s.path(h.SHA256)
	write := func(text string) {
		t.Helper()
		if err := errors.Join(os.Remove(path), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	write("as it is!")
	check("another hash")
	write("as")
	check("2 bytes instead of 9")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	check("is missing")
	write2 := put(t, s, "as it was") // sending it again mends it
	defer write2.Close()
	check("")
}

func TestOlderAndTidy(t *testing.T) {
	t.Parallel()
	s := open(t, 0)
	h := put(t, s, "one")
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(s.dir, tmpName, "in-1")
	if err := os.WriteFile(cut, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Older(time.Unix(1, 0)); err != nil || len(got) != 0 {
		t.Errorf("older than 1970: %v, %v", got, err)
	}
	if got, err := s.Older(farAway); err != nil || len(got) != 1 || got[0] != h.SHA256 {
		t.Errorf("all: %v, %v", got, err)
	}
	a, err := s.Alone()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for before, want := range map[time.Time]int{time.Unix(1, 0): 1} {
		if err := a.Tidy(before); err != nil || left(t, s) != want {
			t.Errorf("tidied before %v: %d left, %v", before, left(t, s), err)
		}
	}
	if err := a.Tidy(farAway); err != nil || left(t, s) != 0 {
		t.Errorf("tidied: %d left, %v", left(t, s), err)
	}
	to := filepath.Join(t.TempDir(), "kept")
	for range 2 {
		if err := s.Duplicate(to); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := os.ReadFile((&Store{dir: to}).path(h.SHA256)); err != nil || string(b) != "one" {
		t.Errorf("the copy holds %q, %v", b, err)
	}
}

func TestRestoreWantsTheBytes(t *testing.T) {
	t.Parallel()
	s := open(t, 2)
	h := put(t, s, "ok")
	defer h.Close()
	want := h.Blob
	want.SHA256 = strings.Repeat("a", 64)
	for _, c := range []struct {
		text string
		b    Blob
	}{{"ok", want}, {"okay", h.Blob}, {"o", h.Blob}} {
		if got, err := s.Restore(t.Context(), strings.NewReader(c.text), c.b); err == nil {
			t.Errorf("%q was taken for %v: %v", c.text, c.b, got)
		}
	}
	big := "longer than the limit"
	sum := sha256.Sum256([]byte(big))
	r, err := s.Restore(t.Context(), strings.NewReader(big), Blob{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(big))})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

// What was sent is never shown by a browser in our name, whatever it is called.
func TestServe(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"page.html":           `attachment; filename=page.html`,
		"Übersicht \"1\".png": `attachment; filename*=utf-8''%C3%9Cbersicht%20%221%22.png`,
		"a\r\nSet-Cookie: x":  "",
		"":                    "attachment",
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Header.Set("Range", "bytes=1-2")
		Serve(w, r, name, strings.NewReader("<script>alert(1)</script>"))
		h := w.Result().Header
		if w.Code != http.StatusPartialContent || w.Body.String() != "sc" {
			t.Errorf("%q: %d %q", name, w.Code, w.Body)
		}
		if h.Get("Content-Type") != "application/octet-stream" || h.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") {
			t.Errorf("%q: %v", name, h)
		}
		if got := h.Get("Content-Disposition"); want != "" && got != want || strings.ContainsAny(got, "\r\n") {
			t.Errorf("%q is sent as %q", name, got)
		}
	}
}

func TestReadForm(t *testing.T) {
	t.Parallel()
	s := open(t, 10)
	form := func(files ...string) *http.Request {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		_ = w.WriteField("text", "words")
		_, _ = w.CreateFormFile("files", "") // a field in which nothing was chosen
		for i, text := range files {
			p, _ := w.CreateFormFile("files", fmt.Sprintf("%d.txt", i))
			_, _ = io.WriteString(p, text)
		}
		_ = w.Close()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", &b)
		r.Header.Set("Content-Type", w.FormDataContentType())
		return r
	}
	take := func(body io.Reader) (*Held, error) { return s.Put(t.Context(), body) }
	values, parts, err := ReadForm(form("one", "two"), 2, take)
	if err != nil || values.Get("text") != "words" || len(parts) != 2 || parts[1].Name != "1.txt" || parts[1].Held.Size != 3 {
		t.Fatalf("read %v, %v, %v", values, parts, err)
	}
	parts.Close()
	for name, r := range map[string]*http.Request{"too many": form("a", "b", "c"), "too large": form("a", "01234567890")} {
		values, parts, err := ReadForm(r, 2, take)
		if fault.KindOf(err) != fault.TooLarge || parts != nil || values.Get("text") != "words" {
			t.Errorf("%s: %v, %v, %v", name, values, parts, err)
		}
	}
	a, err := s.Alone() // nothing is held any more
	if err != nil {
		t.Fatal(err)
	}
	_ = a.Close()
}

func TestSize(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0 B", 812: "812 B", 1024: "1 kB", 4300: "4.2 kB", 100 << 20: "100 MB", 3 << 40: "3 TB"} {
		if got := Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
}
