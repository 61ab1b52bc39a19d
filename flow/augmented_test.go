package flow_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// augmented is a random flow of two columns, with contexts, and columns of noise.
func augmented(t *testing.T, columns, draws, contexts int) *flow.Flow {
	t.Helper()
	c, err := flow.PresetRealNVP.Augmented(names("x", 2), names("c", contexts), columns, draws, flow.Options{Layers: 4, Hidden: []int{9}, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	f, err := flow.New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range f.Model().Parameters().All() {
		random.Uniform(p.Values(), 7, random.Initialization, uint64(p.Offset()), 0.6)
	}
	return f
}

// TestAugmentedNormal holds scores and samples of a normal of x and u against
// each other: the moments of samples are those of the density of x, which many
// draws come near from below.
func TestAugmentedNormal(t *testing.T) {
	const n = 100000
	f, err := flow.New(flow.Config{
		Features: []string{"x"}, Base: &base.StandardNormalSpec{},
		Transforms: []transform.Spec{&transform.AugmentSpec{Columns: 1, Draws: 4096}, &transform.LUSpec{Bound: 1}},
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range f.Model().Parameters().All() {
		for k := range p.Values() {
			p.Values()[k] = 0.5 - 0.3*float32(i) - 0.2*float32(k)
		}
	}
	x, err := f.Sample(n, 5, nil)
	if err != nil {
		t.Fatal(err)
	}
	var mean, variance float64
	for _, v := range x {
		mean += v / n
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / n
	}
	rows := []float64{mean - 1, mean, mean + 1.5}
	got := make([]float64, 3)
	if err := f.LogProb(got, rows, nil); err != nil {
		t.Fatal(err)
	}
	for i, v := range rows {
		want := -(v-mean)*(v-mean)/(2*variance) - math.Log(2*math.Pi*variance)/2
		if math.Abs(got[i]-want) > 0.1 {
			t.Errorf("log p(%v) is %v, want %v", v, got[i], want)
		}
	}
}

// TestAugmentedAlone holds rows by themselves, and on several workers, to the bits
// that they have in a batch.
func TestAugmentedAlone(t *testing.T) {
	const n = 300
	f := augmented(t, 3, 5, 1)
	x, err := f.Sample(n, 2, make([]float64, n))
	if err != nil {
		t.Fatal(err)
	}
	want := make([]float64, n)
	if err := f.LogProb(want, x, make([]float64, n)); err != nil {
		t.Fatal(err)
	}
	s, err := f.NewScorer(flow.ScorerOptions{Workers: 3})
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float64, n)
	if err := s.LogProb(got, x, make([]float64, n)); err != nil || !slices.Equal(got, want) {
		t.Errorf("three workers give other bits (%v)", err)
	}
	for _, i := range []int{0, 17, n - 1} {
		one, row := make([]float64, 1), make([]float64, 2)
		if err := s.LogProb(one, x[2*i:2*i+2], []float64{0}); err != nil || one[0] != want[i] {
			t.Errorf("row %d alone scores %v, want %v (%v)", i, one[0], want[i], err)
		}
		if err := s.Sample(row, nil, uint64(i), flow.SampleOptions{Seed: 2}, []float64{0}); err != nil || !slices.Equal(row, x[2*i:2*i+2]) {
			t.Errorf("sample %d alone is %v, want %v (%v)", i, row, x[2*i:2*i+2], err)
		}
	}
}

// TestAugmentedGradient holds the gradient of a mean of draws to differences.
func TestAugmentedGradient(t *testing.T) {
	f := augmented(t, 2, 7, 1)
	x, c := []float64{0.3, -0.7, 1.2, 0.1}, []float64{0.5, -1}
	at := func() []float64 {
		v := make([]float64, 2)
		if err := f.LogProb(v, x, c); err != nil {
			t.Fatal(err)
		}
		return v
	}
	logProb, gradX, gradC := make([]float64, 2), make([]float64, 4), make([]float64, 2)
	if err := f.LogProbGrad(logProb, gradX, gradC, x, c); err != nil {
		t.Fatal(err)
	}
	for i, v := range at() {
		if math.Abs(v-logProb[i]) > 1e-5 {
			t.Errorf("event %d: log p is %v beside its gradient and %v alone", i, logProb[i], v)
		}
	}
	const h = 1.0 / 64
	check := func(name string, values, got []float64, width int) {
		for i := range values {
			was := values[i]
			values[i] = was + h
			up := at()
			values[i] = was - h
			down := at()
			values[i] = was
			if want := (up[i/width] - down[i/width]) / (2 * h); math.Abs(got[i]-want) > 5e-3*(1+math.Abs(want)) {
				t.Errorf("gradient %d of %s is %v, by differences %v", i, name, got[i], want)
			}
		}
	}
	check("x", x, gradX, 2)
	check("the context", c, gradC, 1)
}

// TestAugmentedHasNoNoise refuses what there is not, and descriptions that are
// none.
func TestAugmentedHasNoNoise(t *testing.T) {
	f := augmented(t, 1, 2, 0)
	for _, err := range []error{f.Forward(make([]float64, 2), nil, make([]float64, 2), nil), f.Inverse(make([]float64, 2), nil, make([]float64, 2), nil)} {
		if err == nil || !strings.Contains(err.Error(), "columns of noise") {
			t.Errorf("the error is %v", err)
		}
	}
	for name, transforms := range map[string][]transform.Spec{
		"at least one":        {&transform.AugmentSpec{Draws: 1}},
		"0 draws":             {&transform.AugmentSpec{Columns: 1}},
		"already":             {&transform.AugmentSpec{Columns: 1, Draws: 1}, &transform.AugmentSpec{Columns: 1, Draws: 1}},
		"cannot be inverted":  {&transform.InvertSpec{Transform: &transform.AugmentSpec{Columns: 1, Draws: 1}}},
		"draws, want 1 to 65": {&transform.AugmentSpec{Columns: 1, Draws: 1 << 20}},
	} {
		c := flow.Config{Features: []string{"x", "y"}, Base: &base.StandardNormalSpec{}, Transforms: transforms}
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	if _, err := flow.PresetNSF.Augmented([]string{"x"}, nil, 1, 0, flow.Options{Base: base.Uniform, Permutation: flow.PermutationNone}); err == nil || !strings.Contains(err.Error(), "another base") {
		t.Errorf("a uniform base: the error is %v", err)
	}
}
