package notice_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/gate"
	"github.com/wakebell/wakebell/internal/notify/notice/setting"
)

// TestCourse is the policy's story: a draft, sent back by legal, a new version, approved by
// both, released; the customers' duties are met at the moment their rule says.
func TestCourse(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e, ctx := newEnv(t, db), t.Context()
		n := e.started(notice.Customer)
		if n.State != notice.Draft || n.No != 1 || len(n.Duties) != 2 || n.Title() != "What happened" {
			t.Fatalf("started %+v", n)
		}
		n, err := e.notices.Submit(ctx, as("cora"), e.st.Ref, n.No, 0)
		e.must(err)
		if n.State != notice.Review || len(n.Round().Bound) != 64 {
			t.Fatalf("submitted %+v", n)
		}
		if to := e.mails("your approval is asked"); !slices.Equal(to, []string{
			"both@example.com", "dirk@example.com", "dora@example.com", "ewan@example.com", "lars@example.com", "lena@example.com",
		}) {
			t.Errorf("asked %v", to)
		}
		n, err = e.notices.Return(ctx, as("lena"), e.st.Ref, n.No, n.Round().Bound, "Say what we do about it")
		e.must(err)
		if n.State != notice.Returned || n.Round() != nil || n.Rounds[0].Reason == "" {
			t.Fatalf("returned %+v", n)
		}
		if to := e.mails("sent back"); !slices.Equal(to, []string{"cora@example.com"}) {
			t.Errorf("told of the return: %v", to)
		}
		n, err = e.notices.WriteText(ctx, as("cora"), e.st.Ref, n.No, notice.TextInput{Lang: "en", Subject: "What happened", Body: "We found and closed a leak.", IfVersion: 1})
		e.must(err)
		n, err = e.notices.Submit(ctx, as("cora"), e.st.Ref, n.No, 0)
		e.must(err)
		if _, err := e.release("cora", n); fault.KindOf(err) != fault.Conflict || fault.FieldsOf(err)[0].Field != "gates/approvals" {
			t.Errorf("released without approvals: %v", err)
		}
		n = e.approve(n, "lena", "ewan")
		if n.State != notice.Approved || n.Round().Emergency() {
			t.Fatalf("approved %+v", n)
		}
		n, err = e.release("cora", n)
		e.must(err)
		if n.State != notice.Released || len(e.post.sent) != 1 || e.post.sent[0].Notice.Release.Bound != n.Release.Bound || n.Release.Count != 2 {
			t.Fatalf("released %+v, handed over %d", n, len(e.post.sent))
		}
		e.meets(n)
		e.rebuilt()
	})
}

// meets follows the sending of a notice to both customers.
func (e *env) meets(n notice.Notice) {
	t, ctx := e.t, e.t.Context()
	t.Helper()
	tell := func(told ...notice.Told) {
		t.Helper()
		_, err := e.db.Write(ctx, store.Op{Name: "test.told"}, func(tx *store.Tx) error {
			return e.notices.OnTold(ctx, tx, who.Engine("dispatch"), n.ID, told)
		})
		e.must(err)
	}
	sent := e.clk.Now()
	tell(notice.Told{Recipient: "r1", Party: "north", SentAt: sent}, notice.Told{Recipient: "r2", Party: "south", SentAt: sent}, notice.Told{Recipient: "r3"})
	state := func(party string) duty.Duty {
		list, err := e.duties.ForIncident(ctx, e.db, e.st.ID)
		e.must(err)
		for _, d := range list {
			if d.Recipient.ID == party && d.Rule == "customer" {
				return d
			}
		}
		t.Fatalf("no duty to %s", party)
		return duty.Duty{}
	}
	if d := state("north"); d.State != duty.Met || d.MetWith != "notice" || d.MetRef != "r1" || !d.MetAt.Equal(sent) {
		t.Errorf("north: %+v", d)
	}
	if d := state("south"); d.State != duty.Open {
		t.Errorf("south asked for an acknowledgement, sent alone is not enough: %s", d.State)
	}
	ack := sent.Add(20 * time.Hour) // after its due time, though released in time
	e.must(e.clk.Advance(20 * time.Hour))
	tell(notice.Told{Recipient: "r2", Party: "south", SentAt: sent, AcknowledgedAt: ack})
	if d := state("south"); d.State != duty.Met || d.MetWith != "acknowledgement" || !d.Late() || !strings.Contains(d.LateReason, "released in time") {
		t.Errorf("south: %+v", d)
	}
	_, err := e.db.Write(ctx, store.Op{Name: "test.end"}, func(tx *store.Tx) error {
		return e.notices.OnEnd(ctx, tx, who.Engine("dispatch"), n.ID, true)
	})
	e.must(err)
	v, err := e.notices.Get(ctx, as("ada"), e.st.Ref, n.No)
	e.must(err)
	if v.State != notice.Done || v.EndedAt.IsZero() {
		t.Errorf("ended as %s", v.State)
	}
}

