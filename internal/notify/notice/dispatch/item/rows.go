package item

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/store"
)

const columns = `id, list_id, seq, root, party, name, lang, country, contacts, contact_no, channel, address, own, liaison, due_at,
	key_account, gap, warning, state, attempts, stage, maybe_twice, code, answer, mark, next_at, sending_at, sent_at, delivered_at,
	failed_at, bounced_at, opened_at, acknowledged_at, acknowledged_by, links, undo, name_key, address_key`

// Select begins every query for recipients.
const Select = `SELECT ` + columns + ` FROM dispatch_recipient `

func scan(row interface{ Scan(dest ...any) error }) (Recipient, error) {
	var r Recipient
	var contacts, own []byte
	var due, next, sending, sent, delivered, failed, bounced, opened, acked int64
	err := row.Scan(&r.ID, &r.List, &r.Seq, &r.Root, &r.Party, &r.Name, &r.Lang, &r.Country, &contacts, &r.ContactNo, &r.Channel, &r.Address,
		&own, &r.Liaison, &due, &r.KeyAccount, &r.Gap, &r.Warning, &r.State, &r.Attempts, &r.Stage, &r.MaybeTwice, &r.Code, &r.Answer, &r.Mark,
		&next, &sending, &sent, &delivered, &failed, &bounced, &opened, &acked, &r.AcknowledgedBy, &r.Links, &r.Undo, &r.nameKey, &r.addressKey)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(contacts, &r.Contacts); err != nil {
		return r, fmt.Errorf("decode the contacts of recipient %s: %w", r.ID, err)
	}
	if err := json.Unmarshal(own, &r.Own); err != nil {
		return r, fmt.Errorf("decode the values of recipient %s: %w", r.ID, err)
	}
	r.DueAt, r.SendingAt, r.SentAt, r.DeliveredAt = clock.FromMicros(due), clock.FromMicros(sending), clock.FromMicros(sent), clock.FromMicros(delivered)
	r.FailedAt, r.BouncedAt, r.OpenedAt, r.AcknowledgedAt = clock.FromMicros(failed), clock.FromMicros(bounced), clock.FromMicros(opened), clock.FromMicros(acked)
	if next > Always { // queued from the beginning: no instant to show
		r.NextAt = clock.FromMicros(next)
	}
	return r, nil
}

// Always is the next_at of a copy that may go at any time: those that never wait for an
// instant, so that starting a run writes one row and not a hundred thousand.
const Always = 1

// Query reads recipients; q continues after Select.
func Query(ctx context.Context, r store.Reader, q string, args ...any) ([]Recipient, error) {
	rows, err := r.Query(ctx, Select+q, args...)
	if err != nil {
		return nil, fmt.Errorf("read recipients: %w", err)
	}
	defer rows.Close()
	list := []Recipient{}
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read recipients: %w", err)
		}
		list = append(list, one)
	}
	return list, rows.Err()
}

// Afresh gives outcomes as they stand now: a report of failure may have come between an
// outcome and its batch. Those to nobody in the directory meet no duty and stay as they are.
func Afresh(ctx context.Context, r store.Reader, list []Recipient) ([]Recipient, error) {
	out := slices.Clone(list)
	at := map[string]int{}
	for n, one := range out {
		if one.Party != "" && one.State == Sent {
			at[one.ID] = n
		}
	}
	ids := slices.Sorted(maps.Keys(at))
	for part := range slices.Chunk(ids, 500) {
		args := make([]any, len(part))
		for n, id := range part {
			args[n] = id
		}
		now, err := Query(ctx, r, `WHERE bounced_at > 0 AND id IN (?`+strings.Repeat(",?", len(part)-1)+`)`, args...)
		if err != nil {
			return nil, err
		}
		for _, one := range now {
			out[at[one.ID]] = one
		}
	}
	return out, nil
}

// ErrNone answers for a recipient that does not exist, or that the viewer may not see.
var ErrNone = fault.New(fault.NotFound, "There is no such recipient")

