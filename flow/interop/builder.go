package interop

import (
	"fmt"
	"slices"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/kernels"
)

// builder collects the transforms of a flow, from data to noise, and the values
// of their parameters.
//
// In the model file several columns are always taken in ascending data column,
// wherever permutations have brought them. So the builder follows the
// permutations, and sorts what the libraries say of features.
type builder struct {
	features, context int   // where the chain ends so far
	grid              []int // of images, likewise; nil for tables
	columns           []int // the data column of each feature, likewise
	transforms        []transform.Spec
	values            map[string]values
	base              base.Spec

	standardize, standardizeContext flow.Standardization
	embedding                       *nn.EmbeddingSpec
	image                           *imported // nil for rows
}

// values is what a parameter holds. A matrix is [in, out]; of a masked layer it
// is the full one.
type values struct {
	rows, columns int
	data          []float64
}

func newBuilder(d *Dialect) *builder {
	b := &builder{features: d.Features, context: d.Context, grid: d.Image, values: map[string]values{}, base: &base.StandardNormalSpec{}}
	for i := range d.Features {
		b.columns = append(b.columns, i)
	}
	if d.Image != nil {
		b.image = &imported{channels: d.Features, grid: d.Image, categories: classes(d.Context)}
	}
	return b
}

// add appends a transform, or its inverse, and returns where its parameters
// are.
func (b *builder) add(s transform.Spec, inverse bool) (prefix string) {
	prefix = fmt.Sprintf("transforms.%d.", len(b.transforms))
	if inverse {
		prefix += "transform."
		s = &transform.InvertSpec{Transform: s}
	}
	b.transforms = append(b.transforms, s)
	return prefix
}

func (b *builder) vector(name string, data []float64) {
	b.values[name] = values{1, len(data), data}
}

func (b *builder) dense(name string, d dense) {
	v := values{d.in, d.out, make([]float64, d.in*d.out)}
	for o := range d.out {
		for i := range d.in {
			v.data[i*d.out+o] = d.weight[o*d.in+i]
		}
	}
	b.values[name+".weight"] = v
	b.vector(name+".bias", d.bias)
}

func (b *builder) network(prefix string, n network) {
	for i, d := range n.layers {
		b.dense(fmt.Sprintf("%sconditioner.layers.%d", prefix, i), d)
	}
	for i, d := range n.gates {
		b.dense(fmt.Sprintf("%sconditioner.gates.%d", prefix, i), d)
	}
	if n.encoder != nil {
		b.dense(prefix+"conditioner.encoder", *n.encoder)
	}
	for i, d := range n.blockContexts {
		b.dense(fmt.Sprintf("%sconditioner.block_contexts.%d", prefix, i), d)
	}
}

// permute adds a permutation: feature i of what comes is feature order[i] of
// what was.
func (b *builder) permute(order []int, inverse bool) {
	if inverse {
		back := make([]int, len(order))
		for i, o := range order {
			back[o] = i
		}
		order = back
	}
	s := &transform.PermutationSpec{Order: order}
	b.add(s, false)
	b.columns, _ = columnsAfter(s, b.columns)
}

// byColumn returns the positions in a list of features in the order of the
// features' data columns.
func (b *builder) byColumn(features []int) []int {
	ranks := make([]int, len(features))
	for i := range ranks {
		ranks[i] = i
	}
	slices.SortFunc(ranks, func(i, j int) int { return b.columns[features[i]] - b.columns[features[j]] })
	return ranks
}

// coupling adds a coupling that changes the given features by what n computes
// of the others, kept, in their order, and of the context.
func (b *builder) coupling(changed, kept []int, n network, u autograd.Univariate, l layout, inverse bool) {
	if len(changed) == 0 {
		return
	}
	var pick []int
	var factors []float64
	for p := range u.ParametersPerElement() {
		for _, r := range b.byColumn(changed) {
			pick = append(pick, l.output(r, len(changed), p))
			factors = append(factors, l.factor(p))
		}
	}
	n = n.outputs(pick, factors)
	places := make([]int, len(kept)+n.context)
	for place, r := range b.byColumn(kept) {
		places[r] = place
	}
	for c := range n.context {
		places[len(kept)+c] = len(kept) + c
	}
	n = n.inputs(places, len(places))
	s := b.couplingSpec(changed, u, &nn.MLPSpec{})
	if len(places) == 0 {
		b.vector(b.add(s, inverse)+"conditioner.constant", n.constant())
		return
	}
	s.Conditioner = n.spec()
	b.network(b.add(s, inverse), n)
}

