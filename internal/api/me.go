package api

import (
	"context"
	"net/http"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
)

// self is who asks, and what the server takes for now.
type self struct {
	Actor       string    `json:"actor" doc:"person id, else token id"`
	Person      *string   `json:"person"`
	Name        string    `json:"name"`
	Roles       []string  `json:"roles" nullable:"false"`
	Permissions []string  `json:"permissions" nullable:"false"`
	Now         time.Time `json:"now" doc:"the server's time; a test clock may have moved it"`
	Version     string    `json:"version" doc:"of the server"`
}

func (f *face) me() {
	handle(f, op{
		method: http.MethodGet, path: base + "/me", id: "get-me", tag: "Tokens", summary: "Say who asks", text: "Any token may ask.",
	}, func(_ context.Context, c *call, _ *none) (self, error) {
		if c.by.IsZero() {
			return self{}, fault.New(fault.Unauthenticated, "Send a token")
		}
		out := self{
			Actor: c.by.Actor, Person: orNull(c.by.Person), Name: c.by.Name, Roles: []string{}, Permissions: []string{},
			Now: f.Clock.Now(), Version: f.Version,
		}
		for _, r := range c.by.Roles {
			out.Roles = append(out.Roles, string(r))
		}
		for _, p := range who.Permissions() {
			if c.by.Has(p) {
				out.Permissions = append(out.Permissions, string(p))
			}
		}
		return out, nil
	})
}
