package dispatch

import (
	"cmp"
	"context"
	"strings"

	"github.com/wakebell/wakebell/internal/base/mail/bulk"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/desk"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/hook"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

// try brings one copy to its recipient, outside any transaction.
func (s *Service) try(ctx context.Context, run Run, d *desk.Desk, files []bulk.Attachment, r Recipient, token string) item.Result {
	if run.Drill {
		return item.Result{Kind: item.Declined, Answer: errDrill.Error()}
	}
	link := s.page(token)
	out, err := d.Write(r, link)
	if err != nil {
		return item.Result{Kind: item.Declined, Answer: err.Error()}
	}
	id := item.MessageID(r, s.domain())
	switch r.Channel {
	case Page:
		return item.Result{Kind: item.Accepted, Answer: "shown on the recipient's page"}
	case Webhook:
		return s.post.Post(ctx, r.Address, hook.Message{
			ID: id, Reference: run.Ref, Purpose: run.Purpose, Lang: out.Lang, Subject: out.Subject, Text: out.Text, HTML: out.HTML,
			Page: link, Acknowledge: run.NeedsAck, At: s.clk.Now(),
		})
	case Email:
		l := bulk.Letter{
			MessageID: id, EnvelopeFrom: s.cfg.ReturnPath, From: cmp.Or(run.From, s.cfg.Mail.From), To: r.Address, ToName: r.Contact().Name,
			ReplyTo: run.ReplyTo, Subject: out.Subject, Text: out.Text, HTML: out.Document(), Date: r.SendingAt,
			ListID: strings.ToLower(run.Ref) + ".notice." + s.domain(), Attachments: files, Receipt: run.NeedsAck,
		}
		if r.Root != r.ID {
			l.InReplyTo = item.MessageID(Recipient{ID: r.Root}, s.domain())
		}
		if !bulk.ValidLine(l.ToName, 200) {
			l.ToName = ""
		}
		o := s.pool.Send(ctx, l)
		return item.Result{Kind: item.Kind(o.Kind), Server: o.Server, Code: o.Code, Answer: o.Answer}
	}
	return item.Result{Kind: item.Declined, Answer: "this channel is carried by a person"}
}