func TestNobodyApprovesTheirOwn(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e, ctx := newEnv(t, db), t.Context()
		n := e.started(notice.Customer)
		// Legal wrote a part, and it was overwritten since: still theirs.
		n, err := e.notices.WriteText(ctx, as("lena"), e.st.Ref, n.No, notice.TextInput{Lang: "en", Subject: "What happened", Body: "In law's words.", IfVersion: 1})
		e.must(err)
		n, err = e.notices.WriteText(ctx, as("cora"), e.st.Ref, n.No, notice.TextInput{Lang: "en", Subject: "What happened", Body: "In our words.", IfVersion: 2})
		e.must(err)
		n, err = e.notices.Submit(ctx, as("cora"), e.st.Ref, n.No, 0)
		e.must(err)
		say := func(id string, in notice.Approve) error {
			in.Bound = n.Round().Bound
			_, err := e.notices.Approve(ctx, as(id), e.st.Ref, n.No, in)
			return err
		}
		e.fails(fault.Denied, say("lena", notice.Approve{})) // an author
		e.fails(fault.Denied, say("cora", notice.Approve{})) // an author, and not asked
		e.fails(fault.Denied, say("lars", notice.Approve{})) // stands in for the author
		e.fails(fault.Denied, say("sara", notice.Approve{})) // has notice.approve, but is not asked
		e.fails(fault.Denied, say("ada", notice.Approve{}))  // reads only
		machine := who.Identity{Actor: "token", Roles: []who.Role{who.Executive}}
		_, err = e.notices.Approve(ctx, machine, e.st.Ref, n.No, notice.Approve{Bound: n.Round().Bound})
		e.fails(fault.Denied, err)
		_, err = e.notices.Approve(ctx, who.Identity{}, e.st.Ref, n.No, notice.Approve{})
		e.fails(fault.Unauthenticated, err)
		// Somebody with both roles counts once.
		e.must(say("both", notice.Approve{}))
		e.fails(fault.Conflict, say("both", notice.Approve{}))
		e.must(say("ewan", notice.Approve{}))
		v, err := e.notices.Get(ctx, as("ewan"), e.st.Ref, n.No)
		e.must(err)
		if v.State != notice.Approved || len(v.Missing) != 0 {
			t.Errorf("two persons, two roles: %s, missing %v", v.State, v.Missing)
		}
		e.rebuilt()
	})
}

func TestDeputy(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e, ctx := newEnv(t, db), t.Context()
		n := e.submitted(notice.Customer)
		w, err := e.notices.Waiting(ctx, as("lars"))
		e.must(err)
		if len(w) != 1 || w[0].For != "lena" {
			t.Fatalf("what waits for the deputy: %+v", w)
		}
		n = e.approve(n, "lars")
		if y := n.Round().Given[0]; y.For != "lena" || y.Person != "lars" {
			t.Errorf("given by %+v", y)
		}
		_, err = e.notices.Approve(ctx, as("lena"), e.st.Ref, n.No, notice.Approve{Bound: n.Round().Bound})
		e.fails(fault.Conflict, err) // her yes is given
		if w, err = e.notices.Waiting(ctx, as("lena")); err != nil || len(w) != 0 {
			t.Errorf("still waits for lena: %v, %v", w, err)
		}
		n = e.approve(n, "ewan")
		if n.State != notice.Approved {
			t.Errorf("state %s", n.State)
		}
		e.rebuilt()
	})
}

