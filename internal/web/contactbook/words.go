package contactbook

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	terms "github.com/wakebell/wakebell/internal/prepare/directory/contract"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/differ"
)

func teamWord(k directory.TeamKind) string {
	return cmp.Or(map[directory.TeamKind]string{
		directory.TeamProduct: "Product team", directory.TeamSIRT: "SIRT", directory.TeamSIHT: "SIHT", directory.TeamLeadership: "Senior leadership",
		directory.TeamBoard: "Board", directory.TeamCommunications: "Communications", directory.TeamLegal: "Legal", directory.TeamExecutive: "Executive",
		directory.TeamOther: "Other",
	}[k], string(k))
}

func partyWord(k directory.PartyKind) string {
	return cmp.Or(map[directory.PartyKind]string{
		directory.PartyCustomer: "Customer", directory.PartyPartner: "Partner", directory.PartyEmployeeGroup: "Group of employees",
		directory.PartyVendor: "Vendor", directory.PartyProcessor: "Processor", directory.PartyAuthority: "Authority",
		directory.PartyLawEnforcement: "Law enforcement", directory.PartyInsurer: "Insurer",
	}[k], string(k))
}

func startWord(s directory.ContractStart) string {
	return cmp.Or(map[directory.ContractStart]string{
		directory.FromDiscovered: "discovery", directory.FromAware: "when we are aware", directory.FromConfirmed: "confirmation",
	}[s], string(s))
}

func conditionWord(c directory.ContractCondition) string {
	return c.Words()
}

func problemWord(p directory.Problem) string {
	return cmp.Or(map[directory.Problem]string{
		directory.Nobody: "Nobody has it", directory.NoDeputy: "One person, no deputy", directory.NoOnCall: "Nobody on call now",
		directory.NoContact: "Cannot be reached", directory.NotSet: "Not set", directory.Overdue: "Overdue", directory.Looser: "Looser than the policy",
	}[p], string(p))
}

func hours(c *directory.Contract) string {
	if c == nil {
		return "The plan's hours"
	}
	unit := "hours"
	if c.Hours == 1 {
		unit = "hour"
	}
	return fmt.Sprintf("%d %s from %s", c.Hours, unit, startWord(c.Start))
}

func yes(b bool) string {
	if b {
		return "Yes"
	}
	return "No"
}

func stamp(t time.Time, zone *time.Location, otherwise string) string {
	if t.IsZero() {
		return otherwise
	}
	return t.In(zone).Format("Mon 2 Jan 2006 15:04")
}

// shiftText is a shift in words, in the viewer's zone.
func shiftText(from, until time.Time, zone *time.Location) string {
	switch {
	case from.IsZero() && until.IsZero():
		return "always"
	case until.IsZero():
		return "from " + stamp(from, zone, "")
	case from.IsZero():
		return "until " + stamp(until, zone, "")
	}
	return stamp(from, zone, "") + " to " + stamp(until, zone, "")
}

func contactText(c directory.Contact) string {
	var parts []string
	for _, p := range []string{c.Name, c.Role, c.Email, c.Phone} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ", ")
}

func lines[T any](list []T, f func(T) string) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return strings.Join(out, "\n")
}

func (t teller) person(id string) string {
	if id == "" {
		return ""
	}
	return t.dir.PersonName(id)
}

func (t teller) name(k directory.Kind, id string) string {
	if id == "" {
		return ""
	}
	return t.dir.Name(k, id)
}

// teller puts items in words, with the names and the zone of today.
type teller struct {
	dir  directory.Snapshot
	zone *time.Location
}

// said puts an item in words, one label for each value.
func (t teller) said(v any) []differ.Said {
	switch v := v.(type) {
	case directory.Team:
		return t.team(v)
	case directory.Entity:
		return t.entity(v)
	case directory.ITService:
		return t.service(v)
	case directory.Party:
		return t.party(v)
	case who.Person:
		return t.human(v)
	}
	return nil
}

func (t teller) team(v directory.Team) []differ.Said {
	return []differ.Said{
		{Label: "Name", Text: v.Name},
		{Label: "Kind", Text: teamWord(v.Kind)},
		{Label: "Members", Text: lines(v.Members, func(m directory.Member) string {
			return t.person(m.Person) + map[bool]string{true: " (leads)"}[m.Lead]
		})},
		{Label: "On call", Text: lines(v.OnCall, func(s directory.Shift) string {
			return t.person(s.Person) + ", " + shiftText(s.From, s.Until, t.zone)
		})},
	}
}

