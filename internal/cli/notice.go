package cli

import (
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/wakebell/wakebell/client"
	"github.com/wakebell/wakebell/internal/base/fault"
)

type noticeCmd struct {
	Ls       *noticeLs       `arg:"subcommand:ls" help:"List the notices of an incident, or what waits for your yes."`
	Show     *noticeShow     `arg:"subcommand:show" help:"Print one notice: texts, approvals, gates, and the hash to approve."`
	New      *noticeNew      `arg:"subcommand:new" help:"Start a notice."`
	Text     *noticeText     `arg:"subcommand:text" help:"Write a new version of a text, or print one."`
	Submit   *noticeSubmit   `arg:"subcommand:submit" help:"Freeze it and ask for approval."`
	Approve  *noticeApprove  `arg:"subcommand:approve" help:"Approve exactly the bytes with a hash."`
	Return   *noticeReturn   `arg:"subcommand:return" help:"Send it back with a reason."`
	Release  *noticeRelease  `arg:"subcommand:release" help:"Let it leave, once every gate is open."`
	Withdraw *noticeWithdraw `arg:"subcommand:withdraw" help:"Give up a notice that was not sent."`
	Letters  *noticeLetters  `arg:"subcommand:letters" help:"Print its letters into one PDF for window envelopes."`
	Posted   *noticePosted   `arg:"subcommand:posted" help:"Mark letters as posted."`
	Print    *noticePaper    `arg:"subcommand:print" help:"Write the delivery report or the list of calls."`
}

// noticeRef names one notice.
type noticeRef struct {
	Ref string `arg:"positional,required" help:"Reference of the incident."`
	No  int    `arg:"positional,required" help:"Number of the notice."`
}

type noticeLs struct {
	Ref string `arg:"positional" help:"Reference of the incident; none lists what waits for your yes."`
}

// Run lists.
func (c *noticeLs) Run(e *env) error {
	path := "/notices/waiting"
	if c.Ref != "" {
		path = "/incidents/" + url.PathEscape(c.Ref) + "/notices"
	}
	head := []string{"INCIDENT", "NO", "STATE", "TO", "PURPOSE", "CHANGED", "SUBJECT"}
	return show(e, path, url.Values{}, head, 6, func(n client.Notice) []string {
		return []string{n.Incident, fmt.Sprint(n.No), n.State, n.Audience, n.Purpose, stamp(&n.UpdatedAt), n.Title}
	})
}

type noticeShow struct {
	noticeRef
}

// Run prints.
func (c *noticeShow) Run(e *env) error {
	n, err := e.api().Notice(e.ctx, c.Ref, c.No)
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(n)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s notice %d to %s (%s): %s\n", n.Incident, n.No, n.Audience, n.Purpose, n.State)
	for _, v := range n.Variants {
		fmt.Fprintf(&b, "\nvariant %s: %s\n", v.Variant, clean(v.Words))
	}
	for _, t := range n.Texts {
		fmt.Fprintf(&b, "\n--- %s, version %d\n%s\n\n%s\n", whichText(t), t.Version, clean(t.Subject), lines(t.Body))
	}
	for _, a := range n.Attachments {
		fmt.Fprintf(&b, "\nattached: %s  sha256:%s\n", clean(a.Name), a.SHA256)
	}
	b.WriteString("\n")
	for _, r := range n.Rounds {
		if r.End != nil {
			continue
		}
		for _, y := range r.Given {
			fmt.Fprintf(&b, "yes: %s as %s\n", y.Person, strings.Join(y.Roles, ", "))
		}
	}
	for _, g := range n.Gates {
		state := "open"
		if !g.Open {
			state = "shut"
		}
		fmt.Fprintf(&b, "%s %-12s %s %s\n", state, g.Key, g.Why, g.Remedy)
	}
	fmt.Fprintf(&b, "sha256 %s\n", n.Bound)
	_, err = io.WriteString(e.Out, b.String())
	return err
}

