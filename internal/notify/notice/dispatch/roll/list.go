package roll

import (
	"context"
	"fmt"
	"strings"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/mail/bulk"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

// ListSpec asks for a list of recipients.
type ListSpec struct {
	Notice   string
	Incident string // id or reference
	Follows  string // list of an earlier notice: it begins with exactly those who got that one
}

// Create is CreateTx in a write of its own. Permission notice.write.
func (s *Service) Create(ctx context.Context, by who.Identity, spec ListSpec) (List, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return List{}, err
	}
	var l List
	err := s.write(ctx, by, "dispatch.create", func(tx *store.Tx) (err error) {
		l, err = s.CreateTx(tx, by, spec)
		return err
	})
	return l, err
}

// CreateTx makes the list of a notice. Permission notice.write.
func (s *Service) CreateTx(tx *store.Tx, by who.Identity, spec ListSpec) (List, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return List{}, err
	}
	if spec.Notice == "" {
		return List{}, fault.InvalidField("notice", "is missing")
	}
	st, err := s.incidents.GetTx(tx, spec.Incident)
	if err != nil {
		return List{}, err
	}
	now := s.clk.Now()
	l := List{
		ID: ident.New(now), Incident: st.ID, Notice: spec.Notice, Drill: st.Kind == incident.Drill, Follows: spec.Follows,
		State: item.Open, MadeBy: by.Actor, MadeAt: now, Change: 1,
	}
	if spec.Follows != "" {
		earlier, err := item.FindList(clock.Background(), tx, spec.Follows)
		if err != nil {
			return List{}, err
		}
		if earlier.Incident != l.Incident {
			return List{}, fault.InvalidField("follows", "is the list of another incident")
		}
		l.State = filling
	}
	_, err = tx.Exec(`INSERT INTO dispatch_list (id, incident_id, notice, drill, follows, state, hash, signed_by, signed_at, made_by, made_at, next_seq, change_no)
		VALUES (?,?,?,?,?,?,'','',0,?,?,1,1)`, l.ID, l.Incident, l.Notice, l.Drill, l.Follows, l.State, l.MadeBy, clock.Micros(l.MadeAt))
	if err != nil {
		return List{}, fmt.Errorf("make a list of recipients: %w", err)
	}
	_, err = tx.Exec(`INSERT INTO dispatch_tally (list_id, queued, sending, sent, delivered, failed, bounced, stopped, gap, left_out, opened, acknowledged, twice)
		VALUES (?,0,0,0,0,0,0,0,0,0,0,0,0)`, l.ID)
	if err != nil {
		return List{}, fmt.Errorf("make a list of recipients: %w", err)
	}
	if spec.Follows == "" {
		return l, nil
	}
	return s.copyTx(tx, l)
}

// List returns a list with its counts. Permission notice.read.
func (s *Service) List(ctx context.Context, by who.Identity, id string) (List, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return List{}, err
	}
	return item.FindList(ctx, s.db, id)
}

// ListOf returns the newest list of a notice. Permission notice.read.
func (s *Service) ListOf(ctx context.Context, by who.Identity, notice string) (List, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return List{}, err
	}
	return item.ListOf(ctx, s.db, notice)
}

// ListNow is the newest list of a notice as a transaction sees it. It needs no permission:
// the notice room asks.
func (s *Service) ListNow(ctx context.Context, r store.Reader, notice string) (List, error) {
	return item.ListOf(ctx, r, notice)
}

// Frozen says what a signed list holds: its hash and how many will be told. It needs no
// permission: the notice room binds an approval to it.
func (s *Service) Frozen(r store.Reader, list string) (hash string, count int, signedOff bool, err error) {
	l, err := item.FindList(clock.Background(), r, list)
	return l.Hash, l.Count, l.State == item.Signed || l.State == item.Used, err
}

// openTx reads a list that may still be changed. A signature on it is voided: what was
// signed is not what stands there any more.
func (s *Service) openTx(tx *store.Tx, by who.Identity, id string) (List, error) {
	l, err := item.FindList(clock.Background(), tx, id)
	switch {
	case err != nil:
		return l, err
	case l.State == item.Used:
		return l, fault.New(fault.Conflict, "This list was used: its notice has been sent. Write an update to reach others")
	case l.State == filling:
		return l, fault.New(fault.Conflict, "The recipients of the earlier notice are still being copied; try again in a moment")
	}
	signed := l.State == item.Signed
	if signed {
		if err := s.append(tx, by, item.KindVoided, l.Incident, item.Voided{List: l.ID, Notice: l.Notice, Hash: l.Hash}); err != nil {
			return l, err
		}
		l.State, l.Hash = item.Open, ""
	}
	_, err = tx.Exec(`UPDATE dispatch_list SET state=?, hash='', signed_by='', signed_at=0, change_no=change_no+1 WHERE id=?`, item.Open, l.ID)
	if err != nil {
		return l, fmt.Errorf("open list %s: %w", l.ID, err)
	}
	if signed {
		err = s.changedTx(clock.Background(), tx, by, l)
	}
	return l, err
}

