package cli

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/wakebell/wakebell/internal/app"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/ledger"
)

type verifyCmd struct {
	dataFlags
	File    string `arg:"positional" help:"An exported bundle; checked offline with the public key alone."`
	Against string `arg:"--against" help:"A checkpoint kept elsewhere that the ledger must still contain." placeholder:"FILE"`
	Key     string `arg:"--key" help:"Public key of the ledger, for a bundle: the line that wakebell key prints, or a file with it."`
}

// Run verifies and names the first wrong entry. The code is 0 when all is well, else 1.
func (c *verifyCmd) Run(e *env) error {
	if c.File != "" {
		return c.bundle(e)
	}
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	var against []byte
	if c.Against != "" {
		if against, err = os.ReadFile(c.Against); err != nil {
			return err
		}
	}
	// What a check keeps is little beside what it throws away: the collector may wait.
	debug.SetGCPercent(300)
	res, err := app.VerifyData(e.ctx, cfg, against)
	return e.verdict(res, err)
}

// verdict prints the outcome of a verification and turns a finding into exit 1.
func (e *env) verdict(res any, err error) error {
	if e.root.JSON {
		out := map[string]any{"ok": err == nil, "report": res}
		if err != nil {
			out["finding"] = err.Error()
		}
		if perr := e.printJSON(out); perr != nil {
			return perr
		}
	} else if err != nil {
		fmt.Fprintln(e.Err, "NOT VALID:", message(err))
	} else {
		fmt.Fprintln(e.Out, res)
	}
	if err != nil {
		return exitError(exitFailed)
	}
	return nil
}

func (c *verifyCmd) bundle(e *env) error {
	key := strings.TrimSpace(c.Key)
	if b, err := os.ReadFile(key); key != "" && err == nil {
		key = strings.TrimSpace(string(b))
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	res, err := ledger.VerifyBundle(f, key)
	return e.verdict(res, errors.Join(err, f.Close()))
}

type rebuildCmd struct {
	dataFlags
	Check bool `arg:"--check" help:"Change nothing: replay the ledger beside the tables and compare."`
}

// Run rebuilds or checks.
func (c *rebuildCmd) Run(e *env) error {
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	if !c.Check {
		return app.Rebuild(e.ctx, cfg)
	}
	res, sent, err := app.RebuildCheck(e.ctx, cfg)
	return e.verdict(tables{res, sent}, err)
}

// tables says in words that the tables were compared.
type tables struct {
	record.RebuildReport
	Sent app.SentReport `json:"sent"`
}

func (t tables) String() string {
	out := fmt.Sprintf("The tables equal what %d entries say:", t.Entries)
	for _, r := range t.Tables {
		out += fmt.Sprintf(" %s %d rows,", r.Table, r.Rows)
	}
	return strings.TrimSuffix(strings.TrimSuffix(out, ",")+"\n"+app.Exceptions(t.RebuildReport)+t.Sent.String(), "\n")
}

type keyCmd struct {
	dataFlags
}

// Run prints the public key.
func (c *keyCmd) Run(e *env) error {
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	key, err := app.PublicKey(e.ctx, cfg)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.Out, key)
	return err
}

type backupCmd struct {
	dataFlags
	Out string `arg:"--out,-o,required" help:"File to write." placeholder:"FILE"`
}

// Run backs up from one snapshot, also while the server runs.
func (c *backupCmd) Run(e *env) error {
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	res, err := app.Backup(e.ctx, cfg, c.Out)
	if err != nil {
		return err
	}
	if _, err = fmt.Fprintln(e.Out, res); err == nil && res.Manifest.Blobs != nil && len(res.Manifest.Blobs.Missing) > 0 {
		return exitError(exitFailed) // it was written, but it is not whole
	}
	return err
}

type restoreCmd struct {
	dataFlags
	File string `arg:"positional,required" help:"The backup."`
	Key  string `arg:"--key" help:"File with the private key of the ledger; without it a new key signs from here on." placeholder:"FILE"`
}

// Run verifies the backup, then puts it in place of the data.
func (c *restoreCmd) Run(e *env) error {
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	res, err := app.Restore(e.ctx, cfg, c.File, c.Key)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.Out, res)
	return err
}
