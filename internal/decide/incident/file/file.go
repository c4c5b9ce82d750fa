// Package file keeps the files of an incident: screenshots, mails, logs that people drop on
// its timeline. It carries out policy 001 ("document the investigation and mitigation") and
// policy 003 ("research the time, location, and details"): who added which bytes, and when,
// stands in the ledger by their hash; names and notes can be erased, and then the bytes go
// too, which is recorded as well.
//
// A file here is a note with bytes. Whoever keeps evidence with a chain of custody refers
// to the same contents by their hash: give Service.Keep the question whether one is still
// needed, and record each handover where the custody is kept; Open is the one way to the
// bytes. It must not import a face, a duty or triage.
package file

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
)

// Service keeps files. Every method checks the permission first.
type Service struct {
	db        *store.DB
	led       *record.Ledger
	clk       *clock.Clock
	incidents *incident.Service
	jobs      *job.Runner
	blobs     *blob.Store
	keepers   []Keeper
}

// Keeper says whether another room still needs a content.
type Keeper func(ctx context.Context, r store.Reader, sha256 string) (bool, error)

// New returns the service and registers its job.
func New(db *store.DB, led *record.Ledger, clk *clock.Clock, incidents *incident.Service, jobs *job.Runner, blobs *blob.Store) *Service {
	s := &Service{db: db, led: led, clk: clk, incidents: incidents, jobs: jobs, blobs: blobs}
	jobs.Register(jobDestroy, s.destroy)
	return s
}

// Keep adds a room that may still need a content. Only at wiring.
func (s *Service) Keep(k Keeper) { s.keepers = append(s.keepers, k) }

// Max is the largest file taken, in bytes.
func (s *Service) Max() int64 { return s.blobs.Max() }

var errNone = fault.New(fault.NotFound, "There is no such file in this incident")

// Most is how many files one addition may bring.
const Most = 20

// Drop is one file that arrived: its content is held until the addition is over.
type Drop struct {
	Held *blob.Held
	Name string // as the sender calls it; only its last part is kept
}

// Addition is what somebody adds at once: files, and words for the timeline.
type Addition struct {
	Drops []Drop
	Text  string    // a note of its own in the timeline, "" for none
	Note  string    // about the files
	On    string    // entry of the timeline they belong to
	At    time.Time // when it happened, of the text; zero = now
}

// Receive checks that the caller may add files to the incident, before a byte is taken.
// Permission incident.work.
func (s *Service) Receive(_ context.Context, by who.Identity, ref string) error {
	if err := who.Check(by, who.PermIncidentWork); err != nil {
		return err
	}
	_, err := s.incidents.GetTx(s.db, ref)
	return err
}

// Put takes one content for an addition. Close what comes back when the addition is over.
// Permission incident.work.
func (s *Service) Put(ctx context.Context, by who.Identity, ref string, body io.Reader) (*blob.Held, error) {
	if err := s.Receive(ctx, by, ref); err != nil {
		return nil, err
	}
	return s.blobs.Put(ctx, body)
}

