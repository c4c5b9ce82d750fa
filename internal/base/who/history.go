package who

import (
	"context"
	"strings"
	"time"
)

// Revision is one change of a person, from the ledger.
type Revision struct {
	Seq    int64 // place in the ledger
	At     time.Time
	Actor  string
	Before *Person // nil when the person was added
	After  Person
	Erased bool // names and addresses of this entry were erased
}

// History lists the changes of a person, newest first, at most limit, older than before (0 = from the newest). next is
// the value for before that gives the following page, 0 at the end. Permission and Webhook as in Person.
func (s *Service) History(ctx context.Context, by Identity, id string, before int64, limit int) (list []Revision, next int64, err error) {
	if _, err := s.Person(ctx, by, id); err != nil {
		return nil, 0, err
	}
	limit = Limit(limit)
	for len(list) <= limit {
		entries, err := s.led.SubjectBack(ctx, s.db, id, before, limit+1)
		if err != nil {
			return nil, 0, err
		}
		for _, e := range entries {
			before = e.Seq
			if !strings.HasPrefix(e.Kind, "person.") {
				continue
			}
			var b personEntry
			if err := e.Decode(&b); err != nil {
				return nil, 0, err
			}
			r := Revision{Seq: e.Seq, At: e.RecordedAt, Actor: e.Actor, Erased: e.Erased, After: shown(by, joined(id, b.After, b.AfterContact))}
			if b.Before != nil {
				var c personDetail
				if b.BeforeContact != nil {
					c = *b.BeforeContact
				}
				was := shown(by, joined(id, *b.Before, c))
				r.Before = &was
			}
			r.After.Version = b.Version
			if list = append(list, r); len(list) > limit {
				break
			}
		}
		if len(entries) <= limit {
			break
		}
	}
	if len(list) > limit {
		list = list[:limit]
		next = list[limit-1].Seq
	}
	return list, next, nil
}

func joined(id string, f personFacts, d personDetail) Person {
	return Person{
		ID: id, Name: d.Name, Email: d.Email, Phone: d.Phone, Webhook: d.Webhook, Department: d.Department, Function: d.Function,
		Deputy: f.Deputy, Zone: d.Zone, Roles: f.Roles, Active: f.Active,
	}
}
