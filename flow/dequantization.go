package flow

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Dequantization is a flow q(u|x) of the noise of [Pixels] given them, which is
// learned together with the flow p of the images (variational dequantization: Ho,
// Chen, Srinivas, Duan and Abbeel, 2019, §3.1):
//
//	log P(x) ≥ E[log p(x + u) − log q(u|x)],  u = σ(t),  t = g(ε; x),  ε = log v − log(1 − v)
//
// for uniform v, and with s(t) = log σ′(t) = t − 2·log(1 + eᵗ),
//
//	−log q(u|x) = log|det ∂t/∂ε| + Σ s(t) − Σ s(ε).
//
// ε is logistic, where Flow++ has it normal, so that g = 1, as which training
// begins, is uniform dequantization.
//
// The image is seen in blocks of 2 x 2 sites (of 2 on a line), each a site of a
// halved grid with n = 4·C features: 0 to n − 1 are the standardized values of the
// pixels' lower ends, site by site of the block, and n to 2n − 1 are those of ε. The
// latter Transforms change, and the former they see.
type Dequantization struct {
	Transforms []transform.Spec `json:"transforms"`
}

// VariationalDequantization is the one of the presets, for events of a shape: four
// affine couplings that change one color of a checkerboard after the other, by
// networks of convolutions that see the pixels, and the noise of the other color.
func VariationalDequantization(shape transform.Shape) *Dequantization {
	const couplings, columns, bound = 4, 32, 2
	d := &Dequantization{}
	block := halved(shape)
	for i := range couplings {
		mask := make([]bool, 2*block.Features)
		for value := range block.Features {
			site := value / shape.Features
			mask[block.Features+value] = (site/2+site%2)%2 == i%2
		}
		d.Transforms = append(d.Transforms, &transform.CouplingSpec{
			Mask: mask, Univariate: &autograd.Affine{Bound: bound},
			Conditioner: &nn.ConvolutionSpec{Hidden: []int{columns, columns}, Kernels: []int{3, 1, 1}},
		})
	}
	return d
}

// halved returns the shape of an event whose blocks of 2 sites along each dimension
// are one.
func halved(shape transform.Shape) transform.Shape {
	half := transform.Shape{Grid: slices.Clone(shape.Grid), Features: shape.Features}
	for i := range half.Grid {
		half.Grid[i] /= 2
		half.Features *= 2
	}
	return half
}

// check tells what is wrong for events of a shape that show so much context.
func (d *Dequantization) check(shape transform.Shape, context int) error {
	if len(shape.Grid) < 1 || len(shape.Grid) > 2 {
		return fmt.Errorf("dequantization: it is for grids of one or two dimensions, and there are %d", len(shape.Grid))
	}
	for _, side := range shape.Grid {
		if side%2 != 0 {
			return fmt.Errorf("dequantization: the grid %v has an odd side, so that it has no blocks of 2", shape.Grid)
		}
	}
	seen := halved(shape)
	pixels := seen.Features
	seen.Features *= 2
	if err := seen.Check(); err != nil {
		return fmt.Errorf("dequantization: %w", err)
	}
	if len(d.Transforms) == 0 {
		return errors.New("dequantization: there are no transforms; leave it out for uniform noise")
	}
	for i, t := range d.Transforms {
		var mask []bool
		switch t := t.(type) {
		case *transform.CouplingSpec:
			mask = t.Mask
		case *transform.ElementwiseSpec:
			mask = t.Mask
		default:
			return fmt.Errorf("dequantization: transform %d is neither a coupling nor elementwise", i)
		}
		if len(mask) != seen.Features || slices.Contains(mask[:pixels], true) {
			return fmt.Errorf("dequantization: transform %d has no mask of %d features that leaves the first %d, the pixels, as they are", i, seen.Features, pixels)
		}
	}
	if err := d.chain().Check(seen, context); err != nil {
		return fmt.Errorf("dequantization: %w", err)
	}
	return nil
}

func (d *Dequantization) chain() *transform.ChainSpec {
	return &transform.ChainSpec{Transforms: d.Transforms}
}

// dequantizer computes a [Dequantization].
type dequantizer struct {
	chain    *transform.Chain
	features int              // of a site
	in, out  autograd.Blocks  // of a site's pixels and noise; of its values
	pixels   []int            // the columns of those in a block
	noise    []int            // and of the noise
	standard *Standardization // of the flow
}

// buildDequantizer returns that of c below root, or nil for none. Its parameters come
// last, so that all others are where they are without it.
func (c *Config) buildDequantizer(root autograd.Scope) *dequantizer {
	if c.Pixels == nil || c.Pixels.Dequantization == nil {
		return nil
	}
	shape := c.Shape()
	seen := halved(shape)
	q := &dequantizer{features: shape.Features, out: autograd.Blocks{Grid: [2]int{1, 1}, Block: [2]int{1, 1}}}
	for i, side := range shape.Grid {
		at := 2 - len(shape.Grid) + i
		q.out.Grid[at], q.out.Block[at] = side, 2
	}
	q.in = q.out
	for site := range seen.Features / shape.Features {
		for part := range 2 {
			for feature := range shape.Features {
				q.in.At = append(q.in.At, part*seen.Features+site*shape.Features+feature)
			}
		}
	}
	columns := ascending(2 * seen.Features)
	q.pixels, q.noise = columns[:seen.Features], columns[seen.Features:]
	seen.Features *= 2
	q.chain = c.Pixels.Dequantization.chain().BuildChain(seen, c.shownContext(), root.At("dequantization"))
	q.chain.Bind(columns, false)
	return q
}

var softplus = autograd.Activation{Name: autograd.SoftplusActivation}

// enter returns the standardized values of x, whose rows hold those of the pixels'
// lower ends and behind them the noise ε, and adds −log q to the log-dets of the pass.
func (q *dequantizer) enter(p *autograd.Pass, x autograd.Value) autograd.Value {
	x = p.Squeeze(x, q.in, false)
	ones := constant(p, x.Rows, len(q.noise), func(int) float64 { return 1 })
	q.addSlope(p, p.Columns(x, q.noise), ones, -1)
	pixels := p.Copy(p.Columns(x, q.pixels)) // which maps in place would otherwise share
	t := p.Columns(q.chain.Forward(p, x), q.noise)
	q.addSlope(p, t, ones, 1)
	steps := constant(p, x.Rows, len(q.noise), func(column int) float64 {
		if std := q.standard.Std; len(std) > 0 {
			return 1 / std[column%q.features]
		}
		return 1
	})
	return p.Squeeze(p.Add(pixels, p.Gate(steps, t)), q.out, true)
}

// addSlope adds sign·Σ s(t) to the log-dets.
func (q *dequantizer) addSlope(p *autograd.Pass, t, ones autograd.Value, sign float64) {
	p.AddDots(t, ones, sign, p.LogDet)
	p.AddDots(p.Activate(t, softplus), ones, -2*sign, p.LogDet)
}

// constant returns rows of which each column has one value.
func constant(p *autograd.Pass, rows, columns int, of func(column int) float64) autograd.Value {
	v := p.Input(rows, columns, false)
	for c := range columns {
		value := of(c)
		for r := range rows {
			v.Set(r, c, value)
		}
	}
	return v
}

// logit returns log v − log(1 − v).
func logit(v float64) float64 { return kernels.Log64(v) - kernels.Log64(1-v) }
