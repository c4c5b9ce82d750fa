// Package cli is the command line: one file per command. Commands that work on a
// running server speak its HTTP API through package client; serve, verify, rebuild,
// backup, restore and key work on the data directory; rules and duties --facts read
// the rule packs alone. It holds no rule of its own and must not import a room that
// keeps state.
package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/alexflint/go-arg"

	"github.com/wakebell/wakebell/client"
	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/fault"
)

// IO is what a command reads from and writes to.
type IO struct {
	In     io.Reader
	Out    io.Writer
	Err    io.Writer
	Getenv func(string) string
}

// Exit codes. README documents them.
const (
	exitOK          = 0
	exitFailed      = 1 // it failed, or verify found something wrong
	exitUsage       = 2 // the command line is wrong, or a field was refused
	exitNotFound    = 3
	exitDenied      = 4
	exitConflict    = 5 // the state does not allow it, or somebody was faster
	exitUnavailable = 6 // no server, no database, no space
)

type root struct {
	JSON  bool   `arg:"--json" help:"Print JSON instead of tables."`
	URL   string `arg:"--url" help:"Server to talk to ($WAKEBELL_URL); default http://127.0.0.1:8080." placeholder:"URL"`
	Token string `arg:"--token" help:"Token to show, wbl_… ($WAKEBELL_TOKEN)."`

	Serve      *serveCmd      `arg:"subcommand:serve" help:"Run the server."`
	Demo       *demoCmd       `arg:"subcommand:demo" help:"Run the server with a demo company, and print a token."`
	Report     *reportCmd     `arg:"subcommand:report" help:"Report something that may be trouble."`
	Signal     *signalCmd     `arg:"subcommand:signal" help:"Alerts and reports: list and triage."`
	Incident   *incidentCmd   `arg:"subcommand:incident" help:"Incidents: declare, work, close."`
	Duty       *dutyCmd       `arg:"subcommand:duty" help:"Duties: what is owed to whom by when."`
	Duties     *dutiesCmd     `arg:"subcommand:duties" help:"What the law asks for the facts in a file; without one, list duties."`
	Recipients *recipientsCmd `arg:"subcommand:recipients" help:"Recipients of a notice: add, import, fix, sign off."`
	Sending    *sendingCmd    `arg:"subcommand:sending" help:"Sending of a notice: progress, pause, resume, stop, report."`
	Notice     *noticeCmd     `arg:"subcommand:notice" help:"Notices: write, approve, release."`
	Rules      *rulesCmd      `arg:"subcommand:rules" help:"Rules of law: list, show, test, check your own. Needs no server."`
	Texts      *textsCmd      `arg:"subcommand:templates" help:"Templates of notices: list, show, check your own. Needs no server."`
	Call       *callCmd       `arg:"subcommand:call" help:"Calls: who was called, and acknowledge."`
	Search     *searchCmd     `arg:"subcommand:search" help:"Find incidents, what was said in them, reports, alerts and people by words."`
	Register   *registerCmd   `arg:"subcommand:register" help:"The breach register."`
	Bounce     *bounceCmd     `arg:"subcommand:bounce" help:"What came back by mail."`
	Filing     *filingCmd     `arg:"subcommand:filing" help:"Forms of an incident: fill in, approve, record what was filed."`
	Forms      *formsCmd      `arg:"subcommand:forms" help:"Forms of authorities, without a server: list, show, check your own."`
	Handover   *handoverCmd   `arg:"subcommand:handover" help:"What a controller we process for needs for its own 72 hours."`
	Outbox     *outboxCmd     `arg:"subcommand:outbox" help:"Messages that were sent, or kept."`
	Dir        *dirCmd        `arg:"subcommand:directory" help:"People, teams, services, customers: import, export, readiness."`
	Account    *accountCmd    `arg:"subcommand:account" help:"Sign-in links for people."`
	Tokens     *tokenCmd      `arg:"subcommand:token" help:"API tokens."`
	Verify     *verifyCmd     `arg:"subcommand:verify" help:"Check the ledger of a data directory, or an exported bundle."`
	Rebuild    *rebuildCmd    `arg:"subcommand:rebuild" help:"Rebuild the tables from the ledger, or check that they equal it."`
	Backup     *backupCmd     `arg:"subcommand:backup" help:"Write a consistent copy, also while the server runs."`
	Restore    *restoreCmd    `arg:"subcommand:restore" help:"Put a backup in place of the data, after verifying it."`
	Migrate    *migrateCmd    `arg:"subcommand:migrate" help:"Bring a PostgreSQL database up to this version."`
	Key        *keyCmd        `arg:"subcommand:key" help:"Print the public key of the ledger."`
	Version    *versionCmd    `arg:"subcommand:version" help:"Print the version."`
}

