package view

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident/check"
)

// Latest is the timeline from its end: newest first, as people read it while they work, and
// the cursor of the older part. With asOf it tells what was recorded by then. Its cost does
// not grow with the length of the timeline, unless a filter leaves little. Permission
// incident.read.
func (s *Service) Latest(ctx context.Context, by who.Identity, ref string, show Show, asOf time.Time, cursor string, limit int) ([]Line, string, error) {
	if err := who.Check(by, who.PermIncidentRead); err != nil {
		return nil, "", err
	}
	if show == "" {
		show = All
	}
	if err := fault.Invalids(check.OneOf(nil, "filter", show, All, Decisions, Facts, Calls, Reports, Notices)...); err != nil {
		return nil, "", err
	}
	st, err := s.incidents.GetTx(s.db, ref)
	if err != nil {
		return nil, "", err
	}
	bound := latestBound(st.ID, show, asOf)
	before, err := openSeq(by, cursor, bound)
	if err != nil {
		return nil, "", err
	}
	if before == 0 && !asOf.IsZero() {
		if before, err = s.led.PositionAt(ctx, s.db, asOf); err != nil {
			return nil, "", fmt.Errorf("read the timeline of %s: %w", st.ID, err)
		}
		before++
	}
	limit = who.Limit(limit)
	name := s.names(ctx)
	lines := []Line{}
	for size := limit + 1; ; size = chunk {
		entries, err := s.led.SubjectBack(ctx, s.db, st.ID, before, size)
		if err != nil {
			return nil, "", fmt.Errorf("read the timeline of %s: %w", st.ID, err)
		}
		for _, e := range entries {
			before = e.Seq
			if !slices.ContainsFunc(shows[show], func(prefix string) bool { return strings.HasPrefix(e.Kind, prefix) }) {
				continue
			}
			if len(lines) == limit {
				return lines, by.Cursor(bound, strconv.FormatInt(lines[limit-1].Seq, 10)), nil
			}
			lines = append(lines, s.line(by, e, name))
		}
		if len(entries) < size {
			return lines, "", nil
		}
	}
}

// latestBound is what a cursor of Latest is bound to.
func latestBound(incident string, show Show, asOf time.Time) []string {
	return []string{"latest", incident, string(show), asOf.UTC().Format(time.RFC3339Nano)}
}
