package page

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/web/page/asset"
	"github.com/wakebell/wakebell/internal/web/page/late"
	"github.com/wakebell/wakebell/internal/web/page/live"
	"github.com/wakebell/wakebell/internal/web/page/sent"
)

// Config is what the face is made of.
type Config struct {
	SignedIn func(r *http.Request) (who.Identity, bool) // false: nobody
	SignIn   string                                     // path of the sign-in page
	People   *who.Service                               // nil in tests: the viewer's zone is UTC
	DB       *store.DB
	Clock    *clock.Clock
	Live     *live.Hub // nil: no live updates
	Assets   *asset.Set
	Menu     []Item
	Log      *slog.Logger
	Demo     bool // banner on every page
}

// Web routes the requests of the screens.
type Web struct {
	Config
	mux   *http.ServeMux
	paths map[string]bool
	cross *http.CrossOriginProtection
	beat  time.Duration // between two heartbeats of a stream
}

// Show draws the page of a GET. An error becomes the page that explains it.
type Show func(r *Request) (Page, error)

// Act carries out a POST.
type Act func(r *Request) (Done, error)

// New returns a face without screens.
func New(c Config) *Web {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.SignedIn == nil {
		c.SignedIn = func(*http.Request) (who.Identity, bool) { return who.Identity{}, false }
	}
	if c.Assets == nil {
		c.Assets = &asset.Set{}
	}
	w := &Web{Config: c, mux: http.NewServeMux(), paths: map[string]bool{}, cross: http.NewCrossOriginProtection(), beat: heartbeat}
	w.mux.Handle("GET /a/{file}", w.Assets)
	w.mux.HandleFunc("POST /theme", w.handler(true, func(r *Request) error { return r.finish(theme(r)) }))
	if c.Live != nil {
		w.mux.HandleFunc("GET /events", w.events)
	}
	return w
}

// Show registers the page of a path, for signed-in viewers.
func (w *Web) Show(path string, show Show) {
	w.paths[path] = true
	w.mux.HandleFunc("GET "+exact(path), w.handler(false, func(r *Request) error { return r.show(show, 0) }))
}

// Post registers an act. show draws the page again when the act fails; nil shows the error alone.
func (w *Web) Post(path string, act Act, show Show) {
	w.mux.HandleFunc("POST "+exact(path), w.handler(false, func(r *Request) error { return r.act(act, show) }))
}

// Put takes one file of a form while it arrives. It checks first that the viewer may send it.
type Put func(r *Request, body io.Reader) (*blob.Held, error)

// PostFiles is Post for a form with files, which stand in Request.Files for the act.
func (w *Web) PostFiles(path string, act Act, show Show, put Put) {
	w.mux.HandleFunc("POST "+exact(path), w.handler(false, func(r *Request) error {
		r.put = put
		blob.Patient(r.out, r.Request, w.Clock.Real)
		defer func() { r.Files.Close() }()
		return r.act(act, show)
	}))
}

// ShowAnyone registers a page that needs no sign-in.
func (w *Web) ShowAnyone(path string, show Show) {
	w.paths[path] = true
	w.mux.HandleFunc("GET "+exact(path), w.handler(true, func(r *Request) error { return r.show(show, 0) }))
}

// PostAnyone registers an act that needs no sign-in.
func (w *Web) PostAnyone(path string, act Act, show Show) {
	w.mux.HandleFunc("POST "+exact(path), w.handler(true, func(r *Request) error { return r.act(act, show) }))
}

// Download registers a GET that answers with something else than a page, such as a file. It is sent as an
// attachment unless h says otherwise.
func (w *Web) Download(path string, h func(out http.ResponseWriter, r *Request) error) {
	w.mux.HandleFunc("GET "+exact(path), w.handler(false, func(r *Request) error {
		r.Header().Set("Content-Disposition", "attachment")
		err := h(r.out, r)
		if err != nil {
			r.Header().Del("Content-Disposition")
		}
		return err
	}))
}

// Has says whether a page is registered: a link to it works.
func (w *Web) Has(path string) bool { return w.paths[path] }

