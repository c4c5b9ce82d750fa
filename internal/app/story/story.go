// Package story lets the demo company live through a year before somebody looks at it:
// incidents that are over, incidents that are open, drills, alerts and reports. It
// reads them from the files of examples/demo/story and does every step through the
// services that the API and the screens call, as the person who does it, with that
// person's roles. The clock begins in the past and goes forward to the start; what
// falls due on the way (calls, reminders, alarms) arises as in life.
//
// It carries out no sentence of a policy: it shows them. It must not import a face, and
// writes no table.
package story

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/triage"
	"github.com/wakebell/wakebell/internal/detect/alert"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/notify/contact"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/form/filing"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/respond/escalation"
)

// House is the product the story happens in. Its clock stands still until it is moved.
type House struct {
	Clock      *clock.Clock
	DB         *store.DB
	Jobs       *job.Runner
	People     *who.Service
	Plans      *plan.Service
	Directory  *directory.Service
	Intake     *intake.Service
	Alerts     *alert.Service
	Incidents  *incident.Service
	Triage     *triage.Service
	Duties     *duty.Service
	Escalation *escalation.Service
	Notices    *notice.Service
	Dispatch   *dispatch.Service
	Filings    *filing.Service
	Contacts   *contact.Service
}

// file is one file of the story.
type file struct {
	Scenes []scene `yaml:"scenes"`
}

// scene is one thread of the story: an incident with its signals, or what is done to
// the directory and the plan.
type scene struct {
	Name  string    `yaml:"name"`
	Start string    `yaml:"start"` // "-402d 06:40" or "-47m": before the moment the story ends
	Steps yaml.Node `yaml:"steps"` // "+14m analyst note": what it says
}

// step is one thing a person does at its time.
type step struct {
	at    time.Time
	key   string // names the step for ever: what was done is not done again
	by    string
	verb  string
	args  *yaml.Node
	scene *thread
}

// thread is where a scene stands.
type thread struct {
	name     string
	start    time.Time
	signal   string // id of its newest signal
	incident string // id
}

// ErrStory says that the story itself is wrong, not the product.
var ErrStory = errors.New("story")

// Tell plays the story that ends at end. last is the newest entry of a telling that was
// cut off, zero for none: what lies before it is not done again.
func Tell(ctx context.Context, h House, files fs.FS, end, last time.Time) error {
	t := &teller{House: h, end: end, last: last, ids: map[string]who.Identity{}, threads: map[string]*thread{}}
	steps, err := t.read(files)
	if err != nil {
		return err
	}
	for _, s := range steps {
		if err := t.do(ctx, s); err != nil {
			return fmt.Errorf("%s, %s of %s at %s: %w", s.scene.name, s.verb, s.by, s.at.Format("2006-01-02 15:04"), err)
		}
	}
	return h.Jobs.Forward(ctx, end)
}

type teller struct {
	House
	end, last time.Time
	ids       map[string]who.Identity
	threads   map[string]*thread
}

// read gives all steps of all files in the order of their times.
func (t *teller) read(files fs.FS) ([]step, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	var all []step
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		var f file
		if err := yaml.Unmarshal(text, &f); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrStory, name, err)
		}
		for _, sc := range f.Scenes {
			steps, err := t.scene(sc)
			if err != nil {
				return nil, fmt.Errorf("%w: %s: %s: %w", ErrStory, name, sc.Name, err)
			}
			all = append(all, steps...)
		}
	}
	slices.SortStableFunc(all, func(a, b step) int { return a.at.Compare(b.at) })
	return all, nil
}

func (t *teller) scene(sc scene) ([]step, error) {
	start, err := instant(t.end, t.end, sc.Start)
	if err != nil {
		return nil, err
	}
	if t.threads[sc.Name] != nil {
		return nil, errors.New("there are two scenes of this name")
	}
	th := &thread{name: sc.Name, start: start}
	t.threads[sc.Name] = th
	var out []step
	for i := range sc.Steps.Content {
		n := sc.Steps.Content[i]
		if n.Kind != yaml.MappingNode || len(n.Content) != 2 {
			return nil, fmt.Errorf("line %d: a step is one line \"+14m person verb: …\"", n.Line)
		}
		words := strings.Fields(n.Content[0].Value)
		if len(words) != 3 {
			return nil, fmt.Errorf("line %d: a step begins with its time, a person and a verb", n.Line)
		}
		at, err := instant(t.end, start, words[0])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n.Line, err)
		}
		if at.After(t.end) {
			return nil, fmt.Errorf("line %d: lies after the end of the story", n.Line)
		}
		out = append(out, step{at: at, key: fmt.Sprintf("story/%s/%d", sc.Name, i+1), by: words[1], verb: words[2], args: n.Content[1], scene: th})
	}
	return out, nil
}

// do moves the clock to the step and does it. A step before the newest entry of a
// telling that was cut off is passed over, but for those that name the incident.
func (t *teller) do(ctx context.Context, s step) error {
	if s.at.Before(t.last) && !slices.Contains(births, s.verb) {
		return nil
	}
	if s.at.After(t.Clock.Now()) {
		if err := t.Jobs.Forward(ctx, s.at); err != nil {
			return err
		}
	}
	by, err := t.identity(ctx, s.by)
	if err != nil {
		return err
	}
	fn, ok := verbs[s.verb]
	if !ok {
		return fmt.Errorf("%w: there is no verb %q", ErrStory, s.verb)
	}
	return fn(t, keyed(ctx, s.key), by, s)
}

// keyed makes a write one that is done once, however often the story is told.
func keyed(ctx context.Context, key string) context.Context {
	return store.WithKey(ctx, key, sha256.Sum256([]byte(key)))
}

// again reports whether a step may have been done by a telling that was cut off.
func (t *teller) again(s step) bool { return !s.at.After(t.last) }

// machine is who sends alerts: the token of the monitoring, which belongs to no person.
const machine = "monitoring"

// identity is the person with the roles of the directory, as at a sign-in.
func (t *teller) identity(ctx context.Context, id string) (who.Identity, error) {
	if by, ok := t.ids[id]; ok {
		return by, nil
	}
	if id == machine {
		by, err := t.machine(ctx)
		t.ids[id] = by
		return by, err
	}
	p, err := t.People.PersonTx(ctx, t.DB, id)
	if err != nil {
		return who.Identity{}, err
	}
	by := who.Identity{Actor: p.ID, Person: p.ID, Name: p.Name, Roles: p.Roles}
	t.ids[id] = by
	return by, nil
}

// keeper makes the token of the monitoring: somebody who may manage tokens.
const keeper = "it-operation"

func (t *teller) machine(ctx context.Context) (who.Identity, error) {
	by, err := t.identity(ctx, keeper)
	if err != nil {
		return who.Identity{}, err
	}
	tokens, _, err := t.People.Tokens(ctx, by, "", who.PageLimit)
	if err != nil {
		return who.Identity{}, err
	}
	for _, k := range tokens {
		if k.Name == machine {
			return who.Identity{Actor: k.ID, Name: k.Name, Roles: k.Roles}, nil
		}
	}
	k, _, err := t.People.CreateToken(ctx, by, who.TokenInput{Name: machine, Roles: []who.Role{who.Reporter}})
	return who.Identity{Actor: k.ID, Name: k.Name, Roles: k.Roles}, err
}
