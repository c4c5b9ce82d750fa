package app

import (
	"net/http"
	"strings"

	"github.com/wakebell/wakebell/internal/api"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/web"
)

// newScreens builds the face in the browser.
func (a *App) newScreens() (http.Handler, error) {
	return web.New(web.Deps{
		SignedIn: a.signedIn, SignIn: "/sign-in",
		People: a.People, Accounts: a.Accounts, BaseURL: a.cfg.BaseURL, Jobs: a.Jobs, Outbox: a.Outbox, Bounces: a.Bounces, Plans: a.Plans,
		Directory: a.Directory, Exchange: a.Exchange,
		Intake: a.Intake, Triage: a.Triage, Incidents: a.Incidents, Files: a.Files, Handover: a.Handover, Views: a.Views, Find: a.Find, Duties: a.Duties,
		Escalation: a.Escalation, Trials: a.Trials, Health: a.Health, Register: a.Register, Assessment: a.Assessment, Contacts: a.Contacts, Audit: a.Audit, Notices: a.Notices, Dispatch: a.Dispatch, Filings: a.Filings, Papers: a.Papers,
		DB: a.DB, Clock: a.Clock, Live: a.Live,
		Log: a.cfg.Log, Version: a.cfg.Version, Demo: a.cfg.Demo,
	})
}

// Handler is the whole HTTP face, for the server and for tests: the API under its own paths, the screens
// everywhere else.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	machine := a.machineFace()
	for _, path := range []string{"/api/", "/ack/", "/debug/", "/healthz", "/readyz", "/metrics"} {
		mux.Handle(path, machine)
	}
	mux.Handle("/", a.screens)
	return mux
}

func (a *App) machineFace() http.Handler {
	return api.New(api.Deps{
		People: a.People, Jobs: a.Jobs, Outbox: a.Outbox, Bounces: a.Bounces, Plans: a.Plans, Directory: a.Directory, Intake: a.Intake,
		Alerts: a.Alerts, Triage: a.Triage, Incidents: a.Incidents, Files: a.Files, Handover: a.Handover, Views: a.Views, Find: a.Find, Duties: a.Duties, Escalation: a.Escalation,
		Register: a.Register, Assessment: a.Assessment, Contacts: a.Contacts, Audit: a.Audit, Ledger: a.Ledger, DB: a.DB, Clock: a.Clock, Log: a.cfg.Log, Version: a.cfg.Version, Notices: a.Notices, Dispatch: a.Dispatch, Templates: a.Templates, Filings: a.Filings, Papers: a.Papers,
		TestClock: a.cfg.TestClock, Forward: a.Forward, Ready: a.Ready, Trials: a.Trials, Health: a.Health, OpenMetrics: a.openMetrics,
	})
}

// signedIn says who looks at a screen: the session of the browser, or a token, so that a script can read what
// a person sees.
func (a *App) signedIn(r *http.Request) (who.Identity, bool) {
	if by, ok := a.Accounts.SignedIn(r); ok {
		return by, true
	}
	secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return who.Identity{}, false
	}
	by, err := a.People.Authenticate(r.Context(), strings.TrimSpace(secret))
	return by, err == nil
}
