package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/mail/bounce"
)

// dataFlags say where the data lie.
type dataFlags struct {
	Data     string `arg:"--data" help:"Data directory ($WAKEBELL_DATA); default ./data." placeholder:"DIR"`
	Blobs    string `arg:"--blobs" help:"Folder of the contents of attached files ($WAKEBELL_BLOBS); default DIR/blobs. Several nodes name the same one." placeholder:"DIR"`
	Database string `arg:"--database" help:"postgres://… instead of the embedded database ($WAKEBELL_DATABASE, or a file named by $WAKEBELL_DATABASE_FILE)." placeholder:"URL"`
}

func (d dataFlags) config(e *env) (app.Config, error) {
	db, err := e.secret("WAKEBELL_DATABASE", d.Database)
	return app.Config{
		Dir: cmp.Or(d.Data, e.Getenv("WAKEBELL_DATA"), "data"), Database: db, Version: Version,
		Blobs: cmp.Or(d.Blobs, e.Getenv("WAKEBELL_BLOBS")),
	}, err
}

// secret reads a value from the flag, the variable, or the file that NAME_FILE names.
func (e *env) secret(name, flag string) (string, error) {
	if v := cmp.Or(flag, e.Getenv(name)); v != "" {
		return v, nil
	}
	path := e.Getenv(name + "_FILE")
	if path == "" {
		return "", nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read %s_FILE: %w", name, err)
	}
	return strings.TrimSpace(string(b)), nil
}

// serveFlags are shared by serve and demo.
type serveFlags struct {
	dataFlags
	Listen      string `arg:"--listen" help:"Address to listen on ($WAKEBELL_LISTEN); default 127.0.0.1:8080." placeholder:"ADDR"`
	BaseURL     string `arg:"--base-url" help:"How people reach the server, for links in calls ($WAKEBELL_BASE_URL)." placeholder:"URL"`
	Proxy       list   `arg:"--trusted-proxy" help:"Network of a reverse proxy whose X-Forwarded-For is believed ($WAKEBELL_TRUSTED_PROXIES, separated by commas); loopback always is." placeholder:"CIDR"`
	OpenMetrics bool   `arg:"--open-metrics" help:"Show /metrics to everybody who reaches the server ($WAKEBELL_OPEN_METRICS=1). Otherwise it needs a token with system.read, unless the server listens on loopback only."`
	Packs       string `arg:"--packs" help:"Folder with your own rule packs and calendars ($WAKEBELL_PACKS); they win over the shipped ones by id." placeholder:"DIR"`
	Templates   string `arg:"--templates" help:"Folder with your own templates of notices ($WAKEBELL_TEMPLATES); they win over the shipped ones by id and language." placeholder:"DIR"`
	Forms       string `arg:"--forms" help:"Folder with your own forms of authorities ($WAKEBELL_FORMS); they win over the shipped ones by id." placeholder:"DIR"`
	MaxFile     int64  `arg:"--max-file" help:"Largest file that may be attached, in MB ($WAKEBELL_MAX_FILE); default 100." placeholder:"MB"`
	TestClock   bool   `arg:"--test-clock" help:"Make time movable by POST /debug/clock. Fixed for a database at its creation."`

	SMTPHost   string `arg:"--smtp-host" help:"Mail server ($WAKEBELL_SMTP_HOST). Without one, messages are kept in the outbox." placeholder:"HOST"`
	SMTPPort   int    `arg:"--smtp-port" help:"Its port ($WAKEBELL_SMTP_PORT); default 587." placeholder:"PORT"`
	SMTPUser   string `arg:"--smtp-user" help:"User ($WAKEBELL_SMTP_USER); the password comes from $WAKEBELL_SMTP_PASSWORD or the file $WAKEBELL_SMTP_PASSWORD_FILE." placeholder:"NAME"`
	SMTPTLS    string `arg:"--smtp-tls" help:"starttls, tls or none ($WAKEBELL_SMTP_TLS); default starttls." placeholder:"MODE"`
	SMTPCAFile string `arg:"--smtp-ca-file" help:"PEM file of the authorities to trust for the mail servers instead of the machine's ($WAKEBELL_SMTP_CA_FILE)." placeholder:"FILE"`
	SMTPFrom   string `arg:"--smtp-from" help:"Sender's address ($WAKEBELL_SMTP_FROM)." placeholder:"ADDRESS"`

	BounceAddress    string  `arg:"--bounce-address" help:"Where reports of failure and replies to notices go ($WAKEBELL_BOUNCE_ADDRESS); a * in it stands for the recipient's mark. Default: the sender's address." placeholder:"ADDRESS"`
	BounceIMAPHost   string  `arg:"--bounce-imap-host" help:"IMAP server of the mailbox they are read from ($WAKEBELL_BOUNCE_IMAP_HOST)." placeholder:"HOST"`
	BounceIMAPPort   int     `arg:"--bounce-imap-port" help:"Its port ($WAKEBELL_BOUNCE_IMAP_PORT); default 993, 143 with starttls." placeholder:"PORT"`
	BounceIMAPUser   string  `arg:"--bounce-imap-user" help:"User of the mailbox ($WAKEBELL_BOUNCE_IMAP_USER); the password comes from $WAKEBELL_BOUNCE_IMAP_PASSWORD or the file $WAKEBELL_BOUNCE_IMAP_PASSWORD_FILE." placeholder:"NAME"`
	BounceIMAPTLS    string  `arg:"--bounce-imap-tls" help:"tls, starttls, or none on this machine ($WAKEBELL_BOUNCE_IMAP_TLS); default tls." placeholder:"MODE"`
	BounceIMAPFolder string  `arg:"--bounce-imap-folder" help:"Folder to read ($WAKEBELL_BOUNCE_IMAP_FOLDER); default INBOX." placeholder:"NAME"`
	Lines            int     `arg:"--mail-connections" help:"Connections to the mail server while a notice goes to many ($WAKEBELL_MAIL_CONNECTIONS); default 8, at most 50." placeholder:"N"`
	Rate             float64 `arg:"--mail-rate" help:"Copies of a notice a second to the mail server, at most ($WAKEBELL_MAIL_RATE); default as fast as it takes them." placeholder:"N"`
	DomainRate       float64 `arg:"--mail-domain-rate" help:"Copies of a notice a second to one domain of recipients, at most ($WAKEBELL_MAIL_DOMAIN_RATE); default no limit of its own." placeholder:"N"`
	HooksIn          bool    `arg:"--notice-webhook-inside" help:"Let notices be posted to webhooks in private networks too ($WAKEBELL_NOTICE_WEBHOOK_INSIDE=1). They are signed with $WAKEBELL_NOTICE_WEBHOOK_SECRET, or the file $WAKEBELL_NOTICE_WEBHOOK_SECRET_FILE."`
}

