package cli

import (
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/wakebell/wakebell/client"
	"github.com/wakebell/wakebell/internal/base/fault"
)

// page is what list commands share.
type page struct {
	Limit  int    `arg:"--limit" help:"How many at most." default:"50"`
	Cursor string `arg:"--cursor" help:"Go on where the last page ended."`
}

func (p page) query() url.Values {
	q := url.Values{"limit": {fmt.Sprint(p.Limit)}}
	if p.Cursor != "" {
		q.Set("cursor", p.Cursor)
	}
	return q
}

func set(q url.Values, name, v string) {
	if v != "" {
		q.Set(name, v)
	}
}

// show lists a path as JSON or as a table.
func show[T any](e *env, path string, q url.Values, head []string, flex int, row func(T) []string) error {
	if e.root.JSON {
		var raw json.RawMessage
		if err := e.api().Do(e.ctx, "GET", path+"?"+q.Encode(), nil, &raw); err != nil {
			return err
		}
		return e.printJSON(raw)
	}
	p, err := client.List[T](e.ctx, e.api(), path, q)
	if err != nil {
		return err
	}
	rows := make([][]string, len(p.Items))
	for i, it := range p.Items {
		rows[i] = row(it)
	}
	if err := e.table(head, flex, rows); err != nil {
		return err
	}
	if p.Next != nil {
		_, err = fmt.Fprintf(e.Out, "There is more: --cursor %s\n", *p.Next)
	}
	return err
}

// parseTime reads a time with zone; "" is nil (now).
func parseTime(field, s string) (*time.Time, error) {
	if s == "" {
		return nil, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return nil, fault.InvalidField(field, "must be a time with zone, such as 2026-11-21T14:25:00+01:00")
	}
	return &t, nil
}
