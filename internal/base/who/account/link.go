package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/passphrase"
)

// Purpose says what a link is for.
type Purpose string

// The purposes.
const (
	SetUp  Purpose = "set_up" // the first admin
	Invite Purpose = "invite" // the first passphrase of a person
	Reset  Purpose = "reset"  // a new passphrase
)

// Link is an open link. The person's fields are "" for SetUp.
type Link struct {
	Purpose   Purpose
	Person    string
	Name      string
	Email     string
	ExpiresAt time.Time
}

func deadLink() error {
	return fault.New(fault.Gone, "This link was used already, has expired, or was replaced by a newer one. Ask for a new one")
}

// SetUpLink makes a link for the first admin and returns its secret, or "" once
// an account exists. Each node that starts makes one of its own; the first use
// ends them all. Only the program itself may ask.
func (s *Service) SetUpLink(ctx context.Context, by who.Identity) (string, error) {
	if err := who.Check(by, who.PermPersonManage); err != nil {
		return "", err
	}
	if !by.IsEngine() {
		return "", fault.New(fault.Denied, "Only a start of the program makes this link")
	}
	secret, hash := newSecret()
	exists := false
	_, err := s.db.Write(ctx, store.Op{Name: "account.set_up_link", Actor: by.Actor}, func(tx *store.Tx) (err error) {
		if exists, err = s.any(ctx, tx); err != nil || exists {
			return err
		}
		return s.insertLink(tx, hash, SetUp, "", by.Actor, SetUpLife)
	})
	if err != nil {
		return "", fmt.Errorf("make the set-up link: %w", err)
	}
	if exists {
		return "", nil
	}
	return secret, nil
}

func (s *Service) insertLink(tx *store.Tx, hash []byte, purpose Purpose, person, by string, life time.Duration) error {
	now := s.clk.Now()
	if _, err := tx.Exec(`DELETE FROM sign_in_link WHERE expires_at<=?`, clock.Micros(now)); err != nil {
		return err
	}
	_, err := tx.Exec(`INSERT INTO sign_in_link (hash, purpose, person, made_by, created_at, expires_at) VALUES (?,?,?,?,?,?)`,
		hash, string(purpose), person, by, clock.Micros(now), clock.Micros(now.Add(life)))
	return err
}

// MakeLink makes a one-time link with which a person sets a passphrase, and
// returns its secret, which cannot be read again. An older link of the person
// ends. Permission person.manage. Conflict for somebody who is not active.
func (s *Service) MakeLink(ctx context.Context, by who.Identity, person string) (Link, string, error) {
	if err := who.Check(by, who.PermPersonManage); err != nil {
		return Link{}, "", err
	}
	secret, hash := newSecret()
	var link Link
	_, err := s.db.Write(ctx, store.Op{Name: "account.make_link", Actor: by.Actor}, func(tx *store.Tx) error {
		p, err := s.people.PersonTx(ctx, tx, person)
		if err != nil {
			return err
		}
		if !p.Active {
			return fault.New(fault.Conflict, "This person is not active; make the person active first")
		}
		a, err := s.read(ctx, tx, person)
		if err != nil {
			return err
		}
		life := InviteLife
		link = Link{Purpose: Invite, Person: p.ID, Name: p.Name, Email: p.Email}
		if a.person != "" {
			link.Purpose, life = Reset, ResetLife
		}
		link.ExpiresAt = s.clk.Now().Add(life)
		if _, err := tx.Exec(`DELETE FROM sign_in_link WHERE person=?`, person); err != nil {
			return err
		}
		if err := s.insertLink(tx, hash, link.Purpose, person, by.Actor, life); err != nil {
			return err
		}
		tx.SetResult(person)
		tx.SetSecretResult()
		return s.note(tx, "account.link_made", person, by.Actor, linkEntry{link.Purpose, clock.Micros(link.ExpiresAt)})
	})
	if err != nil {
		return Link{}, "", fmt.Errorf("make a sign-in link for %s: %w", person, err)
	}
	return link, secret, nil
}

// Open returns what a link's secret is for, and changes nothing: programs that
// look at links in mails must not use them up. Gone when it is dead.
func (s *Service) Open(ctx context.Context, secret string) (Link, error) {
	return s.open(ctx, s.db, secret)
}

func (s *Service) open(ctx context.Context, r store.Reader, secret string) (Link, error) {
	hash := hashOf(secret)
	if hash == nil {
		return Link{}, deadLink()
	}
	var l Link
	var purpose string
	var expires int64
	err := r.QueryRow(ctx, `SELECT purpose, person, expires_at FROM sign_in_link WHERE hash=?`, hash).Scan(&purpose, &l.Person, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return Link{}, deadLink()
	}
	if err != nil {
		return Link{}, fmt.Errorf("read link: %w", err)
	}
	l.Purpose, l.ExpiresAt = Purpose(purpose), clock.FromMicros(expires)
	if !s.clk.Now().Before(l.ExpiresAt) {
		return Link{}, deadLink()
	}
	if l.Purpose == SetUp {
		exists, err := s.any(ctx, r)
		if err == nil && exists {
			err = deadLink()
		}
		return l, err
	}
	p, err := s.people.PersonTx(ctx, r, l.Person)
	if fault.KindOf(err) == fault.NotFound || (err == nil && !p.Active) {
		return Link{}, deadLink()
	}
	l.Name, l.Email = p.Name, p.Email
	return l, err
}

