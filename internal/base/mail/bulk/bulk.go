// Package bulk sends many personalised letters through the SMTP server of base/mail, on a
// few connections that stay open, and says of each letter what became of it: "Required
// notification and communication … must take place in a timely manner" (policy 003). It
// keeps nothing and tries nothing again: who is told, when, and how often is the caller's.
//
// A letter is not a newsletter. It says Auto-Submitted and List-Id, so that holiday
// programs stay silent and a filter can find it, but no List-Unsubscribe unless it is
// asked for: what the law or a contract makes us tell cannot be cancelled by a click, and
// mail scanners click.
//
// It must not import any chapter, any face, or another room of the ground floor than
// clock, fault, mail and who.
package bulk

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
)

// Letter is one message to one recipient. Addresses are bare. From is Config.From when
// empty, EnvelopeFrom (where reports of failure go) is From when empty. HTML may be empty.
type Letter struct {
	MessageID    string // "<a@b>", the same for every attempt; also given as the envelope's id
	EnvelopeFrom string
	From         string
	FromName     string
	To           string
	ToName       string
	ReplyTo      string // leads back to the recipient's record
	Subject      string
	Text         string
	HTML         string
	Date         time.Time
	InReplyTo    string // Message-ID of the notice this one follows, "" for the first
	ListID       string // like "inc-2026-0142.notice.example.com", "" for none
	Unsubscribe  string // https: or mailto: address; only where the recipient may really opt out
	Headers      map[string]string
	Attachments  []Attachment
	Receipt      bool // ask the server to report delivery too, where it can (RFC 3461)
}

// Attachment is a file of a letter.
type Attachment struct {
	Name  string
	Media string // like "application/pdf"
	Data  []byte
}

// Kind is what became of a letter.
type Kind string

// The kinds.
const (
	Accepted Kind = "accepted" // the server has it and answers for it
	Later    Kind = "later"    // the server does not have it and may take it later
	Refused  Kind = "refused"  // the server will never take it, or it cannot be written
	Unsure   Kind = "unsure"   // all of it was given and no answer came: the server may have it
)

// Outcome is the answer to a letter. Code and Enhanced are the server's (RFC 5321, RFC
// 3463), 0 and "" without its answer. Answer is what it said, or what went wrong in words.
// Server tells that the cause lies with the server or the sender and would meet every
// letter alike: better to pause them all than to try each.
type Outcome struct {
	Kind     Kind
	Server   bool
	Code     int
	Enhanced string
	Answer   string
	At       time.Time
}

const (
	maxName   = 200
	maxHeader = 900 // a line of a message has at most 998 bytes
	maxBody   = 4 << 20
	// MaxFiles is what common servers take in all, in bytes.
	MaxFiles = 25 << 20
)

// Check refuses what could not be sent as it is meant, above all what could end a header
// line early, hide in it, or be read as another one. The error names the fields and never
// shows their values.
func (l Letter) Check() error {
	var wrong []fault.Field
	need := func(ok bool, field, msg string) {
		if !ok {
			wrong = append(wrong, fault.Field{Field: field, Message: msg})
		}
	}
	need(messageID(l.MessageID), "message_id", "must look like <id@domain>")
	need(l.InReplyTo == "" || messageID(l.InReplyTo), "in_reply_to", "must look like <id@domain>")
	need(ValidAddress(l.To), "to", "must be an address like name@example.com")
	for field, a := range map[string]string{"from": l.From, "reply_to": l.ReplyTo, "envelope_from": l.EnvelopeFrom} {
		need(a == "" || ValidAddress(a), field, "must be an address like name@example.com")
	}
	need(l.Subject != "" && ValidLine(l.Subject, 300), "subject", "must be one line of 1 to 300 ordinary characters")
	need(ValidLine(l.FromName, maxName), "from_name", "must be one line of at most 200 ordinary characters")
	need(ValidLine(l.ToName, maxName), "to_name", "must be one line of at most 200 ordinary characters")
	need(l.Text != "" && plainText(l.Text), "text", "must be valid UTF-8 of 1 byte to 4 MiB")
	need(plainText(l.HTML), "html", "must be valid UTF-8 of at most 4 MiB")
	need(l.ListID == "" || len(l.ListID) <= 250 && token(l.ListID, ".-_"), "list_id", "must be a name of at most 250 letters, digits, dots and dashes")
	need(l.Unsubscribe == "" || link(l.Unsubscribe), "unsubscribe", "must be an https: or mailto: address")
	for name, v := range l.Headers {
		need(len(name) <= 60 && strings.HasPrefix(name, "X-") && token(name, "-"), "headers", "the name of a header of one's own starts with X-")
		need(ValidLine(v, maxHeader), "headers", "a header is one line of at most 900 ordinary characters")
	}
	total := 0
	for n, a := range l.Attachments {
		total += len(a.Data)
		need(ValidFileName(a.Name), fmt.Sprintf("attachments[%d].name", n), "must be the plain name of a file")
		need(ValidMedia(a.Media), fmt.Sprintf("attachments[%d].media", n), "must be a media type like application/pdf")
	}
	need(total <= MaxFiles, "attachments", "must have at most 25 MB in all")
	return fault.Invalids(wrong...)
}

// ValidFileName reports whether a file can be attached under a name.
func ValidFileName(s string) bool {
	return s != "" && ValidLine(s, maxName) && !strings.ContainsAny(s, `/\"`)
}

// ValidMedia reports whether s is a media type, alone or with the charset that sniffing finds.
func ValidMedia(s string) bool {
	media, charset, more := strings.Cut(s, "; charset=")
	kind, sub, ok := strings.Cut(media, "/")
	return ok && len(s) <= 100 && token(kind, "-") && token(sub, "-+.") && (!more || token(charset, "-"))
}

// ValidLine reports whether s can stand in a header as it is: one line of UTF-8 with at most
// limit characters, without control characters, without the marks that turn the direction
// of the text around, and without what a reader would decode as an encoded word (RFC 2047).
func ValidLine(s string, limit int) bool {
	return len(s) <= 4*limit && utf8.ValidString(s) && utf8.RuneCountInString(s) <= limit &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || turns(r) }) && !strings.Contains(s, "=?")
}

// turns reports the marks of Unicode that embed or override a direction, and the two
// separators that some programs take for the end of a line.
func turns(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\u2028' || r == '\u2029'
}

// ValidAddress reports whether s is a bare address that shows all its characters. Letters
// of any script are fine (RFC 6531). An address of a machine in brackets is none: no company
// is told there, and a mail server would connect to it, also inside our own network.
func ValidAddress(s string) bool {
	return len(s) <= 254 && !strings.Contains(s, "@[") && who.ValidEmail(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.Cf, unicode.Z) || !unicode.IsPrint(r)
	})
}

func messageID(s string) bool {
	inner, ok := strings.CutPrefix(s, "<")
	inner, end := strings.CutSuffix(inner, ">")
	left, right, at := strings.Cut(inner, "@")
	return ok && end && at && len(s) <= 250 && token(left, "!#$%&'*+-/=?^_`{|}~.") && token(right, ".-")
}

// token reports whether s is made of ASCII letters, digits and the characters of more.
func token(s, more string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(more, r)
	})
}

func link(s string) bool {
	return len(s) <= maxHeader && (strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "mailto:")) &&
		!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '<' || r == '>' || r == ',' })
}

func plainText(s string) bool {
	return len(s) <= maxBody && utf8.ValidString(s) && !strings.Contains(s, "\x00")
}
