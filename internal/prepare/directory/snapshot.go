package directory

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
)

// Snapshot is the whole directory at one moment, with the people. Its maps are shared between readers: read them, do
// not change them. Retired items stay in the maps, because old incidents name them; the helpers leave them out.
type Snapshot struct {
	Teams      map[string]Team
	Entities   map[string]Entity
	ITServices map[string]ITService
	Parties    map[string]Party
	People     map[string]who.Person // inactive ones too

	change int64 // highest change_no read
	people int64 // sum of the people's versions
}

// Snapshot returns the directory as r sees it. Unchanged, it costs two short reads: the newest change number and the
// sum of the people's versions. Only what changed since the last reading is decoded.
func (s *Service) Snapshot(r store.Reader) (Snapshot, error) {
	return s.snapshot(clock.Background(), r)
}

func (s *Service) snapshot(ctx context.Context, r store.Reader) (Snapshot, error) {
	base := s.cached.Load()
	sn := *base
	if err := sn.readItems(ctx, r); err != nil {
		return Snapshot{}, fmt.Errorf("read the directory: %w", err)
	}
	if err := sn.readPeople(ctx, r, s.people); err != nil {
		return Snapshot{}, fmt.Errorf("read the people of the directory: %w", err)
	}
	if sn.change == base.change && sn.people == base.people {
		return sn, nil
	}
	// What a transaction sees may still be rolled back, and the next change would get the same number.
	keep := sn
	if tx, ok := r.(*store.Tx); ok {
		tx.AfterCommit(func() { s.keep(&keep) })
	} else {
		s.keep(&keep)
	}
	return sn, nil
}

// keep remembers sn unless something newer is there already.
func (s *Service) keep(sn *Snapshot) {
	for {
		old := s.cached.Load()
		if sn.change < old.change || sn.people < old.people || s.cached.CompareAndSwap(old, sn) {
			return
		}
	}
}

func emptySnapshot() *Snapshot {
	return &Snapshot{
		Teams: map[string]Team{}, Entities: map[string]Entity{}, ITServices: map[string]ITService{},
		Parties: map[string]Party{}, People: map[string]who.Person{},
	}
}

// readItems adds what changed after sn.change. change_no only grows, and one writer gives it out, so a reader never
// misses a row.
func (sn *Snapshot) readItems(ctx context.Context, r store.Reader) error {
	rows, err := r.Query(ctx, `SELECT kind, doc, version, retired, change_no FROM directory_item
		WHERE change_no > ? ORDER BY change_no`, sn.change)
	if err != nil {
		return err
	}
	defer rows.Close()
	fresh := false
	for rows.Next() {
		var kind Kind
		var doc []byte
		var version int
		var retired, change int64
		if err := rows.Scan(&kind, &doc, &version, &retired, &change); err != nil {
			return err
		}
		if !fresh {
			sn.own()
			fresh = true
		}
		if err := sn.put(kind, doc, version, retired != 0); err != nil {
			return err
		}
		sn.change = change
	}
	return rows.Err()
}

// own copies the item maps before they are changed.
func (sn *Snapshot) own() {
	sn.Teams, sn.Entities = maps.Clone(sn.Teams), maps.Clone(sn.Entities)
	sn.ITServices, sn.Parties = maps.Clone(sn.ITServices), maps.Clone(sn.Parties)
}

func (sn *Snapshot) put(kind Kind, doc []byte, version int, retired bool) error {
	switch kind {
	case KindTeam:
		return decodeInto(sn.Teams, doc, version, retired)
	case KindEntity:
		return decodeInto(sn.Entities, doc, version, retired)
	case KindService:
		return decodeInto(sn.ITServices, doc, version, retired)
	case KindParty:
		return decodeInto(sn.Parties, doc, version, retired)
	}
	return fmt.Errorf("unknown kind %q in directory_item", kind)
}

func decodeInto[T any, P item[T]](m map[string]T, doc []byte, version int, retired bool) error {
	v, err := decode[T, P](doc, version, retired)
	if err == nil {
		m[P(&v).head().id] = v
	}
	return err
}

