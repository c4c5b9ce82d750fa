package api

import (
	"context"
	"net/http"
	"net/url"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
)

// person is somebody of the company.
type person struct {
	ID         string   `json:"id" required:"false" pattern:"^[a-z0-9-]{2,64}$" doc:"made when it is left out; goes to the ledger, so it must not be a name"`
	Name       string   `json:"name"`
	Email      string   `json:"email"`
	Phone      string   `json:"phone" required:"false"`
	Webhook    string   `json:"webhook" required:"false" doc:"address calls are posted to as well"`
	Department string   `json:"department" required:"false"`
	Function   string   `json:"function" required:"false"`
	Deputy     string   `json:"deputy" required:"false" doc:"person id"`
	Zone       string   `json:"zone" required:"false" doc:"IANA time zone, default UTC" example:"Europe/Berlin"`
	Roles      []string `json:"roles" required:"false" doc:"permission roles"`
	Active     *bool    `json:"active" required:"false" doc:"default true"`
	Version    int      `json:"version" required:"false" doc:"the ETag; set by the server"`
}

func wirePerson(p who.Person) person {
	out := person{
		ID: p.ID, Name: p.Name, Email: p.Email, Phone: p.Phone, Webhook: p.Webhook, Department: p.Department, Function: p.Function,
		Deputy: p.Deputy, Zone: p.Zone, Roles: make([]string, 0, len(p.Roles)), Active: &p.Active, Version: p.Version,
	}
	for _, r := range p.Roles {
		out.Roles = append(out.Roles, string(r))
	}
	return out
}

func (p person) room() who.Person {
	return who.Person{
		ID: p.ID, Name: p.Name, Email: p.Email, Phone: p.Phone, Webhook: p.Webhook, Department: p.Department, Function: p.Function,
		Deputy: p.Deputy, Zone: p.Zone, Roles: roles(p.Roles), Active: p.Active == nil || *p.Active,
	}
}

func roles(names []string) []who.Role {
	out := make([]who.Role, 0, len(names))
	for _, n := range names {
		out = append(out, who.Role(n))
	}
	return out
}

// PersonFilter holds the parameters of the list of people.
type PersonFilter struct {
	Page
	Role       string `query:"role" maxLength:"50"`
	Department string `query:"department" maxLength:"200"`
	Active     bool   `query:"active" doc:"only active people"`
}

func (f *face) people() {
	const tag, path = "Directory", base + "/directory/people"
	one := func(c *call, p who.Person, err error) (person, error) {
		if err != nil {
			return person{}, err
		}
		c.etag(int64(p.Version))
		return wirePerson(p), nil
	}
	handle(f, op{
		method: http.MethodGet, path: path, id: "list-people", tag: tag, summary: "List people", text: "By name. Needs directory.read.",
	}, func(ctx context.Context, c *call, p *PersonFilter) (list[person], error) {
		items, next, err := f.People.People(ctx, c.by, who.Filter{Role: who.Role(p.Role), Department: p.Department, ActiveOnly: p.Active}, p.Cursor, p.Limit)
		if err != nil {
			return list[person]{}, err
		}
		return listOf(items, next, wirePerson), nil
	})
	take(f, op{
		method: http.MethodPost, path: path, id: "create-person", tag: tag, summary: "Add a person", creates: true, text: "Needs person.manage.",
	}, func(ctx context.Context, c *call, _ *none, b *person) (person, error) {
		p, err := f.People.CreatePerson(ctx, c.by, b.room())
		if err == nil {
			c.created(path + "/" + url.PathEscape(p.ID))
		}
		return one(c, p, err)
	})
	handle(f, op{
		method: http.MethodGet, path: path + "/{id}", id: "get-person", tag: tag, summary: "Read one person",
		text: "Needs directory.read, or own.read for oneself.",
	}, func(ctx context.Context, c *call, p *ID) (person, error) {
		x, err := f.People.Person(ctx, c.by, p.ID)
		return one(c, x, err)
	})
	take(f, op{
		method: http.MethodPut, path: path + "/{id}", id: "put-person", tag: tag, summary: "Change a person", open: withIfMatch,
		text: "Replaces everything; what is left out becomes empty. Needs person.manage.",
	}, func(ctx context.Context, c *call, p *ID, b *person) (person, error) {
		version, err := c.version(b.Version)
		if err != nil {
			return person{}, err
		}
		if b.ID, err = sameID(p.ID, b.ID); err != nil {
			return person{}, err
		}
		x, err := f.People.UpdatePerson(ctx, c.by, b.room(), max(version, 0))
		return one(c, x, err)
	})
	handle(f, op{
		method: http.MethodDelete, path: path + "/{id}", id: "retire-person", tag: tag, summary: "Take a person out of use", open: withIfMatch,
		text: "The person stays in the record, is not active any more, is called no more, and the person's tokens end. Needs person.manage.",
	}, func(ctx context.Context, c *call, p *ID) (person, error) {
		version, err := c.version(0)
		if err != nil {
			return person{}, err
		}
		if err := who.Check(c.by, who.PermPersonManage); err != nil {
			return person{}, err
		}
		x, err := f.People.PersonTx(ctx, f.DB, p.ID)
		if err != nil {
			return person{}, err
		}
		if version <= 0 {
			version = x.Version
		}
		x.Active = false
		x, err = f.People.UpdatePerson(ctx, c.by, x, version)
		return one(c, x, err)
	})
}

// version is the one of If-Match, else the one the body was read with; anyVersion for "*".
func (c *call) version(body int) (int, error) {
	v, err := c.ifMatch()
	if err != nil {
		return 0, err
	}
	if v == 0 {
		return max(body, 0), nil
	}
	return int(v), nil
}

// sameID lets a body leave out the id its address names, and no other.
func sameID(address, body string) (string, error) {
	if body != "" && body != address {
		return "", fault.InvalidField("id", "differs from the id in the address; leave it out")
	}
	return address, nil
}
