// Package shelf holds the templates a notice may begin with: those that come with the
// program, and the operator's own in their place or beside them. It carries out policy 003
// ("The message sent to customers will be created by members of the Communications Team"):
// their wording is agreed before it is needed. It must not import a store or a face.
package shelf

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

// Shelf holds the templates. It is safe for use by many at once.
type Shelf struct{ list func() []text.Template }

// New reads the operator's folder, nil for none. The error joins everything that is wrong
// in it, each with file and line. The shipped templates are read when they are first
// asked for.
func New(own fs.FS) (*Shelf, error) {
	if own == nil {
		return &Shelf{list: sync.OnceValue(text.Templates)}, nil
	}
	list, problems := text.LoadTemplates(own, "")
	if len(problems) > 0 {
		errs := make([]error, len(problems))
		for i, p := range problems {
			errs[i] = p
		}
		return nil, fmt.Errorf("read the templates of notices: %w", errors.Join(errs...))
	}
	all := text.Override(text.Templates(), list)
	return &Shelf{list: func() []text.Template { return all }}, nil
}

// Filter narrows the list; empty words do not.
type Filter struct {
	Audience, Purpose, Lang string
	Own                     bool // only the operator's
}

// List returns the templates that match, by audience, purpose, id and language.
// Permission notice.read.
func (s *Shelf) List(by who.Identity, f Filter) ([]text.Template, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(s.list()), func(t text.Template) bool {
		return f.Audience != "" && t.Audience != f.Audience || f.Purpose != "" && t.Purpose != f.Purpose ||
			f.Lang != "" && !strings.EqualFold(t.Lang, f.Lang) || f.Own && !t.Own
	}), nil
}

// Find returns a template in every language it has. Permission notice.read.
func (s *Shelf) Find(by who.Identity, id string) ([]text.Template, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return nil, err
	}
	list := slices.DeleteFunc(slices.Clone(s.list()), func(t text.Template) bool { return t.ID != id })
	if len(list) == 0 {
		return nil, fault.New(fault.NotFound, "There is no template of this id")
	}
	return list, nil
}

// Pick returns the template a notice begins with: the one named by id, or the usual one of
// the audience and purpose; in the language, without its region, or in English.
func (s *Shelf) Pick(audience, purpose, lang, id string) (text.Template, bool) {
	if id == "" {
		return text.Pick(s.list(), audience, purpose, lang)
	}
	short, _, _ := strings.Cut(lang, "-")
	for _, l := range []string{lang, short, "en", ""} {
		for _, t := range s.list() {
			if t.ID == id && (l == "" || strings.EqualFold(t.Lang, l)) {
				return t, true
			}
		}
	}
	return text.Template{}, false
}

// Begin is Pick for a text that is begun; without a template, it names what to give instead.
func (s *Shelf) Begin(audience, purpose, lang, id string) (text.Template, error) {
	t, ok := s.Pick(audience, purpose, lang, id)
	switch {
	case ok:
		return t, nil
	case id != "":
		return t, fault.InvalidField("template", "is no template; list them, or leave it out")
	}
	const none = "is needed: there is no template for this audience and purpose"
	return t, fault.Invalids(fault.Field{Field: "subject", Message: none}, fault.Field{Field: "body", Message: none})
}
