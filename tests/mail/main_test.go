// Package mail sends notices through a mail server that is not ours (Postfix, with Dovecot for the
// mailboxes), reads what arrived and what came back. It carries out "Required notification and
// communication … must take place" where it counts: at somebody else's door. The server is started by
// scripts/mailserver.sh; where it cannot be had the tests fail and say what to install.
package mail

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/mail/bounce"
)

// outside is the mail server.
type outside struct {
	smtp, imap, ca, password string
	end                      func()
}

// started starts the server once for all tests, or takes the one that is named.
var started = sync.OnceValues(func() (*outside, error) {
	if addr := os.Getenv("WAKEBELL_TEST_SMTP"); addr != "" {
		return &outside{addr, os.Getenv("WAKEBELL_TEST_IMAP"), os.Getenv("WAKEBELL_TEST_MAIL_CA"), os.Getenv("WAKEBELL_TEST_MAIL_PASSWORD"), func() {}}, nil
	}
	cmd := exec.Command(filepath.Join("..", "..", "scripts", "mailserver.sh"), "sh", "-c",
		`echo "ready $WAKEBELL_TEST_SMTP $WAKEBELL_TEST_IMAP $WAKEBELL_TEST_MAIL_CA $WAKEBELL_TEST_MAIL_PASSWORD"; cat`)
	var said strings.Builder
	cmd.Stderr = &said
	in, err := cmd.StdinPipe() // its end is the end of the server
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	end := func() {
		in.Close()
		_ = cmd.Wait()
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	f := strings.Fields(line)
	if err != nil || len(f) != 5 || f[0] != "ready" {
		end()
		return nil, fmt.Errorf("scripts/mailserver.sh: %s", strings.TrimSpace(said.String()))
	}
	return &outside{f[1], f[2], f[3], f[4], end}, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if s, err := started(); err == nil {
		s.end()
	}
	os.Exit(code)
}

func server(t *testing.T) *outside {
	t.Helper()
	s, err := started()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func hostPort(t *testing.T, addr string) (string, int) {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return host, n
}

// out is how we send: with STARTTLS and a password.
func (s *outside) out(t *testing.T) mail.Config {
	t.Helper()
	host, port := hostPort(t, s.smtp)
	return mail.Config{
		Host: host, Port: port, User: "notices@bell.example", Password: s.password, TLS: mail.StartTLS, From: "notices@bell.example",
		CAFile: s.ca, Timeout: 15 * time.Second,
	}
}

// back is where we read what comes back.
func (s *outside) back(t *testing.T) bounce.Config {
	t.Helper()
	host, port := hostPort(t, s.imap)
	return bounce.Config{
		Address: "notices+*@bell.example", Host: host, Port: port, User: "notices@bell.example", Password: s.password, CAFile: s.ca,
		Every: 10 * time.Second,
	}
}
