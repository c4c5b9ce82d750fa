package intake

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/ident"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/search"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// futureSlack is how far ahead of our clock another clock may be.
const futureSlack = 5 * time.Minute

// earliest is the oldest time that is believed; older ones are unset clocks.
var earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Input is one signal as its sender described it.
type Input struct {
	Kind         Kind
	Source       string
	Fingerprint  string // alerts: required; same source and fingerprint = the same alert
	Title        string
	Summary      string
	Contact      string
	DiscoveredAt time.Time // zero: received now
	Services     []string  // labels that may name a service, best first
	Team         string    // label that may name a team
	Drill        bool
	Malformed    bool
	Warnings     []string
	ReportedBy   string
	Raw          *Raw // the delivery it came in
}

// Raw is one delivery as sent. A value belongs to one run of one write function:
// copy it at the start of the function, for the function may run twice.
type Raw struct {
	ID          string
	ContentType string
	Body        []byte
	SHA256      string // hex
	stored      bool
}

// NewRaw prepares a delivery, outside of any transaction.
func (s *Service) NewRaw(contentType string, body []byte) Raw {
	sum := sha256.Sum256(body)
	return Raw{ID: ident.New(s.clk.Now()), ContentType: Clean(contentType, 100, false), Body: body, SHA256: hex.EncodeToString(sum[:])}
}

// Receive counts a repeat of a live fingerprint, or takes in a new signal. A
// fingerprint is live while its signal is not resolved and is open, decided an
// incident, or decided otherwise within the plan's quiet hours. It needs
// alert.ingest for an alert and report.create for a report. fresh says whether
// the signal is new.
func (s *Service) Receive(tx *store.Tx, by who.Identity, in Input) (sig Signal, fresh bool, err error) {
	perm := who.PermAlertIngest
	if in.Kind == Report {
		perm = who.PermReportCreate
	}
	if err := who.Check(by, perm); err != nil {
		return Signal{}, false, err
	}
	now := s.clk.Now()
	finger := ""
	if in.Kind == Alert {
		finger = fingerprint(in.Fingerprint)
		sig, err := s.live(tx, in.Source, finger, now)
		if err == nil {
			sig.Count++
			sig.LastSeen = now
			_, err = tx.Exec(`UPDATE signal_counter SET count = count + 1, last_seen = ? WHERE signal_id = ?`, clock.Micros(now), sig.ID)
			return sig, false, err
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return Signal{}, false, fmt.Errorf("look up fingerprint: %w", err)
		}
	}
	b, err := s.draft(tx, in, finger, now)
	if err != nil {
		return Signal{}, false, err
	}
	id := ident.New(now)
	e, err := s.led.Append(tx, record.Draft{Kind: kindReceived, Subject: id, Actor: by.Actor, At: clock.FromMicros(b.DiscoveredAt), KnownAt: now, Body: b})
	if err != nil {
		return Signal{}, false, err
	}
	// The same function as in Project, without decoding what was just encoded.
	if err := applyReceived(row.Live(tx), e, &b); err != nil {
		return Signal{}, false, err
	}
	if _, err := tx.Exec(`INSERT INTO signal_counter (signal_id, count, first_seen, last_seen) VALUES (?,1,?,?)`, id, b.ReceivedAt, b.ReceivedAt); err != nil {
		return Signal{}, false, err
	}
	if err := in.Raw.keep(tx, b.ReceivedAt); err != nil {
		return Signal{}, false, err
	}
	if err := index(tx, id, &b, now); err != nil {
		return Signal{}, false, err
	}
	return b.signal(id), true, nil
}

// index writes the words of a signal. Reports are also found by their reporter.
func index(tx *store.Tx, id string, b *received, now time.Time) error {
	visible := []string{string(who.PermSignalRead)}
	if b.ReportedBy != "" {
		visible = append(visible, ownLabel(b.ReportedBy))
	}
	return search.Index(tx, search.Doc{Kind: string(b.Kind), ID: id, Title: b.Title, Text: b.Summary, At: now, Visible: visible})
}

