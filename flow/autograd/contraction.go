package autograd

import "math"

// Contraction is a weight that lengthens no vector by more than a factor, its
// bound: divided by what its spectral norm σ is above that (Gouk, Frank, Pfahringer
// and Cree, 2018; Behrmann et al., 2019).
type Contraction struct {
	layer *Unbiased
	norm  prepared
}

// NewContraction creates a weight [in, out], as zeros, with a bound above 0.
func (s Scope) NewContraction(in, out int, bound float64) *Contraction {
	l := s.NewUnbiased(in, out)
	return &Contraction{l, s.newPrepared(spectral{in, out, bound}, l.Weight)}
}

// Weight returns the parameter, as it is before it is divided.
func (c *Contraction) Weight() *Parameter { return c.layer.Weight }

// In returns the number of inputs.
func (c *Contraction) In() int { return c.layer.In() }

// Contract returns s·x·weight for each row, s = min(1, bound/σ).
//
// Backward: dx = s·dy·weightᵀ, dweight = s·xᵀ·dy, and where s is below 1, with the
// singular vectors u and v of σ, dweight −= ⟨dy, y⟩/σ·u·vᵀ.
func (g *Graph) Contract(x Value, c *Contraction) Value {
	z := g.Unbiased(x, c.layer)
	q := g.do.prepared(c.norm)
	y := g.newValue(z.Rows, z.Cols, z.wanted())
	g.do.zero(y.data())
	g.do.addScaled(y.data(), z.data(), q[0])
	if y.wanted() {
		g.record(y, func() {
			dy := g.gradient(y)
			if q[0] < 1 && !g.inputs {
				g.normBackward(c, q, y)
			}
			g.do.addScaled(g.gradient(z), dy, q[0])
		})
	}
	return y
}

// normBackward adds the gradient by way of the norm.
func (g *Graph) normBackward(c *Contraction, q []float64, y Value) {
	mark := g.Mark()
	dots := g.take(y.Rows)
	g.do.dots(dots, g.gradient(y), y.data())
	var along float64
	for r := range y.Rows {
		along += dots.at(r)
	}
	along /= q[1]
	in, out := c.layer.In(), c.layer.Out()
	u, v := q[2:][:in], q[2+in:][:out]
	dw := g.doubles.take(in * out)
	for i, a := range u {
		a = float64(a * -along)
		for j, b := range v {
			dw[i*out+j] = float64(a * b)
		}
	}
	g.addParameterGradient(c.layer.Weight, dw)
	g.release(mark)
}

// spectral prepares s, σ, and the singular vectors u and v of a weight [in, out].
type spectral struct {
	in, out int
	bound   float64
}

func (m spectral) Prepared() int { return 2 + m.in + m.out }

// The steps to the singular vectors end when none of their values changes by more.
const (
	spectralSteps     = 2000
	spectralTolerance = 1e-14
)

func (m spectral) Prepare(q, w []float64) {
	u, v := q[2:][:m.in], q[2+m.in:][:m.out]
	next := make([]float64, m.out)
	for j := range v {
		v[j] = 1 + float64(j)/float64(8*m.out)
	}
	unit(v)
	var norm float64
	for range spectralSteps {
		for i := range u {
			u[i] = 0
			for j, a := range w[i*m.out:][:m.out] {
				u[i] += float64(a * v[j])
			}
		}
		norm = unit(u)
		clear(next)
		for i, a := range u {
			for j, b := range w[i*m.out:][:m.out] {
				next[j] += float64(a * b)
			}
		}
		if unit(next) == 0 {
			break // zeros
		}
		var change float64
		for j, to := range next {
			change = max(change, math.Abs(to-v[j]))
			v[j] = to
		}
		if change < spectralTolerance {
			break
		}
	}
	if q[0], q[1] = 1, norm; norm > m.bound {
		q[0] = m.bound / norm
	}
}

// unit divides a vector by its length, which it returns, unless that is 0.
func unit(v []float64) float64 {
	var square float64
	for _, a := range v {
		square += float64(a * a)
	}
	length := math.Sqrt(square)
	if length > 0 {
		for i := range v {
			v[i] /= length
		}
	}
	return length
}
