package directory

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/rule/grading"
	"github.com/wakebell/wakebell/internal/rule/regime/headcount"
)

const (
	maxName = 200
	maxList = 2000
	maxText = 500
)

var (
	kindShape     = regexp.MustCompile(`^[a-z][a-z0-9_]{1,63}$`)
	slugShape     = regexp.MustCompile(`^[a-z0-9-]{2,64}$`)
	countryShape  = regexp.MustCompile(`^[A-Z]{2}$`)
	languageShape = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	phoneShape    = regexp.MustCompile(`^\+?[0-9][0-9 ()/.-]{2,30}$`)
)

// problems gathers what is wrong with one item, field by field.
type problems []fault.Field

func (ps *problems) add(field, format string, args ...any) {
	*ps = append(*ps, fault.Field{Field: field, Message: fmt.Sprintf(format, args...)})
}

func (ps *problems) slug(field, v string) {
	if !slugShape.MatchString(v) {
		ps.add(field, "must be 2 to 64 characters of a-z, 0-9 and -")
	}
}

func (ps *problems) name(field, v string) {
	if v == "" || len(v) > maxName || strings.ContainsAny(v, "\r\n\x00") {
		ps.add(field, "must be one line of 1 to %d bytes", maxName)
	}
}

func (ps *problems) country(field, v string, needed bool) {
	switch remedy := headcount.Remedy(v); {
	case v == "" && !needed:
	case !countryShape.MatchString(v):
		ps.add(field, "must be two capital letters of ISO 3166, such as DE or IE")
	case remedy != "":
		ps.add(field, "must be a country of ISO 3166: %s", remedy)
	}
}

func oneOf[T ~string](ps *problems, field string, v T, all ...T) {
	if slices.Contains(all, v) {
		return
	}
	words := make([]string, len(all))
	for i, a := range all {
		words[i] = string(a)
	}
	ps.add(field, "must be one of %s", strings.Join(words, ", "))
}

func (ps *problems) length(field string, n int) bool {
	if n > maxList {
		ps.add(field, "must hold at most %d entries", maxList)
		return false
	}
	return true
}

func (ps *problems) unique(field string, list []string) {
	if !ps.length(field, len(list)) {
		return
	}
	seen := make(map[string]bool, len(list))
	for i, v := range list {
		if v == "" || len(v) > maxName {
			ps.add(fmt.Sprintf("%s[%d]", field, i), "must not be empty or longer than %d bytes", maxName)
		} else if seen[v] {
			ps.add(fmt.Sprintf("%s[%d]", field, i), "stands in the list twice")
		}
		seen[v] = true
	}
}

// Item is *Team, *Entity, *ITService or *Party.
type Item interface {
	head() head
	seal(version int, retired bool)
	normal()
	check(ps *problems)
	refs(sn *Snapshot, ps *problems)
	words() []string
}

// item is the constraint for a struct T whose pointer is an Item.
type item[T any] interface {
	*T
	Item
}

// Check fills v's defaults in and names what is wrong with it, also against the rest of the directory.
func Check(v Item, sn Snapshot) []fault.Field {
	v.normal()
	var ps problems
	v.check(&ps)
	v.refs(&sn, &ps)
	return ps
}

// head is the part of an item that has its own columns. sub is the inner kind, by which lists can be filtered.
type head struct {
	kind    Kind
	id      string
	sub     string
	name    string
	version int
	retired bool
}

func (t *Team) head() head {
	return head{KindTeam, t.ID, string(t.Kind), t.Name, t.Version, t.Retired}
}
func (t *Team) seal(version int, retired bool) { t.Version, t.Retired = version, retired }
func (t *Team) normal() {
	t.Name = strings.TrimSpace(t.Name)
	t.Members = filled(t.Members)
	t.OnCall = filled(t.OnCall)
	for i := range t.OnCall {
		t.OnCall[i].From = clock.FromMicros(clock.Micros(t.OnCall[i].From))
		t.OnCall[i].Until = clock.FromMicros(clock.Micros(t.OnCall[i].Until))
	}
}

