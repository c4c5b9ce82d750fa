package regime

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/rule/deadline"
)

// Answer is a question that may still be open; "" reads as unknown.
type Answer string

// The answers.
const (
	Unknown Answer = "unknown"
	No      Answer = "no"
	Yes     Answer = "yes"
)

// Risk is the finding on the risk to the rights and freedoms of persons; "" reads
// as unknown.
type Risk string

// The findings, GDPR Art. 33(1) and 34(1).
const (
	RiskUnknown Risk = "unknown" // nobody has assessed it
	RiskNone    Risk = "none"    // found unlikely to result in a risk
	RiskSome    Risk = "risk"
	RiskHigh    Risk = "high"
)

// Facts is what is known about one incident.
type Facts struct {
	PersonalData Answer               // are personal data affected?
	Risk         Risk                 // for entities without a finding of their own
	Moments      map[string]time.Time // by name, for entities without a time of their own
	Entities     []Entity             // the company's legal entities the incident touches
}

// Entity is one legal entity of the company in this incident.
type Entity struct {
	ID      string
	Name    string               // for the reason; ID when empty
	Roles   []Role               // in the processings touched; empty = not known
	Risk    Risk                 // its own finding; "" = that of Facts
	Moments map[string]time.Time // its own times, "aware"; they go before those of Facts
}

func (e Entity) label() string {
	if e.Name != "" {
		return e.Name
	}
	return e.ID
}

// Status is the answer to "is this duty owed?".
type Status string

// The answers of an evaluation.
const (
	Required     Status = "required"
	NotRequired  Status = "not_required"
	NeedsFacts   Status = "needs_facts"   // Missing names what would decide it
	NotEvaluated Status = "not_evaluated" // the rule cannot be judged here; a person must
)

// The names Missing uses, besides the names of moments.
const (
	MissingEntity       = "entity"
	MissingRole         = "role"
	MissingPersonalData = "personal_data"
)

// Outcome is one rule judged for one entity.
type Outcome struct {
	Rule    Rule     `json:"rule"`
	Entity  string   `json:"entity"` // id; "" when no entity is known
	Status  Status   `json:"status"`
	Reason  string   `json:"reason"`  // in words, with basis, source and how sure
	Missing []string `json:"missing"` // facts that would decide it, by wire name; empty unless needs_facts
	// Candidate is the law's own due time, statute; nil unless required. Its
	// period and due time are empty where the law names no fixed time.
	Candidate *deadline.Candidate `json:"candidate"`
}

// Evaluate judges every rule for every entity, in the order given: all entities
// for the first rule, then for the second. A rule is judged in the version valid
// at its own clock start; while that moment is not recorded and no condition
// already fails, the outcome is needs_facts. What cannot be judged is
// not_evaluated, never not_required.
func Evaluate(rules []Rule, f Facts) []Outcome {
	out := make([]Outcome, 0, len(rules)*max(1, len(f.Entities)))
	for _, r := range rules {
		if len(f.Entities) == 0 {
			out = append(out, withoutEntity(r, f))
			continue
		}
		for _, e := range f.Entities {
			out = append(out, judge(r, f, e))
		}
	}
	return out
}

func withoutEntity(r Rule, f Facts) Outcome {
	if why := unusable(r); why != "" {
		return outcome(r, "", NotEvaluated, why)
	}
	if failed, _, _ := weigh(r, f, Entity{}); failed != "" {
		return outcome(r, "", NotRequired, failed)
	}
	return outcome(r, "", NeedsFacts, "it is not recorded which of our legal entities is concerned", MissingEntity)
}

