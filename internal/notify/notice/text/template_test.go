package text_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

// everything is known: a value for every field there is.
func everything() (common, own text.Values) {
	common, own = text.Values{}, text.Values{}
	at := time.Date(2026, 11, 22, 13, 25, 0, 0, time.UTC)
	for _, f := range text.Fields() {
		v := text.Value{Known: true, Text: "words of " + strings.ReplaceAll(f.Name, ".", " ")}
		switch f.Kind {
		case text.Number:
			v = text.Value{Known: true, Number: 12040}
		case text.Date, text.Moment:
			v = text.Value{Known: true, At: at}
		case text.List:
			v = text.Value{Known: true, List: []string{"one of " + strings.ReplaceAll(f.Name, ".", " "), "another"}}
		case text.Link:
			v.Text = "https://bell.example/n/abc"
		}
		if f.Scope == text.OfRecipient {
			own[f.Name] = v
		} else {
			common[f.Name] = v
		}
	}
	return common, own
}

// TestTemplates: a text for each audience and purpose in both languages, which says the same
// facts in both, and goes out even while little is known.
func TestTemplates(t *testing.T) {
	t.Parallel()
	list := text.Templates()
	common, own := everything()
	light := text.Values{}
	for _, name := range []string{
		"incident.reference", "incident.discovered", "incident.status", "our.entity", "notice.reference", "notice.date",
		"notice.earlier", "notice.new", "notice.reason",
	} {
		light[name] = common[name]
	}
	for _, audience := range text.Audiences() {
		for _, purpose := range text.Purposes() {
			var both [2]*text.Text
			for i, lang := range []string{"en", "de"} {
				x, ok := text.Pick(list, audience, purpose, lang)
				if !ok || x.Lang != lang || x.Version == "" || x.Title == "" {
					t.Fatalf("%s %s %s: %+v", audience, purpose, lang, x)
				}
				both[i] = parse(t, x.Source())
				if _, missing := both[i].Render("", nil, common, own); len(missing) > 0 {
					t.Errorf("%s in %s lacks %v", x.ID, lang, missing)
				}
				if purpose == "resolved" {
					continue
				}
				few := text.Values{"recipient.name": own["recipient.name"], "recipient.link": own["recipient.link"]}
				if r, missing := both[i].Render("", nil, light, few); len(missing) > 0 || strings.Contains(r.Text, "??") {
					t.Errorf("%s in %s cannot be sent while little is known: %v", x.ID, lang, missing)
				}
			}
			if diff := cmp.Diff(both[0].Fields(), both[1].Fields()); diff != "" {
				t.Errorf("%s.%s: English and German hold other fields:\n%s", audience, purpose, diff)
			}
			found := text.Consistent(text.Named{Name: "en", Text: both[0]}, []text.Named{{Name: "de", Text: both[1]}}, common, nil)
			for _, f := range found {
				if f.Doubt != text.Untranslated {
					t.Errorf("%s.%s: %+v", audience, purpose, f)
				}
			}
		}
	}
	if want := 2 * len(text.Audiences()) * len(text.Purposes()); len(list) != want {
		t.Errorf("%d templates, want %d", len(list), want)
	}
}

// TestTemplatesAreComplete: the first letters say what the articles ask for (GDPR 33(3) and
// 34(2), California's headings) once the record knows it.
func TestTemplatesAreComplete(t *testing.T) {
	t.Parallel()
	list := text.Templates()
	common, _ := everything()
	for _, c := range []struct {
		audience, langs string
		content         []string
	}{
		{"data_subject", "en de", []string{"nature_of_breach_plain_language", "dpo_or_contact_point", "likely_consequences", "measures_taken_or_proposed", "mitigation_advice", "us_dates"}},
		{"data_subject", "en", []string{"us_ca_headings", "us_what_happened", "us_kinds_of_information", "us_entity_contact", "us_entity_measures", "us_protective_steps"}},
		{"employee", "en de", []string{"nature_of_breach_plain_language", "dpo_or_contact_point", "likely_consequences", "measures_taken_or_proposed", "mitigation_advice"}},
		{"authority", "en de", []string{"nature_of_breach", "categories_data_subjects", "approx_number_data_subjects", "categories_records", "approx_number_records", "dpo_or_contact_point", "likely_consequences", "measures_taken_or_proposed", "mitigation_measures", "reasons_for_delay_if_late"}},
		{"customer", "en de", []string{"controller_needs", "hipaa_needed"}},
	} {
		for _, lang := range strings.Fields(c.langs) {
			x, _ := text.Pick(list, c.audience, "first", lang)
			var items []text.Item
			for _, id := range c.content {
				items = append(items, text.Item{ID: id})
			}
			for _, k := range text.Complete(items, parse(t, x.Source()), nil, common) {
				if !k.Done {
					t.Errorf("%s in %s: %s: %s", x.ID, lang, k.ID, k.Why)
				}
			}
		}
	}
}

