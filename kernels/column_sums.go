package kernels

// AddColumnSums adds the sum of each column of src to dst:
//
//	for r ascending: dst[c] += src[r][c]
//
// one chain of additions a column, so that sums over blocks of rows, one after
// the other, are the sum over all of them to the bit. It panics if the length
// of dst is not src.Cols.
func (t *Tier) AddColumnSums(dst []float32, src Matrix) {
	src.check("src", src.Rows, src.Cols)
	checkLength("AddColumnSums: dst", len(dst), src.Cols)
	for from, step := 0, rowsPerCall(src.Cols); from < src.Rows && src.Cols > 0; from += step {
		safePoint()
		t.addColumnSums(dst, src.from(from), min(step, src.Rows-from), src.Stride)
	}
}

// AddColumnSums calls Tier.AddColumnSums on the active tier.
func AddColumnSums(dst []float32, src Matrix) { active.AddColumnSums(dst, src) }

func addColumnSumsRef(dst, src []float32, rows, stride int) {
	for r := range rows {
		row := src[r*stride:]
		for c := range dst {
			dst[c] += row[c]
		}
	}
}
