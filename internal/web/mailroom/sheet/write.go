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

// settings is the page of how a notice is sent.
type settings struct {
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
	w := settings{sheet: v}
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
