package now

import (
	"strconv"

	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/web/page"
)

func number(n int) string { return strconv.Itoa(n) }

func severities() []page.Option {
	return []page.Option{
		{Value: "", Label: "Any severity"},
		{Value: "0", Label: "SEV 0 Crisis"},
		{Value: "1", Label: "SEV 1 Critical"},
		{Value: "2", Label: "SEV 2 Major"},
		{Value: "3", Label: "SEV 3 Minor"},
		{Value: "-1", Label: "Not graded"},
	}
}

func phases() []page.Option {
	out := []page.Option{{Value: "", Label: "Any phase"}}
	for _, p := range incident.Phases {
		out = append(out, page.Option{Value: string(p), Label: page.PhaseWord(p)})
	}
	return out
}

func waitFor(n int) string {
	if n == 1 {
		return "A notice waits for your yes"
	}
	return strconv.Itoa(n) + " notices wait for your yes"
}
