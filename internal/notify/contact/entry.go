package contact

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/phrase"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
)

// KindRecorded is the kind of entry of this room. The id of a contact is that of its entry.
const KindRecorded = "contact.recorded"

// Recorded is one entry of the log. Who stood on the other side and what was said is
// private.
type Recorded struct {
	No        int       `json:"no"`
	Side      Side      `json:"side"`
	Step      Step      `json:"step"`
	Channel   Channel   `json:"channel,omitempty"`
	Party     string    `json:"party,omitempty"`
	Person    string    `json:"person"`
	DueAt     time.Time `json:"due_at,omitzero"`
	Answers   int       `json:"answers,omitempty"`
	Statement string    `json:"statement,omitempty"`
	Files     []string  `json:"files,omitempty"`
	Breaches  []Breach  `json:"breaches,omitempty"`
	Name      string    `json:"name,omitempty" private:"true"`
	People    string    `json:"people,omitempty" private:"true"`
	Number    string    `json:"number,omitempty" private:"true"`
	Subject   string    `json:"subject,omitempty" private:"true"`
	Text      string    `json:"text,omitempty" private:"true"`
	Why       string    `json:"why,omitempty" private:"true"`
}

func recorded(no int, d Draft, breaches []Breach) Recorded {
	return Recorded{
		No: no, Side: d.Side, Step: d.Step, Channel: d.Channel, Party: d.Party, Person: d.Person, DueAt: d.DueAt, Answers: d.Answers,
		Statement: d.Statement, Files: d.Files, Breaches: breaches, Name: d.Name, People: d.People, Number: d.Number, Subject: d.Subject,
		Text: d.Text, Why: d.Why,
	}
}

// Kinds returns the ledger kinds this room writes.
func Kinds() []record.Kind { return []record.Kind{{Name: KindRecorded, Version: 1}} }

// Kinds, Tables and Project make the service a record.Projector.
func (*Service) Kinds() []record.Kind { return Kinds() }

// contacts is the projection of this room. Its key is the incident and the number, so that
// an answer finds its question.
var contacts = row.NewTable("contact", 2, "incident_id", "no", "id", "body", "at", "answered_at", "answered_by", "recorded_by", "recorded_at", "erased")

// The columns of contacts that change.
const (
	answeredAt = 5
	answeredBy = 6
)

// Tables returns the projection tables of this room.
func (*Service) Tables() []*row.Table { return []*row.Table{contacts} }

// Project writes what one entry changes. It reads nothing but the entry and the row of the
// question it answers.
func (*Service) Project(x row.Rows, e record.Entry) error {
	if e.Kind != KindRecorded {
		return nil
	}
	var b Recorded
	if err := e.Decode(&b); err != nil {
		return err
	}
	body, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("write contact %s: %w", e.ID, err)
	}
	changes := []row.Change{{After: row.Row{
		e.Subject, b.No, e.ID, string(body), clock.Micros(e.At), 0, 0, e.Actor, clock.Micros(e.RecordedAt), e.Erased,
	}}}
	if b.Answers > 0 {
		before, err := x.Row(contacts, e.Subject, int64(b.Answers))
		if err != nil {
			return err
		}
		if before != nil {
			after := slices.Clone(before)
			after[answeredAt], after[answeredBy] = clock.Micros(e.At), int64(b.No)
			changes = append(changes, row.Change{Before: before, After: after})
		}
	}
	return x.Put(contacts, changes...)
}

// OnErase follows an erasure in its transaction: what was said goes from the table.
func (s *Service) OnErase(tx *store.Tx, entries []record.Entry) error {
	for _, e := range entries {
		if e.Kind != KindRecorded {
			continue
		}
		var b Recorded
		if err := e.Decode(&b); err != nil {
			return err
		}
		body, err := json.Marshal(b)
		if err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE contact SET body = ?, erased = 1 WHERE id = ?", string(body), e.ID); err != nil {
			return fmt.Errorf("erase contact %s: %w", e.ID, err)
		}
	}
	return nil
}

var sides = map[Side]string{Police: "law enforcement", Media: "the media", Authority: "an authority", Other: "somebody outside"}

// Tell puts an entry of the log into words.
func Tell(e record.Entry, name func(id string) string) string {
	var b Recorded
	if e.Kind != KindRecorded || e.Decode(&b) != nil {
		return ""
	}
	other := b.Name
	if other == "" {
		other = sides[b.Side]
	}
	var text string
	switch b.Step {
	case Incoming:
		text = other + " to us"
	case Outgoing:
		text = "We to " + other
	case Advice:
		text = "Legal's direction about " + sides[b.Side] + ", by " + name(b.Person)
	case Coaching:
		text = "Spokesperson coached: " + name(b.Person)
	}
	if b.Channel != "" {
		text += " (" + string(b.Channel) + ", " + name(b.Person) + ")"
	}
	text = phrase.Because(text, b.Subject)
	for _, x := range b.Breaches {
		text += ". Against the plan: " + x.Words()
	}
	if !b.DueAt.IsZero() {
		text += ". They want an answer by " + phrase.Time(b.DueAt, e.At)
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
