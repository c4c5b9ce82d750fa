package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
)

type bounceCmd struct {
	Add     *bounceAdd     `arg:"subcommand:add" help:"Hand in a message that came back: a bounce, an automatic answer or a reply."`
	Mailbox *bounceMailbox `arg:"subcommand:mailbox" help:"Show how far the mailbox of reports is read."`
}

type bounceAdd struct {
	File string `arg:"positional,required" help:"The message as it came; - reads standard input, for a mail server that pipes it here."`
}

// Run sends the message and prints what it was understood as.
func (c *bounceAdd) Run(e *env) error {
	in, err := e.open(c.File)
	if err != nil {
		return err
	}
	defer in.Close()
	b, err := e.api().HandIn(e.ctx, in)
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(b)
	}
	for _, r := range b {
		if _, err := fmt.Fprintf(e.Out, "%s  %s  %s  %s  %s\n", r.Kind, r.Action, r.Status, r.Recipient, r.MessageID); err != nil {
			return err
		}
	}
	return nil
}

type bounceMailbox struct{}

// Run shows the mailbox.
func (c *bounceMailbox) Run(e *env) error {
	var raw json.RawMessage
	if err := e.api().Do(e.ctx, http.MethodGet, "/bounces/mailbox", nil, &raw); err != nil {
		return err
	}
	return e.printJSON(raw)
}
