package assessment

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
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
	if l.own != nil {
		if book.Version, err = withCalendars(book.Version, l.own); err != nil {
			return false, fmt.Errorf("load the rule packs: %w", err)
		}
	}
	before := l.book.Swap(book)
	return before == nil || before.Version != book.Version, nil
}

// withCalendars is the version of packs and the operator's own calendars together: a holiday moves due
// times as a rule does. Without a calendar it is that of the packs.
func withCalendars(version string, own fs.FS) (string, error) {
	names, err := fs.Glob(own, "*.ics")
	if err != nil || len(names) == 0 {
		return version, err
	}
	sum := sha256.New()
	_, _ = io.WriteString(sum, version)
	for _, name := range names {
		text, err := fs.ReadFile(own, name)
		if err != nil {
			return "", err
		}
		_, _ = fmt.Fprintf(sum, "%s %d\n", name, len(text))
		_, _ = sum.Write(text)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12], nil
}
