// Package exchange brings the directory in from files and out again: the whole as YAML, customers as CSV. An import is
// one transaction, all or nothing, and names each wrong line; a preview is the same, rolled back. It carries out
// policy 000 ("identified internal personnel … identified external stakeholders"): a company has these lists already.
//
// It must not import a room of detect, decide, respond, notify or learn.
package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// Service imports and exports.
type Service struct {
	db     *store.DB
	dir    *directory.Service
	people *who.Service
}

// New returns the service. It reads nothing yet.
func New(db *store.DB, dir *directory.Service, people *who.Service) *Service {
	return &Service{db: db, dir: dir, people: people}
}

// Format is the format of a file to import.
type Format string

// The formats.
const (
	FormatYAML Format = "yaml" // the whole directory, see File
	FormatCSV  Format = "csv"  // customers, see readCSV
)

// Result is what an import does, or would do, or why it does nothing.
type Result struct {
	Changes []directory.Change `json:"changes"`
	Errors  []LineError        `json:"errors"`
}

// Count tells how many items have an action.
func (r Result) Count(a directory.Action) int {
	n := 0
	for _, c := range r.Changes {
		if c.Action == a {
			n++
		}
	}
	return n
}

// errPreview rolls a preview back.
var errPreview = errors.New("preview")

// Preview tells what Import would do, by doing it and rolling it back. Result.Errors names each wrong line. It needs
// directory.edit, and person.manage when the file holds people.
func (s *Service) Preview(ctx context.Context, by who.Identity, format Format, text []byte) (Result, error) {
	if err := who.Check(by, who.PermDirectoryEdit); err != nil {
		return Result{}, err
	}
	return s.run(ctx, by, format, text, nil)
}

// Import stores a file in one transaction: all of it, or nothing when any line is wrong. Then the error is of kind
// Invalid, its fields name line and field, and Result.Errors holds the same. Permissions as for Preview.
func (s *Service) Import(ctx context.Context, by who.Identity, format Format, text []byte) (Result, error) {
	if err := who.Check(by, who.PermDirectoryEdit); err != nil {
		return Result{}, err
	}
	res, err := s.run(ctx, by, format, text, func(*store.Tx, Result) error { return nil })
	if err == nil && len(res.Errors) > 0 {
		err = asFault(res.Errors)
	}
	if err != nil {
		return res, fmt.Errorf("import the directory: %w", err)
	}
	return res, nil
}

// run previews without apply. With it, apply runs last in the transaction, on what is about to be stored.
func (s *Service) run(ctx context.Context, by who.Identity, format Format, text []byte, apply func(*store.Tx, Result) error) (Result, error) {
	if len(text) > MaxFile {
		return Result{}, fault.Newf(fault.TooLarge, "The file is larger than %d MiB: split it", MaxFile>>20)
	}
	var rows []row
	var errs []LineError
	switch format {
	case FormatYAML:
		rows, errs = readYAML(text)
	case FormatCSV: // read in the transaction: a table builds on what is stored
	default:
		return Result{}, fault.InvalidField("format", "must be yaml or csv")
	}
	if len(errs) > 0 {
		return Result{Changes: []directory.Change{}, Errors: errs}, nil
	}
	var res Result
	op := store.Op{Name: "directory.import", Actor: by.Actor}
	if apply == nil {
		op.Name = "directory.preview" // never remembered, because it is rolled back
	}
	o, err := s.db.Write(ctx, op, func(tx *store.Tx) error {
		im := &importing{s: s, ctx: ctx, tx: tx, by: by, csv: format == FormatCSV, rows: rows, res: Result{Changes: []directory.Change{}, Errors: []LineError{}}}
		err := im.run(text)
		res = im.res
		switch {
		case err != nil:
			return err
		case len(res.Errors) > 0 || apply == nil:
			return errPreview
		}
		if err := apply(tx, res); err != nil {
			return err
		}
		tx.SetResult("import")
		if res.Count(directory.Unchanged) == len(res.Changes) {
			return nil
		}
		return s.dir.TellTx(ctx, tx, by)
	})
	switch {
	case errors.Is(err, errPreview):
		slices.SortStableFunc(res.Errors, func(a, b LineError) int { return a.Line - b.Line })
		return res, nil
	case err != nil:
		return Result{}, err
	case o.Replayed:
		// It is stored already: the same file again changes nothing and says so.
		return s.run(ctx, by, format, text, nil)
	}
	return res, nil
}

// importing is one run of an import inside a transaction.
type importing struct {
	s    *Service
	ctx  context.Context
	tx   *store.Tx
	by   who.Identity
	csv  bool
	rows []row
	res  Result
}