// Add records the files, and the words, in one transaction. A closed incident takes them
// too: evidence comes late. Permission incident.work.
func (s *Service) Add(ctx context.Context, by who.Identity, ref string, in Addition) ([]File, error) {
	if err := s.Receive(ctx, by, ref); err != nil {
		return nil, err
	}
	bodies, err := in.checked()
	if err != nil {
		return nil, err
	}
	var ids []string
	out, err := s.db.Write(ctx, store.Op{Name: "incident.file_add", Actor: by.Actor}, func(tx *store.Tx) error {
		ids = ids[:0]
		st, err := s.incidents.GetTx(tx, ref)
		if err != nil {
			return err
		}
		if err := s.onEntry(tx, st.ID, in.On); err != nil {
			return err
		}
		if in.Text != "" {
			if _, err := s.incidents.ExecuteTx(tx, by, st.ID, &incident.Note{Base: incident.Base{At: in.At}, Text: in.Text}); err != nil {
				return err
			}
		}
		for _, b := range bodies {
			e, err := s.append(tx, by, KindAdded, st.ID, b)
			if err != nil {
				return err
			}
			ids = append(ids, e.ID)
		}
		tx.SetResult(strings.Join(ids, ","))
		return nil
	})
	if err != nil {
		return nil, err
	}
	files := []File{}
	for _, id := range strings.Split(out.ResultID, ",") {
		f, err := read(ctx, s.db, id)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

func (in Addition) checked() ([]Added, error) {
	f := check.Text(nil, "text", in.Text, check.Screen, false)
	f = check.Text(f, "note", in.Note, check.Screen, false)
	f = check.Word(f, "on", in.On)
	switch {
	case len(in.Drops) == 0:
		f = append(f, fault.Field{Field: "files", Message: "choose at least one file"})
	case len(in.Drops) > Most:
		f = append(f, fault.Field{Field: "files", Message: fmt.Sprintf("are more than %d; send the rest afterwards, or pack them", Most)})
	}
	var out []Added
	for _, d := range in.Drops {
		name := lastPart(d.Name)
		if w := check.Text(nil, "name", name, check.Line, true); len(w) > 0 {
			f = append(f, w...)
		}
		out = append(out, Added{SHA256: d.Held.SHA256, Size: d.Held.Size, Media: d.Held.Media, On: in.On, Name: name, Note: in.Note})
	}
	return out, fault.Invalids(f...)
}

// lastPart is a file's name without folders and without what could hide its ending.
func lastPart(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "?")))
}

// onEntry refuses an entry that is not of the incident.
func (s *Service) onEntry(tx *store.Tx, incidentID, entry string) error {
	if entry == "" {
		return nil
	}
	var subject string
	err := tx.QueryRow(clock.Background(), "SELECT subject FROM ledger_entry WHERE id = ?", entry).Scan(&subject)
	if errors.Is(err, sql.ErrNoRows) || err == nil && subject != incidentID {
		return fault.InvalidField("on", "is no entry of this incident's timeline; leave it out")
	}
	if err != nil {
		return fmt.Errorf("read the entry a file belongs to: %w", err)
	}
	return nil
}

// append records an entry and projects it.
func (s *Service) append(tx *store.Tx, by who.Identity, kind, incidentID string, body any) (record.Entry, error) {
	e, err := s.led.Append(tx, record.Draft{Kind: kind, Subject: incidentID, Actor: by.Actor, Body: body})
	if err != nil {
		return e, err
	}
	return e, s.Project(tx, e)
}

// List returns the files of an incident, newest first, and the cursor of the next page.
// Permission incident.read.
func (s *Service) List(ctx context.Context, by who.Identity, ref, cursor string, limit int) ([]File, string, error) {
	if err := who.Check(by, who.PermIncidentRead); err != nil {
		return nil, "", err
	}
	st, err := s.incidents.GetTx(s.db, ref)
	if err != nil {
		return nil, "", err
	}
	bound := []string{"files", st.ID}
	keys, err := by.OpenCursor(cursor, bound, 2)
	if err != nil {
		return nil, "", err
	}
	limit = who.Limit(limit)
	q, args := columns+"WHERE incident_id = ?", []any{st.ID}
	if keys != nil {
		at, err := strconv.ParseInt(keys[0], 10, 64)
		if err != nil {
			return nil, "", fault.InvalidField("cursor", "does not belong to this list; start again without it")
		}
		q, args = q+" AND (added_at, id) < (?, ?)", append(args, at, keys[1])
	}
	list, err := query(ctx, s.db, q+" ORDER BY added_at DESC, id DESC LIMIT ?", append(args, limit+1)...)
	if err != nil || len(list) <= limit {
		return list, "", err
	}
	last := list[limit-1]
	return list[:limit], by.Cursor(bound, strconv.FormatInt(clock.Micros(last.AddedAt), 10), last.ID), nil
}

func query(ctx context.Context, r store.Reader, q string, args ...any) ([]File, error) {
	rows, err := r.Query(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	defer rows.Close()
	list := []File{}
	for rows.Next() {
		f, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list files: %w", err)
		}
		list = append(list, f)
	}
	return list, rows.Err()
}

