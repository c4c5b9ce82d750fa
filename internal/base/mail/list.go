package mail

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// Filter narrows List. Zero values do not narrow. MaybeTwice asks for messages
// that may have gone out twice.
type Filter struct {
	State      State  `json:"state"`
	About      string `json:"about"`
	MaybeTwice bool   `json:"maybe_twice"`
}

const columns = `id, message_id, recipients, subject, body, about, drill, state, maybe_twice, attempts,
	last_error, answer, created_at, updated_at, sent_at`

// key finds what makes a link a key: a part of an address as long as 32 bytes in
// base64url. Ids and references are shorter.
var key = regexp.MustCompile(`(https?://[^\s/]+/[^\s]*?)[A-Za-z0-9_-]{43,}`)

// hidden is the message without the keys of its links: whoever may read what was sent
// may not answer a call as the person it was sent to, nor sign in as them.
func (m Item) hidden(by who.Identity) Item {
	if !by.IsEngine() {
		m.Text = key.ReplaceAllString(m.Text, "${1}(hidden)")
	}
	return m
}

// List returns messages, newest first. Permission outbox.read. next is "" on
// the last page. The keys of links are hidden from everybody but the engine.
func (o *Outbox) List(ctx context.Context, by who.Identity, f Filter, cursor string, limit int) (items []Item, next string, err error) {
	if err := who.Check(by, who.PermOutboxRead); err != nil {
		return nil, "", err
	}
	switch f.State {
	case "", Kept, Queued, Sending, Sent, Failed:
	default:
		return nil, "", fault.InvalidField("state", "must be kept, queued, sending, sent or failed")
	}
	keys, err := by.OpenCursor(cursor, f, 1)
	if err != nil {
		return nil, "", err
	}
	limit = who.Limit(limit)
	q, args := `SELECT `+columns+` FROM mail_outbox WHERE 1=1`, []any{}
	if f.State != "" {
		q, args = q+` AND state=?`, append(args, f.State)
	}
	if f.About != "" {
		q, args = q+` AND about=?`, append(args, f.About)
	}
	if f.MaybeTwice {
		q += ` AND maybe_twice=1`
	}
	if keys != nil {
		q, args = q+` AND id<?`, append(args, keys[0])
	}
	items, err = read(ctx, o.db, q+` ORDER BY id DESC LIMIT ?`, append(args, limit+1)...)
	if err != nil {
		return nil, "", err
	}
	if len(items) > limit {
		items = items[:limit]
		next = by.Cursor(f, items[limit-1].ID)
	}
	for i := range items {
		items[i] = items[i].hidden(by)
	}
	return items, next, nil
}

// Read returns one message, as List shows it. Permission outbox.read.
func (o *Outbox) Read(ctx context.Context, by who.Identity, id string) (Item, error) {
	if err := who.Check(by, who.PermOutboxRead); err != nil {
		return Item{}, err
	}
	m, err := find(ctx, o.db, id)
	return m.hidden(by), err
}

func find(ctx context.Context, r store.Reader, id string) (Item, error) {
	items, err := read(ctx, r, `SELECT `+columns+` FROM mail_outbox WHERE id=?`, id)
	if err != nil {
		return Item{}, err
	}
	if len(items) == 0 {
		return Item{}, fault.New(fault.NotFound, "There is no such message")
	}
	return items[0], nil
}

func read(ctx context.Context, r store.Reader, q string, args ...any) ([]Item, error) {
	rows, err := r.Query(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	defer rows.Close()
	var items []Item
	for rows.Next() {
		var m Item
		var to string
		var drill, twice, created, updated, sent int64
		err := rows.Scan(&m.ID, &m.MessageID, &to, &m.Subject, &m.Text, &m.About, &drill, &m.State, &twice,
			&m.Attempts, &m.LastError, &m.Answer, &created, &updated, &sent)
		if err != nil {
			return nil, fmt.Errorf("read the outbox: %w", err)
		}
		if err := json.Unmarshal([]byte(to), &m.To); err != nil {
			return nil, fmt.Errorf("read recipients of mail %s: %w", m.ID, err)
		}
		m.Drill, m.MaybeTwice = drill == 1, twice == 1
		m.CreatedAt, m.UpdatedAt, m.SentAt = clock.FromMicros(created), clock.FromMicros(updated), clock.FromMicros(sent)
		items = append(items, m)
	}
	return items, rows.Err()
}
