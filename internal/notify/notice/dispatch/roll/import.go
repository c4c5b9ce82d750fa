package roll

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/blob"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail/bulk"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/hook"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/intake"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// Import is how a file is to be read.
type Import struct {
	Mapping intake.Mapping // nil: guessed from the head line
	Channel Channel        // wanted, where the file does not say
}

// LineError names what is wrong with one line, never the value.
type LineError struct {
	Line    int    `json:"line"`
	Column  string `json:"column,omitempty"`
	Message string `json:"message"`
}

// mostErrors is how many line errors are told; all are counted.
const mostErrors = 200

// Imported says what came of a file.
type Imported struct {
	Added
	Lines     int            `json:"lines"`
	Encoding  string         `json:"encoding"`
	Delimiter string         `json:"delimiter"`
	Mapping   intake.Mapping `json:"mapping"`
	Errors    []LineError    `json:"errors,omitempty"` // the first of them
	Doubles   []int          `json:"doubles,omitempty"`
}

// importChunk is how many lines one write takes: others write in between.
const importChunk = 400

// Import adds the lines of a CSV file. A line that cannot be used is named and left out; the
// others are added. Repeating an import adds nobody twice. Permission notice.write.
func (s *Service) Import(ctx context.Context, by who.Identity, list string, file io.Reader, how Import) (Imported, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return Imported{}, err
	}
	l, err := item.FindList(ctx, s.db, list)
	if err != nil {
		return Imported{}, err
	}
	in, err := s.reader(file, how)
	if err != nil {
		return Imported{}, err
	}
	if in.ways, err = s.ways(ctx, s.db, l); err != nil {
		return Imported{}, err
	}
	// One key of the request would make every write after the first a repetition.
	ctx = store.WithKey(ctx, "", [32]byte{})
	var chunk []Recipient
	var lines []int
	flush := func() error {
		if len(chunk) == 0 {
			return nil
		}
		var added []bool
		err := s.write(ctx, by, "dispatch.import", func(tx *store.Tx) error {
			l, err := s.openTx(tx, by, list)
			if err == nil {
				added, err = s.addTx(tx, l, chunk)
			}
			return err
		})
		if err != nil {
			return err
		}
		in.out.count(chunk, added)
		for n, ok := range added {
			if !ok && len(in.out.Doubles) < mostErrors {
				in.out.Doubles = append(in.out.Doubles, lines[n])
			}
		}
		chunk, lines = chunk[:0], lines[:0]
		return nil
	}
	for {
		r, line, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return in.out, fmt.Errorf("import into list %s: %w", l.ID, err)
		}
		if r == nil {
			continue
		}
		chunk, lines = append(chunk, *r), append(lines, line)
		if len(chunk) == importChunk {
			if err := flush(); err != nil {
				return in.out, err
			}
		}
	}
	err = flush()
	in.out.Encoding = in.table.Encoding
	return in.out, err
}

// Preview is the beginning of a file as it would be understood.
type Preview struct {
	Imported
	Header []string    `json:"header"`
	First  []Recipient `json:"first"`
}

// previewLines is how many lines a preview looks at, previewShown how many it shows.
const (
	previewLines = 2000
	previewShown = 10
)

// Preview reads the beginning of a file without adding anybody. Permission notice.write.
func (s *Service) Preview(ctx context.Context, by who.Identity, file io.Reader, how Import) (Preview, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return Preview{}, err
	}
	in, err := s.reader(file, how)
	if err != nil {
		return Preview{}, err
	}
	var p Preview
	for in.out.Lines < previewLines && ctx.Err() == nil {
		r, _, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Preview{}, fmt.Errorf("preview a file: %w", err)
		}
		if r != nil && len(p.First) < previewShown {
			p.First = append(p.First, *r)
		}
	}
	p.Imported, p.Header = in.out, in.table.Header
	p.Encoding = in.table.Encoding
	return p, ctx.Err()
}

// reading is a file that is read line by line.
type reading struct {
	table   *intake.Table
	targets []string // by column
	keys    []string // by column, of those without a target
	how     Import
	known   *bulk.Domains
	looked  map[string]string // what was found about a domain
	dir     directory.Snapshot
	ways    Ways
	out     Imported
}

func (s *Service) reader(file io.Reader, how Import) (*reading, error) {
	if how.Channel != "" && !how.Channel.Valid() {
		return nil, fault.InvalidField("channel", "must be one of email, page, webhook, letter, phone and handed_over")
	}
	t, err := intake.Open(file)
	if err != nil {
		return nil, err
	}
	if how.Mapping == nil {
		how.Mapping = intake.Guess(t.Header)
	}
	if err := how.Mapping.Check(t.Header); err != nil {
		return nil, err
	}
	dir, err := s.dirs.Snapshot(s.db)
	if err != nil {
		return nil, err
	}
	in := &reading{table: t, how: how, known: domains(dir, s.from), looked: map[string]string{}, dir: dir}
	for _, h := range t.Header {
		in.targets = append(in.targets, how.Mapping[h])
		in.keys = append(in.keys, intake.Key(h))
	}
	in.out.Mapping, in.out.Delimiter = how.Mapping, string(t.Delimiter)
	return in, nil
}

// next returns the recipient of the next line, nil for a line without one.
func (in *reading) next() (*Recipient, int, error) {
	row, line, err := in.table.Next()
	if errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	if line > 0 {
		in.out.Lines++
	}
	if err != nil {
		if line == 0 {
			return nil, 0, err
		}
		in.out.Refused++
		in.wrong(line, "", "is no CSV: look at its quotes")
		return nil, line, nil
	}
	if len(row) == 1 && strings.TrimSpace(row[0]) == "" {
		in.out.Lines--
		return nil, line, nil
	}
	r, ok := in.recipient(row, line)
	if !ok {
		in.out.Refused++
		return nil, line, nil
	}
	return &r, line, nil
}

