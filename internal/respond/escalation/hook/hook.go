// Package hook posts one JSON message to a webhook and says what a failure means.
//
// It is the second way of policy 003, Escalation Procedure, by which people are called
// beside e-mail. It reads no database and must not import its own room or a face.
package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Error says what a failed post means. The text does not hold the address.
type Error struct {
	Permanent bool // the receiver refused it for good
	Unsure    bool // the receiver may have taken it
	Text      string
}

func (e *Error) Error() string { return e.Text }

// Client makes an HTTP client that follows no redirect: one could carry the link to
// somebody the person did not name. base may be nil.
func Client(base *http.Client, timeout time.Duration) *http.Client {
	client := http.Client{}
	if base != nil {
		client = *base
	}
	client.Timeout = timeout
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// Send posts one message as JSON, once; nil is success. Any 2xx is one; a redirect is
// not followed and, like other 4xx answers than 408 and 429, is a refusal. id is the
// call's: a receiver that sees the same Idempotency-Key again has the message already.
func Send(ctx context.Context, client *http.Client, to, id string, message any) *Error {
	raw, err := json.Marshal(message)
	if err != nil {
		return &Error{Permanent: true, Text: err.Error()}
	}
	var wrote atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(raw))
	if err != nil {
		return &Error{Permanent: true, Text: "the address cannot be used"}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "wakebell")
	req.Header.Set("Idempotency-Key", id)
	res, err := client.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // without the address, which may hold a secret
		}
		return &Error{Unsure: wrote.Load(), Text: storable(err.Error())}
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection can be used again
	switch code := res.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusRequestTimeout || code == http.StatusTooManyRequests || code >= 500:
		return &Error{Text: fmt.Sprintf("the receiver answered %d", code)}
	default:
		return &Error{Permanent: true, Text: fmt.Sprintf("the receiver answered %d", code)}
	}
}

// storable makes text of a network error safe to store.
func storable(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "?")
	if len(s) > 500 {
		s = strings.ToValidUTF8(s[:500], "")
	}
	return s
}
