package regime

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/rule/regime/headcount"
	"github.com/wakebell/wakebell/internal/rule/regime/sentence"
	"github.com/wakebell/wakebell/internal/rule/regime/term"
)

// Status is the answer to "is this duty owed?".
type Status string

// The answers of an evaluation.
const (
	Required     Status = "required"
	NotRequired  Status = "not_required"  // Reason says which condition failed
	NeedsFacts   Status = "needs_facts"   // Missing names what would decide it
	NotEvaluated Status = "not_evaluated" // the rule cannot be judged here; a person must
)

// The names Missing uses, besides those of facts.
const (
	MissingEntity  = "entity"   // which of our legal entities is concerned
	MissingPersons = "persons"  // how many persons are affected, and where
	MissingCountry = "country"  // where the entity is established
	missingKind    = "is."      // + kind of entity
	missingMoment  = "moments." // + moment
)

// Outcome is one rule judged for one entity.
type Outcome struct {
	Rule    *Rule
	Entity  string // id; "" when no entity is known
	Status  Status
	Missing []string // what would decide it; empty unless needs_facts
	Spread  *Spread  // what the least, estimated and most persons would each mean; nil without a threshold in doubt
	Due     *Due     // nil unless required
	reasons []string // what held, or the one thing that failed
	open    []string // exemptions that are not settled
	instead string   // id of the rule that takes its place
}

// Spread is the outcome for each of the three numbers of persons.
type Spread struct {
	Persons                Persons
	Min, Estimate, Maximum Status
}

// Reason says in words why, with basis, source and how sure.
func (o *Outcome) Reason() string {
	lead := map[Status]string{
		Required: "Required", NotRequired: "Not required", NeedsFacts: "Not decided yet", NotEvaluated: "Not evaluated",
	}[o.Status]
	var b strings.Builder
	b.WriteString(lead + ": " + o.Because())
	for _, e := range o.open {
		fmt.Fprintf(&b, " It would fall away if %s, which is not known.", e)
	}
	fmt.Fprintf(&b, " %s; source: %s (%s).", o.Rule.Basis(), o.Rule.Source, o.Rule.Sure.Words())
	return b.String()
}

// Because is what held, or what failed or is missing, as sentences.
func (o *Outcome) Because() string { return sentence.Reasons(o.reasons) }

// Open are the exemptions that are not settled, in words.
func (o *Outcome) Open() []string { return o.open }

// Evaluation is all rules judged.
type Evaluation struct {
	Book     *Book
	Outcomes []Outcome // by rule in an order in which each comes after those it depends on, then by entity
}

// Evaluate judges every rule for every entity. A rule is judged in the version
// valid at its own clock start; while that moment is not recorded and no condition
// fails, the outcome is needs_facts. What cannot be judged is not_evaluated, never
// not_required.
//
// A condition that uses no finding of an entity's own is evaluated once, whatever
// the number of entities.
func (b *Book) Evaluate(f Facts) (Evaluation, error) {
	j := &judge{book: b, facts: f, common: make([]*term.Verdict, len(b.conditions)), persons: headcount.Sums(f.Persons, b.Groups), unplaced: headcount.Unplaced(f.Persons), numbers: map[*Rule]*finding{}}
	var err error
	if j.scope, err = term.NewScope(b.Facts, f.Known); err != nil {
		return Evaluation{}, fmt.Errorf("evaluate the rules: %w", err)
	}
	entities := make([]*person, 0, len(f.Entities))
	for i := range f.Entities {
		p := &person{Entity: &f.Entities[i], index: i, said: map[phrase]string{}}
		if len(p.Known) > 0 {
			known := maps.Clone(f.Known)
			if known == nil {
				known = map[string]any{}
			}
			maps.Copy(known, p.Known)
			if p.scope, err = term.NewScope(b.Facts, known); err != nil {
				return Evaluation{}, fmt.Errorf("evaluate the rules for %s: %w", p.ID, err)
			}
		}
		entities = append(entities, p)
	}
	if len(entities) == 0 {
		entities = append(entities, &person{Entity: &Entity{}, nobody: true, said: map[phrase]string{}})
	}
	j.entities, j.done = len(entities), make([]Outcome, 0, len(b.order)*len(entities))
	for _, id := range b.order {
		for _, p := range entities {
			j.done = append(j.done, j.outcome(b.versions[id], p))
		}
	}
	return Evaluation{Book: b, Outcomes: j.done}, nil
}

// judge holds what one evaluation needs.
type judge struct {
	book     *Book
	facts    Facts
	scope    *term.Scope
	common   []*term.Verdict // by condition, for entities without findings of their own
	persons  map[string]Persons
	unplaced map[string]int64 // by country, not recorded for any of its parts
	numbers  map[*Rule]*finding
	at       finding    // at hand
	held     [16]string // its room
	entities int
	done     []Outcome // by place of the rule, then by entity
}

// on is the outcome of a rule that is judged already; nil when it is not.
func (j *judge) on(id string, p *person) *Outcome {
	rule, known := j.book.places[id]
	at := rule*j.entities + p.index
	if !known || at >= len(j.done) {
		return nil
	}
	return &j.done[at]
}

