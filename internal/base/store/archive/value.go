package archive

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// rowWriter turns rows into lines.
type rowWriter struct {
	buf  bytes.Buffer
	text *json.Encoder
}

func newRowWriter() *rowWriter {
	w := &rowWriter{}
	w.text = json.NewEncoder(&w.buf)
	w.text.SetEscapeHTML(false)
	return w
}

// line returns one row with its newline; it holds until the next call.
func (w *rowWriter) line(cols []Column, vals []any) ([]byte, error) {
	w.buf.Reset()
	for i, v := range vals {
		w.buf.WriteByte("[,"[min(i, 1)])
		if err := w.value(cols[i].Type, v); err != nil {
			return nil, fmt.Errorf("column %s: %w", cols[i].Name, err)
		}
	}
	w.buf.WriteString("]\n")
	return w.buf.Bytes(), nil
}

// value writes one value. The engines differ in what they hand out for text and
// bytes, and SQLite keeps either in either column: the column's type decides.
func (w *rowWriter) value(t Type, v any) error {
	var b []byte
	switch x := v.(type) {
	case nil:
		w.buf.WriteString("null")
		return nil
	case int64:
		if t != Integer {
			return fmt.Errorf("an integer stands in a column of %s", t)
		}
		w.buf.Write(strconv.AppendInt(w.buf.AvailableBuffer(), x, 10))
		return nil
	case string:
		b = []byte(x)
	case []byte:
		b = x
	default:
		return fmt.Errorf("a value of type %T cannot be kept", v)
	}
	switch t {
	case Text:
		if !utf8.Valid(b) {
			return fmt.Errorf("the text is not valid UTF-8")
		}
		if err := w.text.Encode(string(b)); err != nil {
			return err
		}
		w.buf.Truncate(w.buf.Len() - 1) // the encoder's newline
	case Bytes:
		w.buf.WriteString(`{"b64":"`)
		w.buf.Write(base64.StdEncoding.AppendEncode(w.buf.AvailableBuffer(), b))
		w.buf.WriteString(`"}`)
	default:
		return fmt.Errorf("text or bytes stand in a column of %s", t)
	}
	return nil
}

// readRow reads a line back into values both engines take.
func readRow(cols []Column, line []byte) ([]any, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(line, &raw); err != nil {
		return nil, fmt.Errorf("is not a JSON array: %w", err)
	}
	if len(raw) != len(cols) {
		return nil, fmt.Errorf("has %d values for %d columns", len(raw), len(cols))
	}
	vals := make([]any, len(raw))
	for i, r := range raw {
		v, err := readValue(cols[i].Type, r)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", cols[i].Name, err)
		}
		vals[i] = v
	}
	return vals, nil
}

func readValue(t Type, raw []byte) (any, error) {
	if string(raw) == "null" {
		return nil, nil
	}
	switch t {
	case Integer:
		return strconv.ParseInt(string(raw), 10, 64)
	case Text:
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	case Bytes:
		var b struct {
			B64 *[]byte `json:"b64"`
		}
		if err := json.Unmarshal(raw, &b); err != nil {
			return nil, err
		}
		if b.B64 == nil {
			return nil, fmt.Errorf("bytes are written as {\"b64\": …}")
		}
		if *b.B64 == nil {
			return []byte{}, nil // nil would become NULL
		}
		return *b.B64, nil
	}
	return nil, fmt.Errorf("the type %q is not known", t)
}
