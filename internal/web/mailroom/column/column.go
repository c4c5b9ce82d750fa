// Package column is where a person says what the columns of a file of recipients hold,
// before its lines are added to the list of a notice. It carries out policy 000 ("a list of
// affected customers") for a browser: each line that cannot be used is named. Every rule
// stands in notify/notice/dispatch. It must not import another screen.
package column

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/table"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/intake"
	"github.com/wakebell/wakebell/internal/web/mailroom/send"
	"github.com/wakebell/wakebell/internal/web/page"
)

// Deps are the rooms this screen reads and commands.
type Deps struct {
	Notices  *notice.Service
	Dispatch *dispatch.Service
}

type screen struct{ Deps }

// Mount registers the page.
func Mount(w *page.Web, d Deps) {
	s := screen{d}
	const one = "/incidents/{ref}/notices/{no}/columns/{file}"
	w.Show(one, s.show)
	w.Post(one, s.load, s.show)
	w.Download(one+"/errors.csv", s.errors)
}

// at is one file as it would be read with the columns as they are said to be.
type at struct {
	R      *page.Request
	N      notice.View
	F      dispatch.Sample
	P      dispatch.Preview
	Wrong  error // the columns do not fit; nothing was read
	Target []string
	Way    string
}

func (s screen) enter(r *page.Request) (at, error) {
	a := at{R: r}
	no, err := strconv.Atoi(r.PathValue("no"))
	if err != nil {
		return a, fault.New(fault.NotFound, "There is no such notice in this incident")
	}
	if err := who.Check(r.By, who.PermNoticeWrite); err != nil {
		return a, err
	}
	if a.N, err = s.Notices.Get(r.Context(), r.By, r.PathValue("ref"), no); err != nil {
		return a, err
	}
	if a.F, err = s.Dispatch.Sample(r.Context(), r.By, r.PathValue("file")); err != nil {
		return a, err
	}
	if a.F.Notice != a.N.ID {
		return a, fault.New(fault.NotFound, "There is no such file for this notice")
	}
	guess := intake.Guess(a.F.Header)
	for n, h := range a.F.Header {
		a.Target = append(a.Target, guess[h])
		if v := values(r); v != nil && v.Has(field(n)) {
			a.Target[n] = v.Get(field(n))
		}
	}
	a.Way = values(r).Get("channel")
	return a, nil
}

// values are what was said of the columns: in the form, or in the address.
func values(r *page.Request) url.Values {
	if r.PostForm != nil {
		return r.PostForm
	}
	return r.URL.Query()
}

func field(n int) string { return "column." + strconv.Itoa(n) }

// how is how the file is read; a column of that name twice means the same.
func (a at) how() dispatch.Import {
	how := dispatch.Import{Mapping: intake.Mapping{}, Channel: dispatch.Channel(a.Way)}
	for n, h := range a.F.Header {
		if a.Target[n] != "" && how.Mapping[h] == "" {
			how.Mapping[h] = a.Target[n]
		}
	}
	return how
}

func (a at) list() string {
	return "/incidents/" + url.PathEscape(a.N.Ref) + "/notices/" + strconv.Itoa(a.N.No) + "/recipients"
}

func (a at) path() string {
	return strings.TrimSuffix(a.list(), "recipients") + "columns/" + url.PathEscape(a.F.ID)
}

// errorsPath is the file of the lines that cannot be used, with the columns as they are said to be.
func (a at) errorsPath() string {
	q := url.Values{}
	for n, t := range a.Target {
		q.Set(field(n), t)
	}
	if a.Way != "" {
		q.Set("channel", a.Way)
	}
	return a.path() + "/errors.csv?" + q.Encode()
}

func (s screen) show(r *page.Request) (page.Page, error) {
	a, err := s.enter(r)
	if err != nil {
		return page.Page{}, err
	}
	a.P, a.Wrong = s.Dispatch.PreviewFile(r.Context(), r.By, a.F.ID, a.how())
	if a.Wrong != nil && fault.KindOf(a.Wrong) != fault.Invalid {
		return page.Page{}, a.Wrong
	}
	room := "/incidents/" + url.PathEscape(a.N.Ref)
	return page.Page{
		Title: "What the columns hold", Nav: "/notices", Drill: a.N.Drill, Lead: page.Text(a.lead()), Body: body(a),
		Crumbs: []page.Crumb{
			{Label: "Now", Href: "/"},
			{Label: a.N.Ref, Href: room},
			{Label: "Notices", Href: room + "/notices"},
			{Label: strconv.Itoa(a.N.No), Href: room + "/notices/" + strconv.Itoa(a.N.No)},
			{Label: "Recipients", Href: a.list()},
			{Label: a.F.Name},
		},
	}, nil
}

