package interop

import (
	"fmt"
	"math"
	"strings"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/kernels"
)

// luNames are the tensors of a 1x1 convolution in factors, P·L·(U + diag(sign·eˢ)),
// L with ones on its diagonal.
type luNames struct{ p, l, u, sign, s string }

// factored returns the n x n matrix, row-major.
func (s *stateDict) factored(prefix string, names luNames, n int) ([]float64, error) {
	var square [3][]float32
	for i, name := range []string{names.p, names.l, names.u} {
		t, err := s.matrix(prefix+name, n, n)
		if err != nil {
			return nil, err
		}
		square[i] = t.Values
	}
	signs, err := s.vector(prefix+names.sign, n)
	if err != nil {
		return nil, err
	}
	logs, err := s.vector(prefix+names.s, n)
	if err != nil {
		return nil, err
	}
	p, lower, upper := square[0], square[1], square[2]
	w := make([]float64, n*n)
	for i := range n {
		for j := range n {
			var sum float64 // (L·U')[i, j]
			for k := 0; k <= min(i, j); k++ {
				l, u := 1.0, float64(upper[k*n+j])
				if k < i {
					l = float64(lower[i*n+k])
				}
				if k == j {
					u = float64(float64(signs[j]) * kernels.Exp64(float64(logs[j])))
				}
				sum += float64(l * u)
			}
			for row := range n {
				w[row*n+j] += float64(float64(p[row*n+i]) * sum)
			}
		}
	}
	return w, nil
}

// plainMatrix returns an n x n matrix of shape [n, n] or [n, n, 1, 1], row-major.
func (s *stateDict) plainMatrix(name string, n int) ([]float64, error) {
	t, err := s.tensor(name)
	if err != nil {
		return nil, err
	}
	if len(t.Values) != n*n || len(t.Shape) < 2 || t.Shape[0] != n || t.Shape[1] != n {
		return nil, fmt.Errorf("tensor %s has shape %v, want [%d, %d]", name, t.Shape, n, n)
	}
	return widen(t.Values), nil
}

// Parameters of Glow's couplings and priors, in the two orders that there are.
// (x + t)·σ(u+2) is the inverse of a map of the scale 1/σ(u+2) and the shift −t.
var (
	scalesAndShiftsOfInverse = layout{total: 2, blocks: true, params: []int{0, 1}, factors: []float64{1, -1}}
	shiftThenScaleOfInverse  = layout{total: 2, params: []int{1, 0}, factors: []float64{1, -1}}
)

// glowCoupling adds a coupling that changes the second half of the features by a
// network of the first: (x + t)·σ(u + 2) where it has two outputs for each, or
// x + t.
func (r *reader) glowCoupling(prefix string, n convolutions, affine layout) error {
	kept, changed := r.halves()
	switch outputs := n.layers[len(n.layers)-1].out; outputs {
	case 2 * len(changed):
		r.convolutionCoupling(changed, kept, n, &autograd.Affine{Scale: autograd.SigmoidReciprocal}, affine, true)
	case len(changed):
		r.convolutionCoupling(changed, kept, n, &autograd.Additive{}, shiftOnly, false)
	default:
		return fmt.Errorf("tensors %s… have %d outputs, want 1 or 2 for each of the %d features that are changed", prefix, outputs, len(changed))
	}
	return nil
}

// glowPrior adds the prior of the second half, computed from the first by one
// convolution, and lets it leave.
func (r *reader) glowPrior(n convolutions, l layout) error {
	kept, changed := r.halves()
	r.convolutionCoupling(changed, kept, n, &autograd.Affine{Scale: autograd.Exp}, l, true)
	return r.split(len(kept), r.builder.features)
}

// rosinality reads a Glow of rosinality/glow-pytorch.
func (r *reader) rosinality() error {
	if !r.any("blocks.") {
		return r.notThere("blocks.…", "a Glow of rosinality/glow-pytorch")
	}
	scales, err := r.consecutive("blocks.")
	if err != nil {
		return err
	}
	for scale := range scales {
		prefix := fmt.Sprintf("blocks.%d.", scale)
		if err := r.squeeze(2); err != nil {
			return r.layerError(prefix, err)
		}
		steps, err := r.consecutive(prefix + "flows.")
		if err != nil {
			return err
		}
		for step := range steps {
			if err := r.rosinalityStep(fmt.Sprintf("%sflows.%d.", prefix, step)); err != nil {
				return err
			}
		}
		if err := r.rosinalityPrior(prefix+"prior.", scale == scales-1); err != nil {
			return err
		}
	}
	return nil
}

