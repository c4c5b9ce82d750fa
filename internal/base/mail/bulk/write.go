package bulk

import (
	"bytes"
	netmail "net/mail"
	"slices"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// write appends the message as it goes over the wire to b: lines end in CR LF, a dot at the
// start of a line is doubled (RFC 5321 section 4.5.2), and the final dot stands at the end.
func (l *Letter) write(b *bytes.Buffer) error {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	// Whole addresses: a name pasted into text could close its own quotes.
	msg.FromMailAddress(&netmail.Address{Name: l.FromName, Address: l.From})
	msg.ToMailAddress(&netmail.Address{Name: l.ToName, Address: l.To})
	if l.ReplyTo != "" {
		msg.ReplyToMailAddress(&netmail.Address{Address: l.ReplyTo})
	}
	msg.Subject(l.Subject)
	msg.SetMessageIDWithValue(strings.Trim(l.MessageID, "<>"))
	msg.SetDateWithValue(l.Date)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834
	msg.SetGenHeader("X-Auto-Response-Suppress", "OOF, AutoReply")
	if l.InReplyTo != "" {
		msg.SetGenHeader(gomail.HeaderInReplyTo, l.InReplyTo)
		msg.SetGenHeader(gomail.HeaderReferences, l.InReplyTo)
	}
	if l.ListID != "" {
		msg.SetGenHeader("List-Id", "<"+l.ListID+">") // RFC 2919
	}
	if l.Unsubscribe != "" {
		msg.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+l.Unsubscribe+">") // RFC 2369
	}
	for name, v := range l.Headers {
		msg.SetGenHeader(gomail.Header(name), v)
	}
	msg.SetBodyString(gomail.TypeTextPlain, l.Text)
	if l.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	}
	for _, a := range l.Attachments {
		msg.AttachReadSeeker(a.Name, bytes.NewReader(a.Data), gomail.WithFileContentType(gomail.ContentType(a.Media)))
	}
	start := b.Len()
	if _, err := msg.WriteTo(b); err != nil {
		return err
	}
	stuff(b, start)
	return nil
}

// stuff doubles the dots at the start of lines from position start on, and ends the message.
func stuff(b *bytes.Buffer, start int) {
	raw := b.Bytes()[start:]
	if bytes.Contains(raw, []byte("\n.")) || bytes.HasPrefix(raw, []byte(".")) {
		raw = bytes.ReplaceAll(slices.Concat([]byte("\n"), raw), []byte("\n."), []byte("\n.."))[1:]
		b.Truncate(start)
		b.Write(raw)
	}
	if !bytes.HasSuffix(b.Bytes(), []byte("\r\n")) {
		b.WriteString("\r\n")
	}
	b.WriteString(".\r\n")
}
