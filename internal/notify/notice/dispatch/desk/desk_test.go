package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/base/mail/bulk"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/desk"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/notify/notice/whom"
)

func src(lang, body string) text.Source {
	return text.Source{Lang: lang, Subject: "S", Body: body + " {{incident.discovered}}"}
}

// Each recipient gets the first variant that fits them, in their language where it is there;
// all others get the master text. Times stand in the run's zone.
func TestWho(t *testing.T) {
	t.Parallel()
	d, err := desk.New(item.Run{
		Zone: "Europe/Berlin", Common: text.Values{"incident.discovered": {Known: true, At: time.Date(2026, 7, 1, 22, 30, 0, 0, time.UTC)}},
		Texts: []text.Source{src("en", "master"), src("de", "Haupttext")},
		Variants: []item.Variant{
			{Name: "calls", For: whom.For{Channels: []string{"phone"}}, Texts: []text.Source{src("en", "script")}},
			{Name: "retail", For: whom.For{Labels: []string{"retail"}, Kinds: []string{"customer"}}, Texts: []text.Source{src("en", "shops"), src("de", "Läden")}},
			{Name: "us", For: whom.For{Countries: []string{"US"}}, Texts: []text.Source{src("en", "states")}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	retail := item.Own{Kind: "customer", Row: map[string]string{"label": "retail"}}
	for want, r := range map[string]item.Recipient{
		"master":    {Lang: "fr"},
		"Haupttext": {Lang: "de-AT"},
		"shops":     {Lang: "en", Own: retail, Country: "US"},
		"Läden":     {Lang: "de", Own: retail},
		"states":    {Lang: "de", Country: "US"},
		"script":    {Lang: "de", Own: retail, Channel: item.Phone},
	} {
		out, err := d.Write(r, "")
		if err != nil || !strings.HasPrefix(out.Text, want) {
			t.Errorf("%s: %q %v", want, out.Text, err)
		}
		if !strings.Contains(out.Text, "00:30") {
			t.Errorf("the time does not stand in the zone of the entity: %q", out.Text)
		}
	}
	// A field nobody recorded is found before anything leaves, also in a variant.
	d, err = desk.New(item.Run{Texts: []text.Source{{Lang: "en", Subject: "S", Body: "B"}}, Variants: []item.Variant{
		{Name: "us", For: whom.For{Countries: []string{"US"}}, Texts: []text.Source{src("en", "x")}},
	}})
	if err != nil || d.Ready() == nil {
		t.Errorf("a variant without a value is ready: %v", err)
	}
}

// A column of a file is longer than any subject: the copy is mailed all the same.
func TestSubjectIsMailed(t *testing.T) {
	t.Parallel()
	d, err := desk.New(item.Run{Texts: []text.Source{{Lang: "en", Subject: "Your sites {{row.sites}}, {{recipient.name}}", Body: "B"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, sites := range []string{strings.Repeat("Köln, ", 600), "=?utf-8?b??="} {
		out, err := d.Write(item.Recipient{Name: strings.Repeat("n", 200), Own: item.Own{Row: map[string]string{"sites": sites}}}, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := (bulk.Letter{MessageID: "<a@b.example>", To: "a@b.example", Subject: out.Subject, Text: out.Text}).Check(); err != nil {
			t.Errorf("%q: %v", out.Subject, err)
		}
	}
}
