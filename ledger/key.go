package ledger

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

const skeyPrefix = "PRIVATE+KEY+"

// pkcs8 is what comes before the 32-byte seed in the DER form of an Ed25519
// private key (RFC 8410). Reading it by hand keeps crypto/x509, and net with
// it, out of this package.
var pkcs8 = []byte{0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20}

// Key is an Ed25519 signing key. Its name is the log id.
type Key struct {
	name, skey, vkey string
	signer           note.Signer
}

// GenerateKey makes a new key from random. The name must have no space and no "+".
func GenerateKey(random io.Reader, name string) (*Key, error) {
	skey, _, err := note.GenerateKey(random, name)
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	return ParseKey([]byte(skey), "")
}

// ParseKey reads a private key: the text of a note signer key
// ("PRIVATE+KEY+<name>+<hash>+<key>") or a PEM block "PRIVATE KEY" (PKCS #8,
// Ed25519). A PEM key has no name: it takes the given one. The name of a note
// key must be the given one, if one is given.
func ParseKey(text []byte, name string) (*Key, error) {
	text = bytes.TrimSpace(text)
	if !bytes.HasPrefix(text, []byte(skeyPrefix)) {
		return parsePEM(text, name)
	}
	part := strings.SplitN(string(text[len(skeyPrefix):]), "+", 3)
	if len(part) != 3 {
		return nil, errors.New("the private key is cut short")
	}
	raw, err := base64.StdEncoding.DecodeString(part[2])
	if err != nil || len(raw) != 1+ed25519.SeedSize || raw[0] != 1 {
		return nil, errors.New("the private key is not an Ed25519 key")
	}
	if name != "" && name != part[0] {
		return nil, fmt.Errorf("the private key is named %q, the log %q", part[0], name)
	}
	return newKey(part[0], raw[1:])
}

func parsePEM(text []byte, name string) (*Key, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, errors.New("the key file holds neither a note key nor a PEM private key")
	}
	if len(block.Bytes) != len(pkcs8)+ed25519.SeedSize || !bytes.HasPrefix(block.Bytes, pkcs8) {
		return nil, errors.New("the PEM private key is not an Ed25519 key in PKCS #8 form")
	}
	return newKey(name, block.Bytes[len(pkcs8):])
}

func newKey(name string, seed []byte) (*Key, error) {
	pub := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	vkey, err := note.NewEd25519VerifierKey(name, pub)
	if err != nil {
		return nil, fmt.Errorf("key name %q: %w", name, err)
	}
	sum, _, _ := strings.Cut(strings.TrimPrefix(vkey, name+"+"), "+")
	skey := skeyPrefix + name + "+" + sum + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, seed...))
	signer, err := note.NewSigner(skey)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	return &Key{name: name, skey: skey, vkey: vkey, signer: signer}, nil
}

// Name is the key's name: the log id.
func (k *Key) Name() string { return k.name }

// VerifierKey is the public key as text: "<name>+<hash>+<key>".
func (k *Key) VerifierKey() string { return k.vkey }

// Secret is the private key as note text, without a newline. Keep it secret.
func (k *Key) Secret() string { return k.skey }

func openNote(text []byte, verifierKey string) (*note.Note, error) {
	v, err := note.NewVerifier(strings.TrimSpace(verifierKey))
	if err != nil {
		return nil, fmt.Errorf("verifier key: %w", err)
	}
	n, err := note.Open(text, note.VerifierList(v))
	if err != nil {
		var unknown *note.UnverifiedNoteError
		if errors.As(err, &unknown) {
			return nil, fmt.Errorf("is not signed by the key %s", v.Name())
		}
		return nil, err
	}
	return n, nil
}

const rotationTitle = "wakebell key rotation"

// Rotation says that from a position of the log on another key signs.
type Rotation struct {
	LogID  string
	Size   int64  // number of entries when it was signed
	OldKey string // verifier keys
	NewKey string
}

// SignRotation returns a note signed by the old key that hands over to newKey.
// Its text is five lines: "wakebell key rotation", the log id, the number of
// entries at signing, the old verifier key, the new verifier key.
func SignRotation(old *Key, newKey string, size int64) ([]byte, error) {
	if _, err := note.NewVerifier(newKey); err != nil {
		return nil, fmt.Errorf("new key: %w", err)
	}
	text := fmt.Sprintf("%s\n%s\n%d\n%s\n%s\n", rotationTitle, old.name, size, old.vkey, newKey)
	return note.Sign(&note.Note{Text: text}, old.signer)
}

// OpenRotation checks a rotation note with the old key and reads it.
func OpenRotation(text []byte, oldKey string) (Rotation, error) {
	n, err := openNote(text, oldKey)
	if err != nil {
		return Rotation{}, fmt.Errorf("key rotation: %w", err)
	}
	line := strings.Split(n.Text, "\n")
	if len(line) != 6 || line[0] != rotationTitle || line[5] != "" || line[3] != strings.TrimSpace(oldKey) {
		return Rotation{}, errors.New("key rotation: is not a rotation away from this key")
	}
	size, err := parseSize(line[2])
	if err != nil {
		return Rotation{}, fmt.Errorf("key rotation: %w", err)
	}
	if _, err := note.NewVerifier(line[4]); err != nil {
		return Rotation{}, fmt.Errorf("key rotation: new key: %w", err)
	}
	return Rotation{LogID: line[1], Size: size, OldKey: line[3], NewKey: line[4]}, nil
}
