package incident

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

// Observer reacts to a change of an incident in the same transaction. Before is the
// zero State at the declaration. It may run twice, like every write.
type Observer func(ctx context.Context, tx *store.Tx, by who.Identity, before, after State) error

// CloseGuard is what one guard found open; Decide judges it.
type CloseGuard = []OpenDuty

// Guard reads what stands in the way of a close.
type Guard func(ctx context.Context, r store.Reader, st State) (CloseGuard, error)

// Service keeps incidents. Every method checks the permission first.
type Service struct {
	db     *store.DB
	led    *record.Ledger
	clk    *clock.Clock
	plans  *plan.Service
	dirs   *directory.Service
	people *who.Service

	observers []Observer
	guards    []Guard
}

// New returns the service. It starts nothing.
func New(db *store.DB, led *record.Ledger, clk *clock.Clock, plans *plan.Service, dirs *directory.Service, people *who.Service) *Service {
	return &Service{db: db, led: led, clk: clk, plans: plans, dirs: dirs, people: people}
}

// Observe adds an observer; they run in the order they were added. Only at wiring.
func (s *Service) Observe(o Observer) { s.observers = append(s.observers, o) }

// Guard adds a guard of the close. Only at wiring.
func (s *Service) Guard(g Guard) { s.guards = append(s.guards, g) }

// Declare starts an incident. Permission incident.declare.
func (s *Service) Declare(ctx context.Context, by who.Identity, cmd Declare) (State, error) {
	if err := who.Check(by, who.PermIncidentDeclare); err != nil {
		return State{}, err
	}
	return s.write(ctx, by, &cmd, func(tx *store.Tx) (State, error) { return s.DeclareTx(tx, by, cmd) })
}

// DeclareTx is Declare inside a write of another room.
func (s *Service) DeclareTx(tx *store.Tx, by who.Identity, cmd Declare) (State, error) {
	if err := who.Check(by, who.PermIncidentDeclare); err != nil {
		return State{}, err
	}
	return s.execute(clock.Background(), tx, by, State{}, &cmd)
}

// Execute runs a command on the incident with a reference or id. With ifVersion
// above 0 it is refused as fault.Precondition unless that is the incident's version.
// The permission is the command's.
func (s *Service) Execute(ctx context.Context, by who.Identity, ref string, cmd Command, ifVersion int64) (State, error) {
	if err := permit(by, cmd); err != nil {
		return State{}, err
	}
	return s.write(ctx, by, cmd, func(tx *store.Tx) (State, error) {
		before, err := load(ctx, tx, ref)
		if err != nil {
			return State{}, err
		}
		if ifVersion > 0 && before.Version != ifVersion {
			return State{}, fault.Newf(fault.Precondition, "%s has changed since you read it (version %d); read it again", before.Ref, before.Version)
		}
		return s.execute(ctx, tx, by, before, cmd)
	})
}

// ExecuteTx is Execute inside a write of another room; id may also be a reference.
func (s *Service) ExecuteTx(tx *store.Tx, by who.Identity, id string, cmd Command) (State, error) {
	if err := permit(by, cmd); err != nil {
		return State{}, err
	}
	before, err := load(clock.Background(), tx, id)
	if err != nil {
		return State{}, err
	}
	return s.execute(clock.Background(), tx, by, before, cmd)
}

func permit(by who.Identity, cmd Command) error {
	if cmd == nil {
		if err := who.Check(by, who.PermIncidentWork); err != nil {
			return err
		}
		return fault.InvalidField("type", "is needed")
	}
	if err := who.Check(by, PermissionOf(cmd)); err != nil {
		return err
	}
	if _, ok := cmd.(*Declare); ok {
		return fault.InvalidField("type", "declare starts a new incident; it is no command of an existing one")
	}
	return nil
}

// write runs one command as a write of its own. A repetition with the same
// idempotency key gives the state as it is now.
func (s *Service) write(ctx context.Context, by who.Identity, cmd Command, fn func(tx *store.Tx) (State, error)) (State, error) {
	var after State
	out, err := s.db.Write(ctx, store.Op{Name: "incident." + cmd.Type(), Actor: by.Actor}, func(tx *store.Tx) error {
		var err error
		if after, err = fn(tx); err != nil {
			return err
		}
		tx.SetResult(after.ID)
		return nil
	})
	if err != nil {
		return State{}, err
	}
	if out.Replayed {
		return load(ctx, s.db, out.ResultID)
	}
	return after, nil
}

