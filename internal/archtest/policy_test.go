package archtest

import (
	"fmt"
	"strings"
	"testing"
)

// checkPolicyMap: a script that the policy map names exists. What is not built yet says "open".
func checkPolicyMap(s *source) []string {
	const page = "docs/policy-map.md"
	var problems []string
	for i, line := range strings.Split(string(s.raw[page]), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || strings.HasPrefix(cells[1], "---") || strings.TrimSpace(cells[4]) == "script" {
			continue
		}
		for _, name := range strings.FieldsFunc(cells[4], func(r rune) bool { return r == ',' || r == ';' }) {
			name = strings.TrimSpace(name)
			if name == "open" || strings.HasSuffix(name, " open") {
				continue
			}
			if s.raw["tests/script/"+name+".txtar"] == nil {
				problems = append(problems, fmt.Sprintf("%s:%d: tests/script/%s.txtar does not exist: show it, or say open", page, i+1, name))
			}
		}
	}
	return problems
}

func TestPolicyMap(t *testing.T) {
	t.Parallel()
	s := actual(t)
	if s.raw["docs/policy-map.md"] == nil {
		t.Fatal("docs/policy-map.md is missing")
	}
	report(t, checkPolicyMap(s))
}

func TestPolicyMapCheck(t *testing.T) {
	t.Parallel()
	want(t, checkPolicyMap(memory(t, map[string]string{
		"docs/policy-map.md": "| place | asked | package | script |\n|---|---|---|---|\n" +
			"| a | b | c | here, gone |\n| a | b | c | open |\n| a | b | c | here; the rest open |\n",
		"tests/script/here.txtar": "",
	})), "policy-map.md:3: tests/script/gone.txtar")
}
