package dispatch_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
)

// found are the names that a search gives, page by page.
func (e *env) found(t *testing.T, list string, f dispatch.Filter, limit int) (names []string) {
	t.Helper()
	for cursor := ""; ; {
		page, next, err := e.Recipients(t.Context(), comms, list, f, cursor, limit)
		if err != nil || len(page) > limit {
			t.Fatal(len(page), err)
		}
		for _, r := range page {
			names = append(names, r.Name)
		}
		if next == "" {
			return names
		}
		cursor = next
	}
}

// Recipients are found by how their name or their address begins: names first, then
// addresses, each by the alphabet, nobody twice, whatever the page's length.
func TestSearch(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db, 0)
		st := e.declare(t, incident.Real)
		l := e.list(t, st.ID, "n1", "name,email\n"+
			"Zed Ltd,anna@zed.example\n"+
			"anna  Berg,a.berg@x.example\n"+
			"Anna Adler,anna.adler@x.example\n"+ // found by both, listed once
			"ANNABEL Co,info@annabel.example\n"+
			"Ännchen KG,kg@x.example\n"+
			"A\u0308rzte eV,ev@x.example\n"+ // the same letter, put together of two
			"Bo_b % Sons,bob@x.example\n"+
			"Anna Adler,second@x.example\n"+
			"No Address,,\n")
		other := e.list(t, st.ID, "n2", "name,email\nAnna Other,anna@other.example\n")
		for _, c := range []struct {
			f    dispatch.Filter
			want []string
		}{
			{dispatch.Filter{Begins: "anna"}, []string{"Anna Adler", "Anna Adler", "anna  Berg", "ANNABEL Co", "Zed Ltd"}},
			{dispatch.Filter{Begins: "  ANNA   b"}, []string{"anna  Berg"}},
			{dispatch.Filter{Begins: "ä"}, []string{"Ännchen KG", "A\u0308rzte eV"}},
			{dispatch.Filter{Begins: "A\u0308RZ"}, []string{"A\u0308rzte eV"}},
			{dispatch.Filter{Begins: "Info@Annabel"}, []string{"ANNABEL Co"}},
			{dispatch.Filter{Begins: "bo_b %"}, []string{"Bo_b % Sons"}},
			{dispatch.Filter{Begins: "b%"}, nil},
			{dispatch.Filter{Begins: "adler"}, nil}, // how it begins, not what is in it
			{dispatch.Filter{Begins: "nobody"}, nil},
			{dispatch.Filter{Begins: "a", State: dispatch.Gap}, nil},
			{dispatch.Filter{Begins: "n", State: dispatch.Gap}, []string{"No Address"}},
			{dispatch.Filter{Begins: "anna a", State: dispatch.Queued}, []string{"Anna Adler", "Anna Adler"}},
			{dispatch.Filter{Begins: "anna@", Channel: dispatch.Email}, []string{"Zed Ltd"}},
			{dispatch.Filter{Begins: "anna", Channel: dispatch.Phone}, nil},
			{dispatch.Filter{Begins: "anna", Twice: true}, nil},
		} {
			for _, limit := range []int{1, 2, 50} {
				if got := e.found(t, l.ID, c.f, limit); !slices.Equal(got, c.want) {
					t.Errorf("%+v, %d a page: %q, want %q", c.f, limit, got, c.want)
				}
			}
		}
		// A page of one search is not gone on with in another, nor in another list.
		_, next, err := e.Recipients(t.Context(), comms, l.ID, dispatch.Filter{Begins: "anna"}, "", 1)
		if err != nil || next == "" {
			t.Fatal(next, err)
		}
		for _, f := range []dispatch.Filter{{}, {Begins: "an"}, {Begins: "anna", State: dispatch.Queued}} {
			if _, _, err := e.Recipients(t.Context(), comms, l.ID, f, next, 1); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%+v goes on: %v", f, err)
			}
		}
		if _, _, err := e.Recipients(t.Context(), comms, other.ID, dispatch.Filter{Begins: "anna"}, next, 1); fault.KindOf(err) != fault.Invalid {
			t.Errorf("another list goes on: %v", err)
		}
		if _, _, err := e.Recipients(t.Context(), liaison, l.ID, dispatch.Filter{Begins: "anna"}, "", 1); fault.KindOf(err) != fault.Denied {
			t.Errorf("a liaison searches all: %v", err)
		}
		if _, _, err := e.Recipients(t.Context(), comms, l.ID, dispatch.Filter{Begins: strings.Repeat("a", 5000)}, "", 1); fault.KindOf(err) != fault.Invalid {
			t.Errorf("far too long: %v", err)
		}
	})
}

// Whoever got another address is found by it, and not by the old one: given by a person, or
// the next one after a copy that was refused.
func TestSearchFollowsTheAddress(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		s := newSink(t, func(to string, _ int) error {
			if to == "nora@north.example" {
				return never()
			}
			return nil
		})
		e := newEnv(t, db, s.port)
		st := e.declare(t, incident.Real)
		l := e.affectedList(t, st, "n1")
		begins := func(words string, want ...string) {
			t.Helper()
			if got := e.found(t, l.ID, dispatch.Filter{Begins: words}, 50); !slices.Equal(got, want) {
				t.Errorf("%q: %q, want %q", words, got, want)
			}
		}
		south := byParty(e.all(t, l.ID))["south"]
		if _, err := e.FixContact(t.Context(), comms, south.ID, dispatch.Fix{Contact: dispatch.Contact{Email: "new@south.example"}}); err != nil {
			t.Fatal(err)
		}
		begins("nora@", "North Ltd")
		begins("new@", "South Inc")
		begins("sam@")
		e.run(t, st, l)
		e.drain(t)
		begins("nora@")
		begins("SECOND@north", "North Ltd")
	})
}
