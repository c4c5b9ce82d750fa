package bounce

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/store"
)

// read is the handler of bounce.read. A mailbox that cannot be read is no failed job: the next
// one comes in a minute, and Standing says what is wrong.
func (s *Service) read(ctx context.Context, j job.Job) error {
	if !s.cfg.Enabled() {
		return j.Done(ctx, nil) // taken out of the configuration
	}
	bounded, cancel := context.WithTimeout(ctx, turn)
	defer cancel()
	more, err := s.readMailbox(bounded)
	if err != nil {
		s.log.Warn("the mailbox of reports cannot be read", "error", err)
	}
	return j.Done(ctx, func(tx *store.Tx) error {
		p, e := s.place(ctx, tx)
		if e != nil {
			return e
		}
		now := s.clk.Now()
		if p.lastError = ""; err != nil {
			p.lastError, p.failedAt = line(err.Error(), longest), now
		} else {
			p.readAt = now
		}
		if e := s.keep(tx, p); e != nil || !more {
			return e
		}
		return s.jobs.Enqueue(tx, job.Draft{Kind: jobKind, Unique: s.cfg.name(), MaxAttempts: 3})
	})
}

// readMailbox handles what is new, in order. more says that there is more than the time
// allowed for. A message is marked as read after it was handled and the place behind it is
// kept; so after a crash it may be handled again, and none is passed over.
func (s *Service) readMailbox(ctx context.Context) (more bool, err error) {
	m, err := openMailbox(ctx, s.cfg, s.trust)
	if err != nil {
		return false, err
	}
	defer m.leave()
	p, err := s.place(ctx, s.db)
	if err != nil {
		return false, err
	}
	if p.validity != m.validity { // another mailbox by the same name: from its beginning
		p.validity, p.next, p.tries = m.validity, 1, 0
	}
	until := s.clk.Real().Add(turn / 2)
	uids, err := m.next(p.next)
	for err == nil && len(uids) > 0 {
		if s.clk.Real().After(until) {
			return true, nil
		}
		some := uids[:min(chunk, len(uids))]
		if p.tries > 0 { // one of these made trouble: one by one, until it is known which
			some = uids[:1]
		}
		uids = uids[len(some):]
		err = s.readSome(ctx, m, &p, some)
	}
	return false, err
}

// readSome handles a chunk of messages and keeps the place behind the last one that was.
func (s *Service) readSome(ctx context.Context, m *mailbox, p *place, uids []imap.UID) error {
	var known []imap.UID
	unknown := int64(0)
	at := uids[0] // the message that is being handled
	err := m.fetch(uids, func(uid imap.UID, raw []byte) error {
		at = uid
		ours, err := s.take(ctx, uid, raw)
		switch {
		case err != nil:
			return fmt.Errorf("message %d: %w", uid, err)
		case ours:
			known = append(known, uid)
		default:
			unknown++
		}
		at++
		return nil
	})
	switch {
	case err == nil:
		p.next, p.tries = uids[len(uids)-1]+1, 0
	case ctx.Err() != nil: // the time was over
		p.next = at
	case len(uids) == 1 && p.tries+1 >= patience:
		s.log.Error("a message of the mailbox is left unread: it cannot be handled", "uid", uids[0], "error", err)
		p.next, p.tries, unknown, err = uids[0]+1, 0, 1, nil
	default:
		p.next, p.tries = at, p.tries+1
	}
	_, e := s.db.Write(ctx, store.Op{Name: "bounce.read", Actor: "mail"}, func(tx *store.Tx) error {
		now, err := s.place(ctx, tx)
		if err != nil {
			return err
		}
		now.validity, now.next, now.tries = p.validity, p.next, p.tries
		now.matched += int64(len(known))
		now.unmatched += unknown
		return s.keep(tx, now)
	})
	if e == nil {
		e = m.seen(known)
	}
	return errors.Join(err, e)
}

// take handles one message of the mailbox. ours says that it was about a message of ours; an
// error means again, later.
func (s *Service) take(ctx context.Context, uid imap.UID, raw []byte) (ours bool, err error) {
	list, err := Parse(bytes.NewReader(raw))
	if err == nil {
		err = s.handleAll(ctx, list, raw)
	}
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, ErrNoMessage) || final(err):
		s.log.Info("a message of the mailbox is left unread", "uid", uid, "error", err)
		return false, nil
	}
	return false, err
}

// handleAll hands on what one message reports. One recipient that is ours is enough: a report
// about several may name others too.
func (s *Service) handleAll(ctx context.Context, list []Report, raw []byte) error {
	var no error
	ours := false
	for _, r := range list {
		r.Mark = s.cfg.markIn(r.To)
		switch err := s.handle(ctx, r, raw); {
		case err == nil:
			ours = true
		case final(err):
			no = err
		default:
			return err
		}
	}
	if ours {
		return nil
	}
	return no
}

// final reports an error that another attempt would meet too.
func final(err error) bool {
	switch fault.KindOf(err) {
	case fault.NotFound, fault.Invalid, fault.Conflict, fault.Gone, fault.Denied:
		return true
	}
	return false
}
