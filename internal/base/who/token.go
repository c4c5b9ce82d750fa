package who

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
)

const (
	secretPrefix = "wbl_"
	secretBytes  = 32
	secretLength = len(secretPrefix) + 43 // 32 bytes in unpadded base64url
)

// Token is what is kept of an API token. The secret is not kept, only its
// SHA-256 and the last four characters. Zero times mean never. Person is "" for
// a machine's token. LastUsedAt is exact to a quarter of an hour.
type Token struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Person     string    `json:"person"`
	Roles      []Role    `json:"roles"`
	Last4      string    `json:"last4"`
	CreatedBy  string    `json:"created_by"`
	CreatedAt  time.Time `json:"created_at"`
	ExpiresAt  time.Time `json:"expires_at"`
	RevokedAt  time.Time `json:"revoked_at"`
	LastUsedAt time.Time `json:"last_used_at"`
}

// TokenInput asks for a token. A token of a person may hold the person's roles
// or fewer (all of them when Roles is empty), and never more than the person
// holds at the time of use. ExpiresAt zero means that it does not expire.
type TokenInput struct {
	Name      string
	Person    string
	Roles     []Role
	ExpiresAt time.Time
}

// tokenEntry is the body of token.created/1; token.revoked/1 has only Person
// and Roles as they were.
type tokenEntry struct {
	Person    string `json:"person,omitempty"`
	Roles     []Role `json:"roles"`
	ExpiresAt int64  `json:"expires_at,omitempty"` // µs UTC
	Name      string `json:"name" private:"true"`
}

// CreateToken makes a token and returns its secret, which cannot be read again.
// Permission token.manage. Roles that decide for the company need a person, and are
// given to a token by that person alone, unless the operator at the machine asks:
// else whoever makes tokens could decide in two names.
func (s *Service) CreateToken(ctx context.Context, by Identity, in TokenInput) (Token, string, error) {
	if err := Check(by, PermTokenManage); err != nil {
		return Token{}, "", err
	}
	in.Name = strings.TrimSpace(in.Name)
	roles, known := cleanRoles(in.Roles)
	now := s.clk.Now()
	if err := checkToken(in, known, now); err != nil {
		return Token{}, "", err
	}
	secret := newSecret()
	hash := sha256.Sum256([]byte(secret))
	t := Token{
		ID: ident.New(now), Name: in.Name, Person: in.Person, Last4: secret[len(secret)-4:],
		CreatedBy: by.Actor, ExpiresAt: clock.FromMicros(clock.Micros(in.ExpiresAt)),
	}
	_, err := s.db.Write(ctx, store.Op{Name: "token.create", Actor: by.Actor}, func(tx *store.Tx) error {
		var err error
		if t.Roles, err = s.allowed(tx, by, in.Person, roles); err != nil {
			return err
		}
		e, err := s.led.Append(tx, record.Draft{
			Kind: "token.created", Subject: t.ID, Actor: by.Actor,
			Body: tokenEntry{Person: t.Person, Roles: t.Roles, ExpiresAt: clock.Micros(t.ExpiresAt), Name: t.Name},
		})
		if err != nil {
			return err
		}
		t.CreatedAt = e.RecordedAt // the row says what the entry says, see Replay
		_, err = tx.Exec(`INSERT INTO api_token (id, name, person, roles, hash, last4, created_by, created_at, expires_at, revoked_at)
			VALUES (?,?,?,?,?,?,?,?,?,0)`, t.ID, t.Name, t.Person, joinRoles(t.Roles), hash[:], t.Last4,
			t.CreatedBy, clock.Micros(t.CreatedAt), clock.Micros(t.ExpiresAt))
		if err != nil {
			return fmt.Errorf("insert token: %w", err)
		}
		tx.SetResult(t.ID)
		tx.SetSecretResult()
		return nil
	})
	if err != nil {
		return Token{}, "", fmt.Errorf("create token: %w", err)
	}
	return t, secret, nil
}

func checkToken(in TokenInput, known bool, now time.Time) error {
	var wrong []fault.Field
	bad := func(field, msg string) { wrong = append(wrong, fault.Field{Field: field, Message: msg}) }
	if in.Name == "" || !line(in.Name, 200) {
		bad("name", "must be one line of 1 to 200 characters")
	}
	if !known {
		bad("roles", "holds a role that does not exist; roles are "+roleNames())
	}
	if len(in.Roles) == 0 && in.Person == "" {
		bad("roles", "needs at least one role")
	}
	if !in.ExpiresAt.IsZero() && !in.ExpiresAt.After(now) {
		bad("expires_at", "must lie in the future")
	}
	return fault.Invalids(wrong...)
}

