package sheet

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record/phrase"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/approval"
	"github.com/wakebell/wakebell/internal/notify/notice/gate"
	"github.com/wakebell/wakebell/internal/notify/notice/proof"
	"github.com/wakebell/wakebell/internal/notify/notice/setting"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/notify/notice/value"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/plain"
)

// stateTag says where a notice stands.
func stateTag(n notice.Notice) page.Tag {
	switch n.State {
	case notice.Review:
		return page.Tag{Text: "Waits for approval", Icon: page.IconStamp, Tone: page.Warn}
	case notice.Returned:
		return page.Tag{Text: "Sent back", Icon: page.IconUndo2, Tone: page.Danger}
	case notice.Approved:
		return page.Tag{Text: "Approved", Icon: page.IconBadgeCheck, Tone: page.Good}
	case notice.Released:
		return page.Tag{Text: "Being sent", Icon: page.IconSend, Tone: page.Accent}
	case notice.Done:
		if n.Release != nil && n.Release.Rehearsed {
			return page.Tag{Text: "Rehearsed", Icon: page.IconFlaskConical}
		}
		return page.Tag{Text: "Sent", Icon: page.IconCheckCheck, Tone: page.Good}
	case notice.Withdrawn:
		return page.Tag{Text: "Withdrawn", Icon: page.IconBan}
	}
	return page.Tag{Text: "Draft", Icon: page.IconPencilLine}
}

// waits says in a line what a notice waits for.
func waits(n notice.Notice) string {
	switch n.State {
	case notice.Draft:
		return "To be submitted"
	case notice.Returned:
		return "A new version"
	case notice.Review:
		if r := n.Round(); r != nil {
			return "The yes of " + approval.Words(r.Missing())
		}
	case notice.Approved:
		return "Its release"
	}
	return ""
}

// upper begins with a capital letter.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func audiences() []page.Option {
	var out []page.Option
	for _, a := range notice.Audiences() {
		out = append(out, page.Option{Value: string(a), Label: upper(a.Words())})
	}
	return out
}

func purposes() []page.Option {
	hints := map[notice.Purpose]string{
		notice.First: "Nobody of them was told yet", notice.Update: "What is new since", notice.Correction: "Something said was wrong",
		notice.Withdrawal: "What was said does not hold", notice.Resolved: "It is over",
	}
	var out []page.Option
	for _, p := range notice.Purposes() {
		label := p.Words()
		if p == notice.First {
			label = "First notice"
		}
		out = append(out, page.Option{Value: string(p), Label: label, Hint: hints[p]})
	}
	return out
}

func (v starting) earlier() []page.Option {
	out := []page.Option{{Value: "", Label: "None"}}
	for _, n := range v.Earlier {
		out = append(out, page.Option{Value: word(n.No), Label: n.Called() + ": " + n.Title()})
	}
	return out
}

var channelWords = map[string]string{
	"email": "E-mail", "page": "Customer page", "webhook": "Webhook", "letter": "Letter", "phone": "Phone call", "handed_over": "Handed over by a person",
}

func channelOptions(none bool) []page.Option {
	var out []page.Option
	if none {
		out = append(out, page.Option{Value: "", Label: "None"})
	}
	for _, c := range setting.Channels() {
		out = append(out, page.Option{Value: c, Label: channelWords[c]})
	}
	return out
}

func (v sheet) channels() string {
	var out []string
	for _, c := range v.Settings.Channels {
		out = append(out, channelWords[c])
	}
	return strings.Join(out, ", then ")
}

// textName is what people call a text: "German, for retail".
func textName(t notice.Text) string {
	name := plain.Language(t.Lang)
	if t.Variant != "" {
		name += ", variant " + t.Variant
	}
	return name
}

// fingers is a hash in groups that two people can read to each other.
func fingers(hash string) string {
	var out []string
	for i := 0; i+4 <= min(len(hash), 24); i += 4 {
		out = append(out, hash[i:i+4])
	}
	return strings.Join(out, " ")
}

