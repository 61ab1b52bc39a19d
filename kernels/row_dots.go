package kernels

// RowDots sets dst[r] = Σ_c a[r][c]·b[r][c], in the lanes of RowSums, each
// product added by one fused multiply-add. It panics if the shapes of a and b
// differ or if the length of dst is not a.Rows.
func (t *Tier) RowDots(dst []float32, a, b Matrix) {
	a.check("a", a.Rows, a.Cols)
	b.check("b", a.Rows, a.Cols)
	checkRows("dst", len(dst), a.Rows)
	if a.Cols == 0 {
		clear(dst)
		return
	}
	for from, step := 0, rowsPerCall(a.Cols); from < a.Rows; from += step {
		safePoint()
		t.rowDots(dst[from:min(from+step, a.Rows)], a.from(from), b.from(from), a.Stride, b.Stride, a.Cols)
	}
}

// RowDots calls Tier.RowDots on the active tier.
func RowDots(dst []float32, a, b Matrix) { active.RowDots(dst, a, b) }

func rowDotsRef(dst, a, b []float32, aStride, bStride, cols int) {
	for r := range dst {
		dst[r] = dot(a[r*aStride:][:cols], b[r*bStride:][:cols])
	}
}

func dot(a, b []float32) float32 {
	var lanes [laneCount]float32
	for c, v := range a {
		lanes[c%laneCount] = fma32(v, b[c], lanes[c%laneCount])
	}
	return foldLanes(&lanes)
}
