// Package item holds the shapes of sending: a list of recipients, one recipient with the
// ledger of what happened to the copy meant for them, a run, and the counts that are kept
// beside it. It carries out policy 003 ("Required notification and communication both
// internally and with third parties … must take place in a timely manner") by making each
// single recipient something that can be named. It must not import its own room, a face or
// the network.
package item

import (
	"time"

	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/notify/notice/whom"
)

// State is where one recipient's copy stands.
type State string

// The states. Opened and acknowledged are moments beside them.
const (
	Gap       State = "gap"       // nobody can be reached; Recipient.Gap says why
	LeftOut   State = "left_out"  // a person decided so, with a reason
	Queued    State = "queued"    // waits for its turn, for its next attempt, or for a person
	Sending   State = "sending"   // a server may be hearing it now
	Sent      State = "sent"      // the server took it, or a person handed it over
	Delivered State = "delivered" // the other side confirmed that it arrived
	Failed    State = "failed"    // refused for good, or every attempt was used
	Bounced   State = "bounced"   // taken first, reported back as undeliverable
	Stopped   State = "stopped"   // a person stopped the run before its turn
)

// States lists them in the order of a table's filters.
func States() []State {
	return []State{Queued, Sending, Sent, Delivered, Failed, Bounced, Stopped, Gap, LeftOut}
}

// Valid reports whether s is one of States.
func (s State) Valid() bool {
	for _, k := range States() {
		if s == k {
			return true
		}
	}
	return false
}

// Channel is the way a copy goes.
type Channel string

// The channels.
const (
	Email      Channel = "email"
	Page       Channel = "page"        // only the page behind the recipient's own link
	Webhook    Channel = "webhook"     // a signed post
	Letter     Channel = "letter"      // printed and posted by a person
	Phone      Channel = "phone"       // called by a person, with a script
	HandedOver Channel = "handed_over" // typed into a portal or given by hand by a person
)

// Channels lists all channels.
func Channels() []Channel { return []Channel{Email, Page, Webhook, Letter, Phone, HandedOver} }

// Valid reports whether c is one of Channels.
func (c Channel) Valid() bool {
	for _, k := range Channels() {
		if c == k {
			return true
		}
	}
	return false
}

// ByHand says whether a person carries it and records what came of it.
func (c Channel) ByHand() bool { return c == Letter || c == Phone || c == HandedOver }

// Contact is one way to reach a recipient. A recipient's contacts are tried in order.
type Contact struct {
	Name    string `json:"name,omitempty"`
	Role    string `json:"role,omitempty"`
	Email   string `json:"email,omitempty"`
	Phone   string `json:"phone,omitempty"`
	Webhook string `json:"webhook,omitempty"`
	Postal  string `json:"postal,omitempty"` // address, lines parted by \n
}

// Own are the values of one recipient, kept as they go into the text.
type Own struct {
	Salutation string            `json:"salutation,omitempty"`
	Services   []string          `json:"services,omitempty"`
	Reference  string            `json:"reference,omitempty"`
	Clause     string            `json:"clause,omitempty"`
	Row        map[string]string `json:"row,omitempty"`  // columns of an imported file, and "label"
	Kind       string            `json:"kind,omitempty"` // of the party: customer, partner …
	Wish       Channel           `json:"wish,omitempty"` // chosen for this recipient, before the notice's channels
}

// Label is the column of a recipient's values that a list names groups by.
const Label = "label"

// Reader is what decides which text a recipient gets.
func (r Recipient) Reader() whom.Reader {
	return whom.Reader{Kind: r.Own.Kind, Country: r.Country, Label: r.Own.Row[Label], Channel: string(r.Channel)}
}

// Variant are the texts that some recipients get instead of the others.
type Variant struct {
	Name  string        `json:"name"`
	For   whom.For      `json:"for"`
	Texts []text.Source `json:"texts"` // per language; the first serves where theirs is missing
}

