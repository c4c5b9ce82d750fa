package crash

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment/handover"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/notify/contact"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/form"
	"github.com/wakebell/wakebell/internal/notify/notice/form/filing"
)

// outward does one random thing that is about people outside.
func (l *life) outward() {
	l.t.Helper()
	ref := l.breach
	if len(l.open) > 0 && l.rng.IntN(3) == 0 {
		ref = pick(l, l.open...)
	}
	switch p := l.rng.IntN(100); {
	case p < 10:
		l.handOver(ref)
	case p < 20:
		l.talk(ref)
	case p < 55:
		l.notify(ref)
	case p < 67:
		l.carry(ref)
	case p < 97:
		l.filings(ref)
	default:
		l.erase()
	}
}

// leak declares the incident that people outside ask about all the time. Two customers and
// persons in two countries are affected, so much is owed to them and to authorities.
func (l *life) leak() {
	l.t.Helper()
	st, err := l.a.Incidents.Declare(l.t.Context(), l.as["incident-manager"], incident.Declare{Title: "Orders read", Service: "customer-portal", DiscoveredAt: l.clk.Now(), Kind: incident.Real})
	if err != nil {
		l.t.Fatal(err)
	}
	l.breach, l.all = st.Ref, l.all+1
	for _, c := range []incident.Command{
		&incident.RecordFact{Fact: incident.FactPersonalData, Value: []byte(`"yes"`)},
		&incident.RecordFact{Fact: incident.Aware, Value: []byte(strconv.Quote(l.clk.Now().Format(time.RFC3339))), Entity: "lumenhof-gmbh"},
		&incident.RecordFact{Fact: incident.FactScope, Value: []byte(`{"customers":["alpenwerk","juno-media"],"entities":["lumenhof-gmbh"],"persons":[{"country":"DE","min":1,"estimate":300,"max":900}]}`)},
		&incident.RecordFact{Fact: fact.HoldSince, Value: []byte(strconv.Quote(l.clk.Now().Format(time.RFC3339)))},
		&incident.Assign{Function: "spokesperson", Person: "communications-lead"},
	} {
		if err := l.run(l.breach, c); err != nil {
			l.t.Fatal(err)
		}
	}
	if _, err := l.a.Notices.NameHold(l.t.Context(), l.as["counsel"], l.breach, notice.HoldInput{Audiences: []notice.Audience{notice.Vendor}, Text: "The police ask us to wait."}); err != nil {
		l.t.Fatal(err)
	}
}

func (l *life) words() string {
	return pick(l, "We found it out on Monday.", "It is being looked at.", "About 40 records.", "Ä ö ß — „quoted“", "", strings.Repeat("long ", 80))
}

// handOver takes the package of one customer.
func (l *life) handOver(ref string) {
	list, _, err := l.a.Handover.List(l.t.Context(), l.as["counsel"], ref)
	if !l.took("hand-overs read", err) || len(list) == 0 {
		return
	}
	w := handover.Words{Nature: l.words(), Measures: l.words(), ExpectedAt: pick(l, time.Time{}, l.clk.Now().Add(time.Hour), l.clk.Now().Add(-time.Hour))}
	_, err = l.a.Handover.Take(l.t.Context(), l.by(), ref, pick(l, list...).ID, w)
	l.took("hand-over taken", err)
}

// talk records a dealing with the police, the media or an authority.
func (l *life) talk(ref string) {
	now := l.clk.Now()
	d := contact.Draft{
		Side: pick(l, contact.Police, contact.Media, contact.Authority, contact.Other), Step: pick(l, contact.Incoming, contact.Incoming, contact.Outgoing, contact.Outgoing, contact.Advice, contact.Coaching),
		Channel: pick(l, contact.Phone, contact.Email, contact.Portal), Name: pick(l, "Somebody outside", "The daily paper"), Subject: "random", Text: pick(l, "They asked.", l.words()),
		Person: pick(l, "", "counsel", "incident-manager", "communications-lead"), Why: pick(l, "", "It was urgent."), At: pick(l, time.Time{}, now.Add(-time.Hour)),
	}
	switch d.Step {
	case contact.Incoming:
		d.DueAt = pick(l, time.Time{}, now.Add(2*time.Hour))
	case contact.Outgoing:
		d.Answers = pick(l, 0, 1+l.rng.IntN(4))
		if d.Side == contact.Media {
			d.Statement = pick(l, "", "1", "2")
		}
	}
	if d.Step == contact.Advice {
		d.Person = "counsel"
	}
	_, err := l.a.Contacts.Record(l.t.Context(), l.as[pick(l, "incident-manager", "communications-lead", "counsel", "analyst")], ref, d)
	l.took("contact "+string(d.Step), err)
}

