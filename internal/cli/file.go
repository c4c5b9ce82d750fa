package cli

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"

	"github.com/wakebell/wakebell/client"
	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/fault"
)

type incidentAttach struct {
	Ref  string `arg:"positional,required" help:"Reference of the incident."`
	File string `arg:"positional,required" help:"File to attach; - reads standard input."`
	Name string `arg:"--name" help:"Name to give it; default that of the file."`
	Note string `arg:"--note" help:"A note about it."`
}

// Run sends the file and prints its id and hash.
func (c *incidentAttach) Run(e *env) error {
	name := c.Name
	if c.File != "-" {
		name = cmp.Or(name, filepath.Base(c.File))
	}
	if name == "" {
		return fault.InvalidField("name", "is needed for standard input")
	}
	in, err := e.open(c.File)
	if err != nil {
		return err
	}
	defer in.Close()
	f, err := e.api().Attach(e.ctx, c.Ref, name, c.Note, in)
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(f)
	}
	_, err = fmt.Fprintf(e.Out, "%s  %s  sha256:%s\n", f.ID, blob.Size(f.Size), f.SHA256)
	return err
}

type incidentFiles struct {
	page
	Ref string `arg:"positional,required" help:"Reference of the incident."`
}

// Run lists the files.
func (c *incidentFiles) Run(e *env) error {
	head := []string{"ID", "ADDED", "BY", "SIZE", "TYPE", "STATE", "NAME"}
	return show(e, "/incidents/"+url.PathEscape(c.Ref)+"/files", c.query(), head, 6, func(f client.File) []string {
		state := "kept"
		switch {
		case f.Erased:
			state = "erased"
		case f.WithdrawnAt != nil:
			state = "withdrawn"
		}
		return []string{f.ID, stamp(&f.AddedAt), f.AddedBy, blob.Size(f.Size), f.Media, state, f.Name}
	})
}

type incidentFetch struct {
	Ref string `arg:"positional,required" help:"Reference of the incident."`
	ID  string `arg:"positional,required" help:"Id of the file."`
	Out string `arg:"--out,-o" help:"File to write; default standard output." placeholder:"FILE"`
}

// Run downloads a file; an existing one is never overwritten.
func (c *incidentFetch) Run(e *env) error {
	path := "/api/v1/incidents/" + url.PathEscape(c.Ref) + "/files/" + url.PathEscape(c.ID) + "/content"
	return e.fetch(c.Out, path)
}

type incidentFileReason struct {
	Ref    string `arg:"positional,required" help:"Reference of the incident."`
	ID     string `arg:"positional,required" help:"Id of the file."`
	Reason string `arg:"--reason,required" help:"Why."`
}

type incidentWithdrawFile struct{ incidentFileReason }

// Run hides a file; its content is kept.
func (c *incidentWithdrawFile) Run(e *env) error { return c.send(e, "withdraw", "withdrawn") }

type incidentEraseFile struct{ incidentFileReason }

// Run destroys a file's name, note and content.
func (c *incidentEraseFile) Run(e *env) error {
	return c.send(e, "erase", "erased; its content is destroyed in a moment")
}

func (c incidentFileReason) send(e *env, verb, done string) error {
	var f client.File
	path := "/incidents/" + url.PathEscape(c.Ref) + "/files/" + url.PathEscape(c.ID) + "/" + verb
	if err := e.api().Do(e.ctx, http.MethodPost, path, map[string]string{"reason": c.Reason}, &f); err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(f)
	}
	_, err := fmt.Fprintf(e.Out, "%s is %s.\n", f.ID, done)
	return err
}
