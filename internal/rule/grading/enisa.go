package grading

import (
	"fmt"
	"slices"
)

// The ENISA score of a personal-data breach: SE = DPC × EI + CB. Source: ENISA,
// Recommendations for a methodology of the assessment of severity of personal data
// breaches, working document v1.0, December 2013, in our own words. The method
// gives no threshold of GDPR Art. 33 or 34: it advises, it never decides.

// DataCategory is a kind of data in the method.
type DataCategory string

// The categories, with their base score 1 to 4.
const (
	SimpleData      DataCategory = "simple"      // identity, contact, education, family, work
	BehaviouralData DataCategory = "behavioural" // location, traffic, preferences, habits
	FinancialData   DataCategory = "financial"   // income, transactions, cards, invoices, benefits
	SensitiveData   DataCategory = "sensitive"   // health, political, sexual life
)

// DataCategories lists the categories in the order of their base scores.
var DataCategories = [...]DataCategory{SimpleData, BehaviouralData, FinancialData, SensitiveData}

// Base is the score of a category before its context.
func (c DataCategory) Base() int { return slices.Index(DataCategories[:], c) + 1 }

// CategoryScore is one category present, with its score in this context.
type CategoryScore struct {
	Category DataCategory `json:"category"`
	Score    int          `json:"score"`            // 1 to 4; 0 = the base
	Reason   string       `json:"reason,omitempty"` // needed when the score is not the base
}

// ENISA is the input of the score.
type ENISA struct {
	Categories      []CategoryScore `json:"categories"`
	Identifiability float64         `json:"identifiability"` // 0.25 negligible, 0.5 limited, 0.75 significant, 1 maximum
	Confidentiality float64         `json:"confidentiality"` // 0 exposed only, 0.25 known recipients, 0.5 unknown or public
	Integrity       float64         `json:"integrity"`       // 0 recovered, 0.25 recoverable, 0.5 not recoverable
	Availability    float64         `json:"availability"`    // 0 easily recovered, 0.25 for a time, 0.5 full loss
	Malicious       bool            `json:"malicious"`       // adds 0.5
	MoreThan100     bool            `json:"more_than_100"`   // flag beside the score
	Unintelligible  bool            `json:"unintelligible"`  // flag beside the score
}

// Band is a range of the score.
type Band string

// The bands; the lower bound belongs to each.
const (
	BandLow      Band = "low"       // below 2: inconveniences overcome without problem
	BandMedium   Band = "medium"    // from 2: overcome with some difficulty
	BandHigh     Band = "high"      // from 3: overcome with serious difficulty
	BandVeryHigh Band = "very_high" // from 4: may not be overcome
)

// Words says what a band means for the persons.
func (b Band) Words() string {
	return map[Band]string{
		BandLow:      "a few inconveniences, overcome without any problem",
		BandMedium:   "significant inconveniences, overcome with some difficulty",
		BandHigh:     "significant consequences, overcome with serious difficulty",
		BandVeryHigh: "significant or irreversible consequences, which may not be overcome",
	}[b]
}

// ENISAScore is the score with its parts.
type ENISAScore struct {
	Context         int          `json:"context"` // data processing context, 1 to 4: the highest of the categories
	Highest         DataCategory `json:"highest"`
	Identifiability float64      `json:"identifiability"`
	Circumstances   float64      `json:"circumstances"` // of the breach, 0 to 2
	Score           float64      `json:"score"`         // 0.25 to 6
	Band            Band         `json:"band"`
	Parts           []string     `json:"parts"` // the sum in words
}

// Score computes the severity. The error names the field.
func (e ENISA) Score() (ENISAScore, error) {
	var s ENISAScore
	if len(e.Categories) == 0 {
		return s, fmt.Errorf("categories: at least one category of data")
	}
	for i, c := range e.Categories {
		base := c.Category.Base()
		score := c.Score
		if score == 0 {
			score = base
		}
		switch {
		case base == 0:
			return s, fmt.Errorf("categories.%d.category: simple, behavioural, financial or sensitive", i)
		case score < 1 || score > 4:
			return s, fmt.Errorf("categories.%d.score: from 1 to 4", i)
		case score != base && c.Reason == "":
			return s, fmt.Errorf("categories.%d.reason: a score other than %d needs its reason", i, base)
		}
		if score > s.Context {
			s.Context, s.Highest = score, c.Category
		}
	}
	for _, f := range []struct {
		name  string
		value float64
		steps []float64
	}{
		{"identifiability", e.Identifiability, []float64{0.25, 0.5, 0.75, 1}},
		{"confidentiality", e.Confidentiality, []float64{0, 0.25, 0.5}},
		{"integrity", e.Integrity, []float64{0, 0.25, 0.5}},
		{"availability", e.Availability, []float64{0, 0.25, 0.5}},
	} {
		if !slices.Contains(f.steps, f.value) {
			return s, fmt.Errorf("%s: one of %v", f.name, f.steps)
		}
	}
	s.Identifiability = e.Identifiability
	s.Circumstances = e.Confidentiality + e.Integrity + e.Availability
	if e.Malicious {
		s.Circumstances += 0.5
	}
	s.Score = float64(s.Context)*e.Identifiability + s.Circumstances
	switch {
	case s.Score < 2:
		s.Band = BandLow
	case s.Score < 3:
		s.Band = BandMedium
	case s.Score < 4:
		s.Band = BandHigh
	default:
		s.Band = BandVeryHigh
	}
	s.Parts = []string{
		fmt.Sprintf("data processing context %d (%s data)", s.Context, s.Highest),
		fmt.Sprintf("× ease of identification %v", e.Identifiability),
		fmt.Sprintf("+ circumstances of the breach %v (confidentiality %v, integrity %v, availability %v, malicious intent %v)",
			s.Circumstances, e.Confidentiality, e.Integrity, e.Availability, s.Circumstances-e.Confidentiality-e.Integrity-e.Availability),
		fmt.Sprintf("= %v, %s", s.Score, s.Band),
	}
	return s, nil
}
