package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
)

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

// hash makes a hash behind the gate. It must run outside every transaction.
func (s *Service) hash(ctx context.Context, text string) (string, error) {
	leave, err := s.gate.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	return s.cost.Hash(text), nil
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
