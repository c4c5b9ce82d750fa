package shelf_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice/shelf"
)

const own = "---\nid: customer.outage\naudience: customer\npurpose: first\nlang: fr\nversion: 1\ntitle: Panne\nsubject: Panne\n---\nBonjour\n"

func TestShelf(t *testing.T) {
	t.Parallel()
	s, err := shelf.New(fstest.MapFS{"outage.md": {Data: []byte(own)}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.List(who.Identity{}, shelf.Filter{}); fault.KindOf(err) != fault.Unauthenticated && fault.KindOf(err) != fault.Denied {
		t.Errorf("nobody lists: %v", err)
	}
	if _, err := s.Find(who.Identity{}, "customer.first"); fault.KindOf(err) != fault.Unauthenticated && fault.KindOf(err) != fault.Denied {
		t.Errorf("nobody finds: %v", err)
	}
	all, err := s.List(who.Engine, shelf.Filter{})
	if err != nil || len(all) != 101 {
		t.Fatalf("%d templates, %v", len(all), err)
	}
	mine, err := s.List(who.Engine, shelf.Filter{Own: true, Audience: "customer", Purpose: "first", Lang: "FR"})
	if err != nil || len(mine) != 1 || mine[0].ID != "customer.outage" {
		t.Errorf("own: %+v, %v", mine, err)
	}
	both, err := s.Find(who.Engine, "press.update")
	if err != nil || len(both) != 2 {
		t.Errorf("found %d, %v", len(both), err)
	}
	if _, err := s.Find(who.Engine, "press.later"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("unknown id: %v", err)
	}
	for _, c := range []struct{ audience, purpose, lang, id, want string }{
		{"customer", "first", "de-AT", "", "customer.first de"},
		{"customer", "first", "fr", "", "customer.first en"},
		{"customer", "first", "fr-BE", "customer.outage", "customer.outage fr"},
		{"customer", "first", "en", "customer.outage", "customer.outage fr"},
		{"customer", "first", "en", "nothing", " "},
		{"martian", "first", "en", "", " "},
	} {
		if x, ok := s.Pick(c.audience, c.purpose, c.lang, c.id); x.ID+" "+x.Lang != c.want || ok != (c.want != " ") {
			t.Errorf("Pick(%q, %q, %q, %q) = %s %s", c.audience, c.purpose, c.lang, c.id, x.ID, x.Lang)
		}
	}
	_, err = shelf.New(fstest.MapFS{"a.md": {Data: []byte("x")}, "b.md": {Data: []byte(strings.Replace(own, "first", "never", 1))}})
	if err == nil || !strings.Contains(err.Error(), "a.md:1:") || !strings.Contains(err.Error(), "b.md:4: purpose") {
		t.Errorf("a broken folder: %v", err)
	}
}