func whichText(t client.NoticeText) string {
	if t.Variant == "" {
		return t.Lang
	}
	return t.Lang + ", " + t.Variant
}

// lines prints a text of several lines without what could move the cursor.
func lines(s string) string {
	parts := strings.Split(s, "\n")
	for i, p := range parts {
		parts[i] = clean(p)
	}
	return strings.Join(parts, "\n")
}

type noticeNew struct {
	Ref       string `arg:"positional,required" help:"Reference of the incident."`
	To        string `arg:"--to,required" help:"customer, data_subject, employee, partner, vendor, authority, law_enforcement, insurer, personnel or press."`
	Purpose   string `arg:"--purpose" help:"first, update, correction, withdrawal or resolved."`
	Follows   int    `arg:"--follows" help:"Number of the earlier notice."`
	Lang      string `arg:"--lang" help:"Language of the master text."`
	Template  string `arg:"--template" help:"Template to begin with."`
	Subject   string `arg:"--subject" help:"Subject, instead of a template's."`
	Body      string `arg:"--body" help:"File with the text in Markdown; - reads standard input." placeholder:"FILE"`
	Voluntary bool   `arg:"--voluntary" help:"It is owed to nobody."`
	Duty      list   `arg:"--duty" help:"Key of a duty it serves; default all open ones owed to the audience."`
}

// Run starts one and prints its number.
func (c *noticeNew) Run(e *env) error {
	body := map[string]any{"audience": c.To}
	for k, v := range map[string]string{"purpose": c.Purpose, "lang": c.Lang, "template": c.Template, "subject": c.Subject} {
		if v != "" {
			body[k] = v
		}
	}
	if c.Body != "" {
		text, err := e.text(c.Body)
		if err != nil {
			return err
		}
		body["body"] = text
	}
	if c.Follows > 0 {
		body["follows"] = c.Follows
	}
	if c.Voluntary {
		body["voluntary"] = true
	}
	if len(c.Duty) > 0 {
		body["duties"] = c.Duty
	}
	n, err := e.api().NewNotice(e.ctx, c.Ref, body)
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(n)
	}
	_, err = fmt.Fprintf(e.Out, "%d\n", n.No)
	return err
}

// maxText is more than a text may hold, in bytes.
const maxText = 1 << 20

// text reads a file, or standard input for "-".
func (e *env) text(name string) (string, error) {
	in, err := e.open(name)
	if err != nil {
		return "", err
	}
	defer in.Close()
	b, err := io.ReadAll(io.LimitReader(in, maxText))
	return string(b), err
}

type noticeText struct {
	noticeRef
	Lang    string `arg:"--lang" help:"Language." default:"en"`
	Variant string `arg:"--variant" help:"Variant; none is the master text of the language."`
	Subject string `arg:"--subject" help:"New subject; default as it is."`
	Body    string `arg:"--body" help:"File with the new text in Markdown; - reads standard input. Without one the text is printed." placeholder:"FILE"`
	Version int    `arg:"--version" help:"Version the new text was made from; default the newest."`

	ForKind    list `arg:"--for-kind" help:"Who gets the variant: kinds of parties. All conditions that are given must fit." placeholder:"KIND"`
	ForCountry list `arg:"--for-country" help:"… countries, such as DE." placeholder:"COUNTRY"`
	ForLabel   list `arg:"--for-label" help:"… labels of the list of recipients." placeholder:"LABEL"`
	ForChannel list `arg:"--for-channel" help:"… channels by which the copy goes; the text for phone is the script of calls." placeholder:"CHANNEL"`
}

// whom are the conditions that are given, nil for none.
func (c *noticeText) whom() map[string][]string {
	var out map[string][]string
	for k, v := range map[string][]string{"kinds": c.ForKind, "countries": c.ForCountry, "labels": c.ForLabel, "channels": c.ForChannel} {
		if len(v) == 0 {
			continue
		}
		if out == nil {
			out = map[string][]string{}
		}
		out[k] = v
	}
	return out
}

