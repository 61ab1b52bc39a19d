package transform

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/limits"
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

// Check implements [Spec].
func (s *LUSpec) Check(shape Shape, _ int) error {
	if shape.Features > limits.Matrix {
		return fmt.Errorf("lu: %d features, at most %d are supported", shape.Features, limits.Matrix)
	}
	if err := autograd.CheckBound(s.Bound); err != nil {
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
//
// Each element of W, of W⁻¹ and of the gradients is one chain of additions in
// float64, over k ascending, each product rounded before it is added: that of a
// plain loop over dense factors. What is here is which terms are computed
// together.
type lu struct {
	features int
	bound    float64
	columns  []int
}

func (m *lu) Size() int { return m.features }

// scales returns the diagonal of U and Σ s.
func (m *lu) scales(diagonal []float64) (scales []float64, logDet float64) {
	scales = make([]float64, len(diagonal))
	for i, u := range diagonal {
		s := float64(m.bound * kernels.Tanh64(u/m.bound))
		scales[i] = kernels.Exp64(s)
		logDet += s
	}
	return scales, logDet
}

// copiedRows is how many rows of a triangle an item of what copies them has.
const copiedRows = 64

// eachRow calls do for the rows of the matrix, shared.
func (m *lu) eachRow(share autograd.Share, do func(i int)) {
	share((m.features+copiedRows-1)/copiedRows, func(item int) {
		for i := item * copiedRows; i < min((item+1)*copiedRows, m.features); i++ {
			do(i)
		}
	})
}

// lowerRows returns L, or −L, by groups of rows.
func (m *lu) lowerRows(below []float64, sign float64, share autograd.Share) *rowGroups {
	l := newRowGroups(m.features, true)
	m.eachRow(share, func(i int) {
		row, _ := l.row(i)
		for k, v := range below[i*(i-1)/2:][:i] {
			row[k] = float64(sign * v)
		}
		row[i] = sign
	})
	return l
}

// Compute implements [autograd.SquareMatrix].
func (m *lu) Compute(w []float64, p autograd.SquareValues, inverse bool, share autograd.Share) (logDet float64) {
	scales, logDet := m.scales(p.Parameters[2])
	if inverse {
		m.invert(w, p.Parameters, scales, share)
	} else {
		m.multiply(w, p, scales, share)
	}
	return logDet
}

// blockColumns is how many columns an item of multiply has, by blockRows rows.
const blockColumns = 20 * panelColumns

// multiply sets w to (L·U)ᵀ.
func (m *lu) multiply(w []float64, p autograd.SquareValues, scales []float64, share autograd.Share) {
	n := m.features
	lower, upper := m.lowerRows(p.Parameters[0], 1, share), newPanels(n, true)
	above, narrow := p.Parameters[1], p.Narrow
	m.eachRow(share, func(i int) {
		upper.set(i, i, scales[i:i+1])
		upper.set(i, i+1, above[i*(n-1)-i*(i-1)/2:][:n-1-i])
	})
	across := (n + blockColumns - 1) / blockColumns
	share((n+blockRows-1)/blockRows*across, func(item int) {
		top, left := item/across*blockRows, item%across*blockColumns
		bottom, right := min(top+blockRows, n), min(left+blockColumns, n)
		out := make([]float64, blockRows*roundUp(right-left, panelColumns)) // by panels
		eachTile(top, bottom, left, right, 0, min(bottom, right), func(i, j, from, to int) {
			// Neither L behind row i+3 nor U behind column j+11 has more terms, and
			// those of U's diagonal, which is no float32, are the last.
			to = min(to, i+groupRows, j+panelColumns)
			diagonal := max(from, min(to, j))
			p := kernels.Products64{
				C: out[(j-left)*blockRows+(i-top)*panelColumns:], CStride: panelColumns,
				AStride: lower.stride(i), AStep: 1,
			}
			if from < diagonal {
				p.A, p.B, p.Depth, p.Exact = lower.from(i, from), upper.from(j, from), diagonal-from, narrow
				kernels.AddProducts64(p)
			}
			if diagonal < to {
				p.A, p.B, p.Depth, p.Exact = lower.from(i, diagonal), upper.from(j, diagonal), to-diagonal, false
				kernels.AddProducts64(p)
			}
		})
		for j := left; j < right; j++ {
			row := w[m.columns[j]*n:][:n]
			panel := out[(j-left)/panelColumns*panelColumns*blockRows+(j-left)%panelColumns:]
			for i := top; i < bottom; i++ {
				row[m.columns[i]] = panel[(i-top)*panelColumns]
			}
		}
	})
}

// solvePanels is how many panels are solved at once.
const solvePanels = 4

// invert sets w to (U⁻¹·L⁻¹)ᵀ, by columns of the identity.
func (m *lu) invert(w []float64, p [][]float64, scales []float64, share autograd.Share) {
	n := m.features
	lower := m.lowerRows(p[0], -1, share)
	above := make([]float64, len(p[1]))
	for i, v := range p[1] {
		above[i] = -v
	}
	const columns = solvePanels * panelColumns
	share((n+columns-1)/columns, func(item int) {
		left := item * columns
		size := roundUp(n, groupRows) * panelColumns // of a panel
		x := make([]float64, solvePanels*size)
		for j := left; j < min(left+columns, n); j++ {
			x[(j-left)/panelColumns*size+j*panelColumns+j%panelColumns] = 1
		}
		m.solveLower(lower, x, size, left)
		m.solveUpper(above, scales, x, size)
		for j := left; j < min(left+columns, n); j++ {
			row := w[m.columns[j]*n:][:n]
			panel := x[(j-left)/panelColumns*size+j%panelColumns:]
			for i := range n {
				row[m.columns[i]] = panel[i*panelColumns]
			}
		}
	})
}

// solveLower replaces panels x of the given size by L⁻¹·x. Rows above the first
// are zero, and stay so; minus is −L.
func (m *lu) solveLower(minus *rowGroups, x []float64, size, first int) {
	n := m.features
	add := func(i, from, depth int) {
		for panel := range solvePanels {
			kernels.AddProducts64(kernels.Products64{
				C: x[panel*size+i*panelColumns:], CStride: panelColumns,
				A: minus.from(i, from), AStride: minus.stride(i), AStep: 1,
				B: x[panel*size+from*panelColumns:], Depth: depth,
			})
		}
	}
	for ; first < n; first += blockRows {
		last := min(first+blockRows, n)
		for i := first; i < last; i += groupRows {
			add(i, first, i-first)
			for r := i + 1; r < min(i+groupRows, n); r++ {
				row, _ := minus.row(r)
				for k := i; k < r; k++ {
					for panel := range solvePanels {
						to, from := x[panel*size+r*panelColumns:][:panelColumns], x[panel*size+k*panelColumns:][:panelColumns]
						for j, v := range from {
							to[j] += float64(row[k] * v)
						}
					}
				}
			}
		}
		for i := last; i < n; i += groupRows {
			add(i, first, last-first)
		}
	}
}

// solveUpper replaces panels x by U⁻¹·x; minus is −U above its diagonal, row by
// row. A row's chain begins with the row solved last, so rows go one by one.
func (m *lu) solveUpper(minus, scales, x []float64, size int) {
	n := m.features
	at := len(minus)
	for i := n - 1; i >= 0; i-- {
		depth := n - 1 - i
		at -= depth
		if depth > 0 {
			kernels.AddProducts64(kernels.Products64{
				C: x[i*panelColumns:], CStride: size,
				A: minus[at:], AStep: 1,
				B: x[(i+1)*panelColumns:], BStride: size, Depth: depth,
			})
		}
		for panel := range solvePanels {
			row := x[panel*size+i*panelColumns:][:panelColumns]
			for j := range row {
				row[j] /= scales[i]
			}
		}
	}
}

// Reversible implements [Reversible].
func (*square) Reversible() bool { return true }