// writer is somebody of communications, mostly.
func (l *life) writer() who.Identity {
	return l.as[pick(l, "communications-lead", "communications-lead", "communications-lead", "communications-2", "incident-manager", "analyst")]
}

// notify takes a notice of the incident some steps further, or back.
func (l *life) notify(ref string) {
	l.t.Helper()
	ctx, a := l.t.Context(), l.a.Notices
	list, err := a.List(ctx, l.as["counsel"], ref)
	if err != nil {
		l.t.Fatal(err)
	}
	if len(list) == 0 || l.rng.IntN(12) == 0 {
		in := notice.Start{Audience: pick(l, notice.Customer, notice.Customer, notice.Press, pick(l, notice.Audiences()...)), Lang: pick(l, "en", "de", "fr")}
		if in.Voluntary = l.rng.IntN(2) == 0; in.Voluntary {
			in.Subject, in.Body = "About {{incident.reference}}", pick(l, "Dear {{recipient.contact|all}}, see {{recipient.link}}", "Nothing to merge.", "Nothing to merge.", "{{no.such_field}}")
		}
		for _, n := range list {
			if n.Release != nil && l.rng.IntN(2) == 0 {
				in.Audience, in.Purpose, in.Follows = n.Audience, pick(l, notice.Update, notice.Correction, notice.Resolved), n.No
				break
			}
		}
		_, err := a.Start(ctx, l.writer(), ref, in)
		l.took("notice started", err)
		return
	}
	for no := pick(l, list...).No; l.rng.IntN(6) > 0; {
		n, err := a.Get(ctx, l.as["counsel"], ref, no)
		if err != nil {
			l.t.Fatal(err)
		}
		if l.rng.IntN(4) == 0 {
			l.meddle(ref, n.Notice)
			continue
		}
		l.advance(ref, n.Notice)
	}
}

// advance does what a notice waits for.
func (l *life) advance(ref string, n notice.Notice) {
	l.t.Helper()
	ctx, a := l.t.Context(), l.a.Notices
	bound := ""
	if r := n.Round(); r != nil {
		bound = r.Bound
	}
	var err error
	switch n.State {
	case notice.Draft, notice.Returned:
		if n.Audience.NeedsList() && !l.listed(ref, n) {
			return
		}
		_, err = a.Submit(ctx, l.writer(), ref, n.No, pick(l, 0, n.Version))
		l.took("notice submitted", err)
	case notice.Review:
		_, err = a.Approve(ctx, l.as[pick(l, "counsel", "chief-executive", "privacy-officer", "incident-manager")], ref, n.No, notice.Approve{Bound: bound})
		l.took("notice approved", err)
	case notice.Approved:
		_, err = a.Release(ctx, l.writer(), ref, n.No, notice.Go{Bound: bound, LateReason: pick(l, "", "it took longer")})
		l.took("notice released", err)
	}
}

func (l *life) run(ref string, c incident.Command) error {
	_, err := l.a.Incidents.Execute(l.t.Context(), l.as["incident-manager"], ref, c, 0)
	return err
}

