package kernels

import (
	"math"
	"math/rand/v2"
	"unsafe"
)

// A rowsCall makes the arguments of one call of a kernel over rows and columns
// and remembers them, so that two tiers can be given the same and everything
// that either wrote, or should not have written, can be compared.
type rowsCall struct {
	random           *rand.Rand
	rows, cols, gap  int
	special          bool // one value in four is special
	place            func(values int) []float32
	broadcastsParams bool
	scale            *ScaleMap // nil draws one
	chosen           Spline    // by spline
	singles          [][]float32
	doubles          [][]float64
	order            []int32

	replay bool // vector and results return what they returned in the call before
	next   int
}

// special values: zeros, subnormals, infinities, NaN and numbers at which a
// scale map or a square overflows or saturates.
var rowsSpecial = []float32{
	0, float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, 1e-39, -1e-39, 1, -1, 9.1, -9.1,
	87.3, -87.4, 103.9, -104, 1e20, -1e20, math.MaxFloat32, -math.MaxFloat32, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()),
}

var rowsScales = [8]float32{0x1p-33, 0x1p-32, 0x1p-31, 0x1p-30, 0x1p-29, 0x1p-28, 0x1p-27, 0x1p-26}

func (c *rowsCall) vector(values int) []float32 {
	if c.replay {
		c.next++
		return c.singles[c.next-1]
	}
	v := c.place(values)
	for i := range v {
		// Between -32 and 32, most of them small: one draw a value, as there are
		// hundreds of millions.
		draw := c.random.Uint64()
		v[i] = float32(int32(draw>>32)) * rowsScales[draw%8]
		if c.special && draw>>3%4 == 0 {
			v[i] = rowsSpecial[draw>>5%1024%uint64(len(rowsSpecial))]
		}
	}
	c.singles = append(c.singles, v)
	return v
}

func (c *rowsCall) results(values int) []float64 {
	if !c.replay {
		c.doubles = append(c.doubles, make([]float64, values))
	}
	return c.doubles[0]
}

func (c *rowsCall) matrixOf(rows, cols int) Matrix {
	stride := cols + c.gap
	return Matrix{Data: c.vector(max(0, (rows-1)*stride+cols)), Rows: rows, Cols: cols, Stride: stride}
}

func (c *rowsCall) matrix() Matrix { return c.matrixOf(c.rows, c.cols) }

func (c *rowsCall) params() Matrix {
	if !c.broadcastsParams {
		return c.matrixOf(c.rows, 2*c.cols)
	}
	return Matrix{Data: c.vector(2 * c.cols), Rows: c.rows, Cols: 2 * c.cols}
}

// repeatedRow is one row for all rows.
func (c *rowsCall) repeatedRow() Matrix {
	return Matrix{Data: c.vector(c.cols), Rows: c.rows, Cols: c.cols}
}

// columns chooses n of limit columns, with repetitions, placed as the values
// are.
func (c *rowsCall) columns(n, limit int) []int32 {
	if c.replay || n == 0 {
		return c.order
	}
	words := c.place(n)
	c.order = unsafe.Slice((*int32)(unsafe.Pointer(&words[0])), n)
	for j := range c.order {
		c.order[j] = int32(c.random.IntN(limit))
	}
	return c.order
}

func (c *rowsCall) slope() float32 { return []float32{0, 0.01, 0.2, 3}[c.random.IntN(4)] }

func (c *rowsCall) bound() float32 { return []float32{0.5, 1, 3, 100}[c.random.IntN(4)] }

func (c *rowsCall) scaleMap() ScaleMap {
	if c.scale != nil {
		return *c.scale
	}
	return scaleMaps[c.random.IntN(len(scaleMaps))]
}

