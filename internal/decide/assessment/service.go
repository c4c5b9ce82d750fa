package assessment

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/decide/incident/verdict"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/rule/regime/factfile"
)

// Service answers what the law asks for in an incident.
type Service struct {
	db        *store.DB
	clk       *clock.Clock
	law       *Law
	incidents *incident.Service
	dirs      *directory.Service
	plans     *plan.Service
	sent      func(ctx context.Context, r store.Reader, incident string) (Sent, error)
	after     func(ctx context.Context, tx *store.Tx, by who.Identity, t Taking) error
}

// New makes the service. sent reads which notices of an incident were given; after
// runs in the transaction that says new packs are in force.
func New(db *store.DB, clk *clock.Clock, law *Law, incidents *incident.Service, dirs *directory.Service, plans *plan.Service,
	sent func(ctx context.Context, r store.Reader, incident string) (Sent, error),
	after func(ctx context.Context, tx *store.Tx, by who.Identity, t Taking) error,
) *Service {
	return &Service{db: db, clk: clk, law: law, incidents: incidents, dirs: dirs, plans: plans, sent: sent, after: after}
}

// Book is the packs in force.
func (s *Service) Book() *regime.Book { return s.law.Book() }

// Result is what the packs say about one incident.
type Result struct {
	Incident  incident.State
	Entities  []directory.Entity
	Facts     regime.Facts
	Outcomes  []regime.Outcome
	Questions []regime.Question
	Version   string // of the packs
	Panel     verdict.Panel
}

// Of evaluates an incident, by id or reference, with the facts recorded until asOf;
// zero is now. It needs incident.read and duty.read.
func (s *Service) Of(ctx context.Context, by who.Identity, ref string, asOf time.Time) (Result, error) {
	if err := who.Check(by, who.PermDutyRead); err != nil {
		return Result{}, err
	}
	st, err := s.incidents.Get(ctx, by, ref, asOf)
	if err != nil {
		return Result{}, err
	}
	var res Result
	err = s.db.View(ctx, func(v *store.View) error {
		dir, err := s.dirs.Snapshot(v)
		if err != nil {
			return err
		}
		sent, err := s.sent(ctx, v, st.ID)
		if err != nil {
			return err
		}
		p, err := s.plans.At(v, st.PlanVersion)
		if err != nil {
			return err
		}
		res.Panel = st.Panel(p.Approval(verdict.Approval))
		res.Incident, res.Entities = st, Entities(st, dir)
		res.Facts, _ = Facts(st, p, dir, sent, s.clk.Now())
		return nil
	})
	if err != nil {
		return Result{}, fmt.Errorf("assess %s: %w", st.Ref, err)
	}
	return s.evaluate(res)
}

// Try evaluates facts that belong to no incident. It needs duty.read.
func (s *Service) Try(_ context.Context, by who.Identity, file factfile.File) (Result, error) {
	if err := who.Check(by, who.PermDutyRead); err != nil {
		return Result{}, err
	}
	f, err := file.Facts()
	if err != nil {
		return Result{}, invalid(err)
	}
	if f.At.IsZero() {
		f.At = s.clk.Now()
	}
	if errs := s.Book().Check(f); len(errs) > 0 {
		return Result{}, invalid(errs...)
	}
	return s.evaluate(Result{Facts: f})
}

func (s *Service) evaluate(res Result) (Result, error) {
	book := s.Book()
	e, err := book.Evaluate(res.Facts)
	if err != nil {
		return Result{}, err
	}
	res.Outcomes, res.Questions, res.Version = e.Outcomes, e.Questions(), book.Version
	return res, nil
}

// invalid puts errors that begin with a field's name into the shape faces show.
func invalid(errs ...error) error {
	var fields []fault.Field
	for _, err := range errs {
		for line := range strings.Lines(err.Error()) {
			field, words, ok := strings.Cut(strings.TrimSpace(line), ": ")
			if !ok {
				field, words = "facts", line
			}
			fields = append(fields, fault.Field{Field: field, Message: words})
		}
	}
	return fault.Invalids(fields...)
}

