package filing

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/notify/notice/form"
	"github.com/wakebell/wakebell/internal/notify/notice/form/filing"
	"github.com/wakebell/wakebell/internal/notify/notice/form/output"
	"github.com/wakebell/wakebell/internal/web/page"
)

func stateTag(s filing.State) page.Tag {
	switch s {
	case filing.Review:
		return page.Tag{Text: "In review", Icon: page.IconHourglass, Tone: page.Warn}
	case filing.Approved:
		return page.Tag{Text: "Approved", Icon: page.IconBadgeCheck, Tone: page.Accent}
	case filing.Filed:
		return page.Tag{Text: "Filed", Icon: page.IconCheckCheck, Tone: page.Good}
	case filing.Discarded:
		return page.Tag{Text: "Discarded", Icon: page.IconTrash2}
	}
	return page.Tag{Text: "Draft", Icon: page.IconPencilLine}
}

func sectionTitle(s form.Section) string {
	if s.ID != "" && s.ID[0] >= '0' && s.ID[0] <= '9' {
		return s.ID + " " + s.Title
	}
	return s.Title
}

// hint is what stands below a question: our help, where the answer came from, what it was.
func (v one) hint(a form.Asked) string {
	parts := []string{}
	if a.Help != "" {
		parts = append(parts, a.Help)
	}
	if a.Ours {
		parts = append(parts, "A question of ours; it is not filed.")
	}
	if want := typeHint(a.Type); want != "" {
		parts = append(parts, want)
	}
	if a.Answer.Source != "" {
		parts = append(parts, "From the record: "+a.Answer.From+".")
	}
	if v.In.Before != nil && !v.In.Before[a.ID].Same(a.Answer) {
		was := a.Words(v.In.Before[a.ID])
		if was == "" {
			was = "nothing"
		}
		parts = append(parts, fmt.Sprintf("Changed since filing %d, which said: %s.", v.Follows, was))
	}
	return strings.Join(parts, " ")
}

func typeHint(t form.Type) string {
	switch t {
	case form.Duration:
		return "DD:HH:MM."
	case form.Percent:
		return "Such as 2.4."
	case form.Countries:
		return "Two letters each, such as DE, FR."
	case form.Number:
		return "A whole number."
	}
	return ""
}

// label marks what has to be answered in words, not by colour.
func label(a form.Asked) string { return a.Title() }

func options(a form.Asked) []page.Option {
	out := []page.Option{{Value: "", Label: "Not answered"}}
	for _, o := range a.Offered {
		out = append(out, page.Option{Value: o.ID, Label: o.Label})
	}
	return out
}

func yesNo() []page.Option {
	return []page.Option{{Value: "", Label: "Not answered"}, {Value: "yes", Label: "Yes"}, {Value: "no", Label: "No"}}
}

func moment(a form.Asked) time.Time {
	t, _ := time.Parse(time.RFC3339, a.Answer.Text) // what is no time is not shown as one
	return t
}

func holds(list []string, id string) string {
	for _, v := range list {
		if v == id {
			return "on"
		}
	}
	return ""
}

func channels() []page.Option {
	words := map[string]string{
		"portal": "The authority's portal", "email": "E-mail", "letter": "Letter", "phone": "Telephone", "secure_channel": "The authority's secure channel",
		"in_person": "In person",
	}
	var out []page.Option
	for _, c := range filing.Channels() {
		out = append(out, page.Option{Value: c, Label: words[c]})
	}
	return out
}

func channelWords(c string) string {
	for _, o := range channels() {
		if o.Value == c {
			return o.Label
		}
	}
	return c
}

// progressWords is "3 of 12 answered" or "complete".
func progressWords(p form.Progress) string {
	if len(p.Missing) == 0 {
		return "Complete"
	}
	return fmt.Sprintf("%d missing", len(p.Missing))
}

func groupWords(g []string) string {
	return strings.ReplaceAll(strings.Join(g, " or "), "_", " ")
}

// waits lists the groups whose yes is still missing.
func (v one) waits() (out []string) {
	for i, g := range v.Groups {
		given := false
		for _, a := range v.Approvals {
			given = given || a.Group == i
		}
		if !given {
			out = append(out, groupWords(g))
		}
	}
	return out
}

func (v one) approves() bool { return v.MayApprove(v.R.By, v.Groups) == nil }

func (v one) returns() bool {
	return (v.State() == filing.Review || v.State() == filing.Approved) && v.R.By.Has(who.PermNoticeApprove)
}

// State is the filing's, not the incident's.
func (v one) State() filing.State { return v.Filing.State }

// why says why the viewer's yes does not count.
func (v one) why() string {
	if err := v.MayApprove(v.R.By, v.Groups); err != nil && v.R.By.Has(who.PermNoticeApprove) {
		return err.Error()
	}
	return ""
}

// followUps are the stages that may come after what was filed.
func (v one) followUps() (out []form.Stage) {
	for _, s := range v.In.Form.Stages {
		if s.Kind != form.First {
			out = append(out, s)
		}
	}
	return out
}

// choice is a form with its stage as one value, with the stages it may be combined with.
func fitValue(x filing.Fit) string { return x.Form.ID + "|" + x.Stage.ID }

func fitLabel(x filing.Fit) string {
	out := x.Form.Title + ": " + x.Stage.Title
	switch {
	case !x.Form.Official:
		out += " (ours)"
	case x.Form.Draft:
		out += " (draft of the authority)"
	}
	return out
}

func fitOptions(w filing.Want) (out []page.Option) {
	for _, x := range w.Fits {
		out = append(out, page.Option{Value: fitValue(x), Label: fitLabel(x)})
	}
	return out
}

// stage is what the stage of a filing is called.
func (v listed) stage(f filing.Filing) string { return v.Stages[f.No] }

// started says whether a form that was not discarded is there already.
func started(list []filing.Filing) bool {
	for _, f := range list {
		if f.State != filing.Discarded {
			return true
		}
	}
	return false
}

func dutyTag(d duty.Duty, r *page.Request) page.Tag {
	switch d.At(r.Now) {
	case duty.Met:
		return page.Tag{Text: "Met", Icon: page.IconCheck, Tone: page.Good}
	case duty.Missed:
		return page.Tag{Text: "Missed", Icon: page.IconClockAlert, Tone: page.Danger}
	case duty.Waived:
		return page.Tag{Text: "Waived", Icon: page.IconBan}
	case duty.Withdrawn:
		return page.Tag{Text: "Withdrawn", Icon: page.IconUndo2}
	}
	return page.Tag{Text: "Open", Icon: page.IconClock, Tone: page.Warn}
}

func groups(list [][]string) string {
	out := make([]string, len(list))
	for i, g := range list {
		out[i] = groupWords(g)
	}
	return strings.Join(out, ", and ")
}

func has(lines []output.Line, section string) bool {
	for _, l := range lines {
		if l.Section == section {
			return true
		}
	}
	return false
}

func rows(text string) string { return strconv.Itoa(min(12, 2+strings.Count(text, "\n")+len(text)/90)) }

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func changedWords(l output.Line) string {
	if l.Was == "" {
		return " New since the filing before."
	}
	return " Changed. Before: " + l.Was
}

// changes are the answers that differ between two versions, in words.
func (v one) changes(now, before filing.Version) (out []output.Line) {
	for _, id := range v.In.Form.Differ(before.Answers, now.Answers) {
		if d, ok := v.In.Form.Field(id); ok {
			out = append(out, output.Line{Title: d.Title(), Value: d.Words(now.Answers[id]), Was: d.Words(before.Answers[id])})
		}
	}
	return out
}
