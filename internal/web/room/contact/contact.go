// Package contact shows the log of dealings with the police, the media and authorities.
// Question: who said what to whom outside, and what do we still owe an answer to? It
// carries out policy 003 ("Interaction with Law Enforcement", "Public Media Handling").
// Every rule stands in notify/contact. It must not import another screen.
package contact

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/notify/contact"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/room/head"
)

// Screen shows and records contacts.
type Screen struct{ head.Deps }

// Mount registers the log, the page of one entry and the form.
func Mount(w *page.Web, d head.Deps) {
	s := Screen{d}
	const log = "/incidents/{ref}/contacts"
	w.Show(log, s.list)
	w.Show(log+"/new", s.form)
	w.Post(log, s.record, s.form)
	w.Show(log+"/{no}", s.show)
}

// log is the page of all contacts.
type log struct {
	head.Room
	Side string
	List []contact.Contact
	Open []contact.Contact // of all sides: those that want an answer
}

func (v log) works() bool { return v.May(who.PermContactWork) }

func (s Screen) list(r *page.Request) (page.Page, error) {
	m, err := s.Enter(r)
	if err != nil {
		return page.Page{}, err
	}
	if m.Past() {
		return page.Page{}, page.Elsewhere(m.Here())
	}
	v := log{Room: m, Side: r.Query("side")}
	all, err := s.Contacts.List(r.Context(), r.By, m.Ref, contact.Filter{})
	if err != nil {
		return page.Page{}, err
	}
	for _, c := range all {
		if v.Side == "" || string(c.Side) == v.Side {
			v.List = append(v.List, c)
		}
		if c.Open() {
			v.Open = append(v.Open, c)
		}
	}
	slices.SortStableFunc(v.Open, func(a, b contact.Contact) int { return due(a).Compare(due(b)) })
	region := page.Region{Name: "contacts", On: m.On("contact"), Body: listed(v)}
	return m.Sub(page.Page{
		Title: title, Lead: page.Text("Every call, letter and meeting with somebody outside, with what legal said before."),
		Regions: []page.Region{region}, Body: logBody(v, region),
	}), nil
}

const title = "Police, media, authorities"

// due sorts: a question without a date comes after those with one.
func due(c contact.Contact) time.Time {
	if c.DueAt.IsZero() {
		return c.At.AddDate(1, 0, 0)
	}
	return c.DueAt
}

// one is the page of one contact.
type one struct {
	head.Room
	C     contact.Contact
	Files []file.File
}

func (s Screen) show(r *page.Request) (page.Page, error) {
	m, err := s.Enter(r)
	if err != nil {
		return page.Page{}, err
	}
	if m.Past() {
		return page.Page{}, page.Elsewhere(m.Here())
	}
	no, err := strconv.Atoi(r.PathValue("no"))
	if err != nil {
		return page.Page{}, fault.New(fault.NotFound, "There is no such contact in this incident")
	}
	v := one{Room: m}
	if v.C, err = s.Contacts.Get(r.Context(), r.By, m.Ref, no); err != nil {
		return page.Page{}, err
	}
	for _, id := range v.C.Files {
		f, err := s.Deps.Files.Get(r.Context(), r.By, m.Ref, id)
		if err != nil {
			return page.Page{}, err
		}
		v.Files = append(v.Files, f)
	}
	region := page.Region{Name: "contact", On: m.On("contact"), Body: oneBody(v)}
	p := m.Sub(page.Page{Title: "Contact no. " + strconv.Itoa(no), Regions: []page.Region{region}, Body: region.Place()})
	p.Crumbs = slices.Insert(p.Crumbs, 2, page.Crumb{Label: title, Href: m.Path("contacts")})
	return p, nil
}

// draft is the page on which a contact is recorded.
type draft struct {
	head.Room
	Side    contact.Side
	Step    contact.Step
	Asked   *contact.Contact // the question that is answered
	Files   []file.File      // of the incident
	Advised bool             // legal has given a direction about this side
}

