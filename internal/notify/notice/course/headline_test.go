package course

import (
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

func TestTitle(t *testing.T) {
	t.Parallel()
	known := text.Values{
		"incident.reference":  text.Known("INC-2026-0142", "ref"),
		"incident.discovered": {Known: true, At: time.Date(2026, 11, 21, 14, 25, 0, 0, time.UTC)},
		"recipient.name":      text.Known("Example Ltd", "sample"), // never that of one recipient
	}
	for subject, want := range map[string]string{
		"A statement": "A statement",
		"Incident {{incident.reference}}: first information for {{recipient.name}}": "Incident INC-2026-0142: first information for [Name]",
		"Notice of data breach at {{our.entity}}":                                   "Notice of data breach at [Our company]",
		"Since {{incident.discovered}}":                                             "Since 21 November 2026, 14:25 UTC",
		"Until {{notice.next}}":                                                     "Until [Next news]",
		"Not {{a.field}}":                                                           "Not {{a.field}}",
	} {
		n := Notice{Lang: "en", Texts: []Text{{Lang: "en", Subject: subject}}, Rounds: []Round{{Values: known}}}
		if got := n.Title(); got != want {
			t.Errorf("%s: %s; want %s", subject, got, want)
		}
	}
	if got := (Notice{Lang: "de"}).Title(); got != "" {
		t.Errorf("no text: %s", got)
	}
}