// rosinalityStep reads an ActNorm scale·(x + loc), whose scale may be negative, a
// 1x1 convolution and a coupling.
func (r *reader) rosinalityStep(prefix string) error {
	n := r.builder.features
	loc, err := r.stateDict.vector(prefix+"actnorm.loc", n)
	if err != nil {
		return err
	}
	scale, err := r.stateDict.vector(prefix+"actnorm.scale", n)
	if err != nil {
		return err
	}
	if done := prefix + "actnorm.initialized"; r.has(done) {
		v, err := r.scalar(done)
		if err != nil {
			return err
		}
		if v == 0 {
			return fmt.Errorf("tensor %s is 0: this ActNorm would take its values from the first images that it sees; let it see some, and save the model again", done)
		}
	}
	logs, shifts, signs := make([]float64, n), make([]float64, n), make([]float64, n)
	for i, s := range scale {
		if s == 0 {
			return fmt.Errorf("tensor %sactnorm.scale: value %d is 0, which has no inverse", prefix, i)
		}
		size := math.Abs(float64(s))
		logs[i], shifts[i], signs[i] = kernels.Log64(size), float64(size*float64(loc[i])), math.Copysign(1, float64(s))
	}
	r.scale(logs, shifts, false)
	var w []float64
	if r.has(prefix + "invconv.weight") {
		w, err = r.plainMatrix(prefix+"invconv.weight", n)
	} else {
		w, err = r.factored(prefix+"invconv.", luNames{"w_p", "w_l", "w_u", "s_sign", "w_s"}, n)
		r.ignore(prefix+"invconv.u_mask", prefix+"invconv.l_mask", prefix+"invconv.l_eye")
	}
	if err != nil {
		return err
	}
	for i := range w {
		w[i] *= signs[i%n]
	}
	r.channelMatrix(w)

	net := prefix + "coupling.net."
	c := convolutions{layers: make([]convolution, 3)}
	if c.layers[0], err = r.convolution(net+"0", (n+1)/2, -1, 3, true); err != nil {
		return err
	}
	if c.layers[1], err = r.convolution(net+"2", c.layers[0].out, -1, 1, true); err != nil {
		return err
	}
	if c.layers[2], c.logScale, err = r.zeroConvolution(net+"4.conv", net+"4.scale", c.layers[1].out, -1); err != nil {
		return err
	}
	c.layers[2].outside = 1
	return r.glowCoupling(net, c, scalesAndShiftsOfInverse)
}

// rosinalityPrior reads the prior of what leaves, means and then log-scales
// computed from what stays, or on the last scale from zeros. Since it sees ones
// outside the grid, the latter differ at the edges.
func (r *reader) rosinalityPrior(prefix string, last bool) error {
	n := r.builder.features
	if !last {
		c, logs, err := r.zeroConvolution(prefix+"conv", prefix+"scale", n/2, n)
		if err != nil {
			return err
		}
		c.outside = 1
		return r.glowPrior(convolutions{layers: []convolution{c}, logScale: logs}, shiftsAndScales)
	}
	c, logs, err := r.zeroConvolution(prefix+"conv", prefix+"scale", n, 2*n)
	if err != nil {
		return err
	}
	height, width := r.grid[0], r.grid[1]
	return r.normalOfSites(r.all(), func(parameter, feature, site, _ int) float64 {
		o := parameter*n + feature
		sum := c.bias[o]
		for tap := range 9 {
			line, at := site/width+tap/3-1, site%width+tap%3-1
			if line >= 0 && line < height && at >= 0 && at < width {
				continue
			}
			for i := range c.in {
				sum += c.weight[(tap*c.in+i)*c.out+o]
			}
		}
		return float64(sum * kernels.Exp64(float64(logScaleFactor*logs[o])))
	})
}

// y0ast reads a Glow of y0ast/Glow-PyTorch. Its layers that have no tensors are
// squeezes.
func (r *reader) y0ast() error {
	const at = "flow.layers."
	numbers := r.numbered(at)
	if len(numbers) == 0 {
		return r.notThere("flow.layers.…", "a Glow of y0ast/Glow-PyTorch")
	}
	for i := range numbers[len(numbers)-1] + 1 {
		prefix := fmt.Sprintf("%s%d.", at, i)
		var err error
		switch {
		case r.any(prefix + "actnorm."):
			err = r.y0astStep(prefix)
		case r.any(prefix + "conv."):
			n := r.builder.features
			c := convolutions{layers: make([]convolution, 1)}
			if c.layers[0], c.logScale, err = r.zeroConvolution(prefix+"conv.conv", prefix+"conv.logs", n/2, n); err == nil {
				err = r.glowPrior(c, shiftThenScale)
			}
		case r.any(prefix):
			return r.unknown(prefix)
		default:
			err = r.layerError(prefix, r.squeeze(2))
		}
		if err != nil {
			return err
		}
	}
	return r.y0astTop()
}

