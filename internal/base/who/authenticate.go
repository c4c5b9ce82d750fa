package who

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
)

const (
	cacheFor  = 1500 * time.Millisecond // real time; another node's revocation is seen within 2 s
	cacheSize = 10_000
	useEvery  = 15 * time.Minute
	useWait   = 500 * time.Millisecond
)

// cache holds known tokens by the hash of their secret. Unknown ones are not
// kept, so guesses cannot push out real ones.
type cache struct {
	mu    sync.RWMutex
	epoch uint64 // grows with every clear
	known map[[sha256.Size]byte]cached
}

type cached struct {
	identity Identity
	expires  time.Time // product time, zero = never
	until    time.Time // real time
}

func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	c.known = nil
}

func (c *cache) find(hash [sha256.Size]byte, real time.Time) (found cached, ok bool, epoch uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	found, ok = c.known[hash]
	return found, ok && real.Before(found.until), c.epoch
}

// keep stores what was read at epoch, unless something was revoked since: the
// reading may be older than the revocation.
func (c *cache) keep(hash [sha256.Size]byte, e cached, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch != epoch {
		return
	}
	if c.known == nil || len(c.known) >= cacheSize {
		c.known = map[[sha256.Size]byte]cached{}
	}
	c.known[hash] = e
}

// Authenticate returns the identity behind a token's secret, or Unauthenticated
// when it is unknown, revoked, expired in product time, or its person is not
// active. It costs one hash while the token is in use.
func (s *Service) Authenticate(ctx context.Context, secret string) (Identity, error) {
	if len(secret) != secretLength || !strings.HasPrefix(secret, secretPrefix) {
		return Identity{}, unknownToken()
	}
	hash := sha256.Sum256([]byte(secret))
	real := s.clk.Real()
	e, ok, epoch := s.cache.find(hash, real)
	if !ok {
		var err error
		if e, err = s.load(ctx, hash); err != nil {
			return Identity{}, err
		}
		e.until = real.Add(cacheFor)
		s.cache.keep(hash, e, epoch)
	}
	if !e.expires.IsZero() && !s.clk.Now().Before(e.expires) {
		return Identity{}, unknownToken()
	}
	e.identity.Roles = slices.Clone(e.identity.Roles)
	return e.identity, nil
}

func unknownToken() error {
	return fault.New(fault.Unauthenticated, "The token is unknown, expired or revoked")
}

func (s *Service) load(ctx context.Context, hash [sha256.Size]byte) (cached, error) {
	var id, name, person, roles, personName, personRoles string
	var expires, revoked, used int64
	var active int
	err := s.db.QueryRow(ctx, `SELECT t.id, t.name, t.person, t.roles, t.expires_at, t.revoked_at,
		COALESCE(u.used_at, 0), COALESCE(p.name, ''), COALESCE(p.roles, ','), COALESCE(p.active, 0)
		FROM api_token t LEFT JOIN token_use u ON u.token=t.id LEFT JOIN person p ON p.id=t.person
		WHERE t.hash=?`, hash[:]).Scan(&id, &name, &person, &roles, &expires, &revoked, &used,
		&personName, &personRoles, &active)
	if errors.Is(err, sql.ErrNoRows) {
		return cached{}, unknownToken()
	}
	if err != nil {
		return cached{}, fmt.Errorf("read token by secret: %w", err)
	}
	if revoked != 0 || (person != "" && active == 0) {
		return cached{}, unknownToken()
	}
	i := Identity{Actor: id, Name: name, Roles: splitRoles(roles)}
	if person != "" {
		i.Actor, i.Person, i.Name = person, person, personName
		held := splitRoles(personRoles)
		i.Roles = slices.DeleteFunc(i.Roles, func(r Role) bool { return !slices.Contains(held, r) })
	}
	e := cached{identity: i, expires: clock.FromMicros(expires)}
	if now := s.clk.Now(); now.Sub(clock.FromMicros(used)) >= useEvery && (e.expires.IsZero() || now.Before(e.expires)) {
		s.noteUse(id, now)
	}
	return e, nil
}

// noteUse remembers the use. It may fail or be late without a word: a full disk
// must not lock people out.
func (s *Service) noteUse(token string, now time.Time) {
	ctx, cancel := context.WithTimeout(clock.Background(), useWait)
	defer cancel()
	_, _ = s.db.Write(ctx, store.Op{Name: "token.use", Actor: token}, func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO token_use (token, used_at) VALUES (?,?)
			ON CONFLICT (token) DO UPDATE SET used_at=excluded.used_at`, token, clock.Micros(now))
		return err
	})
}
