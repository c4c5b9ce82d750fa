package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/wakebell/wakebell/client"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
)

type incidentCmd struct {
	Ls       incidentLs       `cmd:"" help:"List incidents."`
	Show     incidentShow     `cmd:"" help:"Show an incident with its duties and timeline."`
	Declare  incidentDeclare  `cmd:"" help:"Declare an incident."`
	Confirm  incidentReason   `cmd:"" help:"Confirm it."`
	Dismiss  incidentReason   `cmd:"" help:"Dismiss it, with a reason."`
	Grade    incidentGrade    `cmd:"" help:"Set severity and BIL."`
	Note     incidentText     `cmd:"" help:"Add a note to the timeline."`
	Sitrep   incidentText     `cmd:"" help:"Send a situation report."`
	Fact     incidentFact     `cmd:"" help:"Record a fact."`
	Assign   incidentAssign   `cmd:"" help:"Give a person a function in it."`
	Decide   incidentDecide   `cmd:"" help:"Record a decision."`
	Second   incidentSecond   `cmd:"" help:"Give a second opinion on the verdict on the risk."`
	Phase    incidentPhase    `cmd:"" help:"Enter a phase."`
	Task     incidentTask     `cmd:"" help:"Add a task."`
	Close    incidentClose    `cmd:"" help:"Close it."`
	Reopen   incidentReason   `cmd:"" help:"Open it again, with a reason."`
	Timeline incidentTimeline `cmd:"" help:"Show the timeline."`
	Attach   incidentAttach   `cmd:"" help:"Attach a file to the timeline."`
	Files    incidentFiles    `cmd:"" help:"List its files."`
	Fetch    incidentFetch    `cmd:"" help:"Download a file."`

	WithdrawFile incidentWithdrawFile `cmd:"" help:"Hide a file, with a reason; its content is kept."`
	EraseFile    incidentEraseFile    `cmd:"" help:"Destroy a file and its content; that it was there stays on record."`

	Bundle incidentBundle `cmd:"" help:"Write the record with its proofs, for wakebell verify FILE."`
}

type incidentLs struct {
	page
	State string `help:"suspected, confirmed or dismissed."`
	Open  bool   `help:"Only open ones."`
	Kind  string `help:"real or drill."`
	Query string `help:"Words to search for." short:"q"`
}

// Run lists incidents.
func (c *incidentLs) Run(e *env) error {
	q := c.query()
	set(q, "state", c.State)
	set(q, "kind", c.Kind)
	set(q, "q", c.Query)
	if c.Open {
		q.Set("open", "true")
	}
	head := []string{"REF", "STATE", "PHASE", "SEV", "BIL", "PERSONAL DATA", "DISCOVERED", "TITLE"}
	return show(e, "/incidents", q, head, 7, func(i client.Incident) []string {
		state := i.State
		if i.ClosedAt != nil {
			state += ", closed"
		}
		title := i.Title
		if i.Kind == "drill" {
			title = "DRILL " + title
		}
		return []string{i.Ref, state, i.Phase, number(i.Severity), number(i.BIL), i.PersonalData, stamp(&i.DiscoveredAt), title}
	})
}

type incidentShow struct {
	Ref  string `arg:"" help:"Reference, such as INC-2026-0001."`
	AsOf string `help:"As the record knew it at a time, with zone." placeholder:"TIME"`
}

// Run shows one incident.
func (c *incidentShow) Run(e *env) error {
	path := "/incidents/" + c.Ref
	if c.AsOf != "" {
		if _, err := parseTime("as-of", c.AsOf); err != nil {
			return err
		}
		path += "?as_of=" + strings.ReplaceAll(c.AsOf, "+", "%2B")
	}
	var raw json.RawMessage
	if err := e.api().Do(e.ctx, "GET", path, nil, &raw); err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(raw)
	}
	var i client.Incident
	if err := json.Unmarshal(raw, &i); err != nil {
		return err
	}
	fmt.Fprintf(e.Out, "%s  %s\n", i.Ref, clean(i.Title))
	fmt.Fprintf(e.Out, "%s %s incident, phase %s, severity %s, BIL %s, personal data %s\n",
		i.Kind, i.Nature, i.Phase, number(i.Severity), number(i.BIL), i.PersonalData)
	fmt.Fprintf(e.Out, "%s, discovered %s, version %d\n", i.State, stamp(&i.DiscoveredAt), i.Version)
	if i.Summary != "" {
		fmt.Fprintf(e.Out, "\n%s\n", clean(i.Summary))
	}
	fmt.Fprintln(e.Out, "\nDuties")
	return (&dutyLs{page: page{Limit: 200}, Incident: c.Ref}).Run(e)
}

