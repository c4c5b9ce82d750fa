// Package app puts the rooms together: New builds them, Start serves and runs the
// timed work, Stop ends both. wiring.go is the readable list of what follows from
// what. It carries out no policy sentence of its own. Only the command line, and
// tests, import it.
package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/app/setup"
	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/mail/bounce"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/datadir"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/account"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/assessment/handover"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/find"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/decide/triage"
	"github.com/wakebell/wakebell/internal/detect/alert"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/notify/contact"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/form"
	"github.com/wakebell/wakebell/internal/notify/notice/form/filing"
	"github.com/wakebell/wakebell/internal/notify/notice/form/prefill"
	"github.com/wakebell/wakebell/internal/notify/notice/paper"
	"github.com/wakebell/wakebell/internal/notify/notice/shelf"
	"github.com/wakebell/wakebell/internal/notify/register"
	"github.com/wakebell/wakebell/internal/notify/register/audit"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/directory/exchange"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/respond/escalation"
	"github.com/wakebell/wakebell/internal/respond/escalation/ready"
	"github.com/wakebell/wakebell/internal/respond/escalation/trial"
	"github.com/wakebell/wakebell/internal/web/page/live"
)

// DefaultListen is where the server listens when nothing else is said.
const DefaultListen = setup.DefaultListen

// Config is what the program is started with.
type Config = setup.Config

// App is one running product: every room, and what serves them.
type App struct {
	cfg  Config
	lock *datadir.Lock

	Clock      *clock.Clock
	DB         *store.DB
	Ledger     *record.Ledger
	People     *who.Service
	Accounts   *account.Service
	Jobs       *job.Runner
	Outbox     *mail.Outbox
	Bounces    *bounce.Service // what comes back by mail
	Plans      *plan.Service
	Directory  *directory.Service
	Exchange   *exchange.Service
	Intake     *intake.Service
	Alerts     *alert.Service
	Incidents  *incident.Service
	Blobs      *blob.Store
	Files      *file.Service
	Handover   *handover.Service
	Triage     *triage.Service
	Duties     *duty.Service
	Escalation *escalation.Service
	Trials     *trial.Service // test calls
	Health     *ready.Service // would an alarm reach someone?
	Register   *register.Service
	Dispatch   *dispatch.Service // brings notices to their recipients
	Notices    *notice.Service
	Filings    *filing.Service // forms of authorities
	Papers     *paper.Service  // what of a notice is printed
	Law        *assessment.Law
	Assessment *assessment.Service
	Contacts   *contact.Service // police, media, authorities
	Audit      *audit.Service   // the ledger for those who check it
	Views      *view.Service    // incidents as they are read, told by every room
	Templates  *shelf.Shelf
	Find       *find.Service

	Live     *live.Hub    // tells open pages what changed
	screens  http.Handler // the face in the browser
	watchdog *job.Watchdog
	server   *server
	bound    net.Listener // opened by New; the server closes it, else close does
	stopBack context.CancelFunc
	backDone chan struct{}
}

