package room

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	told "github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/numeral"
	"github.com/wakebell/wakebell/internal/web/room/head"
	"github.com/wakebell/wakebell/internal/web/room/kept"
	"github.com/wakebell/wakebell/internal/web/room/known"
)

// perPage keeps the first answer small; the rest comes by scrolling.
const perPage = told.FirstPage

// line is one entry of the timeline as the room shows it.
type line = page.Entry

// filters are what the timeline can be narrowed to.
var filters = []struct {
	show  told.Show
	label string
}{
	{told.All, "All"},
	{told.Decisions, "Decisions"},
	{told.Facts, "Facts"},
	{told.Calls, "Calls"},
	{told.Reports, "Reports"},
	{told.Notices, "Notices"},
}

// enough is how many entries a page shows at least, where there are so many; folded calls count
// as one. rounds bounds what is read for it.
const (
	enough = 20
	rounds = 5
)

func (s screen) readTimeline(r *page.Request, v *view) error {
	var err error
	v.Belongs = map[string]string{}
	if v.Hidden, err = s.Files.Hidden(r.Context(), r.By, v.ID); err != nil {
		return err
	}
	cursor := r.Query("after")
	for range rounds {
		lines, next, err := s.Views.Latest(r.Context(), r.By, v.Ref, told.Show(v.Show), v.AsOf, cursor, perPage)
		if err != nil {
			return err
		}
		for i, l := range lines {
			if i == 0 || !reminded(lines[i-1], l) {
				v.Lines = append(v.Lines, entry(*v, l))
			}
		}
		if cursor = next; next == "" || len(runs(*v)) >= enough {
			break
		}
	}
	belong(v)
	if cursor != "" {
		v.More = r.Path("after", cursor)
	}
	return nil
}

// reminded says that l is the alarm in front of a due time whose reminder to people is the entry after it: one
// thing that happened, told once, by whom it reached.
func reminded(after, l told.Line) bool {
	if after.Kind != "call.reminded" || l.Kind != "duty.alarmed" {
		return false
	}
	var call struct{ Calls []struct{ Duty string } }
	var alarm struct{ Duty, Alarm string }
	return json.Unmarshal(after.Data, &call) == nil && json.Unmarshal(l.Data, &alarm) == nil &&
		alarm.Alarm == "reminder" && len(call.Calls) > 0 && call.Calls[0].Duty == alarm.Duty
}

// belong says to which entry of the page a file was dropped.
func belong(v *view) {
	for i, f := range v.Lines {
		to := v.Belongs[f.Entry]
		at := slices.IndexFunc(v.Lines, func(l line) bool { return to != "" && l.Entry == to })
		if at >= 0 && f.Body != nil {
			v.Lines[i].Body = kept.Belongs(f.Body, v.Lines[at].ID, v.Lines[at].Title, v.Lines[at].At)
		}
	}
}

// entry cuts the sentence of a line into what happened and the words about it.
func entry(v view, l told.Line) line {
	m := v.Room
	e := line{ID: "e-" + strconv.FormatInt(l.Seq, 10), Entry: l.ID, Kind: kindOf(l), By: l.ActorName, At: l.At, Noted: l.RecordedAt, Erased: l.Erased}
	text := strings.TrimSpace(inZone(l, m.R.Zone))
	if strings.HasPrefix(l.Actor, "engine:") {
		e.By = ""
	}
	switch l.Kind {
	case "incident.noted":
		e.Title, e.Text = "Update", strings.TrimSpace(l.Text)
	case "incident.sitrep_sent":
		e.Title, e.Text = cut(strings.TrimSpace(l.Text))
	case "incident.declared", "incident.task_added", "incident.merged":
		bornEntry(m, l, &e)
	case file.KindAdded:
		fileEntry(v, l, &e)
	case "incident.task_marked":
		e.Title, e.Text = text, taskText(m, l)
	case "incident.fact_recorded":
		factEntry(m, l, &e)
	case "duties.rederived":
		e.Title, e.Text = "Deadlines", text
	case "duties.repacked":
		e.Title, e.Text = "New rule packs", head.Upper(strings.TrimPrefix(text, "New rule packs came in, "))
	default:
		e.Title, e.Text = cut(text)
	}
	if e.Title == "" {
		e.Title = titleOf(l.Kind)
	}
	if l.Erased {
		e.Text = ""
	}
	return e
}

