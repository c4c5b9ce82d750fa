package print

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// mm is one millimetre in points.
const mm = 72 / 25.4

// A letter's measures are those of DIN 5008, form B, on A4 (in points, from the top left
// corner): the address field begins 45 mm from the top and 20 mm from the left, is 85 mm
// wide and 45 mm high, and its text stands 5 mm inside. So it shows through the window of
// an envelope DL or C6/5 once the sheet is folded at the marks.
const (
	letterLeft    = 25 * mm
	letterRight   = 20 * mm
	returnAt      = 45 * mm   // the sender's line, 5 mm high
	remarkAt      = 50 * mm   // three lines above the address, for what does not fit below
	addressAt     = 62.7 * mm // six lines
	addressEnd    = 90 * mm
	addressWidth  = 80 * mm
	infoLeft      = 125 * mm
	infoAt        = 50 * mm
	infoWidth     = 65 * mm
	subjectAt     = 98.46 * mm
	foldFirst     = 105 * mm
	punchAt       = 148.5 * mm
	foldSecond    = 210 * mm
	indexFrom     = top + 40
	indexNameTo   = 0.52
	indexPlaceTo  = 0.86
	mostLetterLen = 2 << 20 // bytes of one letter's text
)

var (
	faceReturn  = face{"regular", 7, 9, true}
	faceAddress = face{"regular", 10.5, 12.5, false}
	faceTight   = face{"regular", 8.5, 10, false}
	faceInfo    = face{"regular", 8.5, 12, false}
)

// Merge is what the letters of one file have in common.
type Merge struct {
	Title   string    // metadata
	Author  string    // metadata
	Lang    string    // of the index and the metadata; en and de have words
	Intro   string    // one line below the title of the index
	Folded  bool      // marks at the left edge say where to fold and punch
	Duplex  bool      // printed on both sides: each letter begins on a sheet of its own
	Created time.Time // the file's date: the same letters and date give the same bytes
}

// Post is one letter, to be posted.
type Post struct {
	Lang     string       // BCP 47; decides the words "Page 1 of 2" (en, de)
	Return   string       // the sender in one small line above the address
	To       []string     // the lines of the address
	Info     []Definition // beside the address: reference, date. Notes are not printed
	Subject  string
	Body     string // plain text; an empty line begins a paragraph
	Enclosed string // what lies with it, "" for nothing
	Footer   string // small below each page, left of its number
	Name     string // for the index
	Place    string // for the index
}

// Letters writes letters into one PDF file with an index in front: name, place, page.
// Each begins on a page of its own. A letter is written out once it is added, so that
// memory holds one letter and a line of the index for each.
type Letters struct {
	*canvas
	out   *stream
	merge Merge
	lines []letterLine
	pages int // of all letters, with empty backs
	sheet []sheet
	y     float64
}

// letterLine is a line of the index.
type letterLine struct {
	name, place string
	page, pages int  // its first page, from 1, the index not counted
	object      int  // of that page
	look        bool // its address does not fit the window, or cannot be printed
}

// NewLetters begins the file.
func NewLetters(w io.Writer, m Merge) *Letters {
	c := newCanvas(Document{Title: m.Title, Author: m.Author, Lang: m.Lang, At: m.Created})
	return &Letters{canvas: c, merge: m, out: newStream(w, c, m)}
}

// Count is how many letters were added.
func (l *Letters) Count() int { return len(l.lines) }

