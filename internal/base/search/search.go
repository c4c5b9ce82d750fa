// Package search finds incidents, signals and the like by their words, newest
// first. It serves the policies' demand that what is known about an incident
// can be found in time; who may see a row is part of the query. It alone writes
// its tables and it must not import any room.
package search

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
)

// Doc is one thing that can be found. Kind and Visible labels are lower-case
// ASCII words ([a-z0-9._-]); ID is unique within its kind.
type Doc struct {
	Kind, ID    string
	Title, Text string // both are searched; the title is shown
	At          time.Time
	Visible     []string // labels; a viewer needs one of them
}

// Query asks for docs that hold all words. The last word may be the beginning
// of one.
type Query struct {
	Words   string
	Kinds   []string // one of them; empty: all kinds
	Visible []string // the viewer's labels; without one nothing is found
	Before  int64    // next of the page before; 0: from the newest
	Limit   int      // 1 to 200; 0: 20
}

// Hit is a doc that was found.
type Hit struct {
	Kind, ID, Title string
	At              time.Time
}

// Index adds the doc, or replaces the one with its kind and id, in the write.
// Search finds it after the commit.
func Index(tx *store.Tx, d Doc) error {
	if err := d.validate(); err != nil {
		return err
	}
	at := clock.Micros(d.At)
	words := docWords(d)
	old, err := find(tx, d.Kind, d.ID)
	if err != nil {
		return err
	}
	if old != nil {
		if old.at == at {
			return old.replace(tx, d.Title, words)
		}
		if err := old.remove(tx); err != nil {
			return err
		}
	}
	return insert(tx, d, at, words)
}

// Remove takes the doc out of the search, with its words; nothing happens when
// there is none.
func Remove(tx *store.Tx, kind, id string) error {
	old, err := find(tx, kind, id)
	if err != nil || old == nil {
		return err
	}
	return old.remove(tx)
}

func (d Doc) validate() error {
	if !label(d.Kind) || d.ID == "" {
		return fmt.Errorf("search: doc %q/%q needs a plain kind and an id", d.Kind, d.ID)
	}
	for _, v := range d.Visible {
		if !label(v) {
			return fmt.Errorf("search: label %q is not plain", v)
		}
	}
	return nil
}

func label(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.' {
			return false
		}
	}
	return s != "" && len(s) <= 100
}

// stored is a doc in the tables.
type stored struct {
	pos, at      int64
	kind, id     string
	title, words string // words on SQLite only
}

func find(tx *store.Tx, kind, id string) (*stored, error) {
	s := &stored{kind: kind, id: id}
	var err error
	if tx.Engine() == store.SQLite {
		err = tx.QueryRow(clock.Background(), "SELECT pos, at, title, words FROM search_doc WHERE kind = ? AND id = ?", kind, id).Scan(&s.pos, &s.at, &s.title, &s.words)
	} else {
		err = tx.QueryRow(clock.Background(), "SELECT pos, at, title FROM search_doc WHERE kind = ? AND id = ?", kind, id).Scan(&s.pos, &s.at, &s.title)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find search doc %s: %w", id, err)
	}
	return s, nil
}

func (s *stored) remove(tx *store.Tx) error {
	s.forget(tx)
	if _, err := tx.Exec("DELETE FROM search_doc WHERE pos = ?", s.pos); err != nil {
		return fmt.Errorf("remove search doc %s: %w", s.id, err)
	}
	return nil
}

// forget takes the words out of the full-text index of SQLite.
func (s *stored) forget(tx *store.Tx) {
	if tx.Engine() == store.SQLite {
		later(tx, "INSERT INTO search_word (search_word, rowid, words) VALUES ('delete', ?, ?)", s.pos, s.words)
	}
}

// later changes the full-text index at the end of the group: it writes out
// what it gathered at each savepoint, which would double the cost of a group.
func later(tx *store.Tx, q string, args ...any) {
	tx.AtEnd(func(end *store.Tx) error {
		if _, err := end.Exec(q, args...); err != nil {
			return fmt.Errorf("full-text index: %w", err)
		}
		return nil
	})
}

