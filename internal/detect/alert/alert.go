// Package alert reads what machines send: it decodes the body of a monitoring
// product into signals and hands them to the triage queue.
//
// It carries out policy 000 ("detection devices to alert us to any abnormal,
// suspicious, and malicious activities") and policy 002 ("these systems alert us
// immediately if an activity is detected that requires further investigation"). A
// lost alert is worse than an ugly one: unknown fields are fine, and a body that
// cannot be read becomes one signal that keeps the bytes. It must not import
// decide, respond, notify, learn or a face, and it writes no table.
package alert

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/detect/intake"
)

// MaxBody is the largest body taken, in bytes.
const MaxBody = 10 << 20

const (
	chunkSize   = 2000 // alerts in one transaction: others wait for it
	maxWarnings = 20   // in one answer; each signal keeps its own
)

// format is one way machines write alerts. A new product is one more file with a
// decode function and one more line in formats.
type format struct {
	name   string // in the address and as the source of the signals
	title  string
	decode func(body []byte) (decoded, error)
}

// formats is the list of products whose alerts are understood.
var formats = [...]format{
	{"alertmanager", "Prometheus Alertmanager webhook, version 4", decodeAlertmanager},
	{"raw", "any JSON object, or a list of them", decodeRaw},
}

// Formats lists the names of the formats in the order of the documentation.
func Formats() []string {
	out := make([]string, len(formats))
	for i, f := range formats {
		out[i] = f.name
	}
	return out
}

// decoded is what a body holds.
type decoded struct {
	items    []item
	warnings []string
}

// item is one alert of a body.
type item struct {
	fingerprint string
	title       string
	summary     string
	startsAt    time.Time // zero: not said
	endsAt      time.Time
	resolved    bool
	services    []string
	team        string
	drill       bool
	malformed   bool
	warnings    []string
}

// Result says what became of a body.
type Result struct {
	Signals  []intake.Signal // one per alert, in the order of the body
	New      int
	Repeated int
	Resolved int
	Warnings []string
	Replayed bool // the idempotency key was used before; Signals holds the first signal at most
}

// Service takes in the bodies of machines.
type Service struct {
	db *store.DB
	in *intake.Service
}

// New returns the service.
func New(db *store.DB, in *intake.Service) *Service { return &Service{db: db, in: in} }

// Ingest takes in one body of a format and answers after it is stored. Each alert
// in it is one signal, one more sight of a known signal, or the end of one. It
// needs alert.ingest. A body that cannot be decoded is no error: it is kept as one
// signal, with a warning. Errors: NotFound for an unknown format, TooLarge.
func (s *Service) Ingest(ctx context.Context, by who.Identity, name string, body []byte) (Result, error) {
	if err := who.Check(by, who.PermAlertIngest); err != nil {
		return Result{}, err
	}
	f, err := find(name)
	if err != nil {
		return Result{}, err
	}
	if len(body) > MaxBody {
		return Result{}, fault.Newf(fault.TooLarge, "The body is larger than %d MiB; send fewer alerts at once", MaxBody>>20)
	}
	d, err := f.decode(body)
	contentType := "application/json"
	if err != nil {
		d = unreadable(f.name, body)
		contentType = "application/octet-stream"
	}
	raw := s.in.NewRaw(contentType, body)
	res := Result{Warnings: d.warnings}
	for part, n := d.items, 0; len(part) > 0; n++ {
		size := min(chunkSize, len(part))
		if err := s.write(ctx, by, f, n, part[:size], &raw, &res); err != nil {
			return Result{}, fmt.Errorf("ingest %s: %w", f.name, err)
		}
		part = part[size:]
	}
	if extra := len(res.Warnings) - maxWarnings; extra > 0 {
		res.Warnings = append(res.Warnings[:maxWarnings:maxWarnings], fmt.Sprintf("%d more warnings are kept with their signals.", extra))
	}
	return res, nil
}

func find(name string) (format, error) {
	for _, f := range formats {
		if f.name == name {
			return f, nil
		}
	}
	return format{}, fault.Newf(fault.NotFound, "There is no such alert format; use one of %s", strings.Join(Formats(), ", "))
}

