package transform

import (
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// PlanarSpec describes a planar map (Rezende and Mohamed, 2015), which squeezes
// or stretches space along one direction:
//
//	z = x + û·tanh(wᵀx + b)      log-det = log(1 + wᵀû·(1 − tanh²))
//	û = u + (softplus(wᵀu) − 1 − wᵀu)·w/|w|²
//
// û keeps wᵀû above −1, so that the map is invertible. The inverse is found to
// about 1e-12 by iteration on one number; both directions cost O(D).
type PlanarSpec struct {
	// Identity makes training begin with the identity, û = 0, where otherwise it
	// begins with u = 0, a squeeze by about a third. It says nothing of the map, so
	// that a file does not hold it.
	Identity bool `json:"-"`
}

// Check implements [Spec].
func (s *PlanarSpec) Check(Shape, int) error { return nil }

// Output implements [Spec].
func (s *PlanarSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec]: the parameter is [w | u | b], w and u over data
// columns.
func (s *PlanarSpec) Build(shape Shape, _ int, scope autograd.Scope) Transform {
	d := shape.Features
	return newRowTransform(planar{d}, scope.New("constant", 1, 2*d+1), scope, func(values []float32, seed uint64) {
		// w must not be zero, where û has no derivative.
		random.Uniform(values[:d], seed, random.Initialization, 0, float32(1/math.Sqrt(float64(d))))
		if s.Identity {
			stay(values[:d], values[d:2*d])
		}
	})
}

// stay sets u to the multiple of w that makes û = 0: softplus(wᵀu) = 1.
func stay(w, u []float32) {
	const still = 0.541324854612918 // log(e − 1)
	var norm float64
	for _, v := range w {
		norm += float64(float64(v) * float64(v))
	}
	if norm == 0 {
		return // no direction: u = 0 moves nothing
	}
	for i, v := range w {
		u[i] = float32(float64(still*float64(v)) / norm)
	}
}

// rowTransform is a learned [autograd.RowMap] as a Transform.
type rowTransform struct {
	rows      *autograd.LearnedMap
	parameter *autograd.Parameter
	start     func(values []float32, seed uint64) // changes the zeros that training begins with
}

func newRowTransform(rows autograd.RowMap, p *autograd.Parameter, scope autograd.Scope, start func(values []float32, seed uint64)) *rowTransform {
	return &rowTransform{scope.NewLearnedMap(rows, p), p, start}
}

func (t *rowTransform) Bind(columns []int, _ bool) []int { return columns }

func (t *rowTransform) Initialize(seed uint64) {
	clear(t.parameter.Values())
	t.start(t.parameter.Values(), seed+uint64(t.parameter.Offset()))
}

func (t *rowTransform) Forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	return p.MapRows(t.rows, false, x, p.LogDet)
}

func (t *rowTransform) Inverse(p *autograd.Pass, z autograd.Value) autograd.Value {
	return p.MapRows(t.rows, true, z, p.LogDet)
}

// planar prepares w, u, û, then b, k = (m − c)/|w|² and s = wᵀû = m, with
// c = wᵀu and m = softplus(c) − 1, and the derivative of m.
type planar struct{ features int }

func (m planar) Prepared() int { return 3*m.features + 5 }

type planarValues struct {
	w, u, hat                  []float64
	b, factor, slope, dm, norm float64
}

func (m planar) split(prepared []float64) planarValues {
	d := m.features
	rest := prepared[3*d:]
	return planarValues{prepared[:d], prepared[d : 2*d], prepared[2*d : 3*d], rest[0], rest[1], rest[2], rest[3], rest[4]}
}

func (m planar) Prepare(prepared, p []float64) {
	d := m.features
	copy(prepared, p[:2*d])
	v := m.split(prepared)
	var c, norm float64
	for i, w := range v.w {
		c += float64(w * v.u[i])
		norm += float64(w * w)
	}
	slope, dm := kernels.Softplus64(c)-1, kernels.Sigmoid64(c)
	var factor float64
	if norm > 0 {
		factor = (slope - c) / norm
	} else {
		slope = 0 // no direction: a shift by u·tanh(b)
	}
	for i, w := range v.w {
		v.hat[i] = v.u[i] + float64(factor*w)
	}
	copy(prepared[3*d:], []float64{p[2*d], factor, slope, dm, norm})
}

func (m planar) Forward(y, prepared, x []float64) (logDet float64) {
	v := m.split(prepared)
	a := v.b
	for i, w := range v.w {
		a += float64(w * x[i])
	}
	t := kernels.Tanh64(a)
	for i, h := range v.hat {
		y[i] = x[i] + float64(h*t)
	}
	return kernels.Log64(1 + float64(v.slope*(1-float64(t*t))))
}

// Inverse solves a + s·tanh(a) = wᵀy + b, whose left side grows with a because
// s > −1, by Newton's method within a bracket.
func (m planar) Inverse(x, prepared, y []float64) {
	v := m.split(prepared)
	target := v.b
	for i, w := range v.w {
		target += float64(w * y[i])
	}
	low, high := target-math.Abs(v.slope), target+math.Abs(v.slope)
	a := target
	for range 200 {
		t := kernels.Tanh64(a)
		excess := a + float64(v.slope*t) - target
		if excess > 0 {
			high = a
		} else {
			low = a
		}
		next := a - excess/(1+float64(v.slope*(1-float64(t*t))))
		if !(next > low && next < high) {
			next = float64(0.5 * (low + high))
		}
		if next == a || low == high {
			break
		}
		a = next
	}
	t := kernels.Tanh64(a)
	for i, h := range v.hat {
		x[i] = y[i] - float64(h*t)
	}
}

func (m planar) Backward(dx, dp, prepared, x, dy []float64, dLogDet float64) {
	v := m.split(prepared)
	a, pull := v.b, 0.0
	for i, w := range v.w {
		a += float64(w * x[i])
		pull += float64(v.hat[i] * dy[i])
	}
	t := kernels.Tanh64(a)
	slope := 1 - float64(t*t)
	perDet := dLogDet / (1 + float64(v.slope*slope))
	da := float64(slope * (pull - float64(2*t*float64(v.slope*perDet))))
	for i, w := range v.w {
		dx[i] += dy[i] + float64(w*da)
	}
	if dp == nil {
		return
	}
	d := m.features
	dw, du := dp[:d], dp[d:2*d]
	dp[2*d] += da
	var dFactor float64
	for i, w := range v.w {
		dHat := float64(t * dy[i])
		dFactor += float64(dHat * w)
		du[i] += dHat
		dw[i] += float64(v.factor*dHat) + float64(x[i]*da)
	}
	if v.norm == 0 {
		return
	}
	dc := float64(dFactor*(v.dm-1))/v.norm + float64(float64(slope*perDet)*v.dm)
	dNorm := -float64(dFactor*v.factor) / v.norm
	for i, w := range v.w {
		dw[i] += float64(v.u[i]*dc) + float64(2*float64(w*dNorm))
		du[i] += float64(w * dc)
	}
}

// SolveTransposed inverts I + h'·w·ûᵀ by the formula of Sherman and Morrison.
func (m planar) SolveTransposed(out, prepared, x, g []float64) {
	v := m.split(prepared)
	a, pull := v.b, 0.0
	for i, w := range v.w {
		a += float64(w * x[i])
		pull += float64(v.hat[i] * g[i])
	}
	t := kernels.Tanh64(a)
	slope := 1 - float64(t*t)
	factor := float64(slope*pull) / (1 + float64(v.slope*slope))
	for i, w := range v.w {
		out[i] = g[i] - float64(w*factor)
	}
}
