package notice_test

import (
	"slices"
	"testing"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/whom"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
)

// A variant says who gets it: one for nobody keeps the notice from leaving, and who gets it
// is a part of what is approved.
func TestVariants(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e, ctx := newEnv(t, db), t.Context()
		n := e.started(notice.Customer)
		retail := notice.TextInput{Lang: "en", Variant: "retail", Subject: "What happened", Body: "We found a leak in shops."}
		n, err := e.notices.WriteText(ctx, as("cora"), e.st.Ref, n.No, retail)
		e.must(err)
		n, err = e.notices.Submit(ctx, as("cora"), e.st.Ref, n.No, 0)
		e.must(err)
		n = e.approve(n, "lena", "ewan")
		if _, err := e.release("cora", n); fault.KindOf(err) != fault.Conflict || len(fault.FieldsOf(err)) != 1 || fault.FieldsOf(err)[0].Field != "gates/texts" {
			t.Fatalf("a variant for nobody left: %v", err)
		}
		was := n.Round().Bound
		for field, f := range map[string]whom.For{
			"for.kinds": {Kinds: []string{"friend"}}, "for.countries": {Countries: []string{"Germany"}}, "for.channels": {Channels: []string{"pigeon"}}, "for.labels": {Labels: []string{" "}},
		} {
			retail.For, retail.IfVersion = f, 1
			if _, err := e.notices.WriteText(ctx, as("cora"), e.st.Ref, n.No, retail); len(fault.FieldsOf(err)) != 1 || fault.FieldsOf(err)[0].Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		_, err = e.notices.WriteText(ctx, as("cora"), e.st.Ref, n.No, notice.TextInput{Lang: "en", Subject: "S", Body: "B", IfVersion: 1, For: whom.For{Kinds: []string{"customer"}}})
		e.fails(fault.Invalid, err) // the master text is for all others

		// The words stay, who gets them changes: that is another number to approve.
		bounds := []string{was}
		for _, f := range []whom.For{{Labels: []string{"shop"}}, {Countries: []string{"US"}}} {
			retail.For = f
			n, err = e.notices.WriteText(ctx, as("cora"), e.st.Ref, n.No, retail)
			e.must(err)
			if n.State != notice.Draft || n.Rounds[len(n.Rounds)-1].End != "voided" {
				t.Errorf("%v: %s", f, n.State)
			}
			n, err = e.notices.Submit(ctx, as("cora"), e.st.Ref, n.No, 0)
			e.must(err)
			if slices.Contains(bounds, n.Round().Bound) {
				t.Errorf("%v is bound by a number that was there before", f)
			}
			bounds = append(bounds, n.Round().Bound)
		}
		if n.VariantOf(whom.Reader{Country: "US"}) != "retail" || n.VariantOf(whom.Reader{Country: "DE"}) != "" {
			t.Errorf("%+v", n.Variants)
		}
		_, err = e.release("cora", e.approve(n, "lena", "ewan"))
		e.must(err)
		if got := e.post.sent[0].Notice.Variants["retail"]; !got.Equal(whom.For{Countries: []string{"US"}}) {
			t.Errorf("%+v", got)
		}
		e.rebuilt()
	})
}

// The canary of a notice is the plan's number, or what a person said of this notice: an
// update does not take it over, and goes the ways the first one went. Times are said in the
// zone of the entity that tells.
func TestOwnSettings(t *testing.T) {
	t.Parallel()
	e, ctx := newEnv(t, storetest.Open(t, store.SQLite)), t.Context()
	_, err := e.dirs.PutEntity(ctx, who.Engine("test"), directory.Entity{ID: "acme", Name: "Acme", Country: "DE", Zone: "Europe/Berlin"}, 0)
	e.must(err)
	n := e.started(notice.Customer)
	if n.Settings.Canary != 0 {
		t.Errorf("the default plan sends to all at once, not first to %d", n.Settings.Canary)
	}
	set := notice.Settings{Channels: []string{"webhook", "email"}, Canary: 7, SecondAfterHours: 4, Second: "phone", ReplyTo: "a@example.com"}
	n, err = e.notices.Set(ctx, as("cora"), e.st.Ref, n.No, set, 0)
	e.must(err)
	if len(e.post.rerouted) != 1 {
		t.Error("the list does not follow the channels")
	}
	set.Canary = 8
	n, err = e.notices.Set(ctx, as("cora"), e.st.Ref, n.No, set, 0)
	e.must(err)
	if len(e.post.rerouted) != 1 {
		t.Error("the list is put on other ways though they did not change")
	}
	_, err = e.notices.Set(ctx, as("cora"), e.st.Ref, n.No, notice.Settings{Channels: []string{"email"}, SecondAfterHours: 4, Second: "page"}, 0)
	e.fails(fault.Invalid, err)
	n, err = e.notices.Submit(ctx, as("cora"), e.st.Ref, n.No, 0)
	e.must(err)
	_, err = e.release("cora", e.approve(n, "lena", "ewan"))
	e.must(err)
	if got := e.post.sent[0]; got.Zone != "Europe/Berlin" || got.Values["contact.mail"].Text != "a@example.com" {
		t.Errorf("%s %+v", got.Zone, got.Values["contact.mail"])
	}
	u, err := e.notices.Start(ctx, as("cora"), e.st.Ref, notice.Start{Audience: notice.Customer, Purpose: notice.Update, Follows: n.No, Subject: "More", Body: "More."})
	e.must(err)
	if s := u.Settings; s.Canary != 0 || s.Second != "" || s.SecondAfterHours != 0 || s.ReplyTo != "" || !slices.Equal(s.Channels, set.Channels) {
		t.Errorf("the update begins with %+v", s)
	}
	// A plan that names a number: incidents that begin with it take it.
	p := plan.Default()
	p.NoticeCanary = 3
	_, err = e.plans.Change(ctx, who.Engine("test"), p, 2, "a few first")
	e.must(err)
	e.st = e.declare(incident.Real)
	n, err = e.notices.Start(ctx, as("cora"), e.st.Ref, notice.Start{Audience: notice.Customer, Subject: "S", Body: "B"})
	e.must(err)
	press, err := e.notices.Start(ctx, as("cora"), e.st.Ref, notice.Start{Audience: notice.Press, Subject: "S", Body: "B"})
	e.must(err)
	if n.Settings.Canary != 3 || press.Settings.Canary != 0 {
		t.Errorf("%d for customers, %d for the press", n.Settings.Canary, press.Settings.Canary)
	}
}
