package flow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/transform"
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
			got = append(got, describe(tagged.Spec))
		}
		if got := strings.Join(got, " "); got != strings.TrimSpace(c.want) {
			t.Errorf("%s of %+v is\n%s, want\n%s", c.preset, c.options, got, c.want)
		}
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
		return "invert(" + describe(s.Transform.Spec) + ")"
	case *transform.PermutationSpec:
		if fmt.Sprint(s.Order) == fmt.Sprint(transform.Reverse(len(s.Order)).Order) {
			return "reverse"
		}
	}
	name := fmt.Sprintf("%T", s)
	return strings.ToLower(strings.TrimSuffix(name[strings.LastIndexByte(name, '.')+1:], "Spec"))
}
