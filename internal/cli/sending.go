package cli

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/wakebell/wakebell/client"
)

type sendingCmd struct {
	Show   *sendingShow   `arg:"subcommand:show" help:"Show how far the sending of a notice is."`
	Pause  *sendingPause  `arg:"subcommand:pause" help:"Let nobody else be written to until somebody goes on."`
	Resume *sendingResume `arg:"subcommand:resume" help:"Go on, also after the first few."`
	Stop   *sendingStop   `arg:"subcommand:stop" help:"End it for good; who was not written to is named."`
	Report *sendingReport `arg:"subcommand:report" help:"Write the delivery report as CSV; its SHA-256 is recorded."`
}

// sending prints how far it is.
func (e *env) sending(s client.Sending, err error) error {
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(s)
	}
	var b strings.Builder
	b.WriteString(s.State)
	if s.Reason != nil {
		b.WriteString(": " + clean(*s.Reason))
	}
	if s.WaitUntil != nil {
		b.WriteString(", tried again " + stamp(s.WaitUntil))
	}
	b.WriteString("\n")
	for _, k := range []string{"queued", "sending", "sent", "delivered", "failed", "bounced", "stopped", "gap", "left_out", "opened", "acknowledged", "maybe_twice"} {
		if n := s.Tally[k]; n > 0 {
			fmt.Fprintf(&b, "%-12s %d\n", k, n)
		}
	}
	_, err = fmt.Fprint(e.Out, b.String())
	return err
}

type sendingShow struct{ noticeRef }

// Run shows.
func (c *sendingShow) Run(e *env) error { return e.sending(e.api().Sending(e.ctx, c.Ref, c.No)) }

type sendingPause struct {
	noticeRef
	Reason string `arg:"--reason" help:"Why."`
}

// Run pauses.
func (c *sendingPause) Run(e *env) error {
	return e.sending(e.api().TurnSending(e.ctx, c.Ref, c.No, "pause", c.Reason))
}

type sendingResume struct{ noticeRef }

// Run goes on.
func (c *sendingResume) Run(e *env) error {
	return e.sending(e.api().TurnSending(e.ctx, c.Ref, c.No, "resume", ""))
}

type sendingStop struct {
	noticeRef
	Reason string `arg:"--reason,required" help:"Why."`
}

// Run stops.
func (c *sendingStop) Run(e *env) error {
	return e.sending(e.api().TurnSending(e.ctx, c.Ref, c.No, "stop", c.Reason))
}

type sendingReport struct {
	noticeRef
	Out string `arg:"--out,-o" help:"File to write; default standard output." placeholder:"FILE"`
}

// Run writes the report; an existing file is never overwritten.
func (c *sendingReport) Run(e *env) error {
	path := fmt.Sprintf("/api/v1/incidents/%s/notices/%d/sending/report", url.PathEscape(c.Ref), c.No)
	return e.fetch(c.Out, path)
}
