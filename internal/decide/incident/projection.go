package incident

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/search"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
)

// Kinds returns the ledger kinds this room writes.
func Kinds() []record.Kind {
	var list []record.Kind
	for _, name := range slices.Sorted(maps.Keys(decoders)) {
		list = append(list, record.Kind{Name: name, Version: 1})
	}
	return list
}

// Kinds returns the ledger kinds that are projected.
func (s *Service) Kinds() []record.Kind { return Kinds() }

// Tables returns the tables that are functions of the entries alone.
func (s *Service) Tables() []*row.Table { return []*row.Table{incidents, links} }

// Project applies one entry to the tables, as the live service does.
func (s *Service) Project(x row.Rows, e record.Entry) error {
	before := State{}
	if e.Kind != (Declared{}).Kind() {
		r, err := x.Row(incidents, e.Subject)
		if err == nil && r == nil {
			err = fault.New(fault.NotFound, "there is no such incident")
		}
		if err == nil {
			err = json.Unmarshal([]byte(r.Text(4)), &before)
		}
		if err != nil {
			return fmt.Errorf("project entry %d (%s): %w", e.Seq, e.Kind, err)
		}
	}
	_, err := project(x, e, before)
	return err
}

// project writes what an entry changes and returns the state after it. Everything
// comes from the entry, so live and replay give the same rows.
func project(x row.Rows, e record.Entry, before State) (State, error) {
	event, ok, err := DecodeEvent(e)
	if err != nil {
		return State{}, err
	}
	if !ok {
		return State{}, fmt.Errorf("project %s: not an incident's entry", e.Kind)
	}
	after := Apply(before, event, stampOf(e))
	if _, ok := event.(Declared); ok {
		err = put(x, nil, after)
	} else {
		err = put(x, &before, after)
	}
	if err == nil {
		err = link(x, after.ID, event)
	}
	if tx := x.Tx(); err == nil && tx != nil {
		err = index(tx, e, event, before, after)
	}
	if err != nil {
		return State{}, fmt.Errorf("project %s of incident %s: %w", e.Kind, e.Subject, err)
	}
	return after, nil
}

// column is one column of the table incident.
type column struct {
	name  string
	value func(s State) any
}

// columns are the ones that lists filter and show; ref and state stand apart.
var columns = []column{
	{"title", func(s State) any { return s.Title }},
	{"summary", func(s State) any { return s.Summary }},
	{"kind", func(s State) any { return string(s.Kind) }},
	{"nature", func(s State) any { return string(s.Nature) }},
	{"status", func(s State) any { return string(s.Status) }},
	{"phase", func(s State) any { return string(s.Phase) }},
	{"severity", func(s State) any { return or(s.Severity, -1) }},
	{"bil", func(s State) any { return or(s.BIL, 0) }},
	{"personal_data", func(s State) any { return string(s.PersonalData) }},
	{"discovered_at", func(s State) any { return clock.Micros(s.DiscoveredAt) }},
	{"declared_at", func(s State) any { return clock.Micros(s.DeclaredAt) }},
	{"closed_at", func(s State) any { return clock.Micros(s.ClosedAt) }},
	{"is_open", func(s State) any { return s.Open() }},
	{"registered", func(s State) any { return s.Registered() }},
	{"service", func(s State) any { return s.Service }},
	{"team", func(s State) any { return s.Team }},
	{"updated_at", func(s State) any { return clock.Micros(s.UpdatedAt) }},
	{"version", func(s State) any { return s.Version }},
}

// Registered reports whether the incident has an entry in the register: it is confirmed,
// it touches personal data, or nobody has said yet that it does not. A dismissal answers
// the open question, but not a yes: that must stay in sight.
func (s State) Registered() bool {
	return s.Status == Confirmed || s.PersonalData == Yes || s.PersonalData != No && s.Status != Dismissed
}

func or(p *int, none int) int {
	if p == nil {
		return none
	}
	return *p
}

// incidents is the list of incidents, with all there is to know of each in its state;
// links says which signals belong to which.
var (
	incidents = row.NewTable("incident", 1, incidentColumns()...)
	links     = row.NewTable("incident_signal", 2, "incident_id", "signal_id")
)

func incidentColumns() []string {
	names := []string{"id", "ref", "ref_year", "ref_number", "state"} // the state is column 4
	for _, c := range columns {
		names = append(names, c.name)
	}
	return names
}

