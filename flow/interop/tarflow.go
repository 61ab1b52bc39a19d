package interop

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/limits"
	"github.com/seed-192fdf7a/nf/kernels"
)

// The state dict of TarFlow (Zhai et al., 2025), as its authors' code has it. C is
// the width, C' the values of a patch, T the number of patches:
//
//	var                                            [T, C'], of the base
//	blocks.B.pos_embed                             [T, C], in the order of the image in all blocks
//	blocks.B.class_embed                           [classes, 1, C], where there are classes
//	blocks.B.proj_in, proj_out                     C' → C and C → 2C', [log-scale | shift], or → C', the shift alone
//	blocks.B.attn_blocks.L.attention.norm          gain and shift
//	blocks.B.attn_blocks.L.attention.qkv, proj     C → 3C, [q | k | v] of all heads, and C → C
//	blocks.B.attn_blocks.L.mlp.norm, main.0, main.2
//
// Odd blocks go through the patches backwards. A patch has the values of its first
// channel line by line, then those of the next.

// usualHeadWidth is the width of a head in the authors' code.
const usualHeadWidth = 64

func (d *Dialect) checkTarFlow() error {
	t := d.TarFlow
	switch {
	case d.Library != tarflow && t == nil:
		return nil
	case d.Library != tarflow:
		return fmt.Errorf(`"tarflow" is for the library tarflow, and this is %s`, d.Library)
	case t == nil:
		return errors.New(`"tarflow" is missing, which says what the weights do not tell: "tarflow": {"patch": 4}`)
	case t.Patch < 1 || t.Patch > limits.Block:
		return fmt.Errorf(`"tarflow": "patch" is %d, want the pixels of a side of a patch, 1 to %d`, t.Patch, limits.Block)
	case t.HeadWidth < 0:
		return fmt.Errorf(`"tarflow": "head_width" is %d, want the columns of a head`, t.HeadWidth)
	case t.Noise != 0 && t.Levels == 0:
		return errors.New(`"tarflow": "noise" is of pixels: give their "levels" too`)
	case !(t.Noise >= 0 && t.Noise <= 100):
		return fmt.Errorf(`"tarflow": "noise" is %v, want the deviation of the noise where pixels go from -1 to 1`, t.Noise)
	case t.Levels != 0 && (t.Levels < 2 || t.Levels > 1<<16):
		return fmt.Errorf(`"tarflow": "levels" is %d, want how many values a pixel may have, 2 to %d, or none`, t.Levels, 1<<16)
	}
	return nil
}

// tarflow reads a TarFlow.
func (r *reader) tarflow() error {
	if !r.any("blocks.") {
		return r.notThere("blocks.…", "a TarFlow")
	}
	blocks, err := r.consecutive("blocks.")
	if err != nil {
		return err
	}
	if blocks > limits.Layers {
		return fmt.Errorf("there are %d blocks; at most %d are supported", blocks, limits.Layers)
	}
	positions, err := r.matrix("blocks.0.pos_embed", -1, -1)
	if err != nil {
		return err
	}
	in, err := r.matrix("blocks.0.proj_in.weight", positions.Shape[1], -1)
	if err != nil {
		return err
	}
	m := tarflowShape{tokens: positions.Shape[0], width: positions.Shape[1], values: in.Shape[1]}
	if err := r.tarflowImage(m); err != nil {
		return err
	}
	if err := r.tarflowBase(m); err != nil {
		return err
	}
	for b := range blocks {
		if err := r.tarflowBlock(m, b); err != nil {
			return err
		}
	}
	return nil
}

// tarflowShape is T, C and C'.
type tarflowShape struct{ tokens, width, values int }

