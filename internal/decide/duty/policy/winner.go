package policy

import (
	"time"

	"github.com/wakebell/wakebell/internal/rule/deadline"
)

// Winner picks the due time. A rule that is due at once when its time passed before
// it applied gets a second candidate that says so.
func Winner(r Rule, cands []deadline.Candidate, triggered time.Time) ([]deadline.Candidate, string, time.Time, time.Time) {
	marked, i := deadline.Shortest(cands)
	if i < 0 {
		return marked, "", time.Time{}, time.Time{}
	}
	w := marked[i]
	if r.AtOnce && w.DueAt.Before(triggered) {
		marked[i].Wins = false
		marked[i].Reason = "this time had passed when the rule came to apply"
		w = deadline.Candidate{
			Name: "at once", Kind: deadline.Policy, Start: Triggered, StartAt: triggered, Period: deadline.Minutes(0),
			DueAt: triggered, Reason: "the time allowed had passed already: due now", Wins: true,
		}
		marked = append(marked, w)
	}
	return marked, w.Start, w.StartAt, w.DueAt
}