// Add writes one letter. Its address is looked at: false says that it does not fit the
// window or holds characters that cannot be printed; the index says so too.
func (l *Letters) Add(in Post) (good bool, err error) {
	if len(in.Body) > mostLetterLen {
		return false, fault.New(fault.TooLarge, "A letter is too long to print: more than 2 MB of text")
	}
	unprintable := l.unprintable
	l.sheet, l.y = []sheet{{}}, subjectAt
	fits := l.address(in)
	good = fits && l.unprintable == unprintable
	l.info(in.Info)
	if l.merge.Folded {
		for _, m := range []mark{{x: 4 * mm, y: foldFirst, w: 4 * mm}, {x: 4 * mm, y: punchAt, w: 6 * mm}, {x: 4 * mm, y: foldSecond, w: 4 * mm}} {
			l.put(m)
		}
	}
	width := l.width - letterLeft - letterRight
	l.text(faceStrong, l.wrap(faceStrong, in.Subject, width))
	l.y += 2 * faceBody.leading
	body := strings.TrimSpace(in.Body)
	if in.Enclosed != "" {
		body += "\n\n" + in.Enclosed
	}
	for _, p := range strings.Split(body, "\n") {
		if strings.TrimSpace(p) == "" {
			l.y += faceBody.leading * 0.6
			continue
		}
		l.text(faceBody, l.wrap(faceBody, p, width))
	}
	first := l.pages + 1
	if l.merge.Duplex && len(l.sheet)%2 == 1 {
		l.sheet = append(l.sheet, sheet{})
	}
	if l.pages += len(l.sheet); l.pages > MaxPages {
		return good, fault.Newf(fault.TooLarge, "These are too many letters for one file: more than %d pages. Print them in parts", MaxPages)
	}
	object, printed := l.finish(in)
	l.lines = append(l.lines, letterLine{
		name: l.fit(faceBody, in.Name, 240), place: l.fit(faceBody, in.Place, 160), page: first, pages: printed, object: object, look: !good,
	})
	return good, l.out.err
}

// finish writes the pages of a letter. It returns the object of the first, and how many are
// printed on.
func (l *Letters) finish(in Post) (first, printed int) {
	printed = len(l.sheet)
	if printed > 1 && len(l.sheet[printed-1].marks) == 0 {
		printed-- // the empty back of a sheet
	}
	for n := range l.sheet {
		if n < printed {
			l.foot(&l.sheet[n], in.Lang, in.Footer, n+1, printed)
		}
		if n > 0 && n < printed {
			l.sheet[n].marks = append(l.sheet[n].marks, mark{x: letterLeft, y: headerAt, text: l.fit(faceSmall, in.Name, 300), face: faceSmall})
		}
		if o := l.out.page(l.sheet[n], nil); n == 0 {
			first = o
		}
	}
	return first, printed
}

func (l *Letters) put(m mark) {
	s := &l.sheet[len(l.sheet)-1]
	s.marks = append(s.marks, m)
}

// text draws lines below each other, over as many pages as they need.
func (l *Letters) text(fc face, lines []string) {
	for _, words := range lines {
		if l.y+fc.leading > l.height-bottom {
			l.sheet, l.y = append(l.sheet, sheet{}), top
		}
		if words != "" {
			l.put(mark{x: letterLeft, y: l.y, text: words, face: fc})
		}
		l.y += fc.leading
	}
}

// address puts the sender's line and the address into their field; false: it does not fit.
func (l *Letters) address(in Post) bool {
	if in.Return != "" {
		l.put(mark{x: letterLeft, y: returnAt + 3, text: l.fit(faceReturn, in.Return, addressWidth), face: faceReturn})
		l.put(mark{x: letterLeft, y: remarkAt, w: addressWidth})
	}
	set := func(fc face) (lines []string) {
		for _, part := range in.To {
			lines = append(lines, l.wrap(fc, part, addressWidth)...)
		}
		return lines
	}
	before, fc := l.unprintable, faceAddress
	lines := set(fc)
	if float64(len(lines))*fc.leading > addressEnd-addressAt {
		l.unprintable, fc = before, faceTight // each character counts once
		lines = set(fc)
	}
	most := int((addressEnd - remarkAt) / fc.leading)
	fits := len(lines) > 0 && len(lines) <= most
	if len(lines) > most {
		lines = lines[:most] // the index names this letter
	}
	y := float64(addressAt)
	if high := float64(len(lines)) * fc.leading; high > addressEnd-addressAt {
		y = addressEnd - high
	}
	for _, words := range lines {
		l.put(mark{x: letterLeft, y: y, text: words, face: fc})
		y += fc.leading
	}
	return fits
}

func (l *Letters) info(rows []Definition) {
	y := float64(infoAt)
	for _, r := range rows {
		l.put(mark{x: infoLeft, y: y, text: l.fit(faceReturn, r.Term, infoWidth), face: faceReturn})
		y += faceReturn.leading
		for _, words := range l.wrap(faceInfo, r.Text, infoWidth) {
			if y+faceInfo.leading > subjectAt-6 {
				return
			}
			l.put(mark{x: infoLeft, y: y, text: words, face: faceInfo})
			y += faceInfo.leading
		}
		y += 3
	}
}

