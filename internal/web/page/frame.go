package page

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/web/page/asset"
)

const permReport = who.PermReportCreate

// What the layout asks of its frame. All of it works for a frame without a face, as in tests of one component.

func (f *frame) assets() *asset.Set {
	if f.req.web == nil {
		return &asset.Set{}
	}
	return f.req.web.Assets
}

func (f *frame) live() bool {
	return f.req.web != nil && f.req.web.Live != nil && !f.page.Bare && !f.req.By.IsZero()
}

func (f *frame) demo() bool { return f.req.web != nil && f.req.web.Demo }

func (f *frame) has(path string) bool { return f.req.web != nil && f.req.web.Has(path) }

// viewer keeps the tabs of two people in one browser apart; it tells nobody who they are.
func (f *frame) viewer() string {
	sum := sha256.Sum256([]byte(f.req.By.Actor))
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}

// title of the window: errors and drills first, because it is read first.
func (f *frame) title() string {
	t := f.page.Title + " · Wakebell"
	if f.page.Drill {
		t = "DRILL: " + t
	}
	if f.req.post != nil && f.req.post.err != nil {
		t = "Error: " + t
	}
	return t
}

func (f *frame) name() string {
	if f.req.Person.Name != "" {
		return f.req.Person.Name
	}
	if f.req.By.Name != "" {
		return f.req.By.Name
	}
	return "Nobody"
}

// function says what the viewer is here: the function in the company, or the roles.
func (f *frame) function() string {
	if f.req.Person.Function != "" {
		return f.req.Person.Function
	}
	names := make([]string, len(f.req.By.Roles))
	for i, r := range f.req.By.Roles {
		names[i] = strings.ReplaceAll(string(r), "_", " ")
	}
	return strings.Join(names, ", ")
}

func (f *frame) mePath() string {
	if f.has("/settings/account") {
		return "/settings/account"
	}
	return "/"
}

// here is the page's own address, for forms.
func (f *frame) here() string {
	if f.req.Request == nil || f.req.URL == nil {
		return "/"
	}
	if f.req.Method == http.MethodPost && f.req.back != nil {
		return f.req.back.RequestURI()
	}
	return f.req.URL.RequestURI()
}

// menu lists what this viewer may open.
func (f *frame) menu() []Item {
	var out []Item
	if f.req.web == nil {
		return nil
	}
	for _, it := range f.req.web.Menu {
		if !f.has(it.Path) {
			continue
		}
		may := len(it.Perms) == 0
		for _, p := range it.Perms {
			may = may || f.req.By.Has(p)
		}
		if may {
			out = append(out, it)
		}
	}
	return out
}

// countID is the id of the region that shows the number of an entry of the menu.
func countID(it Item) string { return "menu-" + slug(it.Label) }

// countText is the number beside an entry of the menu; "" for none, and where it cannot be read: a
// menu without numbers is better than no page.
func (f *frame) countText(it Item) string {
	n, err := it.Count(f.req.Context(), f.req.By)
	switch {
	case err != nil:
		f.req.web.Log.Warn("count for the menu", "entry", it.Label, "error", err)
		return ""
	case n <= 0:
		return ""
	case n >= MostCounted:
		return "99+"
	}
	return number(n)
}

// countsOnly says whether nothing but numbers of the menu is wanted: then no screen is asked.
func (r *Request) countsOnly() bool {
	if len(r.regions) == 0 {
		return false
	}
	counts := map[string]bool{}
	for _, it := range (&frame{req: r}).menu() {
		counts[countID(it)] = it.Count != nil
	}
	for _, name := range r.regions {
		if !counts[name] {
			return false
		}
	}
	return true
}

// actions are what can be done on this page, and everywhere.
func (f *frame) actions() []Action {
	var out []Action
	for _, a := range f.page.Thumb {
		out = append(out, Action{Label: a.Label, Icon: a.Icon, Href: a.Href, Key: a.Key})
	}
	if f.has("/report") && f.req.By.Has(permReport) {
		out = append(out, Action{Label: "Report an incident", Icon: IconPlus, Href: "/report", Key: "c"})
	}
	if f.has("/declare") && f.req.By.Has(who.PermIncidentDeclare) {
		out = append(out, Action{Label: "Declare an incident", Icon: IconSiren, Href: "/declare"})
	}
	return out
}

// commands are what the palette offers: what can be done, then every screen.
func (f *frame) commands() []Action {
	out := f.actions()
	for _, it := range f.menu() {
		out = append(out, Action{Label: it.Label, Icon: it.Icon, Href: it.Path, Key: it.Key})
	}
	return out
}

func number(n int) string { return strconv.Itoa(n) }

func joined(list []string) string { return strings.Join(list, " ") }

// initials of a name: two letters at most.
func initials(name string) string {
	var out strings.Builder
	words := strings.Fields(name)
	if len(words) > 2 {
		words = []string{words[0], words[len(words)-1]}
	}
	for _, w := range words {
		r, _ := utf8.DecodeRuneInString(w)
		out.WriteRune(unicode.ToUpper(r))
	}
	return out.String()
}

// hue gives a person one of a few colours, always the same.
func hue(name string) string {
	sum := sha256.Sum256([]byte(name))
	return strconv.Itoa(int(sum[0]) % 5)
}
