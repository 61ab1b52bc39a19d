package transform

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// MintNetSpec describes a masked convolutional network that is invertible itself
// (Song, Meng and Ermon, 2019, MintNet): with three convolutions that see of a grid
// what is before, line by line, or with Reverse behind, and the value itself,
//
//	z = t·x + W₃*h(W₂*h(W₁*x + b₁) + b₂) + b₃     t = exp(b·tanh(u/b)) for each value
//
// where h is ELU and there are Copies hidden values of each. The way of a value
// through the middle of the windows and its own feature cannot fall: there W₂ has the
// sign of W₁ times that of W₃. So the Jacobian is triangular with a positive
// diagonal, and
//
//	log-det = Σ log(t + Σ_kl W₃_k·h′·W₂_kl·h′·W₁_l)     over that way
//
// Inverse finds all values at once by damped Newton steps, x ← x + (z − f(x))/(λ·f′),
// f′ the diagonal, until no residual is above Tolerance·(1 + |z|); λ begins at 1 and
// grows where the largest residual does not fall for long. An event whose
// residual is larger after Steps steps has no inverse that can be trusted, and becomes
// NaN. With W₃ zero, as training begins, it is t·x + b₃.
type MintNetSpec struct {
	// Kernel is the size of the windows, odd, Copies the hidden values of each
	// feature, Bound b.
	Kernel    int     `json:"kernel"`
	Copies    int     `json:"copies"`
	Bound     float64 `json:"bound"`
	Steps     int     `json:"steps"`
	Tolerance float64 `json:"tolerance"`
	Reverse   bool    `json:"reverse,omitempty"`
}

// The limits of a MintNetSpec.
const (
	maxCopies   = 256
	maxSteps    = 1 << 20
	leastResult = 1e-14
)

// Check implements [Spec].
func (s *MintNetSpec) Check(shape Shape, _ int) error {
	if err := checkWindow(shape, s.Kernel); err != nil {
		return fmt.Errorf("mintnet: %w", err)
	}
	if err := autograd.CheckBound(s.Bound); err != nil {
		return fmt.Errorf("mintnet: %w", err)
	}
	switch {
	case s.Copies < 1 || s.Copies > maxCopies || shape.Features > maxConvolved || s.Copies*shape.Features > maxConvolved:
		return fmt.Errorf("mintnet: %d copies of %d features, at most %d in all and %d of one are supported", s.Copies, shape.Features, maxConvolved, maxCopies)
	case s.Steps < 1 || s.Steps > maxSteps:
		return fmt.Errorf("mintnet: %d steps of the inverse, want 1 to %d", s.Steps, maxSteps)
	case !(s.Tolerance >= leastResult && s.Tolerance < 1):
		return fmt.Errorf("mintnet: the tolerance is %v, want %v to below 1", s.Tolerance, leastResult)
	}
	return nil
}

// Output implements [Spec].
func (s *MintNetSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec]: the parameter is [u | b₁ | b₂ | b₃ | W₁ | W₂ | W₃], u site
// by site and feature by feature, biases feature by feature and copy by copy, the
// weights as those of [MaskedConvolutionSpec], with those of a feature to itself
// behind those to it: of each pair of features, by the copy that comes in and the
// one that goes out.
func (s *MintNetSpec) Build(shape Shape, _ int, scope autograd.Scope) Transform {
	grid, c, k := lines(shape.Grid), shape.Features, s.Copies
	m := &mintNet{MintNetSpec: *s, sites: grid[0] * grid[1], features: c}
	for i, copies := range [3][2]int{{1, k}, {k, k}, {k, 1}} {
		m.taps[i] = newCausalTaps(grid, s.Kernel, c, copies[0], copies[1], true, s.Reverse)
	}
	p := scope.New("constant", 1, m.size())
	return newEventTransform(m, p, scope, func(columns []int) { m.columns = columns }, m.start)
}

// mintNet prepares the parameters with t in the place of u and W₂ as it is used, and
// then the factors that made W₂ so.
type mintNet struct {
	MintNetSpec
	sites, features int
	taps            [3]*causalTaps
	columns         []int
}

// mintParts are the parameters, or what is prepared or a gradient of them.
type mintParts struct {
	t       []float64
	biases  [3][]float64
	weights [3][]float64
}

func (m *mintNet) size() int {
	n := m.sites*m.features + m.features*(2*m.Copies+1)
	for _, t := range m.taps {
		n += t.weights()
	}
	return n
}

func (m *mintNet) split(p []float64) (parts mintParts) {
	take := func(n int) (part []float64) { part, p = p[:n], p[n:]; return part }
	parts.t = take(m.sites * m.features)
	for i, t := range m.taps {
		parts.biases[i] = take(m.features * t.out)
	}
	for i, t := range m.taps {
		parts.weights[i] = take(t.weights())
	}
	return parts
}

