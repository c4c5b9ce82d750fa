package table_test

import (
	"testing"

	"github.com/wakebell/wakebell/internal/base/table"
)

func TestCell(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"": "", "Acme": "Acme", "a=b": "a=b", "'=1": "'=1", "2026-11-21": "2026-11-21", " ": " ", "ü": "ü",
		"=1": "'=1", "+49": "'+49", "-1": "'-1", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx", "\nx": "'\nx", " =1": "' =1", "\u00a0=1": "'\u00a0=1", "\ufeff=1": "'\ufeff=1",
		"\x00=1": "'\x00=1", "＝1": "'＝1", "＋1": "'＋1", "－1": "'－1", "＠x": "'＠x",
	} {
		if got := table.Cell(s); got != want {
			t.Errorf("%q becomes %q, want %q", s, got, want)
		}
	}
}
