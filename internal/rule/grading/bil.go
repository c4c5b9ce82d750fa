package grading

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// BILSource says where the default criteria come from.
const BILSource = "Ours: policy 003 uses BIL 1 to 3 for escalation and defines no criteria. Change them in the plan."

// Criteria is the list of rules for the business impact level. The lowest
// number any criterion leads to is suggested; Otherwise when none does.
type Criteria struct {
	Items     []Criterion `json:"items"`
	Otherwise BIL         `json:"otherwise"`
	Source    string      `json:"source"`
}

// Criterion leads to its BIL when everything it names holds; what it leaves
// empty is not asked. A criterion that names nothing is invalid.
type Criterion struct {
	BIL          BIL        `json:"bil"`
	Words        string     `json:"words"`                   // why, for people
	SeverityTo   *Severity  `json:"severity_to,omitempty"`   // this severity or worse (a lower number)
	PersonalData []Answer   `json:"personal_data,omitempty"` // one of these answers; unknown may be named
	Security     bool       `json:"security,omitempty"`      // only security incidents, not operational ones
	Properties   []Property `json:"properties,omitempty"`    // harm to one of these …
	Assets       []Asset    `json:"assets,omitempty"`        // … on one of these
	CustomersMin int        `json:"customers_min,omitempty"` // at least so many customers affected; 0 = not asked
}

// BILInputs is what the criteria look at.
type BILInputs struct {
	Severity          *Severity // nil = not graded yet
	PersonalData      Answer
	Security          Answer // yes = security incident, no = operational
	Harm              []Harm // nil = not assessed, empty = assessed and none
	CustomersAffected *int   // nil = unknown
}

// BILSuggestion is a level for a person to accept or to change with a reason.
type BILSuggestion struct {
	BIL     BIL      `json:"bil"`
	Worst   BIL      `json:"worst"`   // what it could be if every unknown turned out badly
	Reason  string   `json:"reason"`  // which criterion led to it, in words
	Unknown []string `json:"unknown"` // inputs that are open and could lead to a higher impact, by wire name
	Source  string   `json:"source"`
}

// DefaultCriteria are ours; see BILSource.
func DefaultCriteria() Criteria {
	crisis, critical, major := Crisis, Critical, Major
	atRisk := []Property{Confidentiality, Integrity}
	return Criteria{
		Items: []Criterion{
			{BIL: BIL1, Words: "crisis: maximum impact", SeverityTo: &crisis},
			{BIL: BIL1, Words: "critical security incident that discloses or alters customers' data", SeverityTo: &critical, Security: true, Properties: atRisk, Assets: []Asset{CustomerData}},
			{BIL: BIL1, Words: "personal data of many customers", PersonalData: []Answer{Yes}, CustomersMin: 50},
			{BIL: BIL2, Words: "critical: very high impact", SeverityTo: &critical},
			{BIL: BIL2, Words: "personal data are affected", PersonalData: []Answer{Yes}},
			{BIL: BIL2, Words: "security incident that harms customers' data", Security: true, Assets: []Asset{CustomerData}},
			{BIL: BIL2, Words: "security incident that discloses or alters our own data", SeverityTo: &major, Security: true, Properties: atRisk, Assets: []Asset{OurData}},
			{BIL: BIL2, Words: "major security incident while personal data are not ruled out", SeverityTo: &major, Security: true, PersonalData: []Answer{Unknown}},
			{BIL: BIL2, Words: "major incident for many customers", SeverityTo: &major, CustomersMin: 50},
		},
		Otherwise: BIL3,
		Source:    BILSource,
	}
}

// Validate names the first criterion that cannot be used, counted from 1.
func (c Criteria) Validate() error {
	if !c.Otherwise.Valid() {
		return errors.New("otherwise: a BIL from 1 to 3")
	}
	for i, it := range c.Items {
		if err := it.validate(); err != nil {
			return fmt.Errorf("items %d: %w", i+1, err)
		}
	}
	return nil
}

