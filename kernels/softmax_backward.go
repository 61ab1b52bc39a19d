package kernels

// SoftmaxBackward is the derivative of Softmax at its output y:
//
//	dx[r][c] = y[r][c] · (dy[r][c] − Σ_j y[r][j]·dy[r][j])
//
// with the sum of RowDots. dx may be y or dy. It panics if the shapes differ.
func (t *Tier) SoftmaxBackward(dx, y, dy Matrix) { softmaxBackward(t.softmaxBackward, dx, y, dy) }

// SoftmaxBackward calls Tier.SoftmaxBackward on the active tier.
func SoftmaxBackward(dx, y, dy Matrix) { active.SoftmaxBackward(dx, y, dy) }

// LogSoftmaxBackward is the derivative of LogSoftmax at its output y:
//
//	dx[r][c] = dy[r][c] − exp(y[r][c]) · Σ_j dy[r][j]
//
// with the sum of RowSums and the rest of one fused multiply-add. dx may be y
// or dy. It panics if the shapes differ.
func (t *Tier) LogSoftmaxBackward(dx, y, dy Matrix) { softmaxBackward(t.logSoftmaxBackward, dx, y, dy) }

// LogSoftmaxBackward calls Tier.LogSoftmaxBackward on the active tier.
func LogSoftmaxBackward(dx, y, dy Matrix) { active.LogSoftmaxBackward(dx, y, dy) }

func softmaxBackward(kernel func(dx, y, dy []float32, rows, cols, dxStride, yStride, dyStride int), dx, y, dy Matrix) {
	y.check("y", y.Rows, y.Cols)
	dy.check("dy", y.Rows, y.Cols)
	dx.checkOutput("dx", y.Rows, y.Cols)
	for from, step := 0, rowsPerCall(y.Cols); from < y.Rows && y.Cols > 0; from += step {
		safePoint()
		kernel(dx.from(from), y.from(from), dy.from(from), min(step, y.Rows-from), y.Cols, dx.Stride, y.Stride, dy.Stride)
	}
}

func softmaxBackwardRef(dx, y, dy []float32, rows, cols, dxStride, yStride, dyStride int) {
	for r := range rows {
		out, in, gradient := dx[r*dxStride:][:cols], y[r*yStride:][:cols], dy[r*dyStride:][:cols]
		sum := dot(in, gradient)
		for c := range out {
			out[c] = float32(in[c] * (gradient[c] - sum))
		}
	}
}

func logSoftmaxBackwardRef(dx, y, dy []float32, rows, cols, dxStride, yStride, dyStride int) {
	for r := range rows {
		out, in, gradient := dx[r*dxStride:][:cols], y[r*yStride:][:cols], dy[r*dyStride:][:cols]
		var lanes [laneCount]float32
		for c, g := range gradient {
			lanes[c%laneCount] += g
		}
		sum := foldLanes(&lanes)
		for c := range out {
			out[c] = fma32(-expRef(in[c]), sum, gradient[c])
		}
	}
}
