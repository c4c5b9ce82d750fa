package notice

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/notify/notice/approval"
)

// The kinds of ledger entries. Their subject is the incident.
const (
	kindStarted   = "notice.started"
	kindWritten   = "notice.text_written"
	kindRemoved   = "notice.text_removed"
	kindAttached  = "notice.attached"
	kindDetached  = "notice.detached"
	kindSet       = "notice.settings_changed"
	kindTied      = "notice.duties_tied"
	kindSubmitted = "notice.submitted"
	kindApproved  = "notice.approved"
	kindReturned  = "notice.returned"
	kindVoided    = "notice.approval_voided"
	kindReleased  = "notice.released"
	kindEnded     = "notice.sending_ended"
	kindWithdrawn = "notice.withdrawn"
	kindHold      = "notice.hold_named"
)

// on begins the body of every entry but the hold's.
type on struct {
	Notice string `json:"notice"` // id
	No     int    `json:"no"`
}

type started struct {
	on
	Audience  Audience `json:"audience"`
	Purpose   Purpose  `json:"purpose"`
	Follows   int      `json:"follows,omitempty"`
	Voluntary bool     `json:"voluntary,omitempty"`
	Drill     bool     `json:"drill,omitempty"`
	Lang      string   `json:"lang"`
	Duties    []string `json:"duties,omitempty"`
	Settings  Settings `json:"settings"`
}

type written struct {
	on
	Lang     string `json:"lang"`
	Variant  string `json:"variant,omitempty"`
	Version  int    `json:"version"`
	Template string `json:"template,omitempty"`
	Subject  string `json:"subject" private:"true"`
	Body     string `json:"body" private:"true"`
}

type removed struct {
	on
	Lang    string `json:"lang"`
	Variant string `json:"variant,omitempty"`
}

