package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// sendingPath is what belongs to the sending of a notice.
func (r noticeRef) sendingPath(below string) string {
	return "/incidents/" + url.PathEscape(r.Ref) + "/notices/" + strconv.Itoa(r.No) + "/sending/" + below
}

type noticeLetters struct {
	noticeRef
	To        list   `arg:"--to" help:"Ids of recipients; default all whose letter was not posted yet." placeholder:"ID"`
	Again     bool   `arg:"--again" help:"Also those that were posted."`
	Return    string `arg:"--return" help:"Sender in one line above the address; default the legal entity's name."`
	BothSides bool   `arg:"--both-sides" help:"Each letter begins on a sheet of its own."`
	NoMarks   bool   `arg:"--no-marks" help:"Without marks for folding."`
	Out       string `arg:"--out,-o" help:"File to write; default standard output." placeholder:"FILE"`
}

// Run prints the letters into one PDF.
func (c *noticeLetters) Run(e *env) error {
	in := struct {
		Recipients []string `json:"recipients,omitempty"`
		Again      bool     `json:"again,omitempty"`
		Return     string   `json:"return,omitempty"`
		BothSides  bool     `json:"both_sides,omitempty"`
		NoMarks    bool     `json:"no_marks,omitempty"`
	}{c.To, c.Again, c.Return, c.BothSides, c.NoMarks}
	var raw json.RawMessage
	if err := e.api().Do(e.ctx, http.MethodPost, c.sendingPath("letters"), in, &raw); err != nil {
		return err
	}
	return e.write(c.Out, raw)
}

type noticePosted struct {
	noticeRef
	To        list   `arg:"--to" help:"Ids of recipients; default all whose letter was not posted yet." placeholder:"ID"`
	At        string `arg:"--at" help:"When; default now." placeholder:"TIME"`
	Carrier   string `arg:"--carrier,required" help:"Who took them."`
	Reference string `arg:"--reference" help:"Of the posting list or the registered mail."`
}

// Run marks letters as posted.
func (c *noticePosted) Run(e *env) error {
	in := map[string]any{"carrier": c.Carrier}
	if len(c.To) > 0 {
		in["recipients"] = c.To
	}
	if c.At != "" {
		in["at"] = c.At
	}
	if c.Reference != "" {
		in["reference"] = c.Reference
	}
	var out struct {
		Posted int `json:"posted"`
	}
	if err := e.api().Do(e.ctx, http.MethodPost, c.sendingPath("posted"), in, &out); err != nil {
		return err
	}
	if e.root.JSON {
		return e.printJSON(out)
	}
	_, err := fmt.Fprintf(e.Out, "%d posted\n", out.Posted)
	return err
}

type noticePaper struct {
	noticeRef
	What string `arg:"positional,required" help:"report or calls." enum:"report,calls"`
	CSV  bool   `arg:"--csv" help:"The report as CSV."`
	Out  string `arg:"--out,-o" help:"File to write; default standard output." placeholder:"FILE"`
}

// Run writes the delivery report or the list of calls.
func (c *noticePaper) Run(e *env) error {
	path := c.What + "/print"
	if c.CSV {
		if c.What != "report" {
			return fault.InvalidField("csv", "is there for the report alone; leave it out")
		}
		path = c.What
	}
	var raw json.RawMessage
	if err := e.api().Do(e.ctx, http.MethodGet, c.sendingPath(path), nil, &raw); err != nil {
		return err
	}
	return e.write(c.Out, raw)
}
