package notice

import (
	"context"
	"fmt"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/kept"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/notify/notice/value"
)

// values are what is known for the fields of a notice: the record, and the notice itself.
// Its date is that of the submission, so that it does not move with every reading.
func (s *Service) values(ctx context.Context, r store.Reader, st incident.State, n Notice) (text.Values, error) {
	dir, err := s.Directory.Snapshot(r)
	if err != nil {
		return nil, err
	}
	tied, err := s.tied(ctx, r, n)
	if err != nil {
		return nil, err
	}
	t := value.Telling{Reference: reference(st, n.No), Date: s.clk.Now(), Duty: value.Basis(tied)}
	if round := n.Round(); round != nil {
		t.Date = round.At
	}
	if n.Follows > 0 {
		earlier, err := kept.ByNo(ctx, r, n.Incident, n.Follows)
		if err != nil {
			return nil, fmt.Errorf("read what notice %s follows: %w", n.ID, err)
		}
		t.EarlierReference = reference(st, n.Follows)
		if earlier.Release != nil {
			t.Earlier = earlier.Release.At
		}
	}
	return value.Both(value.OfIncident(st, dir, value.Whose(n.Settings.ReplyTo, tied)), value.OfNotice(t)), nil
}

// zone is in which the times of a notice are said.
func (s *Service) zone(r store.Reader, st incident.State, n Notice, tied []duty.Duty) (string, error) {
	dir, err := s.Directory.Snapshot(r)
	return value.Zone(st, dir, value.Whose(n.Settings.ReplyTo, tied).Entity).String(), err
}

// reference is what readers outside quote.
func reference(st incident.State, no int) string { return fmt.Sprintf("%s/%d", st.Ref, no) }
