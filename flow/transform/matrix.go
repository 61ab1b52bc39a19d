package transform

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/limits"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// MatrixSpec describes a learned invertible matrix (Kingma and Dhariwal, 2018,
// §3.2), on a grid the 1x1 convolution of Glow:
//
//	z = x·(I + A) + bias      log-det = log|det(I + A)|
//
// Training begins with a random rotation. The determinant and the inverse are
// computed in float64, once for all rows; where the matrix is singular the
// log-det is −Inf. [LUSpec] cannot become singular.
type MatrixSpec struct{}

// Check implements [Spec].
func (s *MatrixSpec) Check(shape Shape, _ int) error {
	if shape.Features > limits.PlainMatrix {
		return fmt.Errorf("matrix: %d features, at most %d are supported; lu has up to %d", shape.Features, limits.PlainMatrix, limits.Matrix)
	}
	return nil
}

// Output implements [Spec].
func (s *MatrixSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec]: the parameters are weight [D, D], which is A, and
// bias.
func (s *MatrixSpec) Build(shape Shape, _ int, scope autograd.Scope) Transform {
	d := shape.Features
	m := &general{features: d}
	t := &generalSquare{weight: scope.New("weight", d, d)}
	t.setColumns = func(columns []int) { m.columns = columns }
	t.product = scope.NewSquare(m, t.weight)
	return t
}

// generalSquare is the transform of a [MatrixSpec].
type generalSquare struct {
	square
	weight *autograd.Parameter
}

// Initialize makes the rows of I + A orthonormal: those of a normal matrix, by
// Gram and Schmidt, twice for rounding.
func (t *generalSquare) Initialize(seed uint64) {
	t.square.Initialize(seed)
	n, values := t.weight.Rows, t.weight.Values()
	kernels.NormalRows(values, n, n, seed, random.Initialization, uint64(t.weight.Offset()))
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = make([]float64, n)
		for j, v := range values[i*n : (i+1)*n] {
			rows[i][j] = float64(v)
		}
		for range 2 {
			for _, other := range rows[:i] {
				along := dot(rows[i], other)
				for j, v := range other {
					rows[i][j] -= float64(along * v)
				}
			}
		}
		length := math.Sqrt(dot(rows[i], rows[i]))
		for j := range rows[i] {
			rows[i][j] /= length
			a := rows[i][j]
			if j == i {
				a--
			}
			values[i*n+j] = float32(a)
		}
	}
}

// general is the matrix of [MatrixSpec]. Feature i is data column
// columns[i].
type general struct {
	features int
	columns  []int
}

func (m *general) Size() int { return m.features }

// matrix returns I + A, of features.
func (m *general) matrix(weight []float64) []float64 {
	n := m.features
	w := make([]float64, n*n)
	copy(w, weight)
	for i := range n {
		w[i*n+i] += 1
	}
	return w
}

// Compute implements [autograd.SquareMatrix].
func (m *general) Compute(w []float64, p autograd.SquareValues, inverse bool, _ autograd.Share) (logDet float64) {
	n := m.features
	of := m.matrix(p.Parameters[0])
	inverted, logDet := invert(append([]float64(nil), of...), n)
	if inverse {
		of = inverted
	}
	for i, row := range m.columns {
		for j, column := range m.columns {
			w[row*n+column] = of[i*n+j]
		}
	}
	return logDet
}

// Gradient implements [autograd.SquareMatrix]: dA = dW + dlog|det W|·W⁻ᵀ.
func (m *general) Gradient(p autograd.SquareValues) autograd.SquareGradient {
	n := m.features
	inverted, _ := invert(m.matrix(p.Parameters[0]), n)
	return func(dp [][]float64, dw autograd.SquareRows, dLogDet float64, _ func(int) []float64) {
		for i, row := range m.columns {
			d := dw(row)
			for j, column := range m.columns {
				dp[0][i*n+j] = d[column] + float64(dLogDet*inverted[j*n+i])
			}
		}
	}
}

// invert returns the inverse of an n x n matrix, which it overwrites, and the log
// of its determinant's magnitude, by elimination with row pivots. Of a singular
// matrix these are zeros and −Inf.
func invert(a []float64, n int) (inverse []float64, logDet float64) {
	inverse = make([]float64, n*n)
	for i := range n {
		inverse[i*n+i] = 1
	}
	for k := range n {
		pivot := k
		for i := k + 1; i < n; i++ {
			if math.Abs(a[i*n+k]) > math.Abs(a[pivot*n+k]) {
				pivot = i
			}
		}
		if !(math.Abs(a[pivot*n+k]) > 0) {
			return make([]float64, n*n), math.Inf(-1)
		}
		scale := a[pivot*n+k]
		logDet += kernels.Log64(math.Abs(scale))
		for _, of := range [2][]float64{a, inverse} {
			top, row := of[k*n:(k+1)*n], of[pivot*n:(pivot+1)*n]
			for j, v := range row {
				row[j] = top[j]
				top[j] = v / scale
			}
		}
		for i := range n {
			factor := a[i*n+k]
			if i == k || factor == 0 {
				continue
			}
			for _, of := range [2][]float64{a, inverse} {
				top, row := of[k*n:(k+1)*n], of[i*n:(i+1)*n]
				for j, v := range top {
					row[j] -= float64(factor * v)
				}
			}
		}
	}
	return inverse, logDet
}
