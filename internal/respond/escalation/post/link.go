package post

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/respond/escalation/call"
)

// linkLife is how long a link may answer a call, unless the call ends before.
const linkLife = 7 * 24 * time.Hour

// keepDeadLinks is how long a link that has ended is remembered, to say "over" rather
// than "unknown".
const keepDeadLinks = 30 * 24 * time.Hour

// newLink makes the secret of a link: 32 random bytes. Only its SHA-256 is stored.
func newLink() (token, hash string) {
	var b [32]byte
	rand.Read(b[:])
	token = base64.RawURLEncoding.EncodeToString(b[:])
	return token, linkHash(token)
}

func linkHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// keepLink ties a link to the message it stands in and to the person it was sent to.
func (o *Office) keepLink(tx *store.Tx, hash string, k call.Call) error {
	now := o.clk.Now()
	_, err := tx.Exec(`INSERT INTO call_token (hash, call_id, person, created_at, expires_at) VALUES (?,?,?,?,?)`,
		hash, k.Message(), k.Person, clock.Micros(now), clock.Micros(now.Add(linkLife)))
	return err
}

// Open gives the message a link stands in and the person it was sent to. NotFound for
// an unknown secret, Gone when its seven days are over.
func (o *Office) Open(ctx context.Context, r store.Reader, token string) (message, person string, err error) {
	var expires int64
	err = r.QueryRow(ctx, `SELECT call_id, person, expires_at FROM call_token WHERE hash = ?`, linkHash(token)).Scan(&message, &person, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", fault.New(fault.NotFound, "This link is not known")
	}
	if err != nil {
		return "", "", fmt.Errorf("look up link: %w", err)
	}
	if !o.clk.Now().Before(clock.FromMicros(expires)) {
		return "", "", fault.New(fault.Gone, "This link is older than seven days; sign in to answer")
	}
	return message, person, nil
}

// Forget deletes the links that ended long ago.
func (o *Office) Forget(tx *store.Tx, now time.Time) error {
	_, err := tx.Exec(`DELETE FROM call_token WHERE expires_at < ?`, clock.Micros(now.Add(-keepDeadLinks)))
	return err
}
