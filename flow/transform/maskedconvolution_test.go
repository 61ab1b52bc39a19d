package transform_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/floats"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// TestMaskedConvolutionInverseIsBounded gives a long line weights that would make
// the inverse of an unbounded triangular matrix grow at every site.
func TestMaskedConvolutionInverseIsBounded(t *testing.T) {
	const sites, ratio = 200, 0.9
	s := build(t, masked(3, ratio, false), transform.Shape{Grid: []int{sites}, Features: 1}, 0)
	copy(s.parameters.Values(), []float32{0, -1e4}) // d = 1, and x before with −0.9
	z := noise(sites, 1, 1)
	_, _, out, _ := s.run(autograd.Bind64(s.parameters).NewGraph(), autograd.Evaluate, true, z, nil)
	for i, v := range values(out) {
		if !(math.Abs(v) <= 1/(1-ratio)) {
			t.Errorf("value %d is %v, more than %v", i, v, 1/(1-ratio))
		}
	}
	for _, bad := range []float64{0, 1, math.NaN()} {
		if err := masked(3, bad, false).Check(transform.Shape{Grid: []int{4}, Features: 1}, 0); err == nil {
			t.Errorf("a ratio of %v is allowed", bad)
		}
	}
}

// TestMaskedMapsAreTriangular changes one value: what lies before it in order keeps
// its bits.
func TestMaskedMapsAreTriangular(t *testing.T) {
	shape := transform.Shape{Grid: []int{3, 4}, Features: 2}
	for _, reverse := range []bool{false, true} {
		for _, spec := range []transform.Spec{masked(3, 0.9, reverse), mintNet(3, 2, reverse)} {
			s := build(t, spec, shape, 0)
			g := autograd.Bind64(s.parameters).NewGraph()
			x := noise(shape.Dim(), 1, 1)
			_, _, out, _ := s.run(g, autograd.Evaluate, false, x, nil)
			was := values(out)
			const at = 11
			x[at] += 0.5
			_, _, out, _ = s.run(g, autograd.Evaluate, false, x, nil)
			for i, v := range values(out) {
				if before := i < at != reverse && i != at; before && v != was[i] || i == at && v == was[i] {
					t.Errorf("%T, reverse %v: with value %d changed, value %d goes from %v to %v", spec, reverse, at, i, was[i], v)
				}
			}
		}
	}
}

// TestMintNetOfLinearWeights makes the hidden values so large that ELU bends none: the
// network is then a triangular matrix, whose diagonal at a feature is t and the sum of
// the products of its weights on the way to itself.
func TestMintNetOfLinearWeights(t *testing.T) {
	const features, copies, bound = 2, 3, 1.5
	shape := transform.Shape{Grid: []int{3, 2}, Features: features}
	for _, reverse := range []bool{false, true} {
		s := build(t, mintNet(3, copies, reverse), shape, 0)
		p := s.parameters.Values()
		take := func(n int) (part []float32) { part, p = p[:n], p[n:]; return part }
		u := take(shape.Dim())
		for _, above := range []float32{6, 200} { // what the weights before can take away
			for i, biases := 0, take(features*copies); i < len(biases); i++ {
				biases[i] += above
			}
		}
		take(features) // b₃
		// Of each convolution the weights of the four taps before the middle, then those from
		// feature 0 to 0, 0 to 1 and 1 to 1.
		const others, pairs = 4 * features * features, features * (features + 1) / 2
		w1, w2, w3 := take((others + pairs) * copies)[others*copies:], take((others + pairs) * copies * copies)[others*copies*copies:], take((others + pairs) * copies)[others*copies:]
		if len(p) > 0 {
			t.Fatalf("%d parameters are left", len(p))
		}
		var want float64
		for i, own := range [features]int{0, 2} {
			var way float64
			for a := range copies {
				for b := range copies {
					way += math.Abs(float64(w1[own*copies+a])) * math.Abs(float64(w2[(own*copies+a)*copies+b])) * math.Abs(float64(w3[own*copies+b]))
				}
			}
			feature := i
			if reverse {
				feature = features - 1 - i
			}
			for site := range shape.Sites() {
				want += math.Log(math.Exp(bound*math.Tanh(float64(u[site*features+feature])/bound)) + way)
			}
		}
		x := noise(shape.Dim(), 1, 0.5)
		holdLinear(t, s, fmt.Sprintf("reverse %v", reverse), x, want)
	}
}

