package transform_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/kernels"
)

// inverses computes the inverse in one go and by as many passes as there are
// features.
func inverses(s *subject, g *autograd.Graph, z, context []float64) (oneGo, byPasses []float64) {
	for _, passes := range []bool{false, true} {
		g.Reset(autograd.Evaluate)
		rows := len(z) / s.shape.Features
		in := fill(g, z, s.shape.Features, rows)
		p := g.Pass(rows / s.shape.Sites())
		if s.context > 0 {
			p.Context = fill(g, context, s.context, len(p.LogDet.Values))
		}
		if passes {
			byPasses = append(values(transform.InverseByPasses(s.transform, p, in)), p.LogDet.Values...)
		} else {
			oneGo = append(values(s.transform.Inverse(p, in)), p.LogDet.Values...)
		}
	}
	return oneGo, byPasses
}

// TestIncrementalInverse holds the one-go inverse against the statement: by
// bits on the built-in matmul, on every tier, for every number of rows, and
// whatever rows stand beside one.
func TestIncrementalInverse(t *testing.T) {
	widths := []int{1, 2, 7, 64}
	if testing.Short() {
		widths = []int{1, 7}
	}
	for _, d := range widths {
		for _, context := range []int{0, 3} {
			for _, residual := range []bool{false, true} {
				for _, order := range []string{"natural", "reversed", "random"} {
					univariate := autograd.Univariate(affine)
					if order == "random" {
						univariate = spline(3, residual)
					}
					spec := autoregressive(d, univariate, residual, order)
					if order == "random" {
						spec.Conditioner.Constants = 2
					}
					if order == "reversed" { // no ReLU, and no activation before a block
						spec.Conditioner.Activation.Name, spec.Conditioner.Plain = autograd.GELUActivation, residual
					}
					s := build(t, spec, transform.Shape{Features: d}, context)
					z, ctx := noise(131*d, 1, 2.5), noise(131*context, 2, 2)
					var all []float64
					for _, tier := range kernels.Tiers() {
						g := autograd.Bind32(s.parameters, blas.BuiltinOn(tier)).NewGraph()
						for _, rows := range []int{131, 1, 2, 16, 17, 64} {
							if tier.Name() == "reference" && rows > 16 {
								continue
							}
							name := fmt.Sprintf("%s, D=%d, context=%d, residual=%v, %s, %d rows", tier.Name(), d, context, residual, order, rows)
							got, want := inverses(s, g, z[:rows*d], ctx[:rows*context])
							sameBits(t, name, got, want)
							n := min(rows*d, len(all))
							sameBits(t, name+" against other rows", got[:n], all[:n])
							if rows*d > len(all) {
								all = got[:rows*d]
							}
						}
					}
				}
			}
		}
	}
}

func sameBits(t *testing.T, name string, got, want []float64) {
	t.Helper()
	for i, v := range want {
		if math.Float64bits(got[i]) != math.Float64bits(v) && !(math.IsNaN(v) && math.IsNaN(got[i])) {
			t.Fatalf("%s: value %d is %v, want %v", name, i, got[i], v)
		}
	}
}

// TestAutoregressiveContainment checks that what is not a number stays behind
// its feature in the order, forward, inverse and in the Jacobian.
func TestAutoregressiveContainment(t *testing.T) {
	const d, context, at = 7, 2, 5
	for _, backend := range blas.Linked() {
		for _, residual := range []bool{false, true} {
			for _, order := range []string{"natural", "reversed", "random"} {
				spec := autoregressive(d, affine, residual, order)
				s := build(t, spec, transform.Shape{Features: d}, context)
				g := autograd.Bind32(s.parameters, backend).NewGraph()
				ctx := noise(3*context, 2, 2)
				for _, inverse := range []bool{false, true} {
					for _, poison := range []float64{math.NaN(), math.Inf(1)} {
						x := noise(3*d, 1, 2.5)
						_, _, out, _ := s.run(g, autograd.Evaluate, inverse, x, ctx)
						want := values(out)
						x[d+spec.Order[at]] = poison
						_, _, out, _ = s.run(g, autograd.Evaluate, inverse, x, ctx)
						for i, v := range values(out) {
							position := 0
							for spec.Order[position] != i%d {
								position++
							}
							touched := i/d == 1 && position >= at
							if !touched && math.Abs(v-want[i]) > 1e-5 {
								t.Errorf("%s, residual=%v, %s, inverse=%v: %v in feature %d makes value %d %v, was %v",
									backend.Name(), residual, order, inverse, poison, spec.Order[at], i, v, want[i])
							}
							if touched && position == at && v-v == 0 {
								t.Errorf("inverse=%v: %v in a feature leaves it %v", inverse, poison, v)
							}
						}
					}
				}
			}
		}
	}
}

