package autograd

import (
	"math"

	"github.com/seed-192fdf7a/nf/kernels"
)

// IntegralMLP is the integral of a positive function that a perceptron computes
// (UMNN: Wehenkel and Louppe, 2019, as zuko has it):
//
//	y = t + ∫₀ˣ g(v) dv    g = exp(d/(1 + |d|/7))    log-det = log g(x)
//	h₁ = a(w₀·v + c)    h_{l+1} = a(W_l·h_l + b_l)    d = w·h_L + b
//
// The integral is that of a rule of so many points. The parameters are
// [c | t | w₀ | W₁ | b₁ | … | w | b]; c and t are what a conditioner tells the network, the
// others may be constants: see nn.MADESpec. The inverse is found by Newton's method
// within a bracket. [MonotoneNetwork] has a box, beyond which a rule is no integral.
type IntegralMLP struct {
	// Hidden is H₁, …, H_L.
	Hidden []int `json:"hidden"`
	// Activation is a.
	Activation
	Quadrature Quadrature `json:"quadrature"`
	Points     int        `json:"points"`
	// Tolerance is the last step of the inverse, relative to 1 + |x|.
	Tolerance float64 `json:"tolerance"`
}

// integralClip bounds log g.
const integralClip = 7

func (m *IntegralMLP) network() scalarNetwork { return scalarNetwork{m.Hidden, false, m.Activation} }

// Check tells what is wrong with the constants.
func (m *IntegralMLP) Check() error {
	if err := m.network().check(); err != nil {
		return err
	}
	if err := m.Quadrature.check(m.Points); err != nil {
		return err
	}
	return CheckTolerance(m.Tolerance)
}

// Constants returns how many of the parameters are neither c nor t.
func (m *IntegralMLP) Constants() int { return m.network().constants() }

// ParametersPerElement implements [Scalar].
func (m *IntegralMLP) ParametersPerElement() int { return m.Hidden[0] + 1 + m.Constants() }

// split returns c, t and the others.
func (m *IntegralMLP) split(p []float64) (c []float64, t *float64, rest []float64) {
	first := m.Hidden[0]
	return p[:first], &p[first], p[first+1:]
}

// log returns log g at v, and its derivative by d.
func (m *IntegralMLP) log(n scalarNetwork, s *scalarUnits, v float64, c, p []float64) (log, slope float64) {
	d, _ := n.at(s, v, c, p)
	over := 1 / (1 + math.Abs(d)/integralClip)
	if over == 0 { // d is infinite
		return math.Copysign(integralClip, d), 0
	}
	return float64(d * over), float64(over * over)
}

// integral returns y − t.
func (m *IntegralMLP) integral(n scalarNetwork, s *scalarUnits, x float64, c, p []float64) float64 {
	r, sum := m.Quadrature.rule(m.Points), 0.0
	for k, point := range r.points {
		log, _ := m.log(n, s, float64(x*point), c, p)
		sum += float64(r.weights[k] * kernels.Exp64(log))
	}
	return float64(x * sum)
}

// Forward implements [Scalar].
func (m *IntegralMLP) Forward(x float64, p []float64) (y, logDet float64) {
	if math.IsInf(x, 0) {
		return x, 0
	}
	n := m.network()
	s := n.borrow()
	defer s.end()
	c, t, rest := m.split(p)
	y = m.integral(n, s, x, c, rest) + *t
	logDet, _ = m.log(n, s, x, c, rest)
	return y, logDet
}

// Inverse implements [Scalar].
func (m *IntegralMLP) Inverse(y float64, p []float64) (x, logDet float64) {
	n := m.network()
	s := n.borrow()
	defer s.end()
	c, t, rest := m.split(p)
	x = solveAnywhere(y-*t, bracketReach, m.Tolerance, func(x float64) (float64, float64) {
		at := m.integral(n, s, x, c, rest)
		log, _ := m.log(n, s, x, c, rest)
		return at, kernels.Exp64(log)
	})
	if math.IsInf(x, 0) {
		return x, 0
	}
	logDet, _ = m.log(n, s, x, c, rest)
	return x, -logDet
}

// Backward implements [Scalar].
func (m *IntegralMLP) Backward(dp []float64, x float64, p []float64, dy, dLogDet float64) (dx float64) {
	clear(dp)
	if math.IsInf(x, 0) {
		return dy
	}
	n := m.network()
	s := n.borrow()
	defer s.end()
	c, _, rest := m.split(p)
	dc, dt, dRest := m.split(dp)
	*dt = dy
	if dy != 0 {
		r := m.Quadrature.rule(m.Points)
		for k, point := range r.points {
			v := float64(x * point)
			log, slope := m.log(n, s, v, c, rest)
			g := float64(dy * float64(r.weights[k]*kernels.Exp64(log)))
			dx += g + float64(point*n.addBackward(s, dc, dRest, v, rest, float64(float64(g*x)*slope), 0))
		}
	}
	_, slope := m.log(n, s, x, c, rest)
	return dx + n.addBackward(s, dc, dRest, x, rest, float64(dLogDet*slope), 0)
}
