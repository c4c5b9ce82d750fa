package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/approval"
	"github.com/wakebell/wakebell/internal/notify/notice/whom"
)

// noticeHead is a notice in a list.
type noticeHead struct {
	No        int       `json:"no" doc:"number in its incident"`
	Incident  string    `json:"incident" doc:"reference of the incident"`
	Drill     bool      `json:"drill"`
	Audience  string    `json:"audience" enum:"customer,data_subject,employee,partner,vendor,authority,law_enforcement,insurer,personnel,press"`
	Purpose   string    `json:"purpose" enum:"first,update,correction,withdrawal,resolved"`
	Follows   *int      `json:"follows" doc:"number of the earlier notice"`
	State     string    `json:"state" enum:"draft,review,returned,approved,released,done,withdrawn"`
	Title     string    `json:"title" doc:"subject of the master text"`
	Voluntary bool      `json:"voluntary" doc:"owed to nobody"`
	Duties    []string  `json:"duties" nullable:"false" doc:"keys of the duties it serves"`
	Emergency bool      `json:"emergency" doc:"approved by the plan's named deputies"`
	UpdatedAt time.Time `json:"updated_at"`
	Version   int64     `json:"version" doc:"the ETag"`
}

// noticeFull is all there is to know of one notice.
type noticeFull struct {
	noticeHead
	Lang        string          `json:"lang" doc:"language of the master text"`
	Texts       []noticeText    `json:"texts" nullable:"false"`
	Attachments []noticeFile    `json:"attachments" nullable:"false"`
	Settings    noticeSettings  `json:"settings"`
	Variants    []noticeVariant `json:"variants" nullable:"false" doc:"who gets which variant; the first that fits a recipient is theirs, all others get the master text"`
	Authors     []string        `json:"authors" nullable:"false" doc:"who wrote any part; none of them approves it"`
	Bound       string          `json:"bound" doc:"SHA-256 of the texts, recipients, attachments and settings as they are now: what an approval names"`
	Needs       [][]string      `json:"needs" nullable:"false" doc:"of each group of roles one person"`
	Missing     [][]string      `json:"missing" nullable:"false" doc:"groups whose yes is not given"`
	Asked       []string        `json:"asked" nullable:"false" doc:"people whose yes would count"`
	Rounds      []noticeRound   `json:"rounds" nullable:"false" doc:"each submission and what became of it"`
	Gates       []noticeGate    `json:"gates" nullable:"false" doc:"what must hold before it leaves"`
	Recipients  noticeList      `json:"recipients"`
	Released    *noticeReleased `json:"released"`
	Hold        *noticeHold     `json:"hold" doc:"what legal recorded of law enforcement's request to delay"`
	StartedBy   string          `json:"started_by"`
	StartedAt   time.Time       `json:"started_at"`
	EndedAt     *time.Time      `json:"ended_at"`
	Reason      *string         `json:"reason" doc:"of the withdrawal"`
}

type noticeText struct {
	Lang      string    `json:"lang"`
	Variant   string    `json:"variant" doc:"empty: the master text of its language"`
	Version   int       `json:"version"`
	Subject   string    `json:"subject"`
	Body      string    `json:"body" doc:"Markdown with merge fields"`
	Template  *string   `json:"template"`
	WrittenBy string    `json:"written_by"`
	WrittenAt time.Time `json:"written_at"`
}

