package lawful

import (
	"cmp"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident/verdict"
	"github.com/wakebell/wakebell/internal/rule/deadline"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/room/head"
)

// shownCustomers is how many customers the page lists; the duties of all are on a page of
// their own.
const shownCustomers = 25

// customer is an affected customer with every time that competes for telling it.
type customer struct {
	duty.Duty         // the one that falls due first
	All       []times // of all its duties
}

// times are what was compared for one duty.
type times struct {
	duty.Duty
	Wins bool // this duty falls due first
}

// customers puts together what is owed to each affected customer: the plan's times, its
// contract's, and those of the law.
func customers(list []duty.Duty) []customer {
	var out []customer
	for _, d := range list {
		if d.State == duty.Withdrawn || d.Recipient.ID == "" || d.Recipient.Kind != "customer" && d.Recipient.Kind != "controller" {
			continue
		}
		i := slices.IndexFunc(out, func(c customer) bool { return c.Recipient.ID == d.Recipient.ID })
		if i < 0 {
			out, i = append(out, customer{Duty: d}), len(out)
		}
		out[i].All = append(out[i].All, times{Duty: d})
	}
	for i := range out {
		slices.SortStableFunc(out[i].All, func(a, b times) int { return first(a.Duty, b.Duty) })
		out[i].All[0].Wins, out[i].Duty = true, out[i].All[0].Duty
	}
	slices.SortStableFunc(out, func(a, b customer) int { return first(a.Duty, b.Duty) })
	return out
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

// shortest marks the one time of a customer that counts.
func shortest(t times, c deadline.Candidate) bool { return t.Wins && c.Wins }

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
	if v.Panel.Holds(x.Entity) == x.Risk {
		return title, "What it asks for stands below already."
	}
	return title, "What stands below is the earlier, careful reading: " + head.Spaced(riskWord[v.Panel.Holds(x.Entity)]) + "."
}

var riskWord = map[string]string{"": "no verdict counts", "unknown": "no verdict counts", "none": "a risk is unlikely", "risk": "there is a risk", "high": "there is a high risk"}
