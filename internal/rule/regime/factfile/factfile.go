// Package factfile reads facts as people write them, for what-if questions and for
// the test vectors that rule packs bring. It serves policy 000 as part of the rules
// of the law. Pure: it must not import a clock, a context, SQL, network or file
// access.
package factfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/wakebell/wakebell/internal/rule/deadline"
	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/rule/regime/node"
)

// File is how facts are written in a file or a request: YAML or JSON. Times
// are RFC 3339; without an offset they are local times of Zone. Of moments and notices
// the date alone will do: it is that day wherever a rule counts.
type File struct {
	At       string             `yaml:"at" json:"at,omitempty"`
	Zone     string             `yaml:"zone" json:"zone,omitempty"` // "Europe/Berlin"; "" = UTC
	Moments  map[string]string  `yaml:"moments" json:"moments,omitempty"`
	Known    map[string]any     `yaml:"known" json:"known,omitempty"`
	Persons  map[string]Persons `yaml:"persons" json:"persons,omitempty"` // by ISO 3166 code, or "unknown"
	Sent     map[string]string  `yaml:"sent" json:"sent,omitempty"`
	Hold     *Hold              `yaml:"hold" json:"hold,omitempty"`
	Entities []Entity           `yaml:"entities" json:"entities,omitempty"`
}

// Entity is one legal entity.
type Entity struct {
	ID      string            `yaml:"id" json:"id"`
	Name    string            `yaml:"name" json:"name,omitempty"`
	Country string            `yaml:"country" json:"country,omitempty"`
	Zone    string            `yaml:"zone" json:"zone,omitempty"`
	Is      map[string]bool   `yaml:"is" json:"is,omitempty"`
	Known   map[string]any    `yaml:"known" json:"known,omitempty"`
	Moments map[string]string `yaml:"moments" json:"moments,omitempty"`
	Sent    map[string]string `yaml:"sent" json:"sent,omitempty"`
}

// Hold is a request of law enforcement to delay notices.
type Hold struct {
	Since    string `yaml:"since" json:"since"`
	Released string `yaml:"released" json:"released,omitempty"`
}

// Persons is a number, or {min, estimate, max}.
type Persons struct {
	Min, Max int64
	Estimate *int64
}

type personsWire struct {
	Min      int64  `yaml:"min" json:"min"`
	Estimate *int64 `yaml:"estimate" json:"estimate,omitempty"`
	Max      int64  `yaml:"max" json:"max"`
}

// Wire is the long form.
func (Persons) Wire() any { return personsWire{} }

// UnmarshalYAML reads 40 or {min: 20, estimate: 40, max: 60}.
func (p *Persons) UnmarshalYAML(n *yaml.Node) error {
	return p.read(n.Kind == yaml.ScalarNode, n.Decode)
}

// UnmarshalJSON reads 40 or {"min": 20, "estimate": 40, "max": 60}.
func (p *Persons) UnmarshalJSON(b []byte) error {
	return p.read(len(b) > 0 && b[0] != '{', func(v any) error { return json.Unmarshal(b, v) })
}

func (p *Persons) read(number bool, decode func(any) error) error {
	if number {
		var n int64
		if err := decode(&n); err != nil {
			return errors.New("persons: a number, or {min, estimate, max}")
		}
		*p = Persons{n, n, &n}
		return nil
	}
	var w personsWire
	if err := decode(&w); err != nil {
		return errors.New("persons: a number, or {min, estimate, max}")
	}
	*p = Persons{w.Min, w.Max, w.Estimate}
	return nil
}

// MarshalJSON writes what UnmarshalJSON reads.
func (p Persons) MarshalJSON() ([]byte, error) {
	return json.Marshal(personsWire{p.Min, p.Estimate, p.Max})
}

// maxFile bounds a facts file, in bytes.
const maxFile = 1 << 20

// Read reads YAML or JSON strictly: an unknown field is refused, with its line.
func Read(text []byte) (f File, err error) {
	if len(text) > maxFile {
		return f, fmt.Errorf("facts: larger than %d KB", maxFile>>10)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return f, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 {
		return f, errors.New("there are no facts in it")
	}
	if bad := node.Unknown(doc.Content[0], f); bad != nil {
		return f, fmt.Errorf("line %d: %q is no field here", bad.Line, bad.Value)
	}
	if err := doc.Content[0].Decode(&f); err != nil {
		return f, errors.New(strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " "))
	}
	return f, nil
}

