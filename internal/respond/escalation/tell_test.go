package escalation_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/respond/escalation"
)

// told lists the sentences of a subject's calls.
func (h *house) told(subject string) (out []string) {
	h.t.Helper()
	entries, err := h.led.Subject(h.t.Context(), h.db, subject, 0, 0)
	h.must(err)
	name := func(id string) string {
		if rest, ok := strings.CutPrefix(id, "duty:"); ok {
			return h.duties.Title(context.WithoutCancel(h.t.Context()), h.db, rest)
		}
		return strings.ToUpper(strings.TrimPrefix(id, "team:"))
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Kind, "call.") && !strings.HasPrefix(e.Kind, "watchdog.") {
			continue
		}
		text := escalation.Tell(e, name)
		if text == "" {
			h.t.Errorf("%s has no words", e.Kind)
		}
		out = append(out, text)
	}
	return out
}

func (h *house) says(list []string, want ...string) {
	h.t.Helper()
	for _, w := range want {
		if !slices.Contains(list, w) {
			h.t.Errorf("nothing says %q:\n%s", w, strings.Join(list, "\n"))
		}
	}
}

func TestTell(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		h.counsel()
		st := h.declare(incident.Real)
		_, err := h.AcknowledgeByToken(t.Context(), h.link("hans"))
		h.must(err)
		h.grade(st, 1)
		sirt := h.calls(escalation.Filter{Incident: st.ID, Team: "sirt"})
		h.forward(5 * time.Minute)
		_, err = h.Acknowledge(t.Context(), as("sue"), h.calls(escalation.Filter{Incident: st.ID, Team: "sirt"})[1].ID)
		h.must(err)
		_, err = h.Acknowledge(t.Context(), as("mona"), sirt[0].ID)
		h.must(err)
		h.forward(3 * time.Hour)
		h.says(h.told(st.ID),
			"OTTO was called by e-mail to tell the product team (core), answer by 10:05 UTC",
			"HANS was called by e-mail to tell the SIHT: customer data may be involved, answer by 10:05 UTC",
			"HANS was called in the same message to alert legal counsel, answer by 10:05 UTC",
			"HANS answered the call to alert legal counsel",
			"OTTO did not answer in time",
			"SUE answered the call to call the SIRT; the team's lead is still asked",
			"MONA answered the call to call the SIRT, made to SAM",
			"PETRA and OTTO were reminded: tell the product team (core), due 10:20 UTC",
			"SAM and EVA were called by e-mail because 1 team has not answered (tell senior leadership, with the impact), answer by 10:20 UTC",
			"Also missed, while the alarm before is unanswered: tell the product team (core); SAM and EVA told at once",
			"Nobody has answered and nobody is left to call to tell the product team (core)",
		)
		sig := h.signal("a", false)
		h.forward(time.Hour)
		h.says(h.told(sig.ID),
			"OTTO was called by e-mail about 1 signal to be triaged, answer by 13:10 UTC",
			"SAM and EVA were called by e-mail about 1 signal not decided in time, answer by 14:10 UTC",
		)
		h.OnJobLoopSilent(t.Context(), h.clk.Now().Add(-2*time.Minute))
		h.says(h.told("system"), "The timed work stands still since 14:03 UTC: an internal duty to look after the server. MONA and ADA were called by e-mail to look after the server, answer by 14:10 UTC")
	})
}
