package record

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/ledger"
)

// Kind is a kind of entry in its newest version. Stored bytes never change:
// Upcast is pure and brings the bodies of any older version to Version when
// they are read. It may be nil while Version is 1. A private body that was
// erased is empty.
type Kind struct {
	Name    string // "incident.graded", without a version
	Version int    // from 1
	Upcast  func(fromVersion int, facts, private []byte) (f, p []byte, err error)
}

func (k Kind) full() string { return k.Name + "/" + strconv.Itoa(k.Version) }

// SubjectLedger is the subject of entries about the ledger itself.
const SubjectLedger = "ledger"

// The ledger's own kinds without version.
const (
	kindErased       = "ledger.erased"
	kindEpochStarted = "ledger.epoch_started"
	kindKeyRotated   = "ledger.key_rotated"
)

// erasedBody is written as ledger.KindErased; its facts are a ledger.Erasure.
type erasedBody struct {
	ledger.Erasure
	Reason string `json:"reason" private:"true"`
}

func builtin() []Kind {
	var list []Kind
	for _, k := range []string{ledger.KindErased, ledger.KindEpochStarted, ledger.KindKeyRotated} {
		name, version, _ := cutKind(k)
		list = append(list, Kind{Name: name, Version: version})
	}
	return list
}

// registry finds kinds by name and by stored text.
type registry map[string]Kind

func newRegistry(kinds []Kind) (registry, error) {
	reg := registry{}
	for _, k := range append(builtin(), kinds...) {
		if k.Name == "" || strings.ContainsAny(k.Name, "/ ") || k.Version < 1 || (k.Version > 1 && k.Upcast == nil) {
			return nil, fmt.Errorf("kind %q version %d: needs a name, a version from 1, and an upcaster above 1", k.Name, k.Version)
		}
		if old, ok := reg[k.Name]; ok && old.Version != k.Version {
			return nil, fmt.Errorf("kind %q: registered with versions %d and %d", k.Name, old.Version, k.Version)
		}
		reg[k.Name] = k
	}
	return reg, nil
}

// known says why a stored kind cannot be read by this program.
func (reg registry) known(kind string) (Kind, int, error) {
	name, version, ok := cutKind(kind)
	k, found := reg[name]
	if !ok || !found {
		return Kind{}, 0, fault.Newf(fault.Conflict, "the ledger holds entries of the kind %q, which this program does not know: use the program that wrote them, or a newer one", kind)
	}
	if version > k.Version {
		return Kind{}, 0, fault.Newf(fault.Conflict, "the ledger holds entries of the kind %q, this program knows version %d: use a newer program", kind, k.Version)
	}
	return k, version, nil
}

func cutKind(kind string) (name string, version int, ok bool) {
	name, v, ok := strings.Cut(kind, "/")
	if !ok {
		return kind, 0, false
	}
	version, err := strconv.Atoi(v)
	return name, version, err == nil && version >= 1
}

// upcast turns a stored row into what readers see.
func (reg registry) upcast(r stored) (Entry, error) {
	k, version, err := reg.known(r.Kind)
	if err != nil {
		return Entry{}, err
	}
	if version < k.Version {
		if r.facts, r.private, err = k.Upcast(version, r.facts, r.private); err != nil {
			return Entry{}, fmt.Errorf("upcast entry %d (%s): %w", r.Seq, r.Kind, err)
		}
	}
	e := r.entry()
	e.Kind, e.Version = k.Name, k.Version
	return e, nil
}

func raw(b []byte) json.RawMessage {
	if len(b) == 0 {
		return nil
	}
	return b
}
