package mail

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// Setup is how messages leave, without the password.
type Setup struct {
	Enabled  bool
	Host     string
	Port     int
	TLS      TLS
	User     string
	Password bool // one is set
	From     string
	CAFile   string
	Timeout  time.Duration
}

// Setup returns what the server was started with. Permission system.read.
func (o *Outbox) Setup(by who.Identity) (Setup, error) {
	if err := who.Check(by, who.PermSystemRead); err != nil {
		return Setup{}, err
	}
	c := o.cfg
	return Setup{
		Enabled: o.Enabled(), Host: c.Host, Port: c.Port, TLS: c.TLS, User: c.User, Password: c.Password != "", From: c.From,
		CAFile: c.CAFile, Timeout: c.Timeout,
	}, nil
}

// Flow is how messages leave of late. Times are zero for never.
type Flow struct {
	SentAt    time.Time // the newest message a server accepted
	FailedAt  time.Time // the newest that was given up
	LastError string    // of that one, else of the oldest that waits
	WaitingAt time.Time // since when the oldest message waits
}

// Flow reads it for other rooms, without a permission. It names nobody but in the words of the
// mail server.
func (o *Outbox) Flow(ctx context.Context, r store.Reader) (f Flow, err error) {
	newest := func(q string, at *time.Time, text *string) {
		var us int64
		var t string
		if err != nil {
			return
		}
		switch e := r.QueryRow(ctx, q).Scan(&us, &t); {
		case errors.Is(e, sql.ErrNoRows):
		case e != nil:
			err = fmt.Errorf("read the flow of mail: %w", e)
		default:
			if *at = clock.FromMicros(us); t != "" {
				*text = t
			}
		}
	}
	var none string
	newest(`SELECT sent_at, '' FROM mail_outbox WHERE state='sent' ORDER BY id DESC LIMIT 1`, &f.SentAt, &none)
	newest(`SELECT created_at, last_error FROM mail_outbox WHERE state='queued' ORDER BY id LIMIT 1`, &f.WaitingAt, &f.LastError)
	newest(`SELECT updated_at, last_error FROM mail_outbox WHERE state='failed' ORDER BY id DESC LIMIT 1`, &f.FailedAt, &f.LastError)
	return f, err
}

const testText = `This is a test message of Wakebell, sent to you because you pressed "Send a test message to me" at %s.

If you read this, messages leave and reach you. Nothing else happened and nothing is asked of you.
`

// Test sends a message to the viewer's own address now, by the way every message takes, and
// returns it as it stands after that: sent with the server's answer, or failed with the cause,
// which Remedy explains. It is tried once. Permission job.manage and a person with an address;
// Conflict without an SMTP server.
func (o *Outbox) Test(ctx context.Context, by who.Identity) (Item, error) {
	if err := who.Check(by, who.PermJobManage); err != nil {
		return Item{}, err
	}
	if by.Person == "" {
		return Item{}, fault.New(fault.Conflict, "A test message goes to the person who asks for it; this token belongs to no person")
	}
	if !o.Enabled() {
		return Item{}, fault.New(fault.Conflict, "No mail server is set: start the server with --smtp-host and --smtp-from")
	}
	var id string
	var m Item
	res, err := o.db.Write(ctx, store.Op{Name: "mail.test", Actor: by.Actor}, func(tx *store.Tx) (err error) {
		var to string
		if err := tx.QueryRow(clock.Background(), `SELECT email FROM person WHERE id=?`, by.Person).Scan(&to); err != nil {
			return err
		}
		text := fmt.Sprintf(testText, o.clk.Now().Format("2006-01-02 15:04 UTC"))
		// No job: a test that arrives an hour later would tell nobody anything.
		if id, err = o.insert(tx, Message{To: []string{to}, Subject: "Test message of Wakebell", Text: text}, Queued); err != nil {
			return err
		}
		tx.SetResult(id)
		m, err = o.begin(ctx, tx, id)
		return err
	})
	if err != nil {
		return Item{}, fmt.Errorf("write a test message: %w", err)
	}
	if res.Replayed { // pressed twice: the first one tells
		m, err := find(ctx, o.db, res.ResultID)
		return m.hidden(by), err
	}
	answer, cause := o.deliver(ctx, m)
	next, text := Sent, ""
	if cause != nil {
		o.log.Warn("test message not sent", "id", id, "error", cause)
		next, text = Failed, plain(cause.Error())
	}
	_, err = o.db.Write(clock.Background(), store.Op{Name: "mail.test", Actor: by.Actor}, func(tx *store.Tx) error {
		return o.mark(tx, id, next, text, answer)
	})
	if err != nil {
		return Item{}, fmt.Errorf("note the test message: %w", err)
	}
	m, err = find(ctx, o.db, id)
	return m.hidden(by), err
}

// Remedy says what to do about the cause of a failed delivery, as Item.LastError keeps it; "" for
// a cause that explains itself.
func Remedy(cause string) string {
	step, _, _ := strings.Cut(cause, ":")
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(cause, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("no such host", "server misbehaving"):
		return "The name of the mail server is not known. Correct --smtp-host, or the name service of this machine."
	case has("connection refused"):
		return "Nothing listens there. Correct --smtp-host and --smtp-port, or let the mail server accept this machine."
	case has("certificate", "x509"):
		return "The certificate of the mail server is not trusted. Name its host as it stands in the certificate, or give the authority by --smtp-ca-file."
	case has("first record does not look like a TLS handshake"):
		return "The server speaks without TLS on this port. Use --smtp-tls starttls with port 587, or tls with port 465."
	case step == "STARTTLS":
		return "The server does not protect the connection this way. Use --smtp-tls tls with port 465, or none for a relay on this machine."
	case step == "AUTH":
		return "The server refuses the sign-in. Correct --smtp-user and the password in WAKEBELL_SMTP_PASSWORD or its file."
	case step == "MAIL FROM":
		return "The server does not take this sender. Correct --smtp-from, or allow the address at the mail server."
	case step == "RCPT TO":
		return "The server does not take this recipient. Correct the person's address, or let this machine relay at the mail server."
	case has("i/o timeout", "deadline exceeded", "use of closed network connection"):
		return "The server did not answer in time. A firewall may stand between; check --smtp-host, --smtp-port and --smtp-tls."
	case step == "DATA", step == "end of the message", step == "send the message":
		return "The server refused the message itself; its words say why. A size limit or a filter is the usual reason."
	case step == "greeting", step == "EHLO":
		return "What answers there is no mail server that works. Check --smtp-host, --smtp-port and --smtp-tls."
	}
	return ""
}
