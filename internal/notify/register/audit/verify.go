package audit

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/ledger"
)

// State is where a verification stands.
type State string

// The states.
const (
	Running State = "running"
	Valid   State = "valid"   // everything is as it was recorded
	Wrong   State = "wrong"   // something was changed; Finding names the first thing
	Failed  State = "failed"  // it could not be read to the end
	CutOff  State = "cut_off" // the server stopped meanwhile
)

// Verification is one run and its result.
type Verification struct {
	ID      string               `json:"id"`
	AskedBy string               `json:"asked_by"` // actor
	AskedAt time.Time            `json:"asked_at"`
	Took    time.Duration        `json:"took"` // up to now while it runs
	State   State                `json:"state"`
	Size    int64                `json:"size"` // entries of the ledger when it began
	Against string               `json:"against,omitempty"`
	Ledger  record.Report        `json:"ledger"` // what was read up to the finding
	Tables  record.RebuildReport `json:"tables"`
	Finding string               `json:"finding,omitempty"`
	Seq     int64                `json:"seq,omitempty"` // first wrong entry, where it is about one
}

const (
	beatEvery = 2 * time.Second
	silentFor = 30 * time.Second // a run without a beat for so long has stopped with its process
	keepRuns  = 50
	maxPasted = 4096 // bytes of a checkpoint; a real one has some 250
)

// Verify begins a verification in the background. against is a signed checkpoint the ledger
// must continue as well, or "". Conflict while another one runs. Permission ledger.read.
func (s *Service) Verify(ctx context.Context, by who.Identity, against string) (Verification, error) {
	if err := who.Check(by, who.PermLedgerRead); err != nil {
		return Verification{}, err
	}
	against, err := s.pasted(ctx, against)
	if err != nil {
		return Verification{}, err
	}
	size, err := s.led.Size(ctx, s.db)
	if err != nil {
		return Verification{}, err
	}
	began := s.clk.Real()
	v := Verification{ID: ident.New(s.clk.Now()), AskedBy: by.Actor, AskedAt: s.clk.Now(), State: Running, Size: size, Against: against}
	out, err := s.db.Write(ctx, store.Op{Name: "ledger.verify", Actor: by.Actor}, func(tx *store.Tx) error {
		var other string
		err := tx.QueryRow(clock.Background(), "SELECT id FROM verification WHERE state = ? AND beat_at > ?", string(Running), clock.Micros(began.Add(-silentFor))).Scan(&other)
		if err == nil {
			return fault.New(fault.Conflict, "A verification is running already. Its result will stand here for everybody.")
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("look for a running verification: %w", err)
		}
		if _, err := tx.Exec("UPDATE verification SET state = ? WHERE state = ?", string(CutOff), string(Running)); err != nil {
			return fmt.Errorf("end a silent verification: %w", err)
		}
		tx.SetResult(v.ID)
		_, err = tx.Exec(`INSERT INTO verification (id, asked_by, asked_at, began_at, beat_at, state, size, against, report, finding, seq)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, '{}', '', 0)`,
			v.ID, v.AskedBy, clock.Micros(v.AskedAt), clock.Micros(began), clock.Micros(began), string(v.State), v.Size, v.Against)
		return err
	})
	if err != nil {
		return Verification{}, fmt.Errorf("verify the ledger: %w", err)
	}
	if out.Replayed {
		v.ID = out.ResultID
		return v, nil
	}
	s.changed()
	s.running.Go(func() { s.work(v, began) })
	return v, nil
}

// pasted checks what can be said about a checkpoint without reading the ledger.
func (s *Service) pasted(ctx context.Context, text string) (string, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if text == "" {
		return "", nil
	}
	text += "\n"
	cp, err := ledger.Peek([]byte(text))
	if err != nil || len(text) > maxPasted {
		return "", fault.InvalidField("against", "is not a signed checkpoint: paste it whole, from its first line to the line that begins with a dash")
	}
	own, err := s.led.CheckpointOf(ctx, s.db)
	if err != nil {
		return "", err
	}
	if mine, err := ledger.Peek(own); err != nil || mine.LogID != cp.LogID {
		return "", fault.InvalidField("against", "is a checkpoint of another ledger, "+cp.LogID)
	}
	return text, nil
}

