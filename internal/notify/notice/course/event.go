package course

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/notify/notice/approval"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/notify/notice/whom"
)

// The kinds of ledger entries. Their subject is the incident.
const (
	KindStarted   = "notice.started"
	KindWritten   = "notice.text_written"
	KindRemoved   = "notice.text_removed"
	KindMeant     = "notice.variant_meant"
	KindAttached  = "notice.attached"
	KindDetached  = "notice.detached"
	KindSet       = "notice.settings_changed"
	KindTied      = "notice.duties_tied"
	KindTicked    = "notice.content_ticked"
	KindSubmitted = "notice.submitted"
	KindApproved  = "notice.approved"
	KindReturned  = "notice.returned"
	KindVoided    = "notice.approval_voided"
	KindReleased  = "notice.released"
	KindEnded     = "notice.sending_ended"
	KindWithdrawn = "notice.withdrawn"
	KindHold      = "notice.hold_named"
)

// On begins the body of every entry but the hold's.
type On struct {
	Notice string `json:"notice"` // id
	No     int    `json:"no"`
}

// Started begins a notice.
type Started struct {
	On
	Audience  Audience `json:"audience"`
	Purpose   Purpose  `json:"purpose"`
	Follows   int      `json:"follows,omitempty"`
	Voluntary bool     `json:"voluntary,omitempty"`
	Drill     bool     `json:"drill,omitempty"`
	Lang      string   `json:"lang"`
	Duties    []string `json:"duties,omitempty"`
	Settings  Settings `json:"settings"`
}

// Written is a new version of a text; an earlier one is kept.
type Written struct {
	On
	Lang     string `json:"lang"`
	Variant  string `json:"variant,omitempty"`
	Version  int    `json:"version"`
	Template string `json:"template,omitempty"`
	Subject  string `json:"subject" private:"true"`
	Body     string `json:"body" private:"true"`
}

// Removed takes a text away, in every version.
type Removed struct {
	On
	Lang    string `json:"lang"`
	Variant string `json:"variant,omitempty"`
}

// Meant says who gets a variant instead of the master text.
type Meant struct {
	On
	Variant   string   `json:"variant"`
	Kinds     []string `json:"kinds,omitempty"`
	Countries []string `json:"countries,omitempty"`
	Channels  []string `json:"channels,omitempty"`
	Labels    []string `json:"labels,omitempty" private:"true"`
}

