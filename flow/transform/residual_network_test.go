package transform_test

import (
	"math"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

var silu = autograd.Activation{Name: autograd.SiLUActivation}

func estimated(probes, terms int, lipschitz float64) *transform.ResidualNetworkSpec {
	return &transform.ResidualNetworkSpec{
		Hidden: []int{5, 4}, Lipschitz: lipschitz, Activation: silu, Terms: terms, Probes: transform.ProbesSpec{Count: probes, Seed: 3 * uint64(min(probes, 1))},
	}
}

// many is a number of features whose scores are estimates.
const many = 129

// straight builds a block of two hidden layers, far on the straight side of SiLU, so
// that J is a diagonal matrix, in which every ±1 probe is exact: of its first two
// features, and 0 of the others.
func straight(t *testing.T, spec *transform.ResidualNetworkSpec, features int, first [2]float32) *subject {
	t.Helper()
	spec.Hidden = []int{2, 2}
	s := build(t, spec, transform.Shape{Features: features}, 0)
	for _, p := range s.parameters.All() {
		clear(p.Values())
		diagonal := map[string][2]float32{"layers.0.weight": first, "layers.1.weight": {0.8, 0.7}, "layers.2.weight": {0.8, 0.85}}[p.Name]
		switch {
		case strings.HasSuffix(p.Name, ".weight"):
			p.Values()[0], p.Values()[p.Cols+1] = diagonal[0], diagonal[1]
		case p.Name != "layers.2.bias":
			p.Values()[0], p.Values()[1] = 400, 400
		}
	}
	return s
}

// TestResidualNetworkKnownDeterminants is of blocks that are matrices, once with a
// norm that the weights keep, once with one that divides the first.
func TestResidualNetworkKnownDeterminants(t *testing.T) {
	bound := math.Pow(0.9, 1.0/3)
	for _, c := range []struct {
		first  [2]float32
		scaled [2]float64
	}{{[2]float32{0.9, -0.8}, [2]float64{0.9, -0.8}}, {[2]float32{3, -1}, [2]float64{bound, -bound / 3}}} {
		want := math.Log(1+c.scaled[0]*0.8*0.8) + math.Log(1+c.scaled[1]*0.7*0.85)
		for _, spec := range []*transform.ResidualNetworkSpec{estimated(0, 0, 0.9), estimated(2, 60, 0.9), estimated(1, 3, 0.9)} {
			for _, features := range []int{2, many} {
				if features == many && spec.Terms == 0 {
					continue
				}
				s := straight(t, spec, features, c.first)
				x := make([]float64, features)
				x[0], x[1] = 0.3, -0.7
				_, _, _, total := s.run(autograd.Bind64(s.parameters).NewGraph(), autograd.Evaluate, false, x, nil)
				within := 1e-6
				if spec.Terms == 3 && features == many {
					within = 2 * math.Pow(0.9, 4) / (4 * (1 - 0.9))
					if math.Abs(total.Values[0]-want) < 1e-3 {
						t.Errorf("3 terms make %v of %v, as if they were all", total.Values[0], want)
					}
				}
				if math.Abs(total.Values[0]-want) > within {
					t.Errorf("%d features, %d probes, %d terms: log-det is %v, want %v", features, spec.Probes.Count, spec.Terms, total.Values[0], want)
				}
			}
		}
	}
}

// TestResidualNetworkEstimate checks an estimate as a map: what its density is in
// scoring is a smooth function, and its gradients are those.
func TestResidualNetworkEstimate(t *testing.T) {
	spec := estimated(1, 3, 0.1)
	spec.Hidden = []int{3, 2}
	s := build(t, spec, transform.Shape{Grid: []int{2}, Features: many}, 2)
	x, ctx := noise(2*many, 1, 2.5), noise(2, 2, 2)
	checkRoundTrip(t, s, x, ctx)
	for _, inverse := range []bool{false, true} {
		checkGradients(t, s, inverse, x, ctx)
	}
	check32(t, s, x, ctx, 5e-6)
	checkReplay(t, s, x, ctx)
	checkSegments(t, s, x, ctx)
	checkJSON(t, spec)
}

// inTraining computes the log-dets of events in an epoch.
func inTraining(g *autograd.Graph, s *subject, mode autograd.Mode, events []int) autograd.Sums {
	g.Reset(mode)
	p := g.Pass(len(events))
	p.Events, p.Epoch, p.Seed = events, 2, 7
	x := p.Input(len(events), s.shape.Features, true)
	for r, e := range events {
		for c := range s.shape.Features {
			x.Set(r, c, math.Sin(float64(e+7*c)))
		}
	}
	s.transform.Forward(p, x)
	p.LogDet.Seed(1 / float64(len(events)))
	p.Backward()
	return p.LogDet
}

// TestResidualNetworkRoulette: what training estimates has the mean log-det, and its
// gradient the mean gradient, though most events have fewer terms than that takes.
func TestResidualNetworkRoulette(t *testing.T) {
	s := straight(t, estimated(1, 1, 0.9), 2, [2]float32{0.9, -0.8})
	events := make([]int, 6000)
	for i := range events {
		events[i] = i
	}
	g := autograd.Bind64(s.parameters).NewGraph()
	total := inTraining(g, s, autograd.Differentiate, events)
	a, b := 0.9*0.8, -0.8*0.7
	want := math.Log(1+a*0.8) + math.Log(1+b*0.85)
	var mean, square float64
	for _, v := range total.Values {
		mean += v / float64(len(events))
		square += v * v / float64(len(events))
	}
	if deviation := math.Sqrt(square - mean*mean); math.Abs(mean-want) > 4*deviation/math.Sqrt(float64(len(events))) || deviation < 1e-3 || deviation > 0.5 {
		t.Errorf("the mean log-det is %v with the deviation %v, want %v", mean, deviation, want)
	}
	for _, p := range s.parameters.All() {
		if p.Name == "layers.2.weight" {
			for i, want := range []float64{a / (1 + a*0.8), 0, 0, b / (1 + b*0.85)} {
				if got := g.Gradients64()[p.Offset()+i]; math.Abs(got-want) > 0.03 {
					t.Errorf("the mean gradient of value %d is %v, want %v", i, got, want)
				}
			}
		}
	}
}

// TestResidualNetworkAloneBits: what an event's estimate is does not depend on the
// events beside it, in training and in scoring, nor on whether it is differentiated.
func TestResidualNetworkAloneBits(t *testing.T) {
	for _, d := range []int{3, many} {
		s := build(t, estimated(3, 9, 0.8), transform.Shape{Features: d}, 0)
		g := autograd.Bind32(s.parameters, blas.Builtin()).NewGraph()
		events := []int{4, 0, 19, 7, 8}
		together := append([]float64(nil), inTraining(g, s, autograd.Differentiate, events).Values...)
		x := noise(5*d, 1, 2)
		_, _, out, total := s.run(g, autograd.Evaluate, false, x, nil)
		scores, z := append([]float64(nil), total.Values...), values(out)
		_, _, out, _ = s.run(g, autograd.Evaluate, true, z, nil)
		back := values(out)
		for i, e := range events {
			if alone := inTraining(g, s, autograd.Evaluate, []int{e}).Values[0]; alone != together[i] {
				t.Errorf("event %d has log-det %v alone, %v among others", e, alone, together[i])
			}
			_, _, _, total := s.run(g, autograd.Evaluate, false, x[d*i:d*i+d], nil)
			if total.Values[0] != scores[i] {
				t.Errorf("row %d has log-det %v alone, %v among others", i, total.Values[0], scores[i])
			}
			_, _, out, _ := s.run(g, autograd.Evaluate, true, z[d*i:d*i+d], nil)
			for c, v := range values(out) {
				if v != back[d*i+c] || math.Abs(v-x[d*i+c]) > 1e-5 {
					t.Errorf("row %d comes back as %v alone, %v among others, was %v", i, v, back[d*i+c], x[d*i+c])
				}
			}
		}
	}
}

// TestResidualNetworkRefused tells what a block may not be.
func TestResidualNetworkRefused(t *testing.T) {
	for want, change := range map[string]func(s *transform.ResidualNetworkSpec){
		"0 hidden layers":       func(s *transform.ResidualNetworkSpec) { s.Hidden = nil },
		"hidden layers of":      func(s *transform.ResidualNetworkSpec) { s.Hidden[1] = 0 },
		"Lipschitz constant is": func(s *transform.ResidualNetworkSpec) { s.Lipschitz = 1 },
		"choose elu, gelu":      func(s *transform.ResidualNetworkSpec) { s.Activation = autograd.Activation{} },
		"-1 probes":             func(s *transform.ResidualNetworkSpec) { s.Probes.Count = -1 },
		"estimate of 0 terms":   func(s *transform.ResidualNetworkSpec) { s.Terms = 0 },
		"is exact, but has 5":   func(s *transform.ResidualNetworkSpec) { s.Probes, s.Terms = transform.ProbesSpec{}, 5 },
		"at most 128, or":       func(s *transform.ResidualNetworkSpec) { s.Probes, s.Terms = transform.ProbesSpec{}, 0 },
	} {
		s := estimated(1, 5, 0.9)
		change(s)
		if err := s.Check(transform.Shape{Features: many}, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want one of %q", err, want)
		}
	}
}
