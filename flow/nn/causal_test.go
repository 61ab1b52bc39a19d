package nn_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// causals are the causal conditioners.
func causals() map[string]nn.CausalSpec {
	return map[string]nn.CausalSpec{
		"transformer": &nn.TransformerSpec{Width: 12, Heads: 3, Hidden: 20, Layers: 2, Epsilon: 1e-5, Causal: true,
			Activation: autograd.Activation{Name: autograd.GELUActivation}},
		"wavenet":               &nn.WaveNetSpec{Width: 12, Skip: 10, Kernel: 2, Dilations: []int{1, 2, 4, 8, 16, 32, 64}},
		"wavenet of a front":    &nn.WaveNetSpec{Width: 6, Skip: 5, Kernel: 2, Dilations: []int{1, 2, 4, 8, 16, 32}, Front: 11, Scales: 2},
		"wavenet of three taps": &nn.WaveNetSpec{Width: 5, Skip: 7, Kernel: 3, Dilations: []int{27, 9, 3, 1}},
	}
}

// TestSteps holds the parameters that a causal network computes site by site
// against those that it computes of all sites at once: they have the same bits, on
// every tier, and those of a site do not depend on the sites from it on.
func TestSteps(t *testing.T) {
	const events, features, contexts, out = 3, 5, 2, 7
	for name, spec := range causals() {
		for _, sites := range []int{1, 2, 70} {
			for _, contexts := range []int{0, contexts} {
				shape := autograd.Shape{Grid: []int{sites}, Features: features}
				if t, ok := spec.(*nn.TransformerSpec); ok {
					t.Modulated = contexts > 0
				}
				if err := spec.Check(shape, contexts); err != nil {
					t.Fatal(err)
				}
				if err := spec.CheckCausal(); err != nil {
					t.Fatal(err)
				}
				parameters := autograd.NewParameters(0)
				network := spec.Build(shape, contexts, out, parameters.Root()).(nn.Causal)
				random.Uniform(parameters.Values(), 3, random.Initialization, 0, 0.5)
				x, context := make([]float32, events*sites*features), make([]float32, events*contexts)
				random.Uniform(x, 3, random.Noise, 1, 2)
				random.Uniform(context, 3, random.Noise, 2, 2)
				begin := func(g *autograd.Graph) *autograd.Pass {
					g.Reset(autograd.Evaluate)
					p := g.Pass(events)
					if contexts > 0 {
						p.Context = p.Wrap(context, contexts)
					}
					return p
				}
				var want []float64
				for _, tier := range kernels.Tiers() {
					what := fmt.Sprintf("%s of %d sites and %d context columns on %s", name, sites, contexts, tier.Name())
					g := autograd.Bind32(parameters, blas.BuiltinOn(tier)).NewGraph()
					p := begin(g)
					y := network.Compute(p, p.Wrap(x, features), events*sites)
					whole := make([]float64, 0, y.Rows*y.Cols)
					for r := range y.Rows {
						for c := range y.Cols {
							whole = append(whole, y.At(r, c))
						}
					}
					if want == nil {
						want = whole
					}
					for i, v := range whole {
						if v != want[i] {
							t.Fatalf("%s: value %d is %v, on another tier %v", what, i, v, want[i])
						}
					}
					p = begin(g)
					values := p.Wrap(x, features)
					steps := network.Steps(p)
					for s := range sites {
						mark := p.Mark()
						var before autograd.Value
						if s > 0 {
							before = p.Take(values, autograd.Part{Sites: []int{s - 1}})
						}
						next := steps.Next(before)
						for e := range events {
							for c := range out {
								if got, want := next.At(e, c), whole[(e*sites+s)*out+c]; got != want {
									t.Fatalf("%s: site %d, event %d, value %d is %v step by step, %v at once", what, s, e, c, got, want)
								}
							}
						}
						p.Release(mark)
					}
					steps.End()

					// A NaN reaches no parameters of its own site or before.
					spoilt := append([]float32(nil), x...)
					const at = 1
					for i := range features {
						spoilt[min(at, sites-1)*features+i] = float32(math.NaN())
					}
					p = begin(g)
					y = network.Compute(p, p.Wrap(spoilt, features), events*sites)
					for s := range sites {
						for c := range out {
							if got := y.At(s, c); s <= at && got != whole[s*out+c] || s > at && got == got {
								t.Fatalf("%s: with NaN at site %d, value %d of site %d is %v, was %v", what, at, c, s, got, whole[s*out+c])
							}
						}
					}
				}
			}
		}
	}
}
