package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/ledger"
)

// readers names who may read the entries of a kind, by prefix. The table is read only.
var readers = []struct {
	prefix string
	need   who.Permission
}{
	{"incident.", who.PermIncidentRead},
	{"duty.", who.PermDutyRead},
	{"duties.", who.PermDutyRead},
	{"call.", who.PermCallRead},
	{"signal.", who.PermSignalRead},
	{"person.", who.PermDirectoryRead},
	{"directory.", who.PermDirectoryRead},
	{"plan.", who.PermPlanRead},
	{"watchdog.", who.PermCallRead},
	{"token.", who.PermLedgerRead},
	{"account.", who.PermLedgerRead},
	{"session.", who.PermLedgerRead},
	{"ledger.", who.PermLedgerRead},
	{"job.", who.PermLedgerRead},
	{"test_call.", who.PermLedgerRead},
	{"notice.", who.PermNoticeRead},
	{"filing.", who.PermNoticeRead},
	{"dispatch.", who.PermRecipientRead},
	{"contact.", who.PermContactRead},
	{"handover.", who.PermDutyRead},
}

// MayRead tells whether a viewer may read the content of entries of a kind. What no line of
// the table names is hidden.
func MayRead(by who.Identity, kind string) bool {
	for _, r := range readers {
		if strings.HasPrefix(kind, r.prefix) {
			return by.Has(r.need)
		}
	}
	return false
}

// Prefixes lists the beginnings of the kinds a viewer may read, such as "incident.".
func Prefixes(by who.Identity) []string {
	var out []string
	for _, r := range readers {
		if by.Has(r.need) {
			out = append(out, r.prefix)
		}
	}
	return out
}

// Entry is one entry as a viewer may see it. Of a hidden one only Seq and Hash are set.
type Entry struct {
	record.Entry
	Hidden bool
	Hash   ledger.Hash // leaf hash, of a hidden entry
}

func (s *Service) shown(ctx context.Context, r store.Reader, by who.Identity, e record.Entry) (Entry, error) {
	if MayRead(by, e.Kind) {
		if strings.HasPrefix(e.Kind, "person.") && !by.Has(who.PermDirectoryEdit) {
			e.Private = withoutWebhook(e.Private)
		}
		return Entry{Entry: e}, nil
	}
	h, err := s.led.LeafHash(ctx, r, e.Seq)
	return Entry{Entry: record.Entry{Seq: e.Seq}, Hidden: true, Hash: h}, err
}

// withoutWebhook leaves out of a person's private body what only those who keep the directory see.
// A body that cannot be read is left out whole.
func withoutWebhook(private json.RawMessage) json.RawMessage {
	if len(private) == 0 {
		return private
	}
	var parts map[string]map[string]any
	if json.Unmarshal(private, &parts) != nil {
		return nil
	}
	for _, p := range parts {
		delete(p, "webhook")
	}
	out, err := json.Marshal(parts)
	if err != nil {
		return nil
	}
	return out
}

