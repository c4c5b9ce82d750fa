package exchange

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// KeptFor is how long a file waits between its preview and its import.
const KeptFor = 24 * time.Hour

// Kept is a file that was sent and waits for its import. The server keeps it, so that what is imported is what was
// previewed, whatever the browser sends.
type Kept struct {
	ID     string
	Name   string
	Format Format
	SHA256 string
	Size   int
	MadeAt time.Time
	DoneAt time.Time // zero: it waits
	Done   Summary   // of an imported file
}

// Summary counts what an import did.
type Summary struct {
	Created   int `json:"created"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
}

// Summary counts the changes.
func (r Result) Summary() Summary {
	return Summary{r.Count(directory.Created), r.Count(directory.Changed), r.Count(directory.Unchanged)}
}

// Digest stands for exactly these changes. ImportKept compares it, so that nobody imports what they did not see.
func (r Result) Digest() string {
	h := sha256.New()
	enc := json.NewEncoder(h)
	for _, c := range r.Changes {
		// Writing to a hash never fails, and these types always encode.
		_ = enc.Encode([]any{c.Kind, c.ID, c.Action, c.Before, c.After})
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Keep stores a file for its preview. It needs directory.edit. now comes from the caller's clock.
func (s *Service) Keep(ctx context.Context, by who.Identity, name string, format Format, text []byte, now time.Time) (string, error) {
	if err := who.Check(by, who.PermDirectoryEdit); err != nil {
		return "", err
	}
	switch {
	case format != FormatYAML && format != FormatCSV:
		return "", fault.InvalidField("file", "must end in .csv, .yaml or .yml")
	case len(text) > MaxFile:
		return "", fault.InvalidField("file", fmt.Sprintf("is larger than %d MiB: split it", MaxFile>>20))
	case len(strings.TrimSpace(string(text))) == 0:
		return "", fault.InvalidField("file", "is empty: choose a file with a header and at least one line")
	}
	sum := sha256.Sum256(text)
	id := ident.New(now)
	o, err := s.db.Write(ctx, store.Op{Name: "directory.keep", Actor: by.Actor}, func(tx *store.Tx) error {
		if _, err := tx.Exec(`DELETE FROM directory_upload WHERE made_at < ?`, clock.Micros(now.Add(-KeptFor))); err != nil {
			return fmt.Errorf("forget old files: %w", err)
		}
		tx.SetResult(id)
		_, err := tx.Exec(`INSERT INTO directory_upload (id, actor, name, format, sha256, size, text, made_at, done_at, result)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, '')`,
			id, by.Actor, clean(name), string(format), hex.EncodeToString(sum[:]), len(text), text, clock.Micros(now))
		return err
	})
	if err != nil {
		return "", fmt.Errorf("keep a file: %w", err)
	}
	return o.ResultID, nil
}

// clean keeps a file's name short and on one line.
func clean(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == utf8.RuneError {
			return -1
		}
		return r
	}, name)
	if len(name) > 200 {
		name = strings.ToValidUTF8(name[:200], "")
	}
	return name
}

// Kept reads a file of the viewer's own, with the preview of what its import would do now. Of an imported file the
// result is empty and Done says what it did. It needs directory.edit.
func (s *Service) Kept(ctx context.Context, by who.Identity, id string) (Kept, Result, error) {
	if err := who.Check(by, who.PermDirectoryEdit); err != nil {
		return Kept{}, Result{}, err
	}
	k, text, err := kept(ctx, s.db, by, id)
	if err != nil || !k.DoneAt.IsZero() {
		return k, Result{}, err
	}
	res, err := s.Preview(ctx, by, k.Format, text)
	return k, res, err
}

// kept reads a row. Another person's file is not there.
func kept(ctx context.Context, r store.Reader, by who.Identity, id string) (k Kept, text []byte, err error) {
	var made, done int64
	var result string
	err = r.QueryRow(ctx, `SELECT id, name, format, sha256, size, text, made_at, done_at, result FROM directory_upload
		WHERE id = ? AND actor = ?`, id, by.Actor).Scan(&k.ID, &k.Name, &k.Format, &k.SHA256, &k.Size, &text, &made, &done, &result)
	if errors.Is(err, sql.ErrNoRows) {
		return k, nil, fault.New(fault.NotFound, "This file is not here any more: it waits for one day. Choose it again.")
	}
	if err != nil {
		return k, nil, fmt.Errorf("read a kept file: %w", err)
	}
	k.MadeAt, k.DoneAt = clock.FromMicros(made), clock.FromMicros(done)
	if done != 0 {
		if err := json.Unmarshal([]byte(result), &k.Done); err != nil {
			return k, nil, fmt.Errorf("read what a file did: %w", err)
		}
	}
	return k, text, nil
}

// ImportKept stores a kept file in one transaction: all of it, or nothing when any line is wrong. seen is the digest of
// the preview the caller looked at; when the directory changed since and the import would do something else, nothing is
// stored and the fault is a Conflict. A file is imported once: again, it only says what it did. Permissions as for Import.
func (s *Service) ImportKept(ctx context.Context, by who.Identity, id, seen string, now time.Time) (Summary, error) {
	if err := who.Check(by, who.PermDirectoryEdit); err != nil {
		return Summary{}, err
	}
	k, text, err := kept(ctx, s.db, by, id)
	if err != nil {
		return Summary{}, err
	}
	if !k.DoneAt.IsZero() {
		return k.Done, nil
	}
	res, err := s.run(ctx, by, k.Format, text, func(tx *store.Tx, res Result) error {
		if res.Digest() != seen {
			return fault.New(fault.Conflict, "The directory was changed since this preview, so nothing was imported. Look at the new preview and import again.")
		}
		doc, err := json.Marshal(res.Summary())
		if err != nil {
			return err
		}
		r, err := tx.Exec(`UPDATE directory_upload SET done_at = ?, result = ?, text = ? WHERE id = ? AND done_at = 0`,
			clock.Micros(now), string(doc), []byte{}, id)
		if err != nil {
			return fmt.Errorf("mark the file as imported: %w", err)
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, errTwice)
		}
		return nil
	})
	switch {
	case errors.Is(err, errTwice): // somebody pressed twice; the first one did it
		k, _, err = kept(ctx, s.db, by, id)
		return k.Done, err
	case err == nil && len(res.Errors) > 0:
		err = asFault(res.Errors)
	}
	if err != nil {
		return Summary{}, fmt.Errorf("import a kept file: %w", err)
	}
	if k, _, err := kept(ctx, s.db, by, id); err == nil && !k.DoneAt.IsZero() {
		return k.Done, nil
	}
	return res.Summary(), nil
}

var errTwice = errors.New("imported already")
