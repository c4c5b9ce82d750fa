//go:build linux || darwin || freebsd

package blob

import (
	"io"
	"mime"
	"net/http"
	"time"
)

// Serve sends a content so that no browser shows it in our name: as an attachment, as
// plain bytes whatever it is, never sniffed, and in a sandbox should one open it
// nevertheless. Parts may be asked for.
func Serve(w http.ResponseWriter, r *http.Request, name string, content io.ReadSeeker) {
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", disposition(name))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("Cache-Control", "no-store")
	http.ServeContent(w, r, "", time.Time{}, content)
}

func disposition(name string) string {
	if v := mime.FormatMediaType("attachment", map[string]string{"filename": name}); name != "" && v != "" {
		return v
	}
	return "attachment"
}

// patience is how long a sender may be silent.
const patience = 2 * time.Minute

// Patient lets a long upload take its time: the limit of the server for reading a request
// runs anew from each part that arrives. real gives the real time.
func Patient(w http.ResponseWriter, r *http.Request, real func() time.Time) {
	r.Body = &patient{ReadCloser: r.Body, rc: http.NewResponseController(w), real: real}
}

type patient struct {
	io.ReadCloser
	rc   *http.ResponseController
	real func() time.Time
	next time.Time
}

// Read reads a part and puts the limit off.
func (p *patient) Read(b []byte) (int, error) {
	if now := p.real(); now.After(p.next) {
		p.next = now.Add(time.Second) // not at each part: it is a system call
		_ = p.rc.SetReadDeadline(now.Add(patience))
	}
	return p.ReadCloser.Read(b)
}
