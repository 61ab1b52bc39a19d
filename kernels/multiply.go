package kernels

import "fmt"

// MultiplyRuns multiplies element by element,
//
//	dst[r][c] = a[r][c] · b[r/run][c]
//
// where each row of b, of which there are as many as of a or fewer, multiplies a
// run of equally many rows of a: run is a.Rows/b.Rows. dst may be a, and b where
// it has as many rows. It panics if the shapes do not fit.
func (t *Tier) MultiplyRuns(dst, a, b Matrix) {
	a.check("a", a.Rows, a.Cols)
	b.check("b", b.Rows, a.Cols)
	dst.checkOutput("dst", a.Rows, a.Cols)
	if a.Rows == 0 || a.Cols == 0 {
		return
	}
	if b.Rows == 0 || a.Rows%b.Rows != 0 {
		panic(fmt.Sprintf("kernels: b has %d rows, which are no runs of the %d of a", b.Rows, a.Rows))
	}
	run := a.Rows / b.Rows
	if most := rowsPerCall(a.Cols); run <= most {
		step := most / run // of b
		for from := 0; from < b.Rows; from += step {
			safePoint()
			t.multiplyRuns(dst.from(from*run), a.from(from*run), b.from(from), min(step, b.Rows-from)*run, a.Cols, dst.Stride, a.Stride, b.Stride, run)
		}
		return
	}
	for r := range b.Rows {
		for from, step := r*run, rowsPerCall(a.Cols); from < (r+1)*run; from += step {
			safePoint()
			rows := min(step, (r+1)*run-from)
			t.multiplyRuns(dst.from(from), a.from(from), b.from(r), rows, a.Cols, dst.Stride, a.Stride, b.Stride, rows)
		}
	}
}

// MultiplyRuns calls Tier.MultiplyRuns on the active tier.
func MultiplyRuns(dst, a, b Matrix) { active.MultiplyRuns(dst, a, b) }

func multiplyRunsRef(dst, a, b []float32, rows, cols, dstStride, aStride, bStride, run int) {
	for r := range rows {
		factors := b[r/run*bStride:][:cols]
		out, in := dst[r*dstStride:][:cols], a[r*aStride:][:cols]
		for c, v := range in {
			out[c] = float32(v * factors[c])
		}
	}
}
