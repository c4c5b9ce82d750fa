// Package print makes PDF files from a small model of a document: a title, headings,
// paragraphs, rows of definitions, tables that go on over pages with their head
// repeated, sections that begin on a new page (a letter of a mail merge), an index with
// page numbers, and a line above and below each page with "Page 2 of 7".
//
// It serves policy 000 ("Winmore must use available notification forms provided by
// competent authorities") and policy 003 (notices are kept "according to the message"):
// what is filed or sent on paper is printed here and kept as it was sent. The same
// document with the same At gives the same bytes, so that a hash of the file proves it.
//
// Text is Unicode: Latin, Greek and Cyrillic are printed with the Go fonts, which are
// embedded as far as they are used. A character they do not have is printed as □, and
// the last page says how many were. A PDF made here can be searched and copied from and
// has bookmarks, but no tags: the HTML page is the accessible form.
//
// The library behind it is seen by this package alone. It must not import another
// package of this module than fault.
package print

import (
	"bytes"
	"io"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// Document is what is printed. Zero values work; a document without a body has its title
// alone.
type Document struct {
	Title    string    // on the first page and in the file's metadata
	Subtitle string    // below the title
	Author   string    // metadata
	Subject  string    // metadata
	Lang     string    // BCP 47, "en" when empty; decides the words "Page 2 of 7" (en, de)
	Header   string    // small line above each page
	Footer   string    // small line below each page, left of the page's number
	Mark     string    // in capitals above each page, "DRILL"; "" = none
	Index    string    // title of an index in front; "" = no index
	Paper    Paper     // A4 when empty
	At       time.Time // the file's date: the same document and At give the same bytes
	Body     []Block
}

// Paper is a size of paper.
type Paper string

// The sizes.
const (
	A4     Paper = "A4"     // 210 × 297 mm
	Letter Paper = "Letter" // 8.5 × 11 in
)

// Block is a part of the body: Heading, Paragraph, Definitions, Table, Section or Break.
type Block interface{ block() }

// Heading stands above what follows and stays on one page with its beginning. Level is 1
// to 3. In a document without sections those of level 1 are the lines of the index, and
// those of level 1 and 2 bookmarks of the file.
type Heading struct {
	Level int
	Text  string
}

// Paragraph is running text; a line break in it begins a new line.
type Paragraph struct {
	Text  string
	Style Style
}

// Style is how a paragraph looks.
type Style int

// The styles.
const (
	Normal Style = iota
	Strong       // bold
	Small        // smaller and grey: a remark, a source
	Mono         // of fixed width: a hash, a reference
)

// Definitions are rows of a term and what is said about it, in two columns. A long row
// goes on over pages.
type Definitions []Definition

// Definition is one row of Definitions.
type Definition struct {
	Term string
	Text string
	Note string // small below the text; "" = none
}

// Table is a table. Its head is repeated on each page it goes on to; a row stays on one
// page if it fits on one. A row has as many cells as there are columns; missing ones are
// empty, more are left out.
type Table struct {
	Columns []Column
	Rows    [][]string
}

// Column is one column of a Table. Widths are shares of the width of the page.
type Column struct {
	Title string
	Width float64 // share; 0 counts as 1
	Right bool    // numbers stand right
}

// Section begins on a new page and counts its pages anew: "Page 1 of 2" is said within
// the section. It is a line of the index and a bookmark. Empty fields are taken from the
// document; what stands before the first section is counted for itself.
type Section struct {
	Title  string // for index and bookmark; it is not printed in the section
	Lang   string
	Header string
	Footer string
}

// Break goes to a new page.
type Break struct{}

func (Heading) block()     {}
func (Paragraph) block()   {}
func (Definitions) block() {}
func (Table) block()       {}
func (Section) block()     {}
func (Break) block()       {}

// Bounds of a document: more is refused as fault.TooLarge.
const (
	MaxPages = 20_000
	MaxText  = 64 << 20 // bytes of all text
)

// Write prints the document as a PDF file. Errors: fault.TooLarge beyond the bounds;
// otherwise those of w.
func Write(w io.Writer, d Document) error {
	if size(d) > MaxText {
		return fault.Newf(fault.TooLarge, "This is too long to print: more than %d MB of text. Print it in parts", MaxText>>20)
	}
	c := newCanvas(d)
	f := &flow{canvas: c, doc: d}
	if err := f.run(); err != nil {
		return err
	}
	return c.write(w, f.finish())
}

// PDF is Write into memory.
func PDF(d Document) ([]byte, error) {
	var b bytes.Buffer
	err := Write(&b, d)
	return b.Bytes(), err
}

func size(d Document) int {
	n := len(d.Title) + len(d.Subtitle)
	for _, b := range d.Body {
		switch b := b.(type) {
		case Heading:
			n += len(b.Text)
		case Paragraph:
			n += len(b.Text)
		case Definitions:
			for _, r := range b {
				n += len(r.Term) + len(r.Text) + len(r.Note)
			}
		case Table:
			for _, r := range b.Rows {
				for _, cell := range r {
					n += len(cell)
				}
			}
		}
	}
	return n
}
