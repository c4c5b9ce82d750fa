package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// jobDestroy is the kind of job that destroys the content of an erased file.
const jobDestroy = "file.destroy"

// attempts lets a deletion wait for a long backup: about a day and a half.
const attempts = 400

type destroyed struct {
	File string `json:"file"`
}

func (s *Service) enqueue(tx *store.Tx, id string) error {
	return s.jobs.Enqueue(tx, job.Draft{Kind: jobDestroy, Payload: destroyed{File: id}, Unique: id, MaxAttempts: attempts})
}

// destroy removes the content of an erased file from the disk, if nobody else names it, and
// records that it did. The file goes first: a record of what did not happen would be worse
// than the other way round, and a second run comes to the same end.
func (s *Service) destroy(ctx context.Context, j job.Job) error {
	var d destroyed
	if err := json.Unmarshal(j.Payload, &d); err != nil {
		return job.Permanent(err)
	}
	f, err := read(ctx, s.db, d.File)
	if fault.KindOf(err) == fault.NotFound {
		return job.Permanent(err)
	}
	if err != nil || !f.DestroyedAt.IsZero() {
		return err
	}
	sole, err := s.blobs.Alone()
	if err != nil {
		return err
	}
	need, err := s.needed(ctx, s.db, f.SHA256)
	if err == nil && !need {
		err = sole.Delete(f.SHA256)
	}
	if err != nil {
		return errors.Join(err, sole.Close())
	}
	err = j.Done(ctx, func(tx *store.Tx) error {
		_, err := s.append(tx, who.Engine("files"), KindDestroyed, f.Incident, Destroyed{File: f.ID, SHA256: f.SHA256, Shared: need})
		return err
	})
	return errors.Join(err, sole.Close())
}

// needed says whether a content is still named by a file that was not erased, or needed by
// another room.
func (s *Service) needed(ctx context.Context, r store.Reader, sum string) (bool, error) {
	var n int64
	err := r.QueryRow(ctx, "SELECT COUNT(*) FROM (SELECT 1 AS one FROM incident_file WHERE sha256 = ? AND erased = 0 LIMIT 1) AS found", sum).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look who names content %s: %w", sum, err)
	}
	if n > 0 {
		return true, nil
	}
	for _, k := range s.keepers {
		if kept, err := k(ctx, r, sum); kept || err != nil {
			return kept, err
		}
	}
	return false, nil
}

// Reclaim removes contents that no file names, and what was left of uploads that were cut
// off, both from before the time: what an upload brought that never came to its record. It
// returns how many contents went.
func (s *Service) Reclaim(ctx context.Context, before time.Time) (int, error) {
	old, err := s.blobs.Older(before)
	if err != nil {
		return 0, err
	}
	var orphans []string
	for _, sum := range old { // most are named; only for the others the lock is taken
		if need, err := s.needed(ctx, s.db, sum); err != nil {
			return 0, err
		} else if !need {
			orphans = append(orphans, sum)
		}
	}
	sole, err := s.blobs.Alone()
	if fault.KindOf(err) == fault.Unavailable {
		return 0, nil // somebody is at work; the next time
	}
	if err != nil {
		return 0, err
	}
	n := 0
	for _, sum := range orphans {
		need, err := s.needed(ctx, s.db, sum)
		if err == nil && !need {
			if err = sole.Delete(sum); err == nil {
				n++
			}
		}
		if err != nil {
			return n, errors.Join(err, sole.Close())
		}
	}
	return n, errors.Join(sole.Tidy(before), sole.Close())
}
