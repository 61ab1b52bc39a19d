package autograd

import (
	"errors"
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/kernels"
)

// LogisticMixture is the distribution function F of a mixture of K logistic
// densities, brought to all real numbers: by the quantile function of the normal
// distribution, so that values that the mixture describes become normal ones
// (Gaussianization flows: Meng, Song, Song and Ermon, 2020), or by the logit
// (Flow++: Ho, Chen, Srinivas, Duan and Abbeel, 2019):
//
//	F(x) = Σ_j w_j·σ((x − μ_j)/h_j)     h_j = exp(b·tanh(u_j/b))
//	y = Φ⁻¹(F(x))                       log dy/dx = log F′(x) − log φ(y)
//	y = log F(x) − log(1 − F(x))        log dy/dx = log F′(x) − log F(x) − log(1 − F(x))
//
// F and 1 − F are both sums of positive terms, so that y keeps its accuracy in
// both tails, where it is about ±√(2|x|/h) and ±|x|/h. The parameters are
// blocks [μ | u], w = 1/K, or with Weights [μ | u | a], w = softmax(a). With the
// logit zero parameters are the identity. The inverse is found by Newton's
// method within a bracket, to the last digits.
type LogisticMixture struct {
	// Components is K.
	Components int `json:"components"`
	// Bound is b.
	Bound float64 `json:"bound"`
	// Weights tells whether the components have weights of their own.
	Weights bool `json:"weights,omitempty"`
	// Logit replaces the quantile function.
	Logit bool `json:"logit,omitempty"`
	// Spread is s of what is added to the mean of component j from 0, s·log((j +
	// ½)/(K − j − ½)), so that components learn different things of parameters
	// that begin alike; then zero parameters are not quite the identity.
	Spread float64 `json:"spread,omitempty"`
}

// MaxComponents bounds the components of a mixture.
const MaxComponents = 4096

// maxMixtureBound keeps e^±b, squared, within float32.
const maxMixtureBound = 20

// Check tells what is wrong with the constants.
func (m *LogisticMixture) Check() error {
	if m.Components < 1 || m.Components > MaxComponents {
		return fmt.Errorf("the mixture has %d components, want 1 to %d", m.Components, MaxComponents)
	}
	if !(m.Spread >= 0 && m.Spread <= maxMixtureBound) {
		return fmt.Errorf("the spread of the means is %v, want 0 to %d", m.Spread, maxMixtureBound)
	}
	if err := CheckBound(m.Bound); err != nil {
		return err
	}
	if m.Bound > maxMixtureBound {
		return errors.New("the bound of the scales of a mixture is above 20")
	}
	return nil
}

// ParametersPerElement implements [Univariate].
func (m *LogisticMixture) ParametersPerElement() int {
	if m.Weights {
		return 3 * m.Components
	}
	return 2 * m.Components
}

// mean returns the mean of component j.
func (m *LogisticMixture) mean(j int, p []float64) float64 { return p[j] + m.offset(j) }

// offset returns what Spread adds to it.
func (m *LogisticMixture) offset(j int) float64 {
	if m.Spread == 0 {
		return 0
	}
	above := float64(m.Components) - float64(j) - 0.5
	return float64(m.Spread * kernels.Log64((float64(j)+0.5)/above))
}

// logSum is log Σ e^v of the values added to it, and the mean of a quantity with
// the weights e^v.
type logSum struct{ largest, sum, weighted float64 }

func newLogSum() logSum { return logSum{largest: math.Inf(-1)} }

func (s *logSum) add(v, quantity float64) {
	switch {
	case v <= s.largest:
		e := kernels.Exp64(v - s.largest)
		s.sum += e
		s.weighted += float64(e * quantity)
	case s.largest == math.Inf(-1):
		s.largest, s.sum, s.weighted = v, 1, quantity
	default:
		e := kernels.Exp64(s.largest - v)
		s.sum = float64(s.sum*e) + 1
		s.weighted = float64(s.weighted*e) + quantity
		s.largest = v
	}
}

