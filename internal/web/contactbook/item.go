package contactbook

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/differ"
)

// thing is one item with what all kinds have.
type thing struct {
	Value   any // directory.Team, Entity, ITService or Party
	ID      string
	Name    string
	Sub     string
	Version int
	Retired bool
}

func thingOf(v any) thing {
	switch v := v.(type) {
	case directory.Team:
		return thing{v, v.ID, v.Name, string(v.Kind), v.Version, v.Retired}
	case directory.Entity:
		return thing{v, v.ID, v.Name, "", v.Version, v.Retired}
	case directory.ITService:
		return thing{v, v.ID, v.Name, "", v.Version, v.Retired}
	case directory.Party:
		return thing{v, v.ID, v.Name, string(v.Kind), v.Version, v.Retired}
	}
	return thing{}
}

func (s screen) read(r *page.Request, k directory.Kind, id string) (thing, error) {
	var v any
	var err error
	switch k {
	case directory.KindTeam:
		v, err = s.Directory.Team(r.Context(), r.By, id)
	case directory.KindEntity:
		v, err = s.Directory.Entity(r.Context(), r.By, id)
	case directory.KindService:
		v, err = s.Directory.ITService(r.Context(), r.By, id)
	case directory.KindParty:
		v, err = s.Directory.Party(r.Context(), r.By, id)
	}
	return thingOf(v), err
}

func (s screen) put(ctx context.Context, by who.Identity, v any, version int) error {
	var err error
	switch v := v.(type) {
	case directory.Team:
		_, err = s.Directory.PutTeam(ctx, by, v, version)
	case directory.Entity:
		_, err = s.Directory.PutEntity(ctx, by, v, version)
	case directory.ITService:
		_, err = s.Directory.PutITService(ctx, by, v, version)
	case directory.Party:
		_, err = s.Directory.PutParty(ctx, by, v, version)
	}
	return err
}

// card is one item on the screen.
type card struct {
	thing
	r    *page.Request
	k    kind
	sh   shelf
	dir  directory.Snapshot
	tell teller
	gaps []directory.Gap
	used []use
	duty *duty // of a team that is called
	book *regime.Book
}

// use is another item that names this one.
type use struct {
	Kind directory.Kind
	ID   string
	Name string
	How  string
}

func (s screen) item(r *page.Request, k kind) (page.Page, error) {
	it, err := s.read(r, k.Kind, r.PathValue("id"))
	if err != nil {
		return page.Page{}, err
	}
	c := card{thing: it, r: r, k: k, sh: shelfOf(k.Kind, it.Sub), book: s.Book()}
	if c.dir, err = s.Directory.Snapshot(s.DB); err != nil {
		return page.Page{}, err
	}
	c.tell = teller{c.dir, r.Zone}
	gaps, err := s.Directory.Readiness(r.Context(), r.By)
	if err != nil {
		return page.Page{}, err
	}
	for _, g := range gaps {
		if g.About == it.ID && aboutThis(k.Kind, g) {
			c.gaps = append(c.gaps, g)
		}
	}
	c.used = uses(c.dir, k.Kind, it.ID)
	if t, ok := it.Value.(directory.Team); ok {
		d := duty{t, c.dir.Rota(t.ID, r.Now, r.Now.Add(ahead)), c.dir.OnCall(t.ID, r.Now)}
		c.duty = &d
	}
	past := page.Region{Name: "past", On: page.On("directory", string(k.Kind)+":"+it.ID)}
	if r.Wants("past") {
		if past.Body, err = s.past(r, k.Kind, it.ID, c.tell); err != nil {
			return page.Page{}, err
		}
	}
	main := page.Region{Name: "item", On: page.Any(page.On("directory"), page.On("person")), Body: itemBody(c)}
	var actions []page.Action
	if mayEdit(r) && !it.Retired {
		actions = append(actions, page.Action{Label: "Edit", Icon: page.IconPencilLine, Href: k.path() + "/" + it.ID + "/edit", Main: true})
	}
	return page.Page{
		Title: it.Name, Nav: nav, Actions: page.Links(actions...), Regions: []page.Region{main, past}, Body: itemPage(c, main, past),
		Crumbs: []page.Crumb{{Label: "Directory", Href: nav}, {Label: c.sh.Title, Href: nav + "/" + c.sh.Path}, {Label: it.Name}},
	}, nil
}

