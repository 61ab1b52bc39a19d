package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// correlated draws n rows of three columns with large means, the second a
// curve over the first, and the exact mean nll of its distribution.
func correlated(n int, index uint64) (rows []float64) {
	e := make([]float32, 3*n)
	kernels.NormalRows(e, n, 3, 77, random.Noise, index<<32)
	for i := range n {
		a, b, c := float64(e[3*i]), float64(e[3*i+1]), float64(e[3*i+2])
		rows = append(rows, 1e6+10*a, a*a+0.3*b, 5+a-b+0.5*c)
	}
	return rows
}

// entropy of the distribution above: three normals under a volume change.
var entropy = 1.5*math.Log(2*math.Pi*math.E) + math.Log(10) + math.Log(0.3) + math.Log(0.5)

func newFlow(t *testing.T, extra ...transform.Spec) *flow.Flow {
	t.Helper()
	c, err := flow.RealNVP([]string{"a", "b", "c"}, nil, flow.Options{Layers: 6, Hidden: []int{32, 32}, Permutation: "reverse"})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range extra {
		at := 1 + 4*i
		c.Transforms = append(c.Transforms[:at:at], append([]transform.Spec{s}, c.Transforms[at:]...)...)
	}
	f, err := flow.New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func batchNorm() transform.Spec { return &transform.BatchNormSpec{Epsilon: 1e-4, Momentum: 0.1} }

func TestFitReachesTheEntropy(t *testing.T) {
	if testing.Short() {
		t.Skip("training to the entropy takes minutes on an emulated processor: left out by -short; scripts/parity trains there")
	}
	for name, f := range map[string]*flow.Flow{"plain": newFlow(t), "batchnorm": newFlow(t, batchNorm(), batchNorm())} {
		t.Run(name, func(t *testing.T) {
			o := Defaults()
			o.Epochs, o.Batch, o.LearningRate, o.BLAS = 20, 128, 4e-3, blas.Builtin()
			result, err := Fit(context.Background(), f, Data{Rows: correlated(4000, 1)}, Data{Rows: correlated(1000, 2)}, o)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("nll %.3f at epoch %d, entropy %.3f", result.BestValidNLL, result.BestEpoch, entropy)
			if math.Abs(result.BestValidNLL-entropy) > 0.15 {
				t.Errorf("validation nll is %v, the entropy %v", result.BestValidNLL, entropy)
			}
			// What Fit reports is what the flow then computes.
			rows := correlated(1000, 2)
			logProb := make([]float64, 1000)
			if err := f.LogProb(logProb, rows, nil); err != nil {
				t.Fatal(err)
			}
			if got := -sum(logProb) / 1000; math.Abs(got-result.BestValidNLL) > 1e-5 {
				t.Errorf("the flow's nll is %v, Fit said %v", got, result.BestValidNLL)
			}
		})
	}
}

func TestWorkersChangeNoBit(t *testing.T) {
	backend, err := blas.Default()
	if err != nil {
		t.Fatal(err)
	}
	for name, extra := range map[string][]transform.Spec{"plain": nil, "batchnorm": {batchNorm()}} {
		var want []float32
		for _, workers := range []int{1, 2, 5} {
			f := newFlow(t, extra...)
			o := Defaults()
			o.Epochs, o.Batch, o.Noise, o.Workers, o.BLAS = 2, 500, 0.1, workers, backend
			if _, err := Fit(context.Background(), f, Data{Rows: correlated(1100, 1)}, Data{Rows: correlated(100, 2)}, o); err != nil {
				t.Fatal(err)
			}
			got := f.Model().Parameters().Values()
			if want == nil {
				want = got
			}
			for i := range got {
				if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
					t.Fatalf("%s: parameter %d is %v with %d workers, %v with one", name, i, got[i], workers, want[i])
				}
			}
		}
	}
}

