package pack_test

import (
	"testing"

	"github.com/wakebell/wakebell/internal/rule/deadline/holiday"
	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/rule/regime/pack"
)

func book(tb testing.TB) *regime.Book {
	tb.Helper()
	b, err := regime.Load(holiday.Shipped(), regime.Source{FS: pack.Files})
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestVectors(t *testing.T) {
	t.Parallel()
	ran, errs := book(t).Test()
	for _, err := range errs {
		t.Error(err)
	}
	if ran == 0 {
		t.Error("no vector was run")
	}
}

func BenchmarkLoad(b *testing.B) {
	cals := holiday.Shipped()
	for b.Loop() {
		if _, err := regime.Load(cals, regime.Source{FS: pack.Files}); err != nil {
			b.Fatal(err)
		}
	}
}
