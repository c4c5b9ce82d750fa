// Package mail sends messages through an SMTP server, or keeps them readable
// where none is set. It carries the inward and outward word of "Required
// notification and communication … must take place in a timely manner" (policy
// 003): a message is committed together with the change that caused it, is sent
// at least once under one Message-ID, and says so when it may have gone twice.
//
// Writing the text is the caller's part. It must not import any chapter, any
// face, or another room of the ground floor than clock, fault, ident, job,
// store and who.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// TLS says how the connection to the SMTP server is protected.
type TLS string

// The ways.
const (
	StartTLS TLS = "starttls" // RFC 3207; refused by a server that does not offer it
	Implicit TLS = "tls"      // RFC 8314
	NoTLS    TLS = "none"     // no password is ever sent
)

// Config names the SMTP server. The zero value sends nothing: every message is
// kept in the outbox.
type Config struct {
	Host     string
	Port     int // 0: 587, 465 with TLS "tls", 25 with "none"
	User     string
	Password string
	TLS      TLS           // "" means starttls
	From     string        // the sender's address
	CAFile   string        // PEM file of authorities to trust instead of the machine's
	Timeout  time.Duration // for one whole conversation, default 15 s, at most 20 s
}

// Validate names each field that is wrong.
func (c Config) Validate() error {
	if c.Host == "" {
		if c.User != "" || c.Password != "" {
			return fault.InvalidField("smtp_host", "is missing although a user or password is set")
		}
		return nil
	}
	var wrong []fault.Field
	bad := func(field, msg string) { wrong = append(wrong, fault.Field{Field: field, Message: msg}) }
	if strings.ContainsFunc(c.Host, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '/' }) {
		bad("smtp_host", "must be a host name or address without a port")
	}
	if c.Port < 0 || c.Port > 65535 {
		bad("smtp_port", "must lie between 1 and 65535")
	}
	switch c.TLS {
	case "", StartTLS, Implicit, NoTLS:
	default:
		bad("smtp_tls", "must be starttls, tls or none")
	}
	if c.TLS == NoTLS && c.User != "" {
		bad("smtp_tls", "must be starttls or tls when a user is set: a password is never sent in clear")
	}
	if (c.User == "") != (c.Password == "") {
		bad("smtp_password", "user and password go together")
	}
	if !who.ValidEmail(c.From) {
		bad("smtp_from", "must be an address like wakebell@example.com")
	}
	if c.Timeout < 0 || c.Timeout > 20*time.Second {
		bad("smtp_timeout", "must be at most 20 seconds")
	}
	return fault.Invalids(wrong...)
}

func (c Config) withDefaults() Config {
	if c.TLS == "" {
		c.TLS = StartTLS
	}
	if c.Timeout == 0 {
		c.Timeout = 15 * time.Second
	}
	if c.Port == 0 {
		c.Port = map[TLS]int{StartTLS: 587, Implicit: 465, NoTLS: 25}[c.TLS]
	}
	return c
}

// Trust is how the certificate of a mail server is checked; caFile is a PEM file of
// authorities to trust instead of the machine's, "" for these.
func Trust(host, caFile string) (*tls.Config, error) {
	t := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if net.ParseIP(host) == nil {
		t.ServerName = strings.TrimSuffix(host, ".")
	}
	if caFile == "" {
		return t, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The file of mail authorities (smtp_ca_file) cannot be read")
	}
	t.RootCAs = x509.NewCertPool()
	if !t.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fault.InvalidField("smtp_ca_file", "holds no PEM certificate")
	}
	return t, nil
}

// State is where a message stands.
type State string

// The states.
const (
	Kept    State = "kept"    // no SMTP server is set; readable here
	Queued  State = "queued"  // waits for its first or next attempt
	Sending State = "sending" // an attempt runs, or its outcome is unknown
	Sent    State = "sent"    // the server has accepted it
	Failed  State = "failed"  // refused for good, or all attempts used
)

// Message is what a room wants said. To are bare addresses; all of them see
// each other and one refused address fails the message, so a call to a person
// is a message of its own. MessageID is made here when empty, else "<a@b>".
// About is an incident reference or a signal id. Drill puts "DRILL: " in front
// of the subject.
type Message struct {
	To        []string `json:"to"`
	Subject   string   `json:"subject"`
	Text      string   `json:"text"`
	MessageID string   `json:"message_id"`
	About     string   `json:"about"`
	Drill     bool     `json:"drill"`
}

// Item is a message in the outbox. Times are product time, zero = never.
// MaybeTwice says that it may have reached its recipients twice, with the same
// Message-ID.
type Item struct {
	ID string `json:"id"`
	Message
	State      State     `json:"state"`
	MaybeTwice bool      `json:"maybe_twice"`
	Attempts   int       `json:"attempts"`
	LastError  string    `json:"last_error"`
	Answer     string    `json:"answer"` // with which the server accepted it; often holds its own queue id
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
	SentAt     time.Time `json:"sent_at"`
}

const (
	jobKind     = "mail.send"
	maxAttempts = 100 // a mail server may be away for eight hours
	drillPrefix = "DRILL: "
	maxTo       = 100
	maxSubject  = 300
	maxText     = 1 << 20
)

// Outbox keeps and sends messages.
type Outbox struct {
	db     *store.DB
	clk    *clock.Clock
	jobs   *job.Runner
	log    *slog.Logger
	cfg    Config
	server *Server
}

