package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Recipient is one line of the list of a notice, with what became of its copy.
type Recipient struct {
	ID             string     `json:"id"`
	Party          *string    `json:"party"`
	Name           string     `json:"name"`
	Lang           *string    `json:"lang"`
	Label          *string    `json:"label"`
	Channel        string     `json:"channel"`
	Address        *string    `json:"address"`
	Gap            *string    `json:"gap"`
	Warning        *string    `json:"warning"`
	State          string     `json:"state"`
	Way            int        `json:"way"`
	MaybeTwice     bool       `json:"maybe_twice"`
	SentAt         *time.Time `json:"sent_at"`
	AcknowledgedAt *time.Time `json:"acknowledged_at"`
}

// RecipientList is where a list stands.
type RecipientList struct {
	ID          string     `json:"id"`
	State       string     `json:"state"`
	Count       int        `json:"count"`
	Gaps        int        `json:"gaps"`
	SHA256      *string    `json:"sha256"`
	SignedOffBy *string    `json:"signed_off_by"`
	SignedOffAt *time.Time `json:"signed_off_at"`
}

// AddedRecipients says what an addition came to.
type AddedRecipients struct {
	New     int `json:"new"`
	Double  int `json:"double"`
	Gaps    int `json:"gaps"`
	Warned  int `json:"warned"`
	Refused int `json:"refused"`
	Lines   int `json:"lines"`
	Errors  []struct {
		Line    int    `json:"line"`
		Column  string `json:"column"`
		Message string `json:"message"`
	} `json:"errors"`
}

// Sending is how far a notice is sent.
type Sending struct {
	Run       string         `json:"run"`
	State     string         `json:"state"`
	Reason    *string        `json:"reason"`
	StartedAt time.Time      `json:"started_at"`
	WaitUntil *time.Time     `json:"wait_until"`
	EndedAt   *time.Time     `json:"ended_at"`
	Canary    int            `json:"canary"`
	Tally     map[string]int `json:"tally"`
}

func noticeURL(ref string, no int, below string) string {
	return fmt.Sprintf("/incidents/%s/notices/%d/%s", url.PathEscape(ref), no, below)
}

// RecipientList reads where the list of a notice stands.
func (c *Client) RecipientList(ctx context.Context, ref string, no int) (l RecipientList, err error) {
	return l, c.Do(ctx, http.MethodGet, noticeURL(ref, no, "recipients/list"), nil, &l)
}

// AddRecipients adds from the directory; body names whom.
func (c *Client) AddRecipients(ctx context.Context, ref string, no int, body map[string]any) (a AddedRecipients, err error) {
	return a, c.Do(ctx, http.MethodPost, noticeURL(ref, no, "recipients"), body, &a)
}

// ImportRecipients adds the lines of a CSV file.
func (c *Client) ImportRecipients(ctx context.Context, ref string, no int, q url.Values, file io.Reader) (a AddedRecipients, err error) {
	path := "/api/v1" + noticeURL(ref, no, "recipients/import")
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	b, err := c.Send(ctx, http.MethodPost, path, "text/csv", file)
	if err != nil {
		return a, err
	}
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&a); err != nil {
		return a, fmt.Errorf("read the answer about the file: %w", err)
	}
	return a, nil
}

// SignOffRecipients answers for the list: these and nobody else are told.
func (c *Client) SignOffRecipients(ctx context.Context, ref string, no int) (l RecipientList, err error) {
	return l, c.Do(ctx, http.MethodPost, noticeURL(ref, no, "recipients/sign-off"), map[string]any{"sure": true}, &l)
}

// FixRecipient gives a recipient a contact; body holds contact, channel, lang and label.
func (c *Client) FixRecipient(ctx context.Context, id string, body map[string]any) (r Recipient, err error) {
	return r, c.Do(ctx, http.MethodPost, "/recipients/"+url.PathEscape(id)+"/contact", body, &r)
}

// TryContact gives a recipient whose copies did not arrive another contact; body is that contact.
func (c *Client) TryContact(ctx context.Context, id string, body map[string]any) (r Recipient, err error) {
	return r, c.Do(ctx, http.MethodPost, "/recipients/"+url.PathEscape(id)+"/next-contact", body, &r)
}

// LeaveRecipientOut decides that somebody is not told, with the reason.
func (c *Client) LeaveRecipientOut(ctx context.Context, id, reason string) error {
	return c.Do(ctx, http.MethodPost, "/recipients/"+url.PathEscape(id)+"/leave-out", map[string]any{"reason": reason}, nil)
}

// RecordRecipient writes down what a person did: a call, a letter, a handing over.
func (c *Client) RecordRecipient(ctx context.Context, id string, body map[string]any) (r Recipient, err error) {
	return r, c.Do(ctx, http.MethodPost, "/recipients/"+url.PathEscape(id)+"/outcome", body, &r)
}

// UndoRecipient takes back what was recorded by hand last, with the reason.
func (c *Client) UndoRecipient(ctx context.Context, id, reason string) (r Recipient, err error) {
	return r, c.Do(ctx, http.MethodPost, "/recipients/"+url.PathEscape(id)+"/undo", map[string]any{"reason": reason}, &r)
}

// Sending reads how far a notice is sent.
func (c *Client) Sending(ctx context.Context, ref string, no int) (s Sending, err error) {
	return s, c.Do(ctx, http.MethodGet, noticeURL(ref, no, "sending"), nil, &s)
}

// TurnSending posts to a sending: verb is pause, resume or stop.
func (c *Client) TurnSending(ctx context.Context, ref string, no int, verb, reason string) (s Sending, err error) {
	return s, c.Do(ctx, http.MethodPost, noticeURL(ref, no, "sending/"+verb), map[string]any{"reason": reason}, &s)
}
