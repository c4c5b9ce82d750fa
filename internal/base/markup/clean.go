package markup

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape makes words harmless inside HTML text and quoted attributes.
func Escape(s string) string { return html.EscapeString(s) }

// EscapeLines is Escape with the line ends kept.
func EscapeLines(s string) string {
	return strings.ReplaceAll(html.EscapeString(s), "\n", "<br>\n")
}

// Page makes a whole HTML document of a sanitised fragment, for a mail or a file. The
// language and the title are escaped here.
func Page(lang, title, fragment string) string {
	return "<!doctype html>\n<html lang=\"" + Escape(lang) + "\">\n<head>\n<meta charset=\"utf-8\">\n" +
		"<meta name=\"viewport\" content=\"width=device-width\">\n<title>" + Escape(title) + "</title>\n" +
		"<style>body{font:16px/1.5 sans-serif;max-width:42em;margin:1em auto;padding:0 1em}h1{font-size:1.4em}h2{font-size:1.15em}</style>\n" +
		"</head>\n<body>\n" + fragment + "\n</body>\n</html>\n"
}

// Clean takes out of words from elsewhere what could move other words or forge a header:
// control characters, the marks that turn the direction of writing, characters nobody
// sees. Line ends become spaces, or stay as "\n" where lines are kept. What is not UTF-8
// becomes U+FFFD.
func Clean(s string, lines bool) string {
	if plainASCII(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	space := false // a line end is owed as a space
	for i, c := range s {
		switch {
		case c == '\r' && i+1 < len(s) && s[i+1] == '\n':
			continue
		case c == '\n' || c == '\r' || c == '\v' || c == '\f' || c == '\u0085' || c == '\u2028' || c == '\u2029':
			if lines {
				b.WriteByte('\n')
			} else {
				space = b.Len() > 0
			}
			continue
		case c == '\t':
			c = ' '
		case c == utf8.RuneError:
		case unicode.IsControl(c) || hidden(c):
			continue
		}
		if space && c != ' ' {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(c)
	}
	return b.String()
}

// Cut shortens words to most characters, at least one, the last of which says so.
func Cut(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return strings.TrimRight(string([]rune(s)[:most-1]), " ") + "…"
}

// plainASCII is the common case: nothing to take out.
func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// hidden says whether a character turns the direction of writing or is not seen. The
// joiners of scripts that need them (U+200C, U+200D) stay.
func hidden(c rune) bool {
	switch {
	case c == '\u00ad', c == '\u061c', c == '\u180e', c == '\u200b', c == '\u200e', c == '\u200f', c == '\ufeff':
		return true
	case c >= '\u202a' && c <= '\u202e', c >= '\u2060' && c <= '\u206f', c >= '\ufff9' && c <= '\ufffb':
		return true
	case c >= 0xe0000 && c <= 0xe0fff: // tags and variation supplements
		return true
	}
	return false
}
