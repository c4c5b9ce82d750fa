// Package send sends files of any length from the screens of the book: the exports of the
// register and the bundles of the ledger. It carries out no policy sentence of its own. It must
// not import a screen.
package send

import (
	"io"
	"net/http"
)

// File sends a file as it is made, under a name of our own. An error before the first byte is returned and becomes
// a page; one after it cuts the connection, so that half a file never looks like a whole one.
func File(out http.ResponseWriter, kind, name string, write func(w io.Writer) error) error {
	h := out.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w := &begun{Writer: out}
	err := write(w)
	if err != nil && w.some {
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		h.Del("Content-Type")
	}
	return err
}

// begun remembers whether anything was sent.
type begun struct {
	io.Writer
	some bool
}

// Write passes on.
func (b *begun) Write(p []byte) (int, error) {
	b.some = true
	return b.Writer.Write(p)
}