// addTx adds recipients at the end of a list and returns which were new, in their order.
func (s *Service) addTx(tx *store.Tx, l List, list []Recipient) ([]bool, error) {
	var seq int64
	if err := tx.QueryRow(clock.Background(), `SELECT next_seq FROM dispatch_list WHERE id=?`, l.ID).Scan(&seq); err != nil {
		return nil, fmt.Errorf("add to list %s: %w", l.ID, err)
	}
	now := s.clk.Now()
	keys := make([]string, len(list))
	for n := range list {
		r := &list[n]
		r.ID, r.List, r.Seq = ident.New(now), l.ID, seq
		if r.Root == "" {
			r.Root = r.ID
		}
		keys[n] = dedupe(*r)
		seq++
	}
	added, err := item.InsertMany(tx, list, keys)
	if err != nil {
		return nil, err
	}
	var d Tally
	for n, ok := range added {
		if ok {
			d.Add(list[n].State, 1)
		}
	}
	if err := item.Count(tx, l.ID, d); err != nil {
		return nil, err
	}
	_, err = tx.Exec(`UPDATE dispatch_list SET next_seq=? WHERE id=?`, seq, l.ID)
	return added, err
}

// dedupe is what two lines for the same recipient have in common: where the copy goes, or
// who it is for.
func dedupe(r Recipient) string {
	switch {
	case r.Address != "":
		return string(r.Channel) + ":" + strings.ToLower(strings.TrimSpace(r.Address))
	case r.Party != "":
		return "party:" + r.Party
	}
	return "id:" + r.ID
}

// Fix is the answer to a gap, or a better way for somebody on the list.
type Fix struct {
	Contact Contact // put first
	Channel Channel // "": the best the contact allows
	Lang    string
	Label   string // for the texts that are meant for a group
}

// FixContact gives a recipient a contact before the list is used. Permission notice.write.
func (s *Service) FixContact(ctx context.Context, by who.Identity, recipient string, fix Fix) (Recipient, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return Recipient{}, err
	}
	if err := CheckContact(fix.Contact, fix.Channel); err != nil {
		return Recipient{}, err
	}
	if fix.Lang != "" && !tagged(fix.Lang) {
		return Recipient{}, fault.InvalidField("lang", "must be a language tag like de or pt-BR")
	}
	if !bulk.ValidLine(fix.Label, maxLine) {
		return Recipient{}, fault.InvalidField("label", "must be one line of at most 200 ordinary characters")
	}
	err := s.write(ctx, by, "dispatch.fix_contact", func(tx *store.Tx) error {
		before, l, err := s.onOpenList(tx, by, recipient)
		if err != nil {
			return err
		}
		after := before
		if fix.Contact != (Contact{}) {
			after.Contacts = append([]Contact{fix.Contact}, before.Contacts...)
		}
		if fix.Lang != "" {
			after.Lang = strings.ToLower(fix.Lang)
		}
		how, err := s.ways(ctx, tx, l)
		if err != nil {
			return err
		}
		if fix.Channel != "" {
			after.Own.Wish = fix.Channel
		}
		if fix.Label != "" {
			after.Own.Row = labelled(before.Own.Row, fix.Label)
		}
		dir, err := s.dirs.Snapshot(tx)
		if err != nil {
			return err
		}
		after = reach(after, how, domains(dir, s.from))
		if after.State == Gap {
			return fault.InvalidField("contact", "has no address for this channel; give one, or choose another channel")
		}
		if err := s.rewrite(tx, before, after); err != nil {
			return err
		}
		if err := item.Happened(tx, s.clk, after.ID, "contact", "A contact was given: "+string(after.Channel), by.Actor); err != nil {
			return err
		}
		return s.append(tx, by, item.KindFixed, l.Incident, item.Single{Notice: l.Notice, Recipient: after.ID, Channel: after.Channel})
	})
	if err != nil {
		return Recipient{}, err
	}
	return item.Find(ctx, s.db, recipient)
}

