package regime

import (
	"cmp"
	"slices"
	"strings"
)

// Question is one thing that is not known and that outcomes wait for.
type Question struct {
	Name     string   // as in Missing
	Text     string   // what to ask
	Help     string   // how to answer
	Settles  int      // outcomes that wait for this alone
	Waiting  int      // outcomes that wait for it, alone or with others
	Entities []string // ids of the entities it concerns; empty = the incident
}

// Questions are what is not known, in the order of how many outcomes the answer
// would settle.
func (e Evaluation) Questions() []Question {
	byName := map[string]*Question{}
	for i := range e.Outcomes {
		o := &e.Outcomes[i]
		for _, name := range o.Missing {
			q := byName[name]
			if q == nil {
				q = e.Book.question(name)
				byName[name] = q
			}
			q.Waiting++
			if len(o.Missing) == 1 {
				q.Settles++
			}
			own := strings.HasPrefix(name, missingKind) || name == MissingCountry
			if own && o.Entity != "" && !slices.Contains(q.Entities, o.Entity) {
				q.Entities = append(q.Entities, o.Entity)
			}
		}
	}
	out := make([]Question, 0, len(byName))
	for _, q := range byName {
		out = append(out, *q)
	}
	slices.SortFunc(out, func(a, b Question) int {
		return cmp.Or(cmp.Compare(b.Settles, a.Settles), cmp.Compare(b.Waiting, a.Waiting), cmp.Compare(a.Name, b.Name))
	})
	return out
}

func (b *Book) question(name string) *Question {
	q := &Question{Name: name, Text: name}
	switch {
	case name == MissingEntity:
		q.Text = "Which of our legal entities is concerned?"
	case name == MissingPersons:
		q.Text = "How many persons are affected, and in which countries and states?"
	case name == MissingCountry:
		q.Text = "Where is the legal entity established?"
	case strings.HasPrefix(name, missingKind):
		q.Text = b.Kinds[strings.TrimPrefix(name, missingKind)].Question
	case strings.HasPrefix(name, missingMoment):
		q.Text = b.Moments[strings.TrimPrefix(name, missingMoment)].Question
	default:
		if f, ok := b.Facts[name]; ok {
			q.Text, q.Help = f.Question, f.Help
		}
	}
	return q
}
