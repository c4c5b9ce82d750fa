package record

import (
	"fmt"

	"github.com/wakebell/wakebell/internal/base/record/phrase"
	"github.com/wakebell/wakebell/ledger"
)

// Tell puts an entry of a kind "ledger.*" into a sentence, "" for one it does not know.
func Tell(e Entry, _ func(id string) string) string {
	switch e.Kind {
	case kindErased:
		var b erasedBody
		if e.Decode(&b) != nil {
			return ""
		}
		return phrase.Because("The words of "+phrase.Count(len(b.Entries), "entry", "entries")+" were erased for good; that they stood here stays provable", b.Reason)
	case kindEpochStarted:
		var b ledger.EpochStart
		if e.Decode(&b) != nil {
			return ""
		}
		return fmt.Sprintf("Epoch %d of the ledger began: it was restored from a copy", b.Epoch)
	case kindKeyRotated:
		return "The key that signs the ledger was changed; the old key has signed the new one"
	}
	return ""
}
