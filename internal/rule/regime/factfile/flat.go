package factfile

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/wakebell/wakebell/internal/rule/deadline"
	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/rule/regime/headcount"
	"github.com/wakebell/wakebell/internal/rule/regime/suppose"
)

// Flat reads a file of flat vectors and runs them: each names a rule, the times its
// clock may start at, and what must come out. What it leaves out is understood to be
// such that the rule's conditions hold; any fact, moment or kind of entity may be named
// to say otherwise. It returns how many ran and what went otherwise, with file and line.
func Flat(b *regime.Book, name string, text []byte) (ran int, errs []error) {
	var doc struct{ Vectors []yaml.Node }
	if len(text) > maxFile {
		return 0, []error{regime.Problem{File: name, Reason: fmt.Sprintf("larger than %d KB", maxFile>>10)}}
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return 0, []error{regime.Problem{File: name, Reason: strings.TrimPrefix(err.Error(), "yaml: ")}}
	}
	for i := range doc.Vectors {
		n := &doc.Vectors[i]
		v, err := flatOf(b, n)
		if err == nil {
			ran++
			err = v.run()
		}
		if err != nil {
			errs = append(errs, regime.Problem{File: name, Line: n.Line, Rule: v.text["id"], Reason: err.Error()})
		}
	}
	if ran == 0 && len(errs) == 0 {
		errs = append(errs, regime.Problem{File: name, Reason: "holds no vectors"})
	}
	return ran, errs
}

// flat is one vector while it is read.
type flat struct {
	book *regime.Book
	rule *regime.Rule
	text map[string]string // scalars as they are written
	list map[string][]string
	zone string
	file File
}

// aliases are other words for moments and facts.
var aliases = map[string]string{"classified": "classified_major", "improper_purpose": "malicious", "attack": "malicious"}

// words are the fields that name neither a fact nor a moment.
var words = []string{
	"id", "rule", "tz", "entity", "country", "due", "status", "applies", "triggered", "note", "raw", "wrong_naive", "advisory_1182_71_end", "options_h",
	"residents", "persons", "individuals", "submitted", "sent", "consumers_notified", "residents_notified", "individuals_notified", "persons_notified",
}

// capitals are the countries of zones in the Union, for its holidays.
var capitals = map[string]string{
	"Europe/Berlin": "DE", "Europe/Paris": "FR", "Europe/Madrid": "ES", "Europe/Rome": "IT", "Europe/Brussels": "BE", "Europe/Amsterdam": "NL", "Europe/Dublin": "IE",
	"Europe/Luxembourg": "LU", "Europe/Warsaw": "PL", "Europe/Lisbon": "PT", "Europe/Stockholm": "SE", "Europe/Copenhagen": "DK", "Europe/Helsinki": "FI", "Europe/Athens": "GR",
	"Europe/Prague": "CZ", "Europe/Budapest": "HU", "Europe/Bucharest": "RO", "Europe/Sofia": "BG", "Europe/Oslo": "NO", "Europe/Vienna": "AT", "Europe/Bratislava": "SK",
	"Europe/Ljubljana": "SI", "Europe/Zagreb": "HR", "Europe/Riga": "LV", "Europe/Vilnius": "LT", "Europe/Tallinn": "EE", "Europe/Malta": "MT", "Asia/Nicosia": "CY",
}

func flatOf(b *regime.Book, n *yaml.Node) (flat, error) {
	v := flat{book: b, text: map[string]string{}, list: map[string][]string{}}
	var fields map[string]yaml.Node
	if err := n.Decode(&fields); err != nil {
		return v, errors.New("a vector is a list of fields")
	}
	for name, value := range fields {
		switch value.Kind {
		case yaml.ScalarNode:
			v.text[cmp.Or(aliases[name], name)] = value.Value
		case yaml.SequenceNode:
			var list []string
			if err := value.Decode(&list); err != nil {
				return v, fmt.Errorf("%s: a list of words", name)
			}
			v.list[name] = list
		default:
			return v, fmt.Errorf("%s: a word, a number, a time, or a list", name)
		}
	}
	versions := b.Versions(v.text["rule"])
	if len(versions) == 0 {
		return v, fmt.Errorf("rule: %q is no rule of any pack", v.text["rule"])
	}
	v.rule = versions[len(versions)-1]
	v.zone = cmp.Or(v.text["tz"], v.rule.Zone())
	return v, v.facts()
}

