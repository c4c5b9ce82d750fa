package settings

import (
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
	"github.com/wakebell/wakebell/internal/respond/escalation/ready"
	"github.com/wakebell/wakebell/internal/respond/escalation/trial"
	"github.com/wakebell/wakebell/internal/web/page"
)

// The pages of the health.
const (
	healthPath = "/settings/health"
	wakePath   = "/settings/wake"
)

type healthView struct {
	r      *page.Request
	report ready.Report
	web    *page.Web
	wake   bool // the viewer can be called for a test
}

func (s screen) health(r *page.Request) (page.Page, error) {
	rep, err := s.Health.Report(r.Context(), r.By)
	if err != nil {
		return page.Page{}, err
	}
	v := healthView{r: r, report: rep, web: s.web, wake: mayWake(r.By)}
	on := page.Any(page.On("directory"), page.On("person"), page.On("test_call"), page.On("call"), page.On("job"))
	list := page.Region{Name: "health", On: on, Body: healthBody(v)}
	return page.Page{
		Title: "System health", Nav: nav, Crumbs: crumbs(page.Crumb{Label: "System health"}), Lead: page.Text("Would an alarm at 3 a.m. reach someone?"),
		Narrow: true, Regions: []page.Region{list}, Body: list.Place(),
	}, nil
}

// answer is the one sentence on top.
func (v healthView) answer() (tone page.Tone, icon page.IconName, head, text string) {
	switch v.report.Answer {
	case ready.Bad:
		return page.Danger, page.IconBellOff, "No.", "An alarm may reach nobody. What is in the way:"
	case ready.Warn:
		return page.Warn, page.IconBellRing, "Yes, but not surely.", "An alarm gets through. What is weak:"
	case ready.Good:
	}
	return page.Good, page.IconBellRing, "Yes.", "Somebody is on call in every team, is reached, and has confirmed it."
}

func checkTag(s ready.State) page.Tag {
	switch s {
	case ready.Bad:
		return page.Tag{Text: "Bad", Icon: page.IconCircleX, Tone: page.Danger}
	case ready.Warn:
		return page.Tag{Text: "Weak", Icon: page.IconTriangleAlert, Tone: page.Warn}
	case ready.Good:
	}
	return page.Tag{Text: "Good", Icon: page.IconCircleCheck, Tone: page.Good}
}

// mend leads to where a check is mended; Label is "" when that is not on a page this viewer may open.
func (v healthView) mend(key string) page.Action {
	for _, m := range []struct {
		keys string
		a    page.Action
		perm who.Permission
	}{
		{"on_call", page.Action{Label: "Teams", Href: "/directory/teams"}, who.PermDirectoryRead},
		{"on_call", page.Action{Label: "Directory", Href: "/directory"}, who.PermDirectoryRead},
		{"people alarm", page.Action{Label: "People", Href: "/settings/people"}, who.PermPersonManage},
		{"tried", page.Action{Label: "Wake me", Href: wakePath}, who.PermOwnRead},
		{"mail", page.Action{Label: "Mail", Href: mailPath}, who.PermSystemRead},
		{"jobs", page.Action{Label: "Timed work", Href: jobsPath + "?state=dead"}, who.PermJobRead},
	} {
		path, _, _ := strings.Cut(m.a.Href, "?")
		for _, k := range strings.Fields(m.keys) {
			if k == key && v.web.Has(path) && v.r.By.Has(m.perm) {
				return m.a
			}
		}
	}
	return page.Action{}
}

// mayWake says whether the viewer can be called for a test, to leave the button out otherwise.
func mayWake(by who.Identity) bool {
	return by.Person != "" && (by.Has(who.PermCallAcknowledge) || by.Has(who.PermJobManage))
}

type wakeView struct {
	r     *page.Request
	last  trial.Trial
	found bool
	ways  []call.Channel
	stuck bool // the timed work does not take it
}

