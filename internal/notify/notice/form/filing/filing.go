// Package filing keeps what is filed with authorities: drafts filled in from the record,
// their versions, the approval bound to the exact answers, and what was filed as it was
// sent, with its receipt.
//
// It carries out policy 000 ("Winmore must use available notification forms provided by
// competent authorities", "Notifying competent authorities") and policy 003 (the SIHT tells
// "government bodies or officials as required by applicable statutes and/or regulations").
// A filing that is recorded meets the duty it belongs to at the time it was filed. A drill
// is filled in, approved and printed like any other, and is never filed. It must not import
// respond or a face.
package filing

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/notify/notice/form"
)

// State is where a filing stands.
type State string

// The states. A change of the answers leads back to draft.
const (
	Draft     State = "draft"
	Review    State = "review"   // submitted: waits for approval
	Approved  State = "approved" // may be filed
	Filed     State = "filed"
	Discarded State = "discarded"
)

// Origin is what a filing is about; it never changes.
type Origin struct {
	Ref         string   `json:"ref"` // incident reference
	Drill       bool     `json:"drill,omitempty"`
	No          int      `json:"no"`               // counts in the incident from 1
	Duty        string   `json:"duty,omitempty"`   // id of the duty it meets
	Rule        string   `json:"rule,omitempty"`   // id of the rule of the law
	Entity      string   `json:"entity,omitempty"` // id of our legal entity
	Recipient   string   `json:"recipient"`        // name of the authority
	Form        string   `json:"form"`
	FormVersion string   `json:"form_version"`
	FormHash    string   `json:"form_hash"` // SHA-256 of the form's file; of the rule packs for a form of ours
	Stage       string   `json:"stage"`
	Combines    []string `json:"combines,omitempty"` // stages filed together with it
	Follows     int      `json:"follows,omitempty"`  // number of the filing it follows
}

// Filing is one form of an incident for one entity and one authority. Times are UTC; zero
// means none.
type Filing struct {
	ID       string `json:"id"`
	Incident string `json:"incident"` // incident id
	Origin
	State       State      `json:"state"`
	Version     int        `json:"version"`         // of the answers
	Bound       string     `json:"bound,omitempty"` // SHA-256 of what was submitted for approval
	SubmittedBy string     `json:"submitted_by,omitempty"`
	SubmittedAt time.Time  `json:"submitted_at,omitzero"`
	Approvals   []Approval `json:"approvals,omitempty"`
	Writers     []string   `json:"writers"` // who wrote any of the answers
	Returned    string     `json:"returned,omitempty"`
	ReturnedBy  string     `json:"returned_by,omitempty"`
	Voided      bool       `json:"voided,omitempty"` // it was approved or submitted, and changed since
	CreatedBy   string     `json:"created_by"`
	CreatedAt   time.Time  `json:"created_at"`
	ChangedAt   time.Time  `json:"changed_at"`
	Sent        *Sent      `json:"sent,omitempty"`
	Receipts    []Receipt  `json:"receipts,omitempty"`
	Discarded   string     `json:"discarded,omitempty"` // why
}

// Approval is one person's yes to exactly the bound answers.
type Approval struct {
	Person string    `json:"person"`
	As     string    `json:"as"` // the role it was given in
	Group  int       `json:"group"`
	At     time.Time `json:"at"`
}

// Sent is what was filed: how, when, by whom, and its bytes as files of the incident.
type Sent struct {
	At         time.Time  `json:"at"`
	By         string     `json:"by"`
	Channel    string     `json:"channel"`
	Bound      string     `json:"bound"`
	Documents  []Document `json:"documents"`
	LateReason string     `json:"late_reason,omitempty"`
	Note       string     `json:"note,omitempty"`
}

// Document is one file that was filed or received.
type Document struct {
	File   string `json:"file"` // id of the incident's file
	Kind   string `json:"kind"` // pdf, json, receipt
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// Receipt is what the authority answered.
type Receipt struct {
	Number   string    `json:"number"`
	At       time.Time `json:"at"`
	By       string    `json:"by"` // who recorded it
	Document *Document `json:"document,omitempty"`
}

// Reference is the newest number the authority gave.
func (f Filing) Reference() string {
	for _, r := range slices.Backward(f.Receipts) {
		if r.Number != "" {
			return r.Number
		}
	}
	return ""
}

// Open says whether it is still being worked on.
func (f Filing) Open() bool { return f.State != Filed && f.State != Discarded }

// Version is one saved state of the answers.
type Version struct {
	Filing  string       `json:"filing"`
	Number  int          `json:"number"`
	By      string       `json:"by"`
	At      time.Time    `json:"at"`
	Changed []string     `json:"changed,omitempty"` // ids of the fields that changed
	SHA256  string       `json:"sha256"`            // of form.Canonical
	Answers form.Answers `json:"answers"`
	Erased  bool         `json:"erased,omitempty"`
}

// channels are the ways something is filed.
var channels = []string{"portal", "email", "letter", "phone", "secure_channel", "in_person"}

// Channels lists the ways something is filed.
func Channels() []string { return slices.Clone(channels) }

// bound is the SHA-256 of everything an approval says yes to.
func bound(f Filing, answers form.Answers) string {
	b, _ := json.Marshal(struct { // strings and maps of strings cannot fail
		Incident, Recipient, Entity, Rule, Form, FormVersion, FormHash, Stage string
		Combines                                                              []string
		Follows                                                               int
		Answers                                                               json.RawMessage
	}{f.Incident, f.Recipient, f.Entity, f.Rule, f.Form, f.FormVersion, f.FormHash, f.Stage, f.Combines, f.Follows, form.Canonical(answers)})
	return digest(b)
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// missing lists the groups of roles of which nobody has approved yet.
func (f Filing) missing(groups [][]string) (out [][]string) {
	for i, g := range groups {
		if !slices.ContainsFunc(f.Approvals, func(a Approval) bool { return a.Group == i }) {
			out = append(out, g)
		}
	}
	return out
}

func sortByNo(list []Filing) {
	slices.SortFunc(list, func(a, b Filing) int { return cmp.Compare(a.No, b.No) })
}
