package cli

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/client"
	"github.com/wakebell/wakebell/internal/base/fault"
)

type filingCmd struct {
	Wanted  *filingWanted  `arg:"subcommand:wanted" help:"List the duties that are met by filing, and the forms that fit."`
	Ls      *filingLs      `arg:"subcommand:ls" help:"List the filings of an incident."`
	Start   *filingStart   `arg:"subcommand:start" help:"Begin one, filled in from the record."`
	Show    *filingShow    `arg:"subcommand:show" help:"Show questions and answers; --missing for what is still to be answered."`
	Answer  *filingAnswer  `arg:"subcommand:answer" help:"Answer fields: FIELD=VALUE; values of a list are separated by |."`
	Submit  *filingSubmit  `arg:"subcommand:submit" help:"Hand it in for approval."`
	Approve *filingApprove `arg:"subcommand:approve" help:"Approve exactly the answers as they stand."`
	Return  *filingReturn  `arg:"subcommand:return" help:"Send it back, with the reason."`
	File    *filingFile    `arg:"subcommand:file" help:"Record that it was filed."`
	Receipt *filingReceipt `arg:"subcommand:receipt" help:"Record the authority's number, or keep its receipt as a file."`
	Discard *filingDiscard `arg:"subcommand:discard" help:"Give a draft up, with the reason."`
	Print   *filingPrint   `arg:"subcommand:print" help:"Write the form as PDF or JSON."`
}

type filingRef struct {
	Ref    string `arg:"positional,required" help:"Reference of the incident."`
	Number int    `arg:"positional,required" help:"Number of the filing."`
}

func (r filingRef) path(step string) string {
	p := "/incidents/" + url.PathEscape(r.Ref) + "/filings/" + strconv.Itoa(r.Number)
	if step != "" {
		p += "/" + step
	}
	return p
}

// step posts a body and prints how the filing stands.
func (r filingRef) step(e *env, step string, body any) error {
	var f client.Filing
	if err := e.api().Do(e.ctx, http.MethodPost, r.path(step), body, &f); err != nil {
		return err
	}
	return e.filing(f)
}

func (e *env) filing(f client.Filing) error {
	if e.root.JSON {
		return e.printJSON(f)
	}
	_, err := fmt.Fprintf(e.Out, "%s filing %d: %s %s to %s, %s\n", f.Incident, f.Number, f.Form, f.Stage, f.Recipient, f.State)
	return err
}

type filingWanted struct {
	Ref string `arg:"positional,required" help:"Reference of the incident."`
}

// Run lists the duties.
func (c *filingWanted) Run(e *env) error {
	head := []string{"DUTY", "STATE", "DUE", "FORM", "STAGE", "TITLE"}
	return show(e, "/incidents/"+url.PathEscape(c.Ref)+"/filings-wanted", url.Values{}, head, 5, func(w client.FilingWanted) []string {
		row := []string{w.Duty.ID, w.Duty.State, stamp(w.Duty.DueAt), "", "", w.Duty.Title}
		if len(w.Fits) > 0 {
			row[3], row[4] = w.Fits[0].Form, w.Fits[0].Stage
		}
		return row
	})
}

type filingLs struct {
	Ref string `arg:"positional,required" help:"Reference of the incident."`
}

// Run lists the filings.
func (c *filingLs) Run(e *env) error {
	head := []string{"NUMBER", "STATE", "FORM", "STAGE", "FILED", "RECEIPT", "TO"}
	return show(e, "/incidents/"+url.PathEscape(c.Ref)+"/filings", url.Values{}, head, 6, func(f client.Filing) []string {
		receipt := ""
		if f.Receipt != nil {
			receipt = *f.Receipt
		}
		return []string{strconv.Itoa(f.Number), f.State, f.Form, f.Stage, stamp(f.FiledAt), receipt, f.Recipient}
	})
}

type filingStart struct {
	Ref      string `arg:"positional,required" help:"Reference of the incident."`
	Duty     string `arg:"--duty" help:"Id of the duty it meets."`
	Form     string `arg:"--form" help:"Id of the form; default the first that fits."`
	Stage    string `arg:"--stage" help:"Stage of the form; default the first that fits."`
	Follows  int    `arg:"--follows" help:"Number of the filing it follows."`
	Combines list   `arg:"--combines" help:"Stages filed together with it."`
}

// Run begins a filing.
func (c *filingStart) Run(e *env) error {
	body := map[string]any{}
	for k, v := range map[string]string{"duty": c.Duty, "form": c.Form, "stage": c.Stage} {
		if v != "" {
			body[k] = v
		}
	}
	if c.Follows > 0 {
		body["follows"] = c.Follows
	}
	if len(c.Combines) > 0 {
		body["combines"] = c.Combines
	}
	var f client.Filing
	if err := e.api().Do(e.ctx, http.MethodPost, "/incidents/"+url.PathEscape(c.Ref)+"/filings", body, &f); err != nil {
		return err
	}
	return e.filing(f)
}

type filingShow struct {
	filingRef
	Missing bool `arg:"--missing" help:"Only what has to be answered and is not."`
}

