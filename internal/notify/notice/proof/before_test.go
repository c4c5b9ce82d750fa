package proof

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

// What is said while a fact is not known goes out: a change of it is shown.
func TestDiffer(t *testing.T) {
	t.Parallel()
	of := func(body string) notice.Text { return notice.Text{Lang: "en", Subject: "Notice", Body: body} }
	a := of("# Advice\n\n{{incident.advice|There is nothing to do. We will write.}}\n\nCall us.\n")
	b := of("# Advice\n\n{{ incident.advice | Change your passwords. }}\n\nCall us.\n")
	want := []text.Change{{
		Where: "Advice", Gone: []string{"{{incident.advice}} (or: There is nothing to do.", "We will write.)"}, Came: []string{"{{incident.advice}} (or: Change your passwords.)"},
	}}
	if diff := cmp.Diff(want, Differ(a, b)); diff != "" {
		t.Errorf("differ (-want +got):\n%s", diff)
	}
	if got := Differ(a, a); len(got) > 0 {
		t.Errorf("the same text differs: %v", got)
	}
	if got := Differ(a, of("{{no.such}}")); got != nil {
		t.Errorf("a text that cannot be read: %v", got)
	}
}
