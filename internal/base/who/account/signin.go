package account

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/passphrase"
)

// wrong is the one answer to a sign-in that did not work, whatever the reason.
func wrong() error {
	return fault.New(fault.Unauthenticated, "The e-mail address or the passphrase is not right. If you are sure of both, ask an administrator for a new link")
}

// plain is ctx without an idempotency key: a repeated sign-in is a new one.
func plain(ctx context.Context) context.Context { return store.WithKey(ctx, "", [32]byte{}) }

// SignIn begins a session for the active person with this e-mail address and
// passphrase, in place of the session the browser held. Every failure is the
// same Unauthenticated, after the same work. *Throttled while too many attempts
// were made; Unavailable while too many people sign in at once.
func (s *Service) SignIn(ctx context.Context, c Client, email, text string) (Issued, error) {
	ctx = plain(ctx)
	email = strings.TrimSpace(email)
	if len(email) > 254 || len(text) > 4*passphrase.MaxLength {
		return Issued{}, wrong()
	}
	a, err := s.find(ctx, s.db, email)
	if err != nil {
		return Issued{}, fmt.Errorf("sign in: %w", err)
	}
	known, err := s.knows(ctx, a.person, c.Browser)
	if err != nil {
		return Issued{}, fmt.Errorf("sign in: %w", err)
	}
	buckets := s.buckets(c, email, known)
	lockable := a.person
	if known {
		lockable = ""
	}
	fits, old, err := s.try(ctx, a.hash, text, buckets, lockable)
	if err != nil {
		s.logRefusal(c, a.person, err)
		return Issued{}, fmt.Errorf("sign in: %w", err)
	}
	if !fits || a.person == "" || (a.failures >= lockAfter && !known) {
		s.logRefusal(c, a.person, nil)
		return Issued{}, wrong()
	}
	renewed := ""
	if old {
		if renewed, err = s.hash(ctx, text); err != nil {
			renewed = "" // another time
		}
	}
	return s.admit(ctx, c, a, buckets, renewed)
}

// try counts the attempt and compares the passphrase, in the gate. The dummy
// stands in where there is no hash.
func (s *Service) try(ctx context.Context, hash, text string, buckets []bucket, lockable string) (fits, old bool, err error) {
	if err := s.mayTry(ctx, s.db, buckets); err != nil {
		return false, false, err // before the queue: who must wait takes no place
	}
	leave, err := s.gate.enter(ctx)
	if err != nil {
		return false, false, err
	}
	defer leave()
	if err := s.charge(ctx, buckets, lockable); err != nil {
		return false, false, err
	}
	if hash == "" {
		_, _, err := passphrase.Verify(s.dummy, text)
		return false, false, err
	}
	fits, cost, err := passphrase.Verify(hash, text)
	return fits, cost != s.cost, err
}

// admit begins the session, unless the passphrase or the person changed since.
func (s *Service) admit(ctx context.Context, c Client, a row, buckets []bucket, renewed string) (Issued, error) {
	var out Issued
	_, err := s.db.Write(ctx, store.Op{Name: "account.sign_in", Actor: a.person}, func(tx *store.Tx) error {
		now, err := s.read(ctx, tx, a.person)
		if err != nil {
			return err
		}
		p, err := s.people.PersonTx(ctx, tx, a.person)
		if err != nil {
			return err
		}
		if now.hash != a.hash || !p.Active {
			return wrong()
		}
		if err := refund(tx, a.person, buckets); err != nil {
			return err
		}
		if renewed != "" {
			if _, err := tx.Exec(`UPDATE account SET hash=? WHERE person=?`, renewed, a.person); err != nil {
				return err
			}
		}
		if out, err = s.begin(tx, p, c); err != nil {
			return err
		}
		return s.remember(tx, &out, p.ID, c.Browser)
	})
	if err != nil {
		return Issued{}, fmt.Errorf("sign in: %w", err)
	}
	s.cfg.Log.Info("signed in", "person", a.person, "address", c.Address)
	return out, nil
}

