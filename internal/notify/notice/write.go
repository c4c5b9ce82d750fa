package notice

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/notify/notice/agree"
	"github.com/wakebell/wakebell/internal/notify/notice/course"
	"github.com/wakebell/wakebell/internal/notify/notice/kept"
	"github.com/wakebell/wakebell/internal/notify/notice/setting"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/notify/notice/whom"
)

// Start is what a notice begins with.
type Start struct {
	Audience  Audience
	Purpose   Purpose // "" = first
	Follows   int     // no. of the earlier notice; needed by all purposes but first
	Lang      string  // "" = en
	Template  string  // "" = the built-in one, unless a text is given
	Subject   string
	Body      string
	Voluntary bool     // owed to nobody
	Duties    []string // keys; none = all open ones owed to the audience
}

// Start begins a notice. Permission notice.write.
func (s *Service) Start(ctx context.Context, by who.Identity, ref string, in Start) (Notice, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return Notice{}, err
	}
	if in.Purpose == "" {
		in.Purpose = First
	}
	if in.Lang == "" {
		in.Lang = "en"
	}
	src, err := s.source(in)
	if err != nil {
		return Notice{}, err
	}
	in.Lang = src.Lang // a template may be there in another language only
	return s.write(ctx, by, "notice.start", func(tx *store.Tx) (Notice, error) { return s.start(ctx, tx, by, ref, in, src) })
}

