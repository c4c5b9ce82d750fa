package incident

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/decide/incident/verdict"
	"github.com/wakebell/wakebell/internal/rule/grading"
)

// complete fills in what only reading can tell, and refuses ids that name nothing,
// so that Decide stays pure.
func (s *Service) complete(ctx context.Context, tx *store.Tx, st State, cmd Command) (err error) {
	switch c := cmd.(type) {
	case *Declare:
		return s.completeDeclare(ctx, tx, c)
	case *Grade:
		c.Suggestion, err = s.suggestion(tx, st)
	case *RecordFact:
		return s.checkFact(tx, c)
	case *Assign:
		return s.checkPerson(ctx, tx, "person", c.Person)
	case *AddTask:
		return s.checkPerson(ctx, tx, "owner", c.Owner)
	case *MakeDecision:
		return s.completeDecision(ctx, tx, st, c)
	case *LinkSignals:
		return checkSignals(ctx, tx, st, c.Signals)
	case *Merge:
		return resolveMerge(ctx, tx, st, c)
	case *Close:
		c.Open, err = s.blockers(ctx, tx, st)
	case *Dismiss:
		c.Open, err = s.blockers(ctx, tx, st)
	}
	return err
}

// blockers asks the guards what stands in the way of an end.
func (s *Service) blockers(ctx context.Context, r store.Reader, st State) (open []OpenDuty, err error) {
	for _, g := range s.guards {
		found, err := g(ctx, r, st)
		if err != nil {
			return nil, fmt.Errorf("read what stands in the way of ending %s: %w", st.ID, err)
		}
		open = append(open, found...)
	}
	return open, nil
}

func (s *Service) completeDeclare(ctx context.Context, tx *store.Tx, c *Declare) error {
	p, err := s.plans.CurrentTx(tx)
	if err != nil {
		return fmt.Errorf("declare incident: %w", err)
	}
	c.PlanVersion = p.Version
	if c.Kind == "" {
		c.Kind = Real
	}
	if c.Nature == "" {
		c.Nature = Security
	}
	if c.DiscoveredAt.IsZero() {
		c.DiscoveredAt = c.Meta.Now
	}
	team := c.Team
	if c.Service != "" || c.Team != "" {
		dir, err := s.dirs.Snapshot(tx)
		if err != nil {
			return fmt.Errorf("declare incident: %w", err)
		}
		svc, ok := dir.ITServices[c.Service]
		if c.Service != "" && !ok {
			return fault.InvalidField("service", "is not in the directory")
		}
		if _, ok := dir.Teams[c.Team]; c.Team != "" && !ok {
			return fault.InvalidField("team", "is not in the directory")
		}
		if team == "" {
			team = svc.Team
		}
	}
	if team == "" {
		team = p.DefaultTeam
	}
	c.Team = team
	c.Ref, err = nextRef(ctx, tx, c.Meta.Now)
	return err
}

// Suggestion returns what the recorded indicators suggest as severity and BIL, with
// the reason in words; nil while no indicators are recorded. Permission incident.read.
func (s *Service) Suggestion(ctx context.Context, by who.Identity, ref string) (*Suggestion, error) {
	if err := who.Check(by, who.PermIncidentRead); err != nil {
		return nil, err
	}
	st, err := load(ctx, s.db, ref)
	if err != nil {
		return nil, err
	}
	return s.suggestion(s.db, st)
}

func (s *Service) suggestion(r store.Reader, st State) (*Suggestion, error) {
	f, ok := st.Facts[string(FactIndicators)]
	if !ok || f.Value.Indicators == nil {
		return nil, nil
	}
	p, err := s.plans.At(r, st.PlanVersion)
	if err != nil {
		return nil, fmt.Errorf("suggest a grade for %s: %w", st.ID, err)
	}
	var own *grading.Override
	if st.Service != "" {
		dir, err := s.dirs.Snapshot(r)
		if err != nil {
			return nil, fmt.Errorf("suggest a grade for %s: %w", st.ID, err)
		}
		own = dir.ITServices[st.Service].Indicators
	}
	severity, bil, why := check.Suggest(p, own, check.Recorded{
		Indicators: *f.Value.Indicators, Harm: st.Facts[string(FactHarm)], PersonalData: st.PersonalData,
		Security: st.Nature == Security, Customers: len(st.ScopeNow().Customers),
	})
	return &Suggestion{Severity: &severity, BIL: &bil, Reason: why}, nil
}

