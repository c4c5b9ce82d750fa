package file_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

var start = time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)

type env struct {
	t     *testing.T
	db    *store.DB
	led   *record.Ledger
	inc   *incident.Service
	jobs  *job.Runner
	files *file.Service
	blobs *blob.Store
	dir   string
	st    incident.State
}

func newEnv(t *testing.T, db *store.DB) *env {
	t.Helper()
	e := &env{t: t, db: db, dir: filepath.Join(t.TempDir(), "blobs")}
	clk := clock.NewTest(start)
	kinds := append(append(append(append(who.Kinds(), incident.Kinds()...), plan.Kinds()...), directory.Kinds()...), file.Kinds()...)
	var err error
	e.led, err = record.New(t.Context(), db, clk, record.Config{}, kinds)
	e.must(err)
	people, plans := who.New(db, e.led, clk), plan.New(db, e.led, clk)
	e.jobs = job.New(db, clk, nil, job.Config{})
	e.inc = incident.New(db, e.led, clk, plans, directory.New(db, e.led, people, plans, clk), people)
	e.blobs, err = blob.New(blob.Config{Dir: e.dir, Max: 1000})
	e.must(err)
	e.files = file.New(db, e.led, e.inc, e.jobs, e.blobs)
	e.led.OnErase(func(_ context.Context, tx *store.Tx, entries []record.Entry) error {
		return e.files.OnErase(tx, entries)
	})
	e.st = e.declare()
	return e
}

func (e *env) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

func (e *env) declare() incident.State {
	e.t.Helper()
	st, err := e.inc.Declare(e.t.Context(), as("mia", who.Manager), incident.Declare{Title: "Leak", DiscoveredAt: start})
	e.must(err)
	return st
}

func as(id string, role who.Role) who.Identity {
	return who.Identity{Actor: id, Person: id, Name: id, Roles: []who.Role{role}}
}

// add sends one file as a person.
func (e *env) add(by who.Identity, ref, name, text string) file.File {
	e.t.Helper()
	h, err := e.files.Put(e.t.Context(), by, ref, strings.NewReader(text))
	e.must(err)
	defer h.Close()
	list, err := e.files.Add(e.t.Context(), by, ref, file.Addition{Drops: []file.Drop{{Held: h, Name: name}}})
	e.must(err)
	return list[0]
}

func (e *env) onDisk(sum string) bool {
	_, err := os.Stat(filepath.Join(e.dir, sum[:2], sum[2:4], sum))
	return err == nil
}

func (e *env) fails(want fault.Kind, err error) {
	e.t.Helper()
	if err == nil || fault.KindOf(err) != want {
		e.t.Errorf("got %v, want %v", err, want)
	}
}

// rebuilt proves that replay gives the same table.
func (e *env) rebuilt() {
	e.t.Helper()
	_, err := record.RebuildCheck(e.t.Context(), e.db, []record.Projector{new(file.Service)})
	e.must(err)
}

