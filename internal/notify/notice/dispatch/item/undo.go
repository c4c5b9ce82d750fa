package item

import (
	"encoding/json"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// stand is what a person's record changes in a recipient.
type stand struct {
	State          State     `json:"state"`
	Channel        Channel   `json:"channel"`
	Address        string    `json:"address"`
	ContactNo      int       `json:"contact_no"`
	Gap            string    `json:"gap"`
	Attempts       int       `json:"attempts"`
	Stage          int       `json:"stage"`
	Answer         string    `json:"answer"`
	NextAt         time.Time `json:"next_at"`
	SentAt         time.Time `json:"sent_at"`
	DeliveredAt    time.Time `json:"delivered_at"`
	FailedAt       time.Time `json:"failed_at"`
	BouncedAt      time.Time `json:"bounced_at"`
	AcknowledgedAt time.Time `json:"acknowledged_at"`
	AcknowledgedBy string    `json:"acknowledged_by"`
}

func standOf(r Recipient) stand {
	return stand{
		r.State, r.Channel, r.Address, r.ContactNo, r.Gap, r.Attempts, r.Stage, r.Answer,
		r.NextAt, r.SentAt, r.DeliveredAt, r.FailedAt, r.BouncedAt, r.AcknowledgedAt, r.AcknowledgedBy,
	}
}

// same compares all but the instant of the next try, which passes by itself.
func (a stand) same(b stand) bool {
	a.NextAt, b.NextAt = time.Time{}, time.Time{}
	times := func(s *stand) []*time.Time {
		return []*time.Time{&s.SentAt, &s.DeliveredAt, &s.FailedAt, &s.BouncedAt, &s.AcknowledgedAt}
	}
	for n, t := range times(&a) {
		u := times(&b)[n]
		if !t.Equal(*u) {
			return false
		}
		*t, *u = time.Time{}, time.Time{}
	}
	return a == b
}

// recorded is how a recipient stood before and after a person's record.
type recorded struct {
	Before stand `json:"before"`
	After  stand `json:"after"`
}

// Remember keeps with a recipient how they stood before what a person recorded just now.
func Remember(before, after Recipient) (Recipient, error) {
	var err error
	after.Undo, err = json.Marshal(recorded{standOf(before), standOf(after)})
	return after, err
}

// Undoable says whether what a person recorded last can still be taken back: nothing else
// happened to the copy since.
func Undoable(r Recipient) bool {
	_, err := Restore(r)
	return err == nil
}

// Restore is a recipient as they stood before what a person recorded last.
func Restore(r Recipient) (Recipient, error) {
	var was recorded
	if len(r.Undo) == 0 {
		return r, fault.New(fault.Conflict, "Nothing that a person recorded here can be undone")
	}
	if err := json.Unmarshal(r.Undo, &was); err != nil {
		return r, err
	}
	if !was.After.same(standOf(r)) {
		return r, fault.New(fault.Conflict, "Something else happened to this copy since; record what is so instead")
	}
	b, before := was.Before, r
	r.State, r.Channel, r.Address, r.ContactNo, r.Gap, r.Attempts, r.Stage, r.Answer = b.State, b.Channel, b.Address, b.ContactNo, b.Gap, b.Attempts, b.Stage, b.Answer
	r.NextAt, r.SentAt, r.DeliveredAt, r.FailedAt, r.BouncedAt = b.NextAt, b.SentAt, b.DeliveredAt, b.FailedAt, b.BouncedAt
	r.AcknowledgedAt, r.AcknowledgedBy, r.Undo = b.AcknowledgedAt, b.AcknowledgedBy, nil
	r.Undone = r.CameBack() || !r.ToldAt().Equal(before.ToldAt()) || !r.AcknowledgedAt.Equal(before.AcknowledgedAt)
	return r, nil
}
