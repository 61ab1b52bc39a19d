package autograd

import (
	"fmt"
	"strings"
)

// Activation is an elementwise function between the layers of a network, by its
// name. The zero value is ReLU, which linear layers compute at no cost of its
// own. Its fields are what a model file says of it.
type Activation struct {
	Name ActivationName `json:"activation,omitempty"`
	// Slope is that of LeakyReLU below 0, from 0 on; 0 for the others.
	Slope float64 `json:"slope,omitempty"`
}

// ActivationName is the name of an activation in model files.
type ActivationName string

// activations are the activations by their names, each with the version of the
// model file that has it. A new one has version 2.
var activations = []struct {
	name    ActivationName
	version int
	activation
}{
	{ReLUActivation, 1, leakyReLU}, // of slope 0
	{LeakyReLUActivation, 1, leakyReLU},
	{ELUActivation, 1, elu},
	{TanhActivation, 1, tanh},
	{SiLUActivation, 1, silu},
	{GELUActivation, 1, gelu},
	{SoftplusActivation, 1, softplus},
}

// activation computes an activation, whose slope is given to what takes one.
type activation struct {
	// at64 returns the activation of x and its derivative.
	at64 func(x, slope float64) (y, dy float64)
	// forward32 sets y, which is other memory, to the activation of x.
	forward32 func(y, x []float32, slope float32)
	// backward32 sets dx, which may be dy or d, to dy times the derivative at x,
	// where the activation is y. d and s are other memory of that size.
	backward32 func(dx, x, y, dy, d, s []float32, slope float32)
	// curve is nil for those that are not smooth.
	curve *curve
}

// curve is what the derivative of a smooth activation takes to be differentiated
// itself.
type curve struct {
	// bend64 returns the second derivative at x.
	bend64 func(x float64) float64
	// slope32 sets s to the derivative at x, where the activation is y, and bend32 b
	// to the second one, where the first is s. All are other memory, also d, for slope32
	// to work in.
	slope32 func(s, x, y, d []float32)
	bend32  func(b, x, y, s []float32)
}

// Smooth tells whether the activation has a derivative that can be
// differentiated, as velocities need it: see [Graph.ActivateSlope].
func (a Activation) Smooth() bool { return a.find() >= 0 && a.functions().curve != nil }

// SmoothActivations returns the names of those that are [Activation.Smooth].
func SmoothActivations() []ActivationName {
	var names []ActivationName
	for _, a := range activations {
		if a.curve != nil {
			names = append(names, a.name)
		}
	}
	return names
}

// Activations returns the names of all activations but ReLU, which has none.
func Activations() []ActivationName {
	var names []ActivationName
	for _, a := range activations {
		if a.name != ReLUActivation {
			names = append(names, a.name)
		}
	}
	return names
}

// find returns the place of a in activations, or -1.
func (a Activation) find() int {
	for i := range activations {
		if activations[i].name == a.Name {
			return i
		}
	}
	return -1
}

// functions returns what computes a, which Check has found right.
func (a Activation) functions() *activation { return &activations[a.find()].activation }

// FormatVersion returns the version of the model file that has the activation.
func (a Activation) FormatVersion() int {
	if i := a.find(); i >= 0 {
		return activations[i].version
	}
	return 1
}

// maxSlope bounds Activation.Slope.
const maxSlope = 1e6

// Check tells what is wrong with the activation.
func (a Activation) Check() error {
	if a.find() < 0 {
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
	y, _ := a.functions().at64(x, a.Slope)
	return y
}

// Activate returns the activation of each value.
//
// Backward: the gradient times the derivative.
func (g *Graph) Activate(x Value, a Activation) Value {
	if a.Name == ReLUActivation {
		return g.ReLU(x)
	}
	y, f := g.newValue(x.Rows, x.Cols, x.wanted()), a.functions()
	g.do.activate(y.data(), x.data(), f, a.Slope)
	if y.wanted() {
		g.recordMade(y, func() {
			dy := g.gradient(y)
			g.do.activateBackward(dy, x.data(), y.data(), dy, f, a.Slope)
			g.passOn(x, dy)
		})
	}
	return y
}

// ActivateUnits sets y, which is other memory, to the activation of x.
func (g *Graph) ActivateUnits(y, x Units, a Activation) {
	if a.Name == ReLUActivation {
		g.ReLUUnits(y, x)
		return
	}
	g.do.activate(y.data(), x.data(), a.functions(), a.Slope)
}

// ActivateUnitsBackward adds y's gradient, times the derivative, to x's.
func (g *Graph) ActivateUnitsBackward(x, y Units, a Activation) {
	if a.Name == ReLUActivation {
		g.ReLUUnitsBackward(x, y)
		return
	}
	mark := g.Mark()
	d := g.newValue(y.Count, y.lanes, false).data()
	g.do.activateBackward(d, x.data(), y.data(), y.gradient(), a.functions(), a.Slope)
	g.do.accumulate(x.gradient(), d)
	g.release(mark)
}