func (t teller) entity(v directory.Entity) []differ.Said {
	return []differ.Said{
		{Label: "Name", Text: v.Name},
		{Label: "Country", Text: v.Country},
		{Label: "Processings", Text: lines(v.Processings, func(p directory.Processing) string { return p.Name + " (" + string(p.Role) + ")" })},
		{Label: "Supervisory authority", Text: t.name(directory.KindParty, v.Authority)},
		{Label: "Data protection officer", Text: t.person(v.PrivacyOfficer)},
		{Label: "Time zone", Text: v.Zone},
		{Label: "It is", Text: kindsOf(v, true)},
		{Label: "It is not", Text: kindsOf(v, false)},
	}
}

// kindsOf names what an entity is, or is not, by the words it stands in the record with.
func kindsOf(v directory.Entity, is bool) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(v.Kinds)) {
		if v.Kinds[k] == is {
			out = append(out, strings.ReplaceAll(k, "_", " "))
		}
	}
	return strings.Join(out, "\n")
}

func (t teller) service(v directory.ITService) []differ.Said {
	party := func(id string) string { return t.name(directory.KindParty, id) }
	own := ""
	if o := v.Indicators; o != nil {
		own = strings.Join(overrides(o), "\n")
	}
	return []differ.Said{
		{Label: "Name", Text: v.Name},
		{Label: "Owning team", Text: t.name(directory.KindTeam, v.Team)},
		{Label: "System architect", Text: t.person(v.Architect)},
		{Label: "Legal entity", Text: t.name(directory.KindEntity, v.Entity)},
		{Label: "Processing", Text: v.Processing},
		{Label: "Customers", Text: lines(v.Customers, party)},
		{Label: "Providers", Text: lines(v.Providers, party)},
		{Label: "Other names in alerts", Text: strings.Join(v.Aliases, "\n")},
		{Label: "Own thresholds", Text: own},
	}
}

func (t teller) party(v directory.Party) []differ.Said {
	out := []differ.Said{
		{Label: "Name", Text: v.Name},
		{Label: "Kind", Text: partyWord(v.Kind)},
		{Label: "Country", Text: v.Country},
		{Label: "Language", Text: v.Language},
		{Label: "Our legal entity", Text: t.name(directory.KindEntity, v.Entity)},
	}
	text := ""
	if c := v.Contract; c != nil {
		text = hours(c) + "\nFor " + conditionWord(c.Condition)
		if c.Acknowledge {
			text += "\nMet when receipt is confirmed"
		}
		for _, more := range []string{c.Clause, c.FormatSaid(), c.Contact} {
			if more != "" {
				text += "\n" + more
			}
		}
	}
	return append(out,
		differ.Said{Label: "Contract", Text: text},
		differ.Said{Label: "Contacts", Text: lines(v.Contacts, contactText)},
		differ.Said{Label: "Role for personal data", Text: string(v.PersonalDataRole)},
		differ.Said{Label: "Key account", Text: yes(v.KeyAccount)},
		differ.Said{Label: "Who looks after it", Text: t.person(v.Liaison)},
		differ.Said{Label: "Notification form", Text: v.Form},
	)
}

func (t teller) human(v who.Person) []differ.Said {
	return []differ.Said{
		{Label: "Name", Text: v.Name},
		{Label: "E-mail address", Text: v.Email},
		{Label: "Phone", Text: v.Phone},
		{Label: "Address for calls", Text: v.Webhook},
		{Label: "Department", Text: v.Department},
		{Label: "Function", Text: v.Function},
		{Label: "Deputy", Text: t.person(v.Deputy)},
		{Label: "Time zone", Text: v.Zone},
		{Label: "Roles", Text: lines(v.Roles, func(r who.Role) string { return strings.ReplaceAll(string(r), "_", " ") })},
		{Label: "Active", Text: yes(v.Active)},
	}
}

func number(n int) string { return strconv.Itoa(n) }

// zoneOf is a person's zone.
func zoneOf(p who.Person) *time.Location {
	if z, err := time.LoadLocation(p.Zone); err == nil {
		return z
	}
	return time.UTC
}

// formats are the forms a contract may want.
func formats() []page.Option {
	out := []page.Option{{Value: "", Label: "None agreed"}}
	for _, f := range terms.Formats() {
		words := f.Words()
		out = append(out, page.Option{Value: string(f), Label: strings.ToUpper(words[:1]) + words[1:]})
	}
	return out
}
