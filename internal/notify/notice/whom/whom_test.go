package whom_test

import (
	"testing"

	"github.com/wakebell/wakebell/internal/notify/notice/whom"
)

// Every condition that is named must fit; a variant that names none is for nobody.
func TestFor(t *testing.T) {
	t.Parallel()
	r := whom.Reader{Kind: "customer", Country: "DE", Label: "Retail", Channel: "phone"}
	for name, c := range map[string]struct {
		f    whom.For
		want bool
	}{
		"none":            {whom.For{}, false},
		"kind":            {whom.For{Kinds: []string{"partner", "customer"}}, true},
		"another kind":    {whom.For{Kinds: []string{"partner"}}, false},
		"country":         {whom.For{Countries: []string{"de"}}, true},
		"label":           {whom.For{Labels: []string{"retail"}}, true},
		"channel":         {whom.For{Channels: []string{"phone"}}, true},
		"all":             {whom.For{Kinds: []string{"customer"}, Countries: []string{"DE"}, Labels: []string{"Retail"}, Channels: []string{"phone"}}, true},
		"all but country": {whom.For{Kinds: []string{"customer"}, Countries: []string{"FR"}, Labels: []string{"Retail"}}, false},
		"empty country":   {whom.For{Countries: []string{"FR"}, Labels: []string{"Retail"}}, false},
	} {
		if got := c.f.Fits(r); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := (whom.For{Kinds: []string{"employee_group", "vendor"}, Countries: []string{"DE"}, Labels: []string{"a"}, Channels: []string{"phone"}}).String(); got != "employee group or vendor, in DE, labelled a, by phone" {
		t.Error(got)
	}
}