func (f serveFlags) config(e *env) (app.Config, error) {
	cfg, err := f.dataFlags.config(e)
	if err != nil {
		return cfg, err
	}
	cfg.Listen = cmp.Or(f.Listen, e.Getenv("WAKEBELL_LISTEN"))
	cfg.BaseURL = cmp.Or(f.BaseURL, e.Getenv("WAKEBELL_BASE_URL"))
	cfg.TestClock = f.TestClock
	cfg.Packs = cmp.Or(f.Packs, e.Getenv("WAKEBELL_PACKS"))
	cfg.Templates = cmp.Or(f.Templates, e.Getenv("WAKEBELL_TEMPLATES"))
	cfg.Forms = cmp.Or(f.Forms, e.Getenv("WAKEBELL_FORMS"))
	cfg.OpenMetrics = f.OpenMetrics || e.Getenv("WAKEBELL_OPEN_METRICS") == "1"
	if v := e.Getenv("WAKEBELL_MAX_FILE"); f.MaxFile == 0 && v != "" {
		if f.MaxFile, err = strconv.ParseInt(v, 10, 32); err != nil {
			return cfg, fault.InvalidField("WAKEBELL_MAX_FILE", "must be a number of megabytes")
		}
	}
	cfg.MaxFile = f.MaxFile << 20
	if cfg.Proxies, err = proxies(f.Proxy, e.Getenv("WAKEBELL_TRUSTED_PROXIES")); err != nil {
		return cfg, err
	}
	cfg.Log = slog.New(slog.NewTextHandler(e.Err, nil))
	if cfg.Bounce, err = f.bounce(e); err != nil {
		return cfg, err
	}
	port, err := e.number("WAKEBELL_SMTP_PORT", f.SMTPPort)
	if err != nil {
		return cfg, err
	}
	cfg.Sending.Connections = f.Lines
	if v := e.Getenv("WAKEBELL_MAIL_CONNECTIONS"); f.Lines == 0 && v != "" {
		if cfg.Sending.Connections, err = strconv.Atoi(v); err != nil {
			return cfg, fault.InvalidField("WAKEBELL_MAIL_CONNECTIONS", "must be a number")
		}
	}
	for name, rate := range map[string]struct{ flag, into *float64 }{
		"WAKEBELL_MAIL_RATE": {&f.Rate, &cfg.Sending.PerSecond}, "WAKEBELL_MAIL_DOMAIN_RATE": {&f.DomainRate, &cfg.Sending.PerDomain},
	} {
		*rate.into = *rate.flag
		if v := e.Getenv(name); *rate.flag == 0 && v != "" {
			if *rate.into, err = strconv.ParseFloat(v, 64); err != nil {
				return cfg, fault.InvalidField(name, "must be a number of copies a second")
			}
		}
	}
	cfg.Sending.WebhookInside = f.HooksIn || e.Getenv("WAKEBELL_NOTICE_WEBHOOK_INSIDE") == "1"
	if cfg.Sending.WebhookSecret, err = e.secret("WAKEBELL_NOTICE_WEBHOOK_SECRET", ""); err != nil {
		return cfg, err
	}
	password, err := e.secret("WAKEBELL_SMTP_PASSWORD", "")
	cfg.Mail = mail.Config{
		Host: cmp.Or(f.SMTPHost, e.Getenv("WAKEBELL_SMTP_HOST")), Port: port, Password: password,
		User: cmp.Or(f.SMTPUser, e.Getenv("WAKEBELL_SMTP_USER")), From: cmp.Or(f.SMTPFrom, e.Getenv("WAKEBELL_SMTP_FROM")),
		CAFile: cmp.Or(f.SMTPCAFile, e.Getenv("WAKEBELL_SMTP_CA_FILE")),
		TLS:    mail.TLS(cmp.Or(f.SMTPTLS, e.Getenv("WAKEBELL_SMTP_TLS"))),
	}
	return cfg, err
}

