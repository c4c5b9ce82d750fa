//go:build linux || darwin || freebsd

// Package blob keeps the contents of files beside the database, each once, under its
// SHA-256: DIR/ab/cd/abcd…. A content is on the disk before a row names it, and never
// changes. It serves policy 001 ("gather evidence", "document the investigation") and the
// demand that evidence is not altered: who has the hash from the ledger can check the
// bytes.
//
// Whoever is about to name a content holds it (Put, Share); whoever deletes is alone
// (Alone). The lock is one of the file system, so it also holds between several processes
// that share the folder: a server, a backup, other nodes.
//
// It knows nothing of who may read what, and must not import any room but store, clock,
// ident and fault.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store/datadir"
)

// Blob is a content: its address, its length, and what its first bytes look like.
type Blob struct {
	SHA256 string `json:"sha256"` // 64 hex digits, lower case
	Size   int64  `json:"size"`   // bytes
	Media  string `json:"media"`  // sniffed, never trusted
}

// DefaultMax is the largest content taken where nothing else is said, in bytes.
const DefaultMax = 100 << 20

// Config says where contents lie and how large one may be.
type Config struct {
	Dir string // made when the first content arrives
	Max int64  // bytes of one content; 0 = DefaultMax
}

// Validate names the first field that is wrong.
func (c Config) Validate() error {
	if c.Dir == "" {
		return fault.InvalidField("blobs", "name a folder")
	}
	if c.Max < 0 {
		return fault.InvalidField("max-file", "must not be negative")
	}
	return nil
}

// Store keeps contents. It is safe for concurrent use, also by several processes.
type Store struct {
	dir     string
	max     int64
	reserve uint64 // bytes that stay free on the disk
}

// reserve is left to the database: a full disk would stop the recording of incidents.
const reserve = 128 << 20

// New returns the store of a folder. Nothing is read or made yet.
func New(cfg Config) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Max == 0 {
		cfg.Max = DefaultMax
	}
	return &Store{dir: cfg.Dir, max: cfg.Max, reserve: reserve}, nil
}

// Max is the largest content taken, in bytes.
func (s *Store) Max() int64 { return s.max }

// The names in the folder beside the contents.
const (
	lockName = "lock"
	tmpName  = "tmp"
)

// Valid says whether a text is the address of a content.
func Valid(sum string) bool {
	if len(sum) != 2*sha256.Size || strings.ToLower(sum) != sum {
		return false
	}
	_, err := hex.DecodeString(sum)
	return err == nil
}

func (s *Store) path(sum string) string { return filepath.Join(s.dir, sum[:2], sum[2:4], sum) }

// Held is a content that lies in the store and cannot be deleted until Close. Close it
// when the row that names it is committed, or will not be.
type Held struct {
	Blob
	lock *os.File
}

// Close lets the content go. More calls do nothing.
func (h *Held) Close() error {
	if h == nil || h.lock == nil {
		return nil
	}
	err := h.lock.Close()
	h.lock = nil
	return err
}

// Put takes a content from r to its end and makes it durable. It is refused as
// fault.TooLarge above the limit, as fault.Invalid when it is empty, as fault.Unavailable
// when the disk is nearly full; then nothing is left behind.
func (s *Store) Put(ctx context.Context, r io.Reader) (*Held, error) {
	return s.put(ctx, r, s.max)
}

// Restore is Put without the limit, for contents that were taken before, and only if they
// are what they are said to be.
func (s *Store) Restore(ctx context.Context, r io.Reader, want Blob) (*Held, error) {
	h, err := s.put(ctx, io.LimitReader(r, want.Size+1), want.Size)
	if err != nil {
		return nil, err
	}
	if h.SHA256 != want.SHA256 || h.Size != want.Size {
		return nil, errors.Join(fault.Newf(fault.Invalid, "The content %s does not have the bytes its name says", want.SHA256), h.Close())
	}
	return h, nil
}

