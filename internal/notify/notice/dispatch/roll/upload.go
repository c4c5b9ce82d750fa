package roll

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/intake"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
)

// Upload is a file of recipients that was sent and waits for a person to say what its
// columns hold. Its bytes stay for a day; that it was there stays in the ledger.
type Upload struct {
	ID     string
	List   string
	Notice string
	Name   string
	SHA256 string
	Size   int64
}

// Sample is the beginning of a file as it stands in it.
type Sample struct {
	Upload
	Header    []string
	Rows      [][]string
	Encoding  string
	Delimiter string
}

// sampled is how many lines a sample shows.
const sampled = 5

// errGone answers for a file that is not here, not of this person, or not for this list.
var errGone = fault.New(fault.NotFound, "This file is not here any more: it waits for one day. Choose it again.")

// Take keeps a file that is held, until somebody says what its columns hold. Permission
// notice.write.
func (s *Service) Take(ctx context.Context, by who.Identity, list string, held *blob.Held, name string) (string, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return "", err
	}
	id := ""
	o, err := s.db.Write(ctx, store.Op{Name: "dispatch.file_taken", Actor: by.Actor}, func(tx *store.Tx) error {
		l, err := s.openTx(tx, by, list)
		if err != nil {
			return err
		}
		e, err := s.led.Append(tx, draft(by, item.KindFileTaken, l.Incident, item.FileTaken{
			List: l.ID, Notice: l.Notice, SHA256: held.SHA256, Size: held.Size, Name: lastPart(name),
		}))
		id = e.ID
		tx.SetResult(id)
		return err
	})
	if err != nil {
		return "", err
	}
	return o.ResultID, nil
}

// lastPart is a file's name without folders and control characters.
func lastPart(name string) string {
	name = filepath.Base(strings.ReplaceAll(strings.ToValidUTF8(name, "?"), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, name)
	if r := []rune(name); len(r) > 200 {
		name = string(r[:200])
	}
	return name
}

// Uploaded reads a file that the caller sent. Permission notice.write.
func (s *Service) Uploaded(ctx context.Context, by who.Identity, id string) (Upload, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return Upload{}, err
	}
	e, err := s.led.Entry(ctx, s.db, id)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return Upload{}, errGone
	}
	if err != nil {
		return Upload{}, err
	}
	var b item.FileTaken
	if e.Kind != item.KindFileTaken || e.Actor != by.Actor || e.Decode(&b) != nil {
		return Upload{}, errGone
	}
	return Upload{ID: id, List: b.List, Notice: b.Notice, Name: b.Name, SHA256: b.SHA256, Size: b.Size}, nil
}

// open opens the bytes of a file that the caller sent.
func (s *Service) open(ctx context.Context, by who.Identity, id string) (Upload, *os.File, error) {
	u, err := s.Uploaded(ctx, by, id)
	if err != nil {
		return u, nil, err
	}
	f, err := s.blobs.Open(u.SHA256)
	if err != nil {
		if k := fault.KindOf(err); k == fault.NotFound || k == fault.Gone || errors.Is(err, os.ErrNotExist) {
			err = errGone
		}
		return u, nil, err
	}
	return u, f, nil
}

// Sample shows the head line of a file and its first lines. Permission notice.write.
func (s *Service) Sample(ctx context.Context, by who.Identity, id string) (Sample, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return Sample{}, err
	}
	u, f, err := s.open(ctx, by, id)
	if err != nil {
		return Sample{Upload: u}, err
	}
	defer f.Close()
	t, err := intake.Open(f)
	if err != nil {
		return Sample{Upload: u}, err
	}
	out := Sample{Upload: u, Header: t.Header, Delimiter: string(t.Delimiter)}
	for len(out.Rows) < sampled {
		row, _, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			continue // named by the preview
		}
		out.Rows = append(out.Rows, append([]string{}, row...))
	}
	out.Encoding = t.Encoding
	return out, nil
}

// PreviewFile is Preview of a file the caller sent. Permission notice.write.
func (s *Service) PreviewFile(ctx context.Context, by who.Identity, id string, how Import) (Preview, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return Preview{}, err
	}
	_, f, err := s.open(ctx, by, id)
	if err != nil {
		return Preview{}, err
	}
	defer f.Close()
	return s.Preview(ctx, by, f, how)
}

// ImportFile is Import of a file the caller sent; what came of it is an entry that names the
// file. Permission notice.write.
func (s *Service) ImportFile(ctx context.Context, by who.Identity, id string, how Import) (Imported, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return Imported{}, err
	}
	u, f, err := s.open(ctx, by, id)
	if err != nil {
		return Imported{}, err
	}
	defer f.Close()
	in, err := s.Import(ctx, by, u.List, f, how)
	if err != nil {
		return in, err
	}
	return in, s.write(store.WithKey(ctx, "", [32]byte{}), by, "dispatch.file_imported", func(tx *store.Tx) error {
		l, err := item.FindList(ctx, tx, u.List)
		if err != nil {
			return err
		}
		return s.append(tx, by, item.KindFileImported, l.Incident, item.FileImported{
			File: u.ID, List: u.List, Notice: u.Notice, Lines: in.Lines, New: in.New, Double: in.Double, Refused: in.Refused,
		})
	})
}

// WrongLines reads a whole file that the caller sent and gives each line that cannot be
// used, with what is wrong. Nobody is added. Permission notice.write.
func (s *Service) WrongLines(ctx context.Context, by who.Identity, id string, how Import, fn func(LineError) error) error {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return err
	}
	_, f, err := s.open(ctx, by, id)
	if err != nil {
		return err
	}
	defer f.Close()
	in, err := s.reader(f, how)
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		_, _, err := in.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, e := range in.out.Errors {
			if err := fn(e); err != nil {
				return err
			}
		}
		in.out.Errors = in.out.Errors[:0]
	}
	return ctx.Err()
}
