package planbook

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/rule/grading"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/differ"
)

// editing is one section in a form.
type editing struct {
	book
	sec      section
	form     *page.Form
	criteria int // rows of criteria, with empty ones
}

func (s screen) edit(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermPlanEdit); err != nil {
		return page.Page{}, err
	}
	sec, ok := sectionOf(r.PathValue("section"))
	if !ok {
		return page.Page{}, fault.New(fault.NotFound, "The plan has no such part.")
	}
	p, err := s.Plans.Current(r.Context(), r.By)
	if err != nil {
		return page.Page{}, err
	}
	dir, err := s.Directory.Snapshot(s.DB)
	if err != nil {
		return page.Page{}, err
	}
	e := editing{book: book{Plan: p, r: r, dir: dir, sources: plan.Sources()}, sec: sec}
	e.form = r.Form("plan").To("/plan/edit/" + string(sec.Key))
	// A form that is drawn again keeps the version it was read with, so that it never hides what somebody saved since.
	e.form.With("version", e.form.Value("version", strconv.Itoa(p.Version)))
	e.criteria = len(p.BILCriteria) + 2
	if n, err := strconv.Atoi(e.form.Value("rows", "")); err == nil && n > 0 && n <= 100 {
		e.criteria = n
	}
	return page.Page{
		Title: "Edit: " + sec.Title, Nav: nav, Narrow: true, Body: editPage(e),
		Crumbs: []page.Crumb{{Label: "Response plan", Href: nav}, {Label: "Edit: " + sec.Title}},
	}, nil
}

func (s screen) doEdit(r *page.Request) (page.Done, error) {
	sec, ok := sectionOf(r.PathValue("section"))
	if !ok {
		return page.Done{}, fault.New(fault.NotFound, "The plan has no such part.")
	}
	current, err := s.Plans.Current(r.Context(), r.By)
	if err != nil {
		return page.Done{}, err
	}
	next := current
	t := typed{r: r}
	t.read(sec.Key, &next)
	if len(t.wrong) > 0 {
		if err := who.Check(r.By, who.PermPlanEdit); err != nil {
			return page.Done{}, err
		}
		return page.Done{}, fault.Invalids(t.wrong...)
	}
	stored, err := s.Plans.Change(r.Context(), r.By, next, version(r), r.Text("reason"))
	if err != nil {
		return page.Done{}, s.refused(r, sec.Key, current, next, t.inForm(err))
	}
	return page.Done{To: nav, Say: "Saved as version " + strconv.Itoa(stored.Version) + ". What falls due in open incidents is worked out anew."}, nil
}

func version(r *page.Request) int {
	v, err := strconv.Atoi(r.Text("version"))
	if err != nil {
		return -1 // never current
	}
	return v
}

// refused shows both versions when somebody saved in between.
func (s screen) refused(r *page.Request, sec plan.Section, theirs, yours plan.Plan, err error) error {
	if fault.KindOf(err) != fault.Precondition {
		return err
	}
	dir, readErr := s.Directory.Snapshot(s.DB)
	if readErr != nil {
		return readErr
	}
	rev, readErr := s.Plans.Revision(r.Context(), r.By, theirs.Version)
	if readErr != nil {
		return readErr
	}
	by := book{dir: dir}.name(rev.ChangedBy)
	of := func(p plan.Plan) []differ.Said {
		all := said(p, dir)
		if sec == "" {
			return all
		}
		return slices.DeleteFunc(all, func(x differ.Said) bool {
			return !slices.ContainsFunc(valuesOf(sec), func(v plan.Value) bool { return v.Label == x.Label })
		})
	}
	return &page.Stale{By: by, At: rev.ChangedAt, Version: strconv.Itoa(theirs.Version), Body: differ.Versus(of(theirs), of(yours), by)}
}

// typed reads a section from a form. Names of fields are those of the plan, so that its errors find their place.
type typed struct {
	r     *page.Request
	wrong []fault.Field
	rows  []int // rows of the form that became criteria
}

func (t *typed) add(field, msg string) {
	t.wrong = append(t.wrong, fault.Field{Field: field, Message: msg})
}

func (t *typed) number(field string, to *int) {
	n, err := strconv.Atoi(t.r.Text(field))
	if err != nil {
		t.add(field, "must be a whole number")
		return
	}
	*to = n
}

