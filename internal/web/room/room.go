// Package room is the incident room. Question: where are we, and what is late? One page holds
// what is owed with running clocks, what is known, the timeline with its composer, people,
// calls, tasks and signals; the folders below hold the pages of one duty, one fact, and of the
// incident's course. It carries out policy 001 ("document the investigation and mitigation")
// and policy 003 ("oversees and prioritizes actions") for a browser. It must not import
// another screen.
package room

import (
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/respond/escalation"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/numeral"
	"github.com/wakebell/wakebell/internal/web/room/contact"
	"github.com/wakebell/wakebell/internal/web/room/course"
	"github.com/wakebell/wakebell/internal/web/room/handed"
	"github.com/wakebell/wakebell/internal/web/room/head"
	"github.com/wakebell/wakebell/internal/web/room/kept"
	"github.com/wakebell/wakebell/internal/web/room/known"
	"github.com/wakebell/wakebell/internal/web/room/lawful"
	"github.com/wakebell/wakebell/internal/web/room/owed"
	"github.com/wakebell/wakebell/internal/web/room/ties"
	"github.com/wakebell/wakebell/internal/web/room/weigh"
)

// Deps are the rooms this screen reads and commands.
type Deps = head.Deps

type screen struct {
	Deps
	web *page.Web
}

// Mount registers the room and the pages in it.
func Mount(w *page.Web, d Deps) {
	s := screen{d, w}
	const room = "/incidents/{ref}"
	w.Show(room, s.show)
	w.PostFiles(room+"/notes", s.note, s.show, kept.Screen{Deps: d}.Put)
	w.Post(room+"/phase", s.phase, s.show)
	w.Post(room+"/people", s.assign, s.show)
	w.Post(room+"/people/remove", s.unassign, s.show)
	w.Post(room+"/calls/{id}", s.acknowledge, s.show)
	w.Post(room+"/tasks", s.addTask, s.show)
	w.Post(room+"/tasks/{id}", s.markTask, s.show)
	owed.Mount(w, d)
	known.Mount(w, d)
	course.Mount(w, d)
	kept.Mount(w, d)
	ties.Mount(w, d)
	lawful.Mount(w, d)
	weigh.Mount(w, d)
	handed.Mount(w, d)
	contact.Mount(w, d)
}

// view is what the room shows. Parts that nobody wants now are not read.
type view struct {
	head.Room
	web     *page.Web
	Board   owed.Board
	Lines   []line
	More    string // address of the older part, "" at the end
	Show    string
	Calls   []escalation.Item
	About   map[string]string // titles of the duties people were called about
	Mine    []escalation.Call // calls that wait for the viewer's answer
	Signals []intake.Signal
	Files   []file.File       // the newest
	MaxFile int64             // bytes
	Belongs map[string]string // entries that files were dropped on, by those of the files
	Hidden  map[string]bool   // files that were withdrawn or erased
}

func (s screen) show(r *page.Request) (page.Page, error) {
	m, err := s.Enter(r)
	if err != nil {
		return page.Page{}, err
	}
	v := view{Room: m, web: s.web, MaxFile: s.Files.Max(), Show: r.Query("show")}
	if err := s.read(r, &v); err != nil {
		return page.Page{}, err
	}
	regions := []page.Region{
		{Name: "room-head", On: m.On("incident"), Body: top(v)},
		{Name: "mine", On: m.On("call"), Body: mine(v)},
		{Name: "phase", On: m.On("incident"), Body: phaseForm(v)},
		{Name: "duties", On: page.Any(m.On("duty", "incident")), Body: owed.Clocks(m, v.Board)},
		{Name: "known", On: m.On("incident"), Body: facts(v)},
		{Name: "timeline", On: m.On("incident", "duty", "call"), Body: timeline(v)},
		{Name: "tasks", On: m.On("incident"), Body: tasks(v)},
		{Name: "people", On: page.Any(m.On("incident", "call"), page.On("person")), Body: people(v)},
		{Name: "decided", On: m.On("incident"), Body: decided(v)},
		{Name: "files", On: m.On("incident"), Body: kept.Card(m, v.Files)},
		{Name: "signals", On: page.Any(m.On("incident"), page.On("signal")), Body: signals(v)},
	}
	at := map[string]page.Region{}
	for _, g := range regions {
		at[g.Name] = g
	}
	p := page.Page{
		Title: m.Ref + " " + m.Title, Nav: "/", Drill: m.Drill(), Crumbs: []page.Crumb{{Label: "Now", Href: "/"}, {Label: m.Ref}},
		Head: at["room-head"].Place(), Regions: regions, Body: body(v, at),
	}
	if m.MayOpen(who.PermIncidentWork) {
		p.Thumb = []page.Action{
			{Label: "Update", Icon: page.IconMessageSquareText, Href: "#note-text", Main: true, Key: "u"},
			{Label: "Report", Icon: page.IconFileText, Href: m.Path("sitrep")},
			{Label: "Call", Icon: page.IconPhoneCall, Href: "#people"},
		}
	}
	return p, nil
}

// shownSignals is how many signals the room names.
const shownSignals = 8

// shownFiles is how many files the room names; their page has all of them.
const shownFiles = 5