func (s *stored) replace(tx *store.Tx, title string, words []string) error {
	if tx.Engine() != store.SQLite {
		_, err := tx.Exec("UPDATE search_doc SET title = ?, words = array_to_tsvector(?::text[]) WHERE pos = ?", title, words, s.pos)
		return wrap(err, s.id)
	}
	text := join(words)
	if text != s.words {
		s.forget(tx)
		later(tx, "INSERT INTO search_word (rowid, words) VALUES (?, ?)", s.pos, text)
	} else if title == s.title {
		return nil
	}
	_, err := tx.Exec("UPDATE search_doc SET title = ?, words = ? WHERE pos = ?", title, text, s.pos)
	return wrap(err, s.id)
}

// slots is how many docs of one microsecond have a place of their own; more go
// to the next one.
const slots = 2048

func insert(tx *store.Tx, d Doc, at int64, words []string) error {
	row, arg := "(?, ?, ?, ?, ?, ?)", any(nil)
	text := ""
	if tx.Engine() == store.SQLite {
		text = join(words)
		arg = text
	} else {
		row, arg = "(?, ?, ?, ?, ?, array_to_tsvector(?::text[]))", words
	}
	for base := at * slots; ; base += slots {
		pos := base
		for try := range 2 {
			res, err := tx.Exec("INSERT INTO search_doc (pos, kind, id, at, title, words) VALUES "+row+" ON CONFLICT (pos) DO NOTHING",
				pos, d.Kind, d.ID, at, d.Title, arg)
			if err != nil {
				return wrap(err, d.ID)
			}
			if n, err := res.RowsAffected(); err != nil {
				return wrap(err, d.ID)
			} else if n == 1 {
				if tx.Engine() == store.SQLite {
					later(tx, "INSERT INTO search_word (rowid, words) VALUES (?, ?)", pos, text)
				}
				return nil
			}
			if try > 0 {
				break
			}
			if err := tx.QueryRow(clock.Background(), "SELECT MAX(pos) + 1 FROM search_doc WHERE pos >= ? AND pos < ?", base, base+slots).Scan(&pos); err != nil {
				return wrap(err, d.ID)
			}
			if pos == base+slots {
				break
			}
		}
	}
}

func wrap(err error, id string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("index search doc %s: %w", id, err)
}

func join(words []string) string { return " " + strings.Join(words, " ") + " " }

// Search returns a page of docs, newest first, and where the next one begins,
// 0 when there is none.
func Search(ctx context.Context, r store.Reader, q Query) ([]Hit, int64, error) {
	if q.Limit == 0 {
		q.Limit = 20
	}
	if q.Limit < 1 || q.Limit > 200 {
		return nil, 0, fault.InvalidField("limit", "must be 1 to 200")
	}
	if q.Before <= 0 {
		q.Before = 1<<63 - 1
	}
	a, ok := newAsk(q)
	if !ok {
		return nil, 0, nil
	}
	engine := store.SQLite
	if e, ok := r.(interface{ Engine() store.Engine }); ok {
		engine = e.Engine()
	}
	run := a.sqlite
	if engine == store.Postgres {
		run = a.postgres
	}
	hits, next, err := run(ctx, r)
	if err != nil {
		return nil, 0, fmt.Errorf("search: %w", err)
	}
	return hits, next, nil
}

// page reads one row more than asked for, to know whether there is a next page.
func page(ctx context.Context, r store.Reader, limit int, q string, args ...any) ([]Hit, int64, error) {
	rows, err := r.Query(ctx, q, append(args, limit+1)...)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	var hits []Hit
	var last int64
	for rows.Next() {
		if len(hits) == limit {
			return hits, last, nil
		}
		var h Hit
		var at int64
		if err := rows.Scan(&last, &h.Kind, &h.ID, &h.Title, &at); err != nil {
			return nil, 0, err
		}
		h.At = clock.FromMicros(at)
		hits = append(hits, h)
	}
	return hits, 0, rows.Err()
}
