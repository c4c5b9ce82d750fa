package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/search"
	"github.com/wakebell/wakebell/internal/decide/find"
)

// hit is one thing that was found.
type hit struct {
	Kind     string    `json:"kind" enum:"incident,note,report,alert,person"`
	ID       string    `json:"id" doc:"of the incident, signal or person; of a note, its ledger entry's"`
	Title    string    `json:"title" doc:"of a note, its incident's"`
	Text     string    `json:"text" doc:"the words around the first one that was asked for"`
	At       time.Time `json:"at"`
	Incident *string   `json:"incident" doc:"id of the incident it belongs to"`
	Ref      *string   `json:"ref" doc:"reference of that incident"`
}

// SearchFor holds the parameters of a search.
type SearchFor struct {
	Page
	Q    string `query:"q" required:"true" minLength:"1" maxLength:"300" doc:"words that must all occur; the last may be a beginning"`
	Kind string `query:"kind" enum:"incident,note,report,alert,person,signal" doc:"signal: reports and alerts; note: what people said in a timeline"`
}

func (f *face) search() {
	handle(f, op{
		method: http.MethodGet, path: base + "/search", id: "search", tag: "Search",
		summary: "Find incidents, what was said in them, reports, alerts and people by words",
		text:    "Newest first, only what the viewer may read. Needs one of incident.read, signal.read, own.read and directory.read; each opens its part.",
	}, func(ctx context.Context, c *call, p *SearchFor) (list[hit], error) {
		q := find.Query{Words: p.Q, Limit: p.Limit}
		switch p.Kind {
		case "":
		case "signal":
			q.Kinds = []find.Kind{find.Report, find.Alert}
		default:
			q.Kinds = []find.Kind{find.Kind(p.Kind)}
		}
		hits, next, err := f.Find.Find(ctx, c.by, q, p.Cursor)
		if err != nil {
			return list[hit]{}, err
		}
		return listOf(hits, next, func(h find.Hit) hit { return wireHit(h, p.Q) }), nil
	})
}

// excerpt is how many bytes of a text an answer holds.
const excerpt = 240

func wireHit(h find.Hit, words string) hit {
	out := hit{Kind: string(h.Kind), ID: h.ID, Title: h.Title(), At: h.At}
	var b strings.Builder
	for _, p := range search.Mark(h.Text(), words, excerpt) {
		b.WriteString(p.Text)
	}
	out.Text = b.String()
	if h.Incident != nil {
		out.Incident, out.Ref = &h.Incident.ID, &h.Incident.Ref
	}
	return out
}
