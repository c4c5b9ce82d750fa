package notice

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record/phrase"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/duty/next"
	"github.com/wakebell/wakebell/internal/decide/duty/policy"
	"github.com/wakebell/wakebell/internal/notify/notice/course"
	"github.com/wakebell/wakebell/internal/notify/notice/kept"
)

// Told is one recipient to whom something happened. Party is its id in the directory.
type Told struct {
	Recipient      string
	Party          string
	SentAt         time.Time
	AcknowledgedAt time.Time
}

// evidence of the duties that a notice meets.
const withNotice, withAck = "notice", "acknowledgement"

// tied lists the open duties that telling the notice's recipients may meet: those it is
// tied to, and those of the same rules that appeared since.
func (s *Service) tied(ctx context.Context, r store.Reader, n Notice) ([]duty.Duty, error) {
	if n.Voluntary {
		return nil, nil
	}
	open, err := s.Duties.OpenDuties(ctx, r, n.Incident)
	serves := serving(n)
	return slices.DeleteFunc(open, func(d duty.Duty) bool { return !serves(d.Rule, d.Recipient.Kind) }), err
}

// serving says whether the notice serves duties of a rule to a kind of recipient: a rule of
// which it is tied to one. It may be tied to thousands, of few rules: they are looked
// through once for each.
func serving(n Notice) func(rule, kind string) bool {
	rules := map[string]bool{}
	return func(rule, kind string) bool {
		tied, known := rules[rule]
		if !known {
			tied = slices.ContainsFunc(n.Duties, func(key string) bool { return policy.OfRule(key, rule) })
			rules[rule] = tied
		}
		return tied && n.Audience.Serves(kind)
	}
}

// OnTold follows the sending: a duty is met by its own recipient's outcome, at the moment
// its rule says, which is sent, or acknowledged where the contract asks. Those that are
// late carry the reason given at the release.
func (s *Service) OnTold(ctx context.Context, tx *store.Tx, by who.Identity, id string, told []Told) error {
	if by.IsZero() {
		return fault.New(fault.Denied, "nobody asks")
	}
	n, err := kept.ByID(ctx, tx, id)
	if err != nil || n.Release == nil || n.Voluntary {
		return err
	}
	byParty := map[string][]Told{}
	for _, t := range told {
		if t.Party != "" {
			byParty[t.Party] = append(byParty[t.Party], t)
		}
	}
	return s.meetOf(ctx, tx, by, n, slices.Collect(maps.Keys(byParty)), func(d duty.Duty) (duty.Evidence, bool) {
		for _, t := range byParty[d.Recipient.ID] {
			if ev, ok := evidence(n, d, t.SentAt, t.AcknowledgedAt, cmp.Or(t.Recipient, n.ID)); ok {
				return ev, true
			}
		}
		return duty.Evidence{}, false
	})
}

// meetOf meets what the notice serves of the duties to some parties, where there is evidence.
// Thousands may be owed, and this runs every few hundred copies: only theirs are read.
func (s *Service) meetOf(ctx context.Context, tx *store.Tx, by who.Identity, n Notice, parties []string, evidence func(duty.Duty) (duty.Evidence, bool)) error {
	owed, err := next.To(ctx, tx, n.Incident, parties)
	if err != nil {
		return err
	}
	var ids []string
	serves := serving(n)
	for _, d := range owed {
		if serves(d.Rule, d.Kind) {
			ids = append(ids, d.ID)
		}
	}
	return s.Duties.MeetAllTx(ctx, tx, by, ids, evidence)
}

// OnEnd follows the end of the sending: everybody on the list was told, or is named as one
// who could not be. What is owed to a group, not to a party, is met then, if anybody was told.
func (s *Service) OnEnd(ctx context.Context, tx *store.Tx, by who.Identity, id string, told bool) error {
	if by.IsZero() {
		return fault.New(fault.Denied, "nobody asks")
	}
	n, err := kept.ByID(ctx, tx, id)
	if err != nil || n.State != Released {
		return err
	}
	st, err := s.Incidents.GetTx(tx, n.Incident)
	if err != nil {
		return err
	}
	c := &change{s: s, ctx: ctx, tx: tx, by: by, st: st, n: n, now: s.clk.Now()}
	if err := c.record(course.KindEnded, course.Ended{On: c.on(), Run: n.Release.Run}); err != nil || !told {
		return err
	}
	return s.meetOf(ctx, tx, by, c.n, []string{""}, c.toldNow)
}

// meetAll meets what the notice is tied to at once: a drill that was rehearsed, and what
// went to the public.
func (c *change) meetAll() error {
	open, err := c.s.tied(c.ctx, c.tx, c.n)
	if err != nil {
		return err
	}
	ids := make([]string, len(open))
	for i, d := range open {
		ids[i] = d.ID
	}
	return c.s.Duties.MeetAllTx(c.ctx, c.tx, c.by, ids, c.toldNow)
}

// toldNow is the evidence of a notice that tells all at once.
func (c *change) toldNow(d duty.Duty) (duty.Evidence, bool) {
	return evidence(c.n, d, c.now, time.Time{}, c.n.ID)
}

// evidence is what meets a duty, if it is met yet.
func evidence(n Notice, d duty.Duty, sent, acknowledged time.Time, ref string) (duty.Evidence, bool) {
	ev := duty.Evidence{With: withNotice, Ref: ref, At: sent, Remark: n.Called()}
	if d.NeedsAck {
		ev.With, ev.At = withAck, acknowledged
	}
	if ev.At.IsZero() || !slices.Contains(d.MetBy, ev.With) {
		return ev, false
	}
	if n.Drill {
		ev.Remark += ", rehearsed in a drill: nothing was sent"
	}
	if ev.At.After(d.DueAt) {
		ev.LateReason = n.Release.LateReason
		if ev.LateReason == "" {
			ev.LateReason = "The notice was released in time, at " + phrase.Time(n.Release.At, ev.At) + "; it took until then."
		}
	}
	return ev, true
}
