package deadline

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Kind is where a candidate comes from. It decides between candidates that fall
// due at the same instant, and nothing else.
type Kind string

// The kinds, strongest first. An unset kind ranks with Policy.
const (
	Statute  Kind = "statute"
	Contract Kind = "contract"
	Policy   Kind = "policy"
)

func (k Kind) rank() int {
	switch k {
	case Statute:
		return 0
	case Contract:
		return 1
	}
	return 2
}

func (k Kind) word() string {
	if k == "" {
		return string(Policy)
	}
	return string(k)
}

// Candidate is one possible due time of a duty, kept with the duty so that a
// reader sees which times were compared.
type Candidate struct {
	Name    string    // the basis in words, "policy 000: personal data, 24 h"
	Kind    Kind      // statute, contract or policy
	Start   string    // name of the moment it counts from, "discovered"
	StartAt time.Time // zero = that moment is not known yet
	Period  Period    // zero = names no fixed time
	DueAt   time.Time // zero = cannot be computed yet
	Reason  string    // why it wins or loses, in words
	Wins    bool
}

// NewCandidate is a candidate with its due time computed where that is possible;
// times in UTC.
func NewCandidate(kind Kind, name, start string, startAt time.Time, p Period) Candidate {
	if !startAt.IsZero() {
		startAt = startAt.Round(0).UTC()
	}
	return Candidate{Name: name, Kind: kind, Start: start, StartAt: startAt, Period: p, DueAt: Due(startAt, p)}
}

// candidateWire is the JSON shape: times RFC 3339 UTC, null when not known.
type candidateWire struct {
	Name    string     `json:"name"`
	Kind    Kind       `json:"kind,omitempty"`
	Start   string     `json:"start"`
	StartAt *time.Time `json:"start_at"`
	Period  Period     `json:"period"`
	DueAt   *time.Time `json:"due_at"`
	Reason  string     `json:"reason"`
	Wins    bool       `json:"wins"`
}

// MarshalJSON writes {name, kind, start, start_at, period, due_at, reason, wins};
// period as "24 h", times in RFC 3339 UTC or null.
func (c Candidate) MarshalJSON() ([]byte, error) {
	return json.Marshal(candidateWire{
		Name: c.Name, Kind: c.Kind, Start: c.Start, StartAt: orNull(c.StartAt),
		Period: c.Period, DueAt: orNull(c.DueAt), Reason: c.Reason, Wins: c.Wins,
	})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (c *Candidate) UnmarshalJSON(b []byte) error {
	var w candidateWire
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*c = Candidate{
		Name: w.Name, Kind: w.Kind, Start: w.Start, StartAt: fromNull(w.StartAt),
		Period: w.Period, DueAt: fromNull(w.DueAt), Reason: w.Reason, Wins: w.Wins,
	}
	return nil
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC()
	return &u
}

func fromNull(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// Shortest compares candidates by the instant they fall due, never by their
// number of hours, and returns a copy in the same order with the winner marked,
// and its index; -1 when none can be computed yet. The input is not changed.
//
// DueAt is computed from StartAt and Period; a candidate whose period is not
// fixed keeps the DueAt it came with (a date counted elsewhere). One without a
// start cannot win. At the same instant statute goes before contract before
// policy, then the first in the list.
//
// Reason gets one sentence on the outcome, after the caller's own words where
// there are some. Source: policy 003, "whichever is shorter".
func Shortest(cands []Candidate) ([]Candidate, int) {
	out := make([]Candidate, len(cands))
	win, known := -1, 0
	for i, c := range cands {
		c.Wins = false
		switch {
		case c.StartAt.IsZero():
			c.DueAt = time.Time{}
		case c.Period.Fixed():
			c.DueAt = Due(c.StartAt, c.Period)
		}
		out[i] = c
		if c.DueAt.IsZero() {
			continue
		}
		known++
		if win < 0 || before(c, out[win]) {
			win = i
		}
	}
	for i := range out {
		out[i].Wins = i == win
		out[i].Reason = join(out[i].Reason, verdict(out, i, win, known))
	}
	return out, win
}

// before says whether a goes before b; equal candidates keep their order.
func before(a, b Candidate) bool {
	if !a.DueAt.Equal(b.DueAt) {
		return a.DueAt.Before(b.DueAt)
	}
	return a.Kind.rank() < b.Kind.rank()
}

func verdict(all []Candidate, i, win, known int) string {
	c := all[i]
	switch {
	case c.StartAt.IsZero():
		return fmt.Sprintf("no due time yet: no time is recorded for %q", c.Start)
	case c.DueAt.IsZero():
		return "no due time: names no fixed period"
	case i != win:
		return loses(c, all[win])
	}
	words := fmt.Sprintf("earliest of %d", known)
	if known == 1 {
		words = "the only due time"
	}
	for j, o := range all {
		if j != i && o.DueAt.Equal(c.DueAt) {
			words += "; " + tie(c, o)
			break
		}
	}
	if open := len(all) - known; open > 0 {
		words += fmt.Sprintf("; %d more without a due time", open)
	}
	return words
}

func loses(c, winner Candidate) string {
	if c.DueAt.Equal(winner.DueAt) {
		return fmt.Sprintf("same instant as %q; %s", winner.Name, tie(winner, c))
	}
	return fmt.Sprintf("%s later than %q", span(c.DueAt.Sub(winner.DueAt)), winner.Name)
}

func tie(winner, other Candidate) string {
	if winner.Kind.rank() < other.Kind.rank() {
		return fmt.Sprintf("at the same instant %s goes before %s", winner.Kind.word(), other.Kind.word())
	}
	return "at the same instant the first goes before the others"
}

// span is a length of time in words: "24 h", "1 h 20 min", "30 s".
func span(d time.Duration) string {
	var parts []string
	if h := d / time.Hour; h > 0 {
		parts = append(parts, fmt.Sprintf("%d h", h))
	}
	if m := d % time.Hour / time.Minute; m > 0 {
		parts = append(parts, fmt.Sprintf("%d min", m))
	}
	if len(parts) == 0 {
		if s := d / time.Second; s > 0 {
			return fmt.Sprintf("%d s", s)
		}
		return "less than 1 s"
	}
	return strings.Join(parts, " ")
}

// join puts the outcome after the caller's words, once.
func join(given, outcome string) string {
	if given == "" || given == outcome {
		return outcome
	}
	if strings.HasSuffix(given, "; "+outcome) {
		return given
	}
	return given + "; " + outcome
}
