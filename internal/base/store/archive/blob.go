package archive

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
)

// Blob is a content of a file in an archive.
type Blob struct {
	SHA256 string
	Size   int64
}

// BlobList says which contents are in an archive.
type BlobList struct {
	Count   int64    `json:"count"`
	Bytes   int64    `json:"bytes"`
	SHA256  string   `json:"sha256"`            // of blobs.txt
	Missing []string `json:"missing,omitempty"` // named by the tables, but not on the disk
}

// AddBlob puts a content into the archive. They come in the order of
// their hashes, each once. One that cannot be opened as
// fault.Unavailable is missing: the archive says so and goes on, because a file that was
// lost must not keep all else from being backed up.
type AddBlob func(b Blob, open func() (io.ReadCloser, error)) error

const (
	blobsName  = "blobs.txt"
	blobFolder = "blobs/"
)

func (b Blob) line() string { return fmt.Sprintf("%s %d\n", b.SHA256, b.Size) }

// blobs writes all contents, then their list.
func (w *writer) blobs(ctx context.Context, v *store.View) error {
	if w.opts.Blobs == nil {
		return nil
	}
	l, list := &BlobList{}, &bytes.Buffer{}
	err := w.opts.Blobs(ctx, v, func(b Blob, open func() (io.ReadCloser, error)) error {
		in, err := open()
		if fault.KindOf(err) == fault.Unavailable {
			l.Missing = append(l.Missing, b.SHA256)
			return nil
		}
		if err != nil {
			return err
		}
		defer in.Close()
		hash := sha256.New()
		var n int64
		err = w.file(blobFolder+b.SHA256, func(out io.Writer) (err error) {
			n, err = io.Copy(io.MultiWriter(out, hash), in)
			return err
		})
		if err != nil {
			return err
		}
		if n != b.Size || hex.EncodeToString(hash.Sum(nil)) != b.SHA256 {
			return fault.Newf(fault.Conflict, "The content %s of a file was changed on the disk; wakebell verify names it. Put it back from an older backup, or remove it, then back up again", b.SHA256)
		}
		l.Count++
		l.Bytes += n
		list.WriteString(b.line())
		return nil
	})
	if err != nil {
		return fmt.Errorf("back up the files: %w", err)
	}
	if l.Count == 0 && len(l.Missing) == 0 {
		return nil
	}
	sum := sha256.Sum256(list.Bytes())
	l.SHA256 = hex.EncodeToString(sum[:])
	w.m.Blobs = l
	return w.file(blobsName, func(out io.Writer) error { _, err := out.Write(list.Bytes()); return err })
}

// maxLine is more than a line of blobs.txt holds.
const maxLine = 100

// checkBlobs reads the list and every content once.
func (a *Archive) checkBlobs() error {
	l := a.Manifest.Blobs
	if l == nil {
		return nil
	}
	f := a.files[blobsName]
	if f == nil {
		return damaged("%s is missing", blobsName)
	}
	in, err := f.Open()
	if err != nil {
		return damaged("%s cannot be read", blobsName)
	}
	defer in.Close()
	hash, lines := sha256.New(), bufio.NewScanner(io.LimitReader(in, (l.Count+1)*maxLine))
	for lines.Scan() {
		var b Blob
		if n, err := fmt.Sscanf(lines.Text(), "%64s %d", &b.SHA256, &b.Size); n != 2 || err != nil {
			return damaged("%s cannot be read", blobsName)
		}
		if n := len(a.blobs); n > 0 && a.blobs[n-1].SHA256 >= b.SHA256 {
			return damaged("%s is not in order", blobsName)
		}
		io.WriteString(hash, b.line())
		a.blobs = append(a.blobs, b)
	}
	if lines.Err() != nil || int64(len(a.blobs)) != l.Count || hex.EncodeToString(hash.Sum(nil)) != l.SHA256 {
		return damaged("%s is not the one its manifest names", blobsName)
	}
	return a.Blobs(func(b Blob, content io.Reader) error {
		sum := sha256.New()
		n, err := io.Copy(sum, content)
		if err != nil || n != b.Size || hex.EncodeToString(sum.Sum(nil)) != b.SHA256 {
			return damaged("%s%s does not have the bytes its name says", blobFolder, b.SHA256)
		}
		return nil
	})
}

// Blobs hands over every content of the archive, at most one byte more than its size.
func (a *Archive) Blobs(each func(b Blob, content io.Reader) error) error {
	for _, b := range a.blobs {
		f := a.files[blobFolder+b.SHA256]
		if f == nil {
			return damaged("%s%s is missing", blobFolder, b.SHA256)
		}
		in, err := f.Open()
		if err != nil {
			return damaged("%s%s cannot be read", blobFolder, b.SHA256)
		}
		err = each(b, io.LimitReader(in, b.Size+1))
		in.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// hasBlob says whether a name in the archive is one of its contents or their list.
func (a *Archive) hasBlob(name string) bool {
	if a.Manifest.Blobs == nil {
		return false
	}
	if name == blobsName {
		return true
	}
	sum, ok := strings.CutPrefix(name, blobFolder)
	if !ok {
		return false
	}
	_, found := slices.BinarySearchFunc(a.blobs, sum, func(b Blob, sum string) int { return strings.Compare(b.SHA256, sum) })
	return found
}