// TestApprovalStaysWithItsBytes tampers with each part that an approval covers.
func TestApprovalStaysWithItsBytes(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e, ctx := newEnv(t, db), t.Context()
		f := e.file("letter.pdf")
		for name, change := range map[string]func(n notice.Notice) error{
			"text": func(n notice.Notice) error {
				_, err := e.notices.WriteText(ctx, as("cora"), e.st.Ref, n.No, notice.TextInput{Lang: "en", Subject: "What happened", Body: "Nothing.", IfVersion: 1})
				return err
			},
			"language": func(n notice.Notice) error {
				_, err := e.notices.WriteText(ctx, as("cora"), e.st.Ref, n.No, notice.TextInput{Lang: "de", Subject: "Was geschah", Body: "Nichts."})
				return err
			},
			"settings": func(n notice.Notice) error {
				_, err := e.notices.Set(ctx, as("cora"), e.st.Ref, n.No, notice.Settings{Channels: []string{"email"}, Canary: 5}, 0)
				return err
			},
			"attachments": func(n notice.Notice) error {
				_, err := e.notices.Attach(ctx, as("cora"), e.st.Ref, n.No, f)
				return err
			},
			"recipients": func(n notice.Notice) error {
				e.sign(n, "list-2")
				_, err := db.Write(ctx, store.Op{Name: "test.list"}, func(tx *store.Tx) error { return e.notices.OnList(ctx, tx, as("cora"), n.ID) })
				return err
			},
		} {
			n := e.approved(notice.Customer)
			was := n.Round().Bound
			e.must(change(n))
			v, err := e.notices.Get(ctx, as("lena"), e.st.Ref, n.No)
			e.must(err)
			if v.State != notice.Draft || v.Round() != nil || v.Bound == was || v.Rounds[0].End != "voided" {
				t.Errorf("%s changed: %s, bound again %v", name, v.State, v.Bound == was)
			}
			_, err = e.release("cora", n)
			e.fails(fault.Conflict, err)
			n, err = e.notices.Submit(ctx, as("cora"), e.st.Ref, n.No, 0)
			e.must(err)
			_, err = e.notices.Approve(ctx, as("lena"), e.st.Ref, n.No, notice.Approve{Bound: was})
			e.fails(fault.Precondition, err) // the old hash does not approve the new bytes
			_, err = e.notices.Approve(ctx, as("lena"), e.st.Ref, n.No, notice.Approve{})
			e.fails(fault.Invalid, err)
			e.approve(n, "lena")
		}
		if to := e.mails("your approval is void"); len(to) != 10 {
			t.Errorf("told of void approvals: %v", to)
		}
		// A list that changes behind our back: no approval, no release.
		n := e.submitted(notice.Customer)
		e.sign(n, "other")
		_, err := e.notices.Approve(ctx, as("lena"), e.st.Ref, n.No, notice.Approve{Bound: n.Round().Bound})
		e.fails(fault.Precondition, err)
		e.sign(n, "list-1")
		n = e.approve(n, "lena", "ewan")
		e.sign(n, "other")
		_, err = e.release("cora", n)
		e.fails(fault.Precondition, err)
		e.rebuilt()
	})
}

func TestVersions(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e, ctx := newEnv(t, db), t.Context()
		n := e.started(notice.Customer)
		in := notice.TextInput{Lang: "en", Subject: "What happened", Body: "Two.", IfVersion: 1}
		n, err := e.notices.WriteText(ctx, as("cora"), e.st.Ref, n.No, in)
		e.must(err)
		in.Body = "Three, made from one."
		_, err = e.notices.WriteText(ctx, as("sara"), e.st.Ref, n.No, in)
		e.fails(fault.Precondition, err)
		in.IfVersion, in.Body = 2, "Two."
		if again, err := e.notices.WriteText(ctx, as("cora"), e.st.Ref, n.No, in); err != nil || again.Version != n.Version {
			t.Errorf("the same words are no new version: %d, %v", again.Version, err)
		}
		de := notice.TextInput{Lang: "de", Variant: "retail", Subject: "Was geschah", Body: "Eins."}
		_, err = e.notices.WriteText(ctx, as("cora"), e.st.Ref, n.No, de)
		e.must(err)
		_, err = e.notices.RemoveText(ctx, as("cora"), e.st.Ref, n.No, "de", "retail")
		e.must(err)
		_, err = e.notices.WriteText(ctx, as("cora"), e.st.Ref, n.No, de)
		e.must(err)
		list, err := e.notices.Versions(ctx, as("ada"), e.st.Ref, n.No, "de", "retail")
		e.must(err)
		if len(list) != 2 || list[0].Version != 2 || list[1].Body != "Eins." {
			t.Errorf("versions %+v", list)
		}
		_, err = e.notices.RemoveText(ctx, as("cora"), e.st.Ref, n.No, "en", "")
		e.fails(fault.Conflict, err)
		e.rebuilt()
	})
}

