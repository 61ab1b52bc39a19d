package kernels

// Softmax sets every row of dst to the softmax of that of src:
//
//	dst[r][c] = exp(src[r][c] − m) · (1/Σ_j exp(src[r][j] − m)), m = max_j src[r][j]
//
// with the terms added in the lanes of RowSums. A row with a NaN or +Inf, or
// one of only −Inf, gives only NaN, as in PyTorch. −Inf elsewhere gives +0.
// dst may be src. It panics if the shapes differ.
//
// The error of a normal result is at most 3 ULP, plus one for each unit of
// m − src[r][c], whose rounding the exponential magnifies, plus one for each 16
// columns of the sum.
func (t *Tier) Softmax(dst, src Matrix) { softmax(t.softmax, dst, src) }

// Softmax calls Tier.Softmax on the active tier.
func Softmax(dst, src Matrix) { active.Softmax(dst, src) }

// LogSoftmax sets every row of dst to the log of the softmax of that of src:
//
//	dst[r][c] = (src[r][c] − m) − log Σ_j exp(src[r][j] − m), m = max_j src[r][j]
//
// with the terms added in the lanes of RowSums. A row with a NaN or +Inf, or
// one of only −Inf, gives only NaN, as in PyTorch. −Inf elsewhere gives −Inf.
// dst may be src. It panics if the shapes differ.
//
// The error is at most one ULP of the result, half of one of m − src[r][c], and
// 2⁻²³·(2 + Cols/32) for the sum.
func (t *Tier) LogSoftmax(dst, src Matrix) { softmax(t.logSoftmax, dst, src) }

// LogSoftmax calls Tier.LogSoftmax on the active tier.
func LogSoftmax(dst, src Matrix) { active.LogSoftmax(dst, src) }

func softmax(kernel func(dst, src []float32, rows, cols, dstStride, srcStride int), dst, src Matrix) {
	src.check("src", src.Rows, src.Cols)
	dst.checkOutput("dst", src.Rows, src.Cols)
	for from, step := 0, rowsPerCall(src.Cols); from < src.Rows && src.Cols > 0; from += step {
		safePoint()
		kernel(dst.from(from), src.from(from), min(step, src.Rows-from), src.Cols, dst.Stride, src.Stride)
	}
}

func softmaxRef(dst, src []float32, rows, cols, dstStride, srcStride int) {
	for r := range rows {
		out, in := dst[r*dstStride:][:cols], src[r*srcStride:][:cols]
		m := maximum(in)
		var lanes [laneCount]float32
		for c, x := range in {
			out[c] = expRef(x - m)
			lanes[c%laneCount] += out[c]
		}
		scale := 1 / foldLanes(&lanes)
		for c := range out {
			out[c] = float32(out[c] * scale)
		}
	}
}

func logSoftmaxRef(dst, src []float32, rows, cols, dstStride, srcStride int) {
	for r := range rows {
		out, in := dst[r*dstStride:][:cols], src[r*srcStride:][:cols]
		m := maximum(in)
		var lanes [laneCount]float32
		for c, x := range in {
			out[c] = x - m
			lanes[c%laneCount] += expRef(out[c])
		}
		sum := logRef(foldLanes(&lanes))
		for c := range out {
			out[c] -= sum
		}
	}
}
