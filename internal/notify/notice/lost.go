package notice

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record/phrase"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/duty/next"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/kept"
)

// Why a duty is open again.
const (
	cameBack  = "The copy that met it came back as undeliverable: nobody was told by it"
	takenBack = "What met it was recorded by mistake and taken back: nobody was told by it"
)

// OnLost follows copies that came back. "Must be notified" (policy 003) is not met by a mail
// that nobody got: the duties they met are open again, unless another copy to the same party
// stands, and communications are told. When another way works, the duty is met anew, at its
// own time.
func (s *Service) OnLost(ctx context.Context, tx *store.Tx, by who.Identity, id string, recipients []Told) error {
	return s.lost(ctx, tx, by, id, recipients, cameBack)
}

// OnUndone follows what a person recorded and took back: a letter that was not posted has
// told nobody either.
func (s *Service) OnUndone(ctx context.Context, tx *store.Tx, by who.Identity, id string, recipients []Told) error {
	return s.lost(ctx, tx, by, id, recipients, takenBack)
}

func (s *Service) lost(ctx context.Context, tx *store.Tx, by who.Identity, id string, recipients []Told, why string) error {
	if by.IsZero() {
		return fault.New(fault.Denied, "nobody asks")
	}
	if len(recipients) == 0 {
		return nil
	}
	n, err := kept.ByID(ctx, tx, id)
	if err != nil || n.Release == nil {
		return err
	}
	open, err := metBy(ctx, tx, n.Incident, recipients)
	if err != nil || len(open) == 0 {
		return err
	}
	if err := s.Duties.ReopenTx(ctx, tx, by, open, why); err != nil {
		return err
	}
	others, err := s.post.Others(ctx, tx, n, parties(open))
	if err != nil {
		return err
	}
	if err := s.OnTold(ctx, tx, by, id, others); err != nil {
		return err
	}
	if open = slices.DeleteFunc(open, func(d duty.Duty) bool {
		return slices.ContainsFunc(others, func(t Told) bool {
			_, met := evidence(n, d, t.SentAt, t.AcknowledgedAt, t.Recipient)
			return met && t.Party == d.Recipient.ID
		})
	}); len(open) == 0 {
		return nil
	}
	st, err := s.Incidents.GetTx(tx, n.Incident)
	if err != nil {
		return err
	}
	c := &change{s: s, ctx: ctx, tx: tx, by: by, st: st, n: n, now: s.clk.Now()}
	return c.tellLost(open, why)
}

// metBy are the duties of an incident that were met by the copies of some recipients.
func metBy(ctx context.Context, r store.Reader, incident string, recipients []Told) ([]duty.Duty, error) {
	var to []string
	by := map[[2]string]bool{} // party and copy
	for _, t := range recipients {
		if t.Party != "" && !slices.Contains(to, t.Party) {
			to = append(to, t.Party)
		}
		by[[2]string{t.Party, t.Recipient}] = true
	}
	list, err := next.Met(ctx, r, incident, to)
	return slices.DeleteFunc(list, func(d duty.Duty) bool { return !by[[2]string{d.Recipient.ID, d.MetRef}] }), err
}

func parties(list []duty.Duty) (out []string) {
	for _, d := range list {
		if d.Recipient.ID != "" && !slices.Contains(out, d.Recipient.ID) {
			out = append(out, d.Recipient.ID)
		}
	}
	return out
}

// lostQuiet is how long one mail speaks for all copies that come back after it: it leads to
// the page that names them all.
const lostQuiet = 15 * time.Minute

// tellLost tells communications, and who released the notice.
func (c *change) tellLost(open []duty.Duty, why string) error {
	if c.s.Outbox == nil {
		return nil
	}
	what, because := "a copy came back: "+c.n.Called(), "because the copy that met it came back as undeliverable."
	if why == takenBack {
		what, because = "a record was taken back: "+c.n.Called(), "because what met it was recorded by mistake and taken back."
	}
	var said int
	err := c.tx.QueryRow(c.ctx, `SELECT COUNT(*) FROM mail_outbox WHERE about = ? AND subject = ? AND created_at > ?`,
		c.st.Ref, c.st.Ref+": "+what, clock.Micros(c.now.Add(-lostQuiet))).Scan(&said)
	if err != nil {
		return fmt.Errorf("look for what was said of notice %s: %w", c.n.ID, err)
	}
	if said > 0 {
		return nil
	}
	people, err := c.communications()
	if err != nil {
		return err
	}
	return c.tell(append(people, c.n.Release.By), what,
		phrase.Count(len(open), "duty is", "duties are")+" open again, "+because,
		"Where another address or a number is known, it is tried at once. Under Sending you see who was not reached: give another contact, or call.")
}

// communications are those who communicate in the incident, or the whole team.
func (c *change) communications() ([]string, error) {
	if people := c.st.Assignments[incident.Function("communications")]; len(people) > 0 {
		return slices.Clone(people), nil
	}
	var people []string
	dir, err := c.s.Directory.Snapshot(c.tx)
	for _, m := range dir.Teams["communications"].Members {
		people = append(people, m.Person)
	}
	return people, err
}