// facts makes the facts file a vector stands for.
func (v *flat) facts() error {
	v.file = File{Zone: v.zone, Moments: map[string]string{}, Sent: map[string]string{}, Known: map[string]any{}, Persons: map[string]Persons{}}
	is := map[string]bool{v.rule.Owes[0]: true}
	latest, first := "", ""
	for name, text := range v.text {
		_, moment := v.book.Moments[name]
		fact, known := v.book.Facts[name]
		_, kind := v.book.Kinds[name]
		switch {
		case slices.Contains(words, name):
		case moment:
			v.file.Moments[name] = text
			if first == "" || text < first {
				first = text
			}
		case known && fact.Type == "yes_no" || kind:
			yes, err := strconv.ParseBool(text)
			if err != nil {
				return fmt.Errorf("%s: true or false", name)
			}
			if v.file.Known[name] = yes; kind {
				delete(v.file.Known, name)
				is[name] = yes
			}
		case known && fact.Type == "number":
			n, err := strconv.Atoi(text)
			if err != nil {
				return fmt.Errorf("%s: a whole number", name)
			}
			v.file.Known[name] = n
		case known:
			v.file.Known[name] = text
		default:
			return fmt.Errorf("%s: no fact, moment or kind of entity, and no field of a vector", name)
		}
	}
	for name, list := range v.list {
		if _, known := v.book.Facts[name]; known {
			v.file.Known[name] = list
		}
	}
	for _, name := range []string{"submitted", "sent", "consumers_notified", "residents_notified", "individuals_notified", "persons_notified"} {
		latest = cmp.Or(latest, v.text[name])
	}
	if latest != "" {
		id := cmp.Or(strings.TrimPrefix(v.rule.Start, "sent:"), v.rule.Deadline.Of)
		if id == v.rule.Start {
			id = v.rule.Deadline.Of
		}
		if id == "" {
			return fmt.Errorf("%s counts from no other notice", v.rule.ID)
		}
		v.file.Sent[id] = latest
	}
	for _, name := range suppose.Begins(v.book, v.rule.ID) {
		if v.file.Moments[name] == "" {
			v.file.Moments[name] = cmp.Or(first, latest, "2026-01-05")
		}
	}
	v.file.Known = suppose.Known(v.book, v.rule.ID, v.file.Known)
	v.kinds(is)
	v.file.Entities = []Entity{{ID: "entity", Country: v.country(), Zone: v.text["tz"], Is: is}}
	return v.persons()
}

// kinds reads what an entity is out of a few words: "payment institution, not NIS2".
func (v *flat) kinds(is map[string]bool) {
	said := strings.ToLower(v.text["entity"])
	for kind, signs := range map[string][]string{
		"credit_institution": {"credit institution", "bank"}, "central_counterparty": {"ccp", "central counterparty"}, "trading_venue": {"trading venue"},
		"essential_entity": {"essential entity", "nis2"}, "important_entity": {"important entity"},
	} {
		for _, sign := range signs {
			if strings.Contains(said, sign) && v.book.Kinds[kind].Words != "" {
				is[kind] = !strings.Contains(said, "not "+sign) && !strings.Contains(said, "not a "+sign)
			}
		}
	}
}

func (v *flat) country() string {
	country := cmp.Or(v.text["country"], v.rule.Jurisdiction)
	if members := v.book.Groups[country]; len(members) > 0 {
		country = cmp.Or(capitals[v.zone], "AT")
	}
	country, _, _ = strings.Cut(country, "-")
	if !headcount.Place(country) {
		return "DE" // rules of contracts have no country
	}
	return country
}

