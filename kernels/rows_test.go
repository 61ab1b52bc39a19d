package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// compareRows runs one kernel on the reference and on tier with the same
// arguments and compares every value of every argument afterwards.
func compareRows(t *testing.T, name string, run func(*Tier, *rowsCall), tier *Tier, build func() *rowsCall) {
	t.Helper()
	want, got := build(), build()
	run(Tiers()[0], want)
	run(tier, got)
	for i := range want.singles {
		for j, w := range want.singles[i] {
			g := got.singles[i][j]
			if math.Float32bits(g) != math.Float32bits(w) && (w == w || g == g) {
				t.Fatalf("%s on %s, %dx%d, gap %d: argument %d differs at %d: %v (%08x), reference %v (%08x)", name, tier.Name(),
					want.rows, want.cols, want.gap, i, j, g, math.Float32bits(g), w, math.Float32bits(w))
			}
		}
	}
	for i := range want.doubles {
		for j, w := range want.doubles[i] {
			g := got.doubles[i][j]
			if math.Float64bits(g) != math.Float64bits(w) && (w == w || g == g) {
				t.Fatalf("%s on %s, %dx%d, gap %d: result %d is %v, reference %v", name, tier.Name(), want.rows, want.cols, want.gap, j, g, w)
			}
		}
	}
}

// TestRowsParity holds every tier to the reference bit by bit: all small
// shapes, with and without gaps between rows, one row of parameters for all
// rows, special values, unaligned data.
func TestRowsParity(t *testing.T) {
	for _, kernel := range rowsKernels {
		t.Run(kernel.name, func(t *testing.T) {
			for _, tier := range Tiers()[1:] {
				seed := uint64(0)
				for _, rows := range []int{0, 1, 2, 3, 4, 5, 6, 7, 9, 18} {
					for _, cols := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 16, 17, 23, 24, 25, 31, 32, 33, 47, 63, 64, 65, 81, 130} {
						for variant := range 4 {
							seed++
							if testing.Short() && seed%4 != seed/4%4 {
								continue // each shape has one of the variants, in turn
							}
							compareRows(t, kernel.name, kernel.run, tier, func() *rowsCall {
								offset := int(seed % 16)
								return &rowsCall{
									random: rand.New(rand.NewPCG(seed, 1)), rows: rows, cols: cols, gap: []int{0, 1, 3, 0}[variant],
									special: variant >= 2, broadcastsParams: variant == 3,
									place: func(n int) []float32 { return make([]float32, n+offset)[offset:] },
								}
							})
						}
					}
				}
			}
		})
	}
}

// TestRowsChunks covers calls that are cut into several: many rows, and a row
// that is longer than a chunk.
func TestRowsChunks(t *testing.T) {
	for _, kernel := range rowsKernels {
		for _, tier := range Tiers()[1:] {
			for _, shape := range [][2]int{{2*chunk/6 + 5, 6}, {3, chunk + 21}} {
				compareRows(t, kernel.name, kernel.run, tier, func() *rowsCall {
					return &rowsCall{random: rand.New(rand.NewPCG(7, 1)), rows: shape[0], cols: shape[1], gap: 2,
						place: func(n int) []float32 { return make([]float32, n) }}
				})
			}
		}
	}
}

