package autograd

import (
	"math"

	"github.com/seed-192fdf7a/nf/kernels"
)

// Column statistics are float64 on both precisions, so that they fold over the
// tiles of a minibatch: see [Pass.Fold].

// ColumnMoments returns Σx of each column, then Σx² of each column: 2·Cols
// entries.
//
// Backward: dx = dΣx + 2·x·dΣx².
func (g *Graph) ColumnMoments(x Value) Sums {
	s := g.Sums(2 * x.Cols)
	for r := range x.Rows {
		for c := range x.Cols {
			v := x.At(r, c)
			s.Values[c] += v
			s.Values[x.Cols+c] += float64(v * v)
		}
	}
	if g.recording && x.wanted() {
		g.Record(func() {
			for r := range x.Rows {
				for c := range x.Cols {
					g.addGradient(x, r, c, s.Gradient[c]+float64(2*x.At(r, c)*s.Gradient[x.Cols+c]))
				}
			}
		})
	}
	return s
}

// addGradient adds to one element of x's gradient.
func (g *Graph) addGradient(x Value, r, c int, d float64) {
	grad := g.gradient(x)
	grad.of.add(grad.from+r*grad.stride+c, d)
}

// resolution is the part of mean² below which a variance is rounding: that of
// float32 values, and of the difference that it is computed by.
const resolution = 1e-12

// Normalizing returns the mean of a column and the log-scale that gives it the
// variance 1, of the folded [Graph.ColumnMoments] of so many rows; a column that
// never changes is left unscaled.
func Normalizing(sums []float64, rows, column int) (mean, logScale float64) {
	mean = sums[column] / float64(rows)
	variance := sums[len(sums)/2+column]/float64(rows) - float64(mean*mean)
	if variance > float64(resolution*float64(mean*mean)) {
		logScale = -0.5 * kernels.Log64(variance)
	}
	return mean, logScale
}

// Moments are the mean of each column and 1/√(variance + epsilon).
type Moments struct{ Mean, InverseStd []float64 }

// NewMoments turns the folded [Graph.ColumnMoments] of count rows into
// moments.
func (g *Graph) NewMoments(sums []float64, count, epsilon float64) Moments {
	n := len(sums) / 2
	m := Moments{g.doubles.take(n), g.doubles.take(n)}
	for c := range n {
		mean := sums[c] / count
		variance := max(0, sums[n+c]/count-float64(mean*mean))
		m.Mean[c], m.InverseStd[c] = mean, 1/math.Sqrt(variance+epsilon)
	}
	return m
}

// FixedMoments takes means and variances from parameters that are not learned
// by gradient.
func (g *Graph) FixedMoments(mean, variance *Parameter, epsilon float64) Moments {
	m := Moments{g.doubles.take(mean.Cols), g.doubles.take(mean.Cols)}
	copy(m.Mean, g.widen(mean))
	for c, v := range g.widen(variance) {
		m.InverseStd[c] = 1 / math.Sqrt(v+epsilon)
	}
	return m
}

// Normalize returns y = (x − mean)·inverseStd and adds its log-det to total;
// with inverse, x = y/inverseStd + mean. The moments are constants for the
// gradient; [Graph.NormalizeShared] differentiates them too.
func (g *Graph) Normalize(x Value, m Moments, inverse bool, total Sums) Value {
	y := x
	if g.recording {
		y = g.clone(x)
	}
	var logDet float64
	for c := range x.Cols {
		logDet += kernels.Log64(m.InverseStd[c])
	}
	if inverse {
		logDet = -logDet
	}
	sites := total.sites(x.Rows)
	for r := range y.Rows {
		for c := range y.Cols {
			v := y.At(r, c)
			if inverse {
				y.Set(r, c, v/m.InverseStd[c]+m.Mean[c])
			} else {
				y.Set(r, c, (v-m.Mean[c])*m.InverseStd[c])
			}
		}
	}
	for e := range total.Values {
		total.Values[e] += float64(logDet * float64(sites))
	}
	if g.recording && x.wanted() {
		g.Record(func() {
			for r := range x.Rows {
				for c := range x.Cols {
					if inverse {
						g.addGradient(x, r, c, y.Gradient(r, c)/m.InverseStd[c])
					} else {
						g.addGradient(x, r, c, float64(y.Gradient(r, c)*m.InverseStd[c]))
					}
				}
			}
		})
	}
	return y
}

// NormalizeShared is Normalize with the moments of the whole minibatch of
// count rows, whose folded [Graph.ColumnMoments] are sums. Backward leaves
// this tile's part of d/dsums in sums.Gradient.
func (g *Graph) NormalizeShared(x Value, sums Sums, count, epsilon float64, total Sums) Value {
	m := g.NewMoments(sums.Values, count, epsilon)
	y := g.Normalize(x, m, false, total)
	if !g.recording {
		return y
	}
	g.Record(func() {
		n, sites := x.Cols, float64(total.sites(x.Rows))
		var dTotal float64
		for _, d := range total.Gradient {
			dTotal += float64(d * sites)
		}
		for c := range n {
			mean, inverse := m.Mean[c], m.InverseStd[c]
			var dMean float64
			dInverse := dTotal / inverse
			for r := range x.Rows {
				d := y.Gradient(r, c)
				dMean -= float64(d * inverse)
				dInverse += float64(d * (x.At(r, c) - mean))
			}
			dVariance := -0.5 * dInverse * inverse * inverse * inverse
			sums.Gradient[c] += (dMean - float64(2*mean*dVariance)) / count
			sums.Gradient[n+c] += dVariance / count
		}
	})
	return y
}