type incidentDeclare struct {
	Title      string `arg:"" help:"What happened, in a line."`
	Summary    string `help:"More about it."`
	Drill      bool   `help:"An exercise; fixed for ever."`
	Nature     string `enum:"security,operational" default:"security" help:"security or operational."`
	Discovered string `help:"When it was noticed, with zone; default now." placeholder:"TIME"`
	Service    string `help:"Service concerned (id in the directory)."`
	Team       string `help:"Product team that verifies it."`
}

// Run declares the incident and prints its reference.
func (c *incidentDeclare) Run(e *env) error {
	at, err := parseTime("discovered", c.Discovered)
	if err != nil {
		return err
	}
	if at == nil {
		now, err := e.serverTime()
		if err != nil {
			return err
		}
		at = &now
	}
	n := client.NewIncident{Title: c.Title, Summary: c.Summary, Nature: c.Nature, DiscoveredAt: at, Service: c.Service, Team: c.Team}
	if c.Drill {
		n.Kind = "drill"
	}
	i, err := e.api().Declare(e.ctx, n)
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(i)
	}
	_, err = fmt.Fprintln(e.Out, i.Ref)
	return err
}

// command sends one command and prints where the incident then stands.
func (e *env) command(ref, typ string, fields map[string]any) error {
	cmd := map[string]any{"type": typ}
	for k, v := range fields {
		if v != "" && v != nil {
			cmd[k] = v
		}
	}
	i, err := e.api().Command(e.ctx, ref, cmd)
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(i)
	}
	_, err = fmt.Fprintf(e.Out, "%s %s, phase %s, version %d\n", i.Ref, i.State, i.Phase, i.Version)
	return err
}

type incidentReason struct {
	Ref    string `arg:"" help:"Reference of the incident."`
	Reason string `help:"Why."`
}

// Run confirms, dismisses or reopens: the command's own name is the API's.
func (c *incidentReason) Run(e *env, k *kong.Context) error {
	return e.command(c.Ref, k.Selected().Name, map[string]any{"reason": c.Reason})
}

type incidentText struct {
	Ref  string `arg:"" help:"Reference of the incident."`
	Text string `arg:"" help:"The text; - reads standard input."`
}

// Run adds a note or sends a situation report: the command's own name is the API's.
func (c *incidentText) Run(e *env, k *kong.Context) error {
	txt := c.Text
	if txt == "-" {
		b, err := io.ReadAll(io.LimitReader(e.In, maxInput))
		if err != nil {
			return err
		}
		txt = string(b)
	}
	return e.command(c.Ref, k.Selected().Name, map[string]any{"text": txt})
}

// maxInput bounds what is read from standard input.
const maxInput = 1 << 20

type incidentGrade struct {
	Ref      string `arg:"" help:"Reference of the incident."`
	Severity int    `required:"" help:"0 crisis, 1 critical, 2 major, 3 minor."`
	BIL      int    `required:"" name:"bil" help:"Business impact level 1, 2 or 3."`
	Reason   string `help:"Why; needed where it differs from the suggestion."`
}

// Run grades.
func (c *incidentGrade) Run(e *env) error {
	return e.command(c.Ref, "grade", map[string]any{"severity": c.Severity, "bil": c.BIL, "reason": c.Reason})
}

type incidentFact struct {
	Ref    string `arg:"" help:"Reference of the incident."`
	Fact   string `arg:"" help:"Name of the fact, such as aware, personal_data, scope."`
	Value  string `arg:"" help:"Its value: a word, a time with zone, or JSON."`
	Entity string `help:"Legal entity it is about."`
	SaidBy string `help:"Who said so."`
	Remark string `help:"A remark."`
	Known  string `help:"When we learnt it, with zone; default now." placeholder:"TIME"`
}

// Run records the fact.
func (c *incidentFact) Run(e *env) error {
	value := json.RawMessage(c.Value)
	if fact.IsLaw(fact.Name(c.Fact)) && json.Valid(value) {
		// true, 3, null and lists are themselves; other words are text
	} else if !strings.HasPrefix(c.Value, "{") && !strings.HasPrefix(c.Value, "[") {
		b, err := json.Marshal(c.Value)
		if err != nil {
			return err
		}
		value = b
	} else if !json.Valid(value) {
		return fault.InvalidField("value", "is not valid JSON")
	}
	known, err := parseTime("known", c.Known)
	if err != nil {
		return err
	}
	f := map[string]any{"fact": c.Fact, "value": value, "entity": c.Entity, "said_by": c.SaidBy, "remark": c.Remark}
	if known != nil {
		f["known_at"] = known.Format(time.RFC3339Nano)
	}
	return e.command(c.Ref, "record_fact", f)
}

