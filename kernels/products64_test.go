package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// productsCase is the shape of one call of AddProducts64.
type productsCase struct{ cStride, aStride, aStep, bStride, depth int }

// productsCases are both forms, rows that share b and panels that share a, with
// depths that end anywhere in a loop or go beyond one call of assembly.
func productsCases() (cases []productsCase) {
	for _, depth := range []int{0, 1, 2, 3, 7, 64, productsPerCall, productsPerCall + 3} {
		for _, a := range [][2]int{{depth + 1, 1}, {1, 4}, {3, 11}} {
			cases = append(cases,
				productsCase{ProductColumns, a[0], a[1], 0, depth},
				productsCase{ProductColumns*depth + 5, 0, a[1], ProductColumns*depth + 8, depth},
				productsCase{2 * ProductColumns, a[0], a[1], ProductColumns * depth, depth})
		}
	}
	return cases
}

// operands makes slices of exactly the length that the case reaches.
func (p productsCase) operands(value func() float64, place func(n int) []float64) Products64 {
	fill := func(n int) []float64 {
		s := place(n)
		for i := range s {
			s[i] = value()
		}
		return s
	}
	return Products64{
		C: fill(3*p.cStride + ProductColumns), CStride: p.cStride,
		A: fill(3*p.aStride + max(p.depth-1, 0)*p.aStep + 1), AStride: p.aStride, AStep: p.aStep,
		B: fill(3*p.bStride + p.depth*ProductColumns), BStride: p.bStride,
		Depth: p.depth,
	}
}

// plain is the loop of the documentation.
func (p Products64) plain() []float64 {
	c := slices.Clone(p.C)
	for g := range 4 {
		for k := range p.Depth {
			for j := range ProductColumns {
				c[g*p.CStride+j] += float64(p.A[g*p.AStride+k*p.AStep] * p.B[g*p.BStride+k*ProductColumns+j])
			}
		}
	}
	return c
}

func heap64(n int) []float64 { return make([]float64, n) }

// special64 draws zeros of both signs, infinities, NaN, subnormals, numbers whose
// products overflow or underflow, and ordinary ones.
func special64(random *rand.Rand) float64 {
	values := []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), 5e-324, -5e-324, 1e-200, -1e-200, 1e200, -1e200, 0x1p-1022, math.MaxFloat64, 1, -1}
	if random.IntN(2) == 0 {
		return values[random.IntN(len(values))]
	}
	return random.NormFloat64()
}

func TestAddProducts64(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for name, value := range map[string]func() float64{
		"normal":        random.NormFloat64,
		"special":       func() float64 { return special64(random) },
		"exact":         func() float64 { return float64(float32(random.NormFloat64())) },
		"exact special": func() float64 { return float64(float32(special64(random))) },
	} {
		for _, shape := range productsCases() {
			o := shape.operands(value, heap64)
			want := o.plain()
			forEachTier(t, func(t *testing.T, tier *Tier) {
				got := o
				got.Exact = strings.HasPrefix(name, "exact")
				got.C = slices.Clone(o.C)
				tier.AddProducts64(got)
				for i, w := range want {
					if g := got.C[i]; math.Float64bits(g) != math.Float64bits(w) && (g == g || w == w) {
						t.Fatalf("%s %+v: c[%d] is %v, want %v", name, shape, i, g, w)
					}
				}
			})
		}
	}
}

func TestAddProducts64Refuses(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for name, spoil := range map[string]func(*Products64){
		"c too short":     func(p *Products64) { p.C = p.C[1:] },
		"a too short":     func(p *Products64) { p.A = p.A[1:] },
		"b too short":     func(p *Products64) { p.B = p.B[1:] },
		"negative stride": func(p *Products64) { p.AStep = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			p := productsCase{ProductColumns, 3, 1, 0, 3}.operands(random.NormFloat64, heap64)
			spoil(&p)
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			AddProducts64(p)
		})
	}
}

func BenchmarkAddProducts64(b *testing.B) {
	random := rand.New(rand.NewPCG(7, 8))
	for _, tier := range Tiers() {
		for _, shape := range []productsCase{{ProductColumns, 256, 1, 0, 256}, {ProductColumns * 256, 0, 1, ProductColumns * 256, 256}} {
			o := shape.operands(random.NormFloat64, heap64)
			for _, exact := range []bool{false, true} {
				o.Exact = exact
				b.Run(fmt.Sprintf("%s/exact=%v/%+v", tier.Name(), exact, shape), func(b *testing.B) {
					for b.Loop() {
						tier.AddProducts64(o)
					}
					b.ReportMetric(float64(b.N)*4*ProductColumns*256/b.Elapsed().Seconds()/1e9, "Gmuladd/s")
				})
			}
		}
	}
}
