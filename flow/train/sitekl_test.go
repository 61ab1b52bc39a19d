package train

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// sound is a small flow of 6 samples with random values within a bound.
func sound(t *testing.T, p flow.SoundPreset, o flow.SoundOptions, bound float32) *flow.Flow {
	t.Helper()
	o.Length, o.Columns, o.Layers, o.Stacks = 6, 4, 2, 1
	c, err := p.Config(o)
	if err != nil {
		t.Fatal(err)
	}
	f, err := flow.New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	if bound > 0 {
		random.Uniform(f.Model().Parameters().Values(), 3, random.Initialization, 0, bound)
	}
	for _, p := range f.Model().Parameters().All() {
		if strings.Contains(p.Name, "predictor") {
			for i := range p.Values() {
				p.Values()[i] /= 10 // large coefficients would make a filter that is not stable
			}
		}
	}
	return f
}

// constant sets what a flow of sound computes of every sample.
func constant(f *flow.Flow, parameters ...float64) {
	for _, p := range f.Model().Parameters().All() {
		if strings.HasSuffix(p.Name, "conditioner.output.bias") {
			for i, v := range parameters {
				p.Values()[i] = float32(v)
			}
		}
	}
}

// siteEstimate is SiteKL in float64.
func siteEstimate(t *testing.T, student, teacher *flow.Flow, o KL) *estimate {
	t.Helper()
	objective, err := SiteKL(student, teacher, o, blas.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	asked := autograd.Bind64(teacher.Model().Parameters())
	objective.(*siteKL).graphs.New = func() any { return asked.NewGraph() }
	e := &estimate{objective: objective, binding: autograd.Bind64(student.Model().Parameters()), epoch: 1}
	e.graph = e.binding.NewGraph()
	for i := range objective.Events() {
		e.events = append(e.events, i)
	}
	return e
}

// TestSiteKLOfKnownDensities compares a student whose samples are standard normal
// with teachers of constant densities: normal ones, whose divergence is known
// whatever is drawn, and a logistic one, by quadrature.
func TestSiteKLOfKnownDensities(t *testing.T) {
	student := sound(t, flow.PresetWaveNetIAF, flow.SoundOptions{Blocks: 2}, 0)
	normal := sound(t, flow.PresetWaveNet, flow.SoundOptions{Gaussian: true, Bound: 3}, 0)
	constant(normal, 3*math.Atanh(math.Log(2)/3), 1) // N(1, 2)
	got, _ := siteEstimate(t, student, normal, KL{Events: 3}).mean(autograd.Evaluate)
	const want = 0.44314718055994531 // log 2 + (1 + 1)/(2·4) − ½
	if math.Abs(got-6*want) > 1e-6 {
		t.Errorf("KL(N(0, 1)‖N(1, 2)) of 6 samples is %v, want %v", got, 6*want)
	}
	stereo := sound(t, flow.PresetWaveNet, flow.SoundOptions{Gaussian: true, Bound: 3, Channels: 2}, 0)
	constant(stereo, 3*math.Atanh(math.Log(2)/3), 0, 1, 2) // N(1, 2) and N(2, 1)
	got, _ = siteEstimate(t, sound(t, flow.PresetWaveNetIAF, flow.SoundOptions{Blocks: 2, Channels: 2}, 0), stereo, KL{Events: 3}).mean(autograd.Evaluate)
	if math.Abs(got-6*(want+2)) > 1e-6 {
		t.Errorf("KL of 6 samples of two channels is %v, want %v", got, 6*(want+2))
	}
	logistic := sound(t, flow.PresetWaveNet, flow.SoundOptions{Components: 1}, 0)
	got, _ = siteEstimate(t, student, logistic, KL{Events: 500, Draws: 8}).mean(autograd.Evaluate)
	var crossed float64
	for x := -10.0; x < 10; x += 0.01 {
		crossed += 0.01 * math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) * (math.Abs(x) + 2*math.Log1p(math.Exp(-math.Abs(x))))
	}
	if want := 6 * (crossed - halfLog2PiE); math.Abs(got-want) > 0.1 {
		t.Errorf("KL(N(0, 1)‖L(0, 1)) of 6 samples is %v, want %v", got, want)
	}
}