func (s logSum) log() float64 { return s.largest + kernels.Log64(s.sum) }

func (s logSum) logMean() float64 { return kernels.Log64(s.weighted / s.sum) }

// component is one logistic density at x: t = (x − μ)/h and the logs of its
// weight, of σ(t) and σ(−t).
type component struct{ t, logScale, logWeight, left, right float64 }

// component computes component j; norm is the log of the sum of e^a.
func (m *LogisticMixture) component(j int, x float64, p []float64, norm float64) component {
	k := m.Components
	c := component{logScale: float64(m.Bound * kernels.Tanh64(p[k+j]/m.Bound)), logWeight: -norm}
	if m.Weights {
		c.logWeight += p[2*k+j]
	}
	c.t = float64((x - m.mean(j, p)) * kernels.Exp64(-c.logScale))
	c.left = -kernels.Softplus64(-c.t)
	c.right = -kernels.Softplus64(c.t)
	return c
}

// norm returns the log of the sum of e^a, or of K.
func (m *LogisticMixture) norm(p []float64) float64 {
	if !m.Weights {
		return kernels.Log64(float64(m.Components))
	}
	s := newLogSum()
	for _, a := range p[2*m.Components:] {
		s.add(a, 0)
	}
	return s.log()
}

// sums returns log F, log(1 − F) and the log of F′ divided by the smaller of
// them, which no difference of large logarithms makes inexact far out.
func (m *LogisticMixture) sums(x float64, p []float64) (left, right, rate float64) {
	norm := m.norm(p)
	l, r := newLogSum(), newLogSum()
	for j := range m.Components {
		c := m.component(j, x, p, norm)
		l.add(c.logWeight+c.left, kernels.Exp64(c.right-c.logScale))
		r.add(c.logWeight+c.right, kernels.Exp64(c.left-c.logScale))
	}
	left, right = l.log(), r.log()
	if left <= right {
		return left, right, l.logMean()
	}
	return left, right, r.logMean()
}

// out returns y and log dy/dx of what sums returns.
func (m *LogisticMixture) out(left, right, rate float64) (y, logDet float64) {
	if m.Logit {
		return left - right, rate - max(left, right)
	}
	z := kernels.NormalQuantileLog64(min(left, right))
	logDet = rate + kernels.LogMills64(-z)
	if left > right {
		z = -z
	}
	return z, logDet
}

// Forward implements [Scalar].
func (m *LogisticMixture) Forward(x float64, p []float64) (y, logDet float64) {
	return m.out(m.sums(x, p))
}

// target returns log F and log(1 − F) of the x that becomes y.
func (m *LogisticMixture) target(y float64) (left, right float64) {
	if m.Logit {
		return -kernels.Softplus64(-y), -kernels.Softplus64(y)
	}
	return kernels.LogNormalCDF64(y), kernels.LogNormalCDF64(-y)
}

// bracket returns the least and the largest x at which one of the components
// alone would have that F: the mixture has it between them.
func (m *LogisticMixture) bracket(left, right float64, p []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for j := range m.Components {
		h := kernels.Exp64(float64(m.Bound * kernels.Tanh64(p[m.Components+j]/m.Bound)))
		x := m.mean(j, p) + float64(h*(left-right))
		low, high = min(low, x), max(high, x)
	}
	return low, high
}

// Inverse implements [Scalar]: Newton's method for the log of the smaller of F
// and 1 − F, which is concave in the tails, within a bracket.
func (m *LogisticMixture) Inverse(y float64, p []float64) (x, logDet float64) {
	left, right := m.target(y)
	low, high := m.bracket(left, right, p)
	if !(low < high) { // one component, or not a number
		x = float64(0.5 * (low + high))
	} else {
		x = m.newton(left, right, low, high, p)
	}
	_, logDet = m.Forward(x, p)
	return x, -logDet
}

// mixtureSteps bounds the steps of Newton's method and of bisection, and
// mixtureTolerance is the last one's size relative to about |x|.
const (
	mixtureSteps     = 100
	mixtureTolerance = 1e-14
)