func TestAdd(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		ctx, ann := t.Context(), as("ann", who.Responder)
		f := e.add(ann, e.st.Ref, `C:\Users\ann\`+"shot\u202egnp.exe", "bytes")
		if f.Name != "shotgnp.exe" || f.Size != 5 || f.AddedBy != "ann" || f.Incident != e.st.ID || f.Media == "" {
			t.Errorf("added %+v", f)
		}
		_, in, err := e.files.Open(ctx, ann, e.st.Ref, f.ID)
		e.must(err)
		b, err := io.ReadAll(in)
		if err = errors.Join(err, in.Close()); err != nil || string(b) != "bytes" {
			t.Errorf("read %q, %v", b, err)
		}
		// Words come first, each file after them, with the entry they belong to.
		h, err := e.files.Put(ctx, ann, e.st.Ref, strings.NewReader("more"))
		e.must(err)
		two := file.Addition{Text: "Seen on the screen", On: f.ID, Note: "from the log", Drops: []file.Drop{{Held: h, Name: "a.log"}, {Held: h, Name: "b.log"}}}
		list, err := e.files.Add(ctx, ann, e.st.Ref, two)
		e.must(err)
		if len(list) != 2 || list[1].Name != "b.log" || list[1].On != f.ID || list[0].Note != "from the log" {
			t.Errorf("added %+v", list)
		}
		entries, err := e.led.Subject(ctx, db, e.st.ID, 0, 0)
		e.must(err)
		var kinds []string
		for _, x := range entries {
			kinds = append(kinds, x.Kind)
		}
		if got := strings.Join(kinds, " "); got != "incident.declared incident.file_added incident.noted incident.file_added incident.file_added" {
			t.Errorf("the ledger holds %s", got)
		}
		if strings.Contains(string(entries[1].Facts), "shot") || !strings.Contains(string(entries[1].Facts), f.SHA256) {
			t.Errorf("facts %s", entries[1].Facts)
		}
		for _, wrong := range []file.Addition{
			{Drops: nil},
			{Drops: []file.Drop{{Held: h, Name: "/"}}},
			{Drops: two.Drops, On: "elsewhere"},
			{Drops: make([]file.Drop, 0), Text: "x"},
			{Drops: two.Drops, On: e.declareEntry()},
		} {
			_, err := e.files.Add(ctx, ann, e.st.Ref, wrong)
			e.fails(fault.Invalid, err)
		}
		e.must(h.Close())
		page1, next, err := e.files.List(ctx, ann, e.st.Ref, "", 2)
		e.must(err)
		page2, last, err := e.files.List(ctx, ann, e.st.Ref, next, 2)
		if err != nil || len(page1) != 2 || len(page2) != 1 || last != "" || page2[0].ID != f.ID {
			t.Errorf("pages %v, %v, %q, %v", page1, page2, last, err)
		}
		e.rebuilt()
	})
}

// declareEntry is an entry of another incident.
func (e *env) declareEntry() string {
	other := e.declare()
	entries, err := e.led.Subject(e.t.Context(), e.db, other.ID, 0, 0)
	e.must(err)
	return entries[0].ID
}

// A key that comes again adds nothing again.
func TestAddOnce(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		ann := as("ann", who.Responder)
		ctx := store.WithKey(t.Context(), "once", [32]byte{1})
		var ids []string
		for range 2 {
			h, err := e.files.Put(t.Context(), ann, e.st.Ref, strings.NewReader("x"))
			e.must(err)
			list, err := e.files.Add(ctx, ann, e.st.Ref, file.Addition{Drops: []file.Drop{{Held: h, Name: "x"}}})
			e.must(errors.Join(err, h.Close()))
			ids = append(ids, list[0].ID)
		}
		all, _, err := e.files.List(t.Context(), ann, e.st.Ref, "", 0)
		if err != nil || len(all) != 1 || ids[0] != ids[1] {
			t.Errorf("%d files, %v, %v", len(all), ids, err)
		}
	})
}

func TestDenied(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		ctx, ann := t.Context(), as("ann", who.Responder)
		f := e.add(ann, e.st.Ref, "x.txt", "x")
		other := e.declare()
		reader, reporter := as("ida", who.Liaison), as("rob", who.Reporter)
		_, err := e.files.Put(ctx, reader, e.st.Ref, strings.NewReader("y"))
		e.fails(fault.Denied, err)
		_, err = e.files.Add(ctx, reader, e.st.Ref, file.Addition{})
		e.fails(fault.Denied, err)
		_, err = e.files.Withdraw(ctx, reader, e.st.Ref, f.ID, "no")
		e.fails(fault.Denied, err)
		_, err = e.files.Withdraw(ctx, as("bob", who.Responder), e.st.Ref, f.ID, "not mine")
		e.fails(fault.Denied, err)
		_, err = e.files.Erase(ctx, as("mia", who.Manager), e.st.Ref, f.ID, "no")
		e.fails(fault.Denied, err)
		for want, by := range map[fault.Kind]who.Identity{fault.Denied: reporter, fault.Unauthenticated: {}} {
			_, err = e.files.Get(ctx, by, e.st.Ref, f.ID)
			e.fails(want, err)
			_, _, err = e.files.Open(ctx, by, e.st.Ref, f.ID)
			e.fails(want, err)
			_, _, err = e.files.List(ctx, by, e.st.Ref, "", 0)
			e.fails(want, err)
			_, err = e.files.Hidden(ctx, by, e.st.Ref)
			e.fails(want, err)
			_, err = e.files.Newest(ctx, by, e.st.Ref, 1)
			e.fails(want, err)
			e.fails(want, e.files.Receive(ctx, by, e.st.Ref))
		}
		// A file is found in its own incident only.
		_, _, err = e.files.Open(ctx, ann, other.Ref, f.ID)
		e.fails(fault.NotFound, err)
		_, err = e.files.Withdraw(ctx, ann, other.Ref, f.ID, "no")
		e.fails(fault.NotFound, err)
	})
}

func TestWithdraw(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		ctx, ann, mia := t.Context(), as("ann", who.Responder), as("mia", who.Manager)
		f := e.add(ann, e.st.Ref, "wrong.png", "wrong")
		_, err := e.files.Withdraw(ctx, ann, e.st.Ref, f.ID, " ")
		e.fails(fault.Invalid, err)
		f, err = e.files.Withdraw(ctx, ann, e.st.Ref, f.ID, "of another incident")
		e.must(err)
		if !f.Withdrawn() || f.Reason != "of another incident" || f.WithdrawnBy != "ann" || !e.onDisk(f.SHA256) {
			t.Errorf("withdrawn %+v", f)
		}
		_, err = e.files.Withdraw(ctx, ann, e.st.Ref, f.ID, "again")
		e.fails(fault.Conflict, err)
		_, _, err = e.files.Open(ctx, ann, e.st.Ref, f.ID)
		e.fails(fault.Gone, err)
		_, in, err := e.files.Open(ctx, mia, e.st.Ref, f.ID)
		e.must(err)
		e.must(in.Close())
		hidden, err := e.files.Hidden(ctx, ann, e.st.Ref)
		newest, err2 := e.files.Newest(ctx, ann, e.st.Ref, 5)
		if err = errors.Join(err, err2); err != nil || !hidden[f.ID] || len(newest) != 0 {
			t.Errorf("hidden %v, newest %v, %v", hidden, newest, err)
		}
		e.rebuilt()
	})
}

// An erased file's content is destroyed, and the ledger says so; the same bytes in another
// file are kept, and the ledger says that.
func TestErase(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		ctx, ann, dpo := t.Context(), as("ann", who.Responder), as("dee", who.PrivacyOfficer)
		one, two := e.add(ann, e.st.Ref, "mr-smith.png", "same"), e.add(ann, e.declare().Ref, "b.png", "same")
		_, err := e.files.Erase(ctx, dpo, e.st.Ref, one.ID, "asked for")
		e.must(err)
		if g, err := e.files.Get(ctx, ann, e.st.Ref, one.ID); err != nil || !g.Erased || g.Name != "" || !g.DestroyedAt.IsZero() {
			t.Errorf("erased: %+v, %v", g, err)
		}
		_, _, err = e.files.Open(ctx, as("mia", who.Manager), e.st.Ref, one.ID)
		e.fails(fault.Gone, err)
		e.must(e.jobs.Drain(ctx, start))
		if !e.onDisk(two.SHA256) {
			t.Fatal("the content of a file that was not erased is gone")
		}
		if _, err := e.files.Erase(ctx, dpo, e.st.Ref, one.ID, "again"); fault.KindOf(err) != fault.Conflict {
			t.Errorf("erased twice: %v", err)
		}
		st2, err := e.inc.GetTx(db, two.Incident)
		e.must(err)
		_, err = e.files.Erase(ctx, dpo, st2.Ref, two.ID, "asked for")
		e.must(err)
		e.must(e.jobs.Drain(ctx, start))
		if e.onDisk(two.SHA256) {
			t.Error("the content of an erased file is still there")
		}
		g, err := e.files.Get(ctx, ann, st2.Ref, two.ID)
		if err != nil || g.DestroyedAt.IsZero() {
			t.Errorf("destroyed: %+v, %v", g, err)
		}
		for subject, want := range map[string]string{one.Incident: `"shared":true`, two.Incident: `"sha256":"` + two.SHA256} {
			entries, err := e.led.Subject(ctx, db, subject, 0, 0)
			e.must(err)
			last := entries[len(entries)-1]
			if last.Kind != file.KindDestroyed || !strings.Contains(string(last.Facts), want) {
				t.Errorf("the ledger ends with %s %s", last.Kind, last.Facts)
			}
		}
		if _, err := record.Verify(ctx, db); err != nil {
			t.Error(err)
		}
		e.rebuilt()
	})
}

