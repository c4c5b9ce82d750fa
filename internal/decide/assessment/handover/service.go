package handover

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// Service builds packages and keeps those that were taken. Every method checks the
// permission first.
type Service struct {
	db        *store.DB
	led       *record.Ledger
	clk       *clock.Clock
	incidents *incident.Service
	dirs      *directory.Service
}

// New returns the service.
func New(db *store.DB, led *record.Ledger, clk *clock.Clock, incidents *incident.Service, dirs *directory.Service) *Service {
	return &Service{db: db, led: led, clk: clk, incidents: incidents, dirs: dirs}
}

// Version is one package that was taken.
type Version struct {
	ID       string    `json:"id"`
	Customer string    `json:"customer"`
	Number   int       `json:"number"`
	SHA256   string    `json:"sha256"` // of Document
	TakenBy  string    `json:"taken_by"`
	TakenAt  time.Time `json:"taken_at"`
	Erased   bool      `json:"erased,omitempty"`
	Words    Words     `json:"-"`
	Document []byte    `json:"-"` // the JSON that was handed over; nothing once erased
}

// Package reads the document again.
func (v Version) Package() (p Package, err error) {
	if v.Erased {
		return p, fault.New(fault.Gone, "This package was erased. The ledger shows that it was taken, and its hash.")
	}
	err = json.Unmarshal(v.Document, &p)
	return p, err
}

// Draft is the package as it would be taken now, and what came before it.
type Draft struct {
	Package
	Words    Words     // of the last version
	Versions []Version // newest first, without their documents
	Changes  []Change  // since the last version; all is new where there is none
	Text     []byte    // the JSON as it would be taken
}

var errNone = fault.New(fault.NotFound, "There is no such hand-over: the customer is not affected, is no controller, or none of our entities is its processor here")

// List gives the customers of an incident for whom a package can be taken, with the last
// version of each. Permission incident.read and duty.read.
func (s *Service) List(ctx context.Context, by who.Identity, ref string) (list []Who, last map[string]Version, err error) {
	if err := may(by, who.PermDutyRead); err != nil {
		return nil, nil, err
	}
	err = s.db.View(ctx, func(v *store.View) error {
		st, dir, err := s.read(v, ref)
		if err != nil {
			return err
		}
		list, _ = Customers(st, dir)
		all, err := versions(ctx, v, st.ID, "")
		last = map[string]Version{}
		for _, x := range all {
			if _, had := last[x.Customer]; !had {
				last[x.Customer] = x
			}
		}
		return err
	})
	return list, last, err
}

// Draft is the package of one customer as it would be taken now. Permission incident.read
// and duty.read.
func (s *Service) Draft(ctx context.Context, by who.Identity, ref, customer string) (d Draft, err error) {
	if err := may(by, who.PermDutyRead); err != nil {
		return Draft{}, err
	}
	err = s.db.View(ctx, func(v *store.View) error {
		st, dir, err := s.read(v, ref)
		if err != nil {
			return err
		}
		d, err = s.draft(ctx, v, st, dir, customer, nil)
		return err
	})
	return d, err
}

// Take records the package with the sender's words and returns it as it was handed over.
// Permission incident.read and duty.work.
func (s *Service) Take(ctx context.Context, by who.Identity, ref, customer string, w Words) (Version, error) {
	if err := may(by, who.PermDutyWork); err != nil {
		return Version{}, err
	}
	out, err := s.db.Write(ctx, store.Op{Name: "handover.take", Actor: by.Actor}, func(tx *store.Tx) error {
		st, dir, err := s.read(tx, ref)
		if err != nil {
			return err
		}
		w.ExpectedAt = w.ExpectedAt.UTC().Truncate(time.Microsecond)
		d, err := s.draft(ctx, tx, st, dir, customer, &w)
		if err != nil {
			return err
		}
		if err := w.check(dir, customer, s.clk.Now()); err != nil {
			return err
		}
		sum := sha256.Sum256(d.Text)
		words, err := json.Marshal(w)
		if err != nil {
			return err
		}
		e, err := s.led.Append(tx, record.Draft{Kind: KindTaken, Subject: st.ID, Actor: by.Actor, Body: taken{
			Customer: customer, Entity: d.Processor.ID, Number: len(d.Versions) + 1, SHA256: hex.EncodeToString(sum[:]), Words: words, Document: string(d.Text),
		}})
		if err != nil {
			return err
		}
		tx.SetResult(e.ID)
		return s.Project(row.Live(tx), e)
	})
	if err != nil {
		return Version{}, fmt.Errorf("take the hand-over of %s for %s: %w", ref, customer, err)
	}
	return one(s.db.QueryRow(ctx, columns+"WHERE id = ?", out.ResultID))
}

