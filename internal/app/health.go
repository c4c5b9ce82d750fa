package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store/datadir"
	"github.com/wakebell/wakebell/internal/respond/escalation/ready"
)

// The limits of the checks.
const (
	littleDisk = 1 << 30  // bytes: from here on somebody should look
	tinyDisk   = 64 << 20 // from here on writes will soon be refused
	oldBackup  = 7 * 24 * time.Hour
)

// machine looks at the process and at what it stands on, for the answer to "would an alarm reach
// someone?". Ready asks the first ones too.
func (a *App) machine(ctx context.Context) []ready.Check {
	of := func(key, title, good string, err error) ready.Check {
		c := ready.Check{Key: key, Title: title, State: ready.Good, Text: good}
		if err != nil {
			c.State, c.Text = ready.Bad, word(err)+"."
		}
		return c
	}
	engine := "The embedded database takes writes."
	if a.cfg.Database != "" {
		engine = "PostgreSQL takes writes."
	}
	_, keyErr := a.Ledger.Checkpoint(ctx)
	out := []ready.Check{
		of("database", "Database", engine, a.DB.Healthy(ctx)),
		of("clock", "Clock", "This machine and the database agree on the time.", a.checkSkew(ctx)),
		of("loop", "Timed work", "It turned at "+a.Jobs.LastTurn().Format("15:04:05 UTC")+".", a.checkLoop(ctx)),
		of("watchdog", "Watchdog", "It watches the timed work and calls people when that stands still.", a.checkWatchdog()),
		of("ledger", "Ledger", "Its checkpoint can be signed.", keyErr),
		of("lock", "Data directory", "This process holds "+a.cfg.Dir+".", a.lock.Held()),
		a.disk(), a.backup(), a.address(),
	}
	if a.cfg.TestClock {
		out = append(out, ready.Check{
			Key: "test_clock", Title: "Test clock", State: ready.Warn, Text: "The time of this server can be moved.",
			Remedy: "Use it for trying out only. A server that calls people is started without --test-clock, on a new database.",
		})
	}
	return out
}

func (a *App) checkWatchdog() error {
	if a.watchdog == nil || a.Clock.Real().Sub(a.watchdog.Looked()) > maxSilence {
		return fault.New(fault.Unavailable, "The watchdog does not run: nobody is told when the timed work stands still; restart the server")
	}
	return nil
}

func (a *App) disk() ready.Check {
	c := ready.Check{Key: "disk", Title: "Disk", State: ready.Good}
	free, err := datadir.FreeSpace(a.cfg.Dir)
	if err != nil {
		c.State, c.Text, c.Remedy = ready.Bad, "The data directory cannot be read.", "Look after the disk of "+a.cfg.Dir+"."
		return c
	}
	c.Text = fmt.Sprintf("%s are free for the data directory.", size(free))
	switch {
	case free < tinyDisk:
		c.State = ready.Bad
	case free < littleDisk:
		c.State = ready.Warn
	}
	if c.State != ready.Good {
		c.Remedy = "Make room before writes are refused."
	}
	return c
}

func size(n uint64) string {
	if n >= 1<<30 {
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

// address warns of links that work on this machine alone.
func (a *App) address() ready.Check {
	c := ready.Check{Key: "address", Title: "Links in calls", State: ready.Good, Text: "They lead to " + a.cfg.BaseURL + "."}
	u, err := url.Parse(a.cfg.BaseURL)
	if err == nil && (u.Hostname() == "localhost" || isLoopback(u.Hostname())) {
		c.State, c.Text = ready.Warn, "They lead to "+a.cfg.BaseURL+", which opens on this machine only, not on a phone."
		c.Remedy = "Start the server with --base-url and the address people use."
	}
	return c
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// backupMark is the file in which a backup leaves when it was made.
const backupMark = "last-backup.json"

// marked is what the file says.
type marked struct {
	At   time.Time `json:"at"`
	File string    `json:"file"`
}

// markBackup notes that a backup was made. It is no part of the backup: that it cannot be
// noted, for instance in a directory that may only be read, makes it no worse.
func markBackup(cfg Config, at time.Time, file string) {
	abs, err := filepath.Abs(file)
	if err != nil {
		abs = file
	}
	text, err := json.Marshal(marked{at, abs})
	if err == nil {
		tmp := filepath.Join(cfg.Dir, backupMark+".new")
		if err = os.WriteFile(tmp, append(text, '\n'), 0o600); err == nil {
			err = os.Rename(tmp, filepath.Join(cfg.Dir, backupMark))
		}
	}
	if err != nil {
		cfg.Log.Warn("the age of this backup will not be shown", "error", err)
	}
}

func (a *App) backup() ready.Check {
	c := ready.Check{Key: "backup", Title: "Backup", State: ready.Good, Remedy: "Run wakebell backup every night, and keep the file on another machine."}
	var m marked
	text, err := os.ReadFile(filepath.Join(a.cfg.Dir, backupMark))
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	switch age := a.Clock.Real().Sub(m.At); {
	case errors.Is(err, os.ErrNotExist):
		c.State, c.Text = ready.Warn, "No backup was made by wakebell backup; copies made in another way are not seen here."
	case err != nil:
		c.State, c.Text = ready.Warn, "When the last backup was made cannot be read."
	case age > oldBackup:
		c.State, c.Text = ready.Warn, fmt.Sprintf("The last backup is %d days old.", int(age.Hours()/24))
	default:
		c.Text, c.Remedy = "The last backup was made at "+m.At.UTC().Format("2 Jan 2006 15:04 UTC")+".", ""
	}
	return c
}

// openMetrics says whether a request may see the figures without a token: where the operator said
// so, and on a server that only this machine reaches, unless a proxy passes on who asks.
func (a *App) openMetrics(r *http.Request) bool {
	if a.cfg.OpenMetrics {
		return true
	}
	for _, h := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if r.Header.Get(h) != "" {
			return false
		}
	}
	host, _, err := net.SplitHostPort(a.cfg.Listen)
	return err == nil && (host == "localhost" || isLoopback(host))
}
