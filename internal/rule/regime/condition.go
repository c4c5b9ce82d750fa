package regime

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// condition is one CEL expression over the facts.
type condition struct {
	index        int
	text         string
	holds, fails string
	program      cel.Program
	uses         []string // facts it reads, sorted
}

// verdict is a condition judged with the facts at hand.
type verdict struct {
	state   int8     // 1 holds, -1 fails, 0 waits for facts
	missing []string // facts it waits for
}

// maxExpression bounds an expression, in bytes; maxCost what one may cost at worst.
const (
	maxExpression = 2000
	maxCost       = 10_000
)

// environment is CEL with the documented facts and nothing else: no macros, so no
// loops.
func environment(facts map[string]Fact) (*cel.Env, error) {
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
	return cel.NewEnv(opts...)
}

// compile checks an expression. Errors say column and reason on one line.
func compile(env *cel.Env, facts map[string]Fact, text string) (*condition, error) {
	if len(text) > maxExpression {
		return nil, fmt.Errorf("the expression is longer than %d bytes", maxExpression)
	}
	ast, issues := env.Compile(text)
	if issues != nil && issues.Err() != nil {
		var say []string
		for _, e := range issues.Errors() {
			say = append(say, fmt.Sprintf("column %d: %s", e.Location.Column()+1, hint(e.Message)))
		}
		return nil, errors.New(strings.Join(say, "; "))
	}
	if ast.OutputType() != cel.BoolType {
		return nil, fmt.Errorf("the expression gives %s, not true or false", ast.OutputType())
	}
	c := &condition{text: text}
	for _, ref := range ast.NativeRep().ReferenceMap() {
		if _, ok := facts[ref.Name]; ok && !slices.Contains(c.uses, ref.Name) {
			c.uses = append(c.uses, ref.Name)
		}
	}
	slices.Sort(c.uses)
	if len(c.uses) == 0 {
		return nil, errors.New("the expression reads no fact")
	}
	var err error
	c.program, err = env.Program(ast, cel.EvalOptions(cel.OptPartialEval), cel.CostLimit(maxCost))
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

// scope is the facts as one entity sees them, ready for CEL.
type scope struct {
	known map[string]any
	vars  cel.PartialActivation
}

func newScope(facts map[string]Fact, known map[string]any) (*scope, error) {
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
	return &scope{known, partial}, err
}

// judge evaluates c in three values. What cannot be evaluated waits for its facts.
func (c *condition) judge(s *scope) verdict {
	out, _, err := c.program.Eval(s.vars)
	if out != nil && types.IsBool(out) && err == nil {
		if out == types.True {
			return verdict{state: 1}
		}
		return verdict{state: -1}
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
		missing = c.uses
	}
	slices.Sort(missing)
	return verdict{missing: missing}
}
