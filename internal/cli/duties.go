package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/rule/deadline"
	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/rule/regime/factfile"
)

// dutiesCmd lists the duties of the server like duty ls, or with --facts says what
// the law would ask: without a server, without a database.
type dutiesCmd struct {
	dutyLs
	packsFlag
	Facts string `arg:"--facts" help:"What if: judge the rules by the facts in this file, YAML or JSON; - reads them from standard input. Needs no server." placeholder:"FILE"`
	At    string `arg:"--at" help:"With --facts: the instant of the judgement, with zone; default the file's, else now." placeholder:"TIME"`
	All   bool   `arg:"--all" help:"With --facts: print what is not required as well. JSON always has all."`
}

// maxFacts is how much of a facts file is read, in bytes; factfile bounds it.
const maxFacts = 2 << 20

// Run lists or judges.
func (c *dutiesCmd) Run(e *env) error {
	if c.Facts == "" {
		return c.dutyLs.Run(e)
	}
	at, err := parseTime("at", c.At)
	if err != nil {
		return err
	}
	b, err := c.book(e)
	if err != nil {
		return problems(e, err)
	}
	facts, err := c.read(e, b)
	if err != nil {
		return err
	}
	switch {
	case at != nil:
		facts.At = *at
	case facts.At.IsZero():
		facts.At = clock.System().Now()
	}
	eval, err := b.Evaluate(facts)
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(judged(eval, facts))
	}
	return c.print(e, eval, facts)
}

// read reads the facts and refuses what is unknown or contradicts itself, naming
// the field.
func (c *dutiesCmd) read(e *env, b *regime.Book) (regime.Facts, error) {
	in, err := e.open(c.Facts)
	if err != nil {
		return regime.Facts{}, err
	}
	defer in.Close()
	name := c.Facts
	if name == "-" {
		name = "standard input"
	}
	text, err := io.ReadAll(io.LimitReader(in, maxFacts))
	if err != nil {
		return regime.Facts{}, fmt.Errorf("read %s: %w", name, err)
	}
	file, err := factfile.Read(text)
	if err != nil {
		return regime.Facts{}, fmt.Errorf("%s: %w", name, err)
	}
	facts, err := file.Facts()
	if err == nil {
		err = errors.Join(b.Check(facts)...)
	}
	if err != nil {
		return facts, fmt.Errorf("%s: %w", name, err)
	}
	return facts, nil
}

// judgedWire is a what-if as JSON.
type judgedWire struct {
	At        time.Time      `json:"at"`
	Packs     string         `json:"packs"`
	Counts    map[string]int `json:"counts"`
	Duties    []outcomeWire  `json:"duties"`
	Questions []questionWire `json:"questions"`
	Notice    string         `json:"notice"`
}

// questionWire is one thing that is not known; those whose answer settles most come
// first.
type questionWire struct {
	Name     string   `json:"name"`
	Text     string   `json:"text"`
	Settles  int      `json:"settles"`
	Waiting  int      `json:"waiting"`
	Entities []string `json:"entities,omitempty"`
}

// outcomeWire is one rule judged for one entity.
type outcomeWire struct {
	Rule         string                   `json:"rule"`
	Entity       string                   `json:"entity"`
	Outcome      regime.Status            `json:"outcome"`
	Jurisdiction string                   `json:"jurisdiction"`
	To           string                   `json:"to"`
	ToName       string                   `json:"to_name,omitempty"`
	Stage        string                   `json:"stage"`
	Due          *string                  `json:"due"`           // RFC 3339 in Zone; null: no instant can be said
	Day          string                   `json:"day,omitempty"` // where the law names a day
	Zone         string                   `json:"zone,omitempty"`
	Counted      string                   `json:"counted,omitempty"`
	Expected     bool                     `json:"expected,omitempty"`
	Held         bool                     `json:"held,omitempty"`
	Start        string                   `json:"start,omitempty"`
	StartAt      *time.Time               `json:"start_at,omitempty"`
	Candidates   []deadline.Candidate     `json:"candidates,omitempty"`
	Basis        string                   `json:"basis"`
	Source       string                   `json:"source"`
	Certainty    string                   `json:"certainty"`
	Unverified   bool                     `json:"unverified"`
	Status       string                   `json:"status"`
	ValidFrom    string                   `json:"valid_from,omitempty"`
	ValidUntil   string                   `json:"valid_until,omitempty"`
	Pack         string                   `json:"pack"`
	PackVersion  string                   `json:"pack_version"`
	Override     bool                     `json:"override,omitempty"`
	Reason       string                   `json:"reason"`
	Open         []string                 `json:"open_exemptions,omitempty"`
	Missing      []string                 `json:"missing"`
	Notes        []string                 `json:"notes"`
	Content      []string                 `json:"content,omitempty"`
	Spread       map[string]regime.Status `json:"spread,omitempty"`
}

