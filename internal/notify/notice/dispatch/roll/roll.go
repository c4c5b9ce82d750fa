// Package roll keeps the lists of recipients: who stands on them, from the directory, a
// file or an earlier notice, how each is reached, and who signed the list off. It carries
// out policy 000 ("a list of affected customers") and policy 003 ("communications … the
// liaison"). It sends nothing and must not import its own room or a face.
package roll

import (
	"context"
	"errors"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// The shapes of lists; see package item.
type (
	List      = item.List
	Recipient = item.Recipient
	Contact   = item.Contact
	Own       = item.Own
	Channel   = item.Channel
	Tally     = item.Tally
)

// The states this package sets.
const (
	Gap       = item.Gap
	LeftOut   = item.LeftOut
	Queued    = item.Queued
	Sent      = item.Sent
	Delivered = item.Delivered
	Email     = item.Email
)

// Deps is what the service stands on.
type Deps struct {
	DB        *store.DB
	Ledger    *record.Ledger
	Clock     *clock.Clock
	Incidents *incident.Service
	Directory *directory.Service
	Duties    *duty.Service
	Jobs      *job.Runner
	Blobs     *blob.Store
	From      string // the sender's address, whose domain look-alikes pretend to be
}

// Service keeps lists. Every method checks the permission first.
type Service struct {
	db        *store.DB
	led       *record.Ledger
	clk       *clock.Clock
	incidents *incident.Service
	dirs      *directory.Service
	duties    *duty.Service
	jobs      *job.Runner
	blobs     *blob.Store
	from      string
	watchers  []Watcher
}

// New returns the service and registers its job.
func New(d Deps) *Service {
	s := &Service{
		db: d.DB, led: d.Ledger, clk: d.Clock, incidents: d.Incidents, dirs: d.Directory, duties: d.Duties, jobs: d.Jobs, blobs: d.Blobs, from: d.From,
	}
	d.Jobs.RegisterLong(jobCopy, s.copyOn)
	return s
}

// attempts: copying is never given up because processes died under it.
const attempts = 1_000_000

// Watcher is told that the list of a notice was signed off, or was changed: what was
// approved for another list does not hold any more.
type Watcher func(ctx context.Context, tx *store.Tx, by who.Identity, notice string) error

// Watch adds a watcher. Only at wiring.
func (s *Service) Watch(w Watcher) { s.watchers = append(s.watchers, w) }

// changedTx lets the notice room know of a change of its list.
func (s *Service) changedTx(ctx context.Context, tx *store.Tx, by who.Identity, l List) error {
	var errs []error
	for _, w := range s.watchers {
		errs = append(errs, w(ctx, tx, by, l.Notice))
	}
	return errors.Join(errs...)
}

// append records an entry on the incident's timeline.
func (s *Service) append(tx *store.Tx, by who.Identity, kind, incidentID string, body any) error {
	_, err := s.led.Append(tx, draft(by, kind, incidentID, body))
	return err
}

func draft(by who.Identity, kind, incidentID string, body any) record.Draft {
	return record.Draft{Kind: kind, Subject: incidentID, Actor: by.Actor, Body: body}
}

// write runs fn under a name.
func (s *Service) write(ctx context.Context, by who.Identity, op string, fn func(tx *store.Tx) error) error {
	_, err := s.db.Write(ctx, store.Op{Name: op, Actor: by.Actor}, fn)
	return err
}
