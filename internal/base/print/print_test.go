package print_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/print"
	"github.com/wakebell/wakebell/internal/base/print/printtest"
)

var at = time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)

const wide = "Preis 5 € – „Straße“, Łódź, Győző, Čapek, αβγ Ωμέγα, Яблоко щит, İstanbul, Ħal"

func full() print.Document {
	return print.Document{
		Title: "Notification", Subtitle: "Initial", Header: "INC-2026-0001", Footer: "Kept as filed", Mark: "drill", Index: "Contents", At: at,
		Body: []print.Block{
			print.Heading{Level: 1, Text: "Who"},
			print.Paragraph{Text: wide},
			print.Paragraph{Text: "one\ntwo (with \\ and ) in it)", Style: print.Small},
			print.Definitions{{"Term", "said", "a note"}, {"Empty", "", ""}},
			print.Heading{Level: 2, Text: "Table"},
			print.Table{Columns: []print.Column{{Title: "Name", Width: 3}, {Title: "Number", Right: true}}, Rows: [][]string{{"a", "1"}, {"b"}, {"c", "3", "left out"}}},
			print.Break{},
			print.Heading{Level: 1, Text: "Second"},
			print.Paragraph{Text: "sha256 0123", Style: print.Mono},
		},
	}
}

func pdf(t *testing.T, d print.Document) []byte {
	t.Helper()
	b, err := print.PDF(d)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestText(t *testing.T) {
	t.Parallel()
	file := pdf(t, full())
	pages := printtest.Pages(t, file)
	if len(pages) != 3 {
		t.Fatalf("%d pages", len(pages))
	}
	for i, want := range [][]string{
		{"Contents", "Who", "Second", "\n2\n", "\n3\n", "Page 1 of 3", "DRILL"},
		{"Notification", "Initial", "one\ntwo (with \\ and ) in it)", "Term\nsaid\na note\nEmpty", "Name\nNumber\na\n1\nb\nc\n3\n", "Page 2 of 3", "INC-2026-0001", "Kept as filed"},
		{"Second", "sha256 0123", "Page 3 of 3"},
	} {
		for _, w := range want {
			if !strings.Contains(pages[i], w) {
				t.Errorf("page %d lacks %q:\n%s", i+1, w, pages[i])
			}
		}
	}
	all := printtest.Text(t, file)
	if !strings.Contains(all, wide) || strings.Contains(all, "left out") || strings.Contains(all, "cannot print") {
		t.Errorf("text: %s", all)
	}
	byPoppler(t, file, wide, "Contents", "said", "sha256 0123")
}

// byPoppler asks another reader, where it is installed (Debian: poppler-utils).
func byPoppler(t *testing.T, file []byte, want ...string) {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Log("pdftotext is not installed: the text was read with pdfcpu alone")
		return
	}
	cmd := exec.CommandContext(t.Context(), "pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(file)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Join(strings.Fields(string(out)), " ")
	for _, w := range want {
		if !strings.Contains(said, w) {
			t.Errorf("pdftotext does not find %q in %s", w, said)
		}
	}
}

// The same document and date give the same bytes; another date, others.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	first := pdf(t, full())
	for range 5 {
		if !bytes.Equal(first, pdf(t, full())) {
			t.Fatal("the same document gave other bytes")
		}
	}
	later := full()
	later.At = at.Add(time.Hour)
	if bytes.Equal(first, pdf(t, later)) {
		t.Error("the date is not in the file")
	}
}

// A table goes on over pages with its head repeated, and loses no row.
func TestLongTable(t *testing.T) {
	t.Parallel()
	table := print.Table{Columns: []print.Column{{Title: "HeadA"}, {Title: "HeadB", Width: 2}}}
	for i := range 300 {
		table.Rows = append(table.Rows, []string{fmt.Sprintf("row%03d", i), strings.Repeat("many words ", i%30)})
	}
	table.Rows = append(table.Rows, []string{"long", strings.Repeat("word ", 5000) + "last"})
	pages := printtest.Pages(t, pdf(t, print.Document{Title: "T", Body: []print.Block{table}}))
	if len(pages) < 10 {
		t.Fatalf("%d pages", len(pages))
	}
	all := strings.Join(pages, "")
	for i, p := range pages {
		if strings.Count(p, "HeadA\nHeadB") != 1 || !strings.Contains(p, fmt.Sprintf("Page %d of %d", i+1, len(pages))) {
			t.Errorf("page %d has no head or number:\n%.200s", i+1, p)
		}
	}
	for i := range 300 {
		if strings.Count(all, fmt.Sprintf("row%03d\n", i)) != 1 {
			t.Errorf("row %d is lost or doubled", i)
		}
	}
	if strings.Count(all, "word") < 5000 || !strings.Contains(all, "last") {
		t.Error("the long row lost words")
	}
}