// y0astStep reads an ActNorm (x + bias)·eˡ, a 1x1 convolution and a coupling.
func (r *reader) y0astStep(prefix string) error {
	n := r.builder.features
	norm, logs, err := r.y0astNorm(prefix+"actnorm.", n)
	if err != nil {
		return err
	}
	r.scale(logs, norm.shift, false)
	var w []float64
	switch {
	case r.has(prefix + "invconv.weight"):
		w, err = r.plainMatrix(prefix+"invconv.weight", n)
	case r.any(prefix + "invconv."):
		w, err = r.factored(prefix+"invconv.", luNames{"p", "lower", "upper", "sign_s", "log_s"}, n)
	default:
		return fmt.Errorf("the layer %s has no tensors %sinvconv.…: a flow_permutation of shuffle or reverse is not in a state dict, and only invconv is supported", strings.TrimSuffix(prefix, "."), prefix)
	}
	if err != nil {
		return err
	}
	r.channelMatrix(w)
	c := convolutions{layers: make([]convolution, 3)}
	in := (n + 1) / 2
	for l, kernel := range []int{3, 1} {
		name := fmt.Sprintf("%sblock.%d.", prefix, 2*l)
		if c.layers[l], err = r.convolution(name+"conv", in, -1, kernel, false); err != nil {
			return err
		}
		in = c.layers[l].out
		norm, _, err := r.y0astNorm(name+"actnorm.", in)
		if err != nil {
			return err
		}
		c.layers[l] = c.layers[l].before(norm)
	}
	if c.layers[2], c.logScale, err = r.zeroConvolution(prefix+"block.4.conv", prefix+"block.4.logs", in, -1); err != nil {
		return err
	}
	return r.glowCoupling(prefix+"block.", c, shiftThenScaleOfInverse)
}

// y0astNorm reads an ActNorm, (x + bias)·eˡ, and returns l too.
func (r *reader) y0astNorm(prefix string, n int) (*normalization, []float64, error) {
	bias, err := r.stateDict.vector(prefix+"bias", n)
	if err != nil {
		return nil, nil, err
	}
	l, err := r.stateDict.vector(prefix+"logs", n)
	if err != nil {
		return nil, nil, err
	}
	logs, a := widen(l), &normalization{}
	for i, v := range logs {
		scale := kernels.Exp64(v)
		a.scale = append(a.scale, scale)
		a.shift = append(a.shift, float64(float64(bias[i])*scale))
	}
	return a, logs, nil
}

// y0astTop reads the prior of the last scale: means and then log-scales, a
// convolution of zeros, to which one-hot classes may add theirs.
func (r *reader) y0astTop() error {
	n := r.builder.features
	if r.has("prior_h") {
		h, err := r.tensor("prior_h")
		if err != nil {
			return err
		}
		for _, v := range h.Values {
			if v != 0 {
				return fmt.Errorf("tensor prior_h has values that are not 0, which is not supported")
			}
		}
	}
	top := make([]float64, 2*n)
	if r.any("learn_top_fn.") {
		c, logs, err := r.zeroConvolution("learn_top_fn.conv", "learn_top_fn.logs", 2*n, 2*n)
		if err != nil {
			return err
		}
		top = c.scaled(logs)
	}
	for name := range r.tensors {
		if strings.HasPrefix(name, "project_class.") {
			r.ignore(name) // a classifier of the noise, which is no part of the density
		}
	}
	const projection = "project_ycond."
	if !r.any(projection) {
		if r.context > 0 {
			return fmt.Errorf(`the config has a "context" of %d, but there are no tensors %s…: this model is not conditioned`, r.context, projection)
		}
		r.normalOf(r.all(), top[:n], top[n:])
		return nil
	}
	if r.context == 0 {
		return fmt.Errorf(`tensors %s… look at one-hot classes: say their number as "context" in the config`, projection)
	}
	d, err := r.stateDict.dense(projection+"linear", r.context, 2*n)
	if err != nil {
		return err
	}
	logs, err := r.stateDict.vector(projection+"logs", 2*n)
	if err != nil {
		return err
	}
	return r.normalOfSites(r.all(), func(parameter, feature, _, class int) float64 {
		o := parameter*n + feature
		return top[o] + float64((d.bias[o]+d.weight[o*d.in+class])*kernels.Exp64(float64(logScaleFactor)*float64(logs[o])))
	})
}
