package call

import (
	"fmt"
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

// asked says in generic words what is wanted.
func asked(k Call, minutes int) string {
	ack := fmt.Sprintf("You are called: acknowledge within %d minutes.", minutes)
	if minutes == 1 {
		ack = "You are called: acknowledge within 1 minute."
	}
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
		return n + " " + wait + " for triage. " + ack
	case ForTriage:
		return n + " " + were + " not taken by the team in time. " + ack
	case ForClassify:
		return n + " " + were + " not decided in time. " + ack
	case ForMissed:
		return "A duty was missed. " + ack
	case ForNobody:
		return "Nobody of the team has answered. " + ack
	case ForWatchdog:
		return "Scheduled work stands still: calls and deadlines may not go out. Look after the server now."
	}
	return ack
}

// Compose writes the message of one call. token is the secret of the link, "" for a
// message that asks for no answer. zone is the person's time zone.
func Compose(k Call, minutes int, base, token, zone string) Message {
	drill := ""
	if k.Drill {
		drill = "DRILL: "
	}
	what := asked(k, minutes)
	ref := k.Ref
	about := k.Purpose == ForSignals || k.Purpose == ForTriage || k.Purpose == ForClassify || (k.Purpose == ForNobody && k.Incident == "")
	link := base + IncidentPath + k.Ref
	if token != "" {
		link = base + AckPath + token
	} else if k.Incident == "" {
		link = base + QueuePath
	}
	m := Message{Subject: drill + ref + ": you are called"}
	switch {
	case k.Kind == KindReminder:
		m.Subject = drill + ref + ": reminder"
	case k.Purpose == ForWatchdog:
		m.Subject = drill + "Wakebell stands still"
	case about:
		m.Subject = drill + "Triage: you are called"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s\n\n%s\n", drill, ref, what)
	if !k.DueAt.IsZero() {
		fmt.Fprintf(&b, "Due: %s\n", when(k.DueAt, zone))
	}
	fmt.Fprintf(&b, "\n%s\n", link)
	if about && token != "" {
		fmt.Fprintf(&b, "\nTriage queue: %s\n", base+QueuePath)
	}
	m.Text = b.String()
	kind := string(k.Purpose)
	if k.Kind == KindReminder {
		kind = string(KindReminder)
	}
	m.Post = Post{Reference: ref, Link: link, Kind: kind, DueAt: k.DueAt, Drill: k.Drill, Text: drill + ref + ": " + what}
	return m
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
