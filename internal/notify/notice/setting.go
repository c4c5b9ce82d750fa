package notice

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
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
	if in.Second == "page" {
		add("second", "must be a way by which they hear of it: nobody looks at a page without a word")
	}
	if in.ReplyTo != "" && !who.ValidEmail(in.ReplyTo) {
		add("reply_to", "must be an address like name@example.com")
	}
	if y := in.EmbargoAt.Year(); !in.EmbargoAt.IsZero() && (y < 2000 || y > 9999) {
		add("embargo_at", "must be a time from 2000 on")
	}
	return fault.Invalids(f...)
}

// Ways are the channels of a notice, in the order of use, and the second. It needs no
// permission: the room that keeps the lists asks.
func (s *Service) Ways(ctx context.Context, r store.Reader, id string) (channels []string, second string, err error) {
	n, err := byID(ctx, r, id)
	return n.Settings.Channels, n.Settings.Second, err
}

// kinds of parties and people that a list may name.
func kinds() []string {
	return []string{"customer", "partner", "vendor", "processor", "employee_group", "authority", "law_enforcement", "insurer", "person"}
}

const (
	mostNamed = 50 // conditions of one sort
	maxLabel  = 200
)

// checkFor refuses a condition that nobody could fit.
func checkFor(f []fault.Field, variant string, in text.For) []fault.Field {
	if variant == "" && !in.Empty() {
		return append(f, fault.Field{Field: "for", Message: "belongs to a variant; the master text is for all others"})
	}
	for _, cond := range []struct {
		name string
		list []string
	}{{"kinds", in.Kinds}, {"countries", in.Countries}, {"labels", in.Labels}, {"channels", in.Channels}} {
		if len(cond.list) > mostNamed {
			f = append(f, fault.Field{Field: "for." + cond.name, Message: fmt.Sprintf("names more than %d", mostNamed)})
			continue
		}
		for _, v := range cond.list {
			at := "for." + cond.name
			switch cond.name {
			case "kinds":
				f = check.OneOf(f, at, v, kinds()...)
			case "channels":
				f = check.OneOf(f, at, v, Channels()...)
			case "countries":
				if !countryShape.MatchString(v) {
					f = append(f, fault.Field{Field: at, Message: "must be two letters such as DE"})
				}
			default:
				f = check.Text(f, at, v, maxLabel, true)
			}
		}
	}
	return f
}

var countryShape = regexp.MustCompile(`^[A-Z]{2}$`)
