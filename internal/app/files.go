package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/archive"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
)

// contents opens the folder of contents of a data directory.
func contents(cfg Config) (*blob.Store, error) {
	return blob.New(blob.Config{Dir: cfg.WithDefaults().Blobs})
}

// FilesReport says what a verification found of the files' contents.
type FilesReport struct {
	Contents int64 `json:"contents"`
	Bytes    int64 `json:"bytes"`
}

// String is what an auditor reads.
func (r FilesReport) String() string {
	if r.Contents == 0 {
		return "No file is kept."
	}
	return fmt.Sprintf("The contents of all files (%d, %s) have the hashes the ledger names.", r.Contents, blob.Size(r.Bytes))
}

// maxNamed bounds how many wrong files one finding names.
const maxNamed = 50

// verifyFiles reads every content that a file names and checks its hash. The finding names
// each file whose content is missing or was changed.
func verifyFiles(ctx context.Context, cfg Config, db *store.DB) (rep FilesReport, err error) {
	blobs, err := contents(cfg)
	if err != nil {
		return rep, err
	}
	release, err := blobs.Share() // before the snapshot: what it names stays
	if err != nil {
		return rep, err
	}
	var wrong []fault.Field
	more := 0
	err = db.View(ctx, func(v *store.View) error {
		return file.Live(ctx, v, func(f file.File) error {
			finding, err := blobs.Check(ctx, f.Blob)
			switch {
			case err != nil:
				return err
			case finding == "":
				rep.Contents++
				rep.Bytes += f.Size
			case len(wrong) == maxNamed:
				more++
			default:
				wrong = append(wrong, fault.Field{Field: "file " + f.ID, Message: fmt.Sprintf("of incident %s (%q, SHA-256 %s) %s", refOf(ctx, v, f.Incident), f.Name, f.SHA256, finding)})
			}
			return nil
		})
	})
	if err = errors.Join(err, release()); err != nil || len(wrong) == 0 {
		return rep, err
	}
	message := fmt.Sprintf("The contents of %d files are not what the ledger names; put them back from a backup", len(wrong)+more)
	return rep, &fault.Error{Kind: fault.Invalid, Message: message, Fields: wrong}
}

// refOf is the reference of an incident, its id where it has none.
func refOf(ctx context.Context, r store.Reader, id string) string {
	ref := id
	_ = r.QueryRow(ctx, "SELECT ref FROM incident WHERE id = ?", id).Scan(&ref)
	return ref
}

// backupFiles hands every content that files of the snapshot name to the archive.
func backupFiles(blobs *blob.Store) func(ctx context.Context, v *store.View, add archive.AddBlob) error {
	return func(ctx context.Context, v *store.View, add archive.AddBlob) error {
		return file.Live(ctx, v, func(f file.File) error {
			return add(archive.Blob{SHA256: f.SHA256, Size: f.Size}, func() (io.ReadCloser, error) {
				content, err := blobs.Open(f.SHA256)
				if err != nil {
					return nil, err // not a nil *os.File in an interface
				}
				return content, nil
			})
		})
	}
}

// restoreFiles puts the contents of the archive beside those that are there: they are the
// same where they have the same name. What the restored tables name and the archive lacks
// is noted.
func (r *restoring) restoreFiles(ctx context.Context, db *store.DB) error {
	blobs, err := contents(r.cfg)
	if err != nil {
		return err
	}
	err = r.a.Blobs(func(b archive.Blob, content io.Reader) error {
		h, err := blobs.Restore(ctx, content, blob.Blob{SHA256: b.SHA256, Size: b.Size})
		if err != nil {
			return err
		}
		return h.Close()
	})
	if err != nil {
		return fmt.Errorf("restore the files: %w", err)
	}
	missing := 0
	err = db.View(ctx, func(v *store.View) error {
		return file.Live(ctx, v, func(f file.File) error {
			content, err := blobs.Open(f.SHA256)
			if err != nil {
				missing++
				return nil
			}
			return content.Close()
		})
	})
	if missing > 0 {
		r.rep.Notes = append(r.rep.Notes, fmt.Sprintf("The contents of %d files are neither in the backup nor here; wakebell verify names them.", missing))
	}
	return err
}

// keepFiles gives the contents of the database that is replaced a second name among what is
// kept, so that it stays whole.
func (r *restoring) keepFiles(kept string) error {
	blobs, err := contents(r.cfg)
	if err != nil {
		return err
	}
	return blobs.Duplicate(filepath.Join(kept, "blobs"))
}
