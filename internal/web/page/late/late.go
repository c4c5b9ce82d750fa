// Package late sends a file whose head goes out with its first bytes, so that what fails before
// them can still be answered with a page. It carries out no policy sentence of its own; it must
// not import the pages or a screen.
package late

import (
	"io"
	"net/http"
)

type writer struct {
	out         http.ResponseWriter
	name, media string
	begun       bool
}

func (w *writer) Write(b []byte) (int, error) {
	if !w.begun {
		w.begun = true
		w.out.Header().Set("Content-Type", w.media)
		w.out.Header().Set("Content-Disposition", `attachment; filename="`+w.name+`"`)
		w.out.WriteHeader(http.StatusOK)
	}
	return w.out.Write(b)
}

// File sends what write writes as a file to be kept. begun says that a part of it has left.
func File(out http.ResponseWriter, name, media string, write func(w io.Writer) error) (begun bool, err error) {
	w := &writer{out: out, name: name, media: media}
	err = write(w)
	return w.begun, err
}
