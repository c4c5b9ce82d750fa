// Package about says what this program is: its version, what it does not do, and the licences of
// everything in it. Question: what runs here, and on whose terms? It carries out no policy
// sentence of its own; the licences ask for their notices. It must not import another screen.
package about

import (
	_ "embed"
	"encoding/json"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/web/page"
)

//go:generate go -C ../../../../tools run ./licences -root .. -out ../internal/web/book/about/licences.json

//go:embed licences.json
var gathered []byte

// Component is one part of the program that others wrote.
type Component struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	What    string `json:"what"`
	Licence string `json:"licence"`
	Texts   []int  `json:"texts"`
}

// Licences is what the build gathered.
type Licences struct {
	Modules []Component `json:"modules"`
	Browser []Component `json:"browser"`
	Texts   []string    `json:"texts"`
}

// Gathered reads the licences of everything the program may hold, on any system.
func Gathered() (l Licences, err error) {
	err = json.Unmarshal(gathered, &l)
	return l, err
}

// In leaves of the modules those that are in this binary, with the versions it was built with.
func (l Licences) In(b *debug.BuildInfo) []Component {
	var out []Component
	for _, m := range b.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		c := Component{Name: m.Path}
		if i := slices.IndexFunc(l.Modules, func(c Component) bool { return c.Name == m.Path }); i >= 0 {
			c = l.Modules[i]
		}
		c.Version = m.Version
		out = append(out, c)
	}
	return out
}

type screen struct {
	Licences
	build   *debug.BuildInfo
	version string
}

const home = "/about"

// Mount registers the screens. The licences are read when a page is asked for: a damaged file stops no server.
func Mount(w *page.Web, version string) {
	s := screen{version: version, build: &debug.BuildInfo{}}
	if b, ok := debug.ReadBuildInfo(); ok {
		s.build = b
	}
	w.Show(home, s.about)
	w.Show(home+"/licences", s.licences)
	w.Show(home+"/licences/{n}", s.text)
}

func (s screen) about(*page.Request) (page.Page, error) {
	return page.Page{Title: "About Wakebell", Nav: home, Narrow: true, Body: aboutPage(s.version, s.revision())}, nil
}

// revision is what the binary was built from, as far as it knows.
func (s screen) revision() string {
	for _, v := range s.build.Settings {
		if v.Key == "vcs.revision" {
			return v.Value
		}
	}
	return ""
}

func (s screen) licences(*page.Request) (page.Page, error) {
	l, err := Gathered()
	if err != nil {
		return page.Page{}, err
	}
	return page.Page{
		Title: "Licences", Nav: home, Crumbs: []page.Crumb{{Label: "About", Href: home}, {Label: "Licences"}},
		Body: licencesPage(l.In(s.build), l.Browser, goLicence(l), runtime.Version()),
	}, nil
}

// goLicence is the one of the language itself, whose text its own modules carry.
func goLicence(l Licences) Component {
	for _, c := range l.Modules {
		if c.Name == "golang.org/x/mod" {
			return c
		}
	}
	return Component{}
}

func (s screen) text(r *page.Request) (page.Page, error) {
	l, err := Gathered()
	if err != nil {
		return page.Page{}, err
	}
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 0 || n >= len(l.Texts) {
		return page.Page{}, fault.New(fault.NotFound, "There is no such licence text.")
	}
	var of []string
	for _, c := range slices.Concat(l.Modules, l.Browser) {
		if slices.Contains(c.Texts, n) {
			of = append(of, c.Name)
		}
	}
	return page.Page{
		Title: "Licence text", Nav: home, Crumbs: []page.Crumb{{Label: "About", Href: home}, {Label: "Licences", Href: home + "/licences"}, {Label: "Text"}},
		Body: textPage(of, l.Texts[n]),
	}, nil
}
