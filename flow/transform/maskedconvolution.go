package transform

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/kernels"
)

// MaskedConvolutionSpec describes an autoregressive convolution (Hoogeboom, van den
// Berg and Welling, 2019, Emerging convolutions): of a grid line by line, each value
// sees the sites before its own within a square window, and of its own the features
// before,
//
//	z_i = d_i·x_i + Σ w·x of what is before     d_i = exp(b·tanh(u_i/b))
//	log-det = sites·Σ b·tanh(u_i/b)
//
// or with Reverse those behind; two, one of each, around a 1x1 convolution make an
// emerging convolution. Inverse is substitution in float64, exact, one site after
// the other. So that it cannot grow without bound along a line, as that of a
// triangular matrix may, the weights are w = d_i·Ratio·a/(1 + Σ|a|) over all a of
// one output: their sum is below Ratio times the diagonal, and the largest value of
// the inverse below 1/(1 − Ratio) times that of z/d. Zero parameters are the identity.
type MaskedConvolutionSpec struct {
	// Kernel is the size of the window, odd.
	Kernel int `json:"kernel"`
	// Bound is b.
	Bound float64 `json:"bound"`
	// Ratio is above 0 and below 1.
	Ratio   float64 `json:"ratio"`
	Reverse bool    `json:"reverse,omitempty"`
}

// maxConvolved bounds the features of a convolution in float64.
const maxConvolved = 512

// Check implements [Spec].
func (s *MaskedConvolutionSpec) Check(shape Shape, _ int) error {
	if err := checkWindow(shape, s.Kernel); err != nil {
		return fmt.Errorf("masked-convolution: %w", err)
	}
	if err := autograd.CheckBound(s.Bound); err != nil {
		return fmt.Errorf("masked-convolution: %w", err)
	}
	if shape.Features > maxConvolved {
		return fmt.Errorf("masked-convolution: %d features, at most %d are supported", shape.Features, maxConvolved)
	}
	if !(s.Ratio > 0 && s.Ratio < 1) {
		return fmt.Errorf("masked-convolution: the ratio is %v, want a number above 0 and below 1, beyond which its inverse may grow without bound", s.Ratio)
	}
	return nil
}

// Output implements [Spec].
func (s *MaskedConvolutionSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec]: the parameter is [u | a], a of the taps before the middle,
// line by line, each by the feature that comes in and the one that goes out, and
// then of the site itself: from feature 0 to 1, 0 to 2, 1 to 2, …; with Reverse
// features are counted, and the window is read, from the end.
func (s *MaskedConvolutionSpec) Build(shape Shape, _ int, scope autograd.Scope) Transform {
	m := &maskedConvolution{MaskedConvolutionSpec: *s}
	m.taps = newCausalTaps(lines(shape.Grid), s.Kernel, shape.Features, 1, 1, false, s.Reverse)
	p := scope.New("constant", 1, shape.Features+m.taps.weights())
	return newEventTransform(m, p, scope, func(columns []int) { m.columns = columns }, func([]float32, uint64) {})
}

// maskedConvolution prepares d, log|det J|, the weights and for each feature 1 + Σ|a|.
type maskedConvolution struct {
	MaskedConvolutionSpec
	taps    *causalTaps
	columns []int
}

func (m *maskedConvolution) sites() int { return m.taps.grid[0] * m.taps.grid[1] }

func (m *maskedConvolution) Prepared() int { return 2*m.taps.features + m.taps.weights() + 1 }

// eachWeight calls do for each weight with the feature that it goes out to.
func (m *maskedConvolution) eachWeight(do func(weight, feature int)) {
	c := m.taps
	for tap := range c.taps {
		for k := range c.features {
			for o := range c.features {
				do((tap*c.features+k)*c.features+o, o)
			}
		}
	}
	for i := range c.features {
		for j := range i {
			do(c.own(j, i), c.feature(i))
		}
	}
}

// split returns d, log|det J|, the weights and 1 + Σ|a| of what was prepared.
func (m *maskedConvolution) split(prepared []float64) (d, w, sums []float64) {
	c, n := m.taps.features, m.taps.weights()
	return prepared[:c], prepared[c : c+n], prepared[c+n : 2*c+n]
}

func (m *maskedConvolution) Prepare(prepared, p []float64) {
	d, w, sums := m.split(prepared)
	c := len(d)
	var logDet float64
	for i := range c {
		s := float64(m.Bound * kernels.Tanh64(p[i]/m.Bound))
		d[i], sums[i] = kernels.Exp64(s), 1
		logDet += s
	}
	prepared[len(prepared)-1] = float64(logDet * float64(m.sites()))
	m.eachWeight(func(weight, feature int) { sums[feature] += math.Abs(p[c+weight]) })
	m.eachWeight(func(weight, feature int) {
		w[weight] = float64(float64(d[feature]*m.Ratio)*p[c+weight]) / sums[feature]
	})
}

// inOrder returns the values of an event whose features are the given columns,
// feature by feature.
func inOrder(x []float64, columns []int) []float64 {
	out := make([]float64, len(x))
	putInOrder(out, x, columns)
	return out
}

