// Package check holds what an incident's commands are checked against: the limits of
// texts, the directory, and the grade that the recorded indicators suggest.
//
// It carries out policy 002 ("we use a variety of indicators to determine the severity
// of an incident, these vary depending on the product involved") and serves policy 003
// (the escalation follows the BIL; its criteria are the plan's). It must not import the
// incident itself, a store or a clock: values in, values out.
package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/rule/grading"
)

// RefPrefix begins every human reference: INC-2026-0001.
const RefPrefix = "INC-"

// CutRef takes INC-2026-0142 apart.
func CutRef(ref string) (year, number int64, err error) {
	y, n, ok := strings.Cut(strings.TrimPrefix(ref, RefPrefix), "-")
	if ok {
		if year, err = strconv.ParseInt(y, 10, 64); err == nil {
			number, err = strconv.ParseInt(n, 10, 64)
		}
	}
	if !ok || err != nil {
		return 0, 0, fmt.Errorf("the reference %q is not like INC-2026-0001", ref)
	}
	return year, number, nil
}

// Limits of texts, in bytes: a line fits a list, a screen fits a screen and a mail.
const (
	Line   = 300
	Screen = 64 << 10
)

// Text checks free text and appends what is wrong with it.
func Text(f []fault.Field, name, v string, limit int, needed bool) []fault.Field {
	if needed && strings.TrimSpace(v) == "" {
		return append(f, fault.Field{Field: name, Message: "is needed"})
	}
	if len(v) > limit {
		return append(f, fault.Field{Field: name, Message: fmt.Sprintf("is longer than %d bytes; shorten it or attach a file", limit)})
	}
	if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
		return append(f, fault.Field{Field: name, Message: "must be UTF-8 text without NUL characters"})
	}
	return f
}

// Word checks an id: it goes to the facts of the ledger, which hold no free text.
func Word(f []fault.Field, name, v string) []fault.Field {
	bad := func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/@", r)
	}
	if len(v) > Line || strings.ContainsFunc(v, bad) {
		return append(f, fault.Field{Field: name, Message: "must be an id: letters, digits and - _ . : / @"})
	}
	return f
}

// OneOf checks an enumeration.
func OneOf[T ~string](f []fault.Field, name string, got T, want ...T) []fault.Field {
	if slices.Contains(want, got) {
		return f
	}
	list := make([]string, len(want))
	for i, w := range want {
		list[i] = string(w)
	}
	return append(f, fault.Field{Field: name, Message: "must be one of " + strings.Join(list, ", ")})
}

// Scope names the ids of a scope that are not in the directory. Retired ones are: what
// happened may have hit a customer who has left.
func Scope(dir directory.Snapshot, s fact.Scope) []fault.Field {
	party := func(kind directory.PartyKind) func(id string) bool {
		return func(id string) bool { p, ok := dir.Parties[id]; return ok && p.Kind == kind }
	}
	known := map[string]func(id string) bool{
		"services":        func(id string) bool { _, ok := dir.ITServices[id]; return ok },
		"customers":       party(directory.PartyCustomer),
		"partners":        party(directory.PartyPartner),
		"employee_groups": party(directory.PartyEmployeeGroup),
		"entities":        func(id string) bool { _, ok := dir.Entities[id]; return ok },
		"processings": func(name string) bool {
			for _, e := range dir.Entities {
				if e.RoleIn(name) != "" {
					return true
				}
			}
			return false
		},
	}
	var wrong []fault.Field
	for name, list := range s.Lists() {
		for i, id := range list {
			if is := known[name]; is != nil && !is(id) {
				wrong = append(wrong, fault.Field{Field: fmt.Sprintf("value.%s[%d]", name, i), Message: "is not in the directory; add it there first"})
			}
		}
	}
	slices.SortFunc(wrong, func(a, b fault.Field) int { return strings.Compare(a.Field, b.Field) })
	return wrong[:min(len(wrong), most)]
}

// most is how many wrong fields one answer names.
const most = 20

// Recorded is what a suggestion looks at.
type Recorded struct {
	Indicators   grading.Indicators
	Harm         fact.Fact // zero: not assessed
	PersonalData fact.Answer
	Security     bool
	Customers    int // customers named in the scope
}

// Suggest gives severity 0 to 3 and BIL 1 to 3 by the plan's thresholds and criteria,
// the service's own thresholds before the plan's, and the reason in words.
func Suggest(p plan.Plan, own *grading.Override, r Recorded) (severity, bil int, why string) {
	if r.Indicators.CustomersAffected == nil && r.Customers > 0 {
		r.Indicators.CustomersAffected = &r.Customers
	}
	s := grading.SuggestSeverity(r.Indicators, p.Thresholds(own))
	in := grading.BILInputs{
		Severity: &s.Severity, PersonalData: grading.Answer(r.PersonalData), Security: grading.No,
		CustomersAffected: r.Indicators.CustomersAffected,
	}
	if r.Security {
		in.Security = grading.Yes
	}
	if r.Harm.Name != "" {
		in.Harm = []grading.Harm{}
		for _, h := range r.Harm.Value.Harm {
			in.Harm = append(in.Harm, grading.Harm{Property: grading.Property(h.Property), Asset: grading.Asset(h.Asset)})
		}
	}
	b := grading.SuggestBIL(p.Criteria(), in)
	return int(s.Severity), int(b.BIL), s.Reason + ". " + b.Reason
}
