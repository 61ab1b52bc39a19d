package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// AddLogDeterminants adds factor·log det(I + J) of each run of D rows of j, which
// has D columns, to its event's total. Row i of a run is column i of its J, whose
// spectral norm is below 1, so that the determinant is positive and its triangular
// factors need no pivots.
//
// Backward: dJ = factor·dtotal·(I + J)⁻ᵀ.
func (g *Graph) AddLogDeterminants(j Value, factor float64, total Sums) {
	d := j.Cols
	runs := j.Rows / max(1, d)
	sites := total.sites(runs)
	mark := g.Mark()
	lu := g.doubles.take(d * d)
	for run := range runs {
		total.Values[run/sites] += float64(factor * factorOnePlus(lu, j, run))
	}
	g.Release(mark)
	if !g.recording || !j.wanted() {
		return
	}
	g.Record(func() {
		g.gradient(j)
		mark := g.Mark()
		lu, column := g.doubles.take(d*d), g.doubles.take(d)
		for run := range runs {
			factorOnePlus(lu, j, run)
			scale := float64(factor * total.Gradient[run/sites])
			for c := range d {
				solveUnit(column, lu, c)
				for r, v := range column {
					// The inverse of what lies in the rows, transposed.
					g.addGradient(j, run*d+c, r, float64(scale*v))
				}
			}
		}
		g.release(mark)
	})
}

// factorOnePlus sets lu to the triangular factors of I plus a run of rows, and
// returns log det.
func factorOnePlus(lu []float64, rows Value, run int) (logDet float64) {
	d := rows.Cols
	for i := range d {
		for k := range d {
			lu[i*d+k] = rows.At(run*d+i, k)
		}
		lu[i*d+i]++
	}
	for k := range d {
		pivot := lu[k*d:][:d]
		logDet += kernels.Log64(pivot[k])
		for i := k + 1; i < d; i++ {
			row := lu[i*d:][:d]
			row[k] /= pivot[k]
			f := row[k]
			for c := k + 1; c < d; c++ {
				row[c] -= float64(f * pivot[c])
			}
		}
	}
	return logDet
}

// solveUnit sets x to column c of the inverse.
func solveUnit(x, lu []float64, c int) {
	d := len(x)
	for i := range d {
		sum := 0.0
		if i == c {
			sum = 1
		}
		for k := range i {
			sum -= float64(lu[i*d+k] * x[k])
		}
		x[i] = sum
	}
	for i := d - 1; i >= 0; i-- {
		sum := x[i]
		for k := i + 1; k < d; k++ {
			sum -= float64(lu[i*d+k] * x[k])
		}
		x[i] = sum / lu[i*d+i]
	}
}
