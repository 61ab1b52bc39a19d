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

// elu returns h and h′.
func elu(u float64) (h, slope float64) {
	if u > 0 {
		return u, 1
	}
	e := kernels.Exp64(u)
	return e - 1, e
}

// bend returns h″ of h and h′.
func bend(h, slope float64) float64 {
	if h > 0 {
		return 0
	}
	return slope
}

// mintPass is what a pass computes of an event, feature by feature: of the hidden values
// h and h′, and the diagonal of the Jacobian.
type mintPass struct {
	h, slope [2][]float64
	diagonal []float64
}

// Kept implements [autograd.Remembering].
func (m *mintNet) Kept() int { return m.sites * m.features * (4*m.Copies + 1) }

// in returns a pass whose values are in memory of Kept.
func (m *mintNet) in(memory []float64) (r mintPass) {
	values := m.sites * m.features
	take := func(n int) (part []float64) { part, memory = memory[:n], memory[n:]; return part }
	for l := range 2 {
		r.h[l], r.slope[l] = take(values*m.Copies), take(values*m.Copies)
	}
	r.diagonal = take(values)
	return r
}

// pass sets y and r to what the network makes of x.
func (m *mintNet) pass(r mintPass, y []float64, p mintParts, x []float64) {
	from := x
	for l, h := range r.h {
		repeat(h, p.biases[l])
		m.taps[l].apply(h, p.weights[l], from)
		slope := r.slope[l]
		for i, v := range h {
			h[i], slope[i] = elu(v)
		}
		from = h
	}
	repeat(y, p.biases[2])
	m.taps[2].apply(y, p.weights[2], from)
	for i, v := range x {
		y[i] += float64(p.t[i] * v)
	}
	copy(r.diagonal, p.t)
	k := m.Copies
	last := make([]float64, k)
	for i := range m.features {
		w1, w2, w3 := m.way(i, p.weights)
		for value := m.taps[0].feature(i); value < len(x); value += m.features {
			s1, s2 := r.slope[0][value*k:][:k], r.slope[1][value*k:][:k]
			for b, w := range w3 {
				last[b] = float64(w * s2[b])
			}
			d := r.diagonal[value]
			for a, w := range w1 {
				s := s1[a]
				for b, v := range w2[a*k:][:k] {
					d += float64(last[b] * float64(float64(v*s)*w))
				}
			}
			r.diagonal[value] = d
		}
	}
}

// way returns the weights, or the gradients of weights, between the i-th feature in order
// and itself: W₁ and W₃ by copy, W₂ by the copy that comes in and the one that goes out.
func (m *mintNet) way(i int, weights [3][]float64) (w1, w2, w3 []float64) {
	k := m.Copies
	return weights[0][m.taps[0].own(i, i):][:k], weights[1][m.taps[1].own(i, i):][:k*k], weights[2][m.taps[2].own(i, i):][:k]
}

// repeat fills dst with values.
func repeat(dst, values []float64) {
	for len(dst) > 0 {
		dst = dst[copy(dst, values):]
	}
}

func (m *mintNet) Forward(y, prepared, x []float64) (logDet float64) {
	kept := tapMemory.Borrow(m.Kept())
	defer tapMemory.Return(kept)
	return m.ForwardKept((*kept)[:m.Kept()], y, prepared, x)
}

// ForwardKept implements [autograd.Remembering].
func (m *mintNet) ForwardKept(kept, y, prepared, x []float64) (logDet float64) {
	memory := tapMemory.Borrow(2 * len(x))
	defer tapMemory.Return(memory)
	r, ordered, z := m.in(kept), (*memory)[:len(x)], (*memory)[len(x):2*len(x)]
	putInOrder(ordered, x, m.columns)
	m.pass(r, z, m.split(prepared), ordered)
	back(y, z, m.columns, false)
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
	n := len(x)
	memory := tapMemory.Borrow(m.Kept() + 3*n)
	defer tapMemory.Return(memory)
	r, rest := m.in(*memory), (*memory)[m.Kept():]
	p, z, found, got := m.split(prepared), rest[:n], rest[n:2*n], rest[2*n:3*n]
	putInOrder(z, y, m.columns)
	for i, v := range z {
		found[i] = v / p.t[i]
	}
	damping, least, since := 1.0, math.Inf(1), 0
	for range m.Steps {
		m.pass(r, got, p, found)
		var residual float64
		for i, v := range z {
			residual = max(residual, math.Abs(v-got[i])/(1+math.Abs(v)))
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
			found[i] += (v - got[i]) / float64(damping*r.diagonal[i])
		}
	}
	for i := range x {
		x[i] = math.NaN()
	}
}

func (m *mintNet) Backward(dx, dp, prepared, x, dy []float64, dLogDet float64) {
	memory := tapMemory.Borrow(m.Kept() + len(x))
	defer tapMemory.Return(memory)
	kept, y := (*memory)[:m.Kept()], (*memory)[m.Kept():][:len(x)]
	m.ForwardKept(kept, y, prepared, x)
	m.BackwardKept(dx, dp, prepared, kept, x, dy, dLogDet)
}