func gateTag(g gate.Gate) page.Tag {
	switch {
	case g.Asks:
		return page.Tag{Text: "Asked at release", Icon: page.IconCircleAlert, Tone: page.Warn}
	case g.Open:
		return page.Tag{Text: "Open", Icon: page.IconLockOpen, Tone: page.Good}
	}
	return page.Tag{Text: "Shut", Icon: page.IconLock, Tone: page.Danger}
}

// slot is one group of roles whose yes is needed, and the yes that fills it.
type slot struct {
	Roles string
	Yes   *approval.Yes
}

// slots pairs what is needed with what was given.
func (v sheet) slots() []slot {
	var given []approval.Yes
	if k := len(v.Rounds); k > 0 && v.State != notice.Draft && v.State != notice.Returned {
		given = append(given, v.Rounds[k-1].Given...)
	}
	var out []slot
	for i, g := range v.Needs.By {
		s := slot{Roles: upper(approval.Words([][]string{g}))}
		for j := range given {
			rest := append(append([]approval.Yes{}, given[:j]...), given[j+1:]...)
			others := append(append([][]string{}, v.Needs.By[:i]...), v.Needs.By[i+1:]...)
			if len(approval.Missing([][]string{g}, given[j:j+1])) == 0 && len(approval.Missing(others, rest)) == len(others)-len(rest) {
				s.Yes = &given[j]
				break
			}
		}
		out = append(out, s)
	}
	return out
}

func (v sheet) yesBy(y *approval.Yes) string {
	text := v.person(y.Person)
	if y.For != "" {
		text += ", standing in for " + v.person(y.For)
	}
	if y.Emergency {
		text += ", as the plan’s deputy in an emergency"
	}
	return text
}

// asYou says as what the viewer's yes counts.
func (v sheet) asYou() string {
	text := "Your yes counts as " + strings.ReplaceAll(phrase.And(v.Can.As), "_", " ")
	if v.Can.For != "" {
		text = "You stand in for " + v.person(v.Can.For) + ": your yes counts as " + strings.ReplaceAll(phrase.And(v.Can.As), "_", " ")
	}
	return text + "."
}

func ended(r notice.Round) string {
	return map[string]string{"returned": "Sent back", "voided": "Void"}[r.End]
}

func because(r notice.Round) string {
	if r.End != "voided" {
		return r.Reason
	}
	return map[string]string{
		"text": "The text changed.", "attachments": "The attachments changed.", "settings": "The settings changed.", "recipients": "The recipients changed.",
	}[r.Reason]
}

func word(n int) string { return strconv.Itoa(n) }