// work runs a verification to its end and keeps the result.
func (s *Service) work(v Verification, began time.Time) {
	ctx, cancel := context.WithCancel(s.ctx)
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		for s.clk.Sleep(ctx, beatEvery) == nil {
			s.note(v.ID, "UPDATE verification SET beat_at = ? WHERE id = ?", clock.Micros(s.clk.Real()), v.ID)
			s.changed()
		}
	}()
	var err error
	v.Ledger, v.Tables, err = s.attempt(ctx, []byte(v.Against))
	cut := s.ctx.Err() != nil
	cancel()
	<-beating
	v.State = Valid
	wrong, isWrong := errors.AsType[*ledger.Wrong](err)
	row, isRow := errors.AsType[*record.Difference](err)
	switch {
	case isWrong:
		v.State, v.Finding, v.Seq = Wrong, wrong.Error(), wrong.Seq
	case isRow:
		v.State, v.Finding = Wrong, "table "+row.Error()
	case fault.KindOf(err) == fault.Invalid && len(fault.FieldsOf(err)) > 0: // files whose contents are not what the ledger names
		first := fault.FieldsOf(err)[0]
		said, _ := fault.MessageOf(err)
		v.State, v.Finding = Wrong, said+": "+first.Field+" "+first.Message
	case err != nil && cut:
		v.State = CutOff
	case err != nil:
		v.State = Failed
		s.log.Error("verify the ledger", "verification", v.ID, "error", err)
		v.Finding = "The server's log says why, under " + v.ID
		if msg, safe := fault.MessageOf(err); safe {
			v.Finding = msg
		}
	}
	v.Took = s.clk.Real().Sub(began)
	report, err := json.Marshal(v)
	if err != nil {
		s.log.Error("keep the result of a verification", "verification", v.ID, "error", err)
		report = []byte("{}")
	}
	s.note(v.ID, "UPDATE verification SET state = ?, report = ?, finding = ?, seq = ?, beat_at = ? WHERE id = ?",
		string(v.State), string(report), v.Finding, v.Seq, clock.Micros(s.clk.Real()), v.ID)
	s.note(v.ID, "DELETE FROM verification WHERE id NOT IN (SELECT id FROM verification ORDER BY asked_at DESC, id DESC LIMIT ?)", keepRuns)
	s.changed()
}

// attempt keeps a defect in the verification from ending the server.
func (s *Service) attempt(ctx context.Context, against []byte) (rep record.Report, tables record.RebuildReport, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("verify: panic: %v\n%s", v, debug.Stack())
		}
	}()
	return s.run(ctx, against)
}

// note writes to the table of runs. What fails is logged: the verification itself goes on.
func (s *Service) note(id, q string, args ...any) {
	_, err := s.db.Write(clock.Background(), store.Op{Name: "ledger.verification", Actor: "engine:audit"}, func(tx *store.Tx) error {
		_, err := tx.Exec(q, args...)
		return err
	})
	if err != nil {
		s.log.Error("keep the state of a verification", "verification", id, "error", err)
	}
}

// Verifications lists the last runs, newest first. Permission ledger.read.
func (s *Service) Verifications(ctx context.Context, by who.Identity) ([]Verification, error) {
	if err := who.Check(by, who.PermLedgerRead); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT id, asked_by, asked_at, began_at, beat_at, state, size, against, report, finding, seq
		FROM verification ORDER BY asked_at DESC, id DESC LIMIT ?`, keepRuns)
	if err != nil {
		return nil, fmt.Errorf("list verifications: %w", err)
	}
	defer rows.Close()
	list := []Verification{}
	for rows.Next() {
		var v Verification
		var asked, began, beat int64
		var report string
		if err := rows.Scan(&v.ID, &v.AskedBy, &asked, &began, &beat, &v.State, &v.Size, &v.Against, &report, &v.Finding, &v.Seq); err != nil {
			return nil, fmt.Errorf("list verifications: %w", err)
		}
		var kept struct {
			Ledger record.Report
			Tables record.RebuildReport
		}
		if err := json.Unmarshal([]byte(report), &kept); err != nil {
			return nil, fmt.Errorf("read the verification %s: %w", v.ID, err)
		}
		v.Ledger, v.Tables = kept.Ledger, kept.Tables
		v.AskedAt, v.Took = clock.FromMicros(asked), time.Duration(beat-began)*time.Microsecond
		if now := s.clk.Real(); v.State == Running && now.Sub(clock.FromMicros(beat)) > silentFor {
			v.State = CutOff
		}
		list = append(list, v)
	}
	return list, rows.Err()
}