func TestLoadTemplates(t *testing.T) {
	t.Parallel()
	const good = "---\naudience: [customer, partner]\npurpose: first\nlang: fr\nversion: \"2\"\ntitle: Premier avis\nsubject: Incident {{incident.reference}}\n---\nBonjour {{recipient.name}}\n"
	files := fstest.MapFS{
		"fr.md":      {Data: []byte(good)},
		"en.md":      {Data: []byte("\ufeff---\r\naudience: customer\r\npurpose: first\r\nlang: en\r\nversion: 7\r\ntitle: Ours\r\nsubject: Hello\r\n---\r\nHello\r\n")},
		"own.md":     {Data: []byte("---\nid: customer.outage\naudience: customer\npurpose: first\nlang: en\nversion: a\ntitle: Outage\nsubject: Outage\n---\nx\n")},
		"z-twice.md": {Data: []byte(good)},
		"z-head.md":  {Data: []byte("hello")},
		"z-key.md":   {Data: []byte("---\naudience: customer\ncolour: red\n---\nx")},
		"z-yaml.md":  {Data: []byte("---\naudience: [\n---\nx")},
		"z-field.md": {Data: []byte("---\naudience: customer\npurpose: first\nlang: en\nversion: 1\ntitle: T\nsubject: \"{{incident.nome}}\"\n---\na\n\n{{incident.titel}}\n<b>\n")},
		"z-who.md":   {Data: []byte("---\npurpose: later\naudience: [customer, martians]\nlang: klingonian\nid: A B\n---\nx")},
		"other.txt":  {Data: []byte("not looked at")},
	}
	list, problems := text.LoadTemplates(files, "")
	var got []string
	for _, x := range list {
		got = append(got, x.ID+" "+x.Lang+" "+x.Version+" "+x.File)
	}
	if diff := cmp.Diff([]string{"customer.first en 7 en.md", "customer.first fr 2 fr.md", "customer.outage en a own.md", "partner.first fr 2 fr.md"}, got); diff != "" {
		t.Errorf("templates (-want +got):\n%s", diff)
	}
	var said []string
	for _, p := range problems {
		said = append(said, p.Error())
	}
	want := []string{
		"z-field.md:7: subject: there is no field of this name; the nearest is {{incident.title}}",
		"z-field.md:11: there is no field of this name; the nearest is {{incident.title}}",
		"z-field.md:12: HTML is not used here; write it in Markdown",
		"z-head.md:1: begins with a line of ---, then the head (audience, purpose, lang, version, title, subject), then another line of ---",
		"z-key.md:3: the head: field colour not found",
		"z-twice.md: customer.first in fr is also in fr.md",
		"z-twice.md: partner.first in fr is also in fr.md",
		"z-who.md:3: audience: one or a list of customer, data_subject, employee, partner, vendor, authority, law_enforcement, insurer, personnel, press",
		"z-who.md:2: purpose: one of first, update, correction, withdrawal, resolved",
		"z-who.md:1: version and title are needed: the version is said wherever the template is used",
		"z-who.md:5: id: small letters, digits, dots and hyphens, for one audience only; leave it out to replace the shipped text",
		"z-who.md:1: subject: is needed",
		"z-who.md:4: lang: must be a language tag such as en or de-AT",
	}
	kept := said[:0:0]
	for _, s := range said {
		if !strings.HasPrefix(s, "z-yaml.md") {
			kept = append(kept, s)
		}
	}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if len(kept) == len(said) {
		t.Error("broken YAML is no problem")
	}

	all := text.Override(text.Templates(), list)
	if x, ok := text.Pick(all, "customer", "first", "en"); !ok || !x.Own || x.Version != "7" {
		t.Errorf("the operator's template does not win: %+v", x)
	}
	if x, _ := text.Pick(all, "partner", "first", "fr-BE"); x.Title != "Premier avis" {
		t.Errorf("the language without its region: %+v", x)
	}
	if x, _ := text.Pick(all, "press", "first", "ja"); x.Lang != "en" || x.Own {
		t.Errorf("English where there is nothing else: %+v", x)
	}
	if len(all) != len(text.Templates())+3 {
		t.Errorf("%d templates", len(all))
	}
}
