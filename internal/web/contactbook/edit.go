package contactbook

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/rule/grading"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/differ"
	"github.com/wakebell/wakebell/internal/web/page/numeral"
)

// editing is one item in a form.
type editing struct {
	thing
	k     kind
	sh    shelf
	form  *page.Form
	dir   directory.Snapshot
	fresh bool
	rows  int // of the list in the form, with empty ones
}

// fresh is the form for a new item of a shelf.
func (s screen) fresh(r *page.Request) (page.Page, error) {
	sh, ok := shelfAt(r.PathValue("shelf"))
	if !ok {
		return page.Page{}, fault.New(fault.NotFound, "The directory has no such list.")
	}
	e := editing{thing: thingOf(blank(sh)), k: kindOf(sh.Kind), sh: sh, fresh: true}
	e.form = r.Form("item").To(nav + "/new/" + sh.Path)
	title := strings.Replace("Add a "+sh.One, "a authority", "an authority", 1)
	return s.formPage(r, e, title, []page.Crumb{{Label: "Directory", Href: nav}, {Label: sh.Title, Href: nav + "/" + sh.Path}, {Label: title}})
}

func blank(sh shelf) any {
	switch sh.Kind {
	case directory.KindTeam:
		return directory.Team{Kind: directory.TeamProduct}
	case directory.KindEntity:
		return directory.Entity{}
	case directory.KindService:
		return directory.ITService{}
	}
	return directory.Party{Kind: directory.PartyKind(sh.Subs[0])}
}

func (s screen) edit(r *page.Request, k kind) (page.Page, error) {
	if err := who.Check(r.By, who.PermDirectoryEdit); err != nil {
		return page.Page{}, err
	}
	it, err := s.read(r, k.Kind, r.PathValue("id"))
	if err != nil {
		return page.Page{}, err
	}
	e := editing{thing: it, k: k, sh: shelfOf(k.Kind, it.Sub)}
	e.form = r.Form("item").To(k.path() + "/" + it.ID + "/edit")
	// A form that is drawn again keeps the version it was read with, so that it never hides what somebody saved since.
	e.form.With("version", e.form.Value("version", strconv.Itoa(it.Version)))
	return s.formPage(r, e, "Edit "+it.Name, []page.Crumb{
		{Label: "Directory", Href: nav}, {Label: e.sh.Title, Href: nav + "/" + e.sh.Path}, {Label: it.Name, Href: k.path() + "/" + it.ID}, {Label: "Edit"},
	})
}

func (s screen) formPage(r *page.Request, e editing, title string, crumbs []page.Crumb) (page.Page, error) {
	if err := who.Check(r.By, who.PermDirectoryEdit); err != nil {
		return page.Page{}, err
	}
	var err error
	if e.dir, err = s.Directory.Snapshot(s.DB); err != nil {
		return page.Page{}, err
	}
	e.rows = listLength(e.Value) + 2
	if n, err := strconv.Atoi(e.form.Value("rows", "")); err == nil && n > 0 && n <= maxRows {
		e.rows = n
	}
	return page.Page{Title: title, Nav: nav, Narrow: true, Crumbs: crumbs, Body: formBody(e)}, nil
}

// maxRows bounds the list of a form; the rooms allow as many.
const maxRows = 2002

func listLength(v any) int {
	switch v := v.(type) {
	case directory.Team:
		return len(v.Members)
	case directory.Entity:
		return len(v.Processings)
	case directory.Party:
		return len(v.Contacts)
	}
	return 0
}

func (s screen) doFresh(r *page.Request) (page.Done, error) {
	sh, ok := shelfAt(r.PathValue("shelf"))
	if !ok {
		return page.Done{}, fault.New(fault.NotFound, "The directory has no such list.")
	}
	if err := who.Check(r.By, who.PermDirectoryEdit); err != nil {
		return page.Done{}, err
	}
	v, t, err := s.typed(r, blank(sh))
	if err != nil {
		return page.Done{}, err
	}
	if err := s.put(r.Context(), r.By, v, 0); err != nil {
		if fault.KindOf(err) == fault.Conflict {
			err = &fault.Error{Kind: fault.Conflict, Message: "There is one with this id already", Fields: []fault.Field{{Field: "id", Message: "is taken: choose another one"}}, Err: err}
		}
		return page.Done{}, t.inForm(err)
	}
	it := thingOf(v)
	return page.Done{To: kindOf(sh.Kind).path() + "/" + it.ID, Say: it.Name + " is added."}, nil
}

