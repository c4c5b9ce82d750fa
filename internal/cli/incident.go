package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wakebell/wakebell/client"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
)

type incidentCmd struct {
	Ls       *incidentLs       `arg:"subcommand:ls" help:"List incidents."`
	Show     *incidentShow     `arg:"subcommand:show" help:"Show an incident with its duties and timeline."`
	Declare  *incidentDeclare  `arg:"subcommand:declare" help:"Declare an incident."`
	Confirm  *incidentReason   `arg:"subcommand:confirm" help:"Confirm it."`
	Dismiss  *incidentReason   `arg:"subcommand:dismiss" help:"Dismiss it, with a reason."`
	Grade    *incidentGrade    `arg:"subcommand:grade" help:"Set severity and BIL."`
	Note     *incidentText     `arg:"subcommand:note" help:"Add a note to the timeline."`
	Sitrep   *incidentText     `arg:"subcommand:sitrep" help:"Send a situation report."`
	Fact     *incidentFact     `arg:"subcommand:fact" help:"Record a fact."`
	Assign   *incidentAssign   `arg:"subcommand:assign" help:"Give a person a function in it."`
	Decide   *incidentDecide   `arg:"subcommand:decide" help:"Record a decision."`
	Second   *incidentSecond   `arg:"subcommand:second" help:"Give a second opinion on the verdict on the risk."`
	Phase    *incidentPhase    `arg:"subcommand:phase" help:"Enter a phase."`
	Task     *incidentTask     `arg:"subcommand:task" help:"Add a task."`
	Close    *incidentClose    `arg:"subcommand:close" help:"Close it."`
	Reopen   *incidentReason   `arg:"subcommand:reopen" help:"Open it again, with a reason."`
	Timeline *incidentTimeline `arg:"subcommand:timeline" help:"Show the timeline."`
	Attach   *incidentAttach   `arg:"subcommand:attach" help:"Attach a file to the timeline."`
	Files    *incidentFiles    `arg:"subcommand:files" help:"List its files."`
	Fetch    *incidentFetch    `arg:"subcommand:fetch" help:"Download a file."`

	WithdrawFile *incidentWithdrawFile `arg:"subcommand:withdraw-file" help:"Hide a file, with a reason; its content is kept."`
	EraseFile    *incidentEraseFile    `arg:"subcommand:erase-file" help:"Destroy a file and its content; that it was there stays on record."`

	Bundle *incidentBundle `arg:"subcommand:bundle" help:"Write the record with its proofs, for wakebell verify FILE."`
}

type incidentLs struct {
	page
	State string `arg:"--state" help:"suspected, confirmed or dismissed."`
	Open  bool   `arg:"--open" help:"Only open ones."`
	Kind  string `arg:"--kind" help:"real or drill."`
	Query string `arg:"--query,-q" help:"Words to search for."`
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
	Ref  string `arg:"positional,required" help:"Reference, such as INC-2026-0001."`
	AsOf string `arg:"--as-of" help:"As the record knew it at a time, with zone." placeholder:"TIME"`
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
	Title      string `arg:"positional,required" help:"What happened, in a line."`
	Summary    string `arg:"--summary" help:"More about it."`
	Drill      bool   `arg:"--drill" help:"An exercise; fixed for ever."`
	Nature     string `arg:"--nature" help:"security or operational." enum:"security,operational" default:"security"`
	Discovered string `arg:"--discovered" help:"When it was noticed, with zone; default now." placeholder:"TIME"`
	Service    string `arg:"--service" help:"Service concerned (id in the directory)."`
	Team       string `arg:"--team" help:"Product team that verifies it."`
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
	Ref    string `arg:"positional,required" help:"Reference of the incident."`
	Reason string `arg:"--reason" help:"Why."`
}

// Run confirms, dismisses or reopens: the command's own name is the API's.
func (c *incidentReason) Run(e *env) error {
	return e.command(c.Ref, e.name, map[string]any{"reason": c.Reason})
}

type incidentText struct {
	Ref  string `arg:"positional,required" help:"Reference of the incident."`
	Text string `arg:"positional,required" help:"The text; - reads standard input."`
}

// Run adds a note or sends a situation report: the command's own name is the API's.
func (c *incidentText) Run(e *env) error {
	txt := c.Text
	if txt == "-" {
		b, err := io.ReadAll(io.LimitReader(e.In, maxInput))
		if err != nil {
			return err
		}
		txt = string(b)
	}
	return e.command(c.Ref, e.name, map[string]any{"text": txt})
}