// listed brings the list of a notice nearer to its sign-off and says whether it has it.
func (l *life) listed(ref string, n notice.Notice) bool {
	l.t.Helper()
	ctx, a, by := l.t.Context(), l.a.Dispatch, l.writer()
	list, err := a.ListOf(ctx, l.as["counsel"], n.ID)
	if fault.KindOf(err) == fault.NotFound {
		list, err = a.Create(ctx, by, dispatch.ListSpec{Notice: n.ID, Incident: ref})
		l.took("list made", err)
	} else if err != nil {
		l.t.Fatal(err)
	}
	if err != nil || list.State == dispatch.ListSigned {
		return err == nil
	}
	if list.Count == 0 || l.rng.IntN(3) == 0 {
		if l.rng.IntN(2) == 0 {
			_, err = a.AddQuery(ctx, by, list.ID, dispatch.Query{Parties: []string{pick(l, "alpenwerk", "juno-media"), "staff-de"}, Affected: l.rng.IntN(2) == 0})
		} else {
			_, err = a.Import(ctx, by, list.ID, strings.NewReader("name,email\nOne,one"+strconv.Itoa(l.rng.IntN(5))+"@customer.example\nTwo,\n"), dispatch.Import{})
		}
		l.took("recipients added", err)
	}
	gaps, _, err := a.Recipients(ctx, l.as["communications-lead"], list.ID, dispatch.Filter{}, "", 50)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, r := range gaps {
		if r.State != dispatch.Gap {
			continue
		}
		if l.rng.IntN(2) == 0 {
			l.took("recipient left out", a.LeaveOut(ctx, by, r.ID, "told by somebody else"))
			continue
		}
		_, err = a.FixContact(ctx, by, r.ID, dispatch.Fix{Contact: dispatch.Contact{Name: "New", Email: "new@customer.example", Phone: "+49 30 1"}, Channel: pick(l, dispatch.Email, dispatch.Phone)})
		l.took("contact given", err)
	}
	_, err = a.SignOff(ctx, by, list.ID)
	return l.took("list signed off", err)
}

// meddle changes something about a notice, whether it may be changed or not.
func (l *life) meddle(ref string, n notice.Notice) {
	l.t.Helper()
	ctx, a, by := l.t.Context(), l.a.Notices, l.writer()
	reason := pick(l, "the numbers are wrong", "")
	var err error
	what := pick(l, "text", "text", "text removed", "settings", "tied", "ticked", "attached", "detached", "returned", "hold", "hold", "withdrawn")
	switch what {
	case "text":
		t, _ := n.Text(n.Lang, "")
		in := notice.TextInput{Lang: pick(l, n.Lang, "de"), Variant: pick(l, "", "", "short"), Subject: t.Subject, Body: l.words() + " {{incident.reference}}"}
		if was, ok := n.Text(in.Lang, in.Variant); ok {
			in.IfVersion = was.Version - l.rng.IntN(6)/5
		}
		_, err = a.WriteText(ctx, by, ref, n.No, in)
	case "text removed":
		_, err = a.RemoveText(ctx, by, ref, n.No, "de", pick(l, "", "short"))
	case "settings":
		_, err = a.Set(ctx, by, ref, n.No, notice.Settings{
			Channels: []string{pick(l, "email", "page", "fax")}, Canary: l.rng.IntN(2), ReplyTo: pick(l, "", "desk@lumenhof.example"),
			EmbargoAt: pick(l, time.Time{}, time.Time{}, l.clk.Now().Add(time.Minute)),
		}, pick(l, 0, n.Version))
	case "tied":
		var keys []string
		if list, err := l.a.Duties.OpenDuties(ctx, l.a.DB, n.Incident); err == nil && len(list) > 0 {
			keys = append(keys, pick(l, list...).Key)
		}
		_, err = a.Tie(ctx, by, ref, n.No, keys)
	case "ticked":
		_, err = a.Tick(ctx, by, ref, n.No, "contact_point", pick(l, "", "not yet: asked", "the first line"))
	case "attached":
		files, _, ferr := l.a.Files.List(ctx, l.as["incident-manager"], ref, "", 20)
		if ferr != nil || len(files) == 0 {
			return
		}
		_, err = a.Attach(ctx, by, ref, n.No, pick(l, files...).ID)
	case "detached":
		if len(n.Files) == 0 {
			return
		}
		_, err = a.Detach(ctx, by, ref, n.No, n.Files[0].ID)
	case "returned":
		if r := n.Round(); r != nil {
			_, err = a.Return(ctx, l.as[pick(l, "counsel", "chief-executive", "analyst")], ref, n.No, r.Bound, reason)
		}
	case "hold":
		if l.rng.IntN(2) == 0 {
			what, err = "hold recorded", l.run(ref, &incident.RecordFact{Fact: pick(l, fact.HoldSince, fact.HoldReleased), Value: []byte(strconv.Quote(l.clk.Now().Format(time.RFC3339)))})
			break
		}
		_, err = a.NameHold(ctx, l.as["counsel"], ref, notice.HoldInput{Audiences: pick(l, nil, []notice.Audience{notice.Customer}), Text: pick(l, "They ask us to wait.", "")})
	case "withdrawn":
		if l.rng.IntN(3) > 0 {
			return
		}
		_, err = a.Withdraw(ctx, by, ref, n.No, reason)
	}
	l.took("notice "+what, err)
}

