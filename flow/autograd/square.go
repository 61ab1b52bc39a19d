package autograd

import (
	"github.com/seed-192fdf7a/nf/blas"
)

// SquareMatrix is an invertible D x D matrix W that parameters p describe,
// stated in float64. Matrices are row-major; rows of data are multiplied from
// the left, y = x·W.
type SquareMatrix interface {
	// Size is D.
	Size() int
	// Compute sets w to W, or with inverse to W⁻¹, and returns log|det W|. It
	// cuts its work into items, no longer than some milliseconds, for share.
	Compute(w []float64, p SquareValues, inverse bool, share Share) (logDet float64)
	// Gradient prepares the gradients of parameters that are p.
	Gradient(p SquareValues) SquareGradient
}

// SquareValues are what the parameters of a matrix are.
type SquareValues struct {
	Parameters [][]float64
	// Narrow says that the parameters, and the gradients of W, are values of
	// float32, so that a product of two of them is exact.
	Narrow bool
}

// Share calls do once for each item from 0 to items-1, on whichever goroutines
// have nothing better to do, and returns when all are done. Items must not
// depend on each other.
type Share func(items int, do func(item int))

// SquareGradient sets dp to what dw, the gradient of W, and that of log|det W|
// make of it. take returns memory, with whatever it held before, that ends with
// the call. Several goroutines may call it at once.
type SquareGradient func(dp [][]float64, dw SquareRows, dLogDet float64, take func(n int) []float64)

// SquareRows returns a row of a matrix, which is good until the next call.
type SquareRows func(row int) []float64

// alone is the Share of one goroutine.
func alone(items int, do func(item int)) {
	for i := range items {
		do(i)
	}
}

// Square is a matrix with its parameters and a bias, used as x·W + bias and as
// (y − bias)·W⁻¹.
type Square struct {
	matrix     SquareMatrix
	parameters []*Parameter
	bias       *Parameter
	place
}

// NewSquare makes a square matrix of parameters that belong to the same set,
// and of a bias [1, D] below scope.
func (s Scope) NewSquare(m SquareMatrix, parameters ...*Parameter) *Square {
	q := &Square{matrix: m, parameters: parameters, bias: s.New("bias", 1, m.Size())}
	s.add(q, &q.place)
	s.reserve(4 * m.Size() * m.Size()) // W in float64, narrowed, and packed
	return q
}

// MultiplySquare returns y = x·W + bias for each row and adds log|det W| for
// each to its event's total; with inverse, y = (x − bias)·W⁻¹ and −log|det W|.
//
// Backward: dW = xᵀ·dy, dbias = Σ dy, dx = dy·Wᵀ. Of the inverse, with
// dx = dy·W⁻ᵀ: dW = −yᵀ·dx, dbias = −Σ dx.
func (g *Graph) MultiplySquare(x Value, q *Square, inverse bool, total Sums) Value {
	y := g.newValue(x.Rows, x.Cols, true)
	w, logDet := g.do.square(q, inverse)
	w.forward(y, x, blas.None)
	if g.recording {
		g.Record(func() { g.squareBackward(y, x, q, w, inverse, total) })
	}
	if inverse {
		logDet = -logDet
	}
	perEvent := float64(logDet * float64(total.sites(x.Rows)))
	for e := range total.Values {
		total.Values[e] += perEvent
	}
	return y
}

// logDetGradient is the gradient of log|det W|.
func logDetGradient(total Sums, rows int, inverse bool) (d float64) {
	for _, v := range total.Gradient {
		d += v
	}
	d = float64(d * float64(total.sites(rows)))
	if inverse {
		return -d
	}
	return d
}

func (g *Graph) squareBackward(y, x Value, q *Square, w weights, inverse bool, total Sums) {
	n, dy := q.matrix.Size(), g.gradient(y) // zeros if the log-det alone was differentiated
	left, right, sign := x.data(), dy, 1.0
	if inverse {
		right = g.newValue(x.Rows, n, false).data()
		w.backwardInput(g, right, dy, false)
		g.passOn(x, right)
		left, sign = y.data(), -1
	} else if x.wanted() {
		dx, accumulate := g.gradientTo(x)
		w.backwardInput(g, dx, dy, accumulate)
	}
	if g.inputs {
		return
	}
	mark := g.Mark()
	dw, row := g.newValue(n, n, false), g.doubles.take(n)
	w.gradientWeights(dw.data(), left, right, false)
	g.do.addColumnSums(g.parameterGradient(q.bias), right, sign)
	g.squareGradient(q, g.do.squareGradient(q), func(r int) []float64 {
		readRow(row, dw, r)
		if inverse {
			for i := range row {
				row[i] = -row[i]
			}
		}
		return row
	}, logDetGradient(total, x.Rows, inverse))
	g.release(mark)
}

// squareGradient hands the gradient of W on to its parameters.
func (g *Graph) squareGradient(q *Square, gradient SquareGradient, dw SquareRows, dLogDet float64) {
	var dp [][]float64
	for _, parameter := range q.parameters {
		dp = append(dp, g.doubles.take(parameter.Size()))
	}
	gradient(dp, dw, dLogDet, g.doubles.take)
	for i, parameter := range q.parameters {
		g.addParameterGradient(parameter, dp[i])
	}
}

// Clear sets all parameters and the bias to zero.
func (q *Square) Clear() {
	clear(q.bias.Values())
	for _, p := range q.parameters {
		clear(p.Values())
	}
}
