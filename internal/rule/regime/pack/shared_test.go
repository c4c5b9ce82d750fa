package pack_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/rule/regime/factfile"
)

// shared reads a file of the shared law data, or skips with a line that says where
// it is looked for: the data are no part of this repository.
func shared(t *testing.T, name string, into any) {
	t.Helper()
	if err := yaml.Unmarshal(sharedText(t, name), into); err != nil {
		t.Fatal(err)
	}
}

func sharedText(t *testing.T, name string) []byte {
	t.Helper()
	dir := os.Getenv("WAKEBELL_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "..", "shared")
	}
	text, err := os.ReadFile(filepath.Join(dir, "data", "law", name))
	if err != nil {
		t.Skipf("set WAKEBELL_SHARED to the folder of the shared data set to run this: %v", err)
	}
	return text
}

// TestCarriedOver says that every duty of the collection is a rule here, with the
// same kind of recipient's certainty.
func TestCarriedOver(t *testing.T) {
	t.Parallel()
	var data struct {
		Duties []struct {
			ID       string
			Evidence string
			Status   string
		}
	}
	shared(t, "regimes.yaml", &data)
	b := book(t)
	sure := map[string]regime.Sureness{"READ": regime.Read, "READ_PART": regime.ReadPartly, "REMEMBERED": regime.Remembered}
	for _, d := range data.Duties {
		versions := b.Versions(d.ID)
		if len(versions) == 0 {
			t.Errorf("%s is not carried over", d.ID)
			continue
		}
		r := versions[len(versions)-1]
		rank := []regime.Sureness{regime.Remembered, regime.ReadPartly, regime.Read}
		if slices.Index(rank, r.Sure) > slices.Index(rank, sure[d.Evidence]) {
			t.Errorf("%s: surer (%s) than the collection (%s)", d.ID, r.Sure, d.Evidence)
		}
		if strings.Contains(d.Status, "bill") && r.Status != regime.Pending {
			t.Errorf("%s is a bill there and %s here", d.ID, r.Status)
		}
	}
	if len(data.Duties) != 288 {
		t.Errorf("%d duties", len(data.Duties))
	}
}

// TestSharedVectors runs every vector of the collection through the packs, whatever ids
// it has: each names its rule and its times.
func TestSharedVectors(t *testing.T) {
	t.Parallel()
	ran, errs := factfile.Flat(book(t), "deadline_vectors.yaml", sharedText(t, "deadline_vectors.yaml"))
	for _, err := range errs {
		t.Error(err)
	}
	if ran < 19 {
		t.Errorf("%d vectors were run", ran)
	}
}
