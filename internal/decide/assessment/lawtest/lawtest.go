// Package lawtest gives tests of other rooms the shipped rule packs, loaded once
// per process. For tests only.
package lawtest

import (
	"sync"

	"github.com/wakebell/wakebell/internal/decide/assessment"
)

var shipped = sync.OnceValues(func() (*assessment.Law, error) { return assessment.NewLaw(nil) })

// TB is what a test or a property check can do.
type TB interface {
	Helper()
	Fatal(args ...any)
}

// Shipped is the law as it comes with the program.
func Shipped(tb TB) *assessment.Law {
	tb.Helper()
	law, err := shipped()
	if err != nil {
		tb.Fatal(err)
	}
	return law
}
