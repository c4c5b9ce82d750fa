package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/notify/register/audit"
)

// verification is one recomputation of the ledger and its result.
type verification struct {
	ID      string               `json:"id"`
	AskedBy string               `json:"asked_by"`
	AskedAt *time.Time           `json:"asked_at"`
	TookMS  int64                `json:"took_ms" doc:"up to now while it runs"`
	State   string               `json:"state" enum:"running,valid,wrong,failed,cut_off"`
	Size    int64                `json:"size" doc:"entries of the ledger when it began"`
	Against *string              `json:"against" doc:"the checkpoint it was held against besides those kept beside the data"`
	Finding *string              `json:"finding" doc:"the first thing that is wrong, or why it broke off"`
	Seq     *int64               `json:"seq" doc:"of the first wrong entry"`
	Entries int64                `json:"entries" doc:"recomputed"`
	Erased  int64                `json:"erased"`
	Tables  []record.TableReport `json:"tables" nullable:"false" doc:"tables that equal what the entries say"`
}

func wireVerification(v audit.Verification) verification {
	out := verification{
		ID: v.ID, AskedBy: v.AskedBy, AskedAt: stamp(v.AskedAt), TookMS: v.Took.Milliseconds(), State: string(v.State), Size: v.Size,
		Against: orNull(v.Against), Finding: orNull(v.Finding), Entries: v.Ledger.Entries, Erased: v.Ledger.Erased,
		Tables: append([]record.TableReport{}, v.Tables.Tables...),
	}
	if v.Seq > 0 {
		out.Seq = &v.Seq
	}
	return out
}

// verificationDraft asks for a verification.
type verificationDraft struct {
	Against string `json:"against,omitempty" doc:"a signed checkpoint that the ledger must continue"`
}

func (f *face) verifications() {
	const tag, path = "Ledger", base + "/ledger"
	take(f, op{
		method: http.MethodPost, path: path + "/verifications", id: "verify-ledger", tag: tag, summary: "Verify the whole ledger in the background",
		status: http.StatusAccepted, optional: true,
		text: "Recomputes every entry, compares the tables, and holds all against the kept checkpoints. One at a time; see the list for the result. Needs ledger.read.",
	}, func(ctx context.Context, c *call, _ *none, b *verificationDraft) (verification, error) {
		v, err := f.Audit.Verify(ctx, c.by, b.Against)
		if err != nil {
			return verification{}, err
		}
		return wireVerification(v), nil
	})
	handle(f, op{
		method: http.MethodGet, path: path + "/verifications", id: "list-verifications", tag: tag, summary: "List the last verifications",
		text: "Newest first, at most 50. Needs ledger.read.",
	}, func(ctx context.Context, c *call, _ *none) (list[verification], error) {
		items, err := f.Audit.Verifications(ctx, c.by)
		if err != nil {
			return list[verification]{}, err
		}
		return listOf(items, "", wireVerification), nil
	})
	f.plain("GET "+path+"/bundle", func(_ http.ResponseWriter, r *http.Request) {
		c := callOf(r.Context())
		c.w.Header().Set("Content-Type", "application/json")
		c.w.Header().Set("Content-Disposition", `attachment; filename="ledger.json"`)
		err := f.Audit.BundleAll(r.Context(), c.by, c)
		if err != nil && c.status != 0 {
			f.Log.Error("bundle of the ledger broke off", "reference", c.reference(), "error", err)
			panic(http.ErrAbortHandler)
		}
		if err != nil {
			c.refuse(err)
		}
	}, &huma.Operation{
		OperationID: "get-ledger-bundle", Method: http.MethodGet, Path: path + "/bundle", Tags: []string{tag}, Summary: "Download the whole ledger with its proofs",
		Description: "One file that wakebell verify checks offline. Needs ledger.read, register.export, and the permissions to read every kind of entry.",
		Responses:   f.responses(http.StatusOK, "application/json", &huma.Schema{Type: huma.TypeObject}),
	})
}
