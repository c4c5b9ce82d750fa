package script

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	netmail "net/mail"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/emersion/go-smtp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/decide/duty"
)

// sink is the mail server of a script. It keeps the copies of notices, in the order they
// came; calls and mails to colleagues are the outbox's and stay out of it.
type sink struct {
	port int
	mu   sync.Mutex
	got  []letter
}

type letter struct{ to, id, subject, text string }

type session struct {
	s  *sink
	to string
}

func (*session) Mail(string, *smtp.MailOptions) error { return nil }
func (*session) Reset()                               {}
func (*session) Logout() error                        { return nil }

func (n *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	n.to = to
	return nil
}

func (n *session) Data(r io.Reader) error {
	m, err := netmail.ReadMessage(r)
	if err != nil {
		return err
	}
	l := letter{to: n.to, id: m.Header.Get("Message-Id"), subject: m.Header.Get("Subject")}
	if !strings.HasPrefix(l.id, "<n.") {
		return nil
	}
	if l.text, err = plain(m); err != nil {
		return err
	}
	n.s.mu.Lock()
	n.s.got = append(n.s.got, l)
	n.s.mu.Unlock()
	return nil
}

// plain is the part of a message that is words only.
func plain(m *netmail.Message) (string, error) {
	_, boundary, _ := strings.Cut(m.Header.Get("Content-Type"), "boundary=")
	parts := multipart.NewReader(m.Body, strings.Trim(boundary, `"`))
	for {
		p, err := parts.NextRawPart()
		if err != nil {
			return "", fmt.Errorf("no plain text in a notice: %w", err)
		}
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/plain") {
			b, err := io.ReadAll(quotedprintable.NewReader(p))
			return string(b), err
		}
	}
}

// cmdMailServer: mailserver — before start: notices and calls leave by a mail server that
// takes everything.
func cmdMailServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: mailserver")
	}
	s := &sink{}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{s: s}, nil }))
	srv.Domain, srv.ErrorLog = "sink.example", log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	s.port = l.Addr().(*net.TCPAddr).Port
	go srv.Serve(l) //nolint:errcheck // it ends with the script
	ts.Defer(func() { srv.Close() })
	ts.Value(worldKey{}).(*world).sink = s
}

// mail is how the program sends; without a mail server the outbox keeps everything.
func (w *world) mail() mail.Config {
	if w.sink == nil {
		return mail.Config{}
	}
	return mail.Config{Host: "127.0.0.1", Port: w.sink.port, TLS: mail.NoTLS, From: "notices@wakebell.example"}
}

// told are the copies whose subject has a word in it and whose address fits a pattern.
func (w *world) told(ts *testscript.TestScript, word, pattern string) []letter {
	if w.sink == nil {
		ts.Fatalf("the script has no mail server")
	}
	w.sink.mu.Lock()
	defer w.sink.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.sink.got), func(l letter) bool {
		fits, err := path.Match(pattern, l.to)
		ts.Check(err)
		return !fits || !strings.Contains(l.subject, word)
	})
}

// cmdTold: told WORD PATTERN [N] — who got a notice with that word in its subject, one
// address a line, in the order of the alphabet; each as often as they got it.
func cmdTold(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: told WORD PATTERN [N]")
	}
	list := worldOf(ts).told(ts, args[0], args[1])
	var to []string
	for _, l := range list {
		to = append(to, l.to+"\n")
	}
	slices.Sort(to)
	fmt.Fprint(ts.Stdout(), strings.Join(to, ""))
	if fits := len(to) > 0 && (len(args) < 3 || fmt.Sprint(len(to)) == args[2]); fits == neg {
		ts.Fatalf("%d copies of %q went to %s", len(to), args[0], args[1])
	}
}

// cmdLetter: letter WORD ADDRESS — the words of the newest such notice, and its Message-ID as $MESSAGE.
func cmdLetter(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: letter WORD ADDRESS")
	}
	list := worldOf(ts).told(ts, args[0], args[1])
	if len(list) == 0 {
		ts.Fatalf("nothing came to %s", args[1])
	}
	last := list[len(list)-1]
	ts.Setenv("MESSAGE", last.id)
	fmt.Fprintln(ts.Stdout(), last.subject+"\n\n"+last.text)
}

var pageLink = regexp.MustCompile(`/n/[^\s)>\]]+`)

