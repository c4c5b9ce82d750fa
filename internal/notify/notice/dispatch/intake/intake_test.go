package intake

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func wideBytes(s string, little bool) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		if little {
			b.WriteByte(byte(u))
			b.WriteByte(byte(u >> 8))
		} else {
			b.WriteByte(byte(u >> 8))
			b.WriteByte(byte(u))
		}
	}
	return b.String()
}

func TestEncodingsAndDelimiters(t *testing.T) {
	t.Parallel()
	const plain = "name;email\r\nMüller & Söhne 🌍;a@b.example\r\n\"x;y\";c@d.example\r\n"
	want := [][]string{{"Müller & Söhne 🌍", "a@b.example"}, {"x;y", "c@d.example"}}
	for name, c := range map[string]struct{ file, encoding string }{
		"utf-8":                 {plain, "utf-8"},
		"utf-8 with mark":       {"\ufeff" + plain, "utf-8"},
		"utf-16le with mark":    {"\xff\xfe" + wideBytes(plain, true), "utf-16le"},
		"utf-16be with mark":    {"\xfe\xff" + wideBytes(plain, false), "utf-16be"},
		"utf-16le without mark": {wideBytes(plain, true), "utf-16le"},
		"utf-16be without mark": {wideBytes(plain, false), "utf-16be"},
		"excel names its own":   {"sep=;\r\n" + plain, "utf-8"},
		"tabs":                  {strings.NewReplacer("x;y", "x;y", ";", "\t", "\"x;y\"", "x;y").Replace(plain), "utf-8"},
		"bars":                  {strings.NewReplacer("\"x;y\"", "x;y", ";", "|").Replace(plain), "utf-8"},
		"windows-1252":          {strings.NewReplacer("ü", "\xfc", "ö", "\xf6", " 🌍", "\x80").Replace(plain), "windows-1252"},
	} {
		tab, err := Open(strings.NewReader(c.file))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff([]string{"name", "email"}, tab.Header); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		got := [][]string{}
		for {
			row, line, err := tab.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || line == 0 {
				t.Fatalf("%s: line %d %v", name, line, err)
			}
			got = append(got, slices.Clone(row))
		}
		exp := slices.Clone(want)
		if name == "windows-1252" {
			exp[0] = []string{"Müller & Söhne€", "a@b.example"}
		}
		if name == "bars" || name == "tabs" {
			exp[1] = []string{"x;y", "c@d.example"}
		}
		if d := cmp.Diff(exp, got); d != "" || tab.Encoding != c.encoding {
			t.Errorf("%s (%s): %s", name, tab.Encoding, d)
		}
	}
}

func TestBrokenLineIsNamedAndPassedOver(t *testing.T) {
	t.Parallel()
	tab, err := Open(strings.NewReader("a,b\n1,2\n\"x\"y,3\n4,5\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, line, err := tab.Next(); err != nil || line != 2 {
		t.Fatal(line, err)
	}
	_, line, err := tab.Next()
	if _, ok := errors.AsType[*csv.ParseError](err); !ok || line != 3 {
		t.Fatalf("line %d: %v", line, err)
	}
	if row, line, err := tab.Next(); err != nil || line != 4 || row[0] != "4" {
		t.Fatalf("after it: %v %d %v", row, line, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "\ufeff", "sep=;\n", strings.Repeat("a,", 300)} {
		if _, err := Open(strings.NewReader(bad)); err == nil {
			t.Errorf("%.10q was opened", bad)
		}
	}
}

func TestMapping(t *testing.T) {
	t.Parallel()
	head := []string{"Firma", "E-Mail", "Ansprechpartner", "Orders 2026", "Sprache"}
	m := Guess(head)
	want := Mapping{"Firma": Name, "E-Mail": Email, "Ansprechpartner": Contact, "Sprache": Lang}
	if d := cmp.Diff(want, m); d != "" {
		t.Error(d)
	}
	if err := m.Check(head); err != nil {
		t.Error(err)
	}
	for _, bad := range []Mapping{{}, {"Firma": Email, "E-Mail": Email}, {"none": Email}, {"Firma": "colour", "E-Mail": Email}, {"Firma": Name}} {
		if bad.Check(head) == nil {
			t.Errorf("%v was taken", bad)
		}
	}
	if k := Key(" Orders (2026)! "); k != "orders_2026" {
		t.Error(k)
	}
}

func FuzzTable(f *testing.F) {
	f.Add([]byte("name;email\nx;a@b.example\n"))
	f.Add([]byte("\xff\xfea\x00,\x00b\x00\n\x00\x00\xd8"))
	f.Add([]byte("sep=\x00\na"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		tab, err := Open(strings.NewReader(string(raw)))
		if err != nil {
			return
		}
		for range 10_000 {
			row, _, err := tab.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			for _, c := range row {
				if err == nil && !utf8.ValidString(c) {
					t.Fatalf("%q is no UTF-8", c)
				}
			}
			if err != nil && row != nil {
				t.Fatal("a line and an error")
			}
		}
	})
}
