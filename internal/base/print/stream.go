package print

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// stream writes a PDF file page by page (ISO 32000-1): a page is written out once it is
// drawn, the fonts and the tree of pages follow at the end. The library behind canvas
// keeps every page until the file is done, which ten thousand letters do not allow; here
// it measures text alone.
type stream struct {
	c       *canvas
	merge   Merge
	w       io.Writer
	at      int64
	offsets []int64 // of each object, from number 1
	pages   []int   // objects, in the order they were written
	z       *zlib.Writer
	err     error
}

// The objects every page needs have fixed numbers.
const (
	objCatalog = 1 + iota
	objPages
	objResources
	objInfo
	objFree // the first for everything else
)

// link is a place on a page that leads to the page with an object.
type link struct {
	x, y, w, h float64
	to         int
}

func newStream(w io.Writer, c *canvas, m Merge) *stream {
	s := &stream{c: c, w: w, merge: m, offsets: make([]int64, objFree-1), z: zlib.NewWriter(io.Discard)}
	s.put("%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
	return s
}

func (s *stream) put(text string) {
	if s.err != nil {
		return
	}
	n, err := io.WriteString(s.w, text)
	s.at += int64(n)
	if err != nil {
		s.err = fmt.Errorf("print the letters: %w", err)
	}
}

// object writes one object; number 0 takes the next free one.
func (s *stream) object(number int, body string) int {
	if number == 0 {
		s.offsets = append(s.offsets, 0)
		number = len(s.offsets)
	}
	s.offsets[number-1] = s.at
	s.put(strconv.Itoa(number) + " 0 obj\n" + body + "\nendobj\n")
	return number
}

// data writes an object that is a compressed stream.
func (s *stream) data(dict string, content []byte) int {
	var b bytes.Buffer
	s.z.Reset(&b)
	_, _ = s.z.Write(content) // into memory
	_ = s.z.Close()
	return s.object(0, fmt.Sprintf("<</Filter /FlateDecode /Length %d %s>>\nstream\n%s\nendstream", b.Len(), dict, b.String()))
}

// page writes one page and returns its object.
func (s *stream) page(of sheet, links []link) int {
	var b bytes.Buffer
	for _, m := range of.marks {
		s.draw(&b, m)
	}
	content := s.data("", b.Bytes())
	annots := ""
	for _, l := range links {
		low := s.c.height - l.y - l.h
		annots += fmt.Sprintf("<</Type /Annot /Subtype /Link /Border [0 0 0] /Rect [%.2f %.2f %.2f %.2f] /Dest [%d 0 R /XYZ 0 %.2f 0]>>\n",
			l.x, low, l.x+l.w, low+l.h, l.to, s.c.height)
	}
	if annots != "" {
		annots = "\n/Annots [" + annots + "]"
	}
	o := s.object(0, fmt.Sprintf("<</Type /Page /Parent %d 0 R /Resources %d 0 R /Contents %d 0 R%s>>", objPages, objResources, content, annots))
	s.pages = append(s.pages, o)
	return o
}

func (s *stream) draw(b *bytes.Buffer, m mark) {
	if m.face.family == "" {
		y := s.c.height - m.y
		fmt.Fprintf(b, "0.667 G 0.5 w %.2f %.2f m %.2f %.2f l S\n", m.x, y, m.x+m.w, y-m.h)
		return
	}
	colour := "0.078 0.086 0.118"
	if m.face.grey {
		colour = "0.333 0.345 0.384"
	}
	y := s.c.height - (m.y + m.face.leading*0.5 + m.face.size*0.35)
	fmt.Fprintf(b, "BT /%s %g Tf %s rg %.2f %.2f Td (", m.face.family, m.face.size, colour, m.x, y)
	for _, u := range utf16.Encode([]rune(m.text)) {
		for _, c := range [2]byte{byte(u >> 8), byte(u)} {
			switch c {
			case '(', ')', '\\':
				b.WriteByte('\\')
				b.WriteByte(c)
			case '\r':
				b.WriteString(`\r`)
			default:
				b.WriteByte(c)
			}
		}
	}
	b.WriteString(") Tj ET\n")
}

// close writes the fonts, the tree of pages with the last front ones first, and the end.
func (s *stream) close(front int) error {
	var refs strings.Builder
	for _, f := range fonts()[:2] { // letters have no text of fixed width
		fmt.Fprintf(&refs, "/%s %d 0 R ", f.family, s.font(f))
	}
	s.object(objResources, "<</ProcSet [/PDF /Text] /Font <<"+refs.String()+">>>>")
	var kids strings.Builder
	cut := len(s.pages) - front
	for _, o := range slices.Concat(s.pages[cut:], s.pages[:cut]) {
		kids.WriteString(strconv.Itoa(o) + " 0 R\n")
	}
	s.object(objPages, fmt.Sprintf("<</Type /Pages /Count %d /MediaBox [0 0 %.2f %.2f] /Kids [%s]>>", len(s.pages), s.c.width, s.c.height, kids.String()))
	s.object(objCatalog, fmt.Sprintf("<</Type /Catalog /Pages %d 0 R /Lang (%s)>>", objPages, lang(s.merge.Lang)))
	at := s.merge.Created.UTC().Format("D:20060102150405Z")
	s.object(objInfo, fmt.Sprintf("<</Title %s /Author %s /Producer (Wakebell) /Creator (Wakebell) /CreationDate (%s) /ModDate (%s)>>",
		wide(s.c.clean(s.merge.Title)), wide(s.c.clean(s.merge.Author)), at, at))
	xref := s.at
	var b strings.Builder
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(s.offsets)+1)
	for _, o := range s.offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d /Root %d 0 R /Info %d 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(s.offsets)+1, objCatalog, objInfo, xref)
	s.put(b.String())
	return s.err
}

