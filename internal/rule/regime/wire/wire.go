// Package wire is how deadlines are written in rule packs. It serves policy 000 as part
// of the rules of the law. Pure: of this program it imports rule/deadline only.
package wire

import (
	"errors"

	"github.com/wakebell/wakebell/internal/rule/deadline"
)

// Qualitative are the words a deadline may be where the law names no number.
var Qualitative = []string{
	"immediately", "without_undue_delay", "without_unreasonable_delay", "without_delay", "promptly", "timely",
	"as_soon_as_possible", "as_soon_as_reasonably_possible", "as_soon_as_practicable", "on_request", "voluntary", "always", "before_the_limit", "by_contract", "none",
}

// Deadline is the long form of a deadline in YAML.
type Deadline struct {
	Within     string   `yaml:"within"`
	From       string   `yaml:"from"`
	YearEnd    bool     `yaml:"year_end"`
	Earliest   []Limit  `yaml:"earliest"`
	Late       *Limit   `yaml:"late"`
	Cases      []Case   `yaml:"cases"`
	Before     string   `yaml:"before"`
	NotLater   string   `yaml:"not_later_than"`
	With       string   `yaml:"with"`
	Words      string   `yaml:"words"`
	Calendar   string   `yaml:"calendar"`
	Roll       bool     `yaml:"roll"`
	RollUnless []string `yaml:"roll_unless"`
}

// Limit is a period after a moment.
type Limit struct {
	Within  string `yaml:"within"`
	From    string `yaml:"from"`
	YearEnd bool   `yaml:"year_end"`
}

// Case is a deadline for when a test holds.
type Case struct {
	If    string   `yaml:"if"`
	Name  string   `yaml:"name"`
	Holds string   `yaml:"holds"`
	Fails string   `yaml:"fails"`
	Then  Deadline `yaml:"then"`
}

// Period is the time of a limit; it must have one.
func (w Limit) Period() (deadline.Period, error) {
	p, err := deadline.Parse(w.Within)
	if err == nil && p == (deadline.Period{}) {
		err = errors.New(`within: missing; a deadline reads "72 h", "30 days", "5 business days" or "1 month"`)
	}
	return p, err
}
