package sheet

import (
	"strconv"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/proof"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/differ"
)

// sheet is one notice as one viewer sees it.
type sheet struct {
	room
	notice.View
	recipients, sending bool            // there are pages for them
	Was                 []differ.Change // what is new in the master text since the round before
}

// here is the address of the notice, or of a page below it.
func (v sheet) here(below ...string) string {
	return v.path(append([]string{strconv.Itoa(v.No)}, below...)...)
}

func (s screen) read(r *page.Request) (sheet, error) {
	m, err := s.enter(r)
	if err != nil {
		return sheet{}, err
	}
	no, err := number(r)
	if err != nil {
		return sheet{}, err
	}
	v, err := s.Notices.Get(r.Context(), r.By, m.Inc.Ref, no)
	const one = "/incidents/{ref}/notices/{no}"
	return sheet{room: m, View: v, recipients: s.web.Has(one + "/recipients"), sending: s.web.Has(one+"/sending") && v.Release != nil && v.Release.Run != ""}, err
}

func (v sheet) page(p page.Page) page.Page {
	crumbs := []page.Crumb{{Label: "Notices", Href: v.path()}}
	if p.Title == v.Called() {
		return v.room.page(p, append(crumbs, page.Crumb{Label: strconv.Itoa(v.No)})...)
	}
	return v.room.page(p, append(crumbs, page.Crumb{Label: strconv.Itoa(v.No), Href: v.here()}, page.Crumb{Label: p.Title})...)
}

func (s screen) show(r *page.Request) (page.Page, error) {
	v, err := s.read(r)
	if err != nil {
		return page.Page{}, err
	}
	if v.Was, err = s.was(r, v); err != nil {
		return page.Page{}, err
	}
	stale := page.Any(page.On("notice", v.Incident), page.On("incident", v.Incident), page.On("duty", v.Incident), page.On("dispatch", v.Incident))
	head := page.Region{Name: "state", On: stale, Body: stateLine(v)}
	words := page.Region{Name: "words", On: stale, Body: words(v)}
	act := page.Region{Name: "act", On: stale, Body: acts(v)}
	side := page.Region{Name: "side", On: stale, Body: side(v)}
	p := page.Page{
		Title: v.Called(), Lead: head.Place(), Regions: []page.Region{head, words, act, side}, Body: body(v, words, act, side),
	}
	switch {
	case v.Can.Approve || len(v.Can.Emergency) > 0:
		p.Thumb = []page.Action{{Label: "Decide", Icon: page.IconStamp, Href: "#decide", Main: true}}
	case v.Can.Release:
		p.Thumb = []page.Action{{Label: "Release", Icon: page.IconSend, Href: "#decide", Main: true}}
	}
	if v.Can.Write {
		p.Actions = page.Links(
			page.Action{Label: "Edit the text", Icon: page.IconPencilLine, Href: v.here("text"), Key: "e"},
			page.Action{Label: "Settings", Icon: page.IconSettings, Href: v.here("settings")},
		)
	}
	return v.page(p), nil
}

// was is what changed in the master text since it was submitted before.
func (s screen) was(r *page.Request, v sheet) ([]differ.Change, error) {
	t, ok := v.Text(v.Lang, "")
	if !ok {
		return nil, nil
	}
	old, err := proof.Before(r.Context(), s.Notices, r.By, v.View, t)
	if old == nil || err != nil {
		return nil, err
	}
	return differ.Of(proof.Differ(*old, t)), nil
}

// run carries one act out on the notice of the address.
func run(r *page.Request, say string, act func(ref string, no int) (notice.Notice, error)) (page.Done, error) {
	no, err := number(r)
	if err != nil {
		return page.Done{}, err
	}
	_, err = act(r.PathValue("ref"), no)
	return page.Done{Say: say}, err
}

func (s screen) submit(r *page.Request) (page.Done, error) {
	return run(r, "Submitted. Those whose yes is needed were told.", func(ref string, no int) (notice.Notice, error) {
		v, _ := strconv.ParseInt(r.Text("version"), 10, 64)
		return s.Notices.Submit(r.Context(), r.By, ref, no, v)
	})
}

func (s screen) approve(r *page.Request) (page.Done, error) {
	return run(r, "Approved, for exactly these bytes.", func(ref string, no int) (notice.Notice, error) {
		return s.Notices.Approve(r.Context(), r.By, ref, no, notice.Approve{Bound: r.Text("bound"), For: r.Text("for")})
	})
}

func (s screen) emergency(r *page.Request) (page.Done, error) {
	return run(r, "Approved in an emergency. This stays marked.", func(ref string, no int) (notice.Notice, error) {
		return s.Notices.Approve(r.Context(), r.By, ref, no, notice.Approve{Bound: r.Text("bound"), Emergency: true, Reason: r.Text("reason")})
	})
}

func (s screen) giveBack(r *page.Request) (page.Done, error) {
	return run(r, "Sent back. Those who wrote it were told.", func(ref string, no int) (notice.Notice, error) {
		return s.Notices.Return(r.Context(), r.By, ref, no, r.Text("bound"), r.Text("reason"))
	})
}

func (s screen) release(r *page.Request) (page.Done, error) {
	return run(r, "Released.", func(ref string, no int) (notice.Notice, error) {
		return s.Notices.Release(r.Context(), r.By, ref, no, notice.Go{Bound: r.Text("bound"), LateReason: r.Text("late_reason")})
	})
}

func (s screen) withdraw(r *page.Request) (page.Done, error) {
	return run(r, "Withdrawn. It stays in the record.", func(ref string, no int) (notice.Notice, error) {
		return s.Notices.Withdraw(r.Context(), r.By, ref, no, r.Text("reason"))
	})
}

// writes refuses those who may not write.
func writes(r *page.Request) error { return who.Check(r.By, who.PermNoticeWrite) }
