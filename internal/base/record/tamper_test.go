package record_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/ledger"
)

// harm changes the tables behind the ledger's back.
func (h *house) harm(t testing.TB, q string, args ...any) {
	t.Helper()
	h.write(t, func(tx *store.Tx) error {
		res, err := tx.Exec(q, args...)
		if err != nil {
			return err
		}
		if n, _ := res.RowsAffected(); n == 0 {
			return errors.New("nothing was harmed")
		}
		return nil
	})
}

// finds expects verify to name the entry seq (0: none in particular).
func (h *house) finds(t testing.TB, seq int64, say string, against ...[]byte) {
	t.Helper()
	_, err := record.Verify(t.Context(), h.db, against...)
	w, ok := errors.AsType[*ledger.Wrong](err)
	if !ok || w.Seq != seq || !strings.Contains(err.Error(), say) {
		t.Errorf("verify: %v (want entry %d, %q)", err, seq, say)
	}
	if _, _, all := record.VerifyAll(t.Context(), h.db, []record.Projector{shelf{}}, against...); err == nil || all == nil || all.Error() != err.Error() {
		t.Errorf("verify with the tables: %v (want %v)", all, err)
	}
}

// flip changes one bit of the value in one column of one row.
func (h *house) flip(t testing.TB, table, column string, seq int64, at int) {
	t.Helper()
	old := scalar[any](t, h.db, "SELECT "+column+" FROM "+table+" WHERE seq = ?", seq)
	var next any
	switch x := old.(type) {
	case int64:
		next = x ^ 1<<(at%16)
	case string:
		b := []byte(x)
		b[at%len(b)] ^= 1
		next = string(b)
	case []byte:
		b := bytes.Clone(x)
		b[at%len(b)] ^= 0x10
		next = b
	default:
		t.Fatalf("%s.%s is %T", table, column, old)
	}
	h.harm(t, "UPDATE "+table+" SET "+column+" = ? WHERE seq = ?", next, seq)
}

func TestAnyChangedColumnIsFound(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := open(t, db)
		h.fill(t, 9)
		h.verify(t)
		columns := []string{"id", "kind", "subject", "actor", "at", "known_at", "recorded_at", "facts", "facts_salt", "private", "private_salt"}
		for i, c := range columns {
			for _, seq := range []int64{1, 5, 8, 9} {
				old := scalar[any](t, db, "SELECT "+c+" FROM ledger_entry WHERE seq = ?", seq)
				h.flip(t, "ledger_entry", c, seq, 3*i+int(seq))
				h.finds(t, seq, "changed")
				h.harm(t, "UPDATE ledger_entry SET "+c+" = ? WHERE seq = ?", old, seq)
			}
		}
		for _, seq := range []int64{1, 4, 8} {
			old := scalar[[]byte](t, db, "SELECT hashes FROM ledger_hash WHERE seq = ?", seq)
			for at := range old {
				if at%11 == 0 {
					h.flip(t, "ledger_hash", "hashes", seq, at)
					h.finds(t, seq, "changed")
					h.harm(t, "UPDATE ledger_hash SET hashes = ? WHERE seq = ?", old, seq)
				}
			}
		}
		h.verify(t)
	})
}