// TestTiledGradient compares the gradient of a minibatch cut into tiles, with
// and without meetings, with that of one float64 graph over all of it.
func TestTiledGradient(t *testing.T) {
	for name, extra := range map[string][]transform.Spec{"plain": nil, "one meeting": {batchNorm()}, "two meetings": {batchNorm(), batchNorm()}} {
		t.Run(name, func(t *testing.T) {
			f := newFlow(t, extra...)
			for _, p := range f.Model().Parameters().All() {
				if !p.Frozen {
					random.Uniform(p.Values(), 3, random.Initialization, uint64(p.Offset()), 0.3)
				}
			}
			data := Data{Rows: correlated(200, 1)}
			if err := standardize(f, data); err != nil {
				t.Fatal(err)
			}
			s := MaximumLikelihood(f, newRows(data, f))
			o := Defaults()
			o.Workers, o.BLAS = 2, blas.Builtin()
			r, err := newRunner(f.Model(), f.Model().Sites(), o)
			if err != nil {
				t.Fatal(err)
			}
			chosen := make([]int, s.Events())
			for i := range chosen {
				chosen[i] = i
			}
			binding := autograd.Bind64(f.Model().Parameters())
			wantNLL, want := wholeGradient(binding, s)
			nll, norm, _ := r.gradient(context.Background(), s, chosen)
			if math.Abs(nll-wantNLL) > 1e-5 {
				t.Errorf("nll is %v, in float64 %v", nll, wantNLL)
			}
			var squares float64
			for i, v := range r.optimizer.gradient {
				squares += float64(v) * float64(v)
				if math.Abs(float64(v)-want[i]) > 2e-5*(1+math.Abs(want[i])) {
					t.Fatalf("gradient %d is %v, in float64 %v", i, v, want[i])
				}
			}
			if math.Abs(norm-math.Sqrt(squares)) > 1e-5*norm {
				t.Errorf("norm is %v, want %v", norm, math.Sqrt(squares))
			}
			// The float64 gradient itself, by differences.
			values, stride := binding.Values64(), 97
			if testing.Short() {
				stride = 1499
			}
			for i := 0; i < len(values); i += stride {
				const h = 1e-6
				was := values[i]
				values[i] = was + h
				up, _ := wholeGradient(binding, s)
				values[i] = was - h
				down, _ := wholeGradient(binding, s)
				values[i] = was
				if d := (up - down) / (2 * h); math.Abs(d-want[i]) > 1e-6*(1+math.Abs(d)) && !frozen(f, i) {
					t.Fatalf("float64 gradient %d is %v, by differences %v", i, want[i], d)
				}
			}
		})
	}
}

// TestKeptGradientsChangeNoBit computes the gradient of a minibatch with one,
// some and all of its tiles' gradients in memory.
func TestKeptGradientsChangeNoBit(t *testing.T) {
	f := newFlow(t)
	data := Data{Rows: correlated(700, 1)} // eleven tiles
	if err := standardize(f, data); err != nil {
		t.Fatal(err)
	}
	s := MaximumLikelihood(f, newRows(data, f))
	o := Defaults()
	o.Workers, o.BLAS = 2, blas.Builtin()
	chosen := make([]int, s.Events())
	for i := range chosen {
		chosen[i] = i
	}
	var want []float32
	for _, wave := range []int{64, 1, 2, 3, 10, 11} {
		r, err := newRunner(f.Model(), f.Model().Sites(), o)
		if err != nil {
			t.Fatal(err)
		}
		r.wave = wave
		for range 2 { // the second one begins where the first left its gradients
			r.gradient(context.Background(), s, chosen)
		}
		if len(r.gradients) > wave {
			t.Errorf("%d gradients are kept, want at most %d", len(r.gradients), wave)
		}
		if want == nil {
			want = r.optimizer.gradient
		}
		for i, v := range r.optimizer.gradient {
			if math.Float32bits(v) != math.Float32bits(want[i]) {
				t.Fatalf("gradient %d is %v with %d kept, %v with all", i, v, wave, want[i])
			}
		}
	}
}

func TestTileOf(t *testing.T) {
	for _, c := range [][3]int{{1, 64, 64}, {2, 32, 32}, {16, 4, 4}, {17, 4, 1}, {64, 4, 1}, {1024, 4, 1}} { // sites, tile, pass
		if tile, pass := tileOf(c[0]); tile != c[1] || pass != c[2] {
			t.Errorf("of events of %d sites a tile has %d, and a pass %d; want %d and %d", c[0], tile, pass, c[1], c[2])
		}
	}
}

