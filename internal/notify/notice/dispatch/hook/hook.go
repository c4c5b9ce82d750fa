// Package hook posts one signed notice to a recipient's own address. It is a channel of
// policy 003's notification of third parties for those who asked for one. The signature
// lets the receiver know who speaks and when; an address that leads into our own network
// is refused when it is connected to, not when it is written, so that a name cannot be
// bent later. It reads no database and must not import its own room or a face.
package hook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

// Message is the body of a post.
type Message struct {
	ID          string    `json:"id"` // the Message-ID; the same for every attempt
	Reference   string    `json:"reference"`
	Purpose     string    `json:"purpose,omitempty"`
	Lang        string    `json:"lang"`
	Subject     string    `json:"subject"`
	Text        string    `json:"text"`
	HTML        string    `json:"html"`
	Page        string    `json:"page,omitempty"`
	Acknowledge bool      `json:"acknowledge"` // we ask for an acknowledgement on the page
	At          time.Time `json:"at"`
}

// Poster sends. Secret signs; without one nothing is sent.
type Poster struct {
	client *http.Client
	secret []byte
	inside bool
}

// New returns a poster. inside allows addresses of private networks and of this machine:
// for tests and for receivers in the own house.
func New(secret string, inside bool) *Poster {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		if inside {
			return nil
		}
		return outside(address)
	}}
	transport := &http.Transport{
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxIdleConns: 20, IdleConnTimeout: 30 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 20 * time.Second, DisableCompression: true,
	}
	return &Poster{secret: []byte(secret), inside: inside, client: &http.Client{
		Transport: transport, Timeout: 30 * time.Second,
		// A redirect could carry the text to somebody who was not named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

var errInside = errors.New("the address leads into a private network")

// outside refuses addresses that are not of the public internet.
func outside(address string) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return errInside
	}
	ip := ap.Addr().Unmap().WithZone("") // no range holds an address that names an interface
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return errInside
	}
	for _, p := range reserved() {
		if p.Contains(ip) {
			return errInside
		}
	}
	return nil
}

// reserved are the ranges that belong to nobody's public server (RFC 6890).
func reserved() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
		netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
		netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32"),
		netip.MustParsePrefix("::/96"), netip.MustParsePrefix("fec0::/10"), netip.MustParsePrefix("::ffff:0:0:0/96"),
	}
}

// Sign is the value of the header Wakebell-Signature: the time and the HMAC-SHA-256 of
// "time.body" under the shared secret. A receiver refuses times older than five minutes.
func Sign(secret, body []byte, at time.Time) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// Post sends one message once. Any 2xx is success; 408, 429 and 5xx are "later", every
// other answer is a refusal.
func (p *Poster) Post(ctx context.Context, to string, m Message) item.Result {
	if len(p.secret) == 0 {
		return item.Result{Kind: item.Declined, Answer: "no secret is set to sign posts with"}
	}
	if !p.inside && !strings.HasPrefix(to, "https://") || !Valid(to) {
		return item.Result{Kind: item.Declined, Answer: "the address must be an https address without a user or password"}
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return item.Result{Kind: item.Declined, Answer: err.Error()}
	}
	var wrote atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(raw))
	if err != nil {
		return item.Result{Kind: item.Declined, Answer: "the address cannot be used"}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "wakebell")
	req.Header.Set("Idempotency-Key", m.ID)
	req.Header.Set("Wakebell-Signature", Sign(p.secret, raw, m.At))
	res, err := p.client.Do(req)
	if err != nil {
		if errors.Is(err, errInside) {
			return item.Result{Kind: item.Declined, Answer: errInside.Error()}
		}
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // without the address, which may hold a secret
		}
		kind := item.Later
		if wrote.Load() {
			kind = item.Unsure
		}
		return item.Result{Kind: kind, Answer: storable(err.Error())}
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection can be used again
	said := item.Result{Code: res.StatusCode, Answer: fmt.Sprintf("the receiver answered %d", res.StatusCode)}
	switch code := res.StatusCode; {
	case code >= 200 && code < 300:
		said.Kind = item.Accepted
	case code == http.StatusRequestTimeout || code == http.StatusTooManyRequests || code >= 500:
		said.Kind = item.Later
	default:
		said.Kind = item.Declined
	}
	return said
}

// Valid tells whether an address can be posted to: http or https, and nothing secret in it.
func Valid(to string) bool {
	u, err := url.Parse(to)
	return err == nil && len(to) <= 2000 && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil
}

// storable makes text of a network error safe to store.
func storable(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "?")
	if len(s) > 500 {
		s = strings.ToValidUTF8(s[:500], "")
	}
	return s
}
