package desk

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/decide/triage"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/respond/escalation"
	"github.com/wakebell/wakebell/internal/web/page"
)

// sight is one signal as triage sees it.
type sight struct {
	told
	MyCall    string // id of the call that waits for the viewer's answer
	MySignals int    // how many signals that call is about
	Raw       string // what the sender sent, made readable; "" when there is nothing to show
	RawNote   string
	Like      []alike
	Known     []view.Item // open incidents it may belong to
	Find      string      // words they were sought by
	Chosen    string      // reference of the incident that was chosen among them
}

// alike is another signal that may say the same.
type alike struct {
	intake.Signal
	Why string
}

// signal shows one signal and takes the verdict on it.
func (s screen) signal(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermSignalRead); err != nil {
		return page.Page{}, err
	}
	sig, err := s.Intake.Get(r.Context(), r.By, r.PathValue("id"))
	if err != nil {
		return page.Page{}, err
	}
	v, err := s.sight(r, sig)
	if err != nil {
		return page.Page{}, err
	}
	// A call or an acknowledgement about many signals names only the first of them: general topics.
	on := page.Any(page.On("signal"), page.On("call"), page.On("directory"), page.On("person"))
	lead := page.Region{Name: "glance", On: on, Body: hasIt(v.told)}
	acts := page.Region{Name: "acts", On: on, Body: signalActs(r, v)}
	state := page.Region{Name: "state", On: on, Body: signalState(v)}
	verdict := page.Region{Name: "verdict", On: page.Any(on, page.On("incident")), Body: verdictCard(r, v)}
	calls := page.Region{Name: "calls", On: on, Body: signalCalls(v)}
	p := page.Page{
		Title: title(sig), Nav: triagePath, Lead: lead.Place(), Actions: acts.Place(), Drill: sig.Drill,
		Crumbs:  []page.Crumb{{Label: "Triage", Href: triagePath}, {Label: from(sig)}},
		Regions: []page.Region{lead, acts, state, verdict, calls}, Body: signalPage(r, v, state, verdict, calls),
	}
	return p, nil
}

func (s screen) sight(r *page.Request, sig intake.Signal) (sight, error) {
	t, err := s.told(r, sig)
	if err != nil {
		return sight{}, err
	}
	v := sight{told: t, Find: r.Query("find"), Chosen: r.Query("incident")}
	for _, k := range t.Calls {
		if k.Person == r.By.Person && k.Person != "" && (k.State == escalation.Waiting || k.State == escalation.Expired) && sig.State == intake.Open {
			v.MyCall, v.MySignals = k.ID, k.Signals
		}
	}
	if r.Wants("page") { // only with the whole page
		v.Raw, v.RawNote = s.readable(r, sig)
		if v.Like, err = s.alike(r, sig); err != nil {
			return sight{}, err
		}
	}
	if sig.State == intake.Open && r.By.Has(who.PermSignalTriage) && r.Wants("verdict") {
		v.Known, err = s.known(r, sig, v.Find)
	}
	return v, err
}

// mostRaw is how many bytes of a delivery are shown; all of it can be downloaded.
const mostRaw = 16_000

// readable is the delivery of an alert as text. It is escaped like all text of a page and never run.
func (s screen) readable(r *page.Request, sig intake.Signal) (text, note string) {
	if sig.RawID == "" {
		return "", ""
	}
	body, _, err := s.Intake.Raw(r.Context(), r.By, sig.ID)
	if err != nil {
		msg, _ := fault.MessageOf(err)
		return "", msg
	}
	var nice bytes.Buffer
	if json.Indent(&nice, body, "", "  ") == nil {
		body = nice.Bytes()
	}
	if len(body) > mostRaw {
		cut := mostRaw
		for cut > 0 && !utf8.RuneStart(body[cut]) {
			cut--
		}
		note = "These are the first " + strconv.Itoa(cut/1000) + " kB of " + strconv.Itoa(len(body)/1000) + " kB. The download holds all of it."
		body = body[:cut]
	}
	return intake.Clean(string(body), mostRaw, true), note
}

