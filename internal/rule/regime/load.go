package regime

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/wakebell/wakebell/internal/rule/deadline"
	"github.com/wakebell/wakebell/internal/rule/regime/node"
	"github.com/wakebell/wakebell/internal/rule/regime/sentence"
	"github.com/wakebell/wakebell/internal/rule/regime/source"
	"github.com/wakebell/wakebell/internal/rule/regime/term"
)

// maxRules bounds a book.
const maxRules = 5000

// Book is everything Load has read: the rules and the words they are written in.
// It does not change after Load.
type Book struct {
	Version    string // of all files together: the first 12 hex digits of their SHA-256
	Packs      []Pack
	Facts      map[string]Fact
	Kinds      map[string]Kind
	Moments    map[string]Moment
	Content    map[string]string   // what a notice may have to contain, in words
	Groups     map[string][]string // of jurisdictions: EU, EEA
	Rules      []*Rule             // in the order of files and lines, all versions
	conditions []*condition
	shared     map[string]*condition
	versions   map[string][]*Rule
	order      []string       // ids, each after those it depends on
	places     map[string]int // of the ids in it
	calendars  map[string]*deadline.Calendar
	Vectors    []VectorNode // tests the packs bring, for package factfile
}

// Pack is one file.
type Pack struct {
	ID           string
	Title        string
	Version      string
	Jurisdiction string
	File         string
	Rules        int
	Sum          string // the first 12 hex digits of its SHA-256
	Operator     bool   // not shipped
}

// condition is a compiled test with its words.
type condition struct {
	*term.Condition
	index        int // in Book.conditions
	text         string
	holds, fails string
}

// VectorNode is a test vector as it stands in its file.
type VectorNode struct {
	Node     yaml.Node
	File     string
	Line     int
	Operator bool
}

// Source is a place packs are read from. Later ones win by rule id.
type Source struct {
	FS       fs.FS
	Operator bool // the operator's own: may replace shipped rules
}

// Problem is what is wrong in a pack, and where.
type Problem = source.Problem

// file is the YAML of a pack.
type file struct {
	Pack         string              `yaml:"pack"`
	Title        string              `yaml:"title"`
	Version      string              `yaml:"version"`
	Jurisdiction string              `yaml:"jurisdiction"`
	Reach        Reach               `yaml:"reach"`
	Zone         string              `yaml:"zone"`
	Calendar     string              `yaml:"calendar"`
	Instrument   string              `yaml:"instrument"`
	Source       string              `yaml:"source"`
	Sure         Sureness            `yaml:"sure"`
	Review       string              `yaml:"review"`
	Counting     string              `yaml:"counting"`
	Groups       map[string][]string `yaml:"groups"`
	Kinds        map[string]Kind     `yaml:"kinds"`
	Facts        map[string]Fact     `yaml:"facts"`
	Moments      map[string]Moment   `yaml:"moments"`
	Content      map[string]string   `yaml:"content"`
	Conditions   map[string]Test     `yaml:"conditions"`
	Rules        []Rule              `yaml:"rules"`
	Vectors      []yaml.Node         `yaml:"vectors"`
	node         *yaml.Node
	name         string
	operator     bool
}

// loader collects what is wrong while it reads.
type loader struct {
	book     *Book
	env      *term.Env
	files    []*file
	problems []error
}

func (l *loader) wrong(f *file, line int, rule, format string, args ...any) {
	l.problems = append(l.problems, Problem{File: f.name, Line: line, Rule: rule, Reason: fmt.Sprintf(format, args...)})
}