// allowed returns the roles a new token gets.
func (s *Service) allowed(tx *store.Tx, by Identity, person string, roles []Role) ([]Role, error) {
	if person == "" {
		for _, r := range roles {
			if slices.Contains(personal, r) && !by.IsEngine() {
				return nil, fault.InvalidField("roles", "the role "+string(r)+" needs a person, because its decisions name one")
			}
		}
		return roles, nil
	}
	p, err := s.PersonTx(clock.Background(), tx, person)
	if fault.KindOf(err) == fault.NotFound || (err == nil && !p.Active) {
		return nil, fault.InvalidField("person", "is not a known, active person")
	}
	if err != nil {
		return nil, err
	}
	if len(roles) == 0 {
		roles = p.Roles
	}
	if len(roles) == 0 {
		return nil, fault.InvalidField("roles", "the person holds no role")
	}
	for _, r := range roles {
		if !slices.Contains(p.Roles, r) {
			return nil, fault.InvalidField("roles", "the person does not hold the role "+string(r))
		}
		if slices.Contains(personal, r) && by.Person != person && !by.IsEngine() {
			return nil, fault.InvalidField("roles", "the role "+string(r)+" decides in the person's name: only that person or the operator at the machine can put it in a token")
		}
	}
	return roles, nil
}

// RevokeToken ends a token, here at once and on other nodes within two seconds.
// Permission token.manage. Revoking a revoked token changes nothing.
func (s *Service) RevokeToken(ctx context.Context, by Identity, id string) error {
	if err := Check(by, PermTokenManage); err != nil {
		return err
	}
	_, err := s.db.Write(ctx, store.Op{Name: "token.revoke", Actor: by.Actor}, func(tx *store.Tx) error {
		t, err := readToken(clock.Background(), tx, id)
		if err != nil || !t.RevokedAt.IsZero() {
			return err
		}
		e, err := s.led.Append(tx, record.Draft{
			Kind: "token.revoked", Subject: id, Actor: by.Actor,
			Body: tokenEntry{Person: t.Person, Roles: t.Roles, Name: t.Name},
		})
		if err != nil {
			return err
		}
		tx.AfterCommit(s.cache.clear)
		_, err = tx.Exec(`UPDATE api_token SET revoked_at=? WHERE id=?`, clock.Micros(e.RecordedAt), id)
		return err
	})
	if err != nil {
		return fmt.Errorf("revoke token %s: %w", id, err)
	}
	return nil
}

const tokenColumns = `t.id, t.name, t.person, t.roles, t.last4, t.created_by, t.created_at, t.expires_at,
	t.revoked_at, COALESCE(u.used_at, 0)`

const tokenFrom = ` FROM api_token t LEFT JOIN token_use u ON u.token=t.id`

// Token returns one token. Permission token.manage.
func (s *Service) Token(ctx context.Context, by Identity, id string) (Token, error) {
	if err := Check(by, PermTokenManage); err != nil {
		return Token{}, err
	}
	return readToken(ctx, s.db, id)
}

// TokenName is what a token is called, "" for an id that is none. It does not check permissions: who may read an
// entry may read by whose machine it was written.
func (s *Service) TokenName(ctx context.Context, r store.Reader, id string) (name string, err error) {
	err = r.QueryRow(ctx, `SELECT name FROM api_token WHERE id = ?`, id).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return name, err
}

// Tokens lists tokens, newest first, revoked ones too. Permission token.manage.
func (s *Service) Tokens(ctx context.Context, by Identity, cursor string, limit int) (tokens []Token, next string, err error) {
	if err := Check(by, PermTokenManage); err != nil {
		return nil, "", err
	}
	keys, err := by.OpenCursor(cursor, "tokens", 1)
	if err != nil {
		return nil, "", err
	}
	limit = Limit(limit)
	q, args := `SELECT `+tokenColumns+tokenFrom, []any{}
	if keys != nil {
		q, args = q+` WHERE t.id<?`, append(args, keys[0])
	}
	rows, err := s.db.Query(ctx, q+` ORDER BY t.id DESC LIMIT ?`, append(args, limit+1)...)
	if err != nil {
		return nil, "", fmt.Errorf("list tokens: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		t, err := scanToken(rows)
		if err != nil {
			return nil, "", fmt.Errorf("list tokens: %w", err)
		}
		tokens = append(tokens, t)
	}
	if len(tokens) > limit {
		tokens = tokens[:limit]
		next = by.Cursor("tokens", tokens[limit-1].ID)
	}
	return tokens, next, rows.Err()
}

func readToken(ctx context.Context, r store.Reader, id string) (Token, error) {
	t, err := scanToken(r.QueryRow(ctx, `SELECT `+tokenColumns+tokenFrom+` WHERE t.id=?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Token{}, fault.New(fault.NotFound, "There is no such token")
	}
	if err != nil {
		return Token{}, fmt.Errorf("read token %s: %w", id, err)
	}
	return t, nil
}

func scanToken(row interface{ Scan(...any) error }) (Token, error) {
	var t Token
	var roles string
	var created, expires, revoked, used int64
	err := row.Scan(&t.ID, &t.Name, &t.Person, &roles, &t.Last4, &t.CreatedBy, &created, &expires, &revoked, &used)
	t.Roles = splitRoles(roles)
	t.CreatedAt, t.ExpiresAt = clock.FromMicros(created), clock.FromMicros(expires)
	t.RevokedAt, t.LastUsedAt = clock.FromMicros(revoked), clock.FromMicros(used)
	return t, err
}

func newSecret() string {
	var b [secretBytes]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return secretPrefix + base64.RawURLEncoding.EncodeToString(b[:])
}
