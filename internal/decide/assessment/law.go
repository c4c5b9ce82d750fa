package assessment

import (
	"fmt"
	"io/fs"
	"sync/atomic"

	"github.com/wakebell/wakebell/internal/rule/deadline/holiday"
	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/rule/regime/pack"
)

// Law holds the rule packs in force: those that come with the program, and the
// operator's own, which win by id.
type Law struct {
	own  fs.FS // nil: none
	book atomic.Pointer[regime.Book]
}

// NewLaw loads the packs. own is the operator's folder, nil when there is none; what
// is wrong in it is named with file, line and reason.
func NewLaw(own fs.FS) (*Law, error) {
	l := &Law{own: own}
	if _, err := l.Reload(); err != nil {
		return nil, err
	}
	return l, nil
}

// Book is the packs in force. It never changes; Reload puts another in its place.
func (l *Law) Book() *regime.Book { return l.book.Load() }

// Reload reads the packs anew and says whether they changed. When anything is
// wrong in them, those in force stay.
func (l *Law) Reload() (changed bool, err error) {
	sources := []regime.Source{{FS: pack.Files}}
	calendars := holiday.Shipped()
	if l.own != nil {
		if err := holiday.Import(calendars, l.own); err != nil {
			return false, err
		}
		sources = append(sources, regime.Source{FS: l.own, Operator: true})
	}
	book, err := regime.Load(calendars, sources...)
	if err != nil {
		return false, fmt.Errorf("load the rule packs: %w", err)
	}
	before := l.book.Swap(book)
	return before == nil || before.Version != book.Version, nil
}
