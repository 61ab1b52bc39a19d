package train

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// linear is a flow of sound in windows of so many samples whose WaveNet has a predictor
// of the samples before, the last first, and gates that add nothing: a teacher with
//
//	x_t = Σ_k coefficients_k·x_{t−k} + σ·z_t
//
// or a student, whose predictor sees the noise instead, with z_{t−k} for x_{t−k}. It
// returns σ and the coefficients in float32, as they are in the flow.
func linear(t *testing.T, student bool, samples int, sigma float64, coefficients ...float64) (*flow.Flow, float64, []float64) {
	t.Helper()
	const bound = 3
	network := &nn.WaveNetSpec{Width: 2, Skip: 2, Kernel: 2, Dilations: []int{1}, Front: len(coefficients)}
	var layer transform.Spec = &transform.SequentialSpec{Univariate: &autograd.Inverse{Of: &autograd.Affine{Bound: bound}}, Conditioner: network}
	if student {
		layer = &transform.InvertSpec{Transform: &transform.SequentialSpec{Univariate: &autograd.Affine{Bound: bound}, Conditioner: network}}
	}
	f, err := flow.New(flow.Config{
		Features: flow.SoundChannels(1), Grid: []int{samples}, Base: &base.StandardNormalSpec{}, Transforms: []transform.Spec{layer},
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	constant(f, bound*math.Atanh(math.Log(sigma)/bound), 0)
	narrow := make([]float64, len(coefficients))
	for _, p := range f.Model().Parameters().All() {
		v := p.Values()
		switch {
		case strings.HasSuffix(p.Name, "predictor.weight"): // of the furthest sample first, [u | μ]
			for k, c := range coefficients {
				v[2*(len(coefficients)-1-k)+1] = float32(c)
				narrow[k] = float64(float32(c))
			}
		case strings.HasSuffix(p.Name, "conditioner.output.bias"):
			sigma = math.Exp(bound * math.Tanh(float64(v[0])/bound))
		}
	}
	return f, sigma, narrow
}

// TestAutoregression holds a teacher that is an autoregression of the first order,
// x_t = a·x_{t−1} + σ·e_t with +0 before the first sample, to its density, row by row, in
// float64 and float32; and the mean over data of it, drawn here, and over its own draws
// to its entropy, ½ log(2πe·σ²) a sample, whose standard error is √(½/samples).
func TestAutoregression(t *testing.T) {
	const samples, events = 20, 1000
	f, sigma, c := linear(t, false, samples, 0.3, 0.8)
	a := c[0]
	rng := rand.New(rand.NewPCG(1, 2))
	x, logProb := make([]float64, events*samples), make([]float64, events)
	for i := range x {
		x[i] = float64(float32(sigma * rng.NormFloat64()))
		if i%samples > 0 {
			x[i] = float64(float32(x[i] + a*x[i-1]))
		}
	}
	if err := f.LogProb(logProb, x, nil); err != nil {
		t.Fatal(err)
	}
	g := autograd.Bind64(f.Model().Parameters()).NewGraph()
	for e, got := range logProb {
		row := x[e*samples:][:samples]
		want, before := 0.0, 0.0
		for _, v := range row {
			r := (v - a*before) / sigma
			want -= 0.5*math.Log(2*math.Pi) + math.Log(sigma) + 0.5*r*r
			before = v
		}
		if math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
			t.Errorf("row %d has the log-density %v, want %v", e, got, want)
		}
		if e >= 20 {
			continue
		}
		g.Reset(autograd.Evaluate)
		p := g.Pass(1)
		in := p.Input(samples, 1, false)
		for i, v := range row {
			in.Set(i, 0, v)
		}
		f.Model().LogDensity(p, in)
		if got := p.LogDet.Values[0]; math.Abs(got-want) > 1e-9*(1+math.Abs(want)) {
			t.Errorf("row %d has the log-density %v in float64, want %v", e, got, want)
		}
	}
	_, drawn, err := f.SampleWithLogProb(events, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	entropy, fourErrors := 0.5*math.Log(2*math.Pi*math.E*sigma*sigma), 4*math.Sqrt(0.5/(events*samples))
	for name, of := range map[string][]float64{"data": logProb, "its own draws": drawn} {
		if got := -sum(of) / (events * samples); math.Abs(got-entropy) > fourErrors {
			t.Errorf("the mean of %s is %v a sample, want %v to %v", name, got, entropy, fourErrors)
		}
	}
}

// response is the matrix of the samples by the noise: of an autoregression with one
// coefficient a, or of a moving average.
func response(samples int, at func(lag int) float64) *mat.TriDense {
	m := mat.NewTriDense(samples, mat.Lower, nil)
	for i := range samples {
		for j := range i + 1 {
			m.SetTri(i, j, at(i-j))
		}
	}
	return m
}

// normalKL is KL(N(0, BBᵀ)‖N(0, AAᵀ)) = ½(‖A⁻¹B‖² − n) − log|A⁻¹B|.
func normalKL(b, a *mat.TriDense) float64 {
	n, _ := a.Dims()
	var inverse mat.TriDense
	if err := inverse.InverseTri(a); err != nil {
		return math.NaN()
	}
	var ratio mat.Dense
	ratio.Mul(&inverse, b)
	kl := -0.5 * float64(n)
	for i := range n {
		kl -= math.Log(math.Abs(ratio.At(i, i)))
		for j := range n {
			kl += 0.5 * ratio.At(i, j) * ratio.At(i, j)
		}
	}
	return kl
}

// TestMovingAverageOfAutoregression compares students that see R samples of noise, moving
// averages, with an autoregression, x_t = Σ_k σ·aᵏ·z_{t−k}, by SiteKL and by Measure. One
// that has the teacher's first R coefficients differs by σ·a^{R+1}·z_{t−R−1} at each sample
// behind R, so that its divergence is ½a^{2(R+1)} a sample there, and 0 before; that of
// others, and of the teacher from either, is one of normals.
func TestMovingAverageOfAutoregression(t *testing.T) {
	const samples, events, field = 12, 1000, 3
	teacher, sigma, c := linear(t, false, samples, 0.5, 0.9)
	a := c[0]
	own := response(samples, func(lag int) float64 { return sigma * math.Pow(a, float64(lag)) })
	for name, of := range map[string]struct {
		sigma        float64
		coefficients []float64
	}{
		"the teacher's": {sigma, []float64{sigma * a, sigma * a * a, sigma * a * a * a}},
		"others":        {0.6, []float64{0.3, 0.5, -0.1}},
	} {
		student, sigma, c := linear(t, true, samples, of.sigma, of.coefficients...)
		average := response(samples, func(lag int) float64 {
			switch {
			case lag == 0:
				return sigma
			case lag <= field:
				return c[lag-1]
			}
			return 0
		})
		want, back := normalKL(average, own), normalKL(own, average)
		if closed := float64(samples-1-field) * 0.5 * math.Pow(a, 2*(field+1)); name == "the teacher's" && math.Abs(want-closed) > 1e-5 {
			t.Fatalf("the divergence is %v by matrices, %v by the sum", want, closed)
		}
		e := siteEstimate(t, student, teacher, KL{Events: events})
		e.graph.Reset(autograd.Evaluate)
		p := e.graph.Pass(events)
		p.Epoch, p.Seed = 1, 7
		got, deviation := meanAndError(e.objective.Loss(p, e.events).Values)
		if !(deviation < 0.05*want) || math.Abs(got-want) > 4*deviation {
			t.Errorf("%s: site by site the divergence is %v ± %v, want %v", name, got, deviation, want)
		}
		d, err := Measure(student, teacher, events, 1, nil, Options{BLAS: blas.Builtin()})
		if err != nil {
			t.Fatal(err)
		}
		if !(d.StudentKLError < 0.05*want && d.TeacherKLError < 0.05*back) || math.Abs(d.StudentKL-want) > 4*d.StudentKLError || math.Abs(d.TeacherKL-back) > 4*d.TeacherKLError {
			t.Errorf("%s: by draws the divergences are %+v, want %v and %v", name, d, want, back)
		}
	}
}

// TestMeasureLogistics holds the divergences of logistic densities, of which Parallel
// WaveNet is made, in four columns: KL(L(0, 1)‖L(1, 2)) is .3172 and KL(L(0, 1)‖L(0, 2))
// .2639, and 4 standard errors tell them from each other.
func TestMeasureLogistics(t *testing.T) {
	const columns, draws = 4, 5000
	logistic := func(mean, scale float64) *flow.Flow {
		const bound = 3
		u := &autograd.LogisticMixture{Components: 1, Bound: bound}
		f, err := flow.New(flow.Config{
			Features: []string{"a", "b", "c", "d"}, Base: &base.StandardNormalSpec{}, Transforms: []transform.Spec{&transform.ElementwiseSpec{Univariate: u}},
		}, 1)
		if err != nil {
			t.Fatal(err)
		}
		v := f.Model().Parameters().Values() // [μ | u]
		for i := range columns {
			v[i], v[columns+i] = float32(mean), float32(bound*math.Atanh(math.Log(scale)/bound))
		}
		return f
	}
	for _, c := range []struct{ mean, want float64 }{{1, 0.3172176}, {0, 0.2639435}} {
		d, err := Measure(logistic(0, 1), logistic(c.mean, 2), draws, 1, nil, Options{BLAS: blas.Builtin()})
		if err != nil {
			t.Fatal(err)
		}
		got, deviation := d.StudentKL/columns, d.StudentKLError/columns
		if !(deviation < 0.005) || math.Abs(got-c.want) > 4*deviation {
			t.Errorf("KL(L(0, 1)‖L(%v, 2)) is %v ± %v, want %v", c.mean, got, deviation, c.want)
		}
	}
}
