package markup

import (
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"
)

// plain writes the blocks below n, an empty line between them.
func (r *reader) plain(n ast.Node) string {
	var parts []string
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if s := r.plainBlock(c); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "\n\n")
}

func (r *reader) plainBlock(n ast.Node) string {
	switch n := n.(type) {
	case *ast.Heading:
		words := oneLine(r.inline(n))
		if n.Level == 1 && words != "" {
			return words + "\n" + strings.Repeat("=", 40)
		}
		return words
	case *ast.List:
		return r.list(n)
	case *ast.Blockquote:
		return indent(r.plain(n), "> ", "> ")
	case *ast.ThematicBreak:
		return strings.Repeat("-", 40)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		return strings.TrimRight(string(n.Lines().Value(r.source)), "\n")
	case *ast.HTMLBlock:
		return ""
	}
	return strings.TrimSpace(r.inline(n))
}

func (r *reader) list(l *ast.List) string {
	gap := "\n\n"
	if l.IsTight {
		gap = "\n"
	}
	var items []string
	number := l.Start
	for c := l.FirstChild(); c != nil; c = c.NextSibling() {
		mark := "- "
		if l.IsOrdered() {
			mark = strconv.Itoa(number) + ". "
			number++
		}
		body := r.plain(c)
		if l.IsTight {
			body = strings.ReplaceAll(body, "\n\n", "\n")
		}
		items = append(items, indent(body, mark, strings.Repeat(" ", len(mark))))
	}
	return strings.Join(items, gap)
}

// indent puts head before the first line and rest before the others.
func indent(s, head, rest string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		mark := rest
		if i == 0 {
			mark = head
		}
		lines[i] = strings.TrimRight(mark+l, " ")
	}
	return strings.Join(lines, "\n")
}

// inline gives the words below n: no marks, a link with its address behind it.
func (r *reader) inline(n ast.Node) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			b.Write(plainText(c, r.source))
			switch {
			case c.HardLineBreak():
				b.WriteByte('\n')
			case c.SoftLineBreak():
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(c.Value)
		case *ast.AutoLink:
			b.Write(c.Label(r.source))
		case *ast.Link:
			words, to := r.inline(c), string(c.Destination)
			b.WriteString(words)
			if to != words && strings.TrimPrefix(to, "mailto:") != words && strings.TrimPrefix(to, "tel:") != words {
				b.WriteString(" (" + to + ")")
			}
		case *ast.RawHTML, *ast.Image:
		default:
			b.WriteString(r.inline(c))
		}
	}
	return b.String()
}

// plainText undoes the escapes and entities of Markdown, except in code.
func plainText(t *ast.Text, source []byte) []byte {
	words := t.Value(source)
	if t.IsRaw() {
		return words
	}
	if _, code := t.Parent().(*ast.CodeSpan); code {
		return words
	}
	return util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(words)))
}
