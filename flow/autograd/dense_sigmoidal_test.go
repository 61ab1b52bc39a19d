package autograd

import (
	"math"
	"slices"
	"testing"

	"github.com/seed-192fdf7a/nf/internal/random"
)

// near tells whether got is want, relative to 1 + |want|.
func near(got, want, tolerance float64) bool {
	return got == want || math.Abs(got-want) <= tolerance*(1+math.Abs(want))
}

func denseParameters(m *DenseSigmoidal, index uint64, size float32) []float64 {
	narrow := make([]float32, m.ParametersPerElement())
	random.Uniform(narrow, 5, random.Initialization, index, size)
	p := make([]float64, len(narrow))
	for i, v := range narrow {
		p[i] = float64(v)
	}
	return p
}

// TestOneDenseLayerIsAMixture holds one layer of sigmoids against the mixture of the
// same parameters, both ways and in its gradients.
func TestOneDenseLayerIsAMixture(t *testing.T) {
	for _, h := range []int{1, 4} {
		m := &DenseSigmoidal{Hidden: h, Layers: 1, Bound: 3, Spread: 0.5, Tolerance: 1e-14}
		mixture := &LogisticMixture{Components: h, Bound: 3, Weights: true, Logit: true, Spread: 0.5}
		p := denseParameters(m, 0, 2)
		dp, dq := make([]float64, len(p)), make([]float64, len(p))
		for _, x := range []float64{-1e6, -300, -4, -0.3, 0, 1, 7, 500, 1e9} {
			y, l := m.Forward(x, p)
			want, wantLog := mixture.Forward(x, p)
			if !near(y, want, 1e-13) || !near(l, wantLog, 1e-12) {
				t.Errorf("%d sigmoids: %v becomes %v with log-det %v, of the mixture %v, %v", h, x, y, l, want, wantLog)
			}
			back, _ := m.Inverse(y, p)
			if !near(back, x, 1e-11) {
				t.Errorf("%d sigmoids: %v comes back as %v", h, x, back)
			}
			dx := m.Backward(dp, x, p, 0.7, -1.3)
			wantX := mixture.Backward(dq, x, p, 0.7, -1.3)
			if !near(dx, wantX, 1e-9) {
				t.Errorf("%d sigmoids: the gradient of %v is %v, of the mixture %v", h, x, dx, wantX)
			}
			for i, d := range dp {
				if !near(d, dq[i], 1e-9) {
					t.Errorf("%d sigmoids: at %v the gradient of parameter %d is %v, of the mixture %v", h, x, i, d, dq[i])
				}
			}
		}
	}
}

// TestOneDenseUnitIsAffine: σ⁻¹(σ(v)) is v, in every layer.
func TestOneDenseUnitIsAffine(t *testing.T) {
	m := &DenseSigmoidal{Hidden: 1, Layers: 3, Bound: 2, Tolerance: 1e-14}
	p := denseParameters(m, 1, 1.5)
	shift, slope := 0.0, 1.0
	for l := range m.Layers {
		q := m.layer(p, l)
		scale := math.Exp(-2 * math.Tanh(q.raw[0]/2))
		shift, slope = (shift-q.mean[0])*scale, slope*scale
	}
	for _, x := range []float64{-1e30, -1e4, -3, 0, 0.2, 50, 1e12} {
		y, l := m.Forward(x, p)
		back, k := m.Inverse(y, p)
		if !near(y, slope*x+shift, 1e-13) || !near(l, math.Log(slope), 1e-13) || !near(back, x, 1e-12) || !near(k, -math.Log(slope), 1e-13) {
			t.Errorf("%v becomes %v with log-det %v and comes back as %v with %v, want %v and %v", x, y, l, back, k, slope*x+shift, math.Log(slope))
		}
	}
}

// TestDenseSigmoidalOfUniformWeights: where all units of a layer are alike, so are
// softmax's weights, and the map is affine whatever the weights; with parameters of zero it is the identity.
func TestDenseSigmoidalOfUniformWeights(t *testing.T) {
	m := &DenseSigmoidal{Hidden: 5, Layers: 3, Bound: 2, Diagonal: 2, Tolerance: 1e-14}
	p := denseParameters(m, 2, 2)
	for l := range m.Layers {
		q := m.layer(p, l)
		clear(q.mean)
		clear(q.raw)
	}
	for _, x := range []float64{-1e4, -3, 0, 0.2, 50} {
		if y, l := m.Forward(x, p); !near(y, x, 1e-13) || math.Abs(l) > 1e-13 {
			t.Errorf("%v becomes %v with log-det %v, want itself and 0", x, y, l)
		}
	}
}

