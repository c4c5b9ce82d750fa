package contactbook

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/web/page"
)

// ahead is how far the on-call list looks.
const ahead = 14 * 24 * time.Hour

// duty is one team with who has its turns.
type duty struct {
	directory.Team
	Turns []directory.Turn // the first is now
	Order []string         // whom a call goes to now, one after the other
}

// called are the kinds of teams that must have somebody on call.
var called = []directory.TeamKind{directory.TeamProduct, directory.TeamSIRT}

// duties lists the teams that must be on call and those that have shifts.
func duties(dir directory.Snapshot, now time.Time) []duty {
	var out []duty
	for _, k := range directory.TeamKinds() {
		for _, t := range dir.TeamsOf(k) {
			if slices.Contains(called, k) || len(t.OnCall) > 0 {
				out = append(out, duty{t, dir.Rota(t.ID, now, now.Add(ahead)), dir.OnCall(t.ID, now)})
			}
		}
	}
	return out
}

func (d duty) now() directory.Turn { return d.Turns[0] }

// next is the turn after this one, if it comes within the days shown.
func (d duty) next() (directory.Turn, bool) {
	if len(d.Turns) < 2 {
		return directory.Turn{}, false
	}
	return d.Turns[1], true
}

// gaps are the turns of nobody.
func (d duty) gaps() []directory.Turn {
	return slices.DeleteFunc(slices.Clone(d.Turns), func(t directory.Turn) bool { return !t.Gap() })
}

// covered counts the teams somebody is on call for.
func covered(list []duty) int {
	n := 0
	for _, d := range list {
		if !d.now().Gap() {
			n++
		}
	}
	return n
}

func (s screen) onCall(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermDirectoryRead); err != nil {
		return page.Page{}, err
	}
	dir, err := s.Directory.Snapshot(s.DB)
	if err != nil {
		return page.Page{}, err
	}
	o := overview{r: r, dir: dir, teams: duties(dir, r.Now)}
	region := page.Region{Name: "duties", On: page.Any(page.On("directory"), page.On("person")), Body: dutyRows(o)}
	return page.Page{
		Title: "On call", Nav: nav, Crumbs: []page.Crumb{{Label: "Directory", Href: nav}, {Label: "On call"}},
		Regions: []page.Region{region}, Body: onCallPage(region),
	}, nil
}

// rota is one team's on-call list, to read and to change.
type rota struct {
	duty
	r      *page.Request
	dir    directory.Snapshot
	people []page.Option
	until  []page.Option // until when to take over
}

func (s screen) rota(r *page.Request) (page.Page, error) {
	t, err := s.Directory.Team(r.Context(), r.By, r.PathValue("team"))
	if err != nil {
		return page.Page{}, err
	}
	dir, err := s.Directory.Snapshot(s.DB)
	if err != nil {
		return page.Page{}, err
	}
	v := rota{r: r, dir: dir, duty: duty{t, dir.Rota(t.ID, r.Now, r.Now.Add(ahead)), dir.OnCall(t.ID, r.Now)}, people: membersFirst(dir, t)}
	v.until = v.ends()
	region := page.Region{Name: "rota", On: page.Any(page.On("directory"), page.On("person")), Body: rotaBody(v)}
	return page.Page{
		Title: "On call: " + t.Name, Nav: nav, Regions: []page.Region{region}, Body: region.Place(),
		Crumbs: []page.Crumb{{Label: "Directory", Href: nav}, {Label: "On call", Href: nav + "/on-call"}, {Label: t.Name}},
		Thumb:  v.thumb(),
	}, nil
}

func (v rota) thumb() []page.Action {
	if !mayEdit(v.r) || v.Retired {
		return nil
	}
	return []page.Action{{Label: "Take over", Icon: page.IconHand, Href: "#take", Main: true}}
}

// membersFirst lists active people, those of the team first.
func membersFirst(dir directory.Snapshot, t directory.Team) []page.Option {
	var mine, others []page.Option
	for id, p := range dir.People {
		if !p.Active {
			continue
		}
		o := page.Option{Value: id, Label: p.Name}
		if slices.ContainsFunc(t.Members, func(m directory.Member) bool { return m.Person == id }) {
			mine = append(mine, o)
		} else {
			o.Label += " (not in the team)"
			others = append(others, o)
		}
	}
	byName := func(a, b page.Option) int {
		return cmp.Or(strings.Compare(a.Label, b.Label), strings.Compare(a.Value, b.Value))
	}
	slices.SortFunc(mine, byName)
	slices.SortFunc(others, byName)
	return append(mine, others...)
}