func (s Screen) form(r *page.Request) (page.Page, error) {
	m, err := s.Enter(r)
	if err != nil {
		return page.Page{}, err
	}
	if m.Past() {
		return page.Page{}, page.Elsewhere(m.Here())
	}
	if err := who.Check(r.By, who.PermContactWork); err != nil {
		return page.Page{}, err
	}
	v := draft{Room: m, Side: contact.Side(either(r, "side")), Step: contact.Step(cmp.Or(either(r, "step"), "in"))}
	list, err := s.Contacts.List(r.Context(), r.By, m.Ref, contact.Filter{})
	if err != nil {
		return page.Page{}, err
	}
	for _, c := range list {
		if strconv.Itoa(c.No) == either(r, "answers") {
			v.Asked, v.Side, v.Step = &c, c.Side, contact.Outgoing
		}
		v.Advised = v.Advised || c.Step == contact.Advice && c.Side == v.Side
	}
	if v.Files, err = s.Deps.Files.Newest(r.Context(), r.By, m.Ref, who.PageLimit); err != nil {
		return page.Page{}, err
	}
	p := m.Sub(page.Page{Title: heading(v), Narrow: true, Body: formBody(v)})
	p.Crumbs = slices.Insert(p.Crumbs, 2, page.Crumb{Label: title, Href: m.Path("contacts")})
	return p, nil
}

// either is what a form that was refused said, else what the address asks for.
func either(r *page.Request, name string) string { return cmp.Or(r.Text(name), r.Query(name)) }

func (s Screen) record(r *page.Request) (page.Done, error) {
	at, err := r.Moment("at")
	if err != nil {
		return page.Done{}, err
	}
	dueAt, err := r.Moment("due_at")
	if err != nil {
		return page.Done{}, err
	}
	answers, _ := strconv.Atoi(r.Text("answers")) // a hidden field; nonsense answers nothing
	c, err := s.Contacts.Record(r.Context(), r.By, r.PathValue("ref"), contact.Draft{
		Side: contact.Side(r.Text("side")), Step: contact.Step(r.Text("step")), Channel: contact.Channel(r.Text("channel")),
		Party: r.Text("party"), Name: r.Text("name"), People: r.Text("people"), Number: r.Text("number"), Person: r.Text("person"),
		Subject: r.Text("subject"), Text: r.Text("text"), At: at, DueAt: dueAt, Answers: answers, Statement: r.Text("statement"),
		Files: r.All("files"), Why: r.Text("why"),
	})
	if err != nil {
		return page.Done{}, err
	}
	return page.Done{To: "/incidents/" + r.PathValue("ref") + "/contacts/" + strconv.Itoa(c.No), Say: "Recorded."}, nil
}

// parties are those of the directory that stand on a side.
func (v draft) parties() []page.Option {
	kinds := map[contact.Side][]directory.PartyKind{
		contact.Police: {directory.PartyLawEnforcement}, contact.Authority: {directory.PartyAuthority},
		contact.Other: {directory.PartyInsurer, directory.PartyVendor, directory.PartyProcessor, directory.PartyPartner},
	}[v.Side]
	out := []page.Option{{Value: "", Label: "Not in the directory"}}
	for _, k := range kinds {
		for _, p := range v.Dir.PartiesOf(k) {
			out = append(out, page.Option{Value: p.ID, Label: p.Name})
		}
	}
	return out
}

// folk are the people of ours who can have spoken.
func (v draft) folk() []page.Option {
	if v.Step == contact.Advice {
		return v.of(func(id string) bool {
			return slices.Contains(v.Dir.People[id].Roles, who.Legal) || slices.Contains(v.Assignments["legal"], id)
		})
	}
	if v.Step == contact.Coaching {
		return v.of(func(id string) bool { return slices.Contains(v.Assignments["spokesperson"], id) })
	}
	return v.People(who.PermIncidentRead)
}

func (v draft) of(is func(id string) bool) []page.Option {
	return slices.DeleteFunc(v.People(who.PermIncidentRead), func(o page.Option) bool { return !is(o.Value) })
}

// sideWords name the sides on screens.
var sideWords = map[contact.Side]string{
	contact.Police: "Law enforcement", contact.Media: "The media", contact.Authority: "Authorities", contact.Other: "Others",
}

var stepWords = map[contact.Step]string{
	contact.Incoming: "They came to us", contact.Outgoing: "We went to them", contact.Advice: "Legal's direction", contact.Coaching: "Spokesperson coached",
}

func heading(v draft) string {
	switch {
	case v.Asked != nil:
		return "Answer no. " + strconv.Itoa(v.Asked.No)
	case v.Step == contact.Advice:
		return "Legal's direction"
	case v.Step == contact.Coaching:
		return "The spokesperson was coached"
	case v.Step == contact.Outgoing:
		return "We contacted somebody outside"
	}
	return "Somebody outside contacted us"
}

func (v draft) whom() string {
	if v.Step == contact.Incoming {
		return "From whom?"
	}
	return "With whom?"
}