type incidentAssign struct {
	Ref      string `arg:"" help:"Reference of the incident."`
	Function string `arg:"" help:"manager, liaison, spokesperson, legal, analyst, …"`
	Person   string `arg:"" help:"Id of the person."`
	End      bool   `help:"End the assignment."`
}

// Run assigns or ends an assignment.
func (c *incidentAssign) Run(e *env) error {
	verb := "assign"
	if c.End {
		verb = "unassign"
	}
	return e.command(c.Ref, verb, map[string]any{"function": c.Function, "person": c.Person})
}

type incidentDecide struct {
	Ref      string `arg:"" help:"Reference of the incident."`
	Decision string `arg:"" help:"outside_help, press_team, law_enforcement, do_not_notify, disclosure, retention or other."`
	Answer   string `help:"yes or no, where the decision asks it."`
	Reason   string `required:"" help:"Why."`
	Text     string `help:"What was decided."`
	By       string `help:"Who decided (person id); default you."`
	Rule     string `help:"Duty rule, for do_not_notify."`
	Entity   string `help:"Legal entity or recipient, for do_not_notify."`
	Counsel  string `help:"Outside counsel who decided, for disclosure and retention."`
}

// Run records the decision.
func (c *incidentDecide) Run(e *env) error {
	return e.command(c.Ref, "decision", map[string]any{
		"decision": c.Decision, "answer": c.Answer, "reason": c.Reason, "text": c.Text,
		"decided_by": c.By, "rule": c.Rule, "entity": c.Entity, "counsel": c.Counsel,
	})
}

type incidentSecond struct {
	Ref    string `arg:"" help:"Reference of the incident."`
	Answer string `arg:"" help:"yes: the verdict is right; no: it is not." enum:"yes,no"`
	Reason string `required:"" help:"Why."`
	Entity string `help:"Legal entity the verdict is about; default the company."`
}

// Run finds the verdict that stands and gives a second opinion on it.
func (c *incidentSecond) Run(e *env) error {
	var now struct {
		Verdicts []struct {
			ID     string `json:"id"`
			Entity string `json:"entity"`
			Latest bool   `json:"latest"`
		} `json:"verdicts"`
	}
	if err := e.api().Do(e.ctx, http.MethodGet, "/incidents/"+url.PathEscape(c.Ref)+"/assessment", nil, &now); err != nil {
		return err
	}
	for _, v := range now.Verdicts {
		if v.Latest && v.Entity == c.Entity {
			return e.command(c.Ref, "decision", map[string]any{"decision": "risk_verdict", "about": v.ID, "answer": c.Answer, "reason": c.Reason})
		}
	}
	return fault.New(fault.NotFound, "No verdict on the risk is recorded; wakebell incident fact REF risk records one")
}

type incidentPhase struct {
	Ref    string `arg:"" help:"Reference of the incident."`
	Phase  string `arg:"" help:"detect, assess, contain, eradicate, recover, notify or review."`
	Reason string `help:"Why; needed when going back."`
}

// Run enters the phase.
func (c *incidentPhase) Run(e *env) error {
	return e.command(c.Ref, "enter_phase", map[string]any{"phase": c.Phase, "reason": c.Reason})
}

type incidentTask struct {
	Ref   string `arg:"" help:"Reference of the incident."`
	Text  string `arg:"" help:"What is to be done."`
	Owner string `help:"Person id."`
	Due   string `help:"By when, with zone." placeholder:"TIME"`
}

// Run adds the task.
func (c *incidentTask) Run(e *env) error {
	due, err := parseTime("due", c.Due)
	if err != nil {
		return err
	}
	f := map[string]any{"text": c.Text, "owner": c.Owner}
	if due != nil {
		f["due"] = due.Format(time.RFC3339Nano)
	}
	return e.command(c.Ref, "add_task", f)
}

type incidentClose struct {
	Ref            string `arg:"" help:"Reference of the incident."`
	Reason         string `required:"" help:"Why it can be closed."`
	FilingsPending bool   `help:"Leave dated filings running."`
}

// Run closes.
func (c *incidentClose) Run(e *env) error {
	f := map[string]any{"reason": c.Reason}
	if c.FilingsPending {
		f["filings_pending"] = true
	}
	return e.command(c.Ref, "close", f)
}
