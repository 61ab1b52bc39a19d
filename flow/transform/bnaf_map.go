package transform

import (
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/kernels"
)

// bnafLayer is a matrix of blocks: each of the features has in inputs and out
// outputs. Output r is of feature r/out and sees the inputs of the features up to
// that one, the last in of them positively.
type bnafLayer struct{ in, out, features int }

func (l bnafLayer) rows() int { return l.features * l.out }

// length returns the number of weights of an output.
func (l bnafLayer) length(r int) int { return (r/l.out + 1) * l.in }

// weights returns the number of weights.
func (l bnafLayer) weights() int { return l.out * l.in * l.features * (l.features + 1) / 2 }

// row returns where the weights of an output begin.
func (l bnafLayer) row(r int) int {
	i := r / l.out
	return l.in * (l.out*i*(i+1)/2 + r%l.out*(i+1))
}

// bnaf is the map of rows [x | t] of a [BNAFSpec]. It prepares the parameter with
// weights as they are used in the place of W, e⁻²ˢ in that of the u of s, and σ(g)
// in that of the u of g, and behind it σ(−g), the derivative of g, and of each
// output that of s and eˢ/|V|.
type bnaf struct {
	features, terms  int
	layers           []bnafLayer
	bound, tolerance float64
	columns          []int // the data column of each feature
}

func (m *bnaf) size() int {
	n := 1
	for _, l := range m.layers {
		n += l.weights() + 2*l.rows()
	}
	return n
}

// outputs returns the number of outputs of all layers.
func (m *bnaf) outputs() (n int) {
	for _, l := range m.layers {
		n += l.rows()
	}
	return n
}

// part returns the weights, scales and biases of the layer that p begins with, and
// what is behind it.
func (l bnafLayer) part(p []float64) (weights, scales, biases, rest []float64) {
	n, r := l.weights(), l.rows()
	return p[:n], p[n : n+r], p[n+r : n+2*r], p[n+2*r:]
}

func (m *bnaf) Prepared() int { return m.size() + 2 + 2*m.outputs() }

// bounded returns b·tanh(u/b) and its derivative.
func (m *bnaf) bounded(u float64) (s, slope float64) {
	t := kernels.Tanh64(u / m.bound)
	return float64(m.bound * t), 1 - float64(t*t)
}

func (m *bnaf) Prepare(prepared, p []float64) {
	copy(prepared, p)
	rest, of := prepared, prepared[m.size()+2:]
	for _, l := range m.layers {
		var weights, scales []float64
		weights, scales, _, rest = l.part(rest)
		for r, u := range scales {
			row := weights[l.row(r):][:l.length(r)]
			own := row[len(row)-l.in:]
			for a, w := range own {
				own[a] = kernels.Exp64(w)
			}
			var square float64
			for _, v := range row {
				square += float64(v * v)
			}
			s, slope := m.bounded(u)
			factor := kernels.Exp64(s - float64(0.5*kernels.Log64(square)))
			for a, v := range row {
				row[a] = float64(factor * v)
			}
			scales[r], of[2*r], of[2*r+1] = kernels.Exp64(float64(-2*s)), slope, factor
		}
		of = of[2*len(scales):]
	}
	g, slope := m.bounded(rest[0])
	rest[0], rest[1], rest[2] = kernels.Sigmoid64(g), kernels.Sigmoid64(-g), slope
}

// bnafWork is what a row's computations need: of each layer its inputs, with the
// derivatives of a block's inputs by the feature of the block, the derivatives of
// its outputs, and room for as many values again.
type bnafWork struct {
	in, slope, product [][]float64
	dIn, dSlope        [][]float64
	out, dOut, row     []float64
	space              []float64
}

var bnafSpace freelist.List[bnafWork]

func (m *bnaf) work() *bnafWork {
	w := bnafSpace.Borrow()
	last := len(m.layers) - 1
	widest, inputs := 0, 0
	for _, l := range m.layers {
		widest = max(widest, l.rows(), l.features*l.in)
		inputs += l.features * l.in
	}
	if n := 4*inputs + m.outputs() + 3*widest; len(w.space) < n {
		w.space = make([]float64, n)
	}
	if len(w.in) <= last {
		n := last + 1
		w.in, w.slope, w.product, w.dIn, w.dSlope = make([][]float64, n), make([][]float64, n), make([][]float64, n), make([][]float64, n), make([][]float64, n)
	}
	rest := w.space
	take := func(n int) (s []float64) {
		s, rest = rest[:n:n], rest[n:]
		return s
	}
	for i, l := range m.layers {
		n := l.features * l.in
		w.in[i], w.slope[i], w.dIn[i], w.dSlope[i], w.product[i] = take(n), take(n), take(n), take(n), take(l.rows())
	}
	w.out, w.dOut, w.row = take(widest), take(widest), take(widest)
	return w
}

// term returns what the context adds to output r of a layer.
func (m *bnaf) term(layer, r int, x []float64) float64 {
	switch {
	case m.terms == 0:
		return 0
	case layer == 0:
		return x[m.features+r]
	case layer == len(m.layers)-1:
		return x[len(x)-m.features+r]
	}
	return 0
}

