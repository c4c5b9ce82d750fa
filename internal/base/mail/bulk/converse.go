package bulk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/idna"
)

// envelope is a letter ready for the wire.
type envelope struct {
	letter   *Letter
	from, to string
	utf8     bool // an address needs SMTPUTF8 (RFC 6531)
}

// envelope writes the domains in ASCII, as every server knows them. What stands before the
// "@" cannot be written otherwise: that needs a server that speaks SMTPUTF8.
func (l *Letter) envelope() (*envelope, error) {
	e := &envelope{letter: l}
	for _, a := range []struct {
		field string
		in    string
		out   *string
	}{{"to", l.To, &e.to}, {"envelope_from", l.EnvelopeFrom, &e.from}} {
		local, domain, _ := strings.Cut(a.in, "@")
		if !ascii(domain) {
			var err error
			if domain, err = idna.Lookup.ToASCII(domain); err != nil {
				return nil, fmt.Errorf("%s: the domain is not a valid one", a.field)
			}
		}
		*a.out = local + "@" + domain
		e.utf8 = e.utf8 || !ascii(local)
	}
	return e, nil
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// result is an outcome, and whether the connection was found to be used up before the
// server took anything.
type result struct {
	Outcome
	stale bool
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// converse speaks of one letter over an open connection. What the connection cannot be
// used for any more closes it.
func (p *Pool) converse(ctx context.Context, c *line, e *envelope) result {
	b := buffers.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() < 1<<20 {
			b.Reset()
			buffers.Put(b)
		}
	}()
	if err := e.letter.write(b); err != nil {
		return result{Outcome: Outcome{Kind: Refused, Answer: plain("write the message: " + err.Error())}}
	}
	if o := c.fits(e, b.Len()); o.Kind != "" {
		return result{Outcome: o}
	}
	c.conn.Listen()
	early, cancel := context.WithTimeout(ctx, p.server.Config().Timeout)
	defer cancel()
	conn := c.conn
	stop := context.AfterFunc(early, func() { conn.Close() })
	r := c.introduce(e)
	if r.Kind != "" {
		stop()
		return c.after(r)
	}
	o := c.give(b.Bytes())
	if !stop() && o.Kind == "" {
		o = Outcome{Kind: Unsure, Answer: "the time was over as the letter was given"}
	}
	if o.Kind == "" {
		late, cancel := context.WithTimeout(ctx, p.answer)
		defer cancel()
		stop := context.AfterFunc(late, func() { conn.Close() })
		o = c.verdict()
		stop()
	}
	return c.after(result{Outcome: o})
}

// fits says what the server cannot take at all.
func (c *line) fits(e *envelope, size int) Outcome {
	if ok, _ := c.client.Extension("SMTPUTF8"); e.utf8 && !ok {
		return Outcome{Kind: Refused, Answer: "the mail server does not take addresses with letters outside ASCII before the @ (SMTPUTF8)"}
	}
	if ok, most := c.client.Extension("SIZE"); ok {
		if n, err := strconv.Atoi(most); err == nil && n > 0 && size > n {
			return Outcome{Kind: Refused, Answer: fmt.Sprintf("the letter has %d bytes, the mail server takes %d", size, n)}
		}
	}
	return Outcome{}
}

// introduce names sender and recipient and asks to give the letter; all at once where the
// server allows it (RFC 2920). A zero Kind means: give it.
func (c *line) introduce(e *envelope) result {
	commands := c.commands(e)
	together, _ := c.client.Extension("PIPELINING")
	w := c.client.Text.W
	c.reset = true
	var verdict result
	for n, line := range commands {
		if !together || n == 0 {
			send := commands
			if !together {
				send = commands[n : n+1]
			}
			for _, s := range send {
				_, _ = w.WriteString(s + "\r\n") // Flush tells
			}
			if err := w.Flush(); err != nil {
				return result{Outcome{Kind: Later, Server: true, Answer: plain("connection: " + err.Error())}, true}
			}
		}
		step, want := expected(line)
		_, _, err := c.client.Text.ReadResponse(want)
		if err == nil {
			if step == "DATA" && verdict.Kind != "" {
				c.close() // refused, and yet it waits for a letter: there is no polite way out
			}
			continue
		}
		if r := refusal(step, err); verdict.Kind == "" {
			verdict = r
		}
		if _, answered := errors.AsType[*textproto.Error](err); !together || !answered {
			break
		}
	}
	return verdict
}

func (c *line) commands(e *envelope) []string {
	list := make([]string, 0, 4)
	if c.reset {
		list = append(list, "RSET")
	}
	from, to := "MAIL FROM:<"+e.from+">", "RCPT TO:<"+e.to+">"
	if e.utf8 {
		from += " SMTPUTF8"
	}
	if ok, _ := c.client.Extension("DSN"); ok { // RFC 3461: the report names the letter again
		from += " RET=HDRS"
		if id := xtext(strings.Trim(e.letter.MessageID, "<>")); len(id) <= 100 {
			from += " ENVID=" + id
		}
		to += " NOTIFY=FAILURE,DELAY"
		if e.letter.Receipt {
			to += ",SUCCESS"
		}
	}
	return append(list, from, to, "DATA")
}

func expected(command string) (step string, code int) {
	switch {
	case strings.HasPrefix(command, "MAIL"):
		return "MAIL FROM", 250
	case strings.HasPrefix(command, "RCPT"):
		return "RCPT TO", 25
	case command == "DATA":
		return "DATA", 354
	}
	return "RSET", 250
}

// xtext writes what RFC 3461 section 4 wants in a parameter.
func xtext(s string) string {
	return strings.NewReplacer("+", "+2B", "=", "+3D").Replace(s)
}

// refusal reads a no to one of the commands before the letter.
func refusal(step string, err error) result {
	o := read(fmt.Errorf("%s: %w", step, err))
	r := result{Outcome: o}
	about := step == "RCPT TO" || step == "DATA" || o.Code == 552 // the letter; else the server or the sender
	switch {
	case o.Code == 421, o.Code < 400 || o.Code > 599: // it hangs up, or speaks no SMTP
		r.Kind, r.Server, r.stale = Later, true, o.Code == 0 || o.Code == 421
	case !about:
		r.Kind, r.Server = Later, true
	case o.Code >= 500:
		r.Kind = Refused
	default:
		r.Kind = Later
	}
	return r
}

// give writes the whole letter. A zero Kind means: all of it left this machine.
func (c *line) give(raw []byte) Outcome {
	w := c.client.Text.W
	n, err := w.Write(raw)
	if err == nil {
		err = w.Flush()
	}
	switch {
	case err == nil:
		return Outcome{}
	case n-w.Buffered() < len(raw): // without its final dot it is no letter
		return Outcome{Kind: Later, Answer: plain("send the message: " + err.Error())}
	}
	return Outcome{Kind: Unsure, Answer: plain("end of the message: " + err.Error())}
}

// verdict is the server's answer to the whole letter.
func (c *line) verdict() Outcome {
	c.sent++
	code, text, err := c.client.Text.ReadResponse(250)
	if err == nil {
		c.reset = false
		return Outcome{Kind: Accepted, Code: code, Enhanced: enhanced(text), Answer: plain(text)}
	}
	o := read(fmt.Errorf("end of the message: %w", err))
	switch {
	case o.Code == 421:
		o.Kind, o.Server = Later, true
	case o.Code >= 400 && o.Code <= 499:
		o.Kind = Later
	case o.Code >= 500 && o.Code <= 599:
		o.Kind = Refused
	default: // silence, or words that are no answer
		o.Kind = Unsure
	}
	return o
}

// after closes a connection that cannot be used for the next letter.
func (c *line) after(r result) result {
	if r.Kind != Accepted && (r.Code < 400 || r.Code > 599 || r.Code == 421) {
		c.close()
	}
	return r
}

// read takes code and words out of an error.
func read(err error) Outcome {
	o := Outcome{Answer: plain(err.Error())}
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		o.Code, o.Enhanced = answer.Code, enhanced(answer.Msg)
	}
	return o
}

var status = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

func enhanced(text string) string { return status.FindString(text) }

// plain makes a server's words storable.
func plain(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "?")
	if len(s) > 1000 {
		s = strings.ToValidUTF8(s[:1000], "")
	}
	return s
}
