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
	"strings"
	"time"
	"unicode"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
)

// Service keeps files. Every method checks the permission first.
type Service struct {
	db        *store.DB
	led       *record.Ledger
	incidents *incident.Service
	jobs      *job.Runner
	blobs     *blob.Store
	keepers   []Keeper
	observers []Observer
}

// Observer is told, in the same transaction, that a file was withdrawn or erased. May run
// twice, like every write.
type Observer func(ctx context.Context, tx *store.Tx, by who.Identity, f File) error

// Observe adds an observer. Only at wiring.
func (s *Service) Observe(o Observer) { s.observers = append(s.observers, o) }

// gone tells the other rooms that a file is not there for them any more.
func (s *Service) gone(ctx context.Context, tx *store.Tx, by who.Identity, id string) error {
	f, err := read(ctx, tx, id)
	errs := []error{err}
	for _, o := range s.observers {
		if err == nil {
			errs = append(errs, o(ctx, tx, by, f))
		}
	}
	return errors.Join(errs...)
}

// Keeper says whether another room still needs a content.
type Keeper func(ctx context.Context, r store.Reader, sha256 string) (bool, error)

// New returns the service and registers its job.
func New(db *store.DB, led *record.Ledger, incidents *incident.Service, jobs *job.Runner, blobs *blob.Store) *Service {
	s := &Service{db: db, led: led, incidents: incidents, jobs: jobs, blobs: blobs}
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
		joins := r == 0x200c || r == 0x200d // within words of some scripts
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) && !joins {
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
	return e, s.Project(row.Live(tx), e)
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
		if _, err = s.append(tx, by, KindWithdrawn, f.Incident, Withdrawn{File: id, Reason: reason}); err != nil {
			return err
		}
		return s.gone(ctx, tx, by, id)
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

// Take takes one content for AddTx, for rooms that have checked who asks. Close what comes
// back when the addition is over.
func (s *Service) Take(ctx context.Context, body io.Reader) (*blob.Held, error) {
	return s.blobs.Put(ctx, body)
}

// AddTx records files in another room's transaction, for rooms that have checked who asks,
// and returns their ids.
func (s *Service) AddTx(tx *store.Tx, by who.Identity, incidentID string, in Addition) ([]string, error) {
	if by.IsZero() {
		return nil, fault.New(fault.Denied, "nobody asks")
	}
	bodies, err := in.checked()
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, b := range bodies {
		e, err := s.append(tx, by, KindAdded, incidentID, b)
		if err != nil {
			return nil, err
		}
		ids = append(ids, e.ID)
	}
	return ids, nil
}
