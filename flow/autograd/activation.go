package autograd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-192fdf7a/nf/kernels"
)

// Activation is an elementwise function between the layers of a network, by its
// name. The zero value is ReLU, which linear layers compute at no cost of its
// own.
type Activation struct {
	Name ActivationName
	// Slope is that of LeakyReLU below 0, from 0 on; 0 for the others.
	Slope float64
}

// ActivationName is the name of an activation in model files.
type ActivationName string

// The activations.
const (
	ReLUActivation      ActivationName = ""           // max(x, 0)
	LeakyReLUActivation ActivationName = "leaky-relu" // x, below 0 slope·x (Maas, Hannun and Ng, 2013)
	ELUActivation       ActivationName = "elu"        // x, below 0 eˣ − 1 (Clevert, Unterthiner and Hochreiter, 2016)
	TanhActivation      ActivationName = "tanh"       // tanh x
	SiLUActivation      ActivationName = "silu"       // x·σ(x) (Hendrycks and Gimpel, 2016)
	GELUActivation      ActivationName = "gelu"       // x·Φ(x), Φ the normal CDF (Hendrycks and Gimpel, 2016)
	SoftplusActivation  ActivationName = "softplus"   // log(1 + eˣ)
)

// Activations returns the names of all activations but ReLU, which has none.
func Activations() []ActivationName {
	return []ActivationName{LeakyReLUActivation, ELUActivation, TanhActivation, SiLUActivation, GELUActivation, SoftplusActivation}
}

// maxSlope bounds Activation.Slope.
const maxSlope = 1e6

// Check tells what is wrong with the activation.
func (a Activation) Check() error {
	if a.Name != ReLUActivation && !slices.Contains(Activations(), a.Name) {
		var names []string
		for _, n := range Activations() {
			names = append(names, string(n))
		}
		return fmt.Errorf("activation %q is not known to this version, which knows %s; ReLU has no name", a.Name, strings.Join(names, ", "))
	}
	if a.Name != LeakyReLUActivation && a.Slope != 0 {
		return fmt.Errorf("the slope is %v, but only %s has one", a.Slope, LeakyReLUActivation)
	}
	if !(a.Slope >= 0 && a.Slope <= maxSlope && Holds(a.Slope)) {
		return fmt.Errorf("the slope is %v, want 0 to %v, and 0 or what float32 holds", a.Slope, float64(maxSlope))
	}
	return nil
}

// Value64 returns the activation of x in float64.
func (a Activation) Value64(x float64) float64 {
	y, _ := a.at64(x)
	return y
}

// at64 returns the activation of x and its derivative.
func (a Activation) at64(x float64) (y, slope float64) {
	switch a.Name {
	case TanhActivation:
		y = kernels.Tanh64(x)
		return y, 1 - float64(y*y)
	case SiLUActivation:
		s := kernels.Sigmoid64(x)
		return float64(x * s), s + float64(float64(x*s)*kernels.Sigmoid64(-x))
	case SoftplusActivation:
		return kernels.Softplus64(x), kernels.Sigmoid64(x)
	case GELUActivation:
		cdf, density := normal64(x)
		return float64(x * cdf), cdf + float64(x*density)
	}
	switch {
	case x > 0:
		return x, 1
	case a.Name == ELUActivation:
		e := kernels.Exp64(x)
		return e - 1, e
	}
	return float64(x * a.Slope), a.Slope
}

// normal64 returns the standard normal's CDF, to about 1e-16, and density. The
// series ½ + φ(x)·Σ x²ⁿ⁺¹/(2n+1)!! has no cancellation (Marsaglia, 2004).
func normal64(x float64) (cdf, density float64) {
	const inverseRootTwoPi = 0.39894228040143267793994605993438
	if x > 9 || x < -9 {
		if x > 0 {
			return 1, 0
		}
		return 0, 0
	}
	density = inverseRootTwoPi * kernels.Exp64(float64(-0.5*x)*x)
	term, sum := x, x
	for k := 3.0; sum+term != sum || k == 3; k += 2 {
		term = float64(term*float64(x*x)) / k
		sum += term
	}
	return 0.5 + float64(density*sum), density
}

// forward32 sets y to the activation of x, which is other memory.
func (a Activation) forward32(y, x []float32) {
	switch a.Name {
	case TanhActivation:
		kernels.Tanh(y, x)
	case SiLUActivation:
		kernels.SiLU(y, x)
	case SoftplusActivation:
		kernels.Softplus(y, x)
	case GELUActivation:
		kernels.GELU(y, x)
	case ELUActivation:
		kernels.Expm1(y, x)
		for i, v := range x {
			if v > 0 {
				y[i] = v
			}
		}
	case LeakyReLUActivation:
		kernels.LeakyReLU(y, x, float32(a.Slope))
	default:
		kernels.ReLU(y, x)
	}
}

