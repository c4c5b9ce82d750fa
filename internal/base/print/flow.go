package print

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// The margins of a page and what stands in them, in points.
const (
	left       = 57.0 // 20 mm
	top        = 71.0
	bottom     = 62.0
	headerAt   = 36.0
	footerFrom = 40.0 // from the bottom
	gap        = 6.0
	columnGap  = 8.0
	termShare  = 0.34
)

// flow lays blocks out on pages, from top to bottom.
type flow struct {
	*canvas
	doc      Document
	sheets   []sheet
	y        float64
	parts    []part
	index    []entry
	sections int // begun so far
	err      error
}

// part is a run of pages that count together.
type part struct {
	from                 int // first page, from 0
	lang, header, footer string
}

type entry struct {
	text string
	page int // from 0, without the index in front
}

func (f *flow) run() error {
	f.parts = []part{{0, lang(f.doc.Lang), f.doc.Header, f.doc.Footer}}
	f.page()
	if f.doc.Title != "" {
		f.lines(faceTitle, left, f.wrap(faceTitle, f.doc.Title, f.inner()))
		if f.doc.Subtitle != "" {
			f.lines(faceSmall, left, f.wrap(faceSmall, f.doc.Subtitle, f.inner()))
		}
		f.y += gap
	}
	sections := false
	for _, b := range f.doc.Body {
		_, is := b.(Section)
		sections = sections || is
	}
	for _, b := range f.doc.Body {
		f.block(b, sections)
		if f.err != nil {
			return f.err
		}
	}
	if f.unprintable > 0 {
		f.y += gap
		f.lines(faceSmall, left, f.wrap(faceSmall, unprintableWords(f.doc.Lang, f.unprintable), f.inner()))
	}
	return f.err
}

func unprintableWords(tag string, n int) string {
	if strings.HasPrefix(strings.ToLower(tag), "de") {
		return fmt.Sprintf("%c steht für Zeichen, die diese Datei nicht drucken kann (%d). Der Datensatz enthält sie.", missing, n)
	}
	return fmt.Sprintf("%c stands for characters that this file cannot print (%d). The record holds them.", missing, n)
}