// raw sends the bytes an alert came in, as a file that no browser shows or runs.
func (s screen) raw(out http.ResponseWriter, r *page.Request) error {
	body, kind, err := s.Intake.Raw(r.Context(), r.By, r.PathValue("id"))
	if err != nil {
		return err
	}
	ext := ".bin"
	if strings.HasPrefix(kind, "application/json") {
		ext = ".json"
	}
	h := out.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="signal`+ext+`"`)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, err = out.Write(body)
	return err
}

// mostAlike is how many similar signals are shown, and nearLimit how many of the same team are looked at.
const (
	mostAlike = 8
	nearLimit = 100
)

// alike finds signals that may say the same: the same alert at another time, the same words, the same service.
func (s screen) alike(r *page.Request, sig intake.Signal) ([]alike, error) {
	var out []alike
	seen := map[string]bool{sig.ID: true}
	add := func(o intake.Signal, why string) {
		if !seen[o.ID] {
			seen[o.ID] = true
			out = append(out, alike{o, why})
		}
	}
	near, _, err := s.Intake.List(r.Context(), r.By, intake.Filter{Team: sig.Team, Limit: nearLimit}, "")
	if err != nil {
		return nil, err
	}
	for _, o := range near {
		if sig.Fingerprint != "" && o.Fingerprint == sig.Fingerprint && o.Source == sig.Source {
			add(o, "the same alert")
		}
	}
	if name, _, _ := strings.Cut(sig.Title, ": "); name != "" { // monitors put the name of the alert first
		same, _, err := s.Intake.List(r.Context(), r.By, intake.Filter{Words: name, Limit: mostAlike}, "")
		if err != nil && fault.KindOf(err) != fault.Invalid { // words that cannot be sought find nothing
			return nil, err
		}
		for _, o := range same {
			add(o, "the same words")
		}
	}
	for _, o := range near {
		if sig.Service != "" && o.Service == sig.Service {
			add(o, "the same service")
		}
	}
	return out[:min(len(out), mostAlike)], nil
}

// known lists incidents of the signal's kind: those found by words, open or closed, else the newest open ones, with
// those of the same service first.
func (s screen) known(r *page.Request, sig intake.Signal, words string) ([]view.Item, error) {
	if !r.By.Has(who.PermIncidentRead) {
		return nil, nil
	}
	open := true
	f := view.Filter{Open: &open, Kind: incident.Real, Q: words, Order: view.Newest, Limit: 50}
	if words != "" {
		f.Open = nil
	}
	if sig.Drill {
		f.Kind = incident.Drill
	}
	items, _, err := s.Views.List(r.Context(), r.By, f, "")
	if fault.KindOf(err) == fault.Invalid {
		return nil, nil
	}
	slices.SortStableFunc(items, func(a, b view.Item) int { return rank(a, sig) - rank(b, sig) })
	return items, err
}

func rank(it view.Item, sig intake.Signal) int {
	if sig.Service != "" && it.Service == sig.Service {
		return 0
	}
	return 1
}

// doTake says "we have it". Who was called answers the call, and with it all signals the call is about.
func (s screen) doTake(r *page.Request) (page.Done, error) {
	if call := r.Text("call"); call != "" {
		k, err := s.Escalation.Acknowledge(r.Context(), r.By, call)
		if err != nil {
			return page.Done{}, err
		}
		if k.Signals > 1 {
			return page.Done{Say: "You have it, and the other signals of this call."}, nil
		}
		return page.Done{Say: "You have it."}, nil
	}
	if _, err := s.Triage.Take(r.Context(), r.By, r.PathValue("id")); err != nil {
		return page.Done{}, err
	}
	return page.Done{Say: "You have it."}, nil
}

func (s screen) doVerdict(r *page.Request) (page.Done, error) {
	in := triage.Input{Verdict: intake.Verdict(r.Text("verdict")), Reason: r.Text("reason")}
	if in.Verdict == intake.Incident { // the other fields belong to it alone, and are hidden otherwise
		if in.Incident = r.Text("incident"); in.Incident == "" {
			in.Title, in.Nature = r.Text("title"), incident.Nature(r.Text("nature"))
		}
	}
	out, err := s.Triage.Decide(r.Context(), r.By, r.PathValue("id"), in)
	if err != nil {
		return page.Done{}, err
	}
	if out.Incident != nil {
		return page.Done{To: incidentPath + out.Incident.Ref, Say: "It belongs to " + out.Incident.Ref + "."}, nil
	}
	return page.Done{To: triagePath, Say: "Decided: " + strings.ToLower(verdictTag(in.Verdict).Text) + ". It stands under Decided."}, nil
}

func (s screen) doUndo(r *page.Request) (page.Done, error) {
	if _, err := s.Triage.Undo(r.Context(), r.By, r.PathValue("id"), r.Text("reason")); err != nil {
		return page.Done{}, err
	}
	return page.Done{Say: "The verdict is taken back. It waits for a new one."}, nil
}

// verdicts are the three answers of triage.
func verdicts() []page.Option {
	return []page.Option{
		{Value: string(intake.FalsePositive), Label: "False positive", Hint: "Nothing happened: a wrong alarm."},
		{Value: string(intake.Event), Label: "Event, no incident", Hint: "It happened, and harms nobody."},
		{Value: string(intake.Incident), Label: "Incident", Hint: "Harm, or a real chance of it."},
	}
}

func (v sight) incidents() []page.Option {
	out := []page.Option{{Value: "", Label: "A new incident"}}
	for _, it := range v.Known {
		label := it.Ref + " " + it.Title
		if rank(it, v.Signal) == 0 {
			label += " (same service)"
		}
		out = append(out, page.Option{Value: it.Ref, Label: label})
	}
	if v.Chosen != "" && !slices.ContainsFunc(out, func(o page.Option) bool { return o.Value == v.Chosen }) {
		out = append(out, page.Option{Value: v.Chosen, Label: v.Chosen})
	}
	return out
}

// reporter names who sent a report.
func reporter(dir directory.Snapshot, sig intake.Signal) string { return person(dir, sig.ReportedBy) }
