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

// Cost is how much work one hash is, by the parameters of Argon2id. A hash names
// its own, so they can grow; a sign-in renews an older hash.
type Cost struct {
	Memory uint32 // KiB
	Passes uint32
	Lanes  uint8
}

// Present is the cost of new hashes: about 50 ms of one core. It stands above the
// smallest set OWASP names (19 MiB, 2 passes, 1 lane). One lane, because the cores
// are used for several people at once.
var Present = Cost{Memory: 32 << 10, Passes: 2, Lanes: 1}

const (
	saltBytes = 16
	hashBytes = 32
)

// normal brings a passphrase into one form (NFKC, SP 800-63B-4 3.1.1.2), so
// that two keyboards that compose a letter differently open the same account.
func normal(passphrase string) []byte { return norm.NFKC.Bytes([]byte(passphrase)) }

func (c Cost) hash(passphrase string, salt []byte) []byte {
	return argon2.IDKey(normal(passphrase), salt, c.Passes, c.Memory, c.Lanes, hashBytes)
}

// Hash returns a salted hash in the PHC form $argon2id$v=19$m=…,t=…,p=…$salt$hash.
func (c Cost) Hash(passphrase string) string {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails (crypto/rand)
	return encode(c, salt, c.hash(passphrase, salt))
}

// Dummy looks like a hash and fits no passphrase.
func (c Cost) Dummy() string {
	b := make([]byte, saltBytes+hashBytes)
	rand.Read(b)
	return encode(c, b[:saltBytes], b[saltBytes:])
}

func encode(c Cost, salt, hash []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Passes, c.Lanes,
		b64.EncodeToString(salt), b64.EncodeToString(hash))
}

// Verify reports whether the passphrase fits a hash, and what the hash cost. It
// fails when stored is no hash.
func Verify(stored, passphrase string) (fits bool, cost Cost, err error) {
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false, cost, fmt.Errorf("passphrase: a stored hash has an unknown form")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &cost.Memory, &cost.Passes, &cost.Lanes); err != nil {
		return false, cost, fmt.Errorf("passphrase: parameters of a stored hash: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, cost, fmt.Errorf("passphrase: salt of a stored hash: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) != hashBytes || cost.Passes == 0 || cost.Lanes == 0 {
		return false, cost, fmt.Errorf("passphrase: a stored hash is damaged")
	}
	return subtle.ConstantTimeCompare(cost.hash(passphrase, salt), want) == 1, cost, nil
}
