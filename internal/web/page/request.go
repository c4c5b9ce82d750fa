package page

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/web/page/moment"
)

// Permission is who.Permission, for the menu.
type Permission = who.Permission

// Request is one request of a viewer. By is zero only on pages that are open to anyone.
type Request struct {
	*http.Request
	By     who.Identity
	Person who.Person     // the viewer; zero for a machine's token
	Zone   *time.Location // the viewer's
	Now    time.Time
	Files  blob.Parts // of a form that PostFiles takes; let go with the answer

	web     *Web
	out     http.ResponseWriter
	seen    int64    // the ledger's position when the request began, -1 where no page is drawn live
	regions []string // wanted alone; nil = the whole page
	post    *posted  // the POST that failed and is drawn again; nil otherwise
	put     Put      // takes the files of a form; nil: none are taken
	back    *url.URL // of a POST: the page the form stands on
	anyone  bool     // no sign-in is asked: a problem is shown without the menu
}

// Wants says whether a region will be drawn, so that a screen reads only what it needs.
func (r *Request) Wants(region string) bool {
	return r.regions == nil || slices.Contains(r.regions, "*") || slices.Contains(r.regions, region)
}

// at is where the ledger stood before anything of the page was read, for what comes until its stream is open.
func (r *Request) at() string {
	if r.seen < 0 {
		return ""
	}
	return strconv.FormatInt(r.seen, 10)
}

// Header is the header of the answer.
func (r *Request) Header() http.Header { return r.out.Header() }

// SetCookie adds a cookie to the answer; path, HttpOnly, SameSite and, behind TLS, Secure are set here.
func (r *Request) SetCookie(c http.Cookie) {
	c.Path, c.HttpOnly, c.SameSite, c.Secure = "/", true, http.SameSiteLaxMode, r.Secure()
	http.SetCookie(r.out, &c)
}

// Secure says whether the browser came by TLS, here or at a proxy in front.
func (r *Request) Secure() bool {
	return r.TLS != nil || strings.EqualFold(r.Request.Header.Get("X-Forwarded-Proto"), "https")
}

// Text returns a posted field, trimmed, with plain line ends.
func (r *Request) Text(name string) string {
	return strings.TrimSpace(strings.ReplaceAll(r.PostFormValue(name), "\r\n", "\n"))
}

// All returns every posted value of a field, without empty ones.
func (r *Request) All(name string) []string {
	return slices.DeleteFunc(slices.Clone(r.PostForm[name]), func(s string) bool { return s == "" })
}

// Ticked says whether a checkbox was on.
func (r *Request) Ticked(name string) bool { return r.PostFormValue(name) != "" }

// Moment reads a field made by the component Moment, in the zone it was shown in. Empty is the zero time.
func (r *Request) Moment(name string) (time.Time, error) {
	text := r.Text(name)
	if text == "" {
		return time.Time{}, nil
	}
	at, ok := moment.Read(text, moment.Zone(r.PostFormValue(name+".zone"), r.Zone))
	if !ok {
		return time.Time{}, fault.InvalidField(name, "must be a date and a time, such as 2026-11-21 14:25")
	}
	return at, nil
}

// Path returns the address of the page with one query parameter changed; "" removes it. The cursor
// never survives a change.
func (r *Request) Path(pairs ...string) string {
	q := r.URL.Query()
	q.Del("after")
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			q.Del(pairs[i])
		} else {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if enc := q.Encode(); enc != "" {
		return r.URL.Path + "?" + enc
	}
	return r.URL.Path
}

// Query returns a query parameter, trimmed.
func (r *Request) Query(name string) string { return strings.TrimSpace(r.URL.Query().Get(name)) }

// enhanced says whether a script of ours asks.
func (r *Request) enhanced() bool { return r.Request.Header.Get("X-Regions") != "" }

// local parses an address of our own; nil when it is anything else.
func local(s string) *url.URL {
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\r\n\t") {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Host != "" || u.Scheme != "" {
		return nil
	}
	return u
}