// foot puts the number of a page below it.
func (l *Letters) foot(s *sheet, lang, footer string, n, of int) {
	words := pageWords(lang, n, of)
	at := l.width - letterRight - l.measure(faceSmall, words)
	low := l.height - footerFrom
	s.marks = append(s.marks, mark{x: at, y: low, text: words, face: faceSmall})
	if text := l.fit(faceSmall, footer, at-letterLeft-columnGap); text != "" {
		s.marks = append(s.marks, mark{x: letterLeft, y: low, text: text, face: faceSmall})
	}
}

// indexWords are the index's own, in English and German.
type indexWords struct{ title, name, place, page, look, none string }

func indexIn(tag string) indexWords {
	if strings.HasPrefix(strings.ToLower(tag), "de") {
		return indexWords{"Briefe", "Name", "Ort", "Seite", "! Anschrift prüfen: Sie passt nicht in das Fenster oder enthält Zeichen, die nicht gedruckt werden können.", "Keine Briefe."}
	}
	return indexWords{"Letters", "Name", "Place", "Page", "! Look at the address: it does not fit the window, or holds characters that cannot be printed.", "No letters."}
}

// Close writes the index and ends the file.
func (l *Letters) Close() error {
	w := indexIn(l.merge.Lang)
	perPage := int((l.height - bottom - indexFrom - 3*faceSmall.leading) / faceBody.leading)
	front := max(1, (len(l.lines)+perPage-1)/perPage)
	if l.merge.Duplex && front%2 == 1 {
		front++
	}
	for n := range front {
		part := l.lines[min(n*perPage, len(l.lines)):min((n+1)*perPage, len(l.lines))]
		s, links := l.indexPage(w, part, front, n == 0)
		if len(s.marks) > 0 {
			l.foot(&s, l.merge.Lang, l.merge.Title, n+1, front)
		}
		l.out.page(s, links)
	}
	return l.out.close(front)
}

func (l *Letters) indexPage(w indexWords, lines []letterLine, front int, first bool) (s sheet, links []link) {
	put := func(x, y float64, fc face, text string) {
		if text != "" {
			s.marks = append(s.marks, mark{x: x, y: y, text: text, face: fc})
		}
	}
	inner := l.width - letterLeft - letterRight
	right := func(y float64, fc face, text string) {
		put(l.width-letterRight-l.measure(fc, text), y, fc, text)
	}
	if len(lines) == 0 && !first { // the back of the index
		return s, nil
	}
	put(letterLeft, top-32, faceH1, w.title)
	put(letterLeft, top-10, faceSmall, l.fit(faceSmall, l.merge.Intro, inner))
	place := letterLeft + inner*indexNameTo
	put(letterLeft, indexFrom-22, faceHead, w.name)
	put(place, indexFrom-22, faceHead, w.place)
	right(indexFrom-22, faceHead, w.page)
	s.marks = append(s.marks, mark{x: letterLeft, y: indexFrom - 6, w: inner})
	y, look := float64(indexFrom), false
	for _, e := range lines {
		name := e.name
		if e.look {
			name, look = "! "+name, true
		}
		put(letterLeft, y, faceBody, l.fit(faceBody, name, inner*indexNameTo-columnGap))
		put(place, y, faceBody, l.fit(faceBody, e.place, inner*(indexPlaceTo-indexNameTo)-columnGap))
		number := strconv.Itoa(front + e.page)
		if e.pages > 1 {
			number += fmt.Sprintf("–%d", front+e.page+e.pages-1)
		}
		right(y, faceBody, number)
		links = append(links, link{x: letterLeft, y: y, w: inner, h: faceBody.leading, to: e.object})
		y += faceBody.leading
	}
	if len(lines) == 0 {
		put(letterLeft, y, faceBody, w.none)
	}
	if look {
		for _, words := range l.wrap(faceSmall, w.look, inner) {
			y += faceSmall.leading
			put(letterLeft, y, faceSmall, words)
		}
	}
	return s, links
}
