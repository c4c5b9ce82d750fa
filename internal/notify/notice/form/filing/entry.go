package filing

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/document"
	"github.com/wakebell/wakebell/internal/notify/notice/form"
)

// The kinds of ledger entries of filings. Their subject is the incident.
const (
	kindStarted   = "filing.started"
	kindSaved     = "filing.saved"
	kindSubmitted = "filing.submitted"
	kindReturned  = "filing.returned"
	kindApproved  = "filing.approved"
	kindFiled     = "filing.filed"
	kindReceipt   = "filing.receipt"
	kindDiscarded = "filing.discarded"
)

// started begins a filing with what the record knew.
type started struct {
	Origin
	SHA256  string       `json:"sha256"`
	Answers form.Answers `json:"answers" private:"true"`
}

// saved is one version of the answers. Answers name people and say what happened to them.
type saved struct {
	Filing  string       `json:"filing"`
	Version int          `json:"version"`
	SHA256  string       `json:"sha256"`
	Changed []string     `json:"changed"`
	Voids   bool         `json:"voids,omitempty"` // an approval or a submission before it
	Engine  bool         `json:"from_record,omitempty"`
	Answers form.Answers `json:"answers" private:"true"`
}

type submitted struct {
	Filing  string `json:"filing"`
	Version int    `json:"version"`
	Bound   string `json:"bound"`
}

type returned struct {
	Filing string `json:"filing"`
	Reason string `json:"reason" private:"true"`
}

type approved struct {
	Filing   string `json:"filing"`
	Bound    string `json:"bound"`
	As       string `json:"as"`
	Group    int    `json:"group"`
	Complete bool   `json:"complete"`
}

// filed is what was sent; its time is the entry's At.
type filed struct {
	Filing     string     `json:"filing"`
	Bound      string     `json:"bound"`
	Channel    string     `json:"channel"`
	Recipient  string     `json:"recipient"`
	Stage      string     `json:"stage"`
	Documents  []Document `json:"documents"`
	LateReason string     `json:"late_reason,omitempty" private:"true"`
	Note       string     `json:"note,omitempty" private:"true"`
}

type receipt struct {
	Filing   string    `json:"filing"`
	Document *Document `json:"document,omitempty"`
	Number   string    `json:"number,omitempty" private:"true"`
}

type discarded struct {
	Filing string `json:"filing"`
	Reason string `json:"reason" private:"true"`
}

// Kinds are the ledger entries of this room.
func Kinds() []record.Kind {
	var out []record.Kind
	for _, k := range []string{kindStarted, kindSaved, kindSubmitted, kindReturned, kindApproved, kindFiled, kindReceipt, kindDiscarded} {
		out = append(out, record.Kind{Name: k, Version: 1})
	}
	return out
}

// Kinds, Tables and Project make the service a record.Projector.
func (*Service) Kinds() []record.Kind { return Kinds() }

var (
	filings  = row.NewTable("filing", 1, "id", "incident_id", "no", "state", "duty_id", "doc").Octets("doc")
	versions = row.NewTable("filing_version", 2, "filing_id", "version", "incident_id", "doc").Octets("doc")
)

// Tables are the projections of this room.
func (*Service) Tables() []*row.Table { return []*row.Table{filings, versions} }

// Project brings the tables up to an entry. It reads nothing but the entry and the row it
// changes.
func (*Service) Project(x row.Rows, e record.Entry) error {
	switch e.Kind {
	case kindStarted:
		var b started
		if err := e.Decode(&b); err != nil {
			return err
		}
		f := Filing{
			ID: e.ID, Incident: e.Subject, Origin: b.Origin, State: Draft, Version: 1, Writers: []string{},
			CreatedBy: e.Actor, CreatedAt: e.RecordedAt, ChangedAt: e.RecordedAt,
		}
		v := Version{Filing: f.ID, Number: 1, By: e.Actor, At: e.RecordedAt, SHA256: b.SHA256, Answers: b.Answers, Erased: e.Erased}
		return putBoth(x, nil, f, &v)
	case kindSaved:
		var b saved
		if err := e.Decode(&b); err != nil {
			return err
		}
		return change(x, b.Filing, func(f *Filing) *Version {
			f.saved(b, e)
			return &Version{
				Filing: f.ID, Number: b.Version, By: e.Actor, At: e.RecordedAt, Changed: b.Changed, SHA256: b.SHA256, Answers: b.Answers, Erased: e.Erased,
			}
		})
	}
	id, apply, err := follow(e)
	if err != nil || apply == nil {
		return err
	}
	return change(x, id, func(f *Filing) *Version {
		f.ChangedAt = e.RecordedAt
		apply(f)
		return nil
	})
}

