package api

import (
	"context"
	"net/http"
	"time"

	"github.com/wakebell/wakebell/internal/base/mail"
)

// message is one message of the outbox.
type message struct {
	ID         string     `json:"id"`
	State      string     `json:"state" enum:"kept,queued,sending,sent,failed" doc:"kept: no mail server is set"`
	To         []string   `json:"to" nullable:"false"`
	Subject    string     `json:"subject"`
	Text       string     `json:"text"`
	MessageID  string     `json:"message_id"`
	About      *string    `json:"about" doc:"incident reference or signal id"`
	Drill      bool       `json:"drill"`
	MaybeTwice bool       `json:"maybe_twice" doc:"it may have reached its recipients twice, under one Message-ID"`
	Attempts   int        `json:"attempts"`
	LastError  *string    `json:"last_error"`
	Answer     *string    `json:"answer" doc:"with which the mail server accepted it"`
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  *time.Time `json:"updated_at"`
	SentAt     *time.Time `json:"sent_at"`
}

func wireMessage(m mail.Item) message {
	return message{
		m.ID, string(m.State), append([]string{}, m.To...), m.Subject, m.Text, m.MessageID, orNull(m.About), m.Drill, m.MaybeTwice, m.Attempts,
		orNull(m.LastError), orNull(m.Answer), m.CreatedAt, stamp(m.UpdatedAt), stamp(m.SentAt),
	}
}

// MessageFilter holds the parameters of the outbox.
type MessageFilter struct {
	Page
	State      string `query:"state" enum:"kept,queued,sending,sent,failed"`
	About      string `query:"about" maxLength:"200" doc:"incident reference or signal id"`
	MaybeTwice bool   `query:"maybe_twice" doc:"only those that may have gone out twice"`
}

func (f *face) outbox() {
	const tag = "Outbox"
	one := func(ctx context.Context, c *call, id string) (message, error) {
		m, err := f.Outbox.Read(ctx, c.by, id)
		if err != nil {
			return message{}, err
		}
		return wireMessage(m), nil
	}
	handle(f, op{
		method: http.MethodGet, path: base + "/outbox", id: "list-outbox", tag: tag, summary: "List messages", text: "Newest first; the keys of links are hidden, for they act as the person they were sent to. Needs outbox.read.",
	}, func(ctx context.Context, c *call, p *MessageFilter) (list[message], error) {
		items, next, err := f.Outbox.List(ctx, c.by, mail.Filter{State: mail.State(p.State), About: p.About, MaybeTwice: p.MaybeTwice}, p.Cursor, p.Limit)
		if err != nil {
			return list[message]{}, err
		}
		return listOf(items, next, wireMessage), nil
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/outbox/{id}", id: "get-message", tag: tag, summary: "Read one message", text: "Needs outbox.read.",
	}, func(ctx context.Context, c *call, p *ID) (message, error) { return one(ctx, c, p.ID) })
	take(f, op{
		method: http.MethodPost, path: base + "/outbox/test", id: "test-mail", tag: tag, summary: "Send yourself a test message", optional: true,
		text: "Now, by the mail server; the answer is the message as it stands after that. Needs job.manage and a token of a person.",
	}, func(ctx context.Context, c *call, _ *none, _ *none) (message, error) {
		m, err := f.Outbox.Test(ctx, c.by)
		if err != nil {
			return message{}, err
		}
		return wireMessage(m), nil
	})
	take(f, op{
		method: http.MethodPost, path: base + "/outbox/{id}/retry", id: "retry-message", tag: tag, summary: "Send a failed or kept message again", optional: true,
		text: "Needs job.manage and outbox.read.",
	}, func(ctx context.Context, c *call, p *ID, _ *none) (message, error) {
		if err := f.Outbox.Retry(ctx, c.by, p.ID); err != nil {
			return message{}, err
		}
		return one(ctx, c, p.ID)
	})
}
