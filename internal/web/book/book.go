// Package book is what auditors and regulators open: the breach register (breach), the ledger
// (chain), and what the program itself is made of (about). Question: is the record complete and
// unchanged? It carries out policy 000 ("documents the incident in an internal registry") and
// "evidence must not be altered" in the browser. It must not import another screen.
package book

import (
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/notify/register"
	"github.com/wakebell/wakebell/internal/notify/register/audit"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/web/book/about"
	"github.com/wakebell/wakebell/internal/web/book/breach"
	"github.com/wakebell/wakebell/internal/web/book/chain"
	"github.com/wakebell/wakebell/internal/web/page"
)

// Deps are the rooms these screens ask.
type Deps struct {
	Register  *register.Service
	Audit     *audit.Service
	Views     *view.Service
	Incidents *incident.Service
	Directory *directory.Service
	DB        *store.DB
	Version   string
}

// Mount registers the screens.
func Mount(w *page.Web, d Deps) {
	breach.Mount(w, breach.Deps{Register: d.Register, Audit: d.Audit, Views: d.Views, Directory: d.Directory, DB: d.DB})
	chain.Mount(w, chain.Deps{Audit: d.Audit, Views: d.Views, Incidents: d.Incidents, Directory: d.Directory, DB: d.DB})
	about.Mount(w, d.Version)
}
