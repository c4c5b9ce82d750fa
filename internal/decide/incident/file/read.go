package file

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/phrase"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// List returns the files of an incident, newest first, and the cursor of the next page.
// Permission incident.read.
func (s *Service) List(ctx context.Context, by who.Identity, ref, cursor string, limit int) ([]File, string, error) {
	if err := who.Check(by, who.PermIncidentRead); err != nil {
		return nil, "", err
	}
	st, err := s.incidents.GetTx(s.db, ref)
	if err != nil {
		return nil, "", err
	}
	bound := []string{"files", st.ID}
	keys, err := by.OpenCursor(cursor, bound, 2)
	if err != nil {
		return nil, "", err
	}
	limit = who.Limit(limit)
	q, args := columns+"WHERE incident_id = ?", []any{st.ID}
	if keys != nil {
		at, err := strconv.ParseInt(keys[0], 10, 64)
		if err != nil {
			return nil, "", fault.InvalidField("cursor", "does not belong to this list; start again without it")
		}
		q, args = q+" AND (added_at, id) < (?, ?)", append(args, at, keys[1])
	}
	list, err := query(ctx, s.db, q+" ORDER BY added_at DESC, id DESC LIMIT ?", append(args, limit+1)...)
	if err != nil || len(list) <= limit {
		return list, "", err
	}
	last := list[limit-1]
	return list[:limit], by.Cursor(bound, strconv.FormatInt(clock.Micros(last.AddedAt), 10), last.ID), nil
}

func query(ctx context.Context, r store.Reader, q string, args ...any) ([]File, error) {
	rows, err := r.Query(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	defer rows.Close()
	list := []File{}
	for rows.Next() {
		f, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list files: %w", err)
		}
		list = append(list, f)
	}
	return list, rows.Err()
}

// Hidden says which of the files of an incident are withdrawn or erased, for its timeline.
// Permission incident.read.
func (s *Service) Hidden(ctx context.Context, by who.Identity, ref string) (map[string]bool, error) {
	if err := who.Check(by, who.PermIncidentRead); err != nil {
		return nil, err
	}
	st, err := s.incidents.GetTx(s.db, ref)
	if err != nil {
		return nil, err
	}
	list, err := query(ctx, s.db, columns+"WHERE incident_id = ? AND (withdrawn_at > 0 OR erased = 1)", st.ID)
	hidden := map[string]bool{}
	for _, f := range list {
		hidden[f.ID] = true
	}
	return hidden, err
}

// Get returns one file. Permission incident.read.
func (s *Service) Get(ctx context.Context, by who.Identity, ref, id string) (File, error) {
	if err := who.Check(by, who.PermIncidentRead); err != nil {
		return File{}, err
	}
	st, err := s.incidents.GetTx(s.db, ref)
	if err != nil {
		return File{}, err
	}
	f, err := read(ctx, s.db, id)
	if err == nil && f.Incident != st.ID {
		err = errNone
	}
	return f, err
}

// OneTx returns a file by its id, also one that was withdrawn or erased, for rooms that have
// checked who asks.
func (s *Service) OneTx(ctx context.Context, r store.Reader, id string) (File, error) {
	return read(ctx, r, id)
}

// Open returns a file and its content, which the caller closes. What was withdrawn only
// those with incident.manage still open. Permission incident.read.
func (s *Service) Open(ctx context.Context, by who.Identity, ref, id string) (File, *os.File, error) {
	f, err := s.Get(ctx, by, ref, id)
	switch {
	case err != nil:
		return File{}, nil, err
	case f.Erased:
		return File{}, nil, fault.New(fault.Gone, "This file was erased. The ledger shows that it was there.")
	case f.Withdrawn() && !by.Has(who.PermIncidentManage):
		return File{}, nil, fault.New(fault.Gone, "This file was withdrawn. The incident manager can still open it.")
	}
	content, err := s.blobs.Open(f.SHA256)
	if err != nil {
		return File{}, nil, fmt.Errorf("open file %s: %w", f.ID, err)
	}
	return f, content, nil
}

// Live returns the contents that files name, each once, in a snapshot: all that are not
// erased. It needs none of the service's parts and no permission: a backup and a
// verification ask.
func Live(ctx context.Context, r store.Reader, each func(f File) error) error {
	after, afterID, last := "", "", ""
	for {
		list, err := query(ctx, r, columns+"WHERE erased = 0 AND (sha256, id) > (?, ?) ORDER BY sha256, id LIMIT ?", after, afterID, liveBatch)
		if err != nil {
			return err
		}
		for _, f := range list {
			if f.SHA256 != last {
				if err := each(f); err != nil {
					return err
				}
			}
			last = f.SHA256
		}
		if len(list) < liveBatch {
			return nil
		}
		end := list[len(list)-1]
		after, afterID = end.SHA256, end.ID
	}
}

// liveBatch is how many rows one read takes.
const liveBatch = 500

// Tell puts an entry about a file into words.
func Tell(e record.Entry, name func(id string) string) string {
	switch e.Kind {
	case KindAdded:
		var b Added
		if e.Decode(&b) != nil {
			return ""
		}
		text := "File: " + b.Name + " (" + blob.Size(b.Size) + ")"
		if b.Note != "" {
			text += ". " + b.Note
		}
		return text
	case KindWithdrawn:
		var b Withdrawn
		if e.Decode(&b) != nil {
			return ""
		}
		text := "File withdrawn"
		if n := name("file:" + b.File); n != "" && n != "file:"+b.File { // it may be erased
			text += ", " + n
		}
		return phrase.Because(text, b.Reason)
	case KindDestroyed:
		var b Destroyed
		if e.Decode(&b) != nil {
			return ""
		}
		if b.Shared {
			return "Erased file: its content is kept, because another file has the same"
		}
		return "Erased file: its content was destroyed"
	}
	return ""
}

// Name is what people call a file, "" for one that is not known or erased.
func (s *Service) Name(ctx context.Context, r store.Reader, id string) string {
	f, err := read(ctx, r, id)
	if err != nil {
		return ""
	}
	return f.Name
}

// Newest returns the newest files that are to be seen. Permission incident.read.
func (s *Service) Newest(ctx context.Context, by who.Identity, ref string, limit int) ([]File, error) {
	list, _, err := s.List(ctx, by, ref, "", who.PageLimit)
	list = slices.DeleteFunc(list, func(f File) bool { return f.Withdrawn() || f.Erased })
	return list[:min(limit, len(list))], err
}
