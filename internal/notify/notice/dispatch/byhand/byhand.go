// Package byhand is what people carry for a notice: letters that are printed and posted,
// calls that are made from a list. It carries out policy 003 ("communications … according
// to the message": liaisons call, and what came of it is kept) by making each posted letter
// and each call evidence in the ledger, as a sent mail is. It must not import its own room,
// a face or the network.
package byhand

import (
	"context"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

// By is what a person did for one recipient: a call, a posted letter, a handing over.
type By struct {
	Channel      item.Channel // phone, letter or handed_over; "" takes the recipient's
	Reached      bool         // false: tried in vain
	Acknowledged bool         // they confirmed that they have it
	At           time.Time    // zero: now
	Text         string       // who said what; a receipt number
}

// Engine is what of the sending goes on after a person did something.
type Engine struct {
	DB       *store.DB
	Ledger   *record.Ledger
	Clock    *clock.Clock
	Page     func(token string) string // address of a recipient's page
	RunNow   func(ctx context.Context, r store.Reader, id string) (item.Run, error)
	Running  func(ctx context.Context, tx *store.Tx, recipient string) (item.Recipient, item.Run, error)
	Record   func(ctx context.Context, by who.Identity, recipient string, in By) (item.Recipient, error)
	Followed func(ctx context.Context, tx *store.Tx, by who.Identity, run item.Run, before, after item.Recipient, how string) error
	Tell     func(ctx context.Context, tx *store.Tx, run item.Run, changed ...item.Recipient) error
	End      func(ctx context.Context, tx *store.Tx, run item.Run) error
	Enqueue  func(tx *store.Tx, run string, at time.Time) error
}

// Hand records what people carry. Every method checks the permission first.
type Hand struct{ Engine }

// New returns it.
func New(e Engine) *Hand { return &Hand{e} }

func (h *Hand) append(tx *store.Tx, by who.Identity, kind, incidentID string, body any) error {
	_, err := h.Ledger.Append(tx, record.Draft{Kind: kind, Subject: incidentID, Actor: by.Actor, Body: body})
	return err
}

func (h *Hand) write(ctx context.Context, by who.Identity, op string, fn func(tx *store.Tx) error) error {
	_, err := h.DB.Write(ctx, store.Op{Name: op, Actor: by.Actor}, fn)
	return err
}

// notBefore is the instant for a job: never in the past.
func (h *Hand) notBefore(at time.Time) time.Time {
	if now := h.Clock.Now(); at.Before(now) {
		return now
	}
	return at
}

// Carried are recipients of a run that a person carries: by id, as they stand now, with a
// link each to their page where one is wanted. Who is not of this run is left out. A run
// that was stopped gives out nothing. Permission recipient.work; who may not read
// recipients gets the own customers.
func (h *Hand) Carried(ctx context.Context, by who.Identity, run string, ids []string, links bool) (list []item.Recipient, link map[string]string, err error) {
	if err := who.Check(by, who.PermRecipientWork); err != nil {
		return nil, nil, err
	}
	token, hash := map[string]string{}, map[string][]byte{}
	for _, id := range ids {
		token[id], hash[id] = item.NewLink(id)
	}
	link = map[string]string{}
	err = h.write(store.WithKey(ctx, "", [32]byte{}), by, "dispatch.carried", func(tx *store.Tx) error {
		list = nil
		clear(link)
		rn, err := h.RunNow(ctx, tx, run)
		if err != nil {
			return err
		}
		if rn.State == item.Halted || rn.State == item.Refused {
			return fault.New(fault.Conflict, "This notice was stopped; write another one")
		}
		for _, id := range ids {
			r, err := item.Find(ctx, tx, id)
			if err != nil {
				return err
			}
			if r.List != rn.List || !item.Sees(by, r) {
				continue
			}
			list = append(list, r)
			if !links {
				continue
			}
			if err := setLinks(tx, id, item.WithLink(r.Links, hash[id])); err != nil {
				return err
			}
			link[id] = h.Page(token[id])
		}
		return nil
	})
	return list, link, err
}

// Made records what was printed or exported of a run, by its checksum: who has the file
// can prove later that it is the one. Permission recipient.read.
func (h *Hand) Made(ctx context.Context, by who.Identity, run, form, sum string, lines int) error {
	if err := who.Check(by, who.PermRecipientRead); err != nil {
		return err
	}
	return h.write(store.WithKey(ctx, "", [32]byte{}), by, "dispatch.report_made", func(tx *store.Tx) error {
		rn, err := h.RunNow(ctx, tx, run)
		if err != nil {
			return err
		}
		return h.append(tx, by, item.KindReport, rn.Incident, item.Reported{Run: rn.ID, Notice: rn.Notice, Form: form, SHA256: sum, Lines: lines})
	})
}

// setLinks writes nothing but the links: the worker may change the rest at the same time.
func setLinks(tx *store.Tx, recipient string, links []byte) error {
	_, err := tx.Exec(`UPDATE dispatch_recipient SET links=? WHERE id=?`, links, recipient)
	return err
}
