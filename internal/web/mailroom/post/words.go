package post

import (
	"context"
	"io"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/paper"
	"github.com/wakebell/wakebell/internal/web/page"
)

// writer is a paper of a notice.
type writer func(ctx context.Context, by who.Identity, ref string, no int, w io.Writer) (paper.Made, error)

func outcomes() []page.Option {
	return []page.Option{
		{Value: string(dispatch.CallReached), Label: "Reached", Hint: "They were told"},
		{Value: string(dispatch.CallConfirmed), Label: "Confirmed", Hint: "They said that they have it"},
		{Value: string(dispatch.CallBack), Label: "Call back", Hint: "They asked for another time"},
		{Value: string(dispatch.CallRefused), Label: "Refused", Hint: "The next way is tried"},
		{Value: string(dispatch.CallWrong), Label: "Wrong number", Hint: "The next number is tried"},
		{Value: string(dispatch.CallNobody), Label: "Nobody answered"},
	}
}

func letterTag(r dispatch.Recipient) page.Tag {
	switch {
	case !r.AcknowledgedAt.IsZero():
		return page.Tag{Text: "Acknowledged", Icon: page.IconCheckCheck, Tone: page.Good}
	case r.State == dispatch.Queued:
		return page.Tag{Text: "Waiting", Icon: page.IconCircleDashed}
	case r.State == dispatch.Sent || r.State == dispatch.Delivered:
		return page.Tag{Text: "Posted", Icon: page.IconCheck, Tone: page.Good}
	}
	return page.Tag{Text: string(r.State), Icon: page.IconCircleX}
}
