// Package audit is the ledger as those see it who check it: its end and its key, its entries
// as far as the viewer may read them, verifications in the background with their results,
// and the whole as one file. API and screens share it.
//
// It carries out "keep evidence that has not been altered" (policy 001) for the people who
// ask whether it is so: what is wrong is found by base/record, here it is asked for, kept and
// said. It owns the table verification. It must not import respond or a face.
package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/ledger"
)

// Run recomputes everything and holds it against the checkpoints that are kept outside and,
// unless it is empty, against one more. A finding is a *ledger.Wrong,
// a *record.Difference, or fault.Invalid with a field for each wrong file.
type Run func(ctx context.Context, against []byte) (record.Report, record.RebuildReport, error)

// Service reads the ledger for viewers and verifies it, one run at a time.
type Service struct {
	db  *store.DB
	led *record.Ledger
	clk *clock.Clock
	log *slog.Logger
	run Run

	onChange func() // nil: nobody wants to know
	ctx      context.Context
	stop     context.CancelFunc
	running  sync.WaitGroup
}

// New returns the service. Stop ends what it runs.
func New(db *store.DB, led *record.Ledger, clk *clock.Clock, log *slog.Logger, run Run) *Service {
	s := &Service{db: db, led: led, clk: clk, log: log, run: run}
	s.ctx, s.stop = context.WithCancel(clock.Background())
	return s
}

// OnChange names a function that is called when a verification began, went on or ended. It
// must not block. Only wiring sets it, before the start.
func (s *Service) OnChange(fn func()) { s.onChange = fn }

// Stop cuts a running verification off and waits for its end.
func (s *Service) Stop() {
	s.stop()
	s.running.Wait()
}

func (s *Service) changed() {
	if s.onChange != nil {
		s.onChange()
	}
}

// Head is the end of the ledger, signed.
type Head struct {
	Checkpoint  ledger.Checkpoint
	Signed      string // the signed note (C2SP) over it
	Key         string // verifier key
	Fingerprint string // of the key
	LastAt      time.Time
}

// Head returns the end of the ledger as it is. Permission ledger.read.
func (s *Service) Head(ctx context.Context, by who.Identity) (Head, error) {
	if err := who.Check(by, who.PermLedgerRead); err != nil {
		return Head{}, err
	}
	return s.Stamp(ctx)
}

// Stamp is Head for the foot of what is printed: whoever may read a paper may check it.
func (s *Service) Stamp(ctx context.Context) (h Head, err error) {
	err = s.db.View(ctx, func(v *store.View) error {
		text, err := s.led.CheckpointOf(ctx, v)
		if err != nil {
			return err
		}
		h.Signed, h.Key = string(text), s.led.VerifierKey()
		if h.Checkpoint, err = ledger.Peek(text); err != nil {
			return err
		}
		last, err := s.led.Entries(ctx, v, h.Checkpoint.Size-1, 1)
		if err == nil && len(last) == 1 {
			h.LastAt = last[0].RecordedAt
		}
		return err
	})
	if err != nil {
		return Head{}, fmt.Errorf("read the end of the ledger: %w", err)
	}
	h.Fingerprint = Fingerprint(h.Key)
	return h, nil
}

// Fingerprint is the SHA-256 of a verifier key's text, to read aloud and compare.
func Fingerprint(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}