type attached struct {
	on
	File   string `json:"file"`
	Media  string `json:"media"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	Name   string `json:"name" private:"true"`
}

type detached struct {
	on
	File string `json:"file"`
}

type settled struct {
	on
	Settings Settings `json:"settings"`
	ReplyTo  string   `json:"reply_to,omitempty" private:"true"`
}

type tied struct {
	on
	Duties []string `json:"duties"`
}

type submitted struct {
	on
	Bound string         `json:"bound"`
	Needs approval.Needs `json:"needs"`
}

type approved struct {
	on
	Bound     string   `json:"bound"`
	For       string   `json:"for,omitempty"`
	Roles     []string `json:"roles"`
	Emergency bool     `json:"emergency,omitempty"`
	Complete  bool     `json:"complete,omitempty"`
	Reason    string   `json:"reason,omitempty" private:"true"` // of an emergency
}

type returned struct {
	on
	Bound  string `json:"bound"`
	Reason string `json:"reason" private:"true"`
}

// voided says that a change ended the round; Told are those whose yes is void.
type voided struct {
	on
	Bound string   `json:"bound"`
	Cause string   `json:"cause"` // text|attachments|settings|recipients
	Told  []string `json:"told,omitempty"`
}

type released struct {
	on
	Bound      string `json:"bound"`
	Run        string `json:"run,omitempty"`
	List       string `json:"list,omitempty"`
	Count      int    `json:"count,omitempty"`
	Emergency  bool   `json:"emergency,omitempty"`
	Rehearsed  bool   `json:"rehearsed,omitempty"`
	Ended      bool   `json:"ended,omitempty"` // there is nothing to send
	LateReason string `json:"late_reason,omitempty" private:"true"`
}

type ended struct {
	on
	Run string `json:"run"`
}

type withdrawn struct {
	on
	Reason string `json:"reason" private:"true"`
}

type held struct {
	Audiences []Audience `json:"audiences"`
	Text      string     `json:"text" private:"true"`
}

// Kinds returns the ledger kinds this room writes.
func Kinds() []record.Kind {
	var out []record.Kind
	for _, k := range []string{
		kindStarted, kindWritten, kindRemoved, kindAttached, kindDetached, kindSet, kindTied, kindSubmitted, kindApproved,
		kindReturned, kindVoided, kindReleased, kindEnded, kindWithdrawn, kindHold,
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
	if e.Kind != kindStarted && n.ID == "" {
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
	case kindStarted:
		return decoded(e, func(n *Notice, b started) {
			*n = Notice{
				ID: b.Notice, Incident: e.Subject, No: b.No, Drill: b.Drill, Audience: b.Audience, Purpose: b.Purpose, Follows: b.Follows,
				Voluntary: b.Voluntary, Duties: b.Duties, Lang: b.Lang, Settings: b.Settings, State: Draft, StartedBy: e.Actor, StartedAt: e.At,
			}
		})
	case kindWritten:
		return decoded(e, func(n *Notice, b written) {
			t := Text{
				Lang: b.Lang, Variant: b.Variant, Version: b.Version, Subject: b.Subject, Body: b.Body, Template: b.Template, By: e.Actor, At: e.At,
			}
			n.removeText(b.Lang, b.Variant)
			n.Texts = append(n.Texts, t)
			slices.SortStableFunc(n.Texts, func(a, b Text) int { return strings.Compare(n.rank(a), n.rank(b)) })
			n.wrote(e.Actor)
		})
	case kindRemoved:
		return decoded(e, func(n *Notice, b removed) {
			n.removeText(b.Lang, b.Variant)
			n.wrote(e.Actor)
		})
	case kindAttached:
		return decoded(e, func(n *Notice, b attached) {
			n.Files = append(n.Files, File{ID: b.File, Name: b.Name, Media: b.Media, SHA256: b.SHA256, Size: b.Size})
			n.wrote(e.Actor)
		})
	case kindDetached:
		return decoded(e, func(n *Notice, b detached) {
			n.Files = slices.DeleteFunc(n.Files, func(f File) bool { return f.ID == b.File })
			n.wrote(e.Actor)
		})
	case kindSet:
		return decoded(e, func(n *Notice, b settled) {
			n.Settings = b.Settings
			n.Settings.ReplyTo = b.ReplyTo
			n.wrote(e.Actor)
		})
	case kindTied:
		return decoded(e, func(n *Notice, b tied) { n.Duties, n.Voluntary = b.Duties, len(b.Duties) == 0 })
	}
	return courseOf(e)
}

// courseOf is changeOf for what happens after the writing.
func courseOf(e record.Entry) (func(*Notice), error) {
	switch e.Kind {
	case kindSubmitted:
		return decoded(e, func(n *Notice, b submitted) {
			n.State = Review
			n.Rounds = append(n.Rounds, Round{Bound: b.Bound, By: e.Actor, At: e.At, Needs: b.Needs, Given: []approval.Yes{}})
		})
	case kindApproved:
		return decoded(e, func(n *Notice, b approved) {
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
	case kindReturned:
		return decoded(e, func(n *Notice, b returned) {
			n.State = Returned
			n.endRound(e, "returned", b.Reason)
		})
	case kindVoided:
		return decoded(e, func(n *Notice, b voided) {
			n.State = Draft
			n.endRound(e, "voided", b.Cause)
		})
	case kindReleased:
		return decoded(e, func(n *Notice, b released) {
			n.State = Released
			if b.Ended {
				n.State, n.EndedAt = Done, e.At
			}
			n.Release = &Release{
				At: e.At, By: e.Actor, Bound: b.Bound, Run: b.Run, List: b.List, Count: b.Count, Emergency: b.Emergency,
				Rehearsed: b.Rehearsed, LateReason: b.LateReason,
			}
		})
	case kindEnded:
		return decoded(e, func(n *Notice, _ ended) { n.State, n.EndedAt = Done, e.At })
	case kindWithdrawn:
		return decoded(e, func(n *Notice, b withdrawn) { n.State, n.EndedAt, n.Reason = Withdrawn, e.At, b.Reason })
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
