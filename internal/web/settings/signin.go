package settings

import (
	"net/http"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/account"
	"github.com/wakebell/wakebell/internal/web/page"
)

func (s screen) signIn(r *page.Request) (page.Page, error) {
	v := signInView{form: r.Form("signin").To(SignInPath).Plain().With("to", target(r)), by: r.By.Name, to: target(r)}
	if !r.By.IsZero() {
		v.out = r.Form("signout").To("/sign-out").Plain()
		return page.Page{Title: "You are signed in", Bare: true, Narrow: true, Body: alreadyIn(v)}, nil
	}
	if s.Accounts.Demo() {
		return s.demo(r)
	}
	begun, err := s.Accounts.Begun(r.Context())
	if err != nil {
		return page.Page{}, err
	}
	v.begun = begun
	return page.Page{Title: "Sign in to Wakebell", Bare: true, Narrow: true, Body: signIn(v)}, nil
}

// signInView is what the page shows.
type signInView struct {
	form, out *page.Form
	by, to    string
	begun     bool // somebody can sign in
}

// target is where the viewer wanted to go. The redirect takes only own paths.
func target(r *page.Request) string {
	to := r.Query("to")
	if r.Method == http.MethodPost {
		to = r.Text("to")
	}
	if to == "" || strings.HasPrefix(to, SignInPath) {
		return "/"
	}
	return to
}

// landing is where somebody goes who has just signed in: where they wanted to,
// else the first screen of the menu that is open to them.
func (s screen) landing(r *page.Request, by who.Identity) string {
	if to := target(r); to != "/" {
		return to
	}
	for _, it := range s.web.Menu {
		if !s.web.Has(it.Path) {
			continue
		}
		if len(it.Perms) == 0 || slices.ContainsFunc(it.Perms, by.Has) {
			return it.Path
		}
	}
	return "/"
}

func (s screen) doSignIn(r *page.Request) (page.Done, error) {
	// A passphrase is taken as typed: spaces at its ends are part of it.
	in, err := s.Accounts.SignIn(r.Context(), s.Accounts.Client(r.Request), r.Text("email"), r.PostFormValue("passphrase"))
	if err != nil {
		return page.Done{}, again(r, err)
	}
	s.Accounts.SetCookies(r.Header(), in)
	return page.Done{To: s.landing(r, in.Identity)}, nil
}

// again makes the form appear once more with the reason, instead of a page that
// asks to sign in.
func again(r *page.Request, err error) error {
	if fault.KindOf(err) == fault.Unauthenticated {
		msg, _ := fault.MessageOf(err)
		return fault.Wrap(fault.Invalid, err, msg)
	}
	return err
}

func (s screen) doSignOut(r *page.Request) (page.Done, error) {
	if err := s.Accounts.SignOut(r.Context(), s.Accounts.Client(r.Request).Session); err != nil {
		return page.Done{}, err
	}
	s.Accounts.ClearCookies(r.Header())
	// Drafts lie in the tab; the next person at this machine must not find them.
	r.Header().Set("Clear-Site-Data", `"storage"`)
	return page.Done{To: SignInPath, Say: "You are signed out."}, nil
}

func (s screen) demo(r *page.Request) (page.Page, error) {
	people, err := s.Accounts.DemoPeople(r.Context())
	if err != nil {
		return page.Page{}, err
	}
	return page.Page{Title: "Who do you want to be?", Bare: true, Body: demo(r, people, target(r))}, nil
}

func (s screen) doDemo(r *page.Request) (page.Done, error) {
	in, err := s.Accounts.SignInDemo(r.Context(), s.Accounts.Client(r.Request), r.Text("person"))
	if err != nil {
		return page.Done{}, err
	}
	s.Accounts.SetCookies(r.Header(), in)
	return page.Done{To: s.landing(r, in.Identity)}, nil
}

func (s screen) welcome(r *page.Request) (page.Page, error) {
	link, err := s.Accounts.Open(r.Context(), r.PathValue("secret"))
	if err != nil {
		return page.Page{}, err
	}
	f := r.Form("welcome").To("/welcome/" + r.PathValue("secret")).Plain()
	p := page.Page{Bare: true, Narrow: true, Body: welcome(f, link)}
	switch link.Purpose {
	case account.SetUp:
		p.Title = "Set up Wakebell"
		p.Body = setUp(f)
	case account.Invite:
		p.Title = "Welcome, " + link.Name
	default:
		p.Title = "Choose a new passphrase"
	}
	return p, nil
}

func (s screen) doWelcome(r *page.Request) (page.Done, error) {
	secret, c := r.PathValue("secret"), s.Accounts.Client(r.Request)
	link, err := s.Accounts.Open(r.Context(), secret)
	if err != nil {
		return page.Done{}, err
	}
	done := page.Done{Say: "Your passphrase is set and you are signed in."}
	var in account.Issued
	if link.Purpose == account.SetUp {
		in, err = s.Accounts.Begin(r.Context(), c, secret, account.FirstAdmin{
			Name: r.Text("name"), Email: r.Text("email"), Zone: r.Text("zone"), Passphrase: r.PostFormValue("passphrase"),
		})
		done = page.Done{To: "/settings/people", Say: "Wakebell is set up. Add the people who handle incidents next."}
	} else {
		in, err = s.Accounts.Redeem(r.Context(), c, secret, r.PostFormValue("passphrase"))
	}
	if err != nil {
		return page.Done{}, err
	}
	s.Accounts.SetCookies(r.Header(), in)
	if done.To == "" {
		done.To = s.landing(r, in.Identity)
	}
	return done, nil
}

// demoLine says what a person of the demo is.
func demoLine(p who.Person) string {
	roles := roleNames(p.Roles)
	if p.Function == "" || p.Function == roles {
		return roles
	}
	return p.Function + " · " + roles
}
