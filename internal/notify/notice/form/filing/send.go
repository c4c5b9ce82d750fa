package filing

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/print"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/notify/notice/form/output"
)

// Sending says how and when something was filed.
type Sending struct {
	At         time.Time // when it was filed; zero = now
	Channel    string    // one of Channels
	LateReason string    // asked when it was filed after the due time
	Receipt    string    // number the authority gave; may come later
	Note       string
	File       *blob.Held // the authority's receipt; nil = none
	FileName   string
}

// futureSlack is how far ahead of our clock another clock may be.
const futureSlack = 5 * time.Minute

// File records that the approved answers were filed: the form as PDF and as JSON is kept
// with its hash, the duty is met at that time. Filed late, it asks for the reason. A drill
// is never filed; a hold of law enforcement that the rule allows stops it. Permission
// filing.work.
func (s *Service) File(ctx context.Context, by who.Identity, ref string, no int, in Sending) (Filing, error) {
	if err := who.Check(by, who.PermFilingWork); err != nil {
		return Filing{}, err
	}
	f, err := s.Get(ctx, by, ref, no)
	if err != nil {
		return f, err
	}
	now := s.clk.Now()
	in.At = cmp.Or(in.At, now)
	if err := in.check(now); err != nil {
		return f, err
	}
	filled, err := s.filled(ctx, s.db, f)
	if err != nil {
		return f, err
	}
	filled.State, filled.At = "Filed "+in.At.UTC().Format("2 January 2006 15:04 UTC"), in.At
	drops, kinds, err := s.documents(ctx, f, filled)
	defer closeAll(drops)
	if err != nil {
		return f, err
	}
	if in.File != nil {
		drops, kinds = append(drops, file.Drop{Held: in.File, Name: cmp.Or(in.FileName, "receipt")}), append(kinds, "receipt")
	}
	return s.change(ctx, by, ref, no, "filing.file", func(tx *store.Tx, g Filing) error {
		if err := s.gate(ctx, tx, g); err != nil {
			return err
		}
		if g.Bound != f.Bound || g.Version != f.Version {
			return fault.New(fault.Conflict, "The answers changed while they were filed. Look at them and try again")
		}
		return s.file(ctx, tx, by, g, in, drops, kinds)
	})
}

func (in Sending) check(now time.Time) error {
	var f []fault.Field
	if !slices.Contains(channels, in.Channel) {
		f = append(f, fault.Field{Field: "channel", Message: "must be one of " + strings.Join(channels, ", ")})
	}
	if in.At.After(now.Add(futureSlack)) {
		f = append(f, fault.Field{Field: "at", Message: "lies in the future; give the time it was filed"})
	}
	for name, v := range map[string]string{"receipt": in.Receipt, "note": in.Note, "late_reason": in.LateReason} {
		if len(v) > maxReason {
			f = append(f, fault.Field{Field: name, Message: "is too long: 2,000 characters are taken"})
		}
	}
	return fault.Invalids(f...)
}

// gate refuses what may not leave: a drill, what is not approved, what law enforcement holds.
func (s *Service) gate(ctx context.Context, tx *store.Tx, f Filing) error {
	st, err := s.incidents.GetTx(tx, f.Incident)
	if err != nil {
		return err
	}
	switch {
	case f.Drill || st.Kind == incident.Drill:
		return fault.New(fault.Conflict, "This is a drill: nothing of it is filed. Print it, and note in the timeline that it was practised")
	case f.State != Approved:
		return fault.Newf(fault.Conflict, "This filing is %s. It is filed once those whom the plan names have approved it", stateWords(f.State))
	}
	if r := s.rule(f.Rule); r != nil && r.Hold != nil && held(st) {
		return fault.New(fault.Conflict, "Law enforcement asked to wait, and "+r.Basis()+" allows it. Record the release of the hold first")
	}
	if len(f.Combines) == 0 {
		return nil
	}
	list, err := s.duties.OfIncident(ctx, tx, f.Incident)
	if err != nil {
		return err
	}
	def, stage, err := s.FormOf(f)
	if err != nil {
		return err
	}
	rules := slices.Clone(stage.Rules)
	for _, id := range f.Combines {
		if c, ok := def.Stage(id); ok {
			rules = append(rules, c.Rules...)
		}
	}
	list = slices.DeleteFunc(list, func(d duty.Duty) bool { return d.Entity != f.Entity || !slices.Contains(rules, d.Basis.Law) })
	if !onTime(list, func(d duty.Duty) duty.State { return d.At(s.clk.Now()) }) {
		return fault.New(fault.Conflict, "Reports are combined only while all their time limits are met. File them one by one, the earliest first, with the reason for the delay")
	}
	return nil
}

