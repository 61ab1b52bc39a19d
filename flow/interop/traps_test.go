package interop

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/safetensors"
)

// Each of the traps here loads without an error in a careless importer, and
// gives wrong numbers. The right rule meets what the library computed; the
// wrong one must be refused.

// accept wants a golden model, with its change, to be taken.
func accept(t *testing.T, name string, change func(g golden)) {
	t.Helper()
	g := readGolden(t, name)
	if change != nil {
		change(g)
	}
	f, err := g.load()
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if _, err := g.check.Compare(f); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// refuse wants a golden model, with its change, to be refused, when it is read
// or by its check, with an error that holds all of the words.
func refuse(t *testing.T, name string, change func(g golden), words ...string) {
	t.Helper()
	g := readGolden(t, name)
	change(g)
	f, err := g.load()
	if err == nil {
		_, err = g.check.Compare(f)
	}
	if err == nil {
		t.Errorf("%s: it was accepted", name)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s: %q does not hold %q", name, err, w)
		}
	}
}

// change rewrites the values of a tensor of shape [rows, …].
func (g golden) change(t *testing.T, name string, rewrite func(values []float32, columns int)) {
	t.Helper()
	tensor, ok := g.state.tensors[name]
	if !ok {
		t.Fatalf("there is no tensor %s", name)
	}
	tensor.Values = slices.Clone(tensor.Values)
	columns := len(tensor.Values)
	if len(tensor.Shape) > 0 {
		columns /= tensor.Shape[0]
	}
	rewrite(tensor.Values, columns)
	g.state.tensors[name] = tensor
}

// rename gives tensors other names; "" removes them.
func (g golden) rename(to func(name string) string) {
	tensors := map[string]safetensors.Tensor{}
	for name, tensor := range g.state.tensors {
		if tensor.Name = to(name); tensor.Name != "" {
			tensors[tensor.Name] = tensor
		}
	}
	g.state.tensors = tensors
}

const wrongDensity = "does not have the density"

func number(v float64) *float64 { return &v }

func TestTrapScaleMap(t *testing.T) {
	refuse(t, "nflows-maf", func(g golden) { g.dialect.ScaleMap = "sigmoid" }, wrongDensity)
	refuse(t, "nflows-coupling", func(g golden) { g.dialect.ScaleMap = "softplus" }, `"scale_map" is "softplus"`, "sigmoid")
	for _, name := range []string{"nflows-coupling-general", "nflows-coupling-general-context"} {
		refuse(t, name, func(g golden) { g.dialect.ScaleMap = "sigmoid" }, wrongDensity)
		// The scale is a softplus that is cut off at 3.
		refuse(t, name, func(g golden) { g.dialect.Epsilon = number(0.1) }, wrongDensity)
	}
	for _, name := range []string{"nflows-maf", "nflows-coupling", "normflows-coupling"} {
		refuse(t, name, func(g golden) { g.dialect.ScaleMap = "" }, `no "scale_map"`, "say")
	}
	refuse(t, "normflows-coupling", func(g golden) { g.dialect.ScaleMap = "sigmoid" }, wrongDensity)
	refuse(t, "normflows-coupling-sigmoid", func(g golden) { g.dialect.ScaleMap = "sigmoid_inv" }, wrongDensity)
	refuse(t, "normflows-coupling-sigmoid-inv", func(g golden) { g.dialect.ScaleMap = "exp" }, wrongDensity)
	// zuko's slope goes by the version: 1e-4 from 1.0.1 to 1.4.1.
	for version, same := range map[string]bool{"1.0.0": true, "1.0.1": false, "1.4.1": false, "1.5.0": true, "1.6.0": true, "0.3": true} {
		change := func(g golden) { g.dialect.Version = version }
		if same {
			accept(t, "zuko-maf", change)
		} else {
			refuse(t, "zuko-maf", change, wrongDensity)
			accept(t, "zuko-maf", func(g golden) { g.dialect.Version, g.dialect.Slope = version, number(1e-3) })
		}
	}
}

