package autograd

import (
	"math"

	"github.com/seed-192fdf7a/nf/kernels"
)

// MonotonicMLP is a perceptron of one number that increases with it (neural
// autoregressive flow: Huang, Krueger, Lacoste and Courville, 2018, as zuko has it):
//
//	h₁ = a(|w₀|·x + c)    h_{l+1} = a(|W_l|·h_l + b_l)    y = |w|·h_L + b
//
// a(u) is ELU(u) for the first half of the units of a layer, of odd ones the greater,
// and −ELU(−u) for the others, so that y goes as far as x does. The parameters are
// [c | w₀ | W₁ | b₁ | … | w | b]; the H₁ values c are what a conditioner tells the network,
// the others may be constants: see nn.MADESpec. The inverse is found by Newton's
// method within a bracket.
type MonotonicMLP struct {
	// Hidden is H₁, …, H_L.
	Hidden []int `json:"hidden"`
	// Tolerance is the last step of the inverse, relative to 1 + |x|.
	Tolerance float64 `json:"tolerance"`
}

func (m *MonotonicMLP) network() scalarNetwork {
	return scalarNetwork{m.Hidden, true, Activation{Name: ELUActivation}}
}

// Check tells what is wrong with the constants.
func (m *MonotonicMLP) Check() error {
	if err := m.network().check(); err != nil {
		return err
	}
	return CheckTolerance(m.Tolerance)
}

// Constants returns how many of the parameters are not c.
func (m *MonotonicMLP) Constants() int { return m.network().constants() }

// ParametersPerElement implements [Scalar].
func (m *MonotonicMLP) ParametersPerElement() int { return m.Hidden[0] + m.Constants() }

// Forward implements [Scalar].
func (m *MonotonicMLP) Forward(x float64, p []float64) (y, logDet float64) {
	n := m.network()
	s := n.borrow()
	defer s.end()
	y, slope := n.at(s, x, p[:m.Hidden[0]], p[m.Hidden[0]:])
	return y, kernels.Log64(slope)
}

// bracketReach is where the search for a bracket begins, about as far as data that
// are standardized go.
const bracketReach = 10

// Inverse implements [Scalar].
func (m *MonotonicMLP) Inverse(y float64, p []float64) (x, logDet float64) {
	n := m.network()
	s := n.borrow()
	defer s.end()
	c, rest := p[:m.Hidden[0]], p[m.Hidden[0]:]
	x = solveAnywhere(y, bracketReach, m.Tolerance, func(x float64) (float64, float64) { return n.at(s, x, c, rest) })
	if math.IsInf(x, 0) {
		return x, math.Inf(-1)
	}
	_, slope := n.at(s, x, c, rest)
	return x, -kernels.Log64(slope)
}

// Backward implements [Scalar].
func (m *MonotonicMLP) Backward(dp []float64, x float64, p []float64, dy, dLogDet float64) (dx float64) {
	n := m.network()
	s := n.borrow()
	defer s.end()
	first := m.Hidden[0]
	_, slope := n.at(s, x, p[:first], p[first:])
	clear(dp)
	return n.addBackward(s, dp[:first], dp[first:], x, p[first:], dy, dLogDet/slope)
}
