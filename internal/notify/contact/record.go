package contact

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/phrase"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
)

// Record adds an entry to the log. What breaks a rule of the policies needs the reason in
// why; without it the fault names the rule. Permission contact.work; advice is recorded by
// legal itself, or by somebody who names the counsel.
func (s *Service) Record(ctx context.Context, by who.Identity, ref string, d Draft) (Contact, error) {
	if err := who.Check(by, who.PermContactWork); err != nil {
		return Contact{}, err
	}
	now := s.clk.Now()
	if d.At.IsZero() {
		d.At = now
	}
	if d.Person == "" {
		d.Person = by.Person
	}
	if err := d.check(now); err != nil {
		return Contact{}, err
	}
	out, err := s.db.Write(ctx, store.Op{Name: "contact.record", Actor: by.Actor}, func(tx *store.Tx) error {
		id, err := s.record(ctx, tx, by, ref, d)
		tx.SetResult(id)
		return err
	})
	if err != nil {
		return Contact{}, err
	}
	return read(ctx, s.db, out.ResultID)
}

func (s *Service) record(ctx context.Context, tx *store.Tx, by who.Identity, ref string, d Draft) (string, error) {
	st, err := s.incidents.GetTx(tx, ref)
	if err != nil {
		return "", err
	}
	if err := s.known(ctx, tx, st, &d); err != nil {
		return "", err
	}
	log, err := list(ctx, tx, st.ID)
	if err != nil {
		return "", err
	}
	var asked *Contact
	if d.Answers > 0 {
		if asked, err = question(log, d); err != nil {
			return "", err
		}
	}
	breaches, err := s.breaches(ctx, tx, st, log, d, asked)
	if err != nil {
		return "", err
	}
	if len(breaches) > 0 && strings.TrimSpace(d.Why) == "" {
		var rules []string
		for _, b := range breaches {
			rules = append(rules, b.Words())
		}
		return "", fault.InvalidField("why", "is needed: "+phrase.And(rules)+". What happened is recorded all the same, with the reason")
	}
	no := 1
	if len(log) > 0 {
		no = log[0].No + 1
	}
	e, err := s.led.Append(tx, record.Draft{
		Kind: KindRecorded, Subject: st.ID, Actor: by.Actor, At: d.At, Body: recorded(no, d, breaches),
	})
	if err != nil {
		return "", err
	}
	if err := s.Project(row.Live(tx), e); err != nil {
		return "", err
	}
	return e.ID, s.owe(tx, st, no, d)
}

// owe keeps the incident's list of answers asked for, from which its duties are derived.
func (s *Service) owe(tx *store.Tx, st incident.State, no int, d Draft) error {
	f, _ := st.Fact(fact.OfAsked, "")
	asks := slices.Clone(f.Value.Asked)
	switch i := slices.IndexFunc(asks, func(a fact.Ask) bool { return a.No == d.Answers && d.Answers > 0 }); {
	case d.Step == Incoming && !d.DueAt.IsZero():
		asks = append(asks, fact.Ask{No: no, Side: string(d.Side), Party: d.Party, Name: d.Name, AskedAt: d.At.UTC(), DueAt: d.DueAt.UTC()})
	case i >= 0 && asks[i].AnsweredAt.IsZero():
		asks[i].AnsweredAt = d.At.UTC()
	default:
		return nil
	}
	value, err := json.Marshal(asks)
	if err != nil {
		return fmt.Errorf("write the answers asked for: %w", err)
	}
	_, err = s.incidents.ExecuteTx(tx, who.Engine("contacts"), st.ID, &incident.RecordFact{Fact: fact.OfAsked, Value: value})
	return err
}

// question finds what an answer answers.
func question(log []Contact, d Draft) (*Contact, error) {
	for i := range log {
		if c := &log[i]; c.No == d.Answers {
			switch {
			case c.Step != Incoming || c.Side != d.Side:
				return nil, fault.InvalidField("answers", "is not a question of the same side; give the number of an incoming contact")
			case !c.AnsweredAt.IsZero():
				return nil, fault.InvalidField("answers", fmt.Sprintf("was answered already by no. %d; leave it out", c.AnsweredBy))
			}
			return c, nil
		}
	}
	return nil, fault.InvalidField("answers", "is no contact of this incident")
}

