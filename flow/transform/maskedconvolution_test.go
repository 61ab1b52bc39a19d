package transform_test

import (
	"math"
	"testing"

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
