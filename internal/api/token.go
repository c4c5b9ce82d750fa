package api

import (
	"context"
	"net/http"
	"time"

	"github.com/wakebell/wakebell/internal/base/who"
)

// token is what is known of an API token. The secret is not kept.
type token struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Person     *string    `json:"person" doc:"null for a machine's token"`
	Roles      []string   `json:"roles" nullable:"false"`
	Last4      string     `json:"last4"`
	CreatedBy  string     `json:"created_by"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	RevokedAt  *time.Time `json:"revoked_at"`
	LastUsedAt *time.Time `json:"last_used_at" doc:"exact to a quarter of an hour"`
}

// newToken is the one answer that holds the secret.
type newToken struct {
	token
	Token string `json:"token" doc:"the secret; it is shown once and never again" example:"wbl_…"`
}

// tokenRequest asks for a token.
type tokenRequest struct {
	Name      string    `json:"name" doc:"what it is for"`
	Roles     []string  `json:"roles,omitempty" doc:"default: all roles of the person"`
	Person    string    `json:"person,omitempty" doc:"whom it speaks for; leave it out for a machine"`
	ExpiresAt time.Time `json:"expires_at,omitzero" doc:"with zone; default never"`
}

func wireToken(t who.Token) token {
	out := token{
		ID: t.ID, Name: t.Name, Person: orNull(t.Person), Roles: make([]string, 0, len(t.Roles)), Last4: t.Last4, CreatedBy: t.CreatedBy,
		CreatedAt: t.CreatedAt, ExpiresAt: stamp(t.ExpiresAt), RevokedAt: stamp(t.RevokedAt), LastUsedAt: stamp(t.LastUsedAt),
	}
	for _, r := range t.Roles {
		out.Roles = append(out.Roles, string(r))
	}
	return out
}

func (f *face) tokens() {
	const tag, path = "Tokens", base + "/tokens"
	take(f, op{
		method: http.MethodPost, path: path, id: "create-token", tag: tag, creates: true, summary: "Make a token",
		text: "The answer holds the secret, once. The same Idempotency-Key again answers 409, because a secret is never given twice. A role that decides for the company (legal, executive, privacy officer) goes only into the own token; the operator at the machine may make others. Needs token.manage.",
	}, func(ctx context.Context, c *call, _ *none, b *tokenRequest) (newToken, error) {
		t, secret, err := f.People.CreateToken(ctx, c.by, who.TokenInput{Name: b.Name, Person: b.Person, Roles: roles(b.Roles), ExpiresAt: b.ExpiresAt})
		if err != nil {
			return newToken{}, err
		}
		c.created(path + "/" + t.ID)
		return newToken{wireToken(t), secret}, nil
	})
	handle(f, op{
		method: http.MethodGet, path: path, id: "list-tokens", tag: tag, summary: "List tokens", text: "Newest first, revoked ones too. Needs token.manage.",
	}, func(ctx context.Context, c *call, p *Page) (list[token], error) {
		items, next, err := f.People.Tokens(ctx, c.by, p.Cursor, p.Limit)
		if err != nil {
			return list[token]{}, err
		}
		return listOf(items, next, wireToken), nil
	})
	handle(f, op{
		method: http.MethodGet, path: path + "/{id}", id: "get-token", tag: tag, summary: "Read one token", text: "Without its secret. Needs token.manage.",
	}, func(ctx context.Context, c *call, p *ID) (token, error) {
		t, err := f.People.Token(ctx, c.by, p.ID)
		if err != nil {
			return token{}, err
		}
		return wireToken(t), nil
	})
	handle(f, op{
		method: http.MethodDelete, path: path + "/{id}", id: "revoke-token", tag: tag, status: http.StatusNoContent, summary: "Revoke a token",
		text: "At once. Needs token.manage.",
	}, func(ctx context.Context, c *call, p *ID) (none, error) {
		return none{}, f.People.RevokeToken(ctx, c.by, p.ID)
	})
}
