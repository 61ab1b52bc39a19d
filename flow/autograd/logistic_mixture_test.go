package autograd

import (
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// TestLogisticMixtureKnownAnswers is of one component at 0 of width 1; z and
// log dz/dx are those of scipy's ndtri_exp.
func TestLogisticMixtureKnownAnswers(t *testing.T) {
	m := &LogisticMixture{Components: 1, Bound: 1}
	params := kernels.Matrix{Data: []float32{0, 0}, Rows: 1, Cols: 2}
	for _, c := range []struct{ x, z, logDet float64 }{
		{0, 0, -0.467355828},
		{-1, -0.616017693, -0.517845943},
		{-10, -3.913957197, -1.421621795},
		{-40, -8.592675718, -2.164023465},
		{-80, -12.374088191, -2.522032185},
	} {
		for _, sign := range []float64{1, -1} {
			z, l := m.Forward(sign*c.x, []float64{0, 0})
			if math.Abs(z-sign*c.z) > 1e-8 || math.Abs(l-c.logDet) > 1e-8 {
				t.Errorf("%v becomes %v with log-det %v, want %v and %v", sign*c.x, z, l, sign*c.z, c.logDet)
			}
			x := []float32{float32(sign * c.x)}
			y, logDet := make([]float32, 1), make([]float32, 1)
			m.Forward32(kernels.Dense(y, 1, 1), kernels.Dense(x, 1, 1), params, logDet)
			if math.Abs(float64(y[0])-sign*c.z) > 2e-6 || math.Abs(float64(logDet[0])-c.logDet) > 2e-5 {
				t.Errorf("float32: %v becomes %v with log-det %v, want %v and %v", x[0], y[0], logDet[0], sign*c.z, c.logDet)
			}
		}
	}
}

// mixtureCase is a mixture with parameters for rows of cols values, or the same
// for all rows, and values that reach into both tails.
func mixtureCase(m *LogisticMixture, rows, cols int, broadcast bool) (x, params kernels.Matrix) {
	per := m.ParametersPerElement() * cols
	p := make([]float32, rows*per)
	random.Uniform(p, 3, random.Initialization, 0, 2)
	params = kernels.Dense(p, rows, per)
	if broadcast {
		params.Stride = 0
	}
	v := make([]float32, rows*cols)
	random.Uniform(v, 4, random.Initialization, 0, 5)
	for i := range v {
		if i%7 == 3 {
			v[i] *= 30
		}
	}
	v[0], v[len(v)-1] = -3e4, 1e20
	return kernels.Dense(v, rows, cols), params
}

var mixtures = []*LogisticMixture{
	{Components: 1, Bound: 2},
	{Components: 7, Bound: 2},
	{Components: 7, Bound: 2, Weights: true},
	{Components: 5, Bound: 1, Logit: true},
	{Components: 5, Bound: 1, Logit: true, Weights: true, Spread: 1},
}

// TestLogisticMixtureRowsAlone computes rows one by one and all together: the
// bits are the same, of both directions and their gradients.
func TestLogisticMixtureRowsAlone(t *testing.T) {
	for _, m := range mixtures {
		for _, broadcast := range []bool{false, true} {
			const rows, cols = 150, 5
			x, params := mixtureCase(m, rows, cols, broadcast)
			per := m.ParametersPerElement() * cols
			y, back, dx, dy := kernels.Dense(make([]float32, rows*cols), rows, cols), kernels.Dense(make([]float32, rows*cols), rows, cols),
				kernels.Dense(make([]float32, rows*cols), rows, cols), kernels.Dense(make([]float32, rows*cols), rows, cols)
			dp, dq := kernels.Dense(make([]float32, rows*per), rows, per), kernels.Dense(make([]float32, rows*per), rows, per)
			l, k, d := make([]float32, rows), make([]float32, rows), make([]float32, rows)
			random.Uniform(d, 5, random.Initialization, 0, 1)
			run := func(from, to int) {
				p := params
				if !broadcast {
					p = params.Slice(from, to)
				}
				p.Rows = to - from
				m.Forward32(y.Slice(from, to), x.Slice(from, to), p, l[from:to])
				m.Inverse32(back.Slice(from, to), y.Slice(from, to), p, k[from:to])
				m.ForwardBackward32(dx.Slice(from, to), dp.Slice(from, to), x.Slice(from, to), y.Slice(from, to), p, x.Slice(from, to), d[from:to])
				m.InverseBackward32(dy.Slice(from, to), dq.Slice(from, to), x.Slice(from, to), y.Slice(from, to), p, x.Slice(from, to), d[from:to])
			}
			results := func() []float32 {
				var out []float32
				for _, s := range [][]float32{y.Data, back.Data, dx.Data, dy.Data, dp.Data, dq.Data, l, k} {
					out = append(out, s...)
				}
				return out
			}
			run(0, rows)
			want := results()
			for r := range rows {
				run(r, r+1)
			}
			for i, v := range results() {
				if math.Float32bits(v) != math.Float32bits(want[i]) {
					t.Fatalf("%+v broadcast=%v: result %d is %v alone, %v in a batch", m, broadcast, i, v, want[i])
				}
			}
			for i, v := range back.Data {
				// In a tail and in a gap y tells x less well.
				if e := math.Abs(float64(v - x.Data[i])); e > 1e-3*(1+math.Abs(float64(x.Data[i]))) {
					t.Errorf("%+v: %v comes back as %v", m, x.Data[i], v)
				}
			}
		}
	}
}

// TestLogisticMixtureIsMonotone walks through a mixture from one tail to the
// other, across what float32 computes in logarithms: y never falls, its steps
// are those of the slope, and at infinity and NaN nothing hangs.
func TestLogisticMixtureIsMonotone(t *testing.T) {
	for _, m := range mixtures {
		_, params := mixtureCase(m, 1, 1, true)
		const n = 4001
		x, y, l := make([]float32, n), make([]float32, n), make([]float32, n)
		for i := range x {
			x[i] = float32(i-n/2) / 8
		}
		params.Rows = n
		m.Forward32(kernels.Dense(y, n, 1), kernels.Dense(x, n, 1), params, l)
		for i := 1; i < n; i++ {
			rise := float64(y[i] - y[i-1])
			between := math.Exp(0.5*float64(l[i]+l[i-1])) / 8
			if !(rise >= 0) || math.Abs(rise-between) > 0.1*between+2e-5*(1+math.Abs(float64(y[i]))) {
				t.Fatalf("%+v: from %v to %v y rises from %v to %v, by its slope %v", m, x[i-1], x[i], y[i-1], y[i], between)
			}
		}
		special := []float32{float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), math.MaxFloat32}
		v := append([]float32(nil), special...)
		params.Rows = len(v)
		m.Inverse32(kernels.Dense(v, len(v), 1), kernels.Dense(v, len(v), 1), params, l[:len(v)])
		if !math.IsInf(float64(v[0]), 1) || !math.IsInf(float64(v[1]), -1) || v[2] == v[2] {
			t.Errorf("%+v: %v come back as %v", m, special, v)
		}
		m.Forward32(kernels.Dense(special, len(special), 1), kernels.Dense(special, len(special), 1), params, l[:len(v)])
	}
}
