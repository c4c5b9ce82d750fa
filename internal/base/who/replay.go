package who

import (
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
)

// Replay gives the people and tokens that the entries say, so that a verification finds
// whoever gave himself a role in the database. Nothing is made from it: the tables are
// where people and tokens live.
func Replay() record.Projector { return replay{} }

type replay struct{}

// The columns of people, those that may be erased last.
var people = row.NewTable(
	"person", 1, "id", "deputy", "roles", "active", "version", "created_at", "updated_at",
	"name", "name_key", "email", "email_key", "phone", "webhook", "department", "function_name", "zone",
).Private(9)

// The columns of tokens. The hash of a secret and its last characters stand in no entry.
var tokens = row.NewTable(
	"api_token", 1, "id", "person", "roles", "created_by", "created_at", "expires_at", "revoked_at", "name", "hash", "last4",
).Private(1).Apart(2).Octets("hash")

const (
	personCreatedAt = 5
	tokenRevokedAt  = 6
	tokenName       = 7
)

func (replay) Kinds() []record.Kind { return Kinds() }

func (replay) Tables() []*row.Table { return []*row.Table{people, tokens} }

func (replay) Project(x row.Rows, e record.Entry) error {
	if strings.HasPrefix(e.Kind, "token.") {
		return replayToken(x, e)
	}
	var b personEntry
	if err := e.Decode(&b); err != nil {
		return err
	}
	before, err := x.Row(people, e.Subject)
	if err != nil {
		return err
	}
	at := clock.Micros(e.RecordedAt)
	after := row.Row{e.Subject, b.After.Deputy, joinRoles(b.After.Roles), b.After.Active, b.Version, at, at}
	if before != nil {
		after[personCreatedAt] = before[personCreatedAt]
	}
	if c := b.AfterContact; e.Erased {
		after = append(after, make(row.Row, 9)...)
	} else {
		after = append(after, c.Name, strings.ToLower(c.Name), c.Email, strings.ToLower(c.Email), c.Phone, c.Webhook, c.Department, c.Function, c.Zone)
	}
	return x.Put(people, row.Change{Before: before, After: after})
}

func replayToken(x row.Rows, e record.Entry) error {
	var b tokenEntry
	if err := e.Decode(&b); err != nil {
		return err
	}
	at := clock.Micros(e.RecordedAt)
	if e.Kind == "token.created" {
		after := row.Row{e.Subject, b.Person, joinRoles(b.Roles), e.Actor, at, b.ExpiresAt, int64(0), b.Name, nil, nil}
		if e.Erased {
			after[tokenName] = nil
		}
		return x.Put(tokens, row.Change{After: after})
	}
	before, err := x.Row(tokens, e.Subject)
	if err != nil || before == nil {
		return err
	}
	after := slices.Clone(before)
	after[tokenRevokedAt] = at
	return x.Put(tokens, row.Change{Before: before, After: after})
}
