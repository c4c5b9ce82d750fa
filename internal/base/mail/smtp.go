package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"strings"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// deliveryError says what the failure of an attempt means. permanent: the
// server refused for good (5xx). unsure: the whole message was handed over and
// the answer did not come.
type deliveryError struct {
	permanent, unsure bool
	err               error
}

func (e *deliveryError) Error() string { return e.err.Error() }
func (e *deliveryError) Unwrap() error { return e.err }

// failure reads the server's answer, RFC 5321 section 4.2.1: 5xx is for good,
// 4xx and everything without an answer may be tried again.
func failure(step string, err error) error {
	answer, ok := errors.AsType[*textproto.Error](err)
	return &deliveryError{permanent: ok && answer.Code >= 500, err: fmt.Errorf("%s: %w", step, err)}
}

// deliver has one conversation with the server. nil means that the server has
// accepted the message, and answer is its word for that; what happens to the
// connection after that is nobody's concern.
func (o *Outbox) deliver(ctx context.Context, m Item) (answer string, err error) {
	raw, err := o.bytes(m)
	if err != nil {
		return "", &deliveryError{permanent: true, err: fmt.Errorf("write the message: %w", err)}
	}
	ctx, cancel := context.WithTimeout(ctx, o.cfg.Timeout)
	defer cancel()
	conn, c, err := o.server.Connect(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	// The protocol package knows no context: its end closes the connection.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if err := c.Mail("<" + o.cfg.From + ">"); err != nil { // the package adds no brackets
		return "", failure("MAIL FROM", err)
	}
	for _, to := range m.To {
		if err := c.Rcpt("<" + to + ">"); err != nil {
			return "", failure("RCPT TO", err)
		}
	}
	return transfer(c, raw)
}

func transfer(c *smtp.Client, raw []byte) (answer string, err error) {
	w, err := c.Data()
	if err != nil {
		return "", failure("DATA", err)
	}
	if _, err := io.Copy(w, bytes.NewReader(raw)); err != nil {
		return "", failure("send the message", err) // without its final dot: not accepted
	}
	if err := w.Close(); err != nil {
		f := failure("end of the message", err)
		if d, ok := errors.AsType[*deliveryError](f); ok {
			_, answered := errors.AsType[*textproto.Error](err)
			d.unsure = !answered
		}
		return "", f
	}
	if d, ok := w.(*smtp.DataCloser); ok {
		answer = plain(d.ServerResponse())
	}
	_ = c.Quit() // accepted already
	return answer, nil
}

// bytes is the message as it goes out: the same for every attempt.
func (o *Outbox) bytes(m Item) ([]byte, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.From(o.cfg.From); err != nil {
		return nil, err
	}
	if err := msg.To(m.To...); err != nil {
		return nil, err
	}
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(strings.Trim(m.MessageID, "<>"))
	msg.SetDateWithValue(m.CreatedAt)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	var b bytes.Buffer
	_, err := msg.WriteTo(&b)
	return b.Bytes(), err
}
