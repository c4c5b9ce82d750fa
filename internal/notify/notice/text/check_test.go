package text_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/rule/deadline/holiday"
	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/rule/regime/pack"
)

func words(list []text.Finding) []string {
	var out []string
	for _, f := range list {
		out = append(out, fmt.Sprintf("%s %s: %s (%d: %s)", f.Doubt, f.Text, f.Fact, f.Line, f.Sentence))
	}
	return out
}

func TestSentences(t *testing.T) {
	t.Parallel()
	x := parse(t, text.Source{Lang: "de", Subject: "Zu {{incident.title}}", Body: "# Was\n\nAm 22. November kam es. Nach Art. 33 z. B. melden wir {{incident.persons}} Personen. {{incident.what_happened}} Ende!\n\n- Punkt 3. Mehr\n"})
	var got []string
	for _, s := range x.Sentences() {
		got = append(got, fmt.Sprintf("%d %d %s: %s", s.Line, s.Heading, s.Section, s.Words))
	}
	want := []string{
		"0 0 Subject: Zu {{incident.title}}", "1 1 Was: Was",
		"3 0 Was: Am 22. November kam es.", "3 0 Was: Nach Art. 33 z. B. melden wir {{incident.persons}} Personen.", "3 0 Was: {{incident.what_happened}} Ende!",
		"5 0 Was: Punkt 3. Mehr",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sentences (-want +got):\n%s", diff)
	}
}