// known checks what a draft names, and fills the name of a party in.
func (s *Service) known(ctx context.Context, tx *store.Tx, st incident.State, d *Draft) error {
	dir, err := s.dirs.Snapshot(tx)
	if err != nil {
		return err
	}
	var f []fault.Field
	if d.Party != "" {
		p, ok := dir.Parties[d.Party]
		if !ok {
			f = append(f, fault.Field{Field: "party", Message: "is not in the directory; give the name instead"})
		} else if d.Name == "" {
			d.Name = p.Name
		}
	}
	if d.Name == "" && (d.Step == Incoming || d.Step == Outgoing) {
		f = append(f, fault.Field{Field: "name", Message: "is needed: which authority, station, paper or company it was"})
	}
	p, ok := dir.People[d.Person]
	switch {
	case !ok:
		f = append(f, fault.Field{Field: "person", Message: "is needed: which of our people it was"})
	case d.Step == Advice && !slices.Contains(p.Roles, who.Legal) && !slices.Contains(st.Assignments["legal"], p.ID):
		f = append(f, fault.Field{Field: "person", Message: "is not legal counsel; name the counsel who gave the direction"})
	case d.Step == Coaching && !slices.Contains(st.Assignments["spokesperson"], p.ID):
		f = append(f, fault.Field{Field: "person", Message: "is not the spokesperson of this incident; assign the spokesperson first"})
	}
	for i, id := range d.Files {
		if _, err := s.files.Get(ctx, who.Engine("contacts"), st.ID, id); err != nil {
			f = append(f, fault.Field{Field: fmt.Sprintf("files[%d]", i), Message: "is no file of this incident; add it to the incident first"})
		}
	}
	return fault.Invalids(f...)
}

// breaches says which rules of the policies an entry does not keep.
func (s *Service) breaches(ctx context.Context, tx *store.Tx, st incident.State, log []Contact, d Draft, asked *Contact) ([]Breach, error) {
	var out []Breach
	is := func(fn incident.Function) bool { return slices.Contains(st.Assignments[fn], d.Person) }
	spoke := d.Step == Outgoing || d.Step == Incoming && (d.Channel == Phone || d.Channel == Meeting)
	switch {
	case d.Side == Police && spoke:
		if !is(incident.FnManager) && !is(incident.FnPolice) {
			out = append(out, NotManager)
		}
		advised := slices.ContainsFunc(log, func(c Contact) bool { return c.Step == Advice && c.Side == Police && !c.At.After(d.At) })
		if d.Step == Outgoing && !advised {
			out = append(out, NoAdvice)
		}
	case d.Side == Media && d.Step == Outgoing:
		if !is("spokesperson") {
			out = append(out, NotSpokesman)
		}
		ok := false
		if d.Statement != "" {
			var err error
			if ok, err = s.statement(ctx, tx, st.ID, d.Statement); err != nil {
				return nil, err
			}
		}
		if !ok {
			out = append(out, NoStatement)
		}
	}
	if asked != nil && !asked.DueAt.IsZero() && d.At.After(asked.DueAt) {
		out = append(out, AnsweredLate)
	}
	return out, nil
}

// maxYears bounds the date of an answer: what lies further ahead is a mistake.
const maxYears = 5

func (d Draft) check(now time.Time) error {
	f := check.OneOf(nil, "side", d.Side, Police, Media, Authority, Other)
	f = check.OneOf(f, "step", d.Step, Incoming, Outgoing, Advice, Coaching)
	exchange := d.Step == Incoming || d.Step == Outgoing
	if exchange {
		f = check.OneOf(f, "channel", d.Channel, Phone, Email, Letter, Meeting, Portal)
	}
	f = check.Text(f, "subject", d.Subject, check.Line, true)
	f = check.Text(f, "text", d.Text, check.Screen, !exchange)
	f = check.Text(f, "name", d.Name, check.Line, false)
	f = check.Text(f, "people", d.People, check.Line, false)
	f = check.Text(f, "number", d.Number, check.Line, false)
	f = check.Text(f, "why", d.Why, check.Screen, false)
	f = check.Word(f, "party", d.Party)
	f = check.Word(f, "person", d.Person)
	f = check.Word(f, "statement", d.Statement)
	wrong := func(when bool, field, message string) {
		if when {
			f = append(f, fault.Field{Field: field, Message: message})
		}
	}
	wrong(d.At.Before(fact.Earliest) || d.At.After(now.Add(fact.FutureSlack)), "at", "must be when it happened, not later than now")
	wrong(!d.DueAt.IsZero() && d.Step != Incoming, "due_at", "belongs to what came in; leave it out")
	wrong(!d.DueAt.IsZero() && (d.DueAt.Before(d.At) || d.DueAt.After(now.AddDate(maxYears, 0, 0))), "due_at", "must lie after the question, and within five years")
	wrong(d.Answers != 0 && d.Step != Outgoing, "answers", "belongs to what went out; leave it out")
	wrong(d.Answers < 0, "answers", "must be the number of a contact")
	wrong(d.Step == Coaching && d.Side != Media, "side", "must be media: the spokesperson is coached for them")
	wrong(d.Statement != "" && (d.Side != Media || d.Step != Outgoing), "statement", "belongs to what the media are told; leave it out")
	wrong(len(d.Files) > file.Most, "files", "are more than 20; record the rest in another entry")
	return fault.Invalids(f...)
}
