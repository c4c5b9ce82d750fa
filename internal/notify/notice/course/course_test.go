package course

import (
	"slices"
	"testing"

	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

// A notice begins as a template: one for every audience and purpose, no more and no less.
func TestEveryNoticeHasItsTemplates(t *testing.T) {
	t.Parallel()
	var audiences, purposes []string
	for _, a := range Audiences() {
		audiences = append(audiences, string(a))
	}
	for _, p := range Purposes() {
		purposes = append(purposes, string(p))
	}
	for what, lists := range map[string][2][]string{"audiences": {audiences, text.Audiences()}, "purposes": {purposes, text.Purposes()}} {
		slices.Sort(lists[0])
		slices.Sort(lists[1])
		if !slices.Equal(lists[0], lists[1]) {
			t.Errorf("%s: notices have %v, templates %v", what, lists[0], lists[1])
		}
	}
}
