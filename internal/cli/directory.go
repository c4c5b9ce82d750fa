package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
)

type dirCmd struct {
	Import    *dirImport    `arg:"subcommand:import" help:"Import people, teams, services and customers from YAML, or customers from CSV."`
	Export    *dirExport    `arg:"subcommand:export" help:"Write the directory as YAML."`
	Readiness *dirReadiness `arg:"subcommand:readiness" help:"Say which function the policies ask for has nobody, or no deputy."`
}

type dirImport struct {
	File    string `arg:"positional,required" help:"File ending in .yaml or .csv."`
	Preview bool   `arg:"--preview" help:"Only say what would change."`
}

// Run imports.
func (c *dirImport) Run(e *env) error {
	b, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	format, kind := "yaml", "application/yaml"
	if filepath.Ext(c.File) == ".csv" {
		format, kind = "csv", "text/csv"
	}
	out, err := e.api().Raw(e.ctx, http.MethodPost, fmt.Sprintf("/api/v1/directory/import?format=%s&preview=%t", format, c.Preview), kind, b)
	if err != nil {
		return err
	}
	return e.printJSON(json.RawMessage(out))
}

type dirExport struct {
	Out string `arg:"--out,-o" help:"File to write; default standard output." placeholder:"FILE"`
}

// Run exports.
func (c *dirExport) Run(e *env) error {
	b, err := e.api().Raw(e.ctx, http.MethodGet, "/api/v1/directory/export", "", nil)
	if err != nil {
		return err
	}
	return e.write(c.Out, b)
}

type dirReadiness struct{}

// gap is one function that has nobody.
type gap struct {
	Function string `json:"function"`
	Problem  string `json:"problem"`
	Remedy   string `json:"remedy"`
}

// Run shows what is missing.
func (c *dirReadiness) Run(e *env) error {
	return show(e, "/directory/readiness", nil, []string{"FUNCTION", "PROBLEM", "REMEDY"}, 2, func(g gap) []string {
		return []string{g.Function, g.Problem, g.Remedy}
	})
}
