package print_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"

	"github.com/wakebell/wakebell/internal/base/print"
	"github.com/wakebell/wakebell/internal/base/print/printtest"
)

func merged(t *testing.T, m print.Merge, letters ...print.Post) []byte {
	t.Helper()
	var b bytes.Buffer
	m.Created = at
	l := print.NewLetters(&b, m)
	for _, one := range letters {
		if _, err := l.Add(one); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func letter(n int) print.Post {
	return print.Post{
		Return: "Winmore · Hauptstraße 1 · 10115 Berlin", To: []string{fmt.Sprintf("Customer %d", n), "Am Markt 1", "80331 München"},
		Info: []print.Definition{{Term: "Reference", Text: "INC-2026-0001/1"}, {Term: "Date", Text: "21 November 2026"}}, Subject: "Incident",
		Body: "Dear customer,\n\n" + wide + "\n\nlast (word) \\ here", Footer: fmt.Sprintf("INC-2026-0001/1 · No. %d", n), Name: fmt.Sprintf("Customer %d", n), Place: "80331 München",
	}
}

// Each letter stands on pages of its own, counts them for itself, and the index leads to it.
func TestLetters(t *testing.T) {
	t.Parallel()
	long, german := letter(2), letter(3)
	long.Body += strings.Repeat("\n\nOne more paragraph that says something.", 60)
	german.Lang = "de-AT"
	file := merged(t, print.Merge{Title: "INC-2026-0001/1", Intro: "3 letters", Folded: true}, letter(1), long, german)
	pages := printtest.Pages(t, file)
	if len(pages) < 6 {
		t.Fatalf("%d pages", len(pages))
	}
	last := len(pages)
	for i, want := range map[int][]string{
		0:        {"Letters\n3 letters\nName\nPlace\nPage\nCustomer 1\n80331 München\n2\nCustomer 2\n80331 München\n3–", fmt.Sprintf("Customer 3\n80331 München\n%d\n", last)},
		1:        {"Winmore · Hauptstraße 1 · 10115 Berlin\nCustomer 1\nAm Markt 1\n80331 München\nReference\nINC-2026-0001/1\nDate", "last (word) \\ here", "Page 1 of 1", "INC-2026-0001/1 · No. 1"},
		2:        {"Page 1 of 3", "No. 2"},
		3:        {"Page 2 of 3", "Customer 2"},
		last - 1: {"Seite 1 von 1", "Customer 3"},
	} {
		for _, w := range want {
			if !strings.Contains(pages[i], w) {
				t.Errorf("page %d lacks %q:\n%s", i+1, w, pages[i])
			}
		}
	}
	if !strings.Contains(printtest.Text(t, file), wide) {
		t.Error("text is lost")
	}
	byPoppler(t, file, wide, "80331 München", "Seite 1 von 1", "last (word) \\ here")
	if !bytes.Equal(file, merged(t, print.Merge{Title: "INC-2026-0001/1", Intro: "3 letters", Folded: true}, letter(1), long, german)) {
		t.Error("the same letters gave other bytes")
	}
}

// On both sides of the paper, no letter begins on the back of another.
func TestLettersOnBothSides(t *testing.T) {
	t.Parallel()
	pages := printtest.Pages(t, merged(t, print.Merge{Duplex: true}, letter(1), letter(2)))
	if len(pages) != 6 || pages[1] != "" || pages[3] != "" || !strings.Contains(pages[2], "Customer 1") || !strings.Contains(pages[4], "Page 1 of 1") || !strings.Contains(pages[0], "München\n5\n") {
		t.Errorf("%d pages: %q", len(pages), pages)
	}
}

// The address stands where the window of an envelope is: DIN 5008, form B.
func TestWindow(t *testing.T) {
	t.Parallel()
	file := merged(t, print.Merge{}, letter(1))
	const mm = 72 / 25.4
	for text, want := range map[string][2]float64{"Customer 1": {62.7, 90}, "80331 München": {62.7, 90}, "Winmore · Hauptstraße": {45, 50}, "Incident\n": {98, 108}} {
		x, y := printtest.Place(t, file, 2, strings.TrimSpace(text))
		if down := 297 - y/mm; x/mm < 20 || x/mm > 30 || down < want[0] || down > want[1] {
			t.Errorf("%q stands %.1f mm from the left and %.1f mm from the top", text, x/mm, down)
		}
	}
}

// An address that does not fit, or cannot be printed, is named in the index.
func TestAddressIsLookedAt(t *testing.T) {
	t.Parallel()
	good, many, foreign, none := letter(1), letter(2), letter(3), letter(4)
	eight := append([]string{}, strings.Split(strings.Repeat("A line of it\n", 8), "\n")[:8]...)
	good.To, many.To, foreign.To, none.To = eight, append(eight, eight...), []string{"名前", "Tokyo"}, nil
	var b bytes.Buffer
	l := print.NewLetters(&b, print.Merge{})
	for i, in := range []print.Post{good, many, foreign, none} {
		if ok, err := l.Add(in); err != nil || ok != (i == 0) {
			t.Errorf("letter %d: %v %v", i+1, ok, err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	index := printtest.Pages(t, b.Bytes())[0]
	for _, want := range []string{"\nCustomer 1\n", "! Customer 2", "! Customer 3", "! Customer 4", "Look at the address"} {
		if !strings.Contains(index, want) {
			t.Errorf("the index lacks %q:\n%s", want, index)
		}
	}
}

// What glyph stands for what character, as another reader of fonts says it.
func TestCharmap(t *testing.T) {
	t.Parallel()
	for _, ttf := range [][]byte{goregular.TTF, gobold.TTF} {
		font, err := sfnt.Parse(ttf)
		if err != nil {
			t.Fatal(err)
		}
		got := print.Charmap(ttf)
		for r := rune(' '); r < 0xffff; r++ {
			if i, err := font.GlyphIndex(nil, r); err != nil || uint16(i) != got[r] {
				t.Fatalf("%U is glyph %d, not %d (%v)", r, i, got[r], err)
			}
		}
	}
}

func FuzzLetter(f *testing.F) {
	f.Add(wide, "a\nb", 1)
	f.Add("(\\)\n\r\t\x00", "", 9)
	f.Fuzz(func(t *testing.T, text, to string, n int) {
		t.Parallel()
		in := letter(n)
		in.Body, in.Subject, in.Name, in.Lang, in.To = text, text, text, text, strings.Split(to, "\n")
		printtest.Pages(t, merged(t, print.Merge{Title: text, Lang: text, Duplex: n%2 == 0}, in))
	})
}

// Memory does not grow with the letters, but for the line of the index.
func TestManyLetters(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	l := print.NewLetters(io.Discard, print.Merge{})
	used := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	add := func(from, to int) {
		for n := from; n < to; n++ {
			if _, err := l.Add(letter(n)); err != nil {
				t.Fatal(err)
			}
		}
	}
	add(0, 1000)
	before := used()
	add(1000, 6000)
	if more := int64(used()) - int64(before); more > 5000*2000 { // other tests run beside it
		t.Errorf("5,000 letters took %d kB", more/1000)
	}
	if err := l.Close(); err != nil || l.Count() != 6000 {
		t.Fatal(l.Count(), err)
	}
}

func BenchmarkMerge(b *testing.B) {
	for b.Loop() {
		l := print.NewLetters(io.Discard, print.Merge{})
		for n := range 1000 {
			if _, err := l.Add(letter(n)); err != nil {
				b.Fatal(err)
			}
		}
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
