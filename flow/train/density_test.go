package train

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
)

// quick are options that fit an affine flow in a moment.
func quick() DensityOptions {
	o := DensityDefaults()
	o.Epochs, o.Steps, o.Batch, o.Normal, o.Validation, o.Diagnostics, o.BLAS = 4, 30, 64, 30, 512, 2000, blas.Builtin()
	return o
}

// fullRank is an IAF of two columns with a full-rank map.
func fullRank(t *testing.T, intervals ...flow.Interval) *flow.Flow {
	t.Helper()
	c, err := flow.IAF([]string{"a", "b"}, nil, flow.Options{Layers: 2, Hidden: []int{8}})
	if err == nil {
		err = errors.Join(c.SetFullRank(), c.SetSupport(intervals...))
	}
	if err != nil {
		t.Fatal(err)
	}
	if c.SetFullRank() == nil {
		t.Error("a second full-rank map is taken")
	}
	f, err := flow.New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// behind returns the density of exp(x_0) and of 2 + 3/(1+exp(−x_1)), x of a
// density.
func behind(of LogDensity) LogDensity {
	return func(logProb, grad, y []float64) {
		x, slope, second := make([]float64, len(y)), make([]float64, len(y)), make([]float64, len(y))
		for i, v := range y {
			if i%2 == 0 {
				x[i], slope[i], second[i] = math.Log(v), 1/v, -1/v
			} else {
				p, q := (v-2)/3, (5-v)/3
				x[i], slope[i], second[i] = math.Log(p/q), 1/(3*p*q), (p-q)/(3*p*q)
			}
		}
		of(logProb, grad, x)
		for i := range x {
			logProb[i/2] += math.Log(slope[i])
			if grad != nil {
				grad[i] = grad[i]*slope[i] + second[i]
			}
		}
	}
}

// TestFitDensity finds a normal, as it is and behind maps from intervals, the
// same with any workers; the evidence is known.
func TestFitDensity(t *testing.T) {
	support := []flow.Interval{{Column: "a", Lower: 0, Upper: math.Inf(1)}, {Column: "b", Lower: 2, Upper: 5}}
	for _, c := range []struct {
		name      string
		target    LogDensity
		intervals []flow.Interval
		mean, std []float64
	}{
		{"a normal", normalTarget, nil, []float64{1, -2}, []float64{0.5, 2}},
		{"behind supports", behind(normalTarget), support, []float64{math.Exp(1.125), math.NaN()}, []float64{math.NaN(), math.NaN()}},
	} {
		var first []float32
		for _, workers := range []int{1, 3} {
			f, o := fullRank(t, c.intervals...), quick()
			o.Workers = workers
			r, err := FitDensity(context.Background(), f, c.target, o)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if math.Abs(r.ELBO-3) > 2e-3 || math.Abs(r.LogEvidence-3) > 1e-3 || r.ESS < 1990 || r.Warning() != "" || !strings.Contains(r.String(), "log_evidence") {
				t.Errorf("%s: the evidence is e³, got\n%v", c.name, r)
			}
			for i, m := range r.Moments {
				if math.Abs(m.Mean-c.mean[i]) > 0.1*m.Std || math.Abs(m.WeightedMean-c.mean[i]) > 0.1*m.Std || math.Abs(m.Std-c.std[i]) > 0.1*m.Std {
					t.Errorf("%s: column %s is %+v, want %v ± %v", c.name, m.Name, m, c.mean[i], c.std[i])
				}
			}
			if values := slices.Clone(f.Model().Parameters().Values()); first == nil {
				first = values
			} else if !slices.Equal(first, values) {
				t.Errorf("%s: the number of workers changes the values", c.name)
			}
		}
	}
}

// TestFitDensityAtTheOptimum begins at the target: that nothing is better is no
// error, and the values stay.
func TestFitDensityAtTheOptimum(t *testing.T) {
	f, o := density(t, &base.StandardNormalSpec{}, 0), quick()
	r, err := FitDensity(context.Background(), f, f, o)
	if err != nil || r.BestEpoch != 0 || math.Abs(r.ELBO) > 1e-6 || !math.IsInf(r.Shape, -1) && r.Shape > maxShape {
		t.Errorf("fitted to itself: %+v, %v", r, err)
	}
}

// diagonal is N(0, s²) in both columns.
func diagonal(s float64) LogDensity {
	return func(logProb, grad, x []float64) {
		for i := range logProb {
			logProb[i] = -math.Log(2*math.Pi) - 2*math.Log(s) - (x[2*i]*x[2*i]+x[2*i+1]*x[2*i+1])/(2*s*s)
			for c := range 2 {
				if grad != nil {
					grad[2*i+c] = -x[2*i+c] / (s * s)
				}
			}
		}
	}
}

// TestDiagnose compares N(0, 1) with N(0, s²) in two columns, for which all
// is known: w has the tail of shape 1 − 1/s².
func TestDiagnose(t *testing.T) {
	f, err := flow.New(flow.Config{Features: []string{"a", "b"}, Base: &base.StandardNormalSpec{}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	const n = 20000
	for _, s := range []float64{0.7, 1.2, 3} {
		d, err := Diagnose(f, diagonal(s), n, 1, 2)
		if err != nil {
			t.Fatal(err)
		}
		elbo := 2 * (0.5 - math.Log(s) - 1/(2*s*s))
		if math.Abs(d.ELBO-elbo) > 5*d.ELBOError {
			t.Errorf("s = %v: the ELBO is %v ± %v, want %v", s, d.ELBO, d.ELBOError, elbo)
		}
		if s == 3 {
			if d.Shape < 0.75 || !strings.Contains(d.Warning(), "k̂") {
				t.Errorf("s = %v: k̂ is %v, want about %v, and a warning: %q", s, d.Shape, 1-1/(s*s), d.Warning())
			}
			continue
		}
		if math.Abs(d.LogEvidence) > 5*d.LogEvidenceError {
			t.Errorf("s = %v: the log evidence is %v ± %v, want 0", s, d.LogEvidence, d.LogEvidenceError)
		}
		if want := s * s * (2 - s*s); math.Abs(d.ESS/n-want) > 0.05 {
			t.Errorf("s = %v: the effective part of the draws is %v, want %v", s, d.ESS/n, want)
		}
		if d.Warning() != "" || s > 1 && math.Abs(d.Shape-(1-1/(s*s))) > 0.15 {
			t.Errorf("s = %v: k̂ is %v, want about %v and no warning: %q", s, d.Shape, 1-1/(s*s), d.Warning())
		}
		for _, m := range d.Moments {
			if math.Abs(m.Mean) > 0.05 || math.Abs(m.Std-1) > 0.05 || math.Abs(m.WeightedMean) > 0.05 || math.Abs(m.WeightedStd-s) > 0.05 {
				t.Errorf("s = %v: moments %+v", s, m)
			}
		}
	}
}

// TestDiagnoseOutside counts draws where the target is zero.
func TestDiagnoseOutside(t *testing.T) {
	f := density(t, &base.StandardNormalSpec{}, 0)
	for _, c := range []struct {
		value float64
		want  string
	}{{math.Inf(-1), "is zero at"}, {math.NaN(), "a="}, {math.Inf(1), "a="}} {
		d, err := Diagnose(f, LogDensity(func(logProb, grad, x []float64) {
			normalTarget(logProb, grad, x)
			for i := range logProb {
				if x[2*i] < 0 {
					logProb[i] = c.value
				}
			}
		}), 1000, 1, 1)
		message := d.Warning()
		var bad *TargetError
		if errors.As(err, &bad) {
			message = err.Error()
		} else if err != nil || d.Outside < 100 || d.Outside > 400 || !math.IsInf(d.ELBO, -1) || d.LogEvidence > 3 {
			t.Errorf("%v: %+v, %v", c.value, d, err)
		}
		if !strings.Contains(message, c.want) {
			t.Errorf("%v: message %q, want one with %q", c.value, message, c.want)
		}
	}
	if d, err := Diagnose(f, LogDensity(func(logProb, _, _ []float64) {
		for i := range logProb {
			logProb[i] = math.Inf(-1)
		}
	}), 100, 1, 1); err != nil || d.Outside != 100 || d.Warning() == "" {
		t.Errorf("a target of zero: %+v, %v", d, err)
	}
}

// TestFitPareto fits the quantiles of distributions of known shapes.
func TestFitPareto(t *testing.T) {
	for _, shape := range []float64{-0.5, 0, 0.3, 0.9} {
		const n, scale = 2000, 2.5
		x := make([]float64, n)
		for i := range x {
			x[i] = paretoQuantile((float64(i)+0.5)/n, shape, scale)
		}
		k, s := fitPareto(x)
		want := (shape*n + 5) / (n + 10) // drawn towards 1/2
		if math.Abs(k-want) > 0.02 || math.Abs(s-scale) > 0.05 {
			t.Errorf("shape %v, scale %v: fitted %v and %v", shape, float64(scale), k, s)
		}
	}
}

func TestSmoothWeights(t *testing.T) {
	if k := smoothWeights(make([]float64, 20)); !math.IsInf(k, 1) {
		t.Errorf("of 20 weights the shape is %v, want none", k)
	}
	if k := smoothWeights(make([]float64, 1000)); !math.IsInf(k, -1) {
		t.Errorf("of equal weights the shape is %v", k)
	}
	logW := make([]float64, 1000)
	for i := range logW {
		logW[i] = 2 * float64((i*7919)%1000) / 1000
	}
	largest := slices.Max(logW)
	smoothWeights(logW)
	if slices.Max(logW) > largest {
		t.Errorf("a smoothed weight is above the largest")
	}
}

// TestFitDensityTroubles names what is wrong.
func TestFitDensityTroubles(t *testing.T) {
	conditional, err := flow.New(flow.Config{Features: []string{"a"}, Context: []string{"c"}, Base: &base.StandardNormalSpec{}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	positive := LogDensity(func(logProb, grad, x []float64) {
		normalTarget(logProb, grad, x)
		for i := range logProb {
			logProb[i] = math.Log(-1 - x[2*i]*x[2*i])
		}
	})
	for _, c := range []struct {
		change func(o *DensityOptions)
		f      *flow.Flow
		target Target
		want   string
	}{
		{func(o *DensityOptions) { o.Noise = 1 }, fullRank(t), LogDensity(normalTarget), "noise"},
		{func(o *DensityOptions) { o.Steps = 0 }, fullRank(t), LogDensity(normalTarget), "steps"},
		{func(o *DensityOptions) { o.NormalRate = 0 }, fullRank(t), LogDensity(normalTarget), "rate"},
		{func(o *DensityOptions) { o.Diagnostics = 0 }, fullRank(t), LogDensity(normalTarget), "diagnostics"},
		{func(o *DensityOptions) { o.Alpha = -1 }, fullRank(t), LogDensity(normalTarget), "alpha"},
		{func(*DensityOptions) {}, conditional, LogDensity(normalTarget), "ReverseKL"},
		{func(*DensityOptions) {}, fullRank(t), positive, "not a number: a="},
	} {
		o := quick()
		c.change(&o)
		if _, err := FitDensity(context.Background(), c.f, c.target, o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := FitDensity(ctx, fullRank(t), LogDensity(normalTarget), quick()); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancelling: %v", err)
	}
}
