package cli

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/wakebell/wakebell/client"
	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/store/datadir"
)

type tokenCmd struct {
	Create *tokenCreate `arg:"subcommand:create" help:"Make a token and print it, once."`
	Ls     *tokenLs     `arg:"subcommand:ls" help:"List tokens."`
	Revoke *tokenRevoke `arg:"subcommand:revoke" help:"Revoke a token."`
}

type tokenCreate struct {
	dataFlags
	Name    string `arg:"--name,required" help:"What it is for."`
	Role    list   `arg:"--role,required" help:"Role it has: reporter, responder, manager, analyst, siht, legal, privacy_officer, communications, executive, liaison, auditor, admin."`
	Person  string `arg:"--person" help:"Person it speaks for (id)."`
	Expires string `arg:"--expires" help:"When it ends, with zone." placeholder:"TIME"`
}

// tokenBody is the request of POST /tokens.
type tokenBody struct {
	Name      string     `json:"name"`
	Roles     []string   `json:"roles"`
	Person    string     `json:"person,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

// Run makes the token: through the server where one runs on the data directory or
// --token names one, else by opening the data directory.
func (c *tokenCreate) Run(e *env) error {
	exp, err := parseTime("expires", c.Expires)
	if err != nil {
		return err
	}
	body := tokenBody{Name: c.Name, Roles: c.Role, Person: c.Person, ExpiresAt: exp}
	var out struct {
		Token string `json:"token"`
	}
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	switch api := client.Local(datadir.SocketPath(cfg.Dir)); {
	case e.root.Token != "" && c.Data == "":
		err = e.api().Do(e.ctx, http.MethodPost, "/tokens", body, &out)
	default:
		if err = api.Do(e.ctx, http.MethodPost, "/tokens", body, &out); noServer(err) {
			out.Token, err = c.direct(e, cfg, body)
		}
	}
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(out)
	}
	_, err = fmt.Fprintln(e.Out, out.Token)
	return err
}

// noServer reports whether nobody listens on the socket.
func noServer(err error) bool {
	var op *net.OpError
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) || (errors.As(err, &op) && op.Op == "dial")
}

func (c *tokenCreate) direct(e *env, cfg app.Config, body tokenBody) (string, error) {
	// The mark of a test database is followed: a token is made in either mode.
	a, err := app.NewAny(e.ctx, cfg)
	if err != nil {
		return "", err
	}
	token, err := a.OperatorToken(e.ctx, body.Name, body.Roles, body.Person, body.ExpiresAt)
	return token, errors.Join(err, a.Stop(e.ctx))
}

type tokenLs struct {
	page
}

// tokenLine is one token as the server tells it.
type tokenLine struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Roles     []string   `json:"roles"`
	Last4     string     `json:"last4"`
	ExpiresAt *time.Time `json:"expires_at"`
	RevokedAt *time.Time `json:"revoked_at"`
}

// Run lists tokens.
func (c *tokenLs) Run(e *env) error {
	return show(e, "/tokens", c.query(), []string{"ID", "ENDS IN", "ROLES", "EXPIRES", "REVOKED", "NAME"}, 5, func(t tokenLine) []string {
		return []string{t.ID, "…" + t.Last4, fmt.Sprint(t.Roles), stamp(t.ExpiresAt), stamp(t.RevokedAt), t.Name}
	})
}

type tokenRevoke struct {
	ID string `arg:"positional,required" help:"Id of the token."`
}

// Run revokes.
func (c *tokenRevoke) Run(e *env) error {
	return e.api().Do(e.ctx, http.MethodDelete, "/tokens/"+c.ID, nil, nil)
}
