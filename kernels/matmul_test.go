package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// matmulCase is one product: its shape, the gaps in its strides, how it starts
// and whether it ends in ReLU.
type matmulCase struct {
	rows, cols, depth int
	gap               int
	transposed        bool // a is read along its columns
	unpacked          bool // b is read in place, where the tier can
	start             string
	relu              bool
}

func (m matmulCase) String() string {
	return fmt.Sprintf("%dx%dx%d gap %d transposed %v unpacked %v start %s relu %v",
		m.rows, m.depth, m.cols, m.gap, m.transposed, m.unpacked, m.start, m.relu)
}

// operands are the inputs of a case and the result by a plain loop; c has
// guard values in its gaps, which Matmul must leave alone.
type operands struct {
	c, start Matrix
	a        Strided
	b        Panels
	plain    Matrix // b as a matrix
	want     []float32
}

// inPlace has b read in place, if the tier can.
func (o *operands) inPlace(t *Tier) {
	if p := t.PanelsInPlace(o.plain, o.c.Rows, o.a.RowStride == 1); p.Cols == o.b.Cols {
		o.b = p
	}
}

const guardValue = -12345.5

func newOperands(m matmulCase, rng *rand.Rand, value func(*rand.Rand) float32) operands {
	fill := func(n int) []float32 {
		data := make([]float32, n)
		for i := range data {
			data[i] = value(rng)
		}
		return data
	}
	var o operands
	stride := m.cols + m.gap
	o.c = Matrix{Data: make([]float32, (m.rows-1)*stride+m.cols), Rows: m.rows, Cols: m.cols, Stride: stride}
	for i := range o.c.Data {
		o.c.Data[i] = guardValue
	}
	if m.transposed {
		o.a = Matrix{Data: fill(m.depth * (m.rows + m.gap)), Rows: m.depth, Cols: m.rows, Stride: m.rows + m.gap}.Transposed()
	} else {
		o.a = Matrix{Data: fill(m.rows * (m.depth + m.gap)), Rows: m.rows, Cols: m.depth, Stride: m.depth + m.gap}.Strided()
	}
	plain := Matrix{Data: fill(m.depth * (m.cols + m.gap)), Rows: m.depth, Cols: m.cols, Stride: m.cols + m.gap}
	o.plain, o.b = plain, NewPanels(m.depth, m.cols)
	Tiers()[0].PackPanels(o.b, plain)
	switch m.start {
	case "bias":
		o.start = Matrix{Data: fill(m.cols), Rows: m.rows, Cols: m.cols}
	case "matrix":
		o.start = Dense(fill(m.rows*m.cols), m.rows, m.cols)
	case "c":
		o.start = o.c
		for r := range m.rows {
			copy(o.c.Row(r), fill(m.cols))
		}
	}
	o.want = append([]float32(nil), o.c.Data...)
	for i := range m.rows {
		for j := range m.cols {
			var acc float32
			if o.start.Data != nil {
				acc = o.start.Data[i*o.start.Stride+j]
			}
			for k := range m.depth {
				acc = fma32(o.a.Data[i*o.a.RowStride+k*o.a.ColumnStride], plain.Data[k*plain.Stride+j], acc)
			}
			if m.relu && !(acc > 0 || acc != acc) {
				acc = 0
			}
			o.want[i*stride+j] = acc
		}
	}
	return o
}

// sameMatmulBits is bit equality, but any NaN is any other.
func sameMatmulBits(x, y float32) bool {
	return math.Float32bits(x) == math.Float32bits(y) || x != x && y != y
}

func checkMatmul(t *testing.T, m matmulCase, seed uint64, value func(*rand.Rand) float32) {
	t.Helper()
	for _, tier := range Tiers() {
		o := newOperands(m, rand.New(rand.NewPCG(seed, 7)), value)
		if m.unpacked {
			o.inPlace(tier)
		}
		tier.Matmul(o.c, o.a, o.b, o.start, m.relu)
		for i := range o.want {
			if !sameMatmulBits(o.c.Data[i], o.want[i]) {
				t.Fatalf("%s %v: element %d,%d is %v, want %v", tier.Name(), m, i/o.c.Stride, i%o.c.Stride, o.c.Data[i], o.want[i])
			}
		}
	}
}

func normalValue(rng *rand.Rand) float32 { return float32(rng.NormFloat64()) }

// specialValue draws zeros of both signs, infinities, NaN, subnormals and the
// largest values often enough that every chain meets some.
func specialValue(rng *rand.Rand) float32 {
	special := []float32{0, float32(math.Copysign(0, -1)), float32(math.Inf(1)), float32(math.Inf(-1)),
		float32(math.NaN()), math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, math.MaxFloat32, -math.MaxFloat32, 1e-30}
	if n := rng.IntN(80); n < len(special) {
		return special[n]
	}
	return normalValue(rng)
}

