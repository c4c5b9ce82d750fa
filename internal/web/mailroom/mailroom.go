// Package mailroom is where notices are written, approved and released. Question: who is
// owed word, and what is it waiting for? It carries out policy 003 ("executive management
// and legal counsel approve", "only a designated spokesperson") for a browser; every rule
// stands in notify/notice. It must not import another screen.
package mailroom

import (
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/proof"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/web/mailroom/sheet"
	"github.com/wakebell/wakebell/internal/web/mailroom/write"
	"github.com/wakebell/wakebell/internal/web/page"
)

// Deps are the rooms these screens read and command.
type Deps struct {
	Notices   *notice.Service
	Proofs    *proof.Service
	Incidents *incident.Service
	Duties    *duty.Service
	Files     *file.Service
	Directory *directory.Service
	DB        *store.DB
}

// Mount registers the screens.
func Mount(w *page.Web, d Deps) {
	sheet.Mount(w, sheet.Deps{
		Notices: d.Notices, Incidents: d.Incidents, Duties: d.Duties, Files: d.Files, Directory: d.Directory, DB: d.DB,
	})
	write.Mount(w, write.Deps{Notices: d.Notices, Proofs: d.Proofs, Incidents: d.Incidents, Directory: d.Directory, DB: d.DB})
}
