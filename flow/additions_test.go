package flow_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
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

// What follows is all that a conditioner, a univariate and a base need, and
// these are their lines.
func init() {
	nn.Kinds.Add("test-scaled", 2, &scaledSpec{})
	autograd.Univariates.Add("test-stretch", 2, autograd.Widen(&stretch{}))
	base.Kinds.Add("test-wide", 2, &wideSpec{})
}

// scaledSpec describes a linear layer of inputs that are multiplied, by adding
// them up.
type scaledSpec struct {
	Times int `json:"times"`
}

func (s *scaledSpec) Check(in autograd.Shape, context int) error {
	if s.Times < 1 || in.Features == 0 || context > 0 {
		return errors.New("it takes features, no context, and a number above 0")
	}
	return nil
}

func (s *scaledSpec) Build(in autograd.Shape, _, out int, scope autograd.Scope) nn.Conditioner {
	return &scaled{s.Times, scope.At("layer").NewLinear(in.Features, out)}
}

type scaled struct {
	times int
	layer *autograd.Linear
}

func (s *scaled) Compute(p *autograd.Pass, x autograd.Value, _ int) autograd.Value {
	sum := x
	for range s.times - 1 {
		sum = p.Add(sum, x)
	}
	return p.Linear(sum, s.layer, blas.None)
}

func (s *scaled) Initialize(uint64) {
	clear(s.layer.Weight.Values())
	clear(s.layer.Bias.Values())
}

// stretch is y = (k + u²)·x.
type stretch struct {
	Least float64 `json:"least"`
}

func (s *stretch) Check() error {
	if !(s.Least > 0) {
		return errors.New("least must be above 0")
	}
	return nil
}

func (*stretch) ParametersPerElement() int { return 1 }

func (s *stretch) Forward(x float64, p []float64) (y, logDet float64) {
	k := s.Least + p[0]*p[0]
	return k * x, math.Log(k)
}

func (s *stretch) Inverse(y float64, p []float64) (x, logDet float64) {
	k := s.Least + p[0]*p[0]
	return y / k, -math.Log(k)
}

func (s *stretch) Backward(dp []float64, x float64, p []float64, dy, dLogDet float64) (dx float64) {
	k := s.Least + p[0]*p[0]
	dp[0] = 2 * p[0] * (dy*x + dLogDet/k)
	return k * dy
}

// wideSpec describes a normal density of a fixed standard deviation.
type wideSpec struct {
	Deviation float64 `json:"deviation"`
}

func (s *wideSpec) Default() { s.Deviation = 2 }

func (s *wideSpec) Check(int) error {
	if !(s.Deviation > 0) {
		return errors.New("the deviation must be above 0")
	}
	return nil
}

func (s *wideSpec) Build(features int, scope autograd.Scope) base.Density {
	standard := (&base.StandardNormalSpec{}).Build(features, scope)
	return wide{standard, scope.NewDensity(wideRows{s.Deviation}, nil), s.Deviation}
}

type wide struct {
	base.Density // the standard normal, for its noise
	density      *autograd.Density
	deviation    float64
}

func (w wide) LogDensity(p *autograd.Pass, z autograd.Value, total autograd.Sums) {
	p.Density(w.density, z, total)
}

func (w wide) Sample(p *autograd.Pass, z autograd.Value, d base.Draw, total autograd.Sums) autograd.Value {
	z = w.Density.Sample(p, z, d, p.Sums(len(total.Values)))
	kernels.Scale(z.Flat32(), z.Flat32(), float32(w.deviation))
	w.LogDensity(p, z, total)
	return z
}

// wideRows is the density of a row.
type wideRows struct{ deviation float64 }

func (wideRows) Prepared() int          { return 0 }
func (wideRows) Scratch() int           { return 0 }
func (wideRows) Prepare(_, _ []float64) {}

func (w wideRows) LogDensity(_, _, z []float64) (sum float64) {
	for _, v := range z {
		sum -= v*v/(2*w.deviation*w.deviation) + math.Log(w.deviation) + kernels.HalfLog2Pi
	}
	return sum
}

func (w wideRows) Gradient(dz, _, _, _, z []float64, d float64) {
	for c, v := range z {
		dz[c] -= d * v / (w.deviation * w.deviation)
	}
}

// TestAdditions composes what was added, holds the density against the formula,
// and reads the file again, which says version 2.
func TestAdditions(t *testing.T) {
	noise, err := base.New("test-wide")
	must(t, err)
	config := func(times int, least float64) flow.Config {
		return flow.Config{
			Features: names("x", 2),
			Transforms: []transform.Spec{&transform.CouplingSpec{
				Mask: []bool{false, true}, Univariate: autograd.Widen(&stretch{least}), Conditioner: &scaledSpec{times},
			}},
			Base: noise,
		}
	}
	f, err := flow.New(config(3, 0.5), 1)
	must(t, err)
	f.Model().Parameters().Edit(func(values []float32) { random.Uniform(values, 1, random.Initialization, 0, 1) })
	x, got := []float64{0.75, -1.5}, make([]float64, 1)
	must(t, f.LogProb(got, x, nil))
	w, b := float64(f.Model().Parameters().Values()[0]), float64(f.Model().Parameters().Values()[1])
	u := 3*0.75*w + b
	k := 0.5 + u*u
	want := math.Log(k) - math.Log(2*math.Pi) - 2*math.Log(2) - (0.75*0.75+k*k*1.5*1.5)/8
	if math.Abs(got[0]-want) > 1e-6*(1+math.Abs(want)) {
		t.Errorf("log p is %v, want %v", got[0], want)
	}

	var file bytes.Buffer
	must(t, f.Write(&file))
	for _, part := range []string{
		`"nf.version":"2"`, `\"conditioner\":{\"type\":\"test-scaled\",\"times\":3}`,
		`\"univariate\":{\"type\":\"test-stretch\",\"least\":0.5}`, `\"base\":{\"type\":\"test-wide\",\"deviation\":2}`,
	} {
		if !strings.Contains(file.String(), part) {
			t.Errorf("the file does not say %s: %s", part, file.String())
		}
	}
	g, err := flow.Read(bytes.NewReader(file.Bytes()), int64(file.Len()))
	must(t, err)
	again := make([]float64, 1)
	must(t, g.LogProb(again, x, nil))
	if again[0] != got[0] {
		t.Errorf("log p is %v when read again, was %v", again[0], got[0])
	}
	for _, c := range []flow.Config{config(0, 0.5), config(1, -1)} {
		if _, err := flow.New(c, 1); err == nil {
			t.Errorf("%+v is taken", c.Transforms[0])
		}
	}
	bad := config(1, 1)
	bad.Base = &wideSpec{}
	if _, err := flow.New(bad, 1); err == nil || !strings.Contains(err.Error(), "test-wide") {
		t.Errorf("a deviation of 0: %v", err)
	}
}
