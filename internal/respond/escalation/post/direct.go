package post

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
	"github.com/wakebell/wakebell/internal/respond/escalation/hook"
)

// directWait bounds one write of a direct sending: the writer may be what stands still.
const directWait = 10 * time.Second

// Direct is what Prepare left for Now: the e-mail in the outbox and the secret of the
// webhook's link. The zero value means that nothing was recorded.
type Direct struct {
	mail string
	link string
}

// Prepare leaves the messages of a call behind in tx as Send does, to be sent by Now.
func (o *Office) Prepare(ctx context.Context, tx *store.Tx, k call.Call, p who.Person) (d Direct, err error) {
	for _, way := range k.Channels {
		state, id := deliverySending, "" // a webhook is posted once, by Now, which notes the outcome
		switch way {
		case call.Email:
			state = deliveryQueued
			m, err := o.compose(ctx, tx, k, p)
			if err != nil {
				return d, err
			}
			id, err = o.box.EnqueueUrgent(tx, mail.Message{To: []string{p.Email}, Subject: m.Subject, Text: m.Text, About: k.Ref, Drill: k.Drill})
			if err != nil {
				return d, fmt.Errorf("call %s: %w", k.Person, err)
			}
			d.mail = id
		case call.Webhook:
			token, hash := newLink()
			if err := o.keepLink(tx, hash, k); err != nil {
				return d, err
			}
			d.link = token
		}
		if err := o.keepDelivery(tx, k, way, state, id); err != nil {
			return d, err
		}
	}
	return d, nil
}

// Now sends the messages of a call at once, by all ways at the same time and without
// the job loop. It notes what became of them where Prepare has recorded them; failures
// are logged. An e-mail that cannot be sent for now is left to the loop.
func (o *Office) Now(ctx context.Context, k call.Call, p who.Person, d Direct) {
	var wg sync.WaitGroup
	for _, way := range k.Channels {
		wg.Go(func() {
			err := o.mailNow
			if way == call.Webhook {
				err = o.postNow
			}
			if err := err(ctx, k, p, d); err != nil {
				o.cfg.Log.Error("a call could not be sent directly", "call", k.ID, "channel", string(way), "error", err)
			}
		})
	}
	wg.Wait()
}

func (o *Office) mailNow(ctx context.Context, k call.Call, p who.Person, d Direct) error {
	switch {
	case !o.box.Enabled():
		return nil // it stays in the outbox, to be read there
	case d.mail != "":
		return o.box.SendNow(ctx, d.mail)
	}
	m := call.Compose([]call.Call{k}, o.cfg.BaseURL, "", p.Zone)
	return o.box.SendUnrecorded(ctx, mail.Message{To: []string{p.Email}, Subject: m.Subject, Text: m.Text, About: k.Ref, Drill: k.Drill})
}

func (o *Office) postNow(ctx context.Context, k call.Call, p who.Person, d Direct) error {
	state, text := deliverySent, ""
	failed := hook.Send(ctx, o.cfg.HTTP, p.Webhook, k.ID, call.Compose([]call.Call{k}, o.cfg.BaseURL, d.link, p.Zone).Post)
	if failed != nil {
		state, text = deliveryFailed, failed.Text
	}
	if d.link != "" {
		wctx, cancel := context.WithTimeout(ctx, directWait)
		defer cancel()
		_, err := o.db.Write(wctx, store.Op{Name: "call.direct", Actor: who.Engine("escalation").Actor}, func(tx *store.Tx) error {
			return o.mark(tx, k.ID, state, text)
		})
		if err != nil {
			return fmt.Errorf("note the webhook: %w", err)
		}
	}
	if failed != nil {
		return failed
	}
	return nil
}
