// Package printtest reads PDF files back, for tests of what other packages print: it
// checks that the file is well formed with another library than the one that wrote it,
// and gives the words of each page.
package printtest

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
)

// Pages returns the text of each page of a file that package print has made: one line for
// each piece of text, in the order it was drawn.
func Pages(t testing.TB, pdf []byte) []string {
	t.Helper()
	var pages []string
	for _, c := range contents(t, pdf) {
		pages = append(pages, words(c))
	}
	return pages
}

// contents are the drawing operators of each page.
func contents(t testing.TB, pdf []byte) [][]byte {
	t.Helper()
	api.DisableConfigDir()
	conf := model.NewDefaultConfiguration()
	ctx, err := api.ReadValidateAndOptimize(bytes.NewReader(pdf), conf)
	if err != nil {
		t.Fatalf("this is no well-formed PDF file: %v", err)
	}
	var pages [][]byte
	for n := range ctx.PageCount {
		r, err := pdfcpu.ExtractPageContent(ctx, n+1)
		if err != nil {
			t.Fatalf("page %d: %v", n+1, err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatalf("page %d: %v", n+1, err)
		}
		pages = append(pages, content)
	}
	return pages
}

// Text returns the words of all pages, one space between any two of them.
func Text(t testing.TB, pdf []byte) string {
	t.Helper()
	return strings.Join(strings.Fields(strings.Join(Pages(t, pdf), " ")), " ")
}

// shown is the operand of a Tj: UTF-16 in a literal string, whose characters are
// identifiers of glyphs and of code points alike.
var shown = regexp.MustCompile(`(?s)\(((?:[^\\()]|\\.)*)\) Tj`)

func words(content []byte) string {
	var b strings.Builder
	for _, m := range shown.FindAllSubmatch(content, -1) {
		raw := unescape(m[1])
		units := make([]uint16, len(raw)/2)
		for i := range units {
			units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
		}
		b.WriteString(string(utf16.Decode(units)) + "\n")
	}
	return b.String()
}

func unescape(s []byte) []byte {
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			out = append(out, s[i])
			continue
		}
		i++
		switch s[i] {
		case 'r':
			out = append(out, '\r')
		case 'n':
			out = append(out, '\n')
		default:
			out = append(out, s[i])
		}
	}
	return out
}

// drawn is one piece of text with its place, as a letter's pages hold it.
var drawn = regexp.MustCompile(`(?s)([\d.]+) ([\d.]+) Td \(((?:[^\\()]|\\.)*)\) Tj`)

// Place says where on a page (from 1) the first piece of text begins that holds words: in
// points from the left and from the bottom.
func Place(t testing.TB, pdf []byte, page int, holds string) (x, y float64) {
	t.Helper()
	for _, m := range drawn.FindAllSubmatch(contents(t, pdf)[page-1], -1) {
		if text := words([]byte("(" + string(m[3]) + ") Tj")); strings.Contains(text, holds) {
			var err error
			if x, err = strconv.ParseFloat(string(m[1]), 64); err == nil {
				if y, err = strconv.ParseFloat(string(m[2]), 64); err == nil {
					return x, y
				}
			}
			t.Fatalf("the place of %q: %v", holds, err)
		}
	}
	t.Fatalf("page %d does not hold %q", page, holds)
	return 0, 0
}
