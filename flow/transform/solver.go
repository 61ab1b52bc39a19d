package transform

import (
	"fmt"
	"slices"
	"strings"
)

// SolverSpec says how an ordinary differential equation is solved.
type SolverSpec struct {
	// Method is one of [Methods].
	Method string `json:"method"`
	// Steps is the number of equal steps; 0 where the steps adapt.
	Steps int `json:"steps,omitempty"`
	// Tolerance, unless 0, makes the steps adapt to each event by itself: a step's
	// estimated error is at most Tolerance·(1 + |value|), in the root mean square
	// over the event's values, and for its log-det. Only dopri5 has an estimate.
	Tolerance float64 `json:"tolerance,omitempty"`
}

// The methods, each a Runge-Kutta method, with the number of evaluations of a step.
const (
	Euler    = "euler"    // order 1, one evaluation
	Midpoint = "midpoint" // order 2, two
	RK4      = "rk4"      // order 4, four
	Dopri5   = "dopri5"   // order 5, six (Dormand and Prince, 1980)
)

// Methods are the values of [SolverSpec.Method].
var Methods = []string{Euler, Midpoint, RK4, Dopri5}

// MaxSteps bounds [SolverSpec.Steps]. Adaptive steps are 1, 1/2, 1/4, … of the
// whole way, at least 1/MaxSteps.
const (
	MaxSteps     = 1 << mostHalvings
	mostHalvings = 10
)

// MinTolerance and MaxTolerance bound [SolverSpec.Tolerance]: rounding of float32 makes smaller ones idle.
const MinTolerance, MaxTolerance = 1e-7, 1.0

// Check tells what is wrong with the description.
func (s *SolverSpec) Check() error {
	switch {
	case !slices.Contains(Methods, s.Method):
		return fmt.Errorf("the solver %q is not known; choose %s", s.Method, strings.Join(Methods, ", "))
	case s.Steps < 0 || s.Steps > MaxSteps:
		return fmt.Errorf("%d steps, want 1 to %d, or 0 with a tolerance", s.Steps, MaxSteps)
	case s.Steps == 0 && s.Tolerance == 0:
		return fmt.Errorf("the solver has neither steps nor a tolerance")
	case s.Steps > 0 && s.Tolerance != 0:
		return fmt.Errorf("the solver has both %d steps and the tolerance %v; take one", s.Steps, s.Tolerance)
	case s.Tolerance != 0 && s.Method != Dopri5:
		return fmt.Errorf("the solver %s has a tolerance, but only %s estimates its error; give it steps", s.Method, Dopri5)
	case s.Tolerance != 0 && !(s.Tolerance >= MinTolerance && s.Tolerance <= MaxTolerance):
		return fmt.Errorf("the tolerance is %v, want %v to %v", s.Tolerance, MinTolerance, MaxTolerance)
	}
	return nil
}

// tableau are the constants of a method: stage i is at c[i] of the step, of the
// stages before it by a[i]; b is the result, and e the difference from a result
// of lower order.
type tableau struct {
	c    []float64
	a    [][]float64
	b, e []float64
}

// stages returns the number of stages that the result needs.
func (t *tableau) stages() int { return len(t.b) }

// maxStages is the most of any tableau, with that of the estimate.
const maxStages = 7

var tableaus = map[string]*tableau{
	Euler:    {c: []float64{0}, a: [][]float64{nil}, b: []float64{1}},
	Midpoint: {c: []float64{0, 0.5}, a: [][]float64{nil, {0.5}}, b: []float64{0, 1}},
	RK4: {
		c: []float64{0, 0.5, 0.5, 1}, a: [][]float64{nil, {0.5}, {0, 0.5}, {0, 0, 1}},
		b: []float64{1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6},
	},
	// The seventh stage is where the next step begins.
	Dopri5: {
		c: []float64{0, 1.0 / 5, 3.0 / 10, 4.0 / 5, 8.0 / 9, 1, 1},
		a: [][]float64{
			nil,
			{1.0 / 5},
			{3.0 / 40, 9.0 / 40},
			{44.0 / 45, -56.0 / 15, 32.0 / 9},
			{19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729},
			{9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656},
			{35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84},
		},
		b: []float64{35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84},
		e: []float64{71.0 / 57600, 0, -71.0 / 16695, 71.0 / 1920, -17253.0 / 339200, 22.0 / 525, -1.0 / 40},
	},
}
