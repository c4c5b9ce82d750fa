package register

import (
	"context"
	"slices"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/document"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// Filter narrows the register; zero values do not.
type Filter struct {
	Drills       bool               `json:"drills"`                  // drills instead of the real register
	From         time.Time          `json:"from"`                    // declared at or after
	Until        time.Time          `json:"until"`                   // declared before
	PersonalData incident.Answer    `json:"personal_data,omitempty"` // yes, no, or unknown: nobody has answered
	Severity     *int               `json:"severity,omitempty"`      // 0 to 3
	BIL          *int               `json:"bil,omitempty"`           // 1 to 3
	Notified     *bool              `json:"notified,omitempty"`      // whether anybody outside was told
	Entity       string             `json:"entity,omitempty"`        // id of one of our legal entities, as assessment.ConcernedBy reads it
	Role         directory.DataRole `json:"role,omitempty"`          // in which one of our entities is concerned
	Limit        int                `json:"-"`                       // 1 to 200, default 50
}

// Validate names every wrong field.
func (f Filter) Validate() error {
	var wrong []fault.Field
	bad := func(field, msg string) { wrong = append(wrong, fault.Field{Field: field, Message: msg}) }
	if !f.From.IsZero() && !f.Until.IsZero() && f.Until.Before(f.From) {
		bad("until", "lies before from")
	}
	if !slices.Contains([]incident.Answer{"", incident.Yes, incident.No, incident.Unknown}, f.PersonalData) {
		bad("personal_data", "must be yes, no or unknown")
	}
	if f.Severity != nil && (*f.Severity < 0 || *f.Severity > 3) {
		bad("severity", "must be 0 to 3")
	}
	if f.BIL != nil && (*f.BIL < 1 || *f.BIL > 3) {
		bad("bil", "must be 1 to 3")
	}
	if !slices.Contains([]directory.DataRole{"", directory.RoleController, directory.RoleProcessor}, f.Role) {
		bad("role", "must be controller or processor")
	}
	return fault.Invalids(wrong...)
}

// holds answers what SQL cannot: who of us is concerned, and as what.
func (f Filter) holds(st incident.State, dir directory.Snapshot) bool {
	if f.Entity == "" && f.Role == "" {
		return true
	}
	for id, roles := range assessment.ConcernedBy(st, dir) {
		if (f.Entity == "" || id == f.Entity) && (f.Role == "" || slices.Contains(roles, directory.DataRole(f.Role))) {
			return true
		}
	}
	return false
}

// place is where a page begins: after this incident.
type place struct {
	declaredAt int64
	id         string
}

// maxScan is how many incidents one page looks at, at most.
const maxScan = 1000

// scan reads up to limit incidents that the filter lets through, and where to go on: the zero
// place is the end.
func scan(ctx context.Context, r store.Reader, f Filter, dir directory.Snapshot, after place, limit int) (list []incident.State, more place, err error) {
	for looked := 0; looked < maxScan; {
		chunk, err := page(ctx, r, f, after, limit+1)
		if err != nil {
			return nil, place{}, err
		}
		for _, st := range chunk {
			if f.holds(st, dir) {
				if len(list) == limit {
					return list, after, nil
				}
				list = append(list, st)
			}
			after = place{clock.Micros(st.DeclaredAt), st.ID}
		}
		if looked += len(chunk); len(chunk) <= limit {
			return list, place{}, nil
		}
	}
	return list, after, nil
}

func page(ctx context.Context, r store.Reader, f Filter, after place, limit int) ([]incident.State, error) {
	kind := incident.Real
	if f.Drills {
		kind = incident.Drill
	}
	q, args := "SELECT state FROM incident i WHERE registered = 1 AND kind = ?", []any{string(kind)}
	and := func(cond string, values ...any) { q, args = q+" AND "+cond, append(args, values...) }
	if !f.From.IsZero() {
		and("declared_at >= ?", clock.Micros(f.From))
	}
	if !f.Until.IsZero() {
		and("declared_at < ?", clock.Micros(f.Until))
	}
	switch f.PersonalData {
	case "":
	case incident.Unknown:
		and("personal_data NOT IN (?, ?)", string(incident.Yes), string(incident.No))
	default:
		and("personal_data = ?", string(f.PersonalData))
	}
	if f.Severity != nil {
		and("severity = ?", *f.Severity)
	}
	if f.BIL != nil {
		and("bil = ?", *f.BIL)
	}
	if f.Notified != nil {
		told := "EXISTS (SELECT 1 FROM duty d WHERE d.incident_id = i.id AND d.outward = 1 AND d.state = ?)"
		if !*f.Notified {
			told = "NOT " + told
		}
		and(told, string(duty.Met))
	}
	if after.id != "" {
		and("(declared_at, id) < (?, ?)", after.declaredAt, after.id)
	}
	return document.List[incident.State](ctx, r, q+" ORDER BY declared_at DESC, id DESC LIMIT ?", append(args, limit)...)
}
