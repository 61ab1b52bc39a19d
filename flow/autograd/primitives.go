package autograd

// arithmetic is what operations are made of: primitives on matrices of one
// precision. An operation is stated once, in these words, and a graph computes
// it by the arithmetic of its precision, [Graph.do]: arithmetic32 calls kernels
// (primitives32.go), arithmetic64 is plain loops (primitives64.go). The loops at
// the end of this file are the same in both.
//
// Matrices have the shapes that the formulas ask for, dst is other memory than
// what it is computed of unless it is said that it may be the same, and none of
// the primitives allocates once warm.
type arithmetic interface {
	// take returns memory of n values with whatever it held before.
	take(n int) storage
	// hold returns values in the arithmetic's precision, which may be the same
	// memory.
	hold(values []float32) storage
	// zero sets values to 0.
	zero(s storage)

	// copy sets dst = src.
	copy(dst, src matrix)
	// accumulate sets dst += src.
	accumulate(dst, src matrix)
	// add sets dst = a + b; dst may be one of them.
	add(dst, a, b matrix)
	// multiply sets dst = a·b, element by element; dst may be one of them.
	multiply(dst, a, b matrix)

	// relu sets dst to x where x > 0 or x is NaN, else to +0; dst may be x.
	relu(dst, x matrix)
	// reluBackward clears dy where y, a result of relu, is 0.
	reluBackward(dy, y matrix)
	// activate sets dst = f(x).
	activate(dst, x matrix, f *activation, slope float64)
	// activateBackward sets dx, which may be dy, to dy·f′(x), where f(x) is y.
	activateBackward(dx, x, y, dy matrix, f *activation, slope float64)
	// sigmoid sets dst = σ(x).
	sigmoid(dst, x matrix)
	// complement sets dst = 1 − σ(x), where σ(x) is y; dst may be y.
	complement(dst, x, y matrix)

	// takePart sets dst to a part of src, whose events have so many sites.
	takePart(dst, src matrix, part Part, sites int)
	// takePartAdd adds it to dst.
	takePartAdd(dst, src matrix, part Part, sites int)
	// putPart sets a part of dst to src, which is compact.
	putPart(dst, src matrix, part Part, sites int)
	// putPartAdd adds to it.
	putPartAdd(dst, src matrix, part Part, sites int)
	// keepPart sets a part of dst to the same part of src, of the same shape.
	keepPart(dst, src matrix, part Part, sites int)
	// keepPartAdd adds to it.
	keepPartAdd(dst, src matrix, part Part, sites int)
	// spread sets dst[r] = src[r/times], row by row.
	spread(dst, src matrix, times int)
	// spreadBackward adds row r of src to dst[r/times], r ascending.
	spreadBackward(dst, src matrix, times int)
}

func copyRows[T float32 | float64](dst, src view[T]) {
	for r := range dst.Rows {
		copy(dst.row(r), src.row(r))
	}
}

func multiply[T float32 | float64](dst, a, b view[T]) {
	for r := range dst.Rows {
		into, as, bs := dst.row(r), a.row(r), b.row(r)
		for c, v := range as {
			into[c] = T(v * bs[c])
		}
	}
}

func takePart[T float32 | float64](dst, src view[T], part Part, sites int) {
	for i := range dst.Rows {
		into, from := dst.row(i), src.row(part.row(i, sites))
		for c := range into {
			into[c] = from[part.column(c)]
		}
	}
}

func takePartAdd[T float32 | float64](dst, src view[T], part Part, sites int) {
	for i := range dst.Rows {
		into, from := dst.row(i), src.row(part.row(i, sites))
		for c := range into {
			into[c] += from[part.column(c)]
		}
	}
}

func putPart[T float32 | float64](dst, src view[T], part Part, sites int) {
	for i := range src.Rows {
		into, from := dst.row(part.row(i, sites)), src.row(i)
		for c, v := range from {
			into[part.column(c)] = v
		}
	}
}

func putPartAdd[T float32 | float64](dst, src view[T], part Part, sites int) {
	for i := range src.Rows {
		into, from := dst.row(part.row(i, sites)), src.row(i)
		for c, v := range from {
			into[part.column(c)] += v
		}
	}
}

func keepPart[T float32 | float64](dst, src view[T], part Part, sites int) {
	for i := range part.rows(src.Rows, sites) {
		r := part.row(i, sites)
		into, from := dst.row(r), src.row(r)
		for c := range part.width(src.Cols) {
			c = part.column(c)
			into[c] = from[c]
		}
	}
}

func keepPartAdd[T float32 | float64](dst, src view[T], part Part, sites int) {
	for i := range part.rows(src.Rows, sites) {
		r := part.row(i, sites)
		into, from := dst.row(r), src.row(r)
		for c := range part.width(src.Cols) {
			c = part.column(c)
			into[c] += from[c]
		}
	}
}

func spread[T float32 | float64](dst, src view[T], times int) {
	for r := range dst.Rows {
		copy(dst.row(r), src.row(r/times))
	}
}

func spreadBackward[T float32 | float64](dst, src view[T], times int) {
	for r := range src.Rows {
		into := dst.row(r / times)
		for c, d := range src.row(r) {
			into[c] += d
		}
	}
}