// tarflowImage says what the events are.
func (r *reader) tarflowImage(m tarflowShape) error {
	d := r.dialect
	patch := d.TarFlow.Patch
	side := int(math.Sqrt(float64(m.tokens)))
	switch {
	case side*side != m.tokens:
		return fmt.Errorf("tensor blocks.0.pos_embed is of %d patches, which are no square", m.tokens)
	case m.values%(patch*patch) != 0:
		return fmt.Errorf(`"patch" is %d, but tensor blocks.0.proj_in.weight is of patches of %d values, no multiple of %d`, patch, m.values, patch*patch)
	case m.tokens*m.values != d.Features:
		return fmt.Errorf(`"features" is %d, but the weights are of images of %d x %d pixels of %d channels, %d values`,
			d.Features, side*patch, side*patch, m.values/(patch*patch), m.tokens*m.values)
	}
	i := &imported{channels: m.values / (patch * patch), grid: []int{side * patch, side * patch}, categories: classes(d.Context)}
	if levels := d.TarFlow.Levels; levels > 0 {
		// Uniform noise makes ranges of levels go from -1 to 1, normal noise levels.
		i.pixels = &flow.Pixels{Levels: levels, Noise: d.TarFlow.Noise}
		mean, std := float64(levels)/2, float64(levels)/2
		if d.TarFlow.Noise > 0 {
			std = float64(levels-1) / 2
		}
		r.standardize = flow.Standardization{Mean: slices.Repeat([]float64{mean}, i.channels), Std: slices.Repeat([]float64{std}, i.channels)}
	}
	r.image = i
	r.columns = transform.ByFeatures(patch*patch, i.channels)
	if patch > 1 {
		r.add(&transform.SqueezeSpec{Block: []int{patch, patch}, Order: r.columns}, false)
	}
	return nil
}

// toDataColumns sorts the inputs of a layer that sees patches, or the outputs of
// one that computes blocks of parameters of them, by their data columns.
func (b *builder) toDataColumns(d dense, outputs bool) dense {
	sorted, n := newDense(d.in, d.out), len(b.columns)
	place := func(i int, sort bool) int {
		if sort {
			return i/n*n + b.columns[i%n]
		}
		return i
	}
	for o := range d.out {
		to := place(o, outputs)
		sorted.bias[to] = d.bias[o]
		for i := range d.in {
			sorted.weight[to*d.in+place(i, !outputs)] = d.weight[o*d.in+i]
		}
	}
	return sorted
}

// tarflowBase reads the variances of the base; they are 1 where scales are learned.
func (r *reader) tarflowBase(m tarflowShape) error {
	variances, err := r.matrix("var", m.tokens, m.values)
	if err != nil {
		return err
	}
	standard := true
	constants := make([]float64, 0, 2*len(variances.Values))
	for site := range m.tokens {
		own := r.byDataColumn(widen(variances.Values[site*m.values:][:m.values]))
		for _, v := range own {
			standard = standard && v == 1
			if !(v > 0) {
				return fmt.Errorf("tensor var holds %v, want positive variances", v)
			}
			raw, err := bounded(0.5 * kernels.Log64(v))
			if err != nil {
				return fmt.Errorf("tensor var: %w", err)
			}
			constants = append(constants, raw)
		}
		constants = append(constants, make([]float64, m.values)...)
	}
	if !standard {
		r.base = &base.DiagonalNormalSpec{Bound: logScaleBound, Sites: m.tokens}
		r.values[baseConstants] = values{m.tokens, 2 * m.values, constants}
	}
	return nil
}

// tarflowBlock reads a block.
func (r *reader) tarflowBlock(m tarflowShape, number int) error {
	at := fmt.Sprintf("blocks.%d.", number)
	head := r.dialect.TarFlow.HeadWidth
	if head == 0 {
		head = usualHeadWidth
	}
	if m.width%head != 0 {
		return fmt.Errorf(`heads of %d columns do not divide the width %d: say the columns of a head, "tarflow": {"head_width": …}`, head, m.width)
	}
	layers, err := r.consecutive(at + "attn_blocks.")
	if err != nil {
		return err
	}
	if layers == 0 {
		return fmt.Errorf("there are no tensors %sattn_blocks.0.…", at)
	}
	in, err := r.stateDict.dense(at+"proj_in", m.values, m.width)
	if err != nil {
		return err
	}
	out, err := r.stateDict.dense(at+"proj_out", m.width, -1)
	if err != nil {
		return err
	}
	var univariate autograd.Univariate
	switch out.out {
	case 2 * m.values:
		univariate = &autograd.Inverse{Of: &autograd.Affine{Scale: autograd.Exp}}
	case m.values:
		univariate = &autograd.Inverse{Of: &autograd.Additive{}}
	default:
		return fmt.Errorf("tensor %sproj_out.weight has %d outputs, want %d, or %d where blocks only shift", at, out.out, 2*m.values, m.values)
	}
	spec := &nn.TransformerSpec{Width: m.width, Heads: m.width / head, Layers: layers, Epsilon: 1e-5, Causal: true, Activation: autograd.Activation{Name: autograd.GELUActivation}}
	reverse := number%2 == 1
	to := r.add(&transform.SequentialSpec{Univariate: univariate, Conditioner: spec, Reverse: reverse}, false) + "conditioner."
	r.builder.dense(to+"input", r.toDataColumns(in, false))
	r.builder.dense(to+"output", r.toDataColumns(out, true))
	if err := r.tarflowEmbeddings(m, at, to, reverse); err != nil {
		return err
	}
	for layer := range layers {
		hidden, err := r.tarflowLayer(m, fmt.Sprintf("%sattn_blocks.%d.", at, layer), fmt.Sprintf("%slayers.%d.", to, layer))
		if err != nil {
			return err
		}
		if layer > 0 && hidden != spec.Hidden {
			return fmt.Errorf("tensor %sattn_blocks.%d.mlp.main.0.weight has %d outputs, and that of the layer before %d: all must be equal", at, layer, hidden, spec.Hidden)
		}
		spec.Hidden = hidden
	}
	return r.tarflowMask(m, at+"attn_mask")
}

