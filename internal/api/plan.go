package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

// planChange is the body of a change of the plan.
type planChange struct {
	Plan   plan.Plan `json:"plan" doc:"the whole plan as it shall be; version is set by the server"`
	Reason string    `json:"reason"`
}

// revision is one version in the history of the plan. Version 1 came with the product.
type revision struct {
	Version   int        `json:"version"`
	ChangedAt *time.Time `json:"changed_at"`
	ChangedBy *string    `json:"changed_by"`
	Reason    *string    `json:"reason"`
	Fields    []string   `json:"fields" nullable:"false" doc:"that differ from the version before"`
}

func wireRevision(r plan.Revision) revision {
	return revision{r.Version, stamp(r.ChangedAt), orNull(r.ChangedBy), orNull(r.Reason), append([]string{}, r.Fields...)}
}

// PlanVersion names a version of the plan.
type PlanVersion struct {
	N int `path:"n" minimum:"1" maximum:"1000000000"`
}

func (f *face) plan() {
	const tag, path = "Plan", base + "/plan"
	one := func(c *call, p plan.Plan, err error) (plan.Plan, error) {
		if err == nil {
			c.etag(int64(p.Version))
		}
		return p, err
	}
	handle(f, op{
		method: http.MethodGet, path: path, id: "get-plan", tag: tag, summary: "Read the response plan",
		text: "Every number, word and rule that the product follows. Answers with an ETag. Needs plan.read.",
	}, func(ctx context.Context, c *call, _ *none) (plan.Plan, error) {
		p, err := f.Plans.Current(ctx, c.by)
		return one(c, p, err)
	})
	take(f, op{
		method: http.MethodPut, path: path, id: "put-plan", tag: tag, summary: "Change the plan", open: withIfMatch,
		text: "Makes a new version; incidents keep the one they began with. The version you have read goes into If-Match, or stands in the plan. Needs plan.edit.",
	}, func(ctx context.Context, c *call, _ *none, b *planChange) (plan.Plan, error) {
		version, err := c.version(b.Plan.Version)
		if err != nil {
			return plan.Plan{}, err
		}
		if version <= 0 {
			current, err := f.Plans.Current(ctx, c.by)
			if err != nil {
				return plan.Plan{}, err
			}
			version = current.Version
		}
		p, err := f.Plans.Change(ctx, c.by, b.Plan, version, b.Reason)
		return one(c, p, inPlan(err))
	})
	handle(f, op{
		method: http.MethodGet, path: path + "/versions", id: "list-plan-versions", tag: tag, summary: "List the versions of the plan",
		text: "Newest first. Needs plan.read.",
	}, func(ctx context.Context, c *call, p *Page) (list[revision], error) {
		before, err := planCursor(p.Cursor)
		if err != nil {
			return list[revision]{}, err
		}
		items, next, err := f.Plans.History(ctx, c.by, before, p.Limit)
		if err != nil {
			return list[revision]{}, err
		}
		cursor := ""
		if next > 0 {
			cursor = "v" + strconv.Itoa(next)
		}
		return listOf(items, cursor, wireRevision), nil
	})
	handle(f, op{
		method: http.MethodGet, path: path + "/versions/{n}", id: "get-plan-version", tag: tag, summary: "Read one version of the plan",
		text: "Needs plan.read.",
	}, func(ctx context.Context, c *call, p *PlanVersion) (plan.Plan, error) {
		x, err := f.Plans.Version(ctx, c.by, p.N)
		return one(c, x, err)
	})
	handle(f, op{
		method: http.MethodGet, path: path + "/sources", id: "get-plan-sources", tag: tag, summary: "Say where each value of the plan comes from",
		text: "By the field's name: the sentence of a policy or law, or that the default is ours. Needs plan.read.",
	}, func(ctx context.Context, c *call, _ *none) (map[string]plan.Source, error) {
		if _, err := f.Plans.Current(ctx, c.by); err != nil { // whoever may read the plan may read its sources
			return nil, err
		}
		return plan.Sources(), nil
	})
}

func planCursor(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	digits, ok := strings.CutPrefix(s, "v")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 1 {
		return 0, fault.InvalidField("cursor", "does not belong to this list; start again without it")
	}
	return n, nil
}

// inPlan gives the plan's own fields the path they have in the body.
func inPlan(err error) error {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || len(e.Fields) == 0 {
		return err
	}
	moved := *e
	moved.Fields = make([]fault.Field, len(e.Fields))
	for i, x := range e.Fields {
		if x.Field != "reason" {
			x.Field = "plan." + x.Field
		}
		moved.Fields[i] = x
	}
	return &moved
}