// TestRowsSpecialValues pins the rules for zeros and NaN, which parity alone
// would leave to the reference.
func TestRowsSpecialValues(t *testing.T) {
	nan, inf, minusZero := float32(math.NaN()), float32(math.Inf(1)), float32(math.Copysign(0, -1))
	for _, tier := range Tiers() {
		in := []float32{minusZero, 0, nan, -1, 2, inf, -inf, math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32}
		want := []float32{0, 0, nan, 0, 2, inf, 0, math.SmallestNonzeroFloat32, 0}
		got := make([]float32, len(in))
		tier.ReLU(got, in)
		expectBits(t, tier.Name()+" ReLU", got, want)

		dy := []float32{1, 2, 3, 4, minusZero, nan, nan, inf, 5}
		tier.ReLUBackward(got, in, dy)
		expectBits(t, tier.Name()+" ReLUBackward", got, []float32{0, 0, 3, 0, minusZero, nan, 0, inf, 0})

		y := []float32{-1, nan, 1}
		tier.AddBiasReLU(Dense(y, 1, 3), []float32{1, 1, -2})
		expectBits(t, tier.Name()+" AddBiasReLU", y, []float32{0, nan, 0})

		// Lanes start at +0, so that a row of −0 has the sum +0.
		sum := []float32{1}
		tier.RowSums(sum, Dense([]float32{minusZero, minusZero, minusZero}, 1, 3))
		expectBits(t, tier.Name()+" RowSums", sum, []float32{0})

		// Zero parameters are the identity.
		x, logDet := []float32{1.5, minusZero, -3}, []float32{9}
		y = make([]float32, 3)
		tier.AffineForward(Dense(y, 1, 3), Dense(x, 1, 3), Dense(make([]float32, 6), 1, 6), logDet, TanhExpScale(1))
		expectBits(t, tier.Name()+" AffineForward", append(y, logDet...), []float32{1.5, 0, -3, 0})
	}
}

func expectBits(t *testing.T, name string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) && (got[i] == got[i] || want[i] == want[i]) {
			t.Errorf("%s: value %d is %v (%08x), want %v (%08x)", name, i, got[i], math.Float32bits(got[i]), want[i], math.Float32bits(want[i]))
		}
	}
}

// TestRowSumLanes states the order of a row sum: rounding tells one order from
// another.
func TestRowSumLanes(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	row := make([]float32, 53)
	for i := range row {
		row[i] = float32(random.NormFloat64())
	}
	lanes := make([]float32, 16)
	for c, v := range row {
		lanes[c%16] += v
	}
	for _, step := range []int{8, 4, 2, 1} {
		for i := range step {
			lanes[i] += lanes[i+step]
		}
	}
	for _, tier := range Tiers() {
		got := make([]float32, 1)
		tier.RowSums(got, Dense(row, 1, len(row)))
		expectBits(t, tier.Name(), got, lanes[:1])
	}
}

// TestRowSumsAccuracy holds sums to float64.
func TestRowSumsAccuracy(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	const rows, cols = 9, 75
	m := Dense(make([]float32, rows*cols), rows, cols)
	for i := range m.Data {
		m.Data[i] = float32(random.NormFloat64())
	}
	for _, tier := range Tiers() {
		sums, squares, density, columns := make([]float32, rows), make([]float32, rows), make([]float64, rows), make([]float32, cols)
		tier.RowSums(sums, m)
		tier.RowSumSquares(squares, m)
		tier.StandardNormalLogDensity(density, m)
		tier.AddColumnSums(columns, m)
		wantColumns := make([]float64, cols)
		for r := range rows {
			var sum, square float64
			for c, v := range m.Row(r) {
				sum += float64(v)
				square += float64(v) * float64(v)
				wantColumns[c] += float64(v)
			}
			near(t, tier.Name()+" RowSums", float64(sums[r]), sum, 1e-5)
			near(t, tier.Name()+" RowSumSquares", float64(squares[r]), square, 1e-5*square)
			near(t, tier.Name()+" StandardNormalLogDensity", density[r], -square/2-cols*math.Log(2*math.Pi)/2, 1e-5*square)
		}
		for c, want := range wantColumns {
			near(t, tier.Name()+" AddColumnSums", float64(columns[c]), want, 1e-5)
		}
	}
}

func near(t *testing.T, name string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %v, want %v within %v", name, got, want, tolerance)
	}
}