func TestTrapParameterLayout(t *testing.T) {
	// The weights as another library would have laid them out.
	swapPairs := func(values []float32, columns int) {
		for r := 0; r < len(values); r += 2 * columns {
			for c := range columns {
				values[r+c], values[r+columns+c] = values[r+columns+c], values[r+c]
			}
		}
	}
	refuse(t, "nflows-maf", func(g golden) {
		g.change(t, "_transform._transforms.1.autoregressive_net.final_layer.weight", swapPairs)
	}, wrongDensity)
	refuse(t, "zuko-maf", func(g golden) { g.change(t, "transform.transforms.0.hyper.4.weight", swapPairs) }, wrongDensity)
	// nflows couplings have blocks where its autoregressive layers have pairs.
	refuse(t, "nflows-coupling", func(g golden) {
		g.change(t, "_transform._transforms.0.transform_net.final_layer.weight", func(values []float32, columns int) {
			half := len(values) / 2
			for i := range half {
				values[i], values[half+i] = values[half+i], values[i]
			}
		})
	}, wrongDensity)
}

func TestTrapHiddenWidth(t *testing.T) {
	// What is scaled here is as if the rule were the other one.
	scale := func(bins int, factor float32) func(values []float32, columns int) {
		return func(values []float32, columns int) {
			for i := range values {
				if i/columns%(3*bins-1) < 2*bins {
					values[i] *= factor
				}
			}
		}
	}
	root := float32(math.Sqrt(12))
	for name, prefix := range map[string]string{
		"nflows-nsf":       "_transform._transforms.0.transform_net.final_layer.",
		"normflows-nsf":    "flows.0.prqct.transform_net.final_layer.",
		"nflows-nsf-ar":    "_transform._transforms.1.autoregressive_net.final_layer.",
		"normflows-nsf-ar": "flows.0.mprqat.autoregressive_net.final_layer.",
	} {
		factor := root // couplings divide
		if strings.HasSuffix(name, "ar") {
			factor = 1 / root // autoregressive layers do not
		}
		refuse(t, name, func(g golden) {
			g.change(t, prefix+"weight", scale(6, factor))
			g.change(t, prefix+"bias", scale(6, factor))
		}, wrongDensity)
	}
}

func TestTrapDirection(t *testing.T) {
	g := readGolden(t, "normflows-maf")
	f, err := g.load()
	if err != nil {
		t.Fatal(err)
	}
	inverted := 0
	for _, s := range f.Config().Transforms {
		if _, ok := s.(*transform.InvertSpec); ok {
			inverted++
		}
	}
	if inverted != 2 {
		t.Errorf("%d of its 2 autoregressive layers are inverted", inverted)
	}
	// The names of the network's tensors are those of nflows.
	refuse(t, "normflows-maf-feed-forward", func(g golden) {
		g.dialect.Library, g.dialect.Version, g.dialect.ScaleMap = "nflows", "0.14", "sigmoid"
		g.rename(func(name string) string {
			switch {
			case strings.HasPrefix(name, "q0."), strings.Contains(name, "permutation"), strings.Contains(name, ".linear.") && !strings.Contains(name, "net"):
				return ""
			}
			return strings.Replace(strings.Replace(name, "flows.0.", "_transform._transforms.0.", 1), "flows.2.", "_transform._transforms.1.", 1)
		})
	}, wrongDensity)
}

func TestTrapMaskSense(t *testing.T) {
	g := readGolden(t, "zuko-coupling")
	f, err := g.load()
	if err != nil {
		t.Fatal(err)
	}
	mask := f.Config().Transforms[0].(*transform.CouplingSpec).Mask
	for i, constant := range g.state.tensors["transform.transforms.0.mask"].Values {
		if mask[i] != (constant == 0) {
			t.Errorf("feature %d is changed: %v, and constant in zuko: %v", i, mask[i], constant)
		}
	}
	refuse(t, "zuko-coupling", func(g golden) {
		g.change(t, "transform.transforms.0.mask", func(values []float32, _ int) {
			for i := range values {
				values[i] = 1 - values[i]
			}
		})
	}, "transform.transforms.0.hyper.0.weight")
	refuse(t, "nflows-coupling", func(g golden) {
		g.rename(func(name string) string {
			return strings.NewReplacer("identity_features", "transform_features", "transform_features", "identity_features").Replace(name)
		})
	}, "_transform._transforms.0.transform_net.initial_layer.weight")
}

