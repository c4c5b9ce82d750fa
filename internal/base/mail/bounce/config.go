package bounce

import (
	"net"
	"strings"
	"time"
	"unicode"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/who"
)

// Config names where reports and answers come to, and the mailbox they are read from. The
// zero value reads nothing.
type Config struct {
	// Address is the envelope sender and Reply-To of notices. A "*" in it stands for the
	// recipient's own mark, where the mail server delivers "notices+anything@example.com" to
	// "notices@example.com".
	Address  string
	Host     string // of the IMAP server
	Port     int    // 0: 993 with TLS "tls", else 143
	User     string
	Password string
	TLS      mail.TLS // "" means tls; none only on this machine
	CAFile   string
	Folder   string        // default INBOX
	Every    time.Duration // default 1 min, at least 10 s
}

// Enabled reports whether there is a mailbox to read.
func (c Config) Enabled() bool { return c.Host != "" }

// AddressFor is where reports and answers of one recipient come to; mark is made of letters,
// digits and dashes. "" without an address.
func (c Config) AddressFor(mark string) string { return strings.ReplaceAll(c.Address, "*", mark) }

// markIn is the mark in the first of the addresses that AddressFor made, "" for none: a
// report that names no message still came to an address of its own.
func (c Config) markIn(addresses []string) string {
	before, after, ok := strings.Cut(c.Address, "*")
	if !ok {
		return ""
	}
	for _, a := range addresses {
		if len(a) > len(before)+len(after) && strings.EqualFold(a[:len(before)], before) && strings.EqualFold(a[len(a)-len(after):], after) {
			return a[len(before) : len(a)-len(after)]
		}
	}
	return ""
}

// Validate names each field that is wrong.
func (c Config) Validate() error {
	var wrong []fault.Field
	need := func(ok bool, field, msg string) {
		if !ok {
			wrong = append(wrong, fault.Field{Field: field, Message: msg})
		}
	}
	local, domain, _ := strings.Cut(c.Address, "@")
	need(c.Address == "" || who.ValidEmail(c.AddressFor("x")) && strings.Count(local, "*") <= 1 && !strings.Contains(domain, "*"), "bounce_address",
		"must be an address like notices@example.com or notices+*@example.com")
	if c.Host == "" {
		need(c.User == "" && c.Password == "", "bounce_imap_host", "is missing although a user or password is set")
		return fault.Invalids(wrong...)
	}
	need(!strings.ContainsFunc(c.Host, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '/' }), "bounce_imap_host",
		"must be a host name or address without a port")
	need(c.Port >= 0 && c.Port <= 65535, "bounce_imap_port", "must lie between 1 and 65535")
	need(c.User != "" && c.Password != "", "bounce_imap_user", "the mailbox needs a user and a password")
	switch c.TLS {
	case "", mail.StartTLS, mail.Implicit:
	case mail.NoTLS:
		ip := net.ParseIP(c.Host)
		need(c.Host == "localhost" || ip != nil && ip.IsLoopback(), "bounce_imap_tls", "must be tls or starttls: a password is never sent in clear to another machine")
	default:
		need(false, "bounce_imap_tls", "must be tls, starttls or none")
	}
	need(line(c.Folder, 200) == c.Folder, "bounce_imap_folder", "must be one line of at most 200 bytes")
	need(c.Every == 0 || c.Every >= 10*time.Second, "bounce_imap_every", "must be at least 10 seconds")
	return fault.Invalids(wrong...)
}

func (c Config) withDefaults() Config {
	if c.TLS == "" {
		c.TLS = mail.Implicit
	}
	if c.Port == 0 {
		c.Port = 143
		if c.TLS == mail.Implicit {
			c.Port = 993
		}
	}
	if c.Folder == "" {
		c.Folder = "INBOX"
	}
	if c.Every == 0 {
		c.Every = time.Minute
	}
	return c
}

// name is what the place in the mailbox is kept under.
func (c Config) name() string { return c.User + " " + c.Host + " " + c.Folder }