func (c Criterion) validate() error {
	switch {
	case !c.BIL.Valid():
		return errors.New("bil: a level from 1 to 3")
	case strings.TrimSpace(c.Words) == "":
		return errors.New("words: say why this leads to the level")
	case c.SeverityTo != nil && !c.SeverityTo.Valid():
		return errors.New("severity_to: a severity from 0 to 3")
	case c.CustomersMin < 0:
		return errors.New("customers_min: a number from 0 up")
	case c.SeverityTo == nil && len(c.PersonalData) == 0 && !c.Security &&
		len(c.Properties) == 0 && len(c.Assets) == 0 && c.CustomersMin == 0:
		return errors.New("names no condition, so it would always hold")
	}
	for _, a := range c.PersonalData {
		if !a.Known() && a != Unknown {
			return errors.New("personal_data: yes, no or unknown")
		}
	}
	for _, p := range c.Properties {
		if p != Confidentiality && p != Integrity && p != Availability {
			return errors.New("properties: confidentiality, integrity or availability")
		}
	}
	for _, o := range c.Assets {
		if o != CustomerData && o != OurData && o != OurServices {
			return errors.New("assets: customer_data, our_data or our_services")
		}
	}
	return nil
}

// SuggestBIL gives the lowest level any criterion leads to, and names it. An
// input that is unknown makes a criterion neither hold nor fail: the level it
// could lead to is Worst, and the input stands in Unknown.
func SuggestBIL(c Criteria, in BILInputs) BILSuggestion {
	s := BILSuggestion{BIL: c.Otherwise, Unknown: []string{}, Source: c.Source}
	reason := "no criterion for a higher impact is met"
	met := false
	for _, it := range c.Items {
		if state, _ := it.holds(in); state == Yes && (!met || it.BIL < s.BIL) {
			s.BIL, reason, met = it.BIL, it.Words, true
		}
	}
	s.Worst = s.BIL
	for _, it := range c.Items {
		state, open := it.holds(in)
		if state != Unknown || it.BIL >= s.BIL {
			continue
		}
		s.Worst = min(s.Worst, it.BIL)
		for _, name := range open {
			if !slices.Contains(s.Unknown, name) {
				s.Unknown = append(s.Unknown, name)
			}
		}
	}
	slices.Sort(s.Unknown)
	s.Reason = fmt.Sprintf("%s: %s", s.BIL, reason)
	if len(s.Unknown) > 0 {
		s.Reason += fmt.Sprintf("; not known yet: %s, which could make it %s", phrase(s.Unknown), s.Worst)
	}
	return s
}

// holds judges one criterion; with Unknown it names the open inputs.
func (c Criterion) holds(in BILInputs) (Answer, []string) {
	type part struct {
		name   string
		answer Answer
	}
	var parts []part
	add := func(name string, a Answer) { parts = append(parts, part{name, a}) }
	if c.SeverityTo != nil {
		add("severity", known(in.Severity != nil, func() bool { return *in.Severity <= *c.SeverityTo }))
	}
	if len(c.PersonalData) > 0 {
		add("personal_data", c.personalData(in.PersonalData))
	}
	if c.Security {
		add("security", known(in.Security.Known(), func() bool { return in.Security == Yes }))
	}
	if len(c.Properties) > 0 || len(c.Assets) > 0 {
		add("harm", known(in.Harm != nil, func() bool { return slices.ContainsFunc(in.Harm, c.harmed) }))
	}
	if c.CustomersMin > 0 {
		add("customers_affected", known(in.CustomersAffected != nil, func() bool { return *in.CustomersAffected >= c.CustomersMin }))
	}
	var open []string
	for _, p := range parts {
		switch p.answer {
		case No:
			return No, nil
		case Unknown:
			open = append(open, p.name)
		}
	}
	switch {
	case len(parts) == 0:
		return No, nil
	case len(open) > 0:
		return Unknown, open
	}
	return Yes, nil
}

func (c Criterion) personalData(a Answer) Answer {
	if a.Known() || slices.Contains(c.PersonalData, Unknown) {
		if !a.Known() {
			a = Unknown
		}
		return known(true, func() bool { return slices.Contains(c.PersonalData, a) })
	}
	return Unknown
}

func (c Criterion) harmed(h Harm) bool {
	return (len(c.Properties) == 0 || slices.Contains(c.Properties, h.Property)) &&
		(len(c.Assets) == 0 || slices.Contains(c.Assets, h.Asset))
}

func known(is bool, test func() bool) Answer {
	switch {
	case !is:
		return Unknown
	case test():
		return Yes
	}
	return No
}
