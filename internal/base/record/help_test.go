package record_test

import (
	"golang.org/x/mod/sumdb/tlog"

	"github.com/wakebell/wakebell/internal/base/record"
)

func checkProof(p record.Proof) error {
	return tlog.CheckRecord(p.Hashes, p.Size, p.Root, p.Seq-1, p.Leaf)
}