// shownCalls is how many calls the room names; the timeline has all of them.
const shownCalls = 30

func (s screen) read(r *page.Request, v *view) (err error) {
	if r.Wants("duties") {
		if v.Board, err = (owed.Screen{Deps: s.Deps}).Read(v.Room); err != nil {
			return err
		}
	}
	if r.Wants("timeline") {
		if err := s.readTimeline(r, v); err != nil {
			return err
		}
	}
	if !v.Past() && r.By.Has(who.PermCallRead) && r.Wants("people") {
		calls, err := s.Escalation.ForIncident(r.Context(), r.By, v.ID, "", shownCalls)
		if err != nil {
			return err
		}
		v.Calls = calls.Items
	}
	if !v.Past() && r.By.Has(who.PermCallAcknowledge) && r.Wants("mine") {
		if v.Mine, err = s.Escalation.WaitingFor(r.Context(), r.By, v.ID); err != nil {
			return err
		}
	}
	if !v.Past() && r.Wants("files") {
		if v.Files, err = s.Files.Newest(r.Context(), r.By, v.ID, shownFiles); err != nil {
			return err
		}
	}
	v.About = map[string]string{}
	for _, k := range v.Calls {
		v.about(r, s.Deps, k.Call)
	}
	for _, k := range v.Mine {
		v.about(r, s.Deps, k)
	}
	if !v.Past() && r.By.Has(who.PermSignalRead) && r.Wants("signals") {
		v.Signals, err = s.Intake.Of(r.Context(), s.DB, v.ID, shownSignals)
	}
	return err
}

// about looks up the title of the duty a call was about, once.
func (v *view) about(r *page.Request, d Deps, k escalation.Call) {
	if _, known := v.About[k.Duty]; !known && k.Duty != "" {
		v.About[k.Duty] = d.Duties.Title(r.Context(), d.DB, k.Duty)
	}
}

// run carries out one command; the viewer stays where the form stood.
func (s screen) run(r *page.Request, cmd incident.Command, say string) (page.Done, error) {
	_, err := s.Incidents.Execute(r.Context(), r.By, r.PathValue("ref"), cmd, 0)
	return page.Done{Say: say}, err
}

func (s screen) note(r *page.Request) (page.Done, error) {
	at, err := r.Moment("at")
	if err != nil {
		return page.Done{}, err
	}
	if len(r.Files) == 0 {
		return s.run(r, &incident.Note{Base: incident.Base{At: at}, Text: r.Text("text")}, "Noted.")
	}
	in := file.Addition{Text: r.Text("text"), On: r.Text("on"), At: at}
	for _, f := range r.Files {
		in.Drops = append(in.Drops, file.Drop{Held: f.Held, Name: f.Name})
	}
	_, err = s.Files.Add(r.Context(), r.By, r.PathValue("ref"), in)
	return page.Done{Say: "Noted, with " + numeral.Count(len(in.Drops), "file", "files") + "."}, page.Rename(err, "name", "files", "on", "files")
}

func (s screen) phase(r *page.Request) (page.Done, error) {
	p := incident.Phase(r.Text("phase"))
	return s.run(r, &incident.EnterPhase{Phase: p, Reason: r.Text("reason")}, "The phase is "+strings.ToLower(page.PhaseWord(p))+" now.")
}

func (s screen) assign(r *page.Request) (page.Done, error) {
	return s.run(r, &incident.Assign{Function: incident.Function(r.Text("function")), Person: r.Text("person")}, "Assigned.")
}

func (s screen) unassign(r *page.Request) (page.Done, error) {
	return s.run(r, &incident.Unassign{Function: incident.Function(r.Text("function")), Person: r.Text("person")}, "Removed.")
}

// acknowledge answers a call of this incident.
func (s screen) acknowledge(r *page.Request) (page.Done, error) {
	if err := who.Check(r.By, who.PermCallAcknowledge); err != nil {
		return page.Done{}, err
	}
	m, err := s.Enter(r)
	if err != nil {
		return page.Done{}, err
	}
	k, err := s.Escalation.Get(r.Context(), r.By, r.PathValue("id"))
	if err == nil && k.Incident != m.ID {
		err = fault.New(fault.NotFound, "There is no such call in this incident")
	}
	if err != nil {
		return page.Done{}, err
	}
	_, err = s.Escalation.Acknowledge(r.Context(), r.By, k.ID)
	return page.Done{Say: "You have it. Nobody else is called about this."}, err
}

func (s screen) addTask(r *page.Request) (page.Done, error) {
	due, err := r.Moment("task_due")
	if err != nil {
		return page.Done{}, err
	}
	done, err := s.run(r, &incident.AddTask{Text: r.Text("task"), Owner: r.Text("owner"), Due: due}, "Task added.")
	return done, page.Rename(err, "text", "task", "due", "task_due")
}

func (s screen) markTask(r *page.Request) (page.Done, error) {
	if r.Text("do") == "reopen" {
		return s.run(r, &incident.ReopenTask{Task: r.PathValue("id"), Reason: r.Text("reason")}, "The task is open again.")
	}
	return s.run(r, &incident.FinishTask{Task: r.PathValue("id")}, "Done.")
}