// TestDenseSigmoidalTails goes far out, where only the least steep or the steepest
// path through the layers counts, and across a gap so wide that σ is 0 and 1 in
// float64 there: the slope never vanishes, and is that of the line or what differences say.
func TestDenseSigmoidalTails(t *testing.T) {
	m := &DenseSigmoidal{Hidden: 3, Layers: 2, Bound: 3, Tolerance: 1e-14}
	p := denseParameters(m, 3, 2)
	first := m.layer(p, 0)
	first.mean[0], first.mean[2] = -4000, 4000
	// Weights that softmax makes 0 in float64.
	first.w[0], first.w[4], first.w[8] = 900, -900, 900
	// Far out y is a line: of the widest unit, in each layer.
	slope := 0.0
	for l := range m.Layers {
		q, largest := m.layer(p, l), math.Inf(-1)
		for _, raw := range q.raw {
			largest = max(largest, float64(3*math.Tanh(raw/3)))
		}
		slope -= largest
	}
	for _, x := range []float64{-1e30, -1e12, 1e12, 1e30} {
		if _, l := m.Forward(x, p); !near(l, slope, 1e-12) {
			t.Errorf("at %v the log-det is %v, want that of the line, %v", x, l, slope)
		}
	}
	before := math.Inf(-1)
	for x := -9000.0; x <= 9000; x += 37 {
		y, l := m.Forward(x, p)
		const step = 1e-3
		above, _ := m.Forward(x+step, p)
		below, _ := m.Forward(x-step, p)
		if !(y >= before) || math.IsInf(l, 0) || l != l || math.Exp(l) > 1e-6 && math.Abs((above-below)/(2*step*math.Exp(l))-1) > 1e-3+1e-9*math.Abs(y)/math.Exp(l) {
			t.Fatalf("%v becomes %v after %v with log-det %v, differences say %v", x, y, before, l, math.Log((above-below)/(2*step)))
		}
		before = y
	}
}

// TestDenseSigmoidalGradients holds the gradients of deep maps against central
// differences.
func TestDenseSigmoidalGradients(t *testing.T) {
	for _, m := range []*DenseSigmoidal{
		{Hidden: 3, Layers: 2, Bound: 3, Tolerance: 1e-14},
		{Hidden: 2, Layers: 4, Bound: 1, Spread: 1, Diagonal: 0.7, Tolerance: 1e-14},
	} {
		p := denseParameters(m, 4, 1.5)
		dp := make([]float64, len(p))
		for _, x := range []float64{-8, -0.4, 2.5, 9} {
			loss := func(x float64) float64 {
				y, l := m.Forward(x, p)
				return 0.8*y - 1.1*l
			}
			const step = 1e-5
			dx := m.Backward(dp, x, p, 0.8, -1.1)
			if want := (loss(x+step) - loss(x-step)) / (2 * step); !near(dx, want, 1e-7) {
				t.Errorf("%+v: the gradient of %v is %v, differences say %v", m, x, dx, want)
			}
			for i, v := range slices.Clone(p) {
				p[i] = v + step
				above := loss(x)
				p[i] = v - step
				want := (above - loss(x)) / (2 * step)
				p[i] = v
				if !near(dp[i], want, 1e-7) {
					t.Errorf("%+v at %v: the gradient of parameter %d is %v, differences say %v", m, x, i, dp[i], want)
				}
			}
		}
	}
}

// TestDenseSigmoidalCheck refuses constants that are none.
func TestDenseSigmoidalCheck(t *testing.T) {
	good := DenseSigmoidal{Hidden: 4, Layers: 2, Bound: 5, Spread: 1, Tolerance: 1e-12}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for i, change := range []func(*DenseSigmoidal){
		func(m *DenseSigmoidal) { m.Hidden = 0 },
		func(m *DenseSigmoidal) { m.Hidden = 1 << 40 },
		func(m *DenseSigmoidal) { m.Hidden, m.Layers = 1024, 2 },
		func(m *DenseSigmoidal) { m.Layers = 0 },
		func(m *DenseSigmoidal) { m.Layers = 9 },
		func(m *DenseSigmoidal) { m.Layers = math.MinInt },
		func(m *DenseSigmoidal) { m.Bound = 0 },
		func(m *DenseSigmoidal) { m.Bound = 21 },
		func(m *DenseSigmoidal) { m.Bound = math.NaN() },
		func(m *DenseSigmoidal) { m.Spread = -1 },
		func(m *DenseSigmoidal) { m.Spread = math.Inf(1) },
		func(m *DenseSigmoidal) { m.Diagonal = -1 },
		func(m *DenseSigmoidal) { m.Diagonal = math.NaN() },
		func(m *DenseSigmoidal) { m.Tolerance = 0 },
		func(m *DenseSigmoidal) { m.Tolerance = 1 },
	} {
		m := good
		change(&m)
		if m.Check() == nil {
			t.Errorf("case %d: %+v is taken", i, m)
		}
	}
}