func (in *reading) wrong(line int, column, message string) {
	if len(in.out.Errors) < mostErrors {
		in.out.Errors = append(in.out.Errors, LineError{line, column, message})
	}
}

// recipient reads one line. False: it cannot be used, and the reason is noted.
func (in *reading) recipient(row []string, line int) (Recipient, bool) {
	var r Recipient
	var c Contact
	want := in.how.Channel
	good := true
	for n, cell := range row {
		if n >= len(in.targets) {
			if strings.TrimSpace(cell) != "" {
				in.wrong(line, "", "has more values than the head line names")
				good = false
			}
			break
		}
		cell = tidy(cell)
		if utf8.RuneCountInString(cell) > maxCell {
			in.wrong(line, in.table.Header[n], "is longer than 4,000 characters")
			good = false
			continue
		}
		if cell == "" {
			continue
		}
		if why := in.put(&r, &c, &want, n, cell); why != "" {
			in.wrong(line, in.table.Header[n], why)
			good = false
		}
	}
	if !good {
		return r, false
	}
	r.Name = cmp.Or(r.Name, c.Name, c.Email)
	if r.Name == "" {
		in.wrong(line, "", "names nobody")
		return r, false
	}
	if c != (Contact{}) {
		r.Contacts = append([]Contact{c}, r.Contacts...)
	}
	r.Own.Wish = want
	r = item.First(r, in.ways.of(r))
	r.Warning = suspect(r, in.look)
	return r, true
}

// look is Lookalike, once for each domain of a file.
func (in *reading) look(domain string) string {
	why, seen := in.looked[domain]
	if !seen {
		why = in.known.Lookalike(domain)
		in.looked[domain] = why
	}
	return why
}

// put stores one value where its column belongs; the answer is what is wrong with it.
func (in *reading) put(r *Recipient, c *Contact, want *Channel, n int, cell string) (why string) {
	target := in.targets[n]
	switch target {
	case intake.Ignore:
		return ""
	case "":
		if in.keys[n] != "" {
			if r.Own.Row == nil {
				r.Own.Row = map[string]string{}
			}
			r.Own.Row[in.keys[n]] = cell
		}
		return ""
	case intake.Postal:
		if c.Postal = cell; !validLines(cell) {
			return "must be a postal address of at most 10 lines"
		}
		return ""
	case intake.Party:
		p, ok := in.dir.Parties[cell]
		if !ok || p.Retired {
			return "is no id of a party of the directory"
		}
		r.Party, r.Liaison, r.KeyAccount, r.Own.Kind = p.ID, p.Liaison, p.KeyAccount, string(p.Kind)
		r.Name, r.Lang, r.Country = cmp.Or(r.Name, p.Name), cmp.Or(r.Lang, p.Language), cmp.Or(r.Country, p.Country)
		for _, k := range p.Contacts {
			r.Contacts = append(r.Contacts, Contact{Name: k.Name, Role: k.Role, Email: k.Email, Phone: k.Phone})
		}
		return ""
	}
	if !bulk.ValidLine(cell, maxLine) {
		return "must be one line of at most 200 ordinary characters"
	}
	switch target {
	case intake.Name:
		r.Name = cell
	case intake.Contact:
		c.Name = cell
	case intake.Role:
		c.Role = cell
	case intake.Salutation:
		r.Own.Salutation = cell
	case intake.Reference:
		r.Own.Reference = cell
	case intake.Lang:
		if r.Lang = strings.ToLower(cell); !tagged(r.Lang) {
			return "must be a language tag like de or pt-BR"
		}
	case intake.Country:
		if r.Country = strings.ToUpper(cell); !tagged(r.Country) {
			return "must be a country code like DE"
		}
	case intake.Email:
		if c.Email = strings.TrimSuffix(strings.TrimPrefix(cell, "mailto:"), ";"); !bulk.ValidAddress(c.Email) {
			return "must be an address like name@example.com"
		}
	case intake.Phone:
		if c.Phone = cell; !validPhone(cell) {
			return "must be a number like +49 30 123456"
		}
	case intake.Webhook:
		if c.Webhook = cell; !hook.Valid(cell) {
			return "must be an http or https address without a user or password"
		}
	case intake.Channel:
		if *want = Channel(strings.ToLower(strings.ReplaceAll(cell, " ", "_"))); !want.Valid() {
			return "must be one of email, page, webhook, letter, phone and handed_over"
		}
	}
	return ""
}

// tidy takes spaces from the ends, and characters that no text may hold.
func tidy(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || !unicode.IsControl(r) && r != '\ufeff' {
			return r
		}
		return -1
	}, s))
}

// tagged reports a language tag or country code by its shape.
func tagged(s string) bool {
	for part := range strings.SplitSeq(s, "-") {
		if len(part) < 2 || len(part) > 8 || strings.ContainsFunc(part, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
		}) {
			return false
		}
	}
	return s != ""
}

// Hold takes a file for an import, before it is read. Close what comes back. Permission
// notice.write.
func (s *Service) Hold(ctx context.Context, by who.Identity, body io.Reader) (*blob.Held, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return nil, err
	}
	return s.blobs.Put(ctx, body)
}

// ImportHeld is Import of a file that is held. Permission notice.write.
func (s *Service) ImportHeld(ctx context.Context, by who.Identity, list string, held *blob.Held, how Import) (Imported, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return Imported{}, err
	}
	f, err := s.blobs.Open(held.SHA256)
	if err != nil {
		return Imported{}, err
	}
	defer f.Close()
	return s.Import(ctx, by, list, f, how)
}
