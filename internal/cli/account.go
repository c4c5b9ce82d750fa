package cli

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/wakebell/wakebell/client"
	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/store/datadir"
)

type accountCmd struct {
	Link *accountLink `arg:"subcommand:link" help:"Make a one-time link with which a person sets a passphrase."`
}

type accountLink struct {
	dataFlags
	Email string `arg:"positional,required" help:"E-mail address of the person."`
}

// Run makes the link: through the server that runs on the data directory, else by
// opening the data directory.
func (c *accountLink) Run(e *env) error {
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	var out app.SignInLink
	err = client.Local(datadir.SocketPath(cfg.Dir)).Do(e.ctx, http.MethodPost, "/sign-in-link", map[string]string{"email": c.Email}, &out)
	if noServer(err) {
		out, err = c.direct(e, cfg)
	}
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(out)
	}
	_, err = fmt.Fprintf(e.Out, "%s\nOpen it once, before %s. Hand it over by a way only this person reads.\n", out.URL, out.ExpiresAt.Format("2 Jan 2006 15:04 UTC"))
	return err
}

func (c *accountLink) direct(e *env, cfg app.Config) (app.SignInLink, error) {
	cfg.BaseURL = e.Getenv("WAKEBELL_BASE_URL")
	a, err := app.NewAny(e.ctx, cfg)
	if err != nil {
		return app.SignInLink{}, err
	}
	out, err := a.OperatorLink(e.ctx, c.Email)
	return out, errors.Join(err, a.Stop(e.ctx))
}