// Attached adds a file of the incident by its hash.
type Attached struct {
	On
	File   string `json:"file"`
	Media  string `json:"media"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	Name   string `json:"name" private:"true"`
}

// Detached takes a file away again.
type Detached struct {
	On
	File string `json:"file"`
}

// Settled says how the notice is sent.
type Settled struct {
	On
	Settings Settings `json:"settings"`
	ReplyTo  string   `json:"reply_to,omitempty" private:"true"`
}

// Tied says which duties the notice may meet, all of them anew.
type Tied struct {
	On
	Duties []string `json:"duties"`
}

// Ticked says where a text says what the law asks for: a quote of it, or "not yet: " and why.
type Ticked struct {
	On
	Item  string `json:"item"`                           // a word of the rule packs' content
	Quote string `json:"quote,omitempty" private:"true"` // "" takes the tick away
}

// Submitted freezes the bytes: Bound is their SHA-256, which every yes names.
type Submitted struct {
	On
	Bound  string         `json:"bound"`
	Needs  approval.Needs `json:"needs"`
	Values text.Values    `json:"values,omitempty" private:"true"` // what was known then
}

// GivenYes is one yes to exactly the bytes of Bound; Complete says that no other is needed.
type GivenYes struct {
	On
	Bound     string   `json:"bound"`
	For       string   `json:"for,omitempty"`
	Roles     []string `json:"roles"`
	Emergency bool     `json:"emergency,omitempty"`
	Complete  bool     `json:"complete,omitempty"`
	Reason    string   `json:"reason,omitempty" private:"true"` // of an emergency
}

// SentBack ends the round with what must change.
type SentBack struct {
	On
	Bound  string `json:"bound"`
	Reason string `json:"reason" private:"true"`
}

// Voided says that a change ended the round; Told are those whose yes is void.
type Voided struct {
	On
	Bound string   `json:"bound"`
	Cause string   `json:"cause"` // text|attachments|settings|recipients|files
	Told  []string `json:"told,omitempty"`
}

// Left is the release: the copies go, in a drill they are rehearsed.
type Left struct {
	On
	Bound      string `json:"bound"`
	Run        string `json:"run,omitempty"`
	List       string `json:"list,omitempty"`
	Count      int    `json:"count,omitempty"`
	Emergency  bool   `json:"emergency,omitempty"`
	Rehearsed  bool   `json:"rehearsed,omitempty"`
	Ended      bool   `json:"ended,omitempty"` // there is nothing to send
	LateReason string `json:"late_reason,omitempty" private:"true"`
}

// Ended says that the sending has ended.
type Ended struct {
	On
	Run string `json:"run"`
}

// Dropped withdraws the notice before its release.
type Dropped struct {
	On
	Reason string `json:"reason" private:"true"`
}

// Held is what legal recorded of a delay that law enforcement asked for: whom it concerns.
type Held struct {
	Audiences []Audience `json:"audiences"`
	Text      string     `json:"text" private:"true"`
}

// Kinds returns the ledger kinds this room writes.
func Kinds() []record.Kind {
	var out []record.Kind
	for _, k := range []string{
		KindStarted, KindWritten, KindRemoved, KindMeant, KindAttached, KindDetached, KindSet, KindTied, KindTicked, KindSubmitted, KindApproved,
		KindReturned, KindVoided, KindReleased, KindEnded, KindWithdrawn, KindHold,
	} {
		out = append(out, record.Kind{Name: k, Version: 1})
	}
	return out
}

// Apply gives the notice after one of its entries. It reads nothing but the entry.
func Apply(n Notice, e record.Entry) (Notice, error) {
	apply, err := changeOf(e)
	if err != nil {
		return n, err
	}
	if e.Kind != KindStarted && n.ID == "" {
		return n, fmt.Errorf("notice: %s comes before the notice was started", e.Kind)
	}
	n.Texts, n.Files, n.Rounds = slices.Clone(n.Texts), slices.Clone(n.Files), slices.Clone(n.Rounds)
	n.Authors = slices.Clone(n.Authors)
	apply(&n)
	n.Version++
	n.UpdatedAt = e.RecordedAt
	return n, nil
}

// decoded reads a body and gives it to fn when the notice is at hand.
func decoded[B any](e record.Entry, fn func(n *Notice, b B)) (func(*Notice), error) {
	var b B
	err := e.Decode(&b)
	return func(n *Notice) { fn(n, b) }, err
}

func changeOf(e record.Entry) (func(*Notice), error) {
	switch e.Kind {
	case KindStarted:
		return decoded(e, func(n *Notice, b Started) {
			*n = Notice{
				ID: b.Notice, Incident: e.Subject, No: b.No, Drill: b.Drill, Audience: b.Audience, Purpose: b.Purpose, Follows: b.Follows,
				Voluntary: b.Voluntary, Duties: b.Duties, Lang: b.Lang, Settings: b.Settings, State: Draft, StartedBy: e.Actor, StartedAt: e.At,
			}
		})
	case KindWritten:
		return decoded(e, func(n *Notice, b Written) {
			t := Text{
				Lang: b.Lang, Variant: b.Variant, Version: b.Version, Subject: b.Subject, Body: b.Body, Template: b.Template, By: e.Actor, At: e.At,
			}
			n.removeText(b.Lang, b.Variant)
			n.Texts = append(n.Texts, t)
			slices.SortStableFunc(n.Texts, func(a, b Text) int { return strings.Compare(n.rank(a), n.rank(b)) })
			n.wrote(e.Actor)
		})
	case KindRemoved:
		return decoded(e, func(n *Notice, b Removed) {
			n.removeText(b.Lang, b.Variant)
			n.wrote(e.Actor)
		})
	case KindMeant:
		return decoded(e, func(n *Notice, b Meant) {
			n.Variants = maps.Clone(n.Variants)
			if n.Variants == nil {
				n.Variants = map[string]whom.For{}
			}
			n.Variants[b.Variant] = whom.For{Kinds: b.Kinds, Countries: b.Countries, Labels: b.Labels, Channels: b.Channels}
			n.wrote(e.Actor)
		})
	case KindAttached:
		return decoded(e, func(n *Notice, b Attached) {
			n.Files = append(n.Files, File{ID: b.File, Name: b.Name, Media: b.Media, SHA256: b.SHA256, Size: b.Size})
			n.wrote(e.Actor)
		})
	case KindDetached:
		return decoded(e, func(n *Notice, b Detached) {
			n.Files = slices.DeleteFunc(n.Files, func(f File) bool { return f.ID == b.File })
			n.wrote(e.Actor)
		})
	case KindSet:
		return decoded(e, func(n *Notice, b Settled) {
			n.Settings = b.Settings
			n.Settings.ReplyTo = b.ReplyTo
			n.wrote(e.Actor)
		})
	case KindTied:
		return decoded(e, func(n *Notice, b Tied) { n.Duties, n.Voluntary = b.Duties, len(b.Duties) == 0 })
	case KindTicked:
		return decoded(e, func(n *Notice, b Ticked) {
			n.Ticks = maps.Clone(n.Ticks)
			if b.Quote == "" {
				delete(n.Ticks, b.Item)
				return
			}
			if n.Ticks == nil {
				n.Ticks = map[string]string{}
			}
			n.Ticks[b.Item] = b.Quote
		})
	}
	return courseOf(e)
}

// courseOf is changeOf for what happens after the writing.
func courseOf(e record.Entry) (func(*Notice), error) {
	switch e.Kind {
	case KindSubmitted:
		return decoded(e, func(n *Notice, b Submitted) {
			n.State = Review
			n.Rounds = append(n.Rounds, Round{Bound: b.Bound, By: e.Actor, At: e.At, Needs: b.Needs, Values: b.Values, Given: []approval.Yes{}})
		})
	case KindApproved:
		return decoded(e, func(n *Notice, b GivenYes) {
			r := &n.Rounds[len(n.Rounds)-1]
			r.Given = append(slices.Clone(r.Given), approval.Yes{
				Person: e.Actor, For: b.For, Roles: b.Roles, Emergency: b.Emergency, At: e.At,
			})
			if b.Emergency {
				r.Reason = b.Reason
			}
			if b.Complete {
				n.State = Approved
			}
		})
	case KindReturned:
		return decoded(e, func(n *Notice, b SentBack) {
			n.State = Returned
			n.endRound(e, "returned", b.Reason)
		})
	case KindVoided:
		return decoded(e, func(n *Notice, b Voided) {
			n.State = Draft
			n.endRound(e, "voided", b.Cause)
		})
	case KindReleased:
		return decoded(e, func(n *Notice, b Left) {
			n.State = Released
			if b.Ended {
				n.State, n.EndedAt = Done, e.At
			}
			n.Release = &Release{
				At: e.At, By: e.Actor, Bound: b.Bound, Run: b.Run, List: b.List, Count: b.Count, Emergency: b.Emergency,
				Rehearsed: b.Rehearsed, LateReason: b.LateReason,
			}
		})
	case KindEnded:
		return decoded(e, func(n *Notice, _ Ended) { n.State, n.EndedAt = Done, e.At })
	case KindWithdrawn:
		return decoded(e, func(n *Notice, b Dropped) { n.State, n.EndedAt, n.Reason = Withdrawn, e.At, b.Reason })
	}
	return nil, fmt.Errorf("notice: cannot apply %s", e.Kind)
}

// rank puts the master text first, then by language and variant.
func (n *Notice) rank(t Text) string {
	first := "1"
	if t.Lang == n.Lang {
		first = "0"
	}
	return first + t.Lang + "\x00" + t.Variant
}

func (n *Notice) removeText(lang, variant string) {
	n.Texts = slices.DeleteFunc(n.Texts, func(t Text) bool { return t.Lang == lang && t.Variant == variant })
}

func (n *Notice) wrote(actor string) {
	if !slices.Contains(n.Authors, actor) {
		n.Authors = append(n.Authors, actor)
	}
}

func (n *Notice) endRound(e record.Entry, how, reason string) {
	r := &n.Rounds[len(n.Rounds)-1]
	r.End, r.EndBy, r.EndAt, r.Reason = how, e.Actor, e.At, reason
}

func word(n int) string { return strconv.Itoa(n) }