// spec describes the network of a coupling.
func (n network) spec() nn.Spec {
	var hidden []int
	if !n.residual {
		for _, l := range n.layers[:len(n.layers)-1] {
			hidden = append(hidden, l.out)
		}
		return &nn.MLPSpec{Hidden: hidden, Activation: n.activation}
	}
	for l := 0; l < len(n.layers)-1; l++ {
		if l == 0 || l%2 == 1 {
			hidden = append(hidden, n.layers[l].out)
		}
	}
	return &nn.ResidualSpec{Hidden: hidden, Gated: n.gates != nil, Activation: n.activation}
}

// autoregressive adds an autoregressive layer.
func (b *builder) autoregressive(n network, u autograd.Univariate, l layout, inverse bool) error {
	return b.autoregressiveOf(n, u, l, nil, inverse)
}

// autoregressiveOf adds one whose last parameters of each feature are constants.
func (b *builder) autoregressiveOf(n network, u autograd.Univariate, l layout, constants [][]float64, inverse bool) error {
	fixed := 0
	if constants != nil {
		fixed = len(constants[0])
	}
	parameters := u.ParametersPerElement() - fixed
	var pick []int
	var factors []float64
	for f := range b.features {
		for p := range parameters {
			pick = append(pick, l.output(f, b.features, p))
			factors = append(factors, l.factor(p))
		}
	}
	a, err := n.outputs(pick, factors).arrange(b.features, parameters)
	if err != nil {
		return err
	}
	a.spec.Constants = fixed
	prefix := b.add(&transform.AutoregressiveSpec{Order: a.order, Univariate: u, Conditioner: a.spec}, inverse)
	b.network(prefix, a.network)
	if fixed > 0 {
		var blocks []float64
		for p := range fixed {
			for _, f := range a.order {
				blocks = append(blocks, constants[f][p])
			}
		}
		b.vector(prefix+"conditioner.constants", blocks)
	}
	return nil
}

// elementwise adds a map of some features by constants: parameters[p] has
// parameter p of each of them.
func (b *builder) elementwise(features []int, u autograd.Univariate, parameters [][]float64, inverse bool) {
	if len(features) == 0 {
		return
	}
	s := &transform.ElementwiseSpec{Univariate: u}
	if len(features) < b.features {
		s.Mask = make([]bool, b.features)
		for _, f := range features {
			s.Mask[f] = true
		}
	}
	var constants []float64
	for _, block := range parameters {
		for _, r := range b.byColumn(features) {
			constants = append(constants, block[r])
		}
	}
	b.vector(b.add(s, inverse)+"conditioner.constant", constants)
}

// scale adds x·exp(s) + t of every feature.
func (b *builder) scale(s, t []float64, inverse bool) {
	b.elementwise(b.all(), &autograd.Affine{Scale: autograd.Exp}, [][]float64{s, t}, inverse)
}

// all returns 0, 1, ….
func (b *builder) all() []int {
	all := make([]int, b.features)
	for i := range all {
		all[i] = i
	}
	return all
}

// byDataColumn returns the values of the features in the order of the data.
func (b *builder) byDataColumn(v []float64) []float64 {
	out := make([]float64, len(v))
	for f, c := range b.columns {
		out[c] = v[f]
	}
	return out
}

// logScaleBound bounds the learned log-scales of LU layers and of bases. It is
// as large as it can be: e²⁰ is far from anything that a trained model has.
const logScaleBound = 20

// bounded returns the u of s = b·tanh(u/b), b = logScaleBound.
func bounded(s float64) (float64, error) {
	y := s / logScaleBound
	if !(y > -0.999 && y < 0.999) {
		return 0, fmt.Errorf("a log-scale of %v is out of range: the model is degenerate", s)
	}
	return 0.5 * logScaleBound * kernels.Log64((1+y)/(1-y)), nil
}

