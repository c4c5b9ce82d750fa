package cli

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/wakebell/wakebell/client"
)

type recipientsCmd struct {
	Ls      *recipientsLs      `arg:"subcommand:ls" help:"List the recipients of a notice, each with what became of their copy."`
	Gaps    *recipientsGaps    `arg:"subcommand:gaps" help:"List those who cannot be reached."`
	Add     *recipientsAdd     `arg:"subcommand:add" help:"Add recipients from the directory."`
	Import  *recipientsImport  `arg:"subcommand:import" help:"Add the lines of a CSV file."`
	Fix     *recipientsFix     `arg:"subcommand:fix" help:"Give a recipient a contact, a channel or a label, before the list is used."`
	Leave   *recipientsLeave   `arg:"subcommand:leave" help:"Leave somebody out, with the reason."`
	SignOff *recipientsSignOff `arg:"subcommand:sign-off" help:"Answer for the list: these and nobody else are told."`
	Record  *recipientsRecord  `arg:"subcommand:record" help:"Record a call, a letter or a handing over."`
	Try     *recipientsTry     `arg:"subcommand:try" help:"Try another contact, where the copies did not arrive."`
	Undo    *recipientsUndo    `arg:"subcommand:undo" help:"Take back what was recorded by hand last, such as a letter that was not posted."`
}

type recipientsLs struct {
	page
	noticeRef
	State   string `arg:"--state" help:"queued, sending, sent, delivered, failed, bounced, stopped, gap or left_out."`
	Channel string `arg:"--channel" help:"email, page, webhook, letter, phone or handed_over."`
	Twice   bool   `arg:"--twice" help:"Only those who may have got it twice."`
	Begins  string `arg:"--begins" placeholder:"TEXT" help:"Only those whose name or address begins so."`
}

// Run lists.
func (c *recipientsLs) Run(e *env) error {
	q := c.query()
	set(q, "state", c.State)
	set(q, "channel", c.Channel)
	set(q, "begins", c.Begins)
	if c.Twice {
		q.Set("maybe_twice", "true")
	}
	return e.recipients(c.noticeRef, q)
}

func (e *env) recipients(n noticeRef, q url.Values) error {
	path := fmt.Sprintf("/incidents/%s/notices/%d/recipients", url.PathEscape(n.Ref), n.No)
	head := []string{"ID", "STATE", "WAY", "ADDRESS", "LABEL", "SENT", "ACKNOWLEDGED", "NAME"}
	return show(e, path, q, head, 7, func(r client.Recipient) []string {
		state := r.State
		if r.MaybeTwice {
			state += " (maybe twice)"
		}
		name := r.Name
		if r.Gap != nil {
			name += ": " + *r.Gap
		}
		return []string{r.ID, state, r.Channel, orDash(r.Address), orDash(r.Label), stamp(r.SentAt), stamp(r.AcknowledgedAt), name}
	})
}

func orDash(s *string) string {
	if s == nil || *s == "" {
		return "-"
	}
	return *s
}

type recipientsGaps struct {
	page
	noticeRef
}

// Run lists the gaps.
func (c *recipientsGaps) Run(e *env) error {
	q := c.query()
	q.Set("state", "gap")
	return e.recipients(c.noticeRef, q)
}

type recipientsAdd struct {
	noticeRef
	Affected    bool   `arg:"--affected" help:"Those in the scope of the incident, or using its services."`
	Kind        list   `arg:"--kind" help:"Kinds of parties."`
	Party       list   `arg:"--party" help:"Ids of parties."`
	Service     list   `arg:"--service" help:"Customers of these services."`
	Country     list   `arg:"--country" help:"Only those of these countries."`
	Team        list   `arg:"--team" help:"People of these teams."`
	KeyAccounts bool   `arg:"--key-accounts" help:"Key accounts only."`
	Channel     string `arg:"--channel" help:"Wanted, before the notice's channels."`
	Label       string `arg:"--label" help:"Label of all these, for the variants of a text."`
}

// Run adds.
func (c *recipientsAdd) Run(e *env) error {
	body := map[string]any{}
	for k, v := range map[string][]string{"kinds": c.Kind, "parties": c.Party, "services": c.Service, "countries": c.Country, "teams": c.Team} {
		if len(v) > 0 {
			body[k] = v
		}
	}
	for k, v := range map[string]bool{"affected": c.Affected, "key_accounts": c.KeyAccounts} {
		if v {
			body[k] = v
		}
	}
	for k, v := range map[string]string{"channel": c.Channel, "label": c.Label} {
		if v != "" {
			body[k] = v
		}
	}
	return e.added(e.api().AddRecipients(e.ctx, c.Ref, c.No, body))
}

// added prints what an addition came to; lines that could not be used make it exit with 1.
func (e *env) added(a client.AddedRecipients, err error) error {
	if err != nil {
		return err
	}
	if e.root.JSON {
		err = e.printJSON(a)
	} else {
		_, err = fmt.Fprintf(e.Out, "%d added, %d stood on the list already, %d of the new ones cannot be reached, %d addresses should be looked at\n", a.New, a.Double, a.Gaps, a.Warned)
	}
	if err != nil || a.Refused == 0 {
		return err
	}
	for _, l := range a.Errors {
		fmt.Fprintf(e.Err, "line %d: %s\n", l.Line, clean(strings.TrimSpace(l.Column+" "+l.Message)))
	}
	fmt.Fprintf(e.Err, "wakebell: %d of %d lines could not be used\n", a.Refused, a.Lines)
	return exitError(exitFailed)
}