func (im *importing) run(text []byte) error {
	sn, err := im.s.dir.Snapshot(im.tx)
	if err != nil {
		return err
	}
	if im.csv {
		im.rows, im.res.Errors = readCSV(text, func(id string) (directory.Party, bool) { p, ok := sn.Parties[id]; return p, ok })
		if im.res.Errors == nil {
			im.res.Errors = []LineError{}
		}
	}
	im.twice()
	if err := im.people(sn); err != nil {
		return err
	}
	// Items may refer to each other in any order. A person whose own line is wrong is not reported again by every line
	// that names it.
	var items []directory.Item
	var people []who.Person
	for _, r := range im.rows {
		switch v := r.value.(type) {
		case directory.Item:
			items = append(items, v)
		case who.Person:
			people = append(people, v)
		}
	}
	sn = sn.With(items, people)
	for _, r := range im.rows {
		if v, ok := r.value.(directory.Item); ok {
			if err := im.item(r, v, sn); err != nil {
				return err
			}
		}
	}
	return nil
}

// item checks and stores one item. When any line is wrong the whole is rolled back; it goes on to find the others.
func (im *importing) item(r row, v directory.Item, sn directory.Snapshot) error {
	wrong := directory.Check(v, sn)
	for _, f := range wrong {
		im.wrong(r, f.Field, f.Message)
	}
	if len(wrong) > 0 {
		return nil
	}
	c, err := im.s.dir.SaveTx(im.tx, im.by, v)
	if err != nil {
		return err
	}
	im.res.Changes = append(im.res.Changes, c)
	return nil
}

func (im *importing) wrong(r row, field, message string) {
	e := LineError{Line: r.line(field), Field: field, Message: message}
	switch {
	case im.csv:
		e.Field = columnOf(field)
	case r.path != "":
		e.Field = r.path + "." + field
	}
	im.res.Errors = append(im.res.Errors, e)
}

func (im *importing) twice() {
	seen := map[string]bool{}
	for _, r := range im.rows {
		if seen[r.kind+" "+r.id] {
			im.wrong(r, "id", "stands in the file twice: remove one")
		}
		seen[r.kind+" "+r.id] = true
	}
}

// people creates and changes people, deputies before those they stand in for. Where deputies form a circle, one is
// stored without a deputy first and gets it in a second round.
func (im *importing) people(sn directory.Snapshot) error {
	known := make(map[string]bool, len(sn.People))
	for id := range sn.People {
		known[id] = true
	}
	var open, later []row
	inFile := map[string]bool{}
	for _, r := range im.rows {
		if r.kind != "person" {
			continue
		}
		if r.id == "" {
			im.wrong(r, "id", "is missing: a file needs ids")
			continue
		}
		inFile[r.id] = true
		open = append(open, r)
	}
	for len(open) > 0 {
		at := slices.IndexFunc(open, func(r row) bool {
			d := r.value.(who.Person).Deputy
			return d == "" || known[d] || !inFile[d] || d == r.id
		})
		r := open[max(at, 0)]
		p := r.value.(who.Person)
		if at < 0 {
			later = append(later, r)
			p.Deputy = ""
		}
		open = slices.Delete(open, max(at, 0), max(at, 0)+1)
		if err := im.person(r, p, sn, true); err != nil {
			return err
		}
		known[p.ID] = true
	}
	if len(im.res.Errors) > 0 {
		return nil // a deputy may be missing only because its own line is wrong
	}
	for _, r := range later {
		if err := im.person(r, r.value.(who.Person), sn, false); err != nil {
			return err
		}
	}
	return nil
}

// person stores one person; what is wrong with its line goes to the errors, everything else ends the import.
func (im *importing) person(r row, p who.Person, sn directory.Snapshot, report bool) error {
	old, exists := sn.People[p.ID]
	var now who.Person
	var err error
	if exists || !report {
		now, err = im.s.people.UpdatePersonTx(im.tx, im.by, p, 0)
	} else {
		now, err = im.s.people.CreatePersonTx(im.tx, im.by, p)
	}
	if fields := fault.FieldsOf(err); len(fields) > 0 {
		for _, f := range fields {
			im.wrong(r, f.Field, f.Message)
		}
		return nil
	}
	if err != nil || !report {
		return err
	}
	c := directory.Change{Kind: "person", ID: p.ID, Name: now.Name, Action: directory.Created, After: now}
	if exists {
		now.Deputy = r.value.(who.Person).Deputy // it may come in the second round
		c.Before, c.After = old, now
		if c.Fields = directory.Differing(old, now); len(c.Fields) == 0 {
			c.Action = directory.Unchanged
		} else {
			c.Action = directory.Changed
		}
	}
	im.res.Changes = append(im.res.Changes, c)
	return nil
}
