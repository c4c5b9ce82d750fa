package grading

import (
	"errors"
	"fmt"
	"strings"
)

// Indicators are what policy 002 names for choosing the severity. Each may be
// unknown: nil, "" or "unknown".
type Indicators struct {
	TotalOutage        Answer `json:"total_outage,omitempty"`
	CustomersAffected  *int   `json:"customers_affected,omitempty"` // nil = unknown, else 0 or more
	CoreFunctionBroken Answer `json:"core_function_broken,omitempty"`
	DataLost           Answer `json:"data_lost,omitempty"`
}

// Validate names the first field that is neither an answer nor unknown.
func (i Indicators) Validate() error {
	for _, f := range []struct {
		name string
		a    Answer
	}{
		{"total_outage", i.TotalOutage},
		{"core_function_broken", i.CoreFunctionBroken},
		{"data_lost", i.DataLost},
	} {
		if !f.a.Valid() {
			return fmt.Errorf("%s: say yes, no or unknown", f.name)
		}
	}
	if i.CustomersAffected != nil && *i.CustomersAffected < 0 {
		return errors.New("customers_affected: a number from 0 up, or nothing when unknown")
	}
	return nil
}

// Override replaces, for one service, the thresholds it names; nil keeps the
// default. Policy 002: the indicators "vary depending on the product involved".
type Override struct {
	TotalOutage        *Severity `json:"total_outage,omitempty" yaml:"total_outage,omitempty"`                 // severity of a total outage alone
	CoreFunctionBroken *Severity `json:"core_function_broken,omitempty" yaml:"core_function_broken,omitempty"` // severity of a broken core function alone
	DataLost           *Severity `json:"data_lost,omitempty" yaml:"data_lost,omitempty"`                       // severity of lost data alone
	MajorCustomers     *int      `json:"major_customers,omitempty" yaml:"major_customers,omitempty"`           // affected customers from which it is major
	ManyCustomers      *int      `json:"many_customers,omitempty" yaml:"many_customers,omitempty"`             // affected customers from which outages count one level worse
}

// Validate names the first threshold out of range.
func (o Override) Validate() error {
	for _, f := range []struct {
		name string
		s    *Severity
	}{
		{"total_outage", o.TotalOutage},
		{"core_function_broken", o.CoreFunctionBroken},
		{"data_lost", o.DataLost},
	} {
		if f.s != nil && !f.s.Valid() {
			return fmt.Errorf("%s: a severity from 0 to 3", f.name)
		}
	}
	for _, f := range []struct {
		name string
		n    *int
	}{{"major_customers", o.MajorCustomers}, {"many_customers", o.ManyCustomers}} {
		if f.n != nil && *f.n < 1 {
			return fmt.Errorf("%s: a number of customers from 1 up", f.name)
		}
	}
	return nil
}

// Thresholds are the numbers SuggestSeverity works with.
type Thresholds struct {
	TotalOutage        Severity // severity of a total outage alone
	CoreFunctionBroken Severity // severity of a broken core function alone
	DataLost           Severity // severity of lost data alone
	MajorCustomers     int      // affected customers from which it is major
	ManyCustomers      int      // affected customers from which outages count one level worse
}

// SeveritySource says where the severity rules come from.
const SeveritySource = "Levels and indicators: policy 002. " +
	"The policy names no thresholds; the defaults are ours and can be changed in the plan and per service."

// DefaultThresholds are ours: policy 002 names the indicators and no numbers.
func DefaultThresholds() Thresholds {
	return Thresholds{
		TotalOutage: Critical, CoreFunctionBroken: Major, DataLost: Critical,
		MajorCustomers: 10, ManyCustomers: 50,
	}
}

