package record

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/wakebell/wakebell/internal/base/record/check"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
)

// Projector is a room whose tables are functions of entries alone. Live code
// writes them only through its own Project right after Append, so that replay
// takes the same path.
type Projector interface {
	Kinds() []Kind        // kinds it wants to see; with their upcasters
	Tables() []*row.Table // its projection tables
	// Project applies one entry. It reads and writes its own tables only. The
	// entry's Seq is 0, as it is right after Append.
	Project(x row.Rows, e Entry) error
}

// replayBatch is how many entries one read takes.
const replayBatch = 1000

// replayer feeds entries to the projectors that want them.
type replayer struct {
	kinds registry
	byKey map[string][]Projector
}

func newReplayer(projectors []Projector) (*replayer, error) {
	var all []Kind
	r := &replayer{byKey: map[string][]Projector{}}
	for _, p := range projectors {
		for _, k := range p.Kinds() {
			all = append(all, k)
			r.byKey[k.Name] = append(r.byKey[k.Name], p)
		}
	}
	var err error
	r.kinds, err = newRegistry(all)
	return r, err
}

// read returns the next entries that somebody wants and the last position read.
func (r *replayer) read(ctx context.Context, from store.Reader, after int64) (list []Entry, last int64, err error) {
	rows, err := from.Query(ctx, selectEntry+"WHERE seq > ? ORDER BY seq LIMIT ?", after, replayBatch)
	if err != nil {
		return nil, 0, fmt.Errorf("replay: read the ledger: %w", err)
	}
	defer rows.Close()
	for last = after; rows.Next(); {
		var one stored
		if err := one.scan(rows); err != nil {
			return nil, 0, fmt.Errorf("replay: read the entry after %d: %w", last, err)
		}
		last = one.Seq
		if name, _, _ := strings.Cut(one.Kind, "/"); r.byKey[name] == nil {
			continue
		}
		e, err := r.kinds.upcast(one)
		if err != nil {
			return nil, 0, err
		}
		list = append(list, e)
	}
	return list, last, rows.Err()
}

func (r *replayer) project(x row.Rows, list []Entry) error {
	for _, e := range list {
		if err := r.apply(x, e); err != nil {
			return err
		}
	}
	return nil
}

// one projects an entry as it is stored.
func (r *replayer) one(x row.Rows, s stored) error {
	e, err := r.kinds.upcast(s)
	if err != nil {
		return err
	}
	return r.apply(x, e)
}

func (r *replayer) apply(x row.Rows, e Entry) error {
	seq := e.Seq
	e.Seq = 0
	for _, p := range r.byKey[e.Kind] {
		if err := p.Project(x, e); err != nil {
			return fmt.Errorf("replay entry %d (%s/%d, id %s): %w", seq, e.Kind, e.Version, e.ID, err)
		}
	}
	return nil
}

// Rebuild empties every projection table and replays the ledger into it, in
// one transaction. It returns the number of entries read. Nothing else may
// write meanwhile that reads a projection and has other effects.
func Rebuild(ctx context.Context, db *store.DB, projectors []Projector) (int64, error) {
	r, err := newReplayer(projectors)
	if err != nil {
		return 0, err
	}
	var n int64
	_, err = db.Write(ctx, store.Op{Name: "ledger.rebuild", Actor: "ledger"}, func(tx *store.Tx) error {
		n = 0
		for _, p := range projectors {
			for _, t := range p.Tables() {
				// The owner hands its table over by naming it in Tables.
				if _, err := tx.Exec("DELETE FROM " + t.Name()); err != nil {
					return fmt.Errorf("empty table %s: %w", t.Name(), err)
				}
			}
		}
		for {
			list, last, err := r.read(ctx, tx, n)
			if err != nil || last == n {
				return err
			}
			if err := r.project(row.Live(tx), list); err != nil {
				return err
			}
			n = last
		}
	})
	if err != nil {
		return 0, fmt.Errorf("rebuild: %w", err)
	}
	return n, nil
}

// RebuildReport says what was compared and found to be equal.
type RebuildReport struct {
	Entries int64         `json:"entries"`
	Tables  []TableReport `json:"tables"`
}

// TableReport is one compared table.
type TableReport struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
	// NotCompared are the columns that no entry holds.
	NotCompared []string `json:"not_compared,omitempty"`
	// Erased is the number of rows of which only the facts were compared: the words of
	// the entry that made them as they are were erased.
	Erased int64 `json:"erased,omitempty"`
}

// Difference is the first difference between a projection table and what the
// ledger says.
type Difference = row.Difference

// RebuildCheck replays all entries of one snapshot in memory and compares every
// projection table with what they give. A *Difference names the first one found.
func RebuildCheck(ctx context.Context, db *store.DB, projectors []Projector) (RebuildReport, error) {
	return beside(ctx, db, projectors, func(v *store.View, r *replayer, f *row.Fold) (n int64, err error) {
		err = check.Read(ctx, v, func(e check.Entry) error {
			n++
			return r.visit(f, e)
		})
		return n, err
	})
}

// visit projects an entry if somebody wants it.
func (r *replayer) visit(f *row.Fold, e check.Entry) error {
	if name, _, _ := strings.Cut(e.Kind, "/"); r.byKey[name] == nil {
		return nil
	}
	return r.one(f, stored{Header: *e.Header, facts: e.Facts, private: e.Private, erasedBy: e.ErasedBy})
}

// VerifyAll is Verify and RebuildCheck over one snapshot and in one reading of the
// ledger. What is wrong with an entry is found before what is wrong with a table.
func VerifyAll(ctx context.Context, db *store.DB, projectors []Projector, against ...[]byte) (rep Report, tables RebuildReport, err error) {
	tables, err = beside(ctx, db, projectors, func(v *store.View, r *replayer, f *row.Fold) (int64, error) {
		var failed error // of the replay; the ledger is read to its end nevertheless
		var err error
		rep, err = check.Snapshot(ctx, v, func(e check.Entry) {
			if failed == nil {
				failed = r.visit(f, e)
			}
		}, against...)
		return rep.Entries, cmp.Or(err, failed)
	})
	return rep, tables, err
}

// beside runs a replay of one snapshot in memory and compares the tables.
func beside(ctx context.Context, db *store.DB, projectors []Projector, replay func(v *store.View, r *replayer, f *row.Fold) (int64, error)) (rep RebuildReport, err error) {
	r, err := newReplayer(projectors)
	if err != nil {
		return rep, err
	}
	f, err := row.NewFold()
	if err != nil {
		return rep, fmt.Errorf("compare the tables: %w", err)
	}
	defer f.Close()
	err = db.Survey(ctx, func(v *store.View) error {
		if rep.Entries, err = replay(v, r, f); err != nil {
			return err
		}
		for _, p := range projectors {
			for _, t := range p.Tables() {
				n, blank, err := f.Compare(ctx, v, t)
				if err != nil {
					return err
				}
				rep.Tables = append(rep.Tables, TableReport{t.Name(), n, t.NotCompared(), blank})
			}
		}
		return nil
	})
	return rep, err
}