func (s *Service) start(ctx context.Context, tx *store.Tx, by who.Identity, ref string, in Start, src text.Template) (Notice, error) {
	st, err := s.Incidents.GetTx(tx, ref)
	if err != nil {
		return Notice{}, err
	}
	c := &change{s: s, ctx: ctx, tx: tx, by: by, st: st, now: s.clk.Now()}
	var earlier Notice
	if in.Follows > 0 {
		if earlier, err = kept.ByNo(ctx, tx, st.ID, in.Follows); fault.KindOf(err) == fault.NotFound {
			return Notice{}, fault.InvalidField("follows", "is no notice of this incident")
		} else if err != nil {
			return Notice{}, err
		}
		if err := setting.Follow(earlier, in.Audience); err != nil {
			return Notice{}, err
		}
	}
	b := course.Started{
		Audience: in.Audience, Purpose: in.Purpose, Follows: in.Follows, Voluntary: in.Voluntary, Drill: st.Kind == "drill", Lang: in.Lang,
		Settings: Settings{Channels: []string{"email"}},
	}
	if !in.Audience.NeedsList() {
		b.Settings.Channels = []string{"handed_over"}
	}
	if in.Follows > 0 { // the same people are reached the same way; all else is this notice's own
		b.Settings.Channels = earlier.Settings.Channels
	}
	if in.Audience.NeedsList() {
		p, err := s.Plans.At(tx, st.PlanVersion)
		if err != nil {
			return Notice{}, err
		}
		b.Settings.Canary = p.NoticeCanary
	}
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(no), 0) + 1 FROM notice WHERE incident_id = ?`, st.ID).Scan(&b.No); err != nil {
		return Notice{}, fmt.Errorf("number a notice: %w", err)
	}
	b.Notice = ident.New(c.now)
	if b.Duties, err = c.owed(in); err != nil {
		return Notice{}, err
	}
	b.Voluntary = len(b.Duties) == 0
	if err := c.record(course.KindStarted, b); err != nil {
		return Notice{}, err
	}
	if err := c.record(course.KindWritten, course.Written{
		On: c.on(), Lang: in.Lang, Version: 1, Template: src.ID, Subject: src.Subject, Body: src.Body,
	}); err != nil {
		return Notice{}, err
	}
	if in.Follows > 0 && s.post != nil && in.Audience.NeedsList() {
		if err := s.post.Carry(ctx, tx, by, earlier, c.n); err != nil {
			return Notice{}, err
		}
	}
	return c.n, nil
}

// source is the first text: the one given, or a template's.
func (s *Service) source(in Start) (text.Template, error) {
	f := check.OneOf(nil, "audience", in.Audience, Audiences()...)
	f = check.OneOf(f, "purpose", in.Purpose, Purposes()...)
	if in.Purpose != First && in.Follows == 0 {
		f = append(f, fault.Field{Field: "follows", Message: "is needed: say which earlier notice this one follows"})
	}
	if in.Purpose == First && in.Follows != 0 {
		f = append(f, fault.Field{Field: "purpose", Message: "of a notice that follows another is update, correction, withdrawal or resolved"})
	}
	if in.Voluntary && len(in.Duties) > 0 {
		f = append(f, fault.Field{Field: "voluntary", Message: "cannot be said of a notice that is tied to duties"})
	}
	f = setting.Lang(f, "lang", in.Lang)
	if err := fault.Invalids(f...); err != nil {
		return text.Template{}, err
	}
	src := text.Template{Lang: in.Lang, Subject: in.Subject, Body: in.Body}
	if in.Subject == "" && in.Body == "" {
		var err error
		if src, err = s.Templates.Begin(string(in.Audience), string(in.Purpose), in.Lang, in.Template); err != nil {
			return src, err
		}
	}
	return src, agree.Check(src.Source())
}

// owed are the keys of the duties a notice is tied to.
func (c *change) owed(in Start) ([]string, error) {
	if in.Voluntary {
		return nil, nil
	}
	list, err := c.s.Duties.OpenDuties(c.ctx, c.tx, c.st.ID)
	if err != nil {
		return nil, err
	}
	if len(in.Duties) > 0 {
		return in.Duties, setting.Keys(in.Duties, in.Audience, list)
	}
	var keys []string
	for _, d := range list {
		if d.Outward && in.Audience.Serves(d.Recipient.Kind) {
			keys = append(keys, d.Key)
		}
	}
	return keys, nil
}

// TextInput is a new version of one text. IfVersion is the version it was made from, 0 for
// a language or variant that is new.
type TextInput struct {
	Lang, Variant string
	Subject, Body string
	IfVersion     int
	For           whom.For // who gets the variant; zero: as it is
}

// WriteText keeps a new version of one text. The same words change nothing. What was
// changed meanwhile is fault.Precondition. Permission notice.write.
func (s *Service) WriteText(ctx context.Context, by who.Identity, ref string, no int, in TextInput) (Notice, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return Notice{}, err
	}
	f := setting.Lang(nil, "lang", in.Lang)
	if in.Variant != "" && !setting.Variant(in.Variant) {
		f = append(f, fault.Field{Field: "variant", Message: "must be 1 to 40 of a-z, 0-9 and -"})
	}
	f = setting.For(f, in.Variant, in.For)
	if err := fault.Invalids(f...); err != nil {
		return Notice{}, err
	}
	if err := agree.Check(text.Source{Lang: in.Lang, Subject: in.Subject, Body: in.Body}); err != nil {
		return Notice{}, err
	}
	return s.change(ctx, by, "notice.text", ref, no, func(c *change) error {
		if err := c.editable(); err != nil {
			return err
		}
		if err := c.meant(in); err != nil {
			return err
		}
		t, there := c.n.Text(in.Lang, in.Variant)
		if there && t.Subject == in.Subject && t.Body == in.Body {
			return nil
		}
		if in.IfVersion != t.Version {
			return fault.Newf(fault.Precondition, "This text was changed in the meantime (version %d); what you typed was not saved over it", t.Version)
		}
		v, err := c.lastVersion(in.Lang, in.Variant)
		if err != nil {
			return err
		}
		return c.edit(course.KindWritten, course.Written{
			On: c.on(), Lang: in.Lang, Variant: in.Variant, Version: v + 1, Template: t.Template, Subject: in.Subject, Body: in.Body,
		}, "text")
	})
}

// meant keeps who gets a variant.
func (c *change) meant(in TextInput) error {
	if in.For.Empty() || in.For.Equal(c.n.Variants[in.Variant]) {
		return nil
	}
	return c.edit(course.KindMeant, course.Meant{
		On: c.on(), Variant: in.Variant, Kinds: in.For.Kinds, Countries: in.For.Countries, Channels: in.For.Channels, Labels: in.For.Labels,
	}, "text")
}

// lastVersion is the highest version a text ever had; a removed one may come back.
func (c *change) lastVersion(lang, variant string) (v int, err error) {
	err = c.tx.QueryRow(c.ctx, `SELECT COALESCE(MAX(version), 0) FROM notice_text WHERE notice_id = ? AND lang = ? AND variant = ?`,
		c.n.ID, lang, variant).Scan(&v)
	return v, err
}

// RemoveText takes a language or variant out; the master text stays. Permission notice.write.
func (s *Service) RemoveText(ctx context.Context, by who.Identity, ref string, no int, lang, variant string) (Notice, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return Notice{}, err
	}
	return s.change(ctx, by, "notice.text_remove", ref, no, func(c *change) error {
		if err := c.editable(); err != nil {
			return err
		}
		if _, ok := c.n.Text(lang, variant); !ok {
			return fault.New(fault.NotFound, "There is no such text in this notice")
		}
		if lang == c.n.Lang && variant == "" {
			return fault.New(fault.Conflict, "The master text cannot be removed: all others fall back to it")
		}
		return c.edit(course.KindRemoved, course.Removed{On: c.on(), Lang: lang, Variant: variant}, "text")
	})
}

// Set changes how the notice is sent. Permission notice.write.
func (s *Service) Set(ctx context.Context, by who.Identity, ref string, no int, in Settings, ifVersion int64) (Notice, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return Notice{}, err
	}
	if !in.EmbargoAt.IsZero() {
		in.EmbargoAt = in.EmbargoAt.UTC().Truncate(time.Microsecond)
	}
	if err := setting.Check(in); err != nil {
		return Notice{}, err
	}
	return s.change(ctx, by, "notice.set", ref, no, func(c *change) error {
		if err := c.editable(); err != nil {
			return err
		}
		if err := c.ifVersion(ifVersion); err != nil {
			return err
		}
		if setting.Same(c.n.Settings, in) {
			return nil
		}
		b := course.Settled{On: c.on(), Settings: in, ReplyTo: in.ReplyTo}
		b.Settings.ReplyTo = "" // an address is private
		ways := !slices.Equal(c.n.Settings.Channels, in.Channels) || c.n.Settings.Second != in.Second
		if err := c.edit(course.KindSet, b, "settings"); err != nil || !ways || s.post == nil || !c.n.Audience.NeedsList() {
			return err
		}
		return s.post.Reroute(ctx, c.tx, by, c.n)
	})
}

// Tie names the duties that the notice serves; none makes it voluntary. It changes nothing
// that was approved. Permission notice.write.
func (s *Service) Tie(ctx context.Context, by who.Identity, ref string, no int, keys []string) (Notice, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return Notice{}, err
	}
	return s.change(ctx, by, "notice.tie", ref, no, func(c *change) error {
		if err := c.editable(); err != nil {
			return err
		}
		open, err := s.Duties.OpenDuties(ctx, c.tx, c.st.ID)
		if err != nil {
			return err
		}
		if err := setting.Keys(keys, c.n.Audience, open); err != nil {
			return err
		}
		if slices.Equal(keys, c.n.Duties) {
			return nil
		}
		return c.record(course.KindTied, course.Tied{On: c.on(), Duties: keys})
	})
}
