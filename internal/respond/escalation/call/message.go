package call

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The paths of the links in messages, behind Config.BaseURL. AckPath is followed by a
// secret: GET shows what it is about and must not answer the call, because mail
// scanners open links; only the POST of its button does.
const (
	AckPath      = "/ack/"
	IncidentPath = "/incidents/"
	QueuePath    = "/signals"
)

// Message is what a person gets. It says nothing about the matter itself.
type Message struct {
	Subject string
	Text    string
	Post    Post
}

// Post is the JSON body of a webhook. Text repeats it in words for receivers that
// show one field, such as chat rooms.
type Post struct {
	Reference string    `json:"reference"`
	Link      string    `json:"link"`
	Kind      string    `json:"kind"` // a Purpose, or "reminder"
	DueAt     time.Time `json:"due_at,omitzero"`
	Drill     bool      `json:"drill"`
	Text      string    `json:"text"`
}

// about says in generic words what a call is about; "" when the call itself says it all.
func about(k Call) string {
	if k.Kind == KindReminder {
		if k.Of != "" {
			return "Reminder: you were called and have not acknowledged."
		}
		return "Reminder: you hold a duty that falls due."
	}
	n := fmt.Sprintf("%d signals", k.Signals)
	wait, were := "wait", "were"
	if k.Signals == 1 {
		n, wait, were = "1 signal", "waits", "was"
	}
	switch k.Purpose {
	case ForSignals:
		return n + " " + wait + " for triage."
	case ForTriage:
		return n + " " + were + " not taken by the team in time."
	case ForClassify:
		return n + " " + were + " not decided in time."
	case ForMissed, ForNobody:
		return alarms(k)
	case ForWatchdog:
		return "Scheduled work stands still: calls and deadlines may not go out. Look after the server now."
	}
	return ""
}

func alarms(k Call) string {
	var parts []string
	switch {
	case k.Missed == 1:
		parts = append(parts, "A duty was missed.")
	case k.Missed > 1:
		parts = append(parts, fmt.Sprintf("%d duties were missed.", k.Missed))
	}
	switch {
	case k.Silent > 1:
		parts = append(parts, fmt.Sprintf("%d teams have not answered.", k.Silent))
	case k.Silent == 1 || k.Missed == 0:
		parts = append(parts, "Nobody of the team has answered.")
	}
	return strings.Join(parts, " ")
}

// acknowledge says by when an answer is wanted.
func acknowledge(minutes int) string {
	if minutes == 1 {
		return "acknowledge within 1 minute"
	}
	return fmt.Sprintf("acknowledge within %d minutes", minutes)
}

// Asked is what one message is about: of each matter one call, a call rather than the
// reminder of one, without what is over.
func Asked(calls []Call) (out []Call) {
	for _, k := range calls {
		if k.State == Acknowledged || k.State == Withdrawn || k.State == Skipped {
			continue
		}
		i := slices.IndexFunc(out, func(o Call) bool {
			same := k.Duty != "" && o.Duty == k.Duty && o.Purpose == k.Purpose
			return (k.Chain != "" && o.Chain == k.Chain) || same
		})
		switch {
		case i < 0:
			out = append(out, k)
		case out[i].Kind == KindReminder || k.Kind == KindCall:
			out[i] = k
		}
	}
	return out
}

// Compose writes the message of the calls that share it; there is at least one. token
// is the secret of the link, "" for a message that asks for no answer. zone is the
// person's time zone.
func Compose(calls []Call, base, token, zone string) Message {
	list := Asked(calls)
	if len(list) == 0 {
		list = calls[:1]
	}
	k, drill := list[0], ""
	if k.Drill {
		drill = "DRILL: "
	}
	signals := k.Purpose == ForSignals || k.Purpose == ForTriage || k.Purpose == ForClassify || (k.Purpose == ForNobody && k.Incident == "")
	link := base + IncidentPath + k.Ref
	if token != "" {
		link = base + AckPath + token
	} else if k.Incident == "" {
		link = base + QueuePath
	}
	what, due := says(list, zone)
	kind := string(k.Purpose)
	if k.Kind == KindReminder {
		kind = string(KindReminder)
	}
	m := Message{
		Subject: drill + subject(list, signals),
		Post:    Post{Reference: k.Ref, Link: link, Kind: kind, DueAt: due, Drill: k.Drill, Text: drill + k.Ref + ": " + strings.SplitN(what, "\n", 2)[0]},
	}
	m.Text = drill + k.Ref + "\n\n" + what + "\n" + link + "\n"
	if signals && token != "" {
		m.Text += "\nTriage queue: " + base + QueuePath + "\n"
	}
	return m
}

// says puts what is asked into words and gives the earliest due time.
func says(list []Call, zone string) (text string, due time.Time) {
	for _, k := range list {
		if !k.DueAt.IsZero() && (due.IsZero() || k.DueAt.Before(due)) {
			due = k.DueAt
		}
	}
	var b strings.Builder
	if len(list) == 1 {
		k := list[0]
		what := about(k)
		if k.Kind == KindCall && k.Purpose != ForWatchdog {
			what = strings.TrimSpace(what + " You are called: " + acknowledge(k.Minutes) + ".")
		}
		b.WriteString(what + "\n")
		if !due.IsZero() {
			fmt.Fprintf(&b, "Due: %s\n", when(due, zone))
		}
		return b.String(), due
	}
	b.WriteString(headline(list))
	asks := slices.ContainsFunc(list, Call.AsksAnswer)
	if asks {
		b.WriteString(": " + acknowledge(minutes(list)))
	}
	b.WriteString(".\n")
	for i, k := range list {
		line := about(k)
		if line == "" {
			line = "You are called."
		}
		fmt.Fprintf(&b, "%d. %s", i+1, line)
		if !k.DueAt.IsZero() {
			fmt.Fprintf(&b, " Due: %s", when(k.DueAt, zone))
		}
		b.WriteString("\n")
	}
	if asks {
		b.WriteString("The link acknowledges all that ask for an answer.\n")
	}
	return b.String(), due
}

// headline counts the things of a message that says several.
func headline(list []Call) string {
	for _, k := range list {
		if !k.AsksAnswer() {
			return fmt.Sprintf("%d things wait for you", len(list))
		}
	}
	return fmt.Sprintf("%d things wait for your answer", len(list))
}

func minutes(list []Call) (least int) {
	for _, k := range list {
		if k.Minutes > 0 && (least == 0 || k.Minutes < least) {
			least = k.Minutes
		}
	}
	return least
}

func subject(list []Call, signals bool) string {
	k := list[0]
	switch {
	case len(list) > 1:
		return k.Ref + ": " + headline(list)
	case k.Kind == KindReminder:
		return k.Ref + ": reminder"
	case k.Purpose == ForWatchdog:
		return "Wakebell stands still"
	case signals:
		return "Triage: you are called"
	}
	return k.Ref + ": you are called"
}

// when shows an instant in a person's zone and in UTC.
func when(t time.Time, zone string) string {
	utc := t.UTC()
	loc, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "UTC" {
		return utc.Format("2006-01-02 15:04 UTC")
	}
	local := t.In(loc)
	return local.Format("2006-01-02 15:04 MST") + " (" + utc.Format("2006-01-02 15:04 UTC") + ")"
}

// AsksAnswer says whether a message carries a link that answers a call.
func (k Call) AsksAnswer() bool { return k.Kind == KindCall || k.Of != "" }