// Load reads every *.yaml file at the top of each source. It returns the book, or
// everything that is wrong as one error of joined Problems.
func Load(calendars map[string]*deadline.Calendar, sources ...Source) (*Book, error) {
	l := &loader{
		book: &Book{
			Facts: map[string]Fact{}, Kinds: map[string]Kind{}, Moments: map[string]Moment{}, Content: map[string]string{},
			Groups: map[string][]string{}, shared: map[string]*condition{}, versions: map[string][]*Rule{}, calendars: calendars,
		},
	}
	sum := sha256.New()
	for _, s := range sources {
		l.read(s, sum)
	}
	l.words()
	var err error
	if l.env, err = term.Environment(l.book.Facts); err != nil {
		return nil, err
	}
	for _, f := range l.files {
		l.conditions(f)
	}
	for _, f := range l.files {
		l.rules(f)
	}
	l.override()
	l.versions()
	l.sort()
	if len(l.problems) > 0 {
		return nil, errors.Join(l.problems...)
	}
	l.book.Version = hex.EncodeToString(sum.Sum(nil))[:12]
	return l.book, nil
}

func (l *loader) read(s Source, sum io.Writer) {
	texts, problems := source.Read(s.FS)
	l.problems = append(l.problems, problems...)
	for _, t := range texts {
		_, _ = fmt.Fprintf(sum, "%s %d\n", t.Name, len(t.Text))
		_, _ = sum.Write(t.Text)
		if t.Node == nil {
			continue
		}
		f := &file{name: t.Name, operator: s.Operator, node: t.Node}
		if unknown := node.Unknown(f.node, *f); unknown != nil {
			l.wrong(f, unknown.Line, "", "%q is no field here", unknown.Value)
			continue
		}
		if err := f.node.Decode(f); err != nil {
			l.problems = append(l.problems, source.Problems(f.name, err)...)
			continue
		}
		if f.Pack == "" {
			l.wrong(f, 1, "", "pack: the name of the pack is missing")
			continue
		}
		l.files = append(l.files, f)
		l.book.Packs = append(l.book.Packs, Pack{
			ID: f.Pack, Title: f.Title, Version: f.Version, Jurisdiction: f.Jurisdiction, File: f.name, Rules: len(f.Rules), Operator: f.operator,
			Sum: digest(t.Text),
		})
	}
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])[:12]
}

