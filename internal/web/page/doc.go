// Package page is what all screens of the web face share: the layout, the
// components, forms, regions that stay live, times and clocks. It carries out
// "All information concerning an incident is to be considered confidential"
// (policy 003) for the browser: every page and every region is rendered with the
// viewer's own rights, nothing is cached, nothing is loaded from elsewhere. It
// must not import a screen, the API, the command line or app.
//
// # A screen
//
// A screen is one package below internal/web with a .templ file or two. It is
// given the services it needs, and registers its paths:
//
//	func Mount(w *page.Web, d Deps) {
//		s := screen{d}
//		w.Show("/incidents/{ref}", s.show)                    // GET
//		w.Post("/incidents/{ref}/notes", s.note, s.show)      // POST; show draws the page again when it fails
//	}
//
//	func (s screen) show(r *page.Request) (page.Page, error) {
//		st, err := s.Incidents.Get(r.Context(), r.By, r.PathValue("ref"), time.Time{})
//		if err != nil {
//			return page.Page{}, err                           // becomes the right page: 404, 403, …
//		}
//		list := page.Region{Name: "timeline", On: page.On("incident", st.ID), Body: timeline(st)}
//		return page.Page{
//			Title: st.Title, Nav: "/", Drill: st.Kind == incident.Drill,
//			Regions: []page.Region{list}, Body: room(r, st, list),
//		}, nil
//	}
//
// In room the region stands as @list.Place(). Services check permissions; a screen
// asks r.By.Has(who.Perm…) only to leave out what the viewer may not press. internal/web
// lists all screens in web.go and all entries of the menu in menu.go; an entry shows once
// its path is registered and the viewer has one of its permissions.
//
// # Regions and live updates
//
// A Region is a part of the page that can be drawn alone. Its name is the id of
// its element. On lists topics; a ledger entry with one of them makes the region
// stale, and the browser gets the page's own address again with the header
// X-Regions: timeline,duties. Show runs as ever, with the viewer's rights; only
// the wanted regions are rendered (ask r.Wants("timeline") before costly reading).
// Unchanged regions answer 304. Topics are the first word of a kind of entry, in the
// singular, alone or with the subject: "incident", "incident:<id>", "duty",
// "duty:<incident id>", "call:<incident or signal id>", "signal", "person", "plan",
// "directory". A morph keeps focus, half-typed text, open <details> and popovers, as
// long as elements keep their ids. Give rows of a list an id.
//
// # Forms
//
// Every form is a real POST; scripts only send it in the background. A form has a
// name, unique on its page:
//
//	f := r.Form("note").To("/incidents/" + ref + "/notes")
//	@f.Body() {
//		@page.Area(f, page.Field{Name: "text", Label: "Update", Required: true})
//		@page.Submit("Post", page.IconSend)
//	}
//
// A page that is not for this viewer returns page.Elsewhere("/path") as its error. The act reads r.Text("text"), r.Moment("at"), r.All("teams"), and returns
// page.Done{Say: "Noted."}: back to the page (303), or its regions for the script.
// Done.To goes elsewhere. When it returns an error, show draws the page again with
// the status of the error: fields hold what was typed, fault.Field names are matched
// with field names, and the summary gets the focus. Rename maps other names. A form
// carries an idempotency key, which is in r.Context() for store.Write: pressing twice
// does it once. A stale edit returns page.Stale: both texts are shown, nothing is lost.
// Drafts of text fields are kept in the tab until they are sent. One-button forms:
// @page.Press(f, page.Button{Label: "Take it", Icon: page.IconHand}).
//
// # Components
//
//	Icon(IconSiren)                         lucide icon; names are constants (assets/icons.txt), unknown ones do not compile
//	Sev(*int) BIL(*int) Chip(Tag) Status(s) severity, impact level, tag {Text, Icon, Tone}, state as tag
//	Strip(phase)                            the seven phases
//	ClockCard(Clock) ClockInline(Clock)     running displays; page.ClockOf(duty) makes a Clock
//	Clocks(label, []Clock)                  the row of cards
//	Links(Action…) LinkButton(Action)       links that look like buttons, for Page.Actions
//	Cols(side) {…}                          wide and narrow column; class="stack" sets gaps in one
//	Timeline() {…} + Line(Entry)            role=log list; Entry{ID, Kind, Title, By, At, Text or Body}
//	Card(Heading) {…}                       Heading{ID, Title, Note, Aside}
//	Tabs(label, []Choice) Seg(…)            Choice{Label, Href, Count, On}: links, one is current
//	Table(label, cols) {Row(id) {Cell(label) {…}}}   scrolls on wide, labelled cards on phones
//	Filters(action) {…} + FilterSelect      GET form; filters live in the URL
//	Input Area Select Radios Tick Moment File Hidden Submit Press   fields of a form, from Field
//	Popup(id, title) {…} + PopupButton      dialog that opens without script
//	Fold(summary) {…}                       <details>
//	Empty(Nothing)                          what will appear, who puts it there, one button
//	Pager(region, href)                     next page by key; loads on scroll
//	Hash(h) When(t) WhenShort(t) Ago(t) Person(name, line) Avatar(name)
//	Facts() {Fact(label) {…}}               description list
//	Note(tone, icon) {…}                    a notice inside the page
//
// Package live is the hub of the live stream, package asset the built files. To see every component, run
// WAKEBELL_GALLERY=127.0.0.1:9000 go test -run TestGallery ./internal/web/page and open /gallery. A new icon is a
// line in assets/icons.txt and make assets. Style that only one screen needs has its own file in assets/css.
//
// Times are shown in the viewer's zone as 21 Nov 2026 14:25, with UTC in the
// tooltip and ISO 8601 in datetime. CSP forbids style attributes and inline script:
// use classes, <progress>, data attributes and SVG attributes.
package page
