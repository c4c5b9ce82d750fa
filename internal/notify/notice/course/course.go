// Package course is what a notice amounts to by its entries: who is told what, the texts
// and their versions, the rounds of approval and how it left. It carries out policy 003
// ("the message sent to customers will be created by members of the communications team",
// approved by legal and executive) as a record that can be replayed.
//
// It is pure: Apply and Tell read nothing but an entry. It must not import a store, a
// clock or a face.
package course

import (
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/notify/notice/approval"
	"github.com/wakebell/wakebell/internal/notify/notice/bound"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/notify/notice/whom"
)

// Audience is the family of those who are told.
type Audience string

// The audiences.
const (
	Customer       Audience = "customer"
	DataSubject    Audience = "data_subject"
	Employee       Audience = "employee" // whose own data are concerned
	Partner        Audience = "partner"
	Vendor         Audience = "vendor"
	Authority      Audience = "authority"
	LawEnforcement Audience = "law_enforcement"
	Insurer        Audience = "insurer"
	Personnel      Audience = "personnel" // inward
	Press          Audience = "press"
)

// family says of an audience whose approval it needs and which duties it serves.
type family struct {
	Audience Audience
	What     string   // the plan's approval
	Owed     []string // kinds of recipients of duties
	NoList   bool     // it goes to the public or is handed over, not to a list
}

func families() []family {
	return []family{
		{Customer, "customer_notice", []string{"customer", "controller", "customers"}, false},
		{DataSubject, "data_subject_notice", []string{"persons"}, false},
		{Employee, "employee_notice", []string{"employee_group"}, false},
		{Partner, "partner_notice", []string{"partner"}, false},
		{Vendor, "vendor_notice", []string{"others"}, false},
		{Authority, "authority_filing", []string{"authority", "regulator", "csirt"}, false},
		{LawEnforcement, "law_enforcement", []string{"police"}, false},
		{Insurer, "insurer_notice", nil, false},
		{Personnel, "personnel_notice", nil, false},
		{Press, "media_statement", []string{"media", "market"}, true},
	}
}

// Audiences lists them in the order they are shown.
func Audiences() []Audience {
	var out []Audience
	for _, f := range families() {
		out = append(out, f.Audience)
	}
	return out
}

func (a Audience) family() family {
	for _, f := range families() {
		if f.Audience == a {
			return f
		}
	}
	return family{}
}

// What is the plan's word for the approval an audience needs.
func (a Audience) What() string { return a.family().What }

// NeedsList says whether a notice goes to listed recipients.
func (a Audience) NeedsList() bool { return !a.family().NoList }

// Serves says whether telling the audience may meet a duty owed to that kind of recipient.
func (a Audience) Serves(recipient string) bool { return slices.Contains(a.family().Owed, recipient) }

// Purpose is what a notice is for.
type Purpose string

// The purposes. All but the first follow an earlier notice.
const (
	First      Purpose = "first"
	Update     Purpose = "update"
	Correction Purpose = "correction"
	Withdrawal Purpose = "withdrawal"
	Resolved   Purpose = "resolved"
)

// Purposes lists them.
func Purposes() []Purpose { return []Purpose{First, Update, Correction, Withdrawal, Resolved} }

// State is where a notice stands.
type State string

// The states.
const (
	Draft     State = "draft"
	Review    State = "review"   // submitted: the bytes are frozen
	Returned  State = "returned" // sent back with a reason
	Approved  State = "approved"
	Released  State = "released" // handed to the sending
	Done      State = "done"     // the sending ended
	Withdrawn State = "withdrawn"
)

// Open says whether a notice can still be worked on.
func (s State) Open() bool { return s == Draft || s == Review || s == Returned || s == Approved }

// Text is one text in one language. Variant "" is the master text of its language.
type Text struct {
	Lang     string    `json:"lang"`
	Variant  string    `json:"variant,omitempty"`
	Version  int       `json:"version"`
	Subject  string    `json:"subject"`
	Body     string    `json:"body"`
	Template string    `json:"template,omitempty"` // it began as
	By       string    `json:"by"`
	At       time.Time `json:"at"`
	Removed  bool      `json:"removed,omitempty"`
}

