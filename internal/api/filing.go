package api

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/notify/notice/form"
	"github.com/wakebell/wakebell/internal/notify/notice/form/filing"
)

// filingOnWire is one form of an incident for one authority.
type filingOnWire struct {
	Number      int              `json:"number" doc:"counts in the incident from 1"`
	Incident    string           `json:"incident" example:"INC-2026-0142"`
	Drill       bool             `json:"drill"`
	Duty        *string          `json:"duty" doc:"id of the duty it meets"`
	Rule        *string          `json:"rule" doc:"id of the rule of the law"`
	Entity      *string          `json:"entity"`
	Recipient   string           `json:"recipient"`
	Form        string           `json:"form" example:"eu-dora-2025-302"`
	FormVersion string           `json:"form_version"`
	Stage       string           `json:"stage" example:"initial"`
	Combines    []string         `json:"combines" nullable:"false"`
	Follows     *int             `json:"follows" doc:"number of the filing it follows"`
	State       string           `json:"state" enum:"draft,review,approved,filed,discarded"`
	Version     int              `json:"version" doc:"of the answers"`
	Bound       *string          `json:"bound" doc:"SHA-256 of what was submitted; an approval names it"`
	Voided      bool             `json:"voided" doc:"it was submitted or approved, and changed since"`
	Approvals   []filingApproval `json:"approvals" nullable:"false"`
	Returned    *string          `json:"returned" doc:"why it was sent back"`
	FiledAt     *time.Time       `json:"filed_at"`
	FiledBy     *string          `json:"filed_by"`
	Channel     *string          `json:"channel"`
	LateReason  *string          `json:"late_reason"`
	Receipt     *string          `json:"receipt" doc:"number the authority gave"`
	Documents   []filingDocument `json:"documents" nullable:"false" doc:"what was filed and received, as files of the incident"`
	ChangedAt   time.Time        `json:"changed_at"`
}

type filingApproval struct {
	Person string    `json:"person"`
	As     string    `json:"as"`
	At     time.Time `json:"at"`
}

