// Package mailroom is where notices are written, approved and released. Question: who is
// owed word, and what is it waiting for? It carries out policy 003 ("executive management
// and legal counsel approve", "only a designated spokesperson") for a browser; every rule
// stands in notify/notice. It must not import another screen.
package mailroom

import (
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/paper"
	"github.com/wakebell/wakebell/internal/notify/notice/proof"
	"github.com/wakebell/wakebell/internal/web/mailroom/column"
	"github.com/wakebell/wakebell/internal/web/mailroom/post"
	"github.com/wakebell/wakebell/internal/web/mailroom/send"
	"github.com/wakebell/wakebell/internal/web/mailroom/sheet"
	"github.com/wakebell/wakebell/internal/web/mailroom/write"
	"github.com/wakebell/wakebell/internal/web/page"
)

// Deps are the rooms these screens read and command.
type Deps struct {
	sheet.Deps
	Proofs   *proof.Service
	Dispatch *dispatch.Service
	Papers   *paper.Service
}

// Mount registers the screens.
func Mount(w *page.Web, d Deps) {
	sheet.Mount(w, d.Deps)
	write.Mount(w, write.Deps{Notices: d.Notices, Proofs: d.Proofs, Incidents: d.Incidents, Directory: d.Directory, DB: d.DB})
	send.Mount(w, send.Deps{Notices: d.Notices, Dispatch: d.Dispatch, Papers: d.Papers, Directory: d.Directory, DB: d.DB})
	post.Mount(w, post.Deps{Papers: d.Papers, Dispatch: d.Dispatch})
	column.Mount(w, column.Deps{Notices: d.Notices, Dispatch: d.Dispatch})
}
