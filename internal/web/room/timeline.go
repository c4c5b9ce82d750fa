package room

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/decide/incident"
	told "github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/room/head"
)

// perPage keeps the first answer small; the rest comes by scrolling.
const perPage = 40

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

func (s screen) readTimeline(r *page.Request, v *view) error {
	lines, next, err := s.Views.Latest(r.Context(), r.By, v.Ref, told.Show(v.Show), v.AsOf, r.Query("after"), perPage)
	if err != nil {
		return err
	}
	v.Lines = make([]line, len(lines))
	for i, l := range lines {
		v.Lines[i] = entry(v.Room, l)
	}
	if next != "" {
		v.More = r.Path("after", next)
	}
	return nil
}

// entry cuts the sentence of a line into what happened and the words about it.
func entry(m head.Room, l told.Line) line {
	e := line{ID: "e-" + strconv.FormatInt(l.Seq, 10), Kind: kindOf(l), By: l.ActorName, At: l.At, Noted: l.RecordedAt, Erased: l.Erased}
	text := strings.TrimSpace(l.Text)
	if strings.HasPrefix(l.Actor, "engine:") {
		e.By = ""
	}
	switch l.Kind {
	case "incident.noted":
		e.Title, e.Text = "Update", text
	case "incident.task_marked":
		e.Title, e.Text = text, taskText(m, l)
	case "incident.fact_recorded":
		e.Title, e.Text = cut(strings.TrimPrefix(text, "Fact: "))
		e.Title = head.Upper(e.Title)
	case "duties.rederived":
		e.Title, e.Text = "Deadlines", text
	default:
		e.Title, e.Text = cut(text)
	}
	if l.Erased {
		e.Text = ""
	}
	return e
}

// longTitle is where a sentence is no title any more.
const longTitle = 90

// cut splits "Graded severity 1, BIL 2: customers are hit" at the first colon outside brackets.
func cut(text string) (title, rest string) {
	depth := 0
	for i, c := range text {
		switch {
		case c == '\n' || i > longTitle:
			return "", text
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ':' && depth == 0 && strings.HasPrefix(text[i:], ": "):
			return text[:i], head.Upper(text[i+2:])
		}
	}
	return text, ""
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
	"duty.waiver_consented": page.KindApproval, "duty.assigned": page.KindPeople,
}

func kindOf(l told.Line) page.EntryKind {
	if k, ok := kinds[l.Kind]; ok {
		return k
	}
	switch {
	case l.Kind == "duty.alarmed" && strings.HasPrefix(l.Text, "Missed"):
		return page.KindMissed
	case strings.HasPrefix(l.Kind, "call."):
		return page.KindEscalation
	case strings.HasPrefix(l.Kind, "notice."):
		return page.KindNotice
	case l.Kind == "duty.met":
		return page.KindDuty
	}
	return page.EntryKind("other")
}
