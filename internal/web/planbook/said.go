package planbook

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/rule/grading"
	"github.com/wakebell/wakebell/internal/web/page/differ"
)

// section names a part of the plan on the screen.
type section struct {
	Key   plan.Section
	Title string
	Text  string
}

var sections = []section{
	{plan.SectionInside, "Telling people inside", "By when, counted from discovery unless it says otherwise."},
	{plan.SectionOutside, "Telling people outside", "A contract or a law that is shorter wins."},
	{plan.SectionCalling, "Calling people", "How an alarm finds somebody who answers."},
	{plan.SectionLevels, "Levels", "What the words mean, and what decides them."},
	{plan.SectionRoles, "People and approvals", "Who does what, and whose yes is needed."},
	{plan.SectionCircle, "Review and test", "The yearly circle."},
}

func sectionOf(key string) (section, bool) {
	i := slices.IndexFunc(sections, func(s section) bool { return string(s.Key) == key })
	if i < 0 {
		return section{}, false
	}
	return sections[i], true
}

func valuesOf(key plan.Section) []plan.Value {
	return slices.DeleteFunc(plan.Values(), func(v plan.Value) bool { return v.Section != key })
}

// said puts every value of a plan in words.
func said(p plan.Plan, dir directory.Snapshot) []differ.Said {
	texts := texts(p, dir)
	var out []differ.Said
	for _, v := range plan.Values() {
		out = append(out, differ.Said{Label: v.Label, Text: texts[v.Field]})
	}
	return out
}

// texts gives each value in words, by field; lists have one line for each entry.
func texts(p plan.Plan, dir directory.Snapshot) map[string]string {
	out := map[string]string{}
	for field, n := range numbers(&p) {
		out[field] = strconv.Itoa(*n)
	}
	for _, v := range plan.Values() {
		if v.Unit != "" {
			out[v.Field] = counted(out[v.Field], v.Unit)
		}
	}
	out["bil_otherwise"] = "BIL " + strconv.Itoa(p.BILOtherwise)
	out["board_bils"], out["sirt_bils"] = bils(p.BoardBILs), bils(p.SIRTBILs)
	out["customer_start"] = startWord(p.CustomerStart)
	out["reminder_fractions"] = percents(p.ReminderFractions)
	out["default_team"] = "None yet"
	if p.DefaultTeam != "" {
		out["default_team"] = dir.Name(directory.KindTeam, p.DefaultTeam)
	}
	out["reviewed_at"], out["tested_at"] = dated(p.ReviewedAt), dated(p.TestedAt)
	out["severities"] = joined(p.Severities, func(s plan.Severity) string { return fmt.Sprintf("%d %s: %s", s.Level, s.Name, s.Text) })
	out["indicators"] = indicators(p.Indicators)
	out["bil_criteria"] = joined(p.BILCriteria, func(c plan.BILCriterion) string {
		return fmt.Sprintf("BIL %d: %s (%s)", c.BIL, strings.TrimSuffix(c.Text, "."), when(c.When))
	})
	out["assignments"] = joined(p.Assignments, func(a plan.Assignment) string {
		return a.Title + map[bool]string{true: " (always needed)"}[a.Required] + ": " + a.Text
	})
	out["approvals"] = joined(p.Approvals, func(a plan.Approval) string { return a.Title + ": " + approvers(a.By) })
	out["functions"] = joined(p.Functions, func(f plan.Function) string {
		return f.Title + ": " + strings.Join(mapped(f.Match, match), ", or ")
	})
	return out
}

// numbers are the whole numbers of a plan by field, to read and to set.
func numbers(p *plan.Plan) map[string]*int {
	return map[string]*int{
		"product_team_minutes": &p.ProductTeamMinutes, "classify_minutes": &p.ClassifyMinutes, "sirt_minutes": &p.SIRTMinutes,
		"leadership_minutes": &p.LeadershipMinutes, "siht_minutes": &p.SIHTMinutes, "legal_minutes": &p.LegalMinutes,
		"sitrep_hours": &p.SitrepHours, "board_first_minutes": &p.BoardFirstMinutes, "board_every_hours": &p.BoardEveryHours,
		"customer_personal_hours": &p.CustomerPersonalHours, "customer_hours": &p.CustomerHours, "authority_hours": &p.AuthorityHours,
		"controller_hours": &p.ControllerHours, "personnel_hours": &p.PersonnelHours, "notice_canary": &p.NoticeCanary, "escalate_minutes": &p.EscalateMinutes, "batch_seconds": &p.BatchSeconds,
		"quiet_hours": &p.QuietHours, "bil_otherwise": &p.BILOtherwise, "review_months": &p.ReviewMonths, "test_months": &p.TestMonths,
	}
}

func mapped[T any](list []T, f func(T) string) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}

func joined[T any](list []T, f func(T) string) string { return strings.Join(mapped(list, f), "\n") }

func counted(n, unit string) string {
	if n == "1" {
		unit = strings.TrimSuffix(unit, "s")
	}
	return n + " " + unit
}

