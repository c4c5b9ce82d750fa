package page

import (
	"context"
	"io"
	"time"

	"github.com/a-h/templ"

	"github.com/wakebell/wakebell/internal/decide/incident"
)

func in(c templ.Component, children ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return c.Render(templ.WithChildren(ctx, templ.Join(children...)), w)
	})
}

func galleryClocks(now time.Time) templ.Component {
	clock := func(id, name string, icon IconName, start, due time.Duration, soon, critical time.Duration) Clock {
		return Clock{ID: id, Name: name, Icon: icon, Whose: "Ingrid Solberg", For: "214 customers", StartAt: now.Add(start), DueAt: now.Add(due), Soon: soon, Critical: critical, Basis: "Why"}
	}
	met := clock("c5", "Call the SIRT", IconSiren, -time.Hour, -22*time.Minute, time.Minute, time.Minute)
	met.MetAt = now.Add(-30 * time.Minute)
	late := met
	late.ID, late.Name, late.MetAt = "c6", "Tell the partner", now.Add(-2*time.Minute)
	ended := met
	ended.ID, ended.MetAt, ended.Ended = "c7", time.Time{}, "waived"
	return Clocks("Deadlines", []Clock{
		clock("c1", "Notify Bayerisches Landesamt für Datenschutzaufsicht", IconLandmark, -time.Hour, 66*time.Hour, 24*time.Hour, 6*time.Hour),
		clock("c2", "Situation report to the SIHT", IconMessageSquareText, -100*time.Minute, 20*time.Minute, 30*time.Minute, 10*time.Minute),
		clock("c3", "Verify and classify", IconGauge, -55*time.Minute, 5*time.Minute, 20*time.Minute, 10*time.Minute),
		clock("c4", "Tell the product team", IconBellRing, -46*time.Minute, -26*time.Minute, 10*time.Minute, 5*time.Minute),
		met, late, ended,
	})
}

func galleryBody(r *Request, list Region) templ.Component {
	zero, one, two, three := 0, 1, 2, 3
	form := r.Form("demo").To("/gallery/form")
	text := r.Form("text").To("/gallery/text").With("version", "7")
	options := []Option{{"y", "Yes", "Legal is told at once"}, {"m", "Maybe", "Treated as yes until checked"}, {"n", "No", "The reason is asked later"}}
	return in(div("stack"),
		in(div("tags"), Sev(&zero), Sev(&one), Sev(&two), Sev(&three), Sev(nil), BIL(&two), Status(incident.Confirmed), Status(incident.Suspected),
			Chip(Tag{"214 customers", IconUsersRound, Plain}), Chip(Tag{"Personal data breach", IconFingerprint, Danger}), Chip(Tag{"On call", IconPhone, Good})),
		Strip(incident.Contain), list.Place(),
		Tabs("Parts", []Choice{{"Timeline", "#", "", true}, {"Scope and data", "#", "", false}, {"Files", "#", "14", false}}),
		in(Cols(templ.Join(
			in(Card(Heading{Title: "People", Note: "3 here"}), Person("Maya Lindqvist", "Incident response manager"), Facts()),
			in(Card(Heading{Title: "Facts"}), in(Facts(), in(Fact("Discovered"), When(noon)), in(Fact("Digest"), Hash("9f2c51aa77b3e1a79f2c51aa77b3e1a7")))),
			in(Card(Heading{Title: "Empty"}), Empty(Nothing{Icon: IconHardDrive, Title: "No evidence yet", Text: "Log the first item before anyone reboots a machine.", Action: Action{Label: "Log an item", Href: "#", Main: true}})),
		)),
			in(Card(Heading{ID: "tl", Title: "Timeline", Note: "Europe/Berlin", Aside: Seg("Show", []Choice{{"All", "#", "", true}, {"Decisions", "#", "3", false}})}),
				in(Timeline(), Line(Entry{ID: "e1", Kind: KindDecision, Title: "Assessed as personal data breach", By: "Ingrid Solberg", At: noon, Text: "Risk to the rights of persons is likely: names and hashed passwords."}),
					Line(Entry{ID: "e2", Kind: KindEvidence, Title: "Evidence EV-014 collected", By: "Tomás Herrera", At: noon.Add(-time.Hour), Noted: noon, Text: "Memory image, 16 GiB."}),
					Line(Entry{ID: "e3", Kind: KindMissed, Title: "Deadline missed", At: noon.Add(-30 * time.Hour), Erased: true}))),
			in(Card(Heading{Title: "A form"}), in(form.Body(),
				Input(form, Field{Name: "title", Label: "Title", Hint: "One sentence. Leave out passwords and personal data."}),
				Area(form, Field{Name: "text", Label: "What changed?", Optional: true}),
				in(Two(), Moment(form, Field{Name: "at", Label: "When did you notice it?", At: noon}), Select(form, Field{Name: "sys", Label: "Which system?", Options: []Option{{"", "I do not know", ""}, {"x", "Export service", ""}}})),
				Radios(form, Field{Name: "sev", Label: "Could data about people be involved?", Options: options, Columns: 3, Value: "m"}),
				Tick(form, Field{Name: "drill", Label: "This is a drill"}),
				in(FormFoot(), SubmitButton(Button{Label: "Report and wake the product team", Icon: IconSiren, Main: true, Large: true}), SubmitButton(Button{Label: "Danger", Tone: Danger}), SubmitButton(Button{Label: "Quiet", Quiet: true})),
			)),
			in(Card(Heading{Title: "What we know"}), in(text.Body(), Area(text, Field{Name: "text", Label: "What we know", Value: "A token leaked."}), Submit("Save", IconSave))),
			in(Table("Duties", []string{"Duty", "Owner"}), in(Row("r1"), in(Cell(""), Text("Tell the controller")), in(Cell("Owner"), Text("Nobody")))),
			in(Note(Warn, IconTriangleAlert), Text("Three customers have no security contact.")),
			in(Fold("Why is this due?"), Text("Because of policy 003.")),
			in(Popup("pop", "Waive this duty"), Text("Say why.")), PopupButton("pop", Button{Label: "Open a popup"}),
		),
	)
}

func div(class string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		if _, err := io.WriteString(w, `<div class="`+class+`">`); err != nil {
			return err
		}
		if err := templ.GetChildren(ctx).Render(templ.ClearChildren(ctx), w); err != nil {
			return err
		}
		_, err := io.WriteString(w, `</div>`)
		return err
	})
}
