package story

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/decide/duty"
)

var at = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

func name(id string) string {
	if n, ok := map[string]string{
		"nora": "Nora Halvorsen", "duty:1": "Tell the product team (Platform)", "duty:2": "Notify BayLDA", "duty:3": "Situation report to the SIHT no. 2",
	}[id]; ok {
		return n
	}
	return id
}

func entry(t *testing.T, kind string, facts any) record.Entry {
	t.Helper()
	raw, err := json.Marshal(facts)
	if err != nil {
		t.Fatal(err)
	}
	return record.Entry{Kind: kind, Actor: "nora", At: at, Facts: raw}
}

func TestTell(t *testing.T) {
	t.Parallel()
	type m = map[string]any
	soon, past := at.Add(20*time.Minute), at.Add(-time.Hour)
	d := func(key, title string, s duty.State, due time.Time) duty.Duty {
		return duty.Duty{Key: key, Title: title, State: s, DueAt: due, MetAt: at, MetWith: "grade"}
	}
	for want, e := range map[string]record.Entry{
		"Met by acknowledgement: tell the product team (Platform)": entry(t, "duty.met",
			m{"duty": "1", "with": "acknowledgement", "evidence": "01a1f866-0d00-7000-891a-bdbc970768a5", "due_at": soon}),
		"Met late by filing BAY-77: notify BayLDA, was due 09:00 UTC: the portal was down": entry(t, "duty.met",
			m{"duty": "2", "with": "filing", "evidence": "BAY-77", "due_at": past, "late_reason": "the portal was down"}),
		"Met by record: gone:1":                             entry(t, "duty.met", m{"duty": "9", "key": "gone:1", "with": "record"}),
		"Open again: notify BayLDA: wrong office":           entry(t, "duty.undone", m{"duty": "2", "reason": "wrong office"}),
		"Missed: notify BayLDA, due 09:00 UTC":              entry(t, "duty.alarmed", m{"duty": "2", "alarm": "missed", "due_at": past}),
		"Reminder: notify BayLDA, due 2026-11-23 10:00 UTC": entry(t, "duty.alarmed", m{"duty": "2", "alarm": "reminder", "due_at": at.Add(72 * time.Hour)}),
		"Given to Nora Halvorsen: notify BayLDA":            entry(t, "duty.assigned", m{"duty": "2", "person": "nora"}),
		"Given back to SIHT: notify BayLDA":                 entry(t, "duty.assigned", m{"duty": "2", "holder": m{"name": "SIHT"}}),
		"Nora Halvorsen agreed as legal to waive: notify BayLDA; the yes of an executive is still needed: no risk": entry(t, "duty.waiver_consented",
			m{"duty": "2", "as": "legal", "ground": "no risk"}),
		"Waived: notify BayLDA (Nora Halvorsen agreed as executive): no risk": entry(t, "duty.waiver_consented",
			m{"duty": "2", "as": "executive", "complete": true, "ground": "no risk"}),
		"1 duty added: tell the product team (Platform) (due 10:20 UTC); 1 duty met: verify and classify (late by grade); 1 withdrawn: alert legal counsel (no longer the case); 1 due time moved: notify BayLDA 09:00 UTC → 10:20 UTC; 1 duty brought up to date: call the SIRT": entry(t, "duties.rederived", struct {
			Cause string `json:"cause"`
			duty.Difference
		}{"incident", duty.Difference{
			Added: []duty.Duty{d("a", "Tell the product team (Platform)", duty.Open, soon)},
			Changed: []duty.Duty{
				d("b", "Verify and classify", duty.Met, past), d("c", "Notify BayLDA", duty.Open, soon), d("e", "Call the SIRT", duty.Open, soon),
			},
			Withdrawn: []duty.Withdrawal{{Key: "d", Title: "Alert legal counsel", Reason: "no longer the case"}},
			Moved:     []duty.Move{{Key: "c", Was: past, Due: soon}},
		}}),
		"The directory changed: 1 duty owed again: notify BayLDA (due 10:20 UTC)": entry(t, "duties.rederived", struct {
			Cause string `json:"cause"`
			duty.Difference
		}{"directory", duty.Difference{Changed: []duty.Duty{d("c", "Notify BayLDA", duty.Open, soon)}, Again: []string{"c"}}}),
		"": entry(t, "duty.unheard", m{}),
	} {
		if got := Tell(e, name); got != want {
			t.Errorf("%s:\n got %s\nwant %s", e.Kind, got, want)
		}
	}
}
