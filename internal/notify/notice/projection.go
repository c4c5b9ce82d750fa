package notice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"

	"github.com/wakebell/wakebell/internal/notify/notice/course"
)

// notices holds one row per notice, texts one per version of each text, holds what legal
// recorded of an incident's hold.
var (
	notices = row.NewTable("notice", 1, "id", "incident_id", "no", "audience", "purpose", "state", "drill", "updated_at", "version", "doc").
		GroupBy("incident_id").Octets("doc")
	texts = row.NewTable("notice_text", 1, "id", "incident_id", "notice_id", "lang", "variant", "version", "template", "written_by",
		"written_at", "subject", "body")
	holds = row.NewTable("notice_hold", 1, "incident_id", "doc").Octets("doc")
)

const noticeDoc, holdDoc = 9, 1

// Kinds, Tables and Project make the service a record.Projector.
func (*Service) Kinds() []record.Kind { return Kinds() }

// Tables are the projections of this room.
func (*Service) Tables() []*row.Table { return []*row.Table{notices, texts, holds} }

// Project brings the tables up to an entry.
func (*Service) Project(x row.Rows, e record.Entry) error {
	_, err := project(x, e)
	return err
}

// project writes what an entry changes and gives the notice after it.
func project(x row.Rows, e record.Entry) (Notice, error) {
	if e.Kind == course.KindHold {
		return Notice{}, projectHold(x, e)
	}
	var ref course.On
	if err := e.Decode(&ref); err != nil {
		return Notice{}, err
	}
	before, err := x.Row(notices, ref.Notice)
	if err != nil {
		return Notice{}, err
	}
	var n Notice
	if before != nil {
		if err := json.Unmarshal(before.Bytes(noticeDoc), &n); err != nil {
			return n, err
		}
	}
	if n, err = course.Apply(n, e); err != nil {
		return n, err
	}
	after, err := rowOf(n)
	if err != nil {
		return n, err
	}
	if err := x.Put(notices, row.Change{Before: before, After: after}); err != nil {
		return n, fmt.Errorf("project %s of notice %s: %w", e.Kind, ref.Notice, err)
	}
	if e.Kind == course.KindWritten {
		t := writtenBy(n, e)
		return n, x.Put(texts, row.Change{After: row.Row{
			textID(n.ID, t), n.Incident, n.ID, t.Lang, t.Variant, t.Version, t.Template, t.By, clock.Micros(t.At), t.Subject, t.Body,
		}})
	}
	return n, nil
}

// writtenBy is the text that an entry wrote.
func writtenBy(n Notice, e record.Entry) Text {
	var b course.Written
	_ = e.Decode(&b) // course.Apply has read it before
	t, _ := n.Text(b.Lang, b.Variant)
	return t
}

func textID(notice string, t Text) string {
	return notice + "/" + t.Lang + "/" + t.Variant + "/" + strconv.Itoa(t.Version)
}

func rowOf(n Notice) (row.Row, error) {
	doc, err := json.Marshal(n)
	return row.Row{
		n.ID, n.Incident, n.No, string(n.Audience), string(n.Purpose), string(n.State), n.Drill, clock.Micros(n.UpdatedAt), n.Version, doc,
	}, err
}

func projectHold(x row.Rows, e record.Entry) error {
	var b course.Held
	if err := e.Decode(&b); err != nil {
		return err
	}
	doc, err := json.Marshal(Hold{Incident: e.Subject, Audiences: b.Audiences, Text: b.Text, By: e.Actor, At: e.At})
	if err != nil {
		return err
	}
	before, err := x.Row(holds, e.Subject)
	if err != nil {
		return err
	}
	return x.Put(holds, row.Change{Before: before, After: row.Row{e.Subject, doc}})
}

// Reproject makes the notices of an incident anew from the ledger, after an erasure. It is
// refused as fault.Conflict while another change of them has no number yet; try again.
func (s *Service) Reproject(ctx context.Context, tx *store.Tx, incident string) error {
	before, err := changesOf(ctx, tx, incident)
	if err != nil || before == 0 {
		return err
	}
	entries, err := s.led.Subject(ctx, tx, incident, 0, 0)
	if err != nil {
		return err
	}
	for _, q := range []string{
		`DELETE FROM notice WHERE incident_id = ?`, `DELETE FROM notice_text WHERE incident_id = ?`, `DELETE FROM notice_hold WHERE incident_id = ?`,
	} {
		if _, err := tx.Exec(q, incident); err != nil {
			return err
		}
	}
	for _, e := range entries {
		if !slices.ContainsFunc(Kinds(), func(k record.Kind) bool { return k.Name == e.Kind }) {
			continue
		}
		if err := s.Project(row.Live(tx), e); err != nil {
			return fmt.Errorf("project the notices of %s again: %w", incident, err)
		}
	}
	if after, err := changesOf(ctx, tx, incident); err != nil || after != before {
		return errors.Join(err, fault.New(fault.Conflict, "the notices of the incident are being changed; try again"))
	}
	return nil
}

// changesOf counts the changes that made the notices of an incident, and its hold.
func changesOf(ctx context.Context, r store.Reader, incident string) (n int64, err error) {
	err = r.QueryRow(ctx, `SELECT CAST(COALESCE(SUM(version), 0) + (SELECT COUNT(*) FROM notice_hold WHERE incident_id = ?) AS BIGINT)
		FROM notice WHERE incident_id = ?`, incident, incident).Scan(&n)
	return n, err
}