// pass computes all layers at x; the outputs of the last are in w.out.
func (m *bnaf) pass(w *bnafWork, prepared, x []float64) (gate, rest float64) {
	for i, c := range m.columns {
		w.in[0][i], w.slope[0][i] = x[c], 1
	}
	p, last := prepared, len(m.layers)-1
	for n, l := range m.layers {
		var weights, biases []float64
		weights, _, biases, p = l.part(p)
		in, slope, product := w.in[n], w.slope[n], w.product[n]
		for r, u := range biases {
			row := weights[l.row(r):][:l.length(r)]
			u += m.term(n, r, x)
			for j, weight := range row {
				u += float64(weight * in[j])
			}
			var k float64
			for j := len(row) - l.in; j < len(row); j++ {
				k += float64(row[j] * slope[j])
			}
			product[r] = k
			if n == last {
				w.out[r] = u
				continue
			}
			h := kernels.Tanh64(u)
			w.in[n+1][r], w.slope[n+1][r] = h, float64(k*(1-float64(h*h)))
		}
	}
	return p[0], p[1]
}

func (m *bnaf) Forward(y, prepared, x []float64) (logDet float64) {
	w := m.work()
	defer bnafSpace.Return(w)
	gate, rest := m.pass(w, prepared, x)
	copy(y[m.features:], x[m.features:])
	for i, k := range w.product[len(m.layers)-1] {
		c := m.columns[i]
		y[c] = float64(gate*w.out[i]) + float64(rest*x[c])
		logDet += kernels.Log64(float64(gate*k) + rest)
	}
	return logDet
}

// Inverse finds a feature when those before it are known, whose part of each
// output of its blocks it computes once.
func (m *bnaf) Inverse(x, prepared, y []float64) {
	w := m.work()
	defer bnafSpace.Return(w)
	last := len(m.layers) - 1
	copy(x[m.features:], y[m.features:])
	for i, c := range m.columns {
		// w.product has what the features before add to each output.
		p, reach := prepared, 0.0
		for n, l := range m.layers {
			var weights, biases []float64
			weights, _, biases, p = l.part(p)
			for r := i * l.out; r < (i+1)*l.out; r++ {
				row := weights[l.row(r):][:l.length(r)]
				u := biases[r] + m.term(n, r, y)
				for j, weight := range row[:i*l.in] {
					u += float64(weight * w.in[n][j])
				}
				w.product[n][r] = u
				if n == last {
					for _, weight := range row[i*l.in:] {
						reach += weight
					}
				}
			}
		}
		// The network is within reach of what the others add, for |tanh| < 1.
		gate, rest := p[0], p[1]
		low := (y[c] - float64(gate*(w.product[last][i]+reach))) / rest
		high := (y[c] - float64(gate*(w.product[last][i]-reach))) / rest
		x[c] = autograd.Solve(y[c], low, high, m.tolerance, func(at float64) (float64, float64) {
			f, k := m.own(w, prepared, i, at)
			return float64(gate*f) + float64(rest*at), float64(gate*k) + rest
		})
		m.own(w, prepared, i, x[c])
	}
}

// own computes the blocks of feature i where it is x, and returns what the network
// makes of it and the derivative; w.product has what the other features add.
func (m *bnaf) own(w *bnafWork, prepared []float64, i int, x float64) (f, slope float64) {
	w.in[0][i], w.slope[0][i] = x, 1
	p, last := prepared, len(m.layers)-1
	for n, l := range m.layers {
		var weights []float64
		weights, _, _, p = l.part(p)
		in, slopes := w.in[n][i*l.in:][:l.in], w.slope[n][i*l.in:][:l.in]
		for r := i * l.out; r < (i+1)*l.out; r++ {
			row := weights[l.row(r)+i*l.in:][:l.in]
			u, k := w.product[n][r], 0.0
			for a, weight := range row {
				u += float64(weight * in[a])
				k += float64(weight * slopes[a])
			}
			if n == last {
				return u, k
			}
			h := kernels.Tanh64(u)
			w.in[n+1][r], w.slope[n+1][r] = h, float64(k*(1-float64(h*h)))
		}
	}
	return 0, 0
}