// With is t with the fields o names replaced.
func (t Thresholds) With(o Override) Thresholds {
	set(&t.TotalOutage, o.TotalOutage)
	set(&t.CoreFunctionBroken, o.CoreFunctionBroken)
	set(&t.DataLost, o.DataLost)
	set(&t.MajorCustomers, o.MajorCustomers)
	set(&t.ManyCustomers, o.ManyCustomers)
	return t
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// Suggestion is a severity for a person to accept or to change with a reason.
type Suggestion struct {
	Severity Severity `json:"severity"`
	Worst    Severity `json:"worst"`   // what it could be if every unknown turned out badly
	Reason   string   `json:"reason"`  // which indicator led to it, in words
	Unknown  []string `json:"unknown"` // indicators nobody answered yet, by wire name
	Source   string   `json:"source"`
}

// SuggestSeverity gives the worst level any indicator leads to, and names that
// indicator. Alone: a total outage is critical, lost data critical, a broken core
// function major, MajorCustomers affected major. One level worse: an outage or a
// broken core function that hits ManyCustomers, and an outage that also lost
// data. Otherwise minor. An unknown indicator counts for nothing in Severity and
// as the worst in Worst. A nil override means the defaults.
func SuggestSeverity(ind Indicators, override *Override) Suggestion {
	t, source := DefaultThresholds(), SeveritySource
	if override != nil && *override != (Override{}) {
		t, source = t.With(*override), source+" Here the plan or the service sets thresholds of its own."
	}
	s := Suggestion{Unknown: ind.unknown(), Source: source}
	s.Severity, s.Reason = t.apply(ind)
	s.Worst, _ = t.apply(ind.assumeWorst())
	if len(s.Unknown) > 0 {
		s.Reason += "; not known yet: " + phrase(s.Unknown)
		if s.Worst < s.Severity {
			s.Reason += fmt.Sprintf(", which could make it %s", s.Worst)
		}
	}
	return s
}

// apply walks the rules; the first of the worst level gives the reason. Every
// rule fires on more harm, never on less, so worse indicators never give a
// milder severity.
func (t Thresholds) apply(ind Indicators) (Severity, string) {
	customers := -1
	if ind.CustomersAffected != nil {
		customers = *ind.CustomersAffected
	}
	out, core, lost := ind.TotalOutage == Yes, ind.CoreFunctionBroken == Yes, ind.DataLost == Yes
	many := customers >= t.ManyCustomers
	rules := []struct {
		fires    bool
		severity Severity
		reason   string
	}{
		{out && many, t.TotalOutage - 1, fmt.Sprintf("total outage with %d customers affected (%d or more count one level worse)", customers, t.ManyCustomers)},
		{out && lost, min(t.TotalOutage, t.DataLost) - 1, "total outage and data lost together"},
		{out, t.TotalOutage, "total outage"},
		{lost, t.DataLost, "data lost"},
		{core && many, t.CoreFunctionBroken - 1, fmt.Sprintf("core function broken with %d customers affected (%d or more count one level worse)", customers, t.ManyCustomers)},
		{core, t.CoreFunctionBroken, "core function broken"},
		{customers >= t.MajorCustomers, Major, fmt.Sprintf("%d customers affected (major from %d)", customers, t.MajorCustomers)},
	}
	worst, reason := Minor, "no indicator points higher"
	hit := false
	for _, r := range rules {
		level := max(r.severity, Crisis)
		if r.fires && (!hit || level < worst) {
			worst, reason, hit = level, r.reason, true
		}
	}
	return worst, fmt.Sprintf("severity %s: %s", worst, reason)
}

func (i Indicators) unknown() []string {
	out := []string{}
	if !i.TotalOutage.Known() {
		out = append(out, "total_outage")
	}
	if i.CustomersAffected == nil {
		out = append(out, "customers_affected")
	}
	if !i.CoreFunctionBroken.Known() {
		out = append(out, "core_function_broken")
	}
	if !i.DataLost.Known() {
		out = append(out, "data_lost")
	}
	return out
}

func (i Indicators) assumeWorst() Indicators {
	everyone := int(^uint(0) >> 1)
	if i.CustomersAffected == nil {
		i.CustomersAffected = &everyone
	}
	for _, a := range []*Answer{&i.TotalOutage, &i.CoreFunctionBroken, &i.DataLost} {
		if !a.Known() {
			*a = Yes
		}
	}
	return i
}

// phrase turns wire names into words: "total outage, data lost".
func phrase(names []string) string {
	return strings.ReplaceAll(strings.Join(names, ", "), "_", " ")
}
