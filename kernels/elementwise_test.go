package kernels

import (
	"fmt"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"math"
	"strconv"
	"strings"
	"testing"
)

// ulp32 is the distance of got from want in units in the last place of a
// float32 of want's size. A result of ±Inf counts as ±2^128.
func ulp32(got float32, want float64) float64 {
	switch {
	case want != want || got != got:
		if want != want && got != got {
			return 0
		}
		return math.Inf(1)
	case math.IsInf(want, 0):
		if float64(got) == want {
			return 0
		}
		return math.Inf(1)
	}
	value := float64(got)
	if math.IsInf(value, 0) {
		value = math.Copysign(0x1p128, value)
		if math.Abs(want) > 0x1p128 && (want > 0) == (value > 0) {
			return 0
		}
	}
	exponent := -126
	if want != 0 {
		exponent = min(max(math.Ilogb(want), -126), 127)
	}
	return math.Abs(value-want) / math.Ldexp(1, exponent-23)
}

// documentedError is a line of the table in the package comment.
type documentedError struct {
	bound float64 // ULP
	// For functions of float32: the largest error over all inputs, and where.
	worst float64
	at    float32
}

// documentedErrors reads the table of the package comment, which is what the
// tests hold the kernels to.
func documentedErrors(t *testing.T) map[string]documentedError {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]documentedError{}
	for _, block := range new(comment.Parser).Parse(file.Doc.Text()).Content {
		code, ok := block.(*comment.Code)
		if !ok {
			continue
		}
		for line := range strings.Lines(code.Text) {
			fields := strings.Fields(line)
			var e documentedError
			if len(fields) != 2 && len(fields) != 4 {
				continue
			}
			if e.bound, err = strconv.ParseFloat(fields[1], 64); err != nil {
				t.Fatalf("doc.go: the bound of %s is %q, want a number", fields[0], fields[1])
			}
			if len(fields) == 4 {
				bits, err := strconv.ParseUint(fields[3], 16, 32)
				if err != nil {
					t.Fatalf("doc.go: the worst input of %s is %q, want the bits of a float32", fields[0], fields[3])
				}
				e.at = math.Float32frombits(uint32(bits))
				if e.worst, err = strconv.ParseFloat(fields[2], 64); err != nil {
					t.Fatalf("doc.go: the worst error of %s is %q, want a number", fields[0], fields[2])
				}
			}
			table[fields[0]] = e
		}
	}
	return table
}

// TestDocumentedErrors recomputes the worst error that the package comment
// states for each function, at the input that it names.
func TestDocumentedErrors(t *testing.T) {
	table := documentedErrors(t)
	for _, f := range functions {
		documented, ok := table[f.Name]
		if !ok {
			t.Errorf("the table in doc.go lacks %s", f.Name)
			continue
		}
		x := documented.at
		worst := ulp32(f.reference(x), f.Math(float64(x)))
		if math.Abs(worst-documented.worst) > 0.0005001 || documented.worst > documented.bound {
			t.Errorf("%s(%v) is wrong by %.3f ULP; documented are %.3f, and a bound of %v", f.Name, x, worst, documented.worst, documented.bound)
		}
	}
}

// TestElementwiseAccuracy sweeps all float32 in steps and holds the reference
// to the documented bounds. Tiers have the same bits, which
// TestElementwiseParity checks; make exhaustive leaves no input out.
func TestElementwiseAccuracy(t *testing.T) {
	table := documentedErrors(t)
	for _, f := range functions {
		t.Run(f.Name, func(t *testing.T) {
			bound := table[f.Name].bound
			worst, at := 0.0, float32(0)
			try := func(x float32) {
				if u := ulp32(f.reference(x), f.Math(float64(x))); u > worst {
					worst, at = u, x
				}
			}
			for bits := uint64(0); bits < 1<<32; bits += uint64(2503 * thin()) {
				try(math.Float32frombits(uint32(bits)))
			}
			for bits := math.Float32bits(0x1p-6); bits < math.Float32bits(128); bits += uint32(211 * thin()) {
				try(math.Float32frombits(bits))
				try(math.Float32frombits(bits | signBit))
			}
			for _, x := range edgeValues {
				try(x)
			}
			t.Logf("largest error %.3f ULP at %v (%08x)", worst, at, math.Float32bits(at))
			if worst > bound {
				t.Errorf("%.3f ULP at %v (%08x), documented are %v", worst, at, math.Float32bits(at), bound)
			}
		})
	}
}