// holdLinear holds a map that is linear but for a constant: what it makes of a sum, the
// log-det that is known, and the way back.
func holdLinear(t *testing.T, s *subject, what string, x []float64, logDet float64) {
	t.Helper()
	g := autograd.Bind64(s.parameters).NewGraph()
	forward := func(x []float64) []float64 {
		_, _, out, total := s.run(g, autograd.Evaluate, false, x, nil)
		if got := total.Values[0]; !near(got, logDet, 1e-9) {
			t.Errorf("%s: the log-det is %v, want %v", what, got, logDet)
		}
		return values(out)
	}
	y := noise(len(x), 2, 0.5)
	sum := slices.Clone(x)
	floats.Add(sum, y)
	z, of0 := forward(x), forward(make([]float64, len(x)))
	for i, v := range forward(y) {
		if want := forward(sum)[i]; !near(z[i]+v-of0[i], want, 1e-9) {
			t.Fatalf("%s: the map is not linear: value %d of a sum is %v, want %v", what, i, want, z[i]+v-of0[i])
		}
	}
	_, _, out, total := s.run(g, autograd.Evaluate, true, z, nil)
	for i, v := range values(out) {
		if !near(v, x[i], 1e-9) {
			t.Errorf("%s: value %d comes back as %v, was %v", what, i, v, x[i])
		}
	}
	if got := total.Values[0]; !near(got, -logDet, 1e-9) {
		t.Errorf("%s: the log-det of the way back is %v, want %v", what, got, -logDet)
	}
}

// TestEmergingConvolutionOfKnownDiagonals gives the 1x1 convolution between two masked
// ones a triangular matrix: the log-det is the sum of all three diagonals at every site.
func TestEmergingConvolutionOfKnownDiagonals(t *testing.T) {
	const features, bound = 3, 1.5
	shape := transform.Shape{Grid: []int{3, 4}, Features: features}
	s := build(t, &transform.ChainSpec{Transforms: []transform.Spec{masked(3, 0.9, false), &transform.MatrixSpec{}, masked(3, 0.9, true)}}, shape, 0)
	var want float64
	for _, p := range s.parameters.All() {
		switch v := p.Values(); {
		case strings.HasSuffix(p.Name, "constant"): // [u | a]
			for _, u := range v[:features] {
				want += bound * math.Tanh(float64(u)/bound)
			}
		case strings.HasSuffix(p.Name, "weight"): // less the identity
			for i := range features {
				clear(v[i*features : i*features+i])
				want += math.Log(1 + float64(v[i*features+i]))
			}
		}
	}
	holdLinear(t, s, "emerging", noise(shape.Dim(), 1, 2), float64(shape.Sites())*want)
}

// TestMintNetTellsThatItDoesNotConverge takes too few steps.
func TestMintNetTellsThatItDoesNotConverge(t *testing.T) {
	spec := mintNet(3, 2, false)
	spec.Steps = 1
	s := build(t, spec, transform.Shape{Grid: []int{3, 3}, Features: 1}, 0)
	_, _, out, _ := s.run(autograd.Bind64(s.parameters).NewGraph(), autograd.Evaluate, true, noise(9, 1, 2), nil)
	for _, v := range values(out) {
		if v == v {
			t.Errorf("an inverse that did not converge is %v", v)
		}
	}
}

// TestMintNetOfLargeWeights finds the inverse of a network that bends much more than
// one that was trained.
func TestMintNetOfLargeWeights(t *testing.T) {
	s := build(t, mintNet(3, 3, false), transform.Shape{Grid: []int{4, 4}, Features: 2}, 0)
	random.Uniform(s.parameters.Values(), 3, random.Initialization, 0, 1.5)
	g := autograd.Bind64(s.parameters).NewGraph()
	x := noise(32, 1, 2)
	_, _, out, _ := s.run(g, autograd.Evaluate, false, x, nil)
	_, _, out, _ = s.run(g, autograd.Evaluate, true, values(out), nil)
	for i, v := range values(out) {
		if !near(v, x[i], 1e-6) {
			t.Errorf("value %d comes back as %v, was %v", i, v, x[i])
		}
	}
}

func TestMaskedSpecsRefuse(t *testing.T) {
	grid := transform.Shape{Grid: []int{3, 3}, Features: 2}
	for _, spec := range []transform.Spec{
		masked(2, 0.9, false), masked(99, 0.9, false), &transform.MaskedConvolutionSpec{Kernel: 3, Ratio: 0.5},
		&transform.PeriodicConvolutionSpec{Kernel: 2}, &transform.PeriodicConvolutionSpec{Kernel: 5},
		mintNet(3, 0, false), mintNet(3, 1000, false), mintNet(4, 1, false),
		&transform.MintNetSpec{Kernel: 3, Copies: 1, Bound: 1, Steps: 0, Tolerance: 1e-9}, &transform.MintNetSpec{Kernel: 3, Copies: 1, Bound: 1, Steps: 9, Tolerance: 0},
	} {
		if err := spec.Check(grid, 0); err == nil {
			t.Errorf("%+v is allowed", spec)
		}
	}
	if err := masked(3, 0.9, false).Check(transform.Shape{Grid: []int{2, 2, 2}, Features: 1}, 0); err == nil {
		t.Error("a grid of three dimensions is allowed")
	}
}
