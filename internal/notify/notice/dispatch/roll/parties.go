package roll

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/mail/bulk"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// Query chooses recipients from the directory. What is empty does not restrict.
type Query struct {
	Affected    bool                  // those in the scope of the incident, or using its services
	Kinds       []directory.PartyKind // customers, partners, employee groups, vendors …
	Parties     []string              // ids
	Services    []string              // customers of these services
	Countries   []string
	Entity      string // our entity that contracts with them
	KeyAccounts bool   // only key accounts
	Teams       []string
	Channel     Channel // wanted, before those of the notice; another one is taken where a contact does not allow it
	Label       string  // of all these, for the texts that are meant for a group
}

// Added says what an addition came to.
type Added struct {
	New     int `json:"new"`
	Double  int `json:"double"` // stood on the list already
	Gaps    int `json:"gaps"`   // of the new ones, who cannot be reached
	Warned  int `json:"warned"` // of the new ones, whose address should be looked at
	Refused int `json:"refused,omitempty"`
}

// AddQuery adds those the query finds. Permission notice.write.
func (s *Service) AddQuery(ctx context.Context, by who.Identity, list string, q Query) (Added, error) {
	if err := who.Check(by, who.PermNoticeWrite); err != nil {
		return Added{}, err
	}
	if !q.Affected && len(q.Kinds)+len(q.Parties)+len(q.Services)+len(q.Teams) == 0 {
		return Added{}, fault.InvalidField("kinds", "say whom to add: those affected, a kind of party, a service or a team")
	}
	if q.Channel != "" && !q.Channel.Valid() {
		return Added{}, fault.InvalidField("channel", "must be one of email, page, webhook, letter, phone and handed_over")
	}
	if !bulk.ValidLine(q.Label, maxLine) {
		return Added{}, fault.InvalidField("label", "must be one line of at most 200 ordinary characters")
	}
	var out Added
	err := s.write(ctx, by, "dispatch.add", func(tx *store.Tx) error {
		out = Added{}
		l, err := s.openTx(tx, by, list)
		if err != nil {
			return err
		}
		found, err := s.find(tx, l, q)
		if err != nil {
			return err
		}
		added, err := s.addTx(tx, l, found)
		out.count(found, added)
		return err
	})
	return out, err
}

func (a *Added) count(list []Recipient, added []bool) {
	for n, ok := range added {
		switch {
		case !ok:
			a.Double++
			continue
		case list[n].State == Gap:
			a.Gaps++
		}
		a.New++
		if list[n].Warning != "" {
			a.Warned++
		}
	}
}

// find makes recipients of whom the query finds, in a stable order.
func (s *Service) find(tx *store.Tx, l List, q Query) ([]Recipient, error) {
	dir, err := s.dirs.Snapshot(tx)
	if err != nil {
		return nil, err
	}
	st, err := s.incidents.GetTx(tx, l.Incident)
	if err != nil {
		return nil, err
	}
	due, err := s.dueTimes(tx, l.Incident)
	if err != nil {
		return nil, err
	}
	how, err := s.ways(clock.Background(), tx, l)
	if err != nil {
		return nil, err
	}
	known := domains(dir, s.from)
	scope := st.ScopeNow()
	var list []Recipient
	for _, id := range parties(dir, st, q) {
		p := dir.Parties[id]
		r := Recipient{
			Party: p.ID, Name: p.Name, Lang: p.Language, Country: p.Country, Liaison: p.Liaison, KeyAccount: p.KeyAccount, DueAt: due[p.ID],
			Own: Own{
				Reference: st.Ref + "-" + p.ID, Services: services(dir, scope, st.Service, p.ID), Kind: string(p.Kind), Wish: q.Channel,
				Row: labelled(nil, q.Label),
			},
		}
		for _, c := range p.Contacts {
			r.Contacts = append(r.Contacts, Contact{Name: c.Name, Role: c.Role, Email: c.Email, Phone: c.Phone})
		}
		if p.Contract != nil {
			r.Own.Clause = p.Contract.Clause
		}
		list = append(list, reach(r, how, known))
	}
	for _, id := range people(dir, q) {
		p := dir.People[id]
		list = append(list, reach(Recipient{
			Party: "person:" + p.ID, Name: p.Name, Contacts: []Contact{{Name: p.Name, Email: p.Email, Phone: p.Phone}},
			Own: Own{Reference: st.Ref, Kind: "person", Wish: q.Channel, Row: labelled(nil, q.Label)},
		}, how, known))
	}
	return list, nil
}

