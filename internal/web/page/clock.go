package page

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/duty/policy"
	"github.com/wakebell/wakebell/internal/web/page/live"
)

// Clock is the running display of something due. Without a script it stands still at what was true when
// the page was made, with the absolute time beside it.
type Clock struct {
	ID       string // of the element, so that a morph finds it
	Name     string
	Icon     IconName
	For      string // who receives it
	Whose    string // who must do it; "" = nobody yet
	StartAt  time.Time
	DueAt    time.Time
	MetAt    time.Time
	Ended    string // "waived" or "withdrawn": it runs no more
	Basis    string // why, in a sentence
	Href     string
	Unsure   bool          // owed under a rule that nobody checked against its text
	Soon     time.Duration // time left from which it is amber
	Critical time.Duration // and red
}

// thresholds belong to the kind of duty: how much time people need to do it.
var thresholds = map[string][2]time.Duration{
	duty.RuleProductTeam: {10 * time.Minute, 5 * time.Minute},
	duty.RuleClassify:    {20 * time.Minute, 10 * time.Minute},
	duty.RuleSIRT:        {20 * time.Minute, 10 * time.Minute},
	"leadership":         {20 * time.Minute, 10 * time.Minute},
	"siht":               {20 * time.Minute, 10 * time.Minute},
	"legal":              {20 * time.Minute, 10 * time.Minute},
	duty.RuleSitrep:      {30 * time.Minute, 15 * time.Minute},
	duty.RuleBoard:       {30 * time.Minute, 15 * time.Minute},
	"customer":           {6 * time.Hour, 2 * time.Hour},
	"partner":            {6 * time.Hour, 2 * time.Hour},
	"employee_group":     {6 * time.Hour, 2 * time.Hour},
	duty.RuleController:  {6 * time.Hour, 2 * time.Hour},
	duty.RuleAuthority:   {24 * time.Hour, 6 * time.Hour},
	policy.Answer:        {24 * time.Hour, 6 * time.Hour},
	policy.Personnel:     {6 * time.Hour, 2 * time.Hour},
}

var clockIcons = map[string]IconName{
	duty.RuleProductTeam: IconBellRing, duty.RuleClassify: IconGauge, duty.RuleSIRT: IconSiren,
	"leadership": IconUserRound, "siht": IconUsersRound, "legal": IconScale, duty.RuleSitrep: IconMessageSquareText,
	duty.RuleBoard: IconPresentation, "customer": IconMail, "partner": IconHandshake, "employee_group": IconUsersRound,
	duty.RuleController: IconMail, duty.RuleAuthority: IconLandmark, policy.Answer: IconSend,
	policy.Personnel: IconUsersRound,
}

// ClockOf makes the display of a duty.
func ClockOf(d duty.Duty) Clock {
	c := Clock{
		ID: "duty-" + d.ID, Name: d.Title, Icon: clockIcons[d.Rule], For: d.Recipient.Name, Whose: HolderOf(d),
		StartAt: d.StartAt, DueAt: d.DueAt, MetAt: d.MetAt, Basis: d.Basis.Text + " (" + d.Basis.Source + ")",
		Unsure: d.Basis.Unverified(),
	}
	if c.Icon == "" {
		c.Icon = IconHourglass
	}
	if d.State == duty.Waived || d.State == duty.Withdrawn {
		c.Ended = string(d.State)
	}
	t, ok := thresholds[d.Rule]
	if !ok {
		t = [2]time.Duration{12 * time.Hour, 3 * time.Hour}
	}
	c.Soon, c.Critical = t[0], t[1]
	return c
}

// HolderOf says whose a duty is, in a few words.
func HolderOf(d duty.Duty) string {
	if d.Holder.Name == "" {
		return "nobody yet"
	}
	return strings.ToUpper(d.Holder.Name[:1]) + d.Holder.Name[1:]
}

// State of the display: ok, soon, critical, overdue, met, late, ended. An absent due time is none.
func (c Clock) State(now time.Time) string {
	left := c.DueAt.Sub(now)
	switch {
	case c.Ended != "":
		return "ended"
	case !c.MetAt.IsZero() && c.MetAt.After(c.DueAt):
		return "late"
	case !c.MetAt.IsZero():
		return "met"
	case c.DueAt.IsZero():
		return "none"
	case left < 0:
		return "overdue"
	case left < c.Critical:
		return "critical"
	case left < c.Soon:
		return "soon"
	}
	return "ok"
}

// word is what the state says without colour.
func (c Clock) word(now time.Time) string {
	switch c.State(now) {
	case "overdue":
		return "Missed"
	case "met":
		return "Met after " + Span(c.MetAt.Sub(c.StartAt))
	case "late":
		return "Met late, by " + Span(c.MetAt.Sub(c.DueAt))
	case "ended":
		if c.Ended == "waived" {
			return "Waived"
		}
		return "Withdrawn"
	}
	return ""
}

// running says whether the display counts down.
func (c Clock) running() bool { return c.MetAt.IsZero() && c.Ended == "" && !c.DueAt.IsZero() }

func (c Clock) used(now time.Time) string {
	total := c.DueAt.Sub(c.StartAt)
	if total <= 0 {
		return "1"
	}
	return strconv.FormatFloat(min(1, max(0, float64(now.Sub(c.StartAt))/float64(total))), 'f', 3, 64)
}

// countdown is the same text the script makes: 1d 02:03:04, or −00:26:03 when it is past.
func countdown(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "−", -d
	}
	s := int64(d / time.Second)
	if s >= 86400 {
		return fmt.Sprintf("%s%dd %02d:%02d:%02d", sign, s/86400, s%86400/3600, s%3600/60, s%60)
	}
	return fmt.Sprintf("%s%02d:%02d:%02d", sign, s/3600, s%3600/60, s%60)
}

func now(ctx context.Context) time.Time { return frameOf(ctx).req.Now }

func millis(t time.Time) string { return live.Millis(t) }

func ms(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
