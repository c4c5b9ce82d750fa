package term

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// Condition is one CEL expression over the facts.
type Condition struct {
	program cel.Program
	Uses    []string // facts it reads, sorted
}

// Verdict is a condition judged with the facts at hand.
type Verdict struct {
	State   int8     // 1 holds, -1 fails, 0 waits for facts
	Missing []string // facts it waits for
}

// Env is where conditions are compiled: CEL with the documented facts.
type Env struct {
	cel   *cel.Env
	facts map[string]Fact
}

// maxExpression bounds an expression, in bytes; maxCost what one may cost at worst.
const (
	maxExpression = 2000
	maxCost       = 10_000
)

// Environment is CEL with the documented facts and nothing else: no macros, so no
// loops.
func Environment(facts map[string]Fact) (*Env, error) {
	opts := []cel.EnvOption{cel.ClearMacros(), cel.EagerlyValidateDeclarations(false)}
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		t := cel.BoolType
		switch facts[name].Type {
		case Choice:
			t = cel.StringType
		case Number:
			t = cel.IntType
		case List:
			t = cel.ListType(cel.StringType)
		}
		opts = append(opts, cel.Variable(name, t))
	}
	env, err := cel.NewEnv(opts...)
	return &Env{env, facts}, err
}

// Compile checks an expression. Errors say column and reason on one line.
func (e *Env) Compile(text string) (*Condition, error) {
	if len(text) > maxExpression {
		return nil, fmt.Errorf("the expression is longer than %d bytes", maxExpression)
	}
	ast, issues := e.cel.Compile(text)
	if issues != nil && issues.Err() != nil {
		var say []string
		for _, w := range issues.Errors() {
			say = append(say, fmt.Sprintf("column %d: %s", w.Location.Column()+1, hint(w.Message)))
		}
		return nil, errors.New(strings.Join(say, "; "))
	}
	if ast.OutputType() != cel.BoolType {
		return nil, fmt.Errorf("the expression gives %s, not true or false", ast.OutputType())
	}
	c := &Condition{}
	for _, ref := range ast.NativeRep().ReferenceMap() {
		if _, ok := e.facts[ref.Name]; ok && !slices.Contains(c.Uses, ref.Name) {
			c.Uses = append(c.Uses, ref.Name)
		}
	}
	slices.Sort(c.Uses)
	if len(c.Uses) == 0 {
		return nil, errors.New("the expression reads no fact")
	}
	var err error
	c.program, err = e.cel.Program(ast, cel.EvalOptions(cel.OptPartialEval), cel.CostLimit(maxCost))
	return c, err
}

// hint puts CEL's words for an unknown name in ours.
func hint(message string) string {
	if name, ok := strings.CutPrefix(message, "undeclared reference to '"); ok {
		name, _, _ = strings.Cut(name, "'")
		return fmt.Sprintf("%q is no documented fact", name)
	}
	return message
}

// Scope is the facts as one entity sees them, ready for CEL.
type Scope struct {
	vars cel.PartialActivation
}

// NewScope makes known facts ready; those of facts that are not known are unknown.
func NewScope(facts map[string]Fact, known map[string]any) (*Scope, error) {
	vars := make(map[string]any, len(known))
	var unknown []*cel.AttributePatternType
	for name := range facts {
		if v, ok := known[name]; ok {
			vars[name] = v
			continue
		}
		unknown = append(unknown, cel.AttributePattern(name))
	}
	partial, err := cel.PartialVars(vars, unknown...)
	return &Scope{partial}, err
}

// Judge evaluates c in three values. What cannot be evaluated waits for its facts.
func (c *Condition) Judge(s *Scope) Verdict {
	out, _, err := c.program.Eval(s.vars)
	if out != nil && types.IsBool(out) && err == nil {
		if out == types.True {
			return Verdict{State: 1}
		}
		return Verdict{State: -1}
	}
	var missing []string
	if u, ok := out.(*types.Unknown); ok {
		for _, id := range u.IDs() {
			trails, _ := u.GetAttributeTrails(id)
			for _, t := range trails {
				if !slices.Contains(missing, t.Variable()) {
					missing = append(missing, t.Variable())
				}
			}
		}
	}
	if len(missing) == 0 {
		missing = c.Uses
	}
	slices.Sort(missing)
	return Verdict{Missing: missing}
}
