package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment/handover"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/notify/contact"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/form/filing"
	"github.com/wakebell/wakebell/internal/prepare/directory/replay"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/respond/escalation"
)

// Projectors are the rooms whose tables follow from the ledger alone. To project, a
// room needs none of its parts.
func Projectors() []record.Projector {
	return []record.Projector{
		new(intake.Service), new(incident.Service), new(file.Service), new(handover.Service), new(contact.Service),
		new(duty.Service),
		new(escalation.Service),
		new(notice.Service),
		new(filing.Service),
	}
}

// replays are all the rooms whose tables a check compares with the entries: also those
// that are kept beside the ledger and are never made from it.
func replays() []record.Projector {
	return append(Projectors(), who.Replay(), plan.Replay(), replay.Room())
}

// NewAny is New in the clock mode the database was made for.
func NewAny(ctx context.Context, cfg Config) (*App, error) {
	a, err := New(ctx, cfg)
	if err == nil || cfg.TestClock {
		return a, err
	}
	cfg.TestClock = true
	if b, err2 := New(ctx, cfg); err2 == nil {
		return b, nil
	}
	return nil, err
}

// Empty reports whether nothing was ever recorded.
func (a *App) Empty(ctx context.Context) (bool, error) {
	n, err := a.Ledger.Size(ctx, a.DB)
	return n == 0, err
}

// OperatorToken makes a token as the owner of the data directory.
func (a *App) OperatorToken(ctx context.Context, name string, roles []string, person string, expires *time.Time) (string, error) {
	in := who.TokenInput{Name: name, Person: person}
	for _, r := range roles {
		in.Roles = append(in.Roles, who.Role(r))
	}
	if expires != nil {
		in.ExpiresAt = *expires
	}
	_, secret, err := a.People.CreateToken(ctx, operator(), in)
	return secret, err
}

// snapshot opens the database for reading, beside a server that may run on it.
func snapshot(ctx context.Context, cfg Config, fn func(db *store.DB) error) error {
	cfg = cfg.WithDefaults()
	db, err := store.OpenSnapshot(ctx, store.Config{Dir: cfg.Dir, URL: cfg.Database, Log: cfg.Log})
	if err != nil {
		return err
	}
	return errors.Join(fn(db), db.Close())
}

// SentReport says what became of the recipients of notices, held against the ledger.
type SentReport = dispatch.Compared

// VerifyReport says what a verification looked at.
type VerifyReport struct {
	Ledger record.Report        `json:"ledger"`
	Tables record.RebuildReport `json:"tables"`
	Files  FilesReport          `json:"files"`
	Sent   SentReport           `json:"sent"`
}

// String is what an auditor reads.
func (r VerifyReport) String() string {
	return fmt.Sprintf("VALID: %d entries recomputed (%d erased, %d epochs), up to the checkpoint %s; %d kept checkpoints continue in it.\nThe tables equal what the entries say, also people, tokens, the plan and the directory.\n%s%s\n%s\nKey: %s",
		r.Ledger.Entries, r.Ledger.Erased, r.Ledger.Epochs, r.Ledger.Checkpoint.Origin(), len(r.Ledger.Against), Exceptions(r.Tables), r.Files, r.Sent, r.Ledger.Key)
}

// Exceptions says in lines what no comparison covers.
func Exceptions(r record.RebuildReport) string {
	var apart, erased []string
	for _, t := range r.Tables {
		for _, c := range t.NotCompared {
			apart = append(apart, t.Table+"."+c)
		}
		if t.Erased > 0 {
			erased = append(erased, fmt.Sprintf("%d of %s", t.Erased, t.Table))
		}
	}
	out := ""
	if len(apart) > 0 {
		out = "Not compared, because no entry holds them: " + strings.Join(apart, ", ") + ".\n"
	}
	if len(erased) > 0 {
		out += "Compared without their words, because those were erased from the ledger: " + strings.Join(erased, ", ") + ".\n"
	}
	return out
}

// VerifyData recomputes the whole ledger of a data directory, compares the tables made from
// it, and reads every file they name. The error names the first wrong entry, the first
// wrong row, or all wrong files.
func VerifyData(ctx context.Context, cfg Config, against []byte) (rep VerifyReport, err error) {
	err = snapshot(ctx, cfg, func(db *store.DB) error {
		known, err := checkpoints(cfg.Dir, against)
		if err != nil {
			return err
		}
		rep.Ledger, rep.Tables, err = record.VerifyAll(ctx, db, replays(), known...)
		if err != nil {
			return err
		}
		if rep.Sent, err = compareSent(ctx, db); err != nil {
			return err
		}
		rep.Files, err = verifyFiles(ctx, cfg, db)
		return err
	})
	return rep, err
}

// compareSent holds what became of the recipients of notices against the ledger. Their
// tables are no projections: they change too often, and hold addresses.
func compareSent(ctx context.Context, db *store.DB) (rep SentReport, err error) {
	err = db.View(ctx, func(v *store.View) (err error) {
		rep, err = dispatch.Compare(ctx, v)
		return err
	})
	return rep, err
}

// checkpoints are those the ledger must continue: the one left beside the database,
// and the one the caller kept elsewhere.
func checkpoints(dir string, against []byte) (known [][]byte, err error) {
	left, err := os.ReadFile(filepath.Join(dir, record.CheckpointFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read the checkpoint: %w", err)
	}
	for _, c := range [][]byte{left, against} {
		if len(c) > 0 {
			known = append(known, c)
		}
	}
	return known, nil
}

// RebuildCheck replays the ledger beside the tables and compares them.
func RebuildCheck(ctx context.Context, cfg Config) (rep record.RebuildReport, sent SentReport, err error) {
	err = snapshot(ctx, cfg, func(db *store.DB) error {
		var err error
		if rep, err = record.RebuildCheck(ctx, db, replays()); err != nil {
			return err
		}
		sent, err = compareSent(ctx, db)
		return err
	})
	return rep, sent, err
}

// Rebuild makes the tables anew from the ledger; no server may run.
func Rebuild(ctx context.Context, cfg Config) error {
	a, err := NewAny(ctx, cfg)
	if err != nil {
		return err
	}
	_, err = record.Rebuild(ctx, a.DB, Projectors())
	return errors.Join(err, a.Stop(ctx))
}

// PublicKey is the verifier key of the ledger of a data directory.
func PublicKey(ctx context.Context, cfg Config) (key string, err error) {
	err = snapshot(ctx, cfg, func(db *store.DB) error {
		var err error
		key, err = record.PublicKey(ctx, db)
		return err
	})
	return key, err
}
