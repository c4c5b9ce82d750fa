// Package settings is how people come in and what they set up: sign-in, the
// first run, one-time links, the own account with its sessions, people with
// their roles, API tokens, the mail set-up, the outbox, timed work and the
// health of the system. It answers "who may do what here, who is signed in, and
// would an alarm reach someone?" and carries out "All information concerning an incident is to be
// considered confidential" (policy 003). Every rule stands in base/who,
// base/mail, base/job and respond/escalation. It must not import another screen, the API, the command
// line or app.
package settings

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/mail/bounce"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/account"
	"github.com/wakebell/wakebell/internal/respond/escalation/ready"
	"github.com/wakebell/wakebell/internal/respond/escalation/trial"
	"github.com/wakebell/wakebell/internal/web/page"
)

// Deps is what the screens stand on.
type Deps struct {
	People   *who.Service
	Accounts *account.Service
	BaseURL  string // how people reach the server, for one-time links; without a slash at the end
	Outbox   *mail.Outbox
	Bounces  *bounce.Service
	Jobs     *job.Runner
	Health   *ready.Service
	Trials   *trial.Service
}

// SignInPath is the page that asks who one is.
const SignInPath = "/sign-in"

type screen struct {
	Deps
	web *page.Web
}

// Mount registers the screens.
func Mount(w *page.Web, d Deps) {
	s := screen{d, w}
	w.ShowAnyone(SignInPath, s.signIn)
	w.PostAnyone(SignInPath, s.doSignIn, s.signIn)
	w.PostAnyone("/sign-out", s.doSignOut, nil)
	w.ShowAnyone("/welcome/{secret}", s.welcome)
	w.PostAnyone("/welcome/{secret}", s.doWelcome, s.welcome)
	if d.Accounts.Demo() {
		w.ShowAnyone("/demo", s.demo)
		w.PostAnyone("/demo", s.doDemo, s.demo)
	}

	w.Show("/settings", s.index)
	w.Show("/settings/account", s.account)
	w.Post("/settings/account/passphrase", s.doPassphrase, s.account)
	w.Post("/settings/account/sessions", s.doEndOwn, s.account)
	w.Post("/settings/account/keys", s.doKeys, s.account)

	w.Show("/settings/people", s.people)
	w.Show("/settings/people/new", s.newPerson)
	w.Post("/settings/people/new", s.doNewPerson, s.newPerson)
	w.Show("/settings/people/{id}", s.person)
	w.Post("/settings/people/{id}", s.doPerson, s.person)
	w.Post("/settings/people/{id}/link", s.doLink, s.person)
	w.Post("/settings/people/{id}/sessions", s.doEndTheirs, s.person)

	w.Show("/settings/tokens", s.tokens)
	w.Post("/settings/tokens", s.doToken, s.tokens)
	w.Post("/settings/tokens/revoke", s.doRevoke, s.tokens)
	s.mountSystem(w)
}

// mountSystem registers what runs beside people: mail, timed work, health.
func (s screen) mountSystem(w *page.Web) {
	w.Show(mailPath, s.mail)
	w.Post(mailPath+"/test", s.doTestMail, s.mail)
	w.Show(outboxPath, s.outbox)
	w.Show(outboxPath+"/{id}", s.message)
	w.Post(outboxPath+"/{id}/retry", s.doResend, s.message)
	w.Show(jobsPath, s.jobs)
	w.Show(jobsPath+"/{id}", s.job)
	w.Post(jobsPath+"/{id}/retry", s.doRetryJob, s.job)
	w.Post(jobsPath+"/{id}/discard", s.doDiscardJob, s.job)
	w.Show(healthPath, s.health)
	w.Show(wakePath, s.wake)
	w.Post(wakePath, s.doWake, s.wake)
	w.ShowAnyone(trial.Path+"{secret}", s.woken)
	w.PostAnyone(trial.Path+"{secret}", s.doWoken, s.woken)
}

// nav is the entry of the menu all these pages belong to.
const nav = "/settings"

// section is one page of the settings.
type section struct {
	Label, Path, Text string
	Icon              page.IconName
	perms             []who.Permission // any of them opens it; none: everybody
}