func TestTrapContext(t *testing.T) {
	clearAll := func(values []float32, _ int) { clear(values) }
	for name, tensor := range map[string]string{
		"nflows-maf-context":       "_transform._transforms.1.autoregressive_net.context_layer.weight",
		"nflows-coupling-context":  "_transform._transforms.0.transform_net.blocks.0.context_layer.weight",
		"normflows-maf-context":    "flows.0.autoregressive_net.blocks.1.context_layer.weight",
		"normflows-nsf-ar-context": "flows.0.mprqat.autoregressive_net.context_layer.weight",
	} {
		refuse(t, name, func(g golden) { g.change(t, tensor, clearAll) }, wrongDensity)
		refuse(t, name, func(g golden) { g.dialect.Context = 0 }, "context")
	}
	// A gated network that is read as one with an added context.
	g := readGolden(t, "normflows-nsf-ar-context")
	gated, err := g.state.made("flows.0.mprqat.autoregressive_net.", 5, 2, g.dialect.Options, madeRules{gated: true})
	if err != nil {
		t.Fatal(err)
	}
	added, err := g.state.made("flows.0.mprqat.autoregressive_net.", 5, 2, g.dialect.Options, madeRules{activated: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(gated.gates) != 2 || len(added.gates) != 0 || len(added.blockContexts) != 2 || added.encoder == nil || gated.encoder != nil {
		t.Errorf("gates %d and %d, contexts of blocks %d, encoder %v and %v", len(gated.gates), len(added.gates), len(added.blockContexts), added.encoder, gated.encoder)
	}
}

func TestTrapSplineConstants(t *testing.T) {
	for _, name := range []string{"nflows-nsf", "normflows-nsf-ar"} {
		refuse(t, name, func(g golden) { g.dialect.MinBinWidth = number(0) }, wrongDensity)
		refuse(t, name, func(g golden) { g.dialect.MinBinHeight = number(0) }, wrongDensity)
		refuse(t, name, func(g golden) { g.dialect.MinDerivative = number(1e-2) }, wrongDensity)
		for _, bound := range []float64{1, 5, math.Pi} {
			refuse(t, name, func(g golden) { g.dialect.TailBound = number(bound) }, wrongDensity)
		}
	}
	refuse(t, "nflows-nsf", func(g golden) { g.dialect.TailBound = nil }, wrongDensity) // nflows' default is 1
	accept(t, "normflows-nsf", func(g golden) { g.dialect.TailBound = nil })            // that of normflows is 3
	refuse(t, "zuko-nsf", func(g golden) { g.dialect.TailBound = number(math.Pi) }, wrongDensity)
	refuse(t, "zuko-nsf", func(g golden) { g.dialect.Slope = nil }, wrongDensity)
	yes := true
	refuse(t, "nflows-nsf", func(g golden) { g.dialect.IdentityInit = &yes }, wrongDensity)
}

// TestTrapBinSearch makes sure that the checks hold values on the corners of
// the boxes and at 0, where nflows searches bins with ≥ and zuko with >: both
// agree there, as value and slope are continuous.
func TestTrapBinSearch(t *testing.T) {
	for name, bound := range map[string]float64{"nflows-nsf": 3, "normflows-nsf": 3, "normflows-nsf-circular": 3, "zuko-nsf": 5} {
		g := readGolden(t, name)
		f, err := g.load()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.check.Compare(f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, at := range []float64{bound, -bound, 0} {
			if !slices.Contains(g.check.X, at) {
				t.Errorf("%s: no row of the check is at %v", name, at)
			}
		}
	}
}

func TestTrapMaskedGarbage(t *testing.T) {
	// The library multiplies weights by masks when it computes.
	for name, tensor := range map[string]string{
		"nflows-maf":       "_transform._transforms.1.autoregressive_net.blocks.0.linear_layers.0",
		"normflows-nsf-ar": "flows.0.mprqat.autoregressive_net.final_layer",
		"zuko-maf":         "transform.transforms.1.hyper.2",
	} {
		garbage := func(g golden) {
			mask, changed := g.state.tensors[tensor+".mask"].Values, 0
			g.change(t, tensor+".weight", func(values []float32, _ int) {
				for i, m := range mask {
					if m == 0 {
						values[i] = 1e6
						changed++
					}
				}
			})
			if changed == 0 {
				t.Errorf("%s masks nothing", tensor)
			}
		}
		accept(t, name, garbage)
	}
	refuse(t, "nflows-maf", func(g golden) {
		for name := range g.state.tensors {
			if strings.HasSuffix(name, ".mask") {
				g.change(t, name, func(values []float32, _ int) {
					for i := range values {
						values[i] = 1
					}
				})
			}
		}
	}, "not autoregressive")
}

func TestTrapZukoNames(t *testing.T) {
	older := func(name string) string {
		return strings.NewReplacer("base.loc", "base._0", "base.scale", "base._1").Replace(name)
	}
	accept(t, "zuko-maf", func(g golden) { g.rename(older) })
	accept(t, "zuko-coupling", func(g golden) {
		g.rename(func(name string) string { return strings.TrimPrefix(older(name), "transform.") })
	})
	accept(t, "zuko-maf-one", func(g golden) { g.dialect.Version = "1.5.0"; g.rename(older) })
	refuse(t, "zuko-maf", func(g golden) {
		g.rename(func(name string) string { return strings.Replace(name, "base.loc", "base._2", 1) })
	}, "base.loc is missing")
	// The base counts.
	refuse(t, "zuko-maf", func(g golden) { g.change(t, "base.scale", func(v []float32, _ int) { v[0] = 2 }) }, wrongDensity)
}

func TestTrapRunningVariance(t *testing.T) {
	g := readGolden(t, "nflows-realnvp-untrained")
	f, err := g.load()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range f.Model().Parameters().All() {
		if strings.HasSuffix(p.Name, "running_variance") && slices.ContainsFunc(p.Values(), func(v float32) bool { return v != 0 }) {
			t.Errorf("%s is %v, want the zeros of an untrained model", p.Name, p.Values())
		}
	}
	accept(t, "nflows-realnvp-untrained", nil)
	refuse(t, "nflows-realnvp-untrained", func(g golden) {
		g.change(t, "_transform._transforms.1.running_var", func(v []float32, _ int) {
			for i := range v {
				v[i] = 1
			}
		})
	}, wrongDensity)
	refuse(t, "nflows-realnvp", func(g golden) { g.dialect.BatchNormEpsilon = number(1e-1) }, wrongDensity)
}

// TestActivation holds the dialect's activation against the others.
func TestActivation(t *testing.T) {
	if n := len(autograd.Activations()) + 1; len(Activations()) != n {
		t.Errorf("%d activations can be imported, there are %d", len(Activations()), n)
	}
	for name, wrong := range map[string]string{
		"nflows-coupling-elu": "relu", "nflows-maf-silu": "gelu", "zuko-maf-tanh": "elu", "zuko-coupling-gelu": "silu", "normflows-maf-softplus": "relu",
	} {
		refuse(t, name, func(g golden) { g.dialect.Activation = wrong }, wrongDensity)
		refuse(t, name, func(g golden) { g.dialect.Activation = "" }, `no "activation"`)
	}
	refuse(t, "normflows-masked-leaky", func(g golden) { g.dialect.NegativeSlope = nil }, wrongDensity)
}
