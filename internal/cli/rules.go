package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/app/packs"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/rule/regime/factfile"
	"github.com/wakebell/wakebell/internal/rule/regime/wording"
)

// notAdvice stands once under everything that says what the law asks.
const notAdvice = "Not legal advice. Rules marked UNVERIFIED are written from memory; have a lawyer read them before you rely on them."

type rulesCmd struct {
	Ls    *rulesLs    `arg:"subcommand:ls" help:"List the rules."`
	Show  *rulesShow  `arg:"subcommand:show" help:"Show a rule in every version: who, to whom, when, why, and how sure."`
	Facts *rulesFacts `arg:"subcommand:facts" help:"List the facts, kinds of entity and moments that rules and facts files may use."`
	Test  *rulesTest  `arg:"subcommand:test" help:"Run the packs' own test vectors."`
	Check *rulesCheck `arg:"subcommand:check" help:"Check a folder of your own packs over the shipped ones."`
}

// packsFlag names the operator's folder.
type packsFlag struct {
	Packs string `arg:"--packs" help:"Folder with your own rule packs and calendars ($WAKEBELL_PACKS); they win over the shipped ones by id." placeholder:"DIR"`
}

// book reads the shipped packs, and the operator's over them.
func (p packsFlag) book(e *env) (*regime.Book, error) {
	return loadBook(cmp.Or(p.Packs, e.Getenv("WAKEBELL_PACKS")))
}

// loadBook reads the packs; dir is the operator's folder, "" for none.
func loadBook(dir string) (*regime.Book, error) {
	own, err := folder(dir)
	if err != nil {
		return nil, err
	}
	law, err := assessment.NewLaw(own)
	if err != nil {
		return nil, err
	}
	return law.Book(), nil
}

// folder opens the operator's folder, and refuses what is none: a misspelt name must
// not read as "no packs".
func folder(dir string) (fs.FS, error) {
	if dir == "" {
		return nil, nil //nolint:nilnil // no folder, no packs
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is no folder", dir)
	}
	return packs.Folder(dir), nil
}

type rulesLs struct {
	packsFlag
	Jurisdiction string `arg:"--jurisdiction" help:"Only those of a jurisdiction: EU, DE, US (with its states), US-CA."`
	Status       string `arg:"--status" help:"in_force, not_yet_applicable or pending." enum:"in_force,not_yet_applicable,pending"`
	Sure         string `arg:"--sure" help:"read, partly or remembered (unverified)." enum:"read,partly,remembered"`
}

func (c *rulesLs) wants(r *regime.Rule) bool {
	part := c.Jurisdiction == "" || r.Jurisdiction == c.Jurisdiction || strings.HasPrefix(r.Jurisdiction, c.Jurisdiction+"-")
	return part && (c.Status == "" || string(r.Status) == c.Status) && (c.Sure == "" || string(r.Sure) == c.Sure)
}

// Run lists the rules, one line for each version.
func (c *rulesLs) Run(e *env) error {
	b, err := c.book(e)
	if err != nil {
		return err
	}
	list := []ruleWire{}
	var rows [][]string
	unverified := 0
	for _, id := range b.IDs() {
		for _, r := range b.Versions(id) {
			if !c.wants(r) {
				continue
			}
			sure := string(r.Sure)
			if r.Unverified() {
				sure = "UNVERIFIED"
				unverified++
			}
			list = append(list, wireOf(b, r))
			rows = append(rows, []string{r.ID, r.Jurisdiction, string(r.Status), cmp.Or(r.Valid.From, "-"), sure, string(r.To), wording.Deadline(b, r)})
		}
	}
	if e.root.JSON {
		return e.printJSON(map[string]any{"packs": b.Version, "rules": list})
	}
	if err := e.table([]string{"ID", "WHERE", "STATUS", "FROM", "SURE", "TO", "DEADLINE"}, 6, rows); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.Out, "\n%d rules, %d of them UNVERIFIED; packs %s. %s\n", len(rows), unverified, b.Version, notAdvice)
	return err
}

type rulesShow struct {
	packsFlag
	ID string `arg:"positional,required" help:"Id of the rule, as rules ls prints it."`
}