func (t *Team) check(ps *problems) {
	ps.slug("id", t.ID)
	ps.name("name", t.Name)
	oneOf(ps, "kind", t.Kind, TeamKinds()...)
	ps.length("on_call", len(t.OnCall))
	if ps.length("members", len(t.Members)) {
		seen := map[string]bool{}
		for i, m := range t.Members {
			if seen[m.Person] {
				ps.add(fmt.Sprintf("members[%d].person", i), "stands in the team twice")
			}
			seen[m.Person] = true
		}
	}
	for i, s := range t.OnCall {
		if !s.Until.IsZero() && !s.From.Before(s.Until) {
			ps.add(fmt.Sprintf("on_call[%d].until", i), "must lie after from")
		}
		if s.From.Year() > 2200 || s.Until.Year() > 2200 || (!s.From.IsZero() && s.From.Before(time.Unix(0, 0))) {
			ps.add(fmt.Sprintf("on_call[%d].from", i), "must lie between 1970 and 2200")
		}
	}
}

func (t *Team) refs(sn *Snapshot, ps *problems) {
	for i, m := range t.Members {
		sn.needPerson(ps, fmt.Sprintf("members[%d].person", i), m.Person)
	}
	for i, s := range t.OnCall {
		sn.needPerson(ps, fmt.Sprintf("on_call[%d].person", i), s.Person)
	}
}

func (e *Entity) head() head {
	return head{KindEntity, e.ID, "", e.Name, e.Version, e.Retired}
}
func (e *Entity) seal(version int, retired bool) { e.Version, e.Retired = version, retired }
func (e *Entity) normal() {
	e.Name = strings.TrimSpace(e.Name)
	e.Processings = filled(e.Processings)
}

func (e *Entity) check(ps *problems) {
	ps.slug("id", e.ID)
	ps.name("name", e.Name)
	ps.country("country", e.Country, true)
	ps.length("processings", len(e.Processings))
	for kind := range e.Kinds {
		if !kindShape.MatchString(kind) {
			ps.add("kinds", "%q is no kind of entity: a word such as financial_entity", kind)
		}
	}
	if _, err := time.LoadLocation(e.Zone); err != nil {
		ps.add("zone", "is not a time zone; use a name like Europe/Berlin")
	}
	seen := map[string]bool{}
	for i, p := range e.Processings {
		at := fmt.Sprintf("processings[%d].", i)
		ps.name(at+"name", p.Name)
		if seen[p.Name] {
			ps.add(at+"name", "stands in the list twice")
		}
		seen[p.Name] = true
		oneOf(ps, at+"role", p.Role, RoleController, RoleProcessor)
	}
}

func (e *Entity) refs(sn *Snapshot, ps *problems) {
	if e.Authority != "" {
		sn.needParty(ps, "authority", e.Authority, PartyAuthority)
	}
	if e.PrivacyOfficer != "" {
		sn.needPerson(ps, "privacy_officer", e.PrivacyOfficer)
	}
}

func (s *ITService) head() head {
	return head{KindService, s.ID, "", s.Name, s.Version, s.Retired}
}
func (s *ITService) seal(version int, retired bool) { s.Version, s.Retired = version, retired }
func (s *ITService) normal() {
	s.Name = strings.TrimSpace(s.Name)
	s.Customers, s.Providers, s.Aliases = filled(s.Customers), filled(s.Providers), filled(s.Aliases)
	if s.Indicators != nil && *s.Indicators == (grading.Override{}) {
		s.Indicators = nil
	}
}

func (s *ITService) check(ps *problems) {
	ps.slug("id", s.ID)
	ps.name("name", s.Name)
	if s.Team == "" {
		ps.add("team", "must name the owning team")
	}
	ps.unique("customers", s.Customers)
	ps.unique("providers", s.Providers)
	ps.unique("aliases", s.Aliases)
	if s.Processing != "" && s.Entity == "" {
		ps.add("entity", "must be named where a processing is")
	}
	if s.Indicators == nil {
		return
	}
	if err := s.Indicators.Validate(); err != nil {
		field, msg, _ := strings.Cut(err.Error(), ": ")
		ps.add("indicators."+field, "must be %s", msg)
	}
}