// maxInput bounds what is read from standard input.
const maxInput = 1 << 20

type incidentGrade struct {
	Ref      string `arg:"positional,required" help:"Reference of the incident."`
	Severity int    `arg:"--severity,required" help:"0 crisis, 1 critical, 2 major, 3 minor."`
	BIL      int    `arg:"--bil,required" help:"Business impact level 1, 2 or 3."`
	Reason   string `arg:"--reason" help:"Why; needed where it differs from the suggestion."`
}

// Run grades.
func (c *incidentGrade) Run(e *env) error {
	return e.command(c.Ref, "grade", map[string]any{"severity": c.Severity, "bil": c.BIL, "reason": c.Reason})
}

type incidentFact struct {
	Ref    string `arg:"positional,required" help:"Reference of the incident."`
	Fact   string `arg:"positional,required" help:"Name of the fact, such as aware, personal_data, scope."`
	Value  string `arg:"positional,required" help:"Its value: a word, a time with zone, or JSON."`
	Entity string `arg:"--entity" help:"Legal entity it is about."`
	SaidBy string `arg:"--said-by" help:"Who said so."`
	Remark string `arg:"--remark" help:"A remark."`
	Known  string `arg:"--known" help:"When we learnt it, with zone; default now." placeholder:"TIME"`
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
	Ref      string `arg:"positional,required" help:"Reference of the incident."`
	Function string `arg:"positional,required" help:"manager, liaison, spokesperson, legal, analyst, …"`
	Person   string `arg:"positional,required" help:"Id of the person."`
	End      bool   `arg:"--end" help:"End the assignment."`
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
	Ref      string `arg:"positional,required" help:"Reference of the incident."`
	Decision string `arg:"positional,required" help:"outside_help, press_team, law_enforcement, do_not_notify, disclosure, retention or other."`
	Answer   string `arg:"--answer" help:"yes or no, where the decision asks it."`
	Reason   string `arg:"--reason,required" help:"Why."`
	Text     string `arg:"--text" help:"What was decided."`
	By       string `arg:"--by" help:"Who decided (person id); default you."`
	Rule     string `arg:"--rule" help:"Duty rule, for do_not_notify."`
	Entity   string `arg:"--entity" help:"Legal entity or recipient, for do_not_notify."`
	Counsel  string `arg:"--counsel" help:"Outside counsel who decided, for disclosure and retention."`
}

// Run records the decision.
func (c *incidentDecide) Run(e *env) error {
	return e.command(c.Ref, "decision", map[string]any{
		"decision": c.Decision, "answer": c.Answer, "reason": c.Reason, "text": c.Text,
		"decided_by": c.By, "rule": c.Rule, "entity": c.Entity, "counsel": c.Counsel,
	})
}

type incidentSecond struct {
	Ref    string `arg:"positional,required" help:"Reference of the incident."`
	Answer string `arg:"positional,required" help:"yes: the verdict is right; no: it is not." enum:"yes,no"`
	Reason string `arg:"--reason,required" help:"Why."`
	Entity string `arg:"--entity" help:"Legal entity the verdict is about; default the company."`
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
	Ref    string `arg:"positional,required" help:"Reference of the incident."`
	Phase  string `arg:"positional,required" help:"detect, assess, contain, eradicate, recover, notify or review."`
	Reason string `arg:"--reason" help:"Why; needed when going back."`
}

// Run enters the phase.
func (c *incidentPhase) Run(e *env) error {
	return e.command(c.Ref, "enter_phase", map[string]any{"phase": c.Phase, "reason": c.Reason})
}

type incidentTask struct {
	Ref   string `arg:"positional,required" help:"Reference of the incident."`
	Text  string `arg:"positional,required" help:"What is to be done."`
	Owner string `arg:"--owner" help:"Person id."`
	Due   string `arg:"--due" help:"By when, with zone." placeholder:"TIME"`
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
	Ref            string `arg:"positional,required" help:"Reference of the incident."`
	Reason         string `arg:"--reason,required" help:"Why it can be closed."`
	FilingsPending bool   `arg:"--filings-pending" help:"Leave dated filings running."`
}

// Run closes.
func (c *incidentClose) Run(e *env) error {
	f := map[string]any{"reason": c.Reason}
	if c.FilingsPending {
		f["filings_pending"] = true
	}
	return e.command(c.Ref, "close", f)
}
