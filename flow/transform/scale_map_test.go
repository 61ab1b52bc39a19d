package transform_test

import (
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// TestScaleMapJSON holds what files say of each scale map, byte for byte.
func TestScaleMapJSON(t *testing.T) {
	for _, c := range []struct {
		affine autograd.Affine
		want   string
	}{
		{autograd.Affine{Bound: 1}, `{"type":"affine","scale_map":"tanh-exp","bound":1}`},
		{autograd.Affine{Scale: autograd.TanhExp, Bound: 1.5}, `{"type":"affine","scale_map":"tanh-exp","bound":1.5}`},
		{autograd.Affine{Scale: autograd.Exp}, `{"type":"affine","scale_map":"exp"}`},
		{autograd.Affine{Scale: autograd.Softclip, Bound: 6.907755278982137}, `{"type":"affine","scale_map":"softclip","bound":6.907755278982137}`},
		{autograd.Affine{Scale: autograd.Sigmoid, Epsilon: 1e-3}, `{"type":"affine","scale_map":"sigmoid","epsilon":0.001}`},
		{autograd.Affine{Scale: autograd.Sigmoid}, `{"type":"affine","scale_map":"sigmoid","epsilon":0}`},
		{autograd.Affine{Scale: autograd.Softplus, Epsilon: 1e-3}, `{"type":"affine","scale_map":"softplus","epsilon":0.001}`},
		{autograd.Affine{Scale: autograd.SigmoidReciprocal}, `{"type":"affine","scale_map":"sigmoid-reciprocal"}`},
	} {
		text, err := autograd.Univariates.Marshal(&c.affine)
		if err != nil || string(text) != c.want {
			t.Errorf("%+v is written as %s, %v; want %s", c.affine, text, err, c.want)
		}
		back, err := autograd.Univariates.Unmarshal([]byte(c.want))
		if err != nil {
			t.Errorf("%s: %v", c.want, err)
			continue
		}
		want := c.affine
		want.Scale = want.ScaleMap()
		if got := *back.(*autograd.Affine); got != want {
			t.Errorf("%s is read as %+v, want %+v", c.want, got, want)
		}
	}
	for _, m := range autograd.ScaleMaps() {
		if err := (autograd.Affine{Scale: m, Bound: constant(m.HasBound()), Epsilon: constant(m.HasEpsilon())}).Check(); err != nil {
			t.Errorf("%s with its constants: %v", m, err)
		}
	}
}

func constant(has bool) float64 {
	if has {
		return 0.5
	}
	return 0
}

// TestScaleMapErrors tries what a file or a caller must not say: each is
// refused, and the error names the culprit.
func TestScaleMapErrors(t *testing.T) {
	for _, c := range [][2]string{
		{`{"type":"affine","scale_map":"tanh-exp"}`, "bound"},
		{`{"type":"affine","scale_map":"tanh-exp","bound":null}`, "bound"},
		{`{"type":"affine","scale_map":"tanh-exp","bound":1,"epsilon":0}`, "epsilon"},
		{`{"type":"affine","scale_map":"softclip"}`, "bound"},
		{`{"type":"affine","scale_map":"sigmoid"}`, "epsilon"},
		{`{"type":"affine","scale_map":"softplus","bound":1}`, "bound"},
		{`{"type":"affine","scale_map":"exp","bound":1}`, "bound"},
		{`{"type":"affine","scale_map":"","bound":1}`, "scale_map"},
		{`{"type":"affine","scale_map":"arctan","bound":1}`, "arctan"},
		{`{"type":"affine","bound":1}`, "scale_map"},
	} {
		if _, err := autograd.Univariates.Unmarshal([]byte(c[0])); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s gives the error %v, want one that names %s", c[0], err, c[1])
		}
	}
	for _, a := range []autograd.Affine{
		{}, {Bound: 21}, {Bound: 1, Epsilon: 1e-3}, {Scale: "arctan", Bound: 1},
		{Scale: autograd.Softclip}, {Scale: autograd.Exp, Bound: 1},
		{Scale: autograd.Sigmoid, Epsilon: -1}, {Scale: autograd.Softplus, Epsilon: 1.5}, {Scale: autograd.Softplus, Bound: 1},
		{Scale: autograd.SigmoidReciprocal, Epsilon: 1e-3},
	} {
		spec := transform.ElementwiseSpec{Univariate: &a}
		if err := spec.Check(transform.Shape{Features: 2}, 0); err == nil {
			t.Errorf("%+v is taken", a)
		}
	}
}