func (s *ITService) refs(sn *Snapshot, ps *problems) {
	if s.Team != "" {
		sn.needTeam(ps, "team", s.Team)
	}
	if s.Architect != "" {
		sn.needPerson(ps, "architect", s.Architect)
	}
	if s.Entity != "" {
		sn.needEntity(ps, "entity", s.Entity)
		if e, ok := sn.Entities[s.Entity]; ok && s.Processing != "" && e.RoleIn(s.Processing) == "" {
			ps.add("processing", "is not a processing of that entity: add it there or correct the name")
		}
	}
	for i, c := range s.Customers {
		sn.needParty(ps, fmt.Sprintf("customers[%d]", i), c, PartyCustomer, PartyPartner, PartyEmployeeGroup)
	}
	for i, p := range s.Providers {
		sn.needParty(ps, fmt.Sprintf("providers[%d]", i), p, PartyVendor, PartyProcessor, PartyPartner)
	}
}

func (p *Party) head() head {
	return head{KindParty, p.ID, string(p.Kind), p.Name, p.Version, p.Retired}
}
func (p *Party) seal(version int, retired bool) { p.Version, p.Retired = version, retired }
func (p *Party) normal() {
	p.Name = strings.TrimSpace(p.Name)
	p.Contacts = filled(p.Contacts)
	for i := range p.Contacts {
		c := &p.Contacts[i]
		c.Name, c.Email, c.Phone = strings.TrimSpace(c.Name), strings.TrimSpace(c.Email), strings.TrimSpace(c.Phone)
	}
	if p.Contract != nil {
		c := p.Contract.Normal()
		p.Contract = &c
	}
}

func (p *Party) check(ps *problems) {
	ps.slug("id", p.ID)
	ps.name("name", p.Name)
	oneOf(ps, "kind", p.Kind, PartyKinds()...)
	ps.country("country", p.Country, p.Kind == PartyCustomer || p.Kind == PartyAuthority)
	if p.Language != "" && !languageShape.MatchString(p.Language) {
		ps.add("language", "must be a language tag such as de or en-IE")
	}
	if p.PersonalDataRole != "" {
		oneOf(ps, "personal_data_role", p.PersonalDataRole, RoleController, RoleProcessor)
	}
	if p.Form != "" && (!strings.HasPrefix(p.Form, "https://") || len(p.Form) > maxText) {
		ps.add("form", "must be an address that begins with https://")
	}
	if c := p.Contract; c != nil {
		var named []string
		for _, x := range p.Contacts {
			named = append(named, x.Name, x.Email, x.Role)
		}
		for _, x := range c.Check(named) {
			ps.add("contract."+x.Field, "%s", x.Message)
		}
	}
	if ps.length("contacts", len(p.Contacts)) {
		for i, c := range p.Contacts {
			c.check(ps, fmt.Sprintf("contacts[%d].", i))
		}
	}
}

func (c Contact) check(ps *problems, at string) {
	if c.Name == "" && c.Email == "" && c.Phone == "" {
		ps.add(at+"email", "a contact needs a name, an address or a number")
	}
	if len(c.Name) > maxName || len(c.Role) > maxName {
		ps.add(at+"name", "name and role must not be longer than %d bytes", maxName)
	}
	if c.Email != "" && !who.ValidEmail(c.Email) {
		ps.add(at+"email", "must be a plain e-mail address")
	}
	if c.Phone != "" && !phoneShape.MatchString(c.Phone) {
		ps.add(at+"phone", "must be a telephone number such as +49 89 1234")
	}
}

func (p *Party) refs(sn *Snapshot, ps *problems) {
	if p.Entity != "" {
		sn.needEntity(ps, "entity", p.Entity)
	}
	if p.Liaison != "" {
		sn.needPerson(ps, "liaison", p.Liaison)
	}
}

// filled gives an empty list instead of none, so that stored documents compare equal.
func filled[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return slices.Clone(s)
}

func or[T ~string](v, otherwise T) T {
	if v == "" {
		return otherwise
	}
	return v
}
