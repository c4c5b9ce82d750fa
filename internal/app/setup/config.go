// Package setup is what the program is started with: folders, addresses, servers, and what
// each room takes from them. It carries out no policy sentence of its own and must not
// import app.
package setup

import (
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/wakebell/wakebell/internal/app/packs"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/mail/bounce"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/form"
	"github.com/wakebell/wakebell/internal/notify/notice/form/pack"
	"github.com/wakebell/wakebell/internal/respond/escalation"
)

// Config says how one process runs. The zero value of every field but Dir works.
type Config struct {
	Dir      string // data directory: database (SQLite), key, checkpoint, lock, socket
	Database string // "" = SQLite in Dir, or postgres://…
	Listen   string // address of the HTTP server, default 127.0.0.1:8080
	// Listener is the opened Listen; nil = it is opened when the server starts. See Bind.
	Listener net.Listener
	BaseURL  string // how people reach the server, for links in calls; default http://Listen
	// TestClock makes the product's time movable by POST /debug/clock, on loopback
	// only. The database is marked for it at creation.
	TestClock bool
	Forms     string // folder with the operator's own forms of authorities; "" = none
	Packs     string // folder with the operator's own rule packs and calendars; "" = none
	Templates string // folder with the operator's own templates of notices; "" = none
	Migrate   bool   // bring an existing PostgreSQL database up to date at the start
	Mail      mail.Config
	Bounce    bounce.Config
	Sending   dispatch.Config // of notices to many; server, address and log are those here
	Blobs     string          // folder of the contents of files; default Dir/blobs. Several nodes share one
	MaxFile   int64           // bytes of one file, default blob.DefaultMax
	// Demo lets everybody sign in as anybody, as long as nobody has a passphrase.
	Demo bool
	// Proxies are the networks of reverse proxies whose X-Forwarded-For is believed.
	Proxies []netip.Prefix
	// OpenMetrics shows /metrics without a token to everybody who reaches the server. Without
	// it that is so on a server that listens on loopback only.
	OpenMetrics bool
	Log         *slog.Logger
	Clock       *clock.Clock // tests; nil = the system's, or a movable one with TestClock
	Version     string
}

// DefaultListen keeps a fresh server on this machine.
const DefaultListen = "127.0.0.1:8080"

// reachable is an address a browser can open: one that listens everywhere is reached
// as localhost until a base URL says better.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// Bind opens the address where the machine chooses the port (":0") and no base URL is given:
// every link that is made before the first request must already lead to that port. Whoever
// binds closes the Listener. Otherwise it changes nothing.
func (c Config) Bind() (Config, error) {
	if c.Listener != nil || c.BaseURL != "" {
		return c, nil
	}
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || port != "0" {
		return c, nil // an address that cannot be read is named when it is listened on
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return c, fmt.Errorf("listen on %s: %w", c.Listen, err)
	}
	c.Listener, c.Listen = l, l.Addr().String()
	return c, nil
}

// Validate names the first field that is wrong.
func (c Config) Validate() error {
	var f []fault.Field
	if c.Dir == "" {
		f = append(f, fault.Field{Field: "data", Message: "name a data directory"})
	}
	if c.MaxFile < 0 {
		f = append(f, fault.Field{Field: "max-file", Message: "must be a number of megabytes above 0"})
	}
	for _, w := range append(fault.FieldsOf(c.ForEscalation().Validate()), fault.FieldsOf(c.ForDispatch().Validate())...) {
		w.Field = strings.ReplaceAll(w.Field, "_", "-") // as the option is called
		f = append(f, w)
	}
	return fault.Invalids(f...)
}

// ForDispatch is what the sending of notices takes from the configuration.
func (c Config) ForDispatch() dispatch.Config {
	d := c.Sending
	d.Mail, d.BaseURL, d.Returns, d.Log = c.Mail, c.BaseURL, c.Bounce, c.Log
	return d
}

// FormSources are those that come with the program, and the operator's over them.
func (c Config) FormSources() []form.Source {
	out := []form.Source{{FS: pack.Files}}
	if c.Forms != "" {
		out = append(out, form.Source{FS: os.DirFS(c.Forms), Operator: true})
	}
	return out
}

// PackFiles is the operator's folder of rule packs; nil when there is none.
func (c Config) PackFiles() fs.FS {
	if c.Packs == "" {
		return nil
	}
	return packs.Folder(c.Packs)
}

// TemplateFiles is the operator's folder of templates; nil when there is none.
func (c Config) TemplateFiles() fs.FS {
	if c.Templates == "" {
		return nil
	}
	return packs.Folder(c.Templates)
}

// ForEscalation is what the calling of people takes from the configuration.
func (c Config) ForEscalation() escalation.Config {
	return escalation.Config{BaseURL: c.BaseURL, Log: c.Log}
}

func (c Config) WithDefaults() Config {
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	if c.Blobs == "" {
		c.Blobs = filepath.Join(c.Dir, "blobs")
	}
	if c.BaseURL == "" {
		c.BaseURL = "http://" + reachable(c.Listen)
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}
