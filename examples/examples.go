// Package examples holds the demo company as files, so that the program can load it.
// It must not import anything.
package examples

import "embed"

// Demo is the folder demo: directory.yaml, customers.csv, services.yaml and plan.yaml,
// to be imported in this order, and the folder story, to be told after them; see its README.
//
//go:embed demo
var Demo embed.FS
