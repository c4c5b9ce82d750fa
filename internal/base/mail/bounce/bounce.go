// Package bounce reads what comes back after a message was sent: reports of delivery (RFC
// 3464 and the older forms of Exim and qmail), automatic answers (RFC 3834) and true
// replies, from a mailbox over IMAP or handed in by a provider. It carries "Required
// notification and communication … must take place" (policy 003): a notice that bounced
// has told nobody.
//
// Anybody can send to the address of a report: what is read here is a claim, and every
// part of it may be hostile. Whom it is about is the handler's to find, by an id nobody can
// guess. It must not import any chapter, any face, or another room of the ground floor than
// clock, fault, job, mail, store and who.
package bounce

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// Kind is what came back.
type Kind string

// The kinds.
const (
	Bounce    Kind = "bounce"    // a report of delivery; Action says which
	AutoReply Kind = "autoreply" // a machine answered: out of office, ticket opened, was displayed
	Reply     Kind = "reply"     // somebody wrote
)

// Action is what a report says about one recipient (RFC 3464 section 2.3.3).
type Action string

// The actions.
const (
	Failed    Action = "failed"    // for good
	Delayed   Action = "delayed"   // it is still being tried
	Delivered Action = "delivered" // in the mailbox
	Relayed   Action = "relayed"   // handed to a server that reports no delivery
	Expanded  Action = "expanded"  // handed to a list of people
)

// Report is one thing that came back about one recipient. Kind is never empty; everything
// else may be, and is text of a stranger, cut to one line (Text to 64 kB) without control
// characters.
type Report struct {
	Kind       Kind
	MessageID  string   // "<a@b>" of the message it is about
	References []string // further ids it may be about, the most likely first
	Recipient  string   // address as it was written to
	Final      string   // address where it ended, if another
	Action     Action   // of a bounce
	Status     string   // like 5.1.1 (RFC 3463)
	Diagnostic string   // what the refusing server said
	By         string   // the server that refused, else the one that reports
	At         time.Time
	From       string   // who sent this
	To         []string // addresses this came to
	Mark       string   // what stood for the "*" of Config.Address in one of them
	Subject    string
	Text       string // of an answer, with what it quotes
}

// Permanent reports that the recipient was not and will not be reached this way.
func (r Report) Permanent() bool { return r.Kind == Bounce && r.Action == Failed }

// Check refuses a report that another program made and that says nothing useful.
func (r Report) Check() error {
	var wrong []fault.Field
	need := func(ok bool, field, msg string) {
		if !ok {
			wrong = append(wrong, fault.Field{Field: field, Message: msg})
		}
	}
	switch r.Kind {
	case Bounce:
		switch r.Action {
		case Failed, Delayed, Delivered, Relayed, Expanded:
		default:
			need(false, "action", "must be failed, delayed, delivered, relayed or expanded")
		}
	case AutoReply, Reply:
		need(r.Action == "", "action", "belongs to a bounce")
	default:
		need(false, "kind", "must be bounce, autoreply or reply")
	}
	need(r.MessageID == "" || ids.FindString(r.MessageID) == r.MessageID, "message_id", "must look like <id@domain>")
	need(r.MessageID != "" || r.Recipient != "", "message_id", "name the message, or at least the recipient")
	need(r.Status == "" || status.FindString(r.Status) == r.Status, "status", "must look like 5.1.1")
	for field, v := range map[string]string{
		"recipient": r.Recipient, "final": r.Final, "diagnostic": r.Diagnostic, "by": r.By, "from": r.From, "subject": r.Subject,
	} {
		need(v == line(v, longest), field, fmt.Sprintf("must be one line of at most %d bytes", longest))
	}
	need(r.Text == text(r.Text), "text", "must be text of at most 64 kB")
	return fault.Invalids(wrong...)
}

const (
	longest  = 1000
	longText = 64 << 10
)

// line makes a stranger's words one storable line.
func line(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n':
			return ' '
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	return cut(strings.TrimSpace(s), limit)
}

func text(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
	return cut(s, longText)
}

// cut keeps whole characters.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return strings.TrimSpace(s[:limit])
}