type recipientsImport struct {
	noticeRef
	File    string            `arg:"positional,required" help:"CSV file; - reads standard input."`
	Map     map[string]string `arg:"--map" help:"What a column holds: COLUMN=TARGET; - leaves it out. Default: guessed from the head line." placeholder:"COLUMN=TARGET"`
	Channel string            `arg:"--channel" help:"Wanted where the file does not say."`
}

// Run imports.
func (c *recipientsImport) Run(e *env) error {
	in, err := e.open(c.File)
	if err != nil {
		return err
	}
	defer in.Close()
	q := url.Values{}
	set(q, "channel", c.Channel)
	var pairs []string
	for column, target := range c.Map {
		pairs = append(pairs, column+"="+target)
	}
	set(q, "mapping", strings.Join(pairs, ","))
	return e.added(e.api().ImportRecipients(e.ctx, c.Ref, c.No, q, in))
}

type contactFlags struct {
	ID     string `arg:"positional,required" help:"Id of the recipient."`
	Name   string `arg:"--name" help:"Name of the contact."`
	Email  string `arg:"--email" help:"Mail address."`
	Phone  string `arg:"--phone" help:"Telephone number."`
	Postal string `arg:"--postal" help:"Postal address."`
}

func (c *contactFlags) contact() map[string]any {
	out := map[string]any{}
	for k, v := range map[string]string{"name": c.Name, "email": c.Email, "phone": c.Phone, "postal": c.Postal} {
		if v != "" {
			out[k] = v
		}
	}
	return out
}

type recipientsFix struct {
	contactFlags
	Webhook string `arg:"--webhook" help:"Address to post to."`
	Channel string `arg:"--channel" help:"By which it is reached."`
	Lang    string `arg:"--lang" help:"Language of the copy."`
	Label   string `arg:"--label" help:"Label, for the variants of a text."`
}

// Run fixes.
func (c *recipientsFix) Run(e *env) error {
	contact := c.contact()
	if c.Webhook != "" {
		contact["webhook"] = c.Webhook
	}
	body := map[string]any{"contact": contact}
	for k, v := range map[string]string{"channel": c.Channel, "lang": c.Lang, "label": c.Label} {
		if v != "" {
			body[k] = v
		}
	}
	return e.recipient(e.api().FixRecipient(e.ctx, c.ID, body))
}

func (e *env) recipient(r client.Recipient, err error) error {
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(r)
	}
	_, err = fmt.Fprintf(e.Out, "%s: %s, %s %s\n", clean(r.Name), r.State, r.Channel, clean(orDash(r.Address)))
	if r.Warning != nil && err == nil {
		_, err = fmt.Fprintf(e.Out, "Look at it again. %s.\n", clean(*r.Warning))
	}
	return err
}

type recipientsTry struct{ contactFlags }

// Run tries.
func (c *recipientsTry) Run(e *env) error {
	return e.recipient(e.api().TryContact(e.ctx, c.ID, c.contact()))
}

type recipientsLeave struct {
	ID     string `arg:"positional,required" help:"Id of the recipient."`
	Reason string `arg:"--reason,required" help:"Why they are not told."`
}

// Run leaves out.
func (c *recipientsLeave) Run(e *env) error {
	if err := e.api().LeaveRecipientOut(e.ctx, c.ID, c.Reason); err != nil {
		return err
	}
	_, err := fmt.Fprintln(e.Out, "Left out, with the reason.")
	return err
}

type recipientsSignOff struct {
	noticeRef
}

// Run signs off and prints the hash.
func (c *recipientsSignOff) Run(e *env) error {
	l, err := e.api().SignOffRecipients(e.ctx, c.Ref, c.No)
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(l)
	}
	_, err = fmt.Fprintf(e.Out, "%d recipients signed off  sha256 %s\n", l.Count, orDash(l.SHA256))
	return err
}

type recipientsRecord struct {
	ID           string `arg:"positional,required" help:"Id of the recipient."`
	Channel      string `arg:"--channel" help:"phone, letter or handed_over; default the recipient's."`
	Tried        bool   `arg:"--tried" help:"Nobody was reached."`
	Acknowledged bool   `arg:"--acknowledged" help:"They confirmed that they have it."`
	Text         string `arg:"--text" help:"Who said what; a receipt number."`
}

// Run records.
func (c *recipientsRecord) Run(e *env) error {
	body := map[string]any{"reached": !c.Tried}
	if c.Acknowledged {
		body["acknowledged"] = true
	}
	for k, v := range map[string]string{"channel": c.Channel, "text": c.Text} {
		if v != "" {
			body[k] = v
		}
	}
	return e.recipient(e.api().RecordRecipient(e.ctx, c.ID, body))
}

type recipientsUndo struct {
	ID     string `arg:"positional,required" help:"Id of the recipient."`
	Reason string `arg:"--reason,required" help:"What was wrong."`
}

// Run undoes.
func (c *recipientsUndo) Run(e *env) error {
	return e.recipient(e.api().UndoRecipient(e.ctx, c.ID, c.Reason))
}
