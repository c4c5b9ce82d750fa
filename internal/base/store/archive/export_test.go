package archive

import "io"

// At calls fn before each step of a restore.
func (t *Target) At(fn func(step string) error) { t.at = fn }

// Wrap puts fn between an archive and its file.
func (o *Options) Wrap(fn func(io.Writer) io.Writer) { o.wrap = fn }

// Kept is Table.kept.
func Kept(t Table) bool { return t.kept() }

// Rows writes and reads one row.
func RoundTrip(cols []Column, vals []any) (line string, back []any, err error) {
	b, err := newRowWriter().line(cols, vals)
	if err != nil {
		return "", nil, err
	}
	line = string(b)
	back, err = readRow(cols, b)
	return line, back, err
}

// ReadRow is readRow.
func ReadRow(cols []Column, line string) ([]any, error) { return readRow(cols, []byte(line)) }
