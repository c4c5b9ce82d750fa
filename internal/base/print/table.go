package print

// cell is one cell of a row: lines that each have their own face.
type cell struct {
	x, right float64 // left edge; right edge of a cell whose text stands right, else 0
	lines    []textLine
}

type textLine struct {
	face face
	text string
}

func set(fc face, lines []string) []textLine {
	out := make([]textLine, len(lines))
	for i, l := range lines {
		out[i] = textLine{fc, l}
	}
	return out
}

func (c cell) height() (h float64) {
	for _, l := range c.lines {
		h += l.face.leading
	}
	return h
}

// row draws cells beside each other. One that fits on a page stays whole; a longer one
// goes on over pages. again draws what is repeated on top of a new page.
func (f *flow) row(cells []cell, again func()) {
	height := 0.0
	for _, c := range cells {
		height = max(height, c.height())
	}
	if f.y+height > f.end() && height <= (f.end()-top)*0.6 {
		f.next(again)
	}
	for f.err == nil {
		reach, left := f.y, false
		for i := range cells {
			y := f.y
			for len(cells[i].lines) > 0 {
				l := cells[i].lines[0]
				if y+l.face.leading > f.end() {
					left = true
					break
				}
				f.cellLine(cells[i], l, y)
				y += l.face.leading
				cells[i].lines = cells[i].lines[1:]
			}
			reach = max(reach, y)
		}
		f.y = reach
		if !left {
			return
		}
		f.next(again)
	}
}

func (f *flow) next(again func()) {
	f.page()
	if again != nil && f.err == nil {
		again()
	}
}

func (f *flow) cellLine(c cell, l textLine, y float64) {
	if l.text == "" {
		return
	}
	x := c.x
	if c.right > 0 {
		x = c.right - f.measure(l.face, l.text)
	}
	f.put(mark{x: x, y: y, text: l.text, face: l.face})
}

func (f *flow) definitions(rows Definitions) {
	term := f.inner() * termShare
	x, width := left+term+columnGap, f.inner()-term-columnGap
	for _, r := range rows {
		text := set(faceBody, f.wrap(faceBody, r.Text, width))
		if r.Note != "" {
			text = append(text, set(faceSmall, f.wrap(faceSmall, r.Note, width))...)
		}
		f.row([]cell{{x: left, lines: set(faceTerm, f.wrap(faceTerm, r.Term, term))}, {x: x, lines: text}}, nil)
		f.y += gap / 2
	}
	f.y += gap / 2
}

func (f *flow) table(t Table) {
	if len(t.Columns) == 0 {
		return
	}
	total := 0.0
	for _, c := range t.Columns {
		total += share(c)
	}
	room := f.inner() - columnGap*float64(len(t.Columns)-1)
	cells := func(fc face, texts []string) []cell {
		out := make([]cell, len(t.Columns))
		x := left
		for i, c := range t.Columns {
			width := room * share(c) / total
			out[i] = cell{x: x}
			if c.Right {
				out[i].right = x + width
			}
			if i < len(texts) {
				out[i].lines = set(fc, f.wrap(fc, texts[i], width))
			}
			x += width + columnGap
		}
		return out
	}
	titles := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		titles[i] = c.Title
	}
	head := func() {
		f.row(cells(faceHead, titles), nil)
		f.y += 2
		f.rule()
		f.y += 3
	}
	f.need(4 * faceCell.leading)
	head()
	for _, r := range t.Rows {
		if f.err != nil {
			return
		}
		f.row(cells(faceCell, r), head)
		f.y += 4
	}
	f.y += gap
}

func share(c Column) float64 {
	if c.Width <= 0 {
		return 1
	}
	return c.Width
}
