package autograd_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// attended runs attention of events with so many sites, 12 columns and 3 heads,
// all at once or site by site, and returns the results and the gradients of q, k
// and v.
func attended(binding *autograd.Binding, in [3][]float64, events, sites int, causal, cached bool) (y []float64, gradients [3][]float64) {
	const columns, heads = 12, 3
	g := binding.NewGraph()
	g.Reset(autograd.Differentiate)
	p := g.Pass(events)
	var v [3]autograd.Value
	for i := range v {
		v[i] = g.Input(events*sites, columns, true)
		for at, x := range in[i] {
			v[i].Set(at/columns, at%columns, x)
		}
	}
	var out autograd.Value
	if cached {
		out = p.Input(events*sites, columns, true)
		cache := p.NewCache(sites, columns, heads)
		for s := range sites {
			site := autograd.Part{Sites: []int{s}}
			p.Put(out, p.AttendNext(&cache, p.Take(v[0], site), p.Take(v[1], site), p.Take(v[2], site)), site)
		}
	} else {
		out = p.Attention(v[0], v[1], v[2], heads, causal)
	}
	for r := range out.Rows {
		for c := range out.Cols {
			y = append(y, out.At(r, c))
			g.SeedGradient(out, r, c, seed(r*out.Cols+c))
		}
	}
	g.Backward()
	for i := range v {
		for r := range out.Rows {
			for c := range out.Cols {
				gradients[i] = append(gradients[i], v[i].Gradient(r, c))
			}
		}
	}
	return y, gradients
}

func attentionInputs(n int) (in [3][]float64) {
	for i := range in {
		narrow := make([]float32, n)
		random.Uniform(narrow, 3, random.Noise, uint64(i), 2)
		for _, x := range narrow {
			in[i] = append(in[i], float64(x))
		}
	}
	return in
}

// attentionBindings are the two precisions, and float32 on every matmul and tier.
func attentionBindings() map[string]*autograd.Binding {
	p := autograd.NewParameters(0)
	all := map[string]*autograd.Binding{"float64": autograd.Bind64(p)}
	for _, b := range blas.Linked() {
		all[b.Name()] = autograd.Bind32(p, b)
	}
	for _, tier := range kernels.Tiers() {
		all["builtin "+tier.Name()] = autograd.Bind32(p, blas.BuiltinOn(tier))
	}
	return all
}

// TestAttention compares with the formula, for fewer and more sites than one
// block of queries has.
func TestAttention(t *testing.T) {
	for _, sites := range []int{1, 5, 64, 150} {
		for _, causal := range []bool{false, true} {
			in := attentionInputs(2 * sites * 12)
			want := make([]float64, len(in[0]))
			for r := range 2 * sites {
				for h := range 3 {
					e, n := r/sites, sites
					if causal {
						n = r%sites + 1
					}
					weights, sum := make([]float64, n), 0.0
					for j := range weights {
						for c := range 4 {
							weights[j] += in[0][r*12+h*4+c] * in[1][(e*sites+j)*12+h*4+c] / 2
						}
						weights[j] = math.Exp(weights[j])
						sum += weights[j]
					}
					for j, w := range weights {
						for c := range 4 {
							want[r*12+h*4+c] += w / sum * in[2][(e*sites+j)*12+h*4+c]
						}
					}
				}
			}
			for name, binding := range attentionBindings() {
				bound := 2e-6
				if binding.Float64() {
					bound = 1e-13
				}
				got, _ := attended(binding, in, 2, sites, causal, false)
				for i, v := range got {
					if !(math.Abs(v-want[i]) <= bound*(1+math.Abs(want[i]))) {
						t.Fatalf("%s, %d sites, causal %v: value %d is %v, want %v", name, sites, causal, i, v, want[i])
					}
				}
			}
		}
	}
}

// TestAttentionOfOneKey: what sees itself alone looks up itself, exactly.
func TestAttentionOfOneKey(t *testing.T) {
	in := attentionInputs(3 * 12)
	for name, binding := range attentionBindings() {
		for _, cached := range []bool{false, true} {
			got, gradients := attended(binding, in, 3, 1, true, cached)
			for i, v := range got {
				if v != in[2][i] || gradients[0][i] != 0 || gradients[1][i] != 0 || gradients[2][i] != float64(float32(seed(i))) && gradients[2][i] != seed(i) {
					t.Fatalf("%s, cached %v: value %d is %v with gradients %v, %v and %v, of the value %v", name, cached, i, v, gradients[0][i], gradients[1][i], gradients[2][i], in[2][i])
				}
			}
		}
	}
}

// TestCachedAttention holds attention site by site against all at once: the same
// bits where the matmul promises them, on every tier, and the same gradients but
// for the order of sums.
func TestCachedAttention(t *testing.T) {
	reference := map[string][]float64{}
	for _, sites := range []int{1, 17, 150} {
		in := attentionInputs(2 * sites * 12)
		for name, binding := range attentionBindings() {
			whole, gradients := attended(binding, in, 2, sites, true, false)
			cached, cachedGradients := attended(binding, in, 2, sites, true, true)
			exact, bound := name != "openblas", 1e-5
			if binding.Float64() {
				bound = 1e-12
			}
			for i, v := range cached {
				if exact && v != whole[i] || !(math.Abs(v-whole[i]) <= bound) {
					t.Fatalf("%s, %d sites: value %d is %v from the cache, %v at once", name, sites, i, v, whole[i])
				}
			}
			for i := range gradients {
				for j, v := range cachedGradients[i] {
					if want := gradients[i][j]; !(math.Abs(v-want) <= bound*(1+math.Abs(want))) {
						t.Fatalf("%s, %d sites: gradient %d of input %d is %v from the cache, %v at once", name, sites, j, i, v, want)
					}
				}
			}
			if binding.Float64() || !exact {
				continue
			}
			all := append(append(append(whole, gradients[0]...), gradients[1]...), gradients[2]...)
			key := fmt.Sprint(sites)
			if reference[key] == nil {
				reference[key] = all
			}
			for i, v := range all {
				if v != reference[key][i] {
					t.Fatalf("%s, %d sites: value or gradient %d is %v, on another tier %v", name, sites, i, v, reference[key][i])
				}
			}
		}
	}
}

// TestMaskedKeysAreAbsent makes one site NaN: those before it must not notice,
// neither in values nor in gradients of what they computed.
func TestMaskedKeysAreAbsent(t *testing.T) {
	const sites, bad = 100, 70
	for name, binding := range attentionBindings() {
		in := attentionInputs(sites * 12)
		want, _ := attended(binding, in, 1, sites, true, false)
		for i := range in {
			for c := range 12 {
				in[i][bad*12+c] = math.NaN()
			}
		}
		got, _ := attended(binding, in, 1, sites, true, false)
		for i, v := range got[:bad*12] {
			if v != want[i] {
				t.Fatalf("%s: value %d before a NaN is %v, want %v", name, i, v, want[i])
			}
		}
		for i, v := range got[bad*12:] {
			if v == v {
				t.Fatalf("%s: value %d from the NaN on is %v", name, i, v)
			}
		}
	}
}
