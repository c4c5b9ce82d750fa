package passphrase

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// params of Argon2id. The present ones take about 50 ms of one core and stand
// above the smallest set OWASP names (19 MiB, 2 passes, 1 lane). One lane,
// because the cores are used for several people at once. A hash names its own
// parameters, so they can grow; a sign-in renews an older hash.
type params struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
}

var present = params{memory: 32 << 10, passes: 2, lanes: 1}

const (
	saltBytes = 16
	hashBytes = 32
)

// normal brings a passphrase into one form (NFKC, SP 800-63B-4 3.1.1.2), so
// that two keyboards that compose a letter differently open the same account.
func normal(passphrase string) []byte { return norm.NFKC.Bytes([]byte(passphrase)) }

func (p params) hash(passphrase string, salt []byte) []byte {
	return argon2.IDKey(normal(passphrase), salt, p.passes, p.memory, p.lanes, hashBytes)
}

// Hash returns a salted hash in the PHC form $argon2id$v=19$m=…,t=…,p=…$salt$hash.
func Hash(passphrase string) string {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails (crypto/rand)
	return encode(present, salt, present.hash(passphrase, salt))
}

// Dummy looks like a hash and fits no passphrase.
func Dummy() string {
	b := make([]byte, saltBytes+hashBytes)
	rand.Read(b)
	return encode(present, b[:saltBytes], b[saltBytes:])
}

func encode(p params, salt, hash []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.passes, p.lanes,
		b64.EncodeToString(salt), b64.EncodeToString(hash))
}

// Verify reports whether the passphrase fits, and whether the hash is older
// than the present parameters.
func Verify(stored, passphrase string) (fits, old bool, err error) {
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false, false, fmt.Errorf("passphrase: a stored hash has an unknown form")
	}
	var p params
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.passes, &p.lanes); err != nil {
		return false, false, fmt.Errorf("passphrase: parameters of a stored hash: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, false, fmt.Errorf("passphrase: salt of a stored hash: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) != hashBytes || p.passes == 0 || p.lanes == 0 {
		return false, false, fmt.Errorf("passphrase: a stored hash is damaged")
	}
	return subtle.ConstantTimeCompare(p.hash(passphrase, salt), want) == 1, p != present, nil
}
