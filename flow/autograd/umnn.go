package autograd

import (
	"fmt"
	"sync"

	"github.com/seed-192fdf7a/nf/kernels"
)

// MonotoneNetwork is the integral of a positive network of one hidden layer
// (UMNN: Wehenkel and Louppe, 2019), whose weights are the parameters:
//
//	y = t + ∫₀ˣ g(v) dv     g = softplus(a + Σ_h c_h·tanh((1 + w_h)·v + b_h + s_h))/log 2
//
// where the paper has ELU + 1, whose bend costs the integral its accuracy, and with offsets s_h from −2 to 2 in equal steps, which keep the units apart. The
// parameters are blocks [w | b | c] of H, then a and t; zero ones are the
// identity. The integral is that of Clenshaw and Curtis (1960), of so many
// intervals, and log dy/dx is log g(x). The inverse is found by Newton's method
// within a bracket.
type MonotoneNetwork struct {
	// Hidden is H.
	Hidden int `json:"hidden"`
	// Intervals is the number of intervals of the quadrature, even.
	Intervals int `json:"intervals"`
	// Tolerance is the last step of the inverse, relative to 1 + |x|.
	Tolerance float64 `json:"tolerance"`
}

const (
	maxNetworkUnits = 64
	maxIntervals    = 128
)

// Check tells what is wrong with the constants.
func (m *MonotoneNetwork) Check() error {
	switch {
	case m.Hidden < 1 || m.Hidden > maxNetworkUnits:
		return fmt.Errorf("the integrand has %d hidden units, want 1 to %d", m.Hidden, maxNetworkUnits)
	case m.Intervals < 2 || m.Intervals > maxIntervals || m.Intervals%2 != 0:
		return fmt.Errorf("the quadrature has %d intervals, want an even number of 2 to %d", m.Intervals, maxIntervals)
	}
	return checkTolerance(m.Tolerance)
}

// ParametersPerElement implements [Scalar].
func (m *MonotoneNetwork) ParametersPerElement() int { return 3*m.Hidden + 2 }

// quadrature has the nodes and weights of an integral from 0 to 1.
type quadrature struct{ nodes, weights []float64 }

var quadratures = struct {
	sync.RWMutex
	made map[int]quadrature
}{made: map[int]quadrature{}}

// clenshawCurtis returns the quadrature of n intervals, n even.
func clenshawCurtis(n int) quadrature {
	quadratures.RLock()
	q, ok := quadratures.made[n]
	quadratures.RUnlock()
	if ok {
		return q
	}
	for k := range n + 1 {
		_, cos := kernels.SinCos2Pi64(float64(k) / float64(2*n))
		weight := 1.0
		for j := 1; j <= n/2; j++ {
			_, c := kernels.SinCos2Pi64(float64(j*k%n) / float64(n))
			b := 2.0
			if 2*j == n {
				b = 1
			}
			weight -= float64(b*c) / float64(4*j*j-1)
		}
		if k > 0 && k < n {
			weight = float64(2 * weight)
		}
		q.nodes = append(q.nodes, 0.5-float64(0.5*cos))
		q.weights = append(q.weights, float64(0.5*weight)/float64(n))
	}
	quadratures.Lock()
	defer quadratures.Unlock()
	quadratures.made[n] = q
	return q
}

// offset returns s_h.
func (m *MonotoneNetwork) offset(h int) float64 {
	return float64(4*(float64(h)+0.5))/float64(m.Hidden) - 2
}

// net returns what goes into softplus, and keeps the tanh.
func (m *MonotoneNetwork) net(v float64, p []float64, tanh *[maxNetworkUnits]float64) float64 {
	n := m.Hidden
	sum := p[3*n]
	for h := range n {
		tanh[h] = kernels.Tanh64(float64((1+p[h])*v) + p[n+h] + m.offset(h))
		sum += float64(p[2*n+h] * tanh[h])
	}
	return sum
}

// positive returns softplus(u)/log 2, and its derivative.
func positive(u float64) (g, slope float64) {
	return kernels.Softplus64(u) / ln2, kernels.Sigmoid64(u) / ln2
}

// at returns y and g(x).
func (m *MonotoneNetwork) at(x float64, p []float64) (y, g float64) {
	q := clenshawCurtis(m.Intervals)
	var tanh [maxNetworkUnits]float64
	for i, node := range q.nodes {
		g, _ = positive(m.net(float64(x*node), p, &tanh))
		y += float64(q.weights[i] * g)
	}
	return float64(x*y) + p[3*m.Hidden+1], g // the last node is x itself
}

// Forward implements [Scalar].
func (m *MonotoneNetwork) Forward(x float64, p []float64) (y, logDet float64) {
	y, g := m.at(x, p)
	return y, kernels.Log64(g)
}

// Inverse implements [Scalar]: the bracket grows by doubling until it holds y.
func (m *MonotoneNetwork) Inverse(y float64, p []float64) (x, logDet float64) {
	low, high := -1.0, 1.0
	for range solveSteps {
		if at, _ := m.at(low, p); !(at > y) {
			break
		}
		low = float64(2 * low)
	}
	for range solveSteps {
		if at, _ := m.at(high, p); !(at < y) {
			break
		}
		high = float64(2 * high)
	}
	x = solve(y, low, high, m.Tolerance, func(x float64) (float64, float64) { return m.at(x, p) })
	_, g := m.at(x, p)
	return x, -kernels.Log64(g)
}

// Backward implements [Scalar].
func (m *MonotoneNetwork) Backward(dp []float64, x float64, p []float64, dy, dLogDet float64) (dx float64) {
	n, q := m.Hidden, clenshawCurtis(m.Intervals)
	clear(dp)
	var tanh [maxNetworkUnits]float64
	for i, node := range q.nodes {
		v := float64(x * node)
		g, slope := positive(m.net(v, p, &tanh))
		d := float64(dy * float64(x*q.weights[i]))
		last := i == len(q.nodes)-1
		if last {
			dx = float64(dy * g)
			d += dLogDet / g
		}
		d = float64(d * slope)
		dp[3*n] += d
		for h := range n {
			bend := float64(p[2*n+h] * (1 - float64(tanh[h]*tanh[h])))
			dp[2*n+h] += float64(d * tanh[h])
			dp[n+h] += float64(d * bend)
			dp[h] += float64(float64(d*bend) * v)
			if last {
				dx += float64(float64(float64(dLogDet*slope)/g) * float64(bend*(1+p[h])))
			}
		}
	}
	dp[3*n+1] = dy
	return dx
}
