package bounce

import (
	"bytes"
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// Handler does what a report asks for. raw is the message as it came, nil for a report that
// another program made. It must come to the same end when it is called again with the same
// report: after a crash it is. A fault (NotFound, Invalid, Conflict …) says that nothing
// follows from this message, now or later; any other error means again, later.
type Handler func(ctx context.Context, r Report, raw []byte) error

const (
	jobKind = "bounce.read"
	// patience is how often a message that cannot be handled holds the others up. Then it is
	// left in the mailbox, unread, and named in the log.
	patience = 10
	// turn bounds one run of the job; the lease of a job is longer.
	turn = 15 * time.Second
)

// Service reads the mailbox and takes what is handed in.
type Service struct {
	db     *store.DB
	clk    *clock.Clock
	jobs   *job.Runner
	log    *slog.Logger
	cfg    Config
	trust  *tls.Config
	handle Handler
}

// New returns the service and, where a mailbox is set, registers the job "bounce.read" and the
// sweep that asks for it.
func New(db *store.DB, clk *clock.Clock, jobs *job.Runner, log *slog.Logger, cfg Config) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("bounce: %w", err)
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	cfg = cfg.withDefaults()
	trust, err := mail.Trust(cfg.Host, cfg.CAFile)
	if err != nil {
		return nil, fmt.Errorf("bounce: %w", err)
	}
	s := &Service{db: db, clk: clk, jobs: jobs, log: log, cfg: cfg, trust: trust, handle: func(context.Context, Report, []byte) error {
		return fault.New(fault.NotFound, "No message of this server is known by this id")
	}}
	jobs.Register(jobKind, s.read)
	if cfg.Enabled() {
		jobs.AddSweep(job.Sweep{Name: jobKind, Next: s.nextAt, Run: s.ask})
	}
	return s, nil
}

// Handle names who acts on reports. It comes before the jobs start.
func (s *Service) Handle(h Handler) { s.handle = h }

// Config is what the service was made with.
func (s *Service) Config() Config { return s.cfg }

// Receive takes a message as it came, from a program that delivers the mail of the address. It
// returns what the message reports. NotFound: it is about no message of ours. Permission
// bounce.report.
func (s *Service) Receive(ctx context.Context, by who.Identity, raw []byte) ([]Report, error) {
	if err := who.Check(by, who.PermBounceReport); err != nil {
		return nil, err
	}
	list, err := Parse(bytes.NewReader(raw))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The body is no message. Send it as it came, header first, as message/rfc822")
	}
	if err := s.handleAll(ctx, list, raw); err != nil {
		return nil, err
	}
	return list, nil
}

// Report takes a report another program made of what came back. NotFound and permission as
// for Receive; Invalid names the field.
func (s *Service) Report(ctx context.Context, by who.Identity, r Report) error {
	if err := who.Check(by, who.PermBounceReport); err != nil {
		return err
	}
	if err := r.Check(); err != nil {
		return err
	}
	return s.handle(ctx, r, nil)
}

// Standing is how far the mailbox is read. Times are zero for never.
type Standing struct {
	Enabled   bool
	Address   string
	Host      string
	Folder    string
	ReadAt    time.Time // when it was read last without trouble
	FailedAt  time.Time // when reading failed last
	LastError string    // "" once it was read again
	Matched   int64     // messages that were about a message of ours
	Unmatched int64     // those that were not; they stay unread in the mailbox
}

// Standing needs system.read.
func (s *Service) Standing(ctx context.Context, by who.Identity) (Standing, error) {
	if err := who.Check(by, who.PermSystemRead); err != nil {
		return Standing{}, err
	}
	p, err := s.place(ctx, s.db)
	if err != nil {
		return Standing{}, err
	}
	return Standing{
		Enabled: s.cfg.Enabled(), Address: s.cfg.Address, Host: s.cfg.Host, Folder: s.cfg.Folder, ReadAt: p.readAt, FailedAt: p.failedAt,
		LastError: p.lastError, Matched: p.matched, Unmatched: p.unmatched,
	}, nil
}

// place is how far the mailbox is read.
type place struct {
	validity           uint32
	next               imap.UID
	tries              int64
	nextAt             time.Time
	readAt, failedAt   time.Time
	lastError          string
	matched, unmatched int64
}

func (s *Service) place(ctx context.Context, r store.Reader) (p place, err error) {
	var validity, next, nextAt, readAt, failedAt int64
	err = r.QueryRow(ctx, `SELECT validity, next_uid, tries, next_at, read_at, failed_at, last_error, matched, unmatched FROM bounce_mailbox WHERE name=?`,
		s.cfg.name()).Scan(&validity, &next, &p.tries, &nextAt, &readAt, &failedAt, &p.lastError, &p.matched, &p.unmatched)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return p, fmt.Errorf("read the place in the mailbox: %w", err)
	}
	p.validity, p.next = uint32(validity), max(imap.UID(next), 1)
	p.nextAt, p.readAt, p.failedAt = clock.FromMicros(nextAt), clock.FromMicros(readAt), clock.FromMicros(failedAt)
	return p, nil
}

func (s *Service) keep(tx *store.Tx, p place) error {
	_, err := tx.Exec(`INSERT INTO bounce_mailbox (name, validity, next_uid, tries, next_at, read_at, failed_at, last_error, matched, unmatched)
		VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (name) DO UPDATE SET validity=excluded.validity, next_uid=excluded.next_uid, tries=excluded.tries,
		next_at=excluded.next_at, read_at=excluded.read_at, failed_at=excluded.failed_at, last_error=excluded.last_error, matched=excluded.matched,
		unmatched=excluded.unmatched`, s.cfg.name(), int64(p.validity), int64(p.next), p.tries, clock.Micros(p.nextAt), clock.Micros(p.readAt),
		clock.Micros(p.failedAt), p.lastError, p.matched, p.unmatched)
	if err != nil {
		return fmt.Errorf("keep the place in the mailbox: %w", err)
	}
	return nil
}

func (s *Service) nextAt(ctx context.Context, r store.Reader) (time.Time, bool, error) {
	p, err := s.place(ctx, r)
	if p.nextAt.IsZero() { // never: at once
		p.nextAt = time.UnixMicro(1).UTC()
	}
	return p.nextAt, true, err
}

// ask leaves a job behind: the loop that runs sweeps waits for no server.
func (s *Service) ask(ctx context.Context, now time.Time) error {
	_, err := s.db.Write(ctx, store.Op{Name: "bounce.ask", Actor: "mail"}, func(tx *store.Tx) error {
		p, err := s.place(ctx, tx)
		if err != nil {
			return err
		}
		if p.nextAt.After(now) {
			return nil // another node was first
		}
		p.nextAt = now.Add(s.cfg.Every)
		if err := s.keep(tx, p); err != nil {
			return err
		}
		return s.jobs.Enqueue(tx, job.Draft{Kind: jobKind, Unique: s.cfg.name(), MaxAttempts: 3})
	})
	return err
}