// bornEntry tells what carries a time or another incident, which are shown as such.
func bornEntry(m head.Room, l told.Line, e *line) {
	var b struct {
		Title, Text, Owner, Into string
		Kind                     incident.Kind `json:"incident_kind"`
		Discovered               time.Time     `json:"discovered_at"`
		Due                      time.Time
	}
	if json.Unmarshal(l.Data, &b) != nil || l.Erased {
		e.Title, e.Text = cut(l.Text)
		return
	}
	switch l.Kind {
	case "incident.declared":
		if e.Title = "Declared"; b.Kind == incident.Drill {
			e.Title = "Declared as a drill"
		}
		e.Body = timed(b.Title, "Discovered", b.Discovered)
	case "incident.task_added":
		if e.Title = "Task"; b.Owner != "" {
			e.Title += " for " + m.Person(b.Owner)
		}
		e.Body = timed(b.Text, "Due", b.Due)
	default:
		e.Title, e.Text = cut(l.Text)
		e.Body = merged(b.Into)
	}
}

// fileEntry shows a file by its name, with the way to it.
func fileEntry(v view, l told.Line, e *line) {
	var b file.Added
	if e.Title = "File"; l.Erased || json.Unmarshal(l.Data, &b) != nil {
		return
	}
	e.Body = kept.Line(v.Room, l.ID, b.Name, kept.About(file.File{Blob: blob.Blob{Size: b.Size, Media: b.Media}}), b.Note)
	if b.On != "" {
		v.Belongs[l.ID] = b.On
	}
	if v.Hidden[l.ID] {
		e.Body = kept.Hidden(v.Room, l.ID)
	}
}

// longTitle is where a sentence is no title any more.
const longTitle = 90

// cut splits "Graded severity 1, BIL 2: customers are hit" at the first colon outside brackets,
// or before the reason: a title, and the words about it.
func cut(text string) (title, rest string) {
	depth := 0
	for i, c := range text {
		tail := text[i:]
		switch {
		case c == '\n' || i > longTitle:
			return "", text
		case c == '(':
			depth++
		case c == ')':
			depth--
		case depth > 0:
		case strings.HasPrefix(tail, ": "):
			return text[:i], head.Upper(tail[2:])
		case strings.HasPrefix(tail, " because "):
			return text[:i], head.Upper(tail[1:])
		}
	}
	return text, ""
}

// longRun is from how many calls in a row on they stand folded: a night in which nobody answers
// must not hide what people found out.
const longRun = 3

// runs groups the lines of a page: calls in a row become one, all else stands alone.
func runs(v view) [][]line {
	var out [][]line
	for i := 0; i < len(v.Lines); {
		n := 1
		if v.Show == "" || v.Show == string(told.All) {
			for n = 0; i+n < len(v.Lines) && noise(v.Lines[i+n]); n++ {
			}
		}
		if n >= longRun {
			out = append(out, v.Lines[i:i+n])
			i += n
			continue
		}
		out = append(out, v.Lines[i:i+1])
		i++
	}
	return out
}

// noise is what the system did by itself to call people.
func noise(l line) bool { return (l.Kind == page.KindEscalation || l.Kind == reminder) && l.By == "" }

// reminder is an alarm before the time.
const reminder page.EntryKind = "reminder"