func TestTampering(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		harm []string
		seq  int64
		say  string
	}{
		{"last entry deleted", []string{"DELETE FROM ledger_entry WHERE seq = 9"}, 9, "missing"},
		{"last entry and hash deleted", []string{"DELETE FROM ledger_entry WHERE seq = 9", "DELETE FROM ledger_hash WHERE seq = 9"}, 9, "missing"},
		{"an entry deleted", []string{"DELETE FROM ledger_entry WHERE seq = 4"}, 4, "missing"},
		{"first entry deleted", []string{"DELETE FROM ledger_entry WHERE seq = 1"}, 1, "missing"},
		{"a hash deleted", []string{"DELETE FROM ledger_hash WHERE seq = 4"}, 4, "hash is missing"},
		{"two reordered", []string{
			"UPDATE ledger_entry SET seq = 99 WHERE seq = 4", "UPDATE ledger_entry SET seq = 4 WHERE seq = 5", "UPDATE ledger_entry SET seq = 5 WHERE seq = 99",
		}, 4, "changed"},
		{"two reordered with hashes", []string{
			"UPDATE ledger_entry SET seq = 99 WHERE seq = 4", "UPDATE ledger_entry SET seq = 4 WHERE seq = 5", "UPDATE ledger_entry SET seq = 5 WHERE seq = 99",
			"UPDATE ledger_hash SET seq = 99 WHERE seq = 4", "UPDATE ledger_hash SET seq = 4 WHERE seq = 5", "UPDATE ledger_hash SET seq = 5 WHERE seq = 99",
		}, 4, "changed"},
		{"an entry too many", []string{
			"INSERT INTO ledger_entry (seq, id, kind, subject, actor, at, known_at, recorded_at, facts, facts_salt) SELECT 10, 'x', kind, subject, actor, at, known_at, recorded_at, facts, facts_salt FROM ledger_entry WHERE seq = 9",
		}, 10, "hash is missing"},
		{"private body taken away", []string{"UPDATE ledger_entry SET private = NULL, private_salt = NULL WHERE seq = 3"}, 3, "no erasure says why"},
		{"erased without an erasure", []string{"UPDATE ledger_entry SET private = NULL, private_salt = NULL, private_commit = facts_salt, erased_by = 'x' WHERE seq = 3"}, 3, "changed"},
		{"head shortened", []string{"UPDATE ledger_head SET size = 8, peaks = (SELECT facts_salt FROM ledger_entry WHERE seq = 1)"}, 9, "too much"},
		{"head time", []string{"UPDATE ledger_head SET recorded_at = recorded_at + 1"}, 0, "head"},
		{"head epoch", []string{"UPDATE ledger_head SET epoch = 2"}, 0, "epoch"},
	}
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := open(t, db)
		h.fill(t, 9)
		undo := []string{"ledger_entry", "ledger_hash", "ledger_head"}
		for _, table := range undo {
			h.write(t, func(tx *store.Tx) error {
				_, err := tx.Exec("CREATE TABLE kept_" + table + " AS SELECT * FROM " + table)
				return err
			})
		}
		for _, c := range cases {
			t.Log(c.name)
			for _, q := range c.harm {
				h.harm(t, q)
			}
			h.finds(t, c.seq, c.say)
			for _, table := range undo {
				h.harm(t, "DELETE FROM "+table)
				h.harm(t, "INSERT INTO "+table+" SELECT * FROM kept_"+table)
			}
			h.verify(t)
		}
	})
}

// A commitment that fits, but no erasure that names the entry.
func TestErasureMustBeNamed(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := open(t, db)
		list := h.fill(t, 5)
		salt := scalar[[]byte](t, db, "SELECT private_salt FROM ledger_entry WHERE seq = 3")
		private := scalar[[]byte](t, db, "SELECT private FROM ledger_entry WHERE seq = 3")
		commit := ledger.Commit([ledger.SaltSize]byte(salt), private)
		h.harm(t, "UPDATE ledger_entry SET private = NULL, private_salt = NULL, private_commit = ?, erased_by = ? WHERE seq = 3", commit[:], list[4].ID)
		h.finds(t, 3, "no erasure names it")
		h.harm(t, "UPDATE ledger_entry SET private = ?, private_salt = ?, private_commit = NULL, erased_by = '' WHERE seq = 3", private, salt)
		h.write(t, func(tx *store.Tx) error { return h.Erase(tx, "legal", []string{list[2].ID}, "asked for") })
		if r := h.verify(t); r.Erased != 1 {
			t.Errorf("report %+v", r)
		}
		// Bringing the body back (from an old copy) is found too.
		h.harm(t, "UPDATE ledger_entry SET private = ?, private_salt = ?, private_commit = NULL, erased_by = '' WHERE seq = 3", private, salt)
		h.finds(t, 6, "still there")
	})
}

