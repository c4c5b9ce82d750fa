package api

import (
	"context"
	"net/http"
	"time"

	"github.com/wakebell/wakebell/internal/detect/intake"
)

// report is what a person tells us.
type report struct {
	Title        string    `json:"title" doc:"what is wrong, in one line"`
	Summary      string    `json:"summary,omitempty"`
	Service      string    `json:"service,omitempty" doc:"directory id; leave it out when it is not known"`
	DiscoveredAt time.Time `json:"discovered_at" doc:"when it was noticed, with zone: every deadline runs from it"`
	Contact      string    `json:"contact,omitempty" doc:"how to reach you"`
	Drill        bool      `json:"drill,omitempty"`
}

func (f *face) reports() {
	const tag = "Signals"
	take(f, op{
		method: http.MethodPost, path: base + "/reports", id: "report", tag: tag, creates: true,
		summary: "Report something that may be trouble", text: "The report is a signal; its 20 minutes run from discovered_at. Needs report.create.",
	}, func(ctx context.Context, c *call, _ *none, b *report) (signal, error) {
		g, err := f.Intake.Report(ctx, c.by, intake.ReportInput{
			Title: b.Title, Summary: b.Summary, Service: b.Service, DiscoveredAt: b.DiscoveredAt, Contact: b.Contact, Drill: b.Drill,
		})
		if err != nil {
			return signal{}, err
		}
		c.created(base + "/signals/" + g.ID)
		return f.oneSignal(g)
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/reports", id: "list-reports", tag: tag, summary: "List reports",
		text: "Signals of the kind report; who may not read all signals sees the own ones. Needs signal.read or own.read.",
	}, func(ctx context.Context, c *call, p *SignalFilter) (list[signal], error) {
		return f.listSignals(ctx, c, *p, intake.Report, "")
	})
}
