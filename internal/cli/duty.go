package cli

import (
	"fmt"
	"time"

	"github.com/wakebell/wakebell/client"
)

type dutyCmd struct {
	Ls     *dutyLs     `arg:"subcommand:ls" help:"List duties, the earliest due first."`
	Meet   *dutyMeet   `arg:"subcommand:meet" help:"Record that a duty was done."`
	Waive  *dutyWaive  `arg:"subcommand:waive" help:"Agree to leave it undone, with a ground."`
	Undo   *dutyUndo   `arg:"subcommand:undo" help:"Open a met or waived duty again."`
	Assign *dutyAssign `arg:"subcommand:assign" help:"Give it to a person."`
}

type dutyLs struct {
	page
	State    string `arg:"--state" help:"open, missed, met, waived or withdrawn."`
	Incident string `arg:"--incident" help:"Reference of an incident."`
	Holder   string `arg:"--holder" help:"Id of a person or team."`
}

// Run lists duties.
func (c *dutyLs) Run(e *env) error {
	q := c.query()
	set(q, "state", c.State)
	set(q, "incident", c.Incident)
	set(q, "holder", c.Holder)
	head := []string{"ID", "STATE", "DUE", "RULE", "TO", "TITLE"}
	return show(e, "/duties", q, head, 5, func(d client.Duty) []string {
		rule := d.Rule
		if d.Unverified() {
			rule += " (UNVERIFIED)"
		}
		return []string{d.ID, d.State, stamp(d.DueAt), rule, d.Recipient.Name, d.Title}
	})
}

func (e *env) duty(id, action string, body map[string]any) error {
	d, err := e.api().DutyAction(e.ctx, id, action, body)
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(d)
	}
	_, err = fmt.Fprintf(e.Out, "%s %s\n", d.Title, d.State)
	return err
}

type dutyMeet struct {
	ID         string `arg:"positional,required" help:"Id of the duty."`
	With       string `arg:"--with" help:"What met it: acknowledgement, report, notice, filing or record."`
	Ref        string `arg:"--ref" help:"Reference of the evidence."`
	At         string `arg:"--at" help:"When, with zone; default now." placeholder:"TIME"`
	Remark     string `arg:"--remark" help:"A remark."`
	LateReason string `arg:"--late-reason" help:"Why it is late, where it is."`
}

// Run meets.
func (c *dutyMeet) Run(e *env) error {
	at, err := parseTime("at", c.At)
	if err != nil {
		return err
	}
	body := map[string]any{}
	for k, v := range map[string]string{"with": c.With, "ref": c.Ref, "remark": c.Remark, "late_reason": c.LateReason} {
		if v != "" {
			body[k] = v
		}
	}
	if at != nil {
		body["at"] = at.Format(time.RFC3339Nano)
	}
	return e.duty(c.ID, "meet", body)
}

type dutyWaive struct {
	ID     string `arg:"positional,required" help:"Id of the duty."`
	Ground string `arg:"--ground,required" help:"Why it need not be done."`
}

// Run waives.
func (c *dutyWaive) Run(e *env) error {
	return e.duty(c.ID, "waive", map[string]any{"ground": c.Ground})
}

type dutyUndo struct {
	ID     string `arg:"positional,required" help:"Id of the duty."`
	Reason string `arg:"--reason,required" help:"Why."`
}

// Run undoes.
func (c *dutyUndo) Run(e *env) error {
	return e.duty(c.ID, "undo", map[string]any{"reason": c.Reason})
}

type dutyAssign struct {
	ID     string `arg:"positional,required" help:"Id of the duty."`
	Person string `arg:"positional" help:"Id of the person; none gives it back to its team."`
}

// Run assigns.
func (c *dutyAssign) Run(e *env) error {
	return e.duty(c.ID, "assign", map[string]any{"person": c.Person})
}
