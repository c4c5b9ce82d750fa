package settings

import (
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/web/page"
)

type tokenView struct {
	r       *page.Request
	form    *page.Form
	list    []who.Token
	names   map[string]string // of people
	people  []page.Option
	next    string
	secret  string // just made
	expires []page.Option
}

// lives are how long a token may live. The shortest stands first.
var lives = []struct {
	value, label string
	days         int
}{{"30", "30 days", 30}, {"90", "90 days", 90}, {"365", "1 year", 365}, {"never", "It does not expire", 0}}

func (s screen) tokens(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermTokenManage); err != nil {
		return page.Page{}, err
	}
	v := tokenView{r: r, form: r.Form("token").To("/settings/tokens").Plain(), secret: takeOnce(r), names: map[string]string{}}
	for _, l := range lives {
		v.expires = append(v.expires, page.Option{Value: l.value, Label: l.label})
	}
	var err error
	var cursor string
	if v.list, cursor, err = s.People.Tokens(r.Context(), r.By, r.Query("after"), 0); err != nil {
		return page.Page{}, err
	}
	if cursor != "" {
		v.next = r.Path("after", cursor)
	}
	people, _, err := s.People.People(r.Context(), r.By, who.Filter{ActiveOnly: true}, "", who.PageLimit)
	if err != nil {
		return page.Page{}, err
	}
	v.people = []page.Option{{Value: "", Label: "A machine"}}
	for _, p := range people {
		v.names[p.ID] = p.Name
		v.people = append(v.people, page.Option{Value: p.ID, Label: p.Name})
	}
	list := page.Region{Name: "tokens", On: page.On("token"), Body: tokenList(v)}
	return page.Page{
		Title: "API tokens", Nav: nav, Crumbs: crumbs(page.Crumb{Label: "API tokens"}),
		Regions: []page.Region{list}, Body: tokenPage(v, list),
	}, nil
}

func (s screen) doToken(r *page.Request) (page.Done, error) {
	in := who.TokenInput{Name: r.Text("name"), Person: r.Text("person"), Roles: rolesOf(r)}
	known := false
	for _, l := range lives {
		if known = known || l.value == r.Text("life"); l.value == r.Text("life") && l.days > 0 {
			in.ExpiresAt = r.Now.Add(time.Duration(l.days) * 24 * time.Hour)
		}
	}
	if !known {
		return page.Done{}, fault.InvalidField("life", "must be one of the list")
	}
	_, secret, err := s.People.CreateToken(r.Context(), r.By, in)
	if err != nil {
		return page.Done{}, page.Rename(err, "expires_at", "life")
	}
	showOnce(r, secret)
	return page.Done{To: "/settings/tokens"}, nil
}

func (s screen) doRevoke(r *page.Request) (page.Done, error) {
	if err := s.People.RevokeToken(r.Context(), r.By, r.Text("token")); err != nil {
		return page.Done{}, err
	}
	return page.Done{Say: "The token is revoked."}, nil
}

// tokenTag says whether a token works.
func tokenTag(t who.Token, now time.Time) page.Tag {
	switch {
	case !t.RevokedAt.IsZero():
		return page.Tag{Text: "Revoked", Icon: page.IconBan}
	case !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt):
		return page.Tag{Text: "Expired", Icon: page.IconClock}
	}
	return page.Tag{Text: "Works", Icon: page.IconCircleCheck, Tone: page.Good}
}

func works(t who.Token, now time.Time) bool { return tokenTag(t, now).Tone == page.Good }

// bearer says for whom a token speaks.
func (v tokenView) bearer(t who.Token) string {
	if t.Person == "" {
		return "A machine"
	}
	if name := v.names[t.Person]; name != "" {
		return name
	}
	return t.Person
}
