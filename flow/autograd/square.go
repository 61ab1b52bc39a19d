package autograd

import (
	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/kernels"
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
	var logDet float64
	if g.Float64() {
		logDet = g.multiplySquare64(y, x, q, inverse, total)
	} else {
		var weights blas.Weights
		weights, logDet = g.binding.square(q, inverse)
		weights.Forward(y.matrix32(), x.matrix32(), blas.None)
		if g.recording {
			g.Record(func() { g.squareBackward32(y, x, q, inverse, total) })
		}
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

func (g *Graph) squareBackward32(y, x Value, q *Square, inverse bool, total Sums) {
	if y.untouched() {
		g.grad32(y, false) // the log-det alone was differentiated
	}
	n := q.matrix.Size()
	dy, _ := g.grad32(y, false)
	weights, _ := g.binding.square(q, inverse)
	left, right, sign := x, dy, 1.0
	if x.wanted() && !inverse {
		dx, accumulate := g.grad32(x, true)
		weights.BackwardInput(dx, dy, accumulate)
	} else if inverse {
		own := kernels.Dense(g.floats.take(x.Rows*n), x.Rows, n)
		weights.BackwardInput(own, dy, false)
		if x.wanted() {
			dx, _ := g.grad32(x, false)
			addMatrix(dx, own)
		}
		left, right, sign = y, own, -1
	}
	if g.inputs {
		return
	}
	floats, doubles := g.floats.mark(), g.doubles.mark()
	dw, row := g.floats.take(n*n), g.doubles.take(n)
	blas.GradientWeights(g.binding.backend, dw, left.matrix32(), right, false)
	bias := g.gradient32(q.bias)
	for r := range right.Rows {
		for c, v := range right.Row(r) {
			bias[c] += float32(sign) * v
		}
	}
	g.squareGradient(q, g.binding.squareGradient(q), func(r int) []float64 {
		for i, v := range dw[r*n : (r+1)*n] {
			row[i] = sign * float64(v)
		}
		return row
	}, logDetGradient(total, x.Rows, inverse))
	g.floats.release(floats)
	g.doubles.release(doubles)
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

func (g *Graph) multiplySquare64(y, x Value, q *Square, inverse bool, total Sums) (logDet float64) {
	n := q.matrix.Size()
	w, bias := g.doubles.take(n*n), g.binding.value64(q.bias)
	var p [][]float64
	for _, parameter := range q.parameters {
		p = append(p, g.widen(parameter))
	}
	logDet = q.matrix.Compute(w, SquareValues{Parameters: p}, inverse, alone)
	in := g.doubles.take(n)
	for r := range x.Rows {
		readRow(in, x, r)
		out := y.node.data.wide[r*n : (r+1)*n]
		if inverse {
			for k := range in {
				in[k] -= bias[k]
			}
			clear(out)
		} else {
			copy(out, bias)
		}
		for k, v := range in {
			for j := range out {
				out[j] += float64(v * w[k*n+j])
			}
		}
	}
	if g.recording {
		g.Record(func() { g.squareBackward64(y, x, q, w, inverse, total) })
	}
	return logDet
}

func (g *Graph) squareBackward64(y, x Value, q *Square, w []float64, inverse bool, total Sums) {
	n := q.matrix.Size()
	dw, dx := g.doubles.takeZeroed(n*n), g.doubles.take(n)
	dy, _ := g.grad64(y)
	for r := range x.Rows {
		d := dy[r*n : (r+1)*n]
		for k := range dx {
			var sum float64
			for j, v := range d {
				sum += float64(v * w[k*n+j])
			}
			dx[k] = sum
			if x.wanted() {
				g.addGradient(x, r, k, sum)
			}
		}
		if g.inputs {
			continue
		}
		bias := g.gradient64(q.bias)
		for k := range n {
			if inverse {
				bias[k] -= dx[k]
			} else {
				bias[k] += d[k]
			}
			for j := range n {
				if inverse {
					dw[k*n+j] -= float64(y.At(r, k) * dx[j])
				} else {
					dw[k*n+j] += float64(x.At(r, k) * d[j])
				}
			}
		}
	}
	if !g.inputs {
		var p [][]float64
		for _, parameter := range q.parameters {
			p = append(p, g.widen(parameter))
		}
		rows := func(r int) []float64 { return dw[r*n : (r+1)*n] }
		g.squareGradient(q, q.matrix.Gradient(SquareValues{Parameters: p}), rows, logDetGradient(total, x.Rows, inverse))
	}
}

// Clear sets all parameters and the bias to zero.
func (q *Square) Clear() {
	clear(q.bias.Values())
	for _, p := range q.parameters {
		clear(p.Values())
	}
}
