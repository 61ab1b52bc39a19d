package kernels

import "math"

// LogSumExp sets dst[r] = log Σ_c exp(src[r][c]), without overflow:
//
//	dst[r] = m + log Σ_c exp(src[r][c] − m), m = max_c src[r][c]
//
// A row with a NaN gives NaN; otherwise one with +Inf gives +Inf, and one that
// is empty or only −Inf gives −Inf. It panics if the length of dst is not
// src.Rows.
//
// The terms are added in the lanes of RowSums. If m is infinite it is replaced
// by 0. The error is at most one ULP of the result and 2⁻²³·(2 + Cols/32).
//
// The order in which a maximum is taken does not show: zeros of either
// sign give the same result, and with a NaN in the row the sum is NaN, whatever
// m is.
func (t *Tier) LogSumExp(dst []float32, src Matrix) {
	src.check("src", src.Rows, src.Cols)
	checkRows("dst", len(dst), src.Rows)
	if src.Cols == 0 {
		for r := range dst {
			dst[r] = float32(math.Inf(-1))
		}
		return
	}
	for from, step := 0, rowsPerCall(src.Cols); from < src.Rows; from += step {
		safePoint()
		t.logSumExp(dst[from:min(from+step, src.Rows)], src.from(from), src.Stride, src.Cols)
	}
}

// LogSumExp calls Tier.LogSumExp on the active tier.
func LogSumExp(dst []float32, src Matrix) { active.LogSumExp(dst, src) }

func logSumExpRef(dst, src []float32, stride, cols int) {
	for r := range dst {
		row := src[r*stride:][:cols]
		m := maximum(row)
		if !(m <= math.MaxFloat32 && m >= -math.MaxFloat32) {
			m = 0
		}
		var lanes [laneCount]float32
		for c, x := range row {
			lanes[c%laneCount] += expRef(x - m)
		}
		dst[r] = m + logRef(foldLanes(&lanes))
	}
}

// maximum returns the largest value of a row, −Inf if there is none. The
// assembly may return anything if there is a NaN, and either zero of two.
func maximum(row []float32) float32 {
	m := float32(math.Inf(-1))
	for _, x := range row {
		if x > m {
			m = x
		}
	}
	return m
}
