package notice

import (
	"context"
	"fmt"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/notify/notice/course"
	"github.com/wakebell/wakebell/internal/notify/notice/kept"
	"github.com/wakebell/wakebell/internal/notify/notice/shelf"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

// List is where the recipients of a notice stand. The zero List: there are none yet.
type List struct {
	ID          string    `json:"id"`
	Hash        string    `json:"hash"`
	Count       int       `json:"count"`
	Gaps        int       `json:"gaps"`
	SignedOffBy string    `json:"signed_off_by,omitempty"`
	SignedOffAt time.Time `json:"signed_off_at,omitzero"`
}

// SignedOff says whether communications answered for the list.
func (l List) SignedOff() bool { return !l.SignedOffAt.IsZero() }

// Handover is what a release gives to the sending.
type Handover struct {
	Run    string // id
	Notice Notice
	List   List
	Values text.Values // that every recipient's copy has in common
	Zone   string      // in which its times are said
	// NeedsAck: a duty it serves is met by acknowledgement only, so it must be asked for.
	NeedsAck bool
}

// Post keeps the lists of recipients and sends to them.
type Post interface {
	// List is the list of a notice; the zero List where there is none.
	List(ctx context.Context, r store.Reader, notice string) (List, error)
	// Carry makes the list of a notice that follows another: exactly those who got the
	// earlier one, to which those found affected since are added.
	Carry(ctx context.Context, tx *store.Tx, by who.Identity, earlier, next Notice) error
	// Reroute follows a change of the notice's channels: its list says where each copy goes.
	Reroute(ctx context.Context, tx *store.Tx, by who.Identity, n Notice) error
	// Others are those on the notice's list, of these parties, whose copies stand.
	Others(ctx context.Context, r store.Reader, n Notice, parties []string) ([]Told, error)
	// Send starts the sending. It refuses a drill.
	Send(ctx context.Context, tx *store.Tx, by who.Identity, h Handover) error
}

// Deps is what the service stands on.
type Deps struct {
	DB        *store.DB
	Ledger    *record.Ledger
	Clock     *clock.Clock
	Plans     *plan.Service
	Directory *directory.Service
	Incidents *incident.Service
	Duties    *duty.Service
	Files     *file.Service
	Outbox    *mail.Outbox
	Templates *shelf.Shelf // nil: the shipped ones
	BaseURL   string       // for links in mails
}

// Service keeps notices. Every method checks the permission first.
type Service struct {
	Deps
	db   *store.DB
	led  *record.Ledger
	clk  *clock.Clock
	post Post
}

// New returns the service. It starts nothing.
func New(d Deps) *Service {
	if d.Templates == nil {
		d.Templates, _ = shelf.New(nil) // the shipped ones alone are always right
	}
	return &Service{Deps: d, db: d.DB, led: d.Ledger, clk: d.Clock}
}

// Deliver names who keeps the lists and sends. Only at wiring.
func (s *Service) Deliver(p Post) { s.post = p }

// list is the list of a notice; none where nobody keeps lists.
func (s *Service) list(ctx context.Context, r store.Reader, n Notice) (List, error) {
	if s.post == nil || !n.Audience.NeedsList() {
		return List{}, nil
	}
	l, err := s.post.List(ctx, r, n.ID)
	if err != nil {
		return l, fmt.Errorf("read the recipients of notice %s: %w", n.ID, err)
	}
	return l, nil
}

// change is one write about one notice.
type change struct {
	s   *Service
	ctx context.Context
	tx  *store.Tx
	by  who.Identity
	st  incident.State
	n   Notice
	now time.Time
}

// change runs fn on a notice of an incident and gives the notice after it. The caller has
// checked the permission.
func (s *Service) change(ctx context.Context, by who.Identity, op, ref string, no int, fn func(c *change) error) (Notice, error) {
	return s.write(ctx, by, op, func(tx *store.Tx) (Notice, error) {
		st, err := s.Incidents.GetTx(tx, ref)
		if err != nil {
			return Notice{}, err
		}
		n, err := kept.ByNo(ctx, tx, st.ID, no)
		if err != nil {
			return Notice{}, err
		}
		c := &change{s: s, ctx: ctx, tx: tx, by: by, st: st, n: n, now: s.clk.Now()}
		err = fn(c)
		return c.n, err
	})
}

func (s *Service) write(ctx context.Context, by who.Identity, op string, fn func(tx *store.Tx) (Notice, error)) (Notice, error) {
	var after Notice
	out, err := s.db.Write(ctx, store.Op{Name: op, Actor: by.Actor}, func(tx *store.Tx) error {
		var err error
		if after, err = fn(tx); err != nil {
			return err
		}
		tx.SetResult(after.ID)
		return nil
	})
	if err != nil {
		return Notice{}, err
	}
	if out.Replayed {
		return kept.ByID(ctx, s.db, out.ResultID)
	}
	return after, nil
}

// record appends an entry about the notice and projects it.
func (c *change) record(kind string, body any) error {
	e, err := c.s.led.Append(c.tx, record.Draft{Kind: kind, Subject: c.st.ID, Actor: c.by.Actor, Body: body})
	if err != nil {
		return err
	}
	n, err := kept.Project(row.Live(c.tx), e)
	if err == nil {
		c.n = n
	}
	return err
}

// on names the notice in an entry.
func (c *change) on() course.On { return course.On{Notice: c.n.ID, No: c.n.No} }

// ifVersion refuses a change made from an older state; 0 asks for none.
func (c *change) ifVersion(v int64) error {
	if v > 0 && v != c.n.Version {
		return fault.Newf(fault.Precondition, "This notice has changed since you read it (version %d); read it again", c.n.Version)
	}
	return nil
}

// editable refuses a change of a notice that has left or was withdrawn.
func (c *change) editable() error {
	switch {
	case c.n.State == Withdrawn:
		return fault.New(fault.Conflict, "This notice was withdrawn; start another one")
	case !c.n.State.Open():
		return fault.New(fault.Conflict, "This notice has left and stays as it was sent; start an update or a correction that follows it")
	}
	return nil
}

// edit records a change of what an approval covers. A round that runs is void by it: those
// who said yes are told, and the notice is a draft again.
func (c *change) edit(kind string, body any, cause string) error {
	if err := c.record(kind, body); err != nil {
		return err
	}
	return c.void(cause)
}

// void ends the round that runs, because of a change.
func (c *change) void(cause string) error {
	r := c.n.Round()
	if r == nil {
		return nil
	}
	v := course.Voided{On: c.on(), Bound: r.Bound, Cause: cause}
	for _, y := range r.Given {
		v.Told = append(v.Told, y.Person)
	}
	if err := c.record(course.KindVoided, v); err != nil {
		return err
	}
	return c.tellVoided(v)
}
