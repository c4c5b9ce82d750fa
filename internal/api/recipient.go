package api

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/intake"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// recipientWire is one line of a list with what became of its copy.
type recipientWire struct {
	ID             string      `json:"id"`
	Party          *string     `json:"party" doc:"id in the directory"`
	Name           string      `json:"name"`
	Lang           *string     `json:"lang"`
	Country        *string     `json:"country"`
	Label          *string     `json:"label" doc:"for the variants of a text"`
	Contacts       []reachWire `json:"contacts" nullable:"false" doc:"tried in this order"`
	Channel        string      `json:"channel" enum:"email,page,webhook,letter,phone,handed_over"`
	Address        *string     `json:"address"`
	Liaison        *string     `json:"liaison" doc:"person who looks after them"`
	DueAt          *time.Time  `json:"due_at"`
	Gap            *string     `json:"gap" doc:"why nobody can be reached, or why they are left out"`
	Warning        *string     `json:"warning"`
	State          string      `json:"state" enum:"queued,sending,sent,delivered,failed,bounced,stopped,gap,left_out"`
	Attempts       int         `json:"attempts"`
	Way            int         `json:"way" doc:"1 the first, 2 the second channel or contact …"`
	MaybeTwice     bool        `json:"maybe_twice" doc:"the copy may have arrived twice, with the same Message-ID"`
	Answer         *string     `json:"answer" doc:"the server's last words"`
	MessageID      *string     `json:"message_id"`
	NextAt         *time.Time  `json:"next_at"`
	SentAt         *time.Time  `json:"sent_at"`
	DeliveredAt    *time.Time  `json:"delivered_at"`
	FailedAt       *time.Time  `json:"failed_at"`
	BouncedAt      *time.Time  `json:"bounced_at"`
	OpenedAt       *time.Time  `json:"opened_at"`
	AcknowledgedAt *time.Time  `json:"acknowledged_at"`
}

type reachWire struct {
	Name    string `json:"name,omitempty"`
	Role    string `json:"role,omitempty"`
	Email   string `json:"email,omitempty"`
	Phone   string `json:"phone,omitempty"`
	Webhook string `json:"webhook,omitempty"`
	Postal  string `json:"postal,omitempty"`
}

func wireReach(c dispatch.Contact) reachWire {
	return reachWire{c.Name, c.Role, c.Email, c.Phone, c.Webhook, c.Postal}
}

func (w reachWire) contact() dispatch.Contact {
	return dispatch.Contact{Name: w.Name, Role: w.Role, Email: w.Email, Phone: w.Phone, Webhook: w.Webhook, Postal: w.Postal}
}

func wireRecipient(r dispatch.Recipient) recipientWire {
	out := recipientWire{
		ID: r.ID, Party: orNull(r.Party), Name: r.Name, Lang: orNull(r.Lang), Country: orNull(r.Country), Label: orNull(r.Own.Row["label"]), Contacts: []reachWire{},
		Channel: string(r.Channel), Address: orNull(r.Address), Liaison: orNull(r.Liaison), DueAt: stamp(r.DueAt), Gap: orNull(r.Gap),
		Warning: orNull(r.Warning), State: string(r.State), Attempts: r.Attempts, Way: r.Stage + 1, MaybeTwice: r.MaybeTwice, Answer: orNull(r.Answer),
		MessageID: orNull(r.MessageID), NextAt: stamp(r.NextAt), SentAt: stamp(r.SentAt), DeliveredAt: stamp(r.DeliveredAt), FailedAt: stamp(r.FailedAt),
		BouncedAt: stamp(r.BouncedAt), OpenedAt: stamp(r.OpenedAt), AcknowledgedAt: stamp(r.AcknowledgedAt),
	}
	for _, c := range r.Contacts {
		out.Contacts = append(out.Contacts, wireReach(c))
	}
	return out
}

type tallyWire struct {
	Queued       int `json:"queued"`
	Sending      int `json:"sending"`
	Sent         int `json:"sent"`
	Delivered    int `json:"delivered"`
	Failed       int `json:"failed"`
	Bounced      int `json:"bounced"`
	Stopped      int `json:"stopped"`
	Gap          int `json:"gap"`
	LeftOut      int `json:"left_out"`
	Opened       int `json:"opened"`
	Acknowledged int `json:"acknowledged"`
	MaybeTwice   int `json:"maybe_twice"`
}

