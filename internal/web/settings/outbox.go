package settings

import (
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/web/page"
)

// outboxPath is the page of the outbox.
const outboxPath = "/settings/outbox"

// twice is the filter for messages that may have gone out two times; it is no state of its own.
const twice = "twice"

const listed = 50 // rows of a page

type outboxView struct {
	r     *page.Request
	state string
	about string
	list  []mail.Item
	next  string
}

func (s screen) outbox(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermOutboxRead); err != nil {
		return page.Page{}, err
	}
	v := outboxView{r: r, state: r.Query("state"), about: r.Query("about")}
	f := mail.Filter{State: mail.State(v.state), About: v.about}
	if v.state == twice {
		f.State, f.MaybeTwice = "", true
	}
	var cursor string
	var err error
	if v.list, cursor, err = s.Outbox.List(r.Context(), r.By, f, r.Query("after"), listed); err != nil {
		return page.Page{}, err
	}
	if cursor != "" {
		v.next = r.Path("after", cursor)
	}
	list := page.Region{Name: "messages", On: page.Any(page.On("call"), page.On("account"), page.On("test_call")), Body: outboxList(v)}
	return page.Page{
		Title: "Outbox", Nav: nav, Crumbs: crumbs(page.Crumb{Label: "Outbox"}), Regions: []page.Region{list}, Body: outboxPage(v, list),
		Lead: page.Text("Every message that was written: what was sent, what waits, what failed."),
	}, nil
}

// states of the filter, in the order in which a message goes through them.
func (v outboxView) states() []page.Choice {
	var out []page.Choice
	for _, c := range [][2]string{
		{"", "All"}, {"queued", "Queued"}, {"sending", "Sending"}, {"sent", "Sent"}, {"failed", "Failed"}, {"kept", "Kept"}, {twice, "Maybe sent twice"},
	} {
		out = append(out, page.Choice{Label: c[1], Href: v.r.Path("state", c[0]), On: v.state == c[0]})
	}
	return out
}

// nothing says why the list is empty.
func (v outboxView) nothing() page.Nothing {
	n := page.Nothing{
		Icon: page.IconSend, Title: "Nothing here",
		Text: map[string]string{
			"queued": "A message waits here until the mail server takes it: for a moment, or while the server is away.", "sending": "A message stands here while the mail server hears it.",
			"failed": "A message that the mail server refuses for good appears here, with its answer.", "kept": "Without a mail server, messages are kept here to be read.",
			twice: "A message whose first sending had no answer is sent again, and then appears here.", "sent": "What the mail server has accepted appears here.",
		}[v.state],
		Action: page.Action{Label: "Show all messages", Icon: page.IconListFilter, Href: outboxPath},
	}
	if v.state == "" && v.about == "" {
		n.Title, n.Text = "No message was written yet", "Calls, reminders and notices appear here once the system writes to somebody. A test message is the first."
		n.Action = page.Action{Label: "Mail set-up", Icon: page.IconMail, Href: mailPath}
	}
	return n
}

// mailTag says where a message stands.
func mailTag(m mail.Item) page.Tag {
	switch m.State {
	case mail.Sent:
		return page.Tag{Text: "Sent", Icon: page.IconMailCheck, Tone: page.Good}
	case mail.Failed:
		return page.Tag{Text: "Failed", Icon: page.IconMailX, Tone: page.Danger}
	case mail.Sending:
		return page.Tag{Text: "Sending", Icon: page.IconSend, Tone: page.Accent}
	case mail.Queued:
		return page.Tag{Text: "Queued", Icon: page.IconHourglass, Tone: page.Warn}
	}
	return page.Tag{Text: "Kept here", Icon: page.IconArchive}
}

type messageView struct {
	r     *page.Request
	m     mail.Item
	about string // address of what it is about; "" = not for this viewer
	again bool   // it may be sent again, by this viewer
}

func (s screen) message(r *page.Request) (page.Page, error) {
	m, err := s.Outbox.Read(r.Context(), r.By, r.PathValue("id"))
	if err != nil {
		return page.Page{}, err
	}
	v := messageView{r: r, m: m, about: s.aboutPath(r, m.About)}
	v.again = r.By.Has(who.PermJobManage) && s.Outbox.Enabled() && (m.State == mail.Failed || m.State == mail.Kept)
	state := page.Region{Name: "state", On: page.Any(page.On("call"), page.On("test_call")), Body: messageState(v)}
	return page.Page{
		Title: m.Subject, Nav: nav, Narrow: true, Drill: m.Drill, Regions: []page.Region{state}, Body: messagePage(v, state),
		Crumbs: crumbs(page.Crumb{Label: "Outbox", Href: outboxPath}, page.Crumb{Label: "Message"}),
	}, nil
}

// aboutPath leads to the incident or signal of a message, for those who may read it.
func (s screen) aboutPath(r *page.Request, about string) string {
	path, perm := "/triage/"+about, who.PermSignalRead
	if strings.HasPrefix(about, "INC-") || strings.HasPrefix(about, "DRILL-") {
		path, perm = "/incidents/"+about, who.PermIncidentRead
	}
	if about == "" || !r.By.Has(perm) {
		return ""
	}
	return path
}

func (s screen) doResend(r *page.Request) (page.Done, error) {
	id := r.PathValue("id")
	if err := s.Outbox.Retry(r.Context(), r.By, id); err != nil {
		return page.Done{}, err
	}
	return page.Done{To: outboxPath + "/" + id, Say: "The message is queued again."}, nil
}

// shortAbout is what a message is about, for people: an incident by its reference, a signal by that word.
func shortAbout(about string) string {
	if len(about) == 36 && strings.Count(about, "-") == 4 {
		return "A signal"
	}
	return about
}

func number(n int) string { return strconv.Itoa(n) }