// start draws W₁ and W₂ from U(−1/√terms, 1/√terms).
func (m *mintNet) start(values []float32, seed uint64) {
	at := m.sites*m.features + m.features*(2*m.Copies+1)
	for i, t := range m.taps[:2] {
		n := t.weights()
		terms := float64((len(t.taps)+1)*m.features) * float64(t.in)
		random.Uniform(values[at:at+n], seed, random.Initialization, uint64(i)<<32, float32(1/math.Sqrt(terms)))
		at += n
	}
}

func (m *mintNet) Prepared() int { return m.size() + m.taps[1].weights() }

func (m *mintNet) Prepare(prepared, p []float64) {
	copy(prepared, p)
	parts, factors := m.split(prepared), prepared[m.size():]
	for i, u := range parts.t {
		parts.t[i] = kernels.Exp64(float64(m.Bound * kernels.Tanh64(u/m.Bound)))
	}
	for i := range factors {
		factors[i] = 1
	}
	m.eachOwn(func(first, second, third int) {
		w := parts.weights[1][second]
		factors[second] = sign(w) * sign(parts.weights[0][first]) * sign(parts.weights[2][third])
		parts.weights[1][second] = float64(w * factors[second])
	})
}

func sign(v float64) float64 {
	if v < 0 {
		return -1
	}
	return 1
}

// eachOwn calls do for each way of a feature to itself, with the weights on it.
func (m *mintNet) eachOwn(do func(first, second, third int)) {
	for i := range m.features {
		first, second, third := m.taps[0].own(i, i), m.taps[1].own(i, i), m.taps[2].own(i, i)
		for a := range m.Copies {
			for b := range m.Copies {
				do(first+a, second+a*m.Copies+b, third+b)
			}
		}
	}
}

// elu returns h, h′ and h″.
func elu(u float64) (h, slope, bend float64) {
	if u > 0 {
		return u, 1, 0
	}
	e := kernels.Exp64(u)
	return e - 1, e, e
}

// mintPass is what a pass computes of an event, feature by feature.
type mintPass struct {
	u, h, slope, bend [2][]float64 // of the hidden values
	y, diagonal       []float64
}

func (m *mintNet) pass(p mintParts, x []float64) (r mintPass) {
	from := x
	for l := range 2 {
		u := m.biased(p.biases[l])
		m.taps[l].apply(u, p.weights[l], from)
		r.u[l], r.h[l], r.slope[l], r.bend[l] = u, make([]float64, len(u)), make([]float64, len(u)), make([]float64, len(u))
		for i, v := range u {
			r.h[l][i], r.slope[l][i], r.bend[l][i] = elu(v)
		}
		from = r.h[l]
	}
	r.y = m.biased(p.biases[2])
	m.taps[2].apply(r.y, p.weights[2], from)
	r.diagonal = make([]float64, len(x))
	for i, v := range x {
		r.y[i] += float64(p.t[i] * v)
		r.diagonal[i] = p.t[i]
	}
	m.eachWay(func(value, first, second, third, a, b int) {
		r.diagonal[value] += float64(float64(p.weights[2][third]*r.slope[1][b]) * float64(float64(p.weights[1][second]*r.slope[0][a])*p.weights[0][first]))
	})
	return r
}

// eachWay is eachOwn for each value, with the numbers of the value and of the hidden
// values on the way.
func (m *mintNet) eachWay(do func(value, first, second, third, a, b int)) {
	k := m.Copies
	for i := range m.features {
		first, second, third := m.taps[0].own(i, i), m.taps[1].own(i, i), m.taps[2].own(i, i)
		for s := range m.sites {
			value := s*m.features + m.taps[0].feature(i)
			for a := range k {
				for b := range k {
					do(value, first+a, second+a*k+b, third+b, value*k+a, value*k+b)
				}
			}
		}
	}
}

// biased returns the bias of each value of an event.
func (m *mintNet) biased(bias []float64) []float64 {
	out := make([]float64, m.sites*len(bias))
	for s := range m.sites {
		copy(out[s*len(bias):], bias)
	}
	return out
}

func (m *mintNet) Forward(y, prepared, x []float64) (logDet float64) {
	r := m.pass(m.split(prepared), inOrder(x, m.columns))
	back(y, r.y, m.columns, false)
	for _, d := range r.diagonal {
		logDet += kernels.Log64(d)
	}
	return logDet
}

// patience is after how many steps without a smaller residual λ grows.
const patience = 50

// Iterates implements [autograd.Iterated].
func (m *mintNet) Iterates() {}

