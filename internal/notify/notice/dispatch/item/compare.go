package item

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/store"
)

// Compared says what a comparison of the recipients with the ledger looked at.
type Compared struct {
	Runs       int64 `json:"runs"`
	Recipients int64 `json:"recipients"`
	Unrecorded int64 `json:"unrecorded"` // whose outcome is written and goes to the ledger with the next batch
}

// String is what an auditor reads.
func (c Compared) String() string {
	if c.Runs == 0 {
		return "No notice was sent."
	}
	out := fmt.Sprintf("What became of %d recipients (%d sendings) is what the entries say: sent or not, opened, acknowledged.", c.Recipients, c.Runs)
	if c.Unrecorded > 0 {
		out += fmt.Sprintf(" %d are not recorded yet.", c.Unrecorded)
	}
	return out
}

// standing is what the ledger says of one recipient. Delivered and sent are the same here:
// that a copy arrived is reported by its server and stands in the recipient's history only.
type standing struct {
	state          State // Sent, Failed for what did not arrive, Stopped; "" for nothing yet
	stage          int   // of state
	bounced        int   // 1 + the stage of the newest copy that came back
	opened, acked  bool
	sentBy, seenIn bool // recorded by a person; has a row
}

// Compare holds every recipient of a run against the entries about them. The error names the
// first who stands otherwise.
func Compare(ctx context.Context, v *store.View) (Compared, error) {
	var out Compared
	rows, err := v.Query(ctx, `SELECT incident_id, COUNT(*) FROM dispatch_run GROUP BY incident_id ORDER BY incident_id`)
	if err != nil {
		return out, fmt.Errorf("read the sendings: %w", err)
	}
	var incidents []string
	for rows.Next() {
		var id string
		var n int64
		if err := rows.Scan(&id, &n); err != nil {
			rows.Close()
			return out, fmt.Errorf("read the sendings: %w", err)
		}
		incidents, out.Runs = append(incidents, id), out.Runs+n
	}
	if err := rows.Close(); err != nil {
		return out, err
	}
	if err := rows.Err(); err != nil {
		return out, err
	}
	for _, id := range incidents {
		if err := compareOne(ctx, v, id, &out); err != nil {
			return out, err
		}
	}
	return out, nil
}

func compareOne(ctx context.Context, v *store.View, incident string, out *Compared) error {
	said, err := told(ctx, v, incident)
	if err != nil {
		return fmt.Errorf("read what the ledger says of the recipients of incident %s: %w", incident, err)
	}
	rows, err := v.Query(ctx, `SELECT r.id, r.state, r.stage, r.opened_at > 0, r.acknowledged_at > 0, r.mark > n.recorded
		FROM dispatch_run n JOIN dispatch_recipient r ON r.list_id = n.list_id WHERE n.incident_id = ? ORDER BY r.list_id, r.seq`, incident)
	if err != nil {
		return fmt.Errorf("read the recipients of incident %s: %w", incident, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var state State
		var stage int
		var opened, acked, ahead bool
		if err := rows.Scan(&id, &state, &stage, &opened, &acked, &ahead); err != nil {
			return fmt.Errorf("read the recipients of incident %s: %w", incident, err)
		}
		s := said[id]
		if s == nil {
			s = &standing{}
		}
		s.seenIn = true
		out.Recipients++
		switch {
		case opened != s.opened:
			return differs(id, "opened", opened)
		case acked != s.acked:
			return differs(id, "acknowledged", acked)
		case ahead:
			out.Unrecorded++
		default:
			if err := s.holds(id, state, stage); err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for id, s := range said {
		if !s.seenIn && s.state != "" {
			return fmt.Errorf("the ledger says that recipient %s was %s, and there is no such recipient", id, s.state)
		}
	}
	return nil
}

func differs(id, what string, table bool) error {
	if table {
		return fmt.Errorf("recipient %s is marked as %s, and the ledger has no entry that says so", id, what)
	}
	return fmt.Errorf("the ledger says that recipient %s %s, and the table does not", id, what)
}

// holds compares where a copy stands.
func (s *standing) holds(id string, state State, stage int) error {
	is := state
	switch state {
	case Delivered:
		is = Sent
	case Bounced:
		is = Failed
	case Queued, Sending, Gap, LeftOut: // nothing of this way may be recorded yet
		if s.state == Sent && s.stage >= stage && !s.sentBy || s.state == Stopped {
			return fmt.Errorf("recipient %s is %s, and the ledger says it was %s", id, state, s.state)
		}
		return nil
	}
	if is != s.state {
		was := string(s.state)
		if was == "" {
			was = "nothing"
		}
		return fmt.Errorf("recipient %s is %s, and the ledger says %s", id, state, was)
	}
	return nil
}

// told reads the entries about the recipients of an incident.
func told(ctx context.Context, v *store.View, incident string) (map[string]*standing, error) {
	out := map[string]*standing{}
	of := func(id string) *standing {
		if out[id] == nil {
			out[id] = &standing{}
		}
		return out[id]
	}
	rows, err := v.Query(ctx, `SELECT kind, facts FROM ledger_entry WHERE subject = ? AND kind LIKE 'dispatch.%' ORDER BY seq`, incident)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var kind string
		var facts []byte
		if err := rows.Scan(&kind, &facts); err != nil {
			return nil, err
		}
		kind, _, _ = strings.Cut(kind, "/") // its version
		if kind == KindOutcomes {
			var b Outcomes
			if err := json.Unmarshal(facts, &b); err != nil {
				return nil, err
			}
			for _, o := range b.Outcomes {
				of(o.Recipient).outcome(o)
			}
			continue
		}
		if kind == KindPosted {
			var b PostedOff
			if err := json.Unmarshal(facts, &b); err != nil {
				return nil, err
			}
			for _, id := range b.Recipients {
				of(id).state, of(id).sentBy = Sent, true
			}
			continue
		}
		if !slices.Contains([]string{KindBounced, KindRecorded, KindUndone, KindOpened, KindAcknowledged}, kind) {
			continue
		}
		var b Single
		if err := json.Unmarshal(facts, &b); err != nil {
			return nil, err
		}
		of(b.Recipient).single(kind, b)
	}
	return out, rows.Err()
}

// outcome takes what a batch says. A report of failure may have been recorded before the
// batch that says the same copy was sent.
func (s *standing) outcome(o Outcome) {
	if o.State == Sent && o.Stage < s.bounced {
		return
	}
	s.state, s.stage = o.State, o.Stage
}

func (s *standing) single(kind string, b Single) {
	switch kind {
	case KindOpened:
		s.opened = true
	case KindAcknowledged:
		s.acked = true
	case KindBounced:
		s.stage = max(b.Stage, s.stage)
		s.state, s.bounced = Failed, s.stage+1
	case KindUndone:
		s.acked = s.acked && b.How != UndoneAck
		switch b.State {
		case Sent, Delivered:
			s.state = Sent
		case Failed, Bounced:
			s.state = Failed
		case Stopped:
			s.state = Stopped
		default: // waits again
			s.state, s.sentBy = "", false
		}
		s.stage = b.Stage
	case KindRecorded:
		switch b.State {
		case Sent, Delivered:
			s.state, s.sentBy = Sent, true
		case Failed:
			s.state = Failed
		}
	}
}
