package page

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/wakebell/wakebell/internal/web/page/live"
)

const (
	heartbeat  = 20 * time.Second
	sendWithin = 10 * time.Second // a reader that takes longer is dropped
)

// events is the live stream: names of topics that changed, never facts. A heartbeat keeps proxies from closing
// it, tells the time, and asks again whether the viewer is still signed in.
func (w *Web) events(out http.ResponseWriter, hr *http.Request) {
	by, ok := w.SignedIn(hr)
	if !ok {
		http.Error(out, "Sign in first.", http.StatusUnauthorized)
		return
	}
	after, err := strconv.ParseInt(hr.URL.Query().Get("after"), 10, 64)
	if err != nil {
		after = -1
	}
	c, err := w.Live.Listen(hr.Context(), by, after)
	if err != nil || c == nil {
		http.Error(out, "Live updates are not available now.", http.StatusServiceUnavailable)
		return
	}
	defer w.Live.Leave(c)
	h := out.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	rc := http.NewResponseController(out)
	// The server's read time limit is for requests; this one stays open.
	_ = rc.SetReadDeadline(time.Time{})
	send := func(text string) bool {
		_ = rc.SetWriteDeadline(w.Clock.Real().Add(sendWithin))
		_, err := io.WriteString(out, text)
		return err == nil && rc.Flush() == nil
	}
	if !send("retry: 2000\n" + live.Message("now", live.Millis(w.Clock.Now()))) {
		return
	}
	beat := time.NewTicker(w.beat)
	defer beat.Stop()
	for {
		select {
		case <-hr.Context().Done():
			return
		case <-c.Gone:
			return
		case m := <-c.Messages:
			if !send(m) {
				return
			}
		case <-beat.C:
			again, ok := w.SignedIn(hr)
			if !ok || again.Actor != by.Actor {
				send(live.Message("out", "1"))
				return
			}
			if !slices.Equal(again.Roles, by.Roles) {
				return // it comes back by itself, and hears what it may read now
			}
			if !send(live.Message("now", live.Millis(w.Clock.Now()))) {
				return
			}
		}
	}
}