func positive(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func pathOf(ref string, no int) string {
	return "/incidents/" + url.PathEscape(ref) + "/notices/" + word(no)
}

func (v listing) startButton() page.Action {
	if !v.Write {
		return page.Action{Label: "Back to the room", Icon: page.IconArrowLeft, Href: "/incidents/" + url.PathEscape(v.Inc.Ref)}
	}
	return page.Action{Label: "Start a notice", Icon: page.IconPlus, Href: v.path("new")}
}

func (v starting) purpose() string {
	if v.Purpose == "" {
		return string(notice.First)
	}
	return v.Purpose
}

func (v sheet) follow(purpose string) string {
	q := url.Values{"to": {string(v.Audience)}, "purpose": {purpose}, "follows": {word(v.No)}}
	return v.path("new") + "?" + q.Encode()
}

func (v sheet) releaseTitle() string {
	if v.Drill {
		return "Rehearse the release"
	}
	return "Release"
}

func (v sheet) leftTitle() string {
	if v.Release.Rehearsed {
		return "Rehearsed: nothing was sent"
	}
	return "Released"
}

func (v settings) uses(channel string) bool { return slices.Contains(v.Settings.Channels, channel) }

func (v settings) free() []page.Option {
	var out []page.Option
	for _, f := range v.Free {
		out = append(out, page.Option{Value: f.ID, Label: f.Name})
	}
	return out
}

// rendered is a text as it is read now: its fields filled with what is known, and the fields
// of each recipient named.
func (v sheet) rendered(t notice.Text) (subject, html string, missing []string) {
	p, err := text.Parse(text.Source{Lang: t.Lang, Subject: t.Subject, Body: t.Body})
	if err != nil {
		return t.Subject, "", []string{says(err)}
	}
	own := text.Values{}
	for _, f := range text.Fields() {
		if f.Scope == text.OfRecipient {
			own[f.Name] = text.Known("["+f.Title+"]", "each recipient")
		}
	}
	link := value.Sample(t.Lang)["recipient.link"] // only an address stands for one
	own["recipient.link"] = link
	r, lacks := p.Render(t.Lang, v.zone(), v.Values, own)
	for _, m := range lacks {
		if f, _ := text.FieldOf(m.Field); f.Scope != text.OfRecipient {
			missing = append(missing, m.Title)
		}
	}
	html = strings.NewReplacer(`href="`+link.Text+`"`, `href="#text"`, link.Text, "[address of their page]").Replace(r.HTML)
	return r.Subject, below.Replace(html), missing
}

// zone is in which times are said: that of the legal entity that tells.
func (v sheet) zone() *time.Location {
	for _, d := range v.Tied {
		if z, err := time.LoadLocation(v.Dir.Entities[d.Entity].Zone); err == nil && d.Entity != "" {
			return z
		}
	}
	return time.UTC
}

// clock runs until the first duty it may meet is due, while it was not released.
func (v sheet) clock() (page.Clock, bool) {
	if !v.State.Open() {
		return page.Clock{}, false
	}
	var first *duty.Duty
	for i, d := range v.Tied {
		if !d.DueAt.IsZero() && (first == nil || d.DueAt.Before(first.DueAt)) {
			first = &v.Tied[i]
		}
	}
	if first == nil {
		return page.Clock{}, false
	}
	c := page.ClockOf(*first)
	c.Name = "First due"
	return c, true
}

// whom says in a line who gets it and how.
func (v sheet) whom() string {
	out := "To nobody yet"
	if v.Release != nil && v.Release.Count > 0 {
		out = "To " + phrase.Count(v.Release.Count, "recipient", "recipients")
	} else if v.List.Count > 0 {
		out = "To " + phrase.Count(v.List.Count, "recipient", "recipients")
	} else if !v.Audience.NeedsList() {
		out = "To " + v.Audience.Words()
	}
	out += ". " + v.channels() + "."
	if n := v.Settings.Canary; n > 0 {
		out += " " + strconv.Itoa(n) + " first, then the rest."
	}
	return out
}

// since says how the round before ended, to which the differences are.
func (v sheet) since() string {
	r := proof.LastEnd(v.Notice)
	if r == nil {
		return ""
	}
	if r.End == "returned" {
		return "since " + v.person(r.EndBy) + " sent it back"
	}
	return "since it was submitted before"
}

// renewed says whether something changed since it was sent back.
func (v sheet) renewed() bool {
	r := proof.LastEnd(v.Notice)
	return r == nil || r.Bound != v.Bound
}

func (v sheet) writeTitle() string {
	if v.State == notice.Draft || v.State == notice.Returned {
		return "Next step"
	}
	return "Those who write"
}

func says(err error) string {
	words, _ := fault.MessageOf(err)
	return words
}

// below brings the headings of a text under those of the page. The HTML is sanitised: a tag
// stands in it only as a tag.
var below = strings.NewReplacer("<h1>", "<h3>", "</h1>", "</h3>", "<h2>", "<h4>", "</h2>", "</h4>", "<h3>", "<h5>", "</h3>", "</h5>", "<h4>", "<h6>", "</h4>", "</h6>")