// held says whether a request of law enforcement to delay runs, for any entity: what was
// released and asked for again runs again.
func held(st incident.State) bool {
	for _, f := range st.Facts {
		if f.Name == fact.HoldSince && !f.Value.At.IsZero() && st.Moment(fact.HoldReleased, f.Entity).Before(f.Value.At) {
			return true
		}
	}
	return false
}

func (s *Service) file(ctx context.Context, tx *store.Tx, by who.Identity, f Filing, in Sending, drops []file.Drop, kinds []string) error {
	v, err := version(ctx, tx, f.ID, f.Version)
	if err != nil {
		return err
	}
	if bound(f, v.Answers) != f.Bound {
		return fault.New(fault.Conflict, "The answers are not those that were approved. Submit them again")
	}
	st, err := s.incidents.GetTx(tx, f.Incident)
	if err != nil {
		return err
	}
	if in.At.Before(st.DiscoveredAt.Add(-futureSlack)) {
		return fault.InvalidField("at", "lies before the incident was discovered")
	}
	d, err := s.dutyOf(ctx, tx, f)
	if err != nil {
		return err
	}
	if d.State == duty.Open && !d.DueAt.IsZero() && in.At.After(d.DueAt) && strings.TrimSpace(in.LateReason) == "" {
		return fault.InvalidField("late_reason", "is needed: this was due at "+d.DueAt.UTC().Format(time.RFC3339))
	}
	docs, err := s.keep(tx, by, f, drops, kinds)
	if err != nil {
		return err
	}
	body := filed{
		Filing: f.ID, Bound: f.Bound, Channel: in.Channel, Recipient: f.Recipient, Stage: f.Stage, LateReason: in.LateReason, Note: in.Note,
	}
	var got *Document
	for _, doc := range docs {
		if doc.Kind == "receipt" {
			got = &doc
			continue
		}
		body.Documents = append(body.Documents, doc)
	}
	if _, err := s.append(tx, by, record.Draft{Kind: kindFiled, Subject: f.Incident, At: in.At, Body: body}); err != nil {
		return err
	}
	if in.Receipt != "" || got != nil {
		if _, err := s.append(tx, by, record.Draft{Kind: kindReceipt, Subject: f.Incident, Body: receipt{f.ID, got, in.Receipt}}); err != nil {
			return err
		}
	}
	return s.met(ctx, tx, by, f, duty.Evidence{With: "filing", Ref: f.ID, At: in.At, LateReason: in.LateReason})
}

func (s *Service) keep(tx *store.Tx, by who.Identity, f Filing, drops []file.Drop, kinds []string) ([]Document, error) {
	ids, err := s.files.AddTx(tx, by, f.Incident, file.Addition{Drops: drops, Note: fmt.Sprintf("Filing %d", f.No)})
	if err != nil {
		return nil, err
	}
	out := make([]Document, len(ids))
	for i, id := range ids {
		out[i] = Document{File: id, Kind: kinds[i], SHA256: drops[i].Held.SHA256, Size: drops[i].Held.Size}
	}
	return out, nil
}

// documents makes the bytes that are kept, before the transaction.
func (s *Service) documents(ctx context.Context, f Filing, in output.Filled) (drops []file.Drop, kinds []string, err error) {
	for _, kind := range []string{"pdf", "json"} {
		b, err := render(in, kind)
		if err != nil {
			return drops, kinds, err
		}
		held, err := s.files.Take(ctx, bytes.NewReader(b))
		if err != nil {
			return drops, kinds, err
		}
		drops, kinds = append(drops, file.Drop{Held: held, Name: Name(f, kind)}), append(kinds, kind)
	}
	return drops, kinds, nil
}

func closeAll(drops []file.Drop) {
	for _, d := range drops {
		_ = d.Held.Close()
	}
}

// Name is what a file of a filing is called.
func Name(f Filing, kind string) string {
	return fmt.Sprintf("%s-filing-%d-%s-%s.%s", f.Ref, f.No, f.Form, f.Stage, kind)
}

func render(in output.Filled, kind string) ([]byte, error) {
	switch kind {
	case "json":
		return output.JSON(in)
	case "pdf":
		return print.PDF(output.Document(in))
	}
	return nil, fault.InvalidField("kind", "must be pdf or json")
}

