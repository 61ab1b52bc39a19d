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
		preset  string
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
	} {
		config, err := flow.Presets[c.preset](names("x", 5), nil, c.options)
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
		preset string
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
		config, err := flow.Presets[c.preset](names("x", 3), nil, c.o)
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
