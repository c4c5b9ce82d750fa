package breach

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/decide/incident/verdict"
	"github.com/wakebell/wakebell/internal/decide/incident/view"
	"github.com/wakebell/wakebell/internal/notify/register"
	"github.com/wakebell/wakebell/internal/notify/register/audit"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/numeral"
)

// shownYears is how far back the filter offers years; any other may stand in the address.
const shownYears = 8

func years(r *page.Request, now string) []page.Option {
	out := []page.Option{{Value: "", Label: "Any year"}}
	this := r.Now.In(r.Zone).Year()
	for y := this; y > this-shownYears; y-- {
		out = append(out, page.Option{Value: strconv.Itoa(y), Label: strconv.Itoa(y)})
	}
	if now != "" && !slices.ContainsFunc(out, func(o page.Option) bool { return o.Value == now }) {
		out = append(out, page.Option{Value: now, Label: now})
	}
	return out
}

func entities(dir directory.Snapshot) []page.Option {
	var out []page.Option
	for id, e := range dir.Entities {
		out = append(out, page.Option{Value: id, Label: e.Name})
	}
	slices.SortFunc(out, func(a, b page.Option) int {
		return cmp.Or(cmp.Compare(a.Label, b.Label), cmp.Compare(a.Value, b.Value))
	})
	return append([]page.Option{{Value: "", Label: "Any legal entity"}}, out...)
}

func levels(label, prefix string, from, to int) []page.Option {
	out := []page.Option{{Value: "", Label: label}}
	for n := from; n <= to; n++ {
		out = append(out, page.Option{Value: strconv.Itoa(n), Label: prefix + " " + strconv.Itoa(n)})
	}
	return out
}

// said puts the filters into words, for paper.
func (b book) said() string {
	var parts []string
	add := func(on bool, text string) {
		if on {
			parts = append(parts, text)
		}
	}
	add(b.Year != "", "declared in "+b.Year)
	add(b.Data != "", "personal data: "+map[string]string{"yes": "yes", "no": "none", "unknown": "not known yet"}[b.Data])
	add(b.Role != "", "as "+b.Role)
	add(b.Entity != "", b.Dir.Name(directory.KindEntity, b.Entity))
	add(b.Severity != "", "severity "+b.Severity)
	add(b.BIL != "", "BIL "+b.BIL)
	add(b.Told == "yes", "somebody outside was told")
	add(b.Told == "no", "nobody outside was told")
	if len(parts) == 0 {
		return "All entries."
	}
	return "Only: " + strings.Join(parts, "; ") + "."
}

// summary counts what stands on the page.
func (b book) summary() string {
	n := numeral.Count(len(b.Rows), "entry", "entries")
	if b.More != "" || b.Cut {
		n = strconv.Itoa(len(b.Rows)) + " entries or more"
	}
	return n + "."
}

func (b book) unanswered() (n int) {
	for _, h := range b.Rows {
		if h.PersonalData != incident.Yes && h.PersonalData != incident.No {
			n++
		}
	}
	return n
}

func (b book) missed() (n int) {
	for _, h := range b.Rows {
		if h.Duties[string(duty.Missed)] > 0 {
			n++
		}
	}
	return n
}

// outcome says in a few words who was told.
func outcome(h register.Head) string {
	var parts []string
	for _, s := range []struct {
		state duty.State
		word  string
	}{{duty.Met, "told"}, {duty.Open, "to be told"}, {duty.Waived, "waived"}} {
		if n := h.Duties[string(s.state)]; n > 0 {
			parts = append(parts, strconv.Itoa(n)+" "+s.word)
		}
	}
	if h.NotNotified > 0 {
		parts = append(parts, strconv.Itoa(h.NotNotified)+" decided not to tell")
	}
	if len(parts) == 0 && h.Duties[string(duty.Missed)] == 0 {
		return "Nobody to be told"
	}
	return strings.Join(parts, ", ")
}

func stateTags(h register.Head, merged string) []page.Tag {
	var out []page.Tag
	switch {
	case h.State == incident.Dismissed:
		out = append(out, page.Tag{Text: "Dismissed", Icon: page.IconBan})
	case h.State == incident.Suspected:
		out = append(out, page.Tag{Text: "Suspected", Icon: page.IconCircleDashed, Tone: page.Warn})
	}
	if merged != "" {
		out = append(out, page.Tag{Text: "Part of " + merged, Icon: page.IconGitMerge})
	}
	if !h.ClosedAt.IsZero() && h.State != incident.Dismissed {
		out = append(out, page.Tag{Text: "Closed", Icon: page.IconArchive})
	}
	return out
}

