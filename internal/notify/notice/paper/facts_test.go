package paper

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/print"
	"github.com/wakebell/wakebell/internal/base/print/printtest"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/approval"
	"github.com/wakebell/wakebell/internal/notify/notice/course"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// A customer's facts for their own authority say all four letters, in their language, and
// the same bytes each time.
func TestFacts(t *testing.T) {
	t.Parallel()
	v := dispatch.PageView{
		Ref: "INC-2026-0001", Name: "Nordwind GmbH", Lang: "de-AT", Contact: "privacy@acme.example", Zone: "Europe/Vienna",
		Notices: []dispatch.PageText{{Lang: "de-AT", Subject: "Vorfall", SentAt: noon}},
	}
	if err := Facts(&bytes.Buffer{}, v); fault.KindOf(err) != fault.NotFound {
		t.Errorf("no facts: %v", err)
	}
	for _, c := range "abcd" {
		v.Facts = append(v.Facts, dispatch.Fact{Item: fmt.Sprintf("33(3)(%c)", c), Heading: "Kopf " + string(c), Text: "Text " + string(c)})
	}
	var one, two bytes.Buffer
	if err := Facts(&one, v); err != nil {
		t.Fatal(err)
	}
	if err := Facts(&two, v); err != nil || !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Errorf("other bytes: %v", err)
	}
	said := printtest.Text(t, one.Bytes())
	for _, want := range []string{
		"Angaben für Ihre eigene Aufsichtsbehörde", "INC-2026-0001 Vorfall", "21. November 2026", "13:00 CET", "12:00 UTC", "privacy@acme.example",
		"Kopf a · Art. 33(3)(a) Text a", "Kopf d · Art. 33(3)(d) Text d", "Seite 1 von 1", "INC-2026-0001 · Nordwind GmbH",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("the facts lack %q: %s", want, said)
		}
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, contact, postal string
		want                  []string
		place                 string
	}{
		{"Nordwind GmbH", "Nora Nord", "Am Markt 1\n80331 München", []string{"Nordwind GmbH", "Nora Nord", "Am Markt 1", "80331 München"}, "80331 München"},
		{"Nordwind GmbH", "", "Nordwind GmbH\nPostfach 3\n\n80331 München\nGermany", []string{"Nordwind GmbH", "Postfach 3", "80331 München", "Germany"}, "80331 München"},
		{"Nora Nord", "nora nord", "Main Street\nTown", []string{"Nora Nord", "Main Street", "Town"}, "Town"},
	} {
		r := dispatch.Recipient{Name: c.name, Contacts: []dispatch.Contact{{Email: "first@x.example"}, {Name: c.contact, Postal: c.postal}}}
		got := address(r)
		if d := cmp.Diff(c.want, got); d != "" || place(got) != c.place {
			t.Errorf("%s: %s, place %s", c.postal, d, place(got))
		}
	}
}

// The report names who approved the released bytes, in an emergency too, and nobody else;
// of a long list those who need a look.
func TestReportSays(t *testing.T) {
	t.Parallel()
	p := reported{
		dir: directory.Snapshot{}, z: time.UTC, csv: Made{SHA256: strings.Repeat("c", 64), Lines: 90_000}, at: noon, short: true,
		sent: Sent{
			Notice: notice.View{Ref: "INC-2026-0001", Notice: notice.Notice{
				No: 2, Lang: "en", Audience: notice.Customer, Purpose: notice.First, Texts: []notice.Text{{Lang: "en", Subject: "What happened"}},
				Rounds: []course.Round{
					{Bound: "old", Given: []approval.Yes{{Person: "nobody", Roles: []string{"legal"}}}},
					{Bound: strings.Repeat("b", 64), Given: []approval.Yes{{Person: "lea", Roles: []string{"legal"}, At: noon}, {Person: "max", For: "eva", Roles: []string{"executive"}, Emergency: true, At: noon}}},
				},
				Release: &course.Release{By: "cora", Bound: strings.Repeat("b", 64), LateReason: "Contacts were looked for", Emergency: true},
				Files:   []notice.File{{Name: "faq.pdf", SHA256: strings.Repeat("f", 64)}},
			}},
			Progress: dispatch.Progress{
				Run:   dispatch.Run{StartedAt: noon, State: dispatch.RunDone, EndedAt: noon, Common: text.Values{}},
				List:  dispatch.List{Count: 90_000, Hash: strings.Repeat("a", 64), SignedOffBy: "cora", SignedOffAt: noon},
				Tally: dispatch.Tally{Sent: 89_998, Failed: 1, Bounced: 1, MaybeTwice: 3},
			},
		},
		shown: []dispatch.Recipient{{Name: "Lost Ltd", Channel: dispatch.Email, Address: "x@lost.example", State: dispatch.Failed, FailedAt: noon, Answer: "550 no such user"}},
	}
	file, err := print.PDF(p.document())
	if err != nil {
		t.Fatal(err)
	}
	said := printtest.Text(t, file)
	for _, want := range []string{
		"INC-2026-0001/2", "What happened", "lea legal 2026-11-21 12:00 UTC", "max for eva executive (emergency)", "by cora, in an emergency. Late, because: Contacts were looked for",
		"To be told 90000", "Sent 89998", "Failed 1", "May have been sent twice 3", "The list has 90000 recipients", "Lost Ltd mail x@lost.example failed", "550 no such user", "Attachment faq.pdf",
		"90000 lines",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("the report lacks %q: %s", want, said)
		}
	}
	together := strings.ReplaceAll(said, " ", "")
	for _, sum := range []string{"a", "b", "c", "f"} {
		if !strings.Contains(together, strings.Repeat(sum, 64)) {
			t.Errorf("the checksum %s… is missing", sum)
		}
	}
	if strings.Contains(said, "nobody") {
		t.Error("an approval of other bytes is named")
	}
}