func (s screen) doEdit(r *page.Request, k kind) (page.Done, error) {
	if err := who.Check(r.By, who.PermDirectoryEdit); err != nil {
		return page.Done{}, err
	}
	old, err := s.read(r, k.Kind, r.PathValue("id"))
	if err != nil {
		return page.Done{}, err
	}
	v, t, err := s.typed(r, old.Value)
	if err != nil {
		return page.Done{}, err
	}
	err = s.put(r.Context(), r.By, v, version(r))
	if fault.KindOf(err) == fault.Precondition {
		return page.Done{}, s.stale(r, k.Kind, old, v)
	}
	if err != nil {
		return page.Done{}, t.inForm(err)
	}
	return page.Done{To: k.path() + "/" + old.ID, Say: "Saved."}, nil
}

// stale shows both when somebody saved in between.
func (s screen) stale(r *page.Request, k directory.Kind, theirs thing, yours any) error {
	dir, err := s.Directory.Snapshot(s.DB)
	if err != nil {
		return err
	}
	list, _, err := s.Directory.History(r.Context(), r.By, k, theirs.ID, 0, 1)
	if err != nil {
		return err
	}
	st := &page.Stale{By: "Somebody", Version: strconv.Itoa(theirs.Version)}
	if len(list) > 0 {
		st.By, st.At = actorName(dir, list[0].Actor), list[0].At
	}
	tell := teller{dir, r.Zone}
	st.Body = differ.Versus(tell.said(theirs.Value), tell.said(yours), st.By)
	return st
}

// typed reads a form into a copy of base, so that what the form does not show stays.
func (s screen) typed(r *page.Request, base any) (any, *typed, error) {
	dir, err := s.Directory.Snapshot(s.DB)
	if err != nil {
		return nil, nil, err
	}
	t := &typed{r: r, dir: dir}
	var v any
	switch base := base.(type) {
	case directory.Team:
		v = t.team(base)
	case directory.Entity:
		v = t.entity(base)
	case directory.ITService:
		v = t.service(base)
	case directory.Party:
		v = t.party(base)
	}
	return v, t, fault.Invalids(t.wrong...)
}

type typed struct {
	r     *page.Request
	dir   directory.Snapshot
	wrong []fault.Field
	rows  []int // rows of the form that became entries of the list
}

// id is taken from the form only for what is new.
func (t *typed) id(old string) string { return cmp.Or(old, strings.ToLower(t.r.Text("id"))) }

// person understands an id, a name, and “Name (id)” as the long lists offer it.
func (t *typed) person(field string) string {
	return chosen(t.r.Text(field), t.dir.People, func(p who.Person) string { return p.Name })
}

func chosen[T any](text string, all map[string]T, name func(T) string) string {
	if _, ok := all[text]; ok || text == "" {
		return text
	}
	if at := strings.LastIndex(text, "("); at >= 0 && strings.HasSuffix(text, ")") {
		if id := text[at+1 : len(text)-1]; id != "" {
			if _, ok := all[id]; ok {
				return id
			}
		}
	}
	found := ""
	for id, v := range all {
		if strings.EqualFold(name(v), text) {
			if found != "" {
				return text // two have this name: the room says that it is not known
			}
			found = id
		}
	}
	return cmp.Or(found, text)
}

// each calls fn for the rows of a list that hold something.
func (t *typed) each(list string, fn func(at string) bool) {
	n, _ := strconv.Atoi(t.r.Text("rows"))
	for i := range min(max(n, 0), maxRows) {
		if fn(fmt.Sprintf("%s[%d].", list, i)) {
			t.rows = append(t.rows, i)
		}
	}
}

func (t *typed) team(v directory.Team) directory.Team {
	v.ID, v.Name, v.Kind = t.id(v.ID), t.r.Text("name"), directory.TeamKind(t.r.Text("kind"))
	v.Members = nil
	t.each("members", func(at string) bool {
		p := t.person(at + "person")
		if p == "" {
			return false
		}
		v.Members = append(v.Members, directory.Member{Person: p, Lead: t.r.Ticked(at + "lead")})
		return true
	})
	return v
}

