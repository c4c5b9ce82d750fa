package notice

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
)

func sameSettings(a, b Settings) bool {
	return slices.Equal(a.Channels, b.Channels) && a.EmbargoAt.Equal(b.EmbargoAt) && a.Canary == b.Canary &&
		a.SecondAfterHours == b.SecondAfterHours && a.Second == b.Second && a.ReplyTo == b.ReplyTo
}

// Channels lists the ways a notice can go.
func Channels() []string {
	return []string{"email", "page", "webhook", "letter", "phone", "handed_over"}
}

func checkSettings(in Settings) error {
	var f []fault.Field
	add := func(field, msg string) { f = append(f, fault.Field{Field: field, Message: msg}) }
	if len(in.Channels) == 0 {
		add("channels", "name at least one of "+strings.Join(Channels(), ", "))
	}
	for i, c := range in.Channels {
		f = check.OneOf(f, fmt.Sprintf("channels[%d]", i), c, Channels()...)
		if slices.Contains(in.Channels[:i], c) {
			add(fmt.Sprintf("channels[%d]", i), "stands in the list twice")
		}
	}
	if in.Canary < 0 || in.Canary > 10_000 {
		add("canary", "must lie between 0 and 10000")
	}
	if in.SecondAfterHours < 0 || in.SecondAfterHours > 24*31 {
		add("second_after_hours", "must lie between 0 and 744")
	}
	if (in.SecondAfterHours > 0) != (in.Second != "") {
		add("second", "and its hours go together")
	}
	if in.Second != "" {
		f = check.OneOf(f, "second", in.Second, Channels()...)
	}
	if in.ReplyTo != "" && !who.ValidEmail(in.ReplyTo) {
		add("reply_to", "must be an address like name@example.com")
	}
	if y := in.EmbargoAt.Year(); !in.EmbargoAt.IsZero() && (y < 2000 || y > 9999) {
		add("embargo_at", "must be a time from 2000 on")
	}
	return fault.Invalids(f...)
}
