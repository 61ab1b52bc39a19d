package autograd

import "math"

// queryBlock is the number of queries whose scores are in memory at once. It
// changes no bit.
const queryBlock = 64

// Attention returns, for each event and each head, softmax(q·kᵀ/√d)·v: what the
// sites of an event look up at each other (Vaswani et al., 2017). q, k and v have
// a row for each site and equal columns, of which each of the heads has d
// neighbouring ones. If it is causal, a site sees itself and the sites before it;
// the others are absent, and a NaN in them reaches nothing.
//
// The score of two sites is one chain over the columns of a head, of q times
// 1/√d, or 1/(τ·√d) with a temperature τ of the pass; the softmax of a site is over exactly the terms that it sees; a result is
// one chain over them, ascending.
//
// Backward, with the weights P computed again from the scores: dv = Pᵀ·dy, dP =
// dy·vᵀ, dS by the softmax, dq = dS·k/√d and dk = dSᵀ·q/√d, chains over ascending
// sites.
func (p *Pass) Attention(q, k, v Value, heads int, causal bool) Value {
	g := p.Graph
	y := g.newValue(q.Rows, q.Cols, q.wanted() || k.wanted() || v.wanted())
	a := attention{heads: heads, causal: causal, sites: p.sites(q), temperature: p.AttentionTemperature}
	g.do.attend(a, y.data(), q.data(), k.data(), v.data())
	if y.wanted() {
		g.recordMade(y, func() {
			g.do.attendBackward(a, g.gradient(y), g.gradientIfWanted(q), g.gradientIfWanted(k), g.gradientIfWanted(v), q.data(), k.data(), v.data())
		})
	}
	return y
}

// gradientIfWanted returns a value's gradient to add to, or nothing where none is
// wanted.
func (g *Graph) gradientIfWanted(v Value) matrix {
	if !v.wanted() {
		return matrix{}
	}
	return g.gradient(v)
}

// attention is how sites attend to each other.
type attention struct {
	heads       int
	causal      bool
	sites       int
	temperature float64 // 0 is 1
}

// attended is an attention of given values.
type attended[T float32 | float64] struct {
	attention
	q, k, v grid[T]
}

// scaleOf returns 1/√d for heads of d columns, divided by the temperature, of
// which 0 is 1.
func scaleOf[T float32 | float64](columns, heads int, temperature float64) T {
	scale := 1 / math.Sqrt(float64(columns/heads))
	if temperature != 0 {
		scale /= temperature
	}
	return T(scale)
}

// head returns the rows of event e and the columns of head h.
func (a *attention) head(e, h, cols int) (from, to, first, last int) {
	d := cols / a.heads
	return e * a.sites, (e + 1) * a.sites, h * d, (h + 1) * d
}

func part[T float32 | float64](m grid[T], from, to, first, last int) grid[T] {
	return m.slice(from, to).columns(first, last)
}

// sees returns how many sites those of a block that ends before last may see.
func (a *attention) sees(last int) int {
	if a.causal {
		return last
	}
	return a.sites
}

func (a *attended[T]) forward(m rowMath[T], memory *arena[T], y grid[T]) {
	mark := memory.mark()
	d := a.q.cols / a.heads
	scaled := dense(memory.take(a.sites*d), a.sites, d)
	scores := memory.take(min(queryBlock, a.sites) * a.sites)
	for e := range y.rows / max(1, a.sites) {
		for h := range a.heads {
			from, to, first, last := a.head(e, h, y.cols)
			keys, values, out := part(a.k, from, to, first, last), part(a.v, from, to, first, last), part(y, from, to, first, last)
			scaleRows(m, scaled, part(a.q, from, to, first, last), scaleOf[T](a.q.cols, a.heads, a.temperature))
			for top := 0; top < a.sites; top += queryBlock {
				bottom := min(top+queryBlock, a.sites)
				p := a.weights(m, scores, scaled, keys, top, bottom)
				a.multiply(m, out.slice(top, bottom), p, values, top)
			}
		}
	}
	memory.release(mark)
}

// weights returns the softmax of the scores of the queries [top, bottom), whose
// row is undefined beyond what a query sees.
func (a *attended[T]) weights(m rowMath[T], memory []T, queries, keys grid[T], top, bottom int) grid[T] {
	n := a.sees(bottom)
	p := dense(memory, bottom-top, n)
	a.lookUp(m, p, queries.slice(top, bottom), keys.slice(0, n), top)
	for i := range p.rows {
		m.softmax(a.seen(p, i, top))
	}
	return p
}

