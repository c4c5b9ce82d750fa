package plain_test

import (
	"testing"

	"github.com/wakebell/wakebell/internal/web/page/plain"
)

func TestWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{plain.Language("de"), "German"},
		{plain.Language("fi"), "fi"},
		{plain.Language(""), ""},
		{string(plain.Tel("+49 (89) 555-0110")), "tel:+49895550110"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
