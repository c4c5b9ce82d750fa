package course

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/room/head"
)

func number(n int64) string { return strconv.FormatInt(n, 10) }

func stamp(m head.Room) string {
	sum := sha256.Sum256([]byte(m.Title + "\x00" + m.Summary))
	return hex.EncodeToString(sum[:8])
}

// report is the editor of a situation report.
type report struct {
	head.Room
	Since time.Time
	Draft string
	Last  string // words of the last one
}

func (s Screen) showSitrep(r *page.Request) (page.Page, error) {
	m, err := s.now(r)
	if err != nil {
		return page.Page{}, err
	}
	v := report{Room: m, Since: cmp.Or(m.LastSitrepAt, m.DeclaredAt)}
	lines, err := s.since(r, m, v.Since)
	if err != nil {
		return page.Page{}, err
	}
	duties, err := s.Duties.ForIncident(r.Context(), s.DB, m.ID)
	if err != nil {
		return page.Page{}, err
	}
	if v.Last, err = s.last(r, m); err != nil {
		return page.Page{}, err
	}
	v.Draft = draft(m, v.Since, lines, duties)
	return m.Sub(page.Page{
		Title: fmt.Sprintf("Situation report %d", m.Sitreps+1), Lead: page.Text("It goes to the SIHT. Below stands what changed since the last one; make a report of it."), Body: sitrepBody(v),
	}), nil
}

// most bounds what a draft is made from.
const most = 200

// since reads the timeline back to a time, oldest first, without what only the system did.
func (s Screen) since(r *page.Request, m head.Room, from time.Time) ([]view.Line, error) {
	list, _, err := s.Views.Latest(r.Context(), r.By, m.Ref, view.All, m.AsOf, "", most)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(l view.Line) bool {
		return !l.RecordedAt.After(from) || !telling(l.Kind) || l.Erased
	})
	slices.Reverse(list)
	return list, nil
}

// telling says whether an entry belongs in a report: what people found, decided and did.
func telling(kind string) bool {
	return slices.Contains([]string{
		"incident.noted", "incident.fact_recorded", "incident.graded", "incident.status_changed", "incident.nature_changed",
		"incident.decision_made", "incident.phase_entered", "incident.edited", "incident.reopened",
	}, kind)
}

func (s Screen) last(r *page.Request, m head.Room) (string, error) {
	if m.Sitreps == 0 {
		return "", nil
	}
	list, _, err := s.Views.Latest(r.Context(), r.By, m.Ref, view.Reports, m.AsOf, "", most)
	if err != nil {
		return "", err
	}
	for _, l := range list {
		if l.Kind == (incident.SitrepSent{}).Kind() {
			return l.Text, nil
		}
	}
	return "", nil
}

// draft puts what changed into the order a reader asks: where are we, what is new, what is
// late, what comes next. Times are UTC: the reader may be anywhere.
func draft(m head.Room, since time.Time, lines []view.Line, duties []duty.Duty) string {
	var b strings.Builder
	now := m.R.Now
	at := func(t time.Time) string {
		if t.UTC().YearDay() == now.UTC().YearDay() && t.UTC().Year() == now.UTC().Year() {
			return t.UTC().Format("15:04 UTC")
		}
		return t.UTC().Format("2 Jan 15:04 UTC")
	}
	if m.Drill() {
		b.WriteString("DRILL\n")
	}
	fmt.Fprintf(&b, "%s: %s\n", m.Ref, m.Title)
	fmt.Fprintf(&b, "%s, %s, phase %s. Personal data: %s.", head.Upper(string(m.Status)), head.Grade(m.Severity, m.BIL), m.Phase, m.PersonalData)
	if reach := head.Reach(m.State); reach != "" {
		b.WriteString(" Affected: " + reach + ".")
	}
	fmt.Fprintf(&b, "\n\nNew since %s\n", at(since))
	if len(lines) == 0 {
		b.WriteString("- Nothing new\n")
	}
	for _, l := range lines {
		fmt.Fprintf(&b, "- %s %s\n", at(l.At), strings.ReplaceAll(strings.TrimSpace(l.Text), "\n", " "))
	}
	section := func(title string, list []string) {
		if len(list) > 0 {
			b.WriteString("\n" + title + "\n- " + strings.Join(list, "\n- ") + "\n")
		}
	}
	var missed, met, next []string
	for _, d := range duties {
		switch d.At(now) {
		case duty.Missed:
			missed = append(missed, fmt.Sprintf("%s, was due %s UTC", d.Title, at(d.DueAt)))
		case duty.Met:
			if d.MetAt.After(since) && d.Rule != duty.RuleSitrep {
				met = append(met, fmt.Sprintf("%s, %s UTC", d.Title, at(d.MetAt)))
			}
		case duty.Open:
			if d.Rule != duty.RuleSitrep && len(next) < nextDuties {
				next = append(next, fmt.Sprintf("%s, due %s UTC (%s)", d.Title, at(d.DueAt), holder(m, d)))
			}
		}
	}
	section("Missed", missed)
	section("Done", met)
	for _, t := range m.Tasks {
		if t.DoneAt.IsZero() {
			text := t.Text
			if t.Owner != "" {
				text += " (" + m.Person(t.Owner) + ")"
			}
			next = append(next, text)
		}
	}
	section("Next", next)
	return strings.TrimSpace(b.String())
}

// nextDuties is how many deadlines a draft names.
const nextDuties = 6

func holder(m head.Room, d duty.Duty) string {
	if d.Holder.Kind == "person" {
		return m.Person(d.Holder.ID)
	}
	return page.HolderOf(d)
}

func (s Screen) sitrep(r *page.Request) (page.Done, error) {
	return s.run(r, &incident.SendSitrep{Text: r.Text("text")}, toRoom, "The situation report is sent and recorded.")
}
