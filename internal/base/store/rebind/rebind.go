// Package rebind turns the `?` of the one SQL text into the $1, $2 … of PostgreSQL. It
// serves base/store, whose seam it is, and must not import anything of the house.
package rebind

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Binder turns `?` into $1, $2 … and remembers the result per text. The zero Binder works.
type Binder struct {
	cache sync.Map // string -> string
	n     atomic.Int64
}

// maxRebound bounds the cache: texts are constants but for the lengths of IN
// lists, so it is never reached unless somebody pastes values into SQL.
const maxRebound = 4000

// SQL returns q with numbered placeholders.
func (r *Binder) SQL(q string) string {
	if v, ok := r.cache.Load(q); ok {
		return v.(string)
	}
	out := SQL(q)
	if r.n.Load() < maxRebound {
		r.cache.Store(q, out)
		r.n.Add(1)
	}
	return out
}

// SQL replaces each `?` outside string literals, quoted names and comments
// with $1, $2 … in order.
func SQL(q string) string {
	if !strings.Contains(q, "?") {
		return q
	}
	var b strings.Builder
	b.Grow(len(q) + 16)
	n := 0
	for i := 0; i < len(q); {
		switch c := q[i]; {
		case c == '?':
			n++
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
			i++
		case c == '\'' || c == '"':
			i = copyTo(&b, q, i, closing(q, i+1, string(c)))
		case c == '-' && strings.HasPrefix(q[i:], "--"):
			i = copyTo(&b, q, i, closing(q, i+2, "\n"))
		case c == '/' && strings.HasPrefix(q[i:], "/*"):
			i = copyTo(&b, q, i, closing(q, i+2, "*/"))
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}

// closing returns the position behind the next end, or the length of q. A
// doubled quote inside a literal simply closes it and opens the next one.
func closing(q string, from int, end string) int {
	if j := strings.Index(q[from:], end); j >= 0 {
		return from + j + len(end)
	}
	return len(q)
}

func copyTo(b *strings.Builder, q string, from, to int) int {
	b.WriteString(q[from:to])
	return to
}
