package pack_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/rule/deadline/holiday"
	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/rule/regime/factfile"
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
	ran, errs := factfile.Test(book(t))
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

// BenchmarkEvaluate is one incident with 50 legal entities and affected persons in
// 40 jurisdictions.
func BenchmarkEvaluate(b *testing.B) {
	bk := book(b)
	for _, n := range []int{1, 50} {
		f := regime.Facts{
			At: at("2026-11-21T00:00:00Z"),
			Moments: map[string]time.Time{
				"discovered": at("2026-11-20T14:25:00Z"), "aware": at("2026-11-20T14:25:00Z"), "determined": at("2026-11-20T14:25:00Z"),
			},
			Known:   map[string]any{"personal_data": true, "acquired": true, "data_categories": []string{"social_security"}, "risk": "high"},
			Persons: map[string]regime.Persons{},
		}
		for _, s := range strings.Fields("AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH") {
			f.Persons["US-"+s] = regime.Persons{Min: 300, Estimate: 900, Max: 2000}
		}
		for _, c := range strings.Fields("DE AT FR IT ES PL BR SG JP GB") {
			f.Persons[c] = regime.Exactly(200)
		}
		for i := range n {
			f.Entities = append(f.Entities, regime.Entity{ID: fmt.Sprint("e", i), Country: "DE", Is: map[string]bool{"controller": true, "processor": i%2 == 0}})
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, err := bk.Evaluate(f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}
