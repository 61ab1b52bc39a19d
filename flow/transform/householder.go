package transform

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/limits"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// HouseholderSpec describes a learned orthogonal matrix, a product of
// reflections (Tomczak and Welling, 2016):
//
//	z = H_K·…·H_1·x + bias,   H_k = I − 2·v_k·v_kᵀ/|v_k|²,   log-det = 0
//
// D reflections reach every rotation or reflection of D features. A vector of
// zeros reflects nothing. Both directions are one matrix product.
type HouseholderSpec struct {
	// Reflections is K.
	Reflections int `json:"reflections"`
	// Start is what training begins with: the identity, or with [RandomStart]
	// reflections that are drawn.
	Start string `json:"start,omitempty"`
}

// RandomStart is the [HouseholderSpec].Start of a rotation that is drawn, as
// Gaussianization needs it, whose other layers look at each column by itself.
const RandomStart = "random"

// FormatVersion returns the version of the model file that the description
// needs.
func (s *HouseholderSpec) FormatVersion() int {
	if s.Start != "" {
		return 2
	}
	return 1
}

// Check implements [Spec].
func (s *HouseholderSpec) Check(shape Shape, _ int) error {
	if shape.Features > limits.Matrix {
		return fmt.Errorf("householder: %d features, at most %d are supported", shape.Features, limits.Matrix)
	}
	if s.Reflections < 1 || s.Reflections > limits.Matrix {
		return fmt.Errorf("householder: %d reflections, want 1 to %d", s.Reflections, limits.Matrix)
	}
	if s.Start != "" && s.Start != RandomStart {
		return fmt.Errorf("householder: start %q is not known; leave it out or choose %s", s.Start, RandomStart)
	}
	return nil
}

// Output implements [Spec].
func (s *HouseholderSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec]: the parameter vectors [K, D] is over features.
func (s *HouseholderSpec) Build(shape Shape, _ int, scope autograd.Scope) Transform {
	m := &householder{features: shape.Features, reflections: s.Reflections}
	vectors := scope.New("vectors", s.Reflections, shape.Features)
	t := &square{setColumns: func(columns []int) { m.columns = columns }, product: scope.NewSquare(m, vectors)}
	return &rotation{t, vectors, s.Start == RandomStart}
}

// rotation begins, other than zero vectors, where it can be learned.
type rotation struct {
	*square
	vectors *autograd.Parameter
	drawn   bool // it begins with reflections that do not undo each other
}

// Initialize draws all vectors, or draws them in equal pairs, whose reflections
// undo each other; an odd last one stays.
func (t *rotation) Initialize(seed uint64) {
	t.square.Initialize(seed)
	v := t.vectors
	if t.drawn {
		random.Uniform(v.Values(), seed, random.Initialization, uint64(v.Offset()), 1)
		return
	}
	for k := 0; k < v.Rows; k += 2 {
		row := v.Values()[k*v.Cols : (k+1)*v.Cols]
		random.Uniform(row, seed, random.Initialization, uint64(v.Offset()+k*v.Cols), 1)
		if k+1 < v.Rows {
			copy(v.Values()[(k+1)*v.Cols:], row)
		}
	}
}

// householder is the matrix of [HouseholderSpec]; feature i is data column
// columns[i].
type householder struct {
	features, reflections int
	columns               []int
}

func (m *householder) Size() int { return m.features }

// norms returns |v_k|² of each vector.
func (m *householder) norms(vectors []float64) []float64 {
	out := make([]float64, m.reflections)
	for k := range out {
		for _, v := range vectors[k*m.features : (k+1)*m.features] {
			out[k] += float64(v * v)
		}
	}
	return out
}

// mirror replaces a matrix A of rows by A·H for the vector v.
func mirror(a, v []float64, norm float64) {
	if norm == 0 {
		return
	}
	n := len(v)
	for r := 0; r < len(a); r += n {
		row := a[r : r+n]
		var dot float64
		for i, x := range row {
			dot += float64(x * v[i])
		}
		dot = float64(-2*dot) / norm
		for i := range row {
			row[i] += float64(dot * v[i])
		}
	}
}

// Compute multiplies the reflections. The transpose of an orthogonal matrix is
// its inverse.
func (m *householder) Compute(w []float64, p autograd.SquareValues, inverse bool, _ autograd.Share) (logDet float64) {
	n := m.features
	q := identity(n)
	norms := m.norms(p.Parameters[0])
	for k := range m.reflections {
		mirror(q, p.Parameters[0][k*n:(k+1)*n], norms[k])
	}
	for i := range n {
		for j := range n {
			if inverse {
				w[m.columns[j]*n+m.columns[i]] = q[i*n+j]
			} else {
				w[m.columns[i]*n+m.columns[j]] = q[i*n+j]
			}
		}
	}
	return 0
}

func identity(n int) []float64 {
	a := make([]float64, n*n)
	for i := range n {
		a[i*n+i] = 1
	}
	return a
}

// Gradient takes the reflections off W = H_1·…·H_K from the right: where the
// product up to k is A·H_k and its gradient is G,
//
//	dv = −2/|v|²·(Aᵀ(Gv) + Gᵀ(Av)) + 4·(Av·Gv)/|v|⁴·v
//
// and the gradient of A is G·H_k.
func (m *householder) Gradient(p autograd.SquareValues) autograd.SquareGradient {
	return func(dp [][]float64, dw autograd.SquareRows, _ float64, _ func(n int) []float64) {
		m.add(dp, p.Parameters, dw)
	}
}

func (m *householder) add(dp, p [][]float64, dw autograd.SquareRows) {
	n := m.features
	clear(dp[0])
	norms := m.norms(p[0])
	a, gradient := identity(n), make([]float64, n*n)
	for k := range m.reflections {
		mirror(a, p[0][k*n:(k+1)*n], norms[k])
	}
	for i := range n {
		row := dw(m.columns[i])
		for j := range n {
			gradient[i*n+j] = row[m.columns[j]]
		}
	}
	av, gv := make([]float64, n), make([]float64, n)
	for k := m.reflections - 1; k >= 0; k-- {
		v := p[0][k*n : (k+1)*n]
		mirror(a, v, norms[k])
		if norms[k] > 0 {
			var both float64
			for i := range n {
				av[i], gv[i] = dot(a[i*n:(i+1)*n], v), dot(gradient[i*n:(i+1)*n], v)
				both += float64(av[i] * gv[i])
			}
			pull := float64(4*both) / float64(norms[k]*norms[k])
			for j := range n {
				var sum float64
				for i := range n {
					sum += float64(a[i*n+j]*gv[i]) + float64(gradient[i*n+j]*av[i])
				}
				dp[0][k*n+j] += float64(-2*sum)/norms[k] + float64(pull*v[j])
			}
		}
		mirror(gradient, v, norms[k])
	}
}

func dot(a, b []float64) (sum float64) {
	for i, v := range a {
		sum += float64(v * b[i])
	}
	return sum
}
