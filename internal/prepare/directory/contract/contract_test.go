package contract_test

import (
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/prepare/directory/contract"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	named := []string{"Carla Engelhart", "security@alpenwerk.example", "data protection"}
	for want, c := range map[string]contract.Contract{
		"":                     {Hours: 12, Contact: "Data Protection", Format: contract.ByPortal, FormatWords: "https://portal.example"},
		"hours":                {},
		"hours unit":           {Hours: 9000, Unit: "days"},
		"start condition":      {Hours: 1, Start: "never", Condition: "sometimes"},
		"contact":              {Hours: 1, Contact: "somebody else"},
		"format":               {Hours: 1, Format: "fax"},
		"format_words":         {Hours: 1, Format: contract.ByOther},
		"clause format_words":  {Hours: 1, Clause: strings.Repeat("x", 501), FormatWords: strings.Repeat("x", 501)},
		"format_words contact": {Hours: 1, Format: contract.ByOther, FormatWords: " ", Contact: "nobody"},
	} {
		var got []string
		for _, p := range c.Normal().Check(named) {
			got = append(got, p.Field)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%+v: %v, want %q", c, got, want)
		}
	}
}

// Suspected and confirmed are told apart in words, and each form has some.
func TestWords(t *testing.T) {
	t.Parallel()
	for c, want := range map[contract.Condition]string{contract.WhenAny: "suspected one too", contract.WhenPersonalData: "suspected incident too", contract.WhenConfirmed: "confirmed incidents only"} {
		if !strings.Contains(c.Words(), want) {
			t.Errorf("%s: %s", c, c.Words())
		}
	}
	for _, f := range contract.Formats() {
		if f.Words() == string(f) {
			t.Errorf("%s has no words", f)
		}
	}
	for want, c := range map[string]contract.Contract{
		"": {}, "by letter": {Format: contract.ByLetter}, "registered": {FormatWords: "registered"}, "by letter: registered": {Format: contract.ByLetter, FormatWords: "registered"},
	} {
		if c.FormatSaid() != want {
			t.Errorf("%+v: %s", c, c.FormatSaid())
		}
	}
}
