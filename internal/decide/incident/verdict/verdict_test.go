package verdict_test

import (
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/decide/incident/decision"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/decide/incident/verdict"
)

var asked = [][]string{{"legal", "privacy_officer"}}

// say is a short form: "none" is a company's verdict, "acme:none" an entity's; "+2dee"
// is dee's yes to the second verdict, "-2lea" lea's no.
func say(groups [][]string, words ...string) verdict.Panel {
	p := verdict.Panel{Groups: groups}
	for _, w := range words {
		if w[0] == '+' || w[0] == '-' {
			d := decision.Decision{Kind: decision.RiskVerdict, About: "v" + w[1:2], DecidedBy: w[2:], As: []string{"legal"}, Answer: fact.Yes}
			if w[0] == '-' {
				d.Answer = fact.No
			}
			if w[2:] == "dee" {
				d.As = []string{"privacy_officer", "siht"}
			}
			p.Decisions = append(p.Decisions, d)
			continue
		}
		entity, risk, cut := strings.Cut(w, ":")
		if !cut {
			entity, risk = "", w
		}
		p.Verdicts = append(p.Verdicts, verdict.Verdict{ID: "v" + string(rune('1'+len(p.Verdicts))), Entity: entity, Risk: risk, By: "ann"})
	}
	return p
}

func TestHolds(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]string{
		"":                          "|",
		"none":                      "unknown|",
		"none +1dee":                "none|",
		"none -1dee":                "unknown|",
		"none -1dee +1dee":          "none|",
		"none +1dee -1lea":          "unknown|",
		"high":                      "high|",
		"risk none":                 "risk|",
		"risk none +2lea":           "none|",
		"high risk":                 "high|",
		"high risk +2dee":           "risk|",
		"none +1dee unknown":        "unknown|",
		"high unknown":              "high|",
		"none +1dee high":           "high|",
		"high none +1dee":           "high|", // the yes was to the other verdict
		"acme:none":                 "|unknown",
		"high acme:none":            "high|high",
		"high acme:none +2dee":      "high|none",
		"acme:risk none +2dee":      "none|risk",
		"none +1dee acme:none":      "none|none", // less than nothing cannot be taken away
		"none acme:high acme:none":  "unknown|high",
		"none +1dee acme:risk high": "high|risk",
	} {
		p := say(asked, strings.Fields(words)...)
		if got := p.Holds("") + "|" + p.Holds("acme"); got != want {
			t.Errorf("%q: %s, want %s", words, got, want)
		}
		alone := say(nil, strings.Fields(words)...)
		for _, v := range alone.Verdicts {
			if latest, _ := alone.Latest(v.Entity); alone.Holds(v.Entity) != latest.Risk || alone.Of(v) != verdict.Alone {
				t.Errorf("%q without a second person: %s does not hold", words, latest.Risk)
			}
		}
	}
}

// Two groups want two persons, whoever holds both roles.
func TestGroups(t *testing.T) {
	t.Parallel()
	both := [][]string{{"legal", "privacy_officer"}, {"legal"}}
	for words, want := range map[string]verdict.State{
		"none": verdict.Waiting, "none +1lea": verdict.Waiting, "none +1dee": verdict.Waiting, "none +1dee +1lea": verdict.Confirmed,
		"none +1lea +1lou": verdict.Confirmed, "none +1lea +1lou -1dee": verdict.Disputed, "unknown": verdict.Alone,
	} {
		p := say(both, strings.Fields(words)...)
		if got := p.Of(p.Verdicts[0]); got != want {
			t.Errorf("%q: %s, want %s", words, got, want)
		}
		if waits := len(p.Wait()) == 1; waits != (want == verdict.Waiting || want == verdict.Disputed) {
			t.Errorf("%q: waits %v", words, p.Wait())
		}
	}
}

func TestMay(t *testing.T) {
	t.Parallel()
	p := say(asked, "none", "+1dee", "risk", "acme:unknown")
	for _, x := range []struct {
		about, by string
		as        []string
		person    bool
		groups    [][]string
		want      fault.Kind
	}{
		{"v2", "lea", []string{"legal"}, true, asked, 0},
		{"v2", "ann", []string{"legal"}, true, asked, fault.Denied},
		{"v2", "rob", []string{"responder"}, true, asked, fault.Denied},
		{"v2", "bot", []string{"legal"}, false, asked, fault.Denied},
		{"v1", "lea", []string{"legal"}, true, asked, fault.Conflict},
		{"v3", "lea", []string{"legal"}, true, asked, fault.Conflict},
		{"v9", "lea", []string{"legal"}, true, asked, fault.Invalid},
		{"v2", "lea", []string{"legal"}, true, nil, fault.Conflict},
	} {
		p.Groups = x.groups
		err := p.May(decision.Decision{Kind: decision.RiskVerdict, About: x.about, DecidedBy: x.by, As: x.as, Answer: fact.Yes}, x.person)
		if (err == nil) != (x.want == 0) || err != nil && fault.KindOf(err) != x.want {
			t.Errorf("%+v: %v", x, err)
		}
	}
	twice := say(asked, "none", "+1dee")
	if err := twice.May(decision.Decision{About: "v1", DecidedBy: "dee", As: []string{"legal"}, Answer: fact.Yes}, true); fault.KindOf(err) != fault.Conflict {
		t.Errorf("twice: %v", err)
	}
}