// persons are those the vector names, or as many as the bounds ask for.
func (v *flat) persons() error {
	where := v.rule.Jurisdiction
	if len(v.book.Groups[where]) > 0 {
		where = v.country()
	}
	if !headcount.Place(where) {
		return nil
	}
	if where == "US" {
		where = "US-NY" // bounds of one state are met in one
	}
	n := int64(10)
	for id := v.rule.ID; id != ""; {
		list := v.book.Versions(id)
		r := list[len(list)-1]
		switch t := r.Threshold; {
		case t == nil:
		case t.FewerThan > 0:
			n = min(n, t.FewerThan-1)
		default:
			n = max(n, t.MoreThan+1, t.AtLeast)
		}
		id = r.Follows
	}
	for _, name := range []string{"residents", "persons", "individuals"} {
		if text := v.text[name]; text != "" {
			var err error
			if n, err = strconv.ParseInt(text, 10, 64); err != nil {
				return fmt.Errorf("%s: a whole number", name)
			}
		}
	}
	v.file.Persons[where] = Persons{n, n, &n}
	return nil
}

func (v *flat) run() error {
	facts, err := v.file.Facts()
	if err != nil {
		return err
	}
	if errs := v.book.Check(facts); len(errs) > 0 {
		return errors.Join(errs...)
	}
	due, zone := v.text["due"], facts.Entities[0].Zone
	if zone == nil {
		zone, _ = time.LoadLocation(v.zone) // File.Facts has read it
	}
	if hours := v.list["options_h"]; len(hours) > 0 {
		return v.shortest(hours, facts)
	}
	eval, err := v.book.Evaluate(facts)
	if err != nil {
		return err
	}
	o := &eval.Outcomes[slices.IndexFunc(eval.Outcomes, func(o regime.Outcome) bool { return o.Rule.ID == v.rule.ID })]
	if want := v.status(); o.Status != want {
		return fmt.Errorf("%s, want %s. %s", o.Status, want, o.Reason())
	}
	if note := v.text["advisory_1182_71_end"]; note != "" {
		at, err := instant(note, zone)
		if err != nil || !strings.Contains(o.Due.Reason(), at.In(zone).Format(time.RFC3339)) {
			return fmt.Errorf("%s: no note of %s", o.Due.Reason(), note)
		}
	}
	if due == "" || none(due) {
		return nil
	}
	if at, err := instant(due, zone); err == nil {
		if !o.Due.At.Equal(at) {
			return fmt.Errorf("due %s, want %s (%s)", o.Due.At.In(zone).Format(time.RFC3339), due, o.Due.Reason())
		}
		return nil
	}
	if got := dueText(o, due); got != due {
		return fmt.Errorf("due %s, want %s (%s)", got, due, o.Due.Reason())
	}
	return nil
}

func none(due string) bool { return slices.Contains([]string{"none", "null", "~"}, due) }

// status is the outcome a vector asks for: required, unless it says otherwise.
func (v *flat) status() regime.Status {
	if v.text["applies"] == "false" || v.text["triggered"] == "false" || none(v.text["due"]) && v.text["status"] == "" {
		return regime.NotRequired
	}
	return cmp.Or(regime.Status(v.text["status"]), regime.Required)
}

// shortest compares the hours of contracts.
func (v *flat) shortest(hours []string, facts regime.Facts) error {
	var all []deadline.Candidate
	for _, name := range slices.Sorted(maps.Keys(v.file.Moments)) {
		start := facts.Moments[name]
		if v.text[name] == "" {
			continue
		}
		for _, text := range hours {
			h, err := strconv.Atoi(text)
			if err != nil {
				return errors.New("options_h: whole hours")
			}
			all = append(all, deadline.NewCandidate(deadline.Contract, text+" h", name, start, deadline.Hours(h)))
		}
	}
	all, win := deadline.Shortest(all)
	at, err := instant(v.text["due"], time.UTC)
	if err != nil || win < 0 || !all[win].DueAt.Equal(at) {
		return fmt.Errorf("the shortest of %q is not due at %s", hours, v.text["due"])
	}
	return nil
}

// instant reads a time with an hour; without an offset it is one of the zone.
func instant(text string, zone *time.Location) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time", text)
}
