package notice

import (
	"context"
	"fmt"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/approval"
	"github.com/wakebell/wakebell/internal/notify/notice/course"
	"github.com/wakebell/wakebell/internal/notify/notice/gate"
	"github.com/wakebell/wakebell/internal/notify/notice/kept"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

// View is a notice as one person sees it.
type View struct {
	Notice
	Ref     string         // of the incident
	Needs   approval.Needs // whose yes it needs
	Missing [][]string     // of those, what is not given
	Asked   []string       // people whose yes could fill them
	Gates   []gate.Gate
	List    List
	Bound   string      // hash of the bytes as they are now
	Tied    []duty.Duty // open duties it may meet
	Late    []duty.Duty // of those, past due
	Hold    *Hold
	Values  text.Values // what is known for its fields
	Can     Can
}

// Can says what the viewer may press. Why says why not, where a button is missed.
type Can struct {
	Write, Submit   bool
	Approve, Return bool
	As              []string // roles the yes would count for
	For             string   // whom the viewer stands in for
	Emergency       []string // roles as the plan's named deputy
	Release         bool
	WhyNotApprove   string
	WhyNotRelease   string
}

// Get reads one notice. Permission notice.read.
func (s *Service) Get(ctx context.Context, by who.Identity, ref string, no int) (View, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return View{}, err
	}
	st, err := s.Incidents.GetTx(s.db, ref)
	if err != nil {
		return View{}, err
	}
	n, err := kept.ByNo(ctx, s.db, st.ID, no)
	if err != nil {
		return View{}, err
	}
	return s.view(ctx, by, st, n)
}

func (s *Service) view(ctx context.Context, by who.Identity, st incident.State, n Notice) (View, error) {
	v := View{Notice: n, Ref: st.Ref}
	cs, err := s.approvals(s.db, st, n)
	if err != nil {
		return v, err
	}
	v.Needs = approval.Of(cs.Plan, n.Audience.What())
	v.Needs.By = cs.Groups
	v.Missing, v.Asked = approval.Missing(cs.Groups, cs.Given), cs.Asked()
	if v.List, err = s.list(ctx, s.db, n); err != nil {
		return v, err
	}
	v.Bound = n.Content(v.List.Hash).Hash()
	if v.Tied, err = s.tied(ctx, s.db, n); err != nil {
		return v, err
	}
	v.Late = s.late(n, v.Tied)
	if v.Gates, err = s.gates(ctx, s.db, st, n, v.Tied); err != nil {
		return v, err
	}
	if v.Values, err = s.values(ctx, s.db, st, n, v.Tied); err != nil {
		return v, err
	}
	if h, found, err := kept.Hold(ctx, s.db, st.ID); err != nil {
		return v, err
	} else if found {
		v.Hold = &h
	}
	v.Can = s.can(by, st, v, cs)
	return v, nil
}

// can asks the same rules as the commands.
func (*Service) can(by who.Identity, st incident.State, v View, cs approval.Case) Can {
	open := v.State.Open()
	c := Can{Write: open && by.Has(who.PermNoticeWrite)}
	c.Submit = c.Write && (v.State == Draft || v.State == Returned) && (!v.Audience.NeedsList() || v.List.SignedOff())
	if v.State == Review {
		y, err := cs.Counts(by, "", false)
		c.Approve, c.As, c.For = err == nil, y.Roles, y.For
		if err != nil {
			c.WhyNotApprove = says(err)
		}
		if y, err := cs.Counts(by, "", true); err == nil {
			c.Emergency = y.Roles
		}
	}
	if open && v.Round() != nil {
		first := cs
		first.Given = nil
		_, err := first.Counts(by, "", false)
		_, deputy := first.Counts(by, "", true)
		c.Return = err == nil || deputy == nil
		if err := mayRelease(by, st, v.Notice, cs); err != nil {
			c.WhyNotRelease = says(err)
		} else if shut := gate.Shut(v.Gates); len(shut) > 0 {
			c.WhyNotRelease = shut[0].Why
		} else {
			c.Release = true
		}
	}
	return c
}

// List gives the notices of an incident by their number, newest first. Permission
// notice.read. An incident has few; they come at once.
func (s *Service) List(ctx context.Context, by who.Identity, ref string) ([]Notice, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return nil, err
	}
	st, err := s.Incidents.GetTx(s.db, ref)
	if err != nil {
		return nil, err
	}
	return kept.Query(ctx, s.db, `SELECT doc FROM notice WHERE incident_id = ? ORDER BY no DESC LIMIT 500`, st.ID)
}