func TestConsistent(t *testing.T) {
	t.Parallel()
	master := text.Source{
		Lang: "en", Subject: "s",
		Body: "On {{incident.discovered}} we found two open servers. About {{incident.persons}} persons are affected: {{incident.data_kinds}}. See INC-2026-0142, call +49 30 1234567, read https://a.example/9.\n\nWe have 72 hours. {{incident.contained}} is not known.",
	}
	for _, c := range []struct {
		name string
		src  text.Source
		want []string
	}{
		{"the same in German", text.Source{Lang: "de", Subject: "s", Body: "Am 22. November 2026 um 14:25 Uhr (13:25 UTC) fanden wir 2 offene Server. Etwa 12.040 Personen sind betroffen: Namen, Mailadressen und Bankdaten. Wir haben 72 Stunden; {{incident.contained}}."}, nil},
		{"numeric date, day without a year", text.Source{Lang: "en", Subject: "s", Body: "On 22.11.2026 at 2:25 pm (13:25), that is on November 22nd, two servers; 12'040 persons: names, mail addresses, bank details; 72 hours {{incident.contained}}."}, nil},
		{"another number", text.Source{Lang: "en", Subject: "s", Body: "On {{incident.discovered}} we found two servers. About 12,400 persons are affected: {{incident.data_kinds}}; 72 hours {{incident.contained}}."}, []string{
			"left_out v: 12,040 (1: About 12,040 persons are affected: names, mail addresses and bank details.)",
			"only_here v: 12,400 (1: About 12,400 persons are affected: names, mail addresses and bank details; 72 hours {{incident.contained}}.)",
		}},
		{"a kind of data is gone, a day is another", text.Source{Lang: "de", Subject: "s", Body: "Am 23. November 2026 um 14:25 (13:25) zwei Server, 12.040 Personen: Namen und Mailadressen, 72 Stunden {{incident.contained}}"}, []string{
			"left_out v: 22 November 2026 (1: On 22 November 2026, 14:25 CET (13:25 UTC) we found two open servers.)",
			"left_out v: bank details (1: About 12,040 persons are affected: names, mail addresses and bank details.)",
			"only_here v: 23. November 2026 (1: Am 23. November 2026 um 14:25 (13:25) zwei Server, 12.040 Personen: Namen und Mailadressen, 72 Stunden {{incident.contained}})",
		}},
		{"a field that has no value yet", text.Source{Lang: "en", Subject: "s", Body: "On {{incident.discovered}} two servers, {{incident.persons}}, {{incident.data_kinds}}, 72 hours, {{incident.resolved}}."}, []string{
			"left_out v: Contained (3: {{incident.contained}} is not known.)",
			"only_here v: Resolved (1: On 22 November 2026, 14:25 CET (13:25 UTC) two servers, 12,040, names, mail addresses and bank details, 72 hours, {{incident.resolved}}.)",
		}},
	} {
		got := text.Consistent(text.Named{Name: "m", Text: parse(t, master)}, []text.Named{{Name: "v", Text: parse(t, c.src)}}, common(), berlin(t))
		if diff := cmp.Diff(c.want, words(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestUntranslated(t *testing.T) {
	t.Parallel()
	src := text.Source{Lang: "en", Subject: "s", Body: "{{incident.what_happened}} {{incident.cause}}"}
	german := src
	german.Lang = "de"
	values := common()
	values["incident.cause"] = text.Known("A door was open", "cause")
	got := text.Consistent(text.Named{Text: parse(t, src)}, []text.Named{{Name: "German", Text: parse(t, german)}}, values, nil)
	if len(got) != 1 || got[0].Doubt != text.Untranslated || got[0].Field != "incident.cause" {
		t.Errorf("findings %+v", got)
	}
}

func TestChanged(t *testing.T) {
	t.Parallel()
	x := parse(t, text.Source{
		Lang: "en", Subject: "For {{incident.persons}}",
		Body: "We found it on {{incident.discovered}}. Some 12,040 persons are affected.\n\n- Bank details are among the data.\n- Found on 22 November 2026. {{incident.contained|Not contained yet}}.\n",
	})
	now := common()
	now["incident.persons"] = text.Value{Known: true, Number: 13000}
	now["incident.data_kinds"] = text.Value{Known: true, List: []string{"names"}}
	now["incident.contained"] = text.Value{Known: true, At: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	got := text.Changed(common(), now, x)
	want := []string{
		"changed : Contained (4: {{incident.contained}}.)",
		"typed : Kinds of data (3: Bank details are among the data.)",
		"changed : Persons (0: For 12,040)",
		"typed : Persons (1: Some 12,040 persons are affected.)",
	}
	if diff := cmp.Diff(want, words(got)); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	for _, f := range got {
		if f.Field == "incident.persons" && (f.Was != "12,040" || f.Now != "13,000") {
			t.Errorf("was %q, now %q", f.Was, f.Now)
		}
	}
	moved := common()
	moved["incident.discovered"] = text.Value{Known: true, At: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}
	if got := words(text.Changed(common(), moved, x)); len(got) != 2 || !strings.HasPrefix(got[1], "typed : Discovered (4: Found on 22 November 2026.") {
		t.Errorf("a day typed by hand: %q", got)
	}
	if got := text.Changed(common(), common(), x); len(got) > 0 {
		t.Errorf("nothing changed, but %v", words(got))
	}
}

func TestDiffer(t *testing.T) {
	t.Parallel()
	a := parse(t, text.Source{Lang: "en", Subject: "s", Body: "# What happened\n\nOne. Two. Three.\n\n# Contact\n\nCall us.\n"})
	b := parse(t, text.Source{Lang: "en", Subject: "S", Body: "# What happened\n\nOne. Zwei. Three. Four.\n\n# Contact\n\nCall us.\n"})
	want := []text.Change{
		{Where: "Subject", Gone: []string{"s"}, Came: []string{"S"}},
		{Where: "What happened", Gone: []string{"Two."}, Came: []string{"Zwei."}},
		{Where: "What happened", Came: []string{"Four."}},
	}
	if diff := cmp.Diff(want, text.Differ(a, b)); diff != "" {
		t.Errorf("differ (-want +got):\n%s", diff)
	}
	if got := text.Differ(a, a); len(got) > 0 {
		t.Errorf("the same text differs: %v", got)
	}
}

// TestDifferProperty: what is gone and what came, applied in order, leads from one to the other.
func TestDifferProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		make := func(name string) []string {
			return rapid.SliceOfN(rapid.SampledFrom([]string{"Aa.", "Bb.", "Cc.", "Dd."}), 1, 8).Draw(rt, name)
		}
		a, b := make("a"), make("b")
		one, err := text.Parse(text.Source{Lang: "en", Subject: "s", Body: strings.Join(a, "\n\n")})
		two, err2 := text.Parse(text.Source{Lang: "en", Subject: "s", Body: strings.Join(b, "\n\n")})
		if err != nil || err2 != nil {
			rt.Fatal(err, err2)
		}
		gone, came := 0, 0
		for _, c := range text.Differ(one, two) {
			gone += len(c.Gone)
			came += len(c.Came)
		}
		if len(a)-gone != len(b)-came {
			rt.Fatalf("%v to %v: %d gone, %d came", a, b, gone, came)
		}
	})
}

func TestComplete(t *testing.T) {
	t.Parallel()
	x := parse(t, text.Source{
		Lang: "en", Subject: "Notice",
		Body: "# What happened\n\n{{incident.what_happened}} It was {{incident.occurred|not known when}}, found on {{incident.discovered}}.\n\n# Help\n\nWrite to {{contact.mail}}. We **advise** a new password.\n",
	})
	values := common()
	values["contact.mail"] = text.Known("desk@acme.example", "plan")
	items := []text.Item{{ID: "nature_of_breach"}, {ID: "us_dates"}, {ID: "dpo_or_contact_point"}, {ID: "mitigation_advice"}, {ID: "likely_consequences"}, {ID: "measures_taken_or_proposed"}, {ID: "us_ca_headings"}, {ID: "us_agencies_contacts"}}
	ticks := map[string]string{
		"mitigation_advice":          "“we advise a  new password.”",
		"likely_consequences":        "not yet: the forensic report is due on Monday",
		"measures_taken_or_proposed": "we locked the doors",
	}
	var got []string
	for _, k := range text.Complete(items, x, ticks, values) {
		got = append(got, fmt.Sprintf("%s %v by=%s line=%d %q why=%q reason=%q", k.ID, k.Done, k.By, k.Line, k.Sentence, k.Why, k.Reason))
	}
	want := []string{
		`nature_of_breach true by=fields line=3 "{{incident.what_happened}} It was {{incident.occurred}}, found on {{incident.discovered}}." why="" reason=""`,
		`us_dates false by= line=3 "{{incident.what_happened}} It was {{incident.occurred}}, found on {{incident.discovered}}." why="the record does not say it yet: Occurred" reason=""`,
		`dpo_or_contact_point true by=fields line=7 "Write to {{contact.mail}}." why="" reason=""`,
		`mitigation_advice true by=writer line=7 "We advise a new password." why="" reason=""`,
		`likely_consequences false by= line=0 "" why="not said: use {{incident.likely_consequences}}, or say it and quote the sentence here" reason="the forensic report is due on Monday"`,
		`measures_taken_or_proposed false by= line=0 "" why="the quoted words stand no longer in the text: quote the sentence anew" reason=""`,
		`us_ca_headings false by= line=1 "What happened" why="missing as headings, in this order: “Notice of Data Breach”, “What Information Was Involved”, “What We Are Doing”, “What You Can Do”, “For More Information”" reason=""`,
		`us_agencies_contacts false by= line=0 "" why="no field carries it: say it, and quote the sentence here" reason=""`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ticks (-want +got):\n%s", diff)
	}
	if k := text.Complete([]text.Item{{ID: "us_dates"}}, x, nil, nil)[0]; !k.Done {
		t.Errorf("without values the text alone counts: %+v", k)
	}
}

func TestHeadings(t *testing.T) {
	t.Parallel()
	const good = "# Notice of Data Breach\n\n## What Happened\n\na\n\n## What Information Was Involved\n\nb\n\n## WHAT WE ARE DOING\n\nc\n\n## What You Can Do:\n\nd\n\n## For More Information\n\ne\n"
	item := []text.Item{{ID: "us_ca_headings"}}
	check := func(body string) text.Tick {
		return text.Complete(item, parse(t, text.Source{Lang: "en", Subject: "s", Body: body}), nil, nil)[0]
	}
	if k := check(good); !k.Done || k.By != text.ByHeadings || k.Line != 1 {
		t.Errorf("good letter: %+v", k)
	}
	if k := check(strings.Replace(good, "## What Happened", "**What Happened**", 1)); k.Done || !strings.Contains(k.Why, "“What Happened”") {
		t.Errorf("a bold line is no heading: %+v", k)
	}
	if k := check("# What Happened\n\na\n\n" + strings.Replace(good, "## What Happened", "## Later", 1)); k.Done {
		t.Errorf("the order counts: %+v", k)
	}
}

// TestContentIsKnown: every word of content that the completeness check knows is one of the
// shipped packs', so that a renamed word is not forgotten here.
func TestContentIsKnown(t *testing.T) {
	t.Parallel()
	book, err := regime.Load(holiday.Shipped(), regime.Source{FS: pack.Files})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range text.Carried() {
		if book.Content[id] == "" {
			t.Errorf("%s is a word of no pack", id)
		}
	}
}