// FirstAdmin is what the set-up form asks. Zone is an IANA name, "UTC" when
// empty.
type FirstAdmin struct {
	Name       string
	Email      string
	Zone       string
	Passphrase string
}

// Begin uses the set-up link: it makes the first admin, or gives the role to
// the person who has this e-mail address, sets the passphrase and signs in.
// Invalid names the fields; Gone when the link is dead or an account exists.
func (s *Service) Begin(ctx context.Context, c Client, secret string, in FirstAdmin) (Issued, error) {
	ctx = plain(ctx)
	link, err := s.open(ctx, s.db, secret)
	if err != nil {
		return Issued{}, err
	}
	if link.Purpose != SetUp {
		return Issued{}, deadLink()
	}
	p := who.Person{Name: in.Name, Email: in.Email, Zone: in.Zone, Roles: []who.Role{who.Admin}, Active: true}
	if err := errors.Join(who.CheckPerson(p), passphrase.Check(in.Passphrase, about(p)...)); err != nil {
		return Issued{}, fault.Invalids(allFields(err)...)
	}
	hash, err := s.hash(ctx, in.Passphrase)
	if err != nil {
		return Issued{}, err
	}
	by := who.Engine("set-up")
	var out Issued
	_, err = s.db.Write(ctx, store.Op{Name: "account.begin", Actor: by.Actor}, func(tx *store.Tx) error {
		if _, err := s.open(ctx, tx, secret); err != nil {
			return err
		}
		made, err := s.firstAdmin(ctx, tx, by, p)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM sign_in_link WHERE purpose=?`, string(SetUp)); err != nil {
			return err
		}
		out, err = s.enter(tx, made, c, hash, BySetUp)
		return err
	})
	if err != nil {
		return Issued{}, fmt.Errorf("set up the first account: %w", err)
	}
	s.cfg.Log.Info("the first account was set up", "person", out.Identity.Person, "address", c.Address)
	return out, nil
}

func (s *Service) firstAdmin(ctx context.Context, tx *store.Tx, by who.Identity, p who.Person) (who.Person, error) {
	known, err := s.people.PersonByEmailTx(ctx, tx, p.Email)
	if fault.KindOf(err) == fault.NotFound {
		return s.people.CreatePersonTx(tx, by, p)
	}
	if err != nil {
		return who.Person{}, err
	}
	known.Active = true
	if !slices.Contains(known.Roles, who.Admin) {
		known.Roles = append(known.Roles, who.Admin)
	}
	return s.people.UpdatePersonTx(tx, by, known, 0)
}

// Redeem uses a person's link: it sets the passphrase, ends all older sessions
// and signs in. Invalid on the field "passphrase"; Gone when the link is dead.
func (s *Service) Redeem(ctx context.Context, c Client, secret, text string) (Issued, error) {
	ctx = plain(ctx)
	link, err := s.open(ctx, s.db, secret)
	if err != nil {
		return Issued{}, err
	}
	if link.Purpose == SetUp {
		return Issued{}, deadLink()
	}
	p, err := s.people.PersonTx(ctx, s.db, link.Person)
	if err != nil {
		return Issued{}, err
	}
	if err := passphrase.Check(text, about(p)...); err != nil {
		return Issued{}, err
	}
	hash, err := s.hash(ctx, text)
	if err != nil {
		return Issued{}, err
	}
	how := ByInvite
	if link.Purpose == Reset {
		how = ByReset
	}
	var out Issued
	_, err = s.db.Write(ctx, store.Op{Name: "account.redeem", Actor: link.Person}, func(tx *store.Tx) error {
		if _, err := s.open(ctx, tx, secret); err != nil {
			return err
		}
		p, err := s.people.PersonTx(ctx, tx, link.Person)
		if err != nil {
			return err
		}
		out, err = s.enter(tx, p, c, hash, how)
		return err
	})
	if err != nil {
		return Issued{}, fmt.Errorf("set the passphrase of %s: %w", link.Person, err)
	}
	s.cfg.Log.Info("passphrase set", "person", link.Person, "how", string(how), "address", c.Address)
	return out, nil
}

// enter sets the passphrase, which ends all sessions, and begins a new one.
func (s *Service) enter(tx *store.Tx, p who.Person, c Client, hash string, how Source) (Issued, error) {
	if err := s.set(tx, p, hash, how, p.ID, ""); err != nil {
		return Issued{}, err
	}
	out, err := s.begin(tx, p, c)
	if err != nil {
		return Issued{}, err
	}
	return out, s.remember(tx, &out, p.ID, c.Browser)
}

// allFields gathers the fields of joined errors.
func allFields(err error) []fault.Field {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var out []fault.Field
		for _, e := range many.Unwrap() {
			out = append(out, fault.FieldsOf(e)...)
		}
		return out
	}
	return fault.FieldsOf(err)
}
