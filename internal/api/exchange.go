package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/directory/exchange"
)

// ImportFormat holds the parameters of an import.
type ImportFormat struct {
	Format  string `query:"format" enum:"yaml,csv" doc:"yaml: the whole directory; csv: customers. Default yaml"`
	Preview bool   `query:"preview" doc:"only say what would change"`
}

// imported is what an import did, or a preview would do.
type imported struct {
	Preview   bool                 `json:"preview"`
	Created   int                  `json:"created"`
	Changed   int                  `json:"changed"`
	Unchanged int                  `json:"unchanged"`
	Changes   []directory.Change   `json:"changes" nullable:"false"`
	Errors    []exchange.LineError `json:"errors" nullable:"false" doc:"in a preview: each wrong line; then nothing would be stored"`
}

func (f *face) directoryFile() {
	const tag = "Directory"
	takeBytes(f, op{
		method: http.MethodPost, path: base + "/directory/import", id: "import-directory", tag: tag, limit: maxFile,
		summary: "Import people, teams, services and parties", bodies: []string{"application/yaml", "text/csv"}, body: &huma.Schema{Type: huma.TypeString},
		text: "One transaction: all of it, or nothing when any line is wrong; the problem names line and field. What the file does not name stays. Needs directory.edit, and person.manage when it holds people.",
	}, func(ctx context.Context, c *call, p *ImportFormat, text []byte) (imported, error) {
		run := f.Exchange.Import
		if p.Preview {
			run = f.Exchange.Preview
		}
		format := exchange.FormatYAML
		if p.Format == "csv" {
			format = exchange.FormatCSV
		}
		if at := invalidUTF8(text); at >= 0 {
			return imported{}, malformed("The file is not valid UTF-8 at " + place(text, at))
		}
		res, err := run(ctx, c.by, format, text)
		if err != nil {
			return imported{}, err
		}
		return imported{
			Preview: p.Preview, Created: res.Count(directory.Created), Changed: res.Count(directory.Changed), Unchanged: res.Count(directory.Unchanged),
			Changes: append([]directory.Change{}, res.Changes...), Errors: append([]exchange.LineError{}, res.Errors...),
		}, nil
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/directory/export", id: "export-directory", tag: tag, media: "application/yaml",
		summary: "Export the directory as YAML", text: "As an import reads it back. Needs directory.read.",
	}, func(ctx context.Context, c *call, _ *none) ([]byte, error) {
		text, err := f.Exchange.Export(ctx, c.by)
		if err == nil {
			c.download("directory.yaml", "application/yaml", len(text))
		}
		return text, err
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/directory/readiness", id: "get-readiness", tag: tag, summary: "Say what is missing before an incident",
		text: "Every function the policies ask for that has nobody or no deputy, and what else is not ready. An empty list is the good answer. Needs directory.read.",
	}, func(ctx context.Context, c *call, _ *none) (list[directory.Gap], error) {
		gaps, err := f.Directory.Readiness(ctx, c.by)
		if err != nil {
			return list[directory.Gap]{}, err
		}
		return listOf(gaps, "", same[directory.Gap]), nil
	})
}
