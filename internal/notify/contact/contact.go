// Package contact keeps the log of dealings with the police, the media, authorities and
// other people outside: every call, letter and meeting, in and out, with what legal said
// before, who coached the spokesperson, and what has to be answered by when.
//
// It carries out policy 003: "Interaction between law enforcement and emergency services
// personnel should be coordinated by the Incident Response Manager … Ensure Legal is
// consulted and provides direction before and while communicating", "Decisions concerning
// the disclosure … will only be made by a designated spokesperson assigned by the SIHT",
// "Inquiries from media agencies must be directed to the designated SIHT representative".
// What happened is never refused: what breaks one of these rules is recorded with the
// reason, and marked.
//
// What is said here is read by few (contact.read). It must not import respond or a face.
package contact

import (
	"context"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// Side is with whom we deal.
type Side string

// The sides.
const (
	Police    Side = "law_enforcement"
	Media     Side = "media"
	Authority Side = "authority"
	Other     Side = "other"
)

// Step is what an entry of the log is.
type Step string

// The steps.
const (
	Incoming Step = "in"       // they spoke or wrote to us
	Outgoing Step = "out"      // we spoke or wrote to them
	Advice   Step = "advice"   // legal's direction about dealing with this side
	Coaching Step = "coaching" // the communications team prepared the spokesperson
)

// Channel is how it was said.
type Channel string

// The channels.
const (
	Phone   Channel = "phone"
	Email   Channel = "email"
	Letter  Channel = "letter"
	Meeting Channel = "meeting"
	Portal  Channel = "portal"
)

// Breach is a rule of the policies that an entry did not keep.
type Breach string

// The breaches.
const (
	NotManager   Breach = "not_manager"   // spoke with the police without being the incident manager or the delegate
	NoAdvice     Breach = "no_advice"     // legal had given no direction before
	NotSpokesman Breach = "not_spokesman" // spoke to the media without being the designated spokesperson
	NoStatement  Breach = "no_statement"  // said something to the media that no approved statement holds
	AnsweredLate Breach = "answered_late" // after the date that was asked for
)

// Words says what a breach means.
func (b Breach) Words() string {
	switch b {
	case NotManager:
		return "who spoke with the police is neither the incident manager nor the delegate for law enforcement"
	case NoAdvice:
		return "legal had given no direction before"
	case NotSpokesman:
		return "who spoke to the media is not the designated spokesperson"
	case NoStatement:
		return "it does not name an approved statement"
	case AnsweredLate:
		return "the answer came after the date that was asked for"
	}
	return string(b)
}

// Draft is what somebody records.
type Draft struct {
	Side      Side      `json:"side"`
	Step      Step      `json:"step"`
	Channel   Channel   `json:"channel,omitempty"`   // of in and out
	Party     string    `json:"party,omitempty"`     // directory id of the other side, if it stands there
	Name      string    `json:"name,omitempty"`      // of the organisation; default the party's
	People    string    `json:"people,omitempty"`    // who it was on the other side
	Number    string    `json:"number,omitempty"`    // their case or file number
	Person    string    `json:"person,omitempty"`    // who of us: spoke, advised, was coached; default the caller
	Subject   string    `json:"subject"`             // in a line
	Text      string    `json:"text,omitempty"`      // what was said
	At        time.Time `json:"at,omitzero"`         // default now
	DueAt     time.Time `json:"due_at,omitzero"`     // by when they want an answer; of in
	Answers   int       `json:"answers,omitempty"`   // no. of the contact this answers; of out
	Statement string    `json:"statement,omitempty"` // the approved statement: no. of the notice; of out to the media
	Files     []string  `json:"files,omitempty"`     // ids of files of the incident
	Why       string    `json:"why,omitempty"`       // asked for when a rule of the policies is not kept
}

// Contact is one entry of the log.
type Contact struct {
	ID         string    `json:"id"`
	Incident   string    `json:"incident"`
	No         int       `json:"no"` // in the incident, from 1
	Draft                // as it was recorded
	Breaches   []Breach  `json:"breaches,omitempty"`
	AnsweredAt time.Time `json:"answered_at,omitzero"`
	AnsweredBy int       `json:"answered_by,omitempty"` // no. of the contact that answers it
	RecordedBy string    `json:"recorded_by"`
	RecordedAt time.Time `json:"recorded_at"`
	Erased     bool      `json:"erased,omitempty"`
}

// Open reports whether an answer is still owed.
func (c Contact) Open() bool {
	return c.Step == Incoming && c.AnsweredAt.IsZero() && (!c.DueAt.IsZero() || c.Side == Media)
}

// Statement says whether a notice of an incident is a statement to the media that may be
// given: approved or released, and its words as they were approved.
type Statement func(ctx context.Context, r store.Reader, incident, no string) (bool, error)

// Service keeps the log.
type Service struct {
	db        *store.DB
	led       *record.Ledger
	clk       *clock.Clock
	incidents *incident.Service
	files     *file.Service
	dirs      *directory.Service
	statement Statement
}

// New returns the service. statement is asked about what the media are told.
func New(db *store.DB, led *record.Ledger, clk *clock.Clock, incidents *incident.Service, files *file.Service, dirs *directory.Service,
	statement Statement,
) *Service {
	return &Service{db: db, led: led, clk: clk, incidents: incidents, files: files, dirs: dirs, statement: statement}
}