// TestMeasureMissed counts draws of a teacher that a student, far too narrow, gives no
// density that float32 holds.
func TestMeasureMissed(t *testing.T) {
	student := sound(t, flow.PresetWaveNetIAF, flow.SoundOptions{Blocks: 3, Bound: 20}, 0)
	constant(student, 20*math.Atanh(-0.95), 0) // standard deviations of e^−57
	d, err := Measure(student, sound(t, flow.PresetWaveNet, flow.SoundOptions{Gaussian: true}, 0), 20, 1, nil, Options{BLAS: blas.Builtin()})
	if err != nil {
		t.Fatal(err)
	}
	if d.Missed != 20 || !math.IsInf(d.TeacherKL, 1) || !math.IsInf(d.TeacherKLError, 1) || !(d.StudentKL > 0) || math.IsInf(d.StudentKL, 0) {
		t.Errorf("%+v, want 20 of 20 missed", d)
	}
}

// TestSiteKLGradient holds the gradient against central differences.
func TestSiteKLGradient(t *testing.T) {
	for name, of := range map[string]flow.SoundOptions{
		"normal":           {Gaussian: true, Bound: 3},
		"mixture":          {Components: 2, Bound: 3},
		"stereo":           {Gaussian: true, Bound: 3, Channels: 2},
		"mixtures, stereo": {Components: 2, Bound: 3, Channels: 2},
	} {
		student := sound(t, flow.PresetWaveNetIAF, flow.SoundOptions{Blocks: 2, Channels: of.Channels}, 0.5)
		e := siteEstimate(t, student, sound(t, flow.PresetWaveNet, of, 0.6), KL{Events: 2, Draws: 4})
		e.holdGradient(t, name, 2e-6)
	}
}

// TestSiteKLMeansReverseKL compares the means of the two objectives, which are of
// one divergence.
func TestSiteKLMeansReverseKL(t *testing.T) {
	for channels := 1; channels <= 2; channels++ {
		meansReverseKL(t, channels)
	}
}