// Run shows questions and answers.
func (c *filingShow) Run(e *env) error {
	var f client.FilingFull
	if err := e.api().Do(e.ctx, http.MethodGet, c.path(""), nil, &f); err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(f)
	}
	if err := e.filing(f.Filing); err != nil {
		return err
	}
	var rows [][]string
	for _, q := range f.Fields {
		if c.Missing && (!q.Needed || q.Answer != nil) {
			continue
		}
		rows = append(rows, []string{q.ID, q.Type, strings.TrimSpace(strings.Map(oneLine, fmt.Sprint(orBlank(q.Answer)))), q.Label})
	}
	if err := e.table([]string{"FIELD", "TYPE", "ANSWER", "QUESTION"}, 3, rows); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.Out, "\n%d of %d needed answers. Version %d.\n", f.Answered, f.Needed, f.Version)
	return err
}

func oneLine(r rune) rune {
	if r == '\n' || r == '\t' {
		return ' '
	}
	return r
}

func orBlank(v any) any {
	if v == nil {
		return ""
	}
	return v
}

type filingAnswer struct {
	filingRef
	Answers []string `arg:"positional,required" help:"FIELD=VALUE, several of them."`
	Version int      `arg:"--version" help:"Version of the answers they are written on; default the newest."`
}

// Run saves answers.
func (c *filingAnswer) Run(e *env) error {
	var f client.FilingFull
	if err := e.api().Do(e.ctx, http.MethodGet, c.path(""), nil, &f); err != nil {
		return err
	}
	types := map[string]string{}
	for _, q := range f.Fields {
		types[q.ID] = q.Type
	}
	answers := map[string]any{}
	for _, a := range c.Answers {
		id, value, ok := strings.Cut(a, "=")
		if !ok {
			return fault.InvalidField("answers", "are written FIELD=VALUE")
		}
		switch {
		case value == "":
			answers[id] = nil
		case types[id] == "choices" || types[id] == "countries" || types[id] == "" && strings.Contains(value, "|"):
			answers[id] = strings.Split(value, "|")
		default:
			answers[id] = value
		}
	}
	body := map[string]any{"version": cmp.Or(c.Version, f.Version), "answers": answers}
	if err := e.api().Do(e.ctx, http.MethodPost, c.path("answers"), body, &f); err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(f)
	}
	_, err := fmt.Fprintf(e.Out, "%d of %d needed answers. Version %d.\n", f.Answered, f.Needed, f.Version)
	return err
}

type filingSubmit struct{ filingRef }

// Run submits.
func (c *filingSubmit) Run(e *env) error { return c.step(e, "submit", nil) }

type filingApprove struct {
	filingRef
	Bound string `arg:"--bound" help:"Hash of what you approve; default that of the answers as they stand now."`
}

// Run approves.
func (c *filingApprove) Run(e *env) error {
	if c.Bound == "" {
		var f client.Filing
		if err := e.api().Do(e.ctx, http.MethodGet, c.path(""), nil, &f); err != nil {
			return err
		}
		if f.Bound != nil {
			c.Bound = *f.Bound
		}
	}
	return c.step(e, "approve", map[string]string{"bound": c.Bound})
}

type filingWhy struct {
	filingRef
	Reason string `arg:"--reason,required" help:"Why."`
}

type filingReturn struct{ filingWhy }

// Run sends it back.
func (c *filingReturn) Run(e *env) error {
	return c.step(e, "return", map[string]string{"reason": c.Reason})
}

type filingDiscard struct{ filingWhy }

// Run discards.
func (c *filingDiscard) Run(e *env) error {
	return c.step(e, "discard", map[string]string{"reason": c.Reason})
}

type filingFile struct {
	filingRef
	Channel    string `arg:"--channel,required" help:"portal, email, letter, phone, secure_channel or in_person."`
	At         string `arg:"--at" help:"When, with zone; default now." placeholder:"TIME"`
	Receipt    string `arg:"--receipt" help:"Number the authority gave."`
	LateReason string `arg:"--late-reason" help:"Why it is late, where it is."`
	Note       string `arg:"--note" help:"A note."`
}

// Run records that it was filed.
func (c *filingFile) Run(e *env) error {
	at, err := parseTime("at", c.At)
	if err != nil {
		return err
	}
	body := map[string]any{"channel": c.Channel}
	for k, v := range map[string]string{"receipt": c.Receipt, "late_reason": c.LateReason, "note": c.Note} {
		if v != "" {
			body[k] = v
		}
	}
	if at != nil {
		body["at"] = at.Format(time.RFC3339Nano)
	}
	return c.step(e, "file", body)
}

type filingReceipt struct {
	filingRef
	Receipt string `arg:"positional" help:"Number the authority gave."`
	File    string `arg:"--file" help:"Receipt to keep; - reads standard input." placeholder:"FILE"`
}

// Run records the receipt.
func (c *filingReceipt) Run(e *env) error {
	if c.File == "" {
		return c.step(e, "receipt", map[string]string{"number": c.Receipt})
	}
	in, err := e.open(c.File)
	if err != nil {
		return err
	}
	defer in.Close()
	f, err := e.api().FilingReceipt(e.ctx, c.Ref, c.Number, filepath.Base(c.File), c.Receipt, in)
	if err != nil {
		return err
	}
	return e.filing(f)
}

type filingPrint struct {
	filingRef
	Format string `arg:"--format" help:"pdf or json." enum:"pdf,json" default:"pdf"`
	Out    string `arg:"--out,-o" help:"File to write; default standard output." placeholder:"FILE"`
}

// Run writes the form; an existing file is never overwritten.
func (c *filingPrint) Run(e *env) error {
	path := "/api/v1" + c.path(c.Format)
	return e.fetch(c.Out, path)
}
