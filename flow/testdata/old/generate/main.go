// Command generate made the files beside it: see README.md, which says why it
// compiles with one commit alone.
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// model is one file to make: a Config without the columns' names, and how far
// its parameters lie from zero.
type model struct {
	name     string
	d, c     int // features and context columns
	grid     []int
	raw      bool // without standardization
	base     flow.Base
	bound    float32 // of the parameters; 0 means 0.5
	specs    []transform.Spec
	trained  bool    // with a provenance
	constant float64 // what is added to each mean: large ones, as of timestamps
}

var normal = flow.Base{Type: flow.StandardNormal}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: go run ./flow/testdata/old/generate FOLDER")
	}
	names := map[string]bool{}
	for number, m := range models() {
		if names[m.name] {
			log.Fatalf("two models are named %s", m.name)
		}
		names[m.name] = true
		if err := m.write(os.Args[1], uint64(number)); err != nil {
			log.Fatalf("%s: %v", m.name, err)
		}
	}
}

func models() []model {
	var all []model
	add := func(m model, specs ...transform.Spec) {
		if m.base.Type == "" {
			m.base = normal
		}
		m.specs = specs
		all = append(all, m)
	}

	// Every univariate in every structure.
	univariates := []struct {
		name string
		u    autograd.Univariate
	}{
		{"additive", &autograd.Additive{}},
		{"tanh-exp", &autograd.Affine{Bound: 1.25}},
		{"exp", &autograd.Affine{Scale: autograd.Exp}},
		{"softclip", &autograd.Affine{Scale: autograd.Softclip, Bound: 2.5}},
		{"sigmoid", &autograd.Affine{Scale: autograd.Sigmoid, Epsilon: 1e-3}},
		{"softplus", &autograd.Affine{Scale: autograd.Softplus, Epsilon: 1e-3}},
		{"sigmoid-reciprocal", &autograd.Affine{Scale: autograd.SigmoidReciprocal}},
		{"spline", autograd.NewSpline(8, 3)},
		{"spline-circular", circular(5, 2.5)},
		{"spline-softclip", &autograd.Spline{Rule: kernels.Spline{Bins: 6, Bound: 3, Softclip: 6.9077554}}},
		{"spline-zuko", &autograd.Spline{Rule: kernels.Spline{Bins: 4, Bound: 5, MinSlope: 1e-3, SlopeBeta: 1}}},
	}
	for _, u := range univariates {
		named := transform.Univariate{Univariate: u.u}
		add(model{name: "coupling-" + u.name, d: 5, raw: true, bound: 0.7}, coupling(5, 0, named, mlp(6)),
			&transform.ElementwiseSpec{Univariate: named, Mask: []bool{true, false, true, true, false}})
		add(model{name: "autoregressive-" + u.name, d: 4, c: 1}, autoregressive(4, named, made(4, 7)))
	}

	affine := transform.Univariate{Univariate: &autograd.Affine{Bound: 1}}
	spline := transform.Univariate{Univariate: autograd.NewSpline(5, 3)}

	// Whole vectors of columns and of units.
	add(model{name: "wide-coupling-affine", d: 35, bound: 0.2}, coupling(35, 1, affine, mlp(17, 19)))
	add(model{name: "wide-coupling-spline", d: 19, bound: 0.3}, coupling(19, 1, spline, mlp(9)))
	add(model{name: "wide-autoregressive-affine", d: 19, bound: 0.2}, autoregressive(19, affine, made(19, 21)))
	add(model{name: "wide-autoregressive-spline", d: 17, bound: 0.3}, autoregressive(17, spline, made(17, 9)))

	// Every activation in every network.
	for _, name := range autograd.Activations() {
		a := nn.Activation{Name: name}
		label := string(name)
		switch name {
		case autograd.ReLUActivation:
			label = "relu"
		case autograd.LeakyReLUActivation:
			a.Slope = 0.2
		}
		net, residual := mlp(6, 5), nn.MLPSpec{Type: nn.Residual, Hidden: []int{5, 7}, Activation: a}
		net.Activation = a
		masked, blocks := made(4, 7, 5), made(4, 6, 5)
		masked.Activation = a
		blocks.Activation, blocks.Residual = a, true
		add(model{name: "activation-" + label, d: 4, c: 2, bound: 0.7},
			coupling(4, 0, affine, net), coupling(4, 1, affine, residual), autoregressive(4, affine, masked), autoregressive(4, affine, blocks))
	}

	// The other conditioners.
	add(model{name: "conditioner-linear", d: 5, c: 2}, coupling(5, 0, affine, mlp()), autoregressive(5, affine, made(5)))
	add(model{name: "conditioner-constant", d: 1, raw: true}, coupling(1, 0, affine, mlp(5)), autoregressive(1, affine, made(1, 5)), coupling(1, 0, spline, mlp(5)))
	add(model{name: "conditioner-context-alone", d: 1, c: 3}, coupling(1, 0, spline, mlp(7)), autoregressive(1, affine, made(1, 5)))
	gated := nn.MLPSpec{Type: nn.Residual, Hidden: []int{5, 7}, Gated: true}
	add(model{name: "conditioner-gated", d: 5, c: 2}, coupling(5, 0, affine, gated), coupling(5, 1, affine, gated))
	madeGated := made(5, 7, 9)
	madeGated.Residual, madeGated.Gated = true, true
	add(model{name: "conditioner-made-gated", d: 5, c: 2}, autoregressive(5, affine, madeGated))
	madePlain := made(5, 7, 9)
	madePlain.Residual, madePlain.Plain = true, true
	add(model{name: "conditioner-made-plain", d: 5, c: 1}, autoregressive(5, affine, madePlain))
	madeResidual := made(5, 7, 9)
	madeResidual.Residual = true
	add(model{name: "conditioner-made-residual", d: 5}, autoregressive(5, affine, madeResidual))
	uneven := nn.MADESpec{Units: [][]int{{3, 0, 2, 1, 0}, {0, 2, 0, 1, 4}}}
	add(model{name: "conditioner-made-uneven", d: 5, c: 1}, autoregressive(5, affine, uneven))

	// The layers around them; narrow, and wider than a vector.
	for _, d := range []int{5, 18} {
		label := ""
		if d > 5 {
			label = "wide-"
		}
		add(model{name: label + "permutation", d: d, c: 1}, coupling(d, 0, affine, mlp(5)), shuffled(d, 1), coupling(d, 0, affine, mlp(5)), transform.Reverse(d), &transform.ActNormSpec{Bound: 4})
		add(model{name: label + "actnorm", d: d}, &transform.ActNormSpec{Bound: 3})
		add(model{name: label + "batchnorm", d: d}, &transform.BatchNormSpec{Epsilon: 1e-5, Momentum: 0.1})
		add(model{name: label + "planar", d: d}, &transform.PlanarSpec{}, &transform.PlanarSpec{})
		add(model{name: label + "radial", d: d}, &transform.RadialSpec{}, &transform.RadialSpec{})
		add(model{name: label + "lu", d: d}, shuffled(d, 2), &transform.LUSpec{Bound: 2}, transform.Reverse(d), &transform.LUSpec{Bound: 3})
		add(model{name: label + "householder", d: d}, shuffled(d, 3), &transform.HouseholderSpec{Reflections: min(d+1, 4)})
	}
	add(model{name: "support", d: 6, bound: 0.2}, support(), &transform.ActNormSpec{Bound: 8}, coupling(6, 1, affine, mlp(5)))
	add(model{name: "support-raw", d: 6, raw: true, bound: 0.2}, support())

	// The other way round, and nested.
	invert := func(s transform.Spec) transform.Spec {
		return &transform.InvertSpec{Transform: transform.Tagged{Spec: s}}
	}
	chain := func(specs ...transform.Spec) transform.Spec {
		s := &transform.ChainSpec{}
		for _, spec := range specs {
			s.Transforms = append(s.Transforms, transform.Tagged{Spec: spec})
		}
		return s
	}
	add(model{name: "invert-coupling", d: 5, c: 1}, invert(coupling(5, 0, affine, mlp(7))), invert(coupling(5, 1, spline, mlp(7))))
	add(model{name: "invert-autoregressive", d: 5, c: 1}, invert(autoregressive(5, affine, made(5, 9))))
	add(model{name: "invert-autoregressive-residual", d: 5, c: 2}, invert(autoregressive(5, spline, madeGated)))
	add(model{name: "invert-elementwise", d: 5}, invert(&transform.ElementwiseSpec{Univariate: spline}))
	add(model{name: "invert-layers", d: 5}, invert(&transform.ActNormSpec{Bound: 3}), invert(&transform.BatchNormSpec{Epsilon: 1e-5, Momentum: 0.1}),
		invert(&transform.PlanarSpec{}), invert(&transform.RadialSpec{}))
	add(model{name: "invert-matrices", d: 5}, invert(shuffled(5, 4)), invert(&transform.LUSpec{Bound: 2}), invert(&transform.HouseholderSpec{Reflections: 3}))
	add(model{name: "chain", d: 5, c: 1}, chain(coupling(5, 0, affine, mlp(6)), shuffled(5, 5)), &transform.LUSpec{Bound: 1},
		invert(chain(coupling(5, 1, affine, mlp(6)), invert(shuffled(5, 6)), autoregressive(5, spline, made(5, 7)))))

	// Grids of sites.
	add(model{name: "grid-coupling", d: 3, c: 1, grid: []int{2, 2}}, coupling(3, 0, affine, mlp(5)), &transform.LUSpec{Bound: 1}, &transform.ActNormSpec{Bound: 2}, coupling(3, 0, spline, mlp(5)))
	add(model{name: "grid-autoregressive", d: 3, c: 2, grid: []int{3}}, shuffled(3, 7), autoregressive(3, affine, made(3, 7)), &transform.BatchNormSpec{Epsilon: 1e-5, Momentum: 0.1})
	add(model{name: "grid-layers", d: 2, grid: []int{2, 2}}, &transform.PlanarSpec{}, &transform.RadialSpec{}, &transform.HouseholderSpec{Reflections: 2},
		&transform.ElementwiseSpec{Univariate: spline}, invert(coupling(2, 1, affine, mlp(4))))
	add(model{name: "grid-base", d: 2, grid: []int{3}, base: flow.Base{Type: flow.Mixture, Bound: 8, Components: 3}}, &transform.ActNormSpec{Bound: 2})
	add(model{name: "grid-raw", d: 3, grid: []int{3}, raw: true, base: flow.Base{Type: flow.FullNormal, Bound: 8}}, coupling(3, 1, affine, mlp(4)))

	// Every base, narrow and wider than a vector.
	for _, name := range flow.BaseTypes() {
		for _, d := range []int{4, 18} {
			base, err := flow.NewBase(name)
			if err != nil {
				log.Fatal(err)
			}
			label := "base-" + name
			if d > 4 {
				label = "wide-" + label
			}
			if base.Components > 0 {
				base.Components = 5
			}
			if name == flow.Uniform {
				// Only what keeps the box, and room for the rows.
				base.Bound = 6
				box := transform.Univariate{Univariate: autograd.NewSpline(5, 6)}
				add(model{name: label, d: d, base: base}, shuffled(d, 8), &transform.ElementwiseSpec{Univariate: box})
				continue
			}
			add(model{name: label, d: d, base: base}, shuffled(d, 8), &transform.ActNormSpec{Bound: 2})
		}
	}

	// The presets, as the command makes them.
	for _, preset := range flow.PresetNames() {
		for _, c := range []int{0, 2} {
			if c > 0 && preset != "realnvp" && preset != "nsf-ar" {
				continue
			}
			o := flow.Options{Layers: 2, Hidden: []int{7, 6}, Seed: 5, BatchNorm: preset == "maf" && c == 0}
			if preset == "nsf-ar" {
				o.Hidden, o.Residual = []int{6, 5, 7}, true
			}
			if strings.HasPrefix(preset, "nsf") {
				o.Bins = 4
			}
			config, err := flow.Presets[preset](letters("x", 4), letters("c", c), o)
			if err != nil {
				log.Fatal(err)
			}
			var specs []transform.Spec
			for _, t := range config.Transforms {
				specs = append(specs, t.Spec)
			}
			m := model{name: "preset-" + preset, d: 4, c: c, base: config.Base, bound: 0.4, trained: true}
			if c > 0 {
				m.name += "-context"
				m.constant = 1e6
			}
			add(m, specs...)
		}
	}
	return all
}

