package row

import (
	"cmp"
	"encoding/binary"
	"fmt"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/sweep"
)

// The bytes of a row are those of its values: one that says what it is, then eight of a
// number, or a length and the text. Text and bytes look alike, as they do in SQLite, so
// that the column says which it is.
func appendValues(dst []byte, values []any) []byte {
	for _, v := range values {
		switch x := v.(type) {
		case nil:
			dst = append(dst, byte(sweep.Null))
		case int64:
			dst = binary.BigEndian.AppendUint64(append(dst, byte(sweep.Int)), uint64(x))
		case string:
			dst = append(binary.AppendUvarint(append(dst, byte(sweep.Bytes)), uint64(len(x))), x...)
		case []byte:
			dst = append(binary.AppendUvarint(append(dst, byte(sweep.Bytes)), uint64(len(x))), x...)
		}
	}
	return dst
}

// appendStored gives the same bytes for the same values as the database holds them.
func appendStored(dst []byte, values []store.Value) []byte {
	for _, v := range values {
		switch v.Kind {
		case sweep.Int:
			dst = binary.BigEndian.AppendUint64(append(dst, byte(sweep.Int)), uint64(v.Int))
		case sweep.Null:
			dst = append(dst, byte(sweep.Null))
		default:
			dst = append(binary.AppendUvarint(append(dst, byte(v.Kind)), uint64(len(v.Bytes))), v.Bytes...)
		}
	}
	return dst
}

// cut takes one value off the bytes of a row.
func cut(b []byte, octets bool) (rest []byte, v any) {
	if b[0] == byte(sweep.Null) {
		return b[1:], nil
	}
	if b[0] == byte(sweep.Int) {
		return b[9:], int64(binary.BigEndian.Uint64(b[1:]))
	}
	n, used := binary.Uvarint(b[1:])
	b = b[1+used:]
	if octets {
		return b[n:], b[:n:n]
	}
	return b[n:], string(b[:n])
}

// order compares two rows by their keys.
func (t *Table) order(a, b Row) int { return orderKeys(a[:t.keys], b[:t.keys]) }

func orderKeys(a, b []any) int {
	for i := range a {
		x, isInt := a[i].(int64)
		y, both := b[i].(int64)
		o := cmp.Compare(x, y)
		if !isInt || !both {
			o = cmp.Compare(textOf(a[i]), textOf(b[i]))
		}
		if o != 0 {
			return o
		}
	}
	return 0
}

// textOf is a value of a key as people read it.
func textOf(v any) string {
	if b, ok := v.([]byte); ok {
		return string(b)
	}
	return fmt.Sprint(v)
}
