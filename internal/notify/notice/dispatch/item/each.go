package item

import (
	"context"

	"github.com/wakebell/wakebell/internal/base/store"
)

// PageOf is how many lines one read of a whole list takes.
const PageOf = 1000

// Each reads a whole list in its order.
func Each(ctx context.Context, r store.Reader, list string, fn func(r Recipient) error) error {
	after := int64(0)
	for {
		page, err := Query(ctx, r, `WHERE list_id=? AND seq>? ORDER BY seq LIMIT ?`, list, after, PageOf)
		if err != nil {
			return err
		}
		for _, one := range page {
			if err := fn(one); err != nil {
				return err
			}
			after = one.Seq
		}
		if len(page) < PageOf {
			return nil
		}
	}
}