func circular(bins int, bound float64) *autograd.Spline {
	s := autograd.NewSpline(bins, bound)
	s.Rule.Circular = true
	return s
}

// coupling changes the second half (0) or every other feature (1).
func coupling(d, kind int, u transform.Univariate, conditioner nn.MLPSpec) *transform.CouplingSpec {
	s := &transform.CouplingSpec{Mask: make([]bool, d), Univariate: u, Conditioner: conditioner}
	for i := range s.Mask {
		s.Mask[i] = d == 1 || kind == 0 && i >= d/2 || kind == 1 && i%2 == 0
	}
	return s
}

func mlp(hidden ...int) nn.MLPSpec { return nn.MLPSpec{Hidden: append([]int{}, hidden...)} }

func made(d int, hidden ...int) nn.MADESpec {
	s := nn.MADESpec{Units: [][]int{}}
	for _, w := range hidden {
		s.Units = append(s.Units, nn.EvenUnits(d, w, true))
	}
	return s
}

func autoregressive(d int, u transform.Univariate, conditioner nn.MADESpec) *transform.AutoregressiveSpec {
	s := &transform.AutoregressiveSpec{Order: make([]int, d), Univariate: u, Conditioner: conditioner}
	random.Permutation(s.Order, 3, random.Permute, uint64(d))
	return s
}