// why says what brought an incident into the register.
func why(h register.Head) string {
	parts := map[string]string{"confirmed": "it is confirmed", "personal_data": "nobody has said yet that no personal data is touched"}
	if h.PersonalData == incident.Yes {
		parts["personal_data"] = "personal data is touched"
	}
	var out []string
	for _, w := range h.Why {
		out = append(out, parts[w])
	}
	return "It stands here because " + strings.Join(out, ", and ") + "."
}

func whose(h register.Head) string {
	if len(h.Entities) == 0 {
		return "None named yet"
	}
	return strings.Join(h.Entities, ", ")
}

// as says in which role the law meets us.
func as(h register.Head) string {
	var out []string
	for _, r := range h.Roles {
		out = append(out, string(r))
	}
	if len(h.Entities) == 0 {
		return "May concern us as " + strings.Join(out, " or ")
	}
	return upper(strings.Join(out, " and "))
}

// source says who recorded a fact, and who told it; the time it became known follows.
func source(f register.Fact) string {
	out := "Recorded by " + f.By
	if f.SaidBy != "" {
		out += ", said by " + f.SaidBy
	}
	if text, _ := value(f); f.Remark != "" && f.Remark != text {
		out = f.Remark + ". " + out
	}
	return out + ", known "
}

// basis names a duty and where it comes from.
func basis(d register.DutyLine) string {
	out := d.Title
	if d.Entity != "" {
		out += " for " + d.Entity
	}
	return out + " · " + d.Basis.Source
}

func persons(c register.Count) string {
	switch {
	case !c.Known:
		return "Nobody has estimated it"
	case c.Min == c.Max:
		return numeral.Thousands(c.Estimate)
	}
	return "About " + numeral.Thousands(c.Estimate) + " (" + numeral.Thousands(c.Min) + " to " + numeral.Thousands(c.Max) + ")"
}

func riskWord(s string) string {
	return cmp.Or(map[string]string{"none": "Unlikely", "unknown": "Not known", "risk": "A risk", "high": "A high risk"}[s], "Nobody has assessed it")
}

func harm(h incident.Harm) string {
	asset := map[string]string{"customer_data": "customers’ data", "our_data": "our data", "our_services": "our services"}
	return upper(h.Property) + " of " + cmp.Or(asset[h.Asset], h.Asset) + " (" + h.Timing + ")"
}

// named gives the names of things in the directory.
func named(dir directory.Snapshot, kind directory.Kind, ids []string) string {
	var out []string
	for _, id := range ids {
		out = append(out, dir.Name(kind, id))
	}
	return strings.Join(out, ", ")
}

func upper(s string) string {
	if s == "" {
		return ""
	}
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
}

func spaced(s string) string { return upper(strings.ReplaceAll(s, "_", " ")) }

func listed(list []string) string { return spaced(strings.Join(list, ", ")) }

// telling leaves out what has a place of its own; shown elsewhere are scope, harm, indicators and the protected kinds.
func telling(list []register.Fact) (out []register.Fact) {
	for _, f := range list {
		switch f.Name {
		case incident.FactScope, incident.FactHarm, incident.FactIndicators, incident.FactProtected:
		default:
			out = append(out, f)
		}
	}
	return out
}

// value is a fact in words, or its moment.
func value(f register.Fact) (text string, at time.Time) {
	switch v := f.Value.(type) {
	case incident.Answer:
		return cmp.Or(map[incident.Answer]string{incident.Yes: "Yes", incident.No: "No"}[v], "Not known"), time.Time{}
	case string:
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return "", t
		}
		if f.Name == incident.FactRisk {
			return riskWord(v), time.Time{}
		}
		return v, time.Time{}
	}
	return "", time.Time{}
}

// outward are the duties to tell somebody outside, as far as they are or were owed.
func outward(e register.Entry) (list []register.DutyLine) {
	for _, d := range e.DutyLines {
		if d.Outward && d.State != duty.Withdrawn {
			list = append(list, d)
		}
	}
	return list
}

func inward(e register.Entry) (list []register.DutyLine) {
	for _, d := range e.DutyLines {
		if !d.Outward && d.State != duty.Withdrawn {
			list = append(list, d)
		}
	}
	return list
}