// TestTriangular checks that the gradient of an output by the features after
// it in the order is exactly zero, and not so by those before.
func TestTriangular(t *testing.T) {
	const d = 7
	for _, order := range []string{"natural", "reversed", "random"} {
		spec := autoregressive(d, affine, false, order)
		spec.Conditioner.Units = [][]int{nn.EvenUnits(d, 60, false), nn.EvenUnits(d, 60, false)}
		s := build(t, spec, transform.Shape{Features: d}, 0)
		g := autograd.Bind32(s.parameters, blas.Builtin()).NewGraph()
		for _, inverse := range []bool{false, true} {
			for i, feature := range spec.Order {
				in, _, out, _ := s.run(g, autograd.Differentiate, inverse, noise(d, 1, 2.5), nil)
				g.SeedGradient(out, 0, feature, 1)
				g.Backward()
				for j, by := range spec.Order {
					if d := in.Gradient(0, by); (d == 0) != (j > i) {
						t.Errorf("%s, inverse=%v: output %d of the order by input %d is %v", order, inverse, i, j, d)
					}
				}
			}
		}
	}
}

// TestInverseAllocatesNothing holds when warm.
func TestInverseAllocatesNothing(t *testing.T) {
	for _, residual := range []bool{false, true} {
		s := build(t, autoregressive(7, affine, residual, "random"), transform.Shape{Features: 7}, 3)
		g := autograd.Bind32(s.parameters, blas.Builtin()).NewGraph()
		z, ctx := noise(7*40, 1, 2), noise(3*40, 2, 2)
		f := func() {
			s.run(g, autograd.Evaluate, true, z, ctx)
			s.run(g, autograd.Evaluate, false, z, ctx)
		}
		f()
		if n := testing.AllocsPerRun(20, f); n > 0 {
			t.Errorf("residual=%v: %v allocations", residual, n)
		}
	}
}

// TestBadAutoregressive refuses what does not describe a layer.
func TestBadAutoregressive(t *testing.T) {
	good := func() *transform.AutoregressiveSpec { return autoregressive(4, affine, false, "random") }
	if err := good().Check(transform.Shape{Features: 4}, 0); err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func(*transform.AutoregressiveSpec){
		"short order":      func(s *transform.AutoregressiveSpec) { s.Order = s.Order[1:] },
		"repeated feature": func(s *transform.AutoregressiveSpec) { s.Order[1] = s.Order[0] },
		"far feature":      func(s *transform.AutoregressiveSpec) { s.Order[2] = 4 },
		"negative feature": func(s *transform.AutoregressiveSpec) { s.Order[2] = -1 },
		"no univariate":    func(s *transform.AutoregressiveSpec) { s.Univariate = nil },
		"missing degree":   func(s *transform.AutoregressiveSpec) { s.Conditioner.Units[0] = []int{1, 2, 3} },
		"extra degree":     func(s *transform.AutoregressiveSpec) { s.Conditioner.Units[1] = []int{1, 2, 3, 4, 5} },
		"negative units":   func(s *transform.AutoregressiveSpec) { s.Conditioner.Units[1] = []int{1, -1, 3, 4} },
		"no units":         func(s *transform.AutoregressiveSpec) { s.Conditioner.Units[1] = make([]int, 4) },
		"too many units":   func(s *transform.AutoregressiveSpec) { s.Conditioner.Units[1] = []int{1, 1 << 16, 0, 0} },
		"overflow":         func(s *transform.AutoregressiveSpec) { s.Conditioner.Units[1] = []int{1, math.MaxInt, math.MaxInt, 4} },
		"many layers":      func(s *transform.AutoregressiveSpec) { s.Conditioner.Units = make([][]int, 65) },
		"empty residual":   func(s *transform.AutoregressiveSpec) { s.Conditioner = nn.MADESpec{Residual: true} },
	} {
		s := good()
		damage(s)
		if err := s.Check(transform.Shape{Features: 4}, 0); err == nil {
			t.Errorf("%s is not refused", name)
		}
	}
}