// BackwardKept implements [autograd.Remembering].
func (m *mintNet) BackwardKept(dx, dp, prepared, kept, x, dy []float64, dLogDet float64) {
	n := len(x)
	memory := tapMemory.Borrow(3*n + m.size())
	defer tapMemory.Return(memory)
	rest := *memory
	take := func(n int) (part []float64) { part, rest = rest[:n], rest[n:]; return part }
	p, into, ordered, slopes := m.split(prepared), take(n), take(n), take(n)
	putInOrder(ordered, x, m.columns)
	putInOrder(slopes, dy, m.columns)
	clear(into)
	var d []float64
	if dp != nil {
		d = take(m.size())
		clear(d)
	}
	m.backward(into, d, p, m.in(kept), ordered, slopes, dLogDet)
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
	hidden := len(x) * k
	memory := tapMemory.Borrow(3 * hidden)
	defer tapMemory.Return(memory)
	dU, dH := [2][]float64{(*memory)[:hidden], (*memory)[hidden : 2*hidden]}, (*memory)[2*hidden:3*hidden]
	clear((*memory)[:2*hidden])
	for i, v := range dy {
		dx[i] += float64(p.t[i] * v)
		if d != nil {
			g.t[i] += float64(x[i]*v) + dLogDet/r.diagonal[i]
		}
	}
	if dLogDet != 0 {
		var own *[3][]float64
		if d != nil {
			own = &g.weights
		}
		m.waysBackward(dU, own, p, r, dLogDet)
	}
	weights := func(l int) []float64 {
		if d == nil {
			return nil
		}
		return g.weights[l]
	}
	sum := func(l int, values []float64) {
		if d == nil {
			return
		}
		for sums := g.biases[l]; len(values) > 0; values = values[len(sums):] {
			for i := range sums {
				sums[i] += values[i]
			}
		}
	}
	sum(2, dy)
	dOut := dy
	for l := 2; l > 0; l-- {
		clear(dH)
		m.taps[l].backward(dH, weights(l), p.weights[l], r.h[l-1], dOut)
		slope := r.slope[l-1]
		for i, v := range dH {
			dU[l-1][i] += float64(v * slope[i])
		}
		dOut = dU[l-1]
		sum(l-1, dOut)
	}
	m.taps[0].backward(dx, weights(0), p.weights[0], x, dOut)
}

// waysBackward adds the slopes of log|det J| times dLogDet to dU, and those by weights to
// g, unless that is nil.
func (m *mintNet) waysBackward(dU [2][]float64, g *[3][]float64, p mintParts, r mintPass, dLogDet float64) {
	k := m.Copies
	memory := make([]float64, 2*k+2*k+k*k)
	take := func(n int) (part []float64) { part, memory = memory[:n], memory[n:]; return part }
	pulled, last, g1, g3, g2 := take(k), take(k), take(k), take(k), take(k*k) // unless there is a g
	for i := range m.features {
		w1, w2, w3 := m.way(i, p.weights)
		if g != nil {
			g1, g2, g3 = m.way(i, *g)
		}
		for value := m.taps[0].feature(i); value < len(r.diagonal); value += m.features {
			pull := dLogDet / r.diagonal[value]
			h1, h2 := r.h[0][value*k:][:k], r.h[1][value*k:][:k]
			s1, s2 := r.slope[0][value*k:][:k], r.slope[1][value*k:][:k]
			d1, d2 := dU[0][value*k:][:k], dU[1][value*k:][:k]
			for b, w := range w3 {
				pulled[b] = float64(pull * w)
				last[b] = float64(pulled[b] * s2[b])
			}
			for a, w := range w1 {
				s, way := s1[a], float64(s1[a]*w)
				bent, down, into := bend(h1[a], s), d1[a], g1[a]
				middle, slopes := w2[a*k:][:k], g2[a*k:][:k]
				for b, v := range middle {
					inner, outer := float64(float64(pull*v)*way), float64(pulled[b]*float64(s2[b]*v))
					d2[b] += float64(float64(inner*w3[b]) * bend(h2[b], s2[b]))
					down += float64(float64(outer*w) * bent)
					g3[b] += float64(inner * s2[b])
					slopes[b] += float64(last[b] * way)
					into += float64(outer * s)
				}
				d1[a], g1[a] = down, into
			}
		}
	}
}

// SolveTransposed substitutes for all values at once, which ends after as many
// steps as there are values, for J is triangular, and as a rule long before.
func (m *mintNet) SolveTransposed(v, prepared, x, g []float64) {
	n := len(x)
	memory := tapMemory.Borrow(m.Kept() + 4*n)
	defer tapMemory.Return(memory)
	r, rest := m.in(*memory), (*memory)[m.Kept():]
	p, ordered, wanted, found, got := m.split(prepared), rest[:n], rest[n:2*n], rest[2*n:3*n], rest[3*n:4*n]
	putInOrder(ordered, x, m.columns)
	putInOrder(wanted, g, m.columns)
	m.pass(r, got, p, ordered)
	clear(found)
	for range n + 1 {
		clear(got)
		m.backward(got, nil, p, r, ordered, found, 0)
		var residual float64
		for i, want := range wanted {
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
