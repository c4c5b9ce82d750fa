package notice

import (
	"context"
	"regexp"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/notify/notice/course"
)

var itemShape = regexp.MustCompile(`^[a-z0-9_]{1,80}$`)

// Tick says where the text says what the law asks for: quote are words of it, or "not yet: "
// and the reason, or "" to take the tick away. Package text checks that a quote stands in
// the text. A tick voids no approval: it changes nothing that is sent. Permission
// notice.write.
func (s *Service) Tick(ctx context.Context, by who.Identity, ref string, no int, item, quote string) (Notice, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return Notice{}, err
	}
	const longest = 1000
	f := check.Text(nil, "quote", quote, longest, false)
	if !itemShape.MatchString(item) {
		f = append(f, fault.Field{Field: "item", Message: "is no word of what a notice must contain"})
	}
	if err := fault.Invalids(f...); err != nil {
		return Notice{}, err
	}
	quote = strings.TrimSpace(quote)
	return s.change(ctx, by, "notice.tick", ref, no, func(c *change) error {
		if err := c.editable(); err != nil {
			return err
		}
		if c.n.Ticks[item] == quote {
			return nil
		}
		return c.record(course.KindTicked, course.Ticked{On: c.on(), Item: item, Quote: quote})
	})
}

// Try sends a text to the one who asks, and to nobody else. Subject and text are as a
// recipient would read them. Permission notice.write.
func (s *Service) Try(ctx context.Context, by who.Identity, ref string, no int, subject, text string) (Notice, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return Notice{}, err
	}
	return s.change(ctx, by, "notice.try", ref, no, func(c *change) error {
		p, err := s.Directory.Snapshot(c.tx)
		if err != nil {
			return err
		}
		to := p.People[by.Person].Email
		if by.Person == "" || to == "" {
			return fault.New(fault.Conflict, "A test goes to your own address, and the directory has none for you; add it there")
		}
		_, err = s.Outbox.Enqueue(c.tx, mail.Message{
			To: []string{to}, Subject: "[Test] " + subject, About: c.st.Ref, Drill: c.n.Drill,
			Text: "This is a test that goes to you alone. Nobody else got it.\n\n" + text + "\n",
		})
		return err
	})
}
