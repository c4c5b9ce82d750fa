package page

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"sync"

	"github.com/a-h/templ"

	"github.com/wakebell/wakebell/internal/web/page/asset"
)

// frame is what components find in their context.
type frame struct {
	req  *Request
	page *Page
	key  string // random part of the forms' keys, made when first asked for
	keys int
	say  string // shown once
}

type frameKey struct{}

// frameOf never returns nil: a component drawn alone, in a test, gets an empty frame.
func frameOf(ctx context.Context) *frame {
	if f, ok := ctx.Value(frameKey{}).(*frame); ok {
		return f
	}
	return &frame{req: &Request{Request: &http.Request{}}, page: &Page{}}
}

// nextKey makes the idempotency key of one form. All keys of a page share their random part, so that
// the fingerprint of a page can leave it out.
func (f *frame) nextKey() string {
	if f.key == "" {
		f.key = newKey()
	}
	f.keys++
	return f.key + strconv.Itoa(f.keys)
}

func newKey() string {
	var b [15]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// send renders p, the whole page or the regions that are wanted.
func (r *Request) send(p *Page, status int) error {
	f := &frame{req: r, page: p, say: r.said()}
	ctx := context.WithValue(r.Context(), frameKey{}, f)
	buf := buffers.Get().(*bytes.Buffer)
	buf.Reset()
	defer buffers.Put(buf)
	h := r.out.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("X-Now", strconv.FormatInt(r.Now.UnixMilli(), 10))
	if r.regions == nil {
		if err := layout(p).Render(ctx, buf); err != nil {
			return err
		}
		return r.write(buf.Bytes(), status)
	}
	for _, g := range p.Regions {
		if r.Wants(g.Name) {
			if err := g.Place().Render(ctx, buf); err != nil {
				return err
			}
		}
	}
	for _, it := range f.menu() {
		if it.Count != nil && r.Wants(countID(it)) && !p.Bare {
			if err := menuCount(it).Render(ctx, buf); err != nil {
				return err
			}
		}
	}
	h.Set("Vary", "X-Regions")
	if tag := fingerprint(buf.Bytes(), f.key); r.Method == http.MethodGet {
		h.Set("ETag", tag)
		if r.Request.Header.Get("If-None-Match") == tag {
			r.out.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	return r.write(buf.Bytes(), status)
}

// fingerprint leaves out the random keys of the forms: they are no change.
func fingerprint(b []byte, key string) string {
	h := sha256.New()
	if key == "" {
		h.Write(b)
	} else {
		for part := range bytes.SplitSeq(b, []byte(key)) {
			h.Write(part)
		}
	}
	return `"` + hex.EncodeToString(h.Sum(nil)[:12]) + `"`
}

// worthZipping is the size from which compressing an answer saves a packet.
const worthZipping = 1200

var zippers = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return z
}}

func (r *Request) write(b []byte, status int) error {
	h := r.out.Header()
	h.Add("Vary", "Accept-Encoding")
	if len(b) < worthZipping || !asset.Accepts(r.Request, "gzip") {
		h.Set("Content-Length", strconv.Itoa(len(b)))
		r.out.WriteHeader(status)
		_, err := r.out.Write(b)
		return err
	}
	h.Set("Content-Encoding", "gzip")
	r.out.WriteHeader(status)
	z := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	z.Reset(r.out)
	if _, err := z.Write(b); err != nil {
		return err
	}
	return z.Close()
}

// Text is a line of text as a component.
func Text(s string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, templ.EscapeString(s))
		return err
	})
}
