package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wakebell/wakebell/internal/base/mail/bounce"
)

// cameBack is what came back by mail about one recipient, as another program says it.
type cameBack struct {
	Kind       string     `json:"kind" enum:"bounce,autoreply,reply"`
	MessageID  string     `json:"message_id" doc:"of the message it is about, like <id@example.com>"`
	Recipient  string     `json:"recipient" doc:"address as it was written to"`
	Final      string     `json:"final" doc:"address where it ended, if another"`
	Action     string     `json:"action" doc:"of a bounce: failed, delayed, delivered, relayed or expanded (RFC 3464)"`
	Status     string     `json:"status" doc:"like 5.1.1 (RFC 3463)"`
	Diagnostic string     `json:"diagnostic" doc:"what the refusing server said"`
	By         string     `json:"by" doc:"the server that refused or reports"`
	At         *time.Time `json:"at"`
	From       string     `json:"from"`
	Subject    string     `json:"subject"`
	Text       string     `json:"text" doc:"of an answer"`
}

func wireReport(r bounce.Report) cameBack {
	return cameBack{
		string(r.Kind), r.MessageID, r.Recipient, r.Final, string(r.Action), r.Status, r.Diagnostic, r.By, stamp(r.At), r.From, r.Subject, r.Text,
	}
}

func (b cameBack) report() bounce.Report {
	r := bounce.Report{
		Kind: bounce.Kind(b.Kind), MessageID: b.MessageID, Recipient: b.Recipient, Final: b.Final, Action: bounce.Action(b.Action), Status: b.Status,
		Diagnostic: b.Diagnostic, By: b.By, From: b.From, Subject: b.Subject, Text: b.Text,
	}
	if b.At != nil {
		r.At = *b.At
	}
	return r
}

// mailboxState is how far the mailbox of reports is read.
type mailboxState struct {
	Enabled   bool       `json:"enabled" doc:"a mailbox is set"`
	Address   *string    `json:"address" doc:"where reports and answers go to; * stands for a recipient's mark"`
	Host      *string    `json:"host"`
	Folder    *string    `json:"folder"`
	ReadAt    *time.Time `json:"read_at" doc:"when it was read last without trouble"`
	FailedAt  *time.Time `json:"failed_at"`
	LastError *string    `json:"last_error" doc:"null once it was read again"`
	Matched   int64      `json:"matched" doc:"messages about a message of this server"`
	Unmatched int64      `json:"unmatched" doc:"other messages; they stay unread in the mailbox"`
}

func (f *face) bounces() {
	const tag = "Outbox"
	if f.Bounces == nil {
		return
	}
	takeBytes(f, op{
		method: http.MethodPost, path: base + "/bounces", id: "report-bounce", tag: tag, limit: maxFile, summary: "Hand in what came back by mail",
		bodies: []string{"message/rfc822", "application/json"}, body: &huma.Schema{Type: huma.TypeString},
		text: "A whole message as it came (message/rfc822): a report of failure or delivery (RFC 3464), an automatic answer or a reply; or, as application/json, one such report with the fields of the answer. Sent again it changes nothing. 404 when it is about no message of this server. Needs bounce.report, which a token of the role reporter that belongs to no person has.",
	}, func(ctx context.Context, c *call, _ *none, raw []byte) (list[cameBack], error) {
		if isJSONType(c.r.Header.Get("Content-Type")) == nil {
			var b cameBack
			if err := decode(raw, &b); err != nil {
				return list[cameBack]{}, err
			}
			r := b.report()
			if err := f.Bounces.Report(ctx, c.by, r); err != nil {
				return list[cameBack]{}, err
			}
			return listOf([]bounce.Report{r}, "", wireReport), nil
		}
		reports, err := f.Bounces.Receive(ctx, c.by, raw)
		if err != nil {
			return list[cameBack]{}, err
		}
		return listOf(reports, "", wireReport), nil
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/bounces/mailbox", id: "bounce-mailbox", tag: tag, summary: "See how far the mailbox of reports is read",
		text: "Needs system.read.",
	}, func(ctx context.Context, c *call, _ *none) (mailboxState, error) {
		st, err := f.Bounces.Standing(ctx, c.by)
		if err != nil {
			return mailboxState{}, err
		}
		return mailboxState{
			st.Enabled, orNull(st.Address), orNull(st.Host), orNull(st.Folder), stamp(st.ReadAt), stamp(st.FailedAt), orNull(st.LastError), st.Matched, st.Unmatched,
		}, nil
	})
}
