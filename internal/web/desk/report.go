package desk

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/respond/escalation"
	"github.com/wakebell/wakebell/internal/web/page"
)

// Paths of these screens.
const (
	reportPath, declarePath, reportsPath = "/report", "/declare", "/reports"
	triagePath, deadlinesPath            = "/triage", "/deadlines"
	incidentPath                         = "/incidents/"
)

// report asks three things. It is what a person sees at 3 a.m., so nothing else is needed.
func (s screen) report(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermReportCreate); err != nil {
		return page.Page{}, err
	}
	dir, err := s.Directory.Snapshot(s.DB)
	if err != nil {
		return page.Page{}, err
	}
	p, err := s.Plans.CurrentTx(s.DB)
	if err != nil {
		return page.Page{}, err
	}
	return page.Page{
		Title: "Report an incident", Nav: reportPath, Narrow: true,
		Lead: page.Text("Three answers are enough. You can be wrong; others will check. The team is called at once and has " +
			strconv.Itoa(p.ProductTeamMinutes) + " minutes."),
		Body: reportForm(r, dir),
	}, nil
}

func (s screen) doReport(r *page.Request) (page.Done, error) {
	if err := who.Check(r.By, who.PermReportCreate); err != nil {
		return page.Done{}, err
	}
	at, err := r.Moment("discovered_at")
	if err := needed(err, r, "title", "Say in one sentence what you saw.", "service", "Choose one, or “I do not know”.",
		"discovered_at", "Every deadline runs from it, so it is needed."); err != nil {
		return page.Done{}, err
	}
	service := r.Text("service")
	if service == unsure {
		service = ""
	}
	sig, err := s.Intake.Report(r.Context(), r.By, intake.ReportInput{
		Title: r.Text("title"), Summary: r.Text("summary"), Contact: r.Text("contact"), Service: service, DiscoveredAt: at, Drill: r.Ticked("drill"),
	})
	if err != nil {
		return page.Done{}, err
	}
	return page.Done{To: reportsPath + "/" + sig.ID, Say: "Reported. This page shows who has it."}, nil
}

// declare starts an incident without a signal, for those who decide that it is one.
func (s screen) declare(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermIncidentDeclare); err != nil {
		return page.Page{}, err
	}
	dir, err := s.Directory.Snapshot(s.DB)
	if err != nil {
		return page.Page{}, err
	}
	return page.Page{
		Title: "Declare an incident", Nav: reportPath, Narrow: true,
		Lead: page.Text("For when you know that it is one. Its duties begin at the moment it was discovered, and their teams are called at once."),
		Body: declareForm(r, dir),
	}, nil
}

func (s screen) doDeclare(r *page.Request) (page.Done, error) {
	if err := who.Check(r.By, who.PermIncidentDeclare); err != nil {
		return page.Done{}, err
	}
	at, err := r.Moment("discovered_at")
	if err := needed(err, r, "title", "Say what people will call it.", "discovered_at", "Every deadline runs from it, so it is needed."); err != nil {
		return page.Done{}, err
	}
	st, err := s.Incidents.Declare(r.Context(), r.By, incident.Declare{
		Title: r.Text("title"), Summary: r.Text("summary"), Kind: incident.Kind(r.Text("kind")), Nature: incident.Nature(r.Text("nature")),
		DiscoveredAt: at, Service: r.Text("service"), Team: r.Text("team"),
	})
	if err != nil {
		return page.Done{}, err
	}
	return page.Done{To: incidentPath + st.Ref, Say: st.Ref + " is declared. Its clocks run."}, nil
}

// item is a report in the list of one's own.
type item struct {
	intake.Signal
	Team string // name
	By   string // who has it, or decided it
}

