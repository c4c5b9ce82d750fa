package portal

import "strings"

// words are the page's own, in the language of the text it shows.
type words struct {
	lang, sent, earlier, contact, ask, have, acked, facts, factsHelp, load, print, private, dead, deadHelp string
}

func wordsIn(lang string) words {
	if strings.HasPrefix(strings.ToLower(lang), "de") {
		return words{
			lang: "de", sent: "Gesendet", earlier: "Frühere Mitteilungen", contact: "Fragen",
			ask: "Bitte bestätigen Sie, dass Sie diese Mitteilung haben.", have: "Wir haben die Mitteilung", acked: "Empfang bestätigt",
			facts: "Angaben für Ihre eigene Aufsichtsbehörde", factsHelp: "Was Art. 33 Abs. 3 DSGVO verlangt, soweit es bekannt ist.",
			load: "Als Datei laden (JSON)", print: "Zum Drucken laden (PDF)", private: "Diese Seite ist nur für Sie bestimmt. Geben Sie den Link nicht weiter.",
			dead: "Dieser Link führt zu keiner Mitteilung", deadHelp: "Vielleicht ist er abgelaufen oder unvollständig kopiert. Wenden Sie sich an den Kontakt, der in der Nachricht an Sie steht.",
		}
	}
	return words{
		lang: "en", sent: "Sent", earlier: "Earlier notices", contact: "Questions",
		ask: "Please confirm that you have this notice.", have: "We have the notice", acked: "Receipt confirmed",
		facts: "Facts for your own authority", factsHelp: "What Article 33(3) GDPR asks for, as far as it is known.",
		load: "Load as a file (JSON)", print: "Load to print (PDF)", private: "This page is meant for you alone. Do not pass the link on.",
		dead: "This link does not lead to a notice", deadHelp: "It may have ended, or a part of it was not copied. Write to the contact named in the message you got.",
	}
}