// cut takes the ledger back to its first n entries, so that nothing inside the
// database shows it.
func (h *house) cut(t testing.TB, peaks []byte, n, recordedAt int64) {
	t.Helper()
	h.harm(t, "DELETE FROM ledger_entry WHERE seq > ?", n)
	h.harm(t, "DELETE FROM ledger_hash WHERE seq > ?", n)
	h.harm(t, "UPDATE ledger_head SET size = ?, peaks = ?, recorded_at = ?", n, peaks, recordedAt)
}

func TestOlderCopyIsFoundByTheCheckpoint(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := open(t, db)
		h.fill(t, 5)
		peaks := scalar[[]byte](t, db, "SELECT peaks FROM ledger_head")
		at := scalar[int64](t, db, "SELECT recorded_at FROM ledger_head")
		early, err := h.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		h.fill(t, 4)
		if err := h.LeaveCheckpoint(t.Context()); err != nil {
			t.Fatal(err)
		}
		left, err := os.ReadFile(h.cfg.CheckpointDir + "/" + record.CheckpointFile)
		if err != nil {
			t.Fatal(err)
		}
		if r := h.verify(t, early, left); len(r.Against) != 2 {
			t.Errorf("report %+v", r)
		}
		h.cut(t, peaks, 5, at)
		h.verify(t, early)
		h.finds(t, 6, "older copy", left)
		if _, err := record.New(t.Context(), db, h.clk, h.cfg, noted); err == nil || !strings.Contains(err.Error(), "older copy") {
			t.Errorf("start on an older copy: %v", err)
		}
		if err := h.LeaveCheckpoint(t.Context()); err == nil {
			t.Error("the newer checkpoint is written over")
		}

		// The copy goes on as a new epoch, and the loss stays visible.
		l, err := record.Restored(t.Context(), db, h.clk, h.cfg, noted, "admin", nil)
		if err != nil {
			t.Fatal(err)
		}
		h.Ledger = l
		h.fill(t, 6)
		r := h.verify(t, early)
		if r.Epochs != 1 || r.Checkpoint.Epoch != 2 {
			t.Errorf("report %+v", r)
		}
		h.finds(t, 6, "4 entries are gone", left)
		now, err := h.Checkpoint(t.Context())
		if err != nil || !strings.HasPrefix(string(now), r.Checkpoint.LogID+"+2\n12\n") {
			t.Errorf("checkpoint %s, %v", now, err)
		}
		h.reopen(t)
		h.verify(t, now)
	})
}

// Somebody who can write the whole database can make all hashes fit. Only a
// checkpoint kept elsewhere finds that.
func TestRewrittenHistoryIsFoundByTheCheckpoint(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := open(t, db)
		h.fill(t, 6)
		if err := h.LeaveCheckpoint(t.Context()); err != nil {
			t.Fatal(err)
		}
		signed, err := h.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		h.cut(t, []byte{}, 0, 0)
		h.fill(t, 6)
		h.verify(t)
		h.finds(t, 0, "written anew", signed)
		if _, err := record.New(t.Context(), db, h.clk, h.cfg, noted); err == nil {
			t.Error("starts on a rewritten history")
		}
		other := strings.Replace(string(signed), "\n6\n", "\n5\n", 1)
		h.finds(t, 0, "not signed", []byte(other))
		h.finds(t, 0, "cannot be read", []byte("x"))
		h.finds(t, 0, "is of the ledger", []byte("other+1\n"+strings.SplitN(string(signed), "\n", 2)[1]))
	})
}