// Render makes the form as it stands: "pdf" or "json". Of what was filed the same bytes
// come that were kept. Permission notice.read.
func (s *Service) Render(ctx context.Context, by who.Identity, ref string, no int, kind string) (Filing, []byte, error) {
	f, err := s.Get(ctx, by, ref, no)
	if err != nil {
		return f, nil, err
	}
	if f.Sent != nil {
		for _, doc := range f.Sent.Documents {
			if doc.Kind == kind {
				b, err := s.kept(ctx, by, ref, doc)
				return f, b, err
			}
		}
	}
	in, err := s.filled(ctx, s.db, f)
	if err != nil {
		return f, nil, err
	}
	b, err := render(in, kind)
	return f, b, err
}

func (s *Service) kept(ctx context.Context, by who.Identity, ref string, doc Document) ([]byte, error) {
	_, in, err := s.files.Open(ctx, by, ref, doc.File)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(in)
	return b, errors.Join(err, in.Close())
}

// Filled is the form with its answers, for those who show it. Permission notice.read.
func (s *Service) Filled(ctx context.Context, by who.Identity, f Filing) (output.Filled, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return output.Filled{}, err
	}
	return s.filled(ctx, s.db, f)
}

func (s *Service) filled(ctx context.Context, r store.Reader, f Filing) (output.Filled, error) {
	def, stage, err := s.FormOf(f)
	if err != nil {
		return output.Filled{}, err
	}
	v, err := version(ctx, r, f.ID, f.Version)
	if err != nil {
		return output.Filled{}, err
	}
	late, err := s.Late(ctx, r, f)
	if err != nil {
		return output.Filled{}, err
	}
	dir, err := s.dirs.Snapshot(r)
	if err != nil {
		return output.Filled{}, err
	}
	out := output.Filled{
		Form: def, Stage: stage, Combines: f.Combines, Answers: v.Answers, Late: late, Incident: f.Ref, No: f.No, Recipient: f.Recipient,
		Entity: cmp.Or(dir.Entities[f.Entity].Name, f.Entity), Drill: f.Drill, State: "Version " + fmt.Sprint(f.Version) + ", " + stateWords(f.State), At: v.At,
	}
	for _, a := range f.Approvals {
		out.Approved = append(out.Approved, dir.PersonName(a.Person)+" ("+strings.ReplaceAll(a.As, "_", " ")+"), "+a.At.UTC().Format("2 January 2006 15:04 UTC"))
	}
	if f.Sent != nil {
		out.State, out.At = "Filed "+f.Sent.At.UTC().Format("2 January 2006 15:04 UTC"), f.Sent.At
	}
	if f.Follows > 0 {
		b, err := one(ctx, r, f.Incident, f.Follows)
		if err != nil {
			return out, err
		}
		w, err := version(ctx, r, b.ID, b.Version)
		if err != nil {
			return out, err
		}
		if out.Before = w.Answers; b.Form != f.Form {
			out.Before = nil
		}
	}
	return out, nil
}

// Receive records what the authority answered: a number, a file, or both. Permission
// filing.work.
func (s *Service) Receive(ctx context.Context, by who.Identity, ref string, no int, number string, held *blob.Held, name string) (Filing, error) {
	if err := who.Check(by, who.PermFilingWork); err != nil {
		return Filing{}, err
	}
	if held == nil {
		if err := needed("receipt", number); err != nil {
			return Filing{}, err
		}
	}
	return s.write(ctx, by, ref, no, "filing.receipt", func(tx *store.Tx, f Filing) error {
		if f.State != Filed {
			return fault.New(fault.Conflict, "A receipt comes after the filing: record that it was filed first")
		}
		var doc *Document
		if held != nil {
			docs, err := s.keep(tx, by, f, []file.Drop{{Held: held, Name: cmp.Or(name, "receipt")}}, []string{"receipt"})
			if err != nil {
				return err
			}
			doc = &docs[0]
		}
		_, err := s.append(tx, by, record.Draft{Kind: kindReceipt, Subject: f.Incident, Body: receipt{f.ID, doc, number}})
		return err
	})
}

// Take takes the bytes of a receipt. Close what comes back when it is recorded. Permission
// filing.work.
func (s *Service) Take(ctx context.Context, by who.Identity, body io.Reader) (*blob.Held, error) {
	if err := who.Check(by, who.PermFilingWork); err != nil {
		return nil, err
	}
	return s.files.Take(ctx, body)
}
