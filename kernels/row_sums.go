package kernels

// RowSums sets dst[r] = Σ_c src[r][c]. Column c is added to lane c mod 16, all
// lanes starting at +0, and the lanes are folded by halves. It panics if the
// length of dst is not src.Rows.
func (t *Tier) RowSums(dst []float32, src Matrix) {
	src.check("src", src.Rows, src.Cols)
	checkRows("dst", len(dst), src.Rows)
	if src.Cols == 0 {
		clear(dst)
		return
	}
	for from, step := 0, rowsPerCall(src.Cols); from < src.Rows; from += step {
		safePoint()
		t.rowSums(dst[from:min(from+step, src.Rows)], src.from(from), src.Stride, src.Cols)
	}
}

// RowSums calls Tier.RowSums on the active tier.
func RowSums(dst []float32, src Matrix) { active.RowSums(dst, src) }

func rowSumsRef(dst, src []float32, stride, cols int) {
	for r := range dst {
		var lanes [laneCount]float32
		for c, v := range src[r*stride:][:cols] {
			lanes[c%laneCount] += v
		}
		dst[r] = foldLanes(&lanes)
	}
}

// RowSumSquares sets dst[r] = Σ_c src[r][c]², in the lanes of RowSums, each
// square added by one fused multiply-add. It panics if the length of dst is
// not src.Rows.
func (t *Tier) RowSumSquares(dst []float32, src Matrix) {
	src.check("src", src.Rows, src.Cols)
	checkRows("dst", len(dst), src.Rows)
	if src.Cols == 0 {
		clear(dst)
		return
	}
	for from, step := 0, rowsPerCall(src.Cols); from < src.Rows; from += step {
		safePoint()
		t.rowSumSquares(dst[from:min(from+step, src.Rows)], src.from(from), src.Stride, src.Cols)
	}
}

// RowSumSquares calls Tier.RowSumSquares on the active tier.
func RowSumSquares(dst []float32, src Matrix) { active.RowSumSquares(dst, src) }

func rowSumSquaresRef(dst, src []float32, stride, cols int) {
	for r := range dst {
		dst[r] = sumSquares(src[r*stride:][:cols])
	}
}

func sumSquares(row []float32) float32 {
	var lanes [laneCount]float32
	for c, v := range row {
		lanes[c%laneCount] = fma32(v, v, lanes[c%laneCount])
	}
	return foldLanes(&lanes)
}