// carry does what people do while a notice is sent: decide, call, and read its page.
func (l *life) carry(ref string) {
	l.t.Helper()
	ctx, a := l.t.Context(), l.a.Dispatch
	list, err := l.a.Notices.List(ctx, l.as["counsel"], ref)
	if err != nil {
		l.t.Fatal(err)
	}
	list = slices.DeleteFunc(list, func(n notice.Notice) bool { return n.Release == nil || n.Release.Run == "" })
	if len(list) == 0 {
		return
	}
	n := pick(l, list...)
	by := l.writer()
	switch l.rng.IntN(8) {
	case 0:
		l.took("run paused", a.Pause(ctx, by, n.Release.Run, "wait"))
		return
	case 1, 2:
		l.took("run resumed", a.Resume(ctx, by, n.Release.Run))
		return
	case 3:
		l.took("run stopped", a.Stop(ctx, by, n.Release.Run, pick(l, "it is wrong", "")))
		return
	}
	told, _, err := a.Recipients(ctx, l.as["communications-lead"], n.Release.List, dispatch.Filter{}, "", 20)
	if err != nil || len(told) == 0 {
		return
	}
	r := pick(l, told...)
	if l.rng.IntN(2) == 0 {
		_, err = a.Record(ctx, by, r.ID, dispatch.By{Channel: pick(l, dispatch.Phone, dispatch.Letter, dispatch.Email), Reached: l.rng.IntN(3) > 0, Acknowledged: l.rng.IntN(2) == 0, Text: "called"})
		l.took("told by hand", err)
		if l.rng.IntN(3) == 0 {
			l.pass() // another way may be tried meanwhile
		}
		_, err = a.Undo(ctx, l.as["communications-lead"], r.ID, pick(l, "another line was meant", "another line was meant", ""))
		l.took("undone by hand", err)
		return
	}
	link, err := a.NewLink(ctx, by, r.ID)
	if !l.took("link made", err) {
		return
	}
	_, token, _ := strings.Cut(link, "/n/")
	_, err = a.Page(ctx, token)
	l.took("page opened", err)
	if l.rng.IntN(2) == 0 {
		l.took("acknowledged", a.Acknowledge(ctx, token))
	}
}

// filings takes a filing with an authority further, or back.
func (l *life) filings(ref string) {
	l.t.Helper()
	ctx, a, by := l.t.Context(), l.a.Filings, l.as[pick(l, "privacy-officer", "privacy-officer", "incident-manager", "incident-manager", "analyst")]
	list, err := a.List(ctx, l.as["counsel"], ref)
	if err != nil {
		l.t.Fatal(err)
	}
	if len(list) == 0 || l.rng.IntN(6) == 0 {
		l.begun(ref, by, list)
		return
	}
	for no := pick(l, list...).No; l.rng.IntN(6) > 0; {
		f, err := a.Get(ctx, l.as["counsel"], ref, no)
		if err != nil {
			l.t.Fatal(err)
		}
		l.fileOn(ref, by, f)
	}
}

// fileOn does what a filing waits for, now and then something else.
func (l *life) fileOn(ref string, by who.Identity, f filing.Filing) {
	l.t.Helper()
	ctx, a := l.t.Context(), l.a.Filings
	what, err := "filed", error(nil)
	switch p := l.rng.IntN(30); {
	case p == 0:
		what = "filing discarded"
		_, err = a.Discard(ctx, by, ref, f.No, "begun anew")
	case p < 3:
		what = "filing returned"
		_, err = a.Return(ctx, l.as["counsel"], ref, f.No, pick(l, "", "not so"))
	case f.State == filing.Draft && p < 15:
		what = "filing submitted"
		_, err = a.Submit(ctx, by, ref, f.No)
	case f.State == filing.Draft:
		what = "filing answered"
		err = l.answered(ref, by, f)
	case f.State == filing.Review:
		what = "filing approved"
		_, err = a.Approve(ctx, l.as[pick(l, "counsel", "chief-executive", "privacy-officer")], ref, f.No, pick(l, f.Bound, f.Bound, "other"))
	case f.State == filing.Approved:
		_, err = a.File(ctx, by, ref, f.No, filing.Sending{Channel: "portal", LateReason: pick(l, "", "it took longer"), Receipt: pick(l, "", "A-1")})
	case f.State == filing.Filed && p > 20:
		what = "filing receipt"
		_, err = a.Receive(ctx, by, ref, f.No, pick(l, "", "B-2"), nil, "")
	default:
		return
	}
	l.took(what, err)
}

