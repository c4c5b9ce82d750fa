package item

import (
	"slices"
	"strings"
	"time"
)

// Order is the ways to try, one after the other: what was wished for this recipient, the
// channels of the notice, then those that nobody named, so that nobody is lost for want of
// a setting: mail, a call, a letter.
func Order(wish Channel, channels []Channel, second Channel) []Channel {
	if len(channels) == 0 {
		channels = []Channel{Email}
	}
	var out []Channel
	for _, c := range slices.Concat([]Channel{wish}, channels, []Channel{second, Email, Phone, Letter}) {
		if c != "" && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// Order is how a recipient of the run is tried.
func (run Run) Order(r Recipient) []Channel { return Order(r.Own.Wish, run.Channels, run.Second) }

// way is one place a copy can go: a contact's address, or a channel that needs none.
type way struct {
	channel Channel
	address string
	contact int
}

func (r Recipient) ways(order []Channel) []way {
	var out []way
	for _, c := range order {
		if c == Page || c == HandedOver { // they need no address
			out = append(out, way{channel: c})
			continue
		}
		for n, k := range r.Contacts {
			a := k.address(c)
			same := func(w way) bool { return w.channel == c && strings.EqualFold(w.address, a) }
			if a != "" && !slices.ContainsFunc(out, same) {
				out = append(out, way{c, a, n})
			}
		}
	}
	return out
}

// First puts a recipient on the first way of an order that leads to them. Without any it is
// a gap, in words.
func First(r Recipient, order []Channel) Recipient {
	if ways := r.ways(order); len(ways) > 0 {
		w := ways[0]
		r.Channel, r.Address, r.ContactNo, r.State, r.Gap = w.channel, w.address, w.contact, Queued, ""
		return r
	}
	r.Channel, r.Address, r.State = order[0], "", Gap
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

// Next moves a recipient to the way after the one used now. False: none is left. A page is
// never the next way: nobody would know of it.
func Next(r Recipient, order []Channel) (Recipient, bool) {
	ways := r.ways(order)
	for _, w := range ways[r.at(ways)+1:] {
		if w.channel != Page {
			return r.onto(w), true
		}
	}
	return r, false
}

// Silent moves a recipient who did not acknowledge: to the second channel that the notice
// names, where they can be reached by it and it was not tried yet, else to the next way.
func Silent(r Recipient, order []Channel, second Channel) (Recipient, bool) {
	ways := r.ways(order)
	if second != "" && r.Channel != second {
		for _, w := range ways[r.at(ways)+1:] {
			if w.channel == second {
				return r.onto(w), true
			}
		}
	}
	return Next(r, order)
}

// Onto moves a recipient to a contact, by the first channel of the order it can be reached
// by. False: by none.
func Onto(r Recipient, contact int, order []Channel) (Recipient, bool) {
	for _, w := range r.ways(order) {
		if w.contact == contact && w.address != "" {
			return r.onto(w), true
		}
	}
	return r, false
}

// at is the place of the way used now, -1 where it is none of them.
func (r Recipient) at(ways []way) int {
	at := -1
	for n, w := range ways {
		switch {
		case w.channel != r.Channel:
		case strings.EqualFold(w.address, r.Address):
			return n
		default:
			at = n // reached by a person, by another number or address of that channel
		}
	}
	for n, w := range ways { // handed over: what the system sends is behind them, a call is not
		if at < 0 && r.Channel.ByHand() && !w.channel.ByHand() && (n+1 == len(ways) || ways[n+1].channel.ByHand()) {
			at = n
		}
	}
	return at
}

func (r Recipient) onto(w way) Recipient {
	r.Channel, r.Address, r.ContactNo = w.channel, w.address, w.contact
	r.Stage++
	r.State, r.Attempts, r.Code, r.Answer = Queued, 0, 0, ""
	r.NextAt = time.Time{}
	return r
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