func decode[T any, P item[T]](doc []byte, version int, retired bool) (T, error) {
	var v T
	if err := json.Unmarshal(doc, &v); err != nil {
		return v, fmt.Errorf("decode a directory item: %w", err)
	}
	P(&v).normal()
	P(&v).seal(version, retired)
	return v, nil
}

// readPeople reads those whose version differs. Each creation and each change adds one to the sum of versions and
// people are never deleted, so an equal sum means that nothing changed.
func (sn *Snapshot) readPeople(ctx context.Context, r store.Reader, people *who.Service) error {
	var sum int64
	if err := r.QueryRow(ctx, `SELECT CAST(COALESCE(SUM(version), 0) AS BIGINT) FROM person`).Scan(&sum); err != nil {
		return err
	}
	if sum == sn.people {
		return nil
	}
	changed, err := sn.changedPeople(ctx, r)
	if err != nil {
		return err
	}
	sn.People = maps.Clone(sn.People)
	for _, id := range changed {
		p, err := people.PersonTx(ctx, r, id)
		if err != nil {
			return err
		}
		sn.People[id] = p
	}
	// Outside a snapshot somebody may have been changed between the reads; the sum of what was read is the honest stamp.
	sn.people = 0
	for _, p := range sn.People {
		sn.people += int64(p.Version)
	}
	return nil
}

func (sn *Snapshot) changedPeople(ctx context.Context, r store.Reader) ([]string, error) {
	rows, err := r.Query(ctx, `SELECT id, version FROM person`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		var version int
		if err := rows.Scan(&id, &version); err != nil {
			return nil, err
		}
		if sn.People[id].Version != version {
			ids = append(ids, id)
		}
	}
	return ids, rows.Err()
}

// With returns a copy in which these items and people stand as if they were stored already.
func (sn Snapshot) With(items []Item, people []who.Person) Snapshot {
	sn.own()
	sn.People = maps.Clone(sn.People)
	for _, p := range people {
		sn.People[p.ID] = p
	}
	for _, v := range items {
		switch v := v.(type) {
		case *Team:
			sn.Teams[v.ID] = *v
		case *Entity:
			sn.Entities[v.ID] = *v
		case *ITService:
			sn.ITServices[v.ID] = *v
		case *Party:
			sn.Parties[v.ID] = *v
		}
	}
	return sn
}

// TeamsOf lists the active teams of a kind, by id.
func (sn Snapshot) TeamsOf(kind TeamKind) []Team {
	var out []Team
	for _, id := range slices.Sorted(maps.Keys(sn.Teams)) {
		if t := sn.Teams[id]; t.Kind == kind && !t.Retired {
			out = append(out, t)
		}
	}
	return out
}

// PartiesOf lists the active parties of a kind, by id.
func (sn Snapshot) PartiesOf(kind PartyKind) []Party {
	var out []Party
	for _, id := range slices.Sorted(maps.Keys(sn.Parties)) {
		if p := sn.Parties[id]; p.Kind == kind && !p.Retired {
			out = append(out, p)
		}
	}
	return out
}

// OnCall lists the active people of a team in the order in which they are called: who is on call at the given time,
// then the leads, then the other members, then the deputies of all of them in the same order. Nobody stands twice.
// An unknown or retired team gives none.
func (sn Snapshot) OnCall(team string, at time.Time) []string {
	t, ok := sn.Teams[team]
	if !ok || t.Retired {
		return nil
	}
	var named []string
	for _, s := range t.OnCall {
		if s.Covers(at) {
			named = append(named, s.Person)
		}
	}
	for _, lead := range []bool{true, false} {
		for _, m := range t.Members {
			if m.Lead == lead {
				named = append(named, m.Person)
			}
		}
	}
	for _, id := range slices.Clone(named) {
		if d := sn.People[id].Deputy; d != "" {
			named = append(named, d)
		}
	}
	var out []string
	for _, id := range named {
		if sn.People[id].Active && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// Leads lists the active leads of a team.
func (sn Snapshot) Leads(team string) []string {
	var out []string
	for _, m := range sn.Teams[team].Members {
		if m.Lead && sn.People[m.Person].Active {
			out = append(out, m.Person)
		}
	}
	return out
}

// IsMember tells whether a person is a member of an active team of that kind.
func (sn Snapshot) IsMember(person string, kind TeamKind) bool {
	for _, t := range sn.Teams {
		if t.Kind == kind && !t.Retired && slices.ContainsFunc(t.Members, func(m Member) bool { return m.Person == person }) {
			return true
		}
	}
	return false
}

// WithRole lists the active people who have a permission role, by id.
func (sn Snapshot) WithRole(role who.Role) []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(sn.People)) {
		if p := sn.People[id]; p.Active && slices.Contains(p.Roles, role) {
			out = append(out, id)
		}
	}
	return out
}