// TestLate asks for the reason where a duty is past due, and each late duty carries it.
func TestLate(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e, ctx := newEnv(t, db), t.Context()
		n := e.approved(notice.Customer)
		e.must(e.clk.Advance(50 * time.Hour))
		_, err := e.release("cora", n)
		e.fails(fault.Invalid, err)
		n, err = e.notices.Release(ctx, as("cora"), e.st.Ref, n.No, notice.Go{Bound: n.Round().Bound, LateReason: "Nobody could be reached"})
		e.must(err)
		_, err = e.db.Write(ctx, store.Op{Name: "test.told"}, func(tx *store.Tx) error {
			return e.notices.OnTold(ctx, tx, who.Engine("dispatch"), n.ID, []notice.Told{{Recipient: "r1", Party: "north", SentAt: e.clk.Now()}})
		})
		e.must(err)
		list, err := e.duties.ForIncident(ctx, db, e.st.ID)
		e.must(err)
		i := slices.IndexFunc(list, func(d duty.Duty) bool { return d.Recipient.ID == "north" })
		if d := list[i]; d.State != duty.Met || !d.Late() || d.LateReason != "Nobody could be reached" {
			t.Errorf("north: %s, %q", d.State, d.LateReason)
		}
		e.rebuilt()
	})
}

// TestDrill rehearses: every step is taken, duties of the drill are met, nothing is handed over.
func TestDrill(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e, ctx := newEnv(t, db), t.Context()
		e.st = e.declare(incident.Drill)
		for _, channel := range setting.Channels() {
			n := e.started(notice.Customer)
			_, err := e.notices.Set(ctx, as("cora"), e.st.Ref, n.No, notice.Settings{Channels: []string{channel}}, 0)
			e.must(err)
			n, err = e.notices.Submit(ctx, as("cora"), e.st.Ref, n.No, 0)
			e.must(err)
			n, err = e.release("cora", e.approve(n, "lena", "ewan"))
			e.must(err)
			if n.State != notice.Done || !n.Release.Rehearsed || n.Release.Run != "" {
				t.Errorf("%s: %s, %+v", channel, n.State, n.Release)
			}
		}
		if len(e.post.sent) != 0 {
			t.Errorf("a drill left the building: %v", e.post.sent)
		}
		list, err := e.duties.ForIncident(ctx, db, e.st.ID)
		e.must(err)
		for _, d := range list {
			if d.Recipient.ID == "north" && (d.State != duty.Met || !strings.Contains(d.Remark, "nothing was sent")) {
				t.Errorf("north: %s, %q", d.State, d.Remark)
			}
			if d.Recipient.ID == "south" && d.State != duty.Open {
				t.Errorf("south must acknowledge, and nobody asked them: %s", d.State)
			}
		}
		e.rebuilt()
	})
}

// TestHold holds the audiences that law enforcement's request names, and all until legal said which.
func TestHold(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e, ctx := newEnv(t, db), t.Context()
		fact := func(name incident.FactName, at time.Time) {
			t.Helper()
			_, err := e.inc.Execute(ctx, as("mia"), e.st.Ref, &incident.RecordFact{Fact: name, Value: []byte(`"` + at.Format(time.RFC3339) + `"`)}, 0)
			e.must(err)
		}
		_, err := e.notices.NameHold(ctx, as("lena"), e.st.Ref, notice.HoldInput{Text: "early"})
		e.fails(fault.Conflict, err) // nobody asked for a delay
		n := e.approved(notice.Customer)
		fact("law.at.hold_since", start)
		shut := func(want bool) {
			t.Helper()
			_, err := e.release("cora", n)
			if got := err != nil && strings.Contains(err.Error(), "gates/hold"); got != want {
				t.Errorf("held %v, want %v: %v", got, want, err)
			}
		}
		shut(true)
		_, err = e.notices.NameHold(ctx, as("mia"), e.st.Ref, notice.HoldInput{Text: "I think it is fine"})
		e.fails(fault.Denied, err)
		_, err = e.notices.NameHold(ctx, as("lena"), e.st.Ref, notice.HoldInput{Audiences: []notice.Audience{notice.Customer, notice.Press}, Text: "Two days"})
		e.must(err)
		shut(true)
		_, err = e.notices.NameHold(ctx, as("lena"), e.st.Ref, notice.HoldInput{Audiences: []notice.Audience{notice.Press}, Text: "The press alone"})
		e.must(err)
		shut(false)
		e.must(e.clk.Advance(time.Hour))
		n = e.approved(notice.Customer)
		fact("law.at.hold_since", start.Add(time.Hour)) // another request: what legal said was about the first
		shut(true)
		e.must(e.clk.Advance(time.Hour))
		fact("law.at.hold_released", start.Add(2*time.Hour))
		shut(false)
		e.rebuilt()
	})
}

