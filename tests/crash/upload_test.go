package crash

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wakebell/wakebell/client"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
)

// TestUploadsSurviveKill kills the server while files are sent. Every file that was
// acknowledged is there with its bytes, and the record verifies; what was on its way may
// have left bytes that no record names, and nothing else.
func TestUploadsSurviveKill(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, _ store.Engine, database string) {
		seed := uint64(clock.System().Now().UnixNano())
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 2))
		dir := t.TempDir()
		n := serve(t, "demo", dir, database, "--bare")
		token := n.token(t, "uploads")
		var st client.Incident
		if err := n.api(token).Do(t.Context(), "POST", "/incidents", map[string]any{"title": "Files", "discovered_at": clock.System().Now()}, &st); err != nil {
			t.Fatal(err)
		}
		acked := map[string]client.File{} // by hash
		for run := range 2 {
			var mu sync.Mutex
			var group sync.WaitGroup
			for c := range 4 {
				group.Go(func() {
					text := make([]byte, 20_000+1000*c)
					for i := 0; ; i++ {
						copy(text, fmt.Sprintf("run %d client %d file %d ", run, c, i))
						f, err := n.api(token).Attach(t.Context(), st.Ref, fmt.Sprintf("%d-%d-%d.bin", run, c, i), "", bytes.NewReader(text))
						if err != nil {
							return // killed
						}
						sum := sha256.Sum256(text)
						if f.SHA256 != hex.EncodeToString(sum[:]) {
							t.Errorf("the server has the hash %s", f.SHA256)
						}
						mu.Lock()
						acked[f.SHA256] = f
						mu.Unlock()
					}
				})
			}
			if err := clock.System().Sleep(t.Context(), time.Duration(150+r.IntN(500))*time.Millisecond); err != nil {
				t.Fatal(err)
			}
			n.kill()
			group.Wait()
			n.verified(t)
			n = serve(t, "serve", dir, database)
		}
		if len(acked) < 4 {
			t.Fatalf("only %d files were acknowledged", len(acked))
		}
		for sum, f := range acked {
			var got bytes.Buffer
			if err := n.api(token).Fetch(t.Context(), f.Content, &got); err != nil {
				t.Fatalf("fetch %s: %v", f.Name, err)
			}
			if have := sha256.Sum256(got.Bytes()); hex.EncodeToString(have[:]) != sum {
				t.Errorf("%s came back with other bytes", f.Name)
			}
		}
		whole := 0
		err := filepath.WalkDir(filepath.Join(dir, "blobs"), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && len(d.Name()) == 64 && strings.HasPrefix(d.Name(), filepath.Base(filepath.Dir(filepath.Dir(path)))) {
				whole++
			}
			return err
		})
		if err != nil || whole < len(acked) || whole > len(acked)+8 {
			t.Errorf("%d contents lie there, %d were acknowledged, %v", whole, len(acked), err)
		}
		t.Logf("%d files acknowledged, %d contents on the disk", len(acked), whole)
	})
}
