// Package doc reads the documents in which duties are kept. Its room writes them. It
// carries out no policy sentence of its own and must not import its room.
package doc

import (
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store/document"
)

// ErrNone answers for a duty that does not exist.
var ErrNone = fault.New(fault.NotFound, "there is no such duty")

// One reads the document of a row; ErrNone.
func One[T any](row document.Row) (T, error) { return document.One[T](row, ErrNone) }

// Evidence says what met a duty.
type Evidence struct {
	With       string    `json:"with,omitempty"` // one of the duty's met_by; default the first
	Ref        string    `json:"ref,omitempty"`  // id or reference of the evidence
	At         time.Time `json:"at,omitzero"`    // when; default now
	Remark     string    `json:"remark,omitempty"`
	LateReason string    `json:"late_reason,omitempty"` // asked when At is after the due time
}
