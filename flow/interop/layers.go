package interop

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/kernels"
)

// widen returns the values in float64.
func widen(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}

// lu adds an LULinear of nflows or normflows: L·U·x + bias, where U has the
// diagonal softplus(u) + epsilon.
func (b *builder) lu(s *stateDict, prefix string, epsilon float64, inverse bool) error {
	n := b.features
	lower, err := s.vector(prefix+"lower_entries", n*(n-1)/2)
	if err != nil {
		return err
	}
	upper, err := s.vector(prefix+"upper_entries", n*(n-1)/2)
	if err != nil {
		return err
	}
	diagonal, err := s.vector(prefix+"unconstrained_upper_diag", n)
	if err != nil {
		return err
	}
	bias, err := s.vector(prefix+"bias", n)
	if err != nil {
		return err
	}
	raw := make([]float64, n)
	for i, u := range diagonal {
		if raw[i], err = bounded(kernels.Log64(kernels.Softplus64(float64(u)) + epsilon)); err != nil {
			return fmt.Errorf("tensor %sunconstrained_upper_diag: %w", prefix, err)
		}
	}
	name := b.add(&transform.LUSpec{Bound: logScaleBound}, inverse)
	b.vector(name+"lower", widen(lower))
	b.vector(name+"upper", widen(upper))
	b.vector(name+"diagonal", raw)
	b.vector(name+"bias", b.byDataColumn(widen(bias)))
	return nil
}

// householder adds a HouseholderSequence.
func (b *builder) householder(s *stateDict, name string, inverse bool) error {
	q, err := s.matrix(name, -1, b.features)
	if err != nil {
		return err
	}
	for k := 0; k < len(q.Values); k += b.features {
		var norm float64
		for _, v := range q.Values[k : k+b.features] {
			norm += float64(float64(v) * float64(v))
		}
		if norm == 0 {
			return fmt.Errorf("tensor %s: row %d is zero, which reflects nothing", name, k/b.features)
		}
	}
	prefix := b.add(&transform.HouseholderSpec{Reflections: q.Shape[0]}, inverse)
	b.values[prefix+"vectors"] = values{q.Shape[0], b.features, widen(q.Values)}
	b.vector(prefix+"bias", make([]float64, b.features))
	return nil
}

// batchNormLayer adds a BatchNorm of nflows: weight·(x − mean)/√(variance + ε) +
// bias with weight = softplus(u) + ε. The running variance begins at 0 there.
func (b *builder) batchNormLayer(s *stateDict, prefix string, epsilon float64, inverse bool) error {
	n := b.features
	var v [4][]float32
	for i, name := range []string{"running_mean", "running_var", "unconstrained_weight", "bias"} {
		var err error
		if v[i], err = s.vector(prefix+name, n); err != nil {
			return err
		}
	}
	logs := make([]float64, n)
	for i, u := range v[2] {
		if v[1][i] < 0 {
			return fmt.Errorf("tensor %srunning_var: value %d is %v, which is no variance", prefix, i, v[1][i])
		}
		logs[i] = kernels.Log64(kernels.Softplus64(float64(u)) + epsilon)
	}
	scale := func() { b.scale(logs, widen(v[3]), inverse) }
	if inverse {
		scale()
	}
	name := b.add(&transform.BatchNormSpec{Epsilon: epsilon, Momentum: 0.1}, inverse)
	b.vector(name+"running_mean", b.byDataColumn(widen(v[0])))
	b.vector(name+"running_variance", b.byDataColumn(widen(v[1])))
	if !inverse {
		scale()
	}
	return nil
}

// constants adds x·exp(s) + t for the tensors of s and t.
func (b *builder) constants(s *stateDict, scale, shift string, inverse bool) error {
	logs, err := s.vector(scale, b.features)
	if err != nil {
		return err
	}
	shifts, err := s.vector(shift, b.features)
	if err != nil {
		return err
	}
	b.scale(widen(logs), widen(shifts), inverse)
	return nil
}

// pointwise adds x·scale + shift for tensors that may hold one value for all
// features: a PointwiseAffineTransform of nflows, an AffineTransform of zuko.
func (b *builder) pointwise(s *stateDict, scale, shift string, inverse bool) error {
	scales, err := s.repeated(scale, b.features)
	if err != nil {
		return err
	}
	shifts, err := s.repeated(shift, b.features)
	if err != nil {
		return err
	}
	if err := b.affine(scales, shifts, inverse); err != nil {
		return fmt.Errorf("tensor %s: %w", scale, err)
	}
	return nil
}

// unconditional adds the spline that a coupling applies to the features that it
// keeps, whose parameters are constants.
func (b *builder) unconditional(s *stateDict, prefix string, kept []int, o Options, tailBound float64, inverse bool) error {
	widths, err := s.matrix(prefix+"unnormalized_widths", len(kept), -1)
	if err != nil {
		return err
	}
	bins := widths.Shape[1]
	heights, err := s.matrix(prefix+"unnormalized_heights", len(kept), bins)
	if err != nil {
		return err
	}
	slopes, err := s.matrix(prefix+"unnormalized_derivatives", len(kept), -1)
	if err != nil {
		return err
	}
	if len(kept) == 0 {
		return nil
	}
	u, err := o.spline(2*bins+slopes.Shape[1], 1, tailBound)
	if err != nil {
		return fmt.Errorf("tensor %sunnormalized_derivatives: %w", prefix, err)
	}
	if n := u.Univariate.(*autograd.Spline).Rule.Bins; n != bins {
		return fmt.Errorf("tensor %sunnormalized_derivatives has shape %v, which does not go with %d bins", prefix, slopes.Shape, bins)
	}
	var parameters [][]float64
	for _, t := range [][]float32{widths.Values, heights.Values, slopes.Values} {
		columns := len(t) / len(kept)
		for p := range columns {
			block := make([]float64, len(kept))
			for f := range block {
				block[f] = float64(t[f*columns+p])
			}
			parameters = append(parameters, block)
		}
	}
	b.elementwise(kept, u.Univariate, parameters, inverse)
	return nil
}