func bils(list []int) string {
	if len(list) == 0 {
		return "None"
	}
	return strings.Join(mapped(list, func(n int) string { return "BIL " + strconv.Itoa(n) }), ", ")
}

func percents(list []float64) string {
	if len(list) == 0 {
		return "Never"
	}
	return strings.Join(mapped(list, func(f float64) string { return percent(f) + " %" }), ", ")
}

func percent(f float64) string { return strconv.FormatFloat(f*100, 'f', -1, 32) }

func dated(t time.Time) string {
	if t.IsZero() {
		return "Never yet"
	}
	return t.UTC().Format("2 Jan 2006 15:04 UTC")
}

func startWord(s plan.Start) string {
	return cmp.Or(map[plan.Start]string{
		plan.StartDiscovered: "Discovery (the strictest)", plan.StartAware: "When we are aware of it", plan.StartConfirmed: "Confirmation",
	}[s], string(s))
}

var severityWords = []string{"0 crisis", "1 critical", "2 major", "3 minor"}

func severityWord(s grading.Severity) string {
	if s < 0 || int(s) >= len(severityWords) {
		return strconv.Itoa(int(s))
	}
	return severityWords[s]
}

// indicator is one row of what makes an incident severe.
type indicator struct {
	Field, Label string
	Severity     *grading.Severity
	Number       *int
}

func indicatorRows(o grading.Override) []indicator {
	return []indicator{
		{"total_outage", "A total outage alone is", o.TotalOutage, nil},
		{"core_function_broken", "A broken core function alone is", o.CoreFunctionBroken, nil},
		{"data_lost", "Lost data alone is", o.DataLost, nil},
		{"major_customers", "Affected customers from which it is major", nil, o.MajorCustomers},
		{"many_customers", "Affected customers from which an outage counts one level worse", nil, o.ManyCustomers},
	}
}

func (i indicator) text() string {
	switch {
	case i.Severity != nil:
		return severityWord(*i.Severity)
	case i.Number != nil:
		return strconv.Itoa(*i.Number)
	}
	return "as built in"
}

func indicators(o grading.Override) string {
	return joined(indicatorRows(o), func(i indicator) string { return i.Label + ": " + i.text() })
}

func spaced[T ~string](s T) string { return strings.ReplaceAll(string(s), "_", " ") }

// when puts the conditions of a criterion in words.
func when(w plan.When) string {
	var out []string
	add := func(on bool, text string) {
		if on {
			out = append(out, text)
		}
	}
	if w.SeverityTo != nil {
		add(true, "severity "+severityWord(grading.Severity(*w.SeverityTo))+" or worse")
	}
	add(len(w.PersonalData) > 0, "personal data: "+strings.Join(mapped(w.PersonalData, spaced[grading.Answer]), " or "))
	add(w.Security, "security incidents only")
	add(len(w.Properties) > 0, "harm to "+strings.Join(mapped(w.Properties, spaced[grading.Property]), " or "))
	add(len(w.Assets) > 0, "on "+strings.Join(mapped(w.Assets, spaced[grading.Asset]), " or "))
	add(w.CustomersMin > 0, strconv.Itoa(w.CustomersMin)+" customers or more")
	return cmp.Or(strings.Join(out, "; "), "always")
}

func approvers(by [][]string) string {
	return strings.Join(mapped(by, func(g []string) string { return strings.Join(mapped(g, spaced[string]), " or ") }), ", and ")
}

// match puts one description of a holder in words.
func match(m plan.Match) string {
	var out []string
	if m.Team != "" {
		out = append(out, map[bool]string{true: "lead of", false: "member of"}[m.Lead]+" a team of the kind "+spaced(m.Team))
	}
	for _, w := range [][2]string{{"role ", m.Role}, {"department ", m.Department}, {"function ", m.Function}, {"a party of the kind ", m.Party}} {
		if w[1] != "" {
			out = append(out, w[0]+spaced(w[1]))
		}
	}
	return strings.Join(out, ", ")
}

// origin says whose number a value is.
func origin(s plan.Source) string {
	switch s.Origin {
	case plan.OriginPolicy:
		return "Policy " + s.Policy
	case plan.OriginLaw:
		return "Law"
	}
	if s.Policy != "" {
		return "Our default, for policy " + s.Policy
	}
	return "Our default"
}

// looser says that a value gives more time than the policy does.
func looser(p plan.Plan, field string) bool { return slices.Contains(p.Looser(), field) }

// defaulted gives the default where a short value differs from it, "" otherwise.
func defaulted(b book, v plan.Value) string {
	d := texts(plan.Default(), b.dir)[v.Field]
	if strings.Contains(d, "\n") || d == texts(b.Plan, b.dir)[v.Field] || v.Section == plan.SectionCircle && !v.Whole || v.Field == "default_team" {
		return ""
	}
	return d
}

func lineList(s string) []string { return strings.Split(s, "\n") }

func roleNames() string {
	return strings.Join(mapped(who.Roles(), func(r who.Role) string { return string(r) }), ", ")
}
