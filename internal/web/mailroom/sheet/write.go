package sheet

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/web/page"
)

// starting is the page where a notice begins.
type starting struct {
	room
	To      string
	Purpose string
	Follows string
	Earlier []notice.Notice // that were sent
}

func (s screen) showNew(r *page.Request) (page.Page, error) {
	if err := writes(r); err != nil {
		return page.Page{}, err
	}
	m, err := s.enter(r)
	if err != nil {
		return page.Page{}, err
	}
	v := starting{room: m, To: r.Query("to"), Purpose: r.Query("purpose"), Follows: r.Query("follows")}
	list, err := s.Notices.List(r.Context(), r.By, m.Inc.Ref)
	if err != nil {
		return page.Page{}, err
	}
	for _, n := range list {
		if n.State == notice.Released || n.State == notice.Done {
			v.Earlier = append(v.Earlier, n)
		}
	}
	p := page.Page{Title: "Start a notice", Lead: page.Text(m.Inc.Title), Narrow: true, Body: newBody(v)}
	return m.page(p, page.Crumb{Label: "Notices", Href: m.path()}, page.Crumb{Label: "Start"}), nil
}

func (s screen) start(r *page.Request) (page.Done, error) {
	in := notice.Start{
		Audience: notice.Audience(r.Text("audience")), Purpose: notice.Purpose(r.Text("purpose")), Lang: r.Text("lang"),
		Subject: r.Text("subject"), Body: r.Text("body"), Voluntary: r.Ticked("voluntary"),
	}
	if f := r.Text("follows"); f != "" {
		no, err := strconv.Atoi(f)
		if err != nil {
			return page.Done{}, fault.InvalidField("follows", "must be the number of a notice")
		}
		in.Follows = no
	}
	n, err := s.Notices.Start(r.Context(), r.By, r.PathValue("ref"), in)
	if err != nil {
		return page.Done{}, err
	}
	return page.Done{To: fmt.Sprintf("/incidents/%s/notices/%d", r.PathValue("ref"), n.No), Say: "Started."}, nil
}

// writing is the page where one text is written.
type writing struct {
	sheet
	Text     notice.Text
	New      bool
	Versions []notice.Text
}

func (s screen) showText(r *page.Request) (page.Page, error) {
	if err := writes(r); err != nil {
		return page.Page{}, err
	}
	v, err := s.read(r)
	if err != nil {
		return page.Page{}, err
	}
	w := writing{sheet: v}
	lang, variant := r.Query("lang"), r.Query("variant")
	if lang == "" {
		lang = v.Lang
	}
	t, ok := v.Notice.Text(lang, variant)
	if r.Query("add") != "" {
		w.New, w.Text = true, notice.Text{}
	} else if !ok {
		return page.Page{}, fault.New(fault.NotFound, "There is no such text in this notice.")
	} else {
		w.Text = t
		if w.Versions, err = s.Notices.Versions(r.Context(), r.By, v.Ref, v.No, lang, variant); err != nil {
			return page.Page{}, err
		}
	}
	title := "Edit the text"
	if w.New {
		title = "Add a language"
	}
	return v.page(page.Page{Title: title, Lead: page.Text(v.Called()), Body: textBody(w)}), nil
}

func (s screen) write(r *page.Request) (page.Done, error) {
	no, err := number(r)
	if err != nil {
		return page.Done{}, err
	}
	base, err := strconv.Atoi(r.Text("version"))
	if err != nil {
		return page.Done{}, fault.New(fault.Invalid, "The form has lost its version. Open the page again; what you typed is kept.")
	}
	in := notice.TextInput{Lang: r.Text("lang"), Variant: r.Text("variant"), Subject: r.Text("subject"), Body: r.Text("body"), IfVersion: base}
	n, err := s.Notices.WriteText(r.Context(), r.By, r.PathValue("ref"), no, in)
	if fault.KindOf(err) == fault.Precondition {
		return page.Done{}, s.stale(r, no, in, err)
	}
	if err != nil {
		return page.Done{}, err
	}
	return page.Done{To: fmt.Sprintf("/incidents/%s/notices/%d", r.PathValue("ref"), n.No), Say: "Saved. It must be submitted before it can be released."}, nil
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
	return &page.Stale{
		Field: "body", Theirs: t.Subject + "\n\n" + t.Body, By: dir.PersonName(t.By), At: t.At, Version: strconv.Itoa(t.Version),
	}
}

func (s screen) remove(r *page.Request) (page.Done, error) {
	done, err := run(r, "Taken out.", func(ref string, no int) (notice.Notice, error) {
		return s.Notices.RemoveText(r.Context(), r.By, ref, no, r.Text("lang"), r.Text("variant"))
	})
	done.To = fmt.Sprintf("/incidents/%s/notices/%s", r.PathValue("ref"), r.PathValue("no"))
	return done, err
}

// setting is the page of how a notice is sent.
type setting struct {
	sheet
	Free []file.File // of the incident, not attached yet
}

func (s screen) showSettings(r *page.Request) (page.Page, error) {
	if err := writes(r); err != nil {
		return page.Page{}, err
	}
	v, err := s.read(r)
	if err != nil {
		return page.Page{}, err
	}
	w := setting{sheet: v}
	files, err := s.Files.Newest(r.Context(), r.By, v.Ref, 50)
	if err != nil {
		return page.Page{}, err
	}
	for _, f := range files {
		used := slices.ContainsFunc(v.Notice.Files, func(x notice.File) bool { return x.ID == f.ID })
		if !used && !f.Withdrawn() && !f.Erased {
			w.Free = append(w.Free, f)
		}
	}
	return v.page(page.Page{Title: "Settings", Lead: page.Text(v.Called()), Body: settingsBody(w)}), nil
}

func (s screen) set(r *page.Request) (page.Done, error) {
	in := notice.Settings{Channels: r.All("channels"), ReplyTo: r.Text("reply_to"), Second: r.Text("second")}
	at, err := r.Moment("embargo_at")
	if err != nil {
		return page.Done{}, err
	}
	in.EmbargoAt = at
	for name, into := range map[string]*int{"canary": &in.Canary, "second_after_hours": &in.SecondAfterHours} {
		text := r.Text(name)
		if text == "" {
			continue
		}
		if *into, err = strconv.Atoi(text); err != nil {
			return page.Done{}, fault.InvalidField(name, "must be a whole number")
		}
	}
	return run(r, "Saved.", func(ref string, no int) (notice.Notice, error) {
		v, _ := strconv.ParseInt(r.Text("version"), 10, 64)
		return s.Notices.Set(r.Context(), r.By, ref, no, in, v)
	})
}

func (s screen) attach(r *page.Request) (page.Done, error) {
	return run(r, "Attached.", func(ref string, no int) (notice.Notice, error) {
		return s.Notices.Attach(r.Context(), r.By, ref, no, r.Text("file"))
	})
}

func (s screen) detach(r *page.Request) (page.Done, error) {
	return run(r, "Taken off.", func(ref string, no int) (notice.Notice, error) {
		return s.Notices.Detach(r.Context(), r.By, ref, no, r.Text("file"))
	})
}
