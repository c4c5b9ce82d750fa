package intake

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
)

func TestTell(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	us := clock.Micros(at)
	name := func(id string) string { return strings.ToUpper(id) }
	for want, c := range map[string]struct {
		kind    string
		facts   any
		private map[string]string
	}{
		"Alert from siem: many failed logins (discovered 10:00 UTC, to be taken by 10:20 UTC)": {
			kindReceived, received{Kind: Alert, Source: "siem", DiscoveredAt: us, TriageDueAt: us + 20*60e6}, map[string]string{"title": "many failed logins"},
		},
		"Report from NORA: odd mail (discovered 10:00 UTC, to be taken by 10:20 UTC)": {
			kindReceived, received{Kind: Report, ReportedBy: "nora", DiscoveredAt: us, TriageDueAt: us + 20*60e6}, map[string]string{"title": "odd mail"},
		},
		"Its source says it is over, after 3 times seen":               {kindResolved, resolved{Count: 3}, nil},
		"2 signals wait: the team TEAM:CORE is called":                 {kindCalled, batch{Team: "core", IDs: []string{"a", "b"}}, nil},
		"1 signal without a team waits: people are called":             {kindCalled, batch{IDs: []string{"a"}}, nil},
		"NORA has taken 1 signal":                                      {kindAcknowledged, batch{IDs: []string{"a"}}, nil},
		"1 signal was not taken by the team in time":                   {kindOverdue, batch{Step: StepTriage, IDs: []string{"a"}}, nil},
		"2 signals were not decided in time":                           {kindOverdue, batch{Step: StepClassify, IDs: []string{"a", "b"}}, nil},
		"Repeats of 1 signal call nobody until 10:00 UTC":              {kindQuieted, batch{At: us, IDs: []string{"a"}}, nil},
		"Decided: an incident: real":                                   {kindDecided, decided{Verdict: Incident}, map[string]string{"reason": "real"}},
		"Decided: a false positive, not an event, no incident: a test": {kindDecided, decided{Verdict: FalsePositive, Before: Event}, map[string]string{"reason": "a test"}},
		"To be decided again, not an incident":                         {kindReopened, reopened{Before: Incident}, nil},
		"":                                                             {"signal.unheard", batch{}, nil},
	} {
		facts, err := json.Marshal(c.facts)
		if err != nil {
			t.Fatal(err)
		}
		private, err := json.Marshal(c.private)
		if err != nil {
			t.Fatal(err)
		}
		if c.private == nil {
			private = nil
		}
		got := Tell(record.Entry{Kind: c.kind, Actor: "nora", At: at, Facts: facts, Private: private}, name)
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", c.kind, got, want)
		}
	}
}
