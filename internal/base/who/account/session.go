package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// Client is what a request says about its browser. Session and Browser are the
// secrets it holds, "" without.
type Client struct {
	Address string // IP address without a port
	Agent   string // User-Agent header
	Session string
	Browser string
}

// Issued is a session that has just begun. Both secrets belong in cookies and
// nowhere else. Browser is "" where the browser is not to be remembered.
type Issued struct {
	Identity       who.Identity
	Session        string
	Browser        string
	ExpiresAt      time.Time
	BrowserExpires time.Time
}

// Session is one open session as its owner sees it. Agent is short: "Firefox on
// Linux". SeenAt is exact to five minutes.
type Session struct {
	ID        string
	Person    string
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time // it also ends when it is idle for Idle
	Agent     string
	Address   string
}

// Current is who stands behind a request now.
type Current struct {
	Identity who.Identity
	Person   who.Person
	Session  Session
}

// seenEvery bounds how often a session's use is written.
const seenEvery = 5 * time.Minute

// Identify returns who holds a session's secret. It reads the session and the
// person anew each time: a revocation, a changed role or a person who left
// counts with the next request on every node. Unauthenticated when the session
// is unknown, ended or expired; then a new sign-in is needed. active is false
// for requests the page makes by itself: they do not keep a session alive.
func (s *Service) Identify(ctx context.Context, secret string, active bool) (Current, error) {
	hash := hashOf(secret)
	if hash == nil {
		return Current{}, signedOut()
	}
	ses, err := scanSession(s.db.QueryRow(ctx, `SELECT `+sessionColumns+` FROM session WHERE hash=?`, hash))
	if errors.Is(err, sql.ErrNoRows) {
		return Current{}, signedOut()
	}
	if err != nil {
		return Current{}, fmt.Errorf("read session: %w", err)
	}
	now := s.clk.Now()
	if !ses.lives(now) {
		return Current{}, signedOut()
	}
	p, err := s.people.PersonTx(ctx, s.db, ses.Person)
	if fault.KindOf(err) == fault.NotFound || (err == nil && !p.Active) {
		return Current{}, signedOut()
	}
	if err != nil {
		return Current{}, err
	}
	if active && now.Sub(ses.SeenAt) >= seenEvery {
		s.noteSeen(ses.ID, now)
		ses.SeenAt = now
	}
	return Current{Identity: identity(p), Person: p, Session: ses}, nil
}

func identity(p who.Person) who.Identity {
	return who.Identity{Actor: p.ID, Person: p.ID, Name: p.Name, Roles: p.Roles}
}

func signedOut() error {
	return fault.New(fault.Unauthenticated, "Your session has ended; sign in again")
}

func (ses Session) lives(now time.Time) bool {
	return now.Before(ses.ExpiresAt) && now.Before(ses.SeenAt.Add(Idle))
}

