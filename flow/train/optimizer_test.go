package train

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// three returns parameters of three values, the last of them frozen.
func three() *autograd.Parameters {
	p := autograd.NewParameters(0)
	p.Root().New("learned", 1, 2)
	p.Root().New("running", 1, 1).Frozen = true
	copy(p.Values(), []float32{1, -2, 5})
	return p
}

// TestOptimizerSteps compares three steps with the formulas in float64.
func TestOptimizerSteps(t *testing.T) {
	gradients := [][]float64{{0.5, -3, 0}, {-1, 0.25, 0}, {0.125, 2, 0}}
	const rate, scale, decay = 0.1, 0.5, 0.3
	for _, name := range []string{Adam, AdamW, Adamax} {
		o := Options{Optimizer: name, Workers: 1}
		if name == AdamW {
			o.WeightDecay = decay
		}
		p := three()
		a := newOptimizer(p, o)
		want, m, v := []float64{1, -2, 5}, make([]float64, 3), make([]float64, 3)
		for step, g := range gradients {
			for i := range g {
				a.gradient[i] = float32(g[i])
				scaled := g[i] * scale
				m[i] = beta1*m[i] + (1-beta1)*scaled
				var update float64
				if name == Adamax {
					v[i] = max(beta2*v[i], math.Abs(scaled))
					update = m[i] / (1 - math.Pow(beta1, float64(step+1))) / (v[i] + epsilon)
				} else {
					v[i] = beta2*v[i] + (1-beta2)*scaled*scaled
					update = m[i] / (1 - math.Pow(beta1, float64(step+1))) / (math.Sqrt(v[i]/(1-math.Pow(beta2, float64(step+1)))) + epsilon)
				}
				if i < 2 {
					update += o.WeightDecay * want[i]
				}
				want[i] -= rate * update
			}
			a.step(rate, scale)
			for i, w := range want {
				if got := float64(p.Values()[i]); math.Abs(got-w) > 1e-5 { // 1 − β₂ in float32 is 1.3e-5 off
					t.Errorf("%s: after step %d value %d is %v, want %v", name, step+1, i, got, w)
				}
			}
		}
	}
}

// TestAverage keeps an exponential average of what steps leave, and the latest
// of what is frozen.
func TestAverage(t *testing.T) {
	p := three()
	a := newOptimizer(p, Options{Optimizer: Adam, Average: 0.75, Workers: 1})
	want := []float64{0, 0, 0}
	for step := range 4 {
		a.gradient[0], a.gradient[1] = 1, float32(step)-1
		p.Values()[2] = float32(step)
		a.step(0.5, 1)
		for i, v := range p.Values() {
			if step == 0 || i == 2 {
				want[i] = float64(v)
			} else {
				want[i] = 0.75*want[i] + 0.25*float64(v)
			}
		}
	}
	was := slices.Clone(p.Values())
	a.swap()
	for i, w := range want {
		if got := float64(p.Values()[i]); math.Abs(got-w) > 1e-6 {
			t.Errorf("the average of value %d is %v, want %v", i, got, w)
		}
	}
	if a.swap(); !slices.Equal(p.Values(), was) {
		t.Errorf("swapped back the values are %v, were %v", p.Values(), was)
	}
}

// TestWarmup rises in equal parts to the schedule's rate.
func TestWarmup(t *testing.T) {
	o := Options{LearningRate: 2, Schedule: Constant, Warmup: 4}
	for step, want := range []float64{0.5, 1, 1.5, 2, 2, 2} {
		if got := o.rate(step, 6); got != want {
			t.Errorf("the rate of step %d is %v, want %v", step, got, want)
		}
	}
	o.Schedule = Cosine
	if got, want := o.rate(1, 6), 0.5*(1+math.Cos(math.Pi/6)); math.Abs(got-want) > 1e-12 {
		t.Errorf("on the cosine step 1 has the rate %v, want %v", got, want)
	}
}

// TestFitKeepsTheAverage trains with a large rate, of which the average is
// better, and finds its nll in the flow.
func TestFitKeepsTheAverage(t *testing.T) {
	o := Defaults()
	o.Epochs, o.Batch, o.LearningRate, o.Schedule, o.Average, o.BLAS = 4, 50, 2e-2, Constant, 0.9, blas.Builtin()
	training, validation := Data{Rows: correlated(400, 1)}, Data{Rows: correlated(200, 2)}
	f := newFlow(t)
	o.Improved = func(r Result) { checkNLL(t, f, validation.Rows, r.BestValidNLL) }
	averaged, err := Fit(context.Background(), f, training, validation, o)
	if err != nil {
		t.Fatal(err)
	}
	checkNLL(t, f, validation.Rows, averaged.BestValidNLL)
	o.Average, o.Improved = 0, nil
	plain, err := Fit(context.Background(), newFlow(t), training, validation, o)
	if err != nil || plain.BestValidNLL < averaged.BestValidNLL {
		t.Errorf("the best nll is %v without an average (%v), %v with it", plain.BestValidNLL, err, averaged.BestValidNLL)
	}
	// The steps themselves do not look at the average.
	for i, e := range plain.History {
		if got := averaged.History[i].TrainNLL; got != e.TrainNLL {
			t.Errorf("epoch %d: the training nll is %v without an average, %v with it", e.Epoch, e.TrainNLL, got)
		}
	}
}

// TestImprovedSeesItsEpoch scores by the flow's own methods while it trains: each
// better epoch has its values, and so has the end.
func TestImprovedSeesItsEpoch(t *testing.T) {
	o := Defaults()
	o.Epochs, o.Batch, o.LearningRate, o.BLAS = 3, 50, 1e-2, blas.Builtin()
	f, validation := newFlow(t), correlated(200, 2)
	nll := func() float64 {
		logProb := make([]float64, len(validation)/3)
		if err := f.LogProb(logProb, validation, nil); err != nil {
			t.Fatal(err)
		}
		return -sum(logProb) / float64(len(logProb))
	}
	better := 0
	o.Improved = func(r Result) {
		better++
		if got := nll(); math.Abs(got-r.BestValidNLL) > 1e-4 {
			t.Errorf("in epoch %d the flow scores %v, which has %v", r.BestEpoch, got, r.BestValidNLL)
		}
	}
	r, err := Fit(context.Background(), f, Data{Rows: correlated(400, 1)}, Data{Rows: validation}, o)
	if err != nil || better < 2 {
		t.Fatalf("%d epochs are better: %v", better, err)
	}
	if got := nll(); math.Abs(got-r.BestValidNLL) > 1e-4 {
		t.Errorf("in the end the flow scores %v, its best epoch has %v", got, r.BestValidNLL)
	}
}

func checkNLL(t *testing.T, f *flow.Flow, rows []float64, want float64) {
	t.Helper()
	// The matmul of the training: others round otherwise.
	scorer, err := f.NewScorer(flow.ScorerOptions{BLAS: blas.Builtin()})
	if err != nil {
		t.Fatal(err)
	}
	logProb := make([]float64, len(rows)/3)
	if err := scorer.LogProb(logProb, rows, nil); err != nil {
		t.Fatal(err)
	}
	if got := -sum(logProb) / float64(len(logProb)); math.Abs(got-want) > 1e-9 {
		t.Errorf("the flow's nll is %v, reported was %v", got, want)
	}
}
