package dispatch

import (
	"context"
	"strconv"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/desk"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

// Filter restricts a list of recipients.
type Filter struct {
	State   State   `json:"state,omitempty"`
	Channel Channel `json:"channel,omitempty"` // among those of State, or of the whole list
	Twice   bool    `json:"twice,omitempty"`   // who may have got it twice
	Begins  string  `json:"begins,omitempty"`  // whose name or address begins so, in the order of the alphabet
}

// Recipients returns a page of a list in its order, or of a search in that of the alphabet, and the cursor of the next page.
// Permission recipient.read.
func (s *Service) Recipients(ctx context.Context, by who.Identity, list string, f Filter, cursor string, limit int) ([]Recipient, string, error) {
	if err := who.Check(by, who.PermRecipientRead); err != nil {
		return nil, "", err
	}
	if f.State != "" && !f.State.Valid() {
		return nil, "", fault.InvalidField("state", "is no state of a recipient")
	}
	if f.Channel != "" && !f.Channel.Valid() {
		return nil, "", fault.InvalidField("channel", "is no channel")
	}
	if f := check.Text(nil, "begins", f.Begins, check.Line, false); len(f) > 0 {
		return nil, "", fault.Invalids(f...)
	}
	if _, err := item.FindList(ctx, s.db, list); err != nil {
		return nil, "", err
	}
	bound, n := []any{"recipients", list, f}, 1
	key := item.Key(f.Begins)
	if key != "" {
		n = 3
	}
	keys, err := by.OpenCursor(cursor, bound, n)
	if err != nil {
		return nil, "", err
	}
	limit = who.Limit(limit)
	q, args := "", []any{}
	if f.State != "" {
		q, args = q+` AND state=?`, append(args, f.State)
	}
	if f.Channel != "" {
		q, args = q+` AND channel=?`, append(args, f.Channel)
	}
	if f.Twice {
		q += ` AND maybe_twice=1`
	}
	page, places, err := s.pageOf(ctx, list, f.State, key, keys, limit+1, q, args)
	if err != nil {
		return nil, "", err
	}
	for n := range page {
		page[n].MessageID = s.messageID(page[n])
	}
	if len(page) <= limit {
		return page, "", nil
	}
	page = page[:limit]
	return page, by.Cursor(bound, places[limit-1]...), nil
}

// fewEnough recipients of a state are sorted anew for each page of a search.
const fewEnough = 2000

// pageOf reads recipients after the keys of a cursor, each with its own.
func (s *Service) pageOf(ctx context.Context, list string, state State, key string, keys []string, limit int, cond string, args []any) ([]Recipient, [][]string, error) {
	var places [][]string
	if key != "" {
		from, err := item.PlaceOf(keys)
		if err != nil {
			return nil, nil, err
		}
		t, err := item.Tallied(ctx, s.db, list)
		if err != nil {
			return nil, nil, err
		}
		few := state != "" && t.Of(state) <= fewEnough
		page, at, err := item.Begins(ctx, s.db, list, key, from, limit, few, cond, args...)
		for _, p := range at {
			places = append(places, p.Keys())
		}
		return page, places, err
	}
	if keys != nil {
		after, err := strconv.ParseInt(keys[0], 10, 64)
		if err != nil {
			return nil, nil, fault.InvalidField("cursor", "does not belong to this list; start again without it")
		}
		cond, args = cond+` AND seq>?`, append(args, after)
	}
	page, err := item.Query(ctx, s.db, `WHERE list_id=?`+cond+` ORDER BY seq LIMIT ?`, append(append([]any{list}, args...), limit)...)
	for _, r := range page {
		places = append(places, []string{strconv.FormatInt(r.Seq, 10)})
	}
	return page, places, err
}

// Standing are the recipients of a party on the list of a notice whose copies were sent and
// did not come back. It needs no permission: the notice room asks. It reads the whole list.
func (s *Service) Standing(ctx context.Context, r store.Reader, notice, party string) ([]Recipient, error) {
	l, err := item.ListOf(ctx, r, notice)
	if err != nil {
		return nil, err
	}
	return item.Query(ctx, r, `WHERE list_id=? AND party=? AND state IN ('sent','delivered') ORDER BY sent_at`, l.ID, party)
}

// messageID is the Message-ID of a recipient's mail, "" where none goes by mail.
func (s *Service) messageID(r Recipient) string {
	if r.Channel != Email {
		return ""
	}
	return item.MessageID(r, s.domain())
}

// Detail is one recipient with everything that happened.
type Detail struct {
	Recipient
	Incident string  `json:"incident"`
	Notice   string  `json:"notice"`
	Script   string  `json:"script,omitempty"` // what to say on the telephone, since it was released
	Undoable bool    `json:"undoable"`         // what a person recorded last can be taken back
	History  []Event `json:"history"`
}

// Recipient returns one recipient with the history. Permission recipient.read; a liaison
// with recipient.work reads the own customers.
func (s *Service) Recipient(ctx context.Context, by who.Identity, id string) (Detail, error) {
	if err := who.CheckAny(by, who.PermRecipientRead, who.PermRecipientWork); err != nil {
		return Detail{}, err
	}
	var d Detail
	err := s.db.View(ctx, func(v *store.View) (err error) {
		if d.Recipient, err = item.Find(ctx, v, id); err != nil {
			return err
		}
		if !sees(by, d.Recipient) {
			return item.ErrNone
		}
		l, err := item.FindList(ctx, v, d.List)
		if err != nil {
			return err
		}
		d.Incident, d.Notice = l.Incident, l.Notice
		d.MessageID, d.Undoable = s.messageID(d.Recipient), item.Undoable(d.Recipient)
		if d.Script, err = s.scripts()(ctx, v, d.Recipient); err != nil {
			return err
		}
		d.History, err = item.Events(ctx, v, id)
		return err
	})
	return d, err
}

// Customer is one line of a liaison's list.
type Customer struct {
	Recipient
	Incident string   `json:"incident"`
	Ref      string   `json:"ref"`
	Notice   string   `json:"notice"`
	Run      RunState `json:"run,omitempty"` // "" before it is sent
	Script   string   `json:"script,omitempty"`
}

// Mine are the recipients a liaison looks after, of notices that are being prepared or were
// sent: first whom to tell first. Permission recipient.work.
func (s *Service) Mine(ctx context.Context, by who.Identity, cursor string, limit int) ([]Customer, string, error) {
	if err := who.Check(by, who.PermRecipientWork); err != nil {
		return nil, "", err
	}
	if by.Person == "" {
		return []Customer{}, "", nil
	}
	bound := []any{"mine"}
	keys, err := by.OpenCursor(cursor, bound, 2)
	if err != nil {
		return nil, "", err
	}
	limit = who.Limit(limit)
	q, args := `WHERE liaison=? AND state<>'left_out'`, []any{by.Person}
	if keys != nil {
		due, err := strconv.ParseInt(keys[0], 10, 64)
		if err != nil {
			return nil, "", fault.InvalidField("cursor", "does not belong to this list; start again without it")
		}
		q, args = q+` AND (due_at, id) > (?, ?)`, append(args, due, keys[1])
	}
	page, err := item.Query(ctx, s.db, q+` AND liaison <> '' ORDER BY due_at, id LIMIT ?`, append(args, limit+1)...)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(page) > limit {
		page = page[:limit]
		last := page[limit-1]
		next = by.Cursor(bound, strconv.FormatInt(clock.Micros(last.DueAt), 10), last.ID)
	}
	out := make([]Customer, 0, len(page))
	lists := map[string]Customer{} // few lists, many recipients
	script := s.scripts()
	for _, r := range page {
		c, known := lists[r.List]
		if !known {
			if c, err = s.context(ctx, r.List); err != nil {
				return nil, "", err
			}
			lists[r.List] = c
		}
		c.Recipient = r
		if c.Script, err = script(ctx, s.db, r); err != nil {
			return nil, "", err
		}
		out = append(out, c)
	}
	return out, next, nil
}

// scripts gives what to say to a recipient on the telephone: the text that was approved for
// whoever is called, else the one they get in writing. It reads each run once.
func (s *Service) scripts() func(ctx context.Context, r store.Reader, of Recipient) (string, error) {
	desks := map[string]*desk.Desk{}
	return func(ctx context.Context, r store.Reader, of Recipient) (string, error) {
		d, known := desks[of.List]
		if !known {
			run, err := runOfList(ctx, r, of.List)
			if err == nil {
				d, err = desk.New(run)
			}
			if err != nil && fault.KindOf(err) != fault.NotFound {
				return "", err
			}
			desks[of.List] = d
		}
		if d == nil {
			return "", nil // not released yet
		}
		of.Channel = Phone
		out, err := d.Write(of, s.cfg.BaseURL+"/n/…")
		if out.Text == "" {
			return "", err
		}
		return out.Text, nil // with a mark where a value is missing: a person reads it
	}
}

// context is what all recipients of one list have in common.
func (s *Service) context(ctx context.Context, list string) (Customer, error) {
	l, err := item.FindList(ctx, s.db, list)
	if err != nil {
		return Customer{}, err
	}
	st, err := s.incidents.GetTx(s.db, l.Incident)
	if err != nil {
		return Customer{}, err
	}
	c := Customer{Incident: l.Incident, Ref: st.Ref, Notice: l.Notice}
	run, err := runOfList(ctx, s.db, list)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return c, nil
	}
	c.Run = run.State
	return c, err
}