// Version is the version of this program, set by the build.
var Version = "dev" //nolint:gochecknoglobals // the linker writes it

// fill takes from the environment what the command line left out.
func (r *root) fill(getenv func(string) string) {
	r.URL = cmp.Or(r.URL, getenv("WAKEBELL_URL"), "http://"+app.DefaultListen)
	r.Token = cmp.Or(r.Token, getenv("WAKEBELL_TOKEN"))
}

// env is what every command gets.
type env struct {
	IO
	ctx  context.Context
	root *root
	name string // of the command, as it was typed
}

// runner is what every command is.
type runner interface{ Run(e *env) error }

// api returns a client of the server.
func (e *env) api() *client.Client { return client.New(e.root.URL, e.root.Token) }

// exitError ends a command with a code after its message was printed.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// Run parses the arguments and runs one command. It returns the exit code.
func Run(ctx context.Context, args []string, std IO) int {
	r := &root{}
	e := &env{IO: std, ctx: ctx, root: r}
	p, err := arg.NewParser(arg.Config{Program: "wakebell", IgnoreEnv: true}, r)
	if err != nil {
		fmt.Fprintln(std.Err, "wakebell:", err)
		return exitFailed
	}
	err = p.Parse(apart(args))
	at := locate(r, p.SubcommandNames())
	if errors.Is(err, arg.ErrHelp) {
		e.help(p, at)
		return exitOK
	}
	cmd, runs := p.Subcommand().(runner)
	switch {
	case err != nil:
		err = at.mistake(err)
	case !runs:
		err = at.unfinished()
	default:
		err = at.enums()
	}
	if err != nil {
		fmt.Fprintln(std.Err, "wakebell:", err)
		return exitUsage
	}
	r.fill(std.Getenv)
	e.name = at.name
	if err = cmd.Run(e); err == nil {
		return exitOK
	}
	if code, ok := errors.AsType[exitError](err); ok {
		return int(code)
	}
	fmt.Fprintln(std.Err, "wakebell:", message(err))
	return codeOf(err)
}

// message is the line a person reads: the server's problem, a fault's own words and
// fields, or the error itself.
func message(err error) string {
	if _, ok := errors.AsType[*client.Problem](err); ok {
		return err.Error()
	}
	m, ok := fault.MessageOf(err)
	if !ok {
		return err.Error()
	}
	for _, f := range fault.FieldsOf(err) {
		m += fmt.Sprintf("\n  %s: %s", f.Field, f.Message)
	}
	return m
}

func codeOf(err error) int {
	switch client.StatusOf(err) {
	case 0:
	case http.StatusNotFound, http.StatusGone:
		return exitNotFound
	case http.StatusUnauthorized, http.StatusForbidden:
		return exitDenied
	case http.StatusConflict, http.StatusPreconditionFailed:
		return exitConflict
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
		return exitUsage
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return exitUnavailable
	default:
		return exitFailed
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return exitUnavailable
	}
	switch fault.KindOf(err) {
	case fault.NotFound, fault.Gone:
		return exitNotFound
	case fault.Denied, fault.Unauthenticated:
		return exitDenied
	case fault.Conflict, fault.Precondition:
		return exitConflict
	case fault.Invalid, fault.Reused, fault.TooLarge:
		return exitUsage
	case fault.Unavailable, fault.Throttled:
		return exitUnavailable
	}
	return exitFailed
}