// Find reads one recipient.
func Find(ctx context.Context, r store.Reader, id string) (Recipient, error) {
	one, err := scan(r.QueryRow(ctx, Select+`WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return one, ErrNone
	}
	if err != nil {
		return one, fmt.Errorf("read recipient %s: %w", id, err)
	}
	return one, nil
}

// rowsAtOnce is how many recipients one INSERT takes.
const rowsAtOnce = 40

// InsertMany adds recipients and says which were new: one whose dedupe key stands on the
// list already is passed over.
func InsertMany(tx *store.Tx, list []Recipient, dedupe []string) ([]bool, error) {
	added := make([]bool, len(list))
	for from := 0; from < len(list); from += rowsAtOnce {
		to := min(from+rowsAtOnce, len(list))
		args := make([]any, 0, (to-from)*24)
		at := make(map[string]int, to-from)
		for n := from; n < to; n++ {
			r := list[n]
			contacts, err := json.Marshal(r.Contacts)
			if err != nil {
				return nil, err
			}
			own, err := json.Marshal(r.Own)
			if err != nil {
				return nil, err
			}
			at[r.ID] = n
			args = append(args, r.ID, r.List, r.Seq, r.Root, dedupe[n], r.Party, r.Name, r.Lang, r.Country, contacts, r.ContactNo, r.Channel, r.Address, own,
				r.Liaison, clock.Micros(r.DueAt), r.KeyAccount, r.Gap, r.Warning, r.State, next(r), []byte{}, Key(r.Name), Key(r.Address))
		}
		marks := strings.Repeat(",("+insertMarks+")", to-from)[1:]
		rows, err := tx.Query(clock.Background(), `INSERT INTO dispatch_recipient (`+insertColumns+`) VALUES `+marks+
			` ON CONFLICT (list_id, dedupe) DO NOTHING RETURNING id`, args...)
		if err != nil {
			return nil, fmt.Errorf("add recipients: %w", err)
		}
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				rows.Close()
				return nil, fmt.Errorf("add recipients: %w", err)
			}
			added[at[id]] = true
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, fmt.Errorf("add recipients: %w", err)
		}
	}
	return added, nil
}

// next is the next_at of a fresh recipient: what a person carries is never the worker's turn.
func next(r Recipient) int64 {
	if r.State != Queued || r.Channel.ByHand() {
		return 0
	}
	return Always
}

const (
	insertColumns = `id, list_id, seq, root, dedupe, party, name, lang, country, contacts, contact_no, channel, address, own, liaison, due_at,
	key_account, gap, warning, state, next_at, links, name_key, address_key, attempts, stage, maybe_twice, code, answer, mark, sending_at, sent_at,
	delivered_at, failed_at, bounced_at, opened_at, acknowledged_at, acknowledged_by`
	insertMarks = `?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,0,0,0,'',0,0,0,0,0,0,0,0,''`
)

// Rewrite stores what a person changed in a recipient before the list is signed.
func Rewrite(tx *store.Tx, r Recipient, dedupe string) error {
	contacts, err := json.Marshal(r.Contacts)
	if err != nil {
		return err
	}
	own, err := json.Marshal(r.Own)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE dispatch_recipient SET contacts=?, own=?, contact_no=?, channel=?, address=?, address_key=?, dedupe=?, lang=?, gap=?, warning=?, state=?, next_at=? WHERE id=?`,
		contacts, own, r.ContactNo, r.Channel, r.Address, Key(r.Address), dedupe, r.Lang, r.Gap, r.Warning, r.State, next(r), r.ID)
	if err != nil {
		return fmt.Errorf("change recipient %s: %w", r.ID, err)
	}
	return nil
}

// Save stores everything that sending changes in a recipient.
func Save(tx *store.Tx, r Recipient) error {
	contacts, err := json.Marshal(r.Contacts)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE dispatch_recipient SET contacts=?, contact_no=?, channel=?, address=?, address_key=?, gap=?, warning=?, state=?, attempts=?, stage=?, maybe_twice=?, code=?,
		answer=?, mark=?, next_at=?, sending_at=?, sent_at=?, delivered_at=?, failed_at=?, bounced_at=?, opened_at=?, acknowledged_at=?,
		acknowledged_by=?, links=?, undo=? WHERE id=?`,
		contacts, r.ContactNo, r.Channel, r.Address, Key(r.Address), r.Gap, r.Warning, r.State, r.Attempts, r.Stage, r.MaybeTwice, r.Code, r.Answer, r.Mark, clock.Micros(r.NextAt),
		clock.Micros(r.SendingAt), clock.Micros(r.SentAt), clock.Micros(r.DeliveredAt), clock.Micros(r.FailedAt), clock.Micros(r.BouncedAt),
		clock.Micros(r.OpenedAt), clock.Micros(r.AcknowledgedAt), r.AcknowledgedBy, bytesOf(r.Links), bytesOf(r.Undo), r.ID)
	if err != nil {
		return fmt.Errorf("save recipient %s: %w", r.ID, err)
	}
	return nil
}

func bytesOf(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Count adds to a list's counts.
func Count(tx *store.Tx, list string, d Tally) error {
	if d == (Tally{}) {
		return nil
	}
	_, err := tx.Exec(`UPDATE dispatch_tally SET queued=queued+?, sending=sending+?, sent=sent+?, delivered=delivered+?, failed=failed+?,
		bounced=bounced+?, stopped=stopped+?, gap=gap+?, left_out=left_out+?, opened=opened+?, acknowledged=acknowledged+?, twice=twice+?
		WHERE list_id=?`, d.Queued, d.Sending, d.Sent, d.Delivered, d.Failed, d.Bounced, d.Stopped, d.Gap, d.LeftOut, d.Opened,
		d.Acknowledged, d.MaybeTwice, list)
	if err != nil {
		return fmt.Errorf("count the recipients of list %s: %w", list, err)
	}
	return nil
}

// Moved is what a change of one recipient does to the counts.
func Moved(before, after Recipient) Tally {
	var d Tally
	if before.State != after.State {
		d.Add(before.State, -1)
		d.Add(after.State, 1)
	}
	d.Opened = one(!after.OpenedAt.IsZero()) - one(!before.OpenedAt.IsZero())
	d.Acknowledged = one(!after.AcknowledgedAt.IsZero()) - one(!before.AcknowledgedAt.IsZero())
	d.MaybeTwice = one(after.MaybeTwice) - one(before.MaybeTwice)
	return d
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Tallied reads a list's counts.
func Tallied(ctx context.Context, r store.Reader, list string) (Tally, error) {
	var t Tally
	err := r.QueryRow(ctx, `SELECT queued, sending, sent, delivered, failed, bounced, stopped, gap, left_out, opened, acknowledged, twice
		FROM dispatch_tally WHERE list_id=?`, list).Scan(&t.Queued, &t.Sending, &t.Sent, &t.Delivered, &t.Failed, &t.Bounced, &t.Stopped,
		&t.Gap, &t.LeftOut, &t.Opened, &t.Acknowledged, &t.MaybeTwice)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return t, fmt.Errorf("read the counts of list %s: %w", list, err)
	}
	return t, nil
}

// Event is one thing that happened to a recipient.
type Event struct {
	ID     string `json:"id"`
	At     int64  `json:"at"`
	What   string `json:"what"`
	Detail string `json:"detail,omitempty"`
	Actor  string `json:"actor,omitempty"`
}

// Happened writes into a recipient's history.
func Happened(tx *store.Tx, clk *clock.Clock, recipient, what, detail, actor string) error {
	now := clk.Now()
	_, err := tx.Exec(`INSERT INTO dispatch_event (id, recipient, at, what, detail, actor) VALUES (?,?,?,?,?,?)`,
		ident.New(now), recipient, clock.Micros(now), what, detail, actor)
	if err != nil {
		return fmt.Errorf("write the history of recipient %s: %w", recipient, err)
	}
	return nil
}

// mostUnasked bounds what no person here did: strangers must not write the history, nor push
// what is true out of what is shown of it.
const mostUnasked = 200

// Flooded tells whether a recipient's history holds as much of that as is kept.
func Flooded(ctx context.Context, r store.Reader, recipient string) (bool, error) {
	n := 0
	err := r.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT id FROM dispatch_event WHERE recipient=? AND actor='' LIMIT ?) AS unasked`, recipient, mostUnasked).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("read the history of recipient %s: %w", recipient, err)
	}
	return n >= mostUnasked, nil
}

