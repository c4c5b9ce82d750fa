// Package account is how people sign in: local accounts with a passphrase,
// browser sessions, the one-time links that set a passphrase, and the brakes
// that slow guessing down. It carries out "All information concerning an
// incident is to be considered confidential" (policy 003): who reads a screen
// has proved who they are, for a bounded time, and the proof can be taken back.
//
// Sources: NIST SP 800-63B-4 for passphrases (3.1.1.2), rate limits (3.2.2) and
// sessions (5), RFC 9106 for Argon2id, the OWASP cheat sheets on password
// storage and on device cookies.
//
// Not every sign-in is a ledger entry: an unchangeable list of when colleagues
// came to work serves no duty, so sign-ins go to the program's log. The ledger
// keeps what an auditor asks about: passphrases set, links made, accounts
// locked, sessions ended by force.
//
// It must not import any chapter, any face, or another room of the ground floor
// than clock, fault, ident, record, store and who.
package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/passphrase"
)

// How long things live, in product time.
const (
	// Idle is one long shift: a responder who works through a night is not
	// signed out between two steps.
	Idle = 12 * time.Hour
	// Absolute is one week of on-call duty. SP 800-63B-4 allows 30 days for a
	// single factor.
	Absolute = 7 * 24 * time.Hour
	// SetUpLife bounds a link that stands in the scroll-back of a terminal.
	SetUpLife = 24 * time.Hour
	// InviteLife lets a new colleague come back from a weekend.
	InviteLife = 72 * time.Hour
	// ResetLife is what SP 800-63B-4 gives a recovery code sent over a network.
	ResetLife = 24 * time.Hour
	// BrowserLife is how long a browser that once signed in stays known.
	BrowserLife = 180 * 24 * time.Hour
)

// Config says how people reach the server. The zero value works for plain HTTP
// without a proxy.
type Config struct {
	// Secure is set when browsers reach the server over TLS. Then cookies are
	// Secure and carry the prefix __Host-.
	Secure bool
	// Proxies may say in X-Forwarded-For whom they speak for. Loopback always
	// may.
	Proxies []netip.Prefix
	// Demo lets anybody sign in as anybody. It has no effect once an account
	// with a passphrase exists.
	Demo bool
	Log  *slog.Logger // nil: silent
}

// Observer is told in the same transaction that a passphrase was set.
type Observer func(ctx context.Context, tx *store.Tx, p who.Person, how Source) error

// Service keeps accounts, sessions and links.
type Service struct {
	db     *store.DB
	led    *record.Ledger
	clk    *clock.Clock
	people *who.Service
	cfg    Config
	gate   *gate
	cost   passphrase.Cost
	dummy  string // verified when there is no account, so that it takes as long

	observers []Observer
}

// New returns the service. It starts nothing.
func New(db *store.DB, led *record.Ledger, clk *clock.Clock, people *who.Service, cfg Config) *Service {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cost := passphrase.Present
	return &Service{
		db: db, led: led, clk: clk, people: people, cfg: cfg, gate: newGate(clk), cost: cost, dummy: cost.Dummy(),
	}
}

// about lists what an attacker knows of p.
func about(p who.Person) []string {
	return []string{p.Name, p.Email, p.Department, p.Function, "wakebell"}
}

// Observe adds what follows from a new passphrase. Call it before serving.
func (s *Service) Observe(o Observer) { s.observers = append(s.observers, o) }

// Demo reports whether anybody may sign in as anybody.
func (s *Service) Demo() bool { return s.cfg.Demo }

// Source says how a passphrase came to be set.
type Source string

// The sources.
const (
	BySetUp  Source = "set_up" // the first start
	ByInvite Source = "invite" // a link for somebody who had no passphrase
	ByReset  Source = "reset"  // a link for somebody who had one
	ByOwner  Source = "owner"  // changed by the signed-in person, who knew the old one
)

// Reason says why sessions were ended by force.
type Reason string

// The reasons.
const (
	EndedByOwner Reason = "owner"      // from the list of the own sessions
	EndedByAdmin Reason = "admin"      // by somebody who manages people
	EndedByReset Reason = "passphrase" // a new passphrase ends what the old one opened
	EndedByLeave Reason = "inactive"   // the person is no longer active
)

// Kinds returns the ledger kinds this room writes.
func Kinds() []record.Kind {
	return []record.Kind{
		{Name: "account.passphrase_set", Version: 1},
		{Name: "account.link_made", Version: 1},
		{Name: "account.locked", Version: 1},
		{Name: "session.revoked", Version: 1},
	}
}

// The bodies hold no personal data; the subject is the person's id.
type (
	passphraseEntry struct {
		How Source `json:"how"`
	}
	linkEntry struct {
		Purpose   Purpose `json:"purpose"`
		ExpiresAt int64   `json:"expires_at"` // µs UTC
	}
	lockEntry struct {
		Failures int `json:"failures"`
	}
	revokeEntry struct {
		Reason   Reason `json:"reason"`
		Sessions int    `json:"sessions"`
	}
)

func (s *Service) note(tx *store.Tx, kind, person, actor string, body any) error {
	_, err := s.led.Append(tx, record.Draft{Kind: kind, Subject: person, Actor: actor, Body: body})
	return err
}

// row is an account as stored.
type row struct {
	person   string
	hash     string
	failures int
}