// putInOrder is inOrder into dst.
func putInOrder(dst, x []float64, columns []int) {
	for n := len(columns); len(x) > 0; dst, x = dst[n:], x[n:] {
		for i, c := range columns {
			dst[i] = x[c]
		}
	}
}

// back writes values that are feature by feature to where the columns are; with add
// it adds.
func back(dst, values []float64, columns []int, add bool) {
	for n := len(columns); len(values) > 0; dst, values = dst[n:], values[n:] {
		for i, c := range columns {
			if add {
				dst[c] += values[i]
			} else {
				dst[c] = values[i]
			}
		}
	}
}

func (m *maskedConvolution) Forward(y, prepared, x []float64) (logDet float64) {
	n := len(x)
	memory := tapMemory.Borrow(2 * n)
	defer tapMemory.Return(memory)
	ordered, out := (*memory)[:n], (*memory)[n:2*n]
	d, w, _ := m.split(prepared)
	putInOrder(ordered, x, m.columns)
	scale(out, d, ordered)
	m.taps.apply(out, w, ordered)
	back(y, out, m.columns, false)
	return prepared[len(prepared)-1]
}

// scale sets dst to x times the factor of each feature.
func scale(dst, factors, x []float64) {
	for n := len(factors); len(x) > 0; dst, x = dst[n:], x[n:] {
		for i, d := range factors {
			dst[i] = float64(d * x[i])
		}
	}
}

// Inverse substitutes, site by site and feature by feature.
func (m *maskedConvolution) Inverse(x, prepared, y []float64) {
	n := len(x)
	memory := tapMemory.Borrow(2 * n)
	defer tapMemory.Return(memory)
	rest, found := (*memory)[:n], (*memory)[n:2*n]
	d, w, _ := m.split(prepared)
	c := m.taps
	putInOrder(rest, y, m.columns)
	less := func(out, in, weight int) { rest[out] -= float64(w[weight] * found[in]) }
	for s := range m.sites() {
		site := c.site(s)
		c.eachTap(site, less)
		for i := range c.features {
			c.eachOwn(site, i, less)
			at := site*c.features + c.feature(i)
			found[at] = rest[at] / d[c.feature(i)]
		}
	}
	back(x, found, m.columns, false)
}

func (m *maskedConvolution) Backward(dx, dp, prepared, x, dy []float64, dLogDet float64) {
	d, w, sums := m.split(prepared)
	c, n := len(d), len(x)
	memory := tapMemory.Borrow(3*n + len(w) + 2*c)
	defer tapMemory.Return(memory)
	rest := *memory
	take := func(n int) (part []float64) { part, rest = rest[:n], rest[n:]; return part }
	ordered, slopes, into := take(n), take(n), take(n)
	putInOrder(ordered, x, m.columns)
	putInOrder(slopes, dy, m.columns)
	scale(into, d, slopes)
	var dw []float64
	if dp != nil {
		dw = take(len(w))
		clear(dw)
	}
	m.taps.backward(into, dw, w, ordered, slopes)
	back(dx, into, m.columns, true)
	if dp == nil {
		return
	}
	// Of d, through the diagonal and the weights, which are d times something.
	dd, pull := take(c), take(c)
	clear(dd)
	clear(pull)
	for at := 0; at < n; at += c {
		for i, v := range slopes[at:][:c] {
			dd[i] += float64(ordered[at+i] * v)
		}
	}
	m.eachWeight(func(weight, feature int) {
		pull[feature] += float64(dw[weight] * w[weight])
	})
	for i := range c {
		s := kernels.Log64(d[i]) / m.Bound // tanh(u/b)
		dp[i] += float64((float64(d[i]*dd[i]) + pull[i] + float64(dLogDet*float64(m.sites()))) * (1 - float64(s*s)))
	}
	// w = d·r·a/(1 + Σ|a|), and the sign of a is that of w.
	m.eachWeight(func(weight, feature int) {
		g := float64(float64(d[feature]*m.Ratio) * dw[weight])
		if w[weight] > 0 {
			g -= pull[feature]
		} else if w[weight] < 0 {
			g += pull[feature]
		}
		dp[c+weight] += g / sums[feature]
	})
}

// SolveTransposed substitutes from the last value to the first.
func (m *maskedConvolution) SolveTransposed(v, prepared, _, g []float64) {
	n := len(v)
	memory := tapMemory.Borrow(2 * n)
	defer tapMemory.Return(memory)
	rest, found := (*memory)[:n], (*memory)[n:2*n]
	d, w, _ := m.split(prepared)
	c := m.taps
	putInOrder(rest, g, m.columns)
	less := func(out, in, weight int) { rest[in] -= float64(w[weight] * found[out]) }
	for s := m.sites() - 1; s >= 0; s-- {
		site := c.site(s)
		for i := c.features - 1; i >= 0; i-- {
			at := site*c.features + c.feature(i)
			found[at] = rest[at] / d[c.feature(i)]
			c.eachOwn(site, i, less)
		}
		c.eachTap(site, less)
	}
	back(v, found, m.columns, false)
}
