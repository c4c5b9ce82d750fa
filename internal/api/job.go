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
	Payload     json.RawMessage `json:"payload"`
}

func wireJob(j job.Job) jobOnWire {
	return jobOnWire{
		j.ID, j.Kind, string(j.State), stamp(j.RunAt), j.Attempt, j.MaxAttempts, orNull(j.LastError), orNull(j.UniqueKey), stamp(j.CreatedAt),
		stamp(j.FailedAt), j.Payload,
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
	for _, x := range []struct {
		verb, summary string
		run           func(context.Context, *call, string) error
	}{
		{"retry", "Let a dead job run again", func(ctx context.Context, c *call, id string) error { return f.Jobs.Retry(ctx, c.by, id) }},
		{"discard", "Remove a dead job", func(ctx context.Context, c *call, id string) error { return f.Jobs.Discard(ctx, c.by, id) }},
	} {
		take(f, op{
			method: http.MethodPost, path: base + "/jobs/{id}/" + x.verb, id: x.verb + "-job", tag: tag, summary: x.summary,
			status: http.StatusNoContent, optional: true, text: "Needs job.manage.",
		}, func(ctx context.Context, c *call, p *ID, _ *none) (none, error) { return none{}, x.run(ctx, c, p.ID) })
	}
}
