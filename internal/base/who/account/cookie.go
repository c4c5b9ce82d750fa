package account

import (
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/who"
)

// Names of the cookies. With TLS they carry the prefix __Host-, which a browser
// takes only from this host, over TLS and for the whole path.
const (
	sessionCookie = "wb_session"
	browserCookie = "wb_browser"
	hostPrefix    = "__Host-"
)

// RegionsHeader is on the requests a page makes by itself to renew parts of it.
const RegionsHeader = "X-Regions"

// CookieName is the name of the session's cookie, for those who test it.
func (s *Service) CookieName() string { return s.name(sessionCookie) }

func (s *Service) name(cookie string) string {
	if s.cfg.Secure {
		return hostPrefix + cookie
	}
	return cookie
}

func (s *Service) secret(r *http.Request, cookie string) string {
	c, err := r.Cookie(s.name(cookie))
	if err != nil {
		return ""
	}
	return c.Value
}

// Client reads what a request says about its browser.
func (s *Service) Client(r *http.Request) Client {
	return Client{
		Address: s.Address(r), Agent: r.UserAgent(),
		Session: s.secret(r, sessionCookie), Browser: s.secret(r, browserCookie),
	}
}

// Current returns who sent a request with a session's cookie. Unauthenticated
// without one; any other error means that the database did not answer, and is
// no reason to sign anybody out. A stream asks again from time to time and ends
// when the answer is no longer yes.
func (s *Service) Current(r *http.Request) (Current, error) {
	return s.Identify(r.Context(), s.secret(r, sessionCookie), byHand(r))
}

// SignedIn returns who sent a request. The API does not call it: there only
// tokens count, so no page of another site can use a cookie on it.
func (s *Service) SignedIn(r *http.Request) (who.Identity, bool) {
	c, err := s.Current(r)
	return c.Identity, err == nil
}

// byHand is false for what a page does by itself: a screen left open over the
// weekend must not keep its session alive.
func byHand(r *http.Request) bool {
	own := r.Header.Get(RegionsHeader) != "" || strings.HasPrefix(r.Header.Get("Accept"), "text/event-stream")
	return !own || (r.Method != http.MethodGet && r.Method != http.MethodHead)
}

// SetCookies hands the secrets of a new session to the browser, in the header
// of an answer.
func (s *Service) SetCookies(h http.Header, in Issued) {
	now := s.clk.Now()
	h.Add("Set-Cookie", s.cookie(sessionCookie, in.Session, in.ExpiresAt.Sub(now)).String())
	if in.Browser != "" {
		h.Add("Set-Cookie", s.cookie(browserCookie, in.Browser, in.BrowserExpires.Sub(now)).String())
	}
}

// ClearCookies takes the session from the browser. That the browser is known
// stays: it only makes the next sign-in surer.
func (s *Service) ClearCookies(h http.Header) {
	h.Add("Set-Cookie", s.cookie(sessionCookie, "", -time.Second).String())
}

func (s *Service) cookie(name, value string, life time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: s.name(name), Value: value, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, Secure: s.cfg.Secure, SameSite: http.SameSiteLaxMode,
	}
}

// Address is the IP address a request comes from. Only a proxy that is trusted
// may name another one: the last address in X-Forwarded-For that is not itself
// a trusted proxy.
func (s *Service) Address(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	addr := at.Addr().Unmap().WithZone("")
	if !s.trusts(addr) {
		return addr.String()
	}
	names := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for n := len(names) - 1; n >= 0; n-- {
		named, err := netip.ParseAddr(strings.TrimSpace(names[n]))
		if err != nil {
			break
		}
		if addr = named.Unmap().WithZone(""); !s.trusts(addr) {
			break
		}
	}
	return addr.String()
}

func (s *Service) trusts(a netip.Addr) bool {
	if a.IsLoopback() {
		return true
	}
	for _, p := range s.cfg.Proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
