// Package term holds the words rule packs are written in: facts, kinds of entity
// and moments with their questions, and conditions over the facts, judged in three
// values. It serves policy 000 as part of the rules of the law. Pure: it must not
// import anything of this program.
package term

import (
	"math"
	"slices"
	"strings"
)

// FactType is the shape of a fact's value.
type FactType string

// The shapes and their Go types in Facts.Known.
const (
	YesNo  FactType = "yes_no" // bool
	Choice FactType = "choice" // string, one of Values
	Number FactType = "number" // int64, not negative
	List   FactType = "list"   // []string, each one of Values
)

// Fact documents one fact that conditions may use.
type Fact struct {
	Name     string   `yaml:"-"`
	Type     FactType `yaml:"type"`
	Values   []string `yaml:"values"`
	Question string   `yaml:"question"` // what to ask when it is not known
	Help     string   `yaml:"help"`
}

// Kind documents one kind of entity: who may owe a duty.
type Kind struct {
	Words    string `yaml:"words"`    // "financial entity"
	Question string `yaml:"question"` // "Is it a financial entity in the sense of DORA Art. 2?"
}

// Moment documents one moment a clock may start at.
type Moment struct {
	Words    string   `yaml:"words"`    // "became aware"
	Question string   `yaml:"question"` // "When did it become aware?"
	After    []string `yaml:"after"`    // moments it cannot lie before
	Shows    string   `yaml:"shows"`    // yes_no fact that cannot be no when this moment is recorded
}

// Wrong says what is wrong with the fact's definition; "" when nothing is.
func (d Fact) Wrong(name string) string {
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || name == "" || name[0] < 'a' {
		return "a name has small letters, digits and _, and begins with a letter"
	}
	if slices.Contains([]string{"in", "true", "false", "null"}, name) {
		return "this word has a meaning in conditions; take another"
	}
	if !slices.Contains([]FactType{YesNo, Choice, Number, List}, d.Type) || d.Question == "" || (d.Type == Choice || d.Type == List) != (len(d.Values) > 0) {
		return "needs a type (yes_no, choice, number, list), a question, and values for choice and list"
	}
	return ""
}

// Wants says what a value should be; "" when it is right.
func (d Fact) Wants(v any) string {
	one := func(s string) bool { return slices.Contains(d.Values, s) }
	switch d.Type {
	case YesNo:
		if _, ok := v.(bool); !ok {
			return "true or false"
		}
	case Number:
		if n, ok := v.(int64); !ok || n < 0 || n > math.MaxInt32*1024 {
			return "a whole number, not negative"
		}
	case Choice:
		if s, ok := v.(string); !ok || !one(s) {
			return "one of " + strings.Join(d.Values, ", ")
		}
	case List:
		list, ok := v.([]string)
		if !ok || slices.ContainsFunc(list, func(s string) bool { return !one(s) }) {
			return "a list of " + strings.Join(d.Values, ", ")
		}
	}
	return ""
}