type sendingWire struct {
	Run       string     `json:"run"`
	State     string     `json:"state" enum:"canary,waiting,running,paused,stopped,refused,done"`
	Reason    *string    `json:"reason" doc:"why it is paused, stopped or waits for the server"`
	StartedBy string     `json:"started_by"`
	StartedAt time.Time  `json:"started_at"`
	WaitUntil *time.Time `json:"wait_until" doc:"the mail server is left alone until then"`
	EndedAt   *time.Time `json:"ended_at"`
	Canary    int        `json:"canary" doc:"so many were told first"`
	Tally     tallyWire  `json:"tally"`
}

type recipientList struct {
	ID          string     `json:"id"`
	State       string     `json:"state" enum:"open,filling,signed,used"`
	Count       int        `json:"count" doc:"who will be told"`
	Gaps        int        `json:"gaps" doc:"who cannot be reached"`
	SHA256      *string    `json:"sha256" doc:"of who gets what where, since it is signed off"`
	SignedOffBy *string    `json:"signed_off_by"`
	SignedOffAt *time.Time `json:"signed_off_at"`
	Follows     *string    `json:"follows"`
}

func wireRecipientList(l dispatch.List) recipientList {
	return recipientList{
		ID: l.ID, State: string(l.State), Count: l.Count, Gaps: l.Gaps, SHA256: orNull(l.Hash), SignedOffBy: orNull(l.SignedOffBy),
		SignedOffAt: stamp(l.SignedOffAt), Follows: orNull(l.Follows),
	}
}

// RecipientFilter are the parameters of a list of recipients.
type RecipientFilter struct {
	NoticeRef
	Page
	State   string `query:"state" enum:"queued,sending,sent,delivered,failed,bounced,stopped,gap,left_out"`
	Channel string `query:"channel" enum:"email,page,webhook,letter,phone,handed_over"`
	Twice   bool   `query:"maybe_twice" doc:"only those who may have got it twice"`
	Begins  string `query:"begins" doc:"only those whose name or address begins so, whatever the case; by the alphabet, names first"`
}

// RecipientRef names one recipient.
type RecipientRef struct {
	ID string `path:"id" doc:"id of the recipient"`
}

type recipientQuery struct {
	Affected    bool     `json:"affected,omitempty" doc:"those in the scope of the incident, or using its services"`
	Kinds       []string `json:"kinds,omitempty" doc:"kinds of parties"`
	Parties     []string `json:"parties,omitempty"`
	Services    []string `json:"services,omitempty" doc:"customers of these"`
	Countries   []string `json:"countries,omitempty"`
	Entity      string   `json:"entity,omitempty"`
	KeyAccounts bool     `json:"key_accounts,omitempty"`
	Teams       []string `json:"teams,omitempty"`
	Channel     string   `json:"channel,omitempty" doc:"wanted, before the notice's channels"`
	Label       string   `json:"label,omitempty" doc:"of all these, for the variants of a text"`
}

type addedWire struct {
	New     int         `json:"new"`
	Double  int         `json:"double" doc:"stood on the list already"`
	Gaps    int         `json:"gaps" doc:"of the new ones, who cannot be reached"`
	Warned  int         `json:"warned" doc:"of the new ones, whose address should be looked at"`
	Refused int         `json:"refused" doc:"lines that cannot be used"`
	Lines   int         `json:"lines,omitempty"`
	Errors  []lineError `json:"errors" nullable:"false" doc:"the first of them"`
}

type lineError struct {
	Line    int    `json:"line"`
	Column  string `json:"column,omitempty"`
	Message string `json:"message"`
}

func wireAdded(a dispatch.Added) addedWire {
	return addedWire{New: a.New, Double: a.Double, Gaps: a.Gaps, Warned: a.Warned, Refused: a.Refused, Errors: []lineError{}}
}

// listID is the list of a notice; with make, one is made where there is none.
func (f *face) listID(ctx context.Context, c *call, p NoticeRef, create bool) (dispatch.List, error) {
	v, err := f.Notices.Get(ctx, c.by, p.Ref.Ref, p.No)
	if err != nil {
		return dispatch.List{}, err
	}
	l, err := f.Dispatch.ListOf(ctx, c.by, v.ID)
	if !create || err == nil || fault.KindOf(err) != fault.NotFound {
		return l, err
	}
	return f.Dispatch.Create(store.WithKey(ctx, "", [32]byte{}), c.by, dispatch.ListSpec{Notice: v.ID, Incident: v.Incident})
}

func (f *face) runOf(ctx context.Context, c *call, p NoticeRef) (dispatch.Progress, error) {
	v, err := f.Notices.Get(ctx, c.by, p.Ref.Ref, p.No)
	if err != nil {
		return dispatch.Progress{}, err
	}
	run, err := f.Dispatch.RunOf(ctx, c.by, v.ID)
	if err != nil {
		return dispatch.Progress{}, err
	}
	return f.Dispatch.Progress(ctx, c.by, run.ID)
}