func TestKeys(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := open(t, db)
		info, err := os.Stat(h.cfg.KeyFile)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("key file %v, %v", info, err)
		}
		h.fill(t, 2)
		first, err := h.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		old := h.VerifierKey()
		if _, err := ledger.Open(first, old); err != nil {
			t.Error(err)
		}
		second := *h // another node
		second.reopen(t)
		vkey, err := h.RotateKey(t.Context(), "admin")
		if err != nil || vkey == old || vkey != h.VerifierKey() {
			t.Fatalf("rotate: %s, %v", vkey, err)
		}
		signed, err := second.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ledger.Open(signed, vkey); err != nil {
			t.Errorf("the other node signs with the new key: %v", err)
		}
		h.fill(t, 1)
		h.reopen(t)
		h.verify(t, first, signed)

		text, err := os.ReadFile(h.cfg.KeyFile)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(h.cfg.KeyFile); err != nil {
			t.Fatal(err)
		}
		if _, err := record.New(t.Context(), db, h.clk, h.cfg, noted); err == nil || !strings.Contains(err.Error(), "missing") {
			t.Errorf("without its key: %v", err)
		}
		another, err := ledger.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{1}, 64)), strings.SplitN(vkey, "+", 2)[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(h.cfg.KeyFile, []byte(another.Secret()), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := record.New(t.Context(), db, h.clk, h.cfg, noted); err == nil || !strings.Contains(err.Error(), "not the key of this ledger") {
			t.Errorf("with another key: %v", err)
		}
		// A rotation that was cut off after the commit: the right key waits beside.
		if err := os.WriteFile(h.cfg.KeyFile+".next", text, 0o600); err != nil {
			t.Fatal(err)
		}
		h.reopen(t)
		if h.VerifierKey() != vkey {
			t.Errorf("key %s", h.VerifierKey())
		}
		// A restored copy may go on with a new key.
		if err := os.Remove(h.cfg.KeyFile); err != nil {
			t.Fatal(err)
		}
		l, err := record.Restored(t.Context(), db, h.clk, h.cfg, noted, "admin", signed)
		if err != nil {
			t.Fatal(err)
		}
		h.Ledger = l
		h.fill(t, 1)
		now, err := h.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		h.verify(t, first, signed, now)
		h.reopen(t)
	})
}

func TestZeroConfig(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := open(t, db)
		h.cfg = record.Config{}
		h.reopen(t)
		h.fill(t, 2)
		if _, err := h.Checkpoint(t.Context()); err == nil {
			t.Error("signs without a key")
		}
		if err := h.LeaveCheckpoint(t.Context()); err != nil {
			t.Error(err)
		}
		if err := (record.Config{CheckpointDir: "x"}).Validate(); err == nil {
			t.Error("checkpoints without a key are accepted")
		}
		h.verify(t)
	})
}

func BenchmarkAppend(b *testing.B) {
	for _, e := range storetest.Engines {
		b.Run(string(e), func(b *testing.B) {
			h := open(b, storetest.Open(b, e))
			b.SetParallelism(32)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_, err := h.db.Write(b.Context(), store.Op{Name: "bench"}, func(tx *store.Tx) error {
						_, err := h.Append(tx, record.Draft{Kind: "test.noted", Subject: "s", Actor: "a", Body: note{Number: 1, Text: "text"}})
						return err
					})
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// BenchmarkVerify reads a ledger of entries with bodies of 600 bytes.
func BenchmarkVerify(b *testing.B) {
	const n = 100_000
	for _, e := range storetest.Engines {
		b.Run(string(e), func(b *testing.B) {
			h := open(b, storetest.Open(b, e))
			text := strings.Repeat("x", 560)
			for i := range n / 1000 {
				h.write(b, func(tx *store.Tx) error {
					for j := range 1000 {
						_, err := h.Append(tx, record.Draft{
							Kind: "test.noted", Subject: fmt.Sprintf("0190a5e0-0000-7000-8000-%012d", i), Actor: "0190a5e0-0000-7000-8000-000000000000",
							Body: note{Number: j, Tags: []string{"a"}, Text: text},
						})
						if err != nil {
							return err
						}
					}
					return nil
				})
			}
			b.ReportAllocs()
			for b.Loop() {
				if r := h.verify(b); r.Entries != n {
					b.Fatal(r)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/entry")
		})
	}
}
