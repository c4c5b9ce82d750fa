package roll

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

// Ways are the channels of a notice in the order of use, and the one that follows when
// nobody acknowledged.
type Ways struct {
	Channels []Channel
	Second   Channel
}

func (w Ways) of(r Recipient) []Channel { return item.Order(r.Own.Wish, w.Channels, w.Second) }

// Route says the ways of a notice.
type Route func(ctx context.Context, r store.Reader, notice string) (Ways, error)

// By names who knows the ways of a notice. Only at wiring.
func (s *Service) By(r Route) { s.route = r }

// ways are those of a list's notice; none are named where nobody knows it.
func (s *Service) ways(ctx context.Context, r store.Reader, l List) (Ways, error) {
	if s.route == nil {
		return Ways{}, nil
	}
	w, err := s.route(ctx, r, l.Notice)
	if err != nil {
		return w, fmt.Errorf("read the channels of notice %s: %w", l.Notice, err)
	}
	return w, nil
}

// labelled is a copy of a recipient's columns with a label.
func labelled(row map[string]string, label string) map[string]string {
	if label == "" {
		return row
	}
	row = maps.Clone(row)
	if row == nil {
		row = map[string]string{}
	}
	row[item.Label] = label
	return row
}

// jobRoute goes on putting a list on other ways where one transaction would be too long.
const jobRoute = "dispatch.route"

type routing struct {
	List  string `json:"list"`
	After int64  `json:"after"` // seq of the last line looked at
}

// RerouteTx puts everybody on a notice's list on the ways that it names now. What was signed
// off said where each copy goes, so the sign-off is void. The notice room calls it when its
// channels change; it checks the permission notice.write.
func (s *Service) RerouteTx(ctx context.Context, tx *store.Tx, by who.Identity, notice string) error {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return err
	}
	l, err := item.ListOf(ctx, tx, notice)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return nil
	}
	if err != nil {
		return err
	}
	if l, err = s.openTx(tx, by, l.ID); err != nil {
		return err
	}
	return s.routePage(ctx, tx, l, 0)
}

// routePage looks at one page of a list and leaves the next behind as a job.
func (s *Service) routePage(ctx context.Context, tx *store.Tx, l List, after int64) error {
	how, err := s.ways(ctx, tx, l)
	if err != nil {
		return err
	}
	page, err := item.Query(ctx, tx, `WHERE list_id=? AND seq>? ORDER BY seq LIMIT ?`, l.ID, after, item.PageOf)
	if err != nil {
		return err
	}
	dir, err := s.dirs.Snapshot(tx)
	if err != nil {
		return err
	}
	known := domains(dir, s.from)
	for _, before := range page {
		if before.State == LeftOut {
			continue
		}
		r := reach(before, how, known)
		if r.Channel == before.Channel { // the same way: also the contact that was found to work
			continue
		}
		taken := 0 // by somebody else on the list: each keeps a way of their own
		err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM dispatch_recipient WHERE list_id=? AND dedupe=? AND id<>?`, l.ID, dedupe(r), r.ID).Scan(&taken)
		if err == nil && taken == 0 {
			err = s.rewrite(tx, before, r)
		}
		if err != nil {
			return err
		}
	}
	state := item.Open
	if len(page) == item.PageOf {
		state = filling
		next := routing{l.ID, page[item.PageOf-1].Seq}
		if err := s.jobs.Enqueue(tx, job.Draft{Kind: jobRoute, Payload: next, Unique: l.ID, MaxAttempts: attempts}); err != nil {
			return err
		}
	}
	_, err = tx.Exec(`UPDATE dispatch_list SET state=?, change_no=change_no+1 WHERE id=?`, state, l.ID)
	return err
}

func (s *Service) routeOn(ctx context.Context, j job.Job) error {
	var at routing
	if err := json.Unmarshal(j.Payload, &at); err != nil {
		return job.Permanent(fmt.Errorf("read payload: %w", err))
	}
	return j.Done(ctx, func(tx *store.Tx) error {
		l, err := item.FindList(clock.Background(), tx, at.List)
		if err != nil || l.State != filling {
			return err
		}
		return s.routePage(ctx, tx, l, at.After)
	})
}
