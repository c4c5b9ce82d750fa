package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/search"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
)

// self is who asks, and what the server takes for now.
type self struct {
	Actor       string    `json:"actor" doc:"person id, else token id"`
	Person      *string   `json:"person"`
	Name        string    `json:"name"`
	Roles       []string  `json:"roles" nullable:"false"`
	Permissions []string  `json:"permissions" nullable:"false"`
	Now         time.Time `json:"now" doc:"the server's time; a test clock may have moved it"`
	Version     string    `json:"version" doc:"of the server"`
}

func (f *face) me() {
	handle(f, op{
		method: http.MethodGet, path: base + "/me", id: "get-me", tag: "Tokens", summary: "Say who asks", text: "Any token may ask.",
	}, func(_ context.Context, c *call, _ *none) (self, error) {
		if c.by.IsZero() {
			return self{}, fault.New(fault.Unauthenticated, "Send a token")
		}
		out := self{
			Actor: c.by.Actor, Person: orNull(c.by.Person), Name: c.by.Name, Roles: []string{}, Permissions: []string{},
			Now: f.Clock.Now(), Version: f.Version,
		}
		for _, r := range c.by.Roles {
			out.Roles = append(out.Roles, string(r))
		}
		for _, p := range who.Permissions() {
			if c.by.Has(p) {
				out.Permissions = append(out.Permissions, string(p))
			}
		}
		return out, nil
	})
}

// hit is one thing that was found.
type hit struct {
	Kind     string    `json:"kind" enum:"incident,note,signal"`
	ID       string    `json:"id" doc:"of the signal or incident; of a note, its ledger entry's"`
	Title    string    `json:"title"`
	At       time.Time `json:"at"`
	Incident *string   `json:"incident" doc:"id of the incident a note belongs to"`
}

// SearchFor holds the parameters of a search.
type SearchFor struct {
	Page
	Q    string `query:"q" required:"true" minLength:"1" maxLength:"300" doc:"words that must all occur; the last may be a beginning"`
	Kind string `query:"kind" enum:"incident,note,signal"`
}

// docKinds maps the wire's kinds to those of the search. The table is read only.
var docKinds = map[string]string{"incident": incident.DocIncident, "note": incident.DocNote, "signal": "signal"}

// labels are what a viewer may find, as the rooms mark their documents.
func labels(by who.Identity) []string {
	var out []string
	if by.Has(who.PermIncidentRead) {
		out = append(out, incident.DocLabel)
	}
	if by.Has(who.PermSignalRead) {
		out = append(out, string(who.PermSignalRead))
	}
	return out
}

func (f *face) search() {
	handle(f, op{
		method: http.MethodGet, path: base + "/search", id: "search", tag: "Search", summary: "Find incidents, notes and signals by words",
		text: "Newest first, only what the viewer may read. Needs incident.read or signal.read.",
	}, func(ctx context.Context, c *call, p *SearchFor) (list[hit], error) {
		if err := who.CheckAny(c.by, who.PermIncidentRead, who.PermSignalRead); err != nil {
			return list[hit]{}, err
		}
		bound := []string{"search", p.Q, p.Kind}
		keys, err := c.by.OpenCursor(p.Cursor, bound, 1)
		if err != nil {
			return list[hit]{}, err
		}
		q := search.Query{Words: p.Q, Kind: docKinds[p.Kind], Visible: labels(c.by), Limit: who.Limit(p.Limit)}
		if keys != nil {
			if q.Before, err = strconv.ParseInt(keys[0], 10, 64); err != nil {
				return list[hit]{}, fault.InvalidField("cursor", "does not belong to this list; start again without it")
			}
		}
		hits, more, err := search.Search(ctx, f.DB, q)
		if err != nil {
			return list[hit]{}, err
		}
		next := ""
		if more != 0 {
			next = c.by.Cursor(bound, strconv.FormatInt(more, 10))
		}
		return listOf(hits, next, wireHit), nil
	})
}

func wireHit(h search.Hit) hit {
	out := hit{Kind: h.Kind, ID: h.ID, Title: h.Title, At: h.At}
	if h.Kind == incident.DocNote {
		of, id, _ := strings.Cut(h.ID, "/")
		out.Kind, out.ID, out.Incident = "note", id, &of
	}
	return out
}
