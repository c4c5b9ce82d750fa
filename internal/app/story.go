package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/wakebell/wakebell/examples"
	"github.com/wakebell/wakebell/internal/app/story"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/detect/intake"
)

// storyFile lies in the data directory while the story is loaded. It holds the moment
// at which the story ends, so that a loading that was cut off goes on with the same one.
const storyFile = "story.loading"

// storySpan is how long before its end the story begins.
const storySpan = 425 * 24 * time.Hour

// LoadStory fills an empty database with the demo company and its past year, on a clock
// that begins in the past and ends now (cfg.Clock, else the machine's), and closes it
// again. It does nothing to a database that holds something else, and goes on with a
// loading that was cut off. begin is called before it works. No message leaves: they
// stay in the outbox.
func LoadStory(ctx context.Context, cfg Config, begin func()) (loaded bool, err error) {
	now := clock.System().Now()
	if cfg.Clock != nil {
		now = cfg.Clock.Now()
	}
	past := cfg
	past.Mail = mail.Config{}
	past.Clock = clock.NewTest(now.Add(-storySpan))
	a, err := New(ctx, past)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, a.Stop(clock.Background())) }()
	marker := filepath.Join(cfg.Dir, storyFile)
	end, err := a.storyEnds(ctx, marker, now)
	if err != nil || end.IsZero() {
		return false, err
	}
	begin()
	if err := a.tellStory(ctx, end); err != nil {
		return false, fmt.Errorf("load the demo company's story: %w", err)
	}
	if err := a.Ledger.LeaveCheckpoint(ctx); err != nil {
		return false, err
	}
	if err := a.saveNow(); err != nil {
		return false, err
	}
	return true, os.Remove(marker)
}

// storyEnds says when the story of this database ends: now for an empty one, which it
// marks; when it began to for a loading that was cut off; zero where there is none to load.
func (a *App) storyEnds(ctx context.Context, marker string, now time.Time) (end time.Time, err error) {
	last, err := a.Ledger.LastAt(ctx, a.DB)
	if err != nil {
		return end, err
	}
	if last.IsZero() {
		return now, writeDurably(marker, now.Format(time.RFC3339Nano))
	}
	text, err := os.ReadFile(marker)
	if errors.Is(err, os.ErrNotExist) {
		return end, nil
	}
	if err != nil {
		return end, fmt.Errorf("read how far the story is: %w", err)
	}
	if end, err = time.Parse(time.RFC3339Nano, strings.TrimSpace(string(text))); err != nil {
		return end, fmt.Errorf("read %s: %w; remove the data directory and start again", marker, err)
	}
	if last.After(end) { // somebody has worked with it since: what is there stays as it is
		return time.Time{}, os.Remove(marker)
	}
	return end, nil
}

// writeDurably leaves a file that survives a crash.
func writeDurably(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("mark the loading of the story: %w", err)
	}
	_, err = f.WriteString(text + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("mark the loading of the story: %w", err)
	}
	return nil
}

// tellStory loads what is missing of the company and of its story.
func (a *App) tellStory(ctx context.Context, end time.Time) error {
	last, err := a.Ledger.LastAt(ctx, a.DB)
	if err != nil {
		return err
	}
	if err := a.Clock.Set(end.Add(-storySpan)); err != nil {
		return err
	}
	p, err := a.Plans.CurrentTx(a.DB)
	if err != nil {
		return err
	}
	if p.Version == 1 {
		last = time.Time{} // nothing of the story itself is there
		if err := a.LoadDemo(ctx); err != nil {
			return err
		}
	}
	if last.After(a.Clock.Now()) {
		if err := a.Clock.Set(last); err != nil {
			return err
		}
	}
	files, err := fs.Sub(examples.Demo, "demo/story")
	if err != nil {
		return err
	}
	return story.Tell(ctx, story.House{
		Clock: a.Clock, DB: a.DB, Jobs: a.Jobs, People: a.People, Plans: a.Plans, Directory: a.Directory, Intake: a.Intake,
		Alerts: a.Alerts, Incidents: a.Incidents, Triage: a.Triage, Duties: a.Duties, Escalation: a.Escalation,
		Notices: a.Notices, Dispatch: a.Dispatch, Filings: a.Filings, Contacts: a.Contacts,
	}, files, end, last)
}

// News says in a few words what is going on: how many incidents and drills are open,
// what is missed, and what waits for triage. "" when nothing is.
func (a *App) News(ctx context.Context) (string, error) {
	by, open, drill := who.Engine("demo"), true, false
	var out []string
	add := func(n int, err error, one, many string) error {
		if n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, map[bool]string{true: one, false: many}[n == 1]))
		}
		return err
	}
	incidents, _, err := a.Views.List(ctx, by, view.Filter{Open: &open, Kind: incident.Real}, "")
	if err := add(len(incidents), err, "incident is open", "incidents are open"); err != nil {
		return "", err
	}
	missed, err := a.Duties.List(ctx, by, duty.Filter{State: duty.Missed, Drill: &drill}, "", 0)
	if err := add(len(missed.Items), err, "duty is missed", "duties are missed"); err != nil {
		return "", err
	}
	signals, _, err := a.Intake.List(ctx, by, intake.Filter{State: intake.Open, Drill: &drill}, "")
	if err := add(len(signals), err, "alert or report waits for triage", "alerts and reports wait for triage"); err != nil {
		return "", err
	}
	drills, _, err := a.Views.List(ctx, by, view.Filter{Open: &open, Kind: incident.Drill}, "")
	if err := add(len(drills), err, "drill is running", "drills are running"); err != nil {
		return "", err
	}
	return strings.Join(out, ", "), nil
}