// completeDecision reads which roles the one who decides holds, and whom the plan asks
// about a verdict on the risk.
func (s *Service) completeDecision(ctx context.Context, tx *store.Tx, st State, c *MakeDecision) error {
	if err := s.checkPerson(ctx, tx, "decided_by", c.DecidedBy); err != nil {
		return err
	}
	if err := s.checkEntity(tx, c.Entity, true); err != nil {
		return err
	}
	c.Roles = c.Meta.Roles
	if c.DecidedBy != "" && c.DecidedBy != c.Meta.By {
		p, err := s.people.PersonTx(ctx, tx, c.DecidedBy)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		c.Roles = held(who.Identity{Person: p.ID, Roles: p.Roles})
	}
	if c.Decision != Second {
		return nil
	}
	p, err := s.plans.At(tx, st.PlanVersion)
	c.Groups = p.Approval(verdict.Approval)
	return err
}

// held are the roles of a person; a machine decides in none.
func held(by who.Identity) (out []string) {
	for _, r := range by.Roles {
		if by.Person != "" {
			out = append(out, string(r))
		}
	}
	return out
}

func (s *Service) checkPerson(ctx context.Context, tx *store.Tx, field, id string) error {
	if id == "" || len(check.Word(nil, field, id)) > 0 { // Decide says so
		return nil
	}
	p, err := s.people.PersonTx(ctx, tx, id)
	if fault.KindOf(err) == fault.NotFound || err == nil && !p.Active {
		return fault.InvalidField(field, "is not an active person of the directory; give a person's id")
	}
	return err
}

// checkEntity: a fact names one of our legal entities; a decision not to notify may
// also name a recipient.
func (s *Service) checkEntity(tx *store.Tx, id string, orParty bool) error {
	if id == "" {
		return nil
	}
	dir, err := s.dirs.Snapshot(tx)
	if err != nil {
		return err
	}
	if _, ok := dir.Entities[id]; ok {
		return nil
	}
	if _, ok := dir.Parties[id]; ok && orParty {
		return nil
	}
	if orParty {
		return fault.InvalidField("entity", "is neither a legal entity nor a party of the directory")
	}
	return fault.InvalidField("entity", "is not a legal entity of the directory")
}

func (s *Service) checkFact(tx *store.Tx, c *RecordFact) error {
	if err := s.checkEntity(tx, c.Entity, false); err != nil {
		return err
	}
	if c.Fact != FactScope {
		return nil
	}
	v, _, err := ParseValue(c.Fact, c.Value)
	if err != nil {
		return err
	}
	dir, err := s.dirs.Snapshot(tx)
	if err != nil {
		return err
	}
	return fault.Invalids(check.Scope(dir, *v.Scope)...)
}

// checkSignals: the signals exist, and drills and the real thing do not mix.
func checkSignals(ctx context.Context, tx *store.Tx, st State, ids []string) error {
	for i, id := range ids[:min(len(ids), maxSignals)] {
		field := fmt.Sprintf("signals[%d]", i)
		if err := fault.Invalids(check.Word(nil, field, id)...); err != nil {
			return err
		}
		var drill bool
		err := tx.QueryRow(ctx, "SELECT drill FROM signal WHERE id = ?", id).Scan(&drill)
		if errors.Is(err, sql.ErrNoRows) {
			return fault.InvalidField(field, "there is no such signal")
		}
		if err != nil {
			return fmt.Errorf("read signal: %w", err)
		}
		if drill != (st.Kind == Drill) {
			return fault.New(fault.Conflict, "a drill and a real incident share no signals")
		}
	}
	return nil
}

func resolveMerge(ctx context.Context, tx *store.Tx, st State, c *Merge) error {
	if c.Into == "" {
		return nil // Decide says so
	}
	into, err := load(ctx, tx, c.Into)
	if fault.KindOf(err) == fault.NotFound {
		return fault.InvalidField("into", "there is no such incident")
	}
	if err != nil {
		return err
	}
	switch {
	case into.ID == st.ID: // Decide says so
	case into.Kind != st.Kind:
		return fault.New(fault.Conflict, "a drill and a real incident cannot be merged")
	case !into.Open():
		return fault.Newf(fault.Conflict, "%s is not open; reopen it first", into.Ref)
	}
	c.Into = into.ID
	return nil
}
