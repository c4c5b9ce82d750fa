package send

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/web/page"
)

func channelWord(c dispatch.Channel) string {
	switch c {
	case dispatch.Email:
		return "E-mail"
	case dispatch.Page:
		return "Page"
	case dispatch.Webhook:
		return "Webhook"
	case dispatch.Letter:
		return "Letter"
	case dispatch.Phone:
		return "Phone"
	}
	return "Handed over"
}

func channels(empty string) []page.Option {
	out := []page.Option{}
	if empty != "" {
		out = append(out, page.Option{Value: "", Label: empty})
	}
	for _, c := range []dispatch.Channel{dispatch.Email, dispatch.Page, dispatch.Webhook, dispatch.Letter, dispatch.Phone, dispatch.HandedOver} {
		out = append(out, page.Option{Value: string(c), Label: channelWord(c)})
	}
	return out
}

func stateWord(s dispatch.State) string {
	switch s {
	case dispatch.Gap:
		return "Not reachable"
	case dispatch.LeftOut:
		return "Left out"
	case dispatch.Queued:
		return "Waiting"
	case dispatch.Sending:
		return "Being sent"
	}
	w := string(s)
	return string(w[0]-'a'+'A') + w[1:]
}

func stateTag(r dispatch.Recipient) page.Tag {
	t := page.Tag{Text: stateWord(r.State), Icon: page.IconCircleDashed}
	switch {
	case !r.AcknowledgedAt.IsZero():
		t = page.Tag{Text: "Acknowledged", Icon: page.IconCheckCheck, Tone: page.Good}
	case r.State == dispatch.Delivered || r.State == dispatch.Sent:
		t.Icon, t.Tone = page.IconCheck, page.Good
	case r.State == dispatch.Gap:
		t.Icon, t.Tone = page.IconTriangleAlert, page.Warn
	case r.State == dispatch.Failed || r.State == dispatch.Bounced:
		t.Icon, t.Tone = page.IconCircleX, page.Danger
	case r.State == dispatch.LeftOut || r.State == dispatch.Stopped:
		t.Icon = page.IconBan
	}
	return t
}

func stateSay(r dispatch.Recipient) string {
	say := stateWord(r.State) + ", " + channelWord(r.Channel)
	if r.Address != "" {
		say += ", " + r.Address
	}
	return say
}

func listLead(a at) string {
	switch {
	case !a.Listed:
		return "Nobody is on the list yet."
	case a.List.State == dispatch.ListUsed:
		return fmt.Sprintf("%d recipients. The notice went to this list; nothing changes any more.", a.List.Count)
	case a.List.State == dispatch.ListSigned:
		return fmt.Sprintf("%d recipients, signed off by %s.", a.List.Count, a.person(a.List.SignedOffBy))
	case a.List.Gaps > 0:
		return fmt.Sprintf("%d will be told; %d cannot be reached yet.", a.List.Count, a.List.Gaps)
	}
	return fmt.Sprintf("%d will be told. The list is not signed off.", a.List.Count)
}

func sendingLead(a at) string {
	if !a.Sent {
		return "This notice was not released yet."
	}
	t := a.P.Tally
	return fmt.Sprintf("%s: %d of %d told, %d waiting, %d did not arrive.", runWord(a.P.Run.State), t.Sent+t.Delivered, t.Total(), t.Queued+t.Sending, t.Failed+t.Bounced)
}

func runWord(s dispatch.RunState) string {
	switch s {
	case dispatch.RunCanary:
		return "The first few are being told"
	case dispatch.RunWaiting:
		return "Waits for your go-on"
	case dispatch.RunRunning:
		return "Being sent"
	case dispatch.RunPaused:
		return "Paused"
	case dispatch.RunHalted:
		return "Stopped"
	case dispatch.RunRefused:
		return "Refused: a drill"
	}
	return "Sent"
}

