package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/rule/grading"
	"go.yaml.in/yaml/v3"
)

var (
	slugShape   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}[a-z0-9]$`)
	quoted      = regexp.MustCompile("`[^`]*`")
	personShape = regexp.MustCompile(`^[a-z0-9-]{2,64}$`)
	keyShape    = regexp.MustCompile(`^[a-z][a-z0-9_]{1,63}$`)
)

// ParseYAML reads a plan in YAML. What the text leaves out keeps its default; an unknown field is refused.
func ParseYAML(text []byte) (Plan, error) {
	p := Default()
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&p); err != nil && !errors.Is(err, io.EOF) {
		return Plan{}, fault.Wrap(fault.Invalid, err, "the plan is not readable YAML: "+firstLine(err))
	}
	if err := p.Validate(); err != nil {
		return Plan{}, err
	}
	return p, nil
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "yaml: unmarshal errors:\n"), "\n")
	// The decoder quotes values in backticks; an error never echoes a value.
	return quoted.ReplaceAllString(strings.TrimSpace(strings.TrimPrefix(line, "yaml:")), "a value")
}

// problems gathers what is wrong, one field at a time.
type problems []fault.Field

func (ps *problems) add(field, format string, args ...any) {
	*ps = append(*ps, fault.Field{Field: field, Message: fmt.Sprintf(format, args...)})
}

func (ps *problems) within(field string, v, low, high int) {
	if v < low || v > high {
		ps.add(field, "must be between %d and %d", low, high)
	}
}

// Validate names every field that is wrong and how to mend it. It returns nil or a fault of kind Invalid.
func (p Plan) Validate() error {
	var ps problems
	const day, year = 24 * 60, 24 * 366
	for _, m := range []struct {
		field string
		v     int
	}{
		{"product_team_minutes", p.ProductTeamMinutes},
		{"classify_minutes", p.ClassifyMinutes},
		{"sirt_minutes", p.SIRTMinutes},
		{"leadership_minutes", p.LeadershipMinutes},
		{"siht_minutes", p.SIHTMinutes},
		{"legal_minutes", p.LegalMinutes},
		{"board_first_minutes", p.BoardFirstMinutes},
		{"escalate_minutes", p.EscalateMinutes},
	} {
		ps.within(m.field, m.v, 1, day)
	}
	ps.within("sitrep_hours", p.SitrepHours, 1, 24)
	ps.within("board_every_hours", p.BoardEveryHours, 1, year)
	ps.within("customer_personal_hours", p.CustomerPersonalHours, 1, year)
	ps.within("customer_hours", p.CustomerHours, 1, year)
	ps.within("personnel_hours", p.PersonnelHours, 1, year)
	ps.within("controller_hours", p.ControllerHours, 1, year)
	if p.AuthorityHours < 1 || p.AuthorityHours > 72 {
		ps.add("authority_hours", "must be between 1 and 72: GDPR Art. 33(1) allows no longer time")
	}
	ps.within("notice_canary", p.NoticeCanary, 0, 10_000)
	ps.within("batch_seconds", p.BatchSeconds, 0, 600)
	ps.within("quiet_hours", p.QuietHours, 1, year)
	ps.within("review_months", p.ReviewMonths, 1, 12)
	ps.within("test_months", p.TestMonths, 1, 12)
	ps.bils("board_bils", p.BoardBILs)
	ps.bils("sirt_bils", p.SIRTBILs)
	if !slices.Contains([]Start{StartDiscovered, StartAware, StartConfirmed}, p.CustomerStart) {
		ps.add("customer_start", "must be discovered, aware or confirmed")
	}
	for i, f := range p.ReminderFractions {
		if f <= 0 || f >= 1 || i > 0 && f <= p.ReminderFractions[i-1] {
			ps.add(fmt.Sprintf("reminder_fractions[%d]", i), "must lie between 0 and 1 and be larger than the one before")
		}
	}
	if len(p.ReminderFractions) > 10 {
		ps.add("reminder_fractions", "at most 10")
	}
	if p.DefaultTeam != "" && !slugShape.MatchString(p.DefaultTeam) {
		ps.add("default_team", "must be the id of a team: 2 to 64 of a-z, 0-9 and -")
	}
	p.words(&ps)
	p.people(&ps)
	return fault.Invalids(ps...)
}

func (ps *problems) bils(field string, list []int) {
	for i, b := range list {
		if b < 1 || b > 3 || slices.Contains(list[:i], b) {
			ps.add(fmt.Sprintf("%s[%d]", field, i), "must be 1, 2 or 3, each at most once")
		}
	}
}

