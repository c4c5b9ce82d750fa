package text_test

import (
	"os"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

// TestDocumented holds the list of fields in docs/notices.md against the program.
func TestDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../../../docs/notices.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range text.Fields() {
		if row := "| `{{" + f.Name + "}}` | " + string(f.Kind) + " | " + f.Help + " |"; !strings.Contains(string(doc), row) {
			t.Errorf("docs/notices.md lacks the row %s", row)
		}
	}
	if got, want := strings.Count(string(doc), "| `{{"), len(text.Fields())+1; got != want {
		t.Errorf("docs/notices.md has %d rows of fields, want %d", got, want)
	}
}