// logRefusal leaves what an operator's own monitoring may watch. What was typed
// is not in it: people type passphrases into the wrong field.
func (s *Service) logRefusal(c Client, person string, err error) {
	why := "wrong"
	if _, ok := errors.AsType[*Throttled](err); ok {
		why = "throttled"
	} else if err != nil {
		why = err.Error()
	}
	s.cfg.Log.Warn("sign-in refused", "person", person, "address", c.Address, "why", why)
}

// SignInDemo begins a session for any active person, without any proof. Denied
// unless the program runs the demo; Conflict once an account with a passphrase
// exists, since then the data are no longer a toy.
func (s *Service) SignInDemo(ctx context.Context, c Client, person string) (Issued, error) {
	if !s.cfg.Demo {
		return Issued{}, fault.New(fault.Denied, "Only the demo lets you choose who you are")
	}
	var out Issued
	_, err := s.db.Write(plain(ctx), store.Op{Name: "account.sign_in_demo", Actor: person}, func(tx *store.Tx) error {
		exists, err := s.any(ctx, tx)
		if err != nil {
			return err
		}
		if exists {
			return fault.New(fault.Conflict, "Somebody has set a passphrase here; sign in with it")
		}
		p, err := s.people.PersonTx(ctx, tx, person)
		if err != nil {
			return err
		}
		if !p.Active {
			return fault.New(fault.NotFound, "There is no such person")
		}
		out, err = s.begin(tx, p, c)
		return err
	})
	if err != nil {
		return Issued{}, fmt.Errorf("sign in to the demo: %w", err)
	}
	return out, nil
}

// DemoPeople lists whom the demo lets one be: active people with a role, by
// name. Denied unless the program runs the demo.
func (s *Service) DemoPeople(ctx context.Context) ([]who.Person, error) {
	if !s.cfg.Demo {
		return nil, fault.New(fault.Denied, "Only the demo lets you choose who you are")
	}
	people, _, err := s.people.People(ctx, who.Engine("demo"), who.Filter{ActiveOnly: true}, "", who.PageLimit)
	if err != nil {
		return nil, err
	}
	out := people[:0]
	for _, p := range people {
		if len(p.Roles) > 0 {
			out = append(out, p)
		}
	}
	return out, nil
}

// ChangePassphrase replaces the own passphrase and ends all own sessions but
// the one with the id keep. Permission own.read. Invalid on "current_passphrase" when the
// old one is wrong and on "passphrase" when the new one breaks the rules;
// *Throttled after too many wrong ones; Conflict for somebody without one.
func (s *Service) ChangePassphrase(ctx context.Context, by who.Identity, keep, current, text string) error {
	if err := who.Check(by, who.PermOwnRead); err != nil {
		return err
	}
	ctx = plain(ctx)
	p, err := s.people.PersonTx(ctx, s.db, by.Person)
	if err != nil {
		return err
	}
	a, err := s.read(ctx, s.db, by.Person)
	if err != nil {
		return err
	}
	if a.person == "" {
		return fault.New(fault.Conflict, "You have no passphrase to change; ask an administrator for a link")
	}
	if err := passphrase.Check(text, about(p)...); err != nil {
		return err
	}
	if len(current) > 4*passphrase.MaxLength {
		return fault.InvalidField("current_passphrase", "is not your passphrase")
	}
	buckets := []bucket{newBucket(accountBrake, "change", by.Person)}
	fits, _, err := s.try(ctx, a.hash, current, buckets, "")
	if err != nil {
		return fmt.Errorf("change the passphrase: %w", err)
	}
	if !fits {
		return fault.InvalidField("current_passphrase", "is not your passphrase")
	}
	hash, err := s.hash(ctx, text)
	if err != nil {
		return err
	}
	_, err = s.db.Write(ctx, store.Op{Name: "account.change", Actor: by.Actor}, func(tx *store.Tx) error {
		now, err := s.read(clock.Background(), tx, by.Person)
		if err != nil {
			return err
		}
		if now.hash != a.hash {
			return fault.New(fault.Conflict, "The passphrase was changed in the meantime")
		}
		if err := refund(tx, by.Person, buckets); err != nil {
			return err
		}
		return s.set(tx, p, hash, ByOwner, by.Actor, keep)
	})
	if err != nil {
		return fmt.Errorf("change the passphrase: %w", err)
	}
	return nil
}
