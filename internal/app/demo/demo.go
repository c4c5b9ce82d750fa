// Package demo is the demo company as it comes with the program: its directory, customers,
// services and plan. It carries out policy 003 ("Ensure personnel tasked with incident
// response responsibilities are trained and knowledgeable on how to respond") by letting
// them try everything without own data. It must not import a face.
package demo

import (
	"context"
	"fmt"
	"slices"

	"github.com/wakebell/wakebell/examples"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory/exchange"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

// by is who records the company.
func by() who.Identity { return who.Engine("demo") }

// Load fills an empty database with the company.
func Load(ctx context.Context, files *exchange.Service, plans *plan.Service) error {
	for _, f := range []struct {
		name   string
		format exchange.Format
	}{{"directory.yaml", exchange.FormatYAML}, {"customers.csv", exchange.FormatCSV}, {"services.yaml", exchange.FormatYAML}} {
		text, err := examples.Demo.ReadFile("demo/" + f.name)
		if err != nil {
			return err
		}
		if _, err := files.Import(ctx, by(), f.format, text); err != nil {
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
	_, err = plans.Change(ctx, by(), p, 1, "The demo company's plan")
	return err
}

// Unfinished reports whether a loading of the demo company was cut off: its plan,
// which comes last, is missing, and nobody but the loading has recorded anything.
// Loading again ends it.
func Unfinished(ctx context.Context, db *store.DB, plans *plan.Service, led *record.Ledger, operator string) (bool, error) {
	p, err := plans.CurrentTx(db)
	if err != nil || p.Version > 1 {
		return false, err
	}
	const most = 1000 // the demo company is smaller
	entries, err := led.Entries(ctx, db, 0, most)
	if err != nil || len(entries) == 0 || len(entries) == most {
		return false, err
	}
	ours := []string{by().Actor, operator}
	return !slices.ContainsFunc(entries, func(e record.Entry) bool { return !slices.Contains(ours, e.Actor) }), nil
}