// Reload reads the packs anew, and has the duties of open incidents derived again
// when they changed. What is wrong in them is the error; those in force stay. It
// needs plan.edit.
func (s *Service) Reload(ctx context.Context, by who.Identity) (changed bool, err error) {
	if err := who.Check(by, who.PermPlanEdit); err != nil {
		return false, err
	}
	before := s.Book()
	if _, err = s.law.Reload(); err != nil {
		return false, packFault(err)
	}
	return s.take(ctx, by, before)
}

// packFault shows what is wrong in packs as fields: file and line, then the reason.
func packFault(err error) error {
	var fields []fault.Field
	for line := range strings.Lines(err.Error()) {
		where, words, ok := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "load the rule packs: ")), ": ")
		if ok {
			fields = append(fields, fault.Field{Field: where, Message: words})
		}
	}
	return &fault.Error{Kind: fault.Invalid, Message: "the rule packs are wrong; those in force stay", Fields: fields, Err: err}
}

// CheckPacks says what is wrong in a folder of packs, with the shipped ones beneath
// it, and runs their test vectors. It returns how many rules and vectors there are.
func CheckPacks(own fs.FS) (book *regime.Book, vectors int, err error) {
	l, err := NewLaw(own)
	if err != nil {
		return nil, 0, err
	}
	ran, errs := factfile.Test(l.Book())
	return l.Book(), ran, errors.Join(errs...)
}

// OnIncident refuses law facts that no pack knows, of the wrong shape, or that
// contradict others. It is an incident.Observer.
func (s *Service) OnIncident(_ context.Context, tx *store.Tx, _ who.Identity, before, after incident.State) error {
	var fresh []fact.Fact
	for key, f := range after.Facts {
		if old, had := before.Facts[key]; !had || old.ID != f.ID {
			fresh = append(fresh, f)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	book := s.Book()
	moment := false
	for _, f := range fresh {
		moment = moment || !f.Value.At.IsZero() || f.Name == fact.OfScope // fewer in a country than in its states
		if !fact.IsLaw(f.Name) {
			continue
		}
		if err := lawful(book, f); err != nil {
			return err
		}
	}
	if !moment {
		return nil
	}
	dir, err := s.dirs.Snapshot(tx)
	if err != nil {
		return err
	}
	had, _ := Facts(before, plan.Plan{}, dir, nil, s.clk.Now())
	now, _ := Facts(after, plan.Plan{}, dir, nil, s.clk.Now())
	was := book.Check(had)
	for _, err := range book.Check(now) {
		if !slices.ContainsFunc(was, func(o error) bool { return o.Error() == err.Error() }) {
			return fault.InvalidField("value", err.Error())
		}
	}
	return nil
}

// lawful checks one law fact against the packs.
func lawful(book *regime.Book, f fact.Fact) error {
	if name, moment := strings.CutPrefix(string(f.Name), fact.LawMoment); moment {
		if _, ok := book.Moments[name]; !ok && f.Name != fact.HoldSince && f.Name != fact.HoldReleased {
			return fault.InvalidField("fact", "is no moment of the rule packs")
		}
		return nil
	}
	name := strings.TrimPrefix(string(f.Name), fact.LawFact)
	if _, ok := book.Facts[name]; !ok {
		return fault.InvalidField("fact", "is no fact of the rule packs; wakebell rules facts lists them")
	}
	if len(f.Value.Law) == 0 {
		return nil // taken back: not known
	}
	if errs := book.Check(regime.Facts{Known: map[string]any{name: Value(f.Value.Law)}}); len(errs) > 0 {
		_, words, _ := strings.Cut(errs[0].Error(), ": ")
		return fault.InvalidField("value", "must be "+words)
	}
	return nil
}