// wide is a text as PDF metadata holds it: UTF-16 in hexadecimal digits.
func wide(text string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String() + ">"
}

// identity says that a character's code is its Unicode code point.
const identity = `/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def
/CMapName /Adobe-Identity-UCS def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
1 beginbfrange <0000> <FFFF> <0000> endbfrange
endcmap CMapName currentdict /CMap defineresource pop end end`

// font embeds one font and returns its object. Codes are Unicode code points; a map leads
// from them to the font's glyphs.
func (s *stream) font(f font) int {
	glyphOf := charmap(f.ttf)
	gids := make([]byte, 2<<16)
	var widths strings.Builder
	for r := rune(' '); r <= 0xffff; r++ {
		if !covered(r) {
			continue
		}
		binary.BigEndian.PutUint16(gids[2*r:], glyphOf[r])
		fmt.Fprintf(&widths, "%d [%.0f] ", r, s.c.of(f.family, r)*1000)
	}
	file := s.data(fmt.Sprintf("/Length1 %d", len(f.ttf)), f.ttf)
	name := "Go-" + f.family
	// Flags 32: a font of ordinary letters. The other numbers are those of the Go fonts.
	desc := s.object(0, fmt.Sprintf("<</Type /FontDescriptor /FontName /%s /Flags 32 /FontBBox [-440 -308 1160 1087] /ItalicAngle 0 /Ascent 940 /Descent -210 /CapHeight 714 /StemV 90 /FontFile2 %d 0 R>>", name, file))
	toGID := s.data("", gids)
	cid := s.object(0, fmt.Sprintf("<</Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> /FontDescriptor %d 0 R /DW 500 /W [%s] /CIDToGIDMap %d 0 R>>",
		name, desc, widths.String(), toGID))
	toUnicode := s.data("", []byte(identity))
	return s.object(0, fmt.Sprintf("<</Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R>>", name, cid, toUnicode))
}

// charmap reads which glyph stands for which character: the table cmap of the font, in its
// format 4 for Unicode (OpenType specification). The embedded fonts have it; a test
// compares what is read with another reader.
func charmap(ttf []byte) map[rune]uint16 {
	u16 := func(at int) int { return int(binary.BigEndian.Uint16(ttf[at:])) }
	u32 := func(at int) int { return int(binary.BigEndian.Uint32(ttf[at:])) }
	out := map[rune]uint16{}
	cmap := 0
	for n := range u16(4) {
		if at := 12 + 16*n; string(ttf[at:at+4]) == "cmap" {
			cmap = u32(at + 8)
		}
	}
	sub := 0
	for n := range u16(cmap + 2) {
		if at := cmap + u32(cmap+4+8*n+4); u16(at) == 4 {
			sub = at
		}
	}
	if cmap == 0 || sub == 0 {
		return out
	}
	segments := u16(sub+6) / 2
	ends, starts := sub+14, sub+16+2*segments
	deltas, ranges := starts+2*segments, starts+4*segments
	for n := range segments {
		for r := u16(starts + 2*n); r <= u16(ends+2*n) && r != 0xffff; r++ {
			gid, offset := r, u16(ranges+2*n)
			if offset != 0 {
				if gid = u16(ranges + 2*n + offset + 2*(r-u16(starts+2*n))); gid == 0 {
					continue
				}
			}
			out[rune(r)] = uint16(gid + u16(deltas+2*n)) // modulo 65536
		}
	}
	return out
}