// reports lists what the viewer reported. Those who see all signals find the others' in triage.
func (s screen) reports(r *page.Request) (page.Page, error) {
	sigs, next, err := s.Intake.List(r.Context(), own(r.By), intake.Filter{Kind: intake.Report, Limit: perPage}, r.Query("after"))
	if err != nil {
		return page.Page{}, err
	}
	dir, err := s.Directory.Snapshot(s.DB)
	if err != nil {
		return page.Page{}, err
	}
	items := make([]item, len(sigs))
	for i, sig := range sigs {
		items[i] = item{sig, teamName(dir, sig.Team), person(dir, cmp.Or(sig.DecidedBy, sig.AcknowledgedBy))}
	}
	more := ""
	if next != "" {
		more = r.Path("after", next)
	}
	on := page.On("signal")
	for _, sig := range sigs {
		on = append(on, page.On("signal", sig.ID)...) // all that a reporter is told of
	}
	list := page.Region{Name: "reports", On: on, Body: reportList(r, items, more)}
	p := page.Page{Title: "My reports", Nav: reportsPath, Lead: page.Text("What you reported, and who has it."), Body: list.Place(), Regions: []page.Region{list}}
	if r.By.Has(who.PermReportCreate) && len(items) > 0 {
		p.Actions = page.Links(page.Action{Label: "Report an incident", Icon: page.IconPlus, Href: reportPath, Main: true})
	}
	return p, nil
}

// told is one report as its reporter sees it.
type told struct {
	intake.Signal
	Dir   directory.Snapshot
	Team  string            // name
	First []string          // ids of who is called, in their order
	Calls []escalation.Item // of those who may see them
	Ref   string            // of its incident
	Mine  bool              // the viewer reported it
	Phone bool              // the viewer may see numbers to call
	Now   time.Time
}

// mine shows one report to who sent it: did I say enough, and who is awake now?
func (s screen) mine(r *page.Request) (page.Page, error) {
	sig, err := s.Intake.Get(r.Context(), r.By, r.PathValue("id"))
	if err != nil {
		return page.Page{}, err
	}
	if sig.Kind != intake.Report {
		return page.Page{}, fault.New(fault.NotFound, "There is no such report.")
	}
	v, err := s.told(r, sig)
	if err != nil {
		return page.Page{}, err
	}
	on := page.Any(page.On("signal"), page.On("signal", sig.ID), page.On("call"), page.On("directory"), page.On("person"))
	lead := page.Region{Name: "glance", On: on, Body: hasIt(v)}
	state := page.Region{Name: "state", On: on, Body: reportState(v)}
	p := page.Page{
		Title: cmp.Or(sig.Title, "Report"), Nav: reportsPath, Lead: lead.Place(), Drill: sig.Drill, Regions: []page.Region{lead, state},
		Crumbs: []page.Crumb{{Label: "My reports", Href: reportsPath}, {Label: "Report"}}, Body: reportPage(r, v, state),
	}
	if r.By.Has(who.PermSignalRead) {
		p.Actions = page.Links(page.Action{Label: "Open in triage", Icon: page.IconInbox, Href: triagePath + "/" + sig.ID})
	}
	return p, nil
}

// told adds to a signal the names of what it points to and who is called about it.
func (s screen) told(r *page.Request, sig intake.Signal) (told, error) {
	dir, err := s.Directory.Snapshot(s.DB)
	if err != nil {
		return told{}, err
	}
	v := told{Signal: sig, Dir: dir, Team: teamName(dir, sig.Team), Now: r.Now}
	v.Mine, v.Phone = sig.ReportedBy != "" && sig.ReportedBy == r.By.Person, r.By.Has(who.PermDirectoryRead)
	if sig.Team != "" {
		v.First = dir.OnCall(sig.Team, r.Now)
	}
	if r.By.Has(who.PermCallRead) {
		calls, err := s.Escalation.ForSignal(r.Context(), r.By, sig.ID, "", 50)
		if err != nil {
			return told{}, err
		}
		v.Calls = calls.Items
	}
	v.Ref, err = s.ref(r.Context(), sig.Incident)
	return v, err
}

// ref is the reference of an incident. It is no secret: every call about the incident names it.
func (s screen) ref(_ context.Context, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	st, err := s.Incidents.GetTx(s.DB, id)
	return st.Ref, err
}
