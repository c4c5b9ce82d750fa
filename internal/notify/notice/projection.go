package notice

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/notify/notice/kept"
)

// Kinds, Tables and Project make the service a record.Projector.
func (*Service) Kinds() []record.Kind { return Kinds() }

// Tables are the projections of this room.
func (*Service) Tables() []*row.Table { return kept.Tables() }

// Project brings the tables up to an entry.
func (*Service) Project(x row.Rows, e record.Entry) error {
	_, err := kept.Project(x, e)
	return err
}

// Reproject makes the notices of an incident anew from the ledger, after an erasure. It is
// refused as fault.Conflict while another change of them has no number yet; try again.
func (s *Service) Reproject(ctx context.Context, tx *store.Tx, incident string) error {
	before, err := kept.Changes(ctx, tx, incident)
	if err != nil || before == 0 {
		return err
	}
	entries, err := s.led.Subject(ctx, tx, incident, 0, 0)
	if err != nil {
		return err
	}
	if err := kept.Forget(tx, incident); err != nil {
		return err
	}
	for _, e := range entries {
		if !slices.ContainsFunc(Kinds(), func(k record.Kind) bool { return k.Name == e.Kind }) {
			continue
		}
		if err := s.Project(row.Live(tx), e); err != nil {
			return fmt.Errorf("project the notices of %s again: %w", incident, err)
		}
	}
	if after, err := kept.Changes(ctx, tx, incident); err != nil || after != before {
		return errors.Join(err, fault.New(fault.Conflict, "the notices of the incident are being changed; try again"))
	}
	return nil
}