// dueTimes are the times by which parties are to be told, by the earliest open duty.
func (s *Service) dueTimes(tx *store.Tx, incidentID string) (map[string]time.Time, error) {
	duties, err := s.duties.OpenDuties(clock.Background(), tx, incidentID)
	due := map[string]time.Time{}
	for _, d := range duties {
		id := d.Recipient.ID
		if d.Outward && id != "" && (due[id].IsZero() || d.DueAt.Before(due[id])) {
			due[id] = d.DueAt
		}
	}
	return due, err
}

// affected are the ids in the scope of an incident; without a list of customers, those of
// the services it touches.
func affected(dir directory.Snapshot, st incident.State) []string {
	scope := st.ScopeNow()
	ids := slices.Concat(scope.Customers, scope.Partners, scope.EmployeeGroups)
	if len(scope.Customers) == 0 {
		named := scope.Services
		if len(named) == 0 && st.Service != "" {
			named = []string{st.Service}
		}
		for _, n := range named {
			ids = append(ids, dir.ITServices[n].Customers...)
		}
	}
	return ids
}

func parties(dir directory.Snapshot, st incident.State, q Query) []string {
	ids := slices.Clone(q.Parties)
	if q.Affected {
		ids = append(ids, affected(dir, st)...)
	}
	for _, n := range q.Services {
		ids = append(ids, dir.ITServices[n].Customers...)
	}
	if !q.Affected && len(q.Parties)+len(q.Services) == 0 {
		for _, k := range q.Kinds {
			for _, p := range dir.PartiesOf(k) {
				ids = append(ids, p.ID)
			}
		}
	}
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id string) bool {
		p, ok := dir.Parties[id]
		return !ok || p.Retired || len(q.Kinds) > 0 && !slices.Contains(q.Kinds, p.Kind) ||
			len(q.Countries) > 0 && !slices.Contains(q.Countries, p.Country) ||
			q.Entity != "" && p.Entity != q.Entity || q.KeyAccounts && !p.KeyAccount
	})
}

func people(dir directory.Snapshot, q Query) []string {
	var ids []string
	for _, t := range q.Teams {
		for _, m := range dir.Teams[t].Members {
			if dir.People[m.Person].Active {
				ids = append(ids, m.Person)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// services are the names of the services in scope that a party uses.
func services(dir directory.Snapshot, scope incident.Scope, of, party string) []string {
	ids := scope.Services
	if len(ids) == 0 && of != "" {
		ids = []string{of}
	}
	var names []string
	for _, id := range ids {
		if sv, ok := dir.ITServices[id]; ok && slices.Contains(sv.Customers, party) {
			names = append(names, sv.Name)
		}
	}
	return names
}

// domains are those a look-alike would pretend to be.
func domains(dir directory.Snapshot, from string) *bulk.Domains {
	var names []string
	add := func(address string) {
		if _, d, ok := strings.Cut(address, "@"); ok {
			names = append(names, d)
		}
	}
	add(from)
	for _, p := range dir.Parties {
		for _, c := range p.Contacts {
			add(c.Email)
		}
	}
	for _, p := range dir.People {
		add(p.Email)
	}
	slices.Sort(names)
	return bulk.KnownDomains(slices.Compact(names)...)
}
