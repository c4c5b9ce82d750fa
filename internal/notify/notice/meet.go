package notice

import (
	"cmp"
	"context"
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
	all, err := s.Duties.ForIncident(ctx, r, n.Incident)
	if err != nil {
		return nil, err
	}
	var rules []string
	for _, d := range all {
		if slices.Contains(n.Duties, d.Key) && !slices.Contains(rules, d.Rule) {
			rules = append(rules, d.Rule)
		}
	}
	return slices.DeleteFunc(all, func(d duty.Duty) bool {
		return d.State != duty.Open || !n.Audience.Serves(d.Recipient.Kind) || !slices.Contains(n.Duties, d.Key) && !slices.Contains(rules, d.Rule)
	}), nil
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
	byParty, err := s.owedTo(ctx, tx, n, told)
	if err != nil {
		return err
	}
	var met []duty.Evidence
	for _, t := range told {
		if t.Party == "" {
			continue
		}
		for _, d := range byParty[t.Party] {
			if ev, ok := evidence(n, d, t.SentAt, t.AcknowledgedAt, cmp.Or(t.Recipient, n.ID)); ok {
				met = append(met, ev)
			}
		}
	}
	return s.Duties.MeetAllTx(ctx, tx, by, met...)
}

// owedTo lists the open duties that telling some recipients meets, by party. It is tied for
// those recipients alone: thousands may be owed, and this runs every few hundred copies.
func (s *Service) owedTo(ctx context.Context, r store.Reader, n Notice, told []Told) (map[string][]duty.Duty, error) {
	var parties []string
	seen := map[string]bool{"": true}
	for _, t := range told {
		if !seen[t.Party] {
			seen[t.Party] = true
			parties = append(parties, t.Party)
		}
	}
	list, err := next.To(ctx, r, n.Incident, parties)
	rules, out := map[string]bool{}, map[string][]duty.Duty{}
	for _, d := range list {
		serves, known := rules[d.Rule]
		if !known {
			serves = slices.ContainsFunc(n.Duties, func(key string) bool { return policy.OfRule(key, d.Rule) })
			rules[d.Rule] = serves
		}
		if serves && n.Audience.Serves(d.Recipient.Kind) {
			out[d.Recipient.ID] = append(out[d.Recipient.ID], d)
		}
	}
	return out, err
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
	return c.meet(func(d duty.Duty) bool { return d.Recipient.ID == "" })
}

// meetAll meets what the notice is tied to at once: a drill that was rehearsed, and what
// went to the public.
func (c *change) meetAll() error { return c.meet(func(duty.Duty) bool { return true }) }

func (c *change) meet(which func(duty.Duty) bool) error {
	open, err := c.s.tied(c.ctx, c.tx, c.n)
	if err != nil {
		return err
	}
	var met []duty.Evidence
	for _, d := range open {
		if !which(d) {
			continue
		}
		if ev, ok := evidence(c.n, d, c.now, time.Time{}, c.n.ID); ok {
			met = append(met, ev)
		}
	}
	return c.s.Duties.MeetAllTx(c.ctx, c.tx, c.by, met...)
}

// evidence is what meets a duty, if it is met yet.
func evidence(n Notice, d duty.Duty, sent, acknowledged time.Time, ref string) (duty.Evidence, bool) {
	ev := duty.Evidence{Duty: d.ID, With: withNotice, Ref: ref, At: sent, Remark: n.Called()}
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
