package transform_test

import (
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
)

var affine = &autograd.Affine{Bound: 1.5}

func scaled(a autograd.Affine) autograd.Univariate { return &a }

func spline(bound float64, circular bool) autograd.Univariate {
	s := autograd.NewSpline(6, bound)
	s.Rule.Circular = circular
	return s
}

// autoregressive is a layer of d features with units of every degree, and with
// layers of unequal width.
func autoregressive(d int, u autograd.Univariate, residual bool, order string) *transform.AutoregressiveSpec {
	s := &transform.AutoregressiveSpec{Order: make([]int, d), Univariate: u}
	switch order {
	case "random":
		random.Permutation(s.Order, 3, random.Permute, uint64(d))
	default:
		for i := range s.Order {
			s.Order[i] = i
			if order == "reversed" {
				s.Order[i] = d - 1 - i
			}
		}
	}
	s.Conditioner = nn.MADESpec{Residual: residual, Units: [][]int{nn.EvenUnits(d, 9, true), nn.EvenUnits(d, 17, true)}}
	return s
}

func sequential(u autograd.Univariate, reverse bool) *transform.SequentialSpec {
	return &transform.SequentialSpec{Univariate: u, Conditioner: transformer(true), Reverse: reverse}
}

func transformer(causal bool) *nn.TransformerSpec {
	return &nn.TransformerSpec{Width: 4, Heads: 2, Hidden: 5, Layers: 2, Epsilon: 1e-5, Causal: causal, Activation: autograd.Activation{Name: autograd.GELUActivation}}
}

func coupling(d int, u autograd.Univariate, kind int) *transform.CouplingSpec {
	s := &transform.CouplingSpec{Mask: make([]bool, d), Univariate: u, Conditioner: &nn.MLPSpec{Hidden: []int{9, 17}}}
	for i := range s.Mask {
		s.Mask[i] = d == 1 || kind == 0 && i >= d/2 || kind == 1 && i%2 == 0
	}
	return s
}

// withAngles makes every second feature that a coupling keeps an angle.
func withAngles(s *transform.CouplingSpec) transform.Spec {
	a := &transform.Angles{Bound: 3}
	for feature, changes := range s.Mask {
		if !changes && feature/2%2 == 0 {
			a.Features = append(a.Features, feature)
		}
	}
	if len(a.Features) > 0 {
		s.Angles = a
	}
	return s
}

// supports has an interval around all inputs of the table, of every kind; the
// last features pass.
func supports(d int) transform.Spec {
	lower, upper := -3.5, 4.5
	kinds := []transform.SupportColumn{
		{Map: "logit", Lower: &lower, Upper: &upper},
		{Map: "log", Lower: &lower},
		{Map: "softplus", Upper: &upper},
		{Map: "softplus", Lower: &lower},
		{Map: "log", Upper: &upper},
		{Map: "logit", Lower: &lower, Upper: &upper, Margin: 0.01},
	}
	s := &transform.SupportSpec{}
	for i, c := range kinds[:min(d, len(kinds))] {
		c.Feature = (i*5 + 1) % d
		s.Columns = append(s.Columns, c)
	}
	return s
}

// splitAndBack lets some features leave, maps the rest, and brings them back.
func splitAndBack(d int) transform.Spec {
	if d < 3 {
		return coupling(d, affine, 0)
	}
	split := &transform.SplitSpec{Leave: []int{0, d - 2}}
	return &transform.ChainSpec{Transforms: []transform.Spec{
		coupling(d, affine, 0), shuffled(d), split, coupling(d-2, affine, 1),
		&transform.InvertSpec{Transform: shuffled(d - 2)}, &transform.InvertSpec{Transform: split}, coupling(d, affine, 1),
	}}
}

func shuffled(d int) *transform.PermutationSpec {
	s := &transform.PermutationSpec{Order: make([]int, d)}
	random.Permutation(s.Order, 3, random.Permute, uint64(d))
	return s
}

func chain(d int) *transform.ChainSpec {
	parts := []transform.Spec{
		coupling(d, affine, 0), transform.Reverse(d), coupling(d, affine, 0), shuffled(d),
		&transform.InvertSpec{Transform: shuffled(d)}, shuffled(d), coupling(d, affine, 1),
	}
	s := &transform.ChainSpec{}
	s.Transforms = append(s.Transforms, parts...)
	return s
}
