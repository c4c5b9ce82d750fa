package record

import (
	"context"

	"github.com/wakebell/wakebell/internal/base/record/body"
	"github.com/wakebell/wakebell/internal/base/record/check"
	"github.com/wakebell/wakebell/internal/base/record/tree"
	"github.com/wakebell/wakebell/internal/base/store"
)

// Encode splits a body into its facts and its private part, see body.Splitter.
// Append does the same; this is for those who need the bytes without an entry.
func Encode(v any) (facts, private []byte, err error) { return new(body.Splitter).Encode(v) }

// Decode puts both parts back into one struct, see body.Decode.
func Decode(facts, private []byte, into any) error { return body.Decode(facts, private, into) }

// Report says what Verify found to be right.
type Report = check.Report

// Verify recomputes the whole ledger from one snapshot, see check.Verify. A
// finding is a *ledger.Wrong.
func Verify(ctx context.Context, db *store.DB, against ...[]byte) (Report, error) {
	return check.Verify(ctx, db, against...)
}

// PublicKey is the verifier key in force, as the database names it.
func PublicKey(ctx context.Context, r store.Reader) (string, error) {
	h, err := tree.Read(ctx, r)
	return h.Key, err
}
