package desk

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/web/page"
)

// show is which signals are listed.
type show string

const (
	showOpen    show = ""
	showSoon    show = "soon" // what must be taken or decided in the next 20 minutes, or should have been
	showDecided show = "decided"
	showAll     show = "all"
)

// line is one signal of the queue.
type line struct {
	intake.Signal
	Team string // name
	By   string // who has it, or decided it
}

// due is when the signal's next step falls due.
func (l line) due() time.Time {
	if l.AcknowledgedAt.IsZero() {
		return l.TriageDueAt
	}
	return l.ClassifyDueAt
}

// queue is what the list shows.
type queue struct {
	Show                     show
	Kind, Team, Drill, Words string
	Lines                    []line
	More                     string
	Missed                   int
	Soon                     int       // fall due in the next 20 minutes
	First                    time.Time // the next that falls due
	Teams                    []page.Option
}

func (q queue) filtered() bool { return q.Kind != "" || q.Team != "" || q.Drill != "" || q.Words != "" }

// triage lists the queue: which must be verified in the next 20 minutes?
func (s screen) triage(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermSignalRead); err != nil {
		return page.Page{}, err
	}
	q, err := s.queue(r)
	if err != nil {
		return page.Page{}, err
	}
	on := page.Any(page.On("signal"), page.On("directory"), page.On("person"))
	glance := page.Region{Name: "glance", On: on, Body: queueGlance(q)}
	list := page.Region{Name: "queue", On: on, Body: queueList(r, q)}
	return page.Page{
		Title: "Triage", Nav: triagePath, Lead: glance.Place(), Drill: q.Drill == "yes",
		Regions: []page.Region{glance, list}, Body: queuePage(q, list),
	}, nil
}

func (s screen) queue(r *page.Request) (queue, error) {
	q := queue{Show: show(r.Query("state")), Kind: r.Query("kind"), Team: r.Query("team"), Drill: r.Query("drill"), Words: r.Query("q")}
	f := intake.Filter{Kind: intake.Kind(q.Kind), Team: q.Team, Drill: yesNo(q.Drill), Words: q.Words, Limit: perPage}
	switch q.Show {
	case showOpen, showSoon:
		f.State, f.Order = intake.Open, intake.Due
	case showDecided:
		f.State = intake.Decided
	case showAll:
	default:
		return q, fault.New(fault.NotFound, "There is no such list.")
	}
	if q.Words != "" {
		f.Order = intake.Newest // words are found newest first
	}
	dir, err := s.Directory.Snapshot(s.DB)
	if err != nil {
		return q, err
	}
	q.Teams = teams(dir, "Any team")
	next, err := s.fill(r, &q, f, dir)
	if err != nil {
		return q, err
	}
	if next != "" {
		q.More = r.Path("after", next)
	}
	q.count(r.Now)
	return q, nil
}

// rounds bounds how far a list reads on for rows that meet a filter the rooms do not know.
const rounds = 8

// fill reads pages until one has rows to show. Those due soon stand at the front of the order, so the reading
// ends where it passes them.
func (s screen) fill(r *page.Request, q *queue, f intake.Filter, dir directory.Snapshot) (next string, err error) {
	cursor, horizon := r.Query("after"), r.Now.Add(nextMinutes)
	for range rounds {
		sigs, next, err := s.Intake.List(r.Context(), r.By, f, cursor)
		if err != nil {
			return "", err
		}
		for _, sig := range sigs {
			l := line{sig, teamName(dir, sig.Team), person(dir, cmp.Or(sig.DecidedBy, sig.AcknowledgedBy))}
			if q.Show != showSoon || !l.due().After(horizon) {
				q.Lines = append(q.Lines, l)
			}
		}
		if q.Show == showSoon && f.Order == intake.Due && len(sigs) > 0 && sigs[len(sigs)-1].TriageDueAt.After(horizon) {
			next = ""
		}
		if cursor = next; next == "" || len(q.Lines) > 0 {
			break
		}
	}
	if f.Order == intake.Due {
		slices.SortStableFunc(q.Lines, func(a, b line) int { return a.due().Compare(b.due()) })
	}
	return cursor, nil
}

func (q *queue) count(now time.Time) {
	for _, l := range q.Lines {
		switch due := l.due(); {
		case l.State != intake.Open:
		case due.Before(now):
			q.Missed++
		case !due.After(now.Add(nextMinutes)):
			q.Soon++
			if q.First.IsZero() || due.Before(q.First) {
				q.First = due
			}
		}
	}
}

func (q queue) summary() string {
	n := strconv.Itoa(len(q.Lines))
	if q.More != "" {
		n += " or more"
	}
	one := len(q.Lines) == 1 && q.More == ""
	switch {
	case q.Show == showDecided:
		return n + " decided."
	case q.Show == showAll:
		return n + choose(one, " signal.", " signals.")
	}
	return n + choose(one, " waits for a verdict.", " wait for a verdict.")
}

func (q queue) soon() string {
	return fmt.Sprintf("%d must be verified in the next 20 minutes", q.Soon)
}

func choose(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}
