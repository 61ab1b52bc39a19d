package flow_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// TestPresetLayers spells out which layers the presets make of five columns: a
// mask that never changes sides, say, would leave columns as they are, and no
// other test would mind.
func TestPresetLayers(t *testing.T) {
	for _, c := range []struct {
		preset  flow.Preset
		options flow.Options
		want    string
	}{
		{"realnvp", flow.Options{Layers: 3}, "coupling(--***) coupling(**---) coupling(--***)"},
		{"realnvp", flow.Options{Layers: 3, Masks: "alternating"}, "coupling(-*-*-) coupling(*-*-*) coupling(-*-*-)"},
		{"realnvp", flow.Options{Layers: 3, Permutation: "reverse"}, "coupling(--***) reverse coupling(--***) reverse coupling(--***)"},
		{"realnvp", flow.Options{Layers: 2, Permutation: "random", BatchNorm: true}, "coupling(--***) batchnorm permutation coupling(--***) batchnorm"},
		{"realnvp", flow.Options{Layers: 2, Permutation: "lu"}, "coupling(--***) permutation lu coupling(**---)"},
		{"realnvp", flow.Options{}, strings.Repeat("coupling(--***) coupling(**---) ", 4)},
		{"nice", flow.Options{Layers: 2}, "coupling(--***) coupling(**---) elementwise"},
		{"maf", flow.Options{}, strings.Repeat("autoregressive reverse ", 4) + "autoregressive"},
		{"iaf", flow.Options{}, strings.Repeat("invert(autoregressive) reverse ", 4) + "invert(autoregressive)"},
		{"nsf", flow.Options{Layers: 3}, "coupling(-*-*-) permutation lu coupling(*-*-*) permutation lu coupling(-*-*-)"},
		{"nsf-ar", flow.Options{}, strings.Repeat("autoregressive permutation lu ", 9) + "autoregressive"},
		{"planar", flow.Options{Layers: 2, Permutation: flow.PermutationLU}, "planar permutation lu planar"},
		{"planar", flow.Options{}, strings.Repeat("planar ", 32)},
		{"radial", flow.Options{Layers: 2, BatchNorm: true}, "radial batchnorm radial batchnorm"},
		{"flow++", flow.Options{Layers: 2}, "coupling(-*-*-) permutation lu coupling(*-*-*)"},
		{"householder", flow.Options{}, "householder"},
	} {
		config, err := c.preset.Config(names("x", 5), nil, c.options)
		must(t, err)
		var got []string
		for _, tagged := range config.Transforms {
			got = append(got, describe(tagged))
		}
		if got := strings.Join(got, " "); got != strings.TrimSpace(c.want) {
			t.Errorf("%s of %+v is\n%s, want\n%s", c.preset, c.options, got, c.want)
		}
	}
}

// TestRandomPermutations draws another order for each layer and each seed.
func TestRandomPermutations(t *testing.T) {
	seen := map[string]string{}
	for seed := range uint64(3) {
		config, err := flow.MAF(names("x", 12), nil, flow.Options{Layers: 5, Permutation: "random", Seed: seed})
		must(t, err)
		for i, spec := range config.Transforms {
			p, ok := spec.(*transform.PermutationSpec)
			if !ok {
				continue
			}
			order, where := fmt.Sprint(p.Order), fmt.Sprintf("transform %d of seed %d", i, seed)
			if other, ok := seen[order]; ok {
				t.Errorf("%s has the order of %s", where, other)
			}
			seen[order] = where
		}
	}
	if len(seen) != 3*4 {
		t.Errorf("%d orders, want 4 of each seed", len(seen))
	}
}

