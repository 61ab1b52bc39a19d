package transform

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/kernels"
)

// LUSpec describes a learned invertible matrix by its factors (Kingma and
// Dhariwal, 2018; Oliva et al., 2018):
//
//	z = L·U·x + bias      log-det = Σ log diag U = Σ s
//
// L is lower triangular with ones on its diagonal, U upper triangular with
// diagonal eˢ, s = b·tanh(u/b). A permutation before it makes every
// neighbourhood of the identity's permutations reachable. Both directions are
// one matrix product.
type LUSpec struct {
	// Bound is b.
	Bound float64 `json:"bound"`
}

// maxMatrix bounds the features of a learned matrix, which costs D³ a step.
const maxMatrix = 4096

// Check implements [Spec].
func (s *LUSpec) Check(shape Shape, _ int) error {
	if shape.Features > maxMatrix {
		return fmt.Errorf("lu: %d features, at most %d are supported", shape.Features, maxMatrix)
	}
	if err := CheckBound(s.Bound); err != nil {
		return fmt.Errorf("lu: %w", err)
	}
	return nil
}

// Output implements [Spec].
func (s *LUSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec].
func (s *LUSpec) Build(shape Shape, _ int, scope autograd.Scope) Transform {
	d := shape.Features
	m := &lu{features: d, bound: s.Bound}
	t := &square{setColumns: func(columns []int) { m.columns = columns }}
	t.product = scope.NewSquare(m, scope.New("lower", 1, d*(d-1)/2), scope.New("upper", 1, d*(d-1)/2), scope.New("diagonal", 1, d))
	return t
}

// square is a learned square matrix as a Transform.
type square struct {
	product    *autograd.Square
	setColumns func(columns []int)
}

func (t *square) Bind(columns []int, _ bool) []int {
	t.setColumns(columns)
	return columns
}

// Initialize leaves the identity.
func (t *square) Initialize(uint64) { t.product.Clear() }

func (t *square) Forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	return p.MultiplySquare(x, t.product, false, p.LogDet)
}

func (t *square) Inverse(p *autograd.Pass, z autograd.Value) autograd.Value {
	return p.MultiplySquare(z, t.product, true, p.LogDet)
}

// lu is the matrix of [LUSpec]. Its rows and columns are features; feature i
// is data column columns[i].
type lu struct {
	features int
	bound    float64
	columns  []int
}

func (m *lu) Size() int { return m.features }

// factors returns L and U, dense and row-major, and Σ s.
func (m *lu) factors(p [][]float64) (lower, upper []float64, logDet float64) {
	n := m.features
	lower, upper = make([]float64, n*n), make([]float64, n*n)
	below, above := p[0], p[1]
	for i := range n {
		copy(lower[i*n:], below[:i])
		lower[i*n+i] = 1
		below = below[i:]
		s := float64(m.bound * kernels.Tanh64(p[2][i]/m.bound))
		upper[i*n+i] = kernels.Exp64(s)
		logDet += s
		above = above[copy(upper[i*n+i+1:(i+1)*n], above):]
	}
	return lower, upper, logDet
}

func (m *lu) Compute(w []float64, p [][]float64, inverse bool) (logDet float64) {
	n := m.features
	lower, upper, logDet := m.factors(p)
	column := make([]float64, n)
	for j := range n {
		// Column j of L·U, or of its inverse, is what becomes of a unit vector.
		clear(column)
		column[j] = 1
		if inverse {
			solveLower(lower, column)
			solveUpper(upper, column)
		} else {
			for i := range n {
				column[i] = upper[i*n+j]
			}
			for i := n - 1; i >= 0; i-- {
				var sum float64
				for k := range i + 1 {
					sum += float64(lower[i*n+k] * column[k])
				}
				column[i] = sum
			}
		}
		for i, v := range column {
			w[m.columns[j]*n+m.columns[i]] = v
		}
	}
	return logDet
}

// solveLower solves L·x = b in place, for ones on the diagonal.
func solveLower(lower, b []float64) {
	n := len(b)
	for i := range b {
		for k, v := range b[:i] {
			b[i] -= float64(lower[i*n+k] * v)
		}
	}
}

// solveUpper solves U·x = b in place.
func solveUpper(upper, b []float64) {
	n := len(b)
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			b[i] -= float64(upper[i*n+k] * b[k])
		}
		b[i] /= upper[i*n+i]
	}
}

// Gradient uses dL = dM·Uᵀ below the diagonal and dU = Lᵀ·dM from it on, where
// M = L·U is Wᵀ.
func (m *lu) Gradient(dp, p [][]float64, dw []float64, dLogDet float64) {
	n := m.features
	lower, upper, _ := m.factors(p)
	dm := make([]float64, n*n)
	for i := range n {
		for j := range n {
			dm[i*n+j] = dw[m.columns[j]*n+m.columns[i]]
		}
	}
	below, above := 0, 0
	for i := range n {
		for j := range i {
			var sum float64
			for k := j; k < n; k++ {
				sum += float64(dm[i*n+k] * upper[j*n+k])
			}
			dp[0][below+j] += sum
		}
		below += i
	}
	sums := make([]float64, n)
	for i := range n {
		clear(sums)
		for k := i; k < n; k++ {
			l := lower[k*n+i]
			for j := i; j < n; j++ {
				sums[j] += float64(l * dm[k*n+j])
			}
		}
		th := kernels.Tanh64(p[2][i] / m.bound)
		dp[2][i] += float64((float64(sums[i]*upper[i*n+i]) + dLogDet) * (1 - float64(th*th)))
		for j := i + 1; j < n; j++ {
			dp[1][above] += sums[j]
			above++
		}
	}
}

// Reversible implements [Reversible].
func (*square) Reversible() bool { return true }
