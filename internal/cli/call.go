package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"time"
)

type callCmd struct {
	Ls  *callLs  `arg:"subcommand:ls" help:"List calls."`
	Ack *callAck `arg:"subcommand:ack" help:"Acknowledge a call."`
}

type callLs struct {
	page
	Incident string `arg:"--incident" help:"Reference of an incident."`
}

// called is one call as the server tells it.
type called struct {
	ID         string     `json:"id"`
	State      string     `json:"state"`
	PersonName string     `json:"person_name"`
	Person     string     `json:"person"`
	Reference  string     `json:"reference"`
	MadeAt     *time.Time `json:"made_at"`
	AnsweredAt *time.Time `json:"acknowledged_at"`
}

// Run lists calls.
func (c *callLs) Run(e *env) error {
	q := c.query()
	set(q, "incident", c.Incident)
	return show(e, "/calls", q, []string{"ID", "STATE", "MADE", "ANSWERED", "ABOUT", "WHO"}, 5, func(k called) []string {
		name := k.PersonName
		if name == "" {
			name = k.Person
		}
		return []string{k.ID, k.State, stamp(k.MadeAt), stamp(k.AnsweredAt), k.Reference, name}
	})
}

type callAck struct {
	ID string `arg:"positional,required" help:"Id of the call."`
}

// Run acknowledges.
func (c *callAck) Run(e *env) error {
	if err := e.api().Do(e.ctx, http.MethodPost, "/calls/"+url.PathEscape(c.ID)+"/acknowledge", nil, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintln(e.Out, "Acknowledged.")
	return err
}
