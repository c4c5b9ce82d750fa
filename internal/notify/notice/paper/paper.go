// Package paper is what of a notice is printed or exported: letters in one file, a list of
// calls, the delivery report, and the facts a customer needs for an authority of their own.
// It carries out policy 003 ("Required notification and communication … must take place in
// a timely manner", also where a letter or a call is the way) and policy 000 (the proof of
// it): what was made is recorded by its checksum.
//
// It reads notices and sending and writes through the sending's own service. It must not
// import respond, learn or a face.
package paper

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// Deps is what papers are made from.
type Deps struct {
	Notices   *notice.Service
	Dispatch  *dispatch.Service
	Directory *directory.Service
	DB        *store.DB
	Clock     *clock.Clock
}

// Service makes papers. Every method checks the permission first.
type Service struct{ Deps }

// New returns the service.
func New(d Deps) *Service { return &Service{d} }

// Made is a paper that was written out.
type Made struct {
	SHA256 string `json:"sha256"`
	Lines  int    `json:"lines"` // letters, calls or recipients in it
}

// Sent is a notice with the course of its sending.
type Sent struct {
	Notice notice.View
	dispatch.Progress
}

// Number is what stands for the notice outside, such as INC-2026-0142/2.
func (s Sent) Number() string { return fmt.Sprintf("%s/%d", s.Notice.Ref, s.Notice.No) }

// Of reads a notice that is being sent; NotFound before its release. Permission notice.read.
func (s *Service) Of(ctx context.Context, by who.Identity, ref string, no int) (Sent, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return Sent{}, err
	}
	v, err := s.Notices.Get(ctx, by, ref, no)
	if err != nil {
		return Sent{}, err
	}
	run, err := s.Dispatch.RunOf(ctx, by, v.ID)
	if err != nil {
		return Sent{}, err
	}
	p, err := s.Dispatch.Progress(ctx, by, run.ID)
	return Sent{v, p}, err
}

// zone is where the times of a run's texts are said.
func zone(run dispatch.Run) *time.Location {
	if z, err := time.LoadLocation(run.Zone); err == nil && run.Zone != "" {
		return z
	}
	return time.UTC
}

// day is a date as a language writes it.
func day(lang string, at time.Time, z *time.Location) string {
	t, err := text.Parse(text.Source{Lang: lang, Subject: "-", Body: "{{notice.date}}"})
	if err != nil {
		return at.In(z).Format(time.DateOnly)
	}
	said, _ := t.Render(lang, z, text.Values{"notice.date": {Known: true, At: at}}, nil)
	return strings.TrimSpace(said.Text)
}

// moment is an instant for our own people: in the run's zone and in UTC.
func moment(at time.Time, z *time.Location) string {
	if at.IsZero() {
		return ""
	}
	utc := at.UTC().Format("2006-01-02 15:04 UTC")
	if z == time.UTC {
		return utc
	}
	return at.In(z).Format("2006-01-02 15:04 MST") + " (" + utc + ")"
}

// hashed is a writer that knows the checksum of what went through it.
type hashed struct {
	io.Writer
	h hash.Hash
}

func newHashed(w io.Writer) hashed {
	h := sha256.New()
	return hashed{io.MultiWriter(w, h), h}
}

func (h hashed) sum() string { return hex.EncodeToString(h.h.Sum(nil)) }

// each reads the recipients of a run in the order of its list, a page at a time.
func (s *Service) each(ctx context.Context, by who.Identity, list string, f dispatch.Filter, fn func(r dispatch.Recipient) error) error {
	for cursor := ""; ; {
		page, next, err := s.Dispatch.Recipients(ctx, by, list, f, cursor, who.PageLimit)
		if err != nil {
			return err
		}
		for _, r := range page {
			if err := fn(r); err != nil {
				return err
			}
		}
		if cursor = next; next == "" {
			return nil
		}
	}
}

// postal is the contact of a recipient that a letter goes to; false: there is none.
func postal(r dispatch.Recipient) (dispatch.Contact, bool) {
	if c := r.Contact(); c.Postal != "" {
		return c, true
	}
	i := slices.IndexFunc(r.Contacts, func(c dispatch.Contact) bool { return c.Postal != "" })
	if i < 0 {
		return dispatch.Contact{}, false
	}
	return r.Contacts[i], true
}

// errTooMany refuses a file nobody could handle.
func errTooMany(most int) error {
	return fault.Newf(fault.TooLarge, "These are more than %d at once. Choose some of them", most)
}