func (s screen) wake(r *page.Request) (page.Page, error) {
	last, found, err := s.Trials.Last(r.Context(), r.By)
	if err != nil {
		return page.Page{}, err
	}
	v := wakeView{r: r, last: last, found: found}
	if v.ways, _ = call.Reachable(r.Person); r.By.Person == "" {
		return page.Page{}, fault.New(fault.Conflict, "A test call wakes a person; this token belongs to none.")
	}
	v.stuck = found && r.Now.Sub(last.MadeAt) > time.Minute
	list := page.Region{Name: "woken", On: page.On("test_call"), Body: wakeBody(v)}
	return page.Page{
		Title: "Wake me", Nav: nav, Narrow: true, Crumbs: crumbs(page.Crumb{Label: "Wake me"}), Regions: []page.Region{list}, Body: wakePage(v, list),
		Lead: page.Text("A test call to yourself: which of your ways really reach you?"),
	}, nil
}

func (s screen) doWake(r *page.Request) (page.Done, error) {
	if _, err := s.Trials.Make(r.Context(), r.By); err != nil {
		return page.Done{}, err
	}
	return page.Done{To: wakePath, Say: "You are being called. Take your phone."}, nil
}

func wayWord(c call.Channel) string {
	if c == call.Webhook {
		return "Webhook"
	}
	return "E-mail"
}

func wayIcon(c call.Channel) page.IconName {
	if c == call.Webhook {
		return page.IconPlug
	}
	return page.IconMail
}

// where says which address a way leads to. Of a webhook the host alone: its path may be a secret.
func (v wakeView) where(c call.Channel) string {
	if c == call.Webhook {
		_, rest, _ := strings.Cut(v.r.Person.Webhook, "://")
		host, _, _ := strings.Cut(rest, "/")
		return host
	}
	return v.r.Person.Email
}

func wayTag(w trial.Way) page.Tag {
	switch w.State {
	case trial.Arrived:
		return page.Tag{Text: "Arrived", Icon: page.IconCircleCheck, Tone: page.Good}
	case trial.Sent:
		return page.Tag{Text: "Handed over", Icon: page.IconSend, Tone: page.Accent}
	case trial.Failed:
		return page.Tag{Text: "Failed", Icon: page.IconCircleX, Tone: page.Danger}
	case trial.Kept:
		return page.Tag{Text: "Kept in the outbox", Icon: page.IconArchive, Tone: page.Danger}
	case trial.Waiting:
	}
	return page.Tag{Text: "On its way", Icon: page.IconHourglass, Tone: page.Warn}
}

// wayText says what it means and what to do.
func (v wakeView) wayText(w trial.Way) string {
	switch w.State {
	case trial.Arrived:
		return "You confirmed it " + page.Span(w.ArrivedAt.Sub(v.last.MadeAt)) + " after you asked."
	case trial.Sent:
		return "Open the link in the message and press the button. If nothing comes, this way does not reach you."
	case trial.Failed:
		text := "It could not be handed over: " + w.Error + "."
		if r := mail.Remedy(w.Error); r != "" && w.Channel == call.Email {
			text += " " + r
		}
		return text
	case trial.Kept:
		return "No mail server is set, so it goes nowhere."
	case trial.Waiting:
	}
	if v.stuck {
		return "The timed work has not taken it for a minute. A real call would wait as well."
	}
	return "The timed work takes it in a moment."
}

// woken is the page behind the link of a test call. Opening it notes nothing.
func (s screen) woken(r *page.Request) (page.Page, error) {
	w, err := s.Trials.ByLink(r.Context(), r.PathValue("secret"))
	if err != nil {
		return page.Page{}, err
	}
	return page.Page{Title: "Test call", Bare: true, Narrow: true, Body: wokenPage(r, w)}, nil
}

func (s screen) doWoken(r *page.Request) (page.Done, error) {
	if _, err := s.Trials.Arrive(r.Context(), r.PathValue("secret")); err != nil {
		return page.Done{}, err
	}
	return page.Done{To: trial.Path + r.PathValue("secret")}, nil
}
