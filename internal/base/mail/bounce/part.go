package bounce

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
	"unicode/utf8"
)

// A message is read this deep and this wide, and no further.
const (
	maxRaw   = 10 << 20
	maxDepth = 6
	maxParts = 60
	maxLines = 2000 // of one header
)

// head is the header of a message or of a group of fields in a report.
type head map[string][]string

func (h head) get(name string) string {
	if v := h[textproto.CanonicalMIMEHeaderKey(name)]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// words is a field with its encoded words read.
func (h head) words(name string) string { return line(decoded(h.get(name)), longest) }

func decoded(s string) string {
	d := mime.WordDecoder{CharsetReader: func(charset string, r io.Reader) (io.Reader, error) {
		b, err := io.ReadAll(r)
		return bytes.NewReader(inUnicode(charset, b)), err
	}}
	if out, err := d.DecodeHeader(s); err == nil {
		return out
	}
	return s
}

// cutHead reads a header and returns what follows it. It passes over lines that are no
// field: servers and gateways write many.
func cutHead(raw []byte) (head, []byte) {
	h := head{}
	last, field := "", ""
	keep := func() {
		if last != "" && len(h[last]) < 50 {
			h[last] = append(h[last], strings.TrimSpace(field))
		}
		last, field = "", ""
	}
	for n := 0; len(raw) > 0; n++ {
		l, rest, _ := bytes.Cut(raw, []byte("\n"))
		raw = rest
		l = bytes.TrimRight(l, "\r")
		if len(l) == 0 {
			break
		}
		if n >= maxLines {
			continue
		}
		if l[0] == ' ' || l[0] == '\t' {
			if len(field) < 16<<10 {
				field += " " + string(bytes.TrimSpace(l))
			}
			continue
		}
		keep()
		name, v, ok := strings.Cut(string(l), ":")
		if name = strings.TrimSpace(name); ok && name != "" && len(name) <= 100 && !strings.ContainsAny(name, " \t<>@") {
			last, field = textproto.CanonicalMIMEHeaderKey(name), v
		}
	}
	keep()
	return h, raw
}

// part is a message or a part of one.
type part struct {
	head   head
	media  string // in lower case
	params map[string]string
	body   []byte // as it stands on the wire
	parts  []part
}

// open reads a message or a part with everything in it.
func open(h head, body []byte, depth int, left *int) part {
	p := part{head: h, body: body}
	var err error
	if p.media, p.params, err = mime.ParseMediaType(h.get("Content-Type")); err != nil {
		p.media = strings.ToLower(strings.TrimSpace(strings.SplitN(h.get("Content-Type"), ";", 2)[0]))
	}
	if p.media == "" {
		p.media = "text/plain"
	}
	if !strings.HasPrefix(p.media, "multipart/") || p.params["boundary"] == "" || depth >= maxDepth {
		return p
	}
	for r := multipart.NewReader(bytes.NewReader(body), p.params["boundary"]); *left > 0; *left-- {
		inner, err := r.NextRawPart()
		if err != nil {
			return p
		}
		b, err := io.ReadAll(inner) // cut off: what there is
		p.parts = append(p.parts, open(head(inner.Header), b, depth+1, left))
		if err != nil {
			return p
		}
	}
	return p
}

// walk calls fn with the part and everything in it until fn says that it found enough.
func (p *part) walk(fn func(*part) bool) bool {
	if fn(p) {
		return true
	}
	for n := range p.parts {
		if p.parts[n].walk(fn) {
			return true
		}
	}
	return false
}

// first returns the first part of one of the media types, nil without one.
func (p *part) first(media ...string) (found *part) {
	p.walk(func(q *part) bool {
		for _, m := range media {
			if q.media == m {
				found = q
				return true
			}
		}
		return false
	})
	return found
}

// content is the body without its transfer encoding.
func (p *part) content() []byte {
	var r io.Reader = bytes.NewReader(p.body)
	switch strings.ToLower(p.head.get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	}
	b, err := io.ReadAll(r)
	if err != nil && len(b) == 0 {
		return p.body
	}
	return b
}

func (p *part) text() string { return string(inUnicode(p.params["charset"], p.content())) }

// western are the characters 0x80 to 0x9f of Windows-1252, which also stands behind most of
// what calls itself ISO-8859-1.
const western = "€\ufffd‚ƒ„…†‡ˆ‰Š‹Œ\ufffdŽ\ufffd\ufffd‘’“”•–—˜™š›œ\ufffdžŸ"

// inUnicode reads the charsets that mail in our languages still comes in; of any other the
// ASCII part stays readable, and the message is kept as it came.
func inUnicode(charset string, b []byte) []byte {
	switch strings.ToLower(charset) {
	case "iso-8859-1", "latin1", "iso-8859-15", "windows-1252", "cp1252":
	default:
		return b
	}
	high := []rune(western)
	out := make([]byte, 0, len(b)+len(b)/8)
	for _, c := range b {
		r := rune(c)
		switch {
		case c >= 0x80 && c <= 0x9f:
			r = high[c-0x80]
		case c == 0xa4 && strings.EqualFold(charset, "iso-8859-15"):
			r = '€'
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}
