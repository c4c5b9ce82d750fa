package outbound

import (
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

// Whoever is told can tell their own authority: all four letters, in their language, with
// what is known, and with plain words for what is not.
func TestFacts(t *testing.T) {
	t.Parallel()
	known := text.Values{"incident.measures": text.Known("The token was revoked.", "measures")}
	for lang, want := range map[string][2]string{
		"en": {"still being assessed", "Measures"}, "de": {"werden noch geprüft", "Maßnahmen"}, "de-AT": {"werden noch geprüft", "Maßnahmen"}, "fr": {"still being assessed", "Measures"},
	} {
		list, err := facts(lang, time.UTC, known)
		if err != nil || len(list) != 4 {
			t.Fatalf("%s: %v, %v", lang, list, err)
		}
		if !strings.Contains(list[2].Text, want[0]) || list[3].Heading != want[1] || list[3].Text != "The token was revoked." || list[3].Item != "33(3)(d)" {
			t.Errorf("%s: %+v", lang, list)
		}
	}
}