// Facts reads the file. The error names the field.
func (w File) Facts() (regime.Facts, error) {
	zone, err := time.LoadLocation(w.Zone)
	if err != nil {
		return regime.Facts{}, fmt.Errorf("zone: %q is no time zone; use a name like Europe/Berlin", w.Zone)
	}
	r := reader{zone: zone}
	f := regime.Facts{
		At: r.time("at", w.At), Moments: r.times("moments", w.Moments), Sent: r.times("sent", w.Sent), Known: r.known("known", w.Known),
		Persons: map[string]regime.Persons{},
	}
	for where, p := range w.Persons {
		estimate := int64(-1)
		if p.Estimate != nil {
			estimate = *p.Estimate
		}
		f.Persons[where] = regime.Persons{Min: p.Min, Estimate: estimate, Max: p.Max}
	}
	if w.Hold != nil {
		times := r.times("hold", map[string]string{"since": w.Hold.Since, "released": w.Hold.Released})
		f.Hold = &regime.HoldFact{Since: times["since"], Released: times["released"]}
	}
	for _, e := range w.Entities {
		own := r
		entity := regime.Entity{ID: e.ID, Name: e.Name, Country: e.Country, Is: e.Is}
		if e.Zone != "" {
			if entity.Zone, err = time.LoadLocation(e.Zone); err != nil {
				return regime.Facts{}, fmt.Errorf("entities.%s.zone: %q is no time zone", e.ID, e.Zone)
			}
			own.zone = entity.Zone
		}
		at := "entities." + e.ID + "."
		entity.Known, entity.Moments, entity.Sent = own.known(at+"known", e.Known), own.times(at+"moments", e.Moments), own.times(at+"sent", e.Sent)
		r.err = errors.Join(r.err, own.err)
		f.Entities = append(f.Entities, entity)
	}
	return f, r.err
}

// reader collects what cannot be read, and keeps dates as dates where dated is set.
type reader struct {
	zone  *time.Location
	err   error
	dated bool
}

func (r *reader) time(field, text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		if r.dated {
			return day.In(regime.Dated)
		}
		return deadline.DayOf(day, time.UTC).Begin(r.zone)
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04"} {
		t, err := time.ParseInLocation(layout, text, r.zone)
		switch {
		case err != nil:
		case t.Format(layout) != text:
			r.err = errors.Join(r.err, fmt.Errorf("%s: the clocks of %s skipped %s; write it with its offset", field, r.zone, text))
			return time.Time{}
		default:
			return deadline.First(t)
		}
	}
	r.err = errors.Join(r.err, fmt.Errorf("%s: %q is no time; write 2026-11-21T14:25:00+01:00", field, text))
	return time.Time{}
}

func (r *reader) times(field string, in map[string]string) map[string]time.Time {
	out := make(map[string]time.Time, len(in))
	r.dated = true
	defer func() { r.dated = false }()
	for name, text := range in {
		if t := r.time(field+"."+name, text); !t.IsZero() {
			out[name] = t
		}
	}
	return out
}

// known brings numbers and lists to the Go types of Facts.Known. null is not known.
func (r *reader) known(field string, in map[string]any) map[string]any {
	out := make(map[string]any, len(in))
	for name, v := range in {
		switch v := v.(type) {
		case nil:
		case int:
			out[name] = int64(v)
		case float64:
			if v != math.Trunc(v) || math.Abs(v) > 1<<53 {
				r.err = errors.Join(r.err, fmt.Errorf("%s.%s: a whole number", field, name))
				continue
			}
			out[name] = int64(v)
		case []any:
			list := make([]string, 0, len(v))
			for _, item := range v {
				s, ok := item.(string)
				if !ok {
					r.err = errors.Join(r.err, fmt.Errorf("%s.%s: a list of words", field, name))
				}
				list = append(list, s)
			}
			slices.Sort(list)
			out[name] = list
		default:
			out[name] = v
		}
	}
	return out
}