// find reads the account of an active person by e-mail address; the zero row
// when there is none.
func (s *Service) find(ctx context.Context, r store.Reader, email string) (row, error) {
	p, err := s.people.PersonByEmailTx(ctx, r, email)
	if fault.KindOf(err) == fault.NotFound || (err == nil && !p.Active) {
		return row{}, nil
	}
	if err != nil {
		return row{}, err
	}
	return s.read(ctx, r, p.ID)
}

func (s *Service) read(ctx context.Context, r store.Reader, person string) (row, error) {
	a := row{person: person}
	err := r.QueryRow(ctx, `SELECT hash, failures FROM account WHERE person=?`, person).Scan(&a.hash, &a.failures)
	if errors.Is(err, sql.ErrNoRows) {
		return row{}, nil
	}
	if err != nil {
		return row{}, fmt.Errorf("read account of %s: %w", person, err)
	}
	return a, nil
}

// Begun reports whether somebody can sign in at all.
func (s *Service) Begun(ctx context.Context) (bool, error) { return s.any(ctx, s.db) }

// HasPassphrase reports whether the asking person has one. Permission own.read.
func (s *Service) HasPassphrase(ctx context.Context, by who.Identity) (bool, error) {
	if err := who.Check(by, who.PermOwnRead); err != nil {
		return false, err
	}
	a, err := s.read(ctx, s.db, by.Person)
	return a.person != "", err
}

// any reports whether there is an account at all.
func (s *Service) any(ctx context.Context, r store.Reader) (bool, error) {
	var person string
	err := r.QueryRow(ctx, `SELECT person FROM account LIMIT 1`).Scan(&person)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for an account: %w", err)
	}
	return true, nil
}

// set writes a hash, ends what the old passphrase opened, except for the
// session keep, and tells the observers.
func (s *Service) set(tx *store.Tx, p who.Person, hash string, how Source, actor, keep string) error {
	now := clock.Micros(s.clk.Now())
	_, err := tx.Exec(`INSERT INTO account (person, hash, failures, created_at, set_at) VALUES (?,?,0,?,?)
		ON CONFLICT (person) DO UPDATE SET hash=excluded.hash, failures=0, set_at=excluded.set_at`, p.ID, hash, now, now)
	if err != nil {
		return fmt.Errorf("store passphrase of %s: %w", p.ID, err)
	}
	if err := s.note(tx, "account.passphrase_set", p.ID, actor, passphraseEntry{How: how}); err != nil {
		return err
	}
	if err := s.revoke(tx, p.ID, actor, EndedByReset, keep); err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM sign_in_link WHERE person=?`, p.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM sign_in_throttle WHERE bucket=?`, accountBucket(p.Email).key); err != nil {
		return err
	}
	for _, o := range s.observers {
		if err := o(clock.Background(), tx, p, how); err != nil {
			return err
		}
	}
	return nil
}

// Status is what an admin sees of somebody's way in. Zero times mean never.
type Status struct {
	HasPassphrase bool
	SetAt         time.Time
	Locked        bool      // too many wrong passphrases; a new link opens it
	SeenAt        time.Time // of the newest session that lives
	Sessions      int
	LinkUntil     time.Time // an open link exists until then
}

// Statuses tells the state of the ways in of the given people; who has none is
// left out. Permission person.manage.
func (s *Service) Statuses(ctx context.Context, by who.Identity, people []string) (map[string]Status, error) {
	if err := who.Check(by, who.PermPersonManage); err != nil {
		return nil, err
	}
	out := make(map[string]Status, len(people))
	if len(people) == 0 {
		return out, nil
	}
	ids := make([]any, len(people))
	for n, id := range people {
		ids[n] = id
	}
	now := clock.Micros(s.clk.Now())
	marks := store.Placeholders(len(ids))
	read := func(q string, args []any, put func(st *Status, a, b int64)) error {
		rows, err := s.db.Query(ctx, q, args...)
		if err != nil {
			return fmt.Errorf("read the states of accounts: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var person string
			var a, b int64
			if err := rows.Scan(&person, &a, &b); err != nil {
				return err
			}
			st := out[person]
			put(&st, a, b)
			out[person] = st
		}
		return rows.Err()
	}
	err := read(`SELECT person, set_at, failures FROM account WHERE person IN (`+marks+`)`, ids, func(st *Status, set, failures int64) {
		st.HasPassphrase, st.SetAt, st.Locked = true, clock.FromMicros(set), failures >= lockAfter
	})
	if err == nil {
		args := append([]any{now, clock.Micros(s.clk.Now().Add(-Idle))}, ids...)
		err = read(`SELECT person, MAX(seen_at), COUNT(*) FROM session WHERE expires_at>? AND seen_at>? AND person IN (`+marks+`) GROUP BY person`,
			args, func(st *Status, seen, n int64) { st.SeenAt, st.Sessions = clock.FromMicros(seen), int(n) })
	}
	if err == nil {
		err = read(`SELECT person, MAX(expires_at), 0 FROM sign_in_link WHERE expires_at>? AND person IN (`+marks+`) GROUP BY person`,
			append([]any{now}, ids...), func(st *Status, until, _ int64) { st.LinkUntil = clock.FromMicros(until) })
	}
	return out, err
}