func shuffled(d int, index uint64) *transform.PermutationSpec {
	s := &transform.PermutationSpec{Order: make([]int, d)}
	random.Permutation(s.Order, 4, random.Permute, index)
	return s
}

// support has every kind of map; its ends hold all rows but some of the far
// ones, whose density is zero.
func support() *transform.SupportSpec {
	lower, upper := -3.5, 4.5
	return &transform.SupportSpec{Columns: []transform.SupportColumn{
		{Feature: 3, Map: "logit", Lower: &lower, Upper: &upper},
		{Feature: 0, Map: "log", Lower: &lower},
		{Feature: 1, Map: "log", Upper: &upper},
		{Feature: 5, Map: "softplus", Lower: &lower},
		{Feature: 2, Map: "softplus", Upper: &upper},
		{Feature: 4, Map: "logit", Lower: &lower, Upper: &upper, Margin: 0.01},
	}}
}

func letters(prefix string, n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprint(prefix, i))
	}
	return out
}

// rows returns how many rows of n values a model is tried with; the last two
// have some values far out.
func rows(n int) int {
	if n > 12 {
		return 4
	}
	return 7
}

// drawn returns count rows of n values in standard deviations.
func drawn(count, n int, stream uint64) []float64 {
	buffer := make([]float32, count*n)
	kernels.NormalRows(buffer, count, n, 42, random.Noise, stream<<32)
	out := make([]float64, len(buffer))
	for i, v := range buffer {
		out[i] = 1.25 * float64(v)
		if row := i / max(n, 1); row >= count-2 && i%3 == row%3 {
			out[i] *= 6
		}
	}
	return out
}