// execute stamps, completes and decides the command, records what follows from it
// and tells the observers.
func (s *Service) execute(ctx context.Context, tx *store.Tx, by who.Identity, before State, cmd Command) (State, error) {
	b := cmd.base()
	now := s.clk.Now()
	b.At, b.KnownAt = micro(b.At), micro(b.KnownAt)
	b.Meta = Meta{Now: now, By: by.Actor, Roles: held(by), NewID: ident.New(now)}
	subject := before.ID
	if d, ok := cmd.(*Declare); ok {
		subject = b.Meta.NewID
		d.ID = subject
	}
	if err := s.complete(ctx, tx, before, cmd); err != nil {
		return State{}, err
	}
	events, err := Decide(before, cmd)
	if err != nil {
		return State{}, err
	}
	after := before
	for _, e := range events {
		entry, err := s.led.Append(tx, record.Draft{
			Kind: e.Kind(), Subject: subject, Actor: by.Actor, At: b.At, KnownAt: b.KnownAt, Body: e,
		})
		if err != nil {
			return State{}, err
		}
		if after, err = project(row.Live(tx), entry, after); err != nil {
			return State{}, err
		}
	}
	for _, o := range s.observers {
		if err := o(ctx, tx, by, before, after); err != nil {
			return State{}, err
		}
	}
	return after, nil
}

// Get returns an incident by reference or id; with asOf, as the ledger knew it then.
// Permission incident.read. NotFound when there is none, or was none yet.
func (s *Service) Get(ctx context.Context, by who.Identity, ref string, asOf time.Time) (State, error) {
	if err := who.Check(by, who.PermIncidentRead); err != nil {
		return State{}, err
	}
	st, err := load(ctx, s.db, ref)
	if err != nil || asOf.IsZero() {
		return st, err
	}
	entries, err := s.led.SubjectAsOf(ctx, s.db, st.ID, asOf)
	if err != nil {
		return State{}, fmt.Errorf("read incident %s as of a time: %w", st.ID, err)
	}
	if st, err = Fold(State{}, entries); err == nil && st.ID == "" {
		return State{}, fault.New(fault.NotFound, "the incident was not declared yet at that time")
	}
	return st, err
}

// GetTx reads an incident by id or reference for other rooms, without a permission.
func (s *Service) GetTx(r store.Reader, id string) (State, error) {
	return load(clock.Background(), r, id)
}

// load reads the projected state by id or, in any case of letters, by reference.
func load(ctx context.Context, r store.Reader, ref string) (State, error) {
	if len(check.Word(nil, "ref", ref)) > 0 {
		return State{}, fault.New(fault.NotFound, "there is no such incident")
	}
	where, arg := "id = ?", ref
	if up := strings.ToUpper(ref); strings.HasPrefix(up, check.RefPrefix) {
		where, arg = "ref = ?", up
	}
	var doc []byte
	err := r.QueryRow(ctx, "SELECT state FROM incident WHERE "+where, arg).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return State{}, fault.New(fault.NotFound, "there is no such incident")
	}
	if err != nil {
		return State{}, fmt.Errorf("read incident: %w", err)
	}
	var st State
	if err := json.Unmarshal(doc, &st); err != nil {
		return State{}, fmt.Errorf("read incident: %w", err)
	}
	return st, nil
}

// nextRef gives the next free reference of the year. There is one writer, so the
// numbers of a year have no gaps; the reference is in the event, so replay keeps it.
func nextRef(ctx context.Context, tx *store.Tx, now time.Time) (string, error) {
	var last int64
	year := now.UTC().Year()
	if err := tx.QueryRow(ctx, "SELECT COALESCE(MAX(ref_number), 0) FROM incident WHERE ref_year = ?", year).Scan(&last); err != nil {
		return "", fmt.Errorf("find the next reference: %w", err)
	}
	return fmt.Sprintf("%s%04d-%04d", check.RefPrefix, year, last+1), nil
}