func (m *bnaf) Backward(dx, dp, prepared, x, dy []float64, dLogDet float64) {
	w := m.work()
	defer bnafSpace.Return(w)
	gate, rest := m.pass(w, prepared, x)
	last := len(m.layers) - 1
	// w.out and w.dOut have the gradients of the outputs and of their derivatives.
	var dGate float64
	for i, k := range w.product[last] {
		c := m.columns[i]
		pull := dLogDet / (float64(gate*k) + rest)
		dGate += float64(dy[c]*(w.out[i]-x[c])) + float64(pull*(k-1))
		dx[c] += float64(rest * dy[c])
		w.out[i], w.dOut[i] = float64(gate*dy[c]), float64(gate*pull)
	}
	for t := m.features; t < len(x); t++ {
		dx[t] += dy[t]
	}
	at := m.size() - 1
	of := prepared[len(prepared)-2*m.outputs():]
	if dp != nil {
		dp[at] += float64(float64(dGate*float64(gate*rest)) * prepared[at+2])
	}
	for n := last; n >= 0; n-- {
		l := m.layers[n]
		rows := l.rows()
		at -= l.weights() + 2*rows
		of = of[:len(of)-2*rows]
		weights, _, _, _ := l.part(prepared[at:])
		dIn, dSlope := w.dIn[n], w.dSlope[n]
		clear(dIn)
		clear(dSlope)
		for r := range rows {
			row := weights[l.row(r):][:l.length(r)]
			d, dk := w.out[r], w.dOut[r]
			for j, weight := range row {
				dIn[j] += float64(weight * d)
			}
			for j := len(row) - l.in; j < len(row); j++ {
				dSlope[j] += float64(row[j] * dk)
			}
			if m.terms > 0 && n == 0 {
				dx[m.features+r] += d
			}
			if m.terms > 0 && n == last {
				dx[len(dx)-m.features+r] += d
			}
		}
		if dp != nil {
			w.addRows(dp[at:], n, l, prepared[at:], of[len(of):][:2*rows])
		}
		if n == 0 {
			break
		}
		for r, h := range w.in[n] {
			slope := 1 - float64(h*h)
			k := w.product[n-1][r]
			w.out[r] = float64(slope * (dIn[r] - float64(float64(2*h)*float64(dSlope[r]*k))))
			w.dOut[r] = float64(dSlope[r] * slope)
		}
	}
	for i, c := range m.columns {
		dx[c] += w.dIn[0][i]
	}
}

// addRows adds the gradients of the parameters of layer n to dp, given those of
// its outputs and of their derivatives; of has what [bnaf] prepares of each output.
//
// With w = f·V and dV = f·(dw − w·⟨w, dw⟩/|w|²) that of eˢ·V/|V|, where V = e^W the
// gradient of W is dV·V.
func (w *bnafWork) addRows(dp []float64, n int, l bnafLayer, prepared, of []float64) {
	weights, scales, _, _ := l.part(prepared)
	dWeights, dScales, dBiases, _ := l.part(dp)
	in, slope := w.in[n], w.slope[n]
	for r, inverse := range scales {
		begin, length := l.row(r), l.length(r)
		row, dRow, dw := weights[begin:][:length], dWeights[begin:][:length], w.row[:length]
		d, dk, others := w.out[r], w.dOut[r], length-l.in
		dBiases[r] += d
		var along float64
		for j, weight := range row {
			dw[j] = float64(d * in[j])
			if j >= others {
				dw[j] += float64(dk * slope[j])
			}
			along += float64(weight * dw[j])
		}
		dScales[r] += float64(along * of[2*r])
		along = float64(along * inverse)
		for j, weight := range row {
			dv := dw[j] - float64(weight*along)
			if j < others {
				dRow[j] += float64(of[2*r+1] * dv)
			} else {
				dRow[j] += float64(weight * dv)
			}
		}
	}
}

// SolveTransposed goes through the features from the last to the first: when those
// behind one are known, so is what they add to its equation.
func (m *bnaf) SolveTransposed(v, prepared, x, g []float64) {
	w := m.work()
	defer bnafSpace.Return(w)
	gate, rest := m.pass(w, prepared, x)
	last := len(m.layers) - 1
	for n := range m.layers {
		clear(w.dIn[n])
	}
	copy(v[m.features:], g[m.features:])
	for i := m.features - 1; i >= 0; i-- {
		c := m.columns[i]
		behind := m.pull(w, prepared, i, 0, nil)
		v[c] = (g[c] - behind) / (float64(gate*w.product[last][i]) + rest)
		m.pull(w, prepared, i, float64(gate*v[c]), v)
	}
}

// pull takes the gradient d of the network's output of feature i, and what w.dIn
// has of its blocks from the features behind it, to that of x_i. With v it takes
// what comes through the features before it to w.dIn, and from the terms in v.
func (m *bnaf) pull(w *bnafWork, prepared []float64, i int, d float64, v []float64) float64 {
	at, last := m.size()-1, len(m.layers)-1
	out, in := w.out, w.dOut
	out[0] = d
	for n := last; n >= 0; n-- {
		l := m.layers[n]
		at -= l.weights() + 2*l.rows()
		weights, _, _, _ := l.part(prepared[at:])
		copy(in[:l.in], w.dIn[n][i*l.in:][:l.in])
		for b, d := range out[:l.out] {
			r := i*l.out + b
			row := weights[l.row(r):][:l.length(r)]
			for a, weight := range row[i*l.in:] {
				in[a] += float64(weight * d)
			}
			if v == nil {
				continue
			}
			for j, weight := range row[:i*l.in] {
				w.dIn[n][j] += float64(weight * d)
			}
			if m.terms > 0 && n == 0 {
				v[m.features+r] -= d
			}
			if m.terms > 0 && n == last {
				v[len(v)-m.features+r] -= d
			}
		}
		if n > 0 {
			for a, h := range w.in[n][i*l.in:][:l.in] {
				in[a] = float64(in[a] * (1 - float64(h*h)))
			}
		}
		out, in = in, out
	}
	return out[0]
}