type noticeFile struct {
	File   string `json:"file" doc:"id of the incident's file"`
	Name   string `json:"name"`
	Media  string `json:"media"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// noticeSettings say how it is sent.
type noticeSettings struct {
	Channels         []string   `json:"channels" doc:"in the order of use; who is reached by none of them is reached by mail, call or letter: email, page, webhook, letter, phone, handed_over" nullable:"false"`
	EmbargoAt        *time.Time `json:"embargo_at,omitempty" doc:"not before this time"`
	Canary           int        `json:"canary,omitempty" doc:"so many recipients first; a new notice begins with the plan's number"`
	SecondAfterHours int        `json:"second_after_hours,omitempty" doc:"hours without acknowledgement until the second channel"`
	Second           string     `json:"second,omitempty" doc:"the second channel"`
	ReplyTo          string     `json:"reply_to,omitempty"`
}

type noticeRound struct {
	Bound     string      `json:"bound"`
	By        string      `json:"by" doc:"who submitted it"`
	At        time.Time   `json:"at"`
	Given     []noticeYes `json:"given" nullable:"false"`
	Emergency bool        `json:"emergency"`
	End       *string     `json:"end" doc:"returned or voided; null while it runs"`
	EndBy     *string     `json:"end_by"`
	EndAt     *time.Time  `json:"end_at"`
	Reason    *string     `json:"reason"`
}

type noticeYes struct {
	Person    string    `json:"person"`
	For       *string   `json:"for" doc:"whom they stood in for"`
	Roles     []string  `json:"roles" nullable:"false"`
	Emergency bool      `json:"emergency"`
	At        time.Time `json:"at"`
}

type noticeGate struct {
	Key    string `json:"key"`
	Title  string `json:"title"`
	Open   bool   `json:"open" doc:"nothing stands in the way"`
	Asks   bool   `json:"asks" doc:"it does not block; the release answers it"`
	Why    string `json:"why"`
	Remedy string `json:"remedy"`
}

type noticeList struct {
	ID          *string    `json:"id"`
	Count       int        `json:"count"`
	Gaps        int        `json:"gaps" doc:"of these have no contact"`
	SHA256      *string    `json:"sha256"`
	SignedOffBy *string    `json:"signed_off_by"`
	SignedOffAt *time.Time `json:"signed_off_at"`
}

type noticeReleased struct {
	At         time.Time `json:"at"`
	By         string    `json:"by"`
	Bound      string    `json:"bound"`
	Count      int       `json:"count"`
	Emergency  bool      `json:"emergency"`
	Rehearsed  bool      `json:"rehearsed" doc:"a drill: nothing was sent"`
	LateReason *string   `json:"late_reason"`
	Run        *string   `json:"run" doc:"of the sending"`
}

type noticeHold struct {
	Audiences []string  `json:"audiences" nullable:"false" doc:"those the request names"`
	Text      string    `json:"text" doc:"legal's direction"`
	By        string    `json:"by"`
	At        time.Time `json:"at"`
}

// The bodies.
type (
	noticeDraft struct {
		Audience  string   `json:"audience"`
		Purpose   string   `json:"purpose,omitempty" doc:"default first"`
		Follows   int      `json:"follows,omitempty" doc:"number of the earlier notice"`
		Lang      string   `json:"lang,omitempty" doc:"default en"`
		Template  string   `json:"template,omitempty" doc:"default the built-in one"`
		Subject   string   `json:"subject,omitempty"`
		Body      string   `json:"body,omitempty"`
		Voluntary bool     `json:"voluntary,omitempty"`
		Duties    []string `json:"duties,omitempty" doc:"default: all open ones owed to the audience"`
	}
	noticeWords struct {
		Subject string `json:"subject"`
		Body    string `json:"body"`
		Version int    `json:"version,omitempty" doc:"of the text you have read; 0 for a new language or variant"`
		// For stays as it is where none is given.
		For *noticeFor `json:"for,omitempty" doc:"who gets the variant; none: as it is"`
	}
	noticeKeys struct {
		Duties []string `json:"duties"`
	}
	noticeAttach struct {
		File string `json:"file" doc:"id of the file"`
	}
	noticeApproval struct {
		Bound     string `json:"bound" doc:"SHA-256 of what you have read"`
		For       string `json:"for,omitempty" doc:"the person who named you as deputy"`
		Emergency bool   `json:"emergency,omitempty" doc:"as the plan's named deputy of legal or executive"`
		Reason    string `json:"reason,omitempty" doc:"of the emergency"`
	}
	noticeReturn struct {
		Bound  string `json:"bound" doc:"SHA-256 of what you have read"`
		Reason string `json:"reason"`
	}
	noticeGo struct {
		Bound      string `json:"bound" doc:"SHA-256 of what you have read"`
		LateReason string `json:"late_reason,omitempty" doc:"asked when a duty is past due"`
	}
	noticeNamed struct {
		Audiences []string `json:"audiences,omitempty"`
		Text      string   `json:"text"`
	}
)

// NoticeRef names one notice.
type NoticeRef struct {
	Ref
	No int `path:"no" minimum:"1" maximum:"1000000" doc:"number of the notice in its incident"`
}

// NoticeTextRef names one text of a notice.
type NoticeTextRef struct {
	NoticeRef
	Lang    string `path:"lang" maxLength:"35" example:"en"`
	Variant string `query:"variant" maxLength:"40" doc:"default: the master text of the language"`
}

// NoticeFileRef names one attachment.
type NoticeFileRef struct {
	NoticeRef
	File string `path:"file" maxLength:"100" doc:"id of the file"`
}

func wireNotice(ref string) func(n notice.Notice) noticeHead {
	return func(n notice.Notice) noticeHead {
		out := noticeHead{
			No: n.No, Incident: ref, Drill: n.Drill, Audience: string(n.Audience), Purpose: string(n.Purpose), State: string(n.State),
			Title: n.Title(), Voluntary: n.Voluntary, Duties: append([]string{}, n.Duties...), UpdatedAt: n.UpdatedAt.UTC(), Version: n.Version,
		}
		if n.Follows > 0 {
			out.Follows = &n.Follows
		}
		if k := len(n.Rounds); k > 0 && n.Rounds[k-1].End == "" {
			out.Emergency = n.Rounds[k-1].Emergency()
		}
		return out
	}
}

func wireText(t notice.Text) noticeText {
	return noticeText{
		Lang: t.Lang, Variant: t.Variant, Version: t.Version, Subject: t.Subject, Body: t.Body, Template: orNull(t.Template),
		WrittenBy: t.By, WrittenAt: t.At.UTC(),
	}
}

func wireNoticeView(v notice.View) noticeFull {
	s := v.Settings
	out := noticeFull{
		noticeHead: wireNotice(v.Ref)(v.Notice), Lang: v.Lang, Texts: []noticeText{}, Attachments: []noticeFile{},
		Settings: noticeSettings{
			Channels: append([]string{}, s.Channels...), EmbargoAt: stamp(s.EmbargoAt), Canary: s.Canary,
			SecondAfterHours: s.SecondAfterHours, Second: s.Second, ReplyTo: s.ReplyTo,
		},
		Authors: append([]string{}, v.Authors...), Bound: v.Bound, Needs: v.Needs.By, Missing: v.Missing, Asked: append([]string{}, v.Asked...),
		Variants: []noticeVariant{}, Rounds: []noticeRound{}, Gates: []noticeGate{}, StartedBy: v.StartedBy, StartedAt: v.StartedAt.UTC(), EndedAt: stamp(v.EndedAt), Reason: orNull(v.Reason),
		Recipients: noticeList{
			ID: orNull(v.List.ID), Count: v.List.Count, Gaps: v.List.Gaps, SHA256: orNull(v.List.Hash), SignedOffBy: orNull(v.List.SignedOffBy),
			SignedOffAt: stamp(v.List.SignedOffAt),
		},
	}
	for _, t := range v.Texts {
		out.Texts = append(out.Texts, wireText(t))
	}
	for _, name := range v.VariantNames() {
		w := v.Variants[name]
		out.Variants = append(out.Variants, noticeVariant{name, noticeFor(w), w.String()})
	}
	for _, a := range v.Files {
		out.Attachments = append(out.Attachments, noticeFile{a.ID, a.Name, a.Media, a.SHA256, a.Size})
	}
	for _, r := range v.Rounds {
		out.Rounds = append(out.Rounds, wireRound(r))
	}
	for _, g := range v.Gates {
		out.Gates = append(out.Gates, noticeGate{g.Key, g.Title, g.Open, g.Asks, g.Why, g.Remedy})
	}
	if r := v.Release; r != nil {
		out.Released = &noticeReleased{r.At.UTC(), r.By, r.Bound, r.Count, r.Emergency, r.Rehearsed, orNull(r.LateReason), orNull(r.Run)}
	}
	if v.Hold != nil {
		h := wireHold(*v.Hold)
		out.Hold = &h
	}
	return out
}

func wireRound(r notice.Round) noticeRound {
	out := noticeRound{
		Bound: r.Bound, By: r.By, At: r.At.UTC(), Given: []noticeYes{}, Emergency: r.Emergency(), End: orNull(r.End), EndBy: orNull(r.EndBy),
		EndAt: stamp(r.EndAt), Reason: orNull(r.Reason),
	}
	for _, y := range r.Given {
		out.Given = append(out.Given, wireYes(y))
	}
	return out
}

func wireYes(y approval.Yes) noticeYes {
	return noticeYes{y.Person, orNull(y.For), append([]string{}, y.Roles...), y.Emergency, y.At.UTC()}
}

func wireHold(h notice.Hold) noticeHold {
	out := noticeHold{Audiences: []string{}, Text: h.Text, By: h.By, At: h.At.UTC()}
	for _, a := range h.Audiences {
		out.Audiences = append(out.Audiences, string(a))
	}
	return out
}

func noticePath(ref string, no int) string {
	return base + "/incidents/" + ref + "/notices/" + strconv.Itoa(no)
}

const (
	noticesPath   = base + "/incidents/{ref}/notices"
	oneNoticePath = noticesPath + "/{no}"
	noticeTag     = "Notices"
)

// noticeNow answers with a notice as the caller sees it after a change.
func (f *face) noticeNow(ctx context.Context, c *call, ref string, n notice.Notice, err error) (noticeFull, error) {
	if err != nil {
		return noticeFull{}, err
	}
	v, err := f.Notices.Get(ctx, c.by, ref, n.No)
	if err != nil {
		return noticeFull{}, err
	}
	c.etag(v.Version)
	return wireNoticeView(v), nil
}

func (f *face) notices() {
	handle(f, op{
		method: http.MethodGet, path: noticesPath, id: "list-notices", tag: noticeTag, summary: "List the notices of an incident",
		text: "Newest first, all of them. Needs notice.read.",
	}, func(ctx context.Context, c *call, p *Ref) (list[noticeHead], error) {
		items, err := f.Notices.List(ctx, c.by, p.Ref)
		if err != nil {
			return list[noticeHead]{}, err
		}
		return listOf(items, "", wireNotice(p.Ref)), nil
	})
	take(f, op{
		method: http.MethodPost, path: noticesPath, id: "start-notice", tag: noticeTag, summary: "Start a notice", creates: true,
		text: "From a template, or with a subject and a body. An update, correction, withdrawal or resolved follows a notice that was sent, and goes to those who got it. Needs notice.write.",
	}, func(ctx context.Context, c *call, p *Ref, b *noticeDraft) (noticeFull, error) {
		n, err := f.Notices.Start(ctx, c.by, p.Ref, notice.Start{
			Audience: notice.Audience(b.Audience), Purpose: notice.Purpose(b.Purpose), Follows: b.Follows, Lang: b.Lang, Template: b.Template,
			Subject: b.Subject, Body: b.Body, Voluntary: b.Voluntary, Duties: b.Duties,
		})
		out, err := f.noticeNow(ctx, c, p.Ref, n, err)
		if err == nil {
			c.created(noticePath(p.Ref, n.No))
		}
		return out, err
	})
	handle(f, op{
		method: http.MethodGet, path: oneNoticePath, id: "get-notice", tag: noticeTag, summary: "Read one notice",
		text: "With its texts, approvals and gates. Answers with an ETag. Needs notice.read.",
	}, func(ctx context.Context, c *call, p *NoticeRef) (noticeFull, error) {
		return f.noticeNow(ctx, c, p.Ref.Ref, notice.Notice{No: p.No}, nil)
	})
	f.noticeTexts()
	f.noticeParts()
	f.noticeCourse()
	type waiting struct {
		noticeHead
		For *string  `json:"for" doc:"whom you stand in for"`
		As  []string `json:"as" doc:"roles your yes counts for" nullable:"false"`
	}
	handle(f, op{
		method: http.MethodGet, path: base + "/notices/waiting", id: "list-waiting-notices", tag: noticeTag, summary: "List the notices that wait for your yes",
		text: "Of all incidents, the longest waiting first. Needs notice.read.",
	}, func(ctx context.Context, c *call, _ *none) (list[waiting], error) {
		items, err := f.Notices.Waiting(ctx, c.by)
		if err != nil {
			return list[waiting]{}, err
		}
		return listOf(items, "", func(w notice.Waiting) waiting {
			return waiting{wireNotice(w.Ref)(w.Notice), orNull(w.For), append([]string{}, w.As...)}
		}), nil
	})
}

func (f *face) noticeTexts() {
	const path = oneNoticePath + "/texts/{lang}"
	handle(f, op{
		method: http.MethodGet, path: path, id: "list-notice-texts", tag: noticeTag, summary: "List every version of a text",
		text: "Newest first. Needs notice.read.",
	}, func(ctx context.Context, c *call, p *NoticeTextRef) (list[noticeText], error) {
		items, err := f.Notices.Versions(ctx, c.by, p.Ref.Ref, p.No, p.Lang, p.Variant)
		if err != nil {
			return list[noticeText]{}, err
		}
		return listOf(items, "", wireText), nil
	})
	take(f, op{
		method: http.MethodPut, path: path, id: "write-notice-text", tag: noticeTag, summary: "Write a new version of a text",
		text: "412 when it has changed since the version you have read. A change voids approvals. Needs notice.write.",
	}, func(ctx context.Context, c *call, p *NoticeTextRef, b *noticeWords) (noticeFull, error) {
		in := notice.TextInput{Lang: p.Lang, Variant: p.Variant, Subject: b.Subject, Body: b.Body, IfVersion: b.Version}
		if b.For != nil {
			in.For = whom.For(*b.For)
		}
		n, err := f.Notices.WriteText(ctx, c.by, p.Ref.Ref, p.No, in)
		return f.noticeNow(ctx, c, p.Ref.Ref, n, err)
	})
	handle(f, op{
		method: http.MethodDelete, path: path, id: "remove-notice-text", tag: noticeTag, summary: "Take a language or variant out",
		text: "The master text stays. A change voids approvals. Needs notice.write.",
	}, func(ctx context.Context, c *call, p *NoticeTextRef) (noticeFull, error) {
		n, err := f.Notices.RemoveText(ctx, c.by, p.Ref.Ref, p.No, p.Lang, p.Variant)
		return f.noticeNow(ctx, c, p.Ref.Ref, n, err)
	})
}

func (f *face) noticeParts() {
	take(f, op{
		method: http.MethodPut, path: oneNoticePath + "/settings", id: "set-notice", tag: noticeTag, summary: "Change how it is sent", open: withIfMatch,
		text: "Replaces all settings. A change voids approvals. Needs notice.write.",
	}, func(ctx context.Context, c *call, p *NoticeRef, b *noticeSettings) (noticeFull, error) {
		in := notice.Settings{
			Channels: b.Channels, Canary: b.Canary, SecondAfterHours: b.SecondAfterHours, Second: b.Second, ReplyTo: b.ReplyTo,
		}
		if b.EmbargoAt != nil {
			in.EmbargoAt = *b.EmbargoAt
		}
		v, err := c.ifMatch()
		if err != nil {
			return noticeFull{}, err
		}
		n, err := f.Notices.Set(ctx, c.by, p.Ref.Ref, p.No, in, v)
		return f.noticeNow(ctx, c, p.Ref.Ref, n, err)
	})
	take(f, op{
		method: http.MethodPut, path: oneNoticePath + "/duties", id: "tie-notice", tag: noticeTag, summary: "Name the duties it serves",
		text: "None makes it voluntary. Needs notice.write.",
	}, func(ctx context.Context, c *call, p *NoticeRef, b *noticeKeys) (noticeFull, error) {
		n, err := f.Notices.Tie(ctx, c.by, p.Ref.Ref, p.No, b.Duties)
		return f.noticeNow(ctx, c, p.Ref.Ref, n, err)
	})
	take(f, op{
		method: http.MethodPost, path: oneNoticePath + "/attachments", id: "attach-to-notice", tag: noticeTag, summary: "Attach a file of the incident",
		text: "A change voids approvals. Needs notice.write.",
	}, func(ctx context.Context, c *call, p *NoticeRef, b *noticeAttach) (noticeFull, error) {
		n, err := f.Notices.Attach(ctx, c.by, p.Ref.Ref, p.No, b.File)
		return f.noticeNow(ctx, c, p.Ref.Ref, n, err)
	})
	handle(f, op{
		method: http.MethodDelete, path: oneNoticePath + "/attachments/{file}", id: "detach-from-notice", tag: noticeTag, summary: "Take an attachment off",
		text: "A change voids approvals. Needs notice.write.",
	}, func(ctx context.Context, c *call, p *NoticeFileRef) (noticeFull, error) {
		n, err := f.Notices.Detach(ctx, c.by, p.Ref.Ref, p.No, p.File)
		return f.noticeNow(ctx, c, p.Ref.Ref, n, err)
	})
	take(f, op{
		method: http.MethodPost, path: base + "/incidents/{ref}/hold", id: "name-hold", tag: noticeTag, summary: "Record whom a law-enforcement hold concerns",
		text: "Legal was consulted: the audiences that law enforcement's request to delay names. Until then it blocks all but law enforcement itself. Legal alone; needs notice.approve.",
	}, func(ctx context.Context, c *call, p *Ref, b *noticeNamed) (noticeHold, error) {
		in := notice.HoldInput{Text: b.Text}
		for _, a := range b.Audiences {
			in.Audiences = append(in.Audiences, notice.Audience(a))
		}
		h, err := f.Notices.NameHold(ctx, c.by, p.Ref, in)
		return wireHold(h), err
	})
}

func (f *face) noticeCourse() {
	handle(f, op{
		method: http.MethodPost, path: oneNoticePath + "/submit", id: "submit-notice", tag: noticeTag, summary: "Freeze it and ask for approval", open: withIfMatch,
		text: "Tells those whose yes is needed. Needs notice.write.",
	}, func(ctx context.Context, c *call, p *NoticeRef) (noticeFull, error) {
		v, err := c.ifMatch()
		if err != nil {
			return noticeFull{}, err
		}
		n, err := f.Notices.Submit(ctx, c.by, p.Ref.Ref, p.No, v)
		return f.noticeNow(ctx, c, p.Ref.Ref, n, err)
	})
	take(f, op{
		method: http.MethodPost, path: oneNoticePath + "/approve", id: "approve-notice", tag: noticeTag, summary: "Approve exactly these bytes",
		text: "Names the SHA-256 you have read; 412 when it is not that of what stands there now. Nobody approves what they wrote, and no person counts twice. Needs notice.approve, or being the deputy of somebody who has it.",
	}, func(ctx context.Context, c *call, p *NoticeRef, b *noticeApproval) (noticeFull, error) {
		n, err := f.Notices.Approve(ctx, c.by, p.Ref.Ref, p.No, notice.Approve{Bound: b.Bound, For: b.For, Emergency: b.Emergency, Reason: b.Reason})
		return f.noticeNow(ctx, c, p.Ref.Ref, n, err)
	})
	take(f, op{
		method: http.MethodPost, path: oneNoticePath + "/return", id: "return-notice", tag: noticeTag, summary: "Send it back with a reason",
		text: "Whoever may approve it may also do this after their yes, until it leaves.",
	}, func(ctx context.Context, c *call, p *NoticeRef, b *noticeReturn) (noticeFull, error) {
		n, err := f.Notices.Return(ctx, c.by, p.Ref.Ref, p.No, b.Bound, b.Reason)
		return f.noticeNow(ctx, c, p.Ref.Ref, n, err)
	})
	take(f, op{
		method: http.MethodPost, path: oneNoticePath + "/release", id: "release-notice", tag: noticeTag, summary: "Let it leave",
		text: "409 names every gate that is shut, with the remedy. A drill is rehearsed and sends nothing. Needs notice.release; a statement to the press is the spokesperson's, one approved in an emergency that of the plan's deputies.",
	}, func(ctx context.Context, c *call, p *NoticeRef, b *noticeGo) (noticeFull, error) {
		n, err := f.Notices.Release(ctx, c.by, p.Ref.Ref, p.No, notice.Go{Bound: b.Bound, LateReason: b.LateReason})
		return f.noticeNow(ctx, c, p.Ref.Ref, n, err)
	})
	take(f, op{
		method: http.MethodPost, path: oneNoticePath + "/withdraw", id: "withdraw-notice", tag: noticeTag, summary: "Give up a notice that was not sent",
		text: "Needs notice.write.",
	}, func(ctx context.Context, c *call, p *NoticeRef, b *because) (noticeFull, error) {
		n, err := f.Notices.Withdraw(ctx, c.by, p.Ref.Ref, p.No, b.Reason)
		return f.noticeNow(ctx, c, p.Ref.Ref, n, err)
	})
}
