package lawful

import (
	"cmp"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident/verdict"
	"github.com/wakebell/wakebell/internal/rule/deadline"
	"github.com/wakebell/wakebell/internal/web/page"
)

// shownCustomers is how many customers the page lists; the duties of all are on a page of
// their own.
const shownCustomers = 25

// customer is an affected customer with every time that competes for telling it.
type customer struct {
	duty.Duty // the one that falls due first
	Times     []deadline.Candidate
}

// customers puts together what is owed to each affected customer: the plan's times, its
// contract's, and those of the law. All duties to it are compared, and one time counts.
func customers(list []duty.Duty) []customer {
	var out []customer
	for _, d := range list {
		if d.State == duty.Withdrawn || d.Recipient.ID == "" || d.Recipient.Kind != "customer" && d.Recipient.Kind != "controller" {
			continue
		}
		i := slices.IndexFunc(out, func(c customer) bool { return c.Recipient.ID == d.Recipient.ID })
		if i < 0 {
			out, i = append(out, customer{Duty: d}), len(out)
		} else if first(d, out[i].Duty) < 0 {
			out[i].Duty = d
		}
		out[i].Times = compare(out[i].Times, d.Candidates)
	}
	for i := range out {
		out[i].Times, _ = deadline.Shortest(out[i].Times)
		slices.SortStableFunc(out[i].Times, func(a, b deadline.Candidate) int {
			return cmp.Or(flag(b.Wins)-flag(a.Wins), flag(a.DueAt.IsZero())-flag(b.DueAt.IsZero()), a.DueAt.Compare(b.DueAt))
		})
	}
	slices.SortStableFunc(out, func(a, b customer) int { return first(a.Duty, b.Duty) })
	return out
}

func flag(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// compare adds the times of one more duty; a clause that counts for both is named once.
// Why each wins or loses is said anew, a note on what it counts from stays.
func compare(all, more []deadline.Candidate) []deadline.Candidate {
	for _, c := range more {
		note, _, _ := strings.Cut(c.Reason, "; ")
		if c.Reason = ""; strings.HasPrefix(note, "no moment ") {
			c.Reason = note
		}
		if !slices.ContainsFunc(all, func(o deadline.Candidate) bool {
			return o.Name == c.Name && o.Start == c.Start && o.DueAt.Equal(c.DueAt)
		}) {
			all = append(all, c)
		}
	}
	return all
}

// first orders duties by what falls due first; those that are done come last.
func first(a, b duty.Duty) int {
	open := func(d duty.Duty) int {
		if d.State == duty.Open {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(open(a), open(b)), a.DueAt.Compare(b.DueAt), strings.Compare(a.Recipient.Name, b.Recipient.Name))
}

// stood is what became of a duty that is not open.
func stood(d duty.Duty) *page.Tag {
	switch d.State {
	case duty.Met:
		return &page.Tag{Text: "Met", Icon: page.IconCircleCheck, Tone: page.Good}
	case duty.Waived:
		return &page.Tag{Text: "Waived", Icon: page.IconCircleDashed}
	}
	return nil
}

func forWhom(v view, entity string) string {
	if entity == "" {
		return ""
	}
	return " for " + entityName(v, entity)
}

// awaits says of a verdict what the page shows meanwhile.
func awaits(v view, x verdict.Verdict) (title, text string) {
	title = "The verdict is not yet confirmed" + forWhom(v, x.Entity) + "."
	if v.Panel.Of(x) == verdict.Disputed {
		title = "A second person disagrees with the verdict" + forWhom(v, x.Entity) + "."
	}
	switch holds := v.Panel.Holds(x.Entity); holds {
	case x.Risk:
		return title, "What it asks for stands below already."
	case "unknown", "":
		return title, "Until it is, no duty falls away because of it."
	default:
		return title, "Until it is, what stands below is the earlier verdict: " + riskWords[holds] + "."
	}
}

var riskWords = map[string]string{"none": "a risk is unlikely", "risk": "there is a risk", "high": "there is a high risk"}
