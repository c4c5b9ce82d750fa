package item

import (
	"time"

	"github.com/wakebell/wakebell/internal/base/record"
)

// The kinds of ledger entries. Their subject is the incident; recipients are named by their
// opaque ids, so that a name or an address can be erased without touching the ledger.
const (
	KindFileTaken    = "dispatch.file_taken"      // somebody sent a file of recipients
	KindFileImported = "dispatch.file_imported"   // its lines were added to a list
	KindSigned       = "dispatch.signed_off"      // a person answers for the list
	KindVoided       = "dispatch.sign_off_voided" // the list was changed after that
	KindLeftOut      = "dispatch.left_out"        // somebody is not told, by decision
	KindStarted      = "dispatch.started"
	KindCanary       = "dispatch.canary_done" // the first few went; a person decides
	KindResumed      = "dispatch.resumed"
	KindPaused       = "dispatch.paused"
	KindStopped      = "dispatch.stopped"
	KindRefused      = "dispatch.refused" // a drill reached the worker
	KindOutcomes     = "dispatch.outcomes"
	KindEnded        = "dispatch.ended"
	KindBounced      = "dispatch.bounced"
	KindAnswered     = "dispatch.answered" // a recipient wrote back
	KindOpened       = "dispatch.opened"
	KindAcknowledged = "dispatch.acknowledged"
	KindPosted       = "dispatch.posted"   // letters were handed to a carrier
	KindRecorded     = "dispatch.recorded" // what a person carried: a call, a letter, a handing over
	KindUndone       = "dispatch.undone"   // what a person recorded was wrong
	KindFixed        = "dispatch.contact_given"
	KindRevoked      = "dispatch.link_revoked"
	KindReport       = "dispatch.reported" // a delivery report was made, with its checksum
)

// Kinds returns the ledger kinds this room writes.
func Kinds() []record.Kind {
	var out []record.Kind
	for _, n := range [...]string{
		KindFileTaken, KindFileImported, KindSigned, KindVoided, KindLeftOut, KindStarted, KindCanary, KindResumed, KindPaused, KindStopped, KindRefused, KindOutcomes,
		KindEnded, KindBounced, KindAnswered, KindOpened, KindAcknowledged, KindPosted, KindRecorded, KindUndone, KindFixed, KindRevoked, KindReport,
	} {
		out = append(out, record.Kind{Name: n, Version: 1})
	}
	return out
}

// UndoneAck is Single.How where an acknowledgement was undone as well.
const UndoneAck = "acknowledgement"

// FileTaken is a file of recipients that somebody sent.
type FileTaken struct {
	List   string `json:"list"`
	Notice string `json:"notice"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	Name   string `json:"name" private:"true"`
}

// FileImported is what came of such a file.
type FileImported struct {
	File    string `json:"file"` // entry that took it
	List    string `json:"list"`
	Notice  string `json:"notice"`
	Lines   int    `json:"lines"`
	New     int    `json:"new"`
	Double  int    `json:"double,omitempty"`
	Refused int    `json:"refused,omitempty"`
}

// SignedOff says who stands behind which recipients.
type SignedOff struct {
	List    string `json:"list"`
	Notice  string `json:"notice"`
	Hash    string `json:"hash"`
	Count   int    `json:"count"`
	LeftOut int    `json:"left_out,omitempty"`
}

// Voided says that a signature does not hold any more.
type Voided struct {
	List   string `json:"list"`
	Notice string `json:"notice"`
	Hash   string `json:"hash"` // that was signed
}

// Left says that somebody on the list is not told.
type Left struct {
	List      string `json:"list"`
	Recipient string `json:"recipient"`
	Reason    string `json:"reason" private:"true"`
}

// Began is the start of a run.
type Began struct {
	Run    string `json:"run"`
	Notice string `json:"notice"`
	List   string `json:"list"`
	Hash   string `json:"hash"`
	Count  int    `json:"count"`
	Canary int    `json:"canary,omitempty"`
}

// Turned is a change of a run's state.
type Turned struct {
	Run    string `json:"run"`
	Notice string `json:"notice"`
	Tally  *Tally `json:"tally,omitempty"`
	Reason string `json:"reason,omitempty" private:"true"`
}

// Outcomes is one batch of what became of recipients.
type Outcomes struct {
	Run      string    `json:"run"`
	Notice   string    `json:"notice"`
	Outcomes []Outcome `json:"outcomes"`
}

// Outcome is what became of one recipient's copy. At is in microseconds.
type Outcome struct {
	Recipient string `json:"r"`
	State     State  `json:"s"`
	At        int64  `json:"at"`
	Code      int    `json:"c,omitempty"`
	Stage     int    `json:"n,omitempty"`
	Twice     bool   `json:"twice,omitempty"`
}

// Single is what happened to one recipient.
type Single struct {
	Run       string  `json:"run"`
	Notice    string  `json:"notice"`
	Recipient string  `json:"recipient"`
	Channel   Channel `json:"channel,omitempty"`
	State     State   `json:"state,omitempty"`
	Stage     int     `json:"n,omitempty"`
	How       string  `json:"how,omitempty"`  // of an acknowledgement: page, reply, phone …
	Code      string  `json:"code,omitempty"` // of a report: the enhanced status code
	Text      string  `json:"text,omitempty" private:"true"`
}

// PostedOff is that letters were posted.
type PostedOff struct {
	Run        string    `json:"run"`
	Notice     string    `json:"notice"`
	At         time.Time `json:"at"`
	Recipients []string  `json:"recipients"`
	Carrier    string    `json:"carrier" private:"true"`
	Reference  string    `json:"reference,omitempty" private:"true"`
}

// Reported is what was printed or exported of a run.
type Reported struct {
	Run    string `json:"run"`
	Notice string `json:"notice"`
	Form   string `json:"form"` // csv, pdf, letters, calls
	SHA256 string `json:"sha256"`
	Lines  int    `json:"lines"`
}
