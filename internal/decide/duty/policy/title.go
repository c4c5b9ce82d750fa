package policy

import "strings"

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
