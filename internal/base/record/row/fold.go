package row

import (
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"path/filepath"
	"slices"

	"github.com/wakebell/wakebell/internal/base/store"
)

// Fold are the rows that a replay gives. Memory holds where a row lies and two keyed
// hashes of 64 bits, of its key and of what is compared: about 60 bytes per row, and 40 more once one is looked for,
// whatever it holds. The rows themselves lie in a temporary file, one behind the other,
// and are read back when an entry changes them or a difference is named. The keys of
// the hashes are drawn anew for each Fold, so nobody can prepare a row that has the
// hash of another one.
type Fold struct {
	seeds  [2]maphash.Seed
	tables map[*Table]*shelf
	dir    string
	file   *os.File
	size   int64  // of the file and the tail
	tail   []byte // not written yet
	buf    []byte
}

type hash [2]uint64

// shelf are the rows of one table.
type shelf struct {
	groups  map[hash]int32 // newest row of a group
	kept    []kept
	alive   int64
	index   map[hash]int32 // by key: the first indexed ones of kept
	indexed int
}

// find returns the place of a row by its key. Rows that come are put into the index when
// one is looked for: most are not.
func (s *shelf) find(key hash) (int32, bool, error) {
	for ; s.indexed < len(s.kept); s.indexed++ {
		k := s.kept[s.indexed]
		if _, twice := s.index[k.key]; twice {
			return 0, false, errTwice
		}
		s.index[k.key] = int32(s.indexed)
	}
	i, ok := s.index[key]
	return i, ok, nil
}

var errTwice = errors.New("a row comes twice")

type kept struct {
	key   hash
	hash  hash
	place int64
	size  int32
	next  int32 // the row before it in its group, or -1
	gone  bool
	seen  bool
	blank bool // its private part is not known
}

// compared is how many columns of a row are.
func (t *Table) compared(k kept) int {
	if k.blank {
		return len(t.columns) - t.apart - t.private
	}
	return len(t.columns) - t.apart
}

// bufferSize is how much is written to the file at once.
const bufferSize = 1 << 20

// NewFold makes an empty one. Close it.
func NewFold() (*Fold, error) {
	dir, err := os.MkdirTemp("", "wakebell-check-")
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, "rows"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &Fold{
		seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, tables: map[*Table]*shelf{},
		dir: dir, file: file, tail: make([]byte, 0, bufferSize),
	}, nil
}

// Close removes the temporary file.
func (f *Fold) Close() error { return errors.Join(f.file.Close(), os.RemoveAll(f.dir)) }

// Tx returns nil: there is no database.
func (f *Fold) Tx() *store.Tx { return nil }

func (f *Fold) hash(b []byte) hash {
	return hash{maphash.Bytes(f.seeds[0], b), maphash.Bytes(f.seeds[1], b)}
}

func (f *Fold) shelf(t *Table) *shelf {
	s := f.tables[t]
	if s == nil {
		s = &shelf{index: map[hash]int32{}, groups: map[hash]int32{}}
		f.tables[t] = s
	}
	return s
}

// Row implements Rows.
func (f *Fold) Row(t *Table, key ...any) (Row, error) {
	f.buf = appendValues(f.buf[:0], key)
	s := f.shelf(t)
	i, ok, err := s.find(f.hash(f.buf))
	if err != nil || !ok {
		return nil, err
	}
	return f.load(t, s.kept[i])
}

// Many implements Rows.
func (f *Fold) Many(t *Table, keys []string) ([]Row, error) {
	var list []Row
	for _, key := range keys {
		r, err := f.Row(t, key)
		if err != nil {
			return nil, err
		}
		if r != nil {
			list = append(list, r)
		}
	}
	return list, nil
}

// Group implements Rows.
func (f *Fold) Group(t *Table, value string) ([]Row, error) {
	s := f.shelf(t)
	i, ok := s.groups[f.hash([]byte(value))]
	if !ok {
		return nil, nil
	}
	var list []Row
	for ; i >= 0; i = s.kept[i].next {
		if s.kept[i].gone {
			continue
		}
		r, err := f.load(t, s.kept[i])
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	slices.SortFunc(list, t.order)
	return list, nil
}

// Another implements Rows. The newest rows of the group are looked at first.
func (f *Fold) Another(t *Table, like Row, columns ...int) (bool, error) {
	s := f.shelf(t)
	i, ok := s.groups[f.hash([]byte(like.Text(t.group)))]
	if !ok {
		return false, nil
	}
	f.buf = appendValues(f.buf[:0], like[:t.keys])
	own := f.hash(f.buf)
	for ; i >= 0; i = s.kept[i].next {
		if s.kept[i].gone || s.kept[i].key == own {
			continue
		}
		r, err := f.load(t, s.kept[i])
		if err != nil {
			return false, err
		}
		if !slices.ContainsFunc(columns, func(c int) bool { return !equal(r[c], like[c]) }) {
			return true, nil
		}
	}
	return false, nil
}

// Put implements Rows.
func (f *Fold) Put(t *Table, changes ...Change) error {
	for _, c := range changes {
		if err := errors.Join(t.checked(c.Before), t.checked(c.After)); err != nil {
			return err
		}
		if err := f.put(t, c); err != nil {
			return err
		}
	}
	return nil
}

func (f *Fold) put(t *Table, c Change) error {
	s, r := f.shelf(t), c.After
	if r == nil {
		r = c.Before
	}
	f.buf = appendValues(f.buf[:0], r[:t.keys])
	key := f.hash(f.buf)
	var i int32
	known := c.Before != nil
	if known {
		var err error
		if i, known, err = s.find(key); err != nil || !known {
			return errors.Join(err, fmt.Errorf("table %s: a row changes that is not there", t.name))
		}
	}
	if c.After == nil {
		s.kept[i].gone = true
		s.alive--
		delete(s.index, key)
		return nil
	}
	k := kept{key: key, place: f.size, next: -1, blank: t.erased(r)}
	f.buf = appendValues(f.buf, r[t.keys:t.compared(k)])
	k.hash = f.hash(f.buf)
	f.buf = appendValues(f.buf, r[t.compared(k):])
	k.size = int32(len(f.buf))
	if err := f.write(f.buf); err != nil {
		return err
	}
	if known {
		k.next = s.kept[i].next
		s.kept[i] = k
		return nil
	}
	i = int32(len(s.kept))
	if t.group >= 0 {
		group := f.hash([]byte(r.Text(t.group)))
		if before, ok := s.groups[group]; ok {
			k.next = before
		}
		s.groups[group] = i
	}
	s.alive++
	s.kept = append(s.kept, k)
	return nil
}

func (f *Fold) write(b []byte) error {
	if len(f.tail)+len(b) > bufferSize {
		if _, err := f.file.Write(f.tail); err != nil {
			return fmt.Errorf("keep the rows of the check: %w", err)
		}
		f.tail = f.tail[:0]
	}
	f.tail = append(f.tail, b...)
	f.size += int64(len(b))
	return nil
}

// load reads a row back.
func (f *Fold) load(t *Table, k kept) (Row, error) {
	b := make([]byte, k.size)
	if start := f.size - int64(len(f.tail)); k.place >= start {
		copy(b, f.tail[k.place-start:])
	} else if _, err := f.file.ReadAt(b, k.place); err != nil {
		return nil, fmt.Errorf("read the rows of the check: %w", err)
	}
	r := make(Row, len(t.columns))
	for i := range r {
		b, r[i] = cut(b, t.octets[i])
	}
	return r, nil
}
