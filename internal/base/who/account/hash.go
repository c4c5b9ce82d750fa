package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
)

// params of Argon2id (RFC 9106). The present ones take about 50 ms of one core
// and stand above the smallest set OWASP names (19 MiB, 2 passes, 1 lane). One lane, because the gate
// already uses the cores for several sign-ins. A hash names its own, so they
// can grow; a sign-in renews an older hash.
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

// newHash returns a salted hash in the PHC form $argon2id$v=19$m=…,t=…,p=…$salt$hash.
func newHash(passphrase string) string {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails (crypto/rand)
	return encode(present, salt, present.hash(passphrase, salt))
}

// dummyHash looks like a hash and fits no passphrase.
func dummyHash() string {
	b := make([]byte, saltBytes+hashBytes)
	rand.Read(b)
	return encode(present, b[:saltBytes], b[saltBytes:])
}

func encode(p params, salt, hash []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.passes, p.lanes,
		b64.EncodeToString(salt), b64.EncodeToString(hash))
}

// verify reports whether the passphrase fits, and whether the hash is older
// than the present parameters.
func verify(stored, passphrase string) (fits, old bool, err error) {
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false, false, fmt.Errorf("account: a stored hash has an unknown form")
	}
	var p params
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.passes, &p.lanes); err != nil {
		return false, false, fmt.Errorf("account: parameters of a stored hash: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, false, fmt.Errorf("account: salt of a stored hash: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) != hashBytes || p.passes == 0 || p.lanes == 0 {
		return false, false, fmt.Errorf("account: a stored hash is damaged")
	}
	return subtle.ConstantTimeCompare(p.hash(passphrase, salt), want) == 1, p != present, nil
}

// gate lets few compute hashes at the same time, so that a flood of sign-ins
// takes neither the cores nor the memory from the incident.
type gate struct {
	clk     *clock.Clock
	slots   chan struct{}
	waiting atomic.Int64
}

const (
	gateMost    = 4 // at most 128 MiB
	gateWaiting = 64
	gateWait    = 5 * time.Second
)

func newGate(clk *clock.Clock) *gate {
	n := max(1, min(gateMost, runtime.GOMAXPROCS(0)/2))
	return &gate{clk: clk, slots: make(chan struct{}, n)}
}

// enter waits for a slot and returns what gives it back. Unavailable when too
// many wait.
func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > gateWaiting {
		return nil, busy(nil)
	}
	select {
	case g.slots <- struct{}{}:
		return func() { <-g.slots }, nil
	case <-g.clk.After(gateWait):
		return nil, busy(nil)
	case <-ctx.Done():
		return nil, busy(ctx.Err())
	}
}

func busy(err error) error {
	return &fault.Error{Kind: fault.Unavailable, Message: "Too many people sign in at this moment; try again in a few seconds", Err: err}
}

// hash is newHash behind the gate. It must run outside every transaction.
func (s *Service) hash(ctx context.Context, passphrase string) (string, error) {
	leave, err := s.gate.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	return newHash(passphrase), nil
}

// A secret is 32 random bytes in unpadded base64url; only its SHA-256 is kept.
const (
	secretBytes  = 32
	secretLength = 43
)

func newSecret() (secret string, hash []byte) {
	var b [secretBytes]byte
	rand.Read(b[:])
	secret = base64.RawURLEncoding.EncodeToString(b[:])
	return secret, hashOf(secret)
}

// hashOf returns nil for what cannot be a secret.
func hashOf(secret string) []byte {
	if len(secret) != secretLength {
		return nil
	}
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