// New returns the outbox and registers the job "mail.send" with jobs.
func New(db *store.DB, clk *clock.Clock, jobs *job.Runner, log *slog.Logger, cfg Config) (*Outbox, error) {
	server, err := NewServer(cfg)
	if err != nil {
		return nil, err
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	o := &Outbox{db: db, clk: clk, jobs: jobs, log: log, cfg: server.cfg, server: server}
	jobs.Register(jobKind, o.send)
	return o, nil
}

// Enabled reports whether an SMTP server is set.
func (o *Outbox) Enabled() bool { return o.cfg.Host != "" }

// Enqueue leaves a message behind in tx and returns its outbox id. Without an
// SMTP server it is kept, else it is queued with a job. Invalid names the field.
func (o *Outbox) Enqueue(tx *store.Tx, m Message) (string, error) {
	return o.enqueue(tx, m, time.Time{})
}

func (o *Outbox) enqueue(tx *store.Tx, m Message, jobAt time.Time) (string, error) {
	if !o.Enabled() {
		return o.insert(tx, m, Kept)
	}
	id, err := o.insert(tx, m, Queued)
	if err == nil {
		err = o.enqueueJob(tx, id, jobAt)
	}
	return id, err
}

func (o *Outbox) insert(tx *store.Tx, m Message, state State) (string, error) {
	if err := m.check(); err != nil {
		return "", fmt.Errorf("enqueue mail: %w", err)
	}
	now := o.clk.Now()
	id := ident.New(now)
	if m.MessageID == "" {
		m.MessageID = "<" + id + "@" + o.domain() + ">"
	}
	if m.Drill && !strings.HasPrefix(m.Subject, drillPrefix) {
		m.Subject = drillPrefix + m.Subject
	}
	to, err := json.Marshal(m.To)
	if err != nil {
		return "", fmt.Errorf("enqueue mail: %w", err)
	}
	us := clock.Micros(now)
	_, err = tx.Exec(`INSERT INTO mail_outbox (id, message_id, recipients, subject, body, about, drill, state,
		maybe_twice, attempts, last_error, answer, created_at, updated_at, sent_at)
		VALUES (?,?,?,?,?,?,?,?,0,0,'','',?,?,0)`,
		id, m.MessageID, string(to), m.Subject, m.Text, m.About, m.Drill, state, us, us)
	if err != nil {
		return "", fmt.Errorf("enqueue mail: %w", err)
	}
	return id, nil
}

type payload struct {
	ID string `json:"id"` // of the outbox row
}

func (o *Outbox) enqueueJob(tx *store.Tx, id string, at time.Time) error {
	return o.jobs.Enqueue(tx, job.Draft{Kind: jobKind, Payload: payload{id}, RunAt: at, Unique: id, MaxAttempts: maxAttempts})
}

func (o *Outbox) domain() string { return o.server.Domain() }

var messageID = regexp.MustCompile(`^<[!-;=?A-~]{1,120}@[!-;=?A-~]{1,120}>$`)

// check refuses what could not be sent, above all anything that could end a
// header line early.
func (m Message) check() error {
	var wrong []fault.Field
	bad := func(field, msg string) { wrong = append(wrong, fault.Field{Field: field, Message: msg}) }
	if len(m.To) == 0 || len(m.To) > maxTo {
		bad("to", fmt.Sprintf("needs 1 to %d addresses", maxTo))
	}
	for n, a := range m.To {
		if !who.ValidEmail(a) {
			bad(fmt.Sprintf("to[%d]", n), "must be an address like name@example.com")
		}
	}
	if strings.TrimSpace(m.Subject) == "" || !oneLine(m.Subject) || utf8.RuneCountInString(m.Subject) > maxSubject {
		bad("subject", fmt.Sprintf("must be one line of 1 to %d characters", maxSubject))
	}
	if !utf8.ValidString(m.Text) || strings.ContainsRune(m.Text, 0) || len(m.Text) > maxText {
		bad("text", "must be valid UTF-8 of at most 1 MiB")
	}
	if m.MessageID != "" && !messageID.MatchString(m.MessageID) {
		bad("message_id", "must look like <id@domain>")
	}
	if !oneLine(m.About) || len(m.About) > 200 {
		bad("about", "must be one line of at most 200 characters")
	}
	return fault.Invalids(wrong...)
}

func oneLine(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}

// Retry queues a failed or kept message again. Permission job.manage. It is a
// Conflict in another state or without an SMTP server.
func (o *Outbox) Retry(ctx context.Context, by who.Identity, id string) error {
	if err := who.Check(by, who.PermJobManage); err != nil {
		return err
	}
	if !o.Enabled() {
		return fault.New(fault.Conflict, "No SMTP server is set; messages are kept here")
	}
	_, err := o.db.Write(ctx, store.Op{Name: "mail.retry", Actor: by.Actor}, func(tx *store.Tx) error {
		m, err := find(ctx, tx, id)
		if err != nil {
			return err
		}
		if m.State != Failed && m.State != Kept {
			return fault.New(fault.Conflict, "Only a failed or kept message can be sent again")
		}
		_, err = tx.Exec(`UPDATE mail_outbox SET state='queued', updated_at=? WHERE id=?`, clock.Micros(o.clk.Now()), id)
		if err != nil {
			return err
		}
		return o.enqueueJob(tx, id, time.Time{})
	})
	if err != nil {
		return fmt.Errorf("retry mail %s: %w", id, err)
	}
	return nil
}