// noteSeen may fail without a word: a full disk must not lock people out.
func (s *Service) noteSeen(id string, now time.Time) {
	ctx, cancel := context.WithTimeout(clock.Background(), 500*time.Millisecond)
	defer cancel()
	_, _ = s.db.Write(ctx, store.Op{Name: "session.seen", Actor: id}, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE session SET seen_at=? WHERE id=?`, clock.Micros(now), id)
		return err
	})
}

// begin makes a session for p in place of the one the browser held, and clears
// away what has expired.
func (s *Service) begin(tx *store.Tx, p who.Person, c Client) (Issued, error) {
	now := s.clk.Now()
	if old := hashOf(c.Session); old != nil {
		if _, err := tx.Exec(`DELETE FROM session WHERE hash=?`, old); err != nil {
			return Issued{}, err
		}
	}
	if _, err := tx.Exec(`DELETE FROM session WHERE expires_at<=?`, clock.Micros(now)); err != nil {
		return Issued{}, err
	}
	if _, err := tx.Exec(`DELETE FROM known_browser WHERE seen_at<=?`, clock.Micros(now.Add(-BrowserLife))); err != nil {
		return Issued{}, err
	}
	secret, hash := newSecret()
	out := Issued{Identity: identity(p), Session: secret, ExpiresAt: now.Add(Absolute)}
	_, err := tx.Exec(`INSERT INTO session (hash, id, person, created_at, seen_at, expires_at, agent, address) VALUES (?,?,?,?,?,?,?,?)`,
		hash, ident.New(now), p.ID, clock.Micros(now), clock.Micros(now), clock.Micros(out.ExpiresAt), shortAgent(c.Agent), shortAddress(c.Address))
	if err != nil {
		return Issued{}, fmt.Errorf("insert session: %w", err)
	}
	return out, nil
}

// remember makes the browser known to the account.
func (s *Service) remember(tx *store.Tx, out *Issued, person, browser string) error {
	hash := hashOf(browser)
	if hash == nil {
		browser, hash = newSecret()
	}
	now := s.clk.Now()
	out.Browser, out.BrowserExpires = browser, now.Add(BrowserLife)
	_, err := tx.Exec(`INSERT INTO known_browser (hash, person, seen_at) VALUES (?,?,?)
		ON CONFLICT (hash, person) DO UPDATE SET seen_at=excluded.seen_at`, hash, person, clock.Micros(now))
	return err
}

func (s *Service) knows(ctx context.Context, person, browser string) (bool, error) {
	hash := hashOf(browser)
	if hash == nil || person == "" {
		return false, nil
	}
	var one int
	err := s.db.QueryRow(ctx, `SELECT 1 FROM known_browser WHERE hash=? AND person=? AND seen_at>?`, hash, person,
		clock.Micros(s.clk.Now().Add(-BrowserLife))).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// SignOut ends the session of a secret. An unknown one is no error.
func (s *Service) SignOut(ctx context.Context, secret string) error {
	hash := hashOf(secret)
	if hash == nil {
		return nil
	}
	_, err := s.db.Write(ctx, store.Op{Name: "session.sign_out", Actor: "sign-in"}, func(tx *store.Tx) error {
		_, err := tx.Exec(`DELETE FROM session WHERE hash=?`, hash)
		return err
	})
	if err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	return nil
}

const (
	sessionColumns = `id, person, created_at, seen_at, expires_at, agent, address`
	listed         = 200
)

func scanSession(row interface{ Scan(...any) error }) (Session, error) {
	var ses Session
	var created, seen, expires int64
	err := row.Scan(&ses.ID, &ses.Person, &created, &seen, &expires, &ses.Agent, &ses.Address)
	ses.CreatedAt, ses.SeenAt, ses.ExpiresAt = clock.FromMicros(created), clock.FromMicros(seen), clock.FromMicros(expires)
	return ses, err
}

// own is permitted to the person, and to whoever manages people.
func own(by who.Identity, person string) error {
	if by.Person != "" && by.Person == person {
		return who.Check(by, who.PermOwnRead)
	}
	return who.Check(by, who.PermPersonManage)
}

// Sessions lists the open sessions of a person, newest first, at most 200.
// Permission own.read for the own ones, person.manage for others'.
func (s *Service) Sessions(ctx context.Context, by who.Identity, person string) ([]Session, error) {
	if err := own(by, person); err != nil {
		return nil, err
	}
	now := s.clk.Now()
	rows, err := s.db.Query(ctx, `SELECT `+sessionColumns+` FROM session WHERE person=? AND expires_at>? AND seen_at>?
		ORDER BY id DESC LIMIT ?`, person, clock.Micros(now), clock.Micros(now.Add(-Idle)), listed)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	defer rows.Close()
	var out []Session
	for rows.Next() {
		ses, err := scanSession(rows)
		if err != nil {
			return nil, fmt.Errorf("list sessions: %w", err)
		}
		out = append(out, ses)
	}
	return out, rows.Err()
}

// Revoke ends one session of a person. Permission as for Sessions. NotFound
// when the person has no such session.
func (s *Service) Revoke(ctx context.Context, by who.Identity, person, id string) error {
	if err := own(by, person); err != nil {
		return err
	}
	_, err := s.db.Write(ctx, store.Op{Name: "session.revoke", Actor: by.Actor}, func(tx *store.Tx) error {
		res, err := tx.Exec(`DELETE FROM session WHERE id=? AND person=?`, id, person)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "This session has ended already")
		}
		return s.note(tx, "session.revoked", person, by.Actor, revokeEntry{Reason: reason(by, person), Sessions: 1})
	})
	if err != nil {
		return fmt.Errorf("revoke session: %w", err)
	}
	return nil
}

// RevokeAll ends all sessions of a person but the one with the id keep ("" ends
// all) and forgets the browsers the person signed in from. Permission as for
// Sessions.
func (s *Service) RevokeAll(ctx context.Context, by who.Identity, person, keep string) error {
	if err := own(by, person); err != nil {
		return err
	}
	_, err := s.db.Write(ctx, store.Op{Name: "session.revoke_all", Actor: by.Actor}, func(tx *store.Tx) error {
		return s.revoke(tx, person, by.Actor, reason(by, person), keep)
	})
	if err != nil {
		return fmt.Errorf("revoke the sessions of %s: %w", person, err)
	}
	return nil
}

func reason(by who.Identity, person string) Reason {
	if by.Person == person {
		return EndedByOwner
	}
	return EndedByAdmin
}

func (s *Service) revoke(tx *store.Tx, person, actor string, why Reason, keep string) error {
	if _, err := tx.Exec(`DELETE FROM known_browser WHERE person=?`, person); err != nil {
		return err
	}
	res, err := tx.Exec(`DELETE FROM session WHERE person=? AND id<>?`, person, keep)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err != nil || n == 0 {
		return err
	}
	return s.note(tx, "session.revoked", person, actor, revokeEntry{Reason: why, Sessions: int(n)})
}

// OnPerson ends what a person who is no longer active had open: a return must
// not revive it.
func (s *Service) OnPerson(_ context.Context, tx *store.Tx, by who.Identity, before, after who.Person) error {
	if err := who.Check(by, who.PermPersonManage); err != nil {
		return err
	}
	if after.Active || !before.Active {
		return nil
	}
	if _, err := tx.Exec(`DELETE FROM sign_in_link WHERE person=?`, after.ID); err != nil {
		return err
	}
	return s.revoke(tx, after.ID, by.Actor, EndedByLeave, "")
}

// ForgetOpen ends every session and link and forgets every browser. A restored
// database needs it: a backup may hold sessions that were revoked after it.
func ForgetOpen(ctx context.Context, db *store.DB) error {
	_, err := db.Write(ctx, store.Op{Name: "account.forget_open", Actor: "restore"}, func(tx *store.Tx) error {
		for _, q := range []string{`DELETE FROM session`, `DELETE FROM sign_in_link`, `DELETE FROM known_browser`} {
			if _, err := tx.Exec(q); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// shortAgent names browser and system, enough for a person to recognise.
func shortAgent(agent string) string {
	find := func(otherwise string, pairs ...string) string {
		for n := 0; n+1 < len(pairs); n += 2 {
			if strings.Contains(agent, pairs[n]) {
				return pairs[n+1]
			}
		}
		return otherwise
	}
	browser := find("A browser", "Edg", "Edge", "OPR/", "Opera", "SamsungBrowser/", "Samsung Internet", "Firefox/", "Firefox", "FxiOS", "Firefox",
		"CriOS", "Chrome", "Chrome/", "Chrome", "Safari/", "Safari", "curl/", "curl")
	system := find("", "Android", "Android", "iPhone", "iPhone", "iPad", "iPad", "Windows", "Windows", "Mac OS X", "macOS", "CrOS", "ChromeOS", "Linux", "Linux")
	if system == "" {
		return browser
	}
	return browser + " on " + system
}

func shortAddress(address string) string {
	if len(address) > 64 {
		return ""
	}
	return address
}
