package settings

import (
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/mail/bounce"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/web/page"
)

// mailPath is the page of the mail set-up.
const mailPath = "/settings/mail"

// lastShown is how many of the last messages the page of the mail set-up lists.
const lastShown = 5

type mailView struct {
	r      *page.Request
	setup  mail.Setup
	outbox bool // the viewer may read it
	last   []mail.Item
	test   bool      // the viewer may send one
	tested mail.Item // the test message that was just sent
	back   bounce.Standing
}

func (s screen) mail(r *page.Request) (page.Page, error) {
	v := mailView{r: r, outbox: r.By.Has(who.PermOutboxRead), test: r.By.Has(who.PermJobManage) && r.By.Person != ""}
	var err error
	if v.setup, err = s.Outbox.Setup(r.By); err != nil {
		return page.Page{}, err
	}
	if v.back, err = s.Bounces.Standing(r.Context(), r.By); err != nil {
		return page.Page{}, err
	}
	if v.outbox {
		if v.last, _, err = s.Outbox.List(r.Context(), r.By, mail.Filter{}, "", lastShown); err != nil {
			return page.Page{}, err
		}
		if id := r.Query("test"); id != "" {
			if v.tested, err = s.Outbox.Read(r.Context(), r.By, id); err != nil {
				return page.Page{}, err
			}
		}
	}
	return page.Page{
		Title: "Mail", Nav: nav, Narrow: true, Crumbs: crumbs(page.Crumb{Label: "Mail"}), Body: mailPage(v),
		Lead: page.Text("How messages leave, whether they do, and what comes back."),
	}, nil
}

func (s screen) doTestMail(r *page.Request) (page.Done, error) {
	m, err := s.Outbox.Test(r.Context(), r.By)
	if err != nil {
		return page.Done{}, err
	}
	return page.Done{To: mailPath + "?test=" + m.ID}, nil
}

// option is one setting, as it is and how it is changed.
type option struct{ Label, Value, Flag, Env string }

// options are what the server was started with. Never the password.
func (v mailView) options() []option {
	c := v.setup
	password := "Not set"
	if c.Password {
		password = "Set, and never shown"
	}
	guard := map[mail.TLS]string{
		mail.StartTLS: "STARTTLS: the connection is protected before anything is said",
		mail.Implicit: "TLS from the first byte", mail.NoTLS: "None: the connection is not protected",
	}[c.TLS]
	list := []option{
		{"Server", c.Host, "--smtp-host", "WAKEBELL_SMTP_HOST"},
		{"Port", number(c.Port), "--smtp-port", "WAKEBELL_SMTP_PORT"},
		{"Protection", guard, "--smtp-tls", "WAKEBELL_SMTP_TLS"},
		{"Sender", c.From, "--smtp-from", "WAKEBELL_SMTP_FROM"},
		{"User", orDash(c.User), "--smtp-user", "WAKEBELL_SMTP_USER"},
		{"Password", password, "", "WAKEBELL_SMTP_PASSWORD or WAKEBELL_SMTP_PASSWORD_FILE"},
		{"Trusted authorities", c.CAFile, "--smtp-ca-file", "WAKEBELL_SMTP_CA_FILE"},
	}
	if c.CAFile == "" {
		list[6].Value = "Those of this machine"
	}
	if !c.Enabled {
		for i := range list {
			list[i].Value = ""
		}
	}
	return list
}

// returns are where what comes back is read from.
func (v mailView) returns() []option {
	c := v.back
	list := []option{
		{"Reports and answers go to", c.Address, "--bounce-address", "WAKEBELL_BOUNCE_ADDRESS"},
		{"Mailbox", "", "--bounce-imap-host", "WAKEBELL_BOUNCE_IMAP_HOST"},
	}
	if c.Address == "" {
		list[0].Value = "The sender’s address"
	}
	if c.Enabled {
		list[1].Value = c.Folder + " on " + c.Host
	}
	return list
}