// cmdVisit: visit WORD PATTERN [acknowledge] — those who got such a notice open its page,
// without an account and without script, and press its button.
func cmdVisit(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || len(args) > 3 || len(args) == 3 && args[2] != "acknowledge" {
		ts.Fatalf("usage: visit WORD PATTERN [acknowledge]")
	}
	list := worldOf(ts).told(ts, args[0], args[1])
	if len(list) == 0 {
		ts.Fatalf("nothing came to %s", args[1])
	}
	once := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, l := range list {
		link := ts.Getenv("WAKEBELL_URL") + pageLink.FindString(l.text)
		var res *http.Response
		var err error
		if len(args) == 3 {
			res, err = once.PostForm(link, url.Values{}) //nolint:noctx // it ends with the script
		} else {
			res, err = once.Get(link) //nolint:noctx // it ends with the script
		}
		ts.Check(err)
		b, err := io.ReadAll(res.Body)
		ts.Check(err)
		ts.Check(res.Body.Close())
		fmt.Fprintln(ts.Stdout(), string(b))
		if (res.StatusCode >= http.StatusBadRequest) != neg {
			ts.Fatalf("the page of %s: %s", l.to, res.Status)
		}
	}
}

// cmdDuties: duties REF KEY STATE N — so many duties of that key (it may end in *) stand so.
func cmdDuties(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: duties REF KEY STATE N")
	}
	w := worldOf(ts)
	st, err := w.app.Incidents.GetTx(w.app.DB, args[0])
	ts.Check(err)
	list, err := w.app.Duties.ForIncident(clock.Background(), w.app.DB, st.ID)
	ts.Check(err)
	now, n, other := w.app.Clock.Now(), 0, ""
	for _, d := range list {
		switch {
		case !match(args[1], d.Key):
		case d.At(now) == duty.State(args[2]):
			n++
		default:
			other += fmt.Sprintf("\n  %s %s", d.Key, d.At(now))
		}
	}
	if fmt.Sprint(n) != args[3] {
		ts.Fatalf("%d duties %s are %s, want %s; the others:%s", n, args[1], args[2], args[3], other)
	}
}

// agreements are what customers and we agreed about telling: hours, start, condition,
// acknowledgement, clause. The first has nothing but the policies' hours.
var agreements = [][]string{
	{"plain", "", "", "", "", ""},
	{"aware12", "12", "aware", "personal_data", "no", "DPA section 7"},
	{"ack24", "24", "discovered", "any", "yes", "MSA annex 4"},
	{"aware36", "36", "aware", "any", "no", "DPA article 9"},
	{"sure72", "72", "discovered", "confirmed", "no", "Order form section 12"},
	{"sure24", "24", "confirmed", "any", "no", "Security schedule 6"},
}

// cmdCustomers: customers N FILE SCOPE — N customers with different contracts for an
// import, the first of each contract with a second contact, and the ids of all as a scope.
// They are called like aware12-007 and read mail at security@aware12-007.example.
func cmdCustomers(ts *testscript.TestScript, neg bool, args []string) {
	var n int
	if neg || len(args) != 3 {
		ts.Fatalf("usage: customers N FILE SCOPE")
	}
	_, err := fmt.Sscan(args[0], &n)
	ts.Check(err)
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	write := func(line ...string) { ts.Check(out.Write(line)) }
	write("id", "name", "country", "language", "entity", "contract_hours", "contract_start", "contract_condition", "acknowledge", "clause",
		"personal_data_role", "liaison", "contact_name", "contact_email", "contact_phone")
	ids := []string{}
	for i := range n {
		k := agreements[i%len(agreements)]
		id := fmt.Sprintf("%s-%03d", k[0], i/len(agreements)+1)
		ids = append(ids, id)
		line := append([]string{id, "Customer " + id, []string{"DE", "FR", "IE"}[i%3], []string{"en", "de"}[i%2], "lumenhof-gmbh"}, k[1:]...)
		write(append(line, "controller", "key-account-1", "Security "+id, "security@"+id+".example", "")...)
		if i < len(agreements) {
			write(id, "", "", "", "", "", "", "", "", "", "", "", "Privacy "+id, "privacy@"+id+".example", "")
		}
	}
	out.Flush()
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b.Bytes(), 0o600))
	scope, err := json.Marshal(ids)
	ts.Check(err)
	old, err := os.ReadFile(ts.MkAbs(args[2]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), bytes.ReplaceAll(old, []byte(`"CUSTOMERS"`), scope), 0o600))
}

// cmdTimeline: timeline REF — all of it, page by page, as the API has it.
func cmdTimeline(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: timeline REF")
	}
	for cursor := ""; ; {
		req, err := http.NewRequestWithContext(clock.Background(), http.MethodGet,
			ts.Getenv("WAKEBELL_URL")+"/api/v1/incidents/"+args[0]+"/timeline?limit=200&cursor="+url.QueryEscape(cursor), nil)
		ts.Check(err)
		req.Header.Set("Authorization", "Bearer "+ts.Getenv("WAKEBELL_TOKEN"))
		res, err := http.DefaultClient.Do(req)
		ts.Check(err)
		var p struct {
			Items []struct{ Text string }
			Next  string
		}
		err = json.NewDecoder(res.Body).Decode(&p)
		res.Body.Close()
		ts.Check(err)
		for _, e := range p.Items {
			fmt.Fprintln(ts.Stdout(), e.Text)
		}
		if cursor = p.Next; cursor == "" {
			return
		}
	}
}
