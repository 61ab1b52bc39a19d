package autograd

import (
	"slices"

	"github.com/seed-192fdf7a/nf/blas"
)

// weights64 is a weight and a bias as they are.
type weights64 struct {
	in, out int
	w, bias []float64
	entries []int32 // the place of every weight in w, -1 for one that does not exist; nil for a dense w
	order   []int32 // see [blas.Mask.Order]
}

func (a arithmetic64) linear(l *Linear) weights {
	return &weights64{in: l.In(), out: l.Out(), w: a.binding.value64(l.Weight), bias: a.binding.value64(l.Bias)}
}

func (a arithmetic64) unbiased(l *Unbiased) weights {
	return &weights64{in: l.In(), out: l.Out(), w: a.binding.value64(l.Weight)}
}

func (a arithmetic64) masked(l *Masked) maskedWeights {
	return &weights64{l.In(), l.Out(), a.binding.value64(l.Weight), a.binding.value64(l.Bias), l.places(), l.order}
}

// at returns the place of the weight of input k and output n, or -1.
func (m *weights64) at(k, n int) int {
	if m.entries == nil {
		return k*m.out + n
	}
	return int(m.entries[k*m.out+n])
}

func (m *weights64) forward(y, x Value, act blas.Activation) {
	ys, xs := y.data().wide(), x.data().wide()
	for r := range ys.Rows {
		row := ys.row(r)
		clear(row[copy(row, m.bias):]) // there may be no bias
		for k, v := range xs.row(r) {
			for n := range row {
				if at := m.at(k, n); at >= 0 {
					row[n] += float64(v * m.w[at])
				}
			}
		}
		activate64(row, act)
	}
}

func activate64(row []float64, act blas.Activation) {
	if act == blas.ReLU {
		relu64(row)
	}
}

func (m *weights64) backwardInput(_ *Graph, dx, dy matrix, accumulate bool) {
	d, ys := dx.wide(), dy.wide()
	for r := range d.Rows {
		into := d.row(r)
		if !accumulate {
			clear(into)
		}
		for k := range into {
			for n, v := range ys.row(r) {
				if at := m.at(k, n); at >= 0 {
					into[k] += float64(v * m.w[at])
				}
			}
		}
	}
}

func (m *weights64) gradientWeights(dw, x, dy matrix, accumulate bool) {
	d, xs, ys := dw.wide().Data, x.wide(), dy.wide()
	if !accumulate {
		clear(d[:dw.rows*dw.cols])
	}
	for r := range xs.Rows {
		from := ys.row(r)
		for k, v := range xs.row(r) {
			for n, dz := range from {
				if at := m.at(k, n); at >= 0 {
					d[at] += float64(v * dz)
				}
			}
		}
	}
}

func (m *weights64) advance(y, x matrix, from int, act blas.Activation) {
	ys, xs := y.wide(), x.wide()
	for i := range ys.Rows {
		j, row := int(m.order[from+i]), ys.row(i)
		for r := range row {
			row[r] = m.bias[j]
		}
		for k := range xs.Rows {
			if at := m.at(k, j); at >= 0 {
				for r, v := range xs.row(k) {
					row[r] += float64(v * m.w[at])
				}
			}
		}
		activate64(row, act)
	}
}

func (m *weights64) retreat(dx, dy matrix, from int) {
	d, ys := dx.wide(), dy.wide()
	for k := range d.Rows {
		row := d.row(k)
		for i, j := range m.order {
			if at := m.at(from+k, int(j)); at >= 0 {
				for r, v := range ys.row(i) {
					row[r] += float64(v * m.w[at])
				}
			}
		}
	}
}

// convolution64 is the weight and the bias of a Convolution as they are.
type convolution64 struct {
	*Convolution
	w, bias []float64
}

func (a arithmetic64) convolution(c *Convolution) weights {
	bias := make([]float64, c.Weight.Cols)
	if c.Bias != nil {
		bias = a.binding.value64(c.Bias)
	}
	return convolution64{c, a.binding.value64(c.Weight), bias}
}

// each calls do for each row of so many, each tap of its window, and the row that
// the tap sees, or -1 outside the grid.
func (c convolution64) each(rows int, do func(row, seen, tap int)) {
	sites := c.grid[0] * c.grid[1]
	for r := range rows {
		for tap := range c.window.Taps() {
			seen := c.window.Sees(c.grid, r%sites, tap)
			if seen >= 0 {
				seen += r / sites * sites
			}
			do(r, seen, tap)
		}
	}
}

// outside is what a tap sees outside the grid.
func (c convolution64) outside() []float64 {
	return slices.Repeat([]float64{float64(c.window.Outside)}, c.in)
}

// see returns what a tap sees of x, whose row seen is -1 outside the grid.
func see(x view[float64], seen int, outside []float64) []float64 {
	if seen < 0 {
		return outside
	}
	return x.row(seen)
}

func (c convolution64) forward(y, x Value, act blas.Activation) {
	ys, xs, out := y.data().wide(), x.data().wide(), len(c.bias)
	for r := range ys.Rows {
		copy(ys.row(r), c.bias)
	}
	outside := c.outside()
	c.each(ys.Rows, func(r, seen, tap int) {
		row := ys.row(r)
		for i, a := range see(xs, seen, outside) {
			for o, v := range c.w[(tap*c.in+i)*out:][:out] {
				row[o] += float64(a * v)
			}
		}
	})
	for r := range ys.Rows {
		activate64(ys.row(r), act)
	}
}

func (c convolution64) backwardInput(_ *Graph, dx, dy matrix, accumulate bool) {
	d, ys, out := dx.wide(), dy.wide(), len(c.bias)
	for r := range d.Rows {
		if !accumulate {
			clear(d.row(r))
		}
	}
	c.each(ys.Rows, func(r, seen, tap int) {
		if seen < 0 {
			return
		}
		into, from := d.row(seen), ys.row(r)
		for i := range into {
			for o, v := range c.w[(tap*c.in+i)*out:][:out] {
				into[i] += float64(from[o] * v)
			}
		}
	})
}

func (c convolution64) gradientWeights(dw, x, dy matrix, accumulate bool) {
	d, xs, ys, out := dw.wide().Data, x.wide(), dy.wide(), len(c.bias)
	if !accumulate {
		clear(d[:dw.rows*dw.cols])
	}
	outside := c.outside()
	c.each(ys.Rows, func(r, seen, tap int) {
		from := ys.row(r)
		for i, v := range see(xs, seen, outside) {
			for o, dz := range from {
				d[(tap*c.in+i)*out+o] += float64(v * dz)
			}
		}
	})
}

// square computes the matrix anew, because tests change single parameters.
func (a arithmetic64) square(q *Square, inverse bool) (weights, float64) {
	n := q.matrix.Size()
	w := &weights64{in: n, out: n, w: a.doubles.take(n * n), bias: a.binding.value64(q.bias)}
	logDet := q.matrix.Compute(w.w, a.squareValues(q), inverse, alone)
	if inverse {
		w.bias = inverseBias(w.bias, w.w)
	}
	return w, logDet
}

func (a arithmetic64) squareGradient(q *Square) SquareGradient {
	return q.matrix.Gradient(a.squareValues(q))
}

func (a arithmetic64) squareValues(q *Square) (v SquareValues) {
	for _, p := range q.parameters {
		v.Parameters = append(v.Parameters, a.binding.value64(p))
	}
	return v
}