// write stores one part of a body in one transaction. The function given to Write
// may run twice: whatever it leaves outside starts anew with it.
func (s *Service) write(ctx context.Context, by who.Identity, f format, n int, items []item, raw *intake.Raw, res *Result) error {
	op := store.Op{Name: "alert.ingest." + f.name, Actor: by.Actor}
	if n > 0 {
		op.Name += fmt.Sprintf(".%d", n+1) // an idempotency key is used once per part
	}
	var part Result
	var kept intake.Raw
	out, err := s.db.Write(ctx, op, func(tx *store.Tx) error {
		part, kept = Result{Signals: make([]intake.Signal, 0, len(items))}, *raw
		for i := range items {
			if err := s.one(tx, by, f, &items[i], &kept, &part); err != nil {
				return err
			}
		}
		if n == 0 && len(part.Signals) > 0 {
			tx.SetResult(part.Signals[0].ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if out.Replayed {
		res.Replayed = true
		if out.ResultID != "" {
			sig, err := s.in.GetTx(s.db, out.ResultID)
			if err != nil {
				return err
			}
			res.Signals = append(res.Signals, sig)
		}
		return nil
	}
	*raw = kept
	res.Signals = append(res.Signals, part.Signals...)
	res.New, res.Repeated, res.Resolved = res.New+part.New, res.Repeated+part.Repeated, res.Resolved+part.Resolved
	res.Warnings = append(res.Warnings, part.Warnings...)
	return nil
}

func (s *Service) one(tx *store.Tx, by who.Identity, f format, it *item, raw *intake.Raw, res *Result) error {
	if it.resolved {
		sig, found, err := s.in.Resolve(tx, by, f.name, it.fingerprint, it.endsAt)
		switch {
		case err != nil:
			return err
		case found:
			res.Resolved++
			res.Signals = append(res.Signals, sig)
		default:
			res.Warnings = append(res.Warnings, "A resolved alert belongs to no live signal; there was nothing to resolve.")
		}
		return nil
	}
	sig, fresh, err := s.in.Receive(tx, by, intake.Input{
		Kind: intake.Alert, Source: f.name, Fingerprint: it.fingerprint, Title: it.title, Summary: it.summary,
		DiscoveredAt: it.startsAt, Services: it.services, Team: it.team, Drill: it.drill,
		Malformed: it.malformed, Warnings: it.warnings, Raw: raw,
	})
	if err != nil {
		return err
	}
	res.Signals = append(res.Signals, sig)
	if !fresh {
		res.Repeated++
		return nil
	}
	res.New++
	if sig.Warning != "" {
		res.Warnings = append(res.Warnings, sig.Warning)
	}
	return nil
}

// unreadable makes one signal of a body that could not be decoded. The same bytes
// again count as a repeat.
func unreadable(name string, body []byte) decoded {
	const shown = 100
	start := intake.Clean(string(body[:min(len(body), 4*shown)]), shown, false)
	title := fmt.Sprintf("Unreadable alert from %s (%d bytes)", name, len(body))
	if start != "" {
		title += ": " + start
	}
	return decoded{items: []item{{
		fingerprint: "unreadable:" + digest(body), title: title, malformed: true,
		warnings: []string{"The body could not be read as " + name + "; it is kept as it came. Look at the raw bytes."},
	}}}
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// trim removes a byte order mark, which some senders put before their JSON.
func trim(body []byte) []byte {
	return []byte(strings.TrimPrefix(string(body), "\uFEFF"))
}

// when reads a time of a machine. bad says that there was one that could not be
// read; times without zone are not guessed.
func when(s string) (t time.Time, bad bool) {
	if s == "" {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, true
	}
	if t.Year() <= 1 {
		return time.Time{}, false // the zero time of Go senders: not said
	}
	return t.UTC(), false
}

const badStart = "The start time could not be read; the time of receipt was taken."

// text turns any JSON value into a string: null is empty, objects stay JSON.
func text(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case json.Number:
		return x.String()
	case bool:
		if x {
			return "true"
		}
		return "false"
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}
