// Package sent reads what a form of a page sent, within limits, and says what was sent in a
// hash, so that pressing twice does it once. It carries out no policy sentence of its own; it
// must not import the pages or a screen.
package sent

import (
	"crypto/sha256"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/fault"
)

// The largest bodies taken, in bytes.
const (
	maxForm  = 1 << 20
	maxFiles = 64 << 20
	inMemory = 4 << 20
)

// MostFiles is how many files one form may bring.
const MostFiles = 20

// Read parses the body into the request's form. With put, files go there while they arrive
// and come back; what was read before an error stays in the form, so that it can be shown
// again.
func Read(out http.ResponseWriter, r *http.Request, put func(body io.Reader) (*blob.Held, error)) (files blob.Parts, err error) {
	limit := int64(maxForm)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	multi := kind == "multipart/form-data"
	if multi && put != nil {
		r.PostForm, files, err = blob.ReadForm(r, MostFiles, put)
		r.Form = r.PostForm
		return files, err
	}
	if multi {
		limit = maxFiles
	}
	r.Body = http.MaxBytesReader(out, r.Body, limit)
	if multi {
		err = r.ParseMultipartForm(inMemory)
	} else {
		err = r.ParseForm()
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, fault.Newf(fault.TooLarge, "This is larger than %d MB. Nothing was saved.", limit>>20)
	}
	return nil, fault.Wrap(fault.Invalid, err, "The form did not arrive complete. Go back and send it again.")
}

// Sum is a hash over the address and everything that was sent, but for the named fields.
func Sum(r *http.Request, files blob.Parts, without ...string) (sum [32]byte) {
	h := sha256.New()
	_, _ = io.WriteString(h, r.URL.RequestURI())
	all := url.Values{}
	for name, values := range r.PostForm {
		if !slices.Contains(without, name) {
			all[name] = values
		}
	}
	_, _ = io.WriteString(h, all.Encode())
	for _, f := range files {
		_, _ = io.WriteString(h, f.Field+"\x00"+f.Name+"\x00"+f.Held.SHA256)
	}
	if r.MultipartForm != nil {
		for _, name := range slices.Sorted(maps.Keys(r.MultipartForm.File)) {
			for _, f := range r.MultipartForm.File[name] {
				_, _ = io.WriteString(h, name+"\x00"+f.Filename+"\x00"+strconv.FormatInt(f.Size, 10))
			}
		}
	}
	h.Sum(sum[:0])
	return sum
}