// person is an entity in one evaluation.
type person struct {
	*Entity
	nobody bool // no entity is known
	scope  *term.Scope
	index  int
	said   map[phrase]string
}

// phrase is one of the sentences that many rules say of one entity.
type phrase struct {
	format, about string
}

// say fills a sentence about the entity once.
func (p *person) say(format, about string) string {
	key := phrase{format, about}
	text, ok := p.said[key]
	if !ok {
		text = fmt.Sprintf(format, p.label(), about)
		p.said[key] = text
	}
	return text
}

// outcome picks the version that is valid at its own clock start and judges it.
func (j *judge) outcome(versions []*Rule, p *person) Outcome {
	var outside string
	newest := versions[len(versions)-1]
	for _, r := range slices.Backward(versions) { // where both are valid at starts of their own, the newer
		if r.Status == Pending {
			continue
		}
		start := j.begins(r, p)
		if start.IsZero() && r.Valid.until.IsZero() {
			return j.judge(r, p)
		}
		if why := r.outside(start); why != "" || start.IsZero() {
			outside = cmp.Or(why, outside)
			continue
		}
		return j.judge(r, p)
	}
	if outside == "" {
		return Outcome{Rule: newest, Entity: p.ID, Status: NotEvaluated, reasons: []string{"this is not law yet, and is switched off"}}
	}
	return Outcome{Rule: newest, Entity: p.ID, Status: NotRequired, reasons: []string{outside}}
}

// begins is the instant that decides which version applies: the clock start; while
// that is a notice that is not given yet, the day of the evaluation, and the start
// of what it follows where that is not given; zero when none is known.
func (j *judge) begins(r *Rule, p *person) time.Time {
	start := j.moment(r.Start, p, r.zone)
	if start.IsZero() {
		start = j.facts.At
	}
	if id, sent := strings.CutPrefix(r.Start, sentPrefix); sent && start.IsZero() {
		if on := j.on(id, p); on != nil && on.Due != nil {
			start = on.Due.StartAt
		}
	}
	return start
}

// outside says why r was not valid at start; "" if it was.
func (r *Rule) outside(start time.Time) string {
	const day = "2 January 2006"
	switch {
	case start.IsZero():
		return ""
	case !r.Valid.from.IsZero() && start.Before(r.Valid.from):
		return fmt.Sprintf("the rule applies from %s and its clock would have started on %s", r.Valid.from.Format(day), start.In(r.zone).Format(day))
	case !r.Valid.until.IsZero() && !start.Before(r.Valid.until):
		return fmt.Sprintf("the rule stopped applying on %s and its clock would have started on %s", r.Valid.until.Format(day), start.In(r.zone).Format(day))
	}
	return ""
}

// finding is what the steps of a judgement say: failed ends it; open waits.
type finding struct {
	failed  string
	is      string // the kind of entity that owes
	held    []string
	words   []string // in which what is missing is asked for
	missing []string
	exempt  []string
	instead string
	spread  *Spread
}

func (f *finding) wait(name, words string) {
	f.missing, f.words = append(f.missing, name), append(f.words, words)
}

// steps are asked in this order; the first that fails ends a judgement.
var steps = [...]func(*judge, *Rule, *person, *finding){
	(*judge).kinds, (*judge).reach, (*judge).follows, (*judge).conditions, (*judge).threshold, (*judge).exemptions, (*judge).yields,
}

func (j *judge) judge(r *Rule, p *person) Outcome {
	o := Outcome{Rule: r, Entity: p.ID}
	j.at = finding{held: j.held[:0]} // most rules fail: what held is copied for those that do not
	f := &j.at
	for _, step := range steps {
		step(j, r, p, f)
		if f.failed != "" {
			o.Status, o.reasons, o.Spread, o.instead = NotRequired, []string{f.failed}, f.spread, f.instead
			return o
		}
	}
	start := j.start(r, p, f)
	if f.failed != "" {
		o.Status, o.reasons = NotRequired, []string{f.failed}
		return o
	}
	o.Spread = f.spread
	if len(f.missing) > 0 {
		o.Status, o.reasons, o.Missing = NeedsFacts, f.words, f.missing
		return o
	}
	held := make([]string, 0, len(f.held)+2)
	if f.is != "" {
		held = append(held, p.say("%s is %s", j.book.Kinds[f.is].Words))
	}
	o.Status, o.reasons, o.open = Required, append(held, f.held...), f.exempt
	due, why := j.due(r, &r.Deadline, p, start)
	if why != "" {
		o.Status, o.reasons, o.open = NotEvaluated, append(o.reasons, why), nil
		return o
	}
	o.Due = due
	return o
}

// kinds asks whether the entity is one of those that owe.
func (j *judge) kinds(r *Rule, p *person, f *finding) {
	if p.nobody {
		f.wait(MissingEntity, "it is not recorded which of our legal entities is concerned")
		return
	}
	var open []string
	for _, kind := range r.Owes {
		is, known := p.Is[kind]
		if is {
			f.is = kind
			return
		}
		if !known {
			open = append(open, kind)
		}
	}
	if len(open) == 0 {
		f.failed = p.say("%s is not %s", j.book.Kinds[r.Owes[0]].Words)
		return
	}
	for _, kind := range open {
		f.wait(missingKind+kind, p.say("it is not recorded whether %s is %s", j.book.Kinds[kind].Words))
	}
}

