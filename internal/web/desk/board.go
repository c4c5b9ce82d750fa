package desk

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/web/page"
)

// The ways to list duties.
const (
	byDue       = ""
	byRecipient = "recipient"
	byHolder    = "holder"
)

// board is the list of duties.
type board struct {
	View, State, Owner, Drill, Out string // as they stand in the address
	Holder, Recipient              string // ids
	Duties                         []duty.Duty
	Groups                         []group
	More                           string
	Cut                            bool // there are more than were grouped
	Missed, Unowned                int
	Dir                            directory.Snapshot
}

// group holds the duties of one recipient or holder.
type group struct {
	ID, Name string
	Duties   []duty.Duty
	Missed   int
}

func (b board) filtered() bool {
	return b.State != "" || b.Owner != "" || b.Out != "" || b.Holder != "" || b.Recipient != ""
}

// deadlines lists all duties of all incidents: which has no owner?
func (s screen) deadlines(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermDutyRead); err != nil {
		return page.Page{}, err
	}
	b, err := s.board(r)
	if err != nil {
		return page.Page{}, err
	}
	on := page.Any(page.On("duty"), page.On("incident"), page.On("directory"), page.On("person"))
	glance := page.Region{Name: "glance", On: on, Body: boardGlance(r, b)}
	list := page.Region{Name: "duties", On: on, Body: boardList(r, b)}
	return page.Page{
		Title: "Deadlines", Nav: deadlinesPath, Lead: glance.Place(), Drill: b.Drill == "yes",
		Regions: []page.Region{glance, list}, Body: boardPage(r, b, list),
	}, nil
}

func (s screen) board(r *page.Request) (board, error) {
	b := board{
		View: r.Query("view"), State: r.Query("state"), Owner: r.Query("owner"), Drill: cmp.Or(r.Query("drill"), "no"), Out: r.Query("outward"),
		Holder: r.Query("holder"), Recipient: r.Query("recipient"),
	}
	dir, err := s.Directory.Snapshot(s.DB)
	if err != nil {
		return b, err
	}
	b.Dir = dir
	f := duty.Filter{
		State: duty.State(b.State), Pending: b.State == "", Holder: b.Holder, Recipient: b.Recipient, Outward: b.Out != "",
		Drill: yesNo(b.Drill), Unowned: b.Owner == "none",
	}
	if b.Owner == "me" {
		if f.Holder = r.By.Person; f.Holder == "" {
			return b, fault.New(fault.Invalid, "A token that belongs to no person holds no duties.")
		}
	}
	switch b.View {
	case byDue:
		p, err := s.Duties.List(r.Context(), r.By, f, r.Query("after"), perPage)
		if err != nil {
			return b, err
		}
		b.Duties = p.Items
		if p.Next != "" {
			b.More = r.Path("after", p.Next)
		}
	case byRecipient, byHolder:
		if err := s.grouped(r, &b, f); err != nil {
			return b, err
		}
	default:
		return b, fault.New(fault.NotFound, "There is no such list.")
	}
	for _, d := range b.Duties {
		if d.At(r.Now) == duty.Missed {
			b.Missed++
		}
		if d.State == duty.Open && unowned(d, dir) {
			b.Unowned++
		}
	}
	return b, nil
}

// mostGrouped is how many duties are put into groups, earliest due first; each group leads to the whole list of it.
const mostGrouped = 1000

func (s screen) grouped(r *page.Request, b *board, f duty.Filter) error {
	cursor := ""
	for len(b.Duties) < mostGrouped {
		p, err := s.Duties.List(r.Context(), r.By, f, cursor, 200)
		if err != nil {
			return err
		}
		b.Duties = append(b.Duties, p.Items...)
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	b.Cut = cursor != ""
	at := map[string]int{}
	for _, d := range b.Duties {
		ref := d.Recipient
		if b.View == byHolder {
			ref = d.Holder
		}
		key := cmp.Or(ref.ID, ref.Name) // one party may be customer and controller
		i, ok := at[key]
		if !ok {
			i = len(b.Groups)
			at[key] = i
			b.Groups = append(b.Groups, group{ID: ref.ID, Name: refName(ref, b.Dir)})
		}
		b.Groups[i].Duties = append(b.Groups[i].Duties, d)
		if d.At(r.Now) == duty.Missed {
			b.Groups[i].Missed++
		}
	}
	return nil
}

// mostShown is how many duties of a group are shown before the link to all of them.
const mostShown = 8

func (g group) shown() []duty.Duty { return g.Duties[:min(len(g.Duties), mostShown)] }

func (g group) note() string {
	n := strconv.Itoa(len(g.Duties)) + choose(len(g.Duties) == 1, " duty", " duties")
	if g.Missed > 0 {
		n += ", " + strconv.Itoa(g.Missed) + " missed"
	}
	return n
}

// unowned says that no person holds a duty.
func unowned(d duty.Duty, dir directory.Snapshot) bool {
	_, held := dir.People[d.Holder.ID]
	return !held
}

func refName(r duty.Ref, dir directory.Snapshot) string {
	if p, ok := dir.People[r.ID]; ok {
		return p.Name
	}
	if r.Name == "" {
		return "Nobody yet"
	}
	return strings.ToUpper(r.Name[:1]) + r.Name[1:]
}
