// Package post brings calls to people: it gathers what is asked of a person about one
// incident in one moment into one message with one link, leaves it to be sent by e-mail
// and webhook, and knows what became of it.
//
// It keeps policy 003's "all information concerning an incident is to be considered
// confidential": a message holds a reference, times and a link, nothing else. Its
// tables are operational; who was called stands in the ledger by its own room, which
// it must not import.
package post

import (
	"log/slog"
	"net/http"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// Config is what the office takes from its room, validated and complete.
type Config struct {
	BaseURL string // before the paths of links
	HTTP    *http.Client
	Log     *slog.Logger
}

// Office sends the messages of calls.
type Office struct {
	db     *store.DB
	clk    *clock.Clock
	people *who.Service
	box    *mail.Outbox
	jobs   *job.Runner
	cfg    Config
}

// New makes the office and registers the job "webhook.post".
func New(db *store.DB, clk *clock.Clock, people *who.Service, box *mail.Outbox, jobs *job.Runner, cfg Config) *Office {
	o := &Office{db: db, clk: clk, people: people, box: box, jobs: jobs, cfg: cfg}
	jobs.Register(jobWebhook, o.runWebhook)
	return o
}