func (f *flow) block(b Block, sections bool) {
	switch b := b.(type) {
	case Heading:
		f.heading(b, !sections && b.Level <= 1)
	case Paragraph:
		face := [...]face{faceBody, faceStrong, faceSmall, faceMono}[min(max(b.Style, Normal), Mono)]
		f.lines(face, left, f.wrap(face, b.Text, f.inner()))
		f.y += gap
	case Definitions:
		f.definitions(b)
	case Table:
		f.table(b)
	case Section:
		f.sections++
		if len(f.sheets[len(f.sheets)-1].marks) > 0 {
			f.page()
		}
		p := part{len(f.sheets) - 1, or(b.Lang, lang(f.doc.Lang)), or(b.Header, f.doc.Header), or(b.Footer, f.doc.Footer)}
		f.parts = append(f.parts, p)
		f.bookmark(b.Title)
		f.index = append(f.index, entry{b.Title, len(f.sheets) - 1})
	case Break:
		f.page()
	}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (f *flow) inner() float64 { return f.width - 2*left }
func (f *flow) end() float64   { return f.height - bottom }

// page begins a new page.
func (f *flow) page() {
	if len(f.sheets) >= MaxPages && f.err == nil {
		f.err = fault.Newf(fault.TooLarge, "This is too long to print: more than %d pages. Print it in parts", MaxPages)
	}
	if f.err == nil {
		f.sheets = append(f.sheets, sheet{})
	}
	f.y = top
}

// need begins a new page when less than h is left on this one.
func (f *flow) need(h float64) bool {
	if f.y+h <= f.end() || f.y == top {
		return false
	}
	f.page()
	return true
}

func (f *flow) put(m mark) {
	s := &f.sheets[len(f.sheets)-1]
	s.marks = append(s.marks, m)
}

func (f *flow) bookmark(text string) {
	s := &f.sheets[len(f.sheets)-1]
	s.bookmarks = append(s.bookmarks, bookmark{f.y, f.fit(faceBody, text, 600)})
}

// line draws one line of text at the height of the flow, without moving it.
func (f *flow) line(fc face, x float64, text string) {
	if text != "" {
		f.put(mark{x: x, y: f.y, text: text, face: fc})
	}
}

// lines draws lines below each other, over as many pages as they need.
func (f *flow) lines(fc face, x float64, lines []string) {
	for _, text := range lines {
		f.need(fc.leading)
		f.line(fc, x, text)
		f.y += fc.leading
	}
}

func (f *flow) rule() {
	f.put(mark{x: left, y: f.y, w: f.inner()})
}

func (f *flow) heading(h Heading, indexed bool) {
	fc := [...]face{faceH1, faceH2, faceH3}[min(max(h.Level, 1), 3)-1]
	lines := f.wrap(fc, h.Text, f.inner())
	if f.y > top {
		f.y += gap
	}
	f.need(float64(len(lines))*fc.leading + 3*faceBody.leading) // not alone at the end of a page
	if f.sections == 0 && h.Level < 3 {
		f.bookmark(h.Text)
	}
	if indexed {
		f.index = append(f.index, entry{h.Text, len(f.sheets) - 1})
	}
	f.lines(fc, left, lines)
	f.y += gap / 2
}

// finish puts the index in front and what stands above and below each page on it.
func (f *flow) finish() []sheet {
	front := f.indexSheets()
	sheets := append(front, f.sheets...)
	for i := range f.parts {
		p, first, until := f.parts[i], f.parts[i].from+len(front), len(sheets)
		if i == 0 {
			first = 0 // the index counts with what stands before the sections
		}
		if i+1 < len(f.parts) {
			until = f.parts[i+1].from + len(front)
		}
		for n := first; n < until; n++ {
			f.frame(&sheets[n], p, n-first+1, until-first)
		}
	}
	return sheets
}

func (f *flow) frame(s *sheet, p part, n, of int) {
	words := pageWords(p.lang, n, of)
	numberAt := f.width - left - f.measure(faceSmall, words)
	low := f.height - footerFrom
	s.marks = append(s.marks, mark{x: numberAt, y: low, text: words, face: faceSmall})
	if text := f.fit(faceSmall, p.footer, numberAt-left-columnGap); text != "" {
		s.marks = append(s.marks, mark{x: left, y: low, text: text, face: faceSmall})
	}
	if p.header == "" && f.doc.Mark == "" {
		return
	}
	at := left
	if m := f.fit(faceMark, strings.ToUpper(f.doc.Mark), f.inner()/2); m != "" {
		s.marks = append(s.marks, mark{x: at, y: headerAt, text: m, face: faceMark})
		at += f.measure(faceMark, m) + columnGap
	}
	if text := f.fit(faceSmall, p.header, f.width-left-at); text != "" {
		s.marks = append(s.marks, mark{x: at, y: headerAt, text: text, face: faceSmall})
	}
	s.marks = append(s.marks, mark{x: left, y: headerAt + 15, w: f.inner()})
}

// indexSheets lays the index out. Its length depends on the number of entries alone, so
// that the page numbers are known while it is laid out.
func (f *flow) indexSheets() []sheet {
	if f.doc.Index == "" || len(f.index) == 0 {
		return nil
	}
	perPage := int((f.end() - top - faceH1.leading - gap) / faceBody.leading)
	pages := (len(f.index) + perPage - 1) / perPage
	body := f.sheets
	f.sheets, f.y = []sheet{{}}, top
	for i, e := range f.index {
		if i%perPage == 0 {
			if i > 0 {
				f.page()
			}
			f.line(faceH1, left, f.fit(faceH1, f.doc.Index, f.inner()))
			f.y += faceH1.leading + gap
		}
		number := strconv.Itoa(e.page + pages + 1)
		at := f.width - left - f.measure(faceBody, number)
		f.put(mark{x: left, y: f.y, w: f.inner(), text: f.fit(faceBody, e.text, at-left-columnGap), face: faceBody, link: e.page + pages + 1})
		f.put(mark{x: at, y: f.y, text: number, face: faceBody})
		f.y += faceBody.leading
	}
	front := f.sheets
	f.sheets = body
	return front
}