// Entries returns entries behind a position, oldest first. A limit of 0 means all. Permission
// ledger.read; the content of an entry also needs the permission to read what it is about.
func (s *Service) Entries(ctx context.Context, by who.Identity, after int64, limit int) ([]Entry, error) {
	if err := who.Check(by, who.PermLedgerRead); err != nil {
		return nil, err
	}
	list, err := s.led.Entries(ctx, s.db, after, limit)
	if err != nil {
		return nil, err
	}
	out := make([]Entry, 0, len(list))
	for _, e := range list {
		one, err := s.shown(ctx, s.db, by, e)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// Entry returns the entry at a position, or NotFound. Permissions as for Entries.
func (s *Service) Entry(ctx context.Context, by who.Identity, seq int64) (Entry, error) {
	if err := who.Check(by, who.PermLedgerRead); err != nil {
		return Entry{}, err
	}
	list, err := s.Entries(ctx, by, seq-1, 1)
	if err != nil {
		return Entry{}, err
	}
	if seq < 1 || len(list) == 0 || list[0].Seq != seq {
		return Entry{}, fault.New(fault.NotFound, "There is no such entry in the ledger")
	}
	return list[0], nil
}

// Proof shows that the entry seq stands in the tree of the first size entries, 0 for all.
// Permission ledger.read.
func (s *Service) Proof(ctx context.Context, by who.Identity, seq, size int64) (record.Proof, error) {
	if err := who.Check(by, who.PermLedgerRead); err != nil {
		return record.Proof{}, err
	}
	return s.led.Proof(ctx, seq, size)
}

// Filter narrows the entries; zero values do not.
type Filter struct {
	Kind    string    `json:"kind"`    // beginning of a kind up to its dot: "incident."
	Actor   string    `json:"actor"`   // id of who did it; "engine" for Wakebell itself
	Subject string    `json:"subject"` // id of what it is about
	From    time.Time `json:"from"`    // recorded at or after
	Until   time.Time `json:"until"`   // recorded before
}

// Any says whether something is narrowed.
func (f Filter) Any() bool { return f != Filter{} }

// window is how many positions one page of a narrowed list looks at: no filter but the
// subject has an index, and a ledger may hold millions of entries.
const window = 20_000

// Page is a part of the entries, newest first.
type Page struct {
	Items []Entry
	Next  string // cursor of the older part, "" at the end
	Down  int64  // a narrowed list was searched down to this position; 0: to its end
}

// Latest lists entries, newest first. A narrowed list leaves out what the viewer may not
// read, so that no filter tells about it; it looks at a bounded part of the ledger at a time,
// and may hold nothing and still have a next page. Permissions as for Entries.
func (s *Service) Latest(ctx context.Context, by who.Identity, f Filter, cursor string, limit int) (p Page, err error) {
	if err := who.Check(by, who.PermLedgerRead); err != nil {
		return p, err
	}
	kinds := Prefixes(by)
	if f.Kind != "" {
		if !slices.Contains(kinds, f.Kind) {
			return p, fault.InvalidField("kind", "is none that you may read")
		}
		kinds = []string{f.Kind}
	}
	keys, err := by.OpenCursor(cursor, f, 1)
	if err != nil {
		return p, err
	}
	limit = who.Limit(limit)
	err = s.db.View(ctx, func(v *store.View) error {
		before, low, err := s.bounds(ctx, v, f, keys)
		if err != nil || before <= low {
			return err
		}
		bottom := low
		if f.Any() && f.Subject == "" {
			bottom = max(low, before-window)
		}
		seqs, err := found(ctx, v, f, kinds, before, bottom, limit+1)
		if err != nil {
			return err
		}
		mark := func(seq int64) string { return by.Cursor(f, strconv.FormatInt(seq, 10)) }
		switch {
		case len(seqs) > limit:
			seqs = seqs[:limit]
			p.Next = mark(seqs[limit-1])
		case bottom > low:
			p.Next, p.Down = mark(bottom), bottom
		}
		for _, seq := range seqs {
			list, err := s.led.Entries(ctx, v, seq-1, 1)
			if err != nil {
				return err
			}
			e, err := s.shown(ctx, v, by, list[0])
			if err != nil {
				return err
			}
			p.Items = append(p.Items, e)
		}
		return nil
	})
	if err != nil {
		return Page{}, fmt.Errorf("list the ledger: %w", err)
	}
	return p, nil
}

// bounds gives the positions a page lies between: below before, from low on.
func (s *Service) bounds(ctx context.Context, r store.Reader, f Filter, keys []string) (before, low int64, err error) {
	low = 1
	if !f.From.IsZero() {
		at, err := s.led.PositionAt(ctx, r, f.From.Add(-time.Microsecond))
		if err != nil {
			return 0, 0, err
		}
		low = at + 1
	}
	switch {
	case keys != nil:
		if before, err = strconv.ParseInt(keys[0], 10, 64); err != nil {
			return 0, 0, fault.InvalidField("cursor", "does not belong to this list; start again without it")
		}
		return before, low, nil
	case !f.Until.IsZero():
		before, err = s.led.PositionAt(ctx, r, f.Until.Add(-time.Microsecond))
	default:
		before, err = s.led.Size(ctx, r)
	}
	return before + 1, low, err
}

// found returns the positions of the entries that match, newest first.
func found(ctx context.Context, r store.Reader, f Filter, kinds []string, before, low int64, limit int) ([]int64, error) {
	q, args := "SELECT seq FROM ledger_entry WHERE seq < ? AND seq >= ?", []any{before, low}
	if f.Any() {
		var either []string
		for _, k := range kinds {
			// A prefix as a range: "incident/" is what follows every "incident.…".
			either = append(either, "(kind > ? AND kind < ?)")
			args = append(args, k, strings.TrimSuffix(k, ".")+"/")
		}
		q += " AND (" + strings.Join(append(either, "1 = 0"), " OR ") + ")"
	}
	switch f.Actor {
	case "":
	case "engine":
		q, args = q+" AND actor > ? AND actor < ?", append(args, "engine:", "engine;")
	default:
		q, args = q+" AND actor = ?", append(args, f.Actor)
	}
	if f.Subject != "" {
		q, args = q+" AND subject = ?", append(args, f.Subject)
	}
	rows, err := r.Query(ctx, q+" ORDER BY seq DESC LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []int64
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return nil, err
		}
		out = append(out, seq)
	}
	return out, rows.Err()
}