// Hidden says which of the files of an incident are withdrawn or erased, for its timeline.
// Permission incident.read.
func (s *Service) Hidden(ctx context.Context, by who.Identity, ref string) (map[string]bool, error) {
	if err := who.Check(by, who.PermIncidentRead); err != nil {
		return nil, err
	}
	st, err := s.incidents.GetTx(s.db, ref)
	if err != nil {
		return nil, err
	}
	list, err := query(ctx, s.db, columns+"WHERE incident_id = ? AND (withdrawn_at > 0 OR erased = 1)", st.ID)
	hidden := map[string]bool{}
	for _, f := range list {
		hidden[f.ID] = true
	}
	return hidden, err
}

// Get returns one file. Permission incident.read.
func (s *Service) Get(ctx context.Context, by who.Identity, ref, id string) (File, error) {
	if err := who.Check(by, who.PermIncidentRead); err != nil {
		return File{}, err
	}
	st, err := s.incidents.GetTx(s.db, ref)
	if err != nil {
		return File{}, err
	}
	f, err := read(ctx, s.db, id)
	if err == nil && f.Incident != st.ID {
		err = errNone
	}
	return f, err
}

// Open returns a file and its content, which the caller closes. What was withdrawn only
// those with incident.manage still open. Permission incident.read.
func (s *Service) Open(ctx context.Context, by who.Identity, ref, id string) (File, *os.File, error) {
	f, err := s.Get(ctx, by, ref, id)
	switch {
	case err != nil:
		return File{}, nil, err
	case f.Erased:
		return File{}, nil, fault.New(fault.Gone, "This file was erased. The ledger shows that it was there.")
	case f.Withdrawn() && !by.Has(who.PermIncidentManage):
		return File{}, nil, fault.New(fault.Gone, "This file was withdrawn. The incident manager can still open it.")
	}
	content, err := s.blobs.Open(f.SHA256)
	if err != nil {
		return File{}, nil, fmt.Errorf("open file %s: %w", f.ID, err)
	}
	return f, content, nil
}

// Withdraw hides a file, with a reason; its content is kept. Permission incident.work for
// an own file, incident.manage for every other.
func (s *Service) Withdraw(ctx context.Context, by who.Identity, ref, id, reason string) (File, error) {
	if err := who.Check(by, who.PermIncidentWork); err != nil {
		return File{}, err
	}
	if err := fault.Invalids(check.Text(nil, "reason", reason, check.Screen, true)...); err != nil {
		return File{}, err
	}
	_, err := s.db.Write(ctx, store.Op{Name: "incident.file_withdraw", Actor: by.Actor}, func(tx *store.Tx) error {
		f, err := s.inIncident(ctx, tx, ref, id)
		if err != nil {
			return err
		}
		if f.AddedBy != by.Actor {
			if err := who.Check(by, who.PermIncidentManage); err != nil {
				return err
			}
		}
		if f.Withdrawn() || f.Erased {
			return fault.New(fault.Conflict, "This file is withdrawn or erased already")
		}
		tx.SetResult(id)
		_, err = s.append(tx, by, KindWithdrawn, f.Incident, Withdrawn{File: id, Reason: reason})
		return err
	})
	if err != nil {
		return File{}, err
	}
	return s.Get(ctx, by, ref, id)
}

// Erase destroys the name and the note of a file, and soon after its content, unless
// another file has the same one. That it was there stays in the ledger. Permission
// ledger.erase.
func (s *Service) Erase(ctx context.Context, by who.Identity, ref, id, reason string) (File, error) {
	if err := who.Check(by, who.PermLedgerErase); err != nil {
		return File{}, err
	}
	_, err := s.db.Write(ctx, store.Op{Name: "incident.file_erase", Actor: by.Actor}, func(tx *store.Tx) error {
		f, err := s.inIncident(ctx, tx, ref, id)
		if err != nil {
			return err
		}
		if f.Erased {
			return fault.New(fault.Conflict, "This file is erased already")
		}
		tx.SetResult(id)
		return s.led.Erase(tx, by.Actor, []string{id}, reason)
	})
	if err != nil {
		return File{}, err
	}
	return s.Get(ctx, by, ref, id)
}

func (s *Service) inIncident(ctx context.Context, tx *store.Tx, ref, id string) (File, error) {
	st, err := s.incidents.GetTx(tx, ref)
	if err != nil {
		return File{}, err
	}
	f, err := read(ctx, tx, id)
	if err == nil && f.Incident != st.ID {
		err = errNone
	}
	return f, err
}

