package notice_test

import (
	"context"
	"errors"
	"testing"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/course"
)

// Words that were erased are neither approved nor sent: what is missing is said.
func TestErasedWords(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e := newEnv(t, db)
		ctx := t.Context()
		e.led.OnErase(func(ctx context.Context, tx *store.Tx, entries []record.Entry) error {
			var errs []error
			for _, x := range entries {
				errs = append(errs, e.notices.Reproject(ctx, tx, x.Subject))
			}
			return errors.Join(errs...)
		})
		n := e.approve(e.submitted(notice.Customer), "lena", "ewan")
		draft := e.started(notice.Partner)
		list, err := e.led.Subject(ctx, db, e.st.ID, 0, 0)
		e.must(err)
		var ids []string
		for _, x := range list {
			if x.Kind == course.KindWritten {
				ids = append(ids, x.ID)
			}
		}
		_, err = db.Write(ctx, store.Op{Name: "erase", Actor: "lena"}, func(tx *store.Tx) error { return e.led.Erase(tx, "lena", ids, "asked for") })
		e.must(err)
		_, err = e.release("cora", n)
		e.fails(fault.Precondition, err)
		_, err = e.notices.Submit(ctx, as("cora"), e.st.Ref, draft.No, 0)
		e.fails(fault.Conflict, err)
		e.rebuilt()
		_, err = e.notices.WriteText(ctx, as("cora"), e.st.Ref, draft.No, notice.TextInput{Lang: "en", Subject: "Anew", Body: "Written again.", IfVersion: 1})
		e.must(err)
		_, err = e.notices.Submit(ctx, as("cora"), e.st.Ref, draft.No, 0)
		e.must(err)
		e.rebuilt()
	})
}
