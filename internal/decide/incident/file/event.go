package file

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// The kinds of entries. The id of a file is that of the entry that added it.
const (
	KindAdded     = "incident.file_added"
	KindWithdrawn = "incident.file_withdrawn"
	KindDestroyed = "incident.file_destroyed"
)

// Added is a file that came to an incident. A file's name may say who it is about.
type Added struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	Media  string `json:"media"`
	On     string `json:"on,omitempty"` // entry of the timeline it belongs to
	Name   string `json:"name" private:"true"`
	Note   string `json:"note,omitempty" private:"true"`
}

// Withdrawn hides a file; its content is kept.
type Withdrawn struct {
	File   string `json:"file"`
	Reason string `json:"reason" private:"true"`
}

// Destroyed says that the content of an erased file is gone from the disk, or why it is
// not: another file that was not erased has the same bytes.
type Destroyed struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	Shared bool   `json:"shared,omitempty"`
}

// Kinds returns the ledger kinds this room writes.
func Kinds() []record.Kind {
	return []record.Kind{{Name: KindAdded, Version: 1}, {Name: KindWithdrawn, Version: 1}, {Name: KindDestroyed, Version: 1}}
}

// Kinds, Tables and Project make the service a record.Projector.
func (*Service) Kinds() []record.Kind { return Kinds() }

// files is the projection of this room.
var files = row.NewTable("incident_file", 1, "id", "incident_id", "sha256", "size", "media", "name", "note", "on_entry", "added_by", "added_at",
	"withdrawn_at", "withdrawn_by", "reason", "erased", "destroyed_at")

// The columns of files that change.
const (
	withdrawnAt = 10
	withdrawnBy = 11
	reason      = 12
	destroyedAt = 14
)

// Tables returns the projection tables of this room.
func (*Service) Tables() []*row.Table { return []*row.Table{files} }

// Project writes what one entry changes. It reads nothing but the entry and the row that
// it changes.
func (*Service) Project(x row.Rows, e record.Entry) error {
	at := clock.Micros(e.RecordedAt)
	switch e.Kind {
	case KindAdded:
		var b Added
		if err := e.Decode(&b); err != nil {
			return err
		}
		return x.Put(files, row.Change{After: row.Row{
			e.ID, e.Subject, b.SHA256, b.Size, b.Media, b.Name, b.Note, b.On, e.Actor, at, 0, "", "", e.Erased, 0,
		}})
	case KindWithdrawn:
		var b Withdrawn
		if err := e.Decode(&b); err != nil {
			return err
		}
		return change(x, b.File, func(r row.Row) { r[withdrawnAt], r[withdrawnBy], r[reason] = at, e.Actor, b.Reason })
	case KindDestroyed:
		var b Destroyed
		if err := e.Decode(&b); err != nil {
			return err
		}
		return change(x, b.File, func(r row.Row) { r[destroyedAt] = at })
	}
	return nil
}

// change applies fn to the row of a file, if there is one.
func change(x row.Rows, id string, fn func(r row.Row)) error {
	before, err := x.Row(files, id)
	if err != nil || before == nil {
		return err
	}
	after := slices.Clone(before)
	fn(after)
	return x.Put(files, row.Change{Before: before, After: after})
}

// OnErase follows an erasure in its transaction: names and notes go from the table, and a
// job is left behind that destroys contents nobody names any more.
func (s *Service) OnErase(tx *store.Tx, entries []record.Entry) error {
	for _, e := range entries {
		switch e.Kind {
		case KindAdded:
			if _, err := tx.Exec("UPDATE incident_file SET name = '', note = '', erased = 1 WHERE id = ?", e.ID); err != nil {
				return fmt.Errorf("erase file %s: %w", e.ID, err)
			}
			if err := s.enqueue(tx, e.ID); err != nil {
				return err
			}
		case KindWithdrawn:
			var b Withdrawn
			if err := e.Decode(&b); err != nil {
				return err
			}
			if _, err := tx.Exec("UPDATE incident_file SET reason = '' WHERE id = ?", b.File); err != nil {
				return fmt.Errorf("erase the reason about file %s: %w", b.File, err)
			}
		}
	}
	return nil
}

// AfterErase tells the other rooms which files an erasure took, once their own tables stand
// as the erasure left them.
func (s *Service) AfterErase(ctx context.Context, tx *store.Tx, entries []record.Entry) error {
	for _, e := range entries {
		if e.Kind != KindAdded {
			continue
		}
		if err := s.gone(ctx, tx, who.Engine("erasure"), e.ID); err != nil {
			return err
		}
	}
	return nil
}

// File is one file of an incident.
type File struct {
	ID       string `json:"id"`
	Incident string `json:"incident"`
	blob.Blob
	Name        string    `json:"name"` // "" once erased
	Note        string    `json:"note,omitempty"`
	On          string    `json:"on,omitempty"`
	AddedBy     string    `json:"added_by"`
	AddedAt     time.Time `json:"added_at"`
	WithdrawnAt time.Time `json:"withdrawn_at,omitzero"`
	WithdrawnBy string    `json:"withdrawn_by,omitempty"`
	Reason      string    `json:"reason,omitempty"` // of the withdrawal
	Erased      bool      `json:"erased,omitempty"`
	DestroyedAt time.Time `json:"destroyed_at,omitzero"` // the content of an erased file is gone since
}

// Withdrawn says whether the file is hidden.
func (f File) Withdrawn() bool { return !f.WithdrawnAt.IsZero() }

const columns = `SELECT id, incident_id, sha256, size, media, name, note, on_entry, added_by, added_at, withdrawn_at, withdrawn_by,
	reason, erased, destroyed_at FROM incident_file `

func scan(row interface{ Scan(dest ...any) error }) (File, error) {
	var f File
	var added, withdrawn, destroyed, erased int64
	err := row.Scan(&f.ID, &f.Incident, &f.SHA256, &f.Size, &f.Media, &f.Name, &f.Note, &f.On, &f.AddedBy, &added, &withdrawn,
		&f.WithdrawnBy, &f.Reason, &erased, &destroyed)
	f.AddedAt, f.WithdrawnAt, f.DestroyedAt = clock.FromMicros(added), clock.FromMicros(withdrawn), clock.FromMicros(destroyed)
	f.Erased = erased != 0
	return f, err
}

func read(ctx context.Context, r store.Reader, id string) (File, error) {
	f, err := scan(r.QueryRow(ctx, columns+"WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return File{}, errNone
	}
	if err != nil {
		return File{}, fmt.Errorf("read file %s: %w", id, err)
	}
	return f, nil
}