func rowOf(s State) (row.Row, error) {
	year, number, err := check.CutRef(s.Ref)
	if err != nil {
		return nil, err
	}
	doc, err := json.Marshal(s)
	r := append(make(row.Row, 0, 5+len(columns)), s.ID, s.Ref, year, number, string(doc))
	for _, c := range columns {
		r = append(r, c.value(s))
	}
	return r, err
}

// put writes the row of an incident, a new one where there is nothing before.
func put(x row.Rows, before *State, after State) error {
	var c row.Change
	var err error
	if c.After, err = rowOf(after); err == nil && before != nil {
		c.Before, err = rowOf(*before)
	}
	if err != nil {
		return err
	}
	return x.Put(incidents, c)
}

func link(x row.Rows, id string, event Event) error {
	switch e := event.(type) {
	case Declared:
		return setLinks(x, id, e.Signals, true)
	case SignalsLinked:
		return setLinks(x, id, e.Signals, true)
	case SignalsUnlinked:
		return setLinks(x, id, e.Signals, false)
	}
	return nil
}

func setLinks(x row.Rows, id string, signals []string, there bool) error {
	for _, signal := range signals {
		r, err := x.Row(links, id, signal)
		switch {
		case err == nil && r == nil && there:
			err = x.Put(links, row.Change{After: row.Row{id, signal}})
		case err == nil && r != nil && !there:
			err = x.Put(links, row.Change{Before: r})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// The kinds of search documents of this room, and the label of who may find them: all
// who may read incidents. A note's id is the incident's, a slash, and its entry's.
const (
	DocIncident = "incident"
	DocNote     = "incident_note"
	DocLabel    = "incident"
)

// index keeps the search documents: one per incident, one per entry with words of people.
func index(tx *store.Tx, e record.Entry, event Event, before, after State) error {
	if before.Ref != after.Ref || before.Title != after.Title || before.Summary != after.Summary {
		if err := indexIncident(tx, after); err != nil {
			return err
		}
	}
	text := said(e, event)
	if text == "" {
		return nil
	}
	return search.Index(tx, search.Doc{Kind: DocNote, ID: after.ID + "/" + e.ID, Title: after.Ref, Text: text, At: e.At, Visible: []string{DocLabel}})
}

// said returns the words of people in an event; the title and summary are the incident's.
func said(e record.Entry, event Event) string {
	switch event.(type) {
	case Declared, Edited, Assigned, SignalsLinked:
		return ""
	}
	var words struct {
		Text, Reason string
		SaidBy       string `json:"said_by"`
	}
	if e.Decode(&words) != nil {
		return ""
	}
	return strings.TrimSpace(words.Text + " " + words.Reason + " " + words.SaidBy)
}

func indexIncident(tx *store.Tx, s State) error {
	return search.Index(tx, search.Doc{
		Kind: DocIncident, ID: s.ID, Title: s.Ref + " " + s.Title, Text: s.Summary, At: s.DeclaredAt, Visible: []string{DocLabel},
	})
}

// ReprojectSubject writes the rows and search documents of an incident anew from the
// ledger, after entries of it were erased in the same transaction. It is refused as
// fault.Conflict while other changes of the incident are being written; try again.
func (s *Service) ReprojectSubject(tx *store.Tx, id string) error {
	ctx := clock.Background()
	before, err := load(ctx, tx, id)
	if fault.KindOf(err) == fault.NotFound {
		return nil // a subject of another room
	}
	if err != nil {
		return err
	}
	entries, err := s.led.Subject(ctx, tx, id, 0, 0)
	if err != nil {
		return fmt.Errorf("reproject incident %s: %w", id, err)
	}
	after, err := Fold(State{}, entries)
	if err != nil {
		return fmt.Errorf("reproject incident %s: %w", id, err)
	}
	if after.Version != before.Version { // entries of this group of writes have no number yet
		return fault.Newf(fault.Conflict, "%s is being changed; try again", before.Ref)
	}
	if err := put(row.Live(tx), &before, after); err != nil {
		return fmt.Errorf("reproject incident %s: %w", id, err)
	}
	for _, e := range entries {
		if e.Erased {
			if err := search.Remove(tx, DocNote, id+"/"+e.ID); err != nil {
				return err
			}
		}
	}
	return indexIncident(tx, after)
}
