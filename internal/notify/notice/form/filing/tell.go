package filing

import (
	"strings"

	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/phrase"
)

// Tell puts an entry of a kind "filing.*" into a sentence, "" for one it does not know.
func Tell(e record.Entry, name func(id string) string) string {
	var b struct {
		Recipient string   `json:"recipient"`
		Stage     string   `json:"stage"`
		Changed   []string `json:"changed"`
		Voids     bool     `json:"voids"`
		Channel   string   `json:"channel"`
		Complete  bool     `json:"complete"`
		Reason    string   `json:"reason" private:"true"`
		Number    string   `json:"number" private:"true"`
	}
	if e.Decode(&b) != nil {
		return ""
	}
	stage := strings.ReplaceAll(b.Stage, "_", " ")
	switch e.Kind {
	case kindStarted:
		return "Form for " + b.Recipient + " begun (" + stage + ")"
	case kindSaved:
		text := "Form: " + phrase.Count(len(b.Changed), "answer", "answers") + " changed"
		if b.Voids {
			text += "; the approval is void"
		}
		return text
	case kindSubmitted:
		return "Form handed in for approval"
	case kindReturned:
		return phrase.Because("Form sent back", b.Reason)
	case kindApproved:
		if b.Complete {
			return "Form approved: it may be filed"
		}
		return "Form approved; another yes is needed"
	case kindFiled:
		return "Filed with " + b.Recipient + " (" + stage + ", " + strings.ReplaceAll(b.Channel, "_", " ") + ")"
	case kindReceipt:
		if b.Number == "" {
			return "Receipt of the authority recorded"
		}
		return "Receipt of the authority recorded: " + b.Number
	case kindDiscarded:
		return phrase.Because("Form discarded", b.Reason)
	}
	return ""
}