// reach asks what ties the entity to the rule's jurisdiction.
func (j *judge) reach(r *Rule, p *person, f *finding) {
	if r.Reach == Anywhere || p.nobody {
		return
	}
	members := j.book.Groups[r.Jurisdiction]
	inside := func(country string) bool { return country == r.Jurisdiction || slices.Contains(members, country) }
	country, _, _ := strings.Cut(r.Jurisdiction, "-")
	seat, _, _ := strings.Cut(p.Country, "-")
	established := r.Reach != PersonsIn && p.Country != "" && (inside(p.Country) || inside(seat))
	if established {
		f.held = append(f.held, p.say("%s is established in %s", r.Place))
		return
	}
	if r.Reach == Established {
		if p.Country == "" {
			f.wait(MissingCountry, "it is not recorded where "+p.label()+" is established")
			return
		}
		f.failed = p.say("%s is not established in %s", r.Place)
		return
	}
	n, known := j.persons[r.Jurisdiction]
	switch {
	case known && n.Max > 0:
		f.held = append(f.held, "affected persons are in "+r.Place)
	case !known && j.unplaced[country] > 0 && country != r.Jurisdiction:
		f.wait(MissingPersons, "it is not recorded whether affected persons are in "+r.Place)
	case j.unplaced[headcount.Unknown] > 0:
		f.wait(MissingPersons, fmt.Sprintf("it is not recorded in which country %d of the persons are", j.unplaced[headcount.Unknown]))
	case len(j.facts.Persons) > 0 && r.Reach == Either && p.Country == "":
		f.wait(MissingCountry, "it is not recorded where "+p.label()+" is established")
	case len(j.facts.Persons) > 0:
		f.failed = p.say("%s is not established in %[2]s, and no affected person is recorded there", r.Place)
		if r.Reach == PersonsIn {
			f.failed = "no affected person is recorded in " + r.Place
		}
	default:
		f.wait(MissingPersons, "it is not recorded how many persons are affected and where they are")
	}
}

// follows asks whether the rule this one hangs on is owed.
func (j *judge) follows(r *Rule, p *person, f *finding) {
	if r.Follows == "" {
		return
	}
	on := j.on(j.stands(r.Follows, p), p)
	switch on.Status {
	case Required:
		f.held = append(f.held, "the duty "+on.Rule.ID+" is owed")
	case NotRequired:
		f.failed = fmt.Sprintf("the duty %s is not owed: %s", on.Rule.ID, strings.Join(on.reasons, "; "))
	case NotEvaluated:
		f.wait(on.Rule.ID, "the duty "+on.Rule.ID+" could not be evaluated")
	default:
		for i, m := range on.Missing {
			if !slices.Contains(f.missing, m) {
				f.wait(m, on.reasons[min(i, len(on.reasons)-1)])
			}
		}
	}
}

func (j *judge) verdict(c *condition, p *person) term.Verdict {
	if p.scope != nil && slices.ContainsFunc(c.Uses, func(name string) bool { _, own := p.Known[name]; return own }) {
		return c.Judge(p.scope)
	}
	if j.common[c.index] == nil {
		v := c.Judge(j.scope)
		j.common[c.index] = &v
	}
	return *j.common[c.index]
}

func (j *judge) conditions(r *Rule, p *person, f *finding) {
	for i := range r.When {
		c := r.When[i].cond
		switch v := j.verdict(c, p); v.State {
		case 1:
			f.held = append(f.held, c.holds)
		case -1:
			f.failed = c.fails
			return
		default:
			for _, name := range v.Missing {
				if !slices.Contains(f.missing, name) {
					f.wait(name, "not known: "+j.book.Facts[name].Question)
				}
			}
		}
	}
}

// exemptions end a duty when they hold. One that is open does not: a clock that
// runs for nothing does less harm than one that was not started.
func (j *judge) exemptions(r *Rule, p *person, f *finding) {
	for i := range r.Unless {
		c := r.Unless[i].cond
		switch v := j.verdict(c, p); v.State {
		case 1:
			f.failed = "exempt: " + c.holds
			return
		case 0:
			f.exempt = append(f.exempt, c.holds)
		}
	}
}

// yields lets a rule step back where another one that takes its place is owed.
func (j *judge) yields(r *Rule, p *person, f *finding) {
	if r.GivesWay == "" {
		return
	}
	switch on := j.on(r.GivesWay, p); on.Status {
	case Required:
		f.instead, f.failed = r.GivesWay, "the duty "+r.GivesWay+" is owed and takes its place"
	case NeedsFacts, NotEvaluated:
		f.exempt = append(f.exempt, "the duty "+r.GivesWay+" is owed and takes its place")
	}
}

// stands is the id of the rule that took the place of another; id itself where none
// did.
func (j *judge) stands(id string, p *person) string {
	if on := j.on(id, p); on != nil && on.instead != "" {
		return on.instead
	}
	return id
}