// Recipient is one line of a list: whom to tell, how, and what became of it. Times are
// product time, zero for never.
type Recipient struct {
	ID         string    `json:"id"`
	List       string    `json:"list"`
	Seq        int64     `json:"seq"`
	Root       string    `json:"root"` // the same recipient's line in the first notice
	Party      string    `json:"party,omitempty"`
	Name       string    `json:"name"`
	Lang       string    `json:"lang,omitempty"`
	Country    string    `json:"country,omitempty"`
	Contacts   []Contact `json:"contacts"`
	ContactNo  int       `json:"contact_no"` // which of Contacts is used now
	Channel    Channel   `json:"channel"`
	Address    string    `json:"address"` // of the channel used now
	Own        Own       `json:"own"`
	Liaison    string    `json:"liaison,omitempty"`
	DueAt      time.Time `json:"due_at,omitzero"`
	KeyAccount bool      `json:"key_account,omitempty"`
	Gap        string    `json:"gap,omitempty"`
	Warning    string    `json:"warning,omitempty"` // e.g. a look-alike domain

	State          State     `json:"state"`
	Attempts       int       `json:"attempts"` // of the channel used now
	Stage          int       `json:"stage"`    // 0 first way, 1 the second …
	MaybeTwice     bool      `json:"maybe_twice,omitempty"`
	Code           int       `json:"code,omitempty"` // of the server's last answer
	Answer         string    `json:"answer,omitempty"`
	NextAt         time.Time `json:"next_at,omitzero"`
	SendingAt      time.Time `json:"sending_at,omitzero"`
	SentAt         time.Time `json:"sent_at,omitzero"`
	DeliveredAt    time.Time `json:"delivered_at,omitzero"`
	FailedAt       time.Time `json:"failed_at,omitzero"`
	BouncedAt      time.Time `json:"bounced_at,omitzero"`
	OpenedAt       time.Time `json:"opened_at,omitzero"`
	AcknowledgedAt time.Time `json:"acknowledged_at,omitzero"`
	AcknowledgedBy string    `json:"acknowledged_by,omitempty"` // "page", "reply" or a person's id

	MessageID string `json:"message_id,omitempty"` // of the copy that is or will be sent; made from ID and Stage

	Links []byte `json:"-"` // SHA-256 of each link given out, one after the other
	Mark  int64  `json:"-"` // number of the outcome, for the batches in the ledger
}

// CameBack says that the newest copy was reported back as undeliverable, and nobody
// acknowledged the notice: this recipient has not been told, whatever was sent.
func (r Recipient) CameBack() bool {
	return !r.BouncedAt.IsZero() && !r.BouncedAt.Before(r.SentAt) && r.AcknowledgedAt.IsZero() && r.State != Sent && r.State != Delivered
}

// ToldAt is when the recipient was told, zero while not: when the copy was sent, or, where
// nothing but a page waits for them, when they first opened it.
func (r Recipient) ToldAt() time.Time {
	if r.Channel == Page {
		return r.OpenedAt
	}
	return r.SentAt
}

// Contact returns the contact used now; the zero Contact when there is none.
func (r Recipient) Contact() Contact {
	if r.ContactNo < len(r.Contacts) {
		return r.Contacts[r.ContactNo]
	}
	return Contact{}
}

// ListState is where a list of recipients stands.
type ListState string

// The states of a list.
const (
	Open   ListState = "open"
	Signed ListState = "signed" // frozen until somebody changes it, which voids the signature
	Used   ListState = "used"   // a run was started; nothing changes any more
)

// List is the recipients of one notice.
type List struct {
	ID          string    `json:"id"`
	Incident    string    `json:"incident"`
	Notice      string    `json:"notice"`
	Drill       bool      `json:"drill"`
	Follows     string    `json:"follows,omitempty"` // the list of the earlier notice
	State       ListState `json:"state"`
	Hash        string    `json:"hash,omitempty"` // since it is signed off
	Count       int       `json:"count"`          // who will be told
	Gaps        int       `json:"gaps"`
	SignedOffBy string    `json:"signed_off_by,omitempty"`
	SignedOffAt time.Time `json:"signed_off_at,omitzero"`
	MadeBy      string    `json:"made_by"`
	MadeAt      time.Time `json:"made_at"`
	Change      int64     `json:"change"` // grows with each change
}

// Tally counts a list's recipients by state. It is written with each change.
type Tally struct {
	Queued       int `json:"queued"`
	Sending      int `json:"sending"`
	Sent         int `json:"sent"`
	Delivered    int `json:"delivered"`
	Failed       int `json:"failed"`
	Bounced      int `json:"bounced"`
	Stopped      int `json:"stopped"`
	Gap          int `json:"gap"`
	LeftOut      int `json:"left_out"`
	Opened       int `json:"opened"`
	Acknowledged int `json:"acknowledged"`
	MaybeTwice   int `json:"maybe_twice"`
}

// Of is the count of one state.
func (t Tally) Of(s State) int {
	if p := t.of(s); p != nil {
		return *p
	}
	return 0
}

// Add changes the count of one state.
func (t *Tally) Add(s State, n int) {
	if p := t.of(s); p != nil {
		*p += n
	}
}

