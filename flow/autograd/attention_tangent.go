package autograd

// AttentionTangent returns the derivative of [Pass.Attention], not causal, along
// tangents of q, k and v: with the weights P, the scores S and the products of their
// derivatives
//
//	Ṡ = (q̇·kᵀ + q·k̇ᵀ)/√d      Ṗ = P⊙(Ṡ − Σ P⊙Ṡ)      ẏ = Ṗ·v + P·v̇
//
// Backward, with S′ = Ṡ − Σ P⊙Ṡ and B′ = B − Σ P⊙B of B = dẏ·vᵀ: dv = Ṗᵀ·dẏ, dv̇ = Pᵀ·dẏ,
// dṠ = P⊙B′, dP = dẏ·v̇ᵀ + B′⊙S′, dS by the softmax, and from dS and dṠ the gradients of
// the queries, the keys and their tangents.
func (p *Pass) AttentionTangent(q, k, v, dq, dk, dv Value, heads int) Value {
	g := p.Graph
	in := [6]Value{q, k, v, dq, dk, dv}
	wanted := false
	for _, x := range in {
		wanted = wanted || x.wanted()
	}
	y := g.newValue(q.Rows, q.Cols, wanted)
	a := attention{heads: heads, sites: p.sites(q), temperature: p.AttentionTemperature}
	g.do.attendTangent(a, y.data(), dataOf(in))
	if wanted {
		kept := in
		g.recordMade(y, func() {
			var gradients [6]matrix
			for i, x := range kept {
				gradients[i] = g.gradientIfWanted(x)
			}
			g.do.attendTangentBackward(a, g.gradient(y), gradients, dataOf(kept))
		})
	}
	return y
}

// dataOf returns what the values hold.
func dataOf(values [6]Value) (data [6]matrix) {
	for i, v := range values {
		data[i] = v.data()
	}
	return data
}

// attendedTangent is an attention of given values, and their tangents.
type attendedTangent[T float32 | float64] struct {
	attended[T]
	dq, dk, dv grid[T]
}

func newAttendedTangent[T float32 | float64](how attention, in [6]grid[T]) attendedTangent[T] {
	return attendedTangent[T]{attended[T]{how, in[0], in[1], in[2]}, in[3], in[4], in[5]}
}

// attendedHead is what one head of an event computes with. Queries and their
// tangents are scaled.
type attendedHead[T float32 | float64] struct {
	queries, dQueries            grid[T]
	keys, values, dKeys, dValues grid[T]
}

// fill sets h, whose queries have memory, to a head of an event.
func (a *attendedTangent[T]) fill(m rowMath[T], h *attendedHead[T], from, to, first, last int) {
	scale := scaleOf[T](a.q.cols, a.heads, a.temperature)
	scaleRows(m, h.queries, part(a.q, from, to, first, last), scale)
	scaleRows(m, h.dQueries, part(a.dq, from, to, first, last), scale)
	h.keys, h.values = part(a.k, from, to, first, last), part(a.v, from, to, first, last)
	h.dKeys, h.dValues = part(a.dk, from, to, first, last), part(a.dv, from, to, first, last)
}

// scores sets s to the derivative of the scores of the queries [top, bottom).
func (h *attendedHead[T]) scores(m rowMath[T], s grid[T], top, bottom int) {
	m.product(s, h.dQueries.slice(top, bottom), h.keys.transposed(), grid[T]{})
	m.product(s, h.queries.slice(top, bottom), h.dKeys.transposed(), s)
}

