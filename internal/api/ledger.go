package api

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/register/audit"
)

// entry is one ledger entry. Of one the viewer may not see, only its hash is shown.
type entry struct {
	Seq        int64           `json:"seq"`
	ID         string          `json:"id"`
	Kind       string          `json:"kind" example:"incident.graded/1"`
	Subject    string          `json:"subject"`
	Actor      string          `json:"actor"`
	At         *time.Time      `json:"at"`
	KnownAt    *time.Time      `json:"known_at"`
	RecordedAt *time.Time      `json:"recorded_at"`
	Facts      json.RawMessage `json:"facts" doc:"without personal data"`
	Private    json.RawMessage `json:"private" doc:"names and free text; null once erased"`
	Erased     bool            `json:"erased"`
	Hidden     bool            `json:"hidden" doc:"the viewer may not see it: only seq and hash are shown"`
	Hash       *string         `json:"hash" doc:"record hash, of a hidden entry"`
}

func wireEntry(e audit.Entry) entry {
	if e.Hidden {
		text := hex.EncodeToString(e.Hash[:])
		return entry{Seq: e.Seq, Hidden: true, Hash: &text}
	}
	kind := e.Kind
	if e.Version > 0 {
		kind += "/" + strconv.Itoa(e.Version)
	}
	return entry{
		Seq: e.Seq, ID: e.ID, Kind: kind, Subject: e.Subject, Actor: e.Actor, At: stamp(e.At), KnownAt: stamp(e.KnownAt),
		RecordedAt: stamp(e.RecordedAt), Facts: e.Facts, Private: e.Private, Erased: e.Erased,
	}
}

// AfterSeq holds the parameters of the entries.
type AfterSeq struct {
	After  int64  `query:"after" minimum:"0" doc:"begin behind this seq"`
	Cursor string `query:"cursor" doc:"next of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" doc:"items on a page, default 50"`
}

// ProofOf holds the parameters of a proof.
type ProofOf struct {
	Seq  int64 `query:"seq" required:"true" minimum:"1"`
	Size int64 `query:"size" minimum:"0" doc:"size of the tree, default all there is"`
}

// proof shows that an entry stands in a tree (RFC 6962). Hashes are base64.
type proof struct {
	Seq    int64    `json:"seq"`
	Size   int64    `json:"size"`
	Leaf   string   `json:"leaf"`
	Root   string   `json:"root"`
	Hashes []string `json:"hashes" nullable:"false" doc:"audit path, leaf to root"`
}

// erasure is the body that destroys the private part of entries.
type erasure struct {
	Entries []string `json:"entries" doc:"ids of ledger entries, at most 1000"`
	Reason  string   `json:"reason"`
}

// erased says what is gone.
type erased struct {
	Entries []string `json:"entries" nullable:"false"`
}

// publicKey is the key that signs checkpoints.
type publicKey struct {
	VerifierKey string `json:"verifier_key" doc:"give it to whoever verifies: wakebell verify FILE --key …"`
}

func (f *face) ledger() {
	const tag, path = "Ledger", base + "/ledger"
	may := func(c *call) error { return who.Check(c.by, who.PermLedgerRead) }
	handle(f, op{
		method: http.MethodGet, path: path + "/checkpoint", id: "get-checkpoint", tag: tag, media: "text/plain", summary: "Read the signed checkpoint",
		text: "A signed note (C2SP) over the tree as it is. Keep it elsewhere: wakebell verify --against proves that nothing before it changed. Needs ledger.read.",
	}, func(ctx context.Context, c *call, _ *none) ([]byte, error) {
		if err := may(c); err != nil {
			return nil, err
		}
		c.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		return f.Ledger.Checkpoint(ctx)
	})
	handle(f, op{
		method: http.MethodGet, path: path + "/key", id: "get-ledger-key", tag: tag, summary: "Read the public key of the ledger", text: "Needs ledger.read.",
	}, func(_ context.Context, c *call, _ *none) (publicKey, error) {
		if err := may(c); err != nil {
			return publicKey{}, err
		}
		return publicKey{f.Ledger.VerifierKey()}, nil
	})
	handle(f, op{
		method: http.MethodGet, path: path + "/entries", id: "list-entries", tag: tag, summary: "List ledger entries",
		text: "Oldest first. Needs ledger.read; the content of an entry also needs the permission to read what it is about.",
	}, f.entries)
	handle(f, op{
		method: http.MethodGet, path: path + "/proof", id: "get-proof", tag: tag, summary: "Prove that an entry stands in the ledger", text: "Needs ledger.read.",
	}, func(ctx context.Context, c *call, p *ProofOf) (proof, error) {
		x, err := f.Audit.Proof(ctx, c.by, p.Seq, p.Size)
		if err != nil {
			return proof{}, err
		}
		out := proof{Seq: x.Seq, Size: x.Size, Leaf: x.Leaf.String(), Root: x.Root.String(), Hashes: make([]string, 0, len(x.Hashes))}
		for _, h := range x.Hashes {
			out.Hashes = append(out.Hashes, h.String())
		}
		return out, nil
	})
	f.verifications()
	take(f, op{
		method: http.MethodPost, path: path + "/erase", id: "erase-entries", tag: tag, summary: "Erase the private part of entries",
		text: "Destroys names and free text for good; the hashes stay, so the ledger still verifies and the hole is visible. Needs ledger.erase.",
	}, f.erase)
}

func (f *face) entries(ctx context.Context, c *call, p *AfterSeq) (list[entry], error) {
	if err := who.Check(c.by, who.PermLedgerRead); err != nil {
		return list[entry]{}, err
	}
	after := p.After
	keys, err := c.by.OpenCursor(p.Cursor, "ledger", 1)
	if err != nil {
		return list[entry]{}, err
	}
	if keys != nil {
		if after, err = strconv.ParseInt(keys[0], 10, 64); err != nil {
			return list[entry]{}, fault.InvalidField("cursor", "does not belong to this list; start again without it")
		}
	}
	limit := who.Limit(p.Limit)
	items, err := f.Audit.Entries(ctx, c.by, after, limit+1)
	if err != nil {
		return list[entry]{}, err
	}
	next := ""
	if len(items) > limit {
		items = items[:limit]
		next = c.by.Cursor("ledger", strconv.FormatInt(items[limit-1].Seq, 10))
	}
	out := listOf(nil, next, same[entry])
	for _, e := range items {
		out.Items = append(out.Items, wireEntry(e))
	}
	return out, nil
}

func (f *face) erase(ctx context.Context, c *call, _ *none, b *erasure) (erased, error) {
	if err := who.Check(c.by, who.PermLedgerErase); err != nil {
		return erased{}, err
	}
	_, err := f.DB.Write(ctx, store.Op{Name: "ledger.erase", Actor: c.by.Actor}, func(tx *store.Tx) error {
		tx.SetResult("erased")
		return f.Ledger.Erase(tx, c.by.Actor, b.Entries, b.Reason)
	})
	if err != nil {
		return erased{}, err
	}
	return erased{append([]string{}, b.Entries...)}, nil
}
