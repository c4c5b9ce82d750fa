// Package asset holds the built style, scripts, fonts and icons of the screens and serves them. It carries out no
// policy sentence of its own. It must not import a screen or the pages.
package asset

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// Set is the built style, scripts, fonts and icons. Their names hold a hash of their content, so browsers
// keep them for good. Each stands there plain, as brotli and as gzip, whichever is smaller.
type Set struct {
	names map[string]string // "app.css" -> "app.1A2B3C.css"
	files map[string]asset
}

type asset struct {
	kind          string
	plain, br, gz []byte
}

// manifest names what was built.
const manifest = "manifest.json"

// Read loads what the build left in a folder. An empty folder gives assets that are not Built.
func Read(dist fs.FS) (*Set, error) {
	a := &Set{names: map[string]string{}, files: map[string]asset{}}
	raw, err := fs.ReadFile(dist, manifest)
	if errors.Is(err, fs.ErrNotExist) {
		return a, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the assets: %w", err)
	}
	if err := json.Unmarshal(raw, &a.names); err != nil {
		return nil, fmt.Errorf("read the assets: %s: %w", manifest, err)
	}
	for _, name := range a.names {
		f := asset{kind: mime.TypeByExtension(path.Ext(name))}
		switch path.Ext(name) { // some machines know no type for these
		case ".woff2":
			f.kind = "font/woff2"
		case ".js":
			f.kind = "text/javascript; charset=utf-8"
		}
		for suffix, into := range map[string]*[]byte{"": &f.plain, ".br": &f.br, ".gz": &f.gz} {
			b, err := fs.ReadFile(dist, name+suffix)
			if err != nil && (suffix == "" || !errors.Is(err, fs.ErrNotExist)) {
				return nil, fmt.Errorf("read the assets: %w", err)
			}
			*into = b
		}
		a.files[name] = f
	}
	return a, nil
}

// Built says whether there are any.
func (a *Set) Built() bool { return len(a.names) > 0 }

// Path gives the address of an asset, "" when it was not built.
func (a *Set) Path(name string) string {
	if n, ok := a.names[name]; ok {
		return "/a/" + n
	}
	return ""
}

// ServeHTTP answers with the smallest form the browser takes.
func (a *Set) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	f, ok := a.files[name]
	if !ok {
		http.Error(w, "There is no such file.", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Add("Vary", "Accept-Encoding")
	body, coding := f.plain, ""
	switch {
	case f.br != nil && Accepts(r, "br"):
		body, coding = f.br, "br"
	case f.gz != nil && Accepts(r, "gzip"):
		body, coding = f.gz, "gzip"
	}
	tag := `"` + name + coding + `"`
	h.Set("ETag", tag)
	if strings.Contains(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if coding != "" {
		h.Set("Content-Encoding", coding)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// Accepts reads Accept-Encoding; a coding with q=0 is not accepted.
func Accepts(r *http.Request, coding string) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			q = strings.ReplaceAll(q, " ", "")
			return q != "q=0" && !strings.HasPrefix(q, "q=0.000")
		}
	}
	return false
}