// New opens the data directory and the database and builds every room. Nothing
// runs yet; Stop must be called even when Start never is.
func New(ctx context.Context, cfg Config) (*App, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	bound, err := cfg.Bind()
	if err != nil {
		return nil, err
	}
	a := &App{cfg: bound.WithDefaults()}
	if cfg.Listener == nil {
		a.bound = bound.Listener
	}
	if a.lock, err = datadir.Take(cfg.Dir); err != nil {
		return nil, errors.Join(err, a.close())
	}
	if err := a.build(ctx); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

// Kinds are all kinds of ledger entries this program knows.
func Kinds() []record.Kind {
	var out []record.Kind
	for _, k := range [][]record.Kind{
		who.Kinds(), account.Kinds(), job.Kinds(), plan.Kinds(), directory.Kinds(), intake.Kinds(), incident.Kinds(),
		file.Kinds(), handover.Kinds(), duty.Kinds(), contact.Kinds(), escalation.Kinds(), trial.Kinds(), notice.Kinds(), dispatch.Kinds(),
		filing.Kinds(),
	} {
		out = append(out, k...)
	}
	return out
}

// KeyFile is where a data directory keeps the private key of its checkpoints.
func KeyFile(dir string) string { return filepath.Join(dir, "ledger.key") }

func (a *App) build(ctx context.Context) (err error) {
	cfg := a.cfg
	a.Clock = a.clock()
	a.DB, err = store.Open(ctx, store.Config{
		Dir: cfg.Dir, URL: cfg.Database, TestClock: cfg.TestClock, Migrate: cfg.Migrate, Log: cfg.Log, Clock: a.Clock,
	})
	if err != nil {
		return err
	}
	if err := a.restoreOffset(ctx); err != nil {
		return err
	}
	a.Ledger, err = record.New(ctx, a.DB, a.Clock, record.Config{KeyFile: KeyFile(cfg.Dir), CheckpointDir: cfg.Dir}, Kinds())
	if err != nil {
		return err
	}
	a.People = who.New(a.DB, a.Ledger, a.Clock)
	a.Accounts = account.New(a.DB, a.Ledger, a.Clock, a.People, account.Config{
		Secure: strings.HasPrefix(cfg.BaseURL, "https://"), Proxies: cfg.Proxies, Demo: cfg.Demo, Log: cfg.Log,
	})
	a.Jobs = job.New(a.DB, a.Clock, cfg.Log, job.Config{Ledger: a.Ledger, Moved: a.saveOffset})
	if a.Outbox, err = mail.New(a.DB, a.Clock, a.Jobs, cfg.Log, cfg.Mail); err != nil {
		return err
	}
	if a.Bounces, err = bounce.New(a.DB, a.Clock, a.Jobs, cfg.Log, cfg.Bounce); err != nil {
		return err
	}
	a.Plans = plan.New(a.DB, a.Ledger, a.Clock)
	a.Directory = directory.New(a.DB, a.Ledger, a.People, a.Plans, a.Clock)
	a.Exchange = exchange.New(a.DB, a.Directory, a.People)
	a.Intake = intake.New(a.DB, a.Ledger, a.Clock, a.Plans, a.Directory)
	a.Alerts = alert.New(a.DB, a.Intake)
	a.Incidents = incident.New(a.DB, a.Ledger, a.Clock, a.Plans, a.Directory, a.People)
	if a.Templates, err = shelf.New(cfg.TemplateFiles()); err != nil {
		return err
	}
	if a.Law, err = assessment.NewLaw(cfg.PackFiles()); err != nil {
		return err
	}
	if a.Blobs, err = blob.New(blob.Config{Dir: cfg.Blobs, Max: cfg.MaxFile}); err != nil {
		return err
	}
	a.Handover = handover.New(a.DB, a.Ledger, a.Clock, a.Incidents, a.Directory)
	a.Files = file.New(a.DB, a.Ledger, a.Incidents, a.Jobs, a.Blobs)
	a.Triage = triage.New(a.DB, a.Intake, a.Incidents)
	a.Duties = duty.New(a.DB, a.Ledger, a.Clock, a.Plans, a.Directory, a.Incidents, a.Jobs, a.Law)
	a.Assessment = assessment.New(a.DB, a.Clock, a.Law, a.Incidents, a.Directory, a.Plans, a.sent, a.Duties.TakePacks)
	a.Escalation = escalation.New(a.DB, a.Ledger, a.Clock, a.Directory, a.Plans, a.People, a.Duties, a.Intake, a.Outbox, a.Jobs,
		cfg.ForEscalation())
	a.Trials = trial.New(a.DB, a.Ledger, a.Clock, a.People, a.Outbox, a.Jobs, trial.Config{BaseURL: cfg.BaseURL, Log: cfg.Log})
	a.Health = ready.New(a.DB, a.Clock, a.Directory, a.Outbox, a.Jobs, a.Trials, a.machine, cfg.Version)
	a.Register = register.New(a.DB, a.Ledger, a.Clock, a.Incidents, a.Duties, a.Directory, a.Plans)
	if a.Dispatch, err = dispatch.New(a.DB, a.Ledger, a.Clock, a.Incidents, a.Directory, a.Duties, a.Jobs, a.Blobs, cfg.ForDispatch()); err != nil {
		return err
	}
	a.Notices = notice.New(notice.Deps{
		DB: a.DB, Ledger: a.Ledger, Clock: a.Clock, Plans: a.Plans, Directory: a.Directory, Incidents: a.Incidents, Duties: a.Duties,
		Files: a.Files, Outbox: a.Outbox, Templates: a.Templates, BaseURL: cfg.BaseURL,
	})
	a.Papers = paper.New(paper.Deps{Notices: a.Notices, Dispatch: a.Dispatch, Directory: a.Directory, DB: a.DB, Clock: a.Clock})
	forms, err := form.Load(prefill.Names(), cfg.FormSources()...)
	if err != nil {
		return fmt.Errorf("load the forms: %w", err)
	}
	a.Filings = filing.New(a.DB, a.Ledger, a.Clock, a.Plans, a.Directory, a.Incidents, a.Duties, a.Files, a.Law, forms)
	a.Audit = audit.New(a.DB, a.Ledger, a.Clock, cfg.Log, func(ctx context.Context, against []byte) (record.Report, record.RebuildReport, error) {
		rep, err := VerifyData(ctx, cfg, against)
		return rep.Ledger, rep.Tables, err
	})
	a.Contacts = contact.New(a.DB, a.Ledger, a.Clock, a.Incidents, a.Files, a.Directory, a.statement)
	a.Views = view.New(a.DB, a.Ledger, a.Clock, a.Incidents, a.People)
	a.Find = find.New(a.DB, a.Views, a.Intake, a.People)
	a.Live = live.New(a.DB, a.Ledger, a.Clock, cfg.Log)
	a.wire()
	a.tell()
	a.screens, err = a.newScreens()
	return err
}

// maxSilence is how long the loop of timed work may be silent before people are
// called: long enough for a slow handler, short against the shortest deadline.
const maxSilence = 2 * time.Minute

// Start serves HTTP and runs the timed work until Stop.
func (a *App) Start(ctx context.Context) error {
	if err := a.People.IndexPeople(ctx); err != nil {
		return err
	}
	// Packs may have come in while nothing ran: open incidents take them before anybody looks.
	if _, err := a.Assessment.Take(ctx, who.Engine("rules")); err != nil {
		return err
	}
	srv, err := a.listen()
	if err != nil {
		return err
	}
	a.server = srv
	a.Live.Start(ctx)
	a.Jobs.Start(ctx)
	a.watchdog = job.NewWatchdog(a.Jobs, a.Clock, maxSilence, a.Escalation.OnJobLoopSilent)
	a.watchdog.Start(ctx)
	back, cancel := context.WithCancel(ctx)
	a.stopBack, a.backDone = cancel, make(chan struct{})
	go a.background(back)
	srv.serve(a.cfg.Log)
	return nil
}

// Addr is the address the HTTP server listens on.
func (a *App) Addr() string { return a.server.addr() }

// checkpointEvery is how often the newest checkpoint is left outside the database.
const checkpointEvery = time.Minute

// keyLife is how long an idempotency key is remembered: a client that repeats a
// request after a week means a new one.
const keyLife = 7 * 24 * time.Hour

// Contents of files that no record names are removed after orphanAge: an upload is recorded
// within minutes, or never.
const (
	reclaimEvery = time.Hour
	orphanAge    = 24 * time.Hour
)

// background leaves checkpoints outside the database, forgets old idempotency keys and
// removes the contents of uploads that were cut off.
func (a *App) background(ctx context.Context) {
	defer close(a.backDone)
	var reclaim time.Time
	for a.Clock.Sleep(ctx, checkpointEvery) == nil {
		if err := a.Ledger.LeaveCheckpoint(ctx); err != nil {
			a.cfg.Log.Error("leave checkpoint", "error", err)
		}
		if _, err := a.DB.ForgetKeys(ctx, clock.Micros(a.Clock.Now().Add(-keyLife))); err != nil {
			a.cfg.Log.Error("forget idempotency keys", "error", err)
		}
		if now := a.Clock.Real(); now.After(reclaim) {
			reclaim = now.Add(reclaimEvery)
			if _, err := a.Files.Reclaim(ctx, now.Add(-orphanAge)); err != nil {
				a.cfg.Log.Error("remove contents that no file names", "error", err)
			}
		}
	}
}

// Stop ends serving and timed work, leaves a checkpoint and closes the database.
func (a *App) Stop(ctx context.Context) error {
	var errs []error
	if a.server != nil {
		a.Live.Stop() // its streams would keep the server waiting
		errs = append(errs, a.server.shutdown(ctx))
	}
	if a.watchdog != nil {
		a.watchdog.Stop()
	}
	if a.stopBack != nil {
		a.stopBack()
		<-a.backDone
		a.Jobs.Stop()
		if err := a.Ledger.LeaveCheckpoint(ctx); err != nil {
			errs = append(errs, fmt.Errorf("leave checkpoint: %w", err))
		}
	}
	return errors.Join(append(errs, a.close())...)
}

func (a *App) close() error {
	var errs []error
	if a.Audit != nil {
		a.Audit.Stop() // it still writes how its run ended
	}
	if a.Dispatch != nil {
		a.Dispatch.Close()
	}
	if a.DB != nil {
		errs = append(errs, a.DB.Close())
	}
	if a.bound != nil && a.server == nil {
		errs = append(errs, a.bound.Close())
	}
	if a.lock != nil {
		errs = append(errs, a.lock.Close())
	}
	return errors.Join(errs...)
}
