package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wakebell/wakebell/internal/decide/assessment/handover"
)

// handoverLine is a controller for whom a package can be taken.
type handoverLine struct {
	Customer string           `json:"customer"`
	Name     string           `json:"name"`
	Country  *string          `json:"country"`
	Last     *handoverVersion `json:"last" doc:"the last version that was taken"`
}

// handoverVersion is a package that was taken.
type handoverVersion struct {
	ID      string           `json:"id" doc:"of the ledger entry"`
	Number  int              `json:"number"`
	SHA256  string           `json:"sha256" doc:"of the document as it was handed over"`
	TakenBy string           `json:"taken_by"`
	TakenAt time.Time        `json:"taken_at"`
	Erased  bool             `json:"erased"`
	Package *json.RawMessage `json:"package" doc:"the document; null in lists, and once erased"`
}

// handoverDraft is the package as it would be taken now.
type handoverDraft struct {
	Package  handover.Package  `json:"package"`
	Words    handover.Words    `json:"words" doc:"the sender's own words of the last version"`
	Unknown  []string          `json:"unknown" nullable:"false" doc:"titles of what is not known yet"`
	Changes  []handover.Change `json:"changes" nullable:"false" doc:"since the last version"`
	Versions []handoverVersion `json:"versions" nullable:"false" doc:"newest first"`
}

// HandoverRef names the package of one customer.
type HandoverRef struct {
	Ref
	Customer string `path:"customer" maxLength:"100" doc:"id of the customer in the directory" example:"alpenwerk"`
}

// HandoverVersionRef names one version of it.
type HandoverVersionRef struct {
	HandoverRef
	Number int `path:"number" minimum:"1"`
}

func wireHandover(v handover.Version) handoverVersion {
	out := handoverVersion{ID: v.ID, Number: v.Number, SHA256: v.SHA256, TakenBy: v.TakenBy, TakenAt: v.TakenAt.UTC(), Erased: v.Erased}
	if len(v.Document) > 0 {
		doc := json.RawMessage(v.Document)
		out.Package = &doc
	}
	return out
}

func (f *face) handovers() {
	const tag = "Hand-over"
	const all, one = base + "/incidents/{ref}/handovers", base + "/incidents/{ref}/handovers/{customer}"
	handle(f, op{
		method: http.MethodGet, path: all, id: "list-handovers", tag: tag, summary: "List the controllers we process for who are affected",
		text: "Each with the last package that was taken for it. All on one page. Needs incident.read and duty.read.",
	}, func(ctx context.Context, c *call, p *Ref) (list[handoverLine], error) {
		items, last, err := f.Handover.List(ctx, c.by, p.Ref)
		if err != nil {
			return list[handoverLine]{}, err
		}
		return listOf(items, "", func(w handover.Who) handoverLine {
			out := handoverLine{Customer: w.ID, Name: w.Name, Country: orNull(w.Country)}
			if v, had := last[w.ID]; had {
				v.Document = nil
				wire := wireHandover(v)
				out.Last = &wire
			}
			return out
		}), nil
	})
	handle(f, op{
		method: http.MethodGet, path: one, id: "get-handover", tag: tag, summary: "What a controller needs for its own 72 hours",
		text: "Built from the record now: the content of GDPR Art. 33(3), the times, sub-processors and locations, each with its source, and what is not known yet. It names no other customer. Needs incident.read and duty.read.",
	}, func(ctx context.Context, c *call, p *HandoverRef) (handoverDraft, error) {
		d, err := f.Handover.Draft(ctx, c.by, p.Ref.Ref, p.Customer)
		if err != nil {
			return handoverDraft{}, err
		}
		out := handoverDraft{Package: d.Package, Words: d.Words, Unknown: append([]string{}, d.Unknown()...), Changes: d.Changes, Versions: []handoverVersion{}}
		for _, v := range d.Versions {
			out.Versions = append(out.Versions, wireHandover(v))
		}
		return out, nil
	})
	take(f, op{
		method: http.MethodPost, path: one, id: "take-handover", tag: tag, creates: true, summary: "Take the package for a controller",
		text: "Records who took which version, with the hash of its bytes. The body holds the sender's own words; words that name another customer are refused. Needs incident.read and duty.work.",
	}, func(ctx context.Context, c *call, p *HandoverRef, b *handover.Words) (handoverVersion, error) {
		v, err := f.Handover.Take(ctx, c.by, p.Ref.Ref, p.Customer, *b)
		if err != nil {
			return handoverVersion{}, err
		}
		c.created(base + "/incidents/" + url.PathEscape(p.Ref.Ref) + "/handovers/" + url.PathEscape(p.Customer) + "/versions/" + strconv.Itoa(v.Number))
		return wireHandover(v), nil
	})
	handle(f, op{
		method: http.MethodGet, path: one + "/versions/{number}", id: "get-handover-version", tag: tag, summary: "A package as it was taken",
		text: "Needs incident.read and duty.read.",
	}, func(ctx context.Context, c *call, p *HandoverVersionRef) (handoverVersion, error) {
		v, err := f.Handover.Version(ctx, c.by, p.Ref.Ref, p.Customer, p.Number)
		return wireHandover(v), err
	})
	text := &huma.Schema{Type: huma.TypeString}
	f.plain("GET "+one+"/versions/{number}/document", func(_ http.ResponseWriter, r *http.Request) {
		c := callOf(r.Context())
		number, _ := strconv.Atoi(r.PathValue("number")) // what is no number is no version
		v, err := f.Handover.Version(r.Context(), c.by, r.PathValue("ref"), r.PathValue("customer"), number)
		if err == nil {
			_, err = v.Package() // an erased one is gone
		}
		if err != nil {
			c.refuse(err)
			return
		}
		c.Header().Set("Content-Type", "application/json")
		_, _ = c.Write(v.Document) // a reader who went away needs no answer
	}, &huma.Operation{
		OperationID: "download-handover", Method: http.MethodGet, Path: one + "/versions/{number}/document", Tags: []string{tag},
		Responses: f.responses(http.StatusOK, "application/json", schemaOf[handover.Package](f)),
		Parameters: []*huma.Param{
			{Name: "ref", In: "path", Required: true, Schema: text}, {Name: "customer", In: "path", Required: true, Schema: text}, {Name: "number", In: "path", Required: true, Schema: text},
		},
		Summary: "Download a package as it was taken", Description: "The very bytes whose hash is recorded. Needs incident.read and duty.read.",
	})
}