func (m *LogisticMixture) newton(left, right, low, high float64, p []float64) float64 {
	x := float64(0.5 * (low + high))
	for range mixtureSteps {
		l, r, rate := m.sums(x, p)
		density := rate + min(l, r)
		var excess, slope float64
		if left <= right {
			excess, slope = l-left, density-l
		} else {
			excess, slope = right-r, density-r
		}
		if excess > 0 {
			high = x
		} else {
			low = x
		}
		next := x - float64(excess*kernels.Exp64(-slope))
		if !(next >= low && next <= high) {
			next = float64(0.5 * (low + high))
		}
		if math.Abs(next-x) <= float64(mixtureTolerance*(math.Abs(x)+1e-3)) {
			return next
		}
		x = next
	}
	return x
}

// Backward implements [Scalar].
func (m *LogisticMixture) Backward(dp []float64, x float64, p []float64, dy, dLogDet float64) (dx float64) {
	left, right, rate := m.sums(x, p)
	y, logDet := m.out(left, right, rate)
	density := rate + min(left, right)
	// What reaches y, times dy/dx.
	g := dy + float64(dLogDet*m.logSlopeByY(y))
	pull := float64(g * kernels.Exp64(logDet))
	k, norm := m.Components, m.norm(p)
	for j := range k {
		c := m.component(j, x, p, norm)
		share := kernels.Exp64(c.logWeight + c.left + c.right - c.logScale - density)
		lean := kernels.Exp64(c.right) - kernels.Exp64(c.left) // of log F_j′, by t
		h := kernels.Exp64(c.logScale)
		dx += float64(share*lean) / h
		dp[j] = -float64(share * (pull + float64(dLogDet*lean)/h))
		bend := kernels.Tanh64(p[k+j] / m.Bound)
		dScale := -float64(share * (float64(pull*(x-m.mean(j, p))) + float64(dLogDet*(1+float64(lean*c.t)))))
		dp[k+j] = float64(dScale * (1 - float64(bend*bend)))
		if m.Weights {
			w := kernels.Exp64(c.logWeight)
			dp[2*k+j] = float64(g*m.byWeight(c, w, y, left, right, logDet-density)) + float64(dLogDet*(share-w))
		}
	}
	return pull + float64(dLogDet*dx)
}

// logSlopeByY returns the derivative by y of log dy/dF.
func (m *LogisticMixture) logSlopeByY(y float64) float64 {
	if m.Logit {
		return kernels.Tanh64(float64(0.5 * y))
	}
	return y
}

// byWeight returns dy/da of a component whose weight is w; logSlope is log
// dy/dF. Of F and 1 − F it takes the one that is small.
func (m *LogisticMixture) byWeight(c component, w, y, left, right, logSlope float64) float64 {
	if left <= right {
		return float64(kernels.Exp64(logSlope+left) * (kernels.Exp64(c.logWeight+c.left-left) - w))
	}
	return -float64(kernels.Exp64(logSlope+right) * (kernels.Exp64(c.logWeight+c.right-right) - w))
}

// Forward64 implements [Univariate].
func (m *LogisticMixture) Forward64(x float64, p []float64) (y, logDet float64) {
	return m.Forward(x, p)
}

// Inverse64 implements [Univariate].
func (m *LogisticMixture) Inverse64(y float64, p []float64) (x, logDet float64) {
	return m.Inverse(y, p)
}

// ForwardBackward64 implements [Univariate].
func (m *LogisticMixture) ForwardBackward64(dp []float64, x, _ float64, p []float64, dy, dLogDet float64) (dx float64) {
	return m.Backward(dp, x, p, dy, dLogDet)
}

// InverseBackward64 implements [Univariate].
func (m *LogisticMixture) InverseBackward64(dp []float64, x, y float64, p []float64, dx, dLogDet float64) (dy float64) {
	return Widen(m).InverseBackward64(dp, x, y, p, dx, dLogDet)
}
