package flow_test

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// variational is a Glow of 4 x 4 pixels with a dequantization of random values.
func variational(t *testing.T, context ...string) *flow.Flow {
	return imageFlow(t, flow.PresetGlow, flow.ImageOptions{Height: 4, Width: 4, Channels: 2, Levels: 256, Context: context, Variational: true})
}

func scorer(t *testing.T, f *flow.Flow, workers int) *flow.Scorer {
	t.Helper()
	s, err := f.NewScorer(flow.ScorerOptions{Workers: workers, BLAS: blas.Builtin()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestDequantizationAloneBits scores images together, on two workers, and each
// alone, from the model and from its file, in the same bits.
func TestDequantizationAloneBits(t *testing.T) {
	f := variational(t, "a")
	var file bytes.Buffer
	if err := f.Write(&file); err != nil {
		t.Fatal(err)
	}
	if c := f.Config(); !strings.Contains(file.String(), `"nf.version":"2"`) || c.Pixels.Dequantization == nil {
		t.Error("the file is not of version 2")
	}
	again, err := flow.Read(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	const n = 11
	d := f.Dim()
	x, context := pixels(n*d, 3), make([]float64, n)
	for i := range context {
		context[i] = float64(i%3) - 1
	}
	together, threads, alone := make([]float64, n), make([]float64, n), make([]float64, n)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(scorer(t, f, 1).LogProb(together, x, context))
	check(scorer(t, again, 3).LogProb(threads, x, context))
	one := scorer(t, f, 1)
	for i := range n {
		check(one.LogProb(alone[i:i+1], x[i*d:(i+1)*d], context[i:i+1]))
		if together[i] != alone[i] || together[i] != threads[i] {
			t.Errorf("image %d scores %v together, %v on three workers, %v alone", i, together[i], threads[i], alone[i])
		}
	}
	draws := make([]float64, n)
	check(one.LogProbDraws(draws, x, context, 1))
	for i := range n {
		if draws[i] != together[i] {
			t.Errorf("image %d scores %v by one draw, %v at once", i, draws[i], together[i])
		}
	}
	z, back := make([]float64, n*d), make([]float64, n*d)
	check(one.Forward(z, nil, x, context))
	check(one.Inverse(back, nil, z, context))
	for i := range x {
		if back[i] != x[i] {
			t.Fatalf("value %d goes to noise and back as %v, was %v", i, back[i], x[i])
		}
	}
	gradient := make([]float64, n*d)
	check(one.LogProbGrad(alone, gradient, nil, x, context))
	if alone[n-1] != together[n-1] || gradient[n*d-1] == 0 {
		t.Errorf("with a gradient of %v the score is %v, without %v", gradient[n*d-1], alone[n-1], together[n-1])
	}
}

// TestDequantizationBeginsUniform: a new dequantization is that of uniform noise.
func TestDequantizationBeginsUniform(t *testing.T) {
	const n = 5
	var scores [2][n]float64
	for i, learned := range []bool{false, true} {
		c, err := flow.Glow(flow.ImageOptions{Height: 4, Width: 6, Channels: 1, Levels: 17, Scales: 1, Steps: 2, Columns: 4, Variational: learned})
		if err != nil {
			t.Fatal(err)
		}
		f, err := flow.New(c, 3)
		if err != nil {
			t.Fatal(err)
		}
		x := pixels(n*f.Dim(), 4)
		for i, v := range x {
			x[i] = math.Floor(v / 16)
		}
		if err := scorer(t, f, 1).LogProb(scores[i][:], x, nil); err != nil {
			t.Fatal(err)
		}
	}
	for i, v := range scores[0] {
		if math.Abs(scores[1][i]-v) > 1e-5*math.Abs(v) {
			t.Errorf("image %d scores %v, and with uniform noise %v", i, scores[1][i], v)
		}
	}
}

// entering returns standardized pixels and logistic noise.
func entering(n int) (x, noise []float64) {
	for i, v := range pixels(2*n, 5) {
		if i < n {
			x = append(x, (v-128)/64)
		} else {
			noise = append(noise, math.Log((v+0.5)/(255.5-v)))
		}
	}
	return x, noise
}

// entered begins a pass of one event with the noise ε, in float64.
func entered(g *autograd.Graph, f *flow.Flow, mode autograd.Mode, x, noise []float64) (p *autograd.Pass, in autograd.Value) {
	g.Reset(mode)
	p = g.Pass(1)
	columns := len(f.Config().Features)
	in = p.Input(len(x)/columns, 2*columns, true)
	for i := range x {
		in.Set(i/columns, i%columns, x[i])
		in.Set(i/columns, columns+i%columns, noise[i])
	}
	return p, in
}

// TestDequantizationDensity holds −log q against the dense Jacobian of the noise in
// float64.
func TestDequantizationDensity(t *testing.T) {
	f := variational(t)
	n := f.Dim()
	x, noise := entering(n)
	c := f.Config()
	c.Transforms = nil
	front, err := flow.New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range front.Model().Parameters().All() {
		random.Uniform(p.Values(), 3, random.Initialization, uint64(p.Offset()), 0.3)
	}
	g := autograd.Bind64(front.Model().Parameters()).NewGraph()
	jacobian := mat.NewDense(n, n, nil)
	var got float64
	for i := range n {
		p, in := entered(g, front, autograd.DifferentiateInputs, x, noise)
		y := front.Model().Forward(p, in)
		g.SeedGradient(y, i/2, i%2, 1)
		g.Backward()
		for k := range n {
			jacobian.Set(i, k, in.Gradient(k/2, 2+k%2)*c.Standardize.Std[i%2])
		}
		if u := (y.At(i/2, i%2) - x[i]) * c.Standardize.Std[i%2]; !(u > 0 && u < 1) {
			t.Errorf("the noise of value %d is %v", i, u)
		}
		got = p.LogDet.Values[0]
	}
	var lu mat.LU
	lu.Factorize(jacobian)
	want, _ := lu.LogDet()
	for _, e := range noise { // of the logistic density of ε
		want -= -math.Abs(e) - 2*math.Log1p(math.Exp(-math.Abs(e)))
	}
	if math.Abs(got-want) > 1e-9*math.Abs(want) {
		t.Errorf("-log q is %v, the Jacobian makes %v", got, want)
	}

}

// TestDequantizationGradient compares the gradient of the joint bound with
// differences in float64, whatever the tape keeps.
func TestDequantizationGradient(t *testing.T) {
	f := variational(t)
	parameters := f.Model().Parameters()
	binding := autograd.Bind64(parameters)
	g := binding.NewGraph()
	x, noise := entering(f.Dim())
	bound := func(mode autograd.Mode, m autograd.Memory) float64 {
		p, in := entered(g, f, mode, x, noise)
		p.Memory = m
		f.Model().LogDensity(p, in)
		p.LogDet.Seed(1)
		p.Backward()
		return p.LogDet.Values[0]
	}
	bound(autograd.Differentiate, autograd.Memory{})
	gradients := slices.Clone(g.Gradients64())
	learned := 0
	for _, q := range parameters.All() {
		if strings.HasSuffix(q.Name, ".initialized") {
			continue
		}
		if strings.HasPrefix(q.Name, "dequantization.") {
			learned++
		}
		const h = 1e-6
		at := q.Offset() + q.Size()/2
		v := &binding.Values64()[at]
		was := *v
		*v = was + h
		up := bound(autograd.Evaluate, autograd.Memory{})
		*v = was - h
		down := bound(autograd.Evaluate, autograd.Memory{})
		*v = was
		if by := (up - down) / (2 * h); math.Abs(gradients[at]-by) > 1e-5*(1+math.Abs(by)) {
			t.Errorf("the gradient of %s is %v, by differences %v", q.Name, gradients[at], by)
		}
	}
	if learned != 4*3*2 {
		t.Errorf("%d tensors of the dequantization, want 24", learned)
	}
	for _, m := range []autograd.Memory{{Replay: true}, {Reversible: true}} {
		bound(autograd.Differentiate, m)
		for i, d := range g.Gradients64() {
			if m.Replay && d != gradients[i] || math.Abs(d-gradients[i]) > 1e-9*(1+math.Abs(gradients[i])) {
				t.Fatalf("%+v: gradient %d is %v, the tape has %v", m, i, d, gradients[i])
			}
		}
	}
}

// TestDequantizationOfKnown averages the densities of many draws to the probability
// of each image of 2 x 2 pixels of 2 levels, which is known where pixels are normal.
func TestDequantizationOfKnown(t *testing.T) {
	shape := transform.Shape{Grid: []int{2, 2}, Features: 1}
	const mean, std = 0.8, 0.7
	f, err := flow.New(flow.Config{
		Features: []string{"gray"}, Grid: shape.Grid, Base: &base.StandardNormalSpec{},
		Pixels:      &flow.Pixels{Levels: 2, Dequantization: flow.VariationalDequantization(shape)},
		Standardize: flow.Standardization{Mean: []float64{mean}, Std: []float64{std}},
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	random.Uniform(f.Model().Parameters().Values(), 3, random.Initialization, 0, 0.15)
	x := make([]float64, 16*4)
	for i := range x {
		x[i] = float64(i / 4 >> (i % 4) & 1)
	}
	below := func(v float64) float64 { return 0.5 * math.Erfc((mean-v)/std/math.Sqrt2) }
	level := [2]float64{below(1) - below(0), below(2) - below(1)}
	got, one := make([]float64, 16), make([]float64, 16)
	s := scorer(t, f, 2)
	if err := s.LogProb(one, x, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.LogProbDraws(got, x, nil, 8000); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i := range got {
		want := 1.0
		for _, v := range x[4*i : 4*i+4] {
			want *= level[int(v)]
		}
		sum += math.Exp(got[i])
		if math.Abs(math.Exp(got[i])-want) > 0.05*want || got[i] == one[i] {
			t.Errorf("image %d has probability %v by 8000 draws, want %v", i, math.Exp(got[i]), want)
		}
	}
	if want := math.Pow(level[0]+level[1], 4); math.Abs(sum-want) > 0.01*want || sum > 1 {
		t.Errorf("all images together have probability %v, want %v", sum, want)
	}
}

// TestDequantizationRefused tells what a dequantization may not be.
func TestDequantizationRefused(t *testing.T) {
	shape := transform.Shape{Grid: []int{2, 4}, Features: 1}
	for want, change := range map[string]func(c *flow.Config){
		"has an odd side":                    func(c *flow.Config) { c.Grid = []int{2, 3} },
		"grids of one or two dimensions":     func(c *flow.Config) { c.Grid = nil },
		"there are no transforms":            func(c *flow.Config) { c.Pixels.Dequantization.Transforms = nil },
		"normal noise":                       func(c *flow.Config) { c.Pixels.Noise = 0.1 },
		"neither a coupling nor elementwise": func(c *flow.Config) { c.Pixels.Dequantization.Transforms[1] = &transform.PlanarSpec{} },
		"leaves the first 4, the pixels, as": func(c *flow.Config) { c.Pixels.Dequantization.Transforms[1].(*transform.CouplingSpec).Mask[2] = true },
		"transform 0 has no mask of 8 features": func(c *flow.Config) {
			c.Pixels.Dequantization.Transforms[0] = &transform.ElementwiseSpec{Univariate: autograd.Additive{}}
		},
		"transform 3: coupling: no conditioner": func(c *flow.Config) {
			c.Pixels.Dequantization.Transforms[3].(*transform.CouplingSpec).Conditioner = nil
		},
	} {
		c := flow.Config{
			Features: []string{"gray"}, Grid: shape.Grid, Base: &base.StandardNormalSpec{},
			Pixels: &flow.Pixels{Levels: 2, Dequantization: flow.VariationalDequantization(shape)},
		}
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		change(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want one of %q", err, want)
		}
	}
	for _, o := range []flow.ImageOptions{{Height: 4, Width: 4, Variational: true}, {Height: 4, Width: 4, Levels: 4, Noise: 0.1, Variational: true}} {
		if _, err := flow.Glow(o); err == nil || !strings.Contains(err.Error(), "a learned dequantization") {
			t.Errorf("the error is %v", err)
		}
	}
	c, err := flow.NICE([]string{"a", "b"}, nil, flow.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := flow.New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := scorer(t, f, 1).LogProbDraws(make([]float64, 1), []float64{1, 2}, nil, 2); err == nil {
		t.Error("a flow of rows has draws of noise")
	}
	if err := scorer(t, variational(t), 1).LogProbDraws(make([]float64, 1), pixels(32, 1), nil, 0); err == nil {
		t.Error("a score by no draw")
	}
}

// TestDequantizationIsOfItsFlow: a flow that follows another has uniform noise, and
// without the dequantization the parameters of the rest stand where they did.
func TestDequantizationIsOfItsFlow(t *testing.T) {
	f := variational(t)
	of := f.Config()
	c := flow.Config{Features: of.Features, Grid: of.Grid, Base: of.Base}
	if err := c.Follow(&of); err != nil {
		t.Fatal(err)
	}
	if c.Pixels.Dequantization != nil || c.Pixels.Levels != 256 || of.Pixels.Dequantization == nil {
		t.Errorf("a flow that follows has the pixels %+v", c.Pixels)
	}
	of.Pixels = c.Pixels
	rest, err := flow.New(of, 1)
	if err != nil {
		t.Fatal(err)
	}
	all := f.Model().Parameters().All()
	for i, p := range rest.Model().Parameters().All() {
		if q := all[i]; q.Name != p.Name || q.Offset() != p.Offset() {
			t.Errorf("parameter %s is at %d, and %s at %d beside a dequantization", p.Name, p.Offset(), q.Name, q.Offset())
		}
	}
}
