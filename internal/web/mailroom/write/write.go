// Package write is the page where one text of a notice is written: the text with its merge
// fields, how a recipient will read it, what was checked, and what differs from the master
// and from what was approved. It carries out policy 003 ("The message sent to customers
// will be created by members of the Communications Team", "consistent, with the same or
// similar message delivered to each") for a browser. Every rule stands in notify/notice. It
// must not import another screen.
package write

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/proof"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/notify/notice/value"
	"github.com/wakebell/wakebell/internal/notify/notice/whom"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/web/page"
)

// Deps are the rooms this screen reads and commands.
type Deps struct {
	Notices   *notice.Service
	Proofs    *proof.Service
	Incidents *incident.Service
	Directory *directory.Service
	DB        *store.DB
}

type screen struct{ Deps }

// Mount registers the page.
func Mount(w *page.Web, d Deps) {
	s := screen{d}
	const path = "/incidents/{ref}/notices/{no}/text"
	w.Show(path, s.show)
	w.Post(path, s.save, s.show)
	w.Post(path+"/remove", s.remove, s.show)
	w.Post(path+"/tick", s.tick, s.show)
	w.Post(path+"/try", s.try, s.show)
}

// The views of the page.
const (
	writing = ""
	preview = "preview"
	checks  = "checks"
	compare = "compare"
)

// view is the page as one writer sees it.
type view struct {
	proof.Proof
	R        *page.Request
	Dir      directory.Snapshot
	Sheet    proof.Sheet
	New      bool // a language or variant is added
	View     string
	Versions []notice.Text
	Reader   string // party whose copy is shown
	Readers  []page.Option
	Letter   text.Rendered
	Missing  []text.Missing
	Gets     string // the variant that reader gets
}

func (s screen) show(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermNoticeWrite); err != nil {
		return page.Page{}, err
	}
	v, err := s.read(r)
	if err != nil {
		return page.Page{}, err
	}
	st, err := s.Incidents.GetTx(s.DB, v.Ref)
	if err != nil {
		return page.Page{}, err
	}
	title := "Write the text"
	if v.New {
		title = "Add a language"
	}
	return page.Page{
		Title: title, Lead: page.Text(v.Called()), Nav: "/notices", Drill: v.Drill, Body: body(v),
		Crumbs: []page.Crumb{
			{Label: "Now", Href: "/"},
			{Label: st.Ref, Href: "/incidents/" + url.PathEscape(st.Ref)},
			{Label: "Notices", Href: "/incidents/" + url.PathEscape(st.Ref) + "/notices"},
			{Label: strconv.Itoa(v.No), Href: v.here()},
			{Label: title},
		},
	}, nil
}

func (s screen) read(r *page.Request) (view, error) {
	v := view{R: r, New: r.Query("add") != "", View: r.Query("view"), Reader: r.Query("reader")}
	no, err := number(r)
	if err != nil {
		return v, err
	}
	if v.Proof, err = s.Proofs.Of(r.Context(), r.By, r.PathValue("ref"), no); err != nil {
		return v, err
	}
	if v.Dir, err = s.Directory.Snapshot(s.DB); err != nil {
		return v, err
	}
	if v.New { // whoever translates begins with the master text, and keeps its fields
		m := v.Master()
		v.Sheet.Subject, v.Sheet.Body = m.Subject, m.Body
		return v, nil
	}
	lang, variant := r.Query("lang"), r.Query("variant")
	if lang == "" {
		lang = v.Lang
	}
	i := slices.IndexFunc(v.Sheets, func(x proof.Sheet) bool { return x.Lang == lang && x.Variant == variant })
	if i < 0 {
		return v, fault.New(fault.NotFound, "There is no such text in this notice.")
	}
	v.Sheet = v.Sheets[i]
	if v.Versions, err = s.Notices.Versions(r.Context(), r.By, v.Ref, v.No, lang, variant); err != nil {
		return v, err
	}
	v.render()
	return v, nil
}

// render fills the text in for one reader.
func (v *view) render() {
	v.Readers = v.readers()
	if v.Reader == "" && len(v.Readers) > 0 {
		v.Reader = v.Readers[0].Value
	}
	if v.Sheet.Read == nil {
		return
	}
	own := value.Sample(v.Sheet.Lang)
	v.Gets = v.Sheet.Variant
	if p, ok := v.Dir.Parties[v.Reader]; ok {
		own = value.OfParty(p, own)
		v.Gets = v.gets(p)
	}
	v.Letter, v.Missing = v.Sheet.Read.Render("", v.Zone, v.Values, own)
}

// gets is the variant that a party's copy has, as far as it does not hang on a label of the
// list.
func (v *view) gets(p directory.Party) string {
	reader := whom.Reader{Kind: string(p.Kind), Country: p.Country}
	w := v.Variants[v.Sheet.Variant]
	if len(w.Labels) > 0 {
		reader.Label = w.Labels[0]
	}
	if len(w.Channels) > 0 {
		reader.Channel = w.Channels[0]
	} else if len(v.Settings.Channels) > 0 {
		reader.Channel = v.Settings.Channels[0]
	}
	return v.VariantOf(reader)
}

// readers are those whose duties the notice is tied to, then others of the directory.
func (v *view) readers() []page.Option {
	var out []page.Option
	seen := map[string]bool{}
	add := func(id string) {
		if p, ok := v.Dir.Parties[id]; ok && !seen[id] && !p.Retired {
			seen[id] = true
			out = append(out, page.Option{Value: id, Label: p.Name})
		}
	}
	for _, d := range v.Tied {
		add(d.Recipient.ID)
	}
	kind := map[notice.Audience]directory.PartyKind{
		notice.Customer: directory.PartyCustomer, notice.Partner: directory.PartyPartner, notice.Vendor: directory.PartyVendor,
		notice.Authority: directory.PartyAuthority, notice.LawEnforcement: directory.PartyLawEnforcement, notice.Insurer: directory.PartyInsurer,
	}[v.Audience]
	const most = 100
	if kind != "" {
		for _, p := range v.Dir.PartiesOf(kind) {
			if len(out) < most {
				add(p.ID)
			}
		}
	}
	return out
}