// TestElementwiseParity sweeps all float32 in steps and compares every tier
// with the reference by bits.
func TestElementwiseParity(t *testing.T) {
	const n = 1 << 12
	src, want, got, other := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
	if len(Tiers()) == 1 {
		t.Log("there is no tier but the reference")
		return
	}
	compare := func(t *testing.T, src []float32) {
		for _, f := range functions {
			for i, x := range src {
				want[i] = f.reference(x)
			}
			for _, tier := range Tiers()[1:] {
				f.Call(tier, got[:len(src)], src, other[:len(src)])
				if i := firstDifference(got, want[:len(src)]); i >= 0 {
					t.Fatalf("%s: %s(%v = %08x) is %08x, reference %08x", tier.Name(), f.Name, src[i], math.Float32bits(src[i]),
						math.Float32bits(got[i]), math.Float32bits(want[i]))
				}
			}
		}
	}
	const step = 4001
	bits := uint64(0)
	for bits < 1<<32 {
		count := 0
		for ; count < n && bits < 1<<32; count++ {
			src[count] = math.Float32frombits(uint32(bits))
			bits += step
		}
		compare(t, src[:count])
	}
	compare(t, edgeValues)
	// Each special value among ordinary ones: a vector takes another path when
	// one of its lanes does.
	for i, x := range edgeValues {
		for j := range 64 {
			src[j] = float32(j)/16 + 0.5
		}
		src[i%64] = x
		compare(t, src[:64])
	}
}

// TestElementwiseLengths runs every length up to 70 at every offset within a
// vector, apart and in place, between guard values.
func TestElementwiseLengths(t *testing.T) {
	const guard, most = 12345, 70
	forEachTier(t, func(t *testing.T, tier *Tier) {
		src, dst, other := make([]float32, most+32), make([]float32, most+32), make([]float32, most+32)
		for _, f := range functions {
			for n := range most + 1 {
				for offset := range 17 {
					for _, inPlace := range []bool{false, true} {
						for i := range src {
							src[i], dst[i], other[i] = float32(i)*0.11+0.01, guard, guard
						}
						in, out := src[offset:][:n], dst[16-offset/2:][:n]
						from := 16 - offset/2
						if inPlace {
							copy(dst[from:], in)
							f.Call(tier, out, out, other[:n])
						} else {
							f.Call(tier, out, in, other[:n])
						}
						for i, x := range in {
							if want := f.reference(x); !sameBits(out[i], want) {
								t.Fatalf("%s: value %d of %d at offset %d, in place %v: %v, want %v", f.Name, i, n, offset, inPlace, out[i], want)
							}
						}
						for i, v := range dst {
							if (i < from || i >= from+n) && v != guard || i >= n && other[i] != guard {
								t.Fatalf("%s of %d values at offset %d wrote beyond its end", f.Name, n, offset)
							}
						}
					}
				}
			}
		}
	})
}

// TestElementwiseChunks has vectors that are cut into several calls.
func TestElementwiseChunks(t *testing.T) {
	for _, tier := range Tiers() {
		src := make([]float32, 2*chunk+37)
		dst, other := make([]float32, len(src)), make([]float32, len(src))
		for i := range src {
			src[i] = float32(i%1000)/64 + 0.01
		}
		for _, f := range functions {
			f.Call(tier, dst, src, other)
			for i, x := range src {
				if !sameBits(dst[i], f.reference(x)) {
					t.Fatalf("%s: %s: value %d is %v, want %v", tier.Name(), f.Name, i, dst[i], f.reference(x))
				}
			}
		}
	}
}

