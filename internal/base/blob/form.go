//go:build linux || darwin || freebsd

package blob

import (
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// Part is one file of a form.
type Part struct {
	Field, Name string // as the sender says
	Held        *Held
}

// Parts are the files of a form. Close them when what they came for is over.
type Parts []Part

// Close lets all contents go.
func (ps Parts) Close() {
	for _, p := range ps {
		_ = p.Held.Close()
	}
}

// drained is how much of a refused form is read and dropped, in bytes.
const drained = 256 << 20

// Drain reads the rest of a refused request, within limits: a browser reads no answer before
// it has sent all, and would show a broken connection instead of the reason.
func Drain(r *http.Request) { _, _ = io.CopyN(io.Discard, r.Body, drained) }

// maxFields bounds the text of a form, in bytes.
const maxFields = 1 << 20

// ReadForm reads a multipart form part by part: files go to put while they arrive, text to
// the values. It takes at most so many files. After an error nothing is held.
func ReadForm(r *http.Request, most int, put func(body io.Reader) (*Held, error)) (url.Values, Parts, error) {
	cut := func(err error) error {
		return fault.Wrap(fault.Invalid, err, "The form did not arrive complete. Send it again.")
	}
	in, err := r.MultipartReader()
	if err != nil {
		return nil, nil, cut(err)
	}
	values, parts, text := url.Values{}, Parts{}, 0
	fail := func(err error) (url.Values, Parts, error) {
		parts.Close()
		Drain(r)
		return values, nil, err
	}
	for {
		p, err := in.NextPart()
		if errors.Is(err, io.EOF) {
			return values, parts, nil
		}
		if err != nil {
			return fail(cut(err))
		}
		if p.FileName() == "" { // a text, or a field for files in which none was chosen
			b, err := io.ReadAll(io.LimitReader(p, int64(maxFields-text)+1))
			if text += len(b); text > maxFields {
				return fail(fault.New(fault.TooLarge, "The text is larger than 1 MB. Attach it as a file."))
			}
			if err != nil {
				return fail(cut(err))
			}
			values.Add(p.FormName(), string(b))
			continue
		}
		if len(parts) == most {
			return fail(fault.Newf(fault.TooLarge, "These are more than %d files. Send the rest afterwards, or pack them.", most))
		}
		h, err := put(p)
		if err != nil {
			if fault.KindOf(err) == fault.Internal {
				err = cut(err) // the connection broke
			}
			return fail(err)
		}
		parts = append(parts, Part{Field: p.FormName(), Name: p.FileName(), Held: h})
	}
}