// tarflowEmbeddings reads what a block learns of positions and classes.
func (r *reader) tarflowEmbeddings(m tarflowShape, at, to string, reverse bool) error {
	positions, err := r.matrix(at+"pos_embed", m.tokens, m.width)
	if err != nil {
		return err
	}
	v := values{m.tokens, m.width, nil}
	for i := range m.tokens {
		if reverse {
			i = m.tokens - 1 - i
		}
		v.data = append(v.data, widen(positions.Values[i*m.width:][:m.width])...)
	}
	r.values[to+"positions"] = v
	classes := r.dialect.Context
	if !r.has(at + "class_embed") {
		if classes > 0 {
			return fmt.Errorf(`tensor %sclass_embed is missing, but the config says "context": %d, the number of classes`, at, classes)
		}
		return nil
	}
	embedding, err := r.tensor(at + "class_embed")
	if err != nil {
		return err
	}
	if len(embedding.Shape) != 3 || !slices.Equal(embedding.Shape[1:], []int{1, m.width}) {
		return fmt.Errorf("tensor %sclass_embed has shape %v, want [classes, 1, %d]", at, embedding.Shape, m.width)
	}
	if embedding.Shape[0] != classes {
		return fmt.Errorf(`tensor %sclass_embed is of %d classes, but the config says "context": %d, the number of classes`, at, embedding.Shape[0], classes)
	}
	r.values[to+"context.weight"] = values{classes, m.width, widen(embedding.Values)}
	r.builder.vector(to+"context.bias", make([]float64, m.width))
	return nil
}

// tarflowLayer reads a layer and returns the width of its hidden layer.
func (r *reader) tarflowLayer(m tarflowShape, at, to string) (hidden int, err error) {
	for _, n := range [][2]string{{"attention.norm", "attention.norm"}, {"mlp.norm", "network.norm"}} {
		for _, v := range [][2]string{{".weight", ".gain"}, {".bias", ".shift"}} {
			own, err := r.stateDict.vector(at+n[0]+v[0], m.width)
			if err != nil {
				return 0, err
			}
			r.builder.vector(to+n[1]+v[1], widen(own))
		}
	}
	for _, l := range []struct {
		name, as string
		in, out  int
	}{
		{"attention.qkv", "attention.queries", m.width, 3 * m.width},
		{"attention.proj", "attention.output", m.width, m.width},
		{"mlp.main.0", "network.hidden", m.width, -1},
		{"mlp.main.2", "network.output", -1, m.width},
	} {
		d, err := r.stateDict.dense(at+l.name, l.in, l.out)
		if err != nil {
			return 0, err
		}
		r.builder.dense(to+l.as, d)
		hidden = d.in // of the last
	}
	if first := r.values[to+"network.hidden.weight"].columns; first != hidden {
		return 0, fmt.Errorf("tensor %smlp.main.0.weight has %d outputs, and main.2.weight %d inputs", at, first, hidden)
	}
	return hidden, nil
}

// tarflowMask makes sure that a block is causal, where it says so.
func (r *reader) tarflowMask(m tarflowShape, name string) error {
	if !r.has(name) {
		return nil
	}
	mask, err := r.matrix(name, m.tokens, m.tokens)
	if err != nil {
		return err
	}
	for i, v := range mask.Values {
		if sees := i%m.tokens <= i/m.tokens; (v != 0) != sees {
			return fmt.Errorf("tensor %s: value %d is %v, but a patch sees itself and those before it alone", name, i, v)
		}
	}
	return nil
}