func wireSending(p dispatch.Progress) sendingWire {
	t := p.Tally
	return sendingWire{
		Run: p.Run.ID, State: string(p.Run.State), Reason: orNull(p.Run.Reason), StartedBy: p.Run.StartedBy, StartedAt: p.Run.StartedAt.UTC(),
		WaitUntil: stamp(p.Run.WaitUntil), EndedAt: stamp(p.Run.EndedAt), Canary: p.Run.Canary,
		Tally: tallyWire{t.Queued, t.Sending, t.Sent, t.Delivered, t.Failed, t.Bounced, t.Stopped, t.Gap, t.LeftOut, t.Opened, t.Acknowledged, t.MaybeTwice},
	}
}

const (
	recipientsPath   = oneNoticePath + "/recipients"
	sendingPath      = oneNoticePath + "/sending"
	oneRecipientPath = base + "/recipients/{id}"
)

func (f *face) recipients() {
	handle(f, op{
		method: http.MethodGet, path: recipientsPath, id: "list-recipients", tag: noticeTag, summary: "List the recipients of a notice",
		text: "In the order of the list (with begins=: of the alphabet), each with what became of their copy. Needs recipient.read.",
	}, func(ctx context.Context, c *call, p *RecipientFilter) (list[recipientWire], error) {
		l, err := f.listID(ctx, c, p.NoticeRef, false)
		if err != nil {
			return list[recipientWire]{}, err
		}
		items, next, err := f.Dispatch.Recipients(ctx, c.by, l.ID, dispatch.Filter{
			State: dispatch.State(p.State), Channel: dispatch.Channel(p.Channel), Twice: p.Twice, Begins: p.Begins,
		}, p.Cursor, p.Limit)
		if err != nil {
			return list[recipientWire]{}, err
		}
		return listOf(items, next, wireRecipient), nil
	})
	take(f, op{
		method: http.MethodPost, path: recipientsPath, id: "add-recipients", tag: noticeTag, summary: "Add recipients from the directory",
		text: "Those affected, kinds of parties, customers of services, people of teams. Nobody is added twice. Voids the sign-off. Needs notice.write.",
	}, func(ctx context.Context, c *call, p *NoticeRef, b *recipientQuery) (addedWire, error) {
		l, err := f.listID(ctx, c, *p, true)
		if err != nil {
			return addedWire{}, err
		}
		q := dispatch.Query{
			Affected: b.Affected, Parties: b.Parties, Services: b.Services, Countries: b.Countries, Entity: b.Entity, KeyAccounts: b.KeyAccounts,
			Teams: b.Teams, Channel: dispatch.Channel(b.Channel), Label: b.Label,
		}
		for _, k := range b.Kinds {
			q.Kinds = append(q.Kinds, directory.PartyKind(k))
		}
		a, err := f.Dispatch.AddQuery(ctx, c.by, l.ID, q)
		return wireAdded(a), err
	})
	f.importRecipients()
	type signed struct {
		Sure bool `json:"sure" doc:"these and nobody else are told"`
	}
	take(f, op{
		method: http.MethodPost, path: recipientsPath + "/sign-off", id: "sign-off-recipients", tag: noticeTag, summary: "Sign the list of recipients off",
		text: "By a person of communications; 409 while somebody cannot be reached. Needs notice.write.",
	}, func(ctx context.Context, c *call, p *NoticeRef, b *signed) (recipientList, error) {
		if !b.Sure {
			return recipientList{}, fault.InvalidField("sure", "must be true: these and nobody else are told")
		}
		l, err := f.listID(ctx, c, *p, false)
		if err != nil {
			return recipientList{}, err
		}
		l, err = f.Dispatch.SignOff(ctx, c.by, l.ID)
		return wireRecipientList(l), err
	})
	handle(f, op{
		method: http.MethodGet, path: recipientsPath + "/list", id: "get-recipient-list", tag: noticeTag, summary: "Read where the list of recipients stands",
		text: "Its counts, its hash and who signed it off. Needs notice.read.",
	}, func(ctx context.Context, c *call, p *NoticeRef) (recipientList, error) {
		l, err := f.listID(ctx, c, *p, false)
		return wireRecipientList(l), err
	})
	f.oneRecipient()
	f.sending()
	f.papers()
}

