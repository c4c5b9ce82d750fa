package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/wneessen/go-mail/smtp"
)

// Server is the way to the SMTP server of a Config, for those who hold a conversation of
// their own with it (base/mail/bulk).
type Server struct {
	cfg Config
	tls *tls.Config
}

// NewServer checks the configuration; Config.Host may be empty, then nothing connects.
func NewServer(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	cfg = cfg.withDefaults()
	trust, err := Trust(cfg.Host, cfg.CAFile)
	if err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return &Server{cfg: cfg, tls: trust}, nil
}

// Config is what the server was made with, defaults filled in.
func (s *Server) Config() Config { return s.cfg }

// heard is how much a server may say before it is cut off: its words are kept in memory,
// and a reply may have any number of lines.
const heard = 1 << 20

// Conn is an open connection to the server. Close may be called at any time, by anybody:
// it ends whatever waits on the connection.
type Conn struct {
	net.Conn
	left atomic.Int64
}

// Listen lets the server say as much again as it may in one conversation.
func (c *Conn) Listen() { c.left.Store(heard) }

func (c *Conn) Read(p []byte) (int, error) {
	if c.left.Load() <= 0 {
		return 0, errors.New("the server talks without end")
	}
	n, err := c.Conn.Read(p)
	c.left.Add(-int64(n))
	return n, err
}

// Connect opens a connection, says hello, protects it and signs in, as the configuration
// says; the end of ctx ends the attempt. An error names the step.
func (s *Server) Connect(ctx context.Context) (*Conn, *smtp.Client, error) {
	raw, err := s.dial(ctx)
	if err != nil {
		return nil, nil, failure("connect", err)
	}
	conn := &Conn{Conn: raw}
	conn.Listen()
	// The protocol package knows no context: its end closes the connection.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	c, err := smtp.NewClient(conn, s.cfg.Host)
	if err != nil {
		err = failure("greeting", err)
	} else {
		err = s.introduce(c)
	}
	if !stop() && err == nil {
		err = failure("connect", ctx.Err())
	}
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return conn, c, nil
}

func (s *Server) dial(ctx context.Context) (net.Conn, error) {
	addr := net.JoinHostPort(s.cfg.Host, strconv.Itoa(s.cfg.Port))
	if s.cfg.TLS == Implicit {
		d := tls.Dialer{Config: s.tls}
		return d.DialContext(ctx, "tcp", addr)
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", addr)
}

// introduce says hello, protects the connection and signs in.
func (s *Server) introduce(c *smtp.Client) error {
	if err := c.Hello(s.Domain()); err != nil {
		return failure("EHLO", err)
	}
	if s.cfg.TLS == StartTLS {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return failure("STARTTLS", errors.New("the server does not offer it"))
		}
		if err := c.StartTLS(s.tls); err != nil {
			return &deliveryError{err: fmt.Errorf("STARTTLS: %w", err)}
		}
	}
	if s.cfg.User == "" {
		return nil
	}
	_, offered := c.Extension("AUTH")
	var how smtp.Auth
	switch mechanisms := strings.Fields(offered); {
	case contains(mechanisms, "SCRAM-SHA-256"):
		how = smtp.ScramSHA256Auth(s.cfg.User, s.cfg.Password)
	case contains(mechanisms, "PLAIN"):
		how = smtp.PlainAuth("", s.cfg.User, s.cfg.Password, s.cfg.Host, false)
	case contains(mechanisms, "LOGIN"):
		how = smtp.LoginAuth(s.cfg.User, s.cfg.Password, s.cfg.Host, false)
	default:
		return failure("AUTH", errors.New("the server offers none of SCRAM-SHA-256, PLAIN, LOGIN"))
	}
	if err := c.Auth(how); err != nil {
		// A wrong password is the operator's to cure, not this message's fault:
		// it stays queued, whatever the code.
		return &deliveryError{err: fmt.Errorf("AUTH: %w", err)}
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if strings.EqualFold(x, s) {
			return true
		}
	}
	return false
}

// Domain is the right side of Message-IDs; ".invalid" is reserved (RFC 2606).
func (s *Server) Domain() string {
	if _, domain, ok := strings.Cut(s.cfg.From, "@"); ok {
		return domain
	}
	return "wakebell.invalid"
}