// Run writes or prints.
func (c *noticeText) Run(e *env) error {
	n, err := e.api().Notice(e.ctx, c.Ref, c.No)
	if err != nil {
		return err
	}
	var t client.NoticeText
	for _, x := range n.Texts {
		if x.Lang == c.Lang && x.Variant == c.Variant {
			t = x
		}
	}
	if c.Body == "" && c.Subject == "" && c.whom() == nil {
		if t.Version == 0 {
			return fault.New(fault.NotFound, "There is no such text in this notice")
		}
		if e.root.JSON {
			return e.printJSON(t)
		}
		_, err := fmt.Fprintf(e.Out, "%s\n\n%s\n", clean(t.Subject), lines(t.Body))
		return err
	}
	if c.Subject != "" {
		t.Subject = c.Subject
	}
	if c.Body != "" {
		if t.Body, err = e.text(c.Body); err != nil {
			return err
		}
	}
	if c.Version > 0 {
		t.Version = c.Version
	}
	body := map[string]any{"subject": t.Subject, "body": t.Body, "version": t.Version}
	if w := c.whom(); w != nil {
		body["for"] = w
	}
	n, err = e.api().WriteNotice(e.ctx, c.Ref, c.No, c.Lang, c.Variant, body)
	return e.notice(n, err)
}

// notice prints where a notice stands after a change.
func (e *env) notice(n client.Notice, err error) error {
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(n)
	}
	_, err = fmt.Fprintf(e.Out, "%s notice %d %s  sha256 %s\n", n.Incident, n.No, n.State, n.Bound)
	return err
}

func (e *env) noticeDo(r noticeRef, action string, body map[string]any) error {
	n, err := e.api().NoticeAction(e.ctx, r.Ref, r.No, action, body)
	return e.notice(n, err)
}

type noticeSubmit struct {
	noticeRef
}

// Run submits.
func (c *noticeSubmit) Run(e *env) error { return e.noticeDo(c.noticeRef, "submit", nil) }

type noticeApprove struct {
	noticeRef
	SHA256    string `arg:"--sha256,required" help:"Hash of what you have read, as show prints it."`
	For       string `arg:"--for" help:"Id of the person who named you as deputy."`
	Emergency bool   `arg:"--emergency" help:"As the plan's named deputy of legal or executive; marked for ever."`
	Reason    string `arg:"--reason" help:"Why it cannot wait, in an emergency."`
}

// Run approves.
func (c *noticeApprove) Run(e *env) error {
	body := map[string]any{"bound": c.SHA256}
	if c.For != "" {
		body["for"] = c.For
	}
	if c.Emergency {
		body["emergency"] = true
	}
	if c.Reason != "" {
		body["reason"] = c.Reason
	}
	return e.noticeDo(c.noticeRef, "approve", body)
}

type noticeReturn struct {
	noticeRef
	SHA256 string `arg:"--sha256,required" help:"Hash of what you have read."`
	Reason string `arg:"--reason,required" help:"What must change."`
}

// Run sends back.
func (c *noticeReturn) Run(e *env) error {
	return e.noticeDo(c.noticeRef, "return", map[string]any{"bound": c.SHA256, "reason": c.Reason})
}

type noticeRelease struct {
	noticeRef
	SHA256     string `arg:"--sha256,required" help:"Hash of what you have read."`
	LateReason string `arg:"--late-reason" help:"Why it is late, where a duty is past due."`
}

// Run releases.
func (c *noticeRelease) Run(e *env) error {
	body := map[string]any{"bound": c.SHA256}
	if c.LateReason != "" {
		body["late_reason"] = c.LateReason
	}
	return e.noticeDo(c.noticeRef, "release", body)
}

type noticeWithdraw struct {
	noticeRef
	Reason string `arg:"--reason,required" help:"Why it is not sent."`
}

// Run withdraws.
func (c *noticeWithdraw) Run(e *env) error {
	return e.noticeDo(c.noticeRef, "withdraw", map[string]any{"reason": c.Reason})
}
