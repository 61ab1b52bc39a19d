package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// sideBySide is how many rows of a few columns go side by side to leave no lane idle, and 1
// where columns fill lanes anyway.
func sideBySide(columns int) int {
	if columns == 0 || columns >= kernels.PanelWidth {
		return 1
	}
	return kernels.PanelWidth / (columns & -columns)
}

// affineOfConstants is univariate for parameters that are the same in all rows, as
// those of ActNorm, which rows of few columns share side by side. The log-det is that of the
// parameters alone. It returns false where rows had better be taken as they are.
func (a arithmetic32) affineOfConstants(u *Affine, inverse bool, dst, src, params matrix, logDet storage) bool {
	side := sideBySide(src.cols)
	whole := src.rows / side
	if params.stride != 0 || side == 1 || whole < 2 || !dst.flat() || !src.flat() {
		return false
	}
	apply := u.Forward32
	if inverse {
		apply = u.Inverse32
	}
	mark := a.floats.mark()
	cols := src.cols
	one, sums := a.floats.take(cols), a.floats.take(whole)
	wide := kernels.Matrix{Data: a.floats.take(2 * side * cols), Rows: whole, Cols: 2 * side * cols}
	for i := range 2 * side {
		copy(wide.Data[i*cols:(i+1)*cols], params.of.narrow[params.from+i/side*cols:])
	}
	// In place, the first row is still what it was.
	same := params.kernel()
	same.Rows = 1
	apply(kernels.Dense(one, 1, cols), kernels.Dense(flat32(src)[:cols], 1, cols), same, sums[:1])
	each := sums[0]

	done := whole * side
	apply(kernels.Dense(flat32(dst)[:done*cols], whole, side*cols), kernels.Dense(flat32(src)[:done*cols], whole, side*cols), wide, sums)
	if rest := src.rows - done; rest > 0 {
		same.Rows = rest
		apply(dst.slice(done, rest).kernel(), src.slice(done, rest).kernel(), same, logDet.narrow[done:src.rows])
	}
	for r := range src.rows {
		logDet.narrow[r] = each
	}
	a.floats.release(mark)
	return true
}