// run is a group of calls as one line; it keeps the id of its oldest, so that it stays the same
// while it grows.
func run(list []line) line {
	first, last := list[len(list)-1], list[0]
	silent := 0
	for _, l := range list {
		if strings.Contains(l.Title, "did not answer") {
			silent++
		}
	}
	title := numeral.Count(len(list), "call", "calls") + " and reminders"
	text := ""
	if last.Title != titleOf("call.") {
		text = "The last: " + last.Title + "."
	}
	if silent > 0 {
		text = "Some were not answered. " + text
	}
	return line{ID: first.ID, Kind: page.KindEscalation, Title: title, At: last.At, Text: text, Body: folded(list)}
}

// titleOf is a title for a sentence that is too long to be one.
func titleOf(kind string) string {
	first, _, _ := strings.Cut(kind, ".")
	return map[string]string{"call": "Calls", "duty": "Duty", "duties": "Deadlines", "notice": "Notice", "signal": "Signal"}[first] +
		map[bool]string{true: "Entry"}[first == "incident"]
}

// factEntry tells a fact in the words of the room, its times in the viewer's zone.
func factEntry(m head.Room, l told.Line, e *line) {
	var x incident.FactRecorded
	if json.Unmarshal(l.Data, &x) != nil {
		e.Title, e.Text = cut(strings.TrimPrefix(l.Text, "Fact: "))
		return
	}
	f := incident.Fact{Name: x.Name, Entity: x.Entity, Value: x.Value, Text: x.Text}
	if e.Title = known.Word(x.Name); x.Entity != "" {
		e.Title += " for " + known.EntityName(m, x.Entity)
	}
	var more []string
	if x.Text != "" && !incident.IsText(x.Name) {
		more = append(more, head.Upper(x.Text))
	}
	if x.SaidBy != "" {
		more = append(more, "Said by "+x.SaidBy)
	}
	if !x.Value.At.IsZero() {
		if !l.Erased {
			e.Body = moment(x.Value.At, strings.Join(more, ". "))
		}
		return
	}
	e.Text = strings.Join(append([]string{known.Said(m, f)}, more...), ". ")
}

func taskText(m head.Room, l told.Line) string {
	var b struct{ ID string }
	if json.Unmarshal(l.Data, &b) != nil {
		return ""
	}
	i := slices.IndexFunc(m.Tasks, func(t incident.Task) bool { return t.ID == b.ID })
	if i < 0 {
		return ""
	}
	return m.Tasks[i].Text
}

var kinds = map[string]page.EntryKind{
	"incident.declared": page.KindReport, "incident.edited": page.KindEdit, "incident.status_changed": page.KindDecision,
	"incident.nature_changed": page.KindDecision, "incident.graded": page.KindDecision, "incident.fact_recorded": page.KindFact,
	"incident.assigned": page.KindPeople, "incident.noted": page.KindUpdate, "incident.decision_made": page.KindDecision,
	"incident.task_added": page.KindTask, "incident.task_marked": page.KindTask, "incident.phase_entered": page.KindPhase,
	"incident.sitrep_sent": page.KindSitrep, "incident.signals_linked": page.KindAlert, "incident.signals_unlinked": page.KindAlert,
	"incident.merged": page.KindDecision, "incident.closed": page.KindDecision, "incident.reopened": page.KindDecision,
	file.KindAdded: page.KindFile, file.KindWithdrawn: page.KindFile, file.KindDestroyed: page.KindFile,
	"duty.waiver_consented": page.KindApproval, "duty.assigned": page.KindPeople,
}

func kindOf(l told.Line) page.EntryKind {
	if k, ok := kinds[l.Kind]; ok {
		return k
	}
	switch {
	case l.Kind == "duty.alarmed" && strings.HasPrefix(l.Text, "Missed"):
		return page.KindMissed
	case l.Kind == "duty.alarmed":
		return reminder
	case strings.HasPrefix(l.Kind, "call."):
		return page.KindEscalation
	case strings.HasPrefix(l.Kind, "notice."):
		return page.KindNotice
	case l.Kind == "duty.met":
		return page.KindDuty
	}
	return page.EntryKind("other")
}
