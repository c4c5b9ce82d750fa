package script

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestLawExample: the country that docs/law.md adds is the one law_packs.txtar checks.
func TestLawExample(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "law.md"))
	if err != nil {
		t.Fatal(err)
	}
	script, err := txtar.ParseFile("law_packs.txtar")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, f := range script.Files {
		if !strings.HasPrefix(f.Name, "country/") {
			continue
		}
		found++
		if !strings.Contains(string(doc), strings.TrimSpace(string(f.Data))) {
			t.Errorf("docs/law.md does not show %s as the script has it", f.Name)
		}
	}
	if found != 2 {
		t.Errorf("%d files of the example", found)
	}
}
