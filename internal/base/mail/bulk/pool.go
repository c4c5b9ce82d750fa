package bulk

import (
	"context"
	"sync"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/mail"
)

// Options are what a pool is opened with; the zero value works.
type Options struct {
	Connections int           // open at the same time, default 4, at most 100
	Answer      time.Duration // how long the final answer may take, default 10 min: giving up earlier makes doubles (RFC 5321, 4.5.3.2.6)
}

const mostConnections = 100

// Pool is a small number of connections to one server, opened when they are needed and
// kept. A letter that Send has begun is Unsure after a crash, so there are never more of
// them than connections.
type Pool struct {
	clk    *clock.Clock
	server *mail.Server
	answer time.Duration
	lines  chan *line // at rest; each is there, open or not
	closed chan struct{}
	once   sync.Once
}

// line is one connection and what is known about it. Without a client it is not open.
type line struct {
	conn   *mail.Conn
	client *smtp.Client
	sent   int  // letters given over this connection
	reset  bool // a transaction was begun and not finished
}

// Open checks the configuration; it opens no connection yet.
func Open(clk *clock.Clock, cfg mail.Config, o Options) (*Pool, error) {
	server, err := mail.NewServer(cfg)
	if err != nil {
		return nil, err
	}
	if o.Connections <= 0 {
		o.Connections = 4
	}
	if o.Answer <= 0 {
		o.Answer = 10 * time.Minute
	}
	o.Connections = min(o.Connections, mostConnections)
	p := &Pool{clk: clk, server: server, answer: o.Answer, lines: make(chan *line, o.Connections), closed: make(chan struct{})}
	for range o.Connections {
		p.lines <- &line{}
	}
	return p, nil
}

// Enabled reports whether an SMTP server is set.
func (p *Pool) Enabled() bool { return p.server.Config().Host != "" }

// Connections is how many letters may be under way at the same time.
func (p *Pool) Connections() int { return cap(p.lines) }

// Send gives one letter to the server and returns what became of it; it may be called from
// many goroutines and waits for a free connection. The end of ctx breaks the conversation
// off: Later before the whole letter was given, Unsure after that. A letter that cannot be
// written is Refused, and the server hears nothing of it.
func (p *Pool) Send(ctx context.Context, l Letter) Outcome {
	o := p.send(ctx, l)
	o.At = p.clk.Now()
	return o
}

func (p *Pool) send(ctx context.Context, l Letter) Outcome {
	cfg := p.server.Config()
	if cfg.Host == "" {
		return Outcome{Kind: Later, Server: true, Answer: "no mail server is set"}
	}
	if l.From == "" {
		l.From = cfg.From
	}
	if l.EnvelopeFrom == "" {
		l.EnvelopeFrom = l.From
	}
	if l.Date.IsZero() {
		l.Date = p.clk.Now()
	}
	if err := l.Check(); err != nil {
		return Outcome{Kind: Refused, Answer: plain(err.Error())}
	}
	e, err := l.envelope()
	if err != nil {
		return Outcome{Kind: Refused, Answer: plain(err.Error())}
	}
	select {
	case <-p.closed:
		return Outcome{Kind: Later, Server: true, Answer: "sending was stopped"}
	case <-ctx.Done():
		return Outcome{Kind: Later, Server: true, Answer: "sending was stopped"}
	case c := <-p.lines:
		defer func() { p.lines <- c }()
		return p.over(ctx, c, e)
	}
}

// over sends a letter over a connection. One that was at rest may have been closed by the
// server, or be full: then another is opened, once, if the letter was not given yet.
func (p *Pool) over(ctx context.Context, c *line, e *envelope) Outcome {
	for {
		used := c.sent > 0
		if c.client == nil {
			if o := p.connect(ctx, c); o.Kind != "" {
				return o
			}
		}
		o := p.converse(ctx, c, e)
		if used && o.Kind == Later && o.stale && ctx.Err() == nil {
			continue
		}
		return o.Outcome
	}
}

func (p *Pool) connect(ctx context.Context, c *line) Outcome {
	ctx, cancel := context.WithTimeout(ctx, p.server.Config().Timeout)
	defer cancel()
	conn, client, err := p.server.Connect(ctx)
	if err != nil {
		// Whatever the code: no letter was spoken of yet.
		o := read(err)
		o.Kind, o.Server = Later, true
		return o
	}
	*c = line{conn: conn, client: client}
	return Outcome{}
}

func (c *line) close() {
	if c.conn != nil {
		c.conn.Close()
	}
	*c = line{}
}

// Close says goodbye on all connections, after the letters under way are through.
func (p *Pool) Close() {
	p.once.Do(func() {
		close(p.closed)
		for range cap(p.lines) {
			c := <-p.lines
			if c.client == nil {
				continue
			}
			ctx, cancel := context.WithTimeout(clock.Background(), time.Second)
			stop := context.AfterFunc(ctx, func() { c.conn.Close() })
			_ = c.client.Quit() // nothing hangs on it
			stop()
			cancel()
			c.close()
		}
	})
}
