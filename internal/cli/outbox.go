package cli

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

type outboxCmd struct {
	Ls   *outboxLs   `arg:"subcommand:ls" help:"List messages, the newest first."`
	Show *outboxShow `arg:"subcommand:show" help:"Show one message."`
}

type outboxLs struct {
	page
}

// outMessage is one message of the outbox.
type outMessage struct {
	ID        string    `json:"id"`
	State     string    `json:"state"`
	To        []string  `json:"to"`
	Subject   string    `json:"subject"`
	CreatedAt time.Time `json:"created_at"`
}

// Run lists the outbox.
func (c *outboxLs) Run(e *env) error {
	return show(e, "/outbox", c.query(), []string{"ID", "STATE", "AT", "TO", "SUBJECT"}, 4, func(m outMessage) []string {
		return []string{m.ID, m.State, stamp(&m.CreatedAt), strings.Join(m.To, ", "), m.Subject}
	})
}

type outboxShow struct {
	ID string `arg:"positional,required" help:"Id of the message."`
}

// Run shows a message.
func (c *outboxShow) Run(e *env) error {
	var raw json.RawMessage
	if err := e.api().Do(e.ctx, http.MethodGet, "/outbox/"+url.PathEscape(c.ID), nil, &raw); err != nil {
		return err
	}
	return e.printJSON(raw)
}
