package text

import (
	"slices"
	"strings"
)

// Item is one thing a notice must contain: a word of the rule packs' content.
type Item struct {
	ID    string
	Words string // as the packs explain it
}

// Tick says where an item is said, or why not yet.
type Tick struct {
	Item
	Done     bool
	By       string // what shows it: fields, headings, writer
	Sentence string // where it is said
	Line     int    // of the source; 0 is the subject
	Why      string // what is missing, when it is not done
	Reason   string // the writer's reason why it is not said yet
}

// What shows a tick.
const (
	ByFields   = "fields"
	ByHeadings = "headings"
	ByWriter   = "writer"
)

// NotYet begins a writer's tick that gives the reason why an item is not said yet. Any
// other tick is a quote that must stand in the text.
const NotYet = "not yet: "

// Complete checks a text against what must be in it. An item is said by the fields that
// carry it (as long as the record knows them; common nil looks at the text alone), by
// headings the law names, or by a sentence that the writer quotes in ticks.
func Complete(content []Item, t *Text, ticks map[string]string, common Values) []Tick {
	list := t.Sentences()
	out := make([]Tick, 0, len(content))
	for _, item := range content {
		tick := Tick{Item: item}
		if need := headings[item.ID]; need != nil {
			tick.byHeadings(need, list)
		} else {
			tick.byFields(carriers[item.ID], list, common)
		}
		if !tick.Done {
			tick.byWriter(ticks[item.ID], list)
		}
		out = append(out, tick)
	}
	return out
}

func (k *Tick) byFields(groups [][]string, list []Sentence, common Values) {
	if len(groups) == 0 {
		k.Why = "no field carries it: say it, and quote the sentence here"
		return
	}
	for _, any := range groups {
		s, name := first(list, any, common)
		switch {
		case name == "":
			k.Why = "not said: use {{" + any[0] + "}}, or say it and quote the sentence here"
			return
		case common != nil && !common[name].Known:
			f, _ := FieldOf(name)
			k.Why = "the record does not say it yet: " + f.Title
			k.Sentence, k.Line = s.Words, s.Line
			return
		case k.Sentence == "":
			k.Sentence, k.Line = s.Words, s.Line
		}
	}
	k.Done, k.By = true, ByFields
}

// first finds a sentence with one of the fields, one that is known before one that is not.
func first(list []Sentence, names []string, common Values) (at Sentence, name string) {
	for _, s := range list {
		for _, n := range fieldsIn(s.Words) {
			if !slices.Contains(names, n) {
				continue
			}
			if common == nil || common[n].Known {
				return s, n
			}
			if name == "" {
				at, name = s, n
			}
		}
	}
	return at, name
}

func (k *Tick) byHeadings(need []string, list []Sentence) {
	var missing []string
	next := 0 // they stand in the order of the law
	for _, words := range need {
		i := slices.IndexFunc(list[next:], func(s Sentence) bool {
			return s.Heading > 0 && strings.EqualFold(strings.Trim(s.Words, " :."), words)
		})
		if i < 0 {
			missing = append(missing, "“"+words+"”")
			continue
		}
		next += i + 1
		if k.Sentence == "" {
			k.Sentence, k.Line = list[next-1].Words, list[next-1].Line
		}
	}
	if len(missing) > 0 {
		k.Why = "missing as headings, in this order: " + strings.Join(missing, ", ")
		return
	}
	k.Done, k.By = true, ByHeadings
}

func (k *Tick) byWriter(tick string, list []Sentence) {
	tick = oneLine(tick)
	if tick == "" {
		return
	}
	if reason, ok := strings.CutPrefix(tick, NotYet); ok {
		k.Reason = strings.TrimSpace(reason)
		return
	}
	quote := plainQuote(tick)
	for _, span := range []int{1, 2} { // a quote may run into the next sentence
		for i := range list[:max(0, len(list)-span+1)] {
			words := ""
			for _, s := range list[i : i+span] {
				words += " " + plainQuote(s.Words)
			}
			if quote != "" && strings.Contains(words, quote) {
				k.Done, k.By, k.Sentence, k.Line, k.Why = true, ByWriter, list[i].Words, list[i].Line, ""
				return
			}
		}
	}
	k.Why = "the quoted words stand no longer in the text: quote the sentence anew"
}