// TestRowsShapes checks that a wrong shape is a panic, not a stray write.
func TestRowsShapes(t *testing.T) {
	m := func(rows, cols int) Matrix { return Dense(make([]float32, rows*cols), rows, cols) }
	shared := Matrix{Data: make([]float32, 3), Rows: 2, Cols: 3}
	v := make([]float32, 2)
	for name, call := range map[string]func(){
		"SiLUBackward x":  func() { SiLUBackward(v, v[:1], v) },
		"SiLUBackward dy": func() { SiLUBackward(v, v, v[:1]) },
		"AddBiasSiLU":     func() { AddBiasSiLU(m(2, 3), v) },

		"LogisticMixture sums":      func() { LogisticMixture(m(3, 2), v, m(MixtureConstants, 2)) },
		"LogisticMixture constants": func() { LogisticMixture(m(4, 2), v, m(MixtureConstants+1, 2)) },
		"LogisticMixtureBracket":    func() { LogisticMixtureBracket(v, v[:1], v, m(MixtureConstants, 2)) },
		"LogisticMixtureBackward":   func() { LogisticMixtureBackward(m(4, 2), v, m(MixtureConstants, 2), m(4, 2), m(2, 2)) },

		"ReLU":                  func() { ReLU(v, v[:1]) },
		"ReLUBackward":          func() { ReLUBackward(v, v, v[:1]) },
		"Add":                   func() { Add(v[:1], v, v) },
		"Scale":                 func() { Scale(v[:1], v, 1) },
		"MultiplyRuns b":        func() { MultiplyRuns(m(2, 3), m(2, 3), m(2, 2)) },
		"MultiplyRuns no runs":  func() { MultiplyRuns(m(3, 3), m(3, 3), m(2, 3)) },
		"MultiplyRuns stride 0": func() { MultiplyRuns(shared, m(2, 3), m(2, 3)) },
		"AddScaled":             func() { AddScaled(v[:1], v, 1) },
		"Standardize":           func() { Standardize(v[:1], v, 1, 1) },
		"AddBias":               func() { AddBias(m(2, 3), v) },
		"AddBias stride 0":      func() { AddBias(shared, make([]float32, 3)) },
		"AddBiasReLU":           func() { AddBiasReLU(m(2, 3), v) },
		"AddColumnSums":         func() { AddColumnSums(v, m(2, 3)) },
		"RowSums":               func() { RowSums(v, m(3, 2)) },
		"RowSumSquares":         func() { RowSumSquares(v, m(3, 2)) },
		"density":               func() { StandardNormalLogDensity(make([]float64, 1), m(3, 2)) },
		"AffineForward params":  func() { AffineForward(m(2, 3), m(2, 3), m(2, 5), v, TanhExpScale(1)) },
		"AffineForward y":       func() { AffineForward(shared, m(2, 3), m(2, 6), v, TanhExpScale(1)) },
		"AffineForward logDet":  func() { AffineForward(m(2, 3), m(2, 3), m(2, 6), v[:1], TanhExpScale(1)) },
		"AffineForward bound":   func() { AffineForward(m(2, 3), m(2, 3), m(2, 6), v, TanhExpScale(0)) },
		"AffineForward data": func() {
			AffineForward(m(2, 3), Matrix{Data: v, Rows: 2, Cols: 3, Stride: 3}, m(2, 6), v, TanhExpScale(1))
		},
		"AffineInverse":         func() { AffineInverse(m(2, 3), m(3, 3), m(2, 6), v, TanhExpScale(1)) },
		"AffineForwardBackward": func() { AffineForwardBackward(m(2, 3), m(2, 3), m(2, 3), m(2, 6), m(2, 3), v, TanhExpScale(1)) },
		"AffineInverseBackward": func() { AffineInverseBackward(m(2, 3), m(2, 6), m(2, 3), m(2, 6), m(2, 3), v[:1], TanhExpScale(1)) },
		"Adam":                  func() { Adam(v, v, v, v[:1], AdamStep{}) },

		"LogSumExp":                func() { LogSumExp(v, m(3, 2)) },
		"Softmax":                  func() { Softmax(m(2, 3), m(3, 2)) },
		"Softmax stride 0":         func() { Softmax(shared, m(2, 3)) },
		"LogSoftmax":               func() { LogSoftmax(m(2, 3), m(2, 4)) },
		"SoftmaxBackward y":        func() { SoftmaxBackward(m(2, 3), m(2, 2), m(2, 3)) },
		"SoftmaxBackward stride 0": func() { SoftmaxBackward(shared, m(2, 3), m(2, 3)) },
		"LogSoftmaxBackward dy":    func() { LogSoftmaxBackward(m(2, 3), m(2, 3), m(1, 3)) },
		"RowDots b":                func() { RowDots(v, m(2, 3), m(2, 2)) },
		"RowDots dst":              func() { RowDots(v, m(3, 3), m(3, 3)) },
		"RowMoments mean":          func() { RowMoments(v[:1], v, m(2, 3)) },
		"RowMoments variance":      func() { RowMoments(v, v[:1], m(2, 3)) },
		"GatherColumns dst":        func() { GatherColumns(m(2, 3), m(2, 3), []int32{0, 1}) },
		"GatherColumns negative":   func() { GatherColumns(m(2, 1), m(2, 3), []int32{-1}) },
		"ScatterColumns src":       func() { ScatterColumns(m(2, 3), m(2, 3), []int32{0, 1}) },
		"ScatterColumns beyond":    func() { ScatterColumns(m(2, 3), m(2, 2), []int32{0, 3}) },
		"ScatterColumns stride 0":  func() { ScatterColumns(shared, m(2, 1), []int32{0}) },
		"LeakyReLU":                func() { LeakyReLU(v, v[:1], 0.1) },
		"LeakyReLU slope":          func() { LeakyReLU(v, v, -0.1) },
		"LeakyReLU slope NaN":      func() { LeakyReLU(v, v, float32(math.NaN())) },
		"LeakyReLUBackward":        func() { LeakyReLUBackward(v, v, v[:1], 0.1) },
		"LeakyReLUBackward slope":  func() { LeakyReLUBackward(v, v, v, float32(math.Inf(1))) },
		"AddBiasLeakyReLU":         func() { AddBiasLeakyReLU(m(2, 3), v, 0.1) },
		"AddBiasLeakyReLU slope":   func() { AddBiasLeakyReLU(m(1, 2), v, -1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: a wrong shape did not panic", name)
				}
			}()
			call()
		}()
	}
}

