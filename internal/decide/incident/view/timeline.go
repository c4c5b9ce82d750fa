package view

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
)

// Show narrows a timeline.
type Show string

// What a timeline can show.
const (
	All       Show = "all"
	Decisions Show = "decisions" // what people decided: status, grade, close, waivers, decisions
	Facts     Show = "facts"     // what was found out
	Calls     Show = "calls"     // who was called, and answered
	Reports   Show = "reports"   // situation reports and notes
	Notices   Show = "notices"   // duties met, and open again: who was told
)

// shows names the kinds of each part, by prefix.
var shows = map[Show][]string{
	All: {""},
	Decisions: {
		"incident.declared", "incident.status_changed", "incident.nature_changed", "incident.graded", "incident.decision_made",
		"incident.merged", "incident.closed", "incident.reopened", "incident.assigned", "duty.waived", "duty.waiver",
	},
	Facts:   {"incident.declared", "incident.edited", "incident.fact_recorded", "incident.signals_linked", "incident.signals_unlinked", "incident.phase_entered"},
	Calls:   {"call.", "duty.alarmed"},
	Reports: {"incident.sitrep_sent", "incident.noted", "incident.file_"},
	Notices: {"notice.", "dispatch.", "filing.", "contact.", "duty.met", "duty.undone", "handover."},
}

// Line is one ledger entry told for people. Data is its body as recorded; of an erased
// entry only the facts are left, and Text says so.
type Line struct {
	Seq        int64           `json:"seq"`
	ID         string          `json:"id"`
	Kind       string          `json:"kind"`
	At         time.Time       `json:"at"`          // when it was true
	KnownAt    time.Time       `json:"known_at"`    // when it was said to us
	RecordedAt time.Time       `json:"recorded_at"` // when it was recorded
	Actor      string          `json:"actor"`
	ActorName  string          `json:"actor_name"`
	Text       string          `json:"text"`
	Erased     bool            `json:"erased,omitempty"`
	Data       json.RawMessage `json:"data"`
}

// Teller puts an entry of another room into words. name gives the name of a person by
// its id, and of other things by a prefix that was set by Name, such as "duty:", and
// their id; what is not known comes back as it is.
type Teller func(e record.Entry, name func(id string) string) string

// Namer gives what people call a thing now, "" for an id it does not know.
type Namer func(ctx context.Context, r store.Reader, id string) string

// Name sets who names the ids that begin with prefix, such as "duty:". Only at wiring.
func (s *Service) Name(prefix string, n Namer) { s.namers[prefix] = n }

// Tell sets who tells the entries whose kind begins with prefix, such as "duty.".
// Only at wiring.
func (s *Service) Tell(prefix string, t Teller) { s.tellers[prefix] = t }

// Guard hides the bodies of entries whose kind begins with prefix from those without a
// permission; that they are there is shown. Only at wiring.
func (s *Service) Guard(prefix string, p who.Permission) { s.guarded[prefix] = p }

// Timeline returns what the ledger holds of an incident, oldest first, and the cursor
// of the next page. Permission incident.read.
func (s *Service) Timeline(ctx context.Context, by who.Identity, ref string, show Show, cursor string, limit int) ([]Line, string, error) {
	if err := who.Check(by, who.PermIncidentRead); err != nil {
		return nil, "", err
	}
	if show == "" {
		show = All
	}
	if err := fault.Invalids(check.OneOf(nil, "filter", show, All, Decisions, Facts, Calls, Reports, Notices)...); err != nil {
		return nil, "", err
	}
	st, err := s.incidents.GetTx(s.db, ref)
	if err != nil {
		return nil, "", err
	}
	bound := []string{"timeline", st.ID, string(show)}
	after, err := openSeq(by, cursor, bound)
	if err != nil {
		return nil, "", err
	}
	limit = who.Limit(limit)
	name := s.names(ctx)
	lines := []Line{}
	for {
		entries, err := s.led.Subject(ctx, s.db, st.ID, after, chunk)
		if err != nil {
			return nil, "", fmt.Errorf("read the timeline of %s: %w", st.ID, err)
		}
		for _, e := range entries {
			after = e.Seq
			if !slices.ContainsFunc(shows[show], func(prefix string) bool { return strings.HasPrefix(e.Kind, prefix) }) {
				continue
			}
			if len(lines) == limit {
				return lines, by.Cursor(bound, strconv.FormatInt(lines[limit-1].Seq, 10)), nil
			}
			lines = append(lines, s.line(by, e, name))
		}
		if len(entries) < chunk {
			return lines, "", nil
		}
	}
}

// Lines tells entries that a room has read for somebody who may read them, such as the
// history of a signal or of the system. What is guarded is shown: they have read it.
func (s *Service) Lines(ctx context.Context, entries []record.Entry) []Line {
	name, lines := s.names(ctx), make([]Line, len(entries))
	for i, e := range entries {
		lines[i] = s.line(who.Engine("reader"), e, name)
	}
	return lines
}

// chunk is how many entries are read at once.
const chunk = 200

func openSeq(by who.Identity, cursor string, bound []string) (int64, error) {
	keys, err := by.OpenCursor(cursor, bound, 1)
	if err != nil || keys == nil {
		return 0, err
	}
	seq, err := strconv.ParseInt(keys[0], 10, 64)
	if err != nil {
		return 0, errCursor
	}
	return seq, nil
}

