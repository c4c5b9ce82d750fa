package record

import "testing"

func TestTell(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]Entry{
		"The words of 2 entries were erased for good; that they stood here stays provable: she asked": {
			Kind: kindErased, Facts: []byte(`{"entries":["a","b"]}`), Private: []byte(`{"reason":"she asked"}`),
		},
		"Epoch 2 of the ledger began: it was restored from a copy":                      {Kind: kindEpochStarted, Facts: []byte(`{"epoch":2}`)},
		"The key that signs the ledger was changed; the old key has signed the new one": {Kind: kindKeyRotated, Facts: []byte(`{}`)},
		"": {Kind: "ledger.unheard", Facts: []byte(`{}`)},
	} {
		if got := Tell(e, nil); got != want {
			t.Errorf("%s: %q, want %q", e.Kind, got, want)
		}
	}
}