// FindService returns the active service an alert means by a word: its id, name or an alias, whatever the case.
func (sn Snapshot) FindService(word string) (ITService, bool) {
	word = strings.TrimSpace(word)
	if s, ok := sn.ITServices[word]; ok && !s.Retired {
		return s, true
	}
	if word == "" {
		return ITService{}, false
	}
	for _, id := range slices.Sorted(maps.Keys(sn.ITServices)) {
		s := sn.ITServices[id]
		same := func(a string) bool { return strings.EqualFold(a, word) }
		if !s.Retired && (same(s.ID) || same(s.Name) || slices.ContainsFunc(s.Aliases, same)) {
			return s, true
		}
	}
	return ITService{}, false
}

// Name returns what people call an item or a person; the id itself when it is unknown.
func (sn Snapshot) Name(kind Kind, id string) string {
	name := ""
	switch kind {
	case KindTeam:
		name = sn.Teams[id].Name
	case KindEntity:
		name = sn.Entities[id].Name
	case KindService:
		name = sn.ITServices[id].Name
	case KindParty:
		name = sn.Parties[id].Name
	}
	return or(name, id)
}

// PersonName returns a person's name; the id itself when it is unknown.
func (sn Snapshot) PersonName(id string) string { return or(sn.People[id].Name, id) }

// ActorName returns the name of a person, or of what acted by itself.
func (sn Snapshot) ActorName(id string) string { return or(who.EngineName(id), sn.PersonName(id)) }

func (sn *Snapshot) needPerson(ps *problems, field, id string) {
	if _, ok := sn.People[id]; !ok {
		ps.add(field, "is not a known person: add the person first or correct the id")
	}
}

func (sn *Snapshot) needTeam(ps *problems, field, id string) {
	if t, ok := sn.Teams[id]; !ok || t.Retired {
		ps.add(field, "is not a known team: add the team first or correct the id")
	}
}

func (sn *Snapshot) needEntity(ps *problems, field, id string) {
	if e, ok := sn.Entities[id]; !ok || e.Retired {
		ps.add(field, "is not a known legal entity: add it first or correct the id")
	}
}

func (sn *Snapshot) needParty(ps *problems, field, id string, kinds ...PartyKind) {
	p, ok := sn.Parties[id]
	if !ok || p.Retired || !slices.Contains(kinds, p.Kind) {
		words := make([]string, len(kinds))
		for i, k := range kinds {
			words[i] = string(k)
		}
		ps.add(field, "is not a known party of the kind %s: add it first or correct the id", strings.Join(words, " or "))
	}
}

// users names the active items that refer to an item, as "kind id".
func (sn Snapshot) users(kind Kind, id string) []string {
	var out []string
	add := func(k Kind, user string, uses bool) {
		if uses {
			out = append(out, fmt.Sprintf("%s %s", k, user))
		}
	}
	for _, e := range sn.Entities {
		add(KindEntity, e.ID, !e.Retired && kind == KindParty && e.Authority == id)
	}
	for _, v := range sn.ITServices {
		if v.Retired {
			continue
		}
		add(KindService, v.ID, kind == KindTeam && v.Team == id || kind == KindEntity && v.Entity == id ||
			kind == KindParty && (slices.Contains(v.Customers, id) || slices.Contains(v.Providers, id)))
	}
	for _, p := range sn.Parties {
		add(KindParty, p.ID, !p.Retired && kind == KindEntity && p.Entity == id)
	}
	slices.Sort(out)
	return out
}
