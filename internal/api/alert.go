package api

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wakebell/wakebell/internal/detect/alert"
	"github.com/wakebell/wakebell/internal/detect/intake"
)

// taken is what became of a body of alerts. It documents what appendTaken writes.
type taken struct {
	Signals  []takenSignal `json:"signals" nullable:"false"`
	Warnings []string      `json:"warnings" nullable:"false" doc:"what was odd; the alerts are kept all the same"`
}

type takenSignal struct {
	ID    string `json:"id"`
	New   bool   `json:"new" doc:"false: it was known and is counted"`
	Count int64  `json:"count"`
}

// alerts registers the addresses monitors post to. They stand outside huma: a storm of alerts comes this way, and the
// body is not ours to check.
func (f *face) alerts() {
	for _, format := range alert.Formats() {
		path := base + "/alerts/" + format
		f.plain("POST "+path, func(w http.ResponseWriter, r *http.Request) { f.ingest(callOf(r.Context()), format) }, &huma.Operation{
			OperationID: "ingest-" + format, Method: http.MethodPost, Path: path, Tags: []string{"Signals"}, Summary: "Send alerts: " + format,
			Description: "Unknown fields are fine. A body that cannot be read is kept as one signal and answered with a warning, because a lost alert is worse than an ugly one. Needs alert.ingest.",
			RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{}}}},
			Responses:   f.responses(http.StatusOK, "application/json", schemaOf[taken](f)),
		})
	}
}

func (f *face) ingest(c *call, format string) {
	ctx := c.r.Context()
	body, err := c.readBody(alert.MaxBody)
	if err == nil {
		ctx, err = c.keyed(ctx, body)
	}
	if err != nil {
		c.refuse(err)
		return
	}
	res, err := f.Alerts.Ingest(ctx, c.by, format, body)
	if err != nil {
		c.refuse(err)
		return
	}
	if res.Replayed {
		c.w.Header().Set("Idempotency-Replayed", "true")
	}
	out := appendTaken(make([]byte, 0, 64+96*len(res.Signals)), res)
	c.w.Header().Set("Content-Type", "application/json")
	c.w.Header().Set("Content-Length", strconv.Itoa(len(out)))
	c.WriteHeader(http.StatusOK)
	_, _ = c.Write(out)
}

// appendTaken writes the answer without reflection.
func appendTaken(b []byte, res alert.Result) []byte {
	b = append(b, `{"signals":[`...)
	for i, g := range res.Signals {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"id":"`...)
		b = append(b, g.ID...) // ids hold no character JSON would escape
		b = append(b, `","new":`...)
		b = strconv.AppendBool(b, isNew(g, res))
		b = append(b, `,"count":`...)
		b = strconv.AppendInt(b, g.Count, 10)
		b = append(b, '}')
	}
	b = append(b, `],"warnings":`...)
	if len(res.Warnings) == 0 {
		return append(b, "[]}\n"...)
	}
	text, err := json.Marshal(res.Warnings)
	if err != nil {
		text = []byte("[]")
	}
	return append(append(b, text...), "}\n"...)
}

func isNew(g intake.Signal, res alert.Result) bool {
	return g.Count == 1 && g.ResolvedAt.IsZero() && !res.Replayed
}