// bounce is where what comes back is read from.
func (f serveFlags) bounce(e *env) (bounce.Config, error) {
	port, err := e.number("WAKEBELL_BOUNCE_IMAP_PORT", f.BounceIMAPPort)
	if err != nil {
		return bounce.Config{}, err
	}
	password, err := e.secret("WAKEBELL_BOUNCE_IMAP_PASSWORD", "")
	return bounce.Config{
		Address: cmp.Or(f.BounceAddress, e.Getenv("WAKEBELL_BOUNCE_ADDRESS")), Host: cmp.Or(f.BounceIMAPHost, e.Getenv("WAKEBELL_BOUNCE_IMAP_HOST")),
		Port: port, User: cmp.Or(f.BounceIMAPUser, e.Getenv("WAKEBELL_BOUNCE_IMAP_USER")), Password: password,
		TLS: mail.TLS(cmp.Or(f.BounceIMAPTLS, e.Getenv("WAKEBELL_BOUNCE_IMAP_TLS"))), Folder: cmp.Or(f.BounceIMAPFolder, e.Getenv("WAKEBELL_BOUNCE_IMAP_FOLDER")),
		CAFile: cmp.Or(f.SMTPCAFile, e.Getenv("WAKEBELL_SMTP_CA_FILE")),
	}, err
}

// number reads a number from the flag or the variable, 0 for none.
func (e *env) number(name string, flag int) (int, error) {
	v := e.Getenv(name)
	if flag != 0 || v == "" {
		return flag, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		return 0, fault.InvalidField(name, "must be a number")
	}
	return n, nil
}

