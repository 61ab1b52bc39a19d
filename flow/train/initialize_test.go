package train

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
)

func actNorm() transform.Spec { return &transform.ActNormSpec{Bound: 6} }

// TestInitializeFromData brings a minibatch of several tiles to two actnorms,
// with a batchnorm between them: what leaves each has mean 0 and variance 1.
func TestInitializeFromData(t *testing.T) {
	var want []float32
	for workers := 1; workers <= 3; workers++ {
		f := newFlow(t, actNorm(), batchNorm(), actNorm())
		random.Uniform(f.Model().Parameters().Values(), 4, random.Initialization, 0, 0.5)
		maps := f.Model().Chain().Transforms()
		for _, at := range []int{1, 5, 9} {
			maps[at].Initialize(1)
		}
		if !f.Model().Parameters().AwaitsData() {
			t.Fatal("the actnorms do not await data")
		}
		rows := correlated(300, 1)
		training := Data{Rows: rows}
		if err := standardize(f, training); err != nil {
			t.Fatal(err)
		}
		o := Defaults()
		o.BLAS, o.Workers = blas.Builtin(), workers
		r, err := newRunner(f.Model(), f.Model().Sites(), o)
		if err != nil {
			t.Fatal(err)
		}
		s := &likelihood{flow: f, source: newRows(training, f)}
		chosen := make([]int, 200)
		for i := range chosen {
			chosen[i] = i + 50
		}
		r.initializeFromData(context.Background(), s, chosen)
		if f.Model().Parameters().AwaitsData() {
			t.Fatal("the actnorms still await data")
		}
		g := r.binding.NewGraph()
		g.Reset(autograd.Evaluate)
		p := g.Pass(len(chosen))
		x := s.load(p, chosen)
		for _, m := range maps[:2] {
			x = m.Forward(p, x)
		}
		moments := g.ColumnMoments(x).Values
		for c := range 3 {
			mean := moments[c] / 200
			if variance := moments[3+c]/200 - mean*mean; math.Abs(mean) > 1e-5 || math.Abs(variance-1) > 1e-5 {
				t.Errorf("column %d leaves the first actnorm with mean %v and variance %v", c, mean, variance)
			}
		}
		if workers == 1 {
			want = slices.Clone(f.Model().Parameters().Values())
		} else if !slices.Equal(f.Model().Parameters().Values(), want) {
			t.Errorf("%d workers initialize other values than one", workers)
		}
	}
}

// TestFitInitializesOnce trains from New, and again from where that ended.
func TestFitInitializesOnce(t *testing.T) {
	f := newFlow(t, actNorm())
	o := Defaults()
	o.Epochs, o.BLAS, o.LearningRate = 1, blas.Builtin(), 1e-9
	rows := correlated(200, 1)
	for range 2 {
		if _, err := Fit(context.Background(), f, Data{Rows: rows}, Data{Rows: rows[:60]}, o); err != nil {
			t.Fatal(err)
		}
		if f.Model().Parameters().AwaitsData() {
			t.Fatal("after Fit the actnorm still awaits data")
		}
		// A second Fit must find this and leave it, but for a tiny step.
		p := find(t, f, "transforms.1.constant")
		if p.Values()[0] != 0.5 {
			p.Values()[0] = 0.5
			continue
		}
	}
	if got := find(t, f, "transforms.1.constant").Values()[0]; math.Abs(float64(got)-0.5) > 1e-6 {
		t.Errorf("the second Fit made %v of 0.5", got)
	}
}

