package kernels

// HalfLog2Pi is ½·log 2π, minus the log-density of the standard normal at 0.
const HalfLog2Pi = 0.91893853320467274178032973640561763986139747363778341281715154

// StandardNormalLogDensity sets dst[r] to the log-density of row r of z under
// independent standard normals, in nats:
//
//	dst[r] = −½ Σ_c z[r][c]² − Cols·½log(2π)
//
// The sum is that of RowSumSquares, in float32; it is widened and the rest is
// done in float64. It panics if the length of dst is not z.Rows.
func (t *Tier) StandardNormalLogDensity(dst []float64, z Matrix) {
	z.check("z", z.Rows, z.Cols)
	checkRows("dst", len(dst), z.Rows)
	constant := float64(float64(z.Cols) * HalfLog2Pi)
	if z.Cols == 0 {
		clear(dst)
		return
	}
	for from, step := 0, rowsPerCall(z.Cols); from < z.Rows; from += step {
		safePoint()
		t.standardNormalLogDensity(dst[from:min(from+step, z.Rows)], z.from(from), z.Stride, z.Cols, constant)
	}
}

// StandardNormalLogDensity calls Tier.StandardNormalLogDensity on the active
// tier.
func StandardNormalLogDensity(dst []float64, z Matrix) { active.StandardNormalLogDensity(dst, z) }

func standardNormalLogDensityRef(dst []float64, z []float32, stride, cols int, constant float64) {
	for r := range dst {
		dst[r] = float64(-0.5*float64(sumSquares(z[r*stride:][:cols]))) - constant
	}
}