// proxies reads networks such as 10.0.0.0/8, or single addresses.
func proxies(flags []string, env string) ([]netip.Prefix, error) {
	if len(flags) == 0 && env != "" {
		flags = strings.Split(env, ",")
	}
	var out []netip.Prefix
	for _, f := range flags {
		f = strings.TrimSpace(f)
		p, err := netip.ParsePrefix(f)
		if a, err2 := netip.ParseAddr(f); err2 == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return nil, fault.InvalidField("trusted-proxy", "must be a network like 10.0.0.0/8")
		}
		out = append(out, p)
	}
	return out, nil
}

type serveCmd struct {
	serveFlags
}

// Run serves until the context ends.
func (c *serveCmd) Run(e *env) error {
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	return e.serve(cfg, func(ctx context.Context, a *app.App, first bool) error {
		link, err := a.SetUpLink(ctx)
		if err != nil {
			return err
		}
		if link != "" {
			if _, err := fmt.Fprintf(e.Out, "Nobody can sign in yet. Open this link once, within 24 hours, to become the first administrator:\n  %s\n", link); err != nil {
				return err
			}
		}
		if !first {
			return nil
		}
		_, err = fmt.Fprintf(e.Out, "This is a new ledger. Make the first token in another terminal:\n  wakebell token create --data %s --name admin --role admin\n", cfg.Dir)
		return err
	})
}

// stopTime bounds an orderly stop.
const stopTime = 15 * time.Second

// serve runs the server; ready is called when it listens, first says whether the
// database was new.
func (e *env) serve(cfg app.Config, ready func(ctx context.Context, a *app.App, first bool) error) (err error) {
	a, err := app.New(e.ctx, cfg)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(clock.Background(), stopTime)
		defer cancel()
		err = errors.Join(err, a.Stop(ctx))
	}()
	empty, err := a.Empty(e.ctx)
	if err != nil {
		return err
	}
	if err := a.Start(e.ctx); err != nil {
		return err
	}
	if err := ready(e.ctx, a, empty); err != nil {
		return err
	}
	fmt.Fprintf(e.Out, "Wakebell listens on http://%s\n", a.Addr())
	<-e.ctx.Done()
	return nil
}

type demoCmd struct {
	serveFlags
	Bare bool `arg:"--bare" help:"Load the company alone, without its incidents of the past year."`
}

// Run loads the demo company and its story into an empty database and serves it.
func (c *demoCmd) Run(e *env) error {
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	cfg.Demo = true
	if !c.Bare {
		if err := e.loadStory(cfg); err != nil {
			return err
		}
	}
	return e.serve(cfg, func(ctx context.Context, a *app.App, first bool) error {
		unfinished, err := a.DemoUnfinished(ctx)
		if err != nil {
			return err
		}
		if first || unfinished {
			if err := a.LoadDemo(ctx); err != nil {
				return err
			}
		}
		news, err := a.News(ctx)
		if err != nil {
			return err
		}
		if news != "" {
			fmt.Fprintf(e.Out, "At Lumenhof, the demo company: %s.\n", news)
		}
		token, who, err := a.DemoToken(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.Out, "This is the demo company. You are %s; your token is\n  %s\nTry: WAKEBELL_TOKEN=%s wakebell incident ls\n", who, token, token)
		return err
	})
}

// loadStory says in one line that the first start takes a moment.
func (e *env) loadStory(cfg app.Config) error {
	began := clock.System().Real()
	loaded, err := app.LoadStory(e.ctx, cfg, func() {
		fmt.Fprint(e.Out, "Loading the demo company and the past year of its incidents … ")
	})
	if loaded && err == nil {
		fmt.Fprintf(e.Out, "done in %.1f s.\n", clock.System().Real().Sub(began).Seconds())
	}
	return err
}

type migrateCmd struct {
	dataFlags
}

// Run migrates a PostgreSQL database; the embedded one migrates at the start.
func (c *migrateCmd) Run(e *env) error {
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	cfg.Migrate = true
	a, err := app.New(e.ctx, cfg)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(e.Out, "The database is at version %d.\n", a.DB.SchemaVersion()); err != nil {
		return err
	}
	return a.Stop(e.ctx)
}

type versionCmd struct{}

// Run prints the version.
func (c *versionCmd) Run(e *env) error {
	if e.root.JSON {
		return e.printJSON(map[string]string{"version": Version})
	}
	_, err := fmt.Fprintln(e.Out, "wakebell", Version)
	return err
}