// lookUp sets p = q·kᵀ, of what each query sees.
func (a *attended[T]) lookUp(m rowMath[T], p, q, k grid[T], top int) {
	if !a.causal || !m.below(p, q, k.transposed(), top) {
		m.product(p, q, k.transposed(), grid[T]{})
	}
}

// seen returns what query top+i sees of its row.
func (a *attention) count(n, i, top int) int {
	if a.causal {
		return top + i + 1
	}
	return n
}

func (a *attended[T]) seen(p grid[T], i, top int) []T { return p.row(i)[:a.count(p.cols, i, top)] }

// multiply sets c = p·b, of what each query sees alone: the sites before top as
// one product, the others row by row.
func (a *attended[T]) multiply(m rowMath[T], c, p, b grid[T], top int) {
	if !a.causal {
		m.product(c, p, b, grid[T]{})
		return
	}
	start := grid[T]{}
	if top > 0 {
		m.product(c, p.columns(0, top), b.slice(0, top), start)
		start = c
	}
	if m.triangle(c, p.columns(top, top+c.rows), b.slice(top, top+c.rows), start, false) {
		return
	}
	for i := range c.rows {
		row := c.slice(i, i+1)
		from := row
		if top == 0 {
			from = grid[T]{}
		}
		m.product(row, p.slice(i, i+1).columns(top, top+i+1), b.slice(top, top+i+1), from)
	}
}

// multiplyTransposed adds pᵀ·b to c, of what sees each row of c alone; b has the
// rows of the queries.
func (a *attended[T]) multiplyTransposed(m rowMath[T], c, p, b grid[T], top int) {
	before := p.cols
	if a.causal {
		before = top
	}
	if before > 0 {
		m.product(c.slice(0, before), p.columns(0, before).transposed(), b, c.slice(0, before))
	}
	if rest := c.slice(before, p.cols); before < p.cols && m.triangle(rest, p.columns(before, p.cols).transposed(), b, rest, true) {
		return
	}
	for j := before; j < p.cols; j++ {
		row := c.slice(j, j+1)
		m.product(row, p.slice(j-top, p.rows).columns(j, j+1).transposed(), b.slice(j-top, b.rows), row)
	}
}

// backward adds to dq, dk and dv, each of which may be empty.
func (a *attended[T]) backward(m rowMath[T], memory *arena[T], dy, dq, dk, dv grid[T]) {
	mark := memory.mark()
	d, block := a.q.cols/a.heads, min(queryBlock, a.sites)
	scale := scaleOf[T](a.q.cols, a.heads, a.temperature)
	scaled := dense(memory.take(a.sites*d), a.sites, d)
	dQuery := dense(memory.take(block*d), block, d)
	dKeys, dValues := dense(memory.take(a.sites*d), a.sites, d), dense(memory.take(a.sites*d), a.sites, d)
	scores, dScores := memory.take(block*a.sites), memory.take(block*a.sites)
	for e := range dy.rows / max(1, a.sites) {
		for h := range a.heads {
			from, to, first, last := a.head(e, h, dy.cols)
			keys, values, out := part(a.k, from, to, first, last), part(a.v, from, to, first, last), part(dy, from, to, first, last)
			scaleRows(m, scaled, part(a.q, from, to, first, last), scale)
			clear(dKeys.data)
			clear(dValues.data)
			for top := 0; top < a.sites; top += queryBlock {
				bottom := min(top+queryBlock, a.sites)
				p := a.weights(m, scores, scaled, keys, top, bottom)
				a.multiplyTransposed(m, dValues, p, out.slice(top, bottom), top)
				dp := dense(dScores, p.rows, p.cols)
				a.lookUp(m, dp, out.slice(top, bottom), values.slice(0, p.cols), top)
				for i := range p.rows {
					m.softmaxBackward(a.seen(dp, i, top), a.seen(p, i, top))
				}
				a.multiplyTransposed(m, dKeys, dp, scaled.slice(top, bottom), top)
				if dq.data != nil {
					a.multiply(m, dQuery.slice(0, p.rows), dp, keys, top)
					addScaled(m, part(dq, from+top, from+bottom, first, last), dQuery, scale)
				}
			}
			if dk.data != nil {
				addScaled(m, part(dk, from, to, first, last), dKeys, 1)
			}
			if dv.data != nil {
				addScaled(m, part(dv, from, to, first, last), dValues, 1)
			}
		}
	}
	memory.release(mark)
}

// gridOf returns a matrix as attention takes it.
func gridOf[T float32 | float64](v view[T]) grid[T] {
	return grid[T]{v.Data, v.Rows, v.Cols, v.Stride, 1}
}

func (m matrix) grid32() grid[float32] { return gridOf(m.narrow()) }
func (m matrix) grid64() grid[float64] { return gridOf(m.wide()) }
