package kernels

import "fmt"

// GatherColumns copies columns of src to those of dst, in the given order:
//
//	dst[r][j] = src[r][columns[j]]
//
// A column may be taken several times or never. dst and src must not overlap.
// It panics if dst is not src.Rows by len(columns) or if a column lies outside
// src.
func (t *Tier) GatherColumns(dst, src Matrix, columns []int32) {
	src.check("src", src.Rows, src.Cols)
	dst.checkOutput("dst", src.Rows, len(columns))
	checkColumns(columns, src.Cols)
	if len(columns) == 0 {
		return
	}
	if consecutive(columns) {
		for r := range src.Rows {
			copy(dst.Row(r), src.Row(r)[columns[0]:])
		}
		return
	}
	for from, step := 0, rowsPerCall(len(columns)); from < src.Rows; from += step {
		safePoint()
		t.gatherColumns(dst.from(from), src.from(from), columns, min(step, src.Rows-from), src.Cols, dst.Stride, src.Stride)
	}
}

// GatherColumns calls Tier.GatherColumns on the active tier.
func GatherColumns(dst, src Matrix, columns []int32) { active.GatherColumns(dst, src, columns) }

func gatherColumnsRef(dst, src []float32, columns []int32, rows, cols, dstStride, srcStride int) {
	for r := range rows {
		out, in := dst[r*dstStride:][:len(columns)], src[r*srcStride:][:cols]
		for j, c := range columns {
			out[j] = in[c]
		}
	}
}

// ScatterColumns copies the columns of src to the given columns of dst, and
// leaves the others of dst as they are:
//
//	dst[r][columns[j]] = src[r][j]
//
// Of a column that is given several times the last stays. With a permutation
// it undoes GatherColumns. dst and src must not overlap. It panics if src is
// not dst.Rows by len(columns) or if a column lies outside dst.
func (t *Tier) ScatterColumns(dst, src Matrix, columns []int32) {
	dst.checkOutput("dst", dst.Rows, dst.Cols)
	src.check("src", dst.Rows, len(columns))
	checkColumns(columns, dst.Cols)
	if len(columns) == 0 {
		return
	}
	if consecutive(columns) {
		for r := range dst.Rows {
			copy(dst.Row(r)[columns[0]:], src.Row(r))
		}
		return
	}
	for from, step := 0, rowsPerCall(len(columns)); from < dst.Rows; from += step {
		safePoint()
		t.scatterColumns(dst.from(from), src.from(from), columns, min(step, dst.Rows-from), dst.Stride, src.Stride)
	}
}

// ScatterColumns calls Tier.ScatterColumns on the active tier.
func ScatterColumns(dst, src Matrix, columns []int32) { active.ScatterColumns(dst, src, columns) }

func scatterColumnsRef(dst, src []float32, columns []int32, rows, dstStride, srcStride int) {
	for r := range rows {
		out, in := dst[r*dstStride:], src[r*srcStride:][:len(columns)]
		for j, c := range columns {
			out[c] = in[j]
		}
	}
}

// checkColumns panics unless all columns are those of a matrix of cols.
func checkColumns(columns []int32, cols int) {
	for _, c := range columns {
		if c < 0 {
			panic(fmt.Sprintf("kernels: column %d is negative", c))
		}
		if int(c) >= cols {
			panic(fmt.Sprintf("kernels: column %d is beyond %d", c, cols))
		}
	}
}

// consecutive tells whether columns are neighbours in ascending order, which a
// plain copy serves best.
func consecutive(columns []int32) bool {
	for j, c := range columns {
		if c != columns[0]+int32(j) {
			return false
		}
	}
	return true
}