// Run shows every version of a rule.
func (c *rulesShow) Run(e *env) error {
	b, err := c.book(e)
	if err != nil {
		return err
	}
	versions := b.Versions(c.ID)
	if len(versions) == 0 {
		return fault.Newf(fault.NotFound, "there is no rule %q; wakebell rules ls lists them", c.ID)
	}
	list := make([]ruleWire, len(versions))
	for i, r := range versions {
		list[i] = wireOf(b, r)
	}
	if e.root.JSON {
		return e.printJSON(map[string]any{"packs": b.Version, "id": c.ID, "versions": list})
	}
	for i := range list {
		if err := list[i].print(e); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(e.Out, notAdvice)
	return err
}

type rulesFacts struct {
	packsFlag
}

// Run lists the vocabulary of facts.
func (c *rulesFacts) Run(e *env) error {
	b, err := c.book(e)
	if err != nil {
		return err
	}
	words := vocabulary(b)
	if e.root.JSON {
		return e.printJSON(words)
	}
	for _, s := range []struct {
		title string
		list  []wordWire
	}{
		{"FACTS (known: in a facts file)", words.Facts}, {"KINDS OF ENTITY (is: of an entity)", words.Kinds}, {"MOMENTS (moments:)", words.Moments},
	} {
		if _, err := fmt.Fprintf(e.Out, "%s\n", s.title); err != nil {
			return err
		}
		for _, w := range s.list {
			values := w.Type
			if len(w.Values) > 0 {
				values += ": " + strings.Join(w.Values, ", ")
			}
			if len(w.After) > 0 {
				values = "not before " + strings.Join(w.After, ", ")
			}
			if values != "" {
				values = "  [" + values + "]"
			}
			if _, err := fmt.Fprintf(e.Out, "  %s%s\n      %s\n", w.Name, values, strings.TrimSpace(w.Question+" "+w.Help)); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintln(e.Out); err != nil {
			return err
		}
	}
	return nil
}

type rulesTest struct {
	packsFlag
	Files []string `arg:"positional" help:"Files of flat vectors: a rule, its times and what must come out. Without any, the packs' own run."`
}

// Run runs the shipped vectors on the shipped packs, and the operator's own on both
// together: an override may well change what a shipped vector expects.
func (c *rulesTest) Run(e *env) error {
	if len(c.Files) > 0 {
		return c.flat(e)
	}
	shipped, err := loadBook("")
	if err != nil {
		return err
	}
	ran, errs := factfile.Test(shipped)
	if dir := cmp.Or(c.Packs, e.Getenv("WAKEBELL_PACKS")); dir != "" {
		own, err := loadBook(dir)
		if err != nil {
			return problems(e, err)
		}
		n, more := factfile.Test(own)
		ran, errs = ran+n, append(errs, more...)
	}
	return passed(e, ran, errs)
}

// flat runs the vectors of files on the packs in force.
func (c *rulesTest) flat(e *env) error {
	b, err := c.book(e)
	if err != nil {
		return problems(e, err)
	}
	ran, errs := 0, []error(nil)
	for _, name := range c.Files {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		n, more := factfile.Flat(b, name, text)
		ran, errs = ran+n, append(errs, more...)
	}
	return passed(e, ran, errs)
}

// passed says how many vectors ran, or what went otherwise.
func passed(e *env, ran int, errs []error) error {
	if e.root.JSON {
		say := make([]string, len(errs))
		for i, err := range errs {
			say[i] = err.Error()
		}
		if err := e.printJSON(map[string]any{"ran": ran, "failed": say}); err != nil {
			return err
		}
	}
	if len(errs) > 0 {
		return problems(e, errors.Join(errs...))
	}
	if e.root.JSON {
		return nil
	}
	_, err := fmt.Fprintf(e.Out, "%d vectors passed.\n", ran)
	return err
}

type rulesCheck struct {
	Dir string `arg:"positional,required" help:"The folder."`
}

// Run says everything that is wrong, a line each, and exits 1; else what the packs
// bring.
func (c *rulesCheck) Run(e *env) error {
	own, err := folder(c.Dir)
	if err != nil {
		return err
	}
	b, ran, err := assessment.CheckPacks(own)
	if err != nil {
		return problems(e, err)
	}
	packs, rules, replaced := 0, 0, []string{}
	for _, p := range b.Packs {
		if p.Operator {
			packs, rules = packs+1, rules+p.Rules
		}
	}
	for _, r := range b.Rules {
		if r.Override && !slices.Contains(replaced, r.ID) {
			replaced = append(replaced, r.ID)
		}
	}
	if packs == 0 {
		return fmt.Errorf("%s holds no rule pack; a pack is a file that ends in .yaml", c.Dir)
	}
	if e.root.JSON {
		return e.printJSON(map[string]any{"packs": packs, "rules": rules, "replaced": replaced, "vectors": ran, "version": b.Version})
	}
	if _, err := fmt.Fprintf(e.Out, "All right: %d packs, %d rules, %d vectors passed; packs %s with the shipped ones.\n", packs, rules, ran, b.Version); err != nil {
		return err
	}
	for _, id := range replaced {
		if _, err := fmt.Fprintf(e.Out, "Replaces the shipped rule %s.\n", id); err != nil {
			return err
		}
	}
	return nil
}

// problems prints every problem on a line of its own and gives exit code 1.
func problems(e *env, err error) error {
	var list []error
	var walk func(error)
	walk = func(err error) {
		switch u := err.(type) { //nolint:errorlint // it takes a tree of errors apart
		case interface{ Unwrap() []error }:
			for _, inner := range u.Unwrap() {
				walk(inner)
			}
		default:
			if inner := errors.Unwrap(err); inner != nil && !errors.As(err, new(*fs.PathError)) {
				walk(inner)
				return
			}
			list = append(list, err)
		}
	}
	walk(err)
	for _, p := range list {
		fmt.Fprintln(e.Err, message(p))
	}
	return exitError(exitFailed)
}