// words checks severities, indicators and BIL criteria.
func (p Plan) words(ps *problems) {
	if len(p.Severities) != 4 {
		ps.add("severities", "must be the four levels 0 to 3")
	}
	for i, s := range p.Severities {
		if s.Level != i {
			ps.add(fmt.Sprintf("severities[%d].level", i), "must be %d: the levels stand in order", i)
		}
		if strings.TrimSpace(s.Name) == "" {
			ps.add(fmt.Sprintf("severities[%d].name", i), "must not be empty")
		}
	}
	if err := p.Indicators.Validate(); err != nil {
		field, msg, _ := strings.Cut(err.Error(), ": ")
		ps.add("indicators."+field, "must be %s", msg)
	}
	ps.within("bil_otherwise", p.BILOtherwise, 1, 3)
	for i, c := range p.Criteria().Items {
		at := fmt.Sprintf("bil_criteria[%d].", i)
		err := grading.Criteria{Items: []grading.Criterion{c}, Otherwise: grading.BIL3}.Validate()
		if err == nil {
			continue
		}
		field, msg, found := strings.Cut(strings.TrimPrefix(err.Error(), "items 1: "), ": ")
		switch {
		case !found:
			ps.add(at+"when", "%s", field)
		case field == "words":
			ps.add(at+"text", "%s", msg)
		case field == "bil":
			ps.add(at+"bil", "must be %s", msg)
		default:
			ps.add(at+"when."+field, "must be %s", msg)
		}
	}
}

// people checks assignments, approvals and functions.
func (p Plan) people(ps *problems) {
	keys := map[string]bool{}
	once := func(at, field, key, title string) {
		full := strings.SplitN(at, "[", 2)[0] + ":" + key
		switch {
		case !keyShape.MatchString(key):
			ps.add(at+field, "must be 2 to 64 of a-z, 0-9 and _")
		case keys[full]:
			ps.add(at+field, "stands in the list twice")
		}
		keys[full] = true
		if strings.TrimSpace(title) == "" {
			ps.add(at+".title", "must not be empty")
		}
	}
	for i, a := range p.Assignments {
		once(fmt.Sprintf("assignments[%d]", i), ".key", a.Key, a.Title)
	}
	for i, a := range p.Approvals {
		at := fmt.Sprintf("approvals[%d]", i)
		once(at, ".what", a.What, a.Title)
		if len(a.By) == 0 {
			ps.add(at+".by", "must name who approves")
		}
		for j, group := range a.By {
			if len(group) == 0 {
				ps.add(fmt.Sprintf("%s.by[%d]", at, j), "must name at least one role")
			}
			for k, role := range group {
				if !knownRole(role) {
					ps.add(fmt.Sprintf("%s.by[%d][%d]", at, j, k), "is not a permission role")
				}
			}
		}
	}
	p.deputies(ps)
	for i, f := range p.Functions {
		at := fmt.Sprintf("functions[%d]", i)
		once(at, ".key", f.Key, f.Title)
		if len(f.Match) == 0 {
			ps.add(at+".match", "must say who has this function")
		}
		for j, m := range f.Match {
			if m == (Match{}) || m.Lead && m.Team == "" {
				ps.add(fmt.Sprintf("%s.match[%d]", at, j), "must name a team, role, department, function or party; lead needs a team")
			}
			if m.Role != "" && !knownRole(m.Role) {
				ps.add(fmt.Sprintf("%s.match[%d].role", at, j), "is not a permission role")
			}
		}
	}
}

// deputies checks who releases in an emergency.
func (p Plan) deputies(ps *problems) {
	var of []string
	for i, d := range p.EmergencyDeputies {
		at := fmt.Sprintf("emergency_deputies[%d]", i)
		if d.Of != string(who.Legal) && d.Of != string(who.Executive) || slices.Contains(of, d.Of) {
			ps.add(at+".of", "must be legal or executive, each at most once")
		}
		of = append(of, d.Of)
		for j, id := range d.Persons {
			if !personShape.MatchString(id) {
				ps.add(fmt.Sprintf("%s.persons[%d]", at, j), "must be the id of a person")
			}
		}
	}
}

func knownRole(r string) bool { return who.Role(r).Valid() }

// Changed lists the JSON names of the fields in which b differs from a, in the order of Plan, without version.
func Changed(a, b Plan) []string {
	var out []string
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range va.NumField() {
		name, _, _ := strings.Cut(va.Type().Field(i).Tag.Get("json"), ",")
		if name == "version" {
			continue
		}
		ja, errA := json.Marshal(va.Field(i).Interface())
		jb, errB := json.Marshal(vb.Field(i).Interface())
		if errA != nil || errB != nil || !bytes.Equal(ja, jb) {
			out = append(out, name)
		}
	}
	return out
}

// Looser names the fields whose value gives more time than the policy does. Such a plan is allowed, but it is said.
func (p Plan) Looser() []string {
	d := Default()
	var out []string
	for _, f := range []struct {
		field     string
		have, was int
	}{
		{"product_team_minutes", p.ProductTeamMinutes, d.ProductTeamMinutes},
		{"sirt_minutes", p.SIRTMinutes, d.SIRTMinutes},
		{"sitrep_hours", p.SitrepHours, d.SitrepHours},
		{"customer_personal_hours", p.CustomerPersonalHours, d.CustomerPersonalHours},
		{"customer_hours", p.CustomerHours, d.CustomerHours},
	} {
		if f.have > f.was {
			out = append(out, f.field)
		}
	}
	for _, b := range d.SIRTBILs {
		if !slices.Contains(p.SIRTBILs, b) {
			return append(out, "sirt_bils")
		}
	}
	return out
}
