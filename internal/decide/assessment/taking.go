package assessment

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/rule/regime"
)

// Taking says which rule packs came into force. It stands in the ledger with each
// incident that took them.
type Taking struct {
	Version string     `json:"version"` // of all packs together
	Was     string     `json:"was,omitempty"`
	Packs   []PackMove `json:"packs,omitempty"` // that came, changed or went, by name; none: only a calendar, or the first that were noted
	By      string     `json:"by,omitempty"`    // id of the person who had them read anew; "" at a start
}

// PackMove is one pack before and after.
type PackMove struct {
	Pack string `json:"pack"`
	Was  string `json:"was,omitempty"` // version; "" = there was none
	Now  string `json:"now,omitempty"` // "" = it is gone
	Own  bool   `json:"own,omitempty"` // the operator's
}

// Words names a pack with its versions.
func (m PackMove) Words() string {
	switch {
	case m.Now == "":
		return m.Pack + " " + m.Was + " went"
	case m.Was == "":
		return m.Pack + " " + m.Now
	case m.Was == m.Now:
		return m.Pack + " " + m.Now + " with another text"
	}
	return m.Pack + " " + m.Now + " (was " + m.Was + ")"
}

// mostNamed is how many packs a sentence names; a new version of the program brings many.
const mostNamed = 4

// Words says in one line what came in.
func (t Taking) Words() string {
	var names []string
	for _, m := range t.Packs[:min(mostNamed, len(t.Packs))] {
		names = append(names, m.Words())
	}
	if n := len(t.Packs) - mostNamed; n > 0 {
		names = append(names, fmt.Sprintf("%d more", n))
	}
	if len(names) == 0 {
		return "version " + t.Version
	}
	return strings.Join(names, ", ")
}

// packRow is one pack as rule_packs keeps it.
type packRow struct {
	ID      string `json:"id"`
	File    string `json:"file"`
	Version string `json:"version"`
	Sum     string `json:"sum"`
	Own     bool   `json:"own,omitempty"`
}

func rowsOf(b *regime.Book) []packRow {
	out := make([]packRow, 0, len(b.Packs))
	for _, p := range b.Packs {
		out = append(out, packRow{p.ID, p.File, p.Version, p.Sum, p.Operator})
	}
	return out
}

// moves compares the packs of two books. Several files may be one pack; they are told apart by
// the name of the file and by whose they are.
func moves(was, now []packRow) []PackMove {
	same := func(a packRow) func(packRow) bool {
		return func(b packRow) bool { return a.ID == b.ID && a.File == b.File && a.Own == b.Own }
	}
	var out []PackMove
	for _, p := range now {
		switch i := slices.IndexFunc(was, same(p)); {
		case i < 0:
			out = append(out, PackMove{Pack: p.ID, Now: p.Version, Own: p.Own})
		case was[i].Sum != p.Sum:
			out = append(out, PackMove{Pack: p.ID, Was: was[i].Version, Now: p.Version, Own: p.Own})
		}
	}
	for _, p := range was {
		if !slices.ContainsFunc(now, same(p)) {
			out = append(out, PackMove{Pack: p.ID, Was: p.Version, Own: p.Own})
		}
	}
	slices.SortStableFunc(out, func(a, b PackMove) int { return cmp.Or(strings.Compare(a.Pack, b.Pack), strings.Compare(a.Now, b.Now)) })
	return out
}

// Take compares the packs in force with those that were in force when somebody looked last.
// When they differ, open incidents take them, each with an entry that says what changed. It runs
// at the start of the program; repeating it does nothing. It needs plan.edit, which the engine has.
func (s *Service) Take(ctx context.Context, by who.Identity) (changed bool, err error) {
	if err := who.Check(by, who.PermPlanEdit); err != nil {
		return false, err
	}
	return s.take(ctx, by, nil)
}

// take is Take; before are the packs this program had until now, for a database in which nobody
// has looked yet.
func (s *Service) take(ctx context.Context, by who.Identity, before *regime.Book) (changed bool, err error) {
	book := s.Book()
	packs := rowsOf(book)
	_, err = s.db.Write(ctx, store.Op{Name: "rules.take", Actor: by.Actor}, func(tx *store.Tx) error {
		version, had, err := inForce(ctx, tx)
		if version == "" && before != nil {
			version, had = before.Version, rowsOf(before)
		}
		if changed = err == nil && version != book.Version; !changed {
			return err
		}
		text, err := json.Marshal(packs)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO rule_packs (id, version, packs, taken_at) VALUES ('law', ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET version = excluded.version, packs = excluded.packs, taken_at = excluded.taken_at`,
			book.Version, string(text), clock.Micros(s.clk.Now()))
		if err != nil {
			return err
		}
		t := Taking{Version: book.Version, Was: version, By: by.Person}
		if version != "" {
			t.Packs = moves(had, packs)
		}
		return s.after(ctx, tx, by, t)
	})
	if err != nil {
		return false, fmt.Errorf("take the rule packs %s: %w", book.Version, err)
	}
	return changed, nil
}

// inForce reads which packs were in force when somebody looked last; "" for never.
func inForce(ctx context.Context, r store.Reader) (version string, packs []packRow, err error) {
	var text string
	err = r.QueryRow(ctx, `SELECT version, packs FROM rule_packs WHERE id = 'law'`).Scan(&version, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	return version, packs, json.Unmarshal([]byte(text), &packs)
}

// TakenAt is since when the packs are in force; zero before the first look.
func (s *Service) TakenAt(ctx context.Context) (time.Time, error) {
	var us int64
	err := s.db.QueryRow(ctx, `SELECT taken_at FROM rule_packs WHERE id = 'law'`).Scan(&us)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return clock.FromMicros(us), err
}
