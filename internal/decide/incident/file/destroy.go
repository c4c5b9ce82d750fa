package file

import (
	"context"
	"encoding/json"
	"errors"

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
