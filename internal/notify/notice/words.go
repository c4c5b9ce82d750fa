package notice

import (
	"context"
	"fmt"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/notify/notice/value"
)

// source is a text in Markdown with merge fields, as it is written.
type source struct {
	Lang, Subject, Body string
	template            string
}

// maxSubject is what a mail's subject and a line of a list hold.
const maxSubject = 200

// check refuses what could not be sent: an unknown field is found while writing.
func (src source) check() error {
	f := check.Text(nil, "subject", src.Subject, maxSubject, true)
	f = check.Text(f, "body", src.Body, check.Screen, true)
	if err := fault.Invalids(f...); err != nil {
		return err
	}
	_, err := text.Parse(text.Source{Lang: src.Lang, Subject: src.Subject, Body: src.Body})
	return err
}

// template is the start of a text: the operator's, or a built-in one.
func (s *Service) template(a Audience, p Purpose, lang, id string) (source, error) {
	t, ok := s.Templates.Pick(string(a), string(p), lang, id)
	if !ok {
		return source{}, fault.InvalidField("template", "is no template there is; wakebell templates ls lists them")
	}
	return source{Lang: lang, Subject: t.Subject, Body: t.Body, template: t.ID + " " + t.Lang + " " + t.Version}, nil
}

// telling is what a notice says of itself.
func (s *Service) telling(ctx context.Context, r store.Reader, st incident.State, n Notice) (value.Telling, error) {
	t := value.Telling{Reference: fmt.Sprintf("%s/%d", st.Ref, n.No), Date: s.clk.Now()}
	if n.Follows == 0 {
		return t, nil
	}
	earlier, err := byNo(ctx, r, st.ID, n.Follows)
	if err != nil {
		return t, err
	}
	t.EarlierReference = fmt.Sprintf("%s/%d", st.Ref, earlier.No)
	if earlier.Release != nil {
		t.Earlier = earlier.Release.At
	}
	return t, nil
}
