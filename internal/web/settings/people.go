package settings

import (
	"strconv"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/account"
	"github.com/wakebell/wakebell/internal/web/page"
)

type peopleView struct {
	list   []who.Person
	states map[string]account.Status
	role   string
	all    bool // with those who left
	next   string
}

func (s screen) people(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermPersonManage); err != nil {
		return page.Page{}, err
	}
	v := peopleView{role: r.Query("role"), all: r.Query("all") != ""}
	var cursor string
	var err error
	v.list, cursor, err = s.People.People(r.Context(), r.By, who.Filter{Role: who.Role(v.role), ActiveOnly: !v.all}, r.Query("after"), 0)
	if err != nil {
		return page.Page{}, err
	}
	ids := make([]string, len(v.list))
	for n, p := range v.list {
		ids[n] = p.ID
	}
	if v.states, err = s.Accounts.Statuses(r.Context(), r.By, ids); err != nil {
		return page.Page{}, err
	}
	if cursor != "" {
		v.next = r.Path("after", cursor)
	}
	list := page.Region{Name: "people", On: page.Any(page.On("person"), page.On("account")), Body: peopleList(v)}
	return page.Page{
		Title: "People and roles", Nav: nav, Crumbs: crumbs(page.Crumb{Label: "People and roles"}),
		Actions: page.Links(page.Action{Label: "Add a person", Icon: page.IconUserPlus, Href: "/settings/people/new", Main: true}),
		Regions: []page.Region{list}, Body: peoplePage(v, list),
	}, nil
}

// stateTag says in one word whether somebody can sign in.
func stateTag(p who.Person, st account.Status) page.Tag {
	switch {
	case !p.Active:
		return page.Tag{Text: "Not active", Icon: page.IconBan}
	case st.Locked:
		return page.Tag{Text: "Locked", Icon: page.IconLock, Tone: page.Danger}
	case st.HasPassphrase:
		return page.Tag{Text: "Can sign in", Icon: page.IconCircleCheck, Tone: page.Good}
	case !st.LinkUntil.IsZero():
		return page.Tag{Text: "Invited", Icon: page.IconMailOpen, Tone: page.Accent}
	}
	return page.Tag{Text: "Cannot sign in yet", Icon: page.IconCircleDashed, Tone: page.Warn}
}

type personView struct {
	r        *page.Request
	form     *page.Form
	p        who.Person
	fresh    bool // not created yet
	st       account.Status
	sessions []account.Session
	deputies []page.Option
	link     string // just made
}

func (s screen) newPerson(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermPersonManage); err != nil {
		return page.Page{}, err
	}
	v := personView{
		r: r, fresh: true, p: who.Person{Zone: r.Person.Zone, Active: true, Roles: []who.Role{who.Reporter}},
		form: r.Form("person").To("/settings/people/new"),
	}
	var err error
	if v.deputies, err = s.deputies(r, ""); err != nil {
		return page.Page{}, err
	}
	return page.Page{
		Title: "Add a person", Nav: nav, Narrow: true, Body: personPage(v, page.Region{}),
		Crumbs: crumbs(page.Crumb{Label: "People and roles", Href: "/settings/people"}, page.Crumb{Label: "Add a person"}),
	}, nil
}

func (s screen) doNewPerson(r *page.Request) (page.Done, error) {
	p, err := s.People.CreatePerson(r.Context(), r.By, personOf(r))
	if err != nil {
		return page.Done{}, err
	}
	return page.Done{To: "/settings/people/" + p.ID, Say: p.Name + " is added. Make a sign-in link next."}, nil
}

func (s screen) person(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermPersonManage); err != nil {
		return page.Page{}, err
	}
	id := r.PathValue("id")
	p, err := s.People.Person(r.Context(), r.By, id)
	if err != nil {
		return page.Page{}, err
	}
	v := personView{r: r, p: p, link: takeOnce(r)}
	v.form = r.Form("person").To("/settings/people/"+id).With("version", strconv.Itoa(p.Version))
	states, err := s.Accounts.Statuses(r.Context(), r.By, []string{id})
	if err != nil {
		return page.Page{}, err
	}
	v.st = states[id]
	if v.sessions, err = s.Accounts.Sessions(r.Context(), r.By, id); err != nil {
		return page.Page{}, err
	}
	if v.deputies, err = s.deputies(r, id); err != nil {
		return page.Page{}, err
	}
	way := page.Region{Name: "way-in", On: page.Any(page.On("account", id), page.On("person", id)), Body: wayIn(v)}
	return page.Page{
		Title: p.Name, Nav: nav, Narrow: true, Regions: []page.Region{way}, Body: personPage(v, way),
		Crumbs: crumbs(page.Crumb{Label: "People and roles", Href: "/settings/people"}, page.Crumb{Label: p.Name}),
	}, nil
}

// deputies are all active people but the one whose deputy is sought.
func (s screen) deputies(r *page.Request, but string) ([]page.Option, error) {
	out := []page.Option{{Value: "", Label: "Nobody"}}
	people, _, err := s.People.People(r.Context(), r.By, who.Filter{ActiveOnly: true}, "", who.PageLimit)
	for _, p := range people {
		if p.ID != but {
			out = append(out, page.Option{Value: p.ID, Label: p.Name})
		}
	}
	return out, err
}

func (s screen) doPerson(r *page.Request) (page.Done, error) {
	p := personOf(r)
	p.ID = r.PathValue("id")
	version, err := strconv.Atoi(r.Text("version"))
	if err != nil {
		version = -1 // never current
	}
	if _, err := s.People.UpdatePerson(r.Context(), r.By, p, version); err != nil {
		return page.Done{}, page.Rename(err, "roles", "role."+string(who.Admin))
	}
	return page.Done{To: "/settings/people/" + p.ID, Say: "Saved. Changed roles count at once."}, nil
}

func personOf(r *page.Request) who.Person {
	return who.Person{
		Name: r.Text("name"), Email: r.Text("email"), Phone: r.Text("phone"), Webhook: r.Text("webhook"),
		Department: r.Text("department"), Function: r.Text("function"), Deputy: r.Text("deputy"), Zone: r.Text("zone"),
		Roles: rolesOf(r), Active: r.Ticked("active"),
	}
}

func (s screen) doLink(r *page.Request) (page.Done, error) {
	_, secret, err := s.Accounts.MakeLink(r.Context(), r.By, r.PathValue("id"))
	if err != nil {
		return page.Done{}, err
	}
	showOnce(r, s.BaseURL+"/welcome/"+secret)
	return page.Done{To: "/settings/people/" + r.PathValue("id")}, nil
}

func (s screen) doEndTheirs(r *page.Request) (page.Done, error) {
	return s.end(r, r.PathValue("id"), "")
}

func onUnless(off bool) string {
	if off {
		return ""
	}
	return "on"
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// roleOptions are the choices of the filter.
func roleOptions() []page.Option {
	out := []page.Option{{Value: "", Label: "Every role"}}
	for _, r := range who.Roles() {
		out = append(out, page.Option{Value: string(r), Label: roleName(r)})
	}
	return out
}

// holds says whether a role is ticked before anybody touched it.
func holds(roles []who.Role, role who.Role) string {
	for _, r := range roles {
		if r == role {
			return "on"
		}
	}
	return ""
}

func linkLabel(has bool) string {
	if has {
		return "Make a link for a new passphrase"
	}
	return "Make a sign-in link"
}

func all(on bool) string {
	if on {
		return "1"
	}
	return ""
}