// rowsKernels names every kernel over rows and columns, also in place.
var rowsKernels = []struct {
	name string
	run  func(*Tier, *rowsCall)
}{
	{"ReLU", func(t *Tier, c *rowsCall) { t.ReLU(c.vector(c.rows*c.cols), c.vector(c.rows*c.cols)) }},
	{"ReLU in place", func(t *Tier, c *rowsCall) { v := c.vector(c.rows * c.cols); t.ReLU(v, v) }},
	{"ReLUBackward", func(t *Tier, c *rowsCall) {
		n := c.rows * c.cols
		t.ReLUBackward(c.vector(n), c.vector(n), c.vector(n))
	}},
	{"ReLUBackward onto dy", func(t *Tier, c *rowsCall) {
		y, dy := c.vector(c.rows*c.cols), c.vector(c.rows*c.cols)
		t.ReLUBackward(dy, y, dy)
	}},
	{"ReLUBackward onto y", func(t *Tier, c *rowsCall) {
		y, dy := c.vector(c.rows*c.cols), c.vector(c.rows*c.cols)
		t.ReLUBackward(y, y, dy)
	}},
	{"Add", func(t *Tier, c *rowsCall) {
		n := c.rows * c.cols
		t.Add(c.vector(n), c.vector(n), c.vector(n))
	}},
	{"Add in place", func(t *Tier, c *rowsCall) {
		a, b := c.vector(c.rows*c.cols), c.vector(c.rows*c.cols)
		t.Add(a, a, b)
		t.Add(b, a, b)
	}},
	{"Scale", func(t *Tier, c *rowsCall) {
		t.Scale(c.vector(c.rows*c.cols), c.vector(c.rows*c.cols), c.bound())
	}},
	{"Scale in place", func(t *Tier, c *rowsCall) { v := c.vector(c.rows * c.cols); t.Scale(v, v, -1.5) }},
	{"MultiplyRuns", func(t *Tier, c *rowsCall) { t.MultiplyRuns(c.matrix(), c.matrix(), c.matrix()) }},
	{"MultiplyRuns of three rows", func(t *Tier, c *rowsCall) {
		t.MultiplyRuns(c.matrixOf(3*c.rows, c.cols), c.matrixOf(3*c.rows, c.cols), c.matrix())
	}},
	{"MultiplyRuns by one row, in place", func(t *Tier, c *rowsCall) {
		x := c.matrix()
		t.MultiplyRuns(x, x, c.matrixOf(min(1, c.rows), c.cols))
	}},
	{"MultiplyRuns onto b", func(t *Tier, c *rowsCall) {
		b := c.matrix()
		t.MultiplyRuns(b, c.matrix(), b)
	}},
	{"AddScaled", func(t *Tier, c *rowsCall) {
		t.AddScaled(c.vector(c.rows*c.cols), c.vector(c.rows*c.cols), -c.bound())
	}},
	{"Standardize", func(t *Tier, c *rowsCall) {
		t.Standardize(c.vector(c.rows*c.cols), c.vector(c.rows*c.cols), c.bound(), c.bound())
	}},
	{"Standardize in place", func(t *Tier, c *rowsCall) { v := c.vector(c.rows * c.cols); t.Standardize(v, v, 0.3, -1.5) }},
	{"AddBias", func(t *Tier, c *rowsCall) { t.AddBias(c.matrix(), c.vector(c.cols)) }},
	{"AddBiasReLU", func(t *Tier, c *rowsCall) { t.AddBiasReLU(c.matrix(), c.vector(c.cols)) }},

	{"SiLUBackward", func(t *Tier, c *rowsCall) {
		n := c.rows * c.cols
		t.SiLUBackward(c.vector(n), c.vector(n), c.vector(n))
	}},
	{"SiLUBackward onto dy", func(t *Tier, c *rowsCall) {
		x, dy := c.vector(c.rows*c.cols), c.vector(c.rows*c.cols)
		t.SiLUBackward(dy, x, dy)
	}},
	{"SiLUBackward onto x", func(t *Tier, c *rowsCall) {
		x, dy := c.vector(c.rows*c.cols), c.vector(c.rows*c.cols)
		t.SiLUBackward(x, x, dy)
	}},
	{"AddBiasSiLU", func(t *Tier, c *rowsCall) { t.AddBiasSiLU(c.matrix(), c.vector(c.cols)) }},

	{"AddColumnSums", func(t *Tier, c *rowsCall) { t.AddColumnSums(c.vector(c.cols), c.matrix()) }},
	{"RowSums", func(t *Tier, c *rowsCall) { t.RowSums(c.vector(c.rows), c.matrix()) }},
	{"RowSumSquares", func(t *Tier, c *rowsCall) { t.RowSumSquares(c.vector(c.rows), c.matrix()) }},
	{"StandardNormalLogDensity", func(t *Tier, c *rowsCall) {
		t.StandardNormalLogDensity(c.results(c.rows), c.matrix())
	}},
	{"AffineForward", func(t *Tier, c *rowsCall) {
		t.AffineForward(c.matrix(), c.matrix(), c.params(), c.vector(c.rows), c.scaleMap())
	}},
	{"AffineForward in place", func(t *Tier, c *rowsCall) {
		x := c.matrix()
		t.AffineForward(x, x, c.params(), c.vector(c.rows), c.scaleMap())
	}},
	{"AffineInverse", func(t *Tier, c *rowsCall) {
		t.AffineInverse(c.matrix(), c.matrix(), c.params(), c.vector(c.rows), c.scaleMap())
	}},
	{"AffineInverse in place", func(t *Tier, c *rowsCall) {
		y := c.matrix()
		t.AffineInverse(y, y, c.params(), c.vector(c.rows), c.scaleMap())
	}},
	{"AffineForwardBackward", func(t *Tier, c *rowsCall) {
		t.AffineForwardBackward(c.matrix(), c.matrixOf(c.rows, 2*c.cols), c.matrix(), c.params(), c.matrix(), c.vector(c.rows), c.scaleMap())
	}},
	{"AffineForwardBackward in place", func(t *Tier, c *rowsCall) {
		dy := c.matrix()
		t.AffineForwardBackward(dy, c.matrixOf(c.rows, 2*c.cols), c.matrix(), c.params(), dy, c.vector(c.rows), c.scaleMap())
	}},
	{"AffineInverseBackward", func(t *Tier, c *rowsCall) {
		t.AffineInverseBackward(c.matrix(), c.matrixOf(c.rows, 2*c.cols), c.matrix(), c.params(), c.matrix(), c.vector(c.rows), c.scaleMap())
	}},
	{"AffineInverseBackward in place", func(t *Tier, c *rowsCall) {
		dx := c.matrix()
		t.AffineInverseBackward(dx, c.matrixOf(c.rows, 2*c.cols), c.matrix(), c.params(), dx, c.vector(c.rows), c.scaleMap())
	}},
	{"SplineForward", func(t *Tier, c *rowsCall) {
		s := c.spline()
		t.SplineForward(c.matrix(), c.boxed(s), c.splineParams(s), c.vector(c.rows), s)
	}},
	{"SplineForward in place", func(t *Tier, c *rowsCall) {
		s := c.spline()
		x := c.boxed(s)
		t.SplineForward(x, x, c.splineParams(s), c.vector(c.rows), s)
	}},
	{"SplineInverse", func(t *Tier, c *rowsCall) {
		s := c.spline()
		t.SplineInverse(c.matrix(), c.boxed(s), c.splineParams(s), c.vector(c.rows), s)
	}},
	{"SplineInverse in place", func(t *Tier, c *rowsCall) {
		s := c.spline()
		y := c.boxed(s)
		t.SplineInverse(y, y, c.splineParams(s), c.vector(c.rows), s)
	}},
	{"SplineForwardBackward", func(t *Tier, c *rowsCall) {
		s := c.spline()
		t.SplineForwardBackward(c.matrix(), c.matrixOf(c.rows, s.Blocks()*c.cols), c.boxed(s), c.splineParams(s), c.matrix(), c.vector(c.rows), s)
	}},
	{"SplineForwardBackward in place", func(t *Tier, c *rowsCall) {
		s := c.spline()
		dy := c.matrix()
		t.SplineForwardBackward(dy, c.matrixOf(c.rows, s.Blocks()*c.cols), c.boxed(s), c.splineParams(s), dy, c.vector(c.rows), s)
	}},
	{"SplineInverseBackward", func(t *Tier, c *rowsCall) {
		s := c.spline()
		t.SplineInverseBackward(c.matrix(), c.matrixOf(c.rows, s.Blocks()*c.cols), c.boxed(s), c.splineParams(s), c.matrix(), c.vector(c.rows), s)
	}},
	{"SplineInverseBackward in place", func(t *Tier, c *rowsCall) {
		s := c.spline()
		x := c.boxed(s)
		t.SplineInverseBackward(x, c.matrixOf(c.rows, s.Blocks()*c.cols), x, c.splineParams(s), c.matrix(), c.vector(c.rows), s)
	}},
	{"Adam", func(t *Tier, c *rowsCall) {
		n := c.rows * c.cols
		t.Adam(c.vector(n), c.vector(n), c.vector(n), c.vector(n), AdamStep{
			LearningRate: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Correction1: 0.271, Correction2: 0.003, GradientScale: 0.5})
	}},

	{"LogSumExp", func(t *Tier, c *rowsCall) { t.LogSumExp(c.vector(c.rows), c.matrix()) }},
	{"Softmax", func(t *Tier, c *rowsCall) { t.Softmax(c.matrix(), c.matrix()) }},
	{"Softmax in place", func(t *Tier, c *rowsCall) { x := c.matrix(); t.Softmax(x, x) }},
	{"Softmax of one row", func(t *Tier, c *rowsCall) { t.Softmax(c.matrix(), c.repeatedRow()) }},
	{"LogSoftmax", func(t *Tier, c *rowsCall) { t.LogSoftmax(c.matrix(), c.matrix()) }},
	{"LogSoftmax in place", func(t *Tier, c *rowsCall) { x := c.matrix(); t.LogSoftmax(x, x) }},
	{"SoftmaxBackward", func(t *Tier, c *rowsCall) { t.SoftmaxBackward(c.matrix(), c.matrix(), c.matrix()) }},
	{"SoftmaxBackward onto y", func(t *Tier, c *rowsCall) { y := c.matrix(); t.SoftmaxBackward(y, y, c.matrix()) }},
	{"SoftmaxBackward onto dy", func(t *Tier, c *rowsCall) { dy := c.matrix(); t.SoftmaxBackward(dy, c.matrix(), dy) }},
	{"LogSoftmaxBackward", func(t *Tier, c *rowsCall) { t.LogSoftmaxBackward(c.matrix(), c.matrix(), c.matrix()) }},
	{"LogSoftmaxBackward onto y", func(t *Tier, c *rowsCall) { y := c.matrix(); t.LogSoftmaxBackward(y, y, c.matrix()) }},
	{"LogSoftmaxBackward onto dy", func(t *Tier, c *rowsCall) { dy := c.matrix(); t.LogSoftmaxBackward(dy, c.matrix(), dy) }},
	{"RowDots", func(t *Tier, c *rowsCall) { t.RowDots(c.vector(c.rows), c.matrix(), c.matrix()) }},
	{"RowDots of one row", func(t *Tier, c *rowsCall) { t.RowDots(c.vector(c.rows), c.matrix(), c.repeatedRow()) }},
	{"RowMoments", func(t *Tier, c *rowsCall) { t.RowMoments(c.vector(c.rows), c.vector(c.rows), c.matrix()) }},
	{"GatherColumns", func(t *Tier, c *rowsCall) {
		t.GatherColumns(c.matrix(), c.matrix(), c.columns(c.cols, c.cols))
	}},
	{"GatherColumns of a wider matrix", func(t *Tier, c *rowsCall) {
		t.GatherColumns(c.matrix(), c.matrixOf(c.rows, 2*c.cols+3), c.columns(c.cols, 2*c.cols+3))
	}},
	{"GatherColumns of a narrower matrix", func(t *Tier, c *rowsCall) {
		t.GatherColumns(c.matrix(), c.matrixOf(c.rows, c.cols/2+1), c.columns(c.cols, c.cols/2+1))
	}},
	{"ScatterColumns", func(t *Tier, c *rowsCall) {
		t.ScatterColumns(c.matrix(), c.matrix(), c.columns(c.cols, c.cols))
	}},
	{"ScatterColumns to a wider matrix", func(t *Tier, c *rowsCall) {
		t.ScatterColumns(c.matrixOf(c.rows, 2*c.cols+3), c.matrix(), c.columns(c.cols, 2*c.cols+3))
	}},
	{"ScatterColumns to a narrower matrix", func(t *Tier, c *rowsCall) {
		t.ScatterColumns(c.matrixOf(c.rows, c.cols/2+1), c.matrix(), c.columns(c.cols, c.cols/2+1))
	}},
	{"LeakyReLU", func(t *Tier, c *rowsCall) {
		t.LeakyReLU(c.vector(c.rows*c.cols), c.vector(c.rows*c.cols), c.slope())
	}},
	{"LeakyReLU in place", func(t *Tier, c *rowsCall) { v := c.vector(c.rows * c.cols); t.LeakyReLU(v, v, c.slope()) }},
	{"LeakyReLUBackward", func(t *Tier, c *rowsCall) {
		n := c.rows * c.cols
		t.LeakyReLUBackward(c.vector(n), c.vector(n), c.vector(n), c.slope())
	}},
	{"LeakyReLUBackward onto dy", func(t *Tier, c *rowsCall) {
		y, dy := c.vector(c.rows*c.cols), c.vector(c.rows*c.cols)
		t.LeakyReLUBackward(dy, y, dy, c.slope())
	}},
	{"LeakyReLUBackward onto y", func(t *Tier, c *rowsCall) {
		y, dy := c.vector(c.rows*c.cols), c.vector(c.rows*c.cols)
		t.LeakyReLUBackward(y, y, dy, c.slope())
	}},
	{"AddBiasLeakyReLU", func(t *Tier, c *rowsCall) { t.AddBiasLeakyReLU(c.matrix(), c.vector(c.cols), c.slope()) }},
	{"LogisticMixture", func(t *Tier, c *rowsCall) {
		t.LogisticMixture(c.matrixOf(4, c.cols), c.vector(c.cols), c.matrixOf(MixtureConstants*c.rows, c.cols))
	}},
	{"LogisticMixtureBracket", func(t *Tier, c *rowsCall) {
		t.LogisticMixtureBracket(c.vector(c.cols), c.vector(c.cols), c.vector(c.cols), c.matrixOf(MixtureConstants*c.rows, c.cols))
	}},
	{"LogisticMixtureBackward", func(t *Tier, c *rowsCall) {
		t.LogisticMixtureBackward(c.matrixOf(2*c.rows, c.cols), c.vector(c.cols), c.matrixOf(MixtureConstants*c.rows, c.cols), c.matrixOf(4, c.cols), c.matrixOf(2, c.cols))
	}},
	{"LogisticMixtureBackward of weights", func(t *Tier, c *rowsCall) {
		t.LogisticMixtureBackward(c.matrixOf(3*c.rows, c.cols), c.vector(c.cols), c.matrixOf(MixtureConstants*c.rows, c.cols), c.matrixOf(4, c.cols), c.matrixOf(2, c.cols))
	}},
	{"AdamW", func(t *Tier, c *rowsCall) {
		n := c.rows * c.cols
		t.Adam(c.vector(n), c.vector(n), c.vector(n), c.vector(n), AdamStep{LearningRate: 1e-3, Beta1: 0.9, Beta2: 0.999,
			Epsilon: 1e-8, Correction1: 0.271, Correction2: 0.003, GradientScale: 0.5, WeightDecay: 0.1})
	}},
}

func newRowsCall(rows, cols int) *rowsCall {
	return &rowsCall{random: rand.New(rand.NewPCG(1, 1)), rows: rows, cols: cols, place: func(n int) []float32 { return make([]float32, n) }}
}
