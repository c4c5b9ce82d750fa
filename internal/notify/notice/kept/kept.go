// Package kept is how notices lie in the database: the tables that follow from the ledger,
// and how they are read. It carries out policy 003 for the record of what was said to whom.
// It must not import the service of notices or a face.
package kept

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/document"
	"github.com/wakebell/wakebell/internal/notify/notice/course"
)

// ErrNone answers for a notice that does not exist.
var ErrNone = fault.New(fault.NotFound, "There is no such notice in this incident")

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

// Project writes what an entry changes and gives the notice after it.
func Project(x row.Rows, e record.Entry) (course.Notice, error) {
	if e.Kind == course.KindHold {
		return course.Notice{}, projectHold(x, e)
	}
	var ref course.On
	if err := e.Decode(&ref); err != nil {
		return course.Notice{}, err
	}
	before, err := x.Row(notices, ref.Notice)
	if err != nil {
		return course.Notice{}, err
	}
	var n course.Notice
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
func writtenBy(n course.Notice, e record.Entry) course.Text {
	var b course.Written
	_ = e.Decode(&b) // course.Apply has read it before
	t, _ := n.Text(b.Lang, b.Variant)
	return t
}

func textID(notice string, t course.Text) string {
	return notice + "/" + t.Lang + "/" + t.Variant + "/" + strconv.Itoa(t.Version)
}

func rowOf(n course.Notice) (row.Row, error) {
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
	doc, err := json.Marshal(course.Hold{Incident: e.Subject, Audiences: b.Audiences, Text: b.Text, By: e.Actor, At: e.At})
	if err != nil {
		return err
	}
	before, err := x.Row(holds, e.Subject)
	if err != nil {
		return err
	}
	return x.Put(holds, row.Change{Before: before, After: row.Row{e.Subject, doc}})
}

// Changes counts the changes that made the notices of an incident, and its hold.
func Changes(ctx context.Context, r store.Reader, incident string) (n int64, err error) {
	err = r.QueryRow(ctx, `SELECT CAST(COALESCE(SUM(version), 0) + (SELECT COUNT(*) FROM notice_hold WHERE incident_id = ?) AS BIGINT)
		FROM notice WHERE incident_id = ?`, incident, incident).Scan(&n)
	return n, err
}

// ByNo reads a notice by its number in the incident.
func ByNo(ctx context.Context, r store.Reader, incident string, no int) (course.Notice, error) {
	return one(r.QueryRow(ctx, `SELECT doc FROM notice WHERE incident_id = ? AND no = ?`, incident, no))
}

// ByID reads a notice.
func ByID(ctx context.Context, r store.Reader, id string) (course.Notice, error) {
	return one(r.QueryRow(ctx, `SELECT doc FROM notice WHERE id = ?`, id))
}

func one(row *sql.Row) (course.Notice, error) { return document.One[course.Notice](row, ErrNone) }

// Query reads the notices of a statement that selects their documents; empty where there
// are none.
func Query(ctx context.Context, r store.Reader, q string, args ...any) ([]course.Notice, error) {
	list, err := document.List[course.Notice](ctx, r, q, args...)
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	return append([]course.Notice{}, list...), nil
}

// Hold is what legal recorded of a hold.
func Hold(ctx context.Context, r store.Reader, incident string) (h course.Hold, found bool, err error) {
	var doc []byte
	err = r.QueryRow(ctx, `SELECT doc FROM notice_hold WHERE incident_id = ?`, incident).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return h, false, nil
	}
	if err != nil {
		return h, false, fmt.Errorf("read what legal said of a hold: %w", err)
	}
	return h, true, json.Unmarshal(doc, &h)
}

// Tables are the projections of this room.
func Tables() []*row.Table { return []*row.Table{notices, texts, holds} }

// Forget takes the notices of an incident from the tables, before they are made anew.
func Forget(tx *store.Tx, incident string) error {
	for _, q := range []string{
		`DELETE FROM notice WHERE incident_id = ?`, `DELETE FROM notice_text WHERE incident_id = ?`, `DELETE FROM notice_hold WHERE incident_id = ?`,
	} {
		if _, err := tx.Exec(q, incident); err != nil {
			return err
		}
	}
	return nil
}