// TestRowsAllocateNothing covers the package functions as users call them.
func TestRowsAllocateNothing(t *testing.T) {
	for _, kernel := range rowsKernels {
		c := newRowsCall(5, 6)
		kernel.run(Active(), c)
		c.replay = true
		allocations := testing.AllocsPerRun(10, func() {
			c.next = 0
			kernel.run(Active(), c)
		})
		if allocations != 0 {
			t.Errorf("%s allocates %v times a call", kernel.name, allocations)
		}
	}
}

// BenchmarkRows reports nanoseconds an element. Kernels in place would run away
// from ordinary numbers as they repeat.
func BenchmarkRows(b *testing.B) {
	for _, kernel := range rowsKernels {
		if strings.Contains(kernel.name, " ") {
			continue
		}
		for _, shape := range [][2]int{{1, 3}, {256, 3}, {256, 6}, {64, 128}} {
			for _, tier := range Tiers()[1:] {
				b.Run(fmt.Sprintf("%s/%dx%d/%s", kernel.name, shape[0], shape[1], tier.Name()), func(b *testing.B) {
					c := newRowsCall(shape[0], shape[1])
					kernel.run(tier, c)
					c.replay = true
					for b.Loop() {
						c.next = 0
						kernel.run(tier, c)
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(shape[0]*shape[1]), "ns/element")
				})
			}
		}
	}
}