// needed says whether a content is still named by a file that was not erased, or needed by
// another room.
func (s *Service) needed(ctx context.Context, r store.Reader, sum string) (bool, error) {
	var n int64
	err := r.QueryRow(ctx, "SELECT COUNT(*) FROM (SELECT 1 AS one FROM incident_file WHERE sha256 = ? AND erased = 0 LIMIT 1) AS found", sum).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look who names content %s: %w", sum, err)
	}
	if n > 0 {
		return true, nil
	}
	for _, k := range s.keepers {
		if kept, err := k(ctx, r, sum); kept || err != nil {
			return kept, err
		}
	}
	return false, nil
}

// Reclaim removes contents that no file names, and what was left of uploads that were cut
// off, both from before the time: what an upload brought that never came to its record. It
// returns how many contents went.
func (s *Service) Reclaim(ctx context.Context, before time.Time) (int, error) {
	old, err := s.blobs.Older(before)
	if err != nil {
		return 0, err
	}
	var orphans []string
	for _, sum := range old { // most are named; only for the others the lock is taken
		if need, err := s.needed(ctx, s.db, sum); err != nil {
			return 0, err
		} else if !need {
			orphans = append(orphans, sum)
		}
	}
	sole, err := s.blobs.Alone()
	if fault.KindOf(err) == fault.Unavailable {
		return 0, nil // somebody is at work; the next time
	}
	if err != nil {
		return 0, err
	}
	n := 0
	for _, sum := range orphans {
		need, err := s.needed(ctx, s.db, sum)
		if err == nil && !need {
			if err = sole.Delete(sum); err == nil {
				n++
			}
		}
		if err != nil {
			return n, errors.Join(err, sole.Close())
		}
	}
	return n, errors.Join(sole.Tidy(before), sole.Close())
}

// Live returns the contents that files name, each once, in a snapshot: all that are not
// erased. It needs none of the service's parts and no permission: a backup and a
// verification ask.
func Live(ctx context.Context, r store.Reader, each func(f File) error) error {
	after, afterID, last := "", "", ""
	for {
		list, err := query(ctx, r, columns+"WHERE erased = 0 AND (sha256, id) > (?, ?) ORDER BY sha256, id LIMIT ?", after, afterID, liveBatch)
		if err != nil {
			return err
		}
		for _, f := range list {
			if f.SHA256 != last {
				if err := each(f); err != nil {
					return err
				}
			}
			last = f.SHA256
		}
		if len(list) < liveBatch {
			return nil
		}
		end := list[len(list)-1]
		after, afterID = end.SHA256, end.ID
	}
}

// liveBatch is how many rows one read takes.
const liveBatch = 500

// Tell puts an entry about a file into words.
func Tell(e record.Entry, name func(id string) string) string {
	switch e.Kind {
	case KindAdded:
		var b Added
		if e.Decode(&b) != nil {
			return ""
		}
		text := "File: " + b.Name + " (" + blob.Size(b.Size) + ")"
		if b.Note != "" {
			text += ". " + b.Note
		}
		return text
	case KindWithdrawn:
		var b Withdrawn
		if e.Decode(&b) != nil {
			return ""
		}
		return "File withdrawn, " + name("file:"+b.File) + ": " + b.Reason
	case KindDestroyed:
		var b Destroyed
		if e.Decode(&b) != nil {
			return ""
		}
		if b.Shared {
			return "Erased file: its content is kept, because another file has the same"
		}
		return "Erased file: its content was destroyed"
	}
	return ""
}

// Name is what people call a file, "" for one that is not known or erased.
func (s *Service) Name(ctx context.Context, r store.Reader, id string) string {
	f, err := read(ctx, r, id)
	if err != nil {
		return ""
	}
	return f.Name
}

// Newest returns the newest files that are to be seen. Permission incident.read.
func (s *Service) Newest(ctx context.Context, by who.Identity, ref string, limit int) ([]File, error) {
	list, _, err := s.List(ctx, by, ref, "", who.PageLimit)
	list = slices.DeleteFunc(list, func(f File) bool { return f.Withdrawn() || f.Erased })
	return list[:min(limit, len(list))], err
}
