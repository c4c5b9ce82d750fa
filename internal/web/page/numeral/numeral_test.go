package numeral_test

import (
	"testing"

	"github.com/wakebell/wakebell/internal/web/page/numeral"
)

func TestNumbersAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"0": 0, "7": 7, " 38114 ": 38114, "12,000": 12000, "12.000": 12000, "12 000": 12000, "12\u00a0000": 12000, "12\u202f000": 12000,
		"1'234'567": 1234567, "1,234,567": 1234567, "450.000": 450000,
	} {
		if got, err := numeral.Read(text); got != want || err != nil {
			t.Errorf("Read(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", " ", "some", "-3", "+3", "12,5", "12.5", "1.5", "1,00", "1,2345", ",000", "12,,000", "0x10", "1e3", "99999999999999999999"} {
		if n, err := numeral.Read(text); err == nil {
			t.Errorf("Read(%q) = %d, want none", text, n)
		}
	}
	for n, want := range map[int]string{0: "0 persons", 1: "1 person", 2: "2 persons", 999: "999 persons", 38114: "38,114 persons", 1234567: "1,234,567 persons"} {
		if got := numeral.Count(n, "person", "persons"); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}