func (m *mintNet) Inverse(x, prepared, y []float64) {
	p, z := m.split(prepared), inOrder(y, m.columns)
	found := make([]float64, len(z))
	for i, v := range z {
		found[i] = v / p.t[i]
	}
	damping, least, since := 1.0, math.Inf(1), 0
	for range m.Steps {
		r := m.pass(p, found)
		var residual float64
		for i, v := range z {
			residual = max(residual, math.Abs(v-r.y[i])/(1+math.Abs(v)))
		}
		if residual <= m.Tolerance {
			back(x, found, m.columns, false)
			return
		}
		if since++; residual < least {
			least, since = residual, 0
		}
		if since == patience {
			damping, since = 2*damping, 0
		}
		for i, v := range z {
			found[i] += (v - r.y[i]) / float64(damping*r.diagonal[i])
		}
	}
	for i := range x {
		x[i] = math.NaN()
	}
}

func (m *mintNet) Backward(dx, dp, prepared, x, dy []float64, dLogDet float64) {
	x = inOrder(x, m.columns)
	p := m.split(prepared)
	into := make([]float64, len(x))
	var d []float64
	if dp != nil {
		d = make([]float64, m.size())
	}
	m.backward(into, d, p, m.pass(p, x), x, inOrder(dy, m.columns), dLogDet)
	back(dx, into, m.columns, true)
	if dp == nil {
		return
	}
	parts := m.split(d)
	for i, t := range p.t { // t is exp(b·tanh(u/b))
		s := kernels.Log64(t) / m.Bound
		parts.t[i] = float64(float64(parts.t[i]*t) * (1 - float64(s*s)))
	}
	for i, f := range prepared[m.size():] {
		parts.weights[1][i] = float64(parts.weights[1][i] * f)
	}
	for i, v := range d {
		dp[i] += v
	}
}

// backward adds Jᵀ·dy and the slope of log|det J| times dLogDet to dx, and those by
// what was prepared to d, unless that is nil.
func (m *mintNet) backward(dx, d []float64, p mintParts, r mintPass, x, dy []float64, dLogDet float64) {
	k := m.Copies
	var g mintParts
	if d != nil {
		g = m.split(d)
	}
	dU := [2][]float64{make([]float64, len(x)*k), make([]float64, len(x)*k)}
	for i, v := range dy {
		dx[i] += float64(p.t[i] * v)
		if d != nil {
			g.t[i] += float64(x[i]*v) + dLogDet/r.diagonal[i]
		}
	}
	if dLogDet != 0 {
		m.eachWay(func(value, first, second, third, a, b int) {
			w1, w2, w3 := p.weights[0][first], p.weights[1][second], p.weights[2][third]
			s1, s2 := r.slope[0][a], r.slope[1][b]
			pull := dLogDet / r.diagonal[value]
			inner, outer := float64(float64(pull*w2)*float64(s1*w1)), float64(float64(pull*w3)*float64(s2*w2))
			dU[1][b] += float64(float64(inner*w3) * r.bend[1][b])
			dU[0][a] += float64(float64(outer*w1) * r.bend[0][a])
			if d != nil {
				g.weights[2][third] += float64(inner * s2)
				g.weights[1][second] += float64(float64(float64(pull*w3)*s2) * float64(s1*w1))
				g.weights[0][first] += float64(outer * s1)
			}
		})
	}
	weights := func(l int) []float64 {
		if d == nil {
			return nil
		}
		return g.weights[l]
	}
	sum := func(l int, values []float64) {
		if d != nil {
			for i, v := range values {
				g.biases[l][i%len(g.biases[l])] += v
			}
		}
	}
	sum(2, dy)
	dOut := dy
	for l := 2; l > 0; l-- {
		dH := make([]float64, len(x)*k)
		m.taps[l].backward(dH, weights(l), p.weights[l], r.h[l-1], dOut)
		for i, v := range dH {
			dU[l-1][i] += float64(v * r.slope[l-1][i])
		}
		dOut = dU[l-1]
		sum(l-1, dOut)
	}
	m.taps[0].backward(dx, weights(0), p.weights[0], x, dOut)
}

// SolveTransposed substitutes for all values at once, which ends after as many
// steps as there are values, for J is triangular, and as a rule long before.
func (m *mintNet) SolveTransposed(v, prepared, x, g []float64) {
	p := m.split(prepared)
	x, g = inOrder(x, m.columns), inOrder(g, m.columns)
	r := m.pass(p, x)
	found := make([]float64, len(x))
	for range len(x) + 1 {
		got := make([]float64, len(x))
		m.backward(got, nil, p, r, x, found, 0)
		var residual float64
		for i, want := range g {
			d := want - got[i]
			residual = max(residual, math.Abs(d)/(1+math.Abs(want)))
			found[i] += d / r.diagonal[i]
		}
		if residual <= leastResult {
			break
		}
	}
	back(v, found, m.columns, false)
}
