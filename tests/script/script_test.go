// Package script runs the behaviour scripts: one per timing sentence of the policies,
// on both engines, against the whole program in process with a clock that stands
// still until a script moves it. A script reads like the policy: givens, forward 20m,
// what is then expected.
package script

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/cli"
	"github.com/wakebell/wakebell/internal/decide/duty"
)

// start is when every script begins: the evening before the clocks go back in Berlin.
var start = time.Date(2026, 10, 24, 18, 0, 0, 0, time.UTC)

func TestScripts(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			testscript.Run(t, testscript.Params{
				Dir: ".",
				Setup: func(env *testscript.Env) error {
					env.Values[worldKey{}] = &world{tokens: map[string]string{}}
					return nil
				},
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"start":      func(ts *testscript.TestScript, neg bool, args []string) { cmdStart(t, engine, ts, neg, args) },
					"stop":       cmdStop,
					"as":         cmdAs,
					"wakebell":   cmdWakebell,
					"forward":    cmdForward,
					"let":        cmdLet,
					"duty":       cmdDuty,
					"called":     cmdCalled,
					"api":        cmdAPI,
					"mailserver": cmdMailServer,
					"customers":  cmdCustomers,
					"told":       cmdTold,
					"letter":     cmdLetter,
					"visit":      cmdVisit,
					"duties":     cmdDuties,
					"timeline":   cmdTimeline,
				},
			})
		})
	}
}

// world is the program one script runs against. It lies in the script's values.
type world struct {
	app    *app.App
	cfg    app.Config
	sink   *sink
	tokens map[string]string
}

type worldKey struct{}

func worldOf(ts *testscript.TestScript) *world {
	w, ok := ts.Value(worldKey{}).(*world)
	if !ok || w.app == nil {
		ts.Fatalf("the script has to start first")
	}
	return w
}

// cmdStart: start [PACKS] — the demo company on a fresh database, or again on the same one, with the operator's rule
// packs of a folder.
func cmdStart(t *testing.T, engine store.Engine, ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: start [PACKS]")
	}
	ctx := t.Context()
	w := ts.Value(worldKey{}).(*world)
	again := w.cfg.Dir != ""
	if len(args) == 1 {
		defer func() { w.cfg.Packs = "" }()
	}
	if !again {
		w.cfg = app.Config{Dir: filepath.Join(ts.Getenv("WORK"), "data"), Listen: "127.0.0.1:0", BaseURL: "https://wakebell.example", TestClock: true, Clock: clock.NewTest(start), Mail: w.mail()}
		if engine == store.Postgres {
			w.cfg.Database = storetest.PostgresURL(t)
		}
	}
	if len(args) == 1 {
		w.cfg.Packs = ts.MkAbs(args[0])
	}
	a, err := app.New(ctx, w.cfg)
	ts.Check(err)
	w.app = a
	if !again {
		ts.Check(a.LoadDemo(ctx))
		ts.Defer(func() {
			if w.app != nil {
				if err := w.app.Stop(clock.Background()); err != nil {
					t.Errorf("stop: %v", err)
				}
			}
		})
	}
	ts.Check(a.Start(ctx))
	ts.Setenv("WAKEBELL_URL", "http://"+a.Addr())
	ts.Setenv("DATA", w.cfg.Dir)
	ts.Setenv("DATABASE", w.cfg.Database)
	if !again {
		cmdAs(ts, false, []string{"incident-manager"})
	}
}

func cmdStop(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	ts.Check(w.app.Stop(clock.Background()))
	w.app = nil
}

// cmdAs: as PERSON — the following commands show a token of that person.
func cmdAs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: as PERSON")
	}
	w := worldOf(ts)
	token, ok := w.tokens[args[0]]
	if !ok {
		var err error
		_, token, err = w.app.People.CreateToken(clock.Background(), who.Engine("script"), who.TokenInput{Name: "script", Person: args[0]})
		ts.Check(err)
		w.tokens[args[0]] = token
	}
	ts.Setenv("WAKEBELL_TOKEN", token)
}

// cmdWakebell: wakebell ARGS — the command line, in process.
func cmdWakebell(ts *testscript.TestScript, neg bool, args []string) {
	code := cli.Run(clock.Background(), args, cli.IO{In: strings.NewReader(""), Out: ts.Stdout(), Err: ts.Stderr(), Getenv: ts.Getenv})
	if (code != 0) != neg {
		ts.Fatalf("wakebell %s: exit %d", strings.Join(args, " "), code)
	}
}

// cmdForward: forward 20m — the clock moves, and what falls due on the way is done.
func cmdForward(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: forward DURATION")
	}
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(clock.Background(), time.Minute)
	defer cancel()
	ts.Check(worldOf(ts).app.Forward(ctx, d))
}

