// Package find looks for words in all that is known: incidents and what was said in their
// timelines, reports, alerts and people. It carries out policy 002 (analysts "can
// investigate quickly and thoroughly") for everybody with their own rights: what a viewer
// may not read is not found, and nothing says that it is there. It writes nothing; it must
// not import a face.
package find

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/search"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/detect/intake"
)

// Kind is what was found.
type Kind string

// The kinds. A note is anything that people said in the timeline of an incident.
const (
	Incident Kind = "incident"
	Note     Kind = "note"
	Report   Kind = "report"
	Alert    Kind = "alert"
	Person   Kind = "person"
)

// Query is what is looked for. All words must occur; the last may be the beginning of one.
type Query struct {
	Words string
	Kinds []Kind // one of them; empty: all
	Limit int    // 1 to 200, default 50
}

// Hit is one thing that was found. Of Incident, Place, Signal and Person those are set that
// its kind has.
type Hit struct {
	Kind     Kind
	ID       string // of the incident, signal or person; of a note, its ledger entry's
	At       time.Time
	Incident *view.Item // the incident, or the one the note or the decided signal belongs to
	Place    *view.Place
	Signal   *intake.Signal
	Person   *who.Person
}

// Title is what the thing is called.
func (h Hit) Title() string {
	switch {
	case h.Kind == Incident:
		return h.Incident.Title
	case h.Signal != nil:
		return h.Signal.Title
	case h.Person != nil:
		return h.Person.Name
	}
	return h.Incident.Title
}

// Text is what else is known of it in words.
func (h Hit) Text() string {
	switch {
	case h.Kind == Incident:
		return h.Incident.Summary
	case h.Place != nil:
		return h.Place.Text
	case h.Signal != nil:
		return h.Signal.Summary
	case h.Person != nil:
		p := h.Person
		return strings.Join(slices.DeleteFunc([]string{p.Function, p.Department, p.Email, p.Phone}, func(s string) bool { return s == "" }), ", ")
	}
	return ""
}

// Service finds.
type Service struct {
	db      *store.DB
	views   *view.Service
	signals *intake.Service
	people  *who.Service
}

// New returns the service. It starts nothing.
func New(db *store.DB, views *view.Service, signals *intake.Service, people *who.Service) *Service {
	return &Service{db: db, views: views, signals: signals, people: people}
}

// Kinds are those the viewer may find.
func Kinds(by who.Identity) []Kind {
	var out []Kind
	if by.Has(who.PermIncidentRead) {
		out = append(out, Incident, Note)
	}
	switch {
	case by.Has(who.PermSignalRead):
		out = append(out, Report, Alert)
	case by.Has(who.PermOwnRead):
		out = append(out, Report)
	}
	if by.Has(who.PermDirectoryRead) {
		out = append(out, Person)
	}
	return out
}

// labels are those of base/search by which the rooms mark what a viewer may read.
func labels(by who.Identity) []string {
	out := intake.Labels(by)
	if by.Has(who.PermIncidentRead) {
		out = append(out, incident.DocLabel)
	}
	if by.Has(who.PermDirectoryRead) {
		out = append(out, string(who.PermDirectoryRead))
	}
	return out
}

// docKinds are the names of the kinds in base/search.
var docKinds = map[Kind]string{
	Incident: incident.DocIncident, Note: incident.DocNote, Report: string(intake.Report), Alert: string(intake.Alert), Person: who.DocPerson,
}

