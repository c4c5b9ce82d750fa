package mail_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/wakebell/wakebell/internal/base/mail"
)

// received is one message as the server took it.
type received struct {
	from, user string
	to         []string
	tls        bool
	header     netmail.Header
	body       string
}

// server is a real SMTP server in this process.
type server struct {
	port     int
	caFile   string
	password string

	mu     sync.Mutex
	got    []received
	refuse func(step, arg string) error // nil: accepts everything
	hangUp bool                         // takes the message and closes without an answer
}

func (s *server) messages() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.got...)
}

func (s *server) set(refuse func(step, arg string) error, hangUp bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse, s.hangUp = refuse, hangUp
}

func (s *server) ask(step, arg string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse == nil {
		return nil
	}
	return s.refuse(step, arg)
}

// serve starts a server. how says whether it speaks TLS; with a password it
// wants the user "bell".
func serve(t *testing.T, how mail.TLS, password string) *server {
	t.Helper()
	s := &server{password: password}
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{s: s, conn: c}, nil
	}))
	srv.Domain = "sink.example"
	srv.ErrorLog = quiet{}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = ln.Addr().(*net.TCPAddr).Port
	if how != mail.NoTLS {
		cert, file := selfMade(t)
		s.caFile = file
		srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
		if how == mail.Implicit {
			ln = tls.NewListener(ln, srv.TLSConfig)
		}
	}
	go srv.Serve(ln)
	t.Cleanup(func() { srv.Close() })
	return s
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func (s *server) config(how mail.TLS) mail.Config {
	c := mail.Config{
		Host: "127.0.0.1", Port: s.port, TLS: how, From: "bell@wake.example", CAFile: s.caFile,
		Timeout: 10 * time.Second,
	}
	if s.password != "" {
		c.User, c.Password = "bell", s.password
	}
	return c
}

// selfMade returns a certificate for 127.0.0.1 and the file that trusts it.
func selfMade(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sink"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

type session struct {
	s    *server
	conn *smtp.Conn
	msg  received
}

func (x *session) AuthMechanisms() []string {
	if x.s.password == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (x *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "bell" || password != x.s.password {
			return smtp.ErrAuthFailed
		}
		x.msg.user = user
		return nil
	}), nil
}

func (x *session) Mail(from string, _ *smtp.MailOptions) error {
	if x.s.password != "" && x.msg.user == "" {
		return smtp.ErrAuthRequired
	}
	x.msg.from = from
	return x.s.ask("mail", from)
}

func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	x.msg.to = append(x.msg.to, to)
	return x.s.ask("rcpt", to)
}

func (x *session) Data(r io.Reader) error {
	m, err := netmail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		return err
	}
	if err := x.s.ask("data", ""); err != nil {
		return err
	}
	_, x.msg.tls = x.conn.TLSConnectionState()
	x.msg.header, x.msg.body = m.Header, strings.ReplaceAll(string(body), "\r\n", "\n")
	x.s.mu.Lock()
	x.s.got = append(x.s.got, x.msg)
	hang := x.s.hangUp
	x.s.mu.Unlock()
	if hang {
		x.conn.Conn().Close()
		return errors.New("gone")
	}
	return nil
}

func (x *session) Reset()        { x.msg = received{user: x.msg.user} }
func (x *session) Logout() error { return nil }

func answer(code int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 0, 0}, Message: text}
}

func decodeHeader(t *testing.T, s string) string {
	t.Helper()
	out, err := new(mime.WordDecoder).DecodeHeader(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func decodeBody(t *testing.T, m received) string {
	t.Helper()
	if e := m.header.Get("Content-Transfer-Encoding"); e != "quoted-printable" {
		t.Fatalf("encoding %q", e)
	}
	b, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(m.body)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
