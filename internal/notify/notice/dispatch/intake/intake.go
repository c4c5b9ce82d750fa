// Package intake reads lists of recipients as people have them: CSV out of whatever
// program, in UTF-8 with or without a byte order mark, UTF-16, or Windows-1252, parted by
// commas, semicolons, tabs or bars. It carries out "a list of affected customers" (policy
// 000) where that list comes from outside. It reads line by line and keeps nothing; a
// formula is only text to it. It must not import a store, the network or its own room.
package intake

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// Limits of a file.
const (
	MaxFile    = 64 << 20 // bytes
	MaxColumns = 200
	look       = 64 << 10
)

// Table is an opened file.
type Table struct {
	Header    []string
	Encoding  string // utf-8, utf-16le, utf-16be; windows-1252 once a cell needed it
	Delimiter rune
	csv       *csv.Reader
	line      int
}

// Open reads the head line. The error says what to do.
func Open(r io.Reader) (*Table, error) {
	in := bufio.NewReaderSize(&limited{r: r, left: MaxFile}, look)
	head, err := in.Peek(look)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	t := &Table{Encoding: "utf-8"}
	var body io.Reader = in
	switch {
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		_, _ = in.Discard(3)
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		_, _ = in.Discard(2)
		t.Encoding, body = "utf-16le", &wide{r: in, order: binary.LittleEndian}
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		_, _ = in.Discard(2)
		t.Encoding, body = "utf-16be", &wide{r: in, order: binary.BigEndian}
	case zeros(head, 1):
		t.Encoding, body = "utf-16le", &wide{r: in, order: binary.LittleEndian}
	case zeros(head, 0):
		t.Encoding, body = "utf-16be", &wide{r: in, order: binary.BigEndian}
	}
	text := bufio.NewReaderSize(body, look)
	t.Delimiter = ','
	if hint, err := text.Peek(5); err == nil && bytes.HasPrefix(hint, []byte("sep=")) { // Excel says it itself
		if _, err := text.ReadString('\n'); err != nil {
			return nil, errEmpty
		}
		t.Delimiter = rune(hint[4])
		t.line = 1
	} else if sample, err := text.Peek(look); err == nil || errors.Is(err, io.EOF) || errors.Is(err, bufio.ErrBufferFull) {
		t.Delimiter = delimiter(sample)
	}
	t.csv = csv.NewReader(text)
	t.csv.Comma, t.csv.FieldsPerRecord, t.csv.ReuseRecord = t.Delimiter, -1, true
	row, err := t.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, errEmpty
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The head line of the file cannot be read as CSV")
	}
	if len(row) > MaxColumns {
		return nil, fault.InvalidField("file", "has more than 200 columns")
	}
	for _, c := range row {
		t.Header = append(t.Header, strings.TrimSpace(t.cell(c)))
	}
	return t, nil
}

var errEmpty = fault.InvalidField("file", "is empty; its first line must name the columns")

// Next returns the next line and its number, io.EOF at the end. A line that is no CSV is a
// *csv.ParseError, and the reading goes on after it. The slice is used again.
func (t *Table) Next() (row []string, line int, err error) {
	row, err = t.csv.Read()
	if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
		return nil, t.line + wrong.StartLine, err
	}
	if err != nil {
		return nil, 0, err
	}
	line, _ = t.csv.FieldPos(0)
	for n, c := range row {
		row[n] = t.cell(c)
	}
	return row, t.line + line, nil
}

// cell is a value in UTF-8. What is not UTF-8 was written as Windows-1252, which holds
// every byte that Latin-1 has letters for.
func (t *Table) cell(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	t.Encoding = "windows-1252"
	var b strings.Builder
	for n := range len(s) {
		c := s[n]
		switch {
		case c < 0x80 || c >= 0xa0:
			b.WriteRune(rune(c))
		default:
			b.WriteRune(high[c-0x80])
		}
	}
	return b.String()
}

// high are the letters of Windows-1252 from 0x80 to 0x9f.
var high = [32]rune{
	'€', '\ufffd', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\ufffd', 'Ž', '\ufffd',
	'\ufffd', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\ufffd', 'ž', 'Ÿ',
}

// zeros reports text whose every second byte, from offset, is zero: UTF-16 without a mark.
func zeros(head []byte, offset int) bool {
	n, found := 0, 0
	for i := offset; i < min(len(head), 200); i += 2 {
		n++
		if head[i] == 0 {
			found++
		}
	}
	return n >= 4 && found*10 >= n*8
}

// delimiter is the one that parts the first lines into the most even columns.
func delimiter(sample []byte) rune {
	lines := bytes.Split(sample, []byte("\n"))
	if len(lines) > 1 {
		lines = lines[:min(len(lines)-1, 20)]
	}
	best, most := ',', 0
	for _, d := range []byte{',', ';', '\t', '|'} {
		first, same := count(lines[0], d), 0
		for _, l := range lines {
			if len(bytes.TrimSpace(l)) > 0 && count(l, d) == first {
				same++
			}
		}
		if score := first * same; first > 0 && score > most {
			best, most = rune(d), score
		}
	}
	return best
}

// count counts a delimiter outside quotes.
func count(line []byte, d byte) int {
	n, quoted := 0, false
	for _, c := range line {
		switch {
		case c == '"':
			quoted = !quoted
		case c == d && !quoted:
			n++
		}
	}
	return n
}

// wide reads UTF-16 as UTF-8.
type wide struct {
	r     *bufio.Reader
	order binary.ByteOrder
	out   []byte
	err   error
}

func (w *wide) Read(p []byte) (int, error) {
	for len(w.out) < len(p) && w.err == nil {
		var u rune
		if u, w.err = w.unit(); w.err != nil {
			break
		}
		if utf16.IsSurrogate(u) {
			low, err := w.unit()
			if err != nil {
				low = 0
			}
			u = utf16.DecodeRune(u, low)
		}
		w.out = utf8.AppendRune(w.out, u)
	}
	n := copy(p, w.out)
	w.out = w.out[:copy(w.out, w.out[n:])]
	if n == 0 && w.err != nil {
		return 0, w.err
	}
	return n, nil
}

func (w *wide) unit() (rune, error) {
	var b [2]byte
	if _, err := io.ReadFull(w.r, b[:]); err != nil {
		return 0, io.EOF
	}
	return rune(w.order.Uint16(b[:])), nil
}

// limited refuses a file that is too long.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fault.New(fault.TooLarge, "The file is larger than 64 MB; split it")
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}
