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
		for k, v := range below[:i] {
			g.lower.set(i, k, v)
		}
		g.lower.set(i, i, 1)
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
			panel := right[(j-first)*n:][:n*panelColumns]
			for k := range n {
				copied := copy(panel[k*panelColumns:][:panelColumns], dm[k*n+j:(k+1)*n])
				clear(panel[k*panelColumns+copied : (k+1)*panelColumns])
			}
		}
		clear(sums)
		for from := 0; from < n; from += blockTerms {
			until := min(from+blockTerms, n)
			for j := 0; j < min(last, until); j += groupRows {
				begin := max(from, j)
				for i := first; i < last; i += panelColumns {
					if j >= i+panelColumns {
						continue
					}
					add := func(from, to int, exact bool) {
						if from >= to {
							return
						}
						kernels.AddProducts64(kernels.Products64{
							C: sums[(i-first)*rows+j*panelColumns:], CStride: panelColumns,
							A: g.upper.from(j, from), AStride: g.upper.stride(j), AStep: 1,
							B: right[(i-first)*n+from*panelColumns:], Depth: to - from, Exact: exact,
						})
					}
					// The terms of U's diagonal, which is no float32, are the first.
					diagonal := max(begin, min(until, j+groupRows))
					add(begin, diagonal, false)
					add(diagonal, until, g.narrow)
				}
			}
		}
		for i := first; i < last; i++ {
			panel := sums[(i-first)/panelColumns*panelColumns*rows+i%panelColumns:]
			out := dp[0][i*(i-1)/2:][:i]
			for j := range out {
				out[j] += panel[j*panelColumns]
			}
		}

		// dU[i][j] = Σ_{k>=i} L[k][i]·dM[k][j], where first <= i <= j.
		clear(sums)
		for from := first; from < n; from += blockTerms {
			until := min(from+blockTerms, n)
			for j := first; j < n; j += groupRows {
				for i := first; i < min(last, until, j+groupRows); i += panelColumns {
					begin := max(from, i)
					kernels.AddProducts64(kernels.Products64{
						C: sums[(i-first)*rows+j*panelColumns:], CStride: panelColumns,
						A: dm[j*n+begin:], AStride: n, AStep: 1,
						B: g.lower.from(i, begin), Depth: until - begin, Exact: g.narrow,
					})
				}
			}
		}
		for i := first; i < last; i++ {
			panel := sums[(i-first)/panelColumns*panelColumns*rows+i%panelColumns:]
			dp[2][i] += float64((float64(panel[i*panelColumns]*g.scales[i]) + dLogDet) * g.slopes[i])
			out := dp[1][i*(n-1)-i*(i-1)/2:][:n-1-i]
			for j := range out {
				out[j] += panel[(i+1+j)*panelColumns]
			}
		}
	}
}