// sealed reports whether the body of an entry is not for everybody who reads the incident.
func (s *Service) sealed(by who.Identity, kind string) bool {
	for prefix, p := range s.guarded {
		if strings.HasPrefix(kind, prefix) && !by.Has(p) {
			return true
		}
	}
	return false
}

func (s *Service) line(by who.Identity, e record.Entry, name func(string) string) Line {
	if s.sealed(by, e.Kind) {
		return Line{
			Seq: e.Seq, ID: e.ID, Kind: e.Kind, At: e.At, KnownAt: e.KnownAt, RecordedAt: e.RecordedAt, Actor: e.Actor,
			ActorName: name(e.Actor), Erased: e.Erased, Text: plain(e.Kind) + "; what it says is not shown to you", Data: json.RawMessage("{}"),
		}
	}
	l := Line{
		Seq: e.Seq, ID: e.ID, Kind: e.Kind, At: e.At, KnownAt: e.KnownAt, RecordedAt: e.RecordedAt,
		Actor: e.Actor, ActorName: name(e.Actor), Erased: e.Erased, Data: merge(e),
	}
	if e.Erased {
		l.Text = plain(e.Kind) + ": the text was erased"
		return l
	}
	l.Text = s.text(e, name)
	return l
}

func (s *Service) text(e record.Entry, name func(string) string) string {
	if event, ok, err := incident.DecodeEvent(e); ok && err == nil {
		return told(event, name)
	}
	for prefix, t := range s.tellers {
		if strings.HasPrefix(e.Kind, prefix) {
			if text := t(e, name); text != "" {
				return text
			}
		}
	}
	var said struct {
		Cause, Title, Key, Remark, Reason, Ground string
	}
	if e.Decode(&said) != nil {
		return plain(e.Kind)
	}
	text := plain(e.Kind)
	for _, part := range []string{said.Cause, said.Title, said.Key, said.Remark, said.Reason, said.Ground} {
		text = because(text, part)
	}
	return text
}

// plain makes "Duty met" of "duty.met".
func plain(kind string) string {
	words := strings.NewReplacer(".", " ", "_", " ").Replace(kind)
	return strings.ToUpper(words[:1]) + words[1:]
}

// merge joins both bodies into one object.
func merge(e record.Entry) json.RawMessage {
	if len(e.Private) == 0 {
		return e.Facts
	}
	all := map[string]json.RawMessage{}
	if json.Unmarshal(e.Facts, &all) != nil || json.Unmarshal(e.Private, &all) != nil {
		return e.Facts
	}
	doc, err := json.Marshal(all)
	if err != nil {
		return e.Facts
	}
	return doc
}

// names resolves actors and persons, once each: names are never in the ledger's facts.
func (s *Service) names(ctx context.Context) func(id string) string {
	known := map[string]string{}
	return func(id string) string {
		if name := who.EngineName(id); name != "" {
			return name
		}
		if n, ok := known[id]; ok {
			return n
		}
		n := id
		if prefix, rest, ok := strings.Cut(id, ":"); ok && s.namers[prefix+":"] != nil {
			n = cmp.Or(s.namers[prefix+":"](ctx, s.db, rest), id)
		} else if p, err := s.people.PersonTx(ctx, s.db, id); err == nil && p.Name != "" {
			n = p.Name
		} else if t, err := s.people.TokenName(ctx, s.db, id); err == nil && t != "" {
			n = "Token " + t
		}
		known[id] = n
		return n
	}
}

// Version is one value of a fact in its history.
type Version struct {
	Seq        int64         `json:"seq"`
	Fact       incident.Fact `json:"fact"`
	ByName     string        `json:"by_name"`
	RecordedAt time.Time     `json:"recorded_at"`
	Erased     bool          `json:"erased,omitempty"`
}

// FactHistory returns every value a fact has had, oldest first; key is Fact.Key,
// "personal_data" or "aware@entity". Permission incident.read.
func (s *Service) FactHistory(ctx context.Context, by who.Identity, ref, key string) ([]Version, error) {
	if err := who.Check(by, who.PermIncidentRead); err != nil {
		return nil, err
	}
	st, err := s.incidents.GetTx(s.db, ref)
	if err != nil {
		return nil, err
	}
	entries, err := s.led.Subject(ctx, s.db, st.ID, 0, 0)
	if err != nil {
		return nil, fmt.Errorf("read the history of a fact of %s: %w", st.ID, err)
	}
	name, list, folded := s.names(ctx), []Version{}, incident.State{}
	for _, e := range entries {
		event, ok, err := incident.DecodeEvent(e)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if folded, err = incident.Fold(folded, []record.Entry{e}); err != nil {
			return nil, err
		}
		sets := false
		switch event := event.(type) {
		case incident.Declared:
			sets = key == string(incident.Discovered)
		case incident.FactRecorded:
			sets = key == incident.Fact{Name: event.Name, Entity: event.Entity}.Key()
		}
		if sets {
			f := folded.Facts[key]
			list = append(list, Version{Seq: e.Seq, Fact: f, ByName: name(f.By), RecordedAt: e.RecordedAt, Erased: e.Erased})
		}
	}
	return list, nil
}
