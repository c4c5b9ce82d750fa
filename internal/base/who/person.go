package who

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
)

// Person is somebody of the company. ID is made here when empty; a chosen one
// matches [a-z0-9-]{2,64}, goes to the ledger and so must not be a name.
// Zone is an IANA time zone, "UTC" when empty. Deputy is a person id or "".
type Person struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Email      string `json:"email"`
	Phone      string `json:"phone"`
	Webhook    string `json:"webhook"`
	Department string `json:"department"`
	Function   string `json:"function"`
	Deputy     string `json:"deputy"`
	Zone       string `json:"zone"`
	Roles      []Role `json:"roles"`
	Active     bool   `json:"active"`
	Version    int    `json:"version"`
}

// Filter narrows People. Zero values do not narrow.
type Filter struct {
	Role       Role   `json:"role"`
	Department string `json:"department"`
	ActiveOnly bool   `json:"active_only"`
	Q          string `json:"q"` // part of the name, address, department, function or id, in any case of letters
}

// Observer is told of a changed person in the same transaction.
type Observer func(ctx context.Context, tx *store.Tx, by Identity, before, after Person) error

// Service keeps people and tokens.
type Service struct {
	db        *store.DB
	led       *record.Ledger
	clk       *clock.Clock
	cache     cache
	observers []Observer
}

// New returns the service. It starts nothing.
func New(db *store.DB, led *record.Ledger, clk *clock.Clock) *Service {
	return &Service{db: db, led: led, clk: clk}
}

// Observe adds what follows from a changed person. Call it before serving.
func (s *Service) Observe(o Observer) { s.observers = append(s.observers, o) }

// Kinds returns the ledger kinds this room writes.
func Kinds() []record.Kind {
	return []record.Kind{
		{Name: "person.created", Version: 1},
		{Name: "person.changed", Version: 1},
		{Name: "token.created", Version: 1},
		{Name: "token.revoked", Version: 1},
	}
}

// personEntry is the body of person.created/1 and person.changed/1. Before is
// nil in person.created.
type personEntry struct {
	Version       int           `json:"version"`
	Before        *personFacts  `json:"before,omitempty"`
	After         personFacts   `json:"after"`
	BeforeContact *personDetail `json:"before_contact,omitempty" private:"true"`
	AfterContact  personDetail  `json:"after_contact" private:"true"`
}

type personFacts struct {
	Roles  []Role `json:"roles"`
	Active bool   `json:"active"`
	Deputy string `json:"deputy,omitempty"`
}

type personDetail struct {
	Name       string `json:"name"`
	Email      string `json:"email"`
	Phone      string `json:"phone,omitempty"`
	Webhook    string `json:"webhook,omitempty"`
	Department string `json:"department,omitempty"`
	Function   string `json:"function,omitempty"`
	Zone       string `json:"zone"`
}

func (p Person) split() (personFacts, personDetail) {
	return personFacts{p.Roles, p.Active, p.Deputy},
		personDetail{p.Name, p.Email, p.Phone, p.Webhook, p.Department, p.Function, p.Zone}
}

// CreatePerson adds a person. Permission person.manage. Invalid names the
// field; an id or e-mail address that is taken is a Conflict.
func (s *Service) CreatePerson(ctx context.Context, by Identity, p Person) (Person, error) {
	if err := Check(by, PermPersonManage); err != nil {
		return Person{}, err
	}
	out, err := s.db.Write(ctx, store.Op{Name: "person.create", Actor: by.Actor}, func(tx *store.Tx) error {
		made, err := s.CreatePersonTx(tx, by, p)
		if err != nil {
			return err
		}
		tx.SetResult(made.ID)
		return nil
	})
	if err != nil {
		return Person{}, fmt.Errorf("create person: %w", err)
	}
	return s.PersonTx(ctx, s.db, out.ResultID)
}