// LeaveOut decides that somebody on the list is not told by this notice, with the reason.
// Permission notice.write.
func (s *Service) LeaveOut(ctx context.Context, by who.Identity, recipient, reason string) error {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return err
	}
	if err := fault.Invalids(check.Text(nil, "reason", reason, check.Screen, true)...); err != nil {
		return err
	}
	return s.write(ctx, by, "dispatch.leave_out", func(tx *store.Tx) error {
		before, l, err := s.onOpenList(tx, by, recipient)
		if err != nil {
			return err
		}
		after := before
		after.State, after.Gap = LeftOut, reason
		if err := s.rewrite(tx, before, after); err != nil {
			return err
		}
		return s.append(tx, by, item.KindLeftOut, l.Incident, item.Left{List: l.ID, Recipient: after.ID, Reason: reason})
	})
}

// onOpenList reads a recipient whose list may be changed; the list is opened for it.
func (s *Service) onOpenList(tx *store.Tx, by who.Identity, recipient string) (Recipient, List, error) {
	r, err := item.Find(clock.Background(), tx, recipient)
	if err != nil {
		return r, List{}, err
	}
	l, err := s.openTx(tx, by, r.List)
	return r, l, err
}

func (s *Service) rewrite(tx *store.Tx, before, after Recipient) error {
	err := item.Rewrite(tx, after, dedupe(after))
	if store.IsUnique(err) {
		return fault.InvalidField("contact", "belongs to somebody else on this list already")
	}
	if err != nil {
		return err
	}
	return item.Count(tx, after.List, item.Moved(before, after))
}

// SignOff answers for a list: these and nobody else are told. It is a person's act, of
// communications (policy 000). Open gaps stand in its way: each is given a contact or left
// out with a reason. Permission notice.write.
func (s *Service) SignOff(ctx context.Context, by who.Identity, list string) (List, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return List{}, err
	}
	if err := s.speaksForUs(by); err != nil {
		return List{}, err
	}
	l, err := item.FindList(ctx, s.db, list)
	if err != nil {
		return List{}, err
	}
	// A hundred thousand lines are read and hashed outside the transaction; the number of
	// changes says whether they are still the same inside it.
	hash, count, err := s.sum(ctx, l)
	if err != nil {
		return List{}, err
	}
	err = s.write(ctx, by, "dispatch.sign_off", func(tx *store.Tx) error {
		now, err := item.FindList(ctx, tx, list)
		switch {
		case err != nil:
			return err
		case now.State == item.Used:
			return fault.New(fault.Conflict, "This list was used: its notice has been sent")
		case now.State != item.Open:
			return fault.New(fault.Conflict, "This list is signed off already, or still being filled")
		case now.Change != l.Change:
			return fault.New(fault.Conflict, "Somebody changed the list just now; look at it again")
		case now.Gaps > 0:
			return fault.Newf(fault.Conflict, "%d recipients cannot be reached: give each a contact, or leave it out with a reason", now.Gaps)
		case now.Count == 0:
			return fault.New(fault.Conflict, "There is nobody on the list yet")
		}
		t, err := item.Tallied(ctx, tx, list)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE dispatch_list SET state=?, hash=?, signed_by=?, signed_at=? WHERE id=?`,
			item.Signed, hash, by.Actor, clock.Micros(s.clk.Now()), list)
		if err != nil {
			return fmt.Errorf("sign off list %s: %w", list, err)
		}
		if err := s.append(tx, by, item.KindSigned, l.Incident, item.SignedOff{List: l.ID, Notice: l.Notice, Hash: hash, Count: count, LeftOut: t.LeftOut}); err != nil {
			return err
		}
		return s.changedTx(ctx, tx, by, l)
	})
	if err != nil {
		return List{}, err
	}
	return item.FindList(ctx, s.db, list)
}

// speaksForUs wants a person of communications.
func (s *Service) speaksForUs(by who.Identity) error {
	if by.Person == "" {
		return fault.New(fault.Denied, "A list of recipients is signed off by a person, not by a token without one")
	}
	if by.Is(who.Communications) {
		return nil
	}
	dir, err := s.dirs.Snapshot(s.db)
	if err != nil {
		return err
	}
	if !dir.IsMember(by.Person, "communications") {
		return fault.New(fault.Denied, "The list of recipients is signed off by somebody of communications")
	}
	return nil
}

// sum reads who will be told and hashes it. The order of the list is no part of the hash.
func (s *Service) sum(ctx context.Context, l List) (string, int, error) {
	var digests [][32]byte
	err := item.Each(ctx, s.db, l.ID, func(r Recipient) error {
		if r.State != LeftOut && r.State != Gap {
			digests = append(digests, item.Digest(r))
		}
		return nil
	})
	return item.Sum(digests), len(digests), err
}
