package item

import (
	"strings"
	"time"
)

// First chooses how a recipient is reached: the first contact with an address for the
// wanted channel, and where there is none, the next best way that somebody can be reached
// by. Without any it is a gap, in words.
func First(r Recipient, want Channel) Recipient {
	if want == "" {
		want = Email
	}
	for _, c := range []Channel{want, Email, Phone, Letter} {
		for n, k := range r.Contacts {
			if a := k.address(c); a != "" {
				r.Channel, r.Address, r.ContactNo, r.State, r.Gap = c, a, n, Queued, ""
				return r
			}
		}
		if c == want && (c == Page || c == HandedOver) { // they need no address
			r.Channel, r.Address, r.ContactNo, r.State, r.Gap = c, "", 0, Queued, ""
			return r
		}
	}
	r.Channel, r.Address, r.State = want, "", Gap
	r.Gap = "No contact has a mail address, a telephone number or a postal address"
	if len(r.Contacts) == 0 {
		r.Gap = "Nobody is named as a contact"
	}
	return r
}

func (c Contact) address(ch Channel) string {
	switch ch {
	case Email:
		return c.Email
	case Webhook:
		return c.Webhook
	case Phone:
		return c.Phone
	case Letter:
		return c.Postal
	}
	return ""
}

// Next moves a recipient to the next way after the one used now: the contacts after this
// one by mail, then a call to anybody with a number, then a letter. False: none is left.
func Next(r Recipient) (Recipient, bool) {
	use := func(c Channel, n int) (Recipient, bool) {
		r.Channel, r.Address, r.ContactNo = c, r.Contacts[n].address(c), n
		r.Stage++
		r.State, r.Attempts, r.Code, r.Answer = Queued, 0, 0, ""
		r.NextAt = time.Time{}
		return r, true
	}
	if r.Channel == Email || r.Channel == Webhook || r.Channel == Page {
		from := r.ContactNo + 1
		if r.Channel != Email {
			from = 0
		}
		for n := from; n < len(r.Contacts); n++ {
			if a := r.Contacts[n].Email; a != "" && !strings.EqualFold(a, r.Address) {
				return use(Email, n)
			}
		}
	}
	if r.Channel != Phone && r.Channel != Letter {
		for n, c := range r.Contacts {
			if c.Phone != "" {
				return use(Phone, n)
			}
		}
	}
	if r.Channel != Letter {
		for n, c := range r.Contacts {
			if c.Postal != "" {
				return use(Letter, n)
			}
		}
	}
	return r, false
}

// MostAttempts is how often one way is tried while the other side says "later": with the
// pauses of Pause that is about two days, as RFC 5321 section 4.5.4.1 asks for at most.
const MostAttempts = 20

// Pause is how long a copy waits after its n-th attempt was put off, at least the five
// minutes that greylisting commonly asks for, at most four hours.
func Pause(n int) time.Duration {
	d := 5 * time.Minute
	for range min(n-1, 10) {
		d *= 2
	}
	return min(d, 4*time.Hour)
}

// Kind is what became of one attempt, in the words of the mail sender.
type Kind string

// The kinds.
const (
	Accepted Kind = "accepted"
	Later    Kind = "later"
	Declined Kind = "refused"
	Unsure   Kind = "unsure"
)

// Result is what one attempt came to. Server: the cause would meet every copy alike.
type Result struct {
	Kind   Kind
	Server bool
	Code   int
	Answer string
}

// After is a recipient after an attempt. What is refused for good goes to the next way at
// once; Stage then says so. Word is what to write into the history, "" for nothing.
func After(r Recipient, o Result, now time.Time, secondAfter time.Duration) (after Recipient, word string) {
	r.Code, r.Answer = o.Code, o.Answer
	switch {
	case o.Kind == Accepted:
		r.State, r.SentAt, r.NextAt = Sent, now, time.Time{}
		if secondAfter > 0 && r.AcknowledgedAt.IsZero() {
			r.NextAt = now.Add(secondAfter)
		}
		return r, ""
	case o.Kind == Later && o.Server: // no copy's own fault
		r.State, r.Attempts, r.NextAt = Queued, r.Attempts-1, time.UnixMicro(Always)
		return r, ""
	case o.Kind == Unsure:
		r.MaybeTwice = true
		word = "The connection broke after the whole message was given: it may arrive twice, with the same Message-ID"
		fallthrough
	case o.Kind == Later:
		if r.Attempts < MostAttempts {
			r.State, r.NextAt = Queued, now.Add(Pause(r.Attempts))
			return r, word
		}
	}
	r.State, r.FailedAt, r.NextAt = Failed, now, time.Time{}
	return r, "Could not be given to " + r.Address + ": " + o.Answer
}