func (s screen) save(r *page.Request) (page.Done, error) {
	no, err := number(r)
	if err != nil {
		return page.Done{}, err
	}
	base, err := strconv.Atoi(r.Text("version"))
	if err != nil {
		return page.Done{}, fault.New(fault.Invalid, "The form has lost its version. Open the page again; what you typed is kept.")
	}
	in := notice.TextInput{Lang: r.Text("lang"), Variant: r.Text("variant"), Subject: r.Text("subject"), Body: r.Text("body"), IfVersion: base}
	if in.Variant != "" {
		in.For = whom.For{Kinds: parts(r, "for.kinds"), Countries: parts(r, "for.countries"), Labels: parts(r, "for.labels"), Channels: parts(r, "for.channels")}
	}
	n, err := s.Notices.WriteText(r.Context(), r.By, r.PathValue("ref"), no, in)
	switch {
	case fault.KindOf(err) == fault.Precondition:
		return page.Done{}, s.stale(r, no, in, err)
	case err != nil:
		return page.Done{}, err
	}
	to := textPath(r.PathValue("ref"), n.No, in.Lang, in.Variant, checks, "")
	return page.Done{To: to, Say: "Saved. It must be submitted before it can be released."}, nil
}

// parts are what was typed with commas between.
func parts(r *page.Request, name string) []string {
	var out []string
	for _, p := range strings.Split(r.Text(name), ",") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// stale shows both texts of a save that came second.
func (s screen) stale(r *page.Request, no int, in notice.TextInput, err error) error {
	v, gerr := s.Notices.Get(r.Context(), r.By, r.PathValue("ref"), no)
	if gerr != nil {
		return err
	}
	dir, gerr := s.Directory.Snapshot(s.DB)
	if gerr != nil {
		return err
	}
	t, _ := v.Notice.Text(in.Lang, in.Variant)
	return &page.Stale{Field: "body", Theirs: t.Subject + "\n\n" + t.Body, By: dir.PersonName(t.By), At: t.At, Version: strconv.Itoa(t.Version)}
}

func (s screen) remove(r *page.Request) (page.Done, error) {
	no, err := number(r)
	if err != nil {
		return page.Done{}, err
	}
	n, err := s.Notices.RemoveText(r.Context(), r.By, r.PathValue("ref"), no, r.Text("lang"), r.Text("variant"))
	return page.Done{To: textPath(r.PathValue("ref"), n.No, n.Lang, "", "", ""), Say: "Taken out."}, err
}

// tick keeps where the text says what the law asks for, or why not yet.
func (s screen) tick(r *page.Request) (page.Done, error) {
	no, err := number(r)
	if err != nil {
		return page.Done{}, err
	}
	quote := r.Text("quote")
	if quote != "" && r.Text("as") == "reason" {
		quote = text.NotYet + quote
	}
	n, err := s.Notices.Tick(r.Context(), r.By, r.PathValue("ref"), no, r.Text("item"), quote)
	return page.Done{To: textPath(r.PathValue("ref"), n.No, n.Lang, "", checks, ""), Say: "Kept."}, err
}

// try sends the text, as the chosen reader would get it, to the writer alone.
func (s screen) try(r *page.Request) (page.Done, error) {
	if err := who.Check(r.By, who.PermNoticeWrite); err != nil {
		return page.Done{}, err
	}
	v, err := s.read(r)
	if err != nil {
		return page.Done{}, err
	}
	if v.Sheet.Read == nil {
		return page.Done{}, fault.New(fault.Conflict, "The text cannot be read yet. Correct what the checks name, then try again.")
	}
	_, err = s.Notices.Try(r.Context(), r.By, v.Ref, v.No, v.Letter.Subject, v.Letter.Text)
	return page.Done{To: v.path(preview), Say: "On its way to you, and to nobody else."}, err
}

func number(r *page.Request) (int, error) {
	no, err := strconv.Atoi(r.PathValue("no"))
	if err != nil || no < 1 {
		return 0, fault.New(fault.NotFound, "There is no such notice in this incident.")
	}
	return no, nil
}

// textPath is the address of one text in one view.
func textPath(ref string, no int, lang, variant, in, reader string) string {
	q := url.Values{"lang": {lang}}
	for name, v := range map[string]string{"variant": variant, "view": in, "reader": reader} {
		if v != "" {
			q.Set(name, v)
		}
	}
	return "/incidents/" + url.PathEscape(ref) + "/notices/" + strconv.Itoa(no) + "/text?" + q.Encode()
}

func (v view) here(below ...string) string {
	return "/incidents/" + url.PathEscape(v.Ref) + "/notices/" + strconv.Itoa(v.No) + strings.Join(append([]string{""}, below...), "/")
}

func (v view) path(in string) string {
	reader := ""
	if in == preview {
		reader = v.Reader
	}
	return textPath(v.Ref, v.No, v.Sheet.Lang, v.Sheet.Variant, in, reader)
}

// to is a form's address that comes back to the same text.
func (v view) to(act string) string {
	return strings.Replace(v.path(v.View), "/text?", "/text/"+act+"?", 1)
}

func (v view) master() bool { return v.Sheet.Lang == v.Lang && v.Sheet.Variant == "" }
