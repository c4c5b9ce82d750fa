// Package web is the face in the browser: it puts the screens together. The layout, the components, forms and live
// updates are in page; each other folder is one screen, which answers one question. It carries out "everybody can
// report an incident" (policy 003) by needing nothing but a browser. It must not import the API, the command line or
// app; a screen imports no other screen.
package web

import (
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/mail/bounce"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/account"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/assessment/handover"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/find"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/decide/triage"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/notify/contact"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/form/filing"
	"github.com/wakebell/wakebell/internal/notify/notice/paper"
	"github.com/wakebell/wakebell/internal/notify/notice/proof"
	"github.com/wakebell/wakebell/internal/notify/register"
	"github.com/wakebell/wakebell/internal/notify/register/audit"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/directory/exchange"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/respond/escalation"
	"github.com/wakebell/wakebell/internal/respond/escalation/ready"
	"github.com/wakebell/wakebell/internal/respond/escalation/trial"
	"github.com/wakebell/wakebell/internal/web/book"
	"github.com/wakebell/wakebell/internal/web/contactbook"
	"github.com/wakebell/wakebell/internal/web/desk"
	search "github.com/wakebell/wakebell/internal/web/find"
	"github.com/wakebell/wakebell/internal/web/lawbook"
	"github.com/wakebell/wakebell/internal/web/mailroom"
	filingscreen "github.com/wakebell/wakebell/internal/web/mailroom/filing"
	"github.com/wakebell/wakebell/internal/web/mailroom/sheet"
	"github.com/wakebell/wakebell/internal/web/now"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/asset"
	"github.com/wakebell/wakebell/internal/web/page/live"
	"github.com/wakebell/wakebell/internal/web/planbook"
	"github.com/wakebell/wakebell/internal/web/portal"
	"github.com/wakebell/wakebell/internal/web/room"
	"github.com/wakebell/wakebell/internal/web/settings"
)

// Deps is what the screens are made of.
type Deps struct {
	SignedIn func(r *http.Request) (who.Identity, bool) // who asks; false: nobody
	SignIn   string                                     // path of the sign-in page, "" while there is none

	People     *who.Service
	Accounts   *account.Service
	BaseURL    string // how people reach the server, for one-time links
	Jobs       *job.Runner
	Outbox     *mail.Outbox
	Bounces    *bounce.Service
	Plans      *plan.Service
	Directory  *directory.Service
	Exchange   *exchange.Service
	Intake     *intake.Service
	Triage     *triage.Service
	Incidents  *incident.Service
	Files      *file.Service
	Handover   *handover.Service
	Views      *view.Service
	Find       *find.Service
	Duties     *duty.Service
	Escalation *escalation.Service
	Trials     *trial.Service
	Health     *ready.Service
	Register   *register.Service
	Notices    *notice.Service
	Dispatch   *dispatch.Service
	Filings    *filing.Service
	Papers     *paper.Service
	Assessment *assessment.Service
	Contacts   *contact.Service
	Audit      *audit.Service
	DB         *store.DB
	Clock      *clock.Clock
	Live       *live.Hub // nil: no live updates
	Log        *slog.Logger
	Version    string
	Demo       bool // banner on every page
}

//go:embed all:dist
var dist embed.FS

// New returns the face. It starts nothing.
func New(d Deps) (http.Handler, error) {
	built, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, fmt.Errorf("find the assets: %w", err)
	}
	assets, err := asset.Read(built)
	if err != nil {
		return nil, err
	}
	w := page.New(page.Config{
		SignedIn: d.SignedIn, SignIn: d.SignIn, People: d.People, DB: d.DB, Clock: d.Clock, Live: d.Live, Assets: assets,
		Menu: menu(d), Log: d.Log, Demo: d.Demo,
	})
	now.Mount(w, now.Deps{
		Views: d.Views, Plans: d.Plans, Directory: d.Directory, Notices: d.Notices, DB: d.DB,
	})
	desk.Mount(w, desk.Deps{
		Plans: d.Plans, Directory: d.Directory, Intake: d.Intake, Triage: d.Triage, Incidents: d.Incidents, Views: d.Views,
		Duties: d.Duties, Escalation: d.Escalation, DB: d.DB,
	})
	room.Mount(w, room.Deps{
		Incidents: d.Incidents, Views: d.Views, Duties: d.Duties, Escalation: d.Escalation, Intake: d.Intake, Directory: d.Directory,
		Files: d.Files, Handover: d.Handover, Assessment: d.Assessment, Contacts: d.Contacts, DB: d.DB, Notices: d.Notices,
	})
	settings.Mount(w, settings.Deps{
		People: d.People, Accounts: d.Accounts, BaseURL: d.BaseURL, Outbox: d.Outbox, Bounces: d.Bounces, Jobs: d.Jobs, Health: d.Health, Trials: d.Trials,
	})
	planbook.Mount(w, planbook.Deps{Plans: d.Plans, Directory: d.Directory, Views: d.Views, DB: d.DB})
	contactbook.Mount(w, contactbook.Deps{Directory: d.Directory, Exchange: d.Exchange, People: d.People, DB: d.DB, Book: d.Assessment.Book})
	filingscreen.Mount(w, filingscreen.Deps{Filings: d.Filings, Incidents: d.Incidents, Directory: d.Directory, DB: d.DB})
	lawbook.Mount(w, lawbook.Deps{Assessment: d.Assessment, Duties: d.Duties})
	book.Mount(w, book.Deps{
		Register: d.Register, Audit: d.Audit, Views: d.Views, Incidents: d.Incidents, Directory: d.Directory, DB: d.DB, Version: d.Version,
	})
	mailroom.Mount(w, mailroom.Deps{
		Deps: sheet.Deps{
			Notices: d.Notices, Incidents: d.Incidents, Duties: d.Duties, Files: d.Files, Directory: d.Directory, DB: d.DB,
		},
		Dispatch: d.Dispatch, Papers: d.Papers,
		Proofs: proof.New(proof.Deps{
			Notices: d.Notices, Incidents: d.Incidents, Directory: d.Directory, Book: d.Assessment.Book, DB: d.DB, Clock: d.Clock,
		}),
	})
	portal.Mount(w, portal.Deps{Dispatch: d.Dispatch, Clock: d.Clock, Address: d.Accounts.Address})
	search.Mount(w, search.Deps{Find: d.Find, Views: d.Views})
	return w, nil
}