// TestMatmulBits compares every tier with the plain loop, by bits, over the
// shapes around each tile size, all ways to start, strides and values.
func TestMatmulBits(t *testing.T) {
	starts := []string{"zero", "bias", "matrix", "c"}
	rowCounts := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 15, 16, 23, 31}
	colCounts := []int{1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 80, 96, 112, 113, 127, 128, 129, 145, 193}
	n := 0
	for _, rows := range rowCounts {
		for _, cols := range colCounts {
			for _, depth := range []int{0, 1, 2, 7} {
				m := matmulCase{rows: rows, cols: cols, depth: depth, start: starts[n%4], relu: n/4%2 == 0, gap: n % 3 * 5, transposed: n%5 < 2}
				m.unpacked = n%2 == 0
				checkMatmul(t, m, uint64(n), normalValue)
				if n%3 == 0 {
					checkMatmul(t, m, uint64(n), specialValue)
				}
				n++
			}
		}
	}
	checkMatmul(t, matmulCase{rows: 70, cols: 50, depth: 130, start: "bias", relu: true}, 1, normalValue)
	checkMatmul(t, matmulCase{rows: 1, cols: 300, depth: 300, start: "bias"}, 2, normalValue)
}

// TestMatmulManyCalls has products large enough to be cut into several calls.
func TestMatmulManyCalls(t *testing.T) {
	checkMatmul(t, matmulCase{rows: 61, cols: 48, depth: 900, start: "c", transposed: true}, 3, normalValue)
	checkMatmul(t, matmulCase{rows: 1, cols: 1509, depth: 800, start: "bias", relu: true}, 4, normalValue)
	checkMatmul(t, matmulCase{rows: 2, cols: 1024, depth: 700}, 5, normalValue)
}

// TestMatmulCutDepth checks that a product cut along k is the same chain.
func TestMatmulCutDepth(t *testing.T) {
	m := matmulCase{rows: 9, cols: 37, depth: 20, start: "bias", relu: true, gap: 2}
	for _, tier := range Tiers() {
		for cut := range m.depth + 1 {
			o := newOperands(m, rand.New(rand.NewPCG(5, 7)), normalValue)
			tier.Matmul(o.c, o.a.Columns(0, cut), o.b.Slice(0, cut), o.start, false)
			tier.Matmul(o.c, o.a.Columns(cut, m.depth), o.b.Slice(cut, m.depth), o.c, true)
			for i := range o.want {
				if !sameMatmulBits(o.c.Data[i], o.want[i]) {
					t.Fatalf("%s cut at %d: element %d is %v, want %v", tier.Name(), cut, i, o.c.Data[i], o.want[i])
				}
			}
		}
	}
}

// TestMatmulReLU pins the rule: positive or NaN stays, the rest is +0.
func TestMatmulReLU(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	in := []float32{0, float32(math.Copysign(0, -1)), 1, -1, inf, -inf, nan, math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32}
	want := []float32{0, 0, 1, 0, inf, 0, nan, math.SmallestNonzeroFloat32, 0}
	for _, tier := range Tiers() {
		c := Dense(make([]float32, len(in)), 1, len(in))
		tier.Matmul(c, Strided{Rows: 1}, NewPanels(0, len(in)), Dense(in, 1, len(in)), true)
		for i := range want {
			if !sameMatmulBits(c.Data[i], want[i]) {
				t.Errorf("%s: ReLU(%v) = %v (bits %08x), want %v", tier.Name(), in[i], c.Data[i], math.Float32bits(c.Data[i]), want[i])
			}
		}
	}
}