func exact(path string) string {
	if strings.HasSuffix(path, "/") {
		return path + "{$}"
	}
	return path
}

// ServeHTTP serves one request.
func (w *Web) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	secure(out.Header())
	if err := w.cross.Check(r); err != nil {
		w.handler(true, func(*Request) error {
			return fault.Wrap(fault.Denied, err, "This was sent from another site, so it was not done. Open the page here and send it again.")
		})(out, r)
		return
	}
	if _, pattern := w.mux.Handler(r); pattern == "" {
		w.handler(true, func(*Request) error {
			return fault.New(fault.NotFound, "There is no page at this address.")
		})(out, r)
		return
	}
	w.mux.ServeHTTP(out, r)
}

// secure sets the headers that every answer has. Assets replace Cache-Control.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "+
		"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "+
		"require-trusted-types-for 'script'; trusted-types wakebell")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Cache-Control", "no-store")
}

// handler finds out who asks and turns whatever goes wrong into a page.
func (w *Web) handler(anyone bool, fn func(r *Request) error) http.HandlerFunc {
	return func(out http.ResponseWriter, hr *http.Request) {
		r := w.request(out, hr)
		r.anyone = anyone
		defer func() {
			if v := recover(); v != nil {
				if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(v)
				}
				w.Log.Error("panic in a screen", "path", r.place(), "panic", v, "stack", string(debug.Stack()))
				r.problem(fault.New(fault.Internal, ""))
			}
		}()
		if r.By.IsZero() && !anyone {
			w.askToSignIn(r)
			return
		}
		err := fn(r)
		if to, ok := errors.AsType[Elsewhere](err); ok {
			http.Redirect(out, r.Request, string(to), http.StatusSeeOther)
			return
		}
		if err != nil {
			r.problem(err)
		}
	}
}

func (w *Web) request(out http.ResponseWriter, hr *http.Request) *Request {
	r := &Request{Request: hr, Zone: time.UTC, web: w, out: out, seen: -1}
	if w.Clock != nil {
		r.Now = w.Clock.Now()
	}
	if by, ok := w.SignedIn(hr); ok {
		r.By = by
	}
	if want := hr.Header.Get("X-Regions"); want != "" {
		r.regions = strings.Split(want, ",")
	} else if w.Live != nil && hr.Method == http.MethodGet && !r.By.IsZero() {
		r.seen = w.Live.Position(hr.Context())
	}
	if w.People != nil && r.By.Person != "" {
		if p, err := w.People.PersonTx(hr.Context(), w.DB, r.By.Person); err == nil {
			r.Person = p
			if z, err := time.LoadLocation(p.Zone); err == nil && p.Zone != "" {
				r.Zone = z
			}
		}
	}
	return r
}

// askToSignIn sends a viewer to the sign-in page and back. What was typed into a form is shown again
// instead: no session that ended may cost a text.
func (w *Web) askToSignIn(r *Request) {
	if r.Method != http.MethodGet || r.enhanced() || w.SignIn == "" {
		r.problem(fault.New(fault.Unauthenticated, "You are not signed in any more. Sign in in another tab, then send this again."))
		return
	}
	to := w.SignIn
	if r.URL.Path != "/" {
		to += "?to=" + url.QueryEscape(r.URL.RequestURI())
	}
	http.Redirect(r.out, r.Request, to, http.StatusSeeOther)
}

func (r *Request) show(show Show, status int) error {
	if r.countsOnly() {
		return r.send(&Page{}, http.StatusOK)
	}
	p, err := show(r)
	if err != nil {
		return err
	}
	if status == 0 {
		status = max(p.Status, http.StatusOK)
	}
	return r.send(&p, status)
}