// model returns the flow, with every parameter random.
func (m model) flow(number uint64) (*flow.Flow, error) {
	config := flow.Config{Features: letters("x", m.d), Context: letters("c", m.c), Grid: m.grid, Base: m.base}
	for _, s := range m.specs {
		config.Transforms = append(config.Transforms, transform.Tagged{Spec: s})
	}
	if !m.raw {
		for i := range m.d {
			config.Standardize.Mean = append(config.Standardize.Mean, m.constant+0.37*float64(i)-1)
			config.Standardize.Std = append(config.Standardize.Std, 0.3+1.7*float64(i%4))
		}
		for i := range m.c {
			config.StandardizeContext.Mean = append(config.StandardizeContext.Mean, m.constant+0.1*float64(i))
			config.StandardizeContext.Std = append(config.StandardizeContext.Std, 1.3+float64(i))
		}
	}
	f, err := flow.New(config, 1)
	if err != nil {
		return nil, err
	}
	bound := m.bound
	if bound == 0 {
		bound = 0.5
	}
	for _, p := range f.Parameters().All() {
		random.Uniform(p.Values(), 100+number, random.Initialization, uint64(p.Offset()), bound)
		for i, v := range p.Values() {
			switch {
			case p.NonNegative:
				p.Values()[i] = 0.25 + max(v, -v)
			case strings.HasSuffix(p.Name, "initialized"):
				p.Values()[i] = 1
			}
		}
	}
	if m.trained {
		f.SetProvenance(json.RawMessage(`{"data":{"sha256":"5ca1ab1e","columns":["x0","x1"],"rows":1000},"options":{"lr":0.001,"seed":1},"best_epoch":7,"blas":"builtin"}`))
	}
	return f, nil
}

