// Package call is the pure part of calling people: what a call is, who is next when
// nobody answers, and the words of a message.
//
// It carries out policy 003, Escalation Procedure: the product team first, then the
// SIRT through its lead, and the incident manager and an executive when nobody answers.
// It reads no clock and no database, and must not import its own room or a face.
package call

import (
	"cmp"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/who"
)

// Purpose says what people are called about.
type Purpose string

// The purposes. All but the first two call the incident manager and an executive,
// the last one the managers and admins.
const (
	ForDuty     Purpose = "duty"              // a duty asks that a team is told
	ForSignals  Purpose = "signals"           // signals wait for triage
	ForMissed   Purpose = "duty_missed"       // a duty is past its due time
	ForTriage   Purpose = "signals_not_taken" // nobody of the team took the signals in time
	ForClassify Purpose = "signals_undecided" // nobody decided the signals in time
	ForNobody   Purpose = "nobody_answered"   // all of the team were called in every round
	ForWatchdog Purpose = "job_loop_silent"   // the system itself stands still
)

// ChainState is where a chain stands.
type ChainState string

// The states of a chain. A running and an exhausted one can still be answered.
const (
	Running   ChainState = "running"
	Answered  ChainState = "answered"
	Ended     ChainState = "withdrawn" // what it was about is over
	Exhausted ChainState = "exhausted" // everybody was called in every round; nobody answered
)

// Chain is one matter about which people are called one after the other until
// somebody answers. Times are UTC.
type Chain struct {
	ID        string     `json:"id"`
	Purpose   Purpose    `json:"purpose"`
	Subject   string     `json:"subject"` // subject of its ledger entries: incident id, first signal id or "system"
	Incident  string     `json:"incident,omitempty"`
	Ref       string     `json:"ref,omitempty"`
	Duty      string     `json:"duty,omitempty"`
	Rule      string     `json:"rule,omitempty"`
	Team      string     `json:"team,omitempty"`
	Manager   string     `json:"manager,omitempty"` // incident manager, if one is assigned
	Drill     bool       `json:"drill,omitempty"`
	NeedsLead bool       `json:"needs_lead,omitempty"` // only the team's lead, or who acts for him, ends it
	Heard     bool       `json:"heard,omitempty"`      // somebody else of the team has answered
	Alarms    []Alarm    `json:"alarms,omitempty"`     // what the incident manager and an executive are called about
	Minutes   int        `json:"minutes"`              // until the next person is called (plan)
	Round     int        `json:"round"`
	Last      int        `json:"last,omitempty"` // last round, where it is later than the usual one
	Since     time.Time  `json:"since,omitzero"` // real time since when the job loop stands still
	State     ChainState `json:"state"`
	StartedAt time.Time  `json:"started_at"`
	DueAt     time.Time  `json:"due_at,omitzero"`
	NextAt    time.Time  `json:"next_at,omitzero"`
	EndedAt   time.Time  `json:"ended_at,omitzero"`
	Reason    string     `json:"reason,omitempty"` // why it ended, one of a fixed set of texts
}

// Alarm is one thing about an incident that the incident manager and an executive are
// called about. All alarms of an incident go into one chain until somebody answers it.
type Alarm struct {
	Kind  Purpose   `json:"kind"` // ForMissed or ForNobody
	Duty  string    `json:"duty"`
	Rule  string    `json:"rule"`
	Team  string    `json:"team,omitempty"` // that has not answered
	DueAt time.Time `json:"due_at,omitzero"`
	At    time.Time `json:"at"` // when it was raised
}

// Raise adds an alarm, in place of an older one of the same kind about the same duty.
// Everybody hears of it in at least one more round.
func (c *Chain) Raise(a Alarm) {
	c.Alarms = append(slices.DeleteFunc(slices.Clone(c.Alarms), func(b Alarm) bool { return b.Kind == a.Kind && b.Duty == a.Duty }), a)
	if c.State != "" {
		c.Last = max(c.Last, c.Round+1)
	}
	c.head()
}

// Keep drops the alarms that are over and reports whether any is left.
func (c *Chain) Keep(alive func(duty string) bool) bool {
	left := slices.DeleteFunc(slices.Clone(c.Alarms), func(a Alarm) bool { return !alive(a.Duty) })
	if len(left) == 0 {
		return false
	}
	c.Alarms = left
	c.head()
	return true
}

// head takes rule and due time from the alarm that falls due first. A missed duty
// weighs more than a team that has not answered yet.
func (c *Chain) head() {
	first := c.first()
	c.Rule, c.DueAt, c.Purpose = first.Rule, first.DueAt, ForNobody
	if slices.ContainsFunc(c.Alarms, func(a Alarm) bool { return a.Kind == ForMissed }) {
		c.Purpose = ForMissed
	}
}

func (c Chain) first() Alarm {
	return slices.MinFunc(c.Alarms, func(a, b Alarm) int { return a.DueAt.Compare(b.DueAt) })
}

// Describe brings what a call says about the alarms up to the chain.
func (c Chain) Describe(k Call) Call {
	if len(c.Alarms) == 0 {
		return k
	}
	k.Missed, k.Silent, k.Duties = 0, 0, nil
	for _, a := range c.Alarms {
		if a.Kind == ForMissed {
			k.Missed++
		} else {
			k.Silent++
		}
		if !slices.Contains(k.Duties, a.Duty) {
			k.Duties = append(k.Duties, a.Duty)
		}
	}
	first := c.first()
	k.Purpose, k.Duty, k.Rule, k.DueAt = c.Purpose, first.Duty, first.Rule, first.DueAt
	return k
}

