package who

import (
	"context"
	"fmt"
	"strings"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/search"
	"github.com/wakebell/wakebell/internal/base/store"
)

// DocPerson is the kind of a person's search document. Its label is directory.read.
const DocPerson = "person"

// index writes the words of a person: everything that is shown in the directory.
func index(tx *store.Tx, p Person) error {
	var created int64
	if err := tx.QueryRow(clock.Background(), `SELECT created_at FROM person WHERE id = ?`, p.ID).Scan(&created); err != nil {
		return fmt.Errorf("index person %s: %w", p.ID, err)
	}
	return search.Index(tx, search.Doc{
		Kind: DocPerson, ID: p.ID, Title: p.Name, Text: strings.Join([]string{p.Email, p.Phone, p.Department, p.Function}, " "),
		At: clock.FromMicros(created), Visible: []string{string(PermDirectoryRead)},
	})
}

// IndexPeople writes the words of all people when there are none of anybody: after the
// first start of a version that has them, and after a restore, which leaves them out.
func (s *Service) IndexPeople(ctx context.Context) error {
	var missing int
	err := s.db.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM person WHERE NOT EXISTS (SELECT 1 FROM search_doc WHERE kind = ?) LIMIT 1) AS p`, DocPerson).Scan(&missing)
	if err != nil {
		return fmt.Errorf("look for people to index: %w", err)
	}
	if missing == 0 {
		return nil
	}
	_, err = s.db.Write(ctx, store.Op{Name: "person.index", Actor: Engine("search").Actor}, func(tx *store.Tx) error {
		people, err := readPeople(clock.Background(), tx, `SELECT `+personColumns+` FROM person ORDER BY id`)
		if err != nil {
			return err
		}
		for _, p := range people {
			if err := index(tx, p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("index people: %w", err)
	}
	return nil
}

// ByIDs returns those of these people who exist, by their id. Permission directory.read;
// Webhook is empty as in Person.
func (s *Service) ByIDs(ctx context.Context, by Identity, ids []string) (map[string]Person, error) {
	if err := Check(by, PermDirectoryRead); err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, nil
	}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	people, err := readPeople(ctx, s.db, `SELECT `+personColumns+` FROM person WHERE id IN (`+store.Placeholders(len(ids))+`)`, args...)
	if err != nil {
		return nil, err
	}
	out := make(map[string]Person, len(people))
	for _, p := range people {
		out[p.ID] = shown(by, p)
	}
	return out, nil
}
