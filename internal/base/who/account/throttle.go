package account

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// The counters stand in the database, so that a restart does not clear them and
// two nodes do not double them. An attempt is counted before the passphrase is
// looked at and taken back when it fits: parallel guesses cannot slip through
// between the look and the count. Unknown e-mail addresses are counted like
// known ones, so that the brake tells nobody who exists.
//
// Somebody who knows an address could keep its owner out by guessing on
// purpose, in the night of the incident. So a browser that signed in to the
// account before is counted apart from all strange ones.

// brake is how the wait grows with the attempts.
type brake struct {
	free int           // attempts without any wait
	most time.Duration // the longest wait
	// shared is true where several people are counted together: one success
	// then says nothing about the others' attempts.
	shared bool
}

var (
	accountBrake = brake{free: 5, most: 15 * time.Minute}
	// An office of many people may share one address.
	addressBrake = brake{free: 20, most: 5 * time.Minute, shared: true}
)

const (
	firstWait = 2 * time.Second // doubled with each attempt
	// lockAfter is the limit of SP 800-63B-4 3.2.2 on consecutive failures.
	// Then only browsers that are known, or a new link, open the account.
	lockAfter = 100
	// forgetAfter is how long a counter lives after its last attempt.
	forgetAfter = 24 * time.Hour
)

func (b brake) wait(attempts int) time.Duration {
	if attempts < b.free {
		return 0
	}
	if attempts-b.free > 20 {
		return b.most
	}
	return min(b.most, firstWait<<(attempts-b.free))
}

// bucket is one counter.
type bucket struct {
	key []byte
	brake
}

func newBucket(b brake, kind, of string) bucket {
	sum := sha256.Sum256([]byte(kind + "\x00" + of))
	return bucket{sum[:], b}
}

func accountBucket(email string) bucket {
	return newBucket(accountBrake, "account", strings.ToLower(email))
}

// addressBucket counts an IPv6 network of 64 bits as one, since a customer gets
// at least that.
func addressBucket(address string) (bucket, bool) {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return bucket{}, false
	}
	if a = a.Unmap(); a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return newBucket(addressBrake, "address", p.String()), true
		}
	}
	return newBucket(addressBrake, "address", a.String()), true
}

// buckets are what an attempt is counted under.
func (s *Service) buckets(c Client, email string, known bool) []bucket {
	if known {
		return []bucket{newBucket(accountBrake, "browser", c.Browser+"\x00"+strings.ToLower(email))}
	}
	out := []bucket{accountBucket(email)}
	if a, ok := addressBucket(c.Address); ok {
		out = append(out, a)
	}
	return out
}

// Throttled says that nobody may try before Wait is over.
type Throttled struct{ Wait time.Duration }

// Error says how long, for people.
func (t *Throttled) Error() string {
	d := t.Wait.Round(time.Second)
	switch {
	case d > 90*time.Second:
		return fmt.Sprintf("Too many attempts. Try again in %d minutes", int((d+time.Minute-1)/time.Minute))
	case d > time.Second:
		return fmt.Sprintf("Too many attempts. Try again in %d seconds", int(d/time.Second))
	}
	return "Too many attempts. Try again in a second"
}

// Unwrap gives the kind.
func (t *Throttled) Unwrap() error { return fault.TooMany(t.Wait, t.Error()) }

// mayTry returns Throttled while any bucket makes the caller wait.
func (s *Service) mayTry(ctx context.Context, r store.Reader, buckets []bucket) error {
	now := s.clk.Now()
	var most time.Duration
	for _, b := range buckets {
		attempts, at, err := s.counted(ctx, r, b)
		if err != nil {
			return err
		}
		if left := at.Add(b.wait(attempts)).Sub(now); attempts > 0 && left > most {
			most = left
		}
	}
	if most > 0 {
		return &Throttled{Wait: most}
	}
	return nil
}

func (s *Service) counted(ctx context.Context, r store.Reader, b bucket) (attempts int, at time.Time, err error) {
	var us int64
	err = r.QueryRow(ctx, `SELECT attempts, tried_at FROM sign_in_throttle WHERE bucket=?`, b.key).Scan(&attempts, &us)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, time.Time{}, nil
	}
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("read the count of attempts: %w", err)
	}
	if at = clock.FromMicros(us); s.clk.Now().Sub(at) >= forgetAfter {
		return 0, time.Time{}, nil
	}
	return attempts, at, nil
}

// charge counts an attempt in one transaction with the look whether it may be
// made. lockable is the account whose consecutive failures are counted, or "".
func (s *Service) charge(ctx context.Context, buckets []bucket, lockable string) error {
	_, err := s.db.Write(ctx, store.Op{Name: "account.try", Actor: "sign-in"}, func(tx *store.Tx) error {
		if err := s.mayTry(ctx, tx, buckets); err != nil {
			return err
		}
		now := s.clk.Now()
		if _, err := tx.Exec(`DELETE FROM sign_in_throttle WHERE tried_at<=?`, clock.Micros(now.Add(-forgetAfter))); err != nil {
			return err
		}
		for _, b := range buckets {
			_, err := tx.Exec(`INSERT INTO sign_in_throttle (bucket, attempts, tried_at) VALUES (?,1,?)
				ON CONFLICT (bucket) DO UPDATE SET attempts=sign_in_throttle.attempts+1, tried_at=excluded.tried_at`,
				b.key, clock.Micros(now))
			if err != nil {
				return err
			}
		}
		// Also without an account, so that both take as long.
		if _, err := tx.Exec(`UPDATE account SET failures=failures+1 WHERE person=?`, lockable); err != nil {
			return err
		}
		if lockable == "" {
			return nil
		}
		a, err := s.read(ctx, tx, lockable)
		if err != nil || a.failures != lockAfter {
			return err
		}
		return s.note(tx, "account.locked", lockable, who.Engine("sign-in").Actor, lockEntry{Failures: lockAfter})
	})
	return err
}

// refund takes the attempt back that turned out right: the account starts anew,
// an address loses only this one attempt, since others may guess from it.
func refund(tx *store.Tx, person string, buckets []bucket) error {
	for _, b := range buckets {
		q := `DELETE FROM sign_in_throttle WHERE bucket=?`
		if b.shared {
			q = `UPDATE sign_in_throttle SET attempts=attempts-1 WHERE bucket=? AND attempts>0`
		}
		if _, err := tx.Exec(q, b.key); err != nil {
			return err
		}
	}
	_, err := tx.Exec(`UPDATE account SET failures=0 WHERE person=?`, person)
	return err
}
