// Package markup turns Markdown that people write into sanitised HTML and into plain
// text, and makes words from elsewhere harmless beside it. Nobody's HTML comes through:
// raw HTML and images are refused with their line, links lead to https, http, mailto or
// tel, and the result goes through an allow list once more.
//
// It carries out no policy sentence of its own; policy 003 ("Communications with
// customers must be consistent") has it as its press: the HTML and the plain text of a
// notice come from one source. It must not import another package of this module.
package markup

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// Doc is one Markdown text, read.
type Doc struct {
	HTML   string  // a sanitised fragment
	Plain  string  // the same words for readers without HTML
	Blocks []Block // in the order of reading
	Links  []Link
}

// Link is where a link leads.
type Link struct {
	To   string
	Line int // of the source, from 1
}

// Block is one heading, paragraph or list item, as plain words in one line.
type Block struct {
	Heading int // its level, 0: no heading
	Text    string
	Line    int // of the source, from 1
}

// Problem is something a text may not hold.
type Problem struct {
	Line    int // of the source, from 1
	Message string
}

// Parse reads Markdown (CommonMark, and bare addresses as links). The problems say what
// was left out of the HTML and why; a caller that keeps a text refuses one with problems.
func Parse(src string) (Doc, []Problem) {
	source := []byte(src)
	md := newMarkdown()
	root := md.Parser().Parse(text.NewReader(source))
	r := reader{source: source}
	var html bytes.Buffer
	if err := md.Renderer().Render(&html, source, root); err != nil { // a buffer does not fail
		r.problem(1, "this text cannot be shown: "+err.Error())
	}
	r.look(root)
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return Doc{
		HTML:   strings.TrimSpace(newPolicy().Sanitize(html.String())),
		Plain:  strings.TrimRight(r.plain(root), "\n"),
		Blocks: r.blocks,
		Links:  r.links,
	}, r.problems
}

func newMarkdown() goldmark.Markdown {
	return goldmark.New(goldmark.WithExtensions(extension.NewLinkify(
		extension.WithLinkifyAllowedProtocols([]string{"https:", "http:"}))))
}

func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6",
		"ul", "ol", "li", "blockquote", "strong", "em", "code", "pre")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowURLSchemes(schemes[:]...)
	p.RequireParseableURLs(true)
	return p
}

var schemes = [...]string{"https", "http", "mailto", "tel"}

// Address says whether a link may lead there: a whole address with a known scheme.
func Address(to string) bool {
	scheme, rest, cut := strings.Cut(to, ":")
	if !cut || rest == "" || strings.ContainsAny(to, " \t\r\n\"<>\\`") {
		return false
	}
	switch scheme = strings.ToLower(scheme); scheme {
	case "https", "http":
		host, _, _ := strings.Cut(strings.TrimPrefix(rest, "//"), "/")
		return strings.HasPrefix(rest, "//") && host != "" && !strings.Contains(host, "@")
	}
	return slices.Contains(schemes[:], scheme)
}

// reader walks the parsed text: it collects blocks and problems, and writes plain text.
type reader struct {
	source   []byte
	blocks   []Block
	links    []Link
	problems []Problem
}

func (r *reader) problem(line int, msg string) {
	r.problems = append(r.problems, Problem{Line: line, Message: msg})
}

// look finds what a text may not hold, and its blocks.
func (r *reader) look(root ast.Node) {
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.HTMLBlock, *ast.RawHTML:
			r.problem(r.line(n), "HTML is not used here; write it in Markdown")
		case *ast.Image:
			r.problem(r.line(n), "a notice holds no images: they can track readers; attach a file instead")
		case *ast.Link:
			r.link(n, string(n.Destination))
		case *ast.AutoLink:
			r.link(n, address(n, r.source))
		case *ast.Heading:
			r.block(n, n.Level)
		case *ast.Paragraph, *ast.TextBlock:
			r.block(n, 0)
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			r.blocks = append(r.blocks, Block{Text: oneLine(string(n.Lines().Value(r.source))), Line: r.line(n)})
		}
		return ast.WalkContinue, nil
	})
}

func (r *reader) link(n ast.Node, to string) {
	line := r.line(n)
	r.links = append(r.links, Link{To: to, Line: line})
	if !Address(to) {
		r.problem(line, "a link leads to an address that begins with https://, http://, mailto: or tel:")
	}
}

func (r *reader) block(n ast.Node, heading int) {
	if words := oneLine(r.inline(n)); words != "" {
		r.blocks = append(r.blocks, Block{Heading: heading, Text: words, Line: r.line(n)})
	}
}

// line is where a node stands, from 1.
func (r *reader) line(n ast.Node) int {
	at := -1
	switch raw := n.(type) {
	case *ast.RawHTML:
		if raw.Segments.Len() > 0 {
			at = raw.Segments.At(0).Start
		}
	case *ast.Text:
		at = raw.Segment.Start
	}
	if at < 0 && n.Type() == ast.TypeBlock && n.Lines().Len() > 0 {
		at = n.Lines().At(0).Start
	}
	for c := n.FirstChild(); at < 0 && c != nil; c = c.FirstChild() {
		if t, ok := c.(*ast.Text); ok {
			at = t.Segment.Start
		}
	}
	for p := n.Parent(); at < 0 && p != nil; p = p.Parent() {
		if p.Type() == ast.TypeBlock && p.Lines().Len() > 0 {
			at = p.Lines().At(0).Start
		}
	}
	return 1 + bytes.Count(r.source[:max(at, 0)], []byte("\n"))
}

// address is where an automatic link leads.
func address(n *ast.AutoLink, source []byte) string {
	to := string(n.URL(source))
	if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(to), "mailto:") {
		return "mailto:" + to
	}
	return to
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