// TestProgress: what follows a notice goes to those who got it, and "resolved" is asked.
func TestProgress(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e, ctx := newEnv(t, db), t.Context()
		next := notice.Start{Audience: notice.Customer, Purpose: notice.Update, Follows: 1, Subject: "What is new", Body: "It is over."}
		n := e.approved(notice.Customer)
		_, err := e.notices.Start(ctx, as("cora"), e.st.Ref, next)
		e.fails(fault.Invalid, err) // nobody got the first one yet
		n, err = e.release("cora", n)
		e.must(err)
		left, err := e.notices.Unresolved(ctx, as("mia"), e.st.Ref)
		e.must(err)
		if len(left) != 1 || left[0].No != 1 {
			t.Errorf("asked at the close: %v", left)
		}
		u, err := e.notices.Start(ctx, as("cora"), e.st.Ref, next)
		e.must(err)
		if u.Follows != 1 || !slices.Equal(e.post.carried, []string{n.ID + ">" + u.ID}) {
			t.Errorf("follows %d, carried %v", u.Follows, e.post.carried)
		}
		next.Audience = notice.Partner
		_, err = e.notices.Start(ctx, as("cora"), e.st.Ref, next)
		e.fails(fault.Invalid, err)
		next.Audience, next.Purpose = notice.Customer, notice.Resolved
		r, err := e.notices.Start(ctx, as("cora"), e.st.Ref, next)
		e.must(err)
		e.sign(r, "list-1")
		r, err = e.notices.Submit(ctx, as("cora"), e.st.Ref, r.No, 0)
		e.must(err)
		_, err = e.release("cora", e.approve(r, "lena", "ewan"))
		e.must(err)
		if left, err = e.notices.Unresolved(ctx, as("mia"), e.st.Ref); err != nil || len(left) != 0 {
			t.Errorf("still asked: %v, %v", left, err)
		}
		e.rebuilt()
	})
}

// TestEmergency: two named deputies, marked for ever; nobody else releases it.
func TestEmergency(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e, ctx := newEnv(t, db), t.Context()
		n := e.submitted(notice.Customer)
		say := func(id string) error {
			_, err := e.notices.Approve(ctx, as(id), e.st.Ref, n.No, notice.Approve{Bound: n.Round().Bound, Emergency: true, Reason: "nobody answers"})
			return err
		}
		e.fails(fault.Denied, say("lars")) // lena's own deputy is not the plan's
		e.fails(fault.Denied, say("lena"))
		e.must(say("dora"))
		e.fails(fault.Conflict, say("dora"))
		e.must(say("dirk"))
		_, err := e.release("cora", n)
		e.fails(fault.Denied, err)
		n, err = e.release("dora", n)
		e.must(err)
		if !n.Release.Emergency || n.Release.By != "dora" {
			t.Errorf("released %+v", n.Release)
		}
		e.rebuilt()
	})
}