// act reads the form, carries it out and answers: with a redirect, with regions for the script, or
// with the page drawn again.
func (r *Request) act(act Act, show Show) error {
	err := r.read()
	if err != nil && r.put == nil {
		return err
	}
	var done Done
	if err == nil {
		done, err = act(r)
	}
	if err == nil && done.File != nil {
		if err = r.file(done.File); err == nil {
			return nil
		}
	}
	if err == nil {
		return r.finish(done, nil, show)
	}
	status := statusOf(err)
	stale, isStale := errors.AsType[*Stale](err)
	if isStale {
		status = http.StatusConflict
	}
	again := isStale || slices.Contains([]fault.Kind{
		fault.Invalid, fault.Conflict, fault.Unavailable, fault.Precondition, fault.Reused, fault.TooLarge, fault.Throttled,
	}, fault.KindOf(err))
	if show == nil || !again {
		return err
	}
	if fault.KindOf(err) == fault.Unavailable {
		r.web.Log.Error("not saved", "path", r.place(), "error", err)
	}
	r.post = &posted{form: r.PostFormValue(fieldForm), values: r.PostForm, err: err, stale: stale}
	r.retryAfter(err)
	r.regions = nil // the script takes the whole page to show the errors
	r.atPage()
	return r.show(show, status)
}

// Answer is what an act answers with instead of a page. Its form is Plain: the browser itself takes the file.
type Answer struct {
	Name, Media string
	Write       func(w io.Writer) error
}

// file sends a file. The head of the answer is written with its first bytes: an error before them is an error of the act.
func (r *Request) file(f *Answer) error {
	begun, err := late.File(r.out, f.Name, f.Media, f.Write)
	if err != nil && begun {
		r.web.Log.Error("a file was not sent whole", "path", r.place(), "error", err)
		panic(http.ErrAbortHandler) // the browser must not take it for whole
	}
	return err
}

// read parses the body and hands the idempotency key on to the write. The hash covers everything that
// was sent but the key itself.
func (r *Request) read() (err error) {
	var put func(body io.Reader) (*blob.Held, error)
	if r.put != nil {
		put = func(body io.Reader) (*blob.Held, error) { return r.put(r, body) }
	}
	r.Files, err = sent.Read(r.out, r.Request, put)
	r.back = local(r.PostForm.Get(fieldPage))
	if key := r.PostForm.Get(fieldKey); err == nil && key != "" && len(key) <= store.MaxKey {
		r.Request = r.Request.WithContext(store.WithKey(r.Context(), key, sent.Sum(r.Request, r.Files, fieldKey, fieldPage)))
	}
	return err
}

// atPage makes the request look like the GET of the page the form stands on.
func (r *Request) atPage() {
	if r.back != nil {
		r.URL = r.back
	}
}

// finish answers an act that succeeded. Its second argument lets handlers pass on an error in one line.
func (r *Request) finish(done Done, err error, show ...Show) error {
	if err != nil {
		return err
	}
	if done.Again && len(show) > 0 && show[0] != nil {
		r.post = &posted{form: r.PostFormValue(fieldForm), values: r.PostForm}
		r.regions = nil
		r.atPage()
		return r.show(show[0], http.StatusOK)
	}
	to := local(done.To)
	if to == nil {
		to = r.back
	}
	if to == nil {
		to = &url.URL{Path: "/"}
	}
	stays := r.back != nil && to.Path == r.back.Path && to.RawQuery == r.back.RawQuery
	if r.enhanced() && stays && len(show) > 0 && show[0] != nil {
		r.regions = []string{"*"}
		r.atPage()
		p, err := show[0](r)
		if err != nil {
			return err
		}
		if len(p.Regions) > 0 {
			r.Header().Set("X-Say", url.PathEscape(done.Say))
			r.Header().Set("X-Key", newKey())
			return r.send(&p, http.StatusOK)
		}
		// Nothing of the page can be drawn alone: the browser loads it anew.
	}
	r.sayNext(done.Say)
	if r.enhanced() {
		r.Header().Set("X-Go", to.String())
		r.out.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(r.out, r.Request, to.String(), http.StatusSeeOther)
	return nil
}

// DownloadAnyone is Download for what needs no sign-in.
func (w *Web) DownloadAnyone(path string, h func(out http.ResponseWriter, r *Request) error) {
	w.mux.HandleFunc("GET "+exact(path), w.handler(true, func(r *Request) error { return h(r.out, r) }))
}