// draft turns an input into the body of its first entry.
func (s *Service) draft(tx *store.Tx, in Input, finger string, now time.Time) (received, error) {
	r, err := s.rules(tx)
	if err != nil {
		return received{}, err
	}
	at, warnings := in.DiscoveredAt.UTC().Truncate(time.Microsecond), in.Warnings
	switch {
	case in.DiscoveredAt.IsZero():
		at = now
	case at.After(now.Add(futureSlack)):
		at, warnings = now, append(warnings[:len(warnings):len(warnings)], "The start time lies in the future; the time of receipt was taken.")
	case at.Before(earliest):
		at, warnings = now, append(warnings[:len(warnings):len(warnings)], "The start time is not plausible; the time of receipt was taken.")
	}
	b := received{
		Kind: in.Kind, Source: in.Source, Fingerprint: finger, Plan: r.plan.Version,
		DiscoveredAt: clock.Micros(at), ReceivedAt: clock.Micros(now),
		CallDueAt:     clock.Micros(now.Add(time.Duration(r.plan.BatchSeconds) * time.Second)),
		TriageDueAt:   clock.Micros(at.Add(time.Duration(r.plan.ProductTeamMinutes) * time.Minute)),
		ClassifyDueAt: clock.Micros(at.Add(time.Duration(r.plan.ClassifyMinutes) * time.Minute)),
		Drill:         in.Drill, Malformed: in.Malformed, ReportedBy: in.ReportedBy,
		Warning: Clean(strings.Join(warnings, " "), 1000, false),
		Title:   Clean(in.Title, maxTitle, false), Summary: Clean(in.Summary, maxSummary, true), Contact: Clean(in.Contact, maxContact, false),
	}
	if b.Title == "" {
		b.Title = "Signal without a title"
	}
	if in.Raw != nil {
		b.RawID, b.RawSHA256 = in.Raw.ID, in.Raw.SHA256
	}
	b.Service, b.Team, err = s.place(tx, r, in.Services, in.Team)
	return b, err
}

// keep stores the bytes once per delivery, at the first new signal of it.
func (r *Raw) keep(tx *store.Tx, at int64) error {
	if r == nil || r.stored {
		return nil
	}
	_, err := tx.Exec(`INSERT INTO signal_raw (id, content_type, received_at, body) VALUES (?,?,?,?) ON CONFLICT (id) DO NOTHING`, r.ID, r.ContentType, at, r.Body)
	r.stored = err == nil
	return err
}

// Resolve notes that the sender calls an alert over. The signal's fingerprint is
// not live any more; its verdict and its incident stay as they are. found is
// false when no live signal has the fingerprint: then nothing changes. It needs
// alert.ingest.
func (s *Service) Resolve(tx *store.Tx, by who.Identity, source, finger string, at time.Time) (sig Signal, found bool, err error) {
	if err := who.Check(by, who.PermAlertIngest); err != nil {
		return Signal{}, false, err
	}
	now := s.clk.Now()
	sig, err = s.live(tx, source, fingerprint(finger), now)
	if errors.Is(err, sql.ErrNoRows) {
		return Signal{}, false, nil
	}
	if err != nil {
		return Signal{}, false, fmt.Errorf("look up fingerprint: %w", err)
	}
	if at.Before(earliest) || at.After(now.Add(futureSlack)) || at.Before(sig.DiscoveredAt) {
		at = now
	}
	b := resolved{ResolvedAt: clock.Micros(at), Count: sig.Count}
	e, err := s.led.Append(tx, record.Draft{Kind: kindResolved, Subject: sig.ID, Actor: by.Actor, At: at, KnownAt: now, Body: b})
	if err != nil {
		return Signal{}, false, err
	}
	if err := applyResolved(row.Live(tx), e, b); err != nil {
		return Signal{}, false, err
	}
	sig.ResolvedAt = clock.FromMicros(b.ResolvedAt)
	return sig, true, nil
}

// live finds the signal a fingerprint counts onto; sql.ErrNoRows when there is none.
func (s *Service) live(tx *store.Tx, source, finger string, now time.Time) (Signal, error) {
	return scan(tx.QueryRow(clock.Background(), selectSignal+` WHERE s.source = ? AND s.fingerprint = ? AND s.live_until > 0 AND s.live_until > ? ORDER BY s.id DESC LIMIT 1`,
		source, finger, clock.Micros(now)))
}

func (b *received) signal(id string) Signal {
	at := clock.FromMicros
	return Signal{
		ID: id, Kind: b.Kind, State: Open, Title: b.Title, Summary: b.Summary, Contact: b.Contact, Source: b.Source, Fingerprint: b.Fingerprint,
		Count: 1, FirstSeen: at(b.ReceivedAt), LastSeen: at(b.ReceivedAt), DiscoveredAt: at(b.DiscoveredAt), ReceivedAt: at(b.ReceivedAt),
		CallDueAt: at(b.CallDueAt), TriageDueAt: at(b.TriageDueAt), ClassifyDueAt: at(b.ClassifyDueAt),
		Service: b.Service, Team: b.Team, Drill: b.Drill, Malformed: b.Malformed, Warning: b.Warning, ReportedBy: b.ReportedBy,
		RawID: b.RawID, RawSHA256: b.RawSHA256,
	}
}
