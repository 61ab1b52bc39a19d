package transform

import (
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/kernels"
)

// luGradient is what the gradient takes from the parameters of a [lu]. It is
// not changed once made.
type luGradient struct {
	*lu
	upper  *rowGroups // U
	lower  *panels    // L
	scales []float64  // diag U
	slopes []float64  // 1 − tanh²(u/b)
	narrow bool       // see [autograd.SquareValues]
}

// Gradient implements [autograd.SquareMatrix].
func (m *lu) Gradient(v autograd.SquareValues) autograd.SquareGradient {
	n, p := m.features, v.Parameters
	g := &luGradient{lu: m, narrow: v.Narrow, upper: newRowGroups(n, false), lower: newPanels(n, false), slopes: make([]float64, n)}
	g.scales, _ = m.scales(p[2])
	below, above := p[0], p[1]
	for i := range n {
		g.lower.set(i, 0, below[:i])
		g.lower.set(i, i, []float64{1})
		row, from := g.upper.row(i)
		row[i-from] = g.scales[i]
		copy(row[i-from+1:], above[:n-1-i])
		below, above = below[i:], above[n-1-i:]
		th := kernels.Tanh64(p[2][i] / m.bound)
		g.slopes[i] = 1 - float64(th*th)
	}
	return g.add
}

// add uses dL = dM·Uᵀ below the diagonal and dU = Lᵀ·dM from it on, where
// M = L·U is Wᵀ. Both are computed transposed: rows j, panels over i.
//
// Terms of zeros left in the triangles are added; they could change a bit only
// where dM is not finite, and there the diagonals of U and L, which are not
// zero, have made the gradient so in any case.
func (g *luGradient) add(dp [][]float64, dw autograd.SquareRows, dLogDet float64, take func(n int) []float64) {
	n, rows := g.features, roundUp(g.features, groupRows)
	dm := take(rows * n) // row j is dMᵀ: over k, dM[k][j]
	for j := range n {
		from, to := dw(g.columns[j]), dm[j*n:][:n]
		for k, c := range g.columns {
			to[k] = from[c]
		}
	}
	clear(dm[n*n:])

	const columns = solvePanels * panelColumns
	right, sums := take(n*columns), take(rows*columns)
	for first := 0; first < n; first += columns {
		last := min(first+columns, n)

		// dL[i][j] = Σ_{k>=j} dM[i][k]·U[j][k], where j < i < last.
		for j := first; j < last; j += panelColumns {
			packPanel(right[(j-first)*n:][:n*panelColumns], dm, n, j)
		}
		clear(sums)
		eachTile(0, last, first, last, 0, n, func(j, i, from, to int) {
			from = max(from, j)
			if j >= i+panelColumns || from >= to {
				return
			}
			p := kernels.Products64{
				C: sums[(i-first)*rows+j*panelColumns:], CStride: panelColumns,
				AStride: g.upper.stride(j), AStep: 1,
			}
			// The terms of U's diagonal, which is no float32, are the first.
			diagonal := max(from, min(to, j+groupRows))
			if from < diagonal {
				p.A, p.B, p.Depth, p.Exact = g.upper.from(j, from), right[(i-first)*n+from*panelColumns:], diagonal-from, false
				kernels.AddProducts64(p)
			}
			if diagonal < to {
				p.A, p.B, p.Depth, p.Exact = g.upper.from(j, diagonal), right[(i-first)*n+diagonal*panelColumns:], to-diagonal, g.narrow
				kernels.AddProducts64(p)
			}
		})
		for i := first; i < last; i++ {
			panel := sums[(i-first)/panelColumns*panelColumns*rows+i%panelColumns:]
			out := dp[0][i*(i-1)/2:][:i]
			for j := range out {
				out[j] = panel[j*panelColumns]
			}
		}

		// dU[i][j] = Σ_{k>=i} L[k][i]·dM[k][j], where first <= i <= j.
		for i := 0; i < columns; i += panelColumns {
			clear(sums[i*rows+first*panelColumns : (i+panelColumns)*rows])
		}
		eachTile(first, n, first, last, first, n, func(j, i, from, to int) {
			from = max(from, i)
			if i >= j+groupRows || from >= to {
				return
			}
			kernels.AddProducts64(kernels.Products64{
				C: sums[(i-first)*rows+j*panelColumns:], CStride: panelColumns,
				A: dm[j*n+from:], AStride: n, AStep: 1,
				B: g.lower.from(i, from), Depth: to - from, Exact: g.narrow,
			})
		})
		for i := first; i < last; i++ {
			panel := sums[(i-first)/panelColumns*panelColumns*rows+i%panelColumns:]
			dp[2][i] = 0 + float64((float64(panel[i*panelColumns]*g.scales[i])+dLogDet)*g.slopes[i])
			out := dp[1][i*(n-1)-i*(i-1)/2:][:n-1-i]
			for j := range out {
				out[j] = panel[(i+1+j)*panelColumns]
			}
		}
	}
}

// packPanel copies the columns of the row-major n x n matrix a from column j on
// to a panel.
func packPanel(panel, a []float64, n, j int) {
	if j+panelColumns <= n {
		for k := range n {
			*(*[panelColumns]float64)(panel[k*panelColumns:]) = *(*[panelColumns]float64)(a[k*n+j:])
		}
		return
	}
	for k := range n {
		row := panel[k*panelColumns:][:panelColumns]
		clear(row[copy(row, a[k*n+j:(k+1)*n]):])
	}
}
