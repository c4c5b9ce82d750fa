package chain

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/notify/register/audit"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/numeral"
)

// took says how long a run needed, or needs so far.
func took(d time.Duration) string {
	switch {
	case d < time.Second:
		return "less than a second"
	case d < time.Minute:
		return numeral.Count(int64(d/time.Second), "second", "seconds")
	}
	return numeral.Count(int64(d/time.Minute), "minute", "minutes")
}

func stateTag(s audit.State) page.Tag {
	switch s {
	case audit.Valid:
		return page.Tag{Text: "Valid", Icon: page.IconShieldCheck, Tone: page.Good}
	case audit.Wrong:
		return page.Tag{Text: "Not valid", Icon: page.IconShieldAlert, Tone: page.Danger}
	case audit.Running:
		return page.Tag{Text: "Running", Icon: page.IconRefreshCw, Tone: page.Accent}
	case audit.CutOff:
		return page.Tag{Text: "Cut off", Icon: page.IconUnlink, Tone: page.Warn}
	}
	return page.Tag{Text: "Not finished", Icon: page.IconCircleAlert, Tone: page.Warn}
}

// verdict is the result in one sentence.
func verdict(v audit.Verification) string {
	switch v.State {
	case audit.Valid:
		return "Everything is as it was recorded."
	case audit.Wrong:
		return "Something was changed after it was recorded."
	case audit.CutOff:
		return "It was cut off: the server stopped before it came to its end. It says nothing about the ledger."
	case audit.Running:
		return "A verification is running."
	}
	return "It could not be carried out to its end. It says nothing about the ledger."
}

// checked lists in words what a valid run has shown.
func checked(v audit.Verification) []string {
	out := []string{
		numeral.Count(v.Ledger.Entries, "entry was", "entries were") + " read and recomputed. Each leads to the hash that was stored with it, and all of them together to the root of the tree.",
		"Their positions have no gap, no id occurs twice, and no entry was recorded before the one in front of it.",
	}
	if v.Ledger.Erased > 0 {
		out = append(out, "The words of "+numeral.Count(v.Ledger.Erased, "entry", "entries")+" were erased by right. For each there is an entry that says so; no words are missing without one.")
	} else {
		out = append(out, "No words are missing: nothing was ever erased.")
	}
	if n := len(v.Ledger.Against); n > 0 {
		var sizes []string
		for _, c := range v.Ledger.Against {
			sizes = append(sizes, numeral.Thousands(c.Size))
		}
		out = append(out, "The ledger begins with exactly what "+numeral.Count(n, "signed checkpoint", "signed checkpoints")+" kept outside of it named (after "+strings.Join(sizes, " and ")+" entries).")
	}
	if n := len(v.Tables.Tables); n > 0 {
		rows := int64(0)
		for _, t := range v.Tables.Tables {
			rows += t.Rows
		}
		out = append(out, numeral.Count(n, "table", "tables")+" with "+numeral.Count(rows, "row", "rows")+", from which the screens are drawn, equal what the entries say.")
	}
	return out
}

// proves claims no more than what the run was held against.
func proves(v audit.Verification) string {
	if len(v.Ledger.Against) == 0 {
		return "The ledger fits together: nobody has changed, taken out or slipped in a single entry. No checkpoint kept outside of it was there to compare with, so this does not exclude that the whole was written anew. Hold it against one you kept."
	}
	return "Nobody has changed, taken out or slipped in an entry in front of the checkpoints it was held against. To hide such a thing somebody would have to write the whole ledger anew, hold the private key, and replace every checkpoint that anybody keeps elsewhere."
}

// runBy names who asked.
func runBy(dir directory.Snapshot, actor string) string {
	if _, ok := dir.People[actor]; ok {
		return dir.PersonName(actor)
	}
	return "a machine"
}

// actorName names who wrote an entry.
func actorName(e audit.Entry, name string) string {
	if strings.HasPrefix(e.Actor, "engine:") {
		return "Wakebell"
	}
	return name
}

var kindWords = map[string]string{
	"incident.": "Incidents", "duty.": "Duties", "duties.": "Deadlines derived", "call.": "Calls", "signal.": "Signals", "person.": "People",
	"directory.": "Directory", "plan.": "Plan", "watchdog.": "Watchdog", "token.": "Tokens", "account.": "Accounts", "session.": "Sessions", "ledger.": "The ledger itself",
}

func kinds(may []string) []page.Option {
	out := []page.Option{{Value: "", Label: "Any kind"}}
	for _, k := range may {
		out = append(out, page.Option{Value: k, Label: cmp.Or(kindWords[k], strings.TrimSuffix(k, "."))})
	}
	return out
}

// actors are the people, the program itself, and whoever the address names.
func actors(dir directory.Snapshot, now, name string) []page.Option {
	var out []page.Option
	for id, p := range dir.People {
		out = append(out, page.Option{Value: id, Label: p.Name})
	}
	slices.SortFunc(out, func(a, b page.Option) int {
		return cmp.Or(cmp.Compare(a.Label, b.Label), cmp.Compare(a.Value, b.Value))
	})
	out = append([]page.Option{{Value: "", Label: "Anybody"}, {Value: "engine", Label: "Wakebell itself"}}, out...)
	if !slices.ContainsFunc(out, func(o page.Option) bool { return o.Value == now }) {
		out = append(out, page.Option{Value: now, Label: cmp.Or(name, now)})
	}
	return out
}

// pretty sets a body as it is stored in lines.
func pretty(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		return string(raw)
	}
	return b.String()
}

// groups cuts a fingerprint into parts that can be read aloud.
func groups(s string) string {
	var out []string
	for part := range slices.Chunk([]byte(s), 8) {
		out = append(out, string(part))
	}
	return strings.Join(out, " ")
}

// kindOf is the kind with the version it was brought to.
func kindOf(e audit.Entry) string { return e.Kind + "/" + strconv.Itoa(e.Version) }
