package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/wakebell/wakebell/internal/base/job"
)

// jobOnWire is one unit of work that is not finished.
type jobOnWire struct {
	ID          string          `json:"id"`
	Kind        string          `json:"kind" example:"mail.send"`
	State       string          `json:"state" enum:"ready,leased,dead" doc:"dead: given up; a person retries or discards it"`
	RunAt       *time.Time      `json:"run_at"`
	Attempt     int             `json:"attempt"`
	MaxAttempts int             `json:"max_attempts"`
	LastError   *string         `json:"last_error"`
	UniqueKey   *string         `json:"unique_key"`
	CreatedAt   *time.Time      `json:"created_at"`
	FailedAt    *time.Time      `json:"failed_at"`
	NextAt      *time.Time      `json:"next_at" doc:"of a ready job: run_at, or the end of the pause after a failed attempt"`
	Payload     json.RawMessage `json:"payload"`
}

// discard says why work that was given up need not be done.
type discard struct {
	Reason string `json:"reason" minLength:"1" maxLength:"1000"`
}

func wireJob(j job.Job) jobOnWire {
	return jobOnWire{
		j.ID, j.Kind, string(j.State), stamp(j.RunAt), j.Attempt, j.MaxAttempts, orNull(j.LastError), orNull(j.UniqueKey), stamp(j.CreatedAt),
		stamp(j.FailedAt), stamp(j.NextAt), j.Payload,
	}
}

// JobFilter holds the parameters of the list of jobs.
type JobFilter struct {
	Page
	State string `query:"state" enum:"ready,leased,dead"`
	Kind  string `query:"kind" maxLength:"100"`
}

func (f *face) jobs() {
	const tag = "Jobs"
	handle(f, op{
		method: http.MethodGet, path: base + "/jobs", id: "list-jobs", tag: tag, summary: "List unfinished and dead jobs", text: "Newest first. Needs job.read.",
	}, func(ctx context.Context, c *call, p *JobFilter) (list[jobOnWire], error) {
		items, next, err := f.Jobs.List(ctx, c.by, job.Filter{State: job.State(p.State), Kind: p.Kind}, p.Cursor, p.Limit)
		if err != nil {
			return list[jobOnWire]{}, err
		}
		return listOf(items, next, wireJob), nil
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/jobs/{id}", id: "get-job", tag: tag, summary: "Read one job", text: "Needs job.read.",
	}, func(ctx context.Context, c *call, p *ID) (jobOnWire, error) {
		j, err := f.Jobs.Job(ctx, c.by, p.ID)
		if err != nil {
			return jobOnWire{}, err
		}
		return wireJob(j), nil
	})
	take(f, op{
		method: http.MethodPost, path: base + "/jobs/{id}/retry", id: "retry-job", tag: tag, summary: "Let a dead job run again",
		status: http.StatusNoContent, optional: true, text: "Needs job.manage.",
	}, func(ctx context.Context, c *call, p *ID, _ *none) (none, error) {
		return none{}, f.Jobs.Retry(ctx, c.by, p.ID)
	})
	take(f, op{
		method: http.MethodPost, path: base + "/jobs/{id}/discard", id: "discard-job", tag: tag, summary: "Remove a dead job",
		status: http.StatusNoContent, text: "The ledger keeps who did it and why. Needs job.manage.",
	}, func(ctx context.Context, c *call, p *ID, b *discard) (none, error) {
		return none{}, f.Jobs.Discard(ctx, c.by, p.ID, b.Reason)
	})
}