// nameHint says that the name may stay empty, where the directory offers one.
func (v draft) nameHint() string {
	if len(v.parties()) > 1 {
		return "Not needed when it stands in the directory."
	}
	return ""
}

func (v draft) exchange() bool { return v.Step == contact.Incoming || v.Step == contact.Outgoing }

// newPath is the form for a step.
func newPath(m head.Room, side contact.Side, step contact.Step) string {
	return m.Path("contacts", "new") + "?side=" + string(side) + "&step=" + string(step)
}

func onePath(m head.Room, no int) string { return m.Path("contacts", strconv.Itoa(no)) }

func (v log) tabs() []page.Choice {
	out := []page.Choice{{Label: "All", Href: v.Path("contacts"), On: v.Side == ""}}
	for _, side := range []contact.Side{contact.Police, contact.Media, contact.Authority, contact.Other} {
		out = append(out, page.Choice{Label: sideWords[side], Href: v.Path("contacts") + "?side=" + string(side), On: v.Side == string(side)})
	}
	return out
}

// icon is that of a side.
func icon(side contact.Side) page.IconName {
	switch side {
	case contact.Police:
		return page.IconShield
	case contact.Media:
		return page.IconNewspaper
	case contact.Authority:
		return page.IconLandmark
	}
	return page.IconUsersRound
}

// says is the line under a subject.
func says(m head.Room, c contact.Contact) string {
	they, we := cmp.Or(c.Name, sideWords[c.Side]), m.Person(c.Person)
	var out string
	switch c.Step {
	case contact.Incoming:
		out = they + " to " + we
	case contact.Outgoing:
		out = we + " to " + they
	default:
		out = stepWords[c.Step] + ", " + sideWords[c.Side] + ", " + we
	}
	if c.Channel != "" {
		out += ", " + channelWords[c.Channel]
	}
	return out
}

func subject(c contact.Contact) string {
	if c.Erased {
		return "Erased"
	}
	return c.Subject
}

func sideOptions() []page.Option {
	var out []page.Option
	for _, side := range []contact.Side{contact.Police, contact.Media, contact.Authority, contact.Other} {
		out = append(out, page.Option{Value: string(side), Label: sideWords[side]})
	}
	return out
}

// channelWords say how, after with whom.
var channelWords = map[contact.Channel]string{
	contact.Phone: "by phone", contact.Email: "by e-mail", contact.Letter: "by letter", contact.Meeting: "at a meeting", contact.Portal: "through a portal",
}

func channels() []page.Option {
	return []page.Option{
		{Value: string(contact.Phone), Label: "Phone"},
		{Value: string(contact.Email), Label: "E-mail"},
		{Value: string(contact.Letter), Label: "Letter"},
		{Value: string(contact.Meeting), Label: "Meeting"},
		{Value: string(contact.Portal), Label: "Portal"},
	}
}

// party, name and number of an answer are those of the question.
func (v draft) party() string {
	if v.Asked == nil {
		return ""
	}
	return v.Asked.Party
}

func (v draft) name() string {
	if v.Asked == nil {
		return ""
	}
	return v.Asked.Name
}

func (v draft) number() string {
	if v.Asked == nil {
		return ""
	}
	return v.Asked.Number
}

func (v draft) personLabel() string {
	switch v.Step {
	case contact.Advice:
		return "Which counsel?"
	case contact.Coaching:
		return "Which spokesperson?"
	case contact.Outgoing:
		return "Who of us spoke or wrote?"
	}
	return "Who of us took it?"
}

func (v draft) textHint() string {
	if v.Step == contact.Advice {
		return "What may be said and handed over, what not, and until when it holds."
	}
	return ""
}

func (v draft) fileOptions() []page.Option {
	var out []page.Option
	for _, f := range v.Files {
		out = append(out, page.Option{Value: f.ID, Label: fileName(f)})
	}
	return out
}

// assigned names who has one of some functions in this incident.
func assigned(m head.Room, functions []string) string {
	var names []string
	for _, fn := range functions {
		for _, id := range m.Assignments[incident.Function(fn)] {
			if n := m.Person(id); !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	return strings.Join(names, ", ")
}

// nothing is the button of an empty log.
func nothing(v log) page.Action {
	if !v.works() {
		return page.Action{Label: "Back to the room", Icon: page.IconArrowLeft, Href: v.Path()}
	}
	return page.Action{Label: "Record the first", Icon: page.IconPlus, Href: newPath(v.Room, contact.Side(v.Side), contact.Incoming)}
}
