package notice

import (
	"cmp"
	"context"
	"slices"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/notify/notice/course"
	"github.com/wakebell/wakebell/internal/notify/notice/kept"
	"github.com/wakebell/wakebell/internal/notify/notice/setting"
)

// Attach adds a file of the incident. Permission notice.write.
func (s *Service) Attach(ctx context.Context, by who.Identity, ref string, no int, fileID string) (Notice, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return Notice{}, err
	}
	return s.change(ctx, by, "notice.attach", ref, no, func(c *change) error {
		if err := c.editable(); err != nil {
			return err
		}
		f, err := s.Files.OneTx(ctx, c.tx, fileID)
		if fault.KindOf(err) == fault.NotFound || err == nil && f.Incident != c.st.ID {
			return fault.InvalidField("file", "is no file of this incident; add it to the timeline first")
		}
		if err != nil {
			return err
		}
		if err := setting.Attach(c.n, File{ID: f.ID, Name: f.Name, Media: f.Media, SHA256: f.SHA256, Size: f.Size}, f.Withdrawn() || f.Erased); err != nil {
			return err
		}
		return c.edit(course.KindAttached, course.Attached{
			On: c.on(), File: f.ID, Media: f.Media, SHA256: f.SHA256, Size: f.Size, Name: f.Name,
		}, "attachments")
	})
}

// gone are the attachments that were withdrawn or erased in the incident since, by name.
func (s *Service) gone(ctx context.Context, r store.Reader, n Notice) ([]string, error) {
	var out []string
	for _, a := range n.Files {
		f, err := s.Files.OneTx(ctx, r, a.ID)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return nil, err
		}
		if err != nil || f.Withdrawn() || f.Erased {
			out = append(out, cmp.Or(a.Name, "An attachment that was erased"))
		}
	}
	return out, nil
}

// OnFile follows a file of an incident that was withdrawn or erased: what was approved with
// it is void, and the notice cannot leave until it is taken off.
func (s *Service) OnFile(ctx context.Context, tx *store.Tx, by who.Identity, f file.File) error {
	if by.IsZero() {
		return fault.New(fault.Denied, "nobody asks")
	}
	list, err := kept.Query(ctx, tx, `SELECT doc FROM notice WHERE incident_id = ? ORDER BY no`, f.Incident)
	if err != nil {
		return err
	}
	for _, n := range list {
		with := slices.ContainsFunc(n.Files, func(a File) bool { return a.ID == f.ID })
		if !with || !n.State.Open() || n.Round() == nil {
			continue
		}
		st, err := s.Incidents.GetTx(tx, n.Incident)
		if err != nil {
			return err
		}
		c := &change{s: s, ctx: ctx, tx: tx, by: by, st: st, n: n, now: s.clk.Now()}
		if err := c.void("files"); err != nil {
			return err
		}
	}
	return nil
}

// Detach takes an attachment off. Permission notice.write.
func (s *Service) Detach(ctx context.Context, by who.Identity, ref string, no int, fileID string) (Notice, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return Notice{}, err
	}
	return s.change(ctx, by, "notice.detach", ref, no, func(c *change) error {
		if err := c.editable(); err != nil {
			return err
		}
		if !slices.ContainsFunc(c.n.Files, func(f File) bool { return f.ID == fileID }) {
			return fault.New(fault.NotFound, "This file is not attached")
		}
		return c.edit(course.KindDetached, course.Detached{On: c.on(), File: fileID}, "attachments")
	})
}
