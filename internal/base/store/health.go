package store

import (
	"context"
	"sync"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store/datadir"
)

const (
	minFree   = 4 << 20         // bytes: a few groups and a checkpoint
	probeKept = 2 * time.Second // how long one probe answers for
	badKept   = 5 * probeKept   // how long a write that was not taken does
	probe     = "store.probe"
)

type health struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// Healthy says whether writes can be taken: the disk of a SQLite database has
// room left, no other write failed for want of it lately, and a commit succeeded
// within the last two seconds or a small probe is written now: what a probe fits in
// may be too little for an entry. The error is fault.Unavailable with a line to show.
func (db *DB) Healthy(ctx context.Context) error {
	if db.writer == nil {
		return db.Ping(ctx)
	}
	if db.engine == SQLite {
		free, err := datadir.FreeSpace(db.cfg.Dir)
		if err != nil {
			return fault.Wrap(fault.Unavailable, err, "The data directory cannot be read")
		}
		if free < minFree {
			return fault.Newf(fault.Unavailable, "The disk of the data directory is almost full: %d KiB left", free>>10)
		}
	}
	h := &db.health
	h.mu.Lock()
	defer h.mu.Unlock()
	now := db.clk.Real()
	if bad := db.writer.lastBad.Load(); bad != nil && now.Sub(bad.at) < badKept {
		return bad.err
	}
	if h.err == nil && now.Sub(time.UnixMicro(db.writer.lastGood.Load())) < probeKept && now.Sub(h.at) < 5*probeKept {
		return nil
	}
	_, err := db.Write(ctx, Op{Name: probe, Actor: "store"}, func(tx *Tx) error {
		_, err := tx.Exec("UPDATE store_mark SET probed_at = ? WHERE id = 1", clock.Micros(db.clk.Real()))
		return err
	})
	h.at, h.err = db.clk.Real(), err
	if err != nil && fault.KindOf(err) == fault.Internal {
		return fault.Wrap(fault.Unavailable, err, "The database does not take writes")
	}
	return err
}