// TestRefused: what fails changes nothing, also when the sending refuses.
func TestRefused(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e, ctx := newEnv(t, db), t.Context()
		n := e.approved(notice.Customer)
		e.post.fail = fault.New(fault.Unavailable, "no server")
		_, err := e.release("cora", n)
		e.fails(fault.Unavailable, err)
		v, err := e.notices.Get(ctx, as("ada"), e.st.Ref, n.No)
		e.must(err)
		if v.State != notice.Approved || v.Release != nil {
			t.Errorf("left half: %s", v.State)
		}
		m := e.started(notice.Partner)
		delete(e.post.lists, m.ID)
		_, err = e.notices.Submit(ctx, as("cora"), e.st.Ref, m.No, 0)
		e.fails(fault.Conflict, err) // no list is signed off
		_, err = e.notices.Withdraw(ctx, as("cora"), e.st.Ref, m.No, "not needed")
		e.must(err)
		_, err = e.notices.WriteText(ctx, as("cora"), e.st.Ref, m.No, notice.TextInput{Lang: "en", Subject: "a", Body: "b", IfVersion: 1})
		e.fails(fault.Conflict, err)
		for _, in := range []notice.Start{
			{Audience: "all", Subject: "a", Body: "b"},
			{Audience: notice.Press, Subject: "a\nb", Body: "b"},
			{Audience: notice.Press, Subject: "a", Body: strings.Repeat("b", 101<<10)},
			{Audience: notice.Press, Subject: "a", Body: "b", Purpose: notice.Update},
			{Audience: notice.Press, Subject: "a", Body: "b", Lang: "English"},
			{Audience: notice.Customer, Subject: "a", Body: "b", Duties: []string{"sirt:sirt:1"}},
		} {
			_, err := e.notices.Start(ctx, as("cora"), e.st.Ref, in)
			e.fails(fault.Invalid, err)
		}
		e.rebuilt()
	})
}

// TestFacts: a text begins as a template, is held against the record, and a fact that
// changed after the submission shuts the gate with its sentence.
func TestFacts(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, db *store.DB) {
		e, ctx := newEnv(t, db), t.Context()
		measures := func(words string) {
			t.Helper()
			_, err := e.inc.Execute(ctx, as("mia"), e.st.Ref, &incident.RecordFact{Fact: "measures", Value: []byte(`"` + words + `"`)}, 0)
			e.must(err)
		}
		for _, lang := range []string{"en", "de"} {
			n, err := e.notices.Start(ctx, as("cora"), e.st.Ref, notice.Start{Audience: notice.Customer, Lang: lang})
			e.must(err)
			if x := n.Texts[0]; x.Template != "customer.first" || x.Lang != lang || !strings.Contains(x.Body, "{{") {
				t.Errorf("template in %s: %+v", lang, x)
			}
		}
		_, err := e.notices.Start(ctx, as("cora"), e.st.Ref, notice.Start{Audience: notice.Customer, Template: "no.such"})
		e.fails(fault.Invalid, err)
		_, err = e.notices.Start(ctx, as("cora"), e.st.Ref, notice.Start{Audience: notice.Customer, Subject: "a", Body: "Seen {{incident.discoverd}}"})
		e.fails(fault.Invalid, err) // the field is misspelt: said while writing

		n, err := e.notices.Start(ctx, as("cora"), e.st.Ref, notice.Start{Audience: notice.Customer, Subject: "What happened", Body: "We did this: {{incident.measures}}."})
		e.must(err)
		e.sign(n, "list-1")
		shut := func(key, words string) {
			t.Helper()
			v, err := e.notices.Get(ctx, as("cora"), e.st.Ref, n.No)
			e.must(err)
			i := slices.IndexFunc(v.Gates, func(g gate.Gate) bool { return g.Key == key })
			if g := v.Gates[i]; g.Open != (words == "") || !strings.Contains(g.Why, words) {
				t.Errorf("gate %s: open %v, %s", key, g.Open, g.Why)
			}
		}
		shut(gate.Texts, "needs “")
		measures("the token was withdrawn")
		shut(gate.Texts, "")
		n, err = e.notices.Submit(ctx, as("cora"), e.st.Ref, n.No, 0)
		e.must(err)
		n = e.approve(n, "lena", "ewan")
		shut(gate.Facts, "")
		measures("the server was switched off")
		shut(gate.Facts, "was the token was withdrawn when it was submitted, and is the server was switched off now")
		_, err = e.release("cora", n)
		e.fails(fault.Conflict, err)
		measures("the token was withdrawn")

		// Another language that does not say the same.
		_, err = e.notices.WriteText(ctx, as("cora"), e.st.Ref, n.No, notice.TextInput{Lang: "de", Subject: "Was geschah", Body: "Wir haben etwas getan, und zwar am 3. März 2026."})
		e.must(err)
		shut(gate.Texts, "The text de")
		e.rebuilt()
	})
}
