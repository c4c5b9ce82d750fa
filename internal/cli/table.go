package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// printJSON prints v indented.
func (e *env) printJSON(v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.Out, string(b))
	return err
}

// defaultWidth is used where the terminal does not say how wide it is.
const (
	defaultWidth = 160
	minWidth     = 40
)

// width is $COLUMNS, else what the terminal says, else defaultWidth.
func (e *env) width() int {
	var w int
	if _, err := fmt.Sscan(e.Getenv("COLUMNS"), &w); err == nil && w >= minWidth {
		return w
	}
	if f, ok := e.Out.(*os.File); ok {
		if size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil && size.Col >= minWidth {
			return int(size.Col)
		}
	}
	return defaultWidth
}

// table prints rows under a head. The column named by flex is shortened so that the
// table fits the terminal (COLUMNS).
func (e *env) table(head []string, flex int, rows [][]string) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(e.Out, "Nothing to show.")
		return err
	}
	wide := make([]int, len(head))
	for i, h := range head {
		wide[i] = utf8.RuneCountInString(h)
		for _, r := range rows {
			wide[i] = max(wide[i], utf8.RuneCountInString(r[i]))
		}
	}
	total := 2 * (len(head) - 1)
	for _, w := range wide {
		total += w
	}
	if over := total - e.width(); over > 0 {
		wide[flex] = max(12, wide[flex]-over)
	}
	for _, r := range append([][]string{head}, rows...) {
		var b strings.Builder
		for i, cell := range r {
			b.WriteString(pad(cell, wide[i]))
			if i < len(r)-1 {
				b.WriteString("  ")
			}
		}
		if _, err := fmt.Fprintln(e.Out, strings.TrimRight(b.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

func pad(s string, w int) string {
	s = clean(s)
	n := utf8.RuneCountInString(s)
	if n > w {
		return string([]rune(s)[:w-1]) + "…"
	}
	return s + strings.Repeat(" ", w-n)
}

// clean drops control characters: what somebody typed must not steer a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || (r >= 0x7f && r < 0xa0) {
			return ' '
		}
		return r
	}, s)
}

// stamp shows a time in UTC, unambiguous and short.
func stamp(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "-"
	}
	return t.UTC().Format("02 Jan 2006 15:04Z")
}

func number(p *int) string {
	if p == nil {
		return "-"
	}
	return fmt.Sprint(*p)
}