// encodings and delimiters in words.
var (
	encodings  = map[string]string{"utf-8": "UTF-8", "utf-16le": "UTF-16", "utf-16be": "UTF-16", "windows-1252": "Latin-1 (Windows-1252)"}
	delimiters = map[string]string{",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
)

func (a at) lead() string {
	encoding := a.F.Encoding
	if a.P.Encoding != "" {
		encoding = a.P.Encoding
	}
	return fmt.Sprintf("%s: %d columns parted by %s, written in %s. Nobody is added yet.", a.F.Name, len(a.F.Header), delimiters[a.F.Delimiter], encodings[encoding])
}

// load adds the lines, or reads the file again with other columns.
func (s screen) load(r *page.Request) (page.Done, error) {
	if r.Text("do") != "add" {
		return page.Done{Again: true}, nil
	}
	a, err := s.enter(r)
	if err != nil {
		return page.Done{}, err
	}
	in, err := s.Dispatch.ImportFile(r.Context(), r.By, a.F.ID, a.how())
	if err != nil {
		return page.Done{}, s.named(a, err)
	}
	return page.Done{To: a.list(), Say: say(in)}, nil
}

// named puts what is wrong with the columns to the first of them: the form has no field "mapping".
func (s screen) named(a at, err error) error {
	return page.Rename(err, "mapping", field(0))
}

func say(in dispatch.Imported) string {
	out := send.Added(in.Added)
	if in.Refused > 0 {
		out += " Mend them, then add the file again; nobody is added twice."
	}
	return out
}

// errors are all lines of the file that cannot be used.
func (s screen) errors(out http.ResponseWriter, r *page.Request) error {
	a, err := s.enter(r)
	if err != nil {
		return err
	}
	out.Header().Set("Content-Type", "text/csv; charset=utf-8")
	out.Header().Set("Content-Disposition", `attachment; filename="lines-to-mend.csv"`)
	w := csv.NewWriter(out)
	if err := s.lines(a, w); err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

func (s screen) lines(a at, w *csv.Writer) error {
	head := false
	begin := func() error {
		if head {
			return nil
		}
		head = true
		return w.Write([]string{"line", "column", "what to mend"})
	}
	err := s.Dispatch.WrongLines(a.R.Context(), a.R.By, a.F.ID, a.how(), func(e dispatch.LineError) error {
		if err := begin(); err != nil {
			return err
		}
		return w.Write([]string{strconv.Itoa(e.Line), table.Cell(e.Column), table.Cell(e.Message)})
	})
	if err != nil {
		return err
	}
	return begin()
}

// meanings are what a column may hold. Column n is kept for the text as row.NAME unless it means something.
func meanings(header string) []page.Option {
	out := []page.Option{}
	if key := intake.Key(header); key != "" {
		out = append(out, page.Option{Value: "", Label: "For the text: row." + key})
	} else {
		out = append(out, page.Option{Value: "", Label: "Nothing"})
	}
	for _, t := range intake.Targets() {
		out = append(out, page.Option{Value: t, Label: targets[t]})
	}
	return out
}

var targets = map[string]string{
	intake.Name: "Name", intake.Email: "Mail address", intake.Phone: "Phone number", intake.Contact: "Contact person", intake.Role: "Their role",
	intake.Lang: "Language", intake.Country: "Country", intake.Salutation: "Salutation", intake.Reference: "Their reference", intake.Postal: "Postal address",
	intake.Webhook: "Webhook", intake.Channel: "Way (email, letter …)", intake.Party: "Party, by its id in the directory", intake.Ignore: "Leave it out",
}

func ways() []page.Option {
	return []page.Option{
		{Value: "", Label: "The best there is"},
		{Value: string(dispatch.Email), Label: "E-mail"},
		{Value: string(dispatch.Letter), Label: "Letter"},
		{Value: string(dispatch.Phone), Label: "Phone"},
		{Value: string(dispatch.Page), Label: "Page"},
		{Value: string(dispatch.Webhook), Label: "Webhook"},
		{Value: string(dispatch.HandedOver), Label: "Handed over"},
	}
}

// example are the first values of a column.
func (a at) example(n int) string {
	var out []string
	for _, row := range a.F.Rows {
		if n >= len(row) || strings.TrimSpace(row[n]) == "" || len(out) == 3 {
			continue
		}
		v := []rune(strings.Join(strings.Fields(row[n]), " "))
		if len(v) > 40 {
			v = append(v[:39], '…')
		}
		out = append(out, string(v))
	}
	return strings.Join(out, " · ")
}

// usable is how many of the lines that were looked at can be added.
func (a at) usable() int { return a.P.Lines - a.P.Refused }

// looked says that the preview read the beginning alone.
func (a at) looked() string {
	if a.P.Lines >= 2000 {
		return "The first 2,000 lines were looked at. "
	}
	return ""
}

func wayOf(r dispatch.Recipient) string {
	if r.State == dispatch.Gap {
		return "cannot be reached: " + r.Gap
	}
	for _, w := range ways() {
		if w.Value == string(r.Channel) {
			return w.Label
		}
	}
	return string(r.Channel)
}
