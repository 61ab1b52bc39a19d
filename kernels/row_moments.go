package kernels

import "math"

// RowMoments sets mean[r] and variance[r] to the mean and the population
// variance of row r of src, in two passes, so that a large mean costs the
// variance no digits:
//
//	mean[r]     = Σ_c src[r][c] / Cols
//	variance[r] = Σ_c (src[r][c] − mean[r])² / Cols
//
// The sums are those of RowSums and RowSumSquares. A row without columns has
// NaN for both, 0/0; a NaN or an infinity in a row makes its variance NaN. It
// panics if the length of mean or variance is not src.Rows.
func (t *Tier) RowMoments(mean, variance []float32, src Matrix) {
	src.check("src", src.Rows, src.Cols)
	checkRows("mean", len(mean), src.Rows)
	checkRows("variance", len(variance), src.Rows)
	if src.Cols == 0 {
		for r := range mean {
			mean[r], variance[r] = float32(math.NaN()), float32(math.NaN())
		}
		return
	}
	for from, step := 0, rowsPerCall(src.Cols); from < src.Rows; from += step {
		safePoint()
		to := min(from+step, src.Rows)
		t.rowMoments(mean[from:to], variance[from:to], src.from(from), src.Stride, src.Cols, float32(src.Cols))
	}
}

// RowMoments calls Tier.RowMoments on the active tier.
func RowMoments(mean, variance []float32, src Matrix) { active.RowMoments(mean, variance, src) }

func rowMomentsRef(mean, variance, src []float32, stride, cols int, count float32) {
	for r := range mean {
		row := src[r*stride:][:cols]
		var sums, squares [laneCount]float32
		for c, x := range row {
			sums[c%laneCount] += x
		}
		mean[r] = foldLanes(&sums) / count
		for c, x := range row {
			d := x - mean[r]
			squares[c%laneCount] = fma32(d, d, squares[c%laneCount])
		}
		variance[r] = foldLanes(&squares) / count
	}
}