func meansReverseKL(t *testing.T, channels int) {
	student := sound(t, flow.PresetWaveNetIAF, flow.SoundOptions{Blocks: 2, Channels: channels}, 0.5)
	teacher := sound(t, flow.PresetWaveNet, flow.SoundOptions{Components: 2, Bound: 3, Channels: channels}, 0.6)
	of := KL{Events: 1000, Draws: 2}
	site, err := SiteKL(student, teacher, of, blas.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	of.Draws = 1
	path, err := ReverseKL(student, teacher, of)
	if err != nil {
		t.Fatal(err)
	}
	binding, err := student.Model().Bind(blas.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	g := binding.NewGraph()
	var means [2]float64
	for i, o := range []Objective{site, path} {
		g.Reset(autograd.Evaluate)
		events := make([]int, of.Events)
		for e := range events {
			events[e] = e
		}
		means[i] = sum(o.Loss(g.Pass(len(events)), events).Values) / float64(len(events))
	}
	if math.Abs(means[0]-means[1]) > 0.1*(1+means[1]) {
		t.Errorf("of %d channels, the divergence is %v site by site and %v by whole draws", channels, means[0], means[1])
	}
}

// TestDistillSound teaches densities of sound to an IAF: the divergence falls, and
// the result is the same with any workers.
func TestDistillSound(t *testing.T) {
	teacher := sound(t, flow.PresetWaveNet, flow.SoundOptions{Gaussian: true, Bound: 3, Channels: 2}, 0.7)
	var first []float32
	for _, workers := range []int{1, 2} {
		student := sound(t, flow.PresetWaveNetIAF, flow.SoundOptions{Blocks: 1, Channels: 2}, 0)
		o := DistillDefaults()
		o.Epochs, o.Steps, o.Likelihood, o.Batch, o.LearningRate, o.Validation, o.Measured, o.Workers, o.BLAS = 4, 25, 0, 32, 2e-2, 64, 200, workers, blas.Builtin()
		d, err := Distill(t.Context(), student, teacher, o)
		if err != nil {
			t.Fatal(err)
		}
		if !(d.BestValidNLL < 0.4*d.StartValidNLL) || math.Abs(d.StudentKL-d.BestValidNLL) > 0.1 {
			t.Errorf("the divergence falls from %v to %v, by draws %v", d.StartValidNLL, d.BestValidNLL, d.StudentKL)
		}
		values := student.Model().Parameters().Values()
		if first != nil && !slices.Equal(first, values) {
			t.Error("with other workers the student is another")
		}
		first = values
	}
}

// TestPowerOfChannels holds the gradient of the loss of power of two channels against
// central differences, by the parameters of a student.
func TestPowerOfChannels(t *testing.T) {
	student := sound(t, flow.PresetWaveNetIAF, flow.SoundOptions{Blocks: 1, Channels: 2}, 0.5)
	teacher := sound(t, flow.PresetWaveNet, flow.SoundOptions{Gaussian: true, Bound: 3, Channels: 2}, 0.6)
	e := siteEstimate(t, student, teacher, KL{Events: 2})
	objective, err := Power{Weight: 3, Frame: 4}.with(e.objective.(*siteKL), blas.Builtin(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if r := objective.(*powered).reference; len(r) != 2 || slices.Equal(r[0], r[1]) {
		t.Fatalf("the references are %v", r)
	}
	alone, _ := e.mean(autograd.Evaluate)
	e.objective = objective
	if both, _ := e.mean(autograd.Evaluate); !(both > alone) {
		t.Errorf("the loss is %v with power and %v without", both, alone)
	}
	e.holdGradient(t, "power", 2e-6)
}

// TestSpectrum holds the mean magnitudes of a sine against what they are, and the
// gradient of the loss against central differences.
func TestSpectrum(t *testing.T) {
	s := newSpectrum(8)
	x := make([]float64, 12)
	for i := range x {
		x[i], _ = kernels.SinCos2Pi64(float64(i) / 4)
	}
	got := make([]float64, s.bins())
	s.mean(got, x, 1)
	// Of Hann's window, ½ − ½cos, the frequency 2 of 8 has the sum of the window times ½.
	for k, want := range []float64{0, 1, 2, 1, 0} {
		if math.Abs(got[k]-want) > 1e-3 {
			t.Errorf("the magnitude of frequency %d is %v, want %v", k, got[k], want)
		}
	}
	noise, reference := make([]float32, 12), make([]float64, s.bins())
	kernels.NormalRows(noise, 1, 12, 1, random.Noise, 0)
	for i, v := range noise {
		x[i] = float64(v)
	}
	for k := range reference {
		reference[k] = float64(k) / 3
	}
	grad := make([]float64, len(x))
	s.loss(grad, x, 1, reference)
	for i, v := range x {
		const h = 1e-6
		x[i] = v + h
		up := s.loss(nil, x, 1, reference)
		x[i] = v - h
		down := s.loss(nil, x, 1, reference)
		x[i] = v
		if want := (up - down) / (2 * h); math.Abs(grad[i]-want) > 1e-6*(1+math.Abs(want)) {
			t.Errorf("the gradient of value %d is %v, by differences %v", i, grad[i], want)
		}
	}
}

// TestSiteKLRefuses compares what it cannot.
func TestSiteKLRefuses(t *testing.T) {
	iaf, net := sound(t, flow.PresetWaveNetIAF, flow.SoundOptions{}, 0), sound(t, flow.PresetWaveNet, flow.SoundOptions{}, 0)
	tall := sound(t, flow.PresetWaveNet, flow.SoundOptions{Blocks: 2}, 0)
	table := density(t, &base.StandardNormalSpec{}, 0, &transform.LUSpec{Bound: 4})
	for _, pair := range [][2]*flow.Flow{{net, net}, {iaf, iaf}, {iaf, tall}, {table, table}} {
		if _, err := SiteKL(pair[0], pair[1], KL{}, blas.Builtin()); err == nil {
			t.Errorf("%v and %v are compared site by site", pair[0].Config().Transforms, pair[1].Config().Transforms)
		}
	}
}
