package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/paper"
)

// whichLetters are the letters to print.
type whichLetters struct {
	Recipients []string `json:"recipients,omitempty" doc:"default all whose letter was not posted yet"`
	Again      bool     `json:"again,omitempty" doc:"also those that were posted"`
	Return     string   `json:"return,omitempty" doc:"the sender in one line above the address; default the legal entity's name"`
	BothSides  bool     `json:"both_sides,omitempty" doc:"each letter begins on a sheet of its own"`
	NoMarks    bool     `json:"no_marks,omitempty" doc:"without marks for folding"`
}

type posting struct {
	Recipients []string   `json:"recipients,omitempty" doc:"default all whose letter was not posted yet"`
	At         *time.Time `json:"at,omitempty" doc:"default now"`
	Carrier    string     `json:"carrier" doc:"who took them"`
	Reference  string     `json:"reference,omitempty" doc:"of the posting list or the registered mail"`
}

type postedWire struct {
	Posted int `json:"posted" doc:"how many were marked"`
}

type toCallWire struct {
	Recipient recipientWire `json:"recipient"`
	Contacts  []reachWire   `json:"contacts" nullable:"false" doc:"with a number, in the order they are called"`
	Script    string        `json:"script" doc:"what to say"`
	Missing   []string      `json:"missing" nullable:"false" doc:"fields of the script without a value"`
}

type called struct {
	Outcome string     `json:"outcome" enum:"reached,confirmed,not_reached,call_back,refused,wrong_number"`
	At      *time.Time `json:"at,omitempty" doc:"default now"`
	Again   *time.Time `json:"again,omitempty" doc:"when they want to be called"`
	Text    string     `json:"text,omitempty"`
}

// ToCallFilter are the parameters of the list of calls.
type ToCallFilter struct {
	NoticeRef
	Page
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func (f *face) papers() {
	const pdf = "application/pdf"
	take(f, op{
		method: http.MethodPost, path: sendingPath + "/letters", id: "print-letters", tag: noticeTag, summary: "Print the letters of a notice",
		text: "One PDF on A4: an index, then each letter in its recipient's language, addressed for a window envelope (DIN 5008, form B). Its SHA-256 is recorded. Needs recipient.read and recipient.work.", media: pdf,
	}, func(ctx context.Context, c *call, p *NoticeRef, b *whichLetters) ([]byte, error) {
		return f.pdf(c, p, "letters", func(w io.Writer) (paper.Made, error) {
			return f.Papers.Letters(ctx, c.by, p.Ref.Ref, p.No, paper.Choice{Recipients: b.Recipients, Again: b.Again, Return: b.Return, Duplex: b.BothSides, Plain: b.NoMarks}, w)
		})
	})
	take(f, op{
		method: http.MethodPost, path: sendingPath + "/posted", id: "letters-posted", tag: noticeTag, summary: "Mark letters as posted",
		text: "From then on they count as sent, at the time given. The carrier and the reference stand in the ledger. Needs recipient.work.",
	}, func(ctx context.Context, c *call, p *NoticeRef, b *posting) (postedWire, error) {
		pr, err := f.runOf(ctx, c, *p)
		if err != nil {
			return postedWire{}, err
		}
		n, err := f.Dispatch.Posted(ctx, c.by, pr.Run.ID, dispatch.Posting{Recipients: b.Recipients, At: orZero(b.At), Carrier: b.Carrier, Reference: b.Reference})
		return postedWire{n}, err
	})
	handle(f, op{
		method: http.MethodGet, path: sendingPath + "/calls", id: "list-notice-calls", tag: noticeTag, summary: "List the calls that wait",
		text: "With the numbers in their order and what to say. Needs recipient.read.",
	}, func(ctx context.Context, c *call, p *ToCallFilter) (list[toCallWire], error) {
		sent, err := f.Papers.Of(ctx, c.by, p.Ref.Ref, p.No)
		if err != nil {
			return list[toCallWire]{}, err
		}
		items, next, err := f.Papers.CallList(ctx, c.by, sent, p.Cursor, who.Limit(p.Limit))
		if err != nil {
			return list[toCallWire]{}, err
		}
		return listOf(items, next, wireToCall), nil
	})
	handle(f, op{
		method: http.MethodGet, path: sendingPath + "/calls/print", id: "print-notice-calls", tag: noticeTag, summary: "Print the list of calls",
		text: "A page for each call, with boxes for what came of it. Its SHA-256 is recorded. Needs recipient.read.", media: pdf,
	}, func(ctx context.Context, c *call, p *NoticeRef) ([]byte, error) {
		return f.pdf(c, p, "calls", func(w io.Writer) (paper.Made, error) { return f.Papers.Calls(ctx, c.by, p.Ref.Ref, p.No, w) })
	})
	take(f, op{
		method: http.MethodPost, path: oneRecipientPath + "/call", id: "record-notice-call", tag: noticeTag, summary: "Record what came of a call",
		text: "After a wrong number the next number is called, then the next way is tried. Needs recipient.work; a liaison records it for the own customers.",
	}, func(ctx context.Context, c *call, p *RecipientRef, b *called) (recipientWire, error) {
		r, err := f.Dispatch.Called(ctx, c.by, p.ID, dispatch.Call{Outcome: dispatch.Outcome(b.Outcome), At: orZero(b.At), Again: orZero(b.Again), Text: b.Text})
		return wireRecipient(r), err
	})
	handle(f, op{
		method: http.MethodGet, path: sendingPath + "/report/print", id: "print-delivery-report", tag: noticeTag, summary: "Print the delivery report",
		text: "PDF: what was sent, who approved it, the counts, each recipient with the outcome, and the checksums. Its own SHA-256 is recorded. Needs recipient.read.", media: pdf,
	}, func(ctx context.Context, c *call, p *NoticeRef) ([]byte, error) {
		return f.pdf(c, p, "delivery", func(w io.Writer) (paper.Made, error) { return f.Papers.Report(ctx, c.by, p.Ref.Ref, p.No, w) })
	})
}

// pdf answers with a file that is made in memory: the answer says how long it is.
func (*face) pdf(c *call, p *NoticeRef, name string, write func(w io.Writer) (paper.Made, error)) ([]byte, error) {
	var b bytes.Buffer
	if _, err := write(&b); err != nil {
		return nil, err
	}
	c.download(name+"-"+fileName(p.Ref.Ref)+".pdf", "application/pdf", b.Len())
	return b.Bytes(), nil
}

func wireToCall(in paper.ToCall) toCallWire {
	out := toCallWire{Recipient: wireRecipient(in.Recipient), Contacts: []reachWire{}, Script: in.Script, Missing: append([]string{}, in.Open...)}
	for _, k := range paper.InOrder(in.Recipient) {
		out.Contacts = append(out.Contacts, wireReach(k))
	}
	return out
}