// ends are the moments a take over may last until; the end of the present turn first.
func (v rota) ends() []page.Option {
	var out []page.Option
	if u := v.now().Until; !u.IsZero() && len(v.Turns) > 1 {
		out = append(out, page.Option{Value: strconv.FormatInt(u.UnixMicro(), 10), Label: "End of this turn, " + stamp(u, v.r.Zone, "")})
	}
	for _, h := range []int{4, 8, 12, 24} {
		u := v.r.Now.Add(time.Duration(h) * time.Hour).Truncate(time.Minute)
		out = append(out, page.Option{Value: strconv.FormatInt(u.UnixMicro(), 10), Label: fmt.Sprintf("In %d hours, %s", h, stamp(u, v.r.Zone, ""))})
	}
	return out
}

// store writes a changed team; who came second looks at the list again.
func (s screen) store(r *page.Request, change func(t directory.Team) (directory.Team, error), say string) (page.Done, error) {
	if err := who.Check(r.By, who.PermDirectoryEdit); err != nil {
		return page.Done{}, err
	}
	t, err := s.Directory.Team(r.Context(), r.By, r.PathValue("team"))
	if err != nil {
		return page.Done{}, err
	}
	if t.Retired {
		return page.Done{}, fault.New(fault.Conflict, "The team is out of use: bring it back first.")
	}
	seen := version(r)
	if t, err = change(t); err != nil {
		return page.Done{}, err
	}
	_, err = s.Directory.PutTeam(r.Context(), r.By, t, seen)
	if fault.KindOf(err) == fault.Precondition {
		return page.Done{}, fault.Wrap(fault.Precondition, err, "Somebody changed this list before you. It is shown as it is now: look, and send yours again.")
	}
	for _, f := range fault.FieldsOf(err) { // on_call[3].until is the field until of the form
		if _, field, ok := strings.Cut(f.Field, "]."); ok {
			err = page.Rename(err, f.Field, field)
		}
	}
	return page.Done{To: nav + "/on-call/" + t.ID, Say: say}, err
}

// doTake puts somebody first from now on.
func (s screen) doTake(r *page.Request) (page.Done, error) {
	if err := who.Check(r.By, who.PermDirectoryEdit); err != nil {
		return page.Done{}, err
	}
	person := cmp.Or(r.Text("person"), r.By.Person)
	n, err := strconv.ParseInt(r.Text("until"), 10, 64)
	until := time.UnixMicro(n).UTC()
	if err != nil || !until.After(r.Now) {
		return page.Done{}, fault.InvalidField("until", "must lie ahead: choose one of the list")
	}
	dir, err := s.Directory.Snapshot(s.DB)
	if err != nil {
		return page.Done{}, err
	}
	return s.store(r, func(t directory.Team) (directory.Team, error) { return t.TakeOver(person, r.Now, until), nil },
		dir.PersonName(person)+" is called first until "+stamp(until, r.Zone, "")+".")
}

func (s screen) doAddShift(r *page.Request) (page.Done, error) {
	if err := who.Check(r.By, who.PermDirectoryEdit); err != nil {
		return page.Done{}, err
	}
	from, err := r.Moment("from")
	if err != nil {
		return page.Done{}, err
	}
	until, err := r.Moment("until")
	if err != nil {
		return page.Done{}, err
	}
	return s.store(r, func(t directory.Team) (directory.Team, error) {
		shift := directory.Shift{Person: r.Text("person"), From: from, Until: until}
		t.OnCall = append([]directory.Shift{shift}, t.OnCall...)
		return t, nil
	}, "The shift is added. It comes before older ones at the same time.")
}

// doChangeShift gives a shift to somebody else, or removes it.
func (s screen) doChangeShift(r *page.Request) (page.Done, error) {
	say := "The shift is changed."
	if r.Text("do") == "remove" {
		say = "The shift is removed."
	}
	return s.store(r, func(t directory.Team) (directory.Team, error) {
		n, err := strconv.Atoi(r.Text("shift"))
		if err != nil || n < 0 || n >= len(t.OnCall) {
			return t, fault.New(fault.Conflict, "This shift is not there any more. Look at the list again.")
		}
		t.OnCall = slices.Clone(t.OnCall)
		if r.Text("do") == "remove" {
			t.OnCall = slices.Delete(t.OnCall, n, n+1)
		} else {
			t.OnCall[n].Person = r.Text("person")
		}
		return t, nil
	}, say)
}

// teamsOf lists the teams somebody is in, by id.
func teamsOf(dir directory.Snapshot, person string) []directory.Team {
	var out []directory.Team
	for _, id := range slices.Sorted(maps.Keys(dir.Teams)) {
		t := dir.Teams[id]
		if !t.Retired && slices.ContainsFunc(t.Members, func(m directory.Member) bool { return m.Person == person }) {
			out = append(out, t)
		}
	}
	return out
}
