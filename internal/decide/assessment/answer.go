package assessment

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/rule/regime"
)

// Answer says how a question is answered: by which fact of the incident, of which
// type. Fact is "" where the directory holds the answer.
type Answer struct {
	Fact   string // name for RecordFact
	Type   string // yes_no, choice, number, list, moment, persons, or "" where the directory holds it
	Values []string
}

// own are the facts of the law that an incident asks for under a name of its own.
var own = map[string]fact.Name{
	"personal_data": fact.OfPersonalData, "risk": fact.OfRisk,
	"moments.occurred": fact.Occurred, "moments.discovered": fact.Discovered, "moments.aware": fact.Aware,
	"moments.contained": fact.Contained, "moments.recovered": fact.Recovered,
}

// AnswerOf says how a question is answered.
func AnswerOf(q regime.Question, b *regime.Book) Answer {
	moment, isMoment := strings.CutPrefix(q.Name, "moments.")
	switch {
	case q.Name == regime.MissingPersons:
		return Answer{Fact: string(fact.OfScope), Type: "persons"}
	case q.Name == regime.MissingEntity, q.Name == regime.MissingCountry, strings.HasPrefix(q.Name, "is."):
		return Answer{}
	case isMoment:
		return Answer{Fact: cmp.Or(string(own[q.Name]), string(fact.LawMoment)+moment), Type: "moment"}
	}
	f, ok := b.Facts[q.Name]
	if !ok {
		return Answer{}
	}
	return Answer{Fact: cmp.Or(string(own[q.Name]), string(fact.LawFact)+q.Name), Type: string(f.Type), Values: f.Values}
}

// Ordered puts what is required first, the earliest due in front; then what needs
// facts, what is not evaluated, and what is not required.
func Ordered(list []regime.Outcome) []*regime.Outcome {
	out := make([]*regime.Outcome, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	rank := []regime.Status{regime.Required, regime.NeedsFacts, regime.NotEvaluated, regime.NotRequired}
	slices.SortStableFunc(out, func(a, b *regime.Outcome) int {
		return cmp.Or(cmp.Compare(slices.Index(rank, a.Status), slices.Index(rank, b.Status)), dueFirst(a, b), strings.Compare(a.Rule.ID, b.Rule.ID))
	})
	return out
}

// dueFirst compares due times; what has none is due now and stands in front of what
// rests.
func dueFirst(a, b *regime.Outcome) int {
	at := func(o *regime.Outcome) (int, time.Time) {
		switch {
		case o.Due == nil || o.Due.Held:
			return 2, time.Time{}
		case o.Due.At.IsZero():
			return 1, time.Time{}
		}
		return 0, o.Due.At
	}
	i, s := at(a)
	j, t := at(b)
	return cmp.Or(cmp.Compare(i, j), s.Compare(t))
}
