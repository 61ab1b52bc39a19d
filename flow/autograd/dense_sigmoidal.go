package autograd

import (
	"errors"
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/kernels"
)

// DenseSigmoidal is a network of one number that increases with it, of L layers of H
// sigmoids, each of which sees the whole layer before (deep dense sigmoidal flow:
// Huang, Krueger, Lacoste and Courville, 2018):
//
//	h⁰ = x    hˡ = σ⁻¹(Wˡ·σ((Uˡ·hˡ⁻¹ − μˡ)/sˡ))    y = h^L    s = exp(b·tanh(u/b))
//
// where σ and its inverse go element by element, and so does the quotient. U and W are
// softmax in each row, of what the parameters are: of U_kj + r_j and W_ij + a_j, and
// Diagonal on their diagonals. U is [H, H], but one column of ones in the first
// layer, and W is [H, H], but the one row softmax(a) in the last. Both σ and 1 − σ of an output are sums of positive terms, taken in
// logarithms, as the derivative is, so that y keeps its accuracy in both tails, where
// it is a line.
//
// The parameters are [μ | u | a] of the first layer and [μ | u | a | r] of each other, then
// W¹, U², W², …, U^L, row by row. The matrices may be constants: see nn.MADESpec; so, too, the
// paper has them, and a conditioner for the rest. One layer is [LogisticMixture] with Weights
// and Logit. Without Spread, parameters of zero make the identity. The inverse is found by
// Newton's method within a bracket.
type DenseSigmoidal struct {
	// Hidden is H.
	Hidden int `json:"hidden"`
	// Layers is L.
	Layers int `json:"layers"`
	// Bound is b.
	Bound float64 `json:"bound"`
	// Spread is added to each μ of the first layer as that of [LogisticMixture] is.
	Spread float64 `json:"spread,omitempty"`
	// Diagonal is added to the diagonals of the square matrices before softmax, so that
	// units of one number learn the same thing at first, and others different things.
	Diagonal float64 `json:"diagonal,omitempty"`
	// Tolerance is the last step of the inverse, relative to 1 + |x|.
	Tolerance float64 `json:"tolerance"`
}

// MaxSigmoidLayers bounds the layers of sigmoids.
const MaxSigmoidLayers = maxScalarLayers

// Check tells what is wrong with the constants.
func (m *DenseSigmoidal) Check() error {
	switch {
	case m.Hidden < 1 || m.Hidden > MaxComponents:
		return fmt.Errorf("a layer has %d sigmoids, want 1 to %d", m.Hidden, MaxComponents)
	case m.Layers < 1 || m.Layers > MaxSigmoidLayers:
		return fmt.Errorf("there are %d layers of sigmoids, want 1 to %d", m.Layers, MaxSigmoidLayers)
	case m.ParametersPerElement() > maxScalarParameters:
		return fmt.Errorf("%d layers of %d sigmoids have %d parameters, at most %d are supported", m.Layers, m.Hidden, m.ParametersPerElement(), maxScalarParameters)
	case !(m.Spread >= 0 && m.Spread <= maxMixtureBound):
		return fmt.Errorf("the spread of the sigmoids is %v, want 0 to %d", m.Spread, maxMixtureBound)
	case !(m.Diagonal >= 0 && m.Diagonal <= maxMixtureBound):
		return fmt.Errorf("the diagonal of the sigmoids is %v, want 0 to %d", m.Diagonal, maxMixtureBound)
	}
	if err := CheckBound(m.Bound); err != nil {
		return err
	}
	if m.Bound > maxMixtureBound {
		return errors.New("the bound of the scales of sigmoids is above 20")
	}
	return CheckTolerance(m.Tolerance)
}

// Constants returns how many of the parameters are U or W.
func (m *DenseSigmoidal) Constants() int { return 2 * (m.Layers - 1) * m.Hidden * m.Hidden }

// ParametersPerElement implements [Scalar].
func (m *DenseSigmoidal) ParametersPerElement() int {
	return (4*m.Layers-1)*m.Hidden + m.Constants()
}

// inputs returns how many values layer l sees, from 0, and outputs how many it gives.
func (m *DenseSigmoidal) inputs(l int) int {
	if l == 0 {
		return 1
	}
	return m.Hidden
}

func (m *DenseSigmoidal) outputs(l int) int {
	if l == m.Layers-1 {
		return 1
	}
	return m.Hidden
}

// sigmoidParameters are the parameters of a layer, or their gradients: μ, u, a, r, U and W
// before softmax, of which r and U are empty where there is one input, and W where there is one
// output.
type sigmoidParameters struct{ mean, raw, a, r, u, w []float64 }

// layer returns those of layer l.
func (m *DenseSigmoidal) layer(p []float64, l int) (s sigmoidParameters) {
	h := m.Hidden
	constants := p[len(p)-m.Constants():]
	if l > 0 {
		p = p[(4*l-1)*h:]
		constants = constants[(2*l-1)*h*h:]
		s.r, s.u, constants = p[3*h:4*h], constants[:h*h], constants[h*h:]
	}
	if l < m.Layers-1 {
		s.w = constants[:h*h]
	}
	s.mean, s.raw, s.a = p[:h], p[h:2*h], p[2*h:3*h]
	return s
}

// Forward implements [Scalar].
func (m *DenseSigmoidal) Forward(x float64, p []float64) (y, logDet float64) {
	s := m.borrow(p)
	defer s.end()
	return m.at(s, x)
}

// Inverse implements [Scalar].
func (m *DenseSigmoidal) Inverse(y float64, p []float64) (x, logDet float64) {
	s := m.borrow(p)
	defer s.end()
	low, high := m.bracket(s, y)
	x = Solve(y, low, high, m.Tolerance, func(x float64) (float64, float64) {
		y, logDet := m.at(s, x)
		return y, kernels.Exp64(logDet)
	})
	_, logDet = m.at(s, x)
	return x, -logDet
}

// bracket returns the least and the largest x that could become y: where all that a layer sees is below what each of its
// sigmoids alone would need, its outputs are below.
func (m *DenseSigmoidal) bracket(s *sigmoidLayers, y float64) (low, high float64) {
	low, high = y, y
	for l := m.Layers - 1; l >= 0; l-- {
		a, b := math.Inf(1), math.Inf(-1)
		for k, center := range s.layers[l].center {
			scale := kernels.Exp64(s.layers[l].logScale[k])
			a, b = min(a, center+float64(scale*low)), max(b, center+float64(scale*high))
		}
		low, high = a, b
	}
	return low, high
}

// Backward implements [Scalar].
func (m *DenseSigmoidal) Backward(dp []float64, x float64, p []float64, dy, dLogDet float64) (dx float64) {
	s := m.borrow(p)
	defer s.end()
	m.at(s, x)
	last := &s.layers[m.Layers-1]
	last.dOut[0], last.dSlope[0] = dy, dLogDet
	clear(dp)
	for l := m.Layers - 1; l > 0; l-- {
		before := &s.layers[l-1]
		m.back(&s.layers[l], m.layer(dp, l), before.dOut, before.dSlope)
	}
	var dIn, dInSlope [1]float64
	m.back(&s.layers[0], m.layer(dp, 0), dIn[:], dInSlope[:])
	return dIn[0]
}
