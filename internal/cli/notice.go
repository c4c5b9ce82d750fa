package cli

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/wakebell/wakebell/client"
	"github.com/wakebell/wakebell/internal/base/fault"
)

type noticeCmd struct {
	Ls       noticeLs       `cmd:"" help:"List the notices of an incident, or what waits for your yes."`
	Show     noticeShow     `cmd:"" help:"Print one notice: texts, approvals, gates, and the hash to approve."`
	New      noticeNew      `cmd:"" help:"Start a notice."`
	Text     noticeText     `cmd:"" help:"Write a new version of a text, or print one."`
	Submit   noticeSubmit   `cmd:"" help:"Freeze it and ask for approval."`
	Approve  noticeApprove  `cmd:"" help:"Approve exactly the bytes with a hash."`
	Return   noticeReturn   `cmd:"" help:"Send it back with a reason."`
	Release  noticeRelease  `cmd:"" help:"Let it leave, once every gate is open."`
	Withdraw noticeWithdraw `cmd:"" help:"Give up a notice that was not sent."`
	Letters  noticeLetters  `cmd:"" help:"Print its letters into one PDF for window envelopes."`
	Posted   noticePosted   `cmd:"" help:"Mark letters as posted."`
	Print    noticePaper    `cmd:"" help:"Write the delivery report or the list of calls."`
}

// noticeRef names one notice.
type noticeRef struct {
	Ref string `arg:"" help:"Reference of the incident."`
	No  int    `arg:"" help:"Number of the notice."`
}

type noticeLs struct {
	Ref string `arg:"" optional:"" help:"Reference of the incident; none lists what waits for your yes."`
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
	Ref       string   `arg:"" help:"Reference of the incident."`
	To        string   `required:"" help:"customer, data_subject, employee, partner, vendor, authority, law_enforcement, insurer, personnel or press."`
	Purpose   string   `help:"first, update, correction, withdrawal or resolved."`
	Follows   int      `help:"Number of the earlier notice."`
	Lang      string   `help:"Language of the master text."`
	Template  string   `help:"Template to begin with."`
	Subject   string   `help:"Subject, instead of a template's."`
	Body      string   `help:"File with the text in Markdown; - reads standard input." placeholder:"FILE"`
	Voluntary bool     `help:"It is owed to nobody."`
	Duty      []string `help:"Key of a duty it serves; default all open ones owed to the audience."`
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
	in := e.In
	if name != "-" {
		f, err := os.Open(name)
		if errors.Is(err, os.ErrNotExist) {
			return "", fault.Wrap(fault.NotFound, err, "There is no file "+name)
		}
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxText))
	return string(b), err
}

type noticeText struct {
	noticeRef
	Lang    string `help:"Language." default:"en"`
	Variant string `help:"Variant; none is the master text of the language."`
	Subject string `help:"New subject; default as it is."`
	Body    string `help:"File with the new text in Markdown; - reads standard input. Without one the text is printed." placeholder:"FILE"`
	Version int    `help:"Version the new text was made from; default the newest."`
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
	if c.Body == "" && c.Subject == "" {
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
	n, err = e.api().WriteNotice(e.ctx, c.Ref, c.No, c.Lang, c.Variant, map[string]any{"subject": t.Subject, "body": t.Body, "version": t.Version})
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
	SHA256    string `required:"" name:"sha256" help:"Hash of what you have read, as show prints it."`
	For       string `help:"Id of the person who named you as deputy."`
	Emergency bool   `help:"As the plan's named deputy of legal or executive; marked for ever."`
	Reason    string `help:"Why it cannot wait, in an emergency."`
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
	SHA256 string `required:"" name:"sha256" help:"Hash of what you have read."`
	Reason string `required:"" help:"What must change."`
}

// Run sends back.
func (c *noticeReturn) Run(e *env) error {
	return e.noticeDo(c.noticeRef, "return", map[string]any{"bound": c.SHA256, "reason": c.Reason})
}

type noticeRelease struct {
	noticeRef
	SHA256     string `required:"" name:"sha256" help:"Hash of what you have read."`
	LateReason string `help:"Why it is late, where a duty is past due."`
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
	Reason string `required:"" help:"Why it is not sent."`
}

// Run withdraws.
func (c *noticeWithdraw) Run(e *env) error {
	return e.noticeDo(c.noticeRef, "withdraw", map[string]any{"reason": c.Reason})
}
