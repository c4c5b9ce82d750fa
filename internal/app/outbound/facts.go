package outbound

import (
	"fmt"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

// article33 is what a controller must tell its own authority (GDPR Art. 33(3)), by letter:
// the heading and the words, which the record fills. What is not known yet says so.
var article33 = map[string][4][2]string{
	"en": {
		{"Nature of the breach", "{{incident.what_happened|What happened is still being found out.}} Kinds of data: {{incident.data_kinds|not known yet}}. Kinds of persons: {{incident.person_kinds|not known yet}}. Persons, about: {{incident.persons|not known yet}}. Records, about: {{incident.records|not known yet}}."},
		{"Contact", "{{privacy.name|Our privacy team}}, {{privacy.mail|by a reply to this notice}}."},
		{"Likely consequences", "{{incident.likely_consequences|They are still being assessed.}}"},
		{"Measures", "{{incident.measures|They will follow.}}"},
	},
	"de": {
		{"Art der Verletzung", "{{incident.what_happened|Was geschehen ist, wird noch ermittelt.}} Arten von Daten: {{incident.data_kinds|noch nicht bekannt}}. Arten von Personen: {{incident.person_kinds|noch nicht bekannt}}. Personen, etwa: {{incident.persons|noch nicht bekannt}}. Datensätze, etwa: {{incident.records|noch nicht bekannt}}."},
		{"Kontakt", "{{privacy.name|Unser Datenschutzteam}}, {{privacy.mail|durch Antwort auf diese Mitteilung}}."},
		{"Wahrscheinliche Folgen", "{{incident.likely_consequences|Sie werden noch geprüft.}}"},
		{"Maßnahmen", "{{incident.measures|Sie folgen.}}"},
	},
}

// facts are the four letters of Art. 33(3) in a language, English where we have no words.
func facts(lang string, zone *time.Location, common text.Values) ([]dispatch.Fact, error) {
	words, ok := article33[strings.ToLower(strings.SplitN(lang, "-", 2)[0])]
	if !ok {
		lang, words = "en", article33["en"]
	}
	var out []dispatch.Fact
	for i, w := range words {
		t, err := text.Parse(text.Source{Lang: lang, Subject: w[0], Body: w[1]})
		if err != nil {
			return nil, fmt.Errorf("read the words for Art. 33(3): %w", err)
		}
		said, _ := t.Render(lang, zone, common, nil)
		out = append(out, dispatch.Fact{Item: fmt.Sprintf("33(3)(%c)", 'a'+i), Heading: w[0], Text: strings.TrimSpace(said.Text)})
	}
	return out, nil
}