func (t *Tally) of(s State) *int {
	switch s {
	case Queued:
		return &t.Queued
	case Sending:
		return &t.Sending
	case Sent:
		return &t.Sent
	case Delivered:
		return &t.Delivered
	case Failed:
		return &t.Failed
	case Bounced:
		return &t.Bounced
	case Stopped:
		return &t.Stopped
	case Gap:
		return &t.Gap
	case LeftOut:
		return &t.LeftOut
	}
	return nil
}

// Total is how many are to be told: everybody but gaps and those left out.
func (t Tally) Total() int {
	return t.Queued + t.Sending + t.Sent + t.Delivered + t.Failed + t.Bounced + t.Stopped
}

// Went is how many copies have left the building.
func (t Tally) Went() int { return t.Sent + t.Delivered + t.Bounced }

// RunState is where a run stands.
type RunState string

// The states of a run.
const (
	Canary  RunState = "canary"  // only the first few go
	Waiting RunState = "waiting" // the first few went; a person decides whether the rest goes
	Running RunState = "running"
	Paused  RunState = "paused"
	Halted  RunState = "stopped" // by a person, for good
	Refused RunState = "refused" // a drill that was found out in the worker
	Done    RunState = "done"    // nobody waits any more; second channels may still follow
)

// Attachment is a file that goes with the notice; the content lies among the blobs.
type Attachment struct {
	Name   string `json:"name"`
	Media  string `json:"media"`
	SHA256 string `json:"sha256"`
}

// Fact is one fact a customer needs for an authority of their own (GDPR Art. 33(3)).
type Fact struct {
	Item    string `json:"item"`    // e.g. "33(3)(a)"
	Heading string `json:"heading"` // in the run's first language
	Text    string `json:"text"`
}

// Run is one sending of one approved notice to one signed list. Everything it needs comes
// with it by value; it is kept as it was approved.
type Run struct {
	ID       string        `json:"id"`
	Notice   string        `json:"notice"`
	Incident string        `json:"incident"` // id
	Ref      string        `json:"ref"`      // of the incident
	List     string        `json:"list"`
	ListHash string        `json:"list_hash,omitempty"` // when set, the list must have this one
	Drill    bool          `json:"drill"`
	Audience string        `json:"audience"`
	Purpose  string        `json:"purpose"`
	Texts    []text.Source `json:"texts"`              // per language; the first serves where theirs is missing
	Variants []Variant     `json:"variants,omitempty"` // the first that fits a recipient is theirs
	Channels []Channel     `json:"channels,omitempty"` // of the notice, in the order of use
	Second   Channel       `json:"second,omitempty"`   // after SecondAfter; "": the next way
	Common   text.Values   `json:"common"`
	Facts    []Fact        `json:"facts,omitempty"`
	Contact  string        `json:"contact,omitempty"` // whom to ask, for the page

	From        string        `json:"from,omitempty"` // default the server's sender
	ReplyTo     string        `json:"reply_to,omitempty"`
	Attachments []Attachment  `json:"attachments,omitempty"`
	Zone        string        `json:"zone,omitempty"` // for times in the text, default UTC
	NotBefore   time.Time     `json:"not_before,omitzero"`
	Canary      int           `json:"canary,omitempty"`       // 0: nobody waits
	PerSecond   float64       `json:"per_second,omitempty"`   // to the whole server, 0: as fast as it takes them
	PerDomain   float64       `json:"per_domain,omitempty"`   // to one domain of recipients, 0: unlimited
	SecondAfter time.Duration `json:"second_after,omitempty"` // without acknowledgement; 0: only after a bounce
	NeedsAck    bool          `json:"needs_ack,omitempty"`    // the recipient is asked to confirm
	LinkUntil   time.Time     `json:"link_until,omitzero"`    // pages end then; zero: 400 days after the start
	StartedBy   string        `json:"started_by,omitempty"`   // set by the service
	StartedAt   time.Time     `json:"started_at,omitzero"`    // set by the service
	State       RunState      `json:"-"`
	Reason      string        `json:"-"` // why it is paused, stopped or refused
	EndedAt     time.Time     `json:"-"`
	WaitUntil   time.Time     `json:"-"` // the server asked to be left alone until then
	CanaryLeft  int           `json:"-"`
}

// AddAll adds the counts of d.
func (t *Tally) AddAll(d Tally) {
	t.Queued += d.Queued
	t.Sending += d.Sending
	t.Sent += d.Sent
	t.Delivered += d.Delivered
	t.Failed += d.Failed
	t.Bounced += d.Bounced
	t.Stopped += d.Stopped
	t.Gap += d.Gap
	t.LeftOut += d.LeftOut
	t.Opened += d.Opened
	t.Acknowledged += d.Acknowledged
	t.MaybeTwice += d.MaybeTwice
}