// An upload that was acknowledged survives; one that never came to its record goes.
func TestReclaim(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		ctx, ann, later := t.Context(), as("ann", who.Responder), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
		kept := e.add(ann, e.st.Ref, "kept", "kept")
		orphan, err := e.files.Put(ctx, ann, e.st.Ref, strings.NewReader("orphan"))
		e.must(err)
		if n, err := e.files.Reclaim(ctx, later); n != 0 || err != nil {
			t.Errorf("a held content: %d removed, %v", n, err)
		}
		e.must(orphan.Close())
		if n, err := e.files.Reclaim(ctx, time.Unix(1, 0)); n != 0 || err != nil {
			t.Errorf("a young content: %d removed, %v", n, err)
		}
		needed := true
		e.files.Keep(func(_ context.Context, _ store.Reader, sum string) (bool, error) {
			return needed && sum == orphan.SHA256, nil
		})
		if n, err := e.files.Reclaim(ctx, later); n != 0 || err != nil {
			t.Errorf("a content another room needs: %d removed, %v", n, err)
		}
		needed = false
		if n, err := e.files.Reclaim(ctx, later); n != 1 || err != nil || e.onDisk(orphan.SHA256) || !e.onDisk(kept.SHA256) {
			t.Errorf("%d removed, %v", n, err)
		}
		var live []string
		e.must(file.Live(ctx, db, func(f file.File) error { live = append(live, f.SHA256); return nil }))
		if len(live) != 1 || live[0] != kept.SHA256 {
			t.Errorf("live %v", live)
		}
	})
}

func TestTell(t *testing.T) {
	t.Parallel()
	name := func(id string) string { return map[string]string{"file:1": "a.png"}[id] }
	for want, e := range map[string]record.Entry{
		"File: a.png (2 kB). of the login":                                    {Kind: file.KindAdded, Facts: []byte(`{"size":2048}`), Private: []byte(`{"name":"a.png","note":"of the login"}`)},
		"File withdrawn, a.png: wrong one":                                    {Kind: file.KindWithdrawn, Facts: []byte(`{"file":"1"}`), Private: []byte(`{"reason":"wrong one"}`)},
		"File withdrawn":                                                      {Kind: file.KindWithdrawn, Facts: []byte(`{"file":"2"}`)},
		"Erased file: its content was destroyed":                              {Kind: file.KindDestroyed, Facts: []byte(`{}`)},
		"Erased file: its content is kept, because another file has the same": {Kind: file.KindDestroyed, Facts: []byte(`{"shared":true}`)},
		"": {Kind: "incident.noted"},
	} {
		if got := file.Tell(e, name); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
