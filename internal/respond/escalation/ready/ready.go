// Package ready answers one question: would an alarm at three in the morning reach someone? It
// looks at who is on call for the next two weeks, how each of them is reached, whether messages
// leave and whether the machine is well, and says yes or no with the reasons.
//
// It carries out policy 002, "Qualified incident managers are on call", and policy 003, "be aware of
// contact mechanisms", before an incident tries them. It only reads. It must not import its room,
// notify, learn or a face.
package ready

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/respond/escalation/trial"
)

// State is how well one thing is.
type State string

// The states.
const (
	Good State = "good"
	Warn State = "warn" // an alarm gets through, but something is weak
	Bad  State = "bad"  // an alarm may reach nobody
)

// Check is one thing that was looked at.
type Check struct {
	Key    string `json:"key"` // on_call, people, alarm, mail, jobs, or one of the machine's
	Title  string `json:"title"`
	State  State  `json:"state"`
	Text   string `json:"text"`             // what was found
	Remedy string `json:"remedy,omitempty"` // what to do, unless all is well
}

// Report is the answer: Bad is no, Warn is yes with a weakness, Good is yes.
type Report struct {
	Answer  State     `json:"answer"`
	At      time.Time `json:"at"`
	Version string    `json:"version"`
	Checks  []Check   `json:"checks"` // what is bad first, then what is weak
}

// Of are the checks in a state.
func (r Report) Of(s State) []Check {
	var out []Check
	for _, c := range r.Checks {
		if c.State == s {
			out = append(out, c)
		}
	}
	return out
}

// Machine looks at what the process and its machine need.
type Machine func(ctx context.Context) []Check

// Service looks.
type Service struct {
	db      *store.DB
	clk     *clock.Clock
	dirs    *directory.Service
	box     *mail.Outbox
	jobs    *job.Runner
	trials  *trial.Service
	machine Machine
	version string
}

// New makes the service. version is the program's.
func New(db *store.DB, clk *clock.Clock, dirs *directory.Service, box *mail.Outbox, jobs *job.Runner, trials *trial.Service, machine Machine, version string) *Service {
	return &Service{db: db, clk: clk, dirs: dirs, box: box, jobs: jobs, trials: trials, machine: machine, version: version}
}

// Report looks at everything now. Permissions system.read and directory.read: it names teams and
// people.
func (s *Service) Report(ctx context.Context, by who.Identity) (Report, error) {
	for _, p := range []who.Permission{who.PermSystemRead, who.PermDirectoryRead} {
		if err := who.Check(by, p); err != nil {
			return Report{}, err
		}
	}
	dir, err := s.dirs.Snapshot(s.db)
	if err != nil {
		return Report{}, err
	}
	now := s.clk.Now()
	r := Report{Answer: Good, At: now, Version: s.version, Checks: rosters(dir, now)}
	flow, err := s.box.Flow(ctx, s.db)
	if err != nil {
		return Report{}, err
	}
	r.Checks = append(r.Checks, alarms(dir), messages(s.box.Enabled(), flow, now))
	called := callable(dir)
	proven, err := s.trials.Proven(ctx, s.db, called, now.Add(-provenFor))
	if err != nil {
		return Report{}, err
	}
	r.Checks = append(r.Checks, ways(dir, called, s.box.Enabled()), tried(len(called), proven))
	if s.machine != nil {
		r.Checks = append(r.Checks, s.machine(ctx)...)
	}
	stats, err := s.jobs.Stats(ctx)
	if err != nil {
		return Report{}, err
	}
	r.Checks = append(r.Checks, dead(stats[job.Dead]))
	rank := map[State]int{Bad: 0, Warn: 1, Good: 2}
	slices.SortStableFunc(r.Checks, func(a, b Check) int { return rank[a.State] - rank[b.State] })
	r.Answer = r.Checks[0].State
	return r, nil
}

// provenFor is how long a test call that arrived counts: a new phone or a new filter is not older
// than that for long.
const provenFor = 90 * 24 * time.Hour

// waitsLong is from when a message that waits is a bad sign: the second attempt comes within
// seconds.
const waitsLong = 10 * time.Minute

func stamp(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 UTC") }

func messages(enabled bool, f mail.Flow, now time.Time) Check {
	c := Check{Key: "mail", Title: "Mail"}
	switch {
	case !enabled:
		c.State, c.Text = Bad, "No mail server is set: messages are kept in the outbox and reach nobody."
		c.Remedy = "Start the server with --smtp-host and --smtp-from, then send a test message."
	case !f.WaitingAt.IsZero() && now.Sub(f.WaitingAt) > waitsLong:
		c.State, c.Text = Bad, "A message waits since "+stamp(f.WaitingAt)+" and cannot be sent."
		c.Remedy = mail.Remedy(f.LastError)
	case f.FailedAt.After(f.SentAt):
		c.State, c.Text = Bad, "The last message was given up at "+stamp(f.FailedAt)+", and none was accepted since."
		c.Remedy = mail.Remedy(f.LastError)
	case f.SentAt.IsZero():
		c.State, c.Text, c.Remedy = Warn, "A mail server is set, but no message was sent yet.", "Send a test message."
	default:
		c.State, c.Text = Good, "The mail server accepted a message at "+stamp(f.SentAt)+"."
	}
	if c.State == Bad && c.Remedy == "" {
		c.Remedy = "Look into the outbox: the answer of the mail server stands there."
	}
	return c
}

func dead(n int64) Check {
	c := Check{Key: "jobs", Title: "Work that was given up", State: Good, Text: "None."}
	if n > 0 {
		c.State, c.Text = Warn, fmt.Sprintf("%d pieces of timed work were given up.", n)
		c.Remedy = "Look at each: retry it, or discard it with a reason."
		if n == 1 {
			c.Text = "1 piece of timed work was given up."
		}
	}
	return c
}
