package train_test

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// TestFrozenTrainings holds a hash of what short trainings learn to a constant:
// the same on every processor and for every number of workers. A change here
// changes the bytes of every new model, and must say why it is worth that.
func TestFrozenTrainings(t *testing.T) {
	affine := &autograd.Affine{Bound: 1}
	spline := autograd.NewSpline(4, 3)
	preset := func(name flow.Preset, contexts int, o flow.Options) flow.Config {
		if o.Layers == 0 {
			o.Layers = 3
		}
		if o.Hidden == nil {
			o.Hidden = []int{11, 9}
		}
		c, err := name.Config([]string{"a", "b", "c", "d"}, []string{"e", "f"}[:contexts], o)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	chain := func(base base.Spec, contexts int, grid []int, specs ...transform.Spec) flow.Config {
		c := flow.Config{Features: []string{"a", "b", "c", "d"}, Context: []string{"e", "f"}[:contexts], Grid: grid, Base: base}
		c.Transforms = append(c.Transforms, specs...)
		return c
	}
	half := []bool{false, true, false, true}
	order := []int{2, 0, 3, 1}
	coupling := func(u autograd.Univariate, n nn.Spec) transform.Spec {
		return &transform.CouplingSpec{Mask: half, Univariate: u, Conditioner: n}
	}
	sequential := func(u autograd.Univariate, reverse bool) transform.Spec {
		return &transform.SequentialSpec{Univariate: u, Reverse: reverse, Conditioner: &nn.TransformerSpec{
			Width: 4, Heads: 2, Hidden: 6, Layers: 1, Epsilon: 1e-5, Causal: true, Activation: autograd.Activation{Name: autograd.GELUActivation},
		}}
	}
	moving := func(grid []int, network nn.Spec) flow.Config {
		return chain(&base.StandardNormalSpec{}, 1, grid, &transform.ContinuousSpec{
			Velocity: nn.VelocitySpec{Network: network, Frequencies: 1}, Probes: transform.ProbesSpec{Count: 1}, Solver: transform.SolverSpec{Method: transform.Euler, Steps: 2},
		})
	}
	units := [][]int{nn.EvenUnits(4, 9, true), nn.EvenUnits(4, 7, true)}
	silu, tanh := autograd.Activation{Name: autograd.SiLUActivation}, autograd.Activation{Name: autograd.TanhActivation}
	normal := &base.StandardNormalSpec{}
	batchNorm := &transform.BatchNormSpec{Epsilon: 1e-5, Momentum: 0.1}

	// Splines need longer than the others to be better than their start.
	longer := func(o *train.Options) { o.Epochs, o.LearningRate = 20, 2e-2 }

	for _, c := range []struct {
		name   string
		config flow.Config
		change func(*train.Options)
		want   uint64
	}{
		{"nice", preset("nice", 0, flow.Options{Base: base.DiagonalNormal}), nil, 0xa1a451ea11ee1ccc},
		{"realnvp", preset("realnvp", 0, flow.Options{Permutation: "reverse"}), nil, 0xc7f4ae8bf4e953a2},
		{"realnvp in context", preset("realnvp", 2, flow.Options{}), nil, 0x08a60b1fe5a0581e},
		{"realnvp with noise, no clipping, a constant rate", preset("realnvp", 0, flow.Options{}), func(o *train.Options) {
			o.Noise, o.Clip, o.Schedule = 0.1, 0, train.Constant
		}, 0x98edd0a11d9313f1},
		{"maf with batchnorm", preset("maf", 1, flow.Options{BatchNorm: true}), nil, 0x5ae9b07d8e50cdd8},
		{"residual maf", preset("maf", 2, flow.Options{Residual: true, Permutation: "random", Base: base.FullNormal}), nil, 0xc6c41541710fcb33},
		{"iaf", preset("iaf", 1, flow.Options{Layers: 2}), nil, 0x3d7473ff61c7ce4a},
		{"nsf", preset("nsf", 0, flow.Options{Layers: 2, Bins: 4}), longer, 0x67978039b56da646},
		{"nsf-ar", preset("nsf-ar", 1, flow.Options{Layers: 2, Bins: 4, Base: base.StudentT}), longer, 0xc42adb2f6a686633},
		{"gaussianization", preset("gaussianization", 1, flow.Options{Layers: 2, Components: 5}), nil, 0x1ea99b7fbcb7b3bb},
		{"dense sigmoids", preset("naf", 1, flow.Options{Layers: 2, Components: 3, SigmoidLayers: 2}), nil, 0xbb359bd52bf303a7},
		{"bnaf", preset("bnaf", 1, flow.Options{Layers: 2, Hidden: []int{3}}), nil, 0xaaaaa2e4f426e953},
		{"ffjord with probes, adaptive", preset("ffjord", 1, flow.Options{Layers: 1, Hidden: []int{6, 5}, Tolerance: 0.1, Probes: 4}), func(o *train.Options) {
			o.Kinetic, o.Jacobian, o.LearningRate = 1e-3, 1e-3, 2e-2
		}, 0xea734a4aabec8bf4},
		{"ffjord with an exact trace", preset("ffjord", 0, flow.Options{Layers: 1, Hidden: []int{6}, Tolerance: 0.1}), func(o *train.Options) { o.LearningRate = 2e-2 }, 0xb04b1bcfc1d32b43},
		{"flow-matching", preset("flow-matching", 0, flow.Options{Layers: 1, Steps: 2}), nil, 0x977106528b7dffba},
		{"naf", preset("naf", 1, flow.Options{Layers: 2, Hidden: []int{7}, Components: 3}), nil, 0x563cd03f0f96cbb4},
		{"sos", preset("sos", 1, flow.Options{Layers: 2, Hidden: []int{7}, Degree: 2}), nil, 0x0fdaf863e4d97ca0},
		{"bernstein", preset("bernstein", 1, flow.Options{Layers: 2, Hidden: []int{7}, Degree: 5}), longer, 0xb452b8d39c242c14},
		{"umnn", preset("umnn", 1, flow.Options{Layers: 1, Hidden: []int{5}}), nil, 0x34753a2eaf110767},
		{"flow++", preset("flow++", 1, flow.Options{Layers: 2, Hidden: []int{7}, Components: 3}), nil, 0xefe4f7f3800a92df},
		{"residual-flow", preset("residual-flow", 0, flow.Options{Layers: 2, Hidden: []int{9}}), nil, 0x94ebbd3c937318a1},
		{"residual-flow of networks", preset("residual-flow", 1, flow.Options{Layers: 2, Hidden: []int{7, 5}}), nil, 0x1e9eb628b97f059c},
		{"residual-flow with probes", preset("residual-flow", 1, flow.Options{Layers: 2, Hidden: []int{7, 5}, Probes: 2}), nil, 0x84edf18f218ee9d4},
		{"layers", chain(&base.MixtureSpec{Bound: 8, Components: 3}, 0, nil,
			&transform.ActNormSpec{Bound: 3}, &transform.PlanarSpec{}, &transform.RadialSpec{}, &transform.LUSpec{Bound: 2}, batchNorm,
			&transform.HouseholderSpec{Reflections: 3}, &transform.ElementwiseSpec{Univariate: spline}, &transform.ActNormSpec{Bound: 3}), nil, 0x4c9bbcb5fda67a27},
		{"conditioners", chain(normal, 2, nil,
			coupling(affine, &nn.ResidualSpec{Hidden: []int{9, 7, 5}, Gated: true}),
			&transform.AutoregressiveSpec{Order: order, Univariate: spline, Conditioner: nn.MADESpec{Units: units, Residual: true, Gated: true}},
			coupling(&autograd.Affine{Scale: autograd.Softplus, Epsilon: 1e-3}, &nn.MLPSpec{Hidden: []int{9, 7}, Activation: silu}),
			&transform.AutoregressiveSpec{Order: order, Univariate: affine, Conditioner: nn.MADESpec{Units: units, Residual: true, Plain: true, Activation: tanh}}), nil, 0x155340d31eadb46d},
		{"inverted", chain(normal, 1, nil,
			&transform.InvertSpec{Transform: coupling(spline, &nn.MLPSpec{Hidden: []int{9}})},
			&transform.InvertSpec{Transform: &transform.LUSpec{Bound: 2}},
			&transform.InvertSpec{Transform: &transform.PlanarSpec{}}), nil, 0x0161475df0e4d6ca},
		{"a grid", chain(normal, 0, []int{2, 2}, coupling(affine, &nn.MLPSpec{Hidden: []int{9}}), batchNorm, &transform.LUSpec{Bound: 2}), nil, 0x19d57d38b9fd4474},
		{"sites in order", chain(normal, 1, []int{3}, coupling(affine, &nn.MLPSpec{Hidden: []int{9}}), &transform.InvertSpec{Transform: sequential(affine, true)},
			sequential(&autograd.Inverse{Of: &autograd.Affine{Scale: autograd.Exp}}, false)), nil, 0x7289f3f961d045b1},
		{"a velocity of residual convolutions", moving([]int{2, 2}, &nn.ResidualConvolutionSpec{Hidden: []int{9, 5}, Kernels: []int{3, 3, 1}, Gated: true, ContextGated: true, Scaled: true, Activation: silu}), nil, 0x8d86931489011d67},
		{"a velocity of a transformer", moving([]int{3}, &nn.TransformerSpec{Width: 6, Heads: 2, Hidden: 7, Layers: 1, Epsilon: 1e-5, Modulated: true, Activation: silu}), func(o *train.Options) { o.Epochs, o.LearningRate = 10, 2e-2 }, 0x5adfc7dbab2b7e97},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := flow.New(c.config, 3)
			if err != nil {
				t.Fatal(err)
			}
			o := train.Defaults()
			o.Epochs, o.Batch, o.LearningRate, o.Workers, o.BLAS = 2, 150, 5e-3, 2, blas.Builtin()
			if c.change != nil {
				c.change(&o)
			}
			data := func(events int, index uint64) train.Data {
				return train.Data{Rows: curved(events*f.Model().Sites(), 4, index), Context: curved(events, f.ContextFeatures(), index+1)}
			}
			judged := data(70, 3)
			if strings.HasPrefix(c.name, "ffjord") { // which learns too little so soon to be better on other rows
				judged = data(330, 1)
			}
			var result train.Result
			if c.name == string(flow.PresetFlowMatching) {
				result, err = train.FitMatching(context.Background(), f, data(330, 1), judged, "", o)
			} else {
				result, err = train.Fit(context.Background(), f, data(330, 1), judged, o)
			}
			if err != nil {
				t.Fatal(err)
			}
			hash := fnv.New64a()
			s := f.Config()
			for _, values := range []any{f.Model().Parameters().Values(), s.Standardize.Mean, s.Standardize.Std, s.StandardizeContext.Mean, s.StandardizeContext.Std, result.BestValidNLL} {
				if err := binary.Write(hash, binary.LittleEndian, values); err != nil {
					t.Fatal(err)
				}
			}
			if got := hash.Sum64(); got != c.want {
				t.Errorf("learns values of the hash %#x, want %#x", got, c.want)
			}
		})
	}
}

// curved draws n rows of columns around large means, each bent by the one
// before it.
func curved(n, columns int, index uint64) []float64 {
	e := make([]float32, n*columns)
	kernels.NormalRows(e, n, columns, 77, random.Noise, index<<32)
	rows := make([]float64, len(e))
	for i, v := range e {
		rows[i] = float64(v) + 1000
		if i%columns > 0 {
			before := float64(e[i-1])
			rows[i] += float64(0.5 * before * before)
		}
	}
	return rows
}