// aboutThis keeps a gap of a team from a service with the same id.
func aboutThis(k directory.Kind, g directory.Gap) bool {
	of := map[string]directory.Kind{
		"on_call": directory.KindTeam, "default_team": directory.KindTeam, "architect": directory.KindService, "service_owner": directory.KindService,
		"supervisory_authority": directory.KindEntity,
	}
	want, ok := of[g.Function]
	return ok && want == k || !ok && k == directory.KindParty
}

// uses lists who names an item.
func uses(dir directory.Snapshot, k directory.Kind, id string) []use {
	var out []use
	for _, sid := range slices.Sorted(maps.Keys(dir.ITServices)) {
		v := dir.ITServices[sid]
		if v.Retired {
			continue
		}
		how := ""
		switch {
		case k == directory.KindTeam && v.Team == id:
			how = "owned by this team"
		case k == directory.KindEntity && v.Entity == id:
			how = "run by this entity"
		case k == directory.KindParty && slices.Contains(v.Customers, id):
			how = "used by this customer"
		case k == directory.KindParty && slices.Contains(v.Providers, id):
			how = "depends on this provider"
		}
		if how != "" {
			out = append(out, use{directory.KindService, sid, v.Name, how})
		}
	}
	for _, eid := range slices.Sorted(maps.Keys(dir.Entities)) {
		if e := dir.Entities[eid]; !e.Retired && k == directory.KindParty && e.Authority == id {
			out = append(out, use{directory.KindEntity, eid, e.Name, "files with this authority"})
		}
	}
	return out
}

// revision is one change in words.
type revision struct {
	directory.Revision
	By      string
	What    string
	Changes []differ.Change
}

func actorName(dir directory.Snapshot, id string) string {
	if name := who.EngineName(id); name != "" {
		return name
	}
	if p, ok := dir.People[id]; ok {
		return p.Name
	}
	return "A token or the operator"
}

const perHistory = 20

func (s screen) past(r *page.Request, k directory.Kind, id string, t teller) (templ.Component, error) {
	before, _ := strconv.ParseInt(r.Query("after"), 10, 64) // anything else starts at the newest
	list, next, err := s.Directory.History(r.Context(), r.By, k, id, before, perHistory)
	if err != nil {
		return nil, err
	}
	out := make([]revision, len(list))
	for i, rev := range list {
		x := revision{Revision: rev, By: actorName(t.dir, rev.Actor), What: "Changed"}
		switch {
		case rev.Version == 1:
			x.What = "Added"
		case rev.Retired:
			x.What = "Taken out of use"
		case thingOf(rev.Before).Retired:
			x.What = "Brought back"
		}
		if rev.Version > 1 && !rev.Erased {
			x.Changes = differ.Compare(t.said(rev.Before), t.said(rev.After))
		}
		out[i] = x
	}
	more := ""
	if next > 0 {
		more = r.Path("after", strconv.FormatInt(next, 10))
	}
	return history(out, more), nil
}

func (s screen) doRetire(r *page.Request, k kind) (page.Done, error) {
	id := r.PathValue("id")
	err := s.Directory.Retire(r.Context(), r.By, k.Kind, id, version(r), r.Text("reason"))
	if fault.KindOf(err) == fault.Precondition {
		return page.Done{}, fault.Wrap(fault.Precondition, err, "Somebody changed it before you. It is shown as it is now: look, and send yours again.")
	}
	return page.Done{To: k.path() + "/" + id, Say: "Taken out of use. You can bring it back here."}, err
}

// doRestore stores what is there already, which brings it back.
func (s screen) doRestore(r *page.Request, k kind) (page.Done, error) {
	if err := who.Check(r.By, who.PermDirectoryEdit); err != nil {
		return page.Done{}, err
	}
	it, err := s.read(r, k.Kind, r.PathValue("id"))
	if err != nil {
		return page.Done{}, err
	}
	if !it.Retired {
		return page.Done{To: k.path() + "/" + it.ID, Say: "It is in use already."}, nil
	}
	if err := s.put(r.Context(), r.By, it.Value, version(r)); err != nil {
		return page.Done{}, err
	}
	return page.Done{To: k.path() + "/" + it.ID, Say: it.Name + " is in use again."}, nil
}
