package phrase

import (
	"testing"
	"time"
)

func TestWords(t *testing.T) {
	t.Parallel()
	near := time.Date(2026, 11, 20, 23, 30, 0, 0, time.UTC)
	berlin := time.FixedZone("CET", 3600)
	for want, got := range map[string]string{
		"23:50 UTC":            Time(near.Add(20*time.Minute), near),
		"22:30 UTC":            Time(time.Date(2026, 11, 20, 23, 30, 0, 0, berlin), near),
		"2026-11-21 00:10 UTC": Time(near.Add(40*time.Minute), near),
		"1 duty":               Count(1, "duty", "duties"),
		"0 duties":             Count(0, "duty", "duties"),
		"":                     And(nil),
		"a":                    And([]string{"a"}),
		"a and b":              And([]string{"a", "b"}),
		"a, b and c":           And([]string{"a", "b", "c"}),
		"verify and classify":  Lower("Verify and classify"),
		"SIRT called":          Lower("SIRT called"),
		"ärger":                Lower("Ärger"),
		"what: why":            Because("what", " why "),
		"what":                 Because("what", " "),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if Lower("") != "" {
		t.Error("an empty title")
	}
}
