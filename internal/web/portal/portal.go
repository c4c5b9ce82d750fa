// Package portal is the page of those who are told: the notice as they got it, its updates,
// whom to ask, and a button that says "we have it". It carries out policy 003 ("customers
// … must be notified") for people without an account: the link is the permission. It works
// without script, follows nobody, and answers a wrong, an expired and a revoked link alike.
// Opening it acknowledges nothing, because mail scanners open links. Every rule stands in
// notify/notice/dispatch; it must not import another screen.
package portal

import (
	"bytes"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/paper"
	"github.com/wakebell/wakebell/internal/web/page"
)

// Deps are what the page needs.
type Deps struct {
	Dispatch *dispatch.Service
	Clock    *clock.Clock
	Address  func(r *http.Request) string // who asks, for the rate limit
}

type screen struct {
	Deps
	brake *brake
}

// Mount registers the page.
func Mount(w *page.Web, d Deps) {
	s := screen{d, &brake{seen: map[string]*visits{}}}
	w.ShowAnyone("/n/{token}", s.show)
	w.PostAnyone("/n/{token}", s.acknowledge, s.show)
	w.DownloadAnyone("/n/{token}/facts.json", s.facts)
	w.DownloadAnyone("/n/{token}/facts.pdf", s.printed)
}

func (s screen) show(r *page.Request) (page.Page, error) {
	v, err := s.open(r)
	if fault.KindOf(err) == fault.NotFound {
		w := wordsIn(r.Request.Header.Get("Accept-Language"))
		return page.Page{Title: w.dead, Lang: w.lang, Bare: true, Narrow: true, Status: http.StatusNotFound, Body: dead(w)}, nil
	}
	if err != nil {
		return page.Page{}, err
	}
	zone, err := time.LoadLocation(v.Zone)
	if err != nil || v.Zone == "" {
		zone = time.UTC
	}
	r.Zone = zone
	w := wordsIn(v.Lang)
	return page.Page{Title: v.Notices[0].Subject, Lang: w.lang, Bare: true, Narrow: true, Body: body(r, v, w)}, nil
}

func (s screen) open(r *page.Request) (dispatch.PageView, error) {
	if err := s.allow(r); err != nil {
		return dispatch.PageView{}, err
	}
	r.Header().Set("X-Robots-Tag", "noindex, nofollow, noarchive")
	token := r.PathValue("token")
	v, err := s.Dispatch.Look(r.Context(), token)
	if err != nil || r.Method == http.MethodHead || colleague(r, v) {
		return v, err
	}
	return s.Dispatch.Page(r.Context(), token)
}

// colleague says whether somebody looks at the page who can see recipients here, and is not the one told.
// What they open or press tells the recipient nothing, and would meet a duty.
func colleague(r *page.Request, v dispatch.PageView) bool {
	if r.By.Person != "" && v.Party == "person:"+r.By.Person {
		return false
	}
	return r.By.Has(who.PermRecipientRead) || r.By.Has(who.PermRecipientWork)
}

func (s screen) acknowledge(r *page.Request) (page.Done, error) {
	if err := s.allow(r); err != nil {
		return page.Done{}, err
	}
	v, err := s.Dispatch.Look(r.Context(), r.PathValue("token"))
	if err != nil {
		return page.Done{}, err
	}
	if colleague(r, v) {
		return page.Done{}, fault.New(fault.Denied, "You are signed in here, so this is not the recipient's answer. Record on the recipient's own line that they acknowledged.")
	}
	return page.Done{}, s.Dispatch.Acknowledge(r.Context(), r.PathValue("token"))
}

// facts is what a customer needs for an authority of their own, for programs.
func (s screen) facts(out http.ResponseWriter, r *page.Request) error {
	v, err := s.open(r)
	if err != nil {
		return err
	}
	if len(v.Facts) == 0 {
		return fault.New(fault.NotFound, "This notice names no facts for an authority.")
	}
	out.Header().Set("Content-Type", "application/json")
	out.Header().Set("Content-Disposition", `attachment; filename="facts.json"`)
	return json.NewEncoder(out).Encode(struct {
		Reference string          `json:"reference"`
		SentAt    time.Time       `json:"sent_at"`
		Facts     []dispatch.Fact `json:"facts"`
	}{v.Ref, v.Notices[0].SentAt, v.Facts})
}

// printed is the same on paper.
func (s screen) printed(out http.ResponseWriter, r *page.Request) error {
	v, err := s.open(r)
	if err != nil {
		return err
	}
	var file bytes.Buffer // a page or two
	if err := paper.Facts(&file, v); err != nil {
		return err
	}
	out.Header().Set("Content-Type", "application/pdf")
	out.Header().Set("Content-Disposition", `attachment; filename="facts.pdf"`)
	_, err = out.Write(file.Bytes())
	return err
}

// A visitor may open so many pages within a minute; who guesses links gets nowhere.
const (
	most     = 60
	within   = time.Minute
	mostSeen = 20_000 // visitors remembered at the same time
)

type visits struct {
	since time.Time
	n     int
}

type brake struct {
	mu   sync.Mutex
	seen map[string]*visits
}

func (s screen) allow(r *page.Request) error {
	now, from := s.Clock.Real(), s.Address(r.Request)
	b := s.brake
	b.mu.Lock()
	defer b.mu.Unlock()
	v := b.seen[from]
	if v == nil || now.Sub(v.since) > within {
		if len(b.seen) >= mostSeen {
			clear(b.seen)
		}
		v = &visits{since: now}
		b.seen[from] = v
	}
	if v.n++; v.n > most {
		return fault.TooMany(within-now.Sub(v.since), "Too many pages were opened from here. Wait a minute, then try again.")
	}
	return nil
}
