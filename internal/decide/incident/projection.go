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
func (s *Service) Tables() []string { return []string{"incident", "incident_signal"} }

// Project applies one entry to the tables, as the live service does.
func (s *Service) Project(tx *store.Tx, e record.Entry) error {
	before := State{}
	if e.Kind != (Declared{}).Kind() {
		var err error
		if before, err = load(clock.Background(), tx, e.Subject); err != nil {
			return fmt.Errorf("project entry %d (%s): %w", e.Seq, e.Kind, err)
		}
	}
	_, err := project(tx, e, before)
	return err
}

// project writes what an entry changes and returns the state after it. Everything
// comes from the entry, so live and replay give the same rows.
func project(tx *store.Tx, e record.Entry, before State) (State, error) {
	event, ok, err := DecodeEvent(e)
	if err != nil {
		return State{}, err
	}
	if !ok {
		return State{}, fmt.Errorf("project %s: not an incident's entry", e.Kind)
	}
	after := Apply(before, event, stampOf(e))
	if _, ok := event.(Declared); ok {
		err = insert(tx, after)
	} else {
		err = update(tx, before, after)
	}
	if err == nil {
		err = link(tx, after.ID, event)
	}
	if err == nil {
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

var insertIncident = func() string {
	names := []string{"id", "ref", "ref_year", "ref_number", "state"}
	for _, c := range columns {
		names = append(names, c.name)
	}
	return "INSERT INTO incident (" + strings.Join(names, ", ") + ") VALUES (" + store.Placeholders(len(names)) + ")"
}()

func insert(tx *store.Tx, s State) error {
	year, number, err := check.CutRef(s.Ref)
	if err != nil {
		return err
	}
	doc, err := json.Marshal(s)
	if err != nil {
		return err
	}
	args := []any{s.ID, s.Ref, year, number, string(doc)}
	for _, c := range columns {
		args = append(args, c.value(s))
	}
	_, err = tx.Exec(insertIncident, args...)
	return err
}

// update names only the columns that changed, so that the engines leave the indexes
// of the others alone.
func update(tx *store.Tx, before, after State) error {
	doc, err := json.Marshal(after)
	if err != nil {
		return err
	}
	set, args := "state = ?", []any{string(doc)}
	for _, c := range columns {
		if v := c.value(after); v != c.value(before) {
			set += ", " + c.name + " = ?"
			args = append(args, v)
		}
	}
	_, err = tx.Exec("UPDATE incident SET "+set+" WHERE id = ?", append(args, after.ID)...)
	return err
}

func link(tx *store.Tx, id string, event Event) error {
	var add, remove []string
	switch e := event.(type) {
	case Declared:
		add = e.Signals
	case SignalsLinked:
		add = e.Signals
	case SignalsUnlinked:
		remove = e.Signals
	}
	for _, signal := range add {
		if _, err := tx.Exec("INSERT INTO incident_signal (incident_id, signal_id) VALUES (?, ?) ON CONFLICT DO NOTHING", id, signal); err != nil {
			return err
		}
	}
	for _, signal := range remove {
		if _, err := tx.Exec("DELETE FROM incident_signal WHERE incident_id = ? AND signal_id = ?", id, signal); err != nil {
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
	if err := update(tx, before, after); err != nil {
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
