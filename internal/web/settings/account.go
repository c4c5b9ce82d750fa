package settings

import (
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/account"
	"github.com/wakebell/wakebell/internal/web/page"
)

func (s screen) account(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermOwnRead); err != nil {
		return page.Page{}, err
	}
	v := accountView{r: r, nokeys: r.KeysOff()}
	cur, err := s.Accounts.Current(r.Request)
	if err != nil {
		return page.Page{}, err
	}
	v.current = cur.Session.ID
	if v.passphrase, err = s.Accounts.HasPassphrase(r.Context(), r.By); err != nil {
		return page.Page{}, err
	}
	if v.sessions, err = s.Accounts.Sessions(r.Context(), r.By, r.By.Person); err != nil {
		return page.Page{}, err
	}
	list := page.Region{Name: "sessions", On: page.On("account", r.By.Person), Body: ownSessions(v)}
	return page.Page{
		Title: "My account", Nav: nav, Crumbs: crumbs(page.Crumb{Label: "My account"}), Narrow: true,
		Regions: []page.Region{list}, Body: accountPage(v, list),
	}, nil
}

type accountView struct {
	r          *page.Request
	sessions   []account.Session
	current    string
	passphrase bool // the viewer has one
	nokeys     bool
}

func (s screen) doPassphrase(r *page.Request) (page.Done, error) {
	cur, err := s.Accounts.Current(r.Request)
	if err != nil {
		return page.Done{}, err
	}
	err = s.Accounts.ChangePassphrase(r.Context(), r.By, cur.Session.ID, r.PostFormValue("current_passphrase"), r.PostFormValue("passphrase"))
	if err != nil {
		return page.Done{}, again(r, err)
	}
	return page.Done{Say: "Your passphrase is changed. Your other sessions are signed out."}, nil
}

func (s screen) doEndOwn(r *page.Request) (page.Done, error) {
	cur, err := s.Accounts.Current(r.Request)
	if err != nil {
		return page.Done{}, err
	}
	return s.end(r, r.By.Person, cur.Session.ID)
}

// end ends one session, or all but keep.
func (s screen) end(r *page.Request, person, keep string) (page.Done, error) {
	if id := r.Text("session"); id != "" {
		if err := s.Accounts.Revoke(r.Context(), r.By, person, id); err != nil && fault.KindOf(err) != fault.NotFound {
			return page.Done{}, err
		}
		return page.Done{Say: "The session is signed out."}, nil
	}
	if err := s.Accounts.RevokeAll(r.Context(), r.By, person, keep); err != nil {
		return page.Done{}, err
	}
	if keep != "" {
		return page.Done{Say: "Signed out everywhere else."}, nil
	}
	return page.Done{Say: "Signed out everywhere."}, nil
}

func (s screen) doKeys(r *page.Request) (page.Done, error) {
	r.SetKeys(r.Ticked("keys"))
	return page.Done{Say: "Kept for this browser."}, nil
}