func (a *attendedTangent[T]) forward(m rowMath[T], memory *arena[T], y grid[T]) {
	mark := memory.mark()
	d, block := a.q.cols/a.heads, min(queryBlock, a.sites)
	h := attendedHead[T]{queries: dense(memory.take(a.sites*d), a.sites, d), dQueries: dense(memory.take(a.sites*d), a.sites, d)}
	weights, scores := memory.take(block*a.sites), memory.take(block*a.sites)
	for e := range y.rows / max(1, a.sites) {
		for head := range a.heads {
			from, to, first, last := a.head(e, head, y.cols)
			a.fill(m, &h, from, to, first, last)
			out := part(y, from, to, first, last)
			for top := 0; top < a.sites; top += queryBlock {
				bottom := min(top+queryBlock, a.sites)
				p := a.weights(m, weights, h.queries, h.keys, top, bottom)
				s := dense(scores, p.rows, p.cols)
				h.scores(m, s, top, bottom)
				for i := range s.rows {
					m.softmaxBackward(s.row(i), p.row(i))
				}
				m.product(out.slice(top, bottom), s, h.values, grid[T]{})
				m.product(out.slice(top, bottom), p, h.dValues, out.slice(top, bottom))
			}
		}
	}
	memory.release(mark)
}

// backward adds to the gradients of q, k, v and their tangents, each of which may be
// empty.
func (a *attendedTangent[T]) backward(m rowMath[T], memory *arena[T], dy grid[T], gradients [6]grid[T]) {
	mark := memory.mark()
	d, block := a.q.cols/a.heads, min(queryBlock, a.sites)
	scale := scaleOf[T](a.q.cols, a.heads, a.temperature)
	h := attendedHead[T]{queries: dense(memory.take(a.sites*d), a.sites, d), dQueries: dense(memory.take(a.sites*d), a.sites, d)}
	var own [6]grid[T] // the gradients of a head
	for i := range own {
		own[i] = dense(memory.take(a.sites*d), a.sites, d)
	}
	var blocks [5][]T
	for i := range blocks {
		blocks[i] = memory.take(block * a.sites)
	}
	means := memory.take(block)
	for e := range dy.rows / max(1, a.sites) {
		for head := range a.heads {
			from, to, first, last := a.head(e, head, dy.cols)
			a.fill(m, &h, from, to, first, last)
			for i := range own {
				clear(own[i].data)
			}
			for top := 0; top < a.sites; top += queryBlock {
				bottom := min(top+queryBlock, a.sites)
				p := a.weights(m, blocks[0], h.queries, h.keys, top, bottom)
				out := part(dy, from, to, first, last).slice(top, bottom)
				like := func(i int) grid[T] { return dense(blocks[i], p.rows, p.cols) }
				ds, b, dp, work := like(1), like(2), like(3), like(4)
				h.scores(m, ds, top, bottom)
				a.center(m, means, ds, p)
				m.product(b, out, h.values.transposed(), grid[T]{})
				a.center(m, means, b, p)
				m.product(dp, out, h.dValues.transposed(), grid[T]{})
				m.multiply(work, b, ds)
				for i := range dp.rows {
					m.add(dp.row(i), dp.row(i), work.row(i))
					m.softmaxBackward(dp.row(i), p.row(i))
				}
				m.multiply(b, b, p)   // the gradient of the scores' derivatives
				m.multiply(ds, ds, p) // the derivative of the weights
				m.product(own[0].slice(top, bottom), dp, h.keys, grid[T]{})
				m.product(own[0].slice(top, bottom), b, h.dKeys, own[0].slice(top, bottom))
				m.product(own[3].slice(top, bottom), b, h.keys, grid[T]{})
				for _, t := range [...]struct {
					into    int
					p, with grid[T]
				}{
					{1, dp, h.queries.slice(top, bottom)}, {1, b, h.dQueries.slice(top, bottom)}, {4, b, h.queries.slice(top, bottom)},
					{2, ds, out}, {5, p, out},
				} {
					m.product(own[t.into], t.p.transposed(), t.with, own[t.into])
				}
			}
			for i, g := range gradients {
				factor := T(1)
				if i%3 == 0 {
					factor = scale // of queries
				}
				if g.data != nil {
					addScaled(m, part(g, from, to, first, last), own[i], factor)
				}
			}
		}
	}
	memory.release(mark)
}

// center takes from each row of s its mean under the weights p.
func (a *attendedTangent[T]) center(m rowMath[T], means []T, s, p grid[T]) {
	m.dots(means[:s.rows], s, p)
	for i := range s.rows {
		m.standardize(s.row(i), s.row(i), means[i], 1)
	}
}
