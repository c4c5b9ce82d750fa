package page

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/ident"
)

// statusOf maps a kind of error to a status; the API has the same table.
func statusOf(err error) int {
	switch fault.KindOf(err) {
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Invalid, fault.Reused:
		return http.StatusUnprocessableEntity
	case fault.Conflict, fault.Precondition:
		return http.StatusConflict
	case fault.Denied:
		return http.StatusForbidden
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Gone:
		return http.StatusGone
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Throttled:
		return http.StatusTooManyRequests
	}
	return http.StatusInternalServerError
}

var titles = map[int]string{
	http.StatusNotFound:              "Not found",
	http.StatusUnprocessableEntity:   "This cannot be done as it was sent",
	http.StatusConflict:              "This cannot be done now",
	http.StatusForbidden:             "You may not do this",
	http.StatusUnauthorized:          "Please sign in",
	http.StatusGone:                  "This is not here any more",
	http.StatusServiceUnavailable:    "Not saved: please try again",
	http.StatusRequestEntityTooLarge: "Too large",
	http.StatusTooManyRequests:       "Too many attempts",
	http.StatusInternalServerError:   "Something went wrong here",
}

// problem answers with the page that explains an error. What has no safe message shows a
// reference number, which the log has too.
func (r *Request) problem(err error) {
	status := statusOf(err)
	msg, safe := fault.MessageOf(err)
	if !safe {
		ref := ident.New(r.Now)
		r.web.Log.Error("a screen failed", "reference", ref, "method", r.Method, "path", r.place(), "error", err)
		msg = "It is logged under the reference " + ref + ". Nothing was changed. Try again; if it stays, tell the people who run this system the reference."
	}
	for _, f := range fault.FieldsOf(err) {
		msg += " " + f.Field + ": " + f.Message + "."
	}
	p := Page{
		Title: titles[status], Narrow: true, Bare: r.By.IsZero() || r.anyone, Status: status,
		Body: problemBody(msg, r.typed(), status == http.StatusUnauthorized),
	}
	r.regions = nil
	r.retryAfter(err)
	if err := r.send(&p, status); err != nil {
		r.web.Log.Warn("send a page", "path", r.place(), "error", err)
	}
}

// place is the path for the log. Whoever reads the log must not hold the links in it: a token in
// the path is a permission.
func (r *Request) place() string {
	path := r.URL.Path
	if secret := r.PathValue("token"); secret != "" {
		path = strings.ReplaceAll(path, secret, "{token}")
	}
	return path
}

// retryAfter says in the header how long to wait, where the error knows it.
func (r *Request) retryAfter(err error) {
	if s := fault.RetryAfterOf(err); s > 0 {
		r.Header().Set("Retry-After", strconv.Itoa(s))
	}
}

// typed returns the texts of a POST that cannot be drawn again, so that nobody types them twice.
func (r *Request) typed() []string {
	if r.Method != http.MethodPost || r.PostForm == nil && r.read() != nil {
		return nil
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
		if strings.HasPrefix(name, "_") || strings.Contains(name, "pass") {
			continue
		}
		for _, v := range r.PostForm[name] {
			if strings.ContainsAny(v, " \n") {
				out = append(out, v)
			}
		}
	}
	return out
}

// signInPath leads to the sign-in page and back here.
func signInPath(f *frame) string {
	if f.req.web == nil || f.req.web.SignIn == "" {
		return "/"
	}
	if f.req.Method != http.MethodGet {
		return f.req.web.SignIn
	}
	return f.req.web.SignIn + "?to=" + url.QueryEscape(f.req.URL.RequestURI())
}
