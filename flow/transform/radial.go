package transform

import (
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// RadialSpec describes a radial map (Rezende and Mohamed, 2015), which squeezes
// or stretches space around a centre c:
//
//	z = x + β·h·(x − c),   h = 1/(α + |x − c|)
//	log-det = (D − 1)·log(1 + βh) + log(1 + αβh²)
//	α = softplus(a),   β = softplus(b) − α
//
// β > −α makes the map invertible, in closed form; both directions cost O(D).
type RadialSpec struct{}

// Check implements [Spec].
func (s *RadialSpec) Check(Shape, int) error { return nil }

// Output implements [Spec].
func (s *RadialSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec]: the parameter is [c | a | b], c over data columns.
func (s *RadialSpec) Build(shape Shape, _ int, scope autograd.Scope) Transform {
	d := shape.Features
	return newRowTransform(radial{d}, scope.New("constant", 1, d+2), scope, func(values []float32, seed uint64) {
		random.Uniform(values[:d], seed, random.Initialization, 0, 1)
	})
}

// radial prepares c, α, β and the derivatives of α and α + β by a and b.
type radial struct{ features int }

func (m radial) Prepared() int { return m.features + 4 }

func (m radial) Prepare(prepared, p []float64) {
	d := m.features
	copy(prepared, p[:d])
	alpha := kernels.Softplus64(p[d])
	copy(prepared[d:], []float64{alpha, kernels.Softplus64(p[d+1]) - alpha, kernels.Sigmoid64(p[d]), kernels.Sigmoid64(p[d+1])})
}

// at returns α, β, |x − c|, h and the two stretches of the map at x: across the
// direction from the centre, and along it.
func (m radial) at(prepared, x []float64) (alpha, beta, r, h, across, along float64) {
	d := m.features
	alpha, beta = prepared[d], prepared[d+1]
	for i, c := range prepared[:d] {
		r += float64((x[i] - c) * (x[i] - c))
	}
	r = math.Sqrt(r)
	h = 1 / (alpha + r)
	return alpha, beta, r, h, 1 + float64(beta*h), 1 + float64(float64(alpha*beta)*float64(h*h))
}

func (m radial) Forward(y, prepared, x []float64) (logDet float64) {
	_, _, _, _, across, along := m.at(prepared, x)
	for i, c := range prepared[:m.features] {
		y[i] = c + float64(across*(x[i]-c))
	}
	return float64(float64(m.features-1)*kernels.Log64(across)) + kernels.Log64(along)
}

// Inverse solves r·(1 + β/(α + r)) = R for r ≥ 0, the root of
// r² + (α + β − R)·r − αR = 0 that is not negative.
func (m radial) Inverse(x, prepared, y []float64) {
	d := m.features
	alpha, beta := prepared[d], prepared[d+1]
	var distance float64
	for i, c := range prepared[:d] {
		distance += float64((y[i] - c) * (y[i] - c))
	}
	distance = math.Sqrt(distance)
	half := float64(0.5 * (distance - alpha - beta))
	root := math.Sqrt(float64(half*half) + float64(alpha*distance))
	r := half + root
	if half < 0 {
		r = float64(alpha*distance) / (root - half) // the sum would cancel
	}
	across := 1 + beta/(alpha+r)
	for i, c := range prepared[:d] {
		x[i] = c + (y[i]-c)/across
	}
}

func (m radial) Backward(dx, dp, prepared, x, dy []float64, dLogDet float64) {
	d := m.features
	alpha, beta, r, h, across, along := m.at(prepared, x)
	squared, n := float64(h*h), float64(d-1)
	perAcross, perAlong := float64(dLogDet*n)/across, dLogDet/along
	var pull float64 // dy along x − c
	for i, c := range prepared[:d] {
		pull += float64(dy[i] * (x[i] - c))
	}
	// What a change of r does, per unit of x − c: h changes by −h².
	var outward float64
	if r > 0 {
		outward = -float64(float64(beta*squared)*(pull+perAcross+float64(2*float64(alpha*float64(h*perAlong))))) / r
	}
	for i, c := range prepared[:d] {
		inside := float64(across*dy[i]) + float64(outward*(x[i]-c))
		dx[i] += inside
		if dp != nil {
			dp[i] += dy[i] - inside
		}
	}
	if dp == nil {
		return
	}
	dBeta := float64(h*(pull+perAcross)) + float64(float64(alpha*squared)*perAlong)
	dAlpha := float64(beta * (float64(float64(squared-float64(2*float64(alpha*float64(squared*h))))*perAlong) - float64(squared*(pull+perAcross))))
	dp[d] += float64((dAlpha - dBeta) * prepared[d+2])
	dp[d+1] += float64(dBeta * prepared[d+3])
}

// SolveTransposed divides by one stretch across and the other along the
// direction from the centre: J is symmetric.
func (m radial) SolveTransposed(out, prepared, x, g []float64) {
	_, _, r, _, across, along := m.at(prepared, x)
	var pull float64
	for i, c := range prepared[:m.features] {
		pull += float64(g[i] * (x[i] - c))
	}
	var factor float64
	if r > 0 {
		factor = pull * (1/along - 1/across) / float64(r*r)
	}
	for i, c := range prepared[:m.features] {
		out[i] = g[i]/across + float64(factor*(x[i]-c))
	}
}
