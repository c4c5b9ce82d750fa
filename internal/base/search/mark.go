package search

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Piece is a part of a text; Hit says that it is, or begins, a word that was asked for.
type Piece struct {
	Text string
	Hit  bool
}

// Mark cuts a text into pieces that show which words of a query it holds, as Search finds
// them; rare signs that are written in another way there may stay unmarked. With a limit it keeps about so many bytes around the first hit and puts "…" where
// it left something out; without a hit it keeps the beginning.
func Mark(text, query string, limit int) []Piece {
	words, prefix := queryWords(query)
	var list []Piece
	add := func(s string, hit bool) {
		if s == "" {
			return
		}
		if n := len(list); n > 0 && list[n-1].Hit == hit && !hit {
			list[n-1].Text += s
			return
		}
		list = append(list, Piece{s, hit})
	}
	asked := func(run string) bool {
		for w := range chunks(run) {
			for _, p := range parts(nil, w) {
				if slices.Contains(words, p) || prefix != "" && strings.HasPrefix(p, prefix) {
					return true
				}
			}
		}
		return false
	}
	for rest := text; rest != ""; {
		n := strings.IndexFunc(rest, wordRune)
		if n < 0 {
			add(rest, false)
			break
		}
		add(rest[:n], false)
		rest = rest[n:]
		end := strings.IndexFunc(rest, func(r rune) bool { return !wordRune(r) })
		if end < 0 {
			end = len(rest)
		}
		// Signs at the end of a word belong to the sentence.
		word := strings.TrimRight(rest[:end], signs)
		if ideographic(word) {
			markWide(word, words, prefix, add)
		} else {
			add(word, asked(word))
		}
		add(rest[len(word):end], false)
		rest = rest[end:]
	}
	if limit > 0 && len(text) > limit {
		list = around(list, limit)
	}
	return list
}

// wordRune says whether r may stand in a word, in either case of letters.
func wordRune(r rune) bool {
	return r >= 'A' && r <= 'Z' || inWord(r) || r >= utf8.RuneSelf && strings.IndexFunc(norm.NFKC.String(string(r)), inWord) >= 0
}

// markWide marks pairs of characters in scripts that have no spaces.
func markWide(text string, words []string, prefix string, add func(string, bool)) {
	for text != "" {
		best := 0
		for _, w := range append(slices.Clone(words), prefix) {
			if w != "" && strings.HasPrefix(text, w) {
				best = max(best, len(w))
			}
		}
		if best > 0 {
			add(text[:best], true)
			text = text[best:]
			continue
		}
		_, n := utf8.DecodeRuneInString(text)
		add(text[:n], false)
		text = text[n:]
	}
}

// around keeps limit bytes, a third of them before the first hit.
func around(list []Piece, limit int) []Piece {
	from := 0
	for _, p := range list {
		if p.Hit {
			break
		}
		from += len(p.Text)
	}
	total := 0
	for _, p := range list {
		total += len(p.Text)
	}
	if from == total { // no hit
		from = 0
	}
	from = max(0, min(from-limit/3, total-limit))
	to := min(total, from+limit)
	var out []Piece
	at := 0
	for _, p := range list {
		start, end := max(from-at, 0), min(to-at, len(p.Text))
		at += len(p.Text)
		if start >= end {
			continue
		}
		text := p.Text[start:end]
		if !p.Hit { // not in the middle of a word
			if start > 0 || at-len(p.Text)+start == from && from > 0 {
				if n := strings.IndexAny(text, " \n"); n >= 0 {
					text = text[n+1:]
				}
			}
			if end < len(p.Text) {
				if n := strings.LastIndexAny(text, " \n"); n > 0 {
					text = text[:n]
				}
			}
		}
		out = append(out, Piece{strings.ToValidUTF8(text, ""), p.Hit})
	}
	if from > 0 {
		out = slices.Insert(out, 0, Piece{Text: "… "})
	}
	if to < total {
		out = append(out, Piece{Text: " …"})
	}
	return out
}
