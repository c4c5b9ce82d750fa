package weigh

import (
	"maps"
	"slices"
	"strconv"

	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/rule/grading"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/room/head"
)

// unknown is the choice that takes an answer back.
var unknown = page.Option{Value: "", Label: "Not known yet"}

func choices(v one) []page.Choice {
	var out []page.Choice
	for i, s := range steps {
		href := v.Here("assess") + "?step=" + s.Name
		if v.Past() {
			href = v.Here("assess") + "&step=" + s.Name
		}
		out = append(out, page.Choice{Label: strconv.Itoa(i+1) + ". " + s.Title, Href: href, On: i == v.At})
	}
	return out
}

func confidentiality() []page.Option {
	return []page.Option{
		{Value: "intact", Label: "No, that is sure", Hint: "Nobody without right saw or got them"},
		{Value: "suspected", Label: "Perhaps", Hint: "It cannot be ruled out"},
		{Value: "lost", Label: "Yes"},
		unknown,
	}
}

func integrity() []page.Option {
	return []page.Option{{Value: "intact", Label: "No"}, {Value: "suspected", Label: "Perhaps"}, {Value: "lost", Label: "Yes", Hint: "Encrypted by an attacker counts"}, unknown}
}

func availability() []page.Option {
	return []page.Option{{Value: "intact", Label: "No", Hint: "A copy was at hand"}, {Value: "lost_for_a_time", Label: "For a time"}, {Value: "lost", Label: "For good"}, unknown}
}

func recipients() []page.Option {
	return []page.Option{
		{Value: "trusted", Label: "Somebody we trust", Hint: "Bound to secrecy, and has confirmed that the data are gone"},
		{Value: "known", Label: "Somebody we can name"},
		{Value: "unknown", Label: "Somebody we do not know", Hint: "An attacker, a thief, a finder"},
		{Value: "public", Label: "Anybody", Hint: "They were public"},
		{Value: "", Label: "Nobody, or not known yet"},
	}
}

func effects() []page.Option {
	return []page.Option{
		{Value: "none", Label: "None"},
		{Value: "some", Label: "Some", Hint: "Overcome with some difficulty"},
		{Value: "serious", Label: "Serious", Hint: "Treatments postponed, money or a right lost"},
		{Value: "", Label: "Nothing was lost, or not known yet"},
	}
}

func threeWay() []page.Option {
	return []page.Option{{Value: "yes", Label: "Yes"}, {Value: "no", Label: "No"}, unknown}
}

func encryption() []page.Option {
	return []page.Option{
		{Value: "none", Label: "No"},
		{Value: "partly", Label: "In part"},
		{Value: "all", Label: "All of them", Hint: "State of the art, or hashed with a salt that is safe"},
		unknown,
	}
}

func keys() []page.Option {
	return []page.Option{{Value: "safe", Label: "Safe"}, {Value: "exposed", Label: "Exposed"}, {Value: "", Label: "No key, or not known yet"}}
}

func likelihood() []page.Option {
	return []page.Option{{Value: "unlikely", Label: "Unlikely"}, {Value: "possible", Label: "Possible"}, {Value: "likely", Label: "Likely"}, unknown}
}

func severity() []page.Option {
	return []page.Option{
		{Value: "limited", Label: "Limited", Hint: "Annoyance, time, overcome without problem"},
		{Value: "significant", Label: "Significant", Hint: "Fraud, loss of reputation, overcome with difficulty"},
		{Value: "severe", Label: "Severe", Hint: "Lasting harm to body, livelihood or freedom"},
		unknown,
	}
}

func categories(v one) []page.Option {
	var out []page.Option
	for _, w := range v.Book.Facts["data_categories"].Values {
		out = append(out, page.Option{Value: w, Label: head.Upper(head.Spaced(w))})
	}
	return out
}

func malicious(v one) string {
	switch {
	case v.Breach.Malicious == nil:
		return ""
	case *v.Breach.Malicious:
		return "yes"
	}
	return "no"
}