// Version is a package that was taken, with its document. Permission incident.read and
// duty.read.
func (s *Service) Version(ctx context.Context, by who.Identity, ref, customer string, number int) (Version, error) {
	if err := may(by, who.PermDutyRead); err != nil {
		return Version{}, err
	}
	st, err := s.incidents.GetTx(s.db, ref)
	if err != nil {
		return Version{}, err
	}
	return one(s.db.QueryRow(ctx, columns+"WHERE incident_id = ? AND customer = ? AND number = ?", st.ID, customer, number))
}

func may(by who.Identity, more who.Permission) error {
	if err := who.Check(by, who.PermIncidentRead); err != nil {
		return err
	}
	return who.Check(by, more)
}

func (s *Service) read(r store.Reader, ref string) (incident.State, directory.Snapshot, error) {
	st, err := s.incidents.GetTx(r, ref)
	if err != nil {
		return st, directory.Snapshot{}, err
	}
	dir, err := s.dirs.Snapshot(r)
	return st, dir, err
}

// draft builds the package with the given words, or with those of the last version.
func (s *Service) draft(ctx context.Context, r store.Reader, st incident.State, dir directory.Snapshot, customer string, w *Words) (Draft, error) {
	_, entity := Customers(st, dir)
	list, err := versions(ctx, r, st.ID, customer)
	if err != nil {
		return Draft{}, err
	}
	if entity[customer] == "" {
		return Draft{}, errNone
	}
	d := Draft{Versions: list}
	if len(list) > 0 {
		d.Words = list[0].Words
	}
	if w == nil {
		w = &d.Words
	}
	d.Package = Build(st, dir, customer, entity[customer], *w)
	var was Package
	if len(list) > 0 && !list[0].Erased {
		if was, err = list[0].Package(); err != nil {
			return Draft{}, err
		}
	}
	d.Changes = Diff(was, d.Package)
	for i := range d.Versions {
		d.Versions[i].Document = nil
	}
	d.Text, err = json.MarshalIndent(d.Package, "", "  ")
	return d, err
}

// check refuses words that are too long, or that name another customer.
func (w Words) check(dir directory.Snapshot, customer string, now time.Time) error {
	var f []fault.Field
	for _, x := range [...]struct{ name, text string }{
		{"nature", w.Nature}, {"persons", w.Persons}, {"records", w.Records}, {"consequences", w.Consequences}, {"measures", w.Measures},
	} {
		f = check.Text(f, x.name, x.text, check.Screen, false)
		if Names(x.text, dir, customer) {
			f = append(f, fault.Field{Field: x.name, Message: "names another customer or partner: say it without the name"})
		}
	}
	if !w.ExpectedAt.IsZero() && w.ExpectedAt.Before(now.Add(-fact.FutureSlack)) {
		f = append(f, fault.Field{Field: "expected_at", Message: "lies in the past: say when you expect to know more"})
	}
	return fault.Invalids(f...)
}

const columns = "SELECT id, customer, number, sha256, words, document, taken_by, taken_at, erased FROM handover "

func one(r interface{ Scan(dest ...any) error }) (Version, error) {
	var v Version
	var at, erased int64
	var words, doc string
	err := r.Scan(&v.ID, &v.Customer, &v.Number, &v.SHA256, &words, &doc, &v.TakenBy, &at, &erased)
	if errors.Is(err, sql.ErrNoRows) {
		return v, fault.New(fault.NotFound, "There is no such version of the package")
	}
	if err != nil {
		return v, fmt.Errorf("read a hand-over: %w", err)
	}
	v.TakenAt, v.Erased, v.Document = clock.FromMicros(at), erased != 0, []byte(doc)
	if words != "" {
		err = json.Unmarshal([]byte(words), &v.Words)
	}
	return v, err
}

// versions are the packages taken of an incident, newest first; of one customer, or of all.
func versions(ctx context.Context, r store.Reader, incident, customer string) (out []Version, err error) {
	q, args := columns+"WHERE incident_id = ?", []any{incident}
	if customer != "" {
		q, args = q+" AND customer = ?", append(args, customer)
	}
	rows, err := r.Query(ctx, q+" ORDER BY customer, number DESC", args...)
	if err != nil {
		return nil, fmt.Errorf("list hand-overs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		v, err := one(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}
