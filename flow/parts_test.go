package flow_test

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// splitting is a flow of two sites with four features, two of which leave, one
// after the other.
func splitting(t *testing.T, b base.Spec, contexts ...string) *flow.Flow {
	t.Helper()
	coupling := func(mask ...bool) transform.Spec {
		return &transform.CouplingSpec{Mask: mask, Univariate: &autograd.Affine{Bound: 1}, Conditioner: &nn.MLPSpec{Hidden: []int{7}}}
	}
	f, err := flow.New(flow.Config{
		Features: []string{"a", "b", "c", "d"}, Context: contexts, Grid: []int{2}, Base: b,
		Transforms: []transform.Spec{
			coupling(true, false, true, false), &transform.PermutationSpec{Order: []int{2, 0, 3, 1}},
			&transform.SplitSpec{Leave: []int{1}}, coupling(false, true, true), &transform.ActNormSpec{Bound: 2},
			&transform.SplitSpec{Leave: []int{2}}, coupling(true, false), transform.Reverse(2),
		},
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range f.Model().Parameters().All() {
		random.Uniform(p.Values(), 3, random.Initialization, uint64(p.Offset()), 0.7)
	}
	return f
}

// TestPartsDensity compares the density with that of the noise and the dense
// Jacobian of the way to all of its parts, in float64.
func TestPartsDensity(t *testing.T) {
	f := splitting(t, &base.DiagonalNormalSpec{Bound: 2}, "e")
	g := autograd.Bind64(f.Model().Parameters()).NewGraph()
	forward := func(x []float64) (z []float64, logDet, logProb float64) {
		g.Reset(autograd.Evaluate)
		p := g.Pass(1)
		in := p.Input(2, 4, false)
		for i, v := range x {
			in.Set(i/4, i%4, v)
		}
		p.Context = p.Input(1, 1, false)
		p.Context.Set(0, 0, 0.3)
		rest := f.Model().Chain().Forward(p, in)
		logDet = p.LogDet.Values[0]
		for _, part := range append(p.Parts(), rest) {
			for r := range part.Rows {
				for c := range part.Cols {
					z = append(z, part.At(r, c))
				}
			}
		}
		f.Model().BaseDensity(p, rest)
		return z, logDet, p.LogDet.Values[0]
	}
	x := []float64{0.3, -1, 0.7, 0.2, 1.1, -0.4, -0.9, 0.5}
	z, logDet, logProb := forward(x)
	if len(z) != 8 {
		t.Fatalf("the noise has %d values, want 8", len(z))
	}
	jacobian := mat.NewDense(8, 8, nil)
	for i := range x {
		const h = 1e-5
		was := x[i]
		x[i] = was + h
		up, _, _ := forward(x)
		x[i] = was - h
		down, _, _ := forward(x)
		x[i] = was
		for j := range up {
			jacobian.Set(j, i, (up[j]-down[j])/(2*h))
		}
	}
	var lu mat.LU
	lu.Factorize(jacobian)
	if want, _ := lu.LogDet(); math.Abs(logDet-want) > 1e-8 {
		t.Errorf("the log-det is %v, the Jacobian's is %v", logDet, want)
	}
	got := make([]float64, 1)
	must(t, f.LogProb(got, x, []float64{0.3}))
	if math.Abs(got[0]-logProb) > 1e-5*(1+math.Abs(logProb)) {
		t.Errorf("log p is %v in float32, %v in float64", got[0], logProb)
	}
}

// TestPartsOfSamples draws events whose noise is one vector of independent
// normals, maps them there and back, and scores them.
func TestPartsOfSamples(t *testing.T) {
	f := splitting(t, &base.StandardNormalSpec{})
	const n = 100
	x, logProb, err := f.SampleWithLogProb(n, 7, nil)
	must(t, err)
	score := make([]float64, n)
	must(t, f.LogProb(score, x, nil))
	z, logDet := make([]float64, len(x)), make([]float64, n)
	must(t, f.Forward(z, logDet, x, nil))
	noise := make([]float32, len(x))
	kernels.NormalRows(noise, n, 8, 7, random.Sample, 0)
	slices.Sort(noise)
	sorted := slices.Clone(z)
	slices.Sort(sorted)
	for i, v := range noise {
		if math.Abs(float64(v)-sorted[i]) > 1e-4 {
			t.Fatalf("in ascending order noise %d of the samples is %v, want %v", i, sorted[i], v)
		}
	}
	back, inverse := make([]float64, len(x)), make([]float64, n)
	must(t, f.Inverse(back, inverse, z, nil))
	for i, v := range back {
		if math.Abs(v-x[i]) > 1e-4 {
			t.Fatalf("value %d is %v, there and back %v", i, x[i], v)
		}
	}
	for e := range n {
		if math.Abs(logProb[e]-score[e]) > 1e-4 || math.Abs(logDet[e]+inverse[e]) > 1e-4 {
			t.Fatalf("event %d has log p %v drawn and %v scored, log-det %v and back %v", e, logProb[e], score[e], logDet[e], inverse[e])
		}
	}
	alone, err := f.Sample(3, 7, nil)
	must(t, err)
	if !slices.Equal(alone, x[:3*8]) {
		t.Error("the first samples depend on how many are drawn")
	}
}

// TestPartsGradient compares the gradient with differences, whatever the tape
// keeps.
func TestPartsGradient(t *testing.T) {
	f := splitting(t, &base.DiagonalNormalSpec{Bound: 2})
	binding := autograd.Bind64(f.Model().Parameters())
	g := binding.NewGraph()
	x := []float64{0.3, -1, 0.7, 0.2, 1.1, -0.4, -0.9, 0.5}
	run := func(mode autograd.Mode, m autograd.Memory) (float64, autograd.Value) {
		g.Reset(mode)
		p := g.Pass(1)
		p.Memory = m
		in := p.Input(2, 4, true)
		for i, v := range x {
			in.Set(i/4, i%4, v)
		}
		f.Model().LogDensity(p, in)
		p.LogDet.Seed(1)
		p.Backward()
		return p.LogDet.Values[0], in
	}
	var want []float64
	for _, m := range []autograd.Memory{{}, {Replay: true}, {Reversible: true}} {
		_, in := run(autograd.Differentiate, m)
		got := slices.Clone(g.Gradients64())
		for i := range x {
			got = append(got, in.Gradient(i/4, i%4))
		}
		if want == nil {
			want = got
			for i, d := range got[:binding.Parameters().Len()] {
				const h = 1e-6
				v := &binding.Values64()[i]
				was := *v
				*v = was + h
				up, _ := run(autograd.Evaluate, autograd.Memory{})
				*v = was - h
				down, _ := run(autograd.Evaluate, autograd.Memory{})
				*v = was
				if by := (up - down) / (2 * h); math.Abs(d-by) > 1e-6*(1+math.Abs(by)) {
					t.Fatalf("gradient %d is %v, by differences %v", i, d, by)
				}
			}
			continue
		}
		for i, d := range got {
			if m.Replay && d != want[i] || math.Abs(d-want[i]) > 1e-9*(1+math.Abs(want[i])) {
				t.Fatalf("%+v: gradient %d is %v, the tape has %v", m, i, d, want[i])
			}
		}
	}
}

// TestPartsThatDoNotFit refuses a split that no part returns to.
func TestPartsThatDoNotFit(t *testing.T) {
	one, two := &transform.SplitSpec{Leave: []int{0}}, &transform.SplitSpec{Leave: []int{0, 1}}
	for name, specs := range map[string][]transform.Spec{
		"nothing left":  {&transform.InvertSpec{Transform: one}},
		"another width": {one, &transform.InvertSpec{Transform: two}},
		"all leave":     {two, two},
		"none leave":    {&transform.SplitSpec{}},
		"not ascending": {&transform.SplitSpec{Leave: []int{1, 0}}},
		"no feature":    {&transform.SplitSpec{Leave: []int{4}}},
	} {
		if _, err := flow.New(flow.Config{Features: []string{"a", "b", "c", "d"}, Transforms: specs, Base: &base.StandardNormalSpec{}}, 1); err == nil {
			t.Errorf("%s is no error", name)
		}
	}
}

// TestPartsKeepTheirFeatures follows each value by hand through a permutation, a
// split and a shift of each feature: what leaves stands in ascending column of
// the data, what stays in the order of its features.
func TestPartsKeepTheirFeatures(t *testing.T) {
	order, leave := []int{3, 0, 4, 2, 1}, []int{1, 2}
	f, err := flow.New(flow.Config{
		Features: []string{"a", "b", "c", "d", "e"}, Base: &base.StandardNormalSpec{},
		Transforms: []transform.Spec{
			&transform.PermutationSpec{Order: order}, &transform.SplitSpec{Leave: leave},
			&transform.ElementwiseSpec{Univariate: &autograd.Additive{}}, transform.Reverse(3),
		},
	}, 1)
	must(t, err)
	for _, p := range f.Model().Parameters().All() {
		for i := range p.Values() {
			p.Values()[i] = float32(10 * (i + 1))
		}
	}
	x, z := []float64{0.1, 0.2, 0.3, 0.4, 0.5}, make([]float64, 5)
	must(t, f.Forward(z, nil, x, nil))
	// Features 1 and 2 are a and e. Features 0, 3 and 4 are d, c and b; their
	// shifts follow the columns of the data: b, c, d; and they are reversed.
	want := []float64{0.1, 0.5, 10.2, 20.3, 30.4}
	for i := range want {
		if math.Abs(z[i]-want[i]) > 1e-5 {
			t.Fatalf("the noise is %v, want %v", z, want)
		}
	}
	must(t, f.Inverse(z, nil, z, nil))
	for i := range x {
		if math.Abs(z[i]-x[i]) > 1e-5 {
			t.Fatalf("the way back gives %v, want %v", z, x)
		}
	}
}

// TestSqueezeOrderDecidesWhatLeaves scores an image whose half is noise behind a squeeze
// and whose other half is scaled and shifted, by hand: the order of the squeeze says which
// pixels are which, and so the density.
func TestSqueezeOrderDecidesWhatLeaves(t *testing.T) {
	const height, width, channels, bound = 4, 4, 2, 2.0
	x := rows(height*width*channels, 5)
	var seen []float64
	// In each order, the place in a block and the channel of what leaves, the second half.
	for name, c := range map[string]struct {
		order  func(sites, features int) []int
		leaves func(line, site, channel int) bool
	}{
		"by sites":     {transform.BySites, func(line, _, _ int) bool { return line == 1 }},
		"by features":  {transform.ByFeatures, func(_, _, channel int) bool { return channel == 1 }},
		"by diagonals": {transform.ByDiagonals, func(line, site, _ int) bool { return line != site }},
	} {
		f, err := flow.New(flow.Config{
			Features: names("c", channels), Grid: []int{height, width}, Base: &base.StandardNormalSpec{},
			Transforms: []transform.Spec{
				transform.Squeeze([]int{height, width}, channels, c.order), &transform.SplitSpec{Leave: []int{4, 5, 6, 7}},
				&transform.ElementwiseSpec{Univariate: &autograd.Affine{Bound: bound}},
			},
		}, 1)
		must(t, err)
		const u, shift = 1.0, -0.5
		for _, p := range f.Model().Parameters().All() {
			for i := range p.Values() { // [u | shift]
				p.Values()[i] = u
				if i >= 4 {
					p.Values()[i] = shift
				}
			}
		}
		logScale := bound * math.Tanh(u/bound)
		var want float64
		for i, v := range x {
			if channel, site, line := i%channels, i/channels%width%2, i/channels/width%2; !c.leaves(line, site, channel) {
				v = v*math.Exp(logScale) + shift
				want += logScale
			}
			want -= 0.5*v*v + 0.5*math.Log(2*math.Pi)
		}
		got := make([]float64, 1)
		must(t, f.LogProb(got, x, nil))
		if math.Abs(got[0]-want) > 1e-5*math.Abs(want) {
			t.Errorf("%s: log p is %v, by hand %v", name, got[0], want)
		}
		for _, other := range seen {
			if math.Abs(got[0]-other) < 0.1 {
				t.Errorf("%s: log p is %v, as in another order", name, got[0])
			}
		}
		seen = append(seen, got[0])
	}
}