func (f *face) importRecipients() {
	takeBytes(f, op{
		method: http.MethodPost, path: recipientsPath + "/import", id: "import-recipients", tag: noticeTag, summary: "Add recipients from a CSV file",
		text:  "UTF-8, UTF-16 or Windows-1252; commas, semicolons, tabs or bars. Columns are guessed by their names; mapping= says otherwise (column=target, separated by commas). Lines that cannot be used are named and left out. Needs notice.write.",
		limit: intake.MaxFile, bodies: []string{"text/csv"},
	}, func(ctx context.Context, c *call, p *ImportRef, b []byte) (addedWire, error) {
		l, err := f.listID(ctx, c, p.NoticeRef, true)
		if err != nil {
			return addedWire{}, err
		}
		how := dispatch.Import{Channel: dispatch.Channel(p.Channel)}
		for _, pair := range strings.Split(p.Mapping, ",") {
			if k, t, ok := strings.Cut(pair, "="); ok {
				if how.Mapping == nil {
					how.Mapping = intake.Mapping{}
				}
				how.Mapping[strings.TrimSpace(k)] = strings.TrimSpace(t)
			}
		}
		in, err := f.Dispatch.Import(ctx, c.by, l.ID, strings.NewReader(string(b)), how)
		out := wireAdded(in.Added)
		out.Lines = in.Lines
		for _, e := range in.Errors {
			out.Errors = append(out.Errors, lineError{e.Line, e.Column, e.Message})
		}
		return out, err
	})
}

// ImportRef names a notice and how a file is to be read.
type ImportRef struct {
	NoticeRef
	Mapping string `query:"mapping" doc:"column=target pairs; targets are name, email, phone, contact, role, lang, country, salutation, reference, postal, webhook, channel, party and - for a column that is left out"`
	Channel string `query:"channel" doc:"wanted where the file does not say"`
}

type recipientFix struct {
	Contact reachWire `json:"contact"`
	Channel string    `json:"channel,omitempty"`
	Lang    string    `json:"lang,omitempty"`
	Label   string    `json:"label,omitempty"`
}

type byHand struct {
	Channel      string     `json:"channel,omitempty" doc:"phone, letter or handed_over; default the recipient's"`
	Reached      bool       `json:"reached" doc:"false: tried in vain"`
	Acknowledged bool       `json:"acknowledged,omitempty"`
	At           *time.Time `json:"at,omitempty"`
	Text         string     `json:"text,omitempty"`
}

type eventWire struct {
	At     time.Time `json:"at"`
	What   string    `json:"what"`
	Detail string    `json:"detail,omitempty"`
	Actor  string    `json:"actor,omitempty"`
}

type recipientFull struct {
	recipientWire
	Script  *string     `json:"script" doc:"what to say on the telephone, since the notice was released"`
	History []eventWire `json:"history" nullable:"false"`
}

