package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/examples"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory/exchange"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

// LoadDemo fills an empty database with the demo company.
func (a *App) LoadDemo(ctx context.Context) error {
	by := who.Engine("demo")
	for _, f := range []struct {
		name   string
		format exchange.Format
	}{{"directory.yaml", exchange.FormatYAML}, {"customers.csv", exchange.FormatCSV}, {"services.yaml", exchange.FormatYAML}} {
		text, err := examples.Demo.ReadFile("demo/" + f.name)
		if err != nil {
			return err
		}
		if _, err := a.Exchange.Import(ctx, by, f.format, text); err != nil {
			return fmt.Errorf("load the demo company: %s: %w", f.name, err)
		}
	}
	text, err := examples.Demo.ReadFile("demo/plan.yaml")
	if err != nil {
		return err
	}
	p, err := plan.ParseYAML(text)
	if err != nil {
		return fmt.Errorf("load the demo company: plan.yaml: %w", err)
	}
	_, err = a.Plans.Change(ctx, by, p, 1, "The demo company's plan")
	return err
}

// DemoUnfinished reports whether a loading of the demo company was cut off: its plan,
// which comes last, is missing, and nobody but the loading has recorded anything.
// Loading again ends it.
func (a *App) DemoUnfinished(ctx context.Context) (bool, error) {
	p, err := a.Plans.CurrentTx(a.DB)
	if err != nil || p.Version > 1 {
		return false, err
	}
	const most = 1000 // the demo company is smaller
	entries, err := a.Ledger.Entries(ctx, a.DB, 0, most)
	if err != nil || len(entries) == 0 || len(entries) == most {
		return false, err
	}
	ours := []string{who.Engine("demo").Actor, operator().Actor}
	return !slices.ContainsFunc(entries, func(e record.Entry) bool { return !slices.Contains(ours, e.Actor) }), nil
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
