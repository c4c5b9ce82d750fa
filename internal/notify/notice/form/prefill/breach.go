package prefill

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/form"
)

func breachFacts() []Fact {
	return []Fact{
		{"breach.properties", "what was lost: confidentiality, integrity, availability", func(r Record) form.Answer { return form.Answer{List: properties(r)} }},
		{"breach.availability", "whether availability was lost for a time or for good", func(r Record) form.Answer { return text(lawWord(r, assessment.Availability)) }},
		{"breach.protection", "whether the data can be read: protected, weak, readable", func(r Record) form.Answer { return text(protection(r)) }},
		{"data.categories", "the kinds of personal data, in the words of the assessment", func(r Record) form.Answer {
			list, _ := assessment.Value(r.Incident.Facts[string(assessment.DataCategories)].Value.Law).([]string)
			return form.Answer{List: list}
		}},
		{"data.kinds", "the kinds of data in scope", func(r Record) form.Answer { return text(strings.Join(r.Incident.ScopeNow().DataKinds, ", ")) }},
		{"persons.number", "the estimated number of persons in scope", func(r Record) form.Answer {
			if n, _, known := persons(r); known {
				return text(strconv.Itoa(n))
			}
			return form.Answer{}
		}},
		{"persons.precision", "whether the number of persons is exact or approximate", func(r Record) form.Answer {
			_, exact, known := persons(r)
			return text(map[bool]string{true: map[bool]string{true: "exact", false: "approximate"}[exact]}[known])
		}},
		{"persons.words", "the number of persons, by country", func(r Record) form.Answer { return text(personsWords(r)) }},
		{"persons.countries", "the countries of the persons", func(r Record) form.Answer { return form.Answer{List: countries(r)} }},
		{"countries.words", "whether other countries are touched, from the persons' countries", func(r Record) form.Answer {
			if list := countries(r); len(list) > 0 {
				return text("Persons in " + strings.Join(list, ", ") + " are affected.")
			}
			return form.Answer{}
		}},
		{"risk", "the risk to persons: none, risk, high", func(r Record) form.Answer {
			f, _ := r.Incident.Fact(incident.FactRisk, r.Entity)
			return text(map[string]string{"none": "none", "risk": "risk", "high": "high"}[f.Value.Risk])
		}},
		{"malicious", "whether it was malicious, yes or no", func(r Record) form.Answer { return text(malicious(r)) }},
		{"malicious.words", "whether a malicious act is suspected", func(r Record) form.Answer {
			return text(map[string]string{"yes": "A malicious act is suspected.", "no": "No malicious act is suspected."}[malicious(r)])
		}},
	}
}

func malicious(r Record) string {
	yes, said := assessment.Value(r.Incident.Facts[string(assessment.Malicious)].Value.Law).(bool)
	return map[bool]string{true: map[bool]string{true: "yes", false: "no"}[yes]}[said]
}

// properties are those the assessment says are lost; before it, those of the recorded harm.
func properties(r Record) (out []string) {
	assessed := false
	for _, p := range []struct {
		name string
		word string
	}{
		{"availability", lawWord(r, assessment.Availability)}, {"confidentiality", lawWord(r, assessment.Confidentiality)}, {"integrity", lawWord(r, assessment.Integrity)},
	} {
		assessed = assessed || p.word != ""
		if strings.HasPrefix(p.word, "lost") {
			out = append(out, p.name)
		}
	}
	if assessed {
		return out
	}
	for _, h := range r.Incident.Facts[string(incident.FactHarm)].Value.Harm {
		if h.Timing == "existing" && !slices.Contains(out, h.Property) {
			out = append(out, h.Property)
		}
	}
	slices.Sort(out)
	return out
}

func protection(r Record) string {
	switch lawWord(r, assessment.Encryption) {
	case "all":
		return map[string]string{"safe": "protected", "lost": "weak"}[lawWord(r, assessment.Key)]
	case "none":
		return "readable"
	}
	return ""
}

func persons(r Record) (estimate int, exact, known bool) {
	exact = true
	for _, p := range r.Incident.ScopeNow().Persons {
		estimate, known = estimate+p.Estimate, true
		exact = exact && p.Min == p.Max
	}
	return estimate, exact && known, known
}

func personsWords(r Record) string {
	var out []string
	for _, p := range r.Incident.ScopeNow().Persons {
		n := fmt.Sprintf("about %d (%d to %d)", p.Estimate, p.Min, p.Max)
		if p.Min == p.Max {
			n = strconv.Itoa(p.Estimate)
		}
		out = append(out, join(": ", p.Country, n))
	}
	return strings.Join(out, "; ")
}

func countries(r Record) (out []string) {
	for _, p := range r.Incident.ScopeNow().Persons {
		if c, _, _ := strings.Cut(p.Country, "-"); c != "" && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	slices.Sort(out)
	return out
}

func peopleFacts() []Fact {
	one := func(name, words string, of func(p who.Person) string, whose func(r Record) who.Person) Fact {
		return Fact{name, words, func(r Record) form.Answer { return text(of(whose(r))) }}
	}
	reporter := func(r Record) who.Person { return r.Reporter }
	dpo := func(r Record) who.Person { return r.Dir.People[r.Dir.Entities[r.Entity].PrivacyOfficer] }
	name := func(p who.Person) string { return p.Name }
	contact := func(p who.Person) string { return join(", ", p.Email, p.Phone) }
	words := func(p who.Person) string { return join(", ", p.Name, p.Function, p.Email, p.Phone) }
	return []Fact{
		{"entity.name", "our legal entity that files", func(r Record) form.Answer {
			return text(cmp.Or(r.Dir.Entities[r.Entity].Name, r.Entity))
		}},
		{"entity.country", "the country of our legal entity", func(r Record) form.Answer { return text(r.Dir.Entities[r.Entity].Country) }},
		one("reporter.name", "who fills the form in", name, reporter),
		one("reporter.email", "e-mail of who fills the form in", func(p who.Person) string { return p.Email }, reporter),
		one("reporter.phone", "telephone of who fills the form in", func(p who.Person) string { return p.Phone }, reporter),
		one("reporter.contact", "e-mail and telephone of who fills the form in", contact, reporter),
		one("reporter.function", "function of who fills the form in", func(p who.Person) string { return p.Function }, reporter),
		one("reporter.words", "who fills the form in, with contacts", words, reporter),
		one("dpo.name", "the entity's data protection officer", name, dpo),
		one("dpo.contact", "e-mail and telephone of the data protection officer", contact, dpo),
		one("dpo.words", "the data protection officer, with contacts", words, dpo),
		{"dpo.designated", "whether the entity has a data protection officer", func(r Record) form.Answer {
			if dpo(r).Name != "" {
				return text("Yes")
			}
			return form.Answer{}
		}},
		{"reporter.is_dpo", "whether who fills the form in is the data protection officer", func(r Record) form.Answer {
			if p := dpo(r); p.ID != "" && p.ID == r.Reporter.ID {
				return text("yes")
			}
			return text("no")
		}},
	}
}