// write makes the model's file and its answers.
func (m model) write(folder string, number uint64) error {
	f, err := m.flow(number)
	if err != nil {
		return err
	}
	s, err := f.NewScorer(flow.ScorerOptions{Workers: 1, BLAS: blas.Builtin()})
	if err != nil {
		return err
	}
	d, c := f.Features(), f.ContextFeatures()
	count := rows(d)
	x, context, noise := drawn(count, d, 3*number), drawn(count, c, 3*number+1), drawn(count, d, 3*number+2)
	config := f.Config()
	if !m.raw {
		for i := range x {
			k := i % m.d
			x[i] = config.Standardize.Mean[k] + config.Standardize.Std[k]*x[i]
		}
		for i := range context {
			k := i % m.c
			context[i] = config.StandardizeContext.Mean[k] + config.StandardizeContext.Std[k]*context[i]
		}
	}
	space := func(per int) []float64 { return make([]float64, count*per) }
	logProb, z, logDet := space(1), space(d), space(1)
	back, backLogDet := space(d), space(1)
	samples, sampleLogProb := space(d), space(1)
	gradX, gradContext := space(d), space(c)
	again := space(1)
	for _, err := range []error{
		s.LogProb(logProb, x, context),
		s.Forward(z, logDet, x, context),
		s.Inverse(back, backLogDet, noise, context),
		s.LogProbGrad(again, gradX, gradContext, x, context),
	} {
		if err != nil {
			return err
		}
	}
	for i := range count {
		o := flow.SampleOptions{Seed: 11}
		if i%2 == 1 && m.base.Type != flow.Uniform {
			o.Temperature = 0.75
		}
		if err := s.Sample(samples[i*d:(i+1)*d], sampleLogProb[i:i+1], uint64(i), o, context[i*c:(i+1)*c]); err != nil {
			return err
		}
	}
	for i := range again {
		if math.Float64bits(again[i]) != math.Float64bits(logProb[i]) {
			return fmt.Errorf("row %d: log p is %v, with gradients %v", i, logProb[i], again[i])
		}
	}
	var answers bytes.Buffer
	for i, array := range [][]float64{x, context, noise, logProb, z, logDet, back, backLogDet, samples, sampleLogProb, gradX, gradContext} {
		for k, v := range array {
			if v != v {
				return fmt.Errorf("value %d of array %d is NaN", k, i)
			}
		}
		if err := binary.Write(&answers, binary.LittleEndian, array); err != nil {
			return err
		}
	}
	path := filepath.Join(folder, m.name)
	if err := f.Save(path + ".safetensors"); err != nil {
		return err
	}
	return os.WriteFile(path+".answers", answers.Bytes(), 0o644)
}
