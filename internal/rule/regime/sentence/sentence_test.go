package sentence

import "testing"

func TestReasons(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		parts []string
		want  string
	}{
		{nil, ""},
		{[]string{"a is owed"}, "a is owed."},
		{[]string{"a is owed", "b holds"}, "a is owed; b holds."},
		{[]string{"not known: Is it so?", "not known: When?"}, "not known: Is it so? Not known: When?"},
		{[]string{"not known: When?", "b could not be evaluated"}, "not known: When? B could not be evaluated."},
	} {
		if got := Reasons(c.parts); got != c.want {
			t.Errorf("%q: %q, want %q", c.parts, got, c.want)
		}
	}
}

func TestBasis(t *testing.T) {
	t.Parallel()
	for _, c := range [][4]string{
		{"GDPR", "33(1)", "EEA", "GDPR Art. 33(1)"},
		{"GDPR", "34 and 35", "EU", "GDPR Art. 34 and 35"},
		{"Law 21.719", "14 sexies", "CL", "Law 21.719 Art. 14 sexies"},
		{"NIS2", "23(4), last subparagraph", "EU", "NIS2 Art. 23(4), last subparagraph"},
		{"PDPA", "section 26D(1)", "SG", "PDPA, section 26D(1)"},
		{"HIPAA", "45 CFR 164.404", "US", "HIPAA, 45 CFR 164.404"},
		{"Delaware statute", "6 Del.C. 12B-102", "US-DE", "Delaware statute, 6 Del.C. 12B-102"},
		{"Ohio statute", "1349.19", "US-OH", "Ohio statute, section 1349.19"},
		{"DPDP Rules 2025", "", "IN", "DPDP Rules 2025"},
	} {
		if got := Basis(c[0], c[1], c[2]); got != c[3] {
			t.Errorf("%q, want %q", got, c[3])
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		Place("US-CO", false): "Colorado (US-CO)", Place("CO", false): "Colombia (CO)", Place("EU", true): "the EU", Place("FJ", false): "FJ",
		Qualitative("without_undue_delay"): "without undue delay", Qualitative("none"): "the law names no limit",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
