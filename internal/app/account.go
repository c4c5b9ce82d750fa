package app

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/account"
)

// welcomePath is the page a one-time link opens.
const welcomePath = "/welcome/"

// SetUpLink makes the link with which the first admin sets a passphrase; "" once
// somebody has one.
func (a *App) SetUpLink(ctx context.Context) (string, error) {
	secret, err := a.Accounts.SetUpLink(ctx, operator())
	if err != nil || secret == "" {
		return "", err
	}
	return a.cfg.BaseURL + welcomePath + secret, nil
}

// SignInLink is what the operator hands to a person who cannot sign in.
type SignInLink struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

// OperatorLink makes a one-time link for the person with an e-mail address, as the
// owner of the data directory: the way back in when no admin can sign in.
func (a *App) OperatorLink(ctx context.Context, email string) (SignInLink, error) {
	p, err := a.People.PersonByEmailTx(ctx, a.DB, email)
	if err != nil {
		return SignInLink{}, err
	}
	link, secret, err := a.Accounts.MakeLink(ctx, operator(), p.ID)
	if err != nil {
		return SignInLink{}, err
	}
	return SignInLink{URL: a.cfg.BaseURL + welcomePath + secret, ExpiresAt: link.ExpiresAt}, nil
}

// serveOperatorLink is OperatorLink on the local socket, and nowhere else.
func (a *App) serveOperatorLink(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Email string `json:"email"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&in)
	if err != nil {
		err = fault.Wrap(fault.Invalid, err, "Send an e-mail address")
	}
	var out SignInLink
	if err == nil {
		out, err = a.OperatorLink(r.Context(), in.Email)
	}
	if err == nil {
		w.Header().Set("Content-Type", "application/json")
		err = json.NewEncoder(w).Encode(out)
	}
	if err == nil {
		return
	}
	status, text := http.StatusInternalServerError, "This failed; see the log"
	if m, ok := fault.MessageOf(err); ok {
		text = m
		status = map[fault.Kind]int{fault.NotFound: http.StatusNotFound, fault.Conflict: http.StatusConflict, fault.Invalid: http.StatusUnprocessableEntity}[fault.KindOf(err)]
		if status == 0 {
			status = http.StatusServiceUnavailable
		}
	}
	a.cfg.Log.Warn("sign-in link for the operator", "error", err)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"title": http.StatusText(status), "status": status, "detail": text})
}

// tellPassphrase sends the person a message (SP 800-63B-4: the subscriber learns of a
// recovery by a way that did not take part in it).
func (a *App) tellPassphrase(_ context.Context, tx *store.Tx, p who.Person, how account.Source) error {
	if how == account.BySetUp {
		return nil
	}
	_, err := a.Outbox.Enqueue(tx, mail.Message{
		To: []string{p.Email}, Subject: "Your Wakebell passphrase was set",
		Text: "Your passphrase for " + a.cfg.BaseURL + " was set on " + a.Clock.Now().Format("2 Jan 2006 15:04 UTC") +
			". All your other sessions were signed out.\n\nIf this was not you, tell your administrators and the incident response team at once.\n",
	})
	return err
}