// mostEvents bounds a recipient's history as it is shown.
const mostEvents = 500

// Events reads a recipient's history, oldest first.
func Events(ctx context.Context, r store.Reader, recipient string) ([]Event, error) {
	rows, err := r.Query(ctx, `SELECT id, at, what, detail, actor FROM dispatch_event WHERE recipient=? ORDER BY id LIMIT ?`, recipient, mostEvents)
	if err != nil {
		return nil, fmt.Errorf("read the history of recipient %s: %w", recipient, err)
	}
	defer rows.Close()
	list := []Event{}
	for rows.Next() {
		var e Event
		if err := rows.Scan(&e.ID, &e.At, &e.What, &e.Detail, &e.Actor); err != nil {
			return nil, fmt.Errorf("read the history of recipient %s: %w", recipient, err)
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

const listColumns = `id, incident_id, notice, drill, follows, state, hash, signed_by, signed_at, made_by, made_at, change_no`

func scanList(row interface{ Scan(dest ...any) error }) (List, error) {
	var l List
	var signed, made int64
	err := row.Scan(&l.ID, &l.Incident, &l.Notice, &l.Drill, &l.Follows, &l.State, &l.Hash, &l.SignedOffBy, &signed, &l.MadeBy, &made, &l.Change)
	l.SignedOffAt, l.MadeAt = clock.FromMicros(signed), clock.FromMicros(made)
	return l, err
}

// FindList reads a list with its counts.
func FindList(ctx context.Context, r store.Reader, id string) (List, error) {
	return oneList(ctx, r, `WHERE id=?`, id)
}

// ListOf reads the newest list of a notice.
func ListOf(ctx context.Context, r store.Reader, notice string) (List, error) {
	return oneList(ctx, r, `WHERE notice=? ORDER BY id DESC LIMIT 1`, notice)
}

func oneList(ctx context.Context, r store.Reader, q, arg string) (List, error) {
	l, err := scanList(r.QueryRow(ctx, `SELECT `+listColumns+` FROM dispatch_list `+q, arg))
	if errors.Is(err, sql.ErrNoRows) {
		return l, fault.New(fault.NotFound, "There is no such list of recipients")
	}
	if err != nil {
		return l, fmt.Errorf("read a list of recipients: %w", err)
	}
	t, err := Tallied(ctx, r, l.ID)
	l.Count, l.Gaps = t.Total(), t.Gap
	return l, err
}