func judge(r Rule, f Facts, e Entity) Outcome {
	if why := unusable(r); why != "" {
		return outcome(r, e.ID, NotEvaluated, why)
	}
	var missing, open []string
	switch {
	case len(e.Roles) == 0:
		missing = append(missing, MissingRole)
		open = append(open, fmt.Sprintf("it is not recorded whether %s acts as controller or processor", e.label()))
	case !slices.Contains(e.Roles, r.Owes):
		return outcome(r, e.ID, NotRequired, fmt.Sprintf("%s does not act as %s for the data concerned", e.label(), r.Owes))
	}
	failed, held, unknown := weigh(r, f, e)
	if failed != "" {
		return outcome(r, e.ID, NotRequired, failed)
	}
	for _, u := range unknown {
		missing, open = append(missing, u.name), append(open, u.words)
	}
	start := moment(f, e, r.Start)
	if start.IsZero() {
		missing = append(missing, r.Start)
		open = append(open, fmt.Sprintf("no time is recorded for %q of %s, the moment the clock starts at", r.Start, e.label()))
	} else if why := outside(r, start); why != "" {
		return outcome(r, e.ID, NotRequired, why)
	}
	if len(missing) > 0 {
		return outcome(r, e.ID, NeedsFacts, strings.Join(open, "; "), missing...)
	}
	reason := fmt.Sprintf("%s acts as %s; %s", e.label(), r.Owes, strings.Join(held, "; "))
	if r.Qualifier != "" {
		reason += "; to be done " + dueWords(r)
	}
	o := outcome(r, e.ID, Required, reason)
	c := deadline.NewCandidate(deadline.Statute, r.Basis(), r.Start, start, r.Period)
	o.Candidate = &c
	return o
}

func dueWords(r Rule) string {
	if r.Period.Fixed() {
		return fmt.Sprintf("%s after %q, %s", r.Period, r.Start, r.Qualifier)
	}
	return r.Qualifier
}

// unusable says why nobody should trust an evaluation of r; "" if it can be judged.
func unusable(r Rule) string {
	if err := r.Validate(); err != nil {
		return "the rule is not complete: " + err.Error()
	}
	if r.Status == Bill {
		return "this is a bill, not law"
	}
	for _, c := range r.Conditions {
		if c != PersonalDataBreach && c != RiskNotExcluded {
			return fmt.Sprintf("this version cannot judge the condition %q", c)
		}
	}
	return ""
}

// openFact is a fact a condition waits for.
type openFact struct{ name, words string }

// weigh judges the conditions: failed names the first that does not hold, held
// those that do, unknown those that wait for a fact.
func weigh(r Rule, f Facts, e Entity) (failed string, held []string, unknown []openFact) {
	for _, c := range r.Conditions {
		switch c {
		case PersonalDataBreach:
			switch f.PersonalData {
			case Yes:
				held = append(held, "personal data are affected")
			case No:
				return "no personal data are affected", nil, nil
			default:
				unknown = append(unknown, openFact{MissingPersonalData, "it is not known whether personal data are affected"})
			}
		case RiskNotExcluded:
			switch risk := riskOf(f, e); risk {
			case RiskNone:
				return "a risk to the persons concerned was found to be unlikely", nil, nil
			case RiskSome, RiskHigh:
				held = append(held, "a "+riskWord(risk)+" to the persons concerned was found")
			default:
				held = append(held, "nobody has found a risk to the persons concerned to be unlikely, so it is not excluded")
			}
		}
	}
	return "", held, unknown
}

func riskOf(f Facts, e Entity) Risk {
	if e.Risk != "" && e.Risk != RiskUnknown {
		return e.Risk
	}
	return f.Risk
}

func riskWord(r Risk) string {
	if r == RiskHigh {
		return "high risk"
	}
	return "risk"
}

func moment(f Facts, e Entity, name string) time.Time {
	if at := e.Moments[name]; !at.IsZero() {
		return at
	}
	return f.Moments[name]
}

// outside says why r was not valid at start; "" if it was. The end is exclusive.
func outside(r Rule, start time.Time) string {
	const day = "2 January 2006"
	switch {
	case !r.ValidFrom.IsZero() && start.Before(r.ValidFrom):
		return fmt.Sprintf("the rule applies from %s and its clock would have started on %s",
			r.ValidFrom.UTC().Format(day), start.UTC().Format(day))
	case !r.ValidUntil.IsZero() && !start.Before(r.ValidUntil):
		return fmt.Sprintf("the rule stopped applying on %s and its clock would have started on %s",
			r.ValidUntil.UTC().Format(day), start.UTC().Format(day))
	}
	return ""
}

// outcome puts the basis, the source and how sure it is behind the reason.
func outcome(r Rule, entity string, s Status, why string, missing ...string) Outcome {
	lead := map[Status]string{
		Required: "Required", NotRequired: "Not required", NeedsFacts: "Not decided yet", NotEvaluated: "Not evaluated",
	}[s]
	if missing == nil {
		missing = []string{}
	}
	return Outcome{
		Rule: r, Entity: entity, Status: s, Missing: missing,
		Reason: fmt.Sprintf("%s: %s. %s; source: %s (%s).", lead, why, r.Basis(), r.Source, r.Sure.Words()),
	}
}