func (f *Filing) saved(b saved, e record.Entry) {
	f.Version, f.State, f.ChangedAt = b.Version, Draft, e.RecordedAt
	f.Bound, f.SubmittedBy, f.SubmittedAt, f.Approvals = "", "", time.Time{}, nil
	f.Voided = f.Voided || b.Voids
	if !b.Engine && !slices.Contains(f.Writers, e.Actor) {
		f.Writers = append(f.Writers, e.Actor)
	}
}

// follow says which filing an entry changes, and how.
func follow(e record.Entry) (id string, apply func(f *Filing), err error) {
	switch e.Kind {
	case kindSubmitted:
		var b submitted
		err = e.Decode(&b)
		return b.Filing, func(f *Filing) {
			f.State, f.Bound, f.SubmittedBy, f.SubmittedAt, f.Voided = Review, b.Bound, e.Actor, e.RecordedAt, false
			f.Approvals, f.Returned, f.ReturnedBy = nil, "", ""
		}, err
	case kindReturned:
		var b returned
		err = e.Decode(&b)
		return b.Filing, func(f *Filing) {
			f.State, f.Bound, f.Approvals, f.Returned, f.ReturnedBy = Draft, "", nil, b.Reason, e.Actor
		}, err
	case kindApproved:
		var b approved
		err = e.Decode(&b)
		return b.Filing, func(f *Filing) {
			f.Approvals = append(f.Approvals, Approval{Person: e.Actor, As: b.As, Group: b.Group, At: e.RecordedAt})
			if b.Complete {
				f.State = Approved
			}
		}, err
	case kindFiled:
		var b filed
		err = e.Decode(&b)
		return b.Filing, func(f *Filing) {
			f.State = Filed
			f.Sent = &Sent{At: e.At, By: e.Actor, Channel: b.Channel, Bound: b.Bound, Documents: b.Documents, LateReason: b.LateReason, Note: b.Note}
		}, err
	case kindReceipt:
		var b receipt
		err = e.Decode(&b)
		return b.Filing, func(f *Filing) {
			f.Receipts = append(f.Receipts, Receipt{Number: b.Number, At: e.At, By: e.Actor, Document: b.Document})
		}, err
	case kindDiscarded:
		var b discarded
		err = e.Decode(&b)
		return b.Filing, func(f *Filing) { f.State, f.Discarded = Discarded, b.Reason }, err
	}
	return "", nil, nil
}

func change(x row.Rows, id string, fn func(f *Filing) *Version) error {
	before, err := x.Row(filings, id)
	if err != nil || before == nil {
		return err
	}
	var f Filing
	doc, ok := before[5].([]byte)
	if !ok {
		return fmt.Errorf("filing %s: its document is %T", id, before[5])
	}
	if err := json.Unmarshal(doc, &f); err != nil {
		return err
	}
	v := fn(&f)
	return putBoth(x, before, f, v)
}

func putBoth(x row.Rows, before row.Row, f Filing, v *Version) error {
	doc, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if err := x.Put(filings, row.Change{Before: before, After: row.Row{f.ID, f.Incident, f.No, string(f.State), f.Duty, doc}}); err != nil || v == nil {
		return err
	}
	if doc, err = json.Marshal(v); err != nil {
		return err
	}
	return x.Put(versions, row.Change{After: row.Row{f.ID, v.Number, f.Incident, doc}})
}

// Reproject makes the rows of an incident anew after words of it were erased.
func (s *Service) Reproject(tx *store.Tx, incident string) error {
	ctx := clock.Background()
	list, err := document.List[Filing](ctx, tx, `SELECT doc FROM filing WHERE incident_id = ?`, incident)
	if err != nil || len(list) == 0 {
		return err
	}
	entries, err := s.led.Subject(ctx, tx, incident, 0, 0)
	if err != nil {
		return err
	}
	for _, q := range []string{`DELETE FROM filing_version WHERE incident_id = ?`, `DELETE FROM filing WHERE incident_id = ?`} {
		if _, err := tx.Exec(q, incident); err != nil {
			return fault.Wrap(fault.Internal, err, "make the filings anew")
		}
	}
	for _, e := range entries {
		if slices.ContainsFunc(Kinds(), func(k record.Kind) bool { return k.Name == e.Kind }) {
			if err := s.Project(row.Live(tx), e); err != nil {
				return fmt.Errorf("project filings of %s again: %w", incident, err)
			}
		}
	}
	return nil
}
