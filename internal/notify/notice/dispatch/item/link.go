package item

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

const (
	idBytes     = 16
	secretBytes = 16 // 128 bits nobody can guess
	mostLinks   = 16 // of one recipient; the oldest goes first
)

// NewLink makes the token of a recipient's page. Only its hash is kept; each copy that
// goes out has a token of its own, so that a copy that may have arrived still leads there
// after another attempt.
func NewLink(recipient string) (token string, hash []byte) {
	raw := make([]byte, idBytes+secretBytes)
	id, err := hex.DecodeString(strings.ReplaceAll(recipient, "-", ""))
	if err != nil || len(id) != idBytes {
		id = make([]byte, idBytes) // leads nowhere
	}
	copy(raw, id)
	rand.Read(raw[idBytes:]) // never fails (crypto/rand)
	sum := sha256.Sum256(raw)
	return base64.RawURLEncoding.EncodeToString(raw), sum[:]
}

// OpenLink takes a token apart: whose it is, and its hash. False: it is no token.
func OpenLink(token string) (recipient string, hash []byte, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != idBytes+secretBytes {
		return "", nil, false
	}
	h := hex.EncodeToString(raw[:idBytes])
	sum := sha256.Sum256(raw)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], sum[:], true
}

// WithLink adds a hash to those kept.
func WithLink(links, hash []byte) []byte {
	links = append(bytes.Clone(links), hash...)
	if over := len(links) - mostLinks*sha256.Size; over > 0 {
		links = links[over:]
	}
	return links
}

// HasLink reports whether a hash is among those kept, in constant time for each.
func HasLink(links, hash []byte) bool {
	found := 0
	for len(links) >= sha256.Size {
		found |= subtle.ConstantTimeCompare(links[:sha256.Size], hash)
		links = links[sha256.Size:]
	}
	return found == 1
}

// MessageID is the Message-ID of a recipient's copy. It stays the same for every attempt;
// another way (stage) is another message.
func MessageID(r Recipient, domain string) string {
	stage := ""
	if r.Stage > 0 {
		stage = "." + string(rune('0'+min(r.Stage, 9)))
	}
	return "<n." + r.ID + stage + "@" + domain + ">"
}

// OfMessageID is the recipient a Message-ID belongs to, "" for none of ours.
func OfMessageID(id string) string {
	s, ok := strings.CutPrefix(strings.TrimSpace(id), "<n.")
	if !ok || len(s) < 36 || s[36:] == "" || s[36] != '@' && s[36] != '.' {
		return ""
	}
	return s[:36]
}