// baseConstants is the parameter of a normal base.
const baseConstants = "base.constant"

// normalBase makes the base a normal with a mean and a log standard deviation
// of each feature.
func (b *builder) normalBase(mean, logStd []float64) error {
	standard := true
	for i := range mean {
		standard = standard && mean[i] == 0 && logStd[i] == 0
	}
	if standard {
		return nil
	}
	raw := make([]float64, len(logStd))
	for i, s := range logStd {
		u, err := bounded(s)
		if err != nil {
			return err
		}
		raw[i] = u
	}
	b.base = &base.DiagonalNormalSpec{Bound: logScaleBound}
	b.vector(baseConstants, append(b.byDataColumn(raw), b.byDataColumn(mean)...))
	return nil
}

// gaussianMixture makes the base the GaussianMixture of normflows, whose tensors
// are loc and log_scale [1, K, D] and weight_scores [1, K], the logits of the
// weights.
func (r *reader) gaussianMixture(prefix string) error {
	n := r.builder.features
	scores, err := r.stateDict.vector(prefix+"weight_scores", -1)
	if err != nil {
		return err
	}
	k := len(scores)
	var parts [2][]float64
	for i, name := range []string{"loc", "log_scale"} {
		t, err := r.tensor(prefix + name)
		if err != nil {
			return err
		}
		if !slices.Equal(t.Shape, []int{1, k, n}) {
			return fmt.Errorf("tensor %s%s has shape %v, want [1, %d, %d]", prefix, name, t.Shape, k, n)
		}
		for component := range k {
			parts[i] = append(parts[i], r.byDataColumn(widen(t.Values[component*n:][:n]))...)
		}
	}
	for i, s := range parts[1] {
		if parts[1][i], err = bounded(s); err != nil {
			return fmt.Errorf("tensor %slog_scale: %w", prefix, err)
		}
	}
	r.base = &base.MixtureSpec{Bound: logScaleBound, Components: k}
	r.builder.vector(baseConstants, slices.Concat(widen(scores), parts[0], parts[1]))
	return nil
}

// build makes the flow.
func (b *builder) build(names Names) (*flow.Flow, error) {
	config := flow.Config{Features: names.Features, Context: names.Context, Standardize: b.standardize, StandardizeContext: b.standardizeContext,
		Embedding: b.embedding, Transforms: b.transforms, Base: b.base}
	if b.image != nil {
		b.image.describe(&config)
	}
	f, err := flow.New(config, 0)
	if err != nil {
		return nil, err
	}
	masked := map[string]*autograd.Masked{}
	for _, m := range f.Model().Parameters().Masked() {
		masked[m.Weight.Name] = m
	}
	for _, p := range f.Model().Parameters().All() {
		v, ok := b.values[p.Name]
		if !ok {
			return nil, fmt.Errorf("interop: nothing is known of the parameter %s", p.Name)
		}
		narrow := make([]float32, len(v.data))
		for i, x := range v.data {
			narrow[i] = float32(x)
		}
		if m := masked[p.Name]; m != nil {
			if err := pack(m, p, narrow, v); err != nil {
				return nil, err
			}
			continue
		}
		if p.Rows != v.rows || p.Cols != v.columns {
			return nil, fmt.Errorf("interop: the parameter %s is [%d, %d], but [%d, %d] values were made for it", p.Name, p.Rows, p.Cols, v.rows, v.columns)
		}
		copy(p.Values(), narrow)
	}
	return f, nil
}

// pack stores the existing weights of a masked layer, and makes sure that there
// are no others.
func pack(m *autograd.Masked, p *autograd.Parameter, full []float32, v values) error {
	if v.rows != m.In() || v.columns != m.Out() {
		return fmt.Errorf("interop: the layer %s is [%d, %d], but [%d, %d] values were made for it", p.Name, m.In(), m.Out(), v.rows, v.columns)
	}
	m.Mask.Packed(p.Values(), full)
	back := make([]float32, len(full))
	m.Mask.Full(back, p.Values())
	if !slices.Equal(back, full) {
		return fmt.Errorf("interop: the layer %s has weights outside its mask", p.Name)
	}
	return nil
}