// Versions gives every version of one text, newest first. Permission notice.read.
func (s *Service) Versions(ctx context.Context, by who.Identity, ref string, no int, lang, variant string) ([]Text, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return nil, err
	}
	st, err := s.Incidents.GetTx(s.db, ref)
	if err != nil {
		return nil, err
	}
	n, err := kept.ByNo(ctx, s.db, st.ID, no)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT version, template, written_by, written_at, subject, body FROM notice_text
		WHERE notice_id = ? AND lang = ? AND variant = ? ORDER BY version DESC LIMIT 500`, n.ID, lang, variant)
	if err != nil {
		return nil, fmt.Errorf("read the versions of a text: %w", err)
	}
	defer rows.Close()
	out := []Text{}
	for rows.Next() {
		t := Text{Lang: lang, Variant: variant}
		var at int64
		if err := rows.Scan(&t.Version, &t.Template, &t.By, &at, &t.Subject, &t.Body); err != nil {
			return nil, err
		}
		t.At = clock.FromMicros(at)
		out = append(out, t)
	}
	return out, rows.Err()
}

// Waiting is a notice that waits for somebody's yes.
type Waiting struct {
	Notice
	Ref string
	For string   // whom they stand in for
	As  []string // roles the yes counts for
}

// Waiting lists what waits for the viewer's yes, the oldest first. Permission notice.read.
func (s *Service) Waiting(ctx context.Context, by who.Identity) ([]Waiting, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return nil, err
	}
	list, err := kept.Query(ctx, s.db, `SELECT doc FROM notice WHERE state = ? ORDER BY updated_at, id LIMIT 500`, string(Review))
	if err != nil {
		return nil, err
	}
	out := []Waiting{}
	for _, n := range list {
		st, err := s.Incidents.GetTx(s.db, n.Incident)
		if err != nil {
			return nil, err
		}
		cs, err := s.approvals(s.db, st, n)
		if err != nil {
			return nil, err
		}
		if y, err := cs.Counts(by, "", false); err == nil {
			out = append(out, Waiting{Notice: n, Ref: st.Ref, For: y.For, As: y.Roles})
		}
	}
	return out, nil
}

// Listed is a notice with the reference of its incident.
type Listed struct {
	Notice
	Ref string
}

// InWork lists what is drafted, in review or approved in all incidents, newest first, at most
// who.PageLimit. Permission notice.read.
func (s *Service) InWork(ctx context.Context, by who.Identity) ([]Listed, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return nil, err
	}
	list, err := kept.Query(ctx, s.db, `SELECT doc FROM notice WHERE state IN (?, ?, ?, ?) ORDER BY updated_at DESC, id LIMIT ?`,
		string(Draft), string(Review), string(Returned), string(Approved), who.PageLimit)
	if err != nil {
		return nil, err
	}
	out := make([]Listed, len(list))
	for i, n := range list {
		st, err := s.Incidents.GetTx(s.db, n.Incident)
		if err != nil {
			return nil, err
		}
		out[i] = Listed{n, st.Ref}
	}
	return out, nil
}

// HoldOf is what legal recorded of law enforcement's request to delay; nil where nothing.
// Permission notice.read.
func (s *Service) HoldOf(ctx context.Context, by who.Identity, ref string) (*Hold, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return nil, err
	}
	st, err := s.Incidents.GetTx(s.db, ref)
	if err != nil {
		return nil, err
	}
	h, found, err := kept.Hold(ctx, s.db, st.ID)
	if err != nil || !found {
		return nil, err
	}
	return &h, nil
}

// Unresolved lists the newest notice of each audience that was told and has not been told
// yet that it is resolved. Asked at the close of an incident. Permission notice.read.
func (s *Service) Unresolved(ctx context.Context, by who.Identity, ref string) ([]Notice, error) {
	list, err := s.List(ctx, by, ref)
	if err != nil {
		return nil, err
	}
	return course.Unresolved(list), nil
}

// Ways are the channels of a notice, in the order of use, and the second. It needs no
// permission: the room that keeps the lists asks.
func (s *Service) Ways(ctx context.Context, r store.Reader, id string) (channels []string, second string, err error) {
	n, err := kept.ByID(ctx, r, id)
	return n.Settings.Channels, n.Settings.Second, err
}

// says is what an error tells people.
func says(err error) string {
	text, _ := fault.MessageOf(err)
	return text
}
