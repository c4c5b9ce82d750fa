package policy

import (
	"fmt"
	"strings"
)

// Title is what a rule asks, for people, without the name of a recipient; "" for an id that is
// none of these.
func Title(id string) string {
	for _, r := range Rules() {
		if r.ID == id {
			return strings.TrimSpace(strings.ReplaceAll(r.Title, "%s", strings.ReplaceAll(r.Recipient, "_", " ")))
		}
	}
	return ""
}

// Name is the title of one duty: to whom it is owed, and which of a series it is.
func (r Rule) Name(recipient string, ordinal int) string {
	out := r.Title
	if strings.Contains(out, "%s") {
		out = fmt.Sprintf(out, recipient)
	}
	if r.Recurs {
		out = fmt.Sprintf("%s no. %d", out, ordinal)
	}
	return out
}