func waived(e register.Entry) (list []register.DutyLine) {
	for _, d := range e.DutyLines {
		if d.State == duty.Waived {
			list = append(list, d)
		}
	}
	return list
}

func dutyTag(d register.DutyLine) page.Tag {
	switch {
	case d.State == duty.Met && d.Late:
		return page.Tag{Text: "Done late", Icon: page.IconClockAlert, Tone: page.Warn}
	case d.State == duty.Met:
		return page.Tag{Text: "Done in time", Icon: page.IconCheck, Tone: page.Good}
	case d.State == duty.Missed:
		return page.Tag{Text: "Missed", Icon: page.IconMinus, Tone: page.Danger}
	case d.State == duty.Waived:
		return page.Tag{Text: "Waived", Icon: page.IconBan}
	}
	return page.Tag{Text: "Open", Icon: page.IconHourglass}
}

// dutyWords is what else is to be said of a duty: how it was met, why late, why not.
func dutyWords(d register.DutyLine) string {
	var out []string
	if d.MetWith != "" {
		out = append(out, "By "+strings.ReplaceAll(d.MetWith, "_", " "))
	}
	if d.LateReason != "" {
		out = append(out, "Late because: "+d.LateReason)
	}
	if d.Ground != "" {
		out = append(out, upper(d.Ground))
	}
	if len(d.WaivedBy) > 0 {
		out = append(out, "Agreed by "+strings.Join(d.WaivedBy, " and "))
	}
	if d.Remark != "" {
		out = append(out, upper(d.Remark))
	}
	return strings.Join(out, ". ")
}

// ruleWord names the duty a decision not to notify is about, by its title where it was derived.
func ruleWord(e register.Entry, rule string) string {
	for _, d := range e.DutyLines {
		if d.Rule == rule {
			return d.Title
		}
	}
	return spaced(rule)
}

func decisionWord(k incident.DecisionKind) string {
	return cmp.Or(map[incident.DecisionKind]string{
		incident.OutsideHelp: "Help from outside", incident.PressTeam: "Press team", incident.LawEnforcement: "Law enforcement", incident.OtherDecision: "Decision",
		incident.DecideDisclosure: "Disclosure", incident.DecideRetention: "Retention", incident.Second: "Second opinion on the risk",
	}[k], spaced(string(k)))
}

func answerWord(a incident.Answer) string {
	return map[incident.Answer]string{incident.Yes: "Yes. ", incident.No: "No. "}[a]
}

func onceEach(lines []view.Line) []view.Line {
	slices.SortFunc(lines, func(a, b view.Line) int { return cmp.Compare(b.Seq, a.Seq) })
	return slices.CompactFunc(lines, func(a, b view.Line) bool { return a.Seq == b.Seq })
}

func by(l view.Line) string {
	if strings.HasPrefix(l.Actor, "engine:") {
		return "Wakebell"
	}
	return l.ActorName
}

// proof is what lets a reader of the paper check that it is what was recorded.
func proof(h audit.Head) string {
	return "Entry " + numeral.Thousands(h.Checkpoint.Size) + " was the last of the ledger " + h.Checkpoint.Origin() + ", root " + h.Checkpoint.Root.String() +
		". SHA-256 of the key that signs it: " + h.Fingerprint + "."
}

// formWords says which form was filed how, and what the authority answered.
func formWords(f register.FiledForm) string {
	out := f.Form + ", " + strings.ReplaceAll(f.Stage, "_", " ") + ", by " + strings.ReplaceAll(f.Channel, "_", " ")
	if f.Receipt != "" {
		out += ". Receipt " + f.Receipt
	}
	return out + "."
}

// verdictWords is one verdict on the risk, with what second persons said of it.
func verdictWords(x register.VerdictIn) string {
	out := riskWord(x.Risk)
	if x.Entity != "" {
		out += ", " + x.Entity
	}
	out += ", by " + x.By
	switch x.State {
	case verdict.Waiting:
		out += " (not confirmed by a second person)"
	case verdict.Disputed:
		out += " (disputed)"
	}
	if x.Reason != "" {
		out += ": " + x.Reason
	}
	for _, o := range x.Opinions {
		out += " " + o.By + map[bool]string{true: " agrees: ", false: " disagrees: "}[o.Answer == incident.Yes] + o.Reason
	}
	return out
}

func sensitive(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, fact.Sensitive(s).Words())
	}
	return strings.Join(out, ", ")
}

func sensitiveOn(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return " on " + sensitive(list)
}
