package trial

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
)

// ByLink tells which way a link was sent by. The link is the permission, and opens nothing else.
// It notes nothing, because mail scanners open links. NotFound for an unknown secret, Gone after
// seven days.
func (s *Service) ByLink(ctx context.Context, token string) (Way, error) {
	_, w, _, err := s.linked(ctx, s.db, token)
	return w, err
}

// Arrive notes that the message with this link has arrived, as the person it was sent to. Once
// more is no error. The errors are those of ByLink.
func (s *Service) Arrive(ctx context.Context, token string) (Way, error) {
	var way Way
	_, err := s.db.Write(ctx, store.Op{Name: "test_call.arrive", Actor: self().Actor}, func(tx *store.Tx) error {
		id, w, person, err := s.linked(clock.Background(), tx, token)
		if way = w; err != nil || w.State == Arrived {
			return err
		}
		way.State, way.ArrivedAt = Arrived, s.clk.Now()
		_, err = tx.Exec(`UPDATE test_call_way SET state=?, arrived_at=? WHERE test_call=? AND channel=?`,
			string(Arrived), clock.Micros(way.ArrivedAt), id, string(w.Channel))
		if err != nil {
			return err
		}
		return s.record(tx, person, kindArrived, id, entry{Person: person, Channel: w.Channel, State: Arrived})
	})
	if err != nil {
		return Way{}, fmt.Errorf("note that a test call arrived: %w", err)
	}
	return way, nil
}

func (s *Service) linked(ctx context.Context, r store.Reader, token string) (id string, w Way, person string, err error) {
	if token == "" {
		return "", w, "", fault.New(fault.NotFound, "This link is not known")
	}
	var made, arrived int64
	err = r.QueryRow(ctx, `SELECT w.test_call, w.channel, w.state, w.arrived_at, c.person, c.made_at FROM test_call_way w
		JOIN test_call c ON c.id = w.test_call WHERE w.hash <> '' AND w.hash = ?`, linkHash(token)).
		Scan(&id, &w.Channel, &w.State, &arrived, &person, &made)
	if errors.Is(err, sql.ErrNoRows) {
		return "", Way{}, "", fault.New(fault.NotFound, "This link is not known")
	}
	if err != nil {
		return "", Way{}, "", fmt.Errorf("look up the link of a test call: %w", err)
	}
	w.ArrivedAt = clock.FromMicros(arrived)
	if s.clk.Now().After(clock.FromMicros(made).Add(LinkLife)) {
		return "", Way{}, "", fault.New(fault.Gone, "This test call is older than seven days; ask for a new one")
	}
	return id, w, person, nil
}

// Proven counts, of these people, those to whom a test call arrived since then, for other rooms,
// without a permission.
func (s *Service) Proven(ctx context.Context, r store.Reader, people []string, since time.Time) (n int, err error) {
	rows, err := r.Query(ctx, `SELECT DISTINCT person FROM test_call_way WHERE arrived_at > ?`, max(clock.Micros(since), 0))
	if err != nil {
		return 0, fmt.Errorf("count people whom test calls reached: %w", err)
	}
	defer rows.Close()
	reached := map[string]bool{}
	for rows.Next() {
		var p string
		if err := rows.Scan(&p); err != nil {
			return 0, fmt.Errorf("count people whom test calls reached: %w", err)
		}
		reached[p] = true
	}
	for _, p := range people {
		if reached[p] {
			n++
		}
	}
	return n, rows.Err()
}

func (s *Service) newest(ctx context.Context, r store.Reader, person string) (Trial, bool, error) {
	var id string
	err := r.QueryRow(ctx, `SELECT id FROM test_call WHERE person=? ORDER BY id DESC LIMIT 1`, person).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return Trial{}, false, nil
	}
	if err != nil {
		return Trial{}, false, fmt.Errorf("read the last test call: %w", err)
	}
	t, err := s.read(ctx, r, id)
	return t, err == nil, err
}

func (s *Service) read(ctx context.Context, r store.Reader, id string) (Trial, error) {
	t := Trial{ID: id}
	rows, err := r.Query(ctx, `SELECT c.person, c.made_at, w.channel, w.state, w.error, w.sent_at, w.arrived_at
		FROM test_call c JOIN test_call_way w ON w.test_call = c.id WHERE c.id = ? ORDER BY w.channel`, id)
	if err != nil {
		return Trial{}, fmt.Errorf("read test call %s: %w", id, err)
	}
	defer rows.Close()
	for rows.Next() {
		var w Way
		var channel string
		var made, sent, arrived int64
		if err := rows.Scan(&t.Person, &made, &channel, &w.State, &w.Error, &sent, &arrived); err != nil {
			return Trial{}, fmt.Errorf("read test call %s: %w", id, err)
		}
		w.Channel, t.MadeAt = call.Channel(channel), clock.FromMicros(made)
		w.SentAt, w.ArrivedAt = clock.FromMicros(sent), clock.FromMicros(arrived)
		t.Ways = append(t.Ways, w)
	}
	if len(t.Ways) == 0 && rows.Err() == nil {
		return Trial{}, fault.New(fault.NotFound, "There is no such test call")
	}
	return t, rows.Err()
}