// TestElementwiseSpecialValues pins results that accuracy alone does not: signs
// of zero, infinities, NaN, and the last inputs before overflow and underflow.
func TestElementwiseSpecialValues(t *testing.T) {
	inf, nan, minusZero := float32(math.Inf(1)), float32(math.NaN()), float32(math.Copysign(0, -1))
	signalling := math.Float32frombits(0x7f800001)
	bits := math.Float32frombits
	type pair struct{ in, want float32 }
	table := map[string][]pair{
		"Exp": {{0, 1}, {minusZero, 1}, {inf, inf}, {-inf, 0}, {nan, nan}, {signalling, nan}, {math.MaxFloat32, inf}, {-math.MaxFloat32, 0},
			{math.SmallestNonzeroFloat32, 1}, {bits(0x42b17217), bits(0x7f7fff84)}, {bits(0x42b17218), inf},
			{bits(0xc2aeac50), bits(0x007fffe6)}, {bits(0xc2cff1b4), math.SmallestNonzeroFloat32}, {bits(0xc2cff1b5), 0}},
		"Log": {{0, -inf}, {minusZero, -inf}, {1, 0}, {inf, inf}, {-inf, nan}, {-1, nan}, {-math.SmallestNonzeroFloat32, nan}, {nan, nan}, {signalling, nan},
			{math.SmallestNonzeroFloat32, -103.27893}, {0x1p-126, -87.33655}, {math.MaxFloat32, 88.72284}},
		"Tanh": {{0, 0}, {minusZero, minusZero}, {inf, 1}, {-inf, -1}, {nan, nan}, {signalling, nan}, {20, 1}, {-math.MaxFloat32, -1}, {9, bits(0x3f7fffff)}, {9.1, 1},
			{math.SmallestNonzeroFloat32, math.SmallestNonzeroFloat32}, {-math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32}, {0x1p-126, 0x1p-126}},

		"Sigmoid": {{0, 0.5}, {minusZero, 0.5}, {inf, 1}, {-inf, 0}, {nan, nan}, {signalling, nan}, {math.MaxFloat32, 1}, {-math.MaxFloat32, 0}, {18, 1}, {math.SmallestNonzeroFloat32, 0.5},
			{bits(0xc2cff1b4), math.SmallestNonzeroFloat32}, {bits(0xc2cff1b5), 0}, {-109, 0}, {bits(0xc2aeac50), bits(0x007fffe6)}},
		"Softplus": {{0, 0.6931472}, {minusZero, 0.6931472}, {inf, inf}, {-inf, 0}, {nan, nan}, {signalling, nan}, {math.MaxFloat32, math.MaxFloat32}, {-math.MaxFloat32, 0}, {18, 18},
			{bits(0xc2cff1b4), math.SmallestNonzeroFloat32}, {bits(0xc2cff1b5), 0}, {bits(0xc2aeac50), bits(0x007fffe6)}},
		"LogSigmoid": {{0, -0.6931472}, {minusZero, -0.6931472}, {inf, minusZero}, {-inf, -inf}, {nan, nan}, {signalling, nan}, {math.MaxFloat32, minusZero}, {-math.MaxFloat32, -math.MaxFloat32}, {-18, -18},
			{bits(0x42cff1b4), -math.SmallestNonzeroFloat32}, {bits(0x42cff1b5), minusZero}, {bits(0x42aeac50), -bits(0x007fffe6)}},
		"Expm1": {{0, 0}, {minusZero, minusZero}, {inf, inf}, {-inf, -1}, {nan, nan}, {signalling, nan}, {math.MaxFloat32, inf}, {-math.MaxFloat32, -1}, {-18, -1}, {bits(0x42b17217), bits(0x7f7fff84)}, {bits(0x42b17218), inf},
			{math.SmallestNonzeroFloat32, math.SmallestNonzeroFloat32}, {-math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32}, {0x1p-126, 0x1p-126}, {-0x1p-30, -0x1p-30}, {1, 1.7182817}, {-1, -0.63212055}},
		"Log1p": {{0, 0}, {minusZero, minusZero}, {inf, inf}, {-inf, nan}, {-1, -inf}, {bits(0xbf800001), nan}, {bits(0xbf7fffff), -16.635532}, {nan, nan}, {signalling, nan}, {math.MaxFloat32, 88.72284}, {-math.MaxFloat32, nan},
			{math.SmallestNonzeroFloat32, math.SmallestNonzeroFloat32}, {-math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32}, {0x1p-126, 0x1p-126}, {-0x1p-30, -0x1p-30}, {1, 0.6931472}, {0x1p64, 44.36142}},
		"SiLU": {{0, 0}, {minusZero, minusZero}, {inf, inf}, {-inf, minusZero}, {nan, nan}, {signalling, nan}, {math.MaxFloat32, math.MaxFloat32}, {-math.MaxFloat32, minusZero}, {-109, minusZero}, {20, 20},
			{math.SmallestNonzeroFloat32, 0}, {0x1p-126, 0x1p-127}, {1, 0.7310586}, {-1, -0.26894143}},

		"Sin2Pi": {{0, 0}, {0.25, 1}, {-0.25, -1}, {0.75, -1}, {inf, nan}, {-inf, nan}, {nan, nan}, {signalling, nan}, {math.MaxFloat32, 0}, {0x1p23, 0}, {0x1p21 + 0.25, 1}, {1.0 / 8, 0.70710677}},
		"Cos2Pi": {{0, 1}, {minusZero, 1}, {0.5, -1}, {-0.5, -1}, {1, 1}, {inf, nan}, {-inf, nan}, {nan, nan}, {math.MaxFloat32, 1}, {0x1p22 + 0.5, -1}, {math.SmallestNonzeroFloat32, 1}},

		"Erf": {{0, 0}, {minusZero, minusZero}, {inf, 1}, {-inf, -1}, {nan, nan}, {signalling, nan}, {bits(0x407ad445), 1}, {4, 1}, {-4, -1}, {-math.MaxFloat32, -1},
			{3.9, bits(0x3f7fffff)}, {math.SmallestNonzeroFloat32, math.SmallestNonzeroFloat32}, {-math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32},
			{bits(0x007fffff), bits(0x00906eb9)}, {0x1p-126, bits(0x00906eba)}},
		"NormalCDF": {{0, 0.5}, {minusZero, 0.5}, {inf, 1}, {-inf, 0}, {nan, nan}, {signalling, nan}, {math.MaxFloat32, 1}, {-math.MaxFloat32, 0},
			{math.SmallestNonzeroFloat32, 0.5}, {-math.SmallestNonzeroFloat32, 0.5}, {5.5, 1}, {-14.5, 0}, {-14.6, 0}, {-20, 0},
			{-14, 6 * math.SmallestNonzeroFloat32}, {bits(0xc162b914), math.SmallestNonzeroFloat32}, {bits(0xc162b916), 0}},
		"NormalQuantile": {{0, -inf}, {minusZero, -inf}, {1, inf}, {0.5, 0}, {inf, nan}, {-inf, nan}, {nan, nan}, {signalling, nan}, {-1, nan}, {2, nan}, {bits(0x3f800001), nan},
			{-math.SmallestNonzeroFloat32, nan}, {math.MaxFloat32, nan}, {-math.MaxFloat32, nan}, {math.SmallestNonzeroFloat32, bits(0xc161f15d)}, {0x1p-126, bits(0xc14f3302)},
			{bits(0x3f7fffff), bits(0x40a96e37)}, {0x1p-24, bits(0xc0a96e37)}, {0.25, bits(0xbf2cab5c)}, {0.75, bits(0x3f2cab5c)}, {bits(0x3f000001), bits(0x34206c99)}, {bits(0x3effffff), bits(0xb3a06c99)}},
		"GELU": {{0, 0}, {minusZero, minusZero}, {inf, inf}, {-inf, minusZero}, {nan, nan}, {signalling, nan}, {math.MaxFloat32, math.MaxFloat32}, {-math.MaxFloat32, minusZero},
			{20, 20}, {14.5, 14.5}, {-14.5, minusZero}, {-20, minusZero}, {-14, bits(0x8000004e)}, {bits(0xc165b274), -math.SmallestNonzeroFloat32}, {bits(0xc165b276), minusZero},
			{4 * math.SmallestNonzeroFloat32, 2 * math.SmallestNonzeroFloat32}, {-4 * math.SmallestNonzeroFloat32, -2 * math.SmallestNonzeroFloat32},
			{-math.SmallestNonzeroFloat32, minusZero}},
	}
	forEachTier(t, func(t *testing.T, tier *Tier) {
		for _, f := range functions {
			for _, p := range table[f.Name] {
				// Twenty times, so that whole vectors and tails see it.
				var src, dst, other [20]float32
				for i := range src {
					src[i] = p.in
				}
				f.Call(tier, dst[:], src[:], other[:])
				for _, got := range dst {
					if !sameBits(got, p.want) {
						t.Errorf("%s(%v = %08x) = %v (%08x), want %v (%08x)", f.Name, p.in, math.Float32bits(p.in), got, math.Float32bits(got), p.want, math.Float32bits(p.want))
						break
					}
				}
			}
			if len(table[f.Name]) == 0 {
				t.Errorf("%s has no special values", f.Name)
			}
		}
	})
}

