package live

import (
	"context"

	"github.com/wakebell/wakebell/internal/base/who"
)

// signalTopic is what a report is about.
const signalTopic = "signal"

// own holds the stirred reports of each person.
type own map[string][]string

// visible lists the names of a reporter's own reports. Whoever reads all signals learns of
// them anyway.
func (o own) visible(by who.Identity) []string {
	if by.Person == "" || !by.Has(who.PermOwnRead) || by.Has(who.PermSignalRead) {
		return nil
	}
	return o[by.Person]
}

// wantsOwn says whether somebody listens who learns of own reports only.
func (l *Hub) wantsOwn() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.listeners {
		if c.by.Person != "" && !c.by.Has(who.PermSignalRead) {
			return true
		}
	}
	return false
}

// ownOf finds whose reports the new entries are about.
func (l *Hub) ownOf(ctx context.Context, t topics, after, upTo int64) own {
	if len(t[topic{signalTopic, who.PermSignalRead}]) == 0 || l.owners == nil || !l.wantsOwn() {
		return nil
	}
	found, err := l.owners(ctx, l.db, after, upTo)
	if err != nil {
		if ctx.Err() == nil {
			l.log.Warn("find whose reports changed, for live updates", "error", err)
		}
		return nil
	}
	out := own{}
	for person, ids := range found {
		for _, id := range ids {
			out[person] = append(out[person], signalTopic+":"+id)
		}
	}
	return out
}