func (t *typed) read(sec plan.Section, p *plan.Plan) {
	all := numbers(p)
	for _, v := range valuesOf(sec) {
		if v.Whole {
			t.number(v.Field, all[v.Field])
		}
	}
	switch sec {
	case plan.SectionInside:
		p.BoardBILs, p.SIRTBILs = t.bils("board_bils"), t.bils("sirt_bils")
	case plan.SectionOutside:
		p.CustomerStart = plan.Start(t.r.Text("customer_start"))
	case plan.SectionCalling:
		p.DefaultTeam = t.r.Text("default_team")
		p.ReminderFractions = t.fractions("reminder_fractions")
	case plan.SectionLevels:
		t.levels(p)
	case plan.SectionRoles:
		t.roles(p)
	case plan.SectionCircle:
		var err error
		if p.ReviewedAt, err = t.r.Moment("reviewed_at"); err != nil {
			t.add("reviewed_at", "must be a date and a time")
		}
		if p.TestedAt, err = t.r.Moment("tested_at"); err != nil {
			t.add("tested_at", "must be a date and a time")
		}
	}
}

func (t *typed) bils(field string) []int {
	out := []int{}
	for n := 1; n <= 3; n++ {
		if t.r.Ticked(field + "." + strconv.Itoa(n)) {
			out = append(out, n)
		}
	}
	return out
}

func (t *typed) fractions(field string) []float64 {
	out := []float64{}
	for _, w := range strings.FieldsFunc(t.r.Text(field), func(c rune) bool { return strings.ContainsRune(",; %", c) }) {
		f, err := strconv.ParseFloat(w, 64)
		if err != nil {
			t.add(field, "must be percentages such as 50, 75, 90")
			return out
		}
		out = append(out, f/100)
	}
	return out
}

func (t *typed) levels(p *plan.Plan) {
	p.Severities = slices.Clone(p.Severities)
	for i := range p.Severities {
		at := fmt.Sprintf("severities[%d].", i)
		p.Severities[i].Name, p.Severities[i].Text = t.r.Text(at+"name"), t.r.Text(at+"text")
	}
	severity := func(field string) *grading.Severity {
		var n int
		t.number("indicators."+field, &n)
		s := grading.Severity(n)
		return &s
	}
	count := func(field string) *int {
		var n int
		t.number("indicators."+field, &n)
		return &n
	}
	p.Indicators = grading.Override{
		TotalOutage: severity("total_outage"), CoreFunctionBroken: severity("core_function_broken"), DataLost: severity("data_lost"),
		MajorCustomers: count("major_customers"), ManyCustomers: count("many_customers"),
	}
	rows, _ := strconv.Atoi(t.r.Text("rows"))
	old := p.BILCriteria
	p.BILCriteria = []plan.BILCriterion{}
	for i := range min(max(rows, 0), 100) {
		at := fmt.Sprintf("bil_criteria[%d].", i)
		text := t.r.Text(at + "text")
		if text == "" || t.r.Ticked(at+"remove") {
			continue
		}
		c := plan.BILCriterion{Text: text}
		t.number(at+"bil", &c.BIL)
		c.When = t.when(at + "when.")
		// What nobody touched stays our default; what somebody wrote is theirs.
		if i < len(old) && old[i].Text == c.Text && old[i].BIL == c.BIL && when(old[i].When) == when(c.When) {
			c = old[i]
		}
		p.BILCriteria, t.rows = append(p.BILCriteria, c), append(t.rows, i)
	}
}

func (t *typed) when(at string) plan.When {
	w := plan.When{Security: t.r.Ticked(at + "security")}
	if s := t.r.Text(at + "severity_to"); s != "" {
		var n int
		t.number(at+"severity_to", &n)
		w.SeverityTo = &n
	}
	if s := t.r.Text(at + "customers_min"); s != "" {
		t.number(at+"customers_min", &w.CustomersMin)
	}
	for _, a := range answers {
		if t.r.Ticked(at + "personal_data." + string(a)) {
			w.PersonalData = append(w.PersonalData, a)
		}
	}
	for _, a := range properties {
		if t.r.Ticked(at + "properties." + string(a)) {
			w.Properties = append(w.Properties, a)
		}
	}
	for _, a := range assets {
		if t.r.Ticked(at + "assets." + string(a)) {
			w.Assets = append(w.Assets, a)
		}
	}
	return w
}