// sections lists all pages of the settings, of this screen and of others. One is
// shown once its path is registered and the viewer may open it.
func sections() []section {
	perms := func(p ...who.Permission) []who.Permission { return p }
	return []section{
		{"My account", "/settings/account", "Your passphrase, where you are signed in, and how the keyboard works.", page.IconUserRound, nil},
		{"Wake me", wakePath, "A test call to yourself: which of your ways really reach you?", page.IconBellRing, perms(who.PermCallAcknowledge, who.PermJobManage)},
		{"System health", healthPath, "Would an alarm at 3 a.m. reach someone?", page.IconHeartPulse, perms(who.PermSystemRead)},
		{"People and roles", "/settings/people", "Who may do what, and who can sign in.", page.IconUsersRound, perms(who.PermPersonManage)},
		{"API tokens", "/settings/tokens", "How monitors and scripts show who they are.", page.IconKeyRound, perms(who.PermTokenManage)},
		{"Mail", mailPath, "How messages leave, and a test message.", page.IconMail, perms(who.PermSystemRead)},
		{"Outbox", outboxPath, "Messages that were sent, wait, or failed.", page.IconSend, perms(who.PermOutboxRead)},
		{"Timed work", jobsPath, "What is due later, and what was given up.", page.IconTimer, perms(who.PermJobRead)},
		{"Licences", "/about/licences", "Whose work this program stands on.", page.IconScrollText, nil},
	}
}

func (s screen) open(r *page.Request) []section {
	var out []section
	for _, sec := range sections() {
		if s.web.Has(sec.Path) && (len(sec.perms) == 0 || slices.ContainsFunc(sec.perms, r.By.Has)) {
			out = append(out, sec)
		}
	}
	return out
}

func (s screen) index(r *page.Request) (page.Page, error) {
	return page.Page{Title: "Settings", Nav: nav, Narrow: true, Body: index(s.open(r))}, nil
}

// crumbs lead back to the settings.
func crumbs(more ...page.Crumb) []page.Crumb {
	return append([]page.Crumb{{Label: "Settings", Href: nav}}, more...)
}

// A secret that was just made crosses the redirect in a cookie of its own for a
// minute, because it is stored nowhere and shown once.
const (
	onceCookie = "wakebell_once"
	onceLife   = 60 // seconds
)

func showOnce(r *page.Request, secret string) {
	r.SetCookie(http.Cookie{Name: onceCookie, Value: base64.RawURLEncoding.EncodeToString([]byte(secret)), MaxAge: onceLife})
}

// takeOnce returns the secret and forgets it.
func takeOnce(r *page.Request) string {
	c, err := r.Cookie(onceCookie)
	if err != nil || r.Request.Header.Get(account.RegionsHeader) != "" {
		return ""
	}
	r.SetCookie(http.Cookie{Name: onceCookie, MaxAge: -1})
	secret, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil || len(secret) > 1000 {
		return ""
	}
	return string(secret)
}

// roleWords says what a role is for, in the words of the policies.
var roleWords = map[who.Role][2]string{
	who.Reporter:       {"Reporter", "Reports trouble and follows the own reports"},
	who.Responder:      {"Responder", "Product team: verifies and classifies"},
	who.Manager:        {"Incident response manager", "Leads incidents; keeps plan and directory"},
	who.Analyst:        {"Analyst", "SIRT: finds out what happened"},
	who.SIHT:           {"Handling team", "Legal, risk, heads of department: advises and answers for notices"},
	who.Legal:          {"Legal", "Decides what has to be told"},
	who.PrivacyOfficer: {"Privacy officer", "Assesses personal data, keeps the register, erases"},
	who.Communications: {"Communications", "Writes what goes to customers"},
	who.Executive:      {"Executive", "Decides for the company"},
	who.Liaison:        {"Liaison", "Speaks with customers and management"},
	who.Auditor:        {"Auditor", "Reads everything, changes nothing"},
	who.Admin:          {"Administrator", "Runs the system and its people; sees no incident"},
}

func roleName(r who.Role) string { return roleWords[r][0] }

func roleNames(roles []who.Role) string {
	if len(roles) == 0 {
		return "No role"
	}
	names := make([]string, len(roles))
	for n, r := range roles {
		names[n] = roleName(r)
	}
	return strings.Join(names, ", ")
}

// rolesOf reads the ticks of a form.
func rolesOf(r *page.Request) []who.Role {
	var out []who.Role
	for _, role := range who.Roles() {
		if r.Ticked("role." + string(role)) {
			out = append(out, role)
		}
	}
	return out
}
