package cli

import (
	"fmt"
	"net/url"
	"time"

	"github.com/wakebell/wakebell/client"
)

type reportCmd struct {
	Title      string `arg:"positional,required" help:"What is wrong, in a line."`
	Summary    string `arg:"--summary" help:"More about it."`
	Service    string `arg:"--service" help:"Service concerned (id in the directory)."`
	Discovered string `arg:"--discovered" help:"When it was noticed, with zone; default now." placeholder:"TIME"`
	Contact    string `arg:"--contact" help:"How to reach you."`
	Drill      bool   `arg:"--drill" help:"An exercise."`
}

// Run sends the report and prints its id.
func (c *reportCmd) Run(e *env) error {
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
	s, err := e.api().NewReport(e.ctx, client.Report{
		Title: c.Title, Summary: c.Summary, Service: c.Service, DiscoveredAt: at, Contact: c.Contact, Drill: c.Drill,
	})
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(s)
	}
	_, err = fmt.Fprintf(e.Out, "%s\nThank you. The team %s looks at it by %s.\n", s.ID, s.Team, stamp(s.TriageDueAt))
	return err
}

// serverTime asks the server for its product time: "now" is the server's now.
func (e *env) serverTime() (time.Time, error) {
	var me struct {
		Now time.Time `json:"now"`
	}
	err := e.api().Do(e.ctx, "GET", "/me", nil, &me)
	return me.Now, err
}

type signalCmd struct {
	Ls     *signalLs     `arg:"subcommand:ls" help:"List signals."`
	Triage *signalTriage `arg:"subcommand:triage" help:"Decide what a signal is."`
}

type signalLs struct {
	page
	State string `arg:"--state" help:"open, decided or all." enum:"open,decided,all" default:"open"`
	Kind  string `arg:"--kind" help:"alert or report."`
	Team  string `arg:"--team" help:"Team that triages."`
}

// Run lists signals.
func (c *signalLs) Run(e *env) error {
	q := c.query()
	if c.State != "all" {
		set(q, "state", c.State)
	}
	set(q, "kind", c.Kind)
	set(q, "team", c.Team)
	head := []string{"ID", "KIND", "STATE", "COUNT", "DISCOVERED", "TRIAGE DUE", "TEAM", "TITLE"}
	return show(e, "/signals", q, head, 7, func(s client.Signal) []string {
		title := s.Title
		if s.Drill {
			title = "DRILL " + title
		}
		return []string{s.ID, s.Kind, s.State, fmt.Sprint(s.Count), stamp(&s.DiscoveredAt), stamp(s.TriageDueAt), s.Team, title}
	})
}

type signalTriage struct {
	ID       string `arg:"positional,required" help:"Id of the signal."`
	Verdict  string `arg:"positional,required" help:"false_positive, event or incident." enum:"false_positive,event,incident"`
	Reason   string `arg:"--reason,required" help:"Why."`
	Incident string `arg:"--incident" help:"Reference of an existing incident it belongs to."`
	Nature   string `arg:"--nature" help:"security or operational, for a new incident."`
	Title    string `arg:"--title" help:"Title of a new incident; default the signal's."`
}

// Run decides the signal.
func (c *signalTriage) Run(e *env) error {
	s, err := e.api().Triage(e.ctx, url.PathEscape(c.ID), client.Verdict{
		Verdict: c.Verdict, Reason: c.Reason, Incident: c.Incident, Nature: c.Nature, Title: c.Title,
	})
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(s)
	}
	if s.Incident != nil && s.Incident.Ref != "" {
		_, err = fmt.Fprintln(e.Out, s.Incident.Ref)
		return err
	}
	_, err = fmt.Fprintf(e.Out, "%s %s\n", s.ID, s.Verdict)
	return err
}
