package contact

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// Filter narrows the log; empty parts do not.
type Filter struct {
	Side Side `json:"side,omitempty"`
	Open bool `json:"open,omitempty"` // only what still wants an answer
}

// List returns the log of an incident, the newest entry first. It is short: people write
// it by hand. Permission contact.read.
func (s *Service) List(ctx context.Context, by who.Identity, ref string, f Filter) ([]Contact, error) {
	if err := who.Check(by, who.PermContactRead); err != nil {
		return nil, err
	}
	st, err := s.incidents.GetTx(s.db, ref)
	if err != nil {
		return nil, err
	}
	all, err := list(ctx, s.db, st.ID)
	out := []Contact{}
	for _, c := range all {
		if (f.Side == "" || c.Side == f.Side) && (!f.Open || c.Open()) {
			out = append(out, c)
		}
	}
	return out, err
}

// Get returns one entry by its number in the incident. Permission contact.read.
func (s *Service) Get(ctx context.Context, by who.Identity, ref string, no int) (Contact, error) {
	if err := who.Check(by, who.PermContactRead); err != nil {
		return Contact{}, err
	}
	st, err := s.incidents.GetTx(s.db, ref)
	if err != nil {
		return Contact{}, err
	}
	return one(ctx, s.db, "WHERE incident_id = ? AND no = ?", st.ID, no)
}

const columns = "SELECT incident_id, no, id, body, at, answered_at, answered_by, recorded_by, recorded_at, erased FROM contact "

func scan(from interface{ Scan(dest ...any) error }) (Contact, error) {
	var c Contact
	var body string
	var at, answered, stamped, erased int64
	if err := from.Scan(&c.Incident, &c.No, &c.ID, &body, &at, &answered, &c.AnsweredBy, &c.RecordedBy, &stamped, &erased); err != nil {
		return c, err
	}
	var b Recorded
	if err := json.Unmarshal([]byte(body), &b); err != nil {
		return c, fmt.Errorf("read contact %s: %w", c.ID, err)
	}
	c.Draft = Draft{
		Side: b.Side, Step: b.Step, Channel: b.Channel, Party: b.Party, Name: b.Name, People: b.People, Number: b.Number, Person: b.Person,
		Subject: b.Subject, Text: b.Text, At: clock.FromMicros(at), DueAt: b.DueAt, Answers: b.Answers, Statement: b.Statement,
		Files: b.Files, Why: b.Why,
	}
	c.Breaches, c.Erased = b.Breaches, erased != 0
	c.AnsweredAt, c.RecordedAt = clock.FromMicros(answered), clock.FromMicros(stamped)
	return c, nil
}

func list(ctx context.Context, r store.Reader, incident string) ([]Contact, error) {
	rows, err := r.Query(ctx, columns+"WHERE incident_id = ? ORDER BY no DESC", incident)
	if err != nil {
		return nil, fmt.Errorf("list contacts: %w", err)
	}
	defer rows.Close()
	var out []Contact
	for rows.Next() {
		c, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list contacts: %w", err)
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

func read(ctx context.Context, r store.Reader, id string) (Contact, error) {
	return one(ctx, r, "WHERE id = ?", id)
}

func one(ctx context.Context, r store.Reader, where string, args ...any) (Contact, error) {
	c, err := scan(r.QueryRow(ctx, columns+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return c, fault.New(fault.NotFound, "There is no such contact in this incident")
	}
	return c, err
}