type filingDocument struct {
	File   string `json:"file"`
	Kind   string `json:"kind" enum:"pdf,json,receipt"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

func wireFiling(f filing.Filing) filingOnWire {
	out := filingOnWire{
		Number: f.No, Incident: f.Ref, Drill: f.Drill, Duty: orNull(f.Duty), Rule: orNull(f.Rule), Entity: orNull(f.Entity), Recipient: f.Recipient,
		Form: f.Form, FormVersion: f.FormVersion, Stage: f.Stage, Combines: append([]string{}, f.Combines...), State: string(f.State), Version: f.Version,
		Bound: orNull(f.Bound), Voided: f.Voided, Approvals: []filingApproval{}, Returned: orNull(f.Returned), Receipt: orNull(f.Reference()),
		Documents: []filingDocument{}, ChangedAt: f.ChangedAt.UTC(),
	}
	if f.Follows > 0 {
		out.Follows = &f.Follows
	}
	for _, a := range f.Approvals {
		out.Approvals = append(out.Approvals, filingApproval{a.Person, a.As, a.At.UTC()})
	}
	if s := f.Sent; s != nil {
		out.FiledAt, out.FiledBy, out.Channel, out.LateReason = stamp(s.At), &s.By, &s.Channel, orNull(s.LateReason)
		for _, d := range s.Documents {
			out.Documents = append(out.Documents, filingDocument(d))
		}
	}
	for _, r := range f.Receipts {
		if r.Document != nil {
			out.Documents = append(out.Documents, filingDocument(*r.Document))
		}
	}
	return out
}

// filledForm adds the questions and answers.
type filledForm struct {
	filingOnWire
	Needed   int              `json:"needed" doc:"questions that have to be answered"`
	Answered int              `json:"answered" doc:"those of them that are"`
	Fields   []filingQuestion `json:"fields" nullable:"false" doc:"what the stage asks, in the order of the form"`
}

type filingQuestion struct {
	ID      string   `json:"id" example:"3.2"`
	Section string   `json:"section"`
	Label   string   `json:"label"`
	Type    string   `json:"type"`
	Options []string `json:"options,omitempty" doc:"ids of the options on offer"`
	Needed  bool     `json:"needed"`
	Ours    bool     `json:"ours,omitempty" doc:"a question of ours that others depend on; no part of the form"`
	Answer  any      `json:"answer" doc:"text, a list of texts, or null"`
	Source  *string  `json:"source" doc:"fact of the record it came from; null: a person wrote it"`
	Changed bool     `json:"changed,omitempty" doc:"since the filing it follows"`
}

// filingWanted is a duty that is met by filing.
type filingWanted struct {
	Duty    dutyOnWire  `json:"duty"`
	Fits    []filingFit `json:"fits" nullable:"false" doc:"forms that satisfy it; the authority's own come first"`
	Filings []int       `json:"filings" nullable:"false"`
}

type filingFit struct {
	Form     string `json:"form"`
	Stage    string `json:"stage"`
	Title    string `json:"title"`
	Official bool   `json:"official"`
}

// filingBegin starts a filing.
type filingBegin struct {
	Duty     string   `json:"duty,omitempty" doc:"id of the duty it meets"`
	Form     string   `json:"form,omitempty" doc:"default the first that fits"`
	Stage    string   `json:"stage,omitempty"`
	Follows  int      `json:"follows,omitempty" doc:"number of the filing it follows"`
	Combines []string `json:"combines,omitempty" doc:"stages filed together with it"`
}

// filingAnswers saves answers, by the id of the field: text, a list of texts, or null for none.
type filingAnswers struct {
	Version int            `json:"version" doc:"of the answers they were written on"`
	Answers map[string]any `json:"answers"`
}

type filingHash struct {
	Bound string `json:"bound" doc:"the hash of what is approved, as read"`
}

type filingReason struct {
	Reason string `json:"reason"`
}

type filingSent struct {
	At         time.Time `json:"at,omitzero" doc:"when it was filed, with zone; default now"`
	Channel    string    `json:"channel" enum:"portal,email,letter,phone,secure_channel,in_person"`
	LateReason string    `json:"late_reason,omitempty" doc:"asked when it was filed after the due time"`
	Receipt    string    `json:"receipt,omitempty" doc:"number the authority gave"`
	Note       string    `json:"note,omitempty"`
}

type filingReceipt struct {
	Number string `json:"number"`
}

// FilingRef names one filing.
type FilingRef struct {
	Ref
	Number int `path:"number" minimum:"1" doc:"number of the filing in the incident"`
}

// FilingReceiptFile names the file of a receipt.
type FilingReceiptFile struct {
	FilingRef
	Name    string `query:"name" maxLength:"300" doc:"name of the file" example:"receipt.pdf"`
	Receipt string `query:"receipt" maxLength:"300" doc:"number the authority gave"`
}

func (f *face) filings() {
	const tag = "Filings"
	const all = base + "/incidents/{ref}/filings"
	const one = all + "/{number}"
	handle(f, op{
		method: http.MethodGet, path: base + "/incidents/{ref}/filings-wanted", id: "list-filings-wanted", tag: tag, summary: "List the duties that are met by filing",
		text: "With the forms that fit each of them and what was begun. Needs notice.read.",
	}, f.filingsWanted)
	handle(f, op{
		method: http.MethodGet, path: all, id: "list-filings", tag: tag, summary: "List the filings of an incident", text: "By number. Needs notice.read.",
	}, func(ctx context.Context, c *call, p *Ref) (list[filingOnWire], error) {
		items, err := f.Filings.List(ctx, c.by, p.Ref)
		return listOf(items, "", wireFiling), err
	})
	take(f, op{
		method: http.MethodPost, path: all, id: "start-filing", tag: tag, creates: true, summary: "Begin a filing",
		text: "It is filled in from the record; a follow-up carries over what was filed. Needs filing.work.",
	}, func(ctx context.Context, c *call, p *Ref, b *filingBegin) (filingOnWire, error) {
		g, err := f.Filings.Start(ctx, c.by, p.Ref, filing.Begin{Duty: b.Duty, Form: b.Form, Stage: b.Stage, Follows: b.Follows, Combines: b.Combines})
		if err == nil {
			c.created(base + "/incidents/" + g.Ref + "/filings/" + strconv.Itoa(g.No))
		}
		return wireFiling(g), err
	})
	handle(f, op{
		method: http.MethodGet, path: one, id: "get-filing", tag: tag, summary: "Read a filing with its questions and answers", text: "Needs notice.read.",
	}, func(ctx context.Context, c *call, p *FilingRef) (filledForm, error) { return f.filing(ctx, c, p) })
	take(f, op{
		method: http.MethodPost, path: one + "/answers", id: "answer-filing", tag: tag, summary: "Save answers",
		text: "Those not named stay. Answers on another version than the newest are a conflict. What was submitted or approved is void. Needs filing.work.",
	}, func(ctx context.Context, c *call, p *FilingRef, b *filingAnswers) (filledForm, error) {
		answers, err := answersOf(b.Answers)
		if err == nil {
			_, err = f.Filings.Save(ctx, c.by, p.Ref.Ref, p.Number, b.Version, answers)
		}
		if err != nil {
			return filledForm{}, err
		}
		return f.filing(ctx, c, p)
	})
	f.filingSteps(tag, one)
	f.filingFiles(tag, one)
}

func (f *face) filingSteps(tag, one string) {
	step := func(name, summary, text string, fn func(ctx context.Context, c *call, p *FilingRef) (filing.Filing, error)) {
		take(f, op{method: http.MethodPost, path: one + "/" + name, id: name + "-filing", tag: tag, summary: summary, text: text, optional: true},
			func(ctx context.Context, c *call, p *FilingRef, _ *struct{}) (filingOnWire, error) {
				g, err := fn(ctx, c, p)
				return wireFiling(g), err
			})
	}
	step("refill", "Fill in again from the record", "Answers of people stay. Needs filing.work.", func(ctx context.Context, c *call, p *FilingRef) (filing.Filing, error) {
		return f.Filings.Refill(ctx, c.by, p.Ref.Ref, p.Number)
	})
	step("submit", "Hand a filing in for approval", "Everything the stage needs must be answered. Needs filing.work.", func(ctx context.Context, c *call, p *FilingRef) (filing.Filing, error) {
		return f.Filings.Submit(ctx, c.by, p.Ref.Ref, p.Number)
	})
	take(f, op{
		method: http.MethodPost, path: one + "/approve", id: "approve-filing", tag: tag, summary: "Approve exactly these answers",
		text: "bound is the hash that was read with them. Nobody approves what they wrote. Needs notice.approve and a role the plan names.",
	}, func(ctx context.Context, c *call, p *FilingRef, b *filingHash) (filingOnWire, error) {
		g, err := f.Filings.Approve(ctx, c.by, p.Ref.Ref, p.Number, b.Bound)
		return wireFiling(g), err
	})
	for _, s := range []struct {
		name, summary, text string
		fn                  func(ctx context.Context, c *call, p *FilingRef, reason string) (filing.Filing, error)
	}{
		{"return", "Send a filing back", "Needs notice.approve.", func(ctx context.Context, c *call, p *FilingRef, reason string) (filing.Filing, error) {
			return f.Filings.Return(ctx, c.by, p.Ref.Ref, p.Number, reason)
		}},
		{"discard", "Give a draft up", "Needs filing.work.", func(ctx context.Context, c *call, p *FilingRef, reason string) (filing.Filing, error) {
			return f.Filings.Discard(ctx, c.by, p.Ref.Ref, p.Number, reason)
		}},
	} {
		take(f, op{method: http.MethodPost, path: one + "/" + s.name, id: s.name + "-filing", tag: tag, summary: s.summary, text: s.text},
			func(ctx context.Context, c *call, p *FilingRef, b *filingReason) (filingOnWire, error) {
				g, err := s.fn(ctx, c, p, b.Reason)
				return wireFiling(g), err
			})
	}
	take(f, op{
		method: http.MethodPost, path: one + "/file", id: "file-filing", tag: tag, summary: "Record that it was filed",
		text: "The form is kept as PDF and JSON with its hash, and the duty is met at that time. A drill is never filed. Needs filing.work.",
	}, func(ctx context.Context, c *call, p *FilingRef, b *filingSent) (filingOnWire, error) {
		g, err := f.Filings.File(ctx, c.by, p.Ref.Ref, p.Number, filing.Sending{
			At: b.At, Channel: b.Channel, LateReason: b.LateReason, Receipt: b.Receipt, Note: b.Note,
		})
		return wireFiling(g), err
	})
	take(f, op{
		method: http.MethodPost, path: one + "/receipt", id: "receipt-filing", tag: tag, summary: "Record the authority's number", text: "Needs filing.work.",
	}, func(ctx context.Context, c *call, p *FilingRef, b *filingReceipt) (filingOnWire, error) {
		g, err := f.Filings.Receive(ctx, c.by, p.Ref.Ref, p.Number, b.Number, nil, "")
		return wireFiling(g), err
	})
}

func (f *face) filingFiles(tag, one string) {
	handle(f, op{
		method: http.MethodPost, path: one + "/receipt-file", id: "receipt-file-filing", tag: tag, stream: true, summary: "Keep the authority's receipt as a file",
		bodies: []string{"application/octet-stream"}, body: &huma.Schema{Type: huma.TypeString, Format: "binary"}, text: "Needs filing.work.",
	}, func(ctx context.Context, c *call, p *FilingReceiptFile) (filingOnWire, error) {
		held, err := f.Filings.Take(ctx, c.by, c.r.Body)
		if err != nil {
			blob.Drain(c.r)
			return filingOnWire{}, err
		}
		defer held.Close()
		if ctx, err = c.keyed(ctx, []byte(p.Name+"\x00"+p.Receipt+"\x00"+held.SHA256)); err != nil {
			return filingOnWire{}, err
		}
		g, err := f.Filings.Receive(ctx, c.by, p.Ref.Ref, p.Number, p.Receipt, held, p.Name)
		return wireFiling(g), err
	})
	content := f.responses(http.StatusOK, "application/octet-stream", &huma.Schema{Type: huma.TypeString, Format: "binary"})
	text, number := &huma.Schema{Type: huma.TypeString}, &huma.Schema{Type: huma.TypeInteger}
	for kind, words := range map[string]string{"pdf": "to print", "json": "by the numbers of its fields"} {
		f.plain("GET "+one+"/"+kind, func(_ http.ResponseWriter, r *http.Request) {
			c := callOf(r.Context())
			no, err := strconv.Atoi(r.PathValue("number"))
			if err != nil {
				c.refuse(fault.New(fault.NotFound, "There is no such filing in this incident"))
				return
			}
			g, b, err := f.Filings.Render(r.Context(), c.by, r.PathValue("ref"), no, kind)
			if err != nil {
				c.refuse(err)
				return
			}
			blob.Serve(c, r, filing.Name(g, kind), bytes.NewReader(b))
		}, &huma.Operation{
			OperationID: "get-filing-" + kind, Method: http.MethodGet, Path: one + "/" + kind, Tags: []string{tag}, Responses: content,
			Parameters: []*huma.Param{{Name: "ref", In: "path", Required: true, Schema: text}, {Name: "number", In: "path", Required: true, Schema: number}},
			Summary:    "The form " + words, Description: "What was filed comes as it was kept. Needs notice.read, and incident.read once filed.",
		})
	}
}

func (f *face) filingsWanted(ctx context.Context, c *call, p *Ref) (list[filingWanted], error) {
	wants, err := f.Filings.Wanted(ctx, c.by, p.Ref)
	now := f.Clock.Now()
	return listOf(wants, "", func(w filing.Want) filingWanted {
		out := filingWanted{Duty: wireDuty(w.Duty, now), Fits: []filingFit{}, Filings: []int{}}
		for _, x := range w.Fits {
			out.Fits = append(out.Fits, filingFit{x.Form.ID, x.Stage.ID, x.Form.Title + ": " + x.Stage.Title, x.Form.Official})
		}
		for _, g := range w.Filings {
			out.Filings = append(out.Filings, g.No)
		}
		return out
	}), err
}

func (f *face) filing(ctx context.Context, c *call, p *FilingRef) (filledForm, error) {
	g, err := f.Filings.Get(ctx, c.by, p.Ref.Ref, p.Number)
	if err != nil {
		return filledForm{}, err
	}
	in, err := f.Filings.Filled(ctx, c.by, g)
	if err != nil {
		return filledForm{}, err
	}
	out := filledForm{filingOnWire: wireFiling(g), Fields: []filingQuestion{}}
	asked := in.Form.Judge(in.Stage, in.Answers, in.Late)
	progress := form.ProgressOf(asked, "")
	out.Needed, out.Answered = progress.Needed, progress.Answered
	for _, a := range asked {
		if !a.Shown {
			continue
		}
		q := filingQuestion{
			ID: a.ID, Section: a.Section, Label: a.Label, Type: string(a.Type), Needed: a.Needed, Ours: a.Ours, Source: orNull(a.Answer.Source),
			Changed: in.Before != nil && !in.Before[a.ID].Same(a.Answer),
		}
		for _, o := range a.Offered {
			q.Options = append(q.Options, o.ID)
		}
		switch {
		case a.Answer.Empty():
		case a.Type.Listed():
			q.Answer = a.Answer.List
		default:
			q.Answer = a.Answer.Text
		}
		out.Fields = append(out.Fields, q)
	}
	return out, nil
}

// answersOf reads answers from the wire: text, a list of texts, or null.
func answersOf(in map[string]any) (form.Answers, error) {
	out := form.Answers{}
	for id, v := range in {
		switch v := v.(type) {
		case nil:
			out[id] = form.Answer{}
		case string:
			out[id] = form.Answer{Text: v}
		case []any:
			list := []string{}
			for _, x := range v {
				s, ok := x.(string)
				if !ok {
					return nil, fault.InvalidField("answers."+id, "takes a list of texts")
				}
				list = append(list, s)
			}
			out[id] = form.Answer{List: list}
		default:
			return nil, fault.InvalidField("answers."+id, `takes a text, a list of texts, or null; numbers and yes or no are texts too: "12", "yes"`)
		}
	}
	return out, nil
}
