package roll

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail/bulk"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/hook"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

const (
	maxLine = 200
	maxCell = 4000 // characters of one value of an imported line
)

// CheckContact refuses a contact that could not be used, naming each wrong field.
func CheckContact(c Contact, ch Channel) error {
	var wrong []fault.Field
	need := func(ok bool, field, msg string) {
		if !ok {
			wrong = append(wrong, fault.Field{Field: field, Message: msg})
		}
	}
	need(ch == "" || ch.Valid(), "channel", "must be one of email, page, webhook, letter, phone and handed_over")
	need(bulk.ValidLine(c.Name, maxLine), "name", "must be one line of at most 200 ordinary characters")
	need(bulk.ValidLine(c.Role, maxLine), "role", "must be one line of at most 200 ordinary characters")
	need(c.Email == "" || bulk.ValidAddress(c.Email), "email", "must be an address like name@example.com")
	need(c.Phone == "" || validPhone(c.Phone), "phone", "must be a number like +49 30 123456")
	need(c.Webhook == "" || hook.Valid(c.Webhook), "webhook", "must be an http or https address without a user or password")
	need(validLines(c.Postal), "postal", "must be a postal address of at most 10 lines")
	return fault.Invalids(wrong...)
}

func validPhone(s string) bool {
	digits := 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			digits++
		} else if !strings.ContainsRune("+ ()/.-", r) {
			return false
		}
	}
	return digits >= 3 && len(s) <= 40
}

func validLines(s string) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= 1000 && strings.Count(s, "\n") < 10 &&
		!strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && unicode.IsControl(r) })
}

// reach puts a recipient on its first way.
func reach(r Recipient, how Ways, known *bulk.Domains) Recipient {
	r = item.First(r, how.of(r))
	r.Warning = suspect(r, known.Lookalike)
	return r
}

// Suspect says why a contact that is given by hand should be looked at, "" for nothing: advice,
// as for a file, which keeps nobody from using it.
func (s *Service) Suspect(r store.Reader, c Contact) (string, error) {
	dir, err := s.dirs.Snapshot(r)
	if err != nil {
		return "", err
	}
	return suspect(Recipient{Contacts: []Contact{c}}, domains(dir, s.from).Lookalike), nil
}

// suspect says why a domain that a copy may go to should be looked at, "" for nothing. Every
// contact counts: where one does not answer, the copy goes on to the next, and nobody is
// asked.
func suspect(r Recipient, look func(domain string) string) string {
	for n, c := range r.Contacts {
		_, domain, _ := strings.Cut(c.Email, "@")
		host := ""
		if u, err := url.Parse(c.Webhook); err == nil {
			host = u.Hostname()
		}
		for _, x := range []struct{ what, domain string }{{"address", domain}, {"webhook", host}} {
			if x.domain == "" {
				continue
			}
			why := look(x.domain)
			switch {
			case why == "":
			case n > 0:
				return "The domain of another contact's " + x.what + ": " + why
			default:
				return "The domain of the " + x.what + ": " + why
			}
		}
	}
	return ""
}