// AboutSignals reports whether the chain waits for signals to be taken.
func (c Chain) AboutSignals() bool {
	return c.Duty == "" && len(c.Alarms) == 0 && c.Purpose != ForWatchdog
}

// Answerable reports whether somebody may still answer.
func (c Chain) Answerable() bool { return c.State == Running || c.State == Exhausted }

// Kind says whether an answer is asked for.
type Kind string

// The kinds of calls.
const (
	KindCall     Kind = "call"
	KindReminder Kind = "reminder"
)

// CallState is where one call stands.
type CallState string

// The states of a call. An expired call may still be answered while its chain can.
const (
	Waiting      CallState = "open"
	Acknowledged CallState = "acknowledged"
	Expired      CallState = "expired"   // not answered in the plan's minutes: the next person was called
	Withdrawn    CallState = "withdrawn" // another answered, or the matter is over
	Skipped      CallState = "skipped"   // the person could not be reached; Reason says why
	Told         CallState = "told"      // a reminder: it waits for nothing itself
)

// Role says why a person was called.
type Role string

// The roles in a chain.
const (
	AsTeam      Role = "team"
	AsManager   Role = "manager"
	AsExecutive Role = "executive"
	AsHolder    Role = "holder" // of the duty a reminder is about
	AsAdmin     Role = "admin"
)

// Channel is a way to a person.
type Channel string

// The channels.
const (
	Email   Channel = "email"
	Webhook Channel = "webhook"
)

// Call is one person told once. People are named by their ids. Times are UTC.
type Call struct {
	ID         string    `json:"id"`
	Chain      string    `json:"chain,omitempty"` // "" for the reminder of a holder who was not called
	Purpose    Purpose   `json:"purpose"`
	Kind       Kind      `json:"kind"`
	Of         string    `json:"of,omitempty"` // the call a reminder repeats
	Incident   string    `json:"incident,omitempty"`
	Ref        string    `json:"ref,omitempty"` // incident reference, else the first signal's id
	Duty       string    `json:"duty,omitempty"`
	Rule       string    `json:"rule,omitempty"`
	Duties     []string  `json:"duties,omitempty"`  // of an alarm: all it is about; Duty is the first due
	Missed     int       `json:"missed,omitempty"`  // of an alarm: how many duties were missed
	Silent     int       `json:"silent,omitempty"`  // of an alarm: how many teams have not answered
	Signals    int       `json:"signals,omitempty"` // how many waited when it was made
	Team       string    `json:"team,omitempty"`
	Person     string    `json:"person"`
	As         Role      `json:"as"`
	Round      int       `json:"round"`
	Minutes    int       `json:"minutes,omitempty"` // until the next person is called
	Channels   []Channel `json:"channels,omitempty"`
	With       string    `json:"with,omitempty"` // the call whose message says this one too; it has no channels of its own
	Drill      bool      `json:"drill,omitempty"`
	State      CallState `json:"state"`
	Reason     string    `json:"reason,omitempty"`
	CalledAt   time.Time `json:"called_at"`
	ExpiresAt  time.Time `json:"expires_at,omitzero"` // when the next person is called
	DueAt      time.Time `json:"due_at,omitzero"`     // of the duty or of the triage
	AnsweredAt time.Time `json:"answered_at,omitzero"`
	AnsweredBy string    `json:"answered_by,omitempty"`
	Via        Via       `json:"via,omitempty"`
}

// Via says how a call was acknowledged.
type Via string

// The ways of an acknowledgement.
const (
	ViaLink Via = "link" // whoever held the message's link
	ViaSelf Via = "self" // signed in as somebody
)

// Message is the id of the message that says the call: that of its first call.
func (k Call) Message() string { return cmp.Or(k.With, k.ID) }

// Make is the call of a picked person at now, with the count of signals that wait.
func (c Chain) Make(p Pick, person who.Person, id string, signals int, now time.Time) Call {
	k := Call{
		ID: id, Chain: c.ID, Purpose: c.Purpose, Kind: KindCall, Incident: c.Incident, Ref: c.Ref, Duty: c.Duty, Rule: c.Rule,
		Signals: signals, Team: c.Team, Person: p.Person, As: p.As, Round: p.Round, Minutes: c.Minutes, Drill: c.Drill, State: Waiting,
		CalledAt: now, ExpiresAt: c.NextAt, DueAt: c.DueAt,
	}
	k = c.Describe(k)
	if p.Skip != "" {
		k.State, k.Reason, k.ExpiresAt = Skipped, p.Skip, time.Time{}
		return k
	}
	k.Channels, _ = Reachable(person)
	return k
}

// Names reports whether one of the calls is to a person.
func Names(calls []Call, person string) bool {
	return slices.ContainsFunc(calls, func(k Call) bool { return k.Person == person })
}

// Withdraw gives those of the calls that still wait, taken back.
func Withdraw(calls []Call, why string) (out []Call) {
	for _, k := range calls {
		if k.State == Waiting {
			k.State, k.Reason = Withdrawn, why
			out = append(out, k)
		}
	}
	return out
}

// Expire marks the calls that have waited until now as unanswered, in place, and
// gives them.
func Expire(calls []Call, now time.Time) (late []Call) {
	for i, k := range calls {
		if k.State == Waiting && !k.ExpiresAt.After(now) {
			calls[i].State = Expired
			late = append(late, calls[i])
		}
	}
	return late
}