// plainQuote takes the marks of Markdown out of a quote, and its own quotation marks.
func plainQuote(s string) string {
	return strings.ToLower(oneLine(strings.NewReplacer("*", "", "_", "", "`", "", "“", "", "”", "", "„", "", "\"", "").Replace(s)))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// headings are those a law names word for word, in its order.
var headings = map[string][]string{
	// California Civ. Code 1798.82(d)(1)
	"us_ca_headings": {"Notice of Data Breach", "What Happened", "What Information Was Involved", "What We Are Doing", "What You Can Do", "For More Information"},
}

// The fields that carry an item: of each group one must be said.
var (
	happened     = [][]string{{"incident.what_happened"}}
	personKinds  = [][]string{{"incident.person_kinds"}}
	personCount  = [][]string{{"incident.persons", "incident.persons_max"}}
	dataKinds    = [][]string{{"incident.data_kinds"}}
	recordCount  = [][]string{{"incident.records"}}
	reach        = [][]string{{"contact.mail", "contact.phone", "privacy.mail", "privacy.phone"}}
	consequences = [][]string{{"incident.likely_consequences"}}
	measures     = [][]string{{"incident.measures"}}
	advice       = [][]string{{"incident.advice"}}
	late         = [][]string{{"notice.delay_reason"}}
	dates        = [][]string{{"incident.occurred"}, {"incident.discovered"}}
	cause        = [][]string{{"incident.cause"}}
	told         = [][]string{{"incident.what_happened"}, {"incident.occurred"}, {"incident.discovered"}}
	whoWeAre     = [][]string{{"our.entity"}}
)

// carriers leads the words of the packs' content to the fields that say them. What is not
// here is said by the writer: a sentence of their own, with a quote.
var carriers = map[string][][]string{
	"nature_of_breach": happened, "nature_of_breach_plain_language": happened, "us_what_happened": happened, "facts": happened,
	"ca_circumstances": happened, "cra_nature": happened, "cra_description": happened, "nis2_description": happened,
	"dora_client_incident": happened, "eprivacy_circumstances": happened, "eprivacy_summary": happened, "glba_description": happened,
	"in_extent": happened, "jp_overview": happened, "hipaa_what": told,
	"categories_data_subjects": personKinds, "approx_number_data_subjects": personCount, "us_number_of_residents": personCount,
	"eprivacy_individuals": personCount, "glba_consumers": personCount,
	"categories_records": dataKinds, "us_kinds_of_information": dataKinds, "ca_information": dataKinds, "hipaa_types": dataKinds,
	"eprivacy_data": dataKinds, "jp_items": dataKinds, "approx_number_records": recordCount,
	"dpo_or_contact_point": reach, "us_entity_contact": reach, "hipaa_contact": reach,
	"glba_institution_contact": {{"our.entity"}, {"contact.mail", "contact.phone", "privacy.mail", "privacy.phone"}},
	"likely_consequences":      consequences, "effects": consequences, "jp_secondary": consequences,
	"measures_taken_or_proposed": measures, "mitigation_measures": measures, "remedial_action": measures, "us_entity_measures": measures,
	"hipaa_response": measures, "dora_client_measures": measures, "nis2_mitigation": measures, "cra_mitigation": measures,
	"cra_corrective":    measures,
	"mitigation_advice": advice, "us_protective_steps": advice, "eprivacy_recommended": advice, "nis2_recipient_measures": advice,
	"cra_user_measures": advice, "reasons_for_delay_if_late": late, "dora_delay_reasons": late,
	"us_dates": dates, "eprivacy_when": dates, "in_timing": {{"incident.occurred", "incident.discovered"}, {"incident.place"}},
	"in_findings": cause, "jp_cause": cause, "nis2_root_cause": cause, "cra_root_cause": cause, "eprivacy_provider": whoWeAre,
	"controller_needs": {
		{"incident.what_happened"},
		{"incident.data_kinds"},
		{"incident.person_kinds", "incident.persons"},
		{"incident.likely_consequences"},
		{"incident.measures"},
		{"contact.mail", "contact.phone", "privacy.mail", "privacy.phone"},
	},
	"hipaa_needed": {
		{"incident.what_happened"},
		{"incident.occurred"},
		{"incident.discovered"},
		{"incident.data_kinds"},
		{"incident.measures"},
		{"contact.mail", "contact.phone", "privacy.mail", "privacy.phone"},
	},
}

// Carried lists the items that fields or headings can say, sorted; the others are quoted.
func Carried() []string {
	return slices.Sorted(func(yield func(string) bool) {
		for id := range headings {
			if !yield(id) {
				return
			}
		}
		for id := range carriers {
			if !yield(id) {
				return
			}
		}
	})
}
