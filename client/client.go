// Package client speaks the HTTP API of a Wakebell server. The command line uses
// it; other Go programs may. It holds no rule: every check is the server's. It must
// not import anything internal.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Client talks to one server. Make it with New or Local.
type Client struct {
	base  string
	token string
	http  *http.Client
	key   string
}

// New returns a client of the server at base ("https://wakebell.example.com") that
// shows the token (wbl_…) with each request.
func New(base, token string) *Client {
	return &Client{base: strings.TrimRight(base, "/"), token: token, http: &http.Client{}}
}

// Local returns a client of the server that listens on a Unix socket, as its operator.
func Local(socket string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}
	return &Client{base: "http://local", http: &http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// WithKey returns a client whose next writes carry the idempotency key: repeating
// them has no second effect.
func (c *Client) WithKey(key string) *Client {
	d := *c
	d.key = key
	return &d
}

// Problem is an error answer of the server (RFC 9457).
type Problem struct {
	Type      string  `json:"type"`
	Title     string  `json:"title"`
	Status    int     `json:"status"`
	Detail    string  `json:"detail"`
	Errors    []Field `json:"errors"`
	Reference string  `json:"reference"` // of the server's log line
}

// Field names a wrong field and its remedy.
type Field struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error tells the detail and every field.
func (p *Problem) Error() string {
	out := p.Detail
	if out == "" {
		out = p.Title
	}
	for _, f := range p.Errors {
		out += fmt.Sprintf("\n  %s: %s", f.Field, f.Message)
	}
	if p.Status >= http.StatusInternalServerError && p.Reference != "" {
		out += " (reference " + p.Reference + ")"
	}
	return out
}

// StatusOf returns the HTTP status of a Problem in err's chain, 0 when there is none.
func StatusOf(err error) int {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Status
	}
	return 0
}

// Send streams a body of any length; see Raw for the rest.
func (c *Client) Send(ctx context.Context, method, path, contentType string, body io.Reader) ([]byte, error) {
	return c.send(ctx, method, path, contentType, body)
}

// Fetch reads an answer of any length into out.
func (c *Client) Fetch(ctx context.Context, path string, out io.Writer) error {
	res, err := c.open(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(out, res.Body); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}

// Raw sends a request and returns the answer's body. path begins with "/"; body may be nil.
func (c *Client) Raw(ctx context.Context, method, path, contentType string, body []byte) ([]byte, error) {
	var rd io.Reader
	if body != nil {
		rd = bytes.NewReader(body)
	}
	return c.send(ctx, method, path, contentType, rd)
}

func (c *Client) send(ctx context.Context, method, path, contentType string, body io.Reader) ([]byte, error) {
	res, err := c.open(ctx, method, path, contentType, body)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return out, nil
}

// open sends a request; the answer is not an error, and the caller closes its body.
func (c *Client) open(ctx context.Context, method, path, contentType string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.key != "" && method == http.MethodPost {
		req.Header.Set("Idempotency-Key", c.key)
	}
	if body != nil {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode < http.StatusBadRequest {
		return res, nil
	}
	defer res.Body.Close()
	out, err := io.ReadAll(io.LimitReader(res.Body, maxProblem))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	p := &Problem{}
	if json.Unmarshal(out, p) != nil || p.Status == 0 {
		p = &Problem{Title: res.Status, Status: res.StatusCode}
	}
	return nil, p
}

// maxProblem is more than a server says about an error, in bytes.
const maxProblem = 1 << 20

// Do sends in as JSON (nil for none) to a path below /api/v1 and decodes the answer
// into out (nil to drop it).
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	b, err := c.Raw(ctx, method, "/api/v1"+path, "application/json", body)
	if err != nil {
		return err
	}
	if raw, ok := out.(*json.RawMessage); ok {
		*raw = b
		return nil
	}
	if out == nil || len(b) == 0 {
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("read the answer to %s %s: %w", method, path, err)
	}
	return nil
}

// Page is one page of a list; Next is nil on the last.
type Page[T any] struct {
	Items []T     `json:"items"`
	Next  *string `json:"next"`
}

// List reads one page of a list at path with the query.
func List[T any](ctx context.Context, c *Client, path string, q url.Values) (Page[T], error) {
	var p Page[T]
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	err := c.Do(ctx, http.MethodGet, path, nil, &p)
	return p, err
}
