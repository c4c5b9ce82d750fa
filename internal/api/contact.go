package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/notify/contact"
)

// contactDraft is what somebody records of a dealing with the outside.
type contactDraft struct {
	Side      string     `json:"side" enum:"law_enforcement,media,authority,other"`
	Step      string     `json:"step" enum:"in,out,advice,coaching" doc:"in: they spoke or wrote to us; out: we did; advice: legal's direction; coaching: the spokesperson was prepared"`
	Channel   string     `json:"channel,omitempty" enum:"phone,email,letter,meeting,portal" doc:"of in and out"`
	Party     string     `json:"party,omitempty" doc:"id in the directory"`
	Name      string     `json:"name,omitempty" doc:"of the organisation; needed where no party is named"`
	People    string     `json:"people,omitempty" doc:"who it was there"`
	Number    string     `json:"number,omitempty" doc:"their case or file number"`
	Person    string     `json:"person,omitempty" doc:"id of the person of ours; the caller by default"`
	Subject   string     `json:"subject"`
	Text      string     `json:"text,omitempty"`
	At        *time.Time `json:"at,omitempty" doc:"when it was; now by default"`
	DueAt     *time.Time `json:"due_at,omitempty" doc:"by when they want an answer; it becomes a duty"`
	Answers   int        `json:"answers,omitempty" doc:"number of the contact it answers"`
	Statement string     `json:"statement,omitempty" doc:"number of the approved notice to the press"`
	Files     []string   `json:"files,omitempty" doc:"ids of files of the incident"`
	Why       string     `json:"why,omitempty" doc:"needed where a rule of the plan was not kept"`
}

// contactOnWire is one entry of the log.
type contactOnWire struct {
	No         int        `json:"no"`
	ID         string     `json:"id" doc:"of the ledger entry"`
	Side       string     `json:"side"`
	Step       string     `json:"step"`
	Channel    *string    `json:"channel"`
	Party      *string    `json:"party"`
	Name       string     `json:"name"`
	People     string     `json:"people"`
	Number     string     `json:"number"`
	Person     string     `json:"person"`
	Subject    string     `json:"subject"`
	Text       string     `json:"text"`
	At         time.Time  `json:"at"`
	DueAt      *time.Time `json:"due_at"`
	Open       bool       `json:"open" doc:"an answer is still owed"`
	Answers    *int       `json:"answers"`
	AnsweredAt *time.Time `json:"answered_at"`
	AnsweredBy *int       `json:"answered_by" doc:"number of the contact that answers it"`
	Statement  *string    `json:"statement"`
	Files      []string   `json:"files"`
	Breaches   []string   `json:"breaches" doc:"rules of the plan that were not kept: not_manager, no_advice, not_spokesman, no_statement, answered_late"`
	Why        string     `json:"why"`
	RecordedBy string     `json:"recorded_by"`
	RecordedAt time.Time  `json:"recorded_at"`
	Erased     bool       `json:"erased"`
}

func wireContact(c contact.Contact) contactOnWire {
	w := contactOnWire{
		No: c.No, ID: c.ID, Side: string(c.Side), Step: string(c.Step), Channel: orNull(c.Channel), Party: orNull(c.Party), Name: c.Name,
		People: c.People, Number: c.Number, Person: c.Person, Subject: c.Subject, Text: c.Text, At: c.At.UTC(), DueAt: stamp(c.DueAt),
		Open: c.Open(), AnsweredAt: stamp(c.AnsweredAt), Statement: orNull(c.Statement), Files: append([]string{}, c.Files...), Breaches: []string{},
		Why: c.Why, RecordedBy: c.RecordedBy, RecordedAt: c.RecordedAt.UTC(), Erased: c.Erased,
	}
	for _, b := range c.Breaches {
		w.Breaches = append(w.Breaches, string(b))
	}
	if c.Answers > 0 {
		w.Answers = &c.Answers
	}
	if c.AnsweredBy > 0 {
		w.AnsweredBy = &c.AnsweredBy
	}
	return w
}

// ContactFilter narrows the log.
type ContactFilter struct {
	Ref
	Side string `query:"side" enum:"law_enforcement,media,authority,other"`
	Open bool   `query:"open" doc:"only what still wants an answer"`
}

// ContactRef names one entry of the log.
type ContactRef struct {
	Ref
	No string `path:"no" maxLength:"9" doc:"number in the incident"`
}

func (f *face) contacts() {
	const tag = "Contacts"
	const log = base + "/incidents/{ref}/contacts"
	handle(f, op{
		method: http.MethodGet, path: log, id: "list-contacts", tag: tag, summary: "List dealings with police, media and authorities",
		text: "Newest first, all of them. Needs contact.read.",
	}, func(ctx context.Context, c *call, p *ContactFilter) (list[contactOnWire], error) {
		items, err := f.Contacts.List(ctx, c.by, p.Ref.Ref, contact.Filter{Side: contact.Side(p.Side), Open: p.Open})
		if err != nil {
			return list[contactOnWire]{}, err
		}
		return listOf(items, "", wireContact), nil
	})
	handle(f, op{
		method: http.MethodGet, path: log + "/{no}", id: "get-contact", tag: tag, summary: "Read one dealing", text: "Needs contact.read.",
	}, func(ctx context.Context, c *call, p *ContactRef) (contactOnWire, error) {
		no, err := strconv.Atoi(p.No)
		if err != nil {
			return contactOnWire{}, fault.New(fault.NotFound, "There is no such contact in this incident")
		}
		got, err := f.Contacts.Get(ctx, c.by, p.Ref.Ref, no)
		return wireContact(got), err
	})
	take(f, op{
		method: http.MethodPost, path: log, id: "record-contact", tag: tag, creates: true, summary: "Record a dealing",
		text: "What happened is always taken: where it does not keep the plan (who may speak, legal's direction first, an approved statement), why is needed, and the entry is marked. Needs contact.work.",
	}, func(ctx context.Context, c *call, p *Ref, b *contactDraft) (contactOnWire, error) {
		d := contact.Draft{
			Side: contact.Side(b.Side), Step: contact.Step(b.Step), Channel: contact.Channel(b.Channel), Party: b.Party, Name: b.Name,
			People: b.People, Number: b.Number, Person: b.Person, Subject: b.Subject, Text: b.Text, Answers: b.Answers, Statement: b.Statement,
			Files: b.Files, Why: b.Why,
		}
		if b.At != nil {
			d.At = *b.At
		}
		if b.DueAt != nil {
			d.DueAt = *b.DueAt
		}
		got, err := f.Contacts.Record(ctx, c.by, p.Ref, d)
		if err != nil {
			return contactOnWire{}, err
		}
		c.created(base + "/incidents/" + p.Ref + "/contacts/" + strconv.Itoa(got.No))
		return wireContact(got), nil
	})
}