// TestGradientOfManySites holds the gradient of events of which each is a pass
// of its own against that of all at once in float64.
func TestGradientOfManySites(t *testing.T) {
	f, err := flow.New(flow.Config{
		Features: []string{"a", "b", "c"}, Grid: []int{5, 4}, Base: &base.DiagonalNormalSpec{Bound: 2},
		Transforms: []transform.Spec{
			&transform.CouplingSpec{Mask: []bool{true, false, true}, Univariate: &autograd.Affine{Bound: 1}, Conditioner: &nn.MLPSpec{Hidden: []int{5}}},
			&transform.LUSpec{Bound: 2},
		},
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range f.Model().Parameters().All() {
		random.Uniform(p.Values(), 3, random.Initialization, uint64(p.Offset()), 0.3)
	}
	data := Data{Rows: correlated(7*20, 1)}
	if err := standardize(f, data); err != nil {
		t.Fatal(err)
	}
	s := MaximumLikelihood(f, newRows(data, f))
	o := Defaults()
	o.Workers, o.BLAS = 2, blas.Builtin()
	r, err := newRunner(f.Model(), f.Model().Sites(), o)
	if err != nil {
		t.Fatal(err)
	}
	wantNLL, want := wholeGradient(autograd.Bind64(f.Model().Parameters()), s)
	nll, _, _ := r.gradient(context.Background(), s, []int{0, 1, 2, 3, 4, 5, 6})
	if math.Abs(nll-wantNLL) > 1e-5*math.Abs(wantNLL) {
		t.Errorf("nll is %v, in float64 %v", nll, wantNLL)
	}
	for i, v := range r.optimizer.gradient {
		if math.Abs(float64(v)-want[i]) > 1e-4*(1+math.Abs(want[i])) {
			t.Fatalf("gradient %d is %v, in float64 %v", i, v, want[i])
		}
	}
}

func TestWaveOf(t *testing.T) {
	for _, c := range [][3]int{ // parameters, workers, wave
		{0, 1, 64}, {1000, 8, 64}, {1 << 16, 1, 64}, {1<<16 + 1, 1, 63}, {700_000, 2, 5}, {44_000_000, 16, 16}, {1 << 22, 1, 1}, {1 << 30, 2, 2}, {1 << 30, 100, 64},
	} {
		if got := waveOf(c[0], c[1]); got != c[2] {
			t.Errorf("of %d parameters %d gradients are kept on %d workers, want %d", c[0], got, c[1], c[2])
		}
	}
}

// TestClip takes one step with a bound on the gradient's norm and without one:
// Adam's first moment is then a tenth of what it was given.
func TestClip(t *testing.T) {
	for _, clip := range []float64{0, 0.01, 0.02, 1e6} {
		f := newFlow(t)
		data := Data{Rows: correlated(100, 1)}
		if err := standardize(f, data); err != nil {
			t.Fatal(err)
		}
		o := Defaults()
		o.Epochs, o.Batch, o.Clip, o.Workers, o.BLAS = 1, 100, clip, 1, blas.Builtin()
		r, err := newRunner(f.Model(), f.Model().Sites(), o)
		if err != nil {
			t.Fatal(err)
		}
		s := MaximumLikelihood(f, newRows(data, f))
		if _, err := r.fit(context.Background(), s, s); err != nil {
			t.Fatal(err)
		}
		var given, norm float64
		for i, v := range r.optimizer.first {
			given += 100 * float64(v) * float64(v)
			norm += float64(r.optimizer.gradient[i]) * float64(r.optimizer.gradient[i])
		}
		given, norm = math.Sqrt(given), math.Sqrt(norm)
		want := norm
		if clip > 0 && clip < norm {
			want = clip
		}
		if norm < 0.1 || math.Abs(given-want) > 1e-5*want {
			t.Errorf("clip %v: a gradient of norm %v reaches the optimizer with %v, want %v", clip, norm, given, want)
		}
	}
}

// TestSchedule looks at the rate of the last step of each epoch.
func TestSchedule(t *testing.T) {
	for _, schedule := range []string{Cosine, Constant} {
		o := Defaults()
		o.Epochs, o.Batch, o.LearningRate, o.Schedule, o.BLAS = 5, 40, 2e-3, schedule, blas.Builtin()
		const perEpoch = 3 // of 100 rows
		result, err := Fit(context.Background(), newFlow(t), Data{Rows: correlated(100, 1)}, Data{Rows: correlated(50, 2)}, o)
		if err != nil {
			t.Fatal(err)
		}
		if len(result.History) != o.Epochs {
			t.Fatalf("%s: %d epochs, want %d", schedule, len(result.History), o.Epochs)
		}
		for i, e := range result.History {
			want := o.LearningRate
			if schedule == Cosine {
				done := float64((i+1)*perEpoch-1) / float64(o.Epochs*perEpoch)
				want *= 0.5 * (1 + math.Cos(math.Pi*done))
			}
			if math.Abs(e.LearningRate-want) > 1e-12 {
				t.Errorf("%s: the last rate of epoch %d is %v, want %v", schedule, e.Epoch, e.LearningRate, want)
			}
		}
	}
}

func frozen(f *flow.Flow, i int) bool {
	for _, p := range f.Model().Parameters().All() {
		if p.Frozen && i >= p.Offset() && i < p.Offset()+p.Size() {
			return true
		}
	}
	return false
}

// wholeGradient differentiates the mean loss of all events on one graph.
func wholeGradient(binding *autograd.Binding, o Objective) (loss float64, gradient []float64) {
	g := binding.NewGraph()
	events := make([]int, o.Events())
	for i := range events {
		events[i] = i
	}
	m := autograd.NewMeeting(1, len(events), 1)
	m.Run(func(int) {
		g.Reset(autograd.Differentiate)
		p := g.Pass(len(events))
		p.Join(m, 0)
		losses := o.Loss(p, events)
		losses.Seed(1 / float64(len(events)))
		p.Backward()
		loss = sum(losses.Values)/float64(len(events)) + o.Constant()
	})
	return loss, g.Gradients64()
}

func TestFitStopsEarlyAndKeepsTheBest(t *testing.T) {
	o := Defaults()
	o.Epochs, o.Patience, o.BLAS, o.LearningRate, o.Schedule = 200, 3, blas.Builtin(), 5e-3, Constant
	f := newFlow(t)
	result, err := Fit(context.Background(), f, Data{Rows: correlated(60, 1)}, Data{Rows: correlated(500, 2)}, o)
	if err != nil {
		t.Fatal(err)
	}
	if result.Stopped != "patience" || len(result.History) != result.BestEpoch+3 {
		t.Fatalf("stopped %q after %d epochs, best %d", result.Stopped, len(result.History), result.BestEpoch)
	}
	logProb := make([]float64, 500)
	if err := f.LogProb(logProb, correlated(500, 2), nil); err != nil {
		t.Fatal(err)
	}
	if got := -sum(logProb) / 500; math.Abs(got-result.BestValidNLL) > 1e-5 {
		t.Errorf("the flow's nll is %v, the best was %v", got, result.BestValidNLL)
	}
}

func TestFitInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	o := Defaults()
	o.BLAS = blas.Builtin()
	o.Report = func(e Epoch) {
		if e.Epoch == 2 {
			cancel()
		}
	}
	result, err := Fit(ctx, newFlow(t), Data{Rows: correlated(600, 1)}, Data{Rows: correlated(100, 2)}, o)
	if !errors.Is(err, context.Canceled) || result.Stopped != "interrupted" || result.BestEpoch == 0 || len(result.History) != 2 {
		t.Fatalf("error %v, stopped %q, best epoch %d of %d", err, result.Stopped, result.BestEpoch, len(result.History))
	}
}

// TestLastMinibatch trains with batchnorm where one row is left over, whose
// variance would be 0.
func TestLastMinibatch(t *testing.T) {
	for rows, want := range map[int]int{301: 3, 349: 3, 350: 4, 399: 4, 400: 4} {
		o := Defaults()
		o.Epochs, o.Batch, o.BLAS = 1, 100, blas.Builtin()
		result, err := Fit(context.Background(), newFlow(t, batchNorm()), Data{Rows: correlated(rows, 1)}, Data{Rows: correlated(100, 2)}, o)
		if err != nil || result.Steps != want {
			t.Errorf("%d rows: %d steps, error %v; want %d", rows, result.Steps, err, want)
		}
	}
}

func TestFitDiverges(t *testing.T) {
	o := Defaults()
	o.BLAS, o.LearningRate, o.Clip = blas.Builtin(), 1e5, 0
	f := newFlow(t)
	begin := slices.Clone(f.Model().Parameters().Values())
	result, err := Fit(context.Background(), f, Data{Rows: correlated(600, 1)}, Data{Rows: correlated(100, 2)}, o)
	if err == nil || result.Stopped != "diverged" {
		t.Fatalf("error %v, stopped %q", err, result.Stopped)
	}
	if result.BestEpoch == 0 {
		for i, v := range f.Model().Parameters().Values() {
			if v != begin[i] {
				t.Fatalf("without a finished epoch, parameter %d is %v, was %v", i, v, begin[i])
			}
		}
	}
	t.Log(err)
}

func TestFitRefusesBadInput(t *testing.T) {
	good := Data{Rows: correlated(50, 1)}
	constant := Data{Rows: correlated(50, 1)}
	for i := 1; i < len(constant.Rows); i += 3 {
		constant.Rows[i] = 4
	}
	o := Defaults()
	o.BLAS = blas.Builtin()
	for name, try := range map[string]func() error{
		"constant column": func() error { _, err := Fit(context.Background(), newFlow(t), constant, good, o); return err },
		"one row": func() error {
			_, err := Fit(context.Background(), newFlow(t), Data{Rows: good.Rows[:3]}, good, o)
			return err
		},
		"no validation": func() error { _, err := Fit(context.Background(), newFlow(t), good, Data{}, o); return err },
		"ragged": func() error {
			_, err := Fit(context.Background(), newFlow(t), Data{Rows: good.Rows[:50]}, good, o)
			return err
		},
		"no context": func() error {
			c, err := flow.RealNVP([]string{"a", "b", "c"}, []string{"d"}, flow.Options{Layers: 2})
			if err != nil {
				return nil
			}
			f, err := flow.New(c, 1)
			if err != nil {
				return nil
			}
			_, err = Fit(context.Background(), f, good, good, o)
			return err
		},
		"no epochs": func() error {
			bad := o
			bad.Epochs = 0
			_, err := Fit(context.Background(), newFlow(t), good, good, bad)
			return err
		},
		"schedule": func() error {
			bad := o
			bad.Schedule = "linear"
			_, err := Fit(context.Background(), newFlow(t), good, good, bad)
			return err
		},
	} {
		err := try()
		if err == nil {
			t.Errorf("%s is no error", name)
		}
		t.Log(err)
	}
	var column *ConstantColumnError
	if _, err := Fit(context.Background(), newFlow(t), constant, good, o); !errors.As(err, &column) || column.Column != "b" {
		t.Errorf("the constant column is reported as %v", err)
	}
}

func BenchmarkStep(b *testing.B) {
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			c, _ := flow.RealNVP([]string{"a", "b", "c"}, nil, flow.Options{Hidden: []int{128, 128}})
			f, _ := flow.New(c, 1)
			data := Data{Rows: correlated(512, 1)}
			if err := standardize(f, data); err != nil {
				b.Fatal(err)
			}
			s := MaximumLikelihood(f, newRows(data, f))
			o := Defaults()
			o.Workers = workers
			r, err := newRunner(f.Model(), f.Model().Sites(), o)
			if err != nil {
				b.Fatal(err)
			}
			chosen := make([]int, 512)
			for i := range chosen {
				chosen[i] = i
			}
			b.ReportAllocs()
			for b.Loop() {
				r.gradient(context.Background(), s, chosen)
				r.optimizer.step(1e-4, 1)
				r.binding.Refresh(workers)
			}
			b.ReportMetric(float64(b.N)*512/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