func find(t *testing.T, f *flow.Flow, name string) *autograd.Parameter {
	t.Helper()
	for _, p := range f.Model().Parameters().All() {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("there is no parameter %s", name)
	return nil
}

// TestMeetingsInside trains flows whose actnorm or batchnorm stands inside
// another transform, where one before it stands in the flow's own chain: the
// values are the same.
func TestMeetingsInside(t *testing.T) {
	for name, spec := range map[string]transform.Spec{"actnorm": actNorm(), "batchnorm": batchNorm()} {
		o := Defaults()
		o.Epochs, o.Batch, o.BLAS = 2, 150, blas.Builtin()
		rows := correlated(400, 1)
		var want []float32
		for depth := range 3 {
			inside := spec
			for range depth {
				inside = &transform.InvertSpec{Transform: &transform.InvertSpec{Transform: &transform.ChainSpec{
					Transforms: []transform.Spec{inside},
				}}}
			}
			f := newFlow(t, inside)
			if _, err := Fit(context.Background(), f, Data{Rows: rows}, Data{Rows: rows[:90]}, o); err != nil {
				t.Fatal(err)
			}
			if depth == 0 {
				want = slices.Clone(f.Model().Parameters().Values())
			} else if !slices.Equal(f.Model().Parameters().Values(), want) {
				t.Errorf("%s: %d transforms deep, training ends at other values", name, depth)
			}
		}
	}
}

// TestGaussianizationBegins brings a minibatch to a layer of mixtures: the means
// are the quantiles of each column, and what leaves is near to normal; with any
// number of workers the same values.
func TestGaussianizationBegins(t *testing.T) {
	var want []float32
	for workers := 1; workers <= 3; workers++ {
		const k = 9
		f := newFlow(t, &transform.GaussianizationSpec{Components: k, Bound: 7})
		rows := correlated(300, 1)
		training := Data{Rows: rows}
		if err := standardize(f, training); err != nil {
			t.Fatal(err)
		}
		o := Defaults()
		o.BLAS, o.Workers = blas.Builtin(), workers
		r, err := newRunner(f.Model(), f.Model().Sites(), o)
		if err != nil {
			t.Fatal(err)
		}
		s := &likelihood{flow: f, source: newRows(training, f)}
		chosen := make([]int, 200)
		for i := range chosen {
			chosen[i] = i + 50
		}
		if !r.parameters.AwaitsData() || !r.initializeFromData(context.Background(), s, chosen) || r.parameters.AwaitsData() {
			t.Fatal("the layer did not take its first values")
		}
		g := r.binding.NewGraph()
		g.Reset(autograd.Evaluate)
		p := g.Pass(len(chosen))
		x := s.load(p, chosen)
		maps := f.Model().Chain().Transforms()
		x = maps[0].Forward(p, x)
		column := make([]float64, x.Rows)
		for r := range column {
			column[r] = x.At(r, 1)
		}
		slices.Sort(column)
		// The middle one of nine means is the median of 200 values.
		median := 0.5 * (column[99] + column[100])
		if got := find(t, f, "transforms.1.constant").Values()[4*3+1]; math.Abs(float64(got)-median) > 1e-6 {
			t.Errorf("the middle mean is %v, the median %v", got, median)
		}
		moments := g.ColumnMoments(maps[1].Forward(p, x)).Values
		for c := range 3 {
			mean := moments[c] / 200
			if variance := moments[3+c]/200 - mean*mean; math.Abs(mean) > 0.1 || variance < 0.5 || variance > 1.1 {
				t.Errorf("column %d leaves with mean %v and variance %v", c, mean, variance)
			}
		}
		if workers == 1 {
			want = slices.Clone(f.Model().Parameters().Values())
		} else if !slices.Equal(f.Model().Parameters().Values(), want) {
			t.Errorf("%d workers begin with other values than one", workers)
		}
	}
}

// TestFitOfNoEpochs makes iterative Gaussianization of a gaussianization flow,
// without a gradient: the bits are those of any number of workers, a fit finds
// nothing more to begin, and a flow that begins from nothing is told so.
func TestFitOfNoEpochs(t *testing.T) {
	rows := correlated(600, 1)
	var want []float32
	for workers := 1; workers <= 3; workers += 2 {
		c, err := flow.Gaussianization([]string{"a", "b", "c"}, nil, flow.Options{Layers: 4, Components: 12})
		if err != nil {
			t.Fatal(err)
		}
		f, err := flow.New(c, 1)
		if err != nil {
			t.Fatal(err)
		}
		o := Defaults()
		o.Epochs, o.BLAS, o.Workers = 0, blas.Builtin(), workers
		improved := 0
		o.Improved = func(Result) { improved++ }
		result, err := Fit(context.Background(), f, Data{Rows: rows[:1500]}, Data{Rows: rows[1500:]}, o)
		if err != nil {
			t.Fatal(err)
		}
		if !(result.BestValidNLL < result.StartValidNLL) || result.Steps != 0 || improved != 1 {
			t.Errorf("a fit of no epochs: %+v, with %d calls of Improved", result, improved)
		}
		values := f.Model().Parameters().Values()
		if workers == 1 {
			want = slices.Clone(values)
		} else if !slices.Equal(values, want) {
			t.Error("three workers begin with other values than one")
		}
		if _, err := Fit(context.Background(), f, Data{Rows: rows}, Data{Rows: rows}, o); err == nil {
			t.Error("a second fit of no epochs finds something to begin")
		}
		if !slices.Equal(values, want) {
			t.Error("a second fit of no epochs changes values")
		}
	}
}