var (
	answers    = []grading.Answer{grading.Yes, grading.Unknown, grading.No}
	properties = []grading.Property{grading.Confidentiality, grading.Integrity, grading.Availability}
	assets     = []grading.Asset{grading.CustomerData, grading.OurData, grading.OurServices}
)

func (t *typed) roles(p *plan.Plan) {
	p.Assignments, p.Approvals = slices.Clone(p.Assignments), slices.Clone(p.Approvals)
	for i := range p.Assignments {
		at, a := fmt.Sprintf("assignments[%d].", i), &p.Assignments[i]
		a.Title, a.Text, a.Required = t.r.Text(at+"title"), t.r.Text(at+"text"), t.r.Ticked(at+"required")
	}
	for i := range p.Approvals {
		a := &p.Approvals[i]
		a.By = [][]string{}
		for line := range strings.SplitSeq(t.r.Text(fmt.Sprintf("approvals[%d].by", i)), "\n") {
			var group []string
			for w := range strings.SplitSeq(line, " or ") {
				if w = strings.ReplaceAll(strings.TrimSpace(w), " ", "_"); w != "" {
					group = append(group, w)
				}
			}
			if len(group) > 0 {
				a.By = append(a.By, group)
			}
		}
	}
}

// groups writes who approves as the form takes it: each line is one needed yes.
func groups(by [][]string) string {
	return joined(by, func(g []string) string { return strings.Join(mapped(g, spaced[string]), " or ") })
}

// inForm gives the fields of the plan's errors the names they have in the form.
func (t *typed) inForm(err error) error {
	var pairs []string
	for _, f := range fault.FieldsOf(err) {
		switch {
		case strings.HasPrefix(f.Field, "bil_criteria["):
			var n int
			if _, e := fmt.Sscanf(f.Field, "bil_criteria[%d]", &n); e == nil && n < len(t.rows) {
				_, rest, _ := strings.Cut(f.Field, "].")
				if rest == "when" {
					rest = "text"
				}
				pairs = append(pairs, f.Field, fmt.Sprintf("bil_criteria[%d].%s", t.rows[n], rest))
			}
		case strings.HasPrefix(f.Field, "approvals["):
			if at, _, ok := strings.Cut(f.Field, ".by["); ok {
				pairs = append(pairs, f.Field, at+".by")
			}
		case strings.Contains(f.Field, "["):
			if at, _, _ := strings.Cut(f.Field, "["); at == "reminder_fractions" || at == "board_bils" || at == "sirt_bils" {
				pairs = append(pairs, f.Field, at)
			}
		}
	}
	return page.Rename(err, pairs...)
}

func teams(dir directory.Snapshot, have string) []page.Option {
	out := []page.Option{{Value: "", Label: "None yet"}}
	for _, k := range directory.TeamKinds() {
		for _, t := range dir.TeamsOf(k) {
			if k == directory.TeamProduct || t.ID == have {
				out = append(out, page.Option{Value: t.ID, Label: t.Name})
			}
		}
	}
	return out
}

func severities() []page.Option {
	out := make([]page.Option, len(severityWords))
	for i, w := range severityWords {
		out[i] = page.Option{Value: strconv.Itoa(i), Label: w}
	}
	return out
}

// criterion gives the row's criterion; an empty one behind the last.
func (e editing) criterion(i int) plan.BILCriterion {
	if i < len(e.BILCriteria) {
		return e.BILCriteria[i]
	}
	return plan.BILCriterion{BIL: 2}
}

func on(yes bool) string {
	if yes {
		return "on"
	}
	return ""
}

func optional(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

// spelled fills what a plan leaves to the product, so that every number stands in its field.
func spelled(o grading.Override) grading.Override {
	d := plan.Default().Indicators
	if o.TotalOutage == nil {
		o.TotalOutage = d.TotalOutage
	}
	if o.CoreFunctionBroken == nil {
		o.CoreFunctionBroken = d.CoreFunctionBroken
	}
	if o.DataLost == nil {
		o.DataLost = d.DataLost
	}
	if o.MajorCustomers == nil {
		o.MajorCustomers = d.MajorCustomers
	}
	if o.ManyCustomers == nil {
		o.ManyCustomers = d.ManyCustomers
	}
	return o
}