func TestPanels(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	at := func(p Panels, k, c int) float32 {
		return p.Data[c/PanelWidth*p.PanelStride+k*p.Stride+c%PanelWidth]
	}
	// same compares packed panels, padding included, with the plain values.
	same := func(what string, p Panels, want func(k, c int) float32) {
		t.Helper()
		for k := range p.Rows {
			for c := range (p.Cols + PanelWidth - 1) / PanelWidth * PanelWidth {
				var expect float32
				if c < p.Cols {
					expect = want(k, c)
				}
				if got := at(p, k, c); got != expect {
					t.Fatalf("%s, %dx%d: element %d,%d is %v, want %v", what, p.Rows, p.Cols, k, c, got, expect)
				}
			}
		}
	}
	for _, shape := range [][2]int{{0, 3}, {1, 1}, {3, 16}, {16, 16}, {16, 17}, {17, 33}, {40, 15}, {33, 64}, {64, 100}} {
		rows, cols := shape[0], shape[1]
		src := Matrix{Data: make([]float32, rows*(cols+3)), Rows: rows, Cols: cols, Stride: cols + 3}
		for i := range src.Data {
			src.Data[i] = normalValue(rng)
		}
		for _, tier := range Tiers() {
			packed := NewPanels(rows, cols)
			for i := range packed.Data {
				packed.Data[i] = guardValue
			}
			tier.PackPanels(packed, src)
			same(tier.Name()+", packed", packed, func(k, c int) float32 { return src.Data[k*src.Stride+c] })
			turned := NewPanels(cols, rows)
			for i := range turned.Data {
				turned.Data[i] = guardValue
			}
			tier.TransposePanels(turned, packed)
			same(tier.Name()+", transposed", turned, func(k, c int) float32 { return src.Data[c*src.Stride+k] })
		}
	}
}

// TestMatmulPanics checks that shapes that do not fit are refused before any
// kernel runs.
func TestMatmulPanics(t *testing.T) {
	ok := func() (Matrix, Strided, Panels, Matrix) {
		return Dense(make([]float32, 6), 2, 3), Dense(make([]float32, 8), 2, 4).Strided(), NewPanels(4, 3), Matrix{}
	}
	tests := map[string]func(c *Matrix, a *Strided, b *Panels, start *Matrix){
		"c too short":       func(c *Matrix, a *Strided, b *Panels, start *Matrix) { c.Data = c.Data[:5] },
		"c with stride 0":   func(c *Matrix, a *Strided, b *Panels, start *Matrix) { c.Stride = 0 },
		"a too short":       func(c *Matrix, a *Strided, b *Panels, start *Matrix) { a.Data = a.Data[:7] },
		"a of other rows":   func(c *Matrix, a *Strided, b *Panels, start *Matrix) { a.Rows = 1 },
		"b of other depth":  func(c *Matrix, a *Strided, b *Panels, start *Matrix) { *b = NewPanels(5, 3) },
		"b too short":       func(c *Matrix, a *Strided, b *Panels, start *Matrix) { b.Data = b.Data[:63] },
		"b of other width":  func(c *Matrix, a *Strided, b *Panels, start *Matrix) { *b = NewPanels(4, 4) },
		"start of one row":  func(c *Matrix, a *Strided, b *Panels, start *Matrix) { *start = Dense(make([]float32, 3), 1, 3) },
		"start of few data": func(c *Matrix, a *Strided, b *Panels, start *Matrix) { *start = Dense(make([]float32, 5), 2, 3) },
	}
	for name, spoil := range tests {
		for _, tier := range Tiers() {
			c, a, b, start := ok()
			spoil(&c, &a, &b, &start)
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: %s did not panic", tier.Name(), name)
					}
				}()
				tier.Matmul(c, a, b, start, false)
			}()
		}
	}
	c, a, b, start := ok()
	Tiers()[0].Matmul(c, a, b, start, false)
}

// BenchmarkMatmul measures forward products, x·w + bias with ReLU, in packed
// panels.
func BenchmarkMatmul(b *testing.B) {
	for _, tier := range Tiers() {
		if tier.Name() == "reference" {
			continue
		}
		for _, shape := range [][3]int{{1, 128, 128}, {8, 128, 128}, {64, 3, 128}, {64, 16, 128}, {64, 128, 6}, {64, 128, 128}, {64, 256, 256}, {64, 512, 512}, {512, 512, 512}} {
			m := matmulCase{rows: shape[0], depth: shape[1], cols: shape[2], start: "bias", relu: true}
			b.Run(fmt.Sprintf("%s/%dx%dx%d", tier.Name(), m.rows, m.depth, m.cols), func(b *testing.B) {
				rng := rand.New(rand.NewPCG(1, 2))
				o := newOperands(matmulCase{rows: 1, depth: m.depth, cols: m.cols, start: "bias"}, rng, normalValue)
				c := Dense(make([]float32, m.rows*m.cols), m.rows, m.cols)
				x := Dense(make([]float32, m.rows*m.depth), m.rows, m.depth)
				for i := range x.Data {
					x.Data[i] = normalValue(rng)
				}
				o.start.Rows, o.start.Stride = m.rows, 0
				for b.Loop() {
					tier.Matmul(c, x.Strided(), o.b, o.start, m.relu)
				}
				flops := 2 * float64(m.rows) * float64(m.depth) * float64(m.cols)
				b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
