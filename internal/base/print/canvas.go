package print

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/text/unicode/norm"
)

// face is a font in a size with its look. Sizes and leading are points.
type face struct {
	family  string // regular, bold, mono
	size    float64
	leading float64
	grey    bool
}

var (
	faceTitle  = face{"bold", 18, 23, false}
	faceH1     = face{"bold", 13, 18, false}
	faceH2     = face{"bold", 11, 15, false}
	faceH3     = face{"bold", 10, 14, false}
	faceBody   = face{"regular", 10, 14, false}
	faceStrong = face{"bold", 10, 14, false}
	faceSmall  = face{"regular", 8.5, 11.5, true}
	faceTerm   = face{"regular", 9.5, 14, true}
	faceMono   = face{"mono", 9, 13, false}
	faceCell   = face{"regular", 9, 12, false}
	faceHead   = face{"bold", 9, 12, false}
	faceMark   = face{"bold", 9, 12, false}
)

type font struct {
	family string
	ttf    []byte
}

func fonts() []font {
	return []font{{"regular", goregular.TTF}, {"bold", gobold.TTF}, {"mono", gomono.TTF}}
}

// missing is printed for a character the fonts do not have.
const missing = '□'

// canvas measures text and draws pages. Units are points, y goes down.
type canvas struct {
	pdf           *fpdf.Fpdf
	width, height float64
	widths        map[string]map[rune]float64 // of one point of size, by family
	unprintable   int
}

func newCanvas(d Document) *canvas {
	paper := "A4"
	if d.Paper == Letter {
		paper = "Letter"
	}
	pdf := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", SizeStr: paper})
	pdf.SetCatalogSort(true) // else maps of the library decide the order of the bytes
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetMargins(0, 0, 0)
	pdf.SetCellMargin(0)
	pdf.SetCreationDate(d.At.UTC())
	pdf.SetModificationDate(d.At.UTC())
	pdf.SetProducer("Wakebell", false)
	pdf.SetCreator("Wakebell", false)
	c := &canvas{pdf: pdf, widths: map[string]map[rune]float64{}}
	for _, font := range fonts() {
		// The library writes into the font while it cuts it: each file gets a copy.
		pdf.AddUTF8FontFromBytes(font.family, "", bytes.Clone(font.ttf))
		c.widths[font.family] = map[rune]float64{}
	}
	pdf.SetLang(lang(d.Lang))
	pdf.SetTitle(c.clean(d.Title), true)
	pdf.SetAuthor(c.clean(d.Author), true)
	pdf.SetSubject(c.clean(d.Subject), true)
	c.width, c.height = pdf.GetPageSize()
	return c
}

// clean makes text printable: composed characters, no control characters, and □ for what
// the fonts do not have. Line breaks stay.
func (c *canvas) clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\u2028' || r == '\u2029':
			return '\n'
		case r == '\t' || r == '\u00a0' || r == '\u202f' || unicode.Is(unicode.Zs, r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r): // also what turns the direction of text
			return -1
		case r == '\u2010' || r == '\u2011': // hyphens that differ in where lines break
			return '-'
		case !covered(r) || r == unicode.ReplacementChar:
			c.unprintable++
			return missing
		}
		return r
	}, norm.NFC.String(strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")))
}

// of is the width of a character at one point of size.
func (c *canvas) of(family string, r rune) float64 {
	known := c.widths[family]
	w, ok := known[r]
	if !ok {
		c.pdf.SetFont(family, "", 1)
		w = float64(c.pdf.GetStringSymbolWidth(string(r))) / 1000
		known[r] = w
	}
	return w
}

func (c *canvas) measure(f face, s string) (w float64) {
	for _, r := range s {
		w += c.of(f.family, r)
	}
	return w * f.size
}

// wrap cuts text into lines that fit into width. A word that is too long is cut where it
// must be. There is always one line at least.
func (c *canvas) wrap(f face, text string, width float64) []string {
	var lines []string
	for _, part := range strings.Split(strings.TrimRight(c.clean(text), "\n"), "\n") {
		lines = append(lines, c.wrapLine(f, strings.TrimRight(part, " "), width)...)
	}
	return lines
}

func (c *canvas) wrapLine(f face, s string, width float64) (lines []string) {
	limit := width / f.size
	runes := []rune(s)
	start, space, at := 0, -1, 0.0
	for i := 0; i < len(runes); i++ {
		w := c.of(f.family, runes[i])
		if runes[i] == ' ' {
			space = i
		}
		if at += w; at <= limit || runes[i] == ' ' || i == start {
			continue
		}
		end, next := i, i
		if space > start {
			end, next = space, space+1
		}
		lines = append(lines, string(runes[start:end]))
		start, space, at, i = next, -1, 0, next-1
	}
	return append(lines, strings.TrimRight(string(runes[start:]), " "))
}

// fit cuts one line so that it fits into width, with an ellipsis.
func (c *canvas) fit(f face, text string, width float64) string {
	text = strings.Join(strings.Fields(c.clean(text)), " ")
	if c.measure(f, text) <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && c.measure(f, string(runes)+"…") > width {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), " ") + "…"
}

// mark is one thing drawn on a page: text, or a line where it has no face.
type mark struct {
	x, y, w, h float64 // of text: its left end and the top of its line
	text       string
	face       face
	link       int // page from 1 that this leads to; 0 = none
}

// sheet is one page.
type sheet struct {
	marks     []mark
	bookmarks []bookmark
}

// bookmark is one line of the file's outline. The outline is flat: the library leaves a
// count out that a nested one needs.
type bookmark struct {
	y    float64
	text string
}

func (c *canvas) write(w io.Writer, sheets []sheet) error {
	links := map[int]int{}
	for _, s := range sheets {
		for _, m := range s.marks {
			if m.link > 0 && links[m.link] == 0 {
				links[m.link] = c.pdf.AddLink()
				c.pdf.SetLink(links[m.link], 0, m.link)
			}
		}
	}
	for _, s := range sheets {
		c.pdf.AddPage()
		for _, b := range s.bookmarks {
			c.pdf.Bookmark(b.text, 0, b.y)
		}
		for _, m := range s.marks {
			c.draw(m, links[m.link])
		}
	}
	if err := c.pdf.Output(w); err != nil {
		return fmt.Errorf("print the document: %w", err)
	}
	return nil
}

func (c *canvas) draw(m mark, link int) {
	if m.face.family == "" {
		c.pdf.SetDrawColor(170, 170, 170)
		c.pdf.SetLineWidth(0.5)
		c.pdf.Line(m.x, m.y, m.x+m.w, m.y+m.h)
		return
	}
	c.pdf.SetFont(m.face.family, "", m.face.size)
	c.pdf.SetTextColor(20, 22, 30)
	if m.face.grey {
		c.pdf.SetTextColor(85, 88, 98) // 7:1 on white
	}
	c.pdf.Text(m.x, m.y+m.face.leading*0.5+m.face.size*0.35, m.text)
	if link != 0 {
		c.pdf.Link(m.x, m.y, m.w, m.face.leading, link)
	}
}

// lang is a tag of a language as the file may hold it, "en" when it is none.
func lang(tag string) string {
	if tag == "" || len(tag) > 35 || strings.Trim(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
		return "en"
	}
	return tag
}

// pageWords says which page this is.
func pageWords(tag string, n, of int) string {
	if strings.HasPrefix(strings.ToLower(tag), "de") {
		return fmt.Sprintf("Seite %d von %d", n, of)
	}
	return fmt.Sprintf("Page %d of %d", n, of)
}
