package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// normalTarget is e³ times a normal with means 1 and −2, standard deviations 0.5
// and 2, and correlation 0.8.
func normalTarget(logProb, grad, x []float64) {
	const rest = 1 - 0.8*0.8
	for i := range logProb {
		a, b := (x[2*i]-1)/0.5, (x[2*i+1]+2)/2
		logProb[i] = 3 - math.Log(2*math.Pi) - 0.5*math.Log(rest) - (a*a-1.6*a*b+b*b)/(2*rest)
		if grad != nil {
			grad[2*i] = -(a - 0.8*b) / rest / 0.5
			grad[2*i+1] = -(b - 0.8*a) / rest / 2
		}
	}
}

// density is a flow of two columns with random values.
func density(t *testing.T, noise base.Spec, bound float32, specs ...transform.Spec) *flow.Flow {
	t.Helper()
	f, err := flow.New(flow.Config{
		Features: []string{"a", "b"}, Transforms: specs, Base: noise,
		Standardize: flow.Standardization{Mean: []float64{0.5, -1}, Std: []float64{0.7, 1.5}},
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if bound > 0 {
		random.Uniform(f.Model().Parameters().Values(), 3, random.Initialization, 0, bound)
	}
	return f
}

func autoregressive() transform.Spec {
	return &transform.AutoregressiveSpec{Order: []int{0, 1}, Univariate: &autograd.Affine{Bound: 1}, Conditioner: nn.MADESpec{Units: [][]int{{0, 3}}, Activation: autograd.Activation{Name: autograd.TanhActivation}}}
}

// estimate is an objective in float64.
type estimate struct {
	objective Objective
	binding   *autograd.Binding
	graph     *autograd.Graph
	events    []int
	epoch     uint64
	memory    autograd.Memory
}

func newEstimate(t *testing.T, f *flow.Flow, target Target, o KL, epoch uint64) *estimate {
	t.Helper()
	objective, err := ReverseKL(f, target, o)
	if err != nil {
		t.Fatal(err)
	}
	e := &estimate{objective: objective, binding: autograd.Bind64(f.Model().Parameters()), epoch: epoch}
	e.graph = e.binding.NewGraph()
	for i := range objective.Events() {
		e.events = append(e.events, i)
	}
	return e
}

// mean returns the mean loss and its gradient.
func (e *estimate) mean(mode autograd.Mode) (loss float64, gradient []float64) {
	e.graph.Reset(mode)
	p := e.graph.Pass(len(e.events))
	p.Epoch, p.Seed, p.Memory = e.epoch, 7, e.memory
	losses := e.objective.Loss(p, e.events)
	for _, v := range losses.Values {
		loss += v / float64(len(e.events))
	}
	if mode == autograd.Differentiate {
		losses.Seed(1 / float64(len(e.events)))
		e.graph.Backward()
		gradient = slices.Clone(e.graph.Gradients64())
	}
	return loss, gradient
}

// bounds are what the tests try.
var bounds = []KL{
	{Draws: 1}, {Draws: 1, Alpha: 1}, {Draws: 3}, {Draws: 3, Alpha: 0.5}, {Draws: 3, Alpha: 1}, {Draws: 3, Alpha: 2},
}

// holdGradient holds the gradient against central differences.
func (e *estimate) holdGradient(t *testing.T, what string, tolerance float64) {
	t.Helper()
	_, got := e.mean(autograd.Differentiate)
	values := e.binding.Values64()
	for i, v := range values {
		const h = 1e-6
		values[i] = v + h
		up, _ := e.mean(autograd.Evaluate)
		values[i] = v - h
		down, _ := e.mean(autograd.Evaluate)
		values[i] = v
		if want := (up - down) / (2 * h); math.Abs(got[i]-want) > tolerance*(1+math.Abs(want)) {
			t.Errorf("%s: the gradient of parameter %d is %v, by differences %v", what, i, got[i], want)
		}
	}
}

func (o KL) name() string {
	return fmt.Sprintf("%d draws, alpha %v, plain %v", o.Draws, o.Alpha, o.Plain)
}

// TestReverseKLGradient holds the plain gradient of every bound against central
// differences of the bound of the same draws, annealed too.
func TestReverseKLGradient(t *testing.T) {
	flows := map[string]*flow.Flow{
		"iaf":             density(t, &base.StandardNormalSpec{}, 0.7, &transform.LUSpec{Bound: 4}, &transform.InvertSpec{Transform: autoregressive()}),
		"maf":             density(t, &base.StudentTSpec{DegreesOfFreedom: 7}, 0.7, autoregressive()),
		"diagonal normal": density(t, &base.DiagonalNormalSpec{Bound: 2}, 0.7, &transform.LUSpec{Bound: 4}),
	}
	for name, f := range flows {
		for _, o := range bounds {
			o.Events, o.Plain, o.Anneal = 4, true, 3
			e := newEstimate(t, f, LogDensity(normalTarget), o, 2)
			e.holdGradient(t, name+", "+o.name(), 1e-6)
		}
	}
}

// TestPathGradientHasTheMeanOfThePlainOne compares the two on many draws of a
// flow that is far from the target.
func TestPathGradientHasTheMeanOfThePlainOne(t *testing.T) {
	f := density(t, &base.DiagonalNormalSpec{Bound: 2}, 0.5, &transform.LUSpec{Bound: 4})
	for i, o := range bounds {
		if testing.Short() && i != 3 {
			continue
		}
		o.Events = 1 << 14
		_, path := newEstimate(t, f, LogDensity(normalTarget), o, 1).mean(autograd.Differentiate)
		o.Plain = true
		_, plain := newEstimate(t, f, LogDensity(normalTarget), o, 1).mean(autograd.Differentiate)
		for i, want := range plain {
			if math.Abs(path[i]-want) > 0.03*(1+math.Abs(want)) {
				t.Errorf("%s: the mean path gradient of parameter %d is %v, the plain one %v", o.name(), i, path[i], want)
			}
		}
	}
}

// TestPathGradientVanishesAtTheTarget has the flow be the target: then every
// draw's path derivative is zero, and the plain one is not.
func TestPathGradientVanishesAtTheTarget(t *testing.T) {
	f := density(t, &base.StandardNormalSpec{}, 0.7, &transform.LUSpec{Bound: 4}, autoregressive())
	binding := autograd.Bind64(f.Model().Parameters())
	itself := LogDensity(func(logProb, grad, x []float64) {
		g := binding.NewGraph()
		g.Reset(autograd.DifferentiateInputs)
		p, in, st := g.Pass(len(logProb)), g.Input(len(logProb), 2, true), f.Config().Standardize
		for i, v := range x {
			in.Set(i/2, i%2, (v-st.Mean[i%2])/st.Std[i%2])
		}
		f.Model().LogDensity(p, in)
		p.LogDet.Seed(1)
		g.Backward()
		copy(logProb, p.LogDet.Values)
		for i := range grad {
			grad[i] = in.Gradient(i/2, i%2) / st.Std[i%2]
		}
	})
	for _, memory := range []autograd.Memory{{}, {Replay: true}, {Reversible: true}} {
		for _, o := range bounds {
			o.Events = 8
			for _, plain := range []bool{false, true} {
				o.Plain = plain
				e := newEstimate(t, f, itself, o, 1)
				e.memory = memory
				_, gradient := e.mean(autograd.Differentiate)
				var most float64
				for _, d := range gradient {
					most = max(most, math.Abs(d))
				}
				if !plain && most > 1e-12 || plain && most < 1e-3 {
					t.Errorf("%s, memory %v: at the target the largest gradient is %v", o.name(), memory, most)
				}
			}
		}
	}
}

// TestMinimizeReverseKL finds a normal by its density alone: the flow is affine,
// so that at the optimum every loss is −log of the target's integral.
func TestMinimizeReverseKL(t *testing.T) {
	for i, kl := range bounds {
		if kl.Alpha == 2 || testing.Short() && i != 3 {
			continue // alpha 2 is slow where q begins too wide
		}
		var first *flow.Flow
		for _, workers := range []int{1, 3} {
			f := density(t, &base.StandardNormalSpec{}, 0, &transform.LUSpec{Bound: 4})
			kl.Events, kl.Anneal = 512/kl.Draws, 10
			objective, err := ReverseKL(f, LogDensity(normalTarget), kl)
			if err != nil {
				t.Fatal(err)
			}
			o := Defaults()
			o.Epochs, o.Batch, o.LearningRate, o.BLAS, o.Patience, o.Workers = 100, 64, 5e-2, blas.Builtin(), 0, workers
			result, err := Minimize(context.Background(), f.Model(), objective, objective, o)
			if err != nil {
				t.Fatal(err)
			}
			// The best epoch is the luckiest on its draws; the last one has converged.
			if last := result.History[len(result.History)-1].ValidNLL; math.Abs(last+3) > 1e-3 {
				t.Errorf("%s: the mean loss is %v, want -3", kl.name(), last)
			}
			if first == nil {
				first = f
			} else if !slices.Equal(first.Model().Parameters().Values(), f.Model().Parameters().Values()) {
				t.Errorf("%s: the number of workers changes the values", kl.name())
			}
		}
	}
}

// TestReverseKLOfAContext learns a conditional flow by the density of another.
func TestReverseKLOfAContext(t *testing.T) {
	build := func(bound float32) *flow.Flow {
		f, err := flow.New(flow.Config{
			Features: []string{"a"}, Context: []string{"c"},
			StandardizeContext: flow.Standardization{Mean: []float64{3}, Std: []float64{2}},
			Transforms: []transform.Spec{&transform.CouplingSpec{
				Mask: []bool{true}, Univariate: &autograd.Affine{Bound: 2}, Conditioner: &nn.MLPSpec{Hidden: []int{16}, Activation: autograd.Activation{Name: autograd.TanhActivation}},
			}},
			Base: &base.StandardNormalSpec{},
		}, 1)
		if err != nil {
			t.Fatal(err)
		}
		if bound > 0 {
			random.Uniform(f.Model().Parameters().Values(), 3, random.Initialization, 0, bound)
		}
		return f
	}
	teacher, student := build(1.5), build(0)
	kl := KL{Events: 256, Context: []float64{1, 2, 3, 4, 5}}
	objective, err := ReverseKL(student, teacher, kl)
	if err != nil {
		t.Fatal(err)
	}
	o := Defaults()
	o.Epochs, o.Batch, o.LearningRate, o.BLAS, o.Patience = 400, 64, 2e-2, blas.Builtin(), 0
	result, err := Minimize(context.Background(), student.Model(), objective, objective, o)
	if err != nil {
		t.Fatal(err)
	}
	if last := result.History[len(result.History)-1].ValidNLL; math.Abs(last) > 1e-2 {
		t.Errorf("the divergence is %v, want 0", last)
	}
	x, want, err := teacher.SampleWithLogProb(5, 1, kl.Context)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float64, 5)
	if err := student.LogProb(got, x, kl.Context); err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 0.15 {
			t.Errorf("the log-density of row %d is %v, the target's %v", i, got[i], want[i])
		}
	}
}

