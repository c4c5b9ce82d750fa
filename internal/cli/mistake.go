package cli

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/spell"
)

// plainWord is what may have been meant as a command's name, and not as a token in the wrong place.
var plainWord = regexp.MustCompile(`^[a-z]{1,12}(-[a-z]{1,12})?$`)

// mistake says what is wrong with the command line and what to write instead. go-arg's own words repeat what was typed,
// which may be a secret, and name a missing flag by its placeholder.
func (at place) mistake(err error) error {
	text := err.Error()
	if typed, ok := strings.CutPrefix(text, "invalid subcommand: "); ok {
		var names []string
		for _, c := range at.commands {
			names = append(names, c.name)
		}
		if !plainWord.MatchString(typed) {
			return fmt.Errorf("%s has no such command; %s", at.path, helpNames)
		}
		return fmt.Errorf("%s has no command %s; %s", at.path, typed, meant(typed, "", names))
	}
	if typed, ok := strings.CutPrefix(text, "unknown argument "); ok {
		return at.unknown(typed)
	}
	if flag, ok := strings.CutPrefix(text, "missing value for "); ok {
		return fmt.Errorf("%[1]s: a value must follow; if it begins with -, write %[1]s=VALUE", flag)
	}
	if flag, ok := strings.CutPrefix(text, "error processing "); ok {
		if i := strings.IndexAny(flag, "=:"); i >= 0 {
			flag = flag[:i]
		}
		must := "be a whole number"
		if t, ok := at.find(flag); ok && t.value.Kind() == reflect.Bool {
			must = "be true or false, or stand alone"
		} else if ok && t.value.Kind() == reflect.Float64 {
			must = "be a number"
		}
		return fmt.Errorf("%s must %s", flag, must)
	}
	if strings.HasPrefix(text, "too many positional arguments at ") {
		return at.tooMany()
	}
	if word, ok := strings.CutSuffix(text, " is required"); ok {
		for _, t := range at.takes {
			if t.required && t.placeholder == word && t.value.IsZero() {
				return fmt.Errorf("%s is missing: %s", t, t.help)
			}
		}
	}
	return err
}

// find looks for a flag or an argument as it is named in a message.
func (at place) find(name string) (taken, bool) {
	i := slices.IndexFunc(at.takes, func(t taken) bool {
		if t.positional {
			return t.placeholder == name
		}
		flag := strings.TrimLeft(name, "-")
		return flag != name && (t.long == flag || t.short == flag)
	})
	if i < 0 {
		return taken{}, false
	}
	return at.takes[i], true
}

// unknown is about a flag that the command does not have. What stands behind = is not repeated.
func (at place) unknown(typed string) error {
	typed, _, _ = strings.Cut(typed, "=")
	name := strings.TrimLeft(typed, "-")
	if !strings.HasPrefix(typed, "--") && len(name) > 1 {
		if t, ok := at.find("-" + name[:1]); ok && t.short == name[:1] {
			return fmt.Errorf("-%[1]s: put a space between the flag and its value: -%[1]s %[2]s", t.short, t.placeholder)
		}
	}
	names := []string{"help"}
	for _, t := range at.takes {
		if !t.positional {
			names = append(names, t.long)
		}
	}
	remedy := meant(name, "--", names)
	if remedy == helpNames && len(at.commands) > 0 {
		remedy = "the flags of a command stand behind its name"
	}
	return fmt.Errorf("%s has no flag %s; %s", at.path, typed, remedy)
}

func (at place) tooMany() error {
	var words []string
	for _, t := range at.takes {
		if t.positional {
			words = append(words, t.placeholder)
		}
	}
	if len(words) == 0 {
		return fmt.Errorf("%s takes flags alone", at.path)
	}
	return fmt.Errorf("%s takes %s and nothing behind it; put a text of several words in quotes", at.path, strings.Join(words, " "))
}

// unfinished is about a group whose command was not named.
func (at place) unfinished() error {
	const enough = 6
	var names []string
	for _, c := range at.commands {
		names = append(names, c.name)
	}
	if len(names) > enough {
		names = append(names[:enough], "…")
	}
	return fmt.Errorf("name a command of %s: %s; --help names them all", at.path, strings.Join(names, ", "))
}

// enums checks what must be one of a few words. A flag that was left out is none of them.
func (at place) enums() error {
	for _, t := range at.takes {
		leftOut := t.value.IsZero() && !t.required
		if t.enum != nil && !leftOut && !slices.Contains(t.enum, t.value.String()) {
			return fmt.Errorf("%s must be one of %s", t, strings.Join(t.enum, ", "))
		}
	}
	return nil
}

const helpNames = "--help names those there are"

// meant proposes the name next to a mistyped one.
func meant(typed, prefix string, names []string) string {
	best, least := "", 3
	for _, n := range names {
		d := spell.Distance(typed, n)
		if typed != "" && strings.HasPrefix(n, typed) {
			d = min(d, 2)
		}
		if d < least && d < len(n) {
			best, least = n, d
		}
	}
	if best == "" {
		return helpNames
	}
	return "did you mean " + prefix + best + "?"
}
