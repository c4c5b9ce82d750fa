package roll

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

// filling is the state of a list whose first recipients are still copied from an earlier one.
const filling item.ListState = "filling"

// jobCopy goes on copying where one transaction would be too long.
const jobCopy = "dispatch.copy"

type copying struct {
	List  string `json:"list"`
	After int64  `json:"after"` // seq of the last line looked at in the earlier list
}

// copyTx copies the first page of those who got the earlier notice; a job does the rest.
func (s *Service) copyTx(tx *store.Tx, l List) (List, error) {
	next, err := s.copyPage(tx, l, 0)
	if err != nil {
		return List{}, err
	}
	if next > 0 {
		err = s.jobs.Enqueue(tx, job.Draft{Kind: jobCopy, Payload: copying{l.ID, next}, Unique: l.ID, MaxAttempts: attempts})
	}
	if err != nil {
		return List{}, err
	}
	return item.FindList(clock.Background(), tx, l.ID)
}

// copyPage copies one page and returns the place to go on from, 0 at the end.
func (s *Service) copyPage(tx *store.Tx, l List, after int64) (next int64, err error) {
	page, err := item.Query(clock.Background(), tx, `WHERE list_id=? AND seq>? ORDER BY seq LIMIT ?`, l.Follows, after, item.PageOf)
	if err != nil {
		return 0, err
	}
	var told []Recipient
	for _, r := range page {
		if r.State != Sent && r.State != Delivered { // exactly those who got it
			continue
		}
		told = append(told, Recipient{
			Root: r.Root, Party: r.Party, Name: r.Name, Lang: r.Lang, Country: r.Country, Contacts: r.Contacts, ContactNo: r.ContactNo,
			Channel: r.Channel, Address: r.Address, Own: r.Own, Liaison: r.Liaison, KeyAccount: r.KeyAccount, Warning: r.Warning, State: Queued,
		})
	}
	if _, err := s.addTx(tx, l, told); err != nil {
		return 0, err
	}
	if len(page) == item.PageOf {
		return page[item.PageOf-1].Seq, nil
	}
	_, err = tx.Exec(`UPDATE dispatch_list SET state=?, change_no=change_no+1 WHERE id=?`, item.Open, l.ID)
	return 0, err
}

// copyOn copies the pages that are left, each in a transaction of its own.
func (s *Service) copyOn(ctx context.Context, j job.Job) error {
	var c copying
	if err := json.Unmarshal(j.Payload, &c); err != nil {
		return job.Permanent(fmt.Errorf("read payload: %w", err))
	}
	return j.Done(ctx, func(tx *store.Tx) error {
		l, err := item.FindList(ctx, tx, c.List)
		if err != nil || l.State != filling {
			return err
		}
		next, err := s.copyPage(tx, l, c.After)
		if err != nil || next == 0 {
			return err
		}
		return s.jobs.Enqueue(tx, job.Draft{Kind: jobCopy, Payload: copying{l.ID, next}, Unique: l.ID, MaxAttempts: attempts})
	})
}