// words gathers the vocabulary of all files; a word is defined once.
func (l *loader) words() {
	b := l.book
	for _, f := range l.files {
		merge(l, f, "facts", b.Facts, f.Facts)
		merge(l, f, "kinds", b.Kinds, f.Kinds)
		merge(l, f, "moments", b.Moments, f.Moments)
		merge(l, f, "content", b.Content, f.Content)
		merge(l, f, "groups", b.Groups, f.Groups)
	}
	for name, d := range b.Facts {
		d.Name = name
		b.Facts[name] = d
	}
	for _, f := range l.files {
		for _, name := range slices.Sorted(maps.Keys(f.Facts)) {
			if reason := f.Facts[name].Wrong(name); reason != "" {
				l.wrong(f, node.Line(f.node, "facts", name), "", "fact %s: %s", name, reason)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(f.Moments)) {
			if shows := f.Moments[name].Shows; shows != "" && b.Facts[shows].Type != term.YesNo {
				l.wrong(f, node.Line(f.node, "moments", name), "", "moment %s: shows: %q is no yes_no fact of any pack", name, shows)
			}
			for _, earlier := range f.Moments[name].After {
				if _, ok := b.Moments[earlier]; !ok {
					l.wrong(f, node.Line(f.node, "moments", name), "", "moment %s: after: %q is no moment of any pack", name, earlier)
				}
			}
		}
	}
}

func merge[T any](l *loader, f *file, section string, into, from map[string]T) {
	for _, name := range slices.Sorted(maps.Keys(from)) {
		if _, twice := into[name]; twice {
			l.wrong(f, node.Line(f.node, section, name), "", "%s: %q is defined twice", section, name)
		}
		into[name] = from[name]
	}
}

func (l *loader) conditions(f *file) {
	for _, name := range slices.Sorted(maps.Keys(f.Conditions)) {
		line := node.Line(f.node, "conditions", name)
		if _, twice := l.book.shared[name]; twice {
			l.wrong(f, line, "", "condition %q is defined twice", name)
			continue
		}
		t := f.Conditions[name]
		if t.Holds == "" || t.Fails == "" {
			l.wrong(f, line, "", "condition %q needs words for when it holds and when it fails", name)
		}
		if c := l.compile(f, line, "", t); c != nil {
			l.book.shared[name] = c
		}
	}
}

func (l *loader) compile(f *file, line int, rule string, t Test) *condition {
	compiled, err := l.env.Compile(t.If)
	if err != nil {
		l.wrong(f, line, rule, "if: %v", err)
		return nil
	}
	c := &condition{Condition: compiled, text: t.If, holds: t.Holds, fails: t.Fails, index: len(l.book.conditions)}
	l.book.conditions = append(l.book.conditions, c)
	return c
}

// test binds a test to its condition.
func (l *loader) test(f *file, line int, rule string, t *Test) {
	switch {
	case t.Name != "" && t.If != "":
		l.wrong(f, line, rule, "a condition has a name or an expression, not both")
	case t.Name != "":
		if t.cond = l.book.shared[t.Name]; t.cond == nil {
			l.wrong(f, line, rule, "%q is no condition of any pack", t.Name)
			return
		}
		t.If, t.Holds, t.Fails = t.cond.text, t.cond.holds, t.cond.fails
	case t.Holds == "" || t.Fails == "":
		l.wrong(f, line, rule, "a condition needs words for when it holds and when it fails")
	default:
		t.cond = l.compile(f, line, rule, *t)
	}
}

func (l *loader) rules(f *file) {
	zone := time.UTC
	if f.Zone != "" {
		var err error
		if zone, err = time.LoadLocation(f.Zone); err != nil {
			l.wrong(f, node.Line(f.node, "zone"), "", "zone: %q is no time zone; use a name like Europe/Berlin", f.Zone)
			return
		}
	}
	for i := range f.Rules {
		r := &f.Rules[i]
		r.Pack, r.PackVersion, r.File, r.Line = f.Pack, f.Version, f.name, node.Line(f.node, "rules", i)
		r.zone, r.operator = zone, f.operator
		r.Counting = or(r.Counting, f.Counting)
		r.Instrument, r.Source, r.Review = or(r.Instrument, f.Instrument), or(r.Source, f.Source), or(r.Review, f.Review)
		r.Jurisdiction, r.Reach, r.Sure = or(r.Jurisdiction, f.Jurisdiction), or(r.Reach, f.Reach, Either), or(r.Sure, f.Sure)
		r.Status, r.Stage = or(r.Status, InForce), or(r.Stage, "single")
		r.Deadline.Calendar = or(r.Deadline.Calendar, f.Calendar)
		_, group := l.book.Groups[r.Jurisdiction]
		r.Place = sentence.Place(r.Jurisdiction, group)
		l.rule(f, r)
		l.book.Rules = append(l.book.Rules, r)
	}
	for i, v := range f.Vectors {
		l.book.Vectors = append(l.book.Vectors, VectorNode{v, f.name, node.Line(f.node, "vectors", i), f.operator})
	}
	if len(l.book.Rules) > maxRules {
		l.wrong(f, 0, "", "more than %d rules", maxRules)
	}
}

func or[T comparable](values ...T) T {
	var zero T
	for _, v := range values {
		if v != zero {
			return v
		}
	}
	return zero
}

// override lets the operator's rules replace shipped ones of the same id.
func (l *loader) override() {
	operator, shipped := map[string]bool{}, map[string]bool{}
	for _, r := range l.book.Rules {
		if r.operator {
			operator[r.ID] = true
		} else {
			shipped[r.ID] = true
		}
	}
	l.book.Rules = slices.DeleteFunc(l.book.Rules, func(r *Rule) bool { return operator[r.ID] && !r.operator })
	for _, r := range l.book.Rules {
		r.Override = r.operator && shipped[r.ID]
	}
}