// describe names a layer; a mask is drawn with a star for what changes.
func describe(s transform.Spec) string {
	switch s := s.(type) {
	case *transform.CouplingSpec:
		mask := ""
		for _, changes := range s.Mask {
			if changes {
				mask += "*"
			} else {
				mask += "-"
			}
		}
		return "coupling(" + mask + ")"
	case *transform.InvertSpec:
		return "invert(" + describe(s.Transform) + ")"
	case *transform.PermutationSpec:
		if fmt.Sprint(s.Order) == fmt.Sprint(transform.Reverse(len(s.Order)).Order) {
			return "reverse"
		}
	}
	name := fmt.Sprintf("%T", s)
	return strings.ToLower(strings.TrimSuffix(name[strings.LastIndexByte(name, '.')+1:], "Spec"))
}

// TestUniformBase goes with the layers that keep its box, and has their box.
func TestUniformBase(t *testing.T) {
	for _, c := range []struct {
		preset flow.Preset
		o      flow.Options
		ok     bool
	}{
		{"nsf", flow.Options{Permutation: "none", Bound: 5}, true},
		{"nsf", flow.Options{Permutation: "random", Bound: 5}, true},
		{"nsf-ar", flow.Options{Permutation: "reverse", Bound: 5}, true},
		{"nsf", flow.Options{Bound: 5}, false},
		{"nsf", flow.Options{Permutation: "none", Bound: 5, BatchNorm: true}, false},
		{"realnvp", flow.Options{}, false},
		{"nice", flow.Options{}, false},
		{"iaf", flow.Options{}, false},
	} {
		c.o.Base, c.o.Layers, c.o.Hidden = base.Uniform, 3, []int{4}
		config, err := c.preset.Config(names("x", 3), nil, c.o)
		if c.ok != (err == nil) || c.ok && config.Base.(*base.UniformSpec).Bound != 5 {
			t.Errorf("%s %+v: the base %+v, %v", c.preset, c.o, config.Base, err)
		}
		if !c.ok {
			continue
		}
		f, err := flow.New(config, 1)
		must(t, err)
		for _, p := range f.Model().Parameters().All() {
			random.Uniform(p.Values(), 7, random.Initialization, uint64(p.Offset()), 2)
		}
		x, logProb := rows(3*1000, 1), make([]float64, 1000)
		for i := range x {
			x[i] *= 2
		}
		must(t, f.LogProb(logProb, x, nil))
		for i, p := range logProb {
			inside := math.Abs(x[3*i]) <= 5 && math.Abs(x[3*i+1]) <= 5 && math.Abs(x[3*i+2]) <= 5
			if inside == math.IsInf(p, -1) {
				t.Fatalf("the log-density at %v is %v", x[3*i:3*i+3], p)
			}
		}
	}
}

// TestPresetsBeginAsStandardization scores rows with flows that have learned
// nothing, whatever the seed: the density is the normal one of independent
// columns with the means and deviations that the flow has.
func TestPresetsBeginAsStandardization(t *testing.T) {
	const n, d = 40, 3
	x, s := rows(n*d, 1), standardization(d)
	for _, preset := range flow.Presets() {
		switch preset {
		case flow.PresetGaussianization, flow.PresetNAF, flow.PresetFlowPP, flow.PresetSOS, flow.PresetBNAF:
			continue // they begin only near to a normal density
		}
		for _, o := range []flow.Options{{}, {Layers: 3, Seed: 8}} {
			config, err := preset.Config(names("x", d), nil, o)
			must(t, err)
			config.Standardize = s
			f, err := flow.New(config, 5+o.Seed)
			must(t, err)
			got := make([]float64, n)
			must(t, f.LogProb(got, x, nil))
			for i, p := range got {
				want := -0.5 * d * math.Log(2*math.Pi)
				for c, v := range x[d*i : d*(i+1)] {
					u := (v - s.Mean[c]) / s.Std[c]
					want -= 0.5*u*u + math.Log(s.Std[c])
				}
				if math.Abs(p-want) > 1e-5*(1+math.Abs(want)) {
					t.Errorf("%s: the log-density of row %d begins at %v, want %v", preset, i, p, want)
					break
				}
			}
		}
	}
}