// begun begins a filing for a duty, or one that follows another.
func (l *life) begun(ref string, by who.Identity, have []filing.Filing) {
	in := filing.Begin{}
	for _, f := range have {
		if f.State == filing.Filed && l.rng.IntN(2) == 0 {
			in.Follows = f.No
		}
	}
	wanted, err := l.a.Filings.Wanted(l.t.Context(), by, ref)
	if in.Follows == 0 {
		wanted = slices.DeleteFunc(wanted, func(w filing.Want) bool { return w.Duty.State != duty.Open })
		if err != nil || len(wanted) == 0 {
			return
		}
		in.Duty = pick(l, wanted...).Duty.ID
	}
	_, err = l.a.Filings.Start(l.t.Context(), by, ref, in)
	l.took("filing begun", err)
}

// answered fills in what a filing still lacks, mostly rightly.
func (l *life) answered(ref string, by who.Identity, f filing.Filing) error {
	if l.rng.IntN(5) == 0 {
		_, err := l.a.Filings.Refill(l.t.Context(), by, ref, f.No)
		return err
	}
	def, stage, err := l.a.Filings.FormOf(f)
	if err != nil {
		return err
	}
	v, err := l.a.Filings.Newest(l.t.Context(), l.as["counsel"], f)
	if err != nil {
		return err
	}
	changes := form.Answers{}
	for _, q := range def.Judge(stage, v.Answers, true) {
		if q.Missing() || q.Shown && l.rng.IntN(30) == 0 {
			changes[q.ID] = l.reply(q)
		}
	}
	_, err = l.a.Filings.Save(l.t.Context(), by, ref, f.No, f.Version, changes)
	return err
}

func (l *life) reply(q form.Asked) form.Answer {
	option := func() string {
		if len(q.Offered) == 0 {
			return "none"
		}
		return pick(l, q.Offered...).ID
	}
	switch q.Type {
	case form.Choice:
		return form.Answer{Text: option()}
	case form.Choices:
		return form.Answer{List: []string{option()}}
	case form.Countries:
		return form.Answer{List: []string{"DE"}}
	}
	now := l.clk.Now().UTC()
	text := map[form.Type]string{
		form.YesNo: pick(l, "yes", "no"), form.Date: now.Format(time.DateOnly), form.Moment: now.Format(time.RFC3339), form.Number: "12", form.Percent: "2.4",
		form.Money: "2.5", form.Duration: "01:02:03", form.LEI: "5493001KJTIIGC8Y1R12", form.Currency: "EUR",
	}[q.Type]
	if text == "" {
		text = "answered, " + strconv.Itoa(l.rng.IntN(9))
	}
	return form.Answer{Text: text}
}

// erase destroys the private part of some entries about people outside.
func (l *life) erase() {
	l.t.Helper()
	var ids []string
	each(l.t, l.a.DB, `SELECT id FROM ledger_entry WHERE kind LIKE 'notice.%' OR kind LIKE 'contact.%' OR kind LIKE 'handover.%' OR kind LIKE 'filing.%' ORDER BY seq DESC LIMIT 60`, nil,
		func(scan func(...any) error) error {
			ids = append(ids, "")
			return scan(&ids[len(ids)-1])
		})
	if len(ids) == 0 {
		return
	}
	by := l.as["counsel"].Actor
	_, err := l.a.DB.Write(l.t.Context(), store.Op{Name: "ledger.erase", Actor: by}, func(tx *store.Tx) error {
		tx.SetResult("erased")
		return l.a.Ledger.Erase(tx, by, []string{pick(l, ids...), pick(l, ids...)}, "asked for")
	})
	l.took("erased", err)
}
