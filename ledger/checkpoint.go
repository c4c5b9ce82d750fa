package ledger

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is the state of a log that was signed: C2SP tlog-checkpoint.
type Checkpoint struct {
	LogID string `json:"log_id"`
	Epoch int64  `json:"epoch"` // from 1
	Size  int64  `json:"size"`  // number of entries
	Root  Hash   `json:"root"`  // RFC 6962 tree hash of the first Size entries
}

// Origin is the first line of the checkpoint: log id, "+", epoch.
func (c Checkpoint) Origin() string { return c.LogID + "+" + strconv.FormatInt(c.Epoch, 10) }

// Text is the unsigned text: origin, size, root hash, each with a newline.
func (c Checkpoint) Text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin(), c.Size, c.Root)
}

// Sign returns the checkpoint as a signed note.
func (k *Key) Sign(c Checkpoint) ([]byte, error) {
	if c.LogID != k.name {
		return nil, fmt.Errorf("sign checkpoint: the key is named %q, the log %q", k.name, c.LogID)
	}
	return note.Sign(&note.Note{Text: c.Text()}, k.signer)
}

// Open checks the signature of a checkpoint with the verifier key and reads it.
func Open(text []byte, verifierKey string) (Checkpoint, error) {
	n, err := openNote(text, verifierKey)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	return parseCheckpoint(n.Text)
}

// Peek reads a checkpoint without checking who signed it.
func Peek(text []byte) (Checkpoint, error) {
	body, _, ok := strings.Cut(string(text), "\n\n")
	if !ok {
		return Checkpoint{}, errors.New("checkpoint: has no signature")
	}
	return parseCheckpoint(body + "\n")
}

// parseCheckpoint allows extension lines after the third, as C2SP does.
func parseCheckpoint(text string) (Checkpoint, error) {
	line := strings.SplitN(text, "\n", 4)
	if len(line) < 4 {
		return Checkpoint{}, errors.New("checkpoint: has fewer than three lines")
	}
	cut := strings.LastIndexByte(line[0], '+')
	if cut <= 0 {
		return Checkpoint{}, errors.New("checkpoint: its origin is not a log id, \"+\" and an epoch")
	}
	epoch, err := parseSize(line[0][cut+1:])
	if err != nil || epoch < 1 {
		return Checkpoint{}, errors.New("checkpoint: its epoch is not a number from 1")
	}
	size, err := parseSize(line[1])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: size: %w", err)
	}
	root, err := tlog.ParseHash(line[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: root: %w", err)
	}
	return Checkpoint{LogID: line[0][:cut], Epoch: epoch, Size: size, Root: root}, nil
}

// parseSize reads a number in the one form a checkpoint allows: no sign, no
// leading zero.
func parseSize(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, fmt.Errorf("%q is not a number from 0", s)
	}
	return n, nil
}