// Sections are letters: each counts its own pages, the index says where each begins.
func TestSections(t *testing.T) {
	t.Parallel()
	d := print.Document{Index: "Recipients", At: at, Footer: "Winmore"}
	for i := range 120 {
		d.Body = append(d.Body, print.Section{Title: fmt.Sprintf("Customer %d", i), Lang: map[bool]string{true: "de"}[i == 1]},
			print.Paragraph{Text: fmt.Sprintf("Dear %d", i)}, print.Heading{Level: 1, Text: "What"}, print.Break{}, print.Paragraph{Text: "more"})
	}
	pages := printtest.Pages(t, pdf(t, d))
	if len(pages) != 243 {
		t.Fatalf("%d pages", len(pages))
	}
	if !strings.Contains(pages[0], "Customer 0\n4\n") || !strings.Contains(pages[2], "Customer 119\n242\n") || !strings.Contains(pages[2], "Page 3 of 3") {
		t.Errorf("index:\n%s\n%s", pages[0], pages[2])
	}
	if strings.Contains(pages[0], "What") {
		t.Error("headings of letters stand in the index")
	}
	if !strings.Contains(pages[3], "Dear 0") || !strings.Contains(pages[3], "Page 1 of 2") || !strings.Contains(pages[6], "Seite 2 von 2") {
		t.Errorf("letters:\n%s\n%s", pages[3], pages[6])
	}
}

// Words never leave the paper: nothing drawn lies outside the margins.
func TestLongWord(t *testing.T) {
	t.Parallel()
	word := strings.Repeat("W", 3000)
	all := strings.Join(printtest.Pages(t, pdf(t, print.Document{Body: []print.Block{print.Paragraph{Text: "a " + word + " b"}}})), "")
	if strings.Count(all, "W") != 3000 {
		t.Errorf("%d of 3000 letters", strings.Count(all, "W"))
	}
	for _, l := range strings.Split(all, "\n") {
		if len(l) > 60 {
			t.Errorf("a line of %d letters is wider than the page", len(l))
		}
	}
}

// What the fonts do not have is shown as such and counted; control characters and marks
// that turn the direction of text are left out.
func TestUnprintable(t *testing.T) {
	t.Parallel()
	all := printtest.Text(t, pdf(t, print.Document{Body: []print.Block{
		print.Paragraph{Text: "名前 e\u0301 a\u202eb \x00\x1b c\xff non\u2011break 😀"}, print.Definitions{{"x", "y\u2028z", ""}},
	}}))
	if !strings.Contains(all, "□□ é ab c□ non-break □") || !strings.Contains(all, "cannot print (4)") {
		t.Error(all)
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]print.Document{
		"text":  {Body: []print.Block{print.Paragraph{Text: strings.Repeat("x", print.MaxText+1)}}},
		"pages": {Body: make([]print.Block, 0)},
	} {
		if name == "pages" {
			for range print.MaxPages + 1 {
				d.Body = append(d.Body, print.Break{})
			}
		}
		if err := print.Write(io.Discard, d); fault.KindOf(err) != fault.TooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := print.Write(broken{}, full()); err == nil {
		t.Error("an error of the writer is lost")
	}
	if len(printtest.Pages(t, pdf(t, print.Document{}))) != 1 {
		t.Error("an empty document has one page")
	}
	if len(printtest.Pages(t, pdf(t, print.Document{Paper: print.Letter, Body: []print.Block{print.Table{}, print.Section{Title: ""}}}))) != 1 {
		t.Error("a section first in the document takes the first page")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("full") }

// FuzzText: whatever the words, the file is well formed.
func FuzzText(f *testing.F) {
	f.Add(wide, 1)
	f.Add("(\\)\n\r\t\x00", 9)
	f.Fuzz(func(t *testing.T, text string, n int) {
		t.Parallel()
		printtest.Pages(t, pdf(t, print.Document{Title: text, Lang: text, Index: text, Mark: text, Header: text, Body: []print.Block{
			print.Heading{Level: n, Text: text},
			print.Paragraph{Text: text, Style: print.Style(n)},
			print.Definitions{{text, text, text}},
			print.Table{Columns: []print.Column{{Title: text, Width: float64(n)}}, Rows: [][]string{{text}}},
		}}))
	})
}

// The table of glyphs is that of the fonts.
func TestGlyphs(t *testing.T) {
	t.Parallel()
	for name, ttf := range map[string][]byte{"regular": goregular.TTF, "bold": gobold.TTF, "mono": gomono.TTF} {
		font, err := sfnt.Parse(ttf)
		if err != nil {
			t.Fatal(err)
		}
		for r := rune(' '); r <= 0xffff; r++ {
			i, err := font.GlyphIndex(nil, r)
			if err != nil || (i != 0) != print.Covered(r) {
				t.Fatalf("%s: glyph %d for %U, the table says %v (%v)", name, i, r, print.Covered(r), err)
			}
		}
	}
}

func BenchmarkLetters(b *testing.B) {
	d := print.Document{Index: "Recipients", At: at}
	for i := range 1000 {
		d.Body = append(d.Body, print.Section{Title: fmt.Sprintf("Customer %d", i)}, print.Paragraph{Text: strings.Repeat(wide+" ", 20)})
	}
	for b.Loop() {
		if err := print.Write(io.Discard, d); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOne(b *testing.B) {
	for b.Loop() {
		if err := print.Write(io.Discard, full()); err != nil {
			b.Fatal(err)
		}
	}
}