// TestReverseKLTroubles names what is wrong, and where a target has no density.
func TestReverseKLTroubles(t *testing.T) {
	plain := density(t, &base.StandardNormalSpec{}, 0, &transform.LUSpec{Bound: 4})
	for _, c := range []struct {
		f    *flow.Flow
		o    KL
		want string
	}{
		{plain, KL{Draws: -1}, "at least 1"},
		{plain, KL{Alpha: math.NaN()}, "alpha"},
		{plain, KL{Anneal: -1}, "annealing"},
		{plain, KL{Context: []float64{1}}, "the flow has none"},
		{density(t, &base.StandardNormalSpec{}, 0, &transform.BatchNormSpec{Epsilon: 1e-5, Momentum: 0.1}), KL{}, "batch normalization"},
		{density(t, &base.FullNormalSpec{Bound: 2}, 0), KL{}, "full-normal"},
	} {
		if _, err := ReverseKL(c.f, LogDensity(normalTarget), c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one about %q", err, c.want)
		}
	}
	negative := LogDensity(func(logProb, grad, x []float64) {
		normalTarget(logProb, grad, x)
		for i := range logProb {
			if x[2*i] < 0 {
				logProb[i] = math.Inf(-1)
			}
		}
	})
	failing := failingTarget{errors.New("no such density")}
	for _, c := range []struct {
		target Target
		want   string
	}{{negative, "a=-"}, {failing, "no such density"}} {
		objective, err := ReverseKL(plain, c.target, KL{Events: 64})
		if err != nil {
			t.Fatal(err)
		}
		o := Defaults()
		o.Epochs, o.BLAS = 1, blas.Builtin()
		_, err = Minimize(context.Background(), plain.Model(), objective, objective, o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
}

type failingTarget struct{ error }

func (f failingTarget) LogProbGrad(_, _, _, _, _ []float64) error { return f.error }