// cmdLet: let NAME [FIELD] — the last output, or a field of it as JSON, becomes a variable.
func cmdLet(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: let NAME [FIELD.FIELD]")
	}
	out := strings.TrimSpace(ts.ReadFile("stdout"))
	if len(args) == 2 {
		var v any
		ts.Check(json.Unmarshal([]byte(out), &v))
		for _, f := range strings.Split(args[1], ".") {
			switch x := v.(type) {
			case map[string]any:
				v = x[f]
			case []any:
				var i int
				_, err := fmt.Sscan(f, &i)
				ts.Check(err)
				if i >= len(x) {
					ts.Fatalf("let: the list has only %d items: %s", len(x), out)
				}
				v = x[i]
			}
		}
		if v == nil {
			ts.Fatalf("let: no field %s in %s", args[1], out)
		}
		out = fmt.Sprint(v)
	}
	ts.Setenv(args[0], out)
}

// cmdDuty: duty REF KEY STATE [DUE] — the duty stands so; DUE is relative to the
// script's start ("+20m") or a time. KEY may end in * . "! duty REF KEY" says there is none.
func cmdDuty(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	if len(args) < 2 || (!neg && len(args) < 3) {
		ts.Fatalf("usage: duty REF KEY STATE [DUE]")
	}
	ctx := clock.Background()
	st, err := w.app.Incidents.GetTx(w.app.DB, args[0])
	ts.Check(err)
	list, err := w.app.Duties.ForIncident(ctx, w.app.DB, st.ID)
	ts.Check(err)
	i := slices.IndexFunc(list, func(d duty.Duty) bool { return match(args[1], d.Key) })
	now := w.app.Clock.Now()
	if neg {
		if i >= 0 && list[i].State == duty.Open {
			ts.Fatalf("there is a duty %s, %s", list[i].Key, list[i].At(now))
		}
		return
	}
	if i < 0 {
		keys := ""
		for _, d := range list {
			keys += fmt.Sprintf("\n  %s %s", d.Key, d.At(now))
		}
		ts.Fatalf("no duty %s; there are:%s", args[1], keys)
	}
	d := list[i]
	if got := string(d.At(now)); got != args[2] {
		ts.Fatalf("%s is %s, want %s (due %s, now %s)", d.Key, got, args[2], d.DueAt, now)
	}
	if len(args) > 3 {
		want := instant(ts, args[3])
		if !d.DueAt.Equal(want) {
			ts.Fatalf("%s is due %s, want %s", d.Key, d.DueAt, want)
		}
	}
}

func match(pattern, key string) bool {
	if p, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(key, p)
	}
	return key == pattern
}

func instant(ts *testscript.TestScript, s string) time.Time {
	if rel, ok := strings.CutPrefix(s, "+"); ok {
		d, err := time.ParseDuration(rel)
		ts.Check(err)
		return start.Add(d)
	}
	t, err := time.Parse(time.RFC3339, s)
	ts.Check(err)
	return t
}

// cmdCalled: called PERSON [N] — the outbox holds N (default at least one) messages to the person.
func cmdCalled(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	ctx := clock.Background()
	p, err := w.app.People.PersonTx(ctx, w.app.DB, args[0])
	ts.Check(err)
	ts.Check(w.app.Jobs.Drain(ctx, w.app.Clock.Now()))
	n := 0
	for cursor := ""; ; {
		items, next, err := w.app.Outbox.List(ctx, who.Engine("script"), mail.Filter{}, cursor, 200)
		ts.Check(err)
		for _, m := range items {
			if slices.Contains(m.To, p.Email) {
				n++
				fmt.Fprintln(ts.Stdout(), m.Subject)
			}
		}
		if cursor = next; next == "" {
			break
		}
	}
	switch {
	case neg && n > 0:
		ts.Fatalf("%s got %d messages", args[0], n)
	case !neg && n == 0:
		ts.Fatalf("%s got no message", args[0])
	case !neg && len(args) > 1 && fmt.Sprint(n) != args[1]:
		ts.Fatalf("%s got %d messages, want %s", args[0], n, args[1])
	}
}

// cmdAPI: api METHOD PATH [FILE|JSON] — prints the answer; "! api" expects an error
// status, which comes first: the line "403" and then the problem.
func cmdAPI(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: api METHOD PATH [FILE|JSON]")
	}
	var body io.Reader
	if len(args) > 2 {
		b := []byte(args[2])
		if !strings.HasPrefix(args[2], "{") {
			var err error
			b, err = os.ReadFile(ts.MkAbs(args[2]))
			ts.Check(err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(clock.Background(), args[0], ts.Getenv("WAKEBELL_URL")+args[1], body)
	ts.Check(err)
	kind := "application/json"
	if len(args) > 2 && strings.HasSuffix(args[2], ".csv") {
		kind = "text/csv"
	}
	req.Header.Set("Content-Type", kind)
	if token := ts.Getenv("WAKEBELL_TOKEN"); token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	ts.Check(err)
	bad := res.StatusCode >= http.StatusBadRequest
	if bad {
		fmt.Fprintln(ts.Stdout(), res.StatusCode)
	}
	fmt.Fprintln(ts.Stdout(), string(out))
	if bad != neg {
		ts.Fatalf("%s %s: %s", args[0], args[1], res.Status)
	}
}