func enisaWord(c grading.DataCategory) string {
	return map[grading.DataCategory]string{
		grading.SimpleData: "Simple data: identity, contact, education, family, work", grading.BehaviouralData: "Behavioural data: location, traffic, habits",
		grading.FinancialData: "Financial data: income, transactions, cards", grading.SensitiveData: "Sensitive data: health, politics, sexual life",
	}[c]
}

func scores(c grading.DataCategory) []page.Option {
	out := []page.Option{{Value: "", Label: "Not affected"}}
	for n := 1; n <= 4; n++ {
		label := strconv.Itoa(n)
		if n == c.Base() {
			label += ", the base"
		}
		out = append(out, page.Option{Value: strconv.Itoa(n), Label: label})
	}
	return out
}

func scored(v one, c grading.DataCategory) grading.CategoryScore {
	if v.ENISA != nil {
		for _, x := range v.ENISA.Categories {
			if x.Category == c {
				if x.Score == 0 {
					x.Score = c.Base()
				}
				return x
			}
		}
	}
	return grading.CategoryScore{}
}

func scoreValue(v one, c grading.DataCategory) string {
	if n := scored(v, c).Score; n > 0 {
		return strconv.Itoa(n)
	}
	return ""
}

func identifiability() []page.Option {
	return []page.Option{
		{Value: "0.25", Label: "Negligible (0.25)"}, {Value: "0.5", Label: "Limited (0.5)"}, {Value: "0.75", Label: "Significant (0.75)"}, {Value: "1", Label: "Maximum (1)"},
	}
}

func circumstance(words ...string) []page.Option {
	var out []page.Option
	for i, w := range words {
		value := []string{"0", "0.25", "0.5"}[i]
		out = append(out, page.Option{Value: value, Label: w + " (" + value + ")"})
	}
	return out
}

// given is a number of the score as its field holds it.
func given(v one, pick func(grading.ENISA) float64, otherwise string) string {
	if v.ENISA == nil {
		return otherwise
	}
	return strconv.FormatFloat(pick(*v.ENISA), 'f', -1, 64)
}

func on(v one, pick func(grading.ENISA) bool) string {
	if v.ENISA != nil && pick(*v.ENISA) {
		return "on"
	}
	return ""
}

func verdicts() []page.Option {
	return []page.Option{
		{Value: "none", Label: "A risk is unlikely", Hint: "No notice to the authority; the register keeps the reason"},
		{Value: "risk", Label: "A risk", Hint: "The authority is told"},
		{Value: "high", Label: "A high risk", Hint: "The authority and the persons are told"},
	}
}

func entities(v one) []page.Option {
	out := []page.Option{{Value: "", Label: "All of our entities"}}
	for _, e := range assessment.Entities(v.State, v.Dir) {
		if e.ID != "" {
			out = append(out, page.Option{Value: e.ID, Label: e.Name})
		}
	}
	return out
}

func riskNow(v one) incident.Fact { return v.Facts[string(fact.OfRisk)] }

func riskWord(x view.Version) string {
	return riskWords(x.Fact.Value.Risk)
}

func forWhom(v one, id string) string {
	if e, ok := v.Dir.Entities[id]; ok {
		return " for " + e.Name
	}
	return ""
}

func saidBy(x view.Version) string {
	if x.Fact.SaidBy != "" {
		return "Said by " + x.Fact.SaidBy + ", recorded by " + x.ByName
	}
	return x.ByName
}

// kept are the facts of the assessment, each with its history behind a link.
func kept(v one) []incident.Fact {
	var out []incident.Fact
	for _, key := range slices.Sorted(maps.Keys(v.Facts)) {
		f := v.Facts[key]
		if f.Entity == "" && slices.Contains([]fact.Name{
			assessment.Confidentiality, assessment.Integrity, assessment.Availability, assessment.Malicious, assessment.DataCategories, assessment.Encryption, assessment.Key,
			fact.OfConsequences, fact.OfENISA,
		}, f.Name) {
			out = append(out, f)
		}
	}
	return out
}
