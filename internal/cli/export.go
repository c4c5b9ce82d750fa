package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// entry is one line of a timeline as the server tells it.
type entry struct {
	Seq        int64     `json:"seq"`
	Kind       string    `json:"kind"`
	At         time.Time `json:"at"`
	Actor      string    `json:"actor"`
	ActorName  string    `json:"actor_name"`
	Text       string    `json:"text"`
	RecordedAt time.Time `json:"recorded_at"`
}

type incidentTimeline struct {
	page
	Ref    string `arg:"positional,required" help:"Reference of the incident."`
	Filter string `arg:"--filter" help:"all, decisions, facts, calls, reports or notices." default:"all"`
}

// Run shows the timeline.
func (c *incidentTimeline) Run(e *env) error {
	q := c.query()
	set(q, "filter", c.Filter)
	head := []string{"ENTRY", "AT", "BY", "WHAT", "TEXT"}
	return show(e, "/incidents/"+url.PathEscape(c.Ref)+"/timeline", q, head, 4, func(t entry) []string {
		by := t.ActorName
		if by == "" {
			by = t.Actor
		}
		return []string{fmt.Sprint(t.Seq), stamp(&t.At), by, t.Kind, t.Text}
	})
}

type incidentBundle struct {
	Ref string `arg:"positional,required" help:"Reference of the incident."`
	Out string `arg:"--out,-o" help:"File to write; default standard output." placeholder:"FILE"`
}

// Run writes the bundle.
func (c *incidentBundle) Run(e *env) error {
	var raw json.RawMessage
	if err := e.api().Do(e.ctx, http.MethodGet, "/incidents/"+url.PathEscape(c.Ref)+"/bundle", nil, &raw); err != nil {
		return err
	}
	return e.write(c.Out, raw)
}

type registerCmd struct {
	Ls     *registerLs     `arg:"subcommand:ls" help:"List the register."`
	Show   *registerShow   `arg:"subcommand:show" help:"Show one entry."`
	Export *registerExport `arg:"subcommand:export" help:"Write the whole register."`
}

// narrowing holds the filters of the register; an empty one does not narrow.
type narrowing struct {
	Drills       bool   `arg:"--drills" help:"The drills instead of the real register."`
	From         string `arg:"--from" help:"Declared at or after this time, with a zone." placeholder:"TIME"`
	Until        string `arg:"--until" help:"Declared before this time, with a zone." placeholder:"TIME"`
	PersonalData string `arg:"--personal-data" help:"yes, no or unknown."`
	Severity     string `arg:"--severity" help:"0 to 3."`
	BIL          string `arg:"--bil" help:"1 to 3."`
	Notified     string `arg:"--notified" help:"Whether anybody outside was told: true or false."`
	Entity       string `arg:"--entity" help:"Id of one of our legal entities." placeholder:"ID"`
	Role         string `arg:"--role" help:"In which one of our entities is concerned: controller or processor."`
}

func (n narrowing) into(q url.Values) url.Values {
	if n.Drills {
		q.Set("drills", "true")
	}
	for name, value := range map[string]string{
		"from": n.From, "until": n.Until, "personal_data": n.PersonalData, "severity": n.Severity, "bil": n.BIL, "notified": n.Notified,
		"entity": n.Entity, "role": n.Role,
	} {
		set(q, name, value)
	}
	return q
}

type registerLs struct {
	page
	narrowing
}

// registered is one line of the register.
type registered struct {
	Ref          string     `json:"ref"`
	Title        string     `json:"title"`
	State        string     `json:"state"`
	PersonalData string     `json:"personal_data"`
	DiscoveredAt time.Time  `json:"discovered_at"`
	ClosedAt     *time.Time `json:"closed_at"`
}

// Run lists the register.
func (c *registerLs) Run(e *env) error {
	head := []string{"REF", "STATE", "PERSONAL DATA", "DISCOVERED", "CLOSED", "TITLE"}
	return show(e, "/register", c.into(c.query()), head, 5, func(r registered) []string {
		return []string{r.Ref, r.State, r.PersonalData, stamp(&r.DiscoveredAt), stamp(r.ClosedAt), r.Title}
	})
}

type registerShow struct {
	Ref string `arg:"positional,required" help:"Reference of the incident."`
}

// Run shows an entry.
func (c *registerShow) Run(e *env) error {
	var raw json.RawMessage
	if err := e.api().Do(e.ctx, http.MethodGet, "/register/"+url.PathEscape(c.Ref), nil, &raw); err != nil {
		return err
	}
	return e.printJSON(raw)
}

type registerExport struct {
	Format string `arg:"--format" help:"json or csv." enum:"json,csv" default:"csv"`
	Out    string `arg:"--out,-o" help:"File to write; default standard output." placeholder:"FILE"`
	narrowing
}

// Run exports the register.
func (c *registerExport) Run(e *env) error {
	q := c.into(url.Values{"format": {c.Format}})
	b, err := e.api().Raw(e.ctx, http.MethodGet, "/api/v1/register/export?"+q.Encode(), "", nil)
	if err != nil {
		return err
	}
	return e.write(c.Out, b)
}