// TestTanhIsOddAndBounded sweeps for what Tanh promises beside its accuracy.
func TestTanhIsOddAndBounded(t *testing.T) {
	last := float32(0)
	for bits := uint32(0); bits <= math.Float32bits(float32(math.Inf(1))); bits += uint32(997 * thin()) {
		x := math.Float32frombits(bits)
		y := tanhRef(x)
		if !sameBits(tanhRef(-x), -y) {
			t.Fatalf("tanh(%v) = %v but tanh(%v) = %v", x, y, -x, tanhRef(-x))
		}
		if y > 1 || y < last && bits > 0 {
			t.Fatalf("tanh(%v) = %v, after %v for a smaller argument", x, y, last)
		}
		last = y
	}
}

func TestElementwiseLengthMismatchPanics(t *testing.T) {
	v := make([]float32, 4)
	for name, call := range map[string]func(){
		"Sigmoid":    func() { Sigmoid(v, v[:3]) },
		"Softplus":   func() { Softplus(v, v[:3]) },
		"LogSigmoid": func() { LogSigmoid(v, v[:3]) },
		"Expm1":      func() { Expm1(v, v[:3]) },
		"Log1p":      func() { Log1p(v, v[:3]) },
		"SiLU":       func() { SiLU(v, v[:3]) },

		"Exp":           func() { Exp(v, v[:3]) },
		"Log":           func() { Log(v[:3], v) },
		"Tanh":          func() { Tanh(v, nil) },
		"SinCos2Pi cos": func() { SinCos2Pi(v, v[:3], v) },
		"SinCos2Pi src": func() { SinCos2Pi(v, v, v[:3]) },
		"Erf":           func() { Erf(v, v[:3]) },
		"NormalCDF":     func() { NormalCDF(v, v[:3]) },
		"GELU":          func() { GELU(v[:3], v) },
		"quantile":      func() { NormalQuantile(v, nil) },
		"NormalRows":    func() { NormalRows(v, 2, 3, 0, 0, 0) },
		"negative rows": func() { NormalRows(v, -2, -2, 0, 0, 0) },
	} {
		func() {
			defer func() {
				if r := recover(); r == nil || !strings.HasPrefix(fmt.Sprint(r), "kernels: ") {
					t.Errorf("%s: recovered %v, want a panic of this package", name, r)
				}
			}()
			call()
		}()
	}
}