func judged(eval regime.Evaluation, facts regime.Facts) judgedWire {
	w := judgedWire{
		At: facts.At.UTC(), Packs: eval.Book.Version, Counts: map[string]int{}, Duties: make([]outcomeWire, len(eval.Outcomes)),
		Questions: []questionWire{}, Notice: notAdvice,
	}
	for _, q := range eval.Questions() {
		w.Questions = append(w.Questions, questionWire{q.Name, q.Text, q.Settles, q.Waiting, q.Entities})
	}
	for i := range eval.Outcomes {
		o := &eval.Outcomes[i]
		w.Counts[string(o.Status)]++
		w.Duties[i] = outcome(o)
	}
	return w
}

func outcome(o *regime.Outcome) outcomeWire {
	r := o.Rule
	w := outcomeWire{
		Rule: r.ID, Entity: o.Entity, Outcome: o.Status, Jurisdiction: r.Jurisdiction, To: string(r.To), ToName: r.ToName, Stage: r.Stage,
		Basis: r.Basis(), Source: r.Source, Certainty: string(r.Sure), Unverified: r.Unverified(), Status: string(r.Status),
		ValidFrom: r.Valid.From, ValidUntil: r.Valid.Until, Pack: r.Pack, PackVersion: r.PackVersion, Override: r.Override,
		Reason: o.Reason(), Open: o.Open(), Missing: o.Missing, Notes: []string{}, Content: r.Content,
	}
	if w.Missing == nil {
		w.Missing = []string{}
	}
	for _, note := range []string{r.Note, r.Review} {
		if note != "" {
			w.Notes = append(w.Notes, note)
		}
	}
	if s := o.Spread; s != nil {
		w.Spread = map[string]regime.Status{"min": s.Min, "estimate": s.Estimate, "max": s.Maximum}
	}
	if d := o.Due; d != nil {
		w.Day, w.Zone, w.Counted, w.Expected, w.Held, w.Start, w.Candidates = d.Day, d.Zone, d.Words, d.Expected, d.Held, d.Start, d.Candidates
		w.Notes = append(slices.Clone(d.Notes), w.Notes...)
		if !d.StartAt.IsZero() {
			at := d.StartAt.UTC()
			w.StartAt = &at
		}
		if !d.At.IsZero() {
			text := inZone(d.At, d.Zone).Format(time.RFC3339)
			w.Due = &text
		}
	}
	return w
}

func inZone(at time.Time, zone string) time.Time {
	if z, err := time.LoadLocation(zone); err == nil {
		return at.In(z)
	}
	return at.UTC()
}

// print writes what is owed and what is open, the earliest due first, and how many
// are not shown.
func (c *dutiesCmd) print(e *env, eval regime.Evaluation, facts regime.Facts) error {
	var shown []*regime.Outcome
	counts := map[regime.Status]int{}
	for i := range eval.Outcomes {
		o := &eval.Outcomes[i]
		counts[o.Status]++
		if c.All || o.Status == regime.Required || o.Status == regime.NeedsFacts {
			shown = append(shown, o)
		}
	}
	rank := []regime.Status{regime.Required, regime.NeedsFacts, regime.NotEvaluated, regime.NotRequired}
	slices.SortStableFunc(shown, func(a, b *regime.Outcome) int {
		return cmp.Or(cmp.Compare(slices.Index(rank, a.Status), slices.Index(rank, b.Status)), dueFirst(a, b), cmp.Compare(a.Rule.ID, b.Rule.ID))
	})
	rows := make([][]string, len(shown))
	for i, o := range shown {
		sure := string(o.Rule.Sure)
		if o.Rule.Unverified() {
			sure = "UNVERIFIED"
		}
		rows[i] = []string{strings.ReplaceAll(string(o.Status), "_", " "), dueText(o), o.Rule.ID, o.Entity, sure, why(o)}
	}
	if err := e.table([]string{"OUTCOME", "DUE", "RULE", "ENTITY", "SURE", "WHY"}, 5, rows); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.Out, "\nJudged at %s with packs %s: %d required, %d need facts, %d not required, %d not evaluated.\n%s\n",
		facts.At.UTC().Format(time.RFC3339), eval.Book.Version, counts[regime.Required], counts[regime.NeedsFacts], counts[regime.NotRequired],
		counts[regime.NotEvaluated], notAdvice)
	return err
}

// dueFirst orders by due time; what has none comes last.
func dueFirst(a, b *regime.Outcome) int {
	at := func(o *regime.Outcome) time.Time {
		if o.Due == nil || o.Due.At.IsZero() {
			return time.Unix(1<<40, 0)
		}
		return o.Due.At
	}
	return at(a).Compare(at(b))
}

func dueText(o *regime.Outcome) string {
	switch {
	case o.Due == nil:
		return "-"
	case o.Due.Held:
		return "held"
	case o.Due.Waits():
		return "after " + strings.TrimPrefix(o.Due.Start, "sent:")
	case o.Due.At.IsZero():
		return "at once"
	}
	text := cmp.Or(o.Due.Day, inZone(o.Due.At, o.Due.Zone).Format(time.RFC3339))
	if o.Due.Expected {
		text += " expected"
	}
	return text
}

// why is how the due time was counted, or what failed or is missing.
func why(o *regime.Outcome) string {
	if o.Due != nil {
		return o.Due.Words + "; " + o.Rule.Basis()
	}
	return o.Because()
}