// Find returns a page of hits, newest first, and the cursor of the next, "" at the end. It
// needs one of incident.read, signal.read, own.read and directory.read; each opens its part.
func (s *Service) Find(ctx context.Context, by who.Identity, q Query, cursor string) ([]Hit, string, error) {
	if err := who.CheckAny(by, who.PermIncidentRead, who.PermSignalRead, who.PermOwnRead, who.PermDirectoryRead); err != nil {
		return nil, "", err
	}
	if strings.TrimSpace(q.Words) == "" {
		return nil, "", fault.InvalidField("q", "must hold a word")
	}
	ask := search.Query{Words: q.Words, Visible: labels(by), Limit: who.Limit(q.Limit)}
	for _, k := range q.Kinds {
		kind, ok := docKinds[k]
		if !ok {
			return nil, "", fault.InvalidField("kind", "must be incident, note, report, alert or person")
		}
		ask.Kinds = append(ask.Kinds, kind)
	}
	bound := []any{"find", q.Words, q.Kinds}
	keys, err := by.OpenCursor(cursor, bound, 1)
	if err != nil {
		return nil, "", err
	}
	if keys != nil {
		if ask.Before, err = strconv.ParseInt(keys[0], 10, 64); err != nil {
			return nil, "", fault.InvalidField("cursor", "does not belong to this list; start again without it")
		}
	}
	found, more, err := search.Search(ctx, s.db, ask)
	if err != nil {
		return nil, "", err
	}
	hits, err := s.read(ctx, by, found)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if more != 0 {
		next = by.Cursor(bound, strconv.FormatInt(more, 10))
	}
	return hits, next, nil
}

// read reads what was found, each room with the viewer's rights, and leaves out what is not
// there any more.
func (s *Service) read(ctx context.Context, by who.Identity, found []search.Hit) ([]Hit, error) {
	ids := map[string][]string{} // by kind of document
	for _, f := range found {
		id := f.ID
		if f.Kind == incident.DocNote {
			of, entry, _ := strings.Cut(id, "/")
			ids[incident.DocIncident] = append(ids[incident.DocIncident], of)
			id = entry
		}
		ids[f.Kind] = append(ids[f.Kind], id)
	}
	signals, err := s.readSignals(ctx, by, ids)
	if err != nil {
		return nil, err
	}
	for _, g := range signals {
		if g.Incident != "" && by.Has(who.PermIncidentRead) {
			ids[incident.DocIncident] = append(ids[incident.DocIncident], g.Incident)
		}
	}
	var incidents map[string]view.Item
	var places map[string]view.Place
	var people map[string]who.Person
	if list := ids[incident.DocIncident]; len(list) > 0 {
		slices.Sort(list)
		if incidents, err = s.views.ByIDs(ctx, by, slices.Compact(list)); err != nil {
			return nil, err
		}
	}
	if list := ids[incident.DocNote]; len(list) > 0 {
		if places, err = s.views.Places(ctx, by, list); err != nil {
			return nil, err
		}
	}
	if list := ids[who.DocPerson]; len(list) > 0 {
		if people, err = s.people.ByIDs(ctx, by, list); err != nil {
			return nil, err
		}
	}
	hits := make([]Hit, 0, len(found))
	for _, f := range found {
		h, ok := Hit{ID: f.ID, At: f.At}, false
		switch f.Kind {
		case incident.DocIncident:
			h.Kind = Incident
			h.Incident, ok = at(incidents, f.ID)
		case incident.DocNote:
			h.Kind = Note
			of, entry, _ := strings.Cut(f.ID, "/")
			if h.Incident, ok = at(incidents, of); ok {
				h.ID = entry
				h.Place, ok = at(places, entry)
			}
		case who.DocPerson:
			h.Kind = Person
			h.Person, ok = at(people, f.ID)
		default:
			h.Kind = Kind(f.Kind)
			if h.Signal, ok = at(signals, f.ID); ok {
				h.Incident, _ = at(incidents, h.Signal.Incident)
			}
		}
		if ok {
			hits = append(hits, h)
		}
	}
	return hits, nil
}

func (s *Service) readSignals(ctx context.Context, by who.Identity, ids map[string][]string) (map[string]intake.Signal, error) {
	list := slices.Concat(ids[string(intake.Alert)], ids[string(intake.Report)])
	if len(list) == 0 {
		return nil, nil
	}
	return s.signals.ByIDs(ctx, by, list)
}

func at[T any](m map[string]T, id string) (*T, bool) {
	v, ok := m[id]
	if !ok {
		return nil, false
	}
	return &v, true
}
