package transform

import (
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// newBNAF is the map of features in the given columns with parameters.
func newBNAF(columns []int, p []float64, units ...int) (m *bnaf, prepared []float64) {
	s := &BNAFSpec{Units: units, Bound: 5, Tolerance: 1e-13}
	t := s.Build(Shape{Features: len(columns)}, 0, autograd.NewParameters(0).Root()).(*blockAutoregressive)
	t.Bind(columns, false)
	m = t.network
	prepared = make([]float64, m.Prepared())
	m.Prepare(prepared, p)
	return m, prepared
}

// TestBNAFOfWeightOne is the map whose parameters are 0: one unit of weight 1, in
// front of it and behind it, half of it and half of x.
func TestBNAFOfWeightOne(t *testing.T) {
	m, prepared := newBNAF([]int{0}, make([]float64, 7), 1)
	for _, x := range []float64{-40, -1.5, 0, 0.25, 30} {
		y, back := []float64{0}, []float64{0}
		logDet := m.Forward(y, prepared, []float64{x})
		tanh := math.Tanh(x)
		if want := 0.5*tanh + 0.5*x; math.Abs(y[0]-want) > 1e-14*(1+math.Abs(x)) {
			t.Errorf("%v becomes %v, want %v", x, y[0], want)
		}
		if want := math.Log(1 - 0.5*tanh*tanh); math.Abs(logDet-want) > 1e-14 {
			t.Errorf("the log-det at %v is %v, want %v", x, logDet, want)
		}
		if m.Inverse(back, prepared, y); math.Abs(back[0]-x) > 1e-12*(1+math.Abs(x)) {
			t.Errorf("%v comes back as %v", x, back[0])
		}
	}
}

// TestBNAFKnownAnswer is of two features of two units, the second data column
// first, computed here unit by unit.
func TestBNAFKnownAnswer(t *testing.T) {
	p := []float64{
		0.3, -0.4, // of the first feature's units
		0.5, 0.2, -0.7, 0.1, // of the second's, of the first feature and of its own
		0.1, -0.2, 0.3, 0.4, // scales
		0.2, 0.1, -0.3, 0.6, // biases
		0.25, -0.5, // the last layer
		0.9, -0.8, 0.15, 0.35,
		-0.6, 0.7,
		0.05, -0.15,
		0.8, // the gate
	}
	const x0, x1 = 0.7, -1.1 // of the features
	s := func(u float64) float64 { return math.Exp(5 * math.Tanh(u/5)) }
	// Alone, a positive weight is its scale.
	h0, h1 := math.Tanh(s(0.1)*x0+0.2), math.Tanh(s(-0.2)*x0+0.1)
	norm := func(v ...float64) (sum float64) {
		for _, v := range v {
			sum += v * v
		}
		return math.Sqrt(sum)
	}
	a, b := s(0.3)/norm(0.5, math.Exp(0.2)), s(0.4)/norm(-0.7, math.Exp(0.1))
	w2, w3 := a*math.Exp(0.2), b*math.Exp(0.1)
	h2, h3 := math.Tanh(a*0.5*x0+w2*x1-0.3), math.Tanh(-b*0.7*x0+w3*x1+0.6)
	c := s(-0.6) / norm(math.Exp(0.25), math.Exp(-0.5))
	d := s(0.7) / norm(0.9, -0.8, math.Exp(0.15), math.Exp(0.35))
	f0 := c*math.Exp(0.25)*h0 + c*math.Exp(-0.5)*h1 + 0.05
	f1 := d*0.9*h0 - d*0.8*h1 + d*math.Exp(0.15)*h2 + d*math.Exp(0.35)*h3 - 0.15
	k0 := c*math.Exp(0.25)*(1-h0*h0)*s(0.1) + c*math.Exp(-0.5)*(1-h1*h1)*s(-0.2)
	k1 := d*math.Exp(0.15)*(1-h2*h2)*w2 + d*math.Exp(0.35)*(1-h3*h3)*w3
	gate := 1 / (1 + 1/s(0.8))

	m, prepared := newBNAF([]int{1, 0}, p, 2)
	y := make([]float64, 2)
	logDet := m.Forward(y, prepared, []float64{x1, x0})
	for i, want := range []float64{gate*f1 + (1-gate)*x1, gate*f0 + (1-gate)*x0} {
		if math.Abs(y[i]-want) > 1e-13 {
			t.Errorf("column %d is %v, want %v", i, y[i], want)
		}
	}
	if want := math.Log(gate*k0+1-gate) + math.Log(gate*k1+1-gate); math.Abs(logDet-want) > 1e-13 {
		t.Errorf("the log-det is %v, want %v", logDet, want)
	}
}

// TestBNAFAllocatesNothing runs both directions and the gradient, once warm.
func TestBNAFAllocatesNothing(t *testing.T) {
	m, prepared := newBNAF([]int{0, 1, 2}, make([]float64, (&bnaf{features: 3, layers: []bnafLayer{{1, 4, 3}, {4, 1, 3}}}).size()), 4)
	x, y, v := []float64{1, -2, 3}, make([]float64, 3), make([]float64, 3)
	dp := make([]float64, m.size())
	if n := testing.AllocsPerRun(10, func() {
		m.Forward(y, prepared, x)
		m.Inverse(v, prepared, y)
		m.Backward(v, dp, prepared, x, y, 1)
		m.SolveTransposed(v, prepared, x, y)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
