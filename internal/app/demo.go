package app

import (
	"context"
	"fmt"
	"time"

	"github.com/wakebell/wakebell/internal/app/demo"
	"github.com/wakebell/wakebell/internal/base/who"
)

// LoadDemo fills an empty database with the demo company.
func (a *App) LoadDemo(ctx context.Context) error { return demo.Load(ctx, a.Exchange, a.Plans) }

// DemoUnfinished reports whether a loading of the demo company was cut off.
func (a *App) DemoUnfinished(ctx context.Context) (bool, error) {
	return demo.Unfinished(ctx, a.DB, a.Plans, a.Ledger, operator().Actor)
}

// demoPerson is whom the demo's token speaks for.
const demoPerson = "incident-manager"

// demoTokenLife bounds a token that is printed on a screen.
const demoTokenLife = 7 * 24 * time.Hour

// DemoToken makes a token for the demo's incident manager with every role that one
// person alone may try the product with. It returns the token and the person's name.
func (a *App) DemoToken(ctx context.Context) (token, name string, err error) {
	p, err := a.People.PersonTx(ctx, a.DB, demoPerson)
	if err != nil {
		return "", "", fmt.Errorf("this is not the demo company's database: %w", err)
	}
	_, secret, err := a.People.CreateToken(ctx, operator(), who.TokenInput{
		Name: "demo", Person: p.ID, Roles: []who.Role{who.Manager}, ExpiresAt: a.Clock.Now().Add(demoTokenLife),
	})
	return secret, p.Name, err
}
