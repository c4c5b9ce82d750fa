// Package setting checks what a person sets of a notice: how it is sent, who gets a variant,
// which duties it serves. It carries out policy 003 ("notified according to applicable
// contract language") by refusing what could not be sent so. It is pure and must not import
// the service of notices.
package setting

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail/bulk"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/notify/notice/course"
	"github.com/wakebell/wakebell/internal/notify/notice/whom"
)

// Same says whether two settings are.
func Same(a, b course.Settings) bool {
	return slices.Equal(a.Channels, b.Channels) && a.EmbargoAt.Equal(b.EmbargoAt) && a.Canary == b.Canary &&
		a.SecondAfterHours == b.SecondAfterHours && a.Second == b.Second && a.ReplyTo == b.ReplyTo
}

// Channels lists the ways a notice can go.
func Channels() []string {
	return []string{"email", "page", "webhook", "letter", "phone", "handed_over"}
}

// Check names what is wrong with settings.
func Check(in course.Settings) error {
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
	if in.ReplyTo != "" && !bulk.ValidAddress(in.ReplyTo) {
		add("reply_to", "must be an address like name@example.com")
	}
	if y := in.EmbargoAt.Year(); !in.EmbargoAt.IsZero() && (y < 2000 || y > 9999) {
		add("embargo_at", "must be a time from 2000 on")
	}
	return fault.Invalids(f...)
}

// mostFiles is how many files a notice may carry.
const mostFiles = 20

// Attach refuses a file that could not go with the notice. What only the sending would find
// out stops it after everybody has approved.
func Attach(n course.Notice, f course.File, gone bool) error {
	sum := f.Size
	for _, x := range n.Files {
		sum += x.Size
	}
	why := ""
	switch {
	case gone:
		why = "is withdrawn or erased"
	case slices.ContainsFunc(n.Files, func(x course.File) bool { return x.ID == f.ID }):
		why = "is attached already"
	case slices.ContainsFunc(n.Files, func(x course.File) bool { return x.Name == f.Name }):
		why = "has the name of another attachment; its readers could not tell them apart"
	case len(n.Files) >= mostFiles:
		why = "is one too many; pack several into one"
	case !bulk.ValidFileName(f.Name) || !bulk.ValidMedia(f.Media):
		why = "cannot go with a mail under its name; add it to the timeline under a name of at most 200 ordinary characters"
	case sum > bulk.MaxFiles:
		why = "makes the attachments larger than 25 MB, which mail servers refuse"
	default:
		return nil
	}
	return fault.InvalidField("file", why)
}

// kinds of parties and people that a list may name.
func kinds() []string {
	return []string{"customer", "partner", "vendor", "processor", "employee_group", "authority", "law_enforcement", "insurer", "person"}
}

const (
	mostNamed = 50 // conditions of one sort
	maxLabel  = 200
)

// For refuses a condition that nobody could fit.
func For(f []fault.Field, variant string, in whom.For) []fault.Field {
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

// Follow refuses to follow a notice that nobody got, or of another audience.
func Follow(earlier course.Notice, a course.Audience) error {
	switch {
	case earlier.State != course.Released && earlier.State != course.Done:
		return fault.InvalidField("follows", "was not sent; change that notice itself")
	case earlier.Audience != a:
		return fault.InvalidField("follows", "went to another audience")
	}
	return nil
}

// Keys refuses what is no open duty owed to the audience.
func Keys(keys []string, a course.Audience, open []duty.Duty) error {
	var f []fault.Field
	for i, k := range keys {
		at := fmt.Sprintf("duties[%d]", i)
		j := slices.IndexFunc(open, func(d duty.Duty) bool { return d.Key == k })
		switch {
		case j < 0:
			f = append(f, fault.Field{Field: at, Message: "is no open duty of this incident"})
		case !a.Serves(open[j].Recipient.Kind):
			f = append(f, fault.Field{Field: at, Message: "is owed to another audience"})
		case slices.Contains(keys[:i], k):
			f = append(f, fault.Field{Field: at, Message: "stands in the list twice"})
		}
	}
	return fault.Invalids(f...)
}

var (
	langShape    = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	variantShape = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
)

// Lang checks the word for a language.
func Lang(f []fault.Field, name, lang string) []fault.Field {
	if !langShape.MatchString(lang) || len(lang) > 35 {
		return append(f, fault.Field{Field: name, Message: "must be a language such as en or de"})
	}
	return f
}

// Variant says whether a word may name a variant.
func Variant(name string) bool { return variantShape.MatchString(name) }