// File is an attachment: a file of the incident, by its content.
type File struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Media  string `json:"media"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// Settings say how it is sent.
type Settings struct {
	Channels         []string  `json:"channels,omitempty"` // in the order of use
	EmbargoAt        time.Time `json:"embargo_at,omitzero"`
	Canary           int       `json:"canary,omitempty"`             // so many first
	SecondAfterHours int       `json:"second_after_hours,omitempty"` // without acknowledgement
	Second           string    `json:"second,omitempty"`             // the channel then
	ReplyTo          string    `json:"reply_to,omitempty"`
}

// Round is one submission: the bytes by their hash, who said yes, and how it ended.
type Round struct {
	Bound  string         `json:"bound"`
	By     string         `json:"by"`
	At     time.Time      `json:"at"`
	Needs  approval.Needs `json:"needs"`
	Given  []approval.Yes `json:"given"`
	Values text.Values    `json:"values,omitempty"` // what was known when it was submitted
	End    string         `json:"end,omitempty"`    // returned|voided
	EndBy  string         `json:"end_by,omitempty"`
	EndAt  time.Time      `json:"end_at,omitzero"`
	Reason string         `json:"reason,omitempty"` // of the return; what changed
}

// Missing lists the groups whose yes is still needed.
func (r Round) Missing() [][]string { return approval.Missing(r.Needs.By, r.Given) }

// Emergency says whether the plan's deputies stood in.
func (r Round) Emergency() bool {
	return slices.ContainsFunc(r.Given, func(y approval.Yes) bool { return y.Emergency })
}

// Release is how it left.
type Release struct {
	At         time.Time `json:"at"`
	By         string    `json:"by"`
	Bound      string    `json:"bound"`
	Run        string    `json:"run,omitempty"` // of the sending
	List       string    `json:"list,omitempty"`
	Count      int       `json:"count,omitempty"`
	Emergency  bool      `json:"emergency,omitempty"`
	Rehearsed  bool      `json:"rehearsed,omitempty"` // a drill: nothing was sent
	LateReason string    `json:"late_reason,omitempty"`
}

// Notice is what its entries amount to. Times are UTC; zero means none.
type Notice struct {
	ID        string   `json:"id"`
	Incident  string   `json:"incident"`
	No        int      `json:"no"` // in its incident, from 1
	Drill     bool     `json:"drill,omitempty"`
	Audience  Audience `json:"audience"`
	Purpose   Purpose  `json:"purpose"`
	Follows   int      `json:"follows,omitempty"` // no. of the earlier notice
	Voluntary bool     `json:"voluntary,omitempty"`
	Duties    []string `json:"duties,omitempty"` // keys of decide/duty
	Lang      string   `json:"lang"`             // of the master text others fall back to
	State     State    `json:"state"`
	Texts     []Text   `json:"texts"` // the newest version of each
	Files     []File   `json:"files,omitempty"`
	Settings  Settings `json:"settings"`
	// Variants says by name who gets a variant instead of the master text.
	Variants map[string]whom.For `json:"variants,omitempty"`
	// Ticks say where what the law asks for is said: a quote, or why not yet, by the word of
	// the packs' content. An approval does not cover them.
	Ticks     map[string]string `json:"ticks,omitempty"`
	Authors   []string          `json:"authors"` // who wrote any part of what is frozen
	Rounds    []Round           `json:"rounds,omitempty"`
	Release   *Release          `json:"release,omitempty"`
	StartedBy string            `json:"started_by"`
	StartedAt time.Time         `json:"started_at"`
	EndedAt   time.Time         `json:"ended_at,omitzero"`
	Reason    string            `json:"reason,omitempty"` // of the withdrawal
	UpdatedAt time.Time         `json:"updated_at"`
	Version   int64             `json:"version"` // the ETag
}

// Title is the subject of the master text, for people inside: fields stand as what was known
// at the submission, or as their names.
func (n Notice) Title() string {
	t, ok := n.Text(n.Lang, "")
	if !ok {
		return ""
	}
	var known text.Values
	if k := len(n.Rounds); k > 0 {
		known = n.Rounds[k-1].Values
	}
	return headline(t.Lang, t.Subject, known)
}

// Text returns the newest version of one text.
func (n Notice) Text(lang, variant string) (Text, bool) {
	for _, t := range n.Texts {
		if t.Lang == lang && t.Variant == variant {
			return t, true
		}
	}
	return Text{}, false
}

// VariantNames lists the variants that have a text, in the order of the alphabet: the first
// that fits a recipient is theirs.
func (n Notice) VariantNames() []string {
	var out []string
	for _, t := range n.Texts {
		if t.Variant != "" && !slices.Contains(out, t.Variant) {
			out = append(out, t.Variant)
		}
	}
	slices.Sort(out)
	return out
}

// VariantOf is the variant a reader gets, "" for the master text.
func (n Notice) VariantOf(r whom.Reader) string {
	for _, name := range n.VariantNames() {
		if n.Variants[name].Fits(r) {
			return name
		}
	}
	return ""
}

// Writers are those who wrote the notice or submitted it.
func (n Notice) Writers() []string {
	out := slices.Clone(n.Authors)
	if k := len(n.Rounds); k > 0 {
		out = append(out, n.Rounds[k-1].By)
	}
	return out
}

// Round is the submission that runs: nil before the first and after one ended.
func (n Notice) Round() *Round {
	if k := len(n.Rounds); k > 0 && n.Rounds[k-1].End == "" {
		return &n.Rounds[k-1]
	}
	return nil
}

// Content is what an approval covers, with the recipients as they are.
func (n Notice) Content(listHash string) bound.Content {
	c := bound.Content{
		Notice: n.ID, Audience: string(n.Audience), Purpose: string(n.Purpose), List: listHash,
		Channels: n.Settings.Channels, Canary: n.Settings.Canary, SecondAfterHours: n.Settings.SecondAfterHours,
		Second: n.Settings.Second, ReplyTo: n.Settings.ReplyTo,
	}
	if n.Follows > 0 {
		c.Follows = word(n.Follows)
	}
	if !n.Settings.EmbargoAt.IsZero() {
		c.EmbargoAt = n.Settings.EmbargoAt.UnixMicro()
	}
	for _, t := range n.Texts {
		c.Texts = append(c.Texts, bound.Text{Lang: t.Lang, Variant: t.Variant, Subject: t.Subject, Body: t.Body})
	}
	for _, name := range n.VariantNames() {
		f := n.Variants[name]
		c.Variants = append(c.Variants, bound.Variant{Name: name, Kinds: f.Kinds, Countries: f.Countries, Labels: f.Labels, Channels: f.Channels})
	}
	for _, f := range n.Files {
		c.Files = append(c.Files, bound.File{Name: f.Name, Media: f.Media, SHA256: f.SHA256})
	}
	return c
}

// Hold is what legal recorded of law enforcement's request to delay notices.
type Hold struct {
	Incident  string     `json:"incident"`
	Audiences []Audience `json:"audiences"` // those it names
	Text      string     `json:"text"`      // legal's direction
	By        string     `json:"by"`
	At        time.Time  `json:"at"`
}

// Unresolved gives of a list, newest first, the newest notice of each audience that was told
// and has not been told yet that it is resolved.
func Unresolved(list []Notice) []Notice {
	seen := map[Audience]bool{}
	out := []Notice{}
	for _, n := range list {
		told := n.State == Released || n.State == Done
		if !told || seen[n.Audience] || n.Audience == Press {
			continue
		}
		seen[n.Audience] = true
		if n.Purpose != Resolved && n.Purpose != Withdrawal {
			out = append(out, n)
		}
	}
	return out
}