// backward32 sets dx, which may be dy or d, to dy times the derivative at x,
// where the activation is y. d and s are other memory of that size.
func (a Activation) backward32(dx, x, y, dy, d, s []float32) {
	switch a.Name {
	case LeakyReLUActivation:
		kernels.LeakyReLUBackward(dx, y, dy, float32(a.Slope))
		return
	case SiLUActivation:
		kernels.SiLUBackward(dx, x, dy)
		return
	}
	a.slopes32(d, x, y, s)
	for i, slope := range d {
		dx[i] = float32(dy[i] * slope)
	}
}

// slopes32 sets d to the derivative at x, where the activation is y, of the
// activations that have no kernel for it. s is other memory of that size.
func (a Activation) slopes32(d, x, y, s []float32) {
	switch a.Name {
	case TanhActivation:
		for i, v := range y {
			d[i] = 1 - float32(v*v)
		}
	case SoftplusActivation:
		kernels.Sigmoid(d, x)
	case GELUActivation:
		const inverseRootTwoPi = 0.3989422804014327
		for i, v := range x {
			d[i] = float32(-0.5*v) * v
		}
		kernels.Exp(d, d)
		kernels.NormalCDF(s, x)
		for i, v := range x {
			d[i] = s[i] + float32(float32(inverseRootTwoPi*d[i])*v)
		}
	case ELUActivation:
		for i, v := range y {
			d[i] = 1
			if !(v > 0) {
				d[i] = v + 1
			}
		}
	}
}

// Activate returns the activation of each value.
//
// Backward: the gradient times the derivative.
func (g *Graph) Activate(x Value, a Activation) Value {
	if a.Name == ReLUActivation {
		return g.ReLU(x)
	}
	y := g.newValue(x.Rows, x.Cols, x.wanted())
	if g.Float64() {
		xs, stride := x.rows64()
		for r := range y.Rows {
			for c, v := range xs[r*stride:][:y.Cols] {
				y.node.data64[r*y.Cols+c] = a.Value64(v)
			}
		}
	} else {
		for r := range y.Rows {
			a.forward32(y.Row32(r), x.Row32(r))
		}
	}
	if y.wanted() {
		g.tape = append(g.tape, func() {
			if y.untouched() {
				return
			}
			g.scaleBySlopes(x, y, a)
			g.addBlock(x, y, 0)
		})
	}
	return y
}

// scaleBySlopes multiplies the gradient of y by the derivative at x.
func (g *Graph) scaleBySlopes(x, y Value, a Activation) {
	if g.Float64() {
		xs, stride := x.rows64()
		for r := range y.Rows {
			for c, v := range xs[r*stride:][:y.Cols] {
				_, slope := a.at64(v)
				y.node.grad64[r*y.Cols+c] *= slope
			}
		}
		return
	}
	d, s := g.floats.take(y.Cols), g.floats.take(y.Cols)
	for r := range y.Rows {
		dy := y.node.grad32[r*y.Cols:][:y.Cols]
		a.backward32(dy, x.Row32(r), y.Row32(r), dy, d, s)
	}
}

// ActivateUnits sets y, which is other memory, to the activation of x.
func (g *Graph) ActivateUnits(y, x Units, a Activation) {
	if a.Name == ReLUActivation {
		g.ReLUUnits(y, x)
		return
	}
	if g.Float64() {
		for i, v := range x.data64 {
			y.data64[i] = a.Value64(v)
		}
		return
	}
	a.forward32(y.data32, x.data32)
}

// ActivateUnitsBackward adds y's gradient, times the derivative, to x's.
func (g *Graph) ActivateUnitsBackward(x, y Units, a Activation) {
	if a.Name == ReLUActivation {
		g.ReLUUnitsBackward(x, y)
		return
	}
	if g.Float64() {
		for i, v := range x.data64 {
			_, slope := a.at64(v)
			x.grad64[i] += float64(y.grad64[i] * slope)
		}
		return
	}
	mark := g.floats.mark()
	d, s := g.floats.take(len(x.data32)), g.floats.take(len(x.data32))
	a.backward32(d, x.data32, y.data32, y.grad32, d, s)
	kernels.Add(x.grad32, x.grad32, d)
	g.floats.release(mark)
}