func (f *face) oneRecipient() {
	handle(f, op{
		method: http.MethodGet, path: oneRecipientPath, id: "get-recipient", tag: noticeTag, summary: "Read one recipient with the history",
		text: "Needs recipient.read; a liaison reads the own customers with recipient.work.",
	}, func(ctx context.Context, c *call, p *RecipientRef) (recipientFull, error) {
		d, err := f.Dispatch.Recipient(ctx, c.by, p.ID)
		out := recipientFull{wireRecipient(d.Recipient), orNull(d.Script), []eventWire{}}
		for _, e := range d.History {
			out.History = append(out.History, eventWire{time.UnixMicro(e.At).UTC(), e.What, e.Detail, e.Actor})
		}
		return out, err
	})
	take(f, op{
		method: http.MethodPost, path: oneRecipientPath + "/contact", id: "give-contact", tag: noticeTag, summary: "Give a recipient a contact",
		text: "Before the list is used: answers a gap and voids the sign-off. The answer's warning says why the address should be looked at. Needs notice.write.",
	}, func(ctx context.Context, c *call, p *RecipientRef, b *recipientFix) (recipientWire, error) {
		r, err := f.Dispatch.FixContact(ctx, c.by, p.ID, dispatch.Fix{Contact: b.Contact.contact(), Channel: dispatch.Channel(b.Channel), Lang: b.Lang, Label: b.Label})
		return wireRecipient(r), err
	})
	take(f, op{
		method: http.MethodPost, path: oneRecipientPath + "/leave-out", id: "leave-recipient-out", tag: noticeTag, summary: "Leave a recipient out, with the reason",
		text: "Voids the sign-off. Needs notice.write.",
	}, func(ctx context.Context, c *call, p *RecipientRef, b *because) (none, error) {
		return none{}, f.Dispatch.LeaveOut(ctx, c.by, p.ID, b.Reason)
	})
	take(f, op{
		method: http.MethodPost, path: oneRecipientPath + "/outcome", id: "record-recipient", tag: noticeTag, summary: "Record a call, a letter or a handing over",
		text: "What a person did. Needs recipient.work; a liaison records it for the own customers.",
	}, func(ctx context.Context, c *call, p *RecipientRef, b *byHand) (recipientWire, error) {
		in := dispatch.By{Channel: dispatch.Channel(b.Channel), Reached: b.Reached, Acknowledged: b.Acknowledged, Text: b.Text}
		if b.At != nil {
			in.At = *b.At
		}
		r, err := f.Dispatch.Record(ctx, c.by, p.ID, in)
		return wireRecipient(r), err
	})
	take(f, op{
		method: http.MethodPost, path: oneRecipientPath + "/undo", id: "undo-recipient", tag: noticeTag, summary: "Undo what was recorded by hand last",
		text: "A letter that was not posted, a call that was entered wrongly. They stand as before, and a duty it met is open again; 409 once something else happened to the copy. Needs recipient.work; a liaison undoes it for the own customers.",
	}, func(ctx context.Context, c *call, p *RecipientRef, b *because) (recipientWire, error) {
		r, err := f.Dispatch.Undo(ctx, c.by, p.ID, b.Reason)
		return wireRecipient(r), err
	})
	take(f, op{
		method: http.MethodPost, path: oneRecipientPath + "/next-contact", id: "next-contact", tag: noticeTag, summary: "Try another contact",
		text: "For a recipient whose copies did not arrive, while the notice is being sent. The answer's warning says why the address should be looked at. Needs recipient.work.",
	}, func(ctx context.Context, c *call, p *RecipientRef, b *reachWire) (recipientWire, error) {
		r, err := f.Dispatch.Amend(ctx, c.by, p.ID, b.contact())
		return wireRecipient(r), err
	})
	handle(f, op{
		method: http.MethodPost, path: oneRecipientPath + "/revoke-links", id: "revoke-recipient-links", tag: noticeTag, summary: "Let no link lead to their page any more",
		text: "Needs notice.release.",
	}, func(ctx context.Context, c *call, p *RecipientRef) (none, error) {
		return none{}, f.Dispatch.RevokeLinks(ctx, c.by, p.ID)
	})
}

func (f *face) sending() {
	handle(f, op{
		method: http.MethodGet, path: sendingPath, id: "get-sending", tag: noticeTag, summary: "Read how far the sending is",
		text: "Counts by state. Needs notice.read.",
	}, func(ctx context.Context, c *call, p *NoticeRef) (sendingWire, error) {
		pr, err := f.runOf(ctx, c, *p)
		return wireSending(pr), err
	})
	turn := func(verb, summary, text string, fn func(ctx context.Context, c *call, run, reason string) error) {
		take(f, op{
			method: http.MethodPost, path: sendingPath + "/" + verb, id: verb + "-sending", tag: noticeTag, summary: summary, text: text + " Needs notice.release.",
		}, func(ctx context.Context, c *call, p *NoticeRef, b *because) (sendingWire, error) {
			pr, err := f.runOf(ctx, c, *p)
			if err != nil {
				return sendingWire{}, err
			}
			if err := fn(ctx, c, pr.Run.ID, b.Reason); err != nil {
				return sendingWire{}, err
			}
			pr, err = f.Dispatch.Progress(ctx, c.by, pr.Run.ID)
			return wireSending(pr), err
		})
	}
	turn("pause", "Pause the sending", "What a server hears at this moment is finished.", func(ctx context.Context, c *call, run, reason string) error {
		return f.Dispatch.Pause(ctx, c.by, run, reason)
	})
	turn("resume", "Go on, also after the first few", "A person's decision.", func(ctx context.Context, c *call, run, _ string) error {
		return f.Dispatch.Resume(ctx, c.by, run)
	})
	turn("stop", "Stop the sending for good", "Who was not written to yet is named as stopped.", func(ctx context.Context, c *call, run, reason string) error {
		return f.Dispatch.Stop(ctx, c.by, run, reason)
	})
	handle(f, op{
		method: http.MethodGet, path: sendingPath + "/report", id: "get-delivery-report", tag: noticeTag, summary: "Download the delivery report",
		text: "CSV, one line for each recipient; its SHA-256 is recorded. Needs recipient.read.", media: "text/csv",
	}, func(ctx context.Context, c *call, p *NoticeRef) ([]byte, error) {
		var b bytes.Buffer
		if _, err := f.Papers.CSV(ctx, c.by, p.Ref.Ref, p.No, &b); err != nil {
			return nil, err
		}
		c.download("delivery-"+fileName(p.Ref.Ref)+".csv", "text/csv; charset=utf-8", b.Len())
		return b.Bytes(), nil
	})
}
