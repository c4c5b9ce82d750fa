package text_test

import (
	"testing"

	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

// Every condition that is named must fit; a variant that names none is for nobody.
func TestFor(t *testing.T) {
	t.Parallel()
	r := text.Reader{Kind: "customer", Country: "DE", Label: "Retail", Channel: "phone"}
	for name, c := range map[string]struct {
		f    text.For
		want bool
	}{
		"none":            {text.For{}, false},
		"kind":            {text.For{Kinds: []string{"partner", "customer"}}, true},
		"another kind":    {text.For{Kinds: []string{"partner"}}, false},
		"country":         {text.For{Countries: []string{"de"}}, true},
		"label":           {text.For{Labels: []string{"retail"}}, true},
		"channel":         {text.For{Channels: []string{"phone"}}, true},
		"all":             {text.For{Kinds: []string{"customer"}, Countries: []string{"DE"}, Labels: []string{"Retail"}, Channels: []string{"phone"}}, true},
		"all but country": {text.For{Kinds: []string{"customer"}, Countries: []string{"FR"}, Labels: []string{"Retail"}}, false},
		"empty country":   {text.For{Countries: []string{"FR"}, Labels: []string{"Retail"}}, false},
	} {
		if got := c.f.Fits(r); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := (text.For{Kinds: []string{"employee_group", "vendor"}, Countries: []string{"DE"}, Labels: []string{"a"}, Channels: []string{"phone"}}).String(); got != "employee group or vendor, in DE, labelled a, by phone" {
		t.Error(got)
	}
}