// TestPresetsRefuse lists what presets without networks have no use for.
func TestPresetsRefuse(t *testing.T) {
	for _, c := range []struct {
		preset  flow.Preset
		context []string
		o       flow.Options
		want    string
	}{
		{"planar", names("c", 1), flow.Options{}, "takes no context"},
		{"radial", nil, flow.Options{Hidden: []int{8}}, "has no hidden layers"},
		{"householder", nil, flow.Options{Residual: true}, "has no residual blocks"},
		{"planar", nil, flow.Options{Masks: flow.MasksHalves}, "has no masks"},
		{"radial", nil, flow.Options{Bound: 2}, "has no scale map"},
		{"planar", nil, flow.Options{Bins: 4}, "has no bins"},
		{"planar", nil, flow.Options{Base: base.Uniform}, "only splines do"},
		{"planar", nil, flow.Options{Layers: flow.MaxLayers + 1}, "want 1 to 1024"},
		{"householder", nil, flow.Options{Layers: -1}, "want 1 to 1024"},
		{"householder", nil, flow.Options{Permutation: flow.PermutationLU}, "nothing to permute"},
		{"householder", nil, flow.Options{BatchNorm: true}, "without layers"},
		{"householder", nil, flow.Options{Base: base.StandardNormal}, "diagonal-normal"},
		{"gaussianization", nil, flow.Options{Permutation: flow.PermutationLU}, "takes no permutation"},
		{"gaussianization", nil, flow.Options{Components: -1}, "want 1 to 4096"},
		{"gaussianization", nil, flow.Options{Masks: flow.MasksHalves}, "no masks"},
		{"naf", nil, flow.Options{Degree: 3}, "no polynomials"},
		{"sos", nil, flow.Options{Degree: 9}, "want 1 to 8"},
		{"bernstein", nil, flow.Options{Degree: 65}, "want 1 to 64"},
		{"bernstein", nil, flow.Options{Components: 2}, "no mixtures"},
		{"realnvp", nil, flow.Options{Degree: 3}, "no polynomials"},
		{"realnvp", nil, flow.Options{Components: 3}, "no mixtures"},
		{"maf", nil, flow.Options{Components: 3}, "no mixtures"},
		{"residual-flow", nil, flow.Options{Hidden: []int{8, 2000}}, "want 1 to 1024"},
		{"residual-flow", nil, flow.Options{Probes: -1}, "-1 probes"},
		{"realnvp", nil, flow.Options{Probes: 2}, "estimates no trace"},
		{"bnaf", nil, flow.Options{Residual: true}, "has no residual blocks"},
		{"bnaf", nil, flow.Options{Masks: flow.MasksHalves}, "no masks"},
		{"bnaf", nil, flow.Options{Components: 3}, "no mixtures"},
		{"bnaf", nil, flow.Options{Bound: 21}, "want above 0 to 20"},
		{"bnaf", nil, flow.Options{Hidden: []int{40000}}, "want 1 to 65536 in all"},
		{"realnvp", nil, flow.Options{Steps: 3}, "no differential equation"},
		{"ffjord", nil, flow.Options{Masks: flow.MasksHalves}, "no masks"},
		{"ffjord", nil, flow.Options{Solver: "rk4"}, "give it steps"},
		{"ffjord", nil, flow.Options{Solver: "rk45", Steps: 3}, "choose euler, midpoint, rk4, dopri5"},
		{"ffjord", nil, flow.Options{Steps: 3, Tolerance: 1e-3}, "take one"},
		{"ffjord", nil, flow.Options{Tolerance: 1e-9}, "want 1e-07 to 1"},
		{"ffjord", nil, flow.Options{Probes: -1}, "want 1 to 1024"},
		{"flow-matching", nil, flow.Options{Bound: 2}, "no scale map"},
		{"glow-of-tables", nil, flow.Options{}, "choose bernstein, bnaf, ffjord, flow++, flow-matching, gaussianization, householder, iaf, maf, naf, nice, nsf, nsf-ar, planar, radial, realnvp, residual-flow, sos, umnn"},
	} {
		if _, err := c.preset.Config(names("x", 2), c.context, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s of %+v: %v, want %q", c.preset, c.o, err, c.want)
		}
	}
}
