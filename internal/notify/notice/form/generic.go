package form

import (
	"cmp"
	"strings"

	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/rule/regime/term"
)

// GenericPrefix begins the id of a form built from a rule.
const GenericPrefix = "rule."

// known are facts of the record behind what notices must contain, by the name of the content.
var known = map[string]string{
	"nature_of_breach": "breach.story", "nature_of_breach_plain_language": "breach.story", "facts": "breach.story",
	"categories_data_subjects": "", "approx_number_data_subjects": "persons.words", "approx_number_records": "",
	"categories_records": "data.kinds", "dpo_or_contact_point": "dpo.words", "measures_taken_or_proposed": "measures.done",
	"remedial_action": "measures.done", "us_what_happened": "breach.story", "us_kinds_of_information": "data.kinds",
	"us_entity_contact": "reporter.words", "us_dates": "dates.words", "us_entity_measures": "measures.done",
	"us_number_of_residents": "persons.words", "hipaa_what": "breach.story", "hipaa_types": "data.kinds",
	"hipaa_response": "measures.done", "hipaa_contact": "reporter.words", "nis2_description": "breach.story",
	"nis2_root_cause": "incident.cause", "nis2_mitigation": "measures.done", "nis2_suspected_malicious": "malicious.words",
	"nis2_cross_border": "countries.words", "nis2_assessment": "severity.words",
}

// Generic builds a form from what a rule requires a notice to contain. It is ours, and says
// so: the authority may have one of its own.
func Generic(b *regime.Book, r *regime.Rule) *Form {
	const head, body, more = "notice", "content", "more"
	f := &Form{
		ID: GenericPrefix + r.ID, Title: "What " + r.Basis() + " requires", Version: r.PackVersion,
		Source: r.Basis() + " (" + r.Sure.Words() + ")",
		Note:   "This form is ours, built from the rule. It is not the authority's: if the authority has a form, use that, and keep what was sent here.",
		Stages: []Stage{
			{ID: "notice", Title: strings.ToUpper(first(r.Stage)[:1]) + first(r.Stage)[1:], Kind: First, Rules: []string{r.ID}},
			{ID: "follow_up", Title: "Follow-up", Kind: FollowUp, As: "notice"},
			{ID: "withdrawal", Title: "Withdrawal", Kind: Withdrawal},
		},
		Sections: []Section{{ID: head, Title: "Who notifies"}, {ID: body, Title: "What the rule requires"}, {ID: more, Title: "Beside it"}},
		File:     r.File, Hash: b.Version,
	}
	always := MustWire{All: Always}
	f.Fields = []Field{
		{ID: "entity", Label: "Organisation that notifies", Section: head, Type: Text, Mandatory: always, Fill: "entity.name"},
		{ID: "reporter", Label: "Contact person, with e-mail and telephone", Section: head, Type: Long, Mandatory: always, Fill: "reporter.words"},
		{ID: "reference", Label: "Our reference", Section: head, Type: Text, Mandatory: always, Fill: "incident.ref"},
		{
			ID: "authority_reference", Label: "Reference given by the authority", Section: head, Type: Text, Fill: "receipt.reference",
			Mandatory: MustWire{Stages: map[string]Must{"notice": NotAsked, "withdrawal": Optional}},
		},
		{
			ID: "withdrawal_reason", Label: "Why the notification is withdrawn", Section: head, Type: Long,
			Mandatory: MustWire{Stages: map[string]Must{"notice": NotAsked, "withdrawal": Always}},
		},
	}
	asked := MustWire{Stages: map[string]Must{"notice": Always, "withdrawal": Optional}}
	late := false
	for _, name := range r.Content {
		d := Field{ID: name, Label: sentenceCase(cmp.Or(b.Content[name], strings.ReplaceAll(name, "_", " "))), Section: body, Type: Long, Mandatory: asked, Fill: known[name]}
		if strings.Contains(name, "delay") && strings.Contains(name, "reason") {
			d.Mandatory, d.Needed, d.Fill, late = MustWire{All: Conditional}, nameLate, "", true
			d.When = nameLate
		}
		f.Fields = append(f.Fields, d)
	}
	if len(r.Content) == 0 {
		f.Fields = append(f.Fields, Field{ID: "what_happened", Label: "What happened, its effects and what is done about it", Section: body, Type: Long, Mandatory: asked, Fill: "breach.story"})
	}
	if !late {
		f.Fields = append(f.Fields, Field{
			ID: LateField, Label: "Reasons for the delay", Section: more, Type: Long, Mandatory: MustWire{All: Conditional}, When: nameLate, Needed: nameLate,
		})
	}
	f.Fields = append(f.Fields, Field{ID: "remarks", Label: "Anything else", Section: more, Type: Long, Mandatory: MustWire{All: Optional}})
	f.finish()
	return f
}

// LateField is the question for the reasons of a delay in a form of ours.
const LateField = "late_reason"

func first(stage string) string {
	if stage == "" || stage == "single" {
		return "notification"
	}
	return strings.ReplaceAll(stage, "_", " ")
}

func sentenceCase(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// finish compiles a form that was built here: its conditions read the lateness alone.
func (f *Form) finish() {
	f.index, f.facts = map[string]int{}, map[string]term.Fact{nameLate: {Name: nameLate, Type: term.YesNo}, nameStage: {Name: nameStage, Type: term.Choice}}
	for i := range f.Fields {
		f.index[f.Fields[i].ID] = i
	}
	env, err := term.Environment(f.facts)
	if err != nil {
		return
	}
	for i := range f.Fields {
		d := &f.Fields[i]
		if d.When != "" {
			d.when, _ = env.Compile(d.When)
		}
		if d.Needed != "" {
			d.needed, _ = env.Compile(d.Needed)
		}
	}
}