// counts are the filters of the table with their numbers.
func counts(a at, path string, l lines) []page.Choice {
	now, begins := l.State, ""
	if l.Words != "" {
		begins = "begins=" + url.QueryEscape(l.Words)
	}
	t := a.P.Tally
	if !a.Sent {
		t.Queued, t.Gap = a.List.Count, a.List.Gaps
	}
	out := []page.Choice{{Label: "All", Href: path + strings.TrimSuffix("?"+begins, "?"), On: now == ""}}
	for _, s := range []dispatch.State{
		dispatch.Queued, dispatch.Sending, dispatch.Sent, dispatch.Delivered, dispatch.Failed, dispatch.Bounced, dispatch.Stopped, dispatch.Gap, dispatch.LeftOut,
	} {
		if n := t.Of(s); n > 0 || s == now {
			out = append(out, page.Choice{Label: stateWord(s), Href: path + strings.TrimSuffix("?state="+string(s)+"&"+begins, "&"), Count: strconv.Itoa(n), On: s == now})
		}
	}
	return out
}

func going(s dispatch.RunState) bool {
	return s == dispatch.RunRunning || s == dispatch.RunCanary
}

// thumb brings a phone past the long list to what stops the sending or lets it go on.
func thumb(s dispatch.RunState) []page.Action {
	switch {
	case halted(s):
		return []page.Action{{Label: "Go on or stop", Icon: page.IconPlay, Href: "#turn", Main: true}}
	case going(s):
		return []page.Action{{Label: "Pause or stop", Icon: page.IconPause, Href: "#turn"}}
	}
	return nil
}

func halted(s dispatch.RunState) bool {
	return s == dispatch.RunPaused || s == dispatch.RunWaiting
}

// oneLine is a postal address in one line.
func oneLine(address string) string {
	return strings.Join(strings.FieldsFunc(address, func(r rune) bool { return r == '\n' || r == '\r' }), ", ")
}

func given(words ...string) []string {
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}

// eventWords are what happened to a recipient, by the word of the record.
var eventWords = map[string]string{
	"attempt": "Tried", "bounced": "Came back", "automatic answer": "Automatic answer", "delivered": "Delivered", "relayed": "Passed on", "expanded": "Passed on to a list",
	"delayed": "Delayed", "second": "Next way", "answered": "Answered", "acknowledged": "Acknowledged", "contact": "Contact", "by hand": "By hand", "posted": "Posted", "link": "Link",
}

// happened is everything known about one recipient, newest first: the history, and the
// moments that stand in the recipient's own line.
func (a at) happened(d dispatch.Detail) []page.Entry {
	var out []page.Entry
	for _, e := range d.History {
		by := ""
		if e.Actor != "" {
			by = a.person(e.Actor)
		}
		out = append(out, page.Entry{ID: "e-" + e.ID, Kind: eventKind(e.What), Title: cmp.Or(eventWords[e.What], e.What), By: by, At: clock.FromMicros(e.At), Text: e.Detail})
	}
	add := func(id string, kind page.EntryKind, title string, at time.Time, text string) {
		if !at.IsZero() {
			out = append(out, page.Entry{ID: "e-" + id, Kind: kind, Title: title, At: at, Text: text})
		}
	}
	if d.Channel == dispatch.Email || d.Channel == dispatch.Webhook || d.Channel == dispatch.Page {
		add("sent", page.KindNotice, "Sent to "+d.Address, d.SentAt, answerSay(d.Recipient, dispatch.Sent))
	}
	if d.State == dispatch.Failed {
		add("failed", page.KindMissed, "Refused", d.FailedAt, answerSay(d.Recipient, dispatch.Failed))
	}
	if d.State == dispatch.Queued && d.BouncedAt.IsZero() {
		add("tried", page.KindMissed, "Put off", d.SendingAt, answerSay(d.Recipient, dispatch.Queued))
	}
	add("opened", page.KindUpdate, "Page opened", d.OpenedAt, "")
	slices.SortStableFunc(out, func(a, b page.Entry) int { return b.At.Compare(a.At) })
	return out
}

func eventKind(what string) page.EntryKind {
	switch what {
	case "bounced", "delayed":
		return page.KindMissed
	case "answered", "acknowledged", "by hand":
		return page.KindUpdate
	}
	return page.KindNotice
}

// answerSay is what the server said, where the line still holds that answer: a later step overwrites it.
func answerSay(r dispatch.Recipient, s dispatch.State) string {
	if r.Answer == "" || r.State != s {
		return ""
	}
	return "The server's answer: " + r.Answer
}