// CreatePersonTx is CreatePerson inside the caller's transaction.
func (s *Service) CreatePersonTx(tx *store.Tx, by Identity, p Person) (Person, error) {
	if err := Check(by, PermPersonManage); err != nil {
		return Person{}, err
	}
	p, err := p.checked()
	if err != nil {
		return Person{}, err
	}
	now := s.clk.Now()
	if p.ID == "" {
		p.ID = ident.New(now)
	}
	p.Version = 1
	if err := free(tx, "id", p.ID, ""); err != nil {
		return Person{}, err
	}
	if err := related(tx, p); err != nil {
		return Person{}, err
	}
	body := personEntry{Version: p.Version}
	body.After, body.AfterContact = p.split()
	e, err := s.led.Append(tx, record.Draft{Kind: "person.created", Subject: p.ID, Actor: by.Actor, Body: body})
	if err != nil {
		return Person{}, err
	}
	us := clock.Micros(e.RecordedAt) // the row says what the entry says, see Replay
	_, err = tx.Exec(`INSERT INTO person (id, name, name_key, email, email_key, phone, webhook, department,
		function_name, deputy, zone, roles, active, version, created_at, updated_at)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		p.ID, p.Name, strings.ToLower(p.Name), p.Email, strings.ToLower(p.Email), p.Phone, p.Webhook,
		p.Department, p.Function, p.Deputy, p.Zone, joinRoles(p.Roles), bit(p.Active), p.Version, us, us)
	if err != nil {
		return Person{}, fmt.Errorf("insert person %s: %w", p.ID, err)
	}
	return p, index(tx, p)
}

// UpdatePerson replaces everything of the person p.ID. Permission
// person.manage. ifVersion is the version the change was made from, 0 for any;
// another one is a Precondition error. Nothing is written when nothing differs.
// Taking the last active administrator away is a Conflict.
func (s *Service) UpdatePerson(ctx context.Context, by Identity, p Person, ifVersion int) (Person, error) {
	if err := Check(by, PermPersonManage); err != nil {
		return Person{}, err
	}
	_, err := s.db.Write(ctx, store.Op{Name: "person.update", Actor: by.Actor}, func(tx *store.Tx) error {
		_, err := s.UpdatePersonTx(tx, by, p, ifVersion)
		return err
	})
	if err != nil {
		return Person{}, fmt.Errorf("update person %s: %w", p.ID, err)
	}
	return s.PersonTx(ctx, s.db, p.ID)
}

// UpdatePersonTx is UpdatePerson inside the caller's transaction.
func (s *Service) UpdatePersonTx(tx *store.Tx, by Identity, p Person, ifVersion int) (Person, error) {
	if err := Check(by, PermPersonManage); err != nil {
		return Person{}, err
	}
	p, err := p.checked()
	if err != nil {
		return Person{}, err
	}
	old, err := s.PersonTx(clock.Background(), tx, p.ID)
	if err != nil {
		return Person{}, err
	}
	if ifVersion != 0 && ifVersion != old.Version {
		return Person{}, fault.New(fault.Precondition, "The person was changed in the meantime; read it again")
	}
	p.Version = old.Version
	if equal(p, old) {
		return old, nil
	}
	p.Version++
	if err := related(tx, p); err != nil {
		return Person{}, err
	}
	if err := s.keepAnAdmin(tx, old, p); err != nil {
		return Person{}, err
	}
	body := personEntry{Version: p.Version}
	facts, contact := old.split()
	body.Before, body.BeforeContact = &facts, &contact
	body.After, body.AfterContact = p.split()
	e, err := s.led.Append(tx, record.Draft{Kind: "person.changed", Subject: p.ID, Actor: by.Actor, Body: body})
	if err != nil {
		return Person{}, err
	}
	_, err = tx.Exec(`UPDATE person SET name=?, name_key=?, email=?, email_key=?, phone=?, webhook=?, department=?,
		function_name=?, deputy=?, zone=?, roles=?, active=?, version=?, updated_at=? WHERE id=?`,
		p.Name, strings.ToLower(p.Name), p.Email, strings.ToLower(p.Email), p.Phone, p.Webhook,
		p.Department, p.Function, p.Deputy, p.Zone, joinRoles(p.Roles), bit(p.Active), p.Version,
		clock.Micros(e.RecordedAt), p.ID)
	if err != nil {
		return Person{}, fmt.Errorf("update person %s: %w", p.ID, err)
	}
	if err := index(tx, p); err != nil {
		return Person{}, err
	}
	tx.AfterCommit(s.cache.clear) // roles and activity reach the person's tokens at once
	for _, o := range s.observers {
		if err := o(clock.Background(), tx, by, old, p); err != nil {
			return Person{}, err
		}
	}
	return p, nil
}

// free refuses a value that another person than self has.
func free(tx *store.Tx, field, value, self string) error {
	q := `SELECT id FROM person WHERE id=? AND id<>?`
	if field == "email" {
		q = `SELECT id FROM person WHERE email_key=? AND id<>?`
	}
	var id string
	err := tx.QueryRow(clock.Background(), q, value, self).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for a person by %s: %w", field, err)
	}
	return &fault.Error{
		Kind: fault.Conflict, Message: "Another person has this already",
		Fields: []fault.Field{{Field: field, Message: "is taken by another person"}},
	}
}

// keepAnAdmin refuses a change after which nobody could manage people any more.
func (s *Service) keepAnAdmin(tx *store.Tx, old, p Person) error {
	runs := func(p Person) bool { return p.Active && slices.Contains(p.Roles, Admin) }
	if !runs(old) || runs(p) {
		return nil
	}
	admins, err := s.ActiveByRoleTx(clock.Background(), tx, Admin)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(admins, func(a Person) bool { return a.ID != p.ID }) {
		return nil
	}
	field := fault.Field{Field: "roles", Message: "must keep the role admin: give it to another active person first"}
	if !p.Active {
		field = fault.Field{Field: "active", Message: "must stay: make another active person administrator first"}
	}
	return &fault.Error{
		Kind: fault.Conflict, Message: "This is the last administrator, and nobody could manage people after that", Fields: []fault.Field{field},
	}
}

// related checks what needs the other people.
func related(tx *store.Tx, p Person) error {
	if err := free(tx, "email", strings.ToLower(p.Email), p.ID); err != nil {
		return err
	}
	if p.Deputy == "" {
		return nil
	}
	if p.Deputy == p.ID {
		return fault.InvalidField("deputy", "must be somebody else")
	}
	var id string
	err := tx.QueryRow(clock.Background(), `SELECT id FROM person WHERE id=?`, p.Deputy).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return fault.InvalidField("deputy", "is not a known person")
	}
	if err != nil {
		return fmt.Errorf("look for the deputy: %w", err)
	}
	return nil
}

func equal(a, b Person) bool {
	ra, rb := a.Roles, b.Roles
	a.Roles, b.Roles = nil, nil
	return fmt.Sprint(a) == fmt.Sprint(b) && slices.Equal(ra, rb)
}
