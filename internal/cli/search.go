package cli

import (
	"cmp"
	"strings"
	"time"
)

type searchCmd struct {
	Words []string `arg:"positional,required" help:"Words that must all occur; the last may be a beginning."`
	Kind  string   `arg:"--kind" help:"Only one kind: incident, note, report, alert or person." enum:"incident,note,report,alert,person"`
	page
}

// found is one hit of a search.
type found struct {
	Kind  string    `json:"kind"`
	ID    string    `json:"id"`
	Title string    `json:"title"`
	Text  string    `json:"text"`
	At    time.Time `json:"at"`
	Ref   *string   `json:"ref"`
}

// Run searches.
func (c *searchCmd) Run(e *env) error {
	q := c.query()
	q.Set("q", strings.Join(c.Words, " "))
	if c.Kind != "" {
		q.Set("kind", c.Kind)
	}
	return show(e, "/search", q, []string{"KIND", "WHERE", "AT", "TITLE", "TEXT"}, 4, func(h found) []string {
		where := h.ID
		if h.Ref != nil {
			where = cmp.Or(*h.Ref, where)
		}
		return []string{h.Kind, where, stamp(&h.At), h.Title, strings.Join(strings.Fields(h.Text), " ")}
	})
}
