package api

import (
	"context"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// ItemFilter holds the parameters of the lists of the directory.
type ItemFilter struct {
	Page
	Kind    string `query:"kind" maxLength:"50" doc:"kind of team or of party"`
	Retired bool   `query:"retired" doc:"also what was taken out of use"`
}

// ItemID names an item that is taken out of use.
type ItemID struct {
	ID
	Reason string `query:"reason" required:"true" minLength:"1" maxLength:"2000" doc:"why; it stands in the record"`
}

// shelf is one kind of item of the directory. The items have the same shape on the wire as in a file.
type shelf[T any] struct {
	kind    directory.Kind
	path    string
	one     string // e.g. "team"
	many    string
	list    func(context.Context, who.Identity, directory.Filter, string, int) ([]T, string, error)
	read    func(context.Context, who.Identity, string) (T, error)
	put     func(context.Context, who.Identity, T, int) (T, error)
	id      func(*T) *string
	version func(T) int
}

func (f *face) directory() {
	shelve(f, shelf[directory.Team]{
		directory.KindTeam, "teams", "team", "teams", f.Directory.Teams, f.Directory.Team, f.Directory.PutTeam,
		func(t *directory.Team) *string { return &t.ID }, func(t directory.Team) int { return t.Version },
	})
	shelve(f, shelf[directory.Entity]{
		directory.KindEntity, "entities", "legal entity", "legal entities", f.Directory.Entities, f.Directory.Entity, f.Directory.PutEntity,
		func(t *directory.Entity) *string { return &t.ID }, func(t directory.Entity) int { return t.Version },
	})
	shelve(f, shelf[directory.ITService]{
		directory.KindService, "services", "IT service", "IT services", f.Directory.ITServices, f.Directory.ITService, f.Directory.PutITService,
		func(t *directory.ITService) *string { return &t.ID }, func(t directory.ITService) int { return t.Version },
	})
	shelve(f, shelf[directory.Party]{
		directory.KindParty, "parties", "party", "parties", f.Directory.Parties, f.Directory.Party, f.Directory.PutParty,
		func(t *directory.Party) *string { return &t.ID }, func(t directory.Party) int { return t.Version },
	})
}

func withIfMatch(o *huma.Operation) { o.Parameters = append(o.Parameters, ifMatchParam()) }

func shelve[T any](f *face, s shelf[T]) {
	const tag = "Directory"
	path := base + "/directory/" + s.path
	handle(f, op{
		method: http.MethodGet, path: path, id: "list-" + s.path, tag: tag, summary: "List " + s.many, text: "By name. Needs directory.read.",
	}, func(ctx context.Context, c *call, p *ItemFilter) (list[T], error) {
		items, next, err := s.list(ctx, c.by, directory.Filter{Kind: p.Kind, Retired: p.Retired}, p.Cursor, p.Limit)
		if err != nil {
			return list[T]{}, err
		}
		return listOf(items, next, same[T]), nil
	})
	handle(f, op{
		method: http.MethodGet, path: path + "/{id}", id: "get-" + s.path, tag: tag, summary: "Read one " + s.one,
		text: "Answers with an ETag. Needs directory.read.",
	}, func(ctx context.Context, c *call, p *ID) (T, error) {
		it, err := s.read(ctx, c.by, p.ID)
		if err == nil {
			c.etag(int64(s.version(it)))
		}
		return it, err
	})
	take(f, op{
		method: http.MethodPost, path: path, id: "create-" + s.path, tag: tag, creates: true, summary: "Add one " + s.one,
		text: "The id is yours to choose: 2 to 64 of a-z, 0-9 and -. 409 when it is taken. Needs directory.edit.",
	}, func(ctx context.Context, c *call, _ *none, b *T) (T, error) {
		return s.store(ctx, c, path, *b, 0)
	})
	take(f, op{
		method: http.MethodPut, path: path + "/{id}", id: "put-" + s.path, tag: tag, summary: "Add or change one " + s.one, open: withIfMatch,
		text: "Replaces everything. Without a version (If-Match, or version in the body) it adds a new one and answers 201. Needs directory.edit.",
	}, func(ctx context.Context, c *call, p *ID, b *T) (out T, err error) {
		id := s.id(b)
		if *id, err = sameID(p.ID, *id); err != nil {
			return out, err
		}
		version, err := c.version(s.version(*b))
		if err != nil {
			return out, err
		}
		if version, err = s.known(ctx, c, p.ID, version); err != nil {
			return out, err
		}
		return s.store(ctx, c, path, *b, version)
	})
	handle(f, op{
		method: http.MethodDelete, path: path + "/{id}", id: "retire-" + s.path, tag: tag, status: http.StatusNoContent, open: withIfMatch,
		summary: "Take one " + s.one + " out of use",
		text:    "It stays in the record. 409 names what still refers to it. Needs directory.edit.",
	}, func(ctx context.Context, c *call, p *ItemID) (none, error) {
		version, err := c.version(0)
		if err != nil {
			return none{}, err
		}
		if err := who.Check(c.by, who.PermDirectoryEdit); err != nil {
			return none{}, err
		}
		if version == 0 {
			version = anyVersion
		}
		if version, err = s.known(ctx, c, p.ID.ID, version); err != nil {
			return none{}, err
		}
		return none{}, f.Directory.Retire(ctx, c.by, s.kind, p.ID.ID, version, p.Reason)
	})
}

// known turns "any version" into the one there is.
func (s shelf[T]) known(ctx context.Context, c *call, id string, version int) (int, error) {
	if version != anyVersion {
		return version, nil
	}
	it, err := s.read(ctx, c.by, id)
	return s.version(it), err
}

func (s shelf[T]) store(ctx context.Context, c *call, path string, it T, version int) (T, error) {
	out, err := s.put(ctx, c.by, it, version)
	if version == 0 && fault.KindOf(err) == fault.Conflict {
		return out, fault.Wrap(fault.Conflict, err, "There is one with this id already: read it and send its ETag as If-Match to change it")
	}
	if err != nil {
		return out, err
	}
	if version == 0 {
		c.created(path + "/" + url.PathEscape(*s.id(&out)))
	}
	c.etag(int64(s.version(out)))
	return out, nil
}