func (t *typed) entity(v directory.Entity) directory.Entity {
	v.ID, v.Name, v.Country = t.id(v.ID), t.r.Text("name"), strings.ToUpper(t.r.Text("country"))
	v.Authority, v.PrivacyOfficer = t.r.Text("authority"), t.person("privacy_officer")
	v.Processings = nil
	t.each("processings", func(at string) bool {
		name := t.r.Text(at + "name")
		if name == "" {
			return false
		}
		v.Processings = append(v.Processings, directory.Processing{Name: name, Role: directory.DataRole(t.r.Text(at + "role"))})
		return true
	})
	return v
}

func (t *typed) service(v directory.ITService) directory.ITService {
	v.ID, v.Name, v.Team = t.id(v.ID), t.r.Text("name"), t.r.Text("team")
	v.Architect, v.Entity, v.Processing = t.person("architect"), t.r.Text("entity"), t.r.Text("processing")
	v.Customers, v.Providers = t.parties("customers"), t.parties("providers")
	v.Aliases = t.lines("aliases")
	v.Indicators = t.indicators()
	return v
}

func (t *typed) lines(field string) []string {
	var out []string
	for l := range strings.SplitSeq(t.r.Text(field), "\n") {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

func (t *typed) parties(field string) []string {
	out := t.lines(field)
	for i := range out {
		out[i] = chosen(out[i], t.dir.Parties, func(p directory.Party) string { return p.Name })
	}
	return out
}

func (t *typed) number(field string) *int {
	text := t.r.Text(field)
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.wrong = append(t.wrong, fault.Field{Field: field, Message: "must be a whole number"})
		return nil
	}
	return &n
}

func (t *typed) severity(field string) *grading.Severity {
	n := t.number(field)
	if n == nil {
		return nil
	}
	s := grading.Severity(*n)
	return &s
}

func (t *typed) indicators() *grading.Override {
	const at = "indicators."
	o := grading.Override{
		TotalOutage: t.severity(at + "total_outage"), CoreFunctionBroken: t.severity(at + "core_function_broken"), DataLost: t.severity(at + "data_lost"),
		MajorCustomers: t.number(at + "major_customers"), ManyCustomers: t.number(at + "many_customers"),
	}
	if o == (grading.Override{}) {
		return nil
	}
	return &o
}

func (t *typed) party(v directory.Party) directory.Party {
	v.ID, v.Name, v.Kind = t.id(v.ID), t.r.Text("name"), directory.PartyKind(t.r.Text("kind"))
	v.Country, v.Language, v.Entity = strings.ToUpper(t.r.Text("country")), t.r.Text("language"), t.r.Text("entity")
	v.Liaison = t.person("liaison")
	// The form asks an authority for other things than a customer; what it did not ask stays.
	if _, asked := t.r.PostForm["form"]; asked {
		v.Form = t.r.Text("form")
	}
	if _, asked := t.r.PostForm["contract.hours"]; asked {
		v.PersonalDataRole, v.KeyAccount = directory.DataRole(t.r.Text("personal_data_role")), t.r.Ticked("key_account")
		v.Contract = t.contract()
	}
	v.Contacts = nil
	t.each("contacts", func(at string) bool {
		c := directory.Contact{Name: t.r.Text(at + "name"), Email: t.r.Text(at + "email"), Phone: t.r.Text(at + "phone"), Role: t.r.Text(at + "role")}
		if c == (directory.Contact{}) {
			return false
		}
		v.Contacts = append(v.Contacts, c)
		return true
	})
	return v
}

func (t *typed) contract() *directory.Contract {
	h := t.number("contract.hours")
	if h != nil {
		return &directory.Contract{
			Hours: *h, Start: directory.ContractStart(t.r.Text("contract.start")), Condition: directory.ContractCondition(t.r.Text("contract.condition")),
			Acknowledge: t.r.Ticked("contract.acknowledge"), Clause: t.r.Text("contract.clause"),
			Contact: t.r.Text("contract.contact"), Format: directory.ContractFormat(t.r.Text("contract.format")), FormatWords: t.r.Text("contract.format_words"),
		}
	}
	if t.r.Text("contract.clause") != "" && len(t.wrong) == 0 {
		t.wrong = append(t.wrong, fault.Field{Field: "contract.hours", Message: "must be given where a clause is"})
	}
	return nil
}

// inForm gives the fields of a room's errors the names they have in the form: rows that were left empty count there.
func (t *typed) inForm(err error) error {
	var pairs []string
	for _, f := range fault.FieldsOf(err) {
		list, rest, ok := strings.Cut(f.Field, "[")
		if !ok {
			continue
		}
		at, field, row := strings.Cut(rest, "].")
		n, e := strconv.Atoi(strings.TrimSuffix(at, "]"))
		switch {
		case row && e == nil && n < len(t.rows):
			pairs = append(pairs, f.Field, fmt.Sprintf("%s[%d].%s", list, t.rows[n], field))
		case !row:
			pairs = append(pairs, f.Field, list)
		}
	}
	return page.Rename(err, pairs...)
}

// The choices of the form.

func (e editing) people() []page.Option {
	out := []page.Option{{Value: "", Label: "Nobody"}}
	var all []page.Option
	for id, p := range e.dir.People {
		if p.Active || e.names(id) {
			all = append(all, page.Option{Value: id, Label: p.Name})
		}
	}
	slices.SortFunc(all, func(a, b page.Option) int {
		return cmp.Or(strings.Compare(a.Label, b.Label), strings.Compare(a.Value, b.Value))
	})
	return append(out, all...)
}

// names says whether the item names a person, who is then offered even when not active any more.
func (e editing) names(id string) bool {
	switch v := e.Value.(type) {
	case directory.Team:
		return slices.ContainsFunc(v.Members, func(m directory.Member) bool { return m.Person == id })
	case directory.Entity:
		return v.PrivacyOfficer == id
	case directory.ITService:
		return v.Architect == id
	case directory.Party:
		return v.Liaison == id
	}
	return false
}

func active[T any](m map[string]T, keep func(T) bool, name func(T) string, none string) []page.Option {
	out := []page.Option{{Value: "", Label: none}}
	var all []page.Option
	for _, id := range slices.Sorted(maps.Keys(m)) {
		if keep(m[id]) {
			all = append(all, page.Option{Value: id, Label: name(m[id])})
		}
	}
	slices.SortStableFunc(all, func(a, b page.Option) int { return strings.Compare(a.Label, b.Label) })
	return append(out, all...)
}

func (e editing) teams() []page.Option {
	return active(e.dir.Teams, func(t directory.Team) bool { return !t.Retired }, func(t directory.Team) string { return t.Name }, "Choose a team")
}

func (e editing) entities() []page.Option {
	return active(e.dir.Entities, func(t directory.Entity) bool { return !t.Retired }, func(t directory.Entity) string { return t.Name }, "None")
}

func (e editing) authorities() []page.Option {
	return active(e.dir.Parties, func(p directory.Party) bool { return !p.Retired && p.Kind == directory.PartyAuthority },
		func(p directory.Party) string { return p.Name }, "None yet")
}

func (e editing) processings() []page.Option {
	out := []page.Option{{Value: "", Label: "None: it touches no personal data"}}
	for _, id := range slices.Sorted(maps.Keys(e.dir.Entities)) {
		for _, p := range e.dir.Entities[id].Processings {
			if !slices.ContainsFunc(out, func(o page.Option) bool { return o.Value == p.Name }) {
				out = append(out, page.Option{Value: p.Name, Label: p.Name})
			}
		}
	}
	return out
}

// partyLines writes parties as the form takes them.
func (e editing) partyLines(ids []string) string {
	return lines(ids, func(id string) string { return e.dir.Name(directory.KindParty, id) + " (" + id + ")" })
}

// at gives an entry of a list, empty behind the last.
func at[T any](list []T, i int) T {
	var none T
	if i < len(list) {
		return list[i]
	}
	return none
}

func on(yes bool) string {
	if yes {
		return "on"
	}
	return ""
}

func overrides(o *grading.Override) []string {
	var out []string
	add := func(label string, s *grading.Severity) {
		if s != nil {
			out = append(out, label+": severity "+strconv.Itoa(int(*s)))
		}
	}
	add("Total outage", o.TotalOutage)
	add("Core function broken", o.CoreFunctionBroken)
	add("Data lost", o.DataLost)
	if o.MajorCustomers != nil {
		out = append(out, "Major from "+numeral.Count(*o.MajorCustomers, "customer", "customers"))
	}
	if o.ManyCustomers != nil {
		out = append(out, "One level worse from "+numeral.Count(*o.ManyCustomers, "customer", "customers"))
	}
	return out
}
