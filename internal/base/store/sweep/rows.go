package sweep

import (
	"database/sql"
	"fmt"
)

// Rows shows the rows of a query through database/sql in the same form, where there is
// no other way.
func Rows(rows *sql.Rows, fn func(row []Value) error) error {
	cols, err := rows.Columns()
	if err != nil {
		return err
	}
	row, into := make([]Value, len(cols)), make([]any, len(cols))
	for i := range row {
		into[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := fn(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

var _ sql.Scanner = (*Value)(nil)

// Scan implements sql.Scanner. Bytes are the driver's and hold until the next row.
func (v *Value) Scan(from any) error {
	*v = Value{}
	switch x := from.(type) {
	case nil:
	case int64:
		v.Kind, v.Int = Int, x
	case bool:
		if v.Kind = Int; x {
			v.Int = 1
		}
	case []byte:
		v.Kind, v.Bytes = Bytes, x
	case string:
		v.Kind, v.Bytes = Bytes, []byte(x)
	default:
		v.Kind, v.Bytes = Other, []byte(fmt.Sprint(x))
	}
	return nil
}
