package archive

import (
	"time"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/ledger"
)

// Format is the first field of a manifest this package reads and writes.
const Format = "wakebell-backup/1"

const (
	manifestName   = "manifest.json"
	checkpointName = "checkpoint.txt"
)

// Manifest describes an archive.
type Manifest struct {
	Format    string       `json:"format"`
	CreatedAt time.Time    `json:"created_at"` // real time, UTC
	Version   string       `json:"version"`    // of the program that wrote it
	Engine    store.Engine `json:"engine"`     // it was read from
	Schema    []Step       `json:"schema"`     // migrations applied, in order
	Mark      Mark         `json:"mark"`
	Ledger    Ledger       `json:"ledger"`
	Tables    []Content    `json:"tables"`
	Blobs     *BlobList    `json:"blobs,omitempty"` // nil: no file is named
}

// Step is one migration.
type Step struct {
	Name   string `json:"name"`   // "0001_ledger"
	SHA256 string `json:"sha256"` // of the text for the archive's engine
}

// Mark says for which clock the database was made.
type Mark struct {
	TestClock   bool  `json:"test_clock"`
	ClockOffset int64 `json:"clock_offset_us"` // of the test clock, microseconds
}

// State says which checkpoint an archive carries.
type State string

// The states of a checkpoint.
const (
	Signed State = "signed" // over the very tree of this archive
	Left   State = "left"   // the newest one left beside the database: no key was at hand
	None   State = "none"   // neither was there
)

// Ledger is the end of the log in this archive.
type Ledger struct {
	Origin      string      `json:"origin"` // log id, "+", epoch
	Size        int64       `json:"size"`   // entries
	Root        ledger.Hash `json:"root"`
	VerifierKey string      `json:"verifier_key"` // public key in force
	State       State       `json:"checkpoint"`
	SHA256      string      `json:"checkpoint_sha256,omitempty"` // of checkpoint.txt
}

// Content is one table in the archive.
type Content struct {
	Name    string   `json:"name"`
	Class   string   `json:"class"` // reference or operational
	Columns []Column `json:"columns"`
	Rows    int64    `json:"rows"`
	Bytes   int64    `json:"bytes"` // of its file, not compressed
	SHA256  string   `json:"sha256"`
}

// Column is one column and the kind of its values.
type Column struct {
	Name string `json:"name"`
	Type Type   `json:"type"`
}

// Type is the kind of a column's values on both engines.
type Type string

// The types of the portable subset.
const (
	Integer Type = "integer"
	Text    Type = "text"
	Bytes   Type = "bytes"
)

// Rows is the sum of all tables.
func (m *Manifest) Rows() int64 {
	var n int64
	for _, t := range m.Tables {
		n += t.Rows
	}
	return n
}

func (c Content) file() string { return "tables/" + c.Name + ".ndjson" }