func TestElementwiseAllocatesNothing(t *testing.T) {
	for _, tier := range Tiers() {
		src, dst, other := make([]float32, 100), make([]float32, 100), make([]float32, 100)
		words := make([]uint32, 99)
		allocations := testing.AllocsPerRun(100, func() {
			for _, f := range functions {
				f.Call(tier, dst, src, other)
			}
			tier.PhiloxWords(words, 1, 2, 3)
			tier.NormalRows(dst, 20, 5, 1, 2, 3)
			tier.NormalRows(dst, 25, 4, 1, 2, 3)
		})
		if allocations != 0 {
			t.Errorf("%s: %v allocations a run", tier.Name(), allocations)
		}
	}
}

// BenchmarkElementwise reports nanoseconds an element, of 4096 in the first
// cache.
func BenchmarkElementwise(b *testing.B) {
	src, dst, other := make([]float32, 4096), make([]float32, 4096), make([]float32, 4096)
	for _, f := range functions {
		for i := range src {
			src[i] = f.Low + (f.High-f.Low)*float32(i*i%len(src))/float32(len(src))
		}

		for _, tier := range Tiers() {
			b.Run(f.Name+"/"+tier.Name(), func(b *testing.B) {
				for b.Loop() {
					f.Call(tier, dst, src, other)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(src)), "ns/element")
			})
		}
	}
}
