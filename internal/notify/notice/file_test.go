package notice_test

import (
	"testing"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/notify/notice"
)

// A file that is withdrawn in the incident voids what was approved with it, and the notice
// does not leave and is not approved again until it is taken off. What has left stays.
func TestWithdrawnAttachment(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e, ctx := newEnv(t, db), t.Context()
		e.files.Observe(e.notices.OnFile)
		with := func(id string) notice.Notice {
			t.Helper()
			n := e.started(notice.Customer)
			n, err := e.notices.Attach(ctx, as("cora"), e.st.Ref, n.No, id)
			e.must(err)
			n, err = e.notices.Submit(ctx, as("cora"), e.st.Ref, n.No, 0)
			e.must(err)
			return e.approve(n, "lena", "ewan")
		}
		letter, other := e.file("letter.pdf"), e.file("other.pdf")
		left, err := e.release("cora", with(letter))
		e.must(err)
		n, untouched := with(letter), with(other)
		_, err = e.files.Withdraw(ctx, as("mia"), e.st.Ref, letter, "It names a person")
		e.must(err)
		v, err := e.notices.Get(ctx, as("lena"), e.st.Ref, n.No)
		e.must(err)
		if r := v.Rounds[len(v.Rounds)-1]; v.State != notice.Draft || r.End != "voided" || r.Reason != "files" {
			t.Errorf("%s, %+v", v.State, r)
		}
		_, err = e.release("cora", n)
		e.fails(fault.Conflict, err)
		_, err = e.notices.Submit(ctx, as("cora"), e.st.Ref, n.No, 0)
		if text, _ := fault.MessageOf(err); fault.KindOf(err) != fault.Conflict || text != "letter.pdf: withdrawn or erased in the incident. Take it off first" {
			t.Errorf("submitted again with it: %v", err)
		}
		if to := e.mails("your approval is void"); len(to) != 2 {
			t.Errorf("told: %v", to)
		}
		n, err = e.notices.Detach(ctx, as("cora"), e.st.Ref, n.No, letter)
		e.must(err)
		n, err = e.notices.Submit(ctx, as("cora"), e.st.Ref, n.No, 0)
		e.must(err)
		_, err = e.release("cora", e.approve(n, "lena", "ewan"))
		e.must(err)
		// The one with another file, and the one that has left, are as they were.
		_, err = e.release("cora", untouched)
		e.must(err)
		if v, err := e.notices.Get(ctx, as("lena"), e.st.Ref, left.No); err != nil || v.State != notice.Released {
			t.Errorf("%s %v", v.State, err)
		}
		e.rebuilt()
	})
}

// The gate stands also where nobody told the notices of the change.
func TestGateOfAttachments(t *testing.T) {
	t.Parallel()
	e, ctx := newEnv(t, storetest.Open(t, store.SQLite)), t.Context()
	id := e.file("letter.pdf")
	n := e.started(notice.Customer)
	n, err := e.notices.Attach(ctx, as("cora"), e.st.Ref, n.No, id)
	e.must(err)
	n, err = e.notices.Submit(ctx, as("cora"), e.st.Ref, n.No, 0)
	e.must(err)
	n = e.approve(n, "lena", "ewan")
	_, err = e.files.Withdraw(ctx, as("mia"), e.st.Ref, id, "It names a person")
	e.must(err)
	_, err = e.release("cora", n)
	if f := fault.FieldsOf(err); len(f) != 1 || f[0].Field != "gates/attachments" || f[0].Message != "letter.pdf: withdrawn or erased in the incident, so it cannot be sent. Take it off, and submit again." {
		t.Errorf("%v %+v", err, f)
	}
}