func (s *Store) put(ctx context.Context, r io.Reader, most int64) (*Held, error) {
	tmp := filepath.Join(s.dir, tmpName)
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return nil, s.diskFault(err)
	}
	f, err := os.CreateTemp(tmp, "in-*") // mode 0600
	if err != nil {
		return nil, s.diskFault(err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	in := &intake{ctx: ctx, s: s, sum: sha256.New(), out: f, most: most}
	if _, err := io.Copy(in, r); err != nil {
		return nil, s.diskFault(err)
	}
	if in.size == 0 {
		return nil, fault.New(fault.Invalid, "The file is empty; choose another one")
	}
	if err := f.Chmod(0o400); err != nil {
		return nil, s.diskFault(err)
	}
	if err := f.Sync(); err != nil {
		return nil, s.diskFault(err)
	}
	b := Blob{SHA256: hex.EncodeToString(in.sum.Sum(nil)), Size: in.size, Media: http.DetectContentType(in.head)}
	lock, err := s.flock(syscall.LOCK_SH)
	if err != nil {
		return nil, s.diskFault(err)
	}
	if err := s.place(f.Name(), b.SHA256); err != nil {
		return nil, errors.Join(s.diskFault(err), lock.Close())
	}
	return &Held{Blob: b, lock: lock}, nil
}

// place gives the content its name. One that lies there already is replaced by the same
// bytes, which also mends one that was damaged.
func (s *Store) place(tmp, sum string) error {
	to := s.path(sum)
	two := filepath.Dir(to)
	if err := os.MkdirAll(two, 0o700); err != nil {
		return err
	}
	if err := os.Rename(tmp, to); err != nil {
		return err
	}
	// The folders may be new as well: all of the way must be durable.
	for _, dir := range []string{two, filepath.Dir(two), s.dir} {
		if err := syncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// intake writes, hashes, counts and keeps the first bytes.
type intake struct {
	ctx  context.Context
	s    *Store
	sum  hash.Hash
	out  *os.File
	head []byte
	size int64
	next int64 // size at which the disk is looked at again
	most int64
}

const (
	sniffed   = 512
	lookEvery = 8 << 20
)

// Write takes one part.
func (w *intake) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	if w.size+int64(len(p)) > w.most {
		return 0, fault.Newf(fault.TooLarge, "The file is larger than %s, the most this server takes. Compress or split it, or ask for a higher limit (--max-file).", Size(w.most))
	}
	if w.size >= w.next {
		w.next = w.size + lookEvery
		if free, err := datadir.FreeSpace(w.s.dir); err == nil && free < w.s.reserve+uint64(len(p)) {
			return 0, fault.Wrap(fault.Unavailable, syscall.ENOSPC, "The server's disk is nearly full, so no file is taken. Ask whoever runs the server to make room, then send it again.")
		}
	}
	if n := sniffed - len(w.head); n > 0 {
		w.head = append(w.head, p[:min(n, len(p))]...)
	}
	w.sum.Write(p)
	n, err := w.out.Write(p)
	w.size += int64(n)
	return n, err
}

// Open opens a content for reading. fault.Unavailable says that it is not there.
func (s *Store) Open(sum string) (*os.File, error) {
	if !Valid(sum) {
		return nil, fault.New(fault.NotFound, "There is no such file")
	}
	f, err := os.Open(s.path(sum))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fault.Wrap(fault.Unavailable, err, "The content of this file is missing on the server. Ask whoever runs it to run wakebell verify; a backup may have it.")
	}
	return f, err
}

// Check reads a content whole. It returns "" or what is wrong with it, in words.
func (s *Store) Check(ctx context.Context, b Blob) (wrong string, err error) {
	f, err := os.Open(s.path(b.SHA256))
	if errors.Is(err, os.ErrNotExist) {
		return "is missing", nil
	}
	if err != nil {
		return "cannot be read", nil
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, reader{ctx, f})
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "cannot be read", nil
	case n != b.Size:
		return fmt.Sprintf("has %d bytes instead of %d", n, b.Size), nil
	case hex.EncodeToString(sum.Sum(nil)) != b.SHA256:
		return "was changed: its bytes have another hash", nil
	}
	return "", nil
}

// reader stops when ctx ends.
type reader struct {
	ctx context.Context
	r   io.Reader
}

// Read reads on as long as somebody waits for it.
func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// diskFault gives errors of the disk a kind and a line that helps.
func (s *Store) diskFault(err error) error {
	switch {
	case fault.KindOf(err) != fault.Internal:
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return fault.Wrap(fault.Unavailable, err, "The server's disk is full, so the file was not taken. Ask whoever runs the server to make room, then send it again.")
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EIO), errors.Is(err, syscall.ENOTDIR):
		return fault.Wrap(fault.Unavailable, err, "The server cannot write its folder of files, so the file was not taken. Ask whoever runs the server to look at the rights of that folder.")
	}
	return err
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// Size says a number of bytes in words: "812 B", "4.2 kB", "100 MB". Units are powers of
// 1024, as file managers show them.
func Size(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	v, i := float64(n), 0
	for v >= 1024 && i < len(units)-1 {
		v, i = v/1024, i+1
	}
	if i == 0 || v >= 10 || v == float64(int64(v)) {
		return fmt.Sprintf("%.0f %s", v, units[i])
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}
