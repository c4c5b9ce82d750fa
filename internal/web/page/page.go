package page

import (
	"context"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"github.com/wakebell/wakebell/internal/base/who"
)

// Page is what a screen answers.
type Page struct {
	Title   string          // of the window, and the h1 unless Head is set
	Lead    templ.Component // one line under the h1: the answer at a glance; see Text
	Nav     string          // path of the entry of the menu this page belongs to
	Crumbs  []Crumb         // the way here, without the page itself; the last is plain text when it has no Href
	Actions templ.Component // buttons beside the h1; on phones they give way to Thumb
	Head    templ.Component // replaces the h1 row; must hold the one h1
	Thumb   []Action        // at most three, reached by the thumb on phones; the first is the main one
	Drill   bool            // striped bar
	Narrow  bool            // one column of forms and text
	Bare    bool            // no menu: sign-in, first run
	Lang    string          // of the page, default en
	Status  int             // default 200
	Body    templ.Component
	Regions []Region
}

// Region is a part of the page that can be drawn alone, see the package comment.
type Region struct {
	Name string   // id of the element, [a-z-]
	On   []string // topics that make it stale
	Body templ.Component
}

// On makes topics of one room: the general one, or those of single subjects.
func On(topic string, subjects ...string) []string {
	if len(subjects) == 0 {
		return []string{topic}
	}
	out := make([]string, len(subjects))
	for i, s := range subjects {
		out[i] = topic + ":" + s
	}
	return out
}

// Any joins topics of several rooms.
func Any(topics ...[]string) []string { return slices.Concat(topics...) }

// Crumb is one step of the way here.
type Crumb struct{ Label, Href string }

// Action is a link that looks like a button.
type Action struct {
	Label string
	Icon  IconName
	Href  string
	Main  bool   // the one thing to do here
	Key   string // single-key shortcut
}

// Choice is one of several links of which one is current.
type Choice struct {
	Label, Href string
	Count       string // shown behind the label; "" = none
	On          bool
}

// Tone colours a part. The word beside it says the same.
type Tone string

// The tones.
const (
	Plain  Tone = ""
	Danger Tone = "danger"
	Warn   Tone = "warn"
	Good   Tone = "good"
	Accent Tone = "accent"
)

// Tag is the content of a chip.
type Tag struct {
	Text string
	Icon IconName
	Tone Tone
}

// Heading is the head of a card.
type Heading struct {
	ID    string // of the card; the heading's is ID + "-h"
	Title string
	Note  string
	Aside templ.Component // at the right
}

// letter takes the line ends out that lie between the parts of a list and behind headings, which
// the style of running text would show, and marks links as links. A "<" of the text itself is escaped.
var letter = strings.NewReplacer("<a href=", "<a class=\"link\" href=", "<ul>\n", "<ul>", "<ol>\n", "<ol>", "</li>\n", "</li>", "<br>\n", "<br>", "</h2>\n", "</h2>", "</h3>\n", "</h3>", "</h4>\n", "</h4>")

// Nothing is an empty state: what will appear here, who puts it there, one button.
type Nothing struct {
	Icon   IconName
	Title  string
	Text   string
	Action Action // none when Label is ""
	More   templ.Component
}

// Done is the answer of an act that succeeded.
type Done struct {
	To  string // path to go to; "" = back to the page the form stands on
	Say string // one sentence, shown once
	// Again draws the page anew with what was typed: nothing was saved, as in a preview. The form must be Plain.
	Again bool
	File  *Answer // the answer instead of a page. The form must be Plain.
}

// Elsewhere is an error that sends the viewer to another page of ours.
type Elsewhere string

// Error says where to.
func (e Elsewhere) Error() string { return "see " + string(e) }

// Item is one entry of the menu. It is shown to viewers with any of the permissions, once its
// path is registered.
type Item struct {
	Label, Path string
	Icon        IconName
	Key         string
	Perms       []Permission
	// Count is how much waits there for this viewer, shown beside the label and live; nil: nothing is counted.
	Count func(ctx context.Context, by who.Identity) (int, error)
	On    []string // topics that change Count
}

// MostCounted is the highest number the menu asks for; one more is shown as 99+.
const MostCounted = 100
